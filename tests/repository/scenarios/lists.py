"""What goes wrong in a list as a whole: doubles, records that move, sizes, windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from harvesters.demo.loopback import Request, Response
from tests.repository import faults
from tests.repository.scenarios.scenario import (
    EITHER,
    SIZE,
    Prepare,
    Scenario,
    days_since,
    got_round,
    items,
    refused,
    stopped,
)
from tests.repository.scenarios.transport import always, everything, later, twice
from tests.repository.synthetic import Item, ListRepository


def _again(page: int) -> Prepare:
    """Answer a page with the records of the page before it, and with its own token."""

    def prepare(repository: ListRepository) -> None:
        start = (page - 1) * repository.page_size
        old = items()[start - repository.page_size : start]

        def spoil(_request: Request, response: Response) -> Response:
            body = bytes(response.body)  # type: ignore[arg-type]
            for number, item in enumerate(old, start):
                body = body.replace(f"oai:x:{number:03d}".encode(), item.identifier.encode())
                body = body.replace(f"Study {number:03d}".encode(), item.title.encode().rstrip(b"."))
                body = body.replace(items()[number].datestamp.encode(), item.datestamp.encode(), 1)
            return replace(response, body=body)

        repository.faults.add(spoil, page=page, verb="ListRecords", times=None)

    return prepare


def _overlapping(repository: ListRepository) -> None:
    """Repeat on each page the last records of the page before."""
    last: list[bytes] = []

    def spoil(_request: Request, response: Response) -> Response:
        body = bytes(response.body)  # type: ignore[arg-type]
        records = body.split(b"<record>")[1:]
        repeated = b"".join(b"<record>" + record for record in last)
        last[:] = records[-4:-1]
        return replace(response, body=body.replace(b"<ListRecords>", b"<ListRecords>" + repeated, 1))

    repository.faults.add(spoil, verb="ListRecords", times=None)


def _moving(order: Literal["oldest", "newest"], number: int, *, stated: bool, to: str = "2026-11-02") -> Prepare:
    """Change a record's datestamp right after the first page was sent."""

    def prepare(repository: ListRepository) -> None:
        repository.order, repository.states_size = order, stated

        def move() -> None:
            repository.put(Item(f"oai:x:{number:03d}", to, title=f"Study {number:03d}, revised."))

        repository.faults.add(faults.meanwhile(move), page=1, verb="ListRecords", times=1)

    return prepare


def _sizes(size: Callable[[int], int | str | None]) -> Prepare:
    return lambda repository: repository.faults.add(faults.states_size(size), times=None)


def having(**changes: object) -> Prepare:
    """Give the repository other habits."""

    def prepare(repository: ListRepository) -> None:
        for name, value in changes.items():
            setattr(repository, name, value)

    return prepare


def both(*prepares: Prepare) -> Prepare:
    """Spoil in several ways."""

    def prepare(repository: ListRepository) -> None:
        for one in prepares:
            one(repository)

    return prepare


def _growing(repository: ListRepository) -> None:
    """Add a record while each page is read."""
    count = 0

    def add() -> None:
        nonlocal count
        count += 1
        if count <= 5:
            repository.put(Item(f"oai:x:late{count}", f"2026-01-{10 + count}", title=f"Late {count}"))

    repository.faults.add(faults.meanwhile(add), verb="ListRecords", times=None)


def _losing(repository: ListRepository) -> None:
    """Lose a record, without a tombstone, right after it was sent."""
    repository.faults.add(faults.meanwhile(lambda: repository.forget("oai:x:003")), page=1, times=1)


def _day_slices() -> dict[str, object]:
    return {"slice": "month", "first_days": days_since("2026-01-01")}


_MOVES: tuple[tuple[Literal["oldest", "newest"], int], ...] = (("oldest", 3), ("newest", 3))
_DOUBLES = (
    got_round("duplicates across pages", "repeats on each page three records of the page before", _overlapping),
    stopped(
        "page sent twice instead of the next",
        "sends the third page's records as the fourth page too",
        _again(4),
        "of 60 records",
        at_least=50,
    ),
    stopped(
        "page sent twice instead of the next, no size",
        "sends the third page's records as the fourth page too, and states no size",
        both(having(states_size=False), _again(4)),
        "came a second time",
        at_least=50,
    ),
    *(
        Scenario(
            name=f"record moves, {order} first{'' if stated else ', no size'}",
            does=f"changes a record while its list is read by offset, {order} first"
            f"{'' if stated else ', and states no size'}",
            prepare=_moving(order, number, stated=stated),
            ends=EITHER if stated else ("complete",),
            says="of 60 records",
            at_least=59,
        )
        for order, number in _MOVES
        for stated in (True, False)
    ),
    got_round(
        "record moves out of the window",
        "changes a record of January to February while January is read by offset",
        _moving("oldest", 3, stated=True, to="2026-02-15"),
        source=_day_slices(),
    ),
    got_round(
        "record vanishes from the list",
        "loses a record without a tombstone while the list is read by offset",
        _losing,
        at_least=59,
        left_behind=frozenset(("oai:x:003",)),
    ),
)

_SIZES = (
    got_round("completeListSize absent", "states no size", having(states_size=False)),
    stopped(
        "completeListSize too high",
        "states 100 records and sends 60",
        having(states_size=100),
        "60 of 100",
        at_least=SIZE,
    ),
    got_round("completeListSize too low", "states 30 records and sends 60", having(states_size=30)),
    stopped(
        "completeListSize grows",
        "states 60, 62, 64 and so on, and sends 60",
        _sizes(lambda page: 60 + 2 * page),
        "60 of 70",
        at_least=SIZE,
    ),
    got_round("completeListSize shrinks", "states 60, 59, 58 and so on, and sends 60", _sizes(lambda page: 60 - page)),
    got_round(
        "completeListSize on the first page only",
        "states 60 with the first page, then nothing",
        _sizes(lambda page: 60 if page == 0 else None),
    ),
    got_round(
        "completeListSize that is no number",
        "states -5, many, a number of thirty digits",
        _sizes(lambda page: ("-5", "many", "9" * 30, "")[page % 4]),
    ),
    got_round("list grows while it is read", "gets five new records while its list is read, oldest first", _growing),
)

_WHOLE = (
    got_round(
        "whole list in one page, cut",
        "sends all its records in one page without a token, of which only half comes",
        both(having(page_size=1000), always(faults.cut(), page=1)),
    ),
    got_round(
        "whole list in one page, dies twice",
        "sends all its records in one page without a token, and breaks off twice in the middle",
        both(having(page_size=1000), twice(faults.broken_off(), page=1)),
    ),
    refused(
        "whole list in one page, dies each time",
        "sends all its records in one page without a token, and breaks off each time in the middle",
        both(having(page_size=1000), always(faults.broken_off(), page=1)),
        "No answer from",
    ),
    stopped(
        "whole days in one page, the third dies",
        "sends each day in one page without a token, and breaks off in the middle from the third on",
        later(faults.broken_off()),
        "No answer from",
        at_least=12,
        source={"slice": "day", "first_days": days_since("2026-01-01")},
    ),
)

_WINDOWS = (
    refused(
        "badArgument for from",
        "answers badArgument to a from date",
        everything(faults.if_asked("from", faults.oai_error("badArgument", "from is no date"))),
        "badArgument",
        since="2026-01-01",
    ),
    refused(
        "badArgument for until",
        "answers badArgument to an until date",
        everything(faults.if_asked("until", faults.oai_error("badArgument", "until is no date"))),
        "badArgument",
        until="2026-01-31",
    ),
    refused(
        "Identify lies about granularity",
        "says that it knows seconds and answers badArgument to them",
        everything(faults.if_asked("from", faults.oai_error("badArgument", "Illegal date: use YYYY-MM-DD"))),
        "use YYYY-MM-DD",
        since="2026-01-01",
        source={"granularity": "second"},
    ),
    got_round(
        "empty months",
        "answers noRecordsMatch with status 422 to windows without records",
        everything(
            faults.if_it_holds(b'code="noRecordsMatch"', faults.with_status(422)),
        ),
        source=_day_slices(),
    ),
)

SCENARIOS = tuple(dataclasses.replace(scenario, theme="lists") for scenario in (*_DOUBLES, *_SIZES, *_WHOLE, *_WINDOWS))
