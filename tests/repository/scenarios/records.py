"""What is odd about single records: identifiers, datestamps, sets, deletions, clocks."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime

from harvesters.demo.loopback import Request, Response
from tests.repository import faults
from tests.repository.scenarios.scenario import SIZE, SPOILED, Prepare, Scenario, items
from tests.repository.scenarios.transport import everything
from tests.repository.server import RESPONSE_DATE
from tests.repository.synthetic import Item, ListRepository

_LONG = "oai:x:" + "y" * 100_000
_ONE_ASIDE = frozenset((SPOILED,))
_SPOILED_HEADER = f"<identifier>{SPOILED}</identifier>".encode()
_SECONDS = "YYYY-MM-DDThh:mm:ssZ"
_DELETIONS = 10_000


def _put(*more: Item) -> Prepare:
    return lambda repository: repository.put(*more)


def _with_datestamps(*stamps: str) -> Prepare:
    """Give the records these datestamps in turn, in the order that they had."""

    def prepare(repository: ListRepository) -> None:
        repository.order = "given"
        for number, item in enumerate(items()):
            repository.put(replace(item, datestamp=stamps[number % len(stamps)]))

    return prepare


def _years(number: int) -> Prepare:
    """Set the repository's clock forward by so many years."""

    def prepare(repository: ListRepository) -> None:
        for item in items():
            repository.put(replace(item, datestamp=f"{2026 + number}{item.datestamp[4:]}"))
        said = RESPONSE_DATE.encode()
        repository.faults.add(
            faults.with_bytes(said, str(2026 + number).encode() + said[4:]), verb="ListRecords", times=None
        )

    return prepare


def _deleted(repository: ListRepository) -> None:
    for number in range(0, SIZE, 3):
        repository.delete(f"oai:x:{number:03d}", f"2026-01-{number // 6 + 1:02d}")


def _deleted_with_body(repository: ListRepository) -> None:
    """Leave the metadata in deleted records."""
    _deleted(repository)
    body = Item("", "", title="What was there").body().encode()

    def spoil(_request: Request, response: Response) -> Response:
        old = b"</header></record>"
        new = b"</header><metadata>" + body + b"</metadata></record>"
        return faults.with_bytes(old, new)(_request, response)

    repository.faults.add(spoil, verb="ListRecords", times=None)


def _ten_thousand(repository: ListRepository) -> None:
    """Hold ten thousand records more, all of them deleted."""
    repository.page_size = 1000
    repository.put(
        *(Item(f"oai:x:d{number:05d}", "2026-01-20", deleted=True) for number in range(_DELETIONS)),
    )


_IDENTIFIERS = (
    Scenario(
        name="record without an identifier",
        does="sends a header without an identifier",
        prepare=everything(faults.with_bytes(_SPOILED_HEADER, b"")),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    Scenario(
        name="record with an empty identifier",
        does="sends a header whose identifier is blank",
        prepare=everything(faults.with_bytes(_SPOILED_HEADER, b"<identifier> </identifier>")),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    Scenario(
        name="record without a header",
        does="sends a record that has only metadata",
        prepare=everything(
            faults.with_bytes(
                b"<record><header>" + _SPOILED_HEADER + b"<datestamp>2026-01-03</datestamp></header>", b"<record>"
            )
        ),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    Scenario(
        name="identifier with NUL",
        does="has a NUL byte in an identifier",
        prepare=everything(faults.with_bytes(b"oai:x:017<", b"oai:x:\x00017<")),
    ),
    Scenario(
        name="identifiers of every kind",
        does="has identifiers with emoji, ../, spaces, quotes, mark-up, in two Unicode forms and in two cases",
        prepare=_put(
            *(
                Item(identifier, "2026-01-11", title=f"Odd {number}")
                for number, identifier in enumerate(
                    (
                        "oai:x:😀🏳️‍🌈",
                        "../../../../etc/passwd",
                        "oai:x:a b  c",
                        "oai:x:'; DROP TABLE raw_records; --",
                        'oai:x:<&">',
                        "oai:x:caf\u00e9",
                        "oai:x:cafe\u0301",
                        "oai:x:UPPER",
                        "oai:x:upper",
                        "%2e%2e%2f",
                        "https://example.org/?a=1&b=2#c",
                    )
                )
            )
        ),
    ),
    Scenario(
        name="identifier of 100,000 characters",
        does="has an identifier of 100,000 characters",
        prepare=_put(Item(_LONG, "2026-01-11")),
        set_aside=frozenset((_LONG,)),
        left_behind=frozenset((_LONG,)),  # no index of the larger database can hold it: it is named in quarantine
    ),
    Scenario(
        name="100,000 sets in one record",
        does="puts a record into 100,000 sets",
        prepare=_put(Item("oai:x:sets", "2026-01-11", set_specs=tuple(f"set:{number}" for number in range(100_000)))),
    ),
)

_DATESTAMPS = (
    Scenario(
        name="days in a repository of seconds",
        does="says that it knows seconds and sends days",
        prepare=lambda repository: setattr(repository, "granularity", _SECONDS),
        source={"granularity": "second"},
    ),
    Scenario(
        name="seconds in a repository of days",
        does="says that it knows days and sends seconds",
        prepare=_with_datestamps(*(f"2026-01-{day:02d}T10:{day:02d}:00Z" for day in range(1, 7))),
    ),
    Scenario(
        name="datestamps with fractions",
        does="sends datestamps with fractions of a second",
        prepare=_with_datestamps("2026-01-01T10:00:00.123Z", "2026-01-02T10:00:00.5Z", "2026-01-02T10:00:00Z"),
        source={"granularity": "second"},
    ),
    Scenario(
        name="datestamps that are empty",
        does="sends empty datestamps with every third record",
        prepare=_with_datestamps("2026-01-01", "2026-01-02", ""),
        again="full",
    ),
    Scenario(
        name="datestamps that are nonsense",
        does="sends datestamps such as 2026-13-45, yesterday and 99999-01-01",
        prepare=_with_datestamps("2026-01-01", "2026-13-45", "yesterday", "99999-01-01", "01/02/2026", "2026"),
        again="full",
    ),
    Scenario(
        name="clock a year ahead",
        does="has a clock that is a year ahead",
        prepare=_years(1),
        fresh="2027-11-03",
    ),
    Scenario(
        name="clock a year ahead, then put right",
        does="has a clock that is a year ahead, until somebody puts it right",
        prepare=_years(1),
        fresh=datetime.now(UTC).date().isoformat(),
    ),
    Scenario(
        name="clock a year behind",
        does="has a clock that is a year behind",
        prepare=_years(-1),
        fresh="2025-11-03",
    ),
)

_DELETED = (
    Scenario(
        name="deleted records without metadata",
        does="sends tombstones for every third record",
        prepare=_deleted,
    ),
    Scenario(
        name="deleted records with metadata",
        does="leaves the metadata in deleted records",
        prepare=_deleted_with_body,
        again="full",
    ),
    Scenario(
        name="10,000 deletions at once",
        does="sends 10,000 tombstones in one list",
        prepare=_ten_thousand,
        at_least=SIZE + _DELETIONS,
    ),
)

SCENARIOS = tuple(
    dataclasses.replace(scenario, theme="records") for scenario in (*_IDENTIFIERS, *_DATESTAMPS, *_DELETED)
)
