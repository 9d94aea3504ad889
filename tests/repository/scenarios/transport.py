"""What goes wrong before there is a page: statuses, waiting, connections, compression, redirects, size."""

from __future__ import annotations

import dataclasses

from tests.repository import faults
from tests.repository.faults import Fault
from tests.repository.scenarios.scenario import SIZE, SPOILED, Prepare, Scenario, got_round, refused, stopped
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
    got_round(
        "503, Retry-After in seconds",
        "answers 503 with Retry-After: 1 twice in mid-list",
        twice(faults.status(503, retry_after=1)),
    ),
    got_round(
        "503, Retry-After as a date",
        "answers 503 with Retry-After as an HTTP date twice in mid-list",
        twice(faults.status(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")),
    ),
    stopped(
        "503, Retry-After of ten years",
        "answers 503 with Retry-After: 315360000 for ever in mid-list",
        later(faults.status(503, retry_after=315_360_000)),
        "asks us to wait for 315360000 s",
    ),
    stopped(
        "503, Retry-After in the year 9999",
        "answers 503 with Retry-After: Fri, 31 Dec 9999 23:59:59 GMT for ever in mid-list",
        later(faults.status(503, retry_after="Fri, 31 Dec 9999 23:59:59 GMT")),
        "asks us to wait for",
    ),
    stopped(
        "503, Retry-After with 400 digits",
        "answers 503 with a Retry-After number of 400 digits for ever in mid-list",
        later(faults.status(503, retry_after="9" * 400)),
        "asks us to wait for",
    ),
    *(
        got_round(
            f"503, Retry-After: {value}",
            f"answers 503 with Retry-After: {value} twice in mid-list",
            twice(faults.status(503, retry_after=value)),
        )
        for value in ("-5", "soon", "1.5", "Wed, 99 Foo 2026 25:61:61 GMT")
    ),
    got_round(
        "429, Retry-After in seconds",
        "answers 429 with Retry-After: 1 twice in mid-list",
        twice(faults.status(429, retry_after=1)),
    ),
    got_round(
        "429 without Retry-After",
        "answers 429 twice in mid-list and does not say how long to wait",
        twice(faults.status(429)),
    ),
)

_STATUSES = (
    got_round("500 twice on one page", "answers 500 twice in mid-list", twice(faults.status(500), page=3)),
    got_round(
        "500 on one page for ever",
        "answers 500 whenever the third page is asked for",
        always(faults.status(500), page=3),
    ),
    got_round(
        "500 for one record",
        "answers 500 to whatever holds one record, that record alone too",
        everything(faults.if_it_holds(b"Study 017.", faults.status(500))),
        at_least=SIZE - 1,
        set_aside=frozenset((SPOILED,)),
        again="full",
    ),
    stopped(
        "502 for ten minutes",
        "answers 502 to everything from the third request on, longer than anybody tries",
        later(faults.status(502)),
        "answered HTTP 502",
    ),
    refused(
        "502 from the first request on",
        "answers 502 to everything",
        everything(faults.status(502)),
        "answered HTTP 502",
    ),
    got_round(
        "422 with an OAI-PMH body",
        "answers 422 with the very page that was asked for",
        everything(faults.with_status(422)),
    ),
    stopped(
        "422 with an OAI-PMH error",
        "answers 422 with badResumptionToken in mid-list",
        always(faults.oai_error("badResumptionToken", "The token has expired.", status=422), page=3),
        "badResumptionToken",
    ),
)

_CONNECTIONS = (
    got_round(
        "connection reset before the answer", "resets the connection twice instead of answering", twice(faults.reset)
    ),
    got_round(
        "connection reset in mid-page",
        "resets the connection twice when half the page is sent",
        twice(faults.broken_off()),
    ),
    got_round(
        "connection closed in mid-page",
        "closes the connection twice when half of the announced bytes are sent",
        twice(faults.dropped()),
    ),
    stopped(
        "connection reset in mid-page for ever",
        "resets the connection in the middle of every page from the third request on",
        later(faults.broken_off()),
        "No answer from",
    ),
    got_round(
        "slow drip that ends", "sends a page in ten pieces over 0.3 s", always(faults.slowly(pieces=10, seconds=0.3))
    ),
    stopped(
        "slow drip without end",
        "sends one byte every 20 ms, for ever, in mid-list",
        later(faults.dripping()),
        "took longer than",
        source={"attempts": 1, "answer_seconds": 1.5},
    ),
    stopped(
        "silence",
        "takes the third request and never answers",
        later(faults.delayed(30)),
        "No answer from",
        source={"attempts": 1, "timeout_seconds": 1.5},
    ),
)

_COMPRESSION = (
    got_round(
        "gzip, cut, lengths agree",
        "sends two thirds of a gzipped page twice, with a Content-Length that agrees",
        twice(faults.gzipped(share=0.67)),
    ),
    stopped(
        "gzip, cut for ever",
        "sends two thirds of each gzipped page from the third request on, with a Content-Length that agrees",
        later(faults.gzipped(share=0.67)),
        "damaged gzip",
    ),
    got_round(
        "gzip without saying so", "sends gzip and announces nothing", everything(faults.gzipped(announced=False))
    ),
    got_round(
        "gzip without saying so, cut",
        "sends two thirds of a gzipped page twice and announces nothing",
        twice(faults.gzipped(announced=False, share=0.67)),
    ),
    got_round("gzip twice over", "gzips what is gzipped, and announces it once", everything(faults.gzipped(layers=2))),
    got_round(
        "gzip announced, plain text sent", "announces gzip and sends the page as it is", everything(faults.claims_gzip)
    ),
    got_round("deflate without a frame", "sends raw deflate, as old servers do", everything(faults.deflated)),
    stopped(
        "gzip bomb",
        "sends a small page that unpacks to 1 GB in mid-list",
        later(faults.gzip_bomb(1024)),
        "max_page_bytes",
        source={"max_page_bytes": 20_000_000},
    ),
    stopped(
        "gzip bomb without saying so",
        "sends a small page that unpacks to 1 GB in mid-list, and announces nothing",
        later(faults.gzip_bomb(1024, announced=False)),
        "max_page_bytes",
        source={"max_page_bytes": 20_000_000},
    ),
    stopped(
        "page of 2 GB",
        "sends a page of 2 GB in mid-list",
        later(faults.huge(2048, before=b"</dc:title>")),
        "max_page_bytes",
    ),
)

_REDIRECTS = (
    got_round(
        "redirect within the host",
        "sends every request to another path of the same host once",
        lambda repository: repository.faults.add(faults.redirected(repository.url), times=1),
    ),
    got_round(
        "redirect to a host that is named",
        "has moved to another host, which the source's settings name",
        lambda repository: repository.faults.add(faults.redirected(_own_address(repository)), page=2, times=1),
        source={"redirect_hosts": ["localhost"]},
    ),
    stopped(
        "redirect to a foreign host",
        "sends us to a host that the source's settings do not name",
        lambda repository: repository.faults.add(faults.redirected("http://elsewhere.invalid/oai"), page=3, times=None),
        "http://elsewhere.invalid/oai",
    ),
    refused(
        "redirect in a circle",
        "redirects each request to itself",
        lambda repository: repository.faults.add(faults.redirected(repository.url), times=None),
        "redirects more than",
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
