"""What goes wrong before there is a page: statuses, waiting, connections, compression, redirects, size."""

from __future__ import annotations

import dataclasses

from tests.repository import faults
from tests.repository.faults import Fault
from tests.repository.scenarios.scenario import SIZE, SPOILED, Prepare, Scenario
from tests.repository.synthetic import ListRepository


def always(fault: Fault, page: int = 2) -> Prepare:
    """Spoil one list page whenever it is asked for."""
    return lambda repository: repository.faults.add(fault, page=page, verb="ListRecords", times=None)


def twice(fault: Fault, page: int = 2) -> Prepare:
    """Spoil one list page two times; the third request gets it."""
    return lambda repository: repository.faults.add(fault, page=page, times=2)


def everything(fault: Fault) -> Prepare:
    """Spoil every answer."""
    return lambda repository: repository.faults.add(fault, times=None)


def later(fault: Fault) -> Prepare:
    """Spoil every answer from the third request on, so that two pages arrive."""
    return lambda repository: repository.faults.add(faults.from_request(3, fault), times=None)


def _own_address(repository: ListRepository) -> str:
    return repository.url.replace("127.0.0.1", "localhost")


_WAITING = (
    Scenario(
        name="503, Retry-After in seconds",
        does="answers 503 with Retry-After: 1 twice in mid-list",
        prepare=twice(faults.status(503, retry_after=1)),
    ),
    Scenario(
        name="503, Retry-After as a date",
        does="answers 503 with Retry-After as an HTTP date twice in mid-list",
        prepare=twice(faults.status(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")),
    ),
    Scenario(
        name="503, Retry-After of ten years",
        does="answers 503 with Retry-After: 315360000 for ever in mid-list",
        prepare=later(faults.status(503, retry_after=315_360_000)),
        ends=("incomplete",),
        says="asks us to wait for 315360000 s",
        at_least=20,
    ),
    Scenario(
        name="503, Retry-After in the year 9999",
        does="answers 503 with Retry-After: Fri, 31 Dec 9999 23:59:59 GMT for ever in mid-list",
        prepare=later(faults.status(503, retry_after="Fri, 31 Dec 9999 23:59:59 GMT")),
        ends=("incomplete",),
        says="asks us to wait for",
        at_least=20,
    ),
    Scenario(
        name="503, Retry-After with 400 digits",
        does="answers 503 with a Retry-After number of 400 digits for ever in mid-list",
        prepare=later(faults.status(503, retry_after="9" * 400)),
        ends=("incomplete",),
        says="asks us to wait for",
        at_least=20,
    ),
    *(
        Scenario(
            name=f"503, Retry-After: {value}",
            does=f"answers 503 with Retry-After: {value} twice in mid-list",
            prepare=twice(faults.status(503, retry_after=value)),
        )
        for value in ("-5", "soon", "1.5", "Wed, 99 Foo 2026 25:61:61 GMT")
    ),
    Scenario(
        name="429, Retry-After in seconds",
        does="answers 429 with Retry-After: 1 twice in mid-list",
        prepare=twice(faults.status(429, retry_after=1)),
    ),
    Scenario(
        name="429 without Retry-After",
        does="answers 429 twice in mid-list and does not say how long to wait",
        prepare=twice(faults.status(429)),
    ),
)

_STATUSES = (
    Scenario(
        name="500 twice on one page", does="answers 500 twice in mid-list", prepare=twice(faults.status(500), page=3)
    ),
    Scenario(
        name="500 on one page for ever",
        does="answers 500 whenever the third page is asked for",
        prepare=always(faults.status(500), page=3),
    ),
    Scenario(
        name="500 for one record",
        does="answers 500 to whatever holds one record, that record alone too",
        prepare=everything(faults.if_it_holds(b"Study 017.", faults.status(500))),
        at_least=SIZE - 1,
        set_aside=frozenset((SPOILED,)),
        again="full",
    ),
    Scenario(
        name="502 for ten minutes",
        does="answers 502 to everything from the third request on, longer than anybody tries",
        prepare=later(faults.status(502)),
        ends=("incomplete",),
        says="answered HTTP 502",
        at_least=20,
    ),
    Scenario(
        name="502 from the first request on",
        does="answers 502 to everything",
        prepare=everything(faults.status(502)),
        ends=("failed",),
        says="answered HTTP 502",
        at_least=0,
    ),
    Scenario(
        name="422 with an OAI-PMH body",
        does="answers 422 with the very page that was asked for",
        prepare=everything(faults.with_status(422)),
    ),
    Scenario(
        name="422 with an OAI-PMH error",
        does="answers 422 with badResumptionToken in mid-list",
        prepare=always(faults.oai_error("badResumptionToken", "The token has expired.", status=422), page=3),
        ends=("incomplete",),
        says="badResumptionToken",
        at_least=20,
    ),
)

_CONNECTIONS = (
    Scenario(
        name="connection reset before the answer",
        does="resets the connection twice instead of answering",
        prepare=twice(faults.reset),
    ),
    Scenario(
        name="connection reset in mid-page",
        does="resets the connection twice when half the page is sent",
        prepare=twice(faults.broken_off()),
    ),
    Scenario(
        name="connection closed in mid-page",
        does="closes the connection twice when half of the announced bytes are sent",
        prepare=twice(faults.dropped()),
    ),
    Scenario(
        name="connection reset in mid-page for ever",
        does="resets the connection in the middle of every page from the third request on",
        prepare=later(faults.broken_off()),
        ends=("incomplete",),
        says="No answer from",
        at_least=20,
    ),
    Scenario(
        name="slow drip that ends",
        does="sends a page in ten pieces over 0.3 s",
        prepare=always(faults.slowly(pieces=10, seconds=0.3)),
    ),
    Scenario(
        name="slow drip without end",
        does="sends one byte every 20 ms, for ever, in mid-list",
        prepare=later(faults.dripping()),
        ends=("incomplete",),
        says="took longer than",
        at_least=20,
        source={"attempts": 1, "answer_seconds": 0.4},
    ),
    Scenario(
        name="silence",
        does="takes the third request and never answers",
        prepare=later(faults.delayed(30)),
        ends=("incomplete",),
        says="No answer from",
        at_least=20,
        source={"attempts": 1, "timeout_seconds": 0.4},
    ),
)

_COMPRESSION = (
    Scenario(
        name="gzip, cut, lengths agree",
        does="sends two thirds of a gzipped page twice, with a Content-Length that agrees",
        prepare=twice(faults.gzipped(share=0.67)),
    ),
    Scenario(
        name="gzip, cut for ever",
        does="sends two thirds of each gzipped page from the third request on, with a Content-Length that agrees",
        prepare=later(faults.gzipped(share=0.67)),
        ends=("incomplete",),
        says="damaged gzip",
        at_least=20,
    ),
    Scenario(
        name="gzip without saying so",
        does="sends gzip and announces nothing",
        prepare=everything(faults.gzipped(announced=False)),
    ),
    Scenario(
        name="gzip without saying so, cut",
        does="sends two thirds of a gzipped page twice and announces nothing",
        prepare=twice(faults.gzipped(announced=False, share=0.67)),
    ),
    Scenario(
        name="gzip twice over",
        does="gzips what is gzipped, and announces it once",
        prepare=everything(faults.gzipped(layers=2)),
    ),
    Scenario(
        name="gzip announced, plain text sent",
        does="announces gzip and sends the page as it is",
        prepare=everything(faults.claims_gzip),
    ),
    Scenario(
        name="deflate without a frame",
        does="sends raw deflate, as old servers do",
        prepare=everything(faults.deflated),
    ),
    Scenario(
        name="gzip bomb",
        does="sends a small page that unpacks to 1 GB in mid-list",
        prepare=later(faults.gzip_bomb(1024)),
        ends=("incomplete",),
        says="max_page_bytes",
        at_least=20,
        source={"max_page_bytes": 20_000_000},
    ),
    Scenario(
        name="gzip bomb without saying so",
        does="sends a small page that unpacks to 1 GB in mid-list, and announces nothing",
        prepare=later(faults.gzip_bomb(1024, announced=False)),
        ends=("incomplete",),
        says="max_page_bytes",
        at_least=20,
        source={"max_page_bytes": 20_000_000},
    ),
    Scenario(
        name="page of 2 GB",
        does="sends a page of 2 GB in mid-list",
        prepare=later(faults.huge(2048, before=b"</dc:title>")),
        ends=("incomplete",),
        says="max_page_bytes",
        at_least=20,
    ),
)

_REDIRECTS = (
    Scenario(
        name="redirect within the host",
        does="sends every request to another path of the same host once",
        prepare=lambda repository: repository.faults.add(faults.redirected(repository.url), times=1),
    ),
    Scenario(
        name="redirect to a host that is named",
        does="has moved to another host, which the source's settings name",
        prepare=lambda repository: repository.faults.add(faults.redirected(_own_address(repository)), page=2, times=1),
        source={"redirect_hosts": ["localhost"]},
    ),
    Scenario(
        name="redirect to a foreign host",
        does="sends us to a host that the source's settings do not name",
        prepare=lambda repository: repository.faults.add(
            faults.redirected("http://elsewhere.invalid/oai"), page=3, times=None
        ),
        ends=("incomplete",),
        says="http://elsewhere.invalid/oai",
        at_least=20,
    ),
    Scenario(
        name="redirect in a circle",
        does="redirects each request to itself",
        prepare=lambda repository: repository.faults.add(faults.redirected(repository.url), times=None),
        ends=("failed",),
        says="redirects more than",
        at_least=0,
    ),
    *(
        Scenario(
            name=f"redirect to {address}",
            does=f"redirects to {address}",
            prepare=lambda repository, address=address: repository.faults.add(  # type: ignore[misc]
                faults.redirected(address, with_query=False), times=None
            ),
            ends=("failed",),
            says=says,
            at_least=0,
        )
        for address, says in (
            ("file:///etc/hostname", "sends us to file:///etc/hostname"),
            ("ftp://127.0.0.1/oai", "sends us to ftp://127.0.0.1/oai"),
            ("javascript:alert(1)", "sends us to javascript:alert(1)"),
            ("http://[::1", "no address that can be asked"),
        )
    ),
)

SCENARIOS = tuple(
    dataclasses.replace(scenario, theme="transport")
    for scenario in (*_WAITING, *_STATUSES, *_CONNECTIONS, *_COMPRESSION, *_REDIRECTS)
)
