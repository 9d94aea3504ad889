"""What goes wrong in a list as a whole: doubles, records that move, sizes, windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from harvesters.demo.loopback import Request, Response
from tests.repository import faults
from tests.repository.scenarios.scenario import EITHER, Prepare, Scenario, days_since, items
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
    Scenario(
        name="duplicates across pages",
        does="repeats on each page three records of the page before",
        prepare=_overlapping,
    ),
    Scenario(
        name="page sent twice instead of the next",
        does="sends the third page's records as the fourth page too",
        prepare=_again(4),
        ends=("incomplete",),
        says="of 60 records",
        at_least=50,
    ),
    Scenario(
        name="page sent twice instead of the next, no size",
        does="sends the third page's records as the fourth page too, and states no size",
        prepare=both(having(states_size=False), _again(4)),
        ends=("incomplete",),
        says="came a second time",
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
    Scenario(
        name="record moves out of the window",
        does="changes a record of January to February while January is read by offset",
        prepare=_moving("oldest", 3, stated=True, to="2026-02-15"),
        source=_day_slices(),
    ),
    Scenario(
        name="record vanishes from the list",
        does="loses a record without a tombstone while the list is read by offset",
        prepare=_losing,
        at_least=59,
        left_behind=frozenset(("oai:x:003",)),
    ),
)

_SIZES = (
    Scenario(
        name="completeListSize absent",
        does="states no size",
        prepare=having(states_size=False),
    ),
    Scenario(
        name="completeListSize too high",
        does="states 100 records and sends 60",
        prepare=having(states_size=100),
        ends=("incomplete",),
        says="60 of 100",
    ),
    Scenario(
        name="completeListSize too low",
        does="states 30 records and sends 60",
        prepare=having(states_size=30),
    ),
    Scenario(
        name="completeListSize grows",
        does="states 60, 62, 64 and so on, and sends 60",
        prepare=_sizes(lambda page: 60 + 2 * page),
        ends=("incomplete",),
        says="60 of 70",
    ),
    Scenario(
        name="completeListSize shrinks",
        does="states 60, 59, 58 and so on, and sends 60",
        prepare=_sizes(lambda page: 60 - page),
    ),
    Scenario(
        name="completeListSize on the first page only",
        does="states 60 with the first page, then nothing",
        prepare=_sizes(lambda page: 60 if page == 0 else None),
    ),
    Scenario(
        name="completeListSize that is no number",
        does="states -5, many, a number of thirty digits",
        prepare=_sizes(lambda page: ("-5", "many", "9" * 30, "")[page % 4]),
    ),
    Scenario(
        name="list grows while it is read",
        does="gets five new records while its list is read, oldest first",
        prepare=_growing,
        ends=("complete",),
    ),
)

_WHOLE = (
    Scenario(
        name="whole list in one page, cut",
        does="sends all its records in one page without a token, of which only half comes",
        prepare=both(having(page_size=1000), always(faults.cut(), page=1)),
    ),
    Scenario(
        name="whole list in one page, dies twice",
        does="sends all its records in one page without a token, and breaks off twice in the middle",
        prepare=both(having(page_size=1000), twice(faults.broken_off(), page=1)),
    ),
    Scenario(
        name="whole list in one page, dies each time",
        does="sends all its records in one page without a token, and breaks off each time in the middle",
        prepare=both(having(page_size=1000), always(faults.broken_off(), page=1)),
        ends=("failed",),
        says="No answer from",
        at_least=0,
    ),
    Scenario(
        name="whole days in one page, the third dies",
        does="sends each day in one page without a token, and breaks off in the middle from the third on",
        prepare=later(faults.broken_off()),
        ends=("incomplete",),
        says="No answer from",
        at_least=12,
        source={"slice": "day", "first_days": days_since("2026-01-01")},
    ),
)

_WINDOWS = (
    Scenario(
        name="badArgument for from",
        does="answers badArgument to a from date",
        prepare=everything(faults.if_asked("from", faults.oai_error("badArgument", "from is no date"))),
        ends=("failed",),
        says="badArgument",
        at_least=0,
        since="2026-01-01",
    ),
    Scenario(
        name="badArgument for until",
        does="answers badArgument to an until date",
        prepare=everything(faults.if_asked("until", faults.oai_error("badArgument", "until is no date"))),
        ends=("failed",),
        says="badArgument",
        at_least=0,
        until="2026-01-31",
    ),
    Scenario(
        name="Identify lies about granularity",
        does="says that it knows seconds and answers badArgument to them",
        prepare=everything(faults.if_asked("from", faults.oai_error("badArgument", "Illegal date: use YYYY-MM-DD"))),
        ends=("failed",),
        says="use YYYY-MM-DD",
        at_least=0,
        since="2026-01-01",
        source={"granularity": "second"},
    ),
    Scenario(
        name="empty months",
        does="answers noRecordsMatch with status 422 to windows without records",
        prepare=everything(
            faults.if_it_holds(b'code="noRecordsMatch"', faults.with_status(422)),
        ),
        source=_day_slices(),
    ),
)

SCENARIOS = tuple(dataclasses.replace(scenario, theme="lists") for scenario in (*_DOUBLES, *_SIZES, *_WHOLE, *_WINDOWS))
