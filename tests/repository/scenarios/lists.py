"""What goes wrong between pages: tokens, sizes, records that move, windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from harvesters.demo.loopback import Request, Response
from tests.repository import faults
from tests.repository.faults import Fault
from tests.repository.scenarios.scenario import Prepare, Scenario, days_since, items
from tests.repository.scenarios.transport import always, everything, twice
from tests.repository.synthetic import Item, ListRepository

_ENDS_EARLY = ("incomplete", "complete")
_RESERVED = "!*'();:@&=+$,/?#[] %2B%%20\"<>\\^`{|}~é开-"
_MEGABYTE = 1 << 20


def _tokens_with(front: str) -> Prepare:
    """Put a text before every token; the repository takes it off again."""

    def prepare(repository: ListRepository) -> None:
        def take_off(request: Request, response: Response) -> Response:
            token = request.argument("resumptionToken")
            if token is None or not token.startswith(front):
                return response
            real = tuple((name, value.removeprefix(front)) for name, value in request.arguments)
            return repository.answer(replace(request, arguments=real))

        put_on = faults.token_reads(lambda token: front + token)
        repository.faults.add(faults.together(take_off, put_on), verb="ListRecords", times=None)

    return prepare


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


def _empty_pages(repository: ListRepository) -> None:
    """Send two pages without records in mid-list."""

    def spoil(request: Request, response: Response) -> Response:
        token = request.argument("resumptionToken") or ""
        if token.startswith("empty"):
            return page(token)
        body = bytes(response.body)  # type: ignore[arg-type]
        return replace(response, body=body.replace(b">from=", b">empty1"))

    def page(token: str) -> Response:
        real = token[6:]
        if token.startswith("empty1"):
            text = f"<ListRecords><resumptionToken>empty2{real}</resumptionToken></ListRecords>"
        else:
            text = f"<ListRecords><resumptionToken>{real}</resumptionToken></ListRecords>"
        return Response(body=f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{text}</OAI-PMH>'.encode())

    def first(_request: Request, response: Response) -> Response:
        body = bytes(response.body)  # type: ignore[arg-type]
        return replace(response, body=body.replace(b'">metadataPrefix=', b'">empty1metadataPrefix='))

    repository.faults.add(first, page=2, verb="ListRecords", times=None)
    repository.faults.add(faults.if_asked("resumptionToken", spoil), verb="ListRecords", times=None)


def _moving(order: Literal["oldest", "newest"], number: int, *, stated: bool, to: str = "2026-11-02") -> Prepare:
    """Change a record's datestamp right after the first page was sent."""

    def prepare(repository: ListRepository) -> None:
        repository.order, repository.states_size = order, stated

        def move() -> None:
            repository.put(Item(f"oai:x:{number:03d}", to, title=f"Study {number:03d}, revised."))

        repository.faults.add(faults.meanwhile(move), page=1, verb="ListRecords", times=1)

    return prepare


def _sizes(size: Callable[[int], int | str | None]) -> Prepare:
    return everything(faults.states_size(size))


def _with(**changes: object) -> Prepare:
    def prepare(repository: ListRepository) -> None:
        for name, value in changes.items():
            setattr(repository, name, value)

    return prepare


def _both(*prepares: Prepare) -> Prepare:
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
        if count <= 5:  # noqa: PLR2004
            repository.put(Item(f"oai:x:late{count}", f"2026-01-{10 + count}", title=f"Late {count}"))

    repository.faults.add(faults.meanwhile(add), verb="ListRecords", times=None)


def _losing(repository: ListRepository) -> None:
    """Lose a record, without a tombstone, right after it was sent."""
    repository.faults.add(faults.meanwhile(lambda: repository.forget("oai:x:003")), page=1, times=1)


_EMPTY_TOKEN = b'<resumptionToken completeListSize="100"/>'


def _silently_partial(repository: ListRepository) -> None:
    """End the list of ten pages at the third with an empty token."""
    repository.put(*items(100))
    token = faults.with_bytes(b"<resumptionToken ", b"<resumptionToken/><!--")
    end = faults.with_bytes(b"</resumptionToken>", b"-->")
    repository.faults.add(faults.together(token, end), page=3, verb="ListRecords", times=None)


def _day_slices() -> dict[str, object]:
    return {"slice": "month", "first_days": days_since("2026-01-01")}


def _loop_of_three(repository: ListRepository) -> None:
    first: list[str] = []

    def note(token: str) -> str:
        first.append(token)
        return token

    repository.faults.add(faults.token_reads(note), page=1, verb="ListRecords", times=None)
    repository.faults.add(faults.token_reads(lambda _: first[0]), page=4, verb="ListRecords", times=None)


def _always_new_tokens(repository: ListRepository) -> None:
    """Answer every token with the second page and a token never seen before."""
    served = 0

    def spoil(request: Request, _response: Response) -> Response:
        nonlocal served
        served += 1
        token = "metadataPrefix=oai_dc&start=10"
        real = (("verb", "ListRecords"), ("resumptionToken", token))
        answer = repository.answer(replace(request, arguments=real))
        return faults.token_reads(lambda _: f"new-{served}")(request, answer)

    repository.faults.add(faults.if_asked("resumptionToken", spoil), verb="ListRecords", times=None)


def _no_longer_matching(fault: Fault) -> Prepare:
    return always(fault, page=3)


_TOKENS = (
    Scenario(
        name="empty token at the end",
        does="ends its list with <resumptionToken/>, and states no size",
        prepare=_with(states_size=False),
    ),
    Scenario(
        name="list of ten pages that ends at the third",
        does="states 100 records and sends an empty token with the third page of ten",
        prepare=_silently_partial,
        ends=("incomplete",),
        says="30 of 100",
        at_least=30,
    ),
    Scenario(
        name="repeated token",
        does="sends each token again, for ever",
        prepare=lambda repository: repository.faults.add(faults.token_repeats, page=2, times=None),
        ends=("incomplete",),
        says="a second time",
        at_least=20,
    ),
    Scenario(
        name="token loop of three",
        does="lets the fourth page's token lead back to the second page",
        prepare=_loop_of_three,
        ends=("incomplete",),
        says="a second time",
        at_least=40,
    ),
    Scenario(
        name="pages without new records, tokens always new",
        does="answers each token with the second page and a token never seen before",
        prepare=_always_new_tokens,
        ends=("incomplete",),
        says="brought no new record",
        at_least=20,
    ),
    Scenario(
        name="token expired in mid-list",
        does="answers badResumptionToken to the third page's token once",
        prepare=twice(faults.oai_error("badResumptionToken", "The token has expired."), page=3),
        ends=_ENDS_EARLY,
        says="badResumptionToken",
        at_least=20,
    ),
    Scenario(
        name="noRecordsMatch in mid-list",
        does="answers noRecordsMatch to the third page's token",
        prepare=_no_longer_matching(faults.oai_error("noRecordsMatch")),
        ends=_ENDS_EARLY,
        says="noRecordsMatch",
        at_least=20,
    ),
    Scenario(
        name="noRecordsMatch in mid-list, no size",
        does="answers noRecordsMatch to the third page's token, and states no size",
        prepare=_both(_with(states_size=False), _no_longer_matching(faults.oai_error("noRecordsMatch"))),
        ends=_ENDS_EARLY,
        says="noRecordsMatch",
        at_least=20,
    ),
    Scenario(
        name="error beside records",
        does="puts an OAI-PMH error before the records of each page from the third request on",
        prepare=everything(
            faults.from_request(
                3, faults.with_bytes(b"<ListRecords>", b'<error code="badArgument">Odd</error><ListRecords>')
            )
        ),
        ends=("incomplete",),
        says="badArgument",
        at_least=20,
    ),
    Scenario(
        name="token of 1 MB",
        does="sends tokens of 1 MB, and its web server refuses such addresses",
        prepare=_tokens_with("t" * _MEGABYTE),
        ends=("incomplete",),
        says="answered HTTP 414",
        at_least=10,
    ),
    Scenario(
        name="token of 30 KB",
        does="sends tokens of 30 KB",
        prepare=_tokens_with("t" * 30_000),
    ),
    Scenario(
        name="token with every reserved character",
        does="sends tokens with every character that means something in an address",
        prepare=_tokens_with(_RESERVED),
    ),
    Scenario(
        name="empty pages in mid-list",
        does="sends two pages without records in mid-list and goes on",
        prepare=_empty_pages,
    ),
)

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
        ends=_ENDS_EARLY,
        says="of 60 records",
        at_least=50,
    ),
    Scenario(
        name="page sent twice instead of the next, no size",
        does="sends the third page's records as the fourth page too, and states no size",
        prepare=_both(_with(states_size=False), _again(4)),
        ends=("incomplete",),
        says="no new record",
        at_least=50,
    ),
    *(
        Scenario(
            name=f"record moves, {order} first{'' if stated else ', no size'}",
            does=f"changes a record while its list is read by offset, {order} first"
            f"{'' if stated else ', and states no size'}",
            prepare=_moving(order, number, stated=stated),
            ends=_ENDS_EARLY,
            says="",
            at_least=59,
        )
        for order, number in (("oldest", 3), ("newest", 3))
        for stated in (True, False)
    ),
    Scenario(
        name="record moves out of the window",
        does="changes a record of January to February while January is read by offset",
        prepare=_moving("oldest", 3, stated=True, to="2026-02-15"),
        ends=_ENDS_EARLY,
        at_least=59,
        source=_day_slices(),
        fresh="2026-03-01",
    ),
    Scenario(
        name="record vanishes from the list",
        does="loses a record without a tombstone while the list is read by offset",
        prepare=_losing,
        ends=_ENDS_EARLY,
        at_least=59,
        again="full",
    ),
)

_SIZES = (
    Scenario(
        name="completeListSize absent",
        does="states no size",
        prepare=_with(states_size=False),
    ),
    Scenario(
        name="completeListSize too high",
        does="states 100 records and sends 60",
        prepare=_with(states_size=100),
        ends=("incomplete",),
        says="60 of 100",
    ),
    Scenario(
        name="completeListSize too low",
        does="states 30 records and sends 60",
        prepare=_with(states_size=30),
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
        ends=_ENDS_EARLY,
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
        source=_day_slices(),
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

SCENARIOS = tuple(
    dataclasses.replace(scenario, theme="lists") for scenario in (*_TOKENS, *_DOUBLES, *_SIZES, *_WINDOWS)
)
