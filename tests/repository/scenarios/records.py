"""What is odd about single records: identifiers, datestamps, sets, deletions, clocks."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime

from harvesters.demo.loopback import Request, Response
from tests.repository import faults
from tests.repository.scenarios.scenario import SIZE, SPOILED, Prepare, got_round, items
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
    got_round(
        "record without an identifier",
        "sends a header without an identifier",
        everything(faults.with_bytes(_SPOILED_HEADER, b"")),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    got_round(
        "record with an empty identifier",
        "sends a header whose identifier is blank",
        everything(faults.with_bytes(_SPOILED_HEADER, b"<identifier> </identifier>")),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    got_round(
        "record without a header",
        "sends a record that has only metadata",
        everything(
            faults.with_bytes(
                b"<record><header>" + _SPOILED_HEADER + b"<datestamp>2026-01-03</datestamp></header>", b"<record>"
            )
        ),
        at_least=SIZE - 1,
        set_aside=_ONE_ASIDE,
        again="full",
    ),
    got_round(
        "identifier with NUL",
        "has a NUL byte in an identifier",
        everything(faults.with_bytes(b"oai:x:017<", b"oai:x:\x00017<")),
    ),
    got_round(
        "identifiers of every kind",
        "has identifiers with emoji, ../, spaces, quotes, mark-up, in two Unicode forms and in two cases",
        _put(
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
    got_round(
        "identifier of 100,000 characters",
        "has an identifier of 100,000 characters",
        _put(Item(_LONG, "2026-01-11")),
        set_aside=frozenset((_LONG,)),
        left_behind=frozenset((_LONG,)),
    ),
    got_round(
        "100,000 sets in one record",
        "puts a record into 100,000 sets",
        _put(Item("oai:x:sets", "2026-01-11", set_specs=tuple(f"set:{number}" for number in range(100_000)))),
    ),
)

_DATESTAMPS = (
    got_round(
        "days in a repository of seconds",
        "says that it knows seconds and sends days",
        lambda repository: setattr(repository, "granularity", _SECONDS),
        source={"granularity": "second"},
    ),
    got_round(
        "seconds in a repository of days",
        "says that it knows days and sends seconds",
        _with_datestamps(*(f"2026-01-{day:02d}T10:{day:02d}:00Z" for day in range(1, 7))),
    ),
    got_round(
        "datestamps with fractions",
        "sends datestamps with fractions of a second",
        _with_datestamps("2026-01-01T10:00:00.123Z", "2026-01-02T10:00:00.5Z", "2026-01-02T10:00:00Z"),
        source={"granularity": "second"},
    ),
    got_round(
        "datestamps that are empty",
        "sends empty datestamps with every third record",
        _with_datestamps("2026-01-01", "2026-01-02", ""),
        again="full",
    ),
    got_round(
        "datestamps that are nonsense",
        "sends datestamps such as 2026-13-45, yesterday and 99999-01-01",
        _with_datestamps("2026-01-01", "2026-13-45", "yesterday", "99999-01-01", "01/02/2026", "2026"),
        again="full",
    ),
    got_round("clock a year ahead", "has a clock that is a year ahead", _years(1), fresh="2027-11-03"),
    got_round(
        "clock a year ahead, then put right",
        "has a clock that is a year ahead, until somebody puts it right",
        _years(1),
        fresh=datetime.now(UTC).date().isoformat(),
    ),
    got_round("clock a year behind", "has a clock that is a year behind", _years(-1), fresh="2025-11-03"),
)

_DELETED = (
    got_round("deleted records without metadata", "sends tombstones for every third record", _deleted),
    got_round(
        "deleted records with metadata", "leaves the metadata in deleted records", _deleted_with_body, again="full"
    ),
    got_round(
        "10,000 deletions at once", "sends 10,000 tombstones in one list", _ten_thousand, at_least=SIZE + _DELETIONS
    ),
)

SCENARIOS = tuple(
    dataclasses.replace(scenario, theme="records") for scenario in (*_IDENTIFIERS, *_DATESTAMPS, *_DELETED)
)
