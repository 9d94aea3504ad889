"""What goes wrong with resumption tokens."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from xml.sax.saxutils import escape

from harvesters.demo.loopback import Request, Response
from tests.repository import faults
from tests.repository.faults import Fault
from tests.repository.scenarios.lists import both, having
from tests.repository.scenarios.scenario import ATTEMPTS, Prepare, Scenario, got_round, items, stopped
from tests.repository.scenarios.transport import always, later, twice
from tests.repository.synthetic import ListRepository

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


def _empty_pages(repository: ListRepository) -> None:
    """Send two pages without records after the second page."""

    def spoil(request: Request, response: Response) -> Response:
        token = request.argument("resumptionToken") or ""
        if not token.startswith("detour"):
            return response
        following = "detour1" + token[7:] if token.startswith("detour2") else token[7:]
        text = f"<ListRecords><resumptionToken>{escape(following)}</resumptionToken></ListRecords>"
        return Response(body=f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{text}</OAI-PMH>'.encode())

    detour = faults.token_reads(lambda token: f"detour2{token}")
    repository.faults.add(detour, page=2, verb="ListRecords", times=None)
    repository.faults.add(faults.if_asked("resumptionToken", spoil), verb="ListRecords", times=None)


def _silently_partial(repository: ListRepository) -> None:
    """End the list of ten pages at the third with an empty token."""
    repository.put(*items(100))
    token = faults.with_bytes(b"<resumptionToken ", b"<resumptionToken/><!--")
    end = faults.with_bytes(b"</resumptionToken>", b"-->")
    repository.faults.add(faults.together(token, end), page=3, verb="ListRecords", times=None)


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


def _third_page(fault: Fault) -> Prepare:
    return always(fault, page=3)


_TOKENS = (
    got_round(
        "empty token at the end", "ends its list with <resumptionToken/>, and states no size", having(states_size=False)
    ),
    stopped(
        "list of ten pages that ends at the third",
        "states 100 records and sends an empty token with the third page of ten",
        _silently_partial,
        "30 of 100",
        at_least=30,
    ),
    stopped(
        "repeated token",
        "sends each token again, for ever",
        lambda repository: repository.faults.add(faults.token_repeats, page=2, times=None),
        "a second time",
    ),
    stopped(
        "token loop of three",
        "lets the fourth page's token lead back to the second page",
        _loop_of_three,
        "a second time",
        at_least=40,
    ),
    stopped(
        "pages without new records, tokens always new",
        "answers each token with the second page and a token never seen before",
        _always_new_tokens,
        "brought no new record",
    ),
    stopped(
        "token expired in mid-list",
        "answers badResumptionToken to the third page's token once",
        twice(faults.oai_error("badResumptionToken", "The token has expired."), page=3),
        "badResumptionToken",
    ),
    stopped(
        "noRecordsMatch in mid-list",
        "answers noRecordsMatch to the third page's token",
        _third_page(faults.oai_error("noRecordsMatch")),
        "noRecordsMatch",
    ),
    stopped(
        "noRecordsMatch in mid-list, no size",
        "answers noRecordsMatch to the third page's token, and states no size",
        both(having(states_size=False), _third_page(faults.oai_error("noRecordsMatch"))),
        "noRecordsMatch",
    ),
    stopped(
        "error beside records",
        "puts an OAI-PMH error before the records of each page from the third request on",
        later(faults.with_bytes(b"<ListRecords>", b'<error code="badArgument">Odd</error><ListRecords>')),
        "badArgument",
    ),
    stopped(
        "token of 1 MB",
        "sends tokens of 1 MB, and its web server refuses such addresses",
        _tokens_with("t" * _MEGABYTE),
        "answered HTTP 414",
        at_least=10,
    ),
    got_round("token of 30 KB", "sends tokens of 30 KB", _tokens_with("t" * 30_000)),
    got_round(
        "token with every reserved character",
        "sends tokens with every character that means something in an address",
        _tokens_with(_RESERVED),
    ),
    got_round("empty pages in mid-list", "sends two pages without records in mid-list and goes on", _empty_pages),
)

_KEPT_TOKENS = tuple(
    Scenario(
        name=f"kept token answered with {name}",
        does=f"breaks off, and answers its old tokens with {name} once it is mended",
        prepare=later(faults.status(502)),
        ends=("incomplete",),
        says="answered HTTP 502",
        at_least=20,
        mend=lambda repository, fault=fault, times=times: repository.faults.add(  # type: ignore[misc]
            fault, page=3, verb="ListRecords", times=times
        ),
    )
    for name, fault, times in (
        ("badResumptionToken", faults.oai_error("badResumptionToken"), 1),
        ("badArgument", faults.oai_error("badArgument", "resumptionToken"), 1),
        ("HTTP 410", faults.status(410), ATTEMPTS),
    )
)

SCENARIOS = tuple(dataclasses.replace(scenario, theme="tokens") for scenario in (*_TOKENS, *_KEPT_TOKENS))
