"""The lister of DOAJ's search API, over HTTP on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from harvesters.doaj.api import ApiClient, DoajApi
from harvesters.errors import (
    BadTokenError,
    PageError,
    ProtocolError,
    SourceError,
    StuckListError,
    ThrottledError,
)
from harvesters.pace import Pace
from harvesters.records import Page, Window
from harvesters.sources.definition import Source
from tests.repository.doaj_api import DoajApiServer, article
from tests.repository.faults import cut, html, status, with_bytes

EVER = Window()


def lister(server: DoajApiServer, *queries: str, path: str = "/api", **values: object) -> DoajApi:
    """Return a lister that asks a server fast."""
    source = Source.of(
        {
            "id": "doaj-api",
            "name": "DOAJ's API",
            "kind": "doaj-api",
            "endpoint": server.url.removesuffix("/api") + path,
            "queries": list(queries),
            "pace_seconds": 0,
            "attempts": 2,
            "retry_wait_seconds": 0.01,
            "timeout_seconds": 5,
            **values,
        }
    )
    return DoajApi(ApiClient(source, Pace()))


@pytest.fixture
def lakes() -> Iterator[DoajApiServer]:
    """An API where one query finds 250 articles."""
    with DoajApiServer({"issn:1234-5679": [article(number) for number in range(250)]}) as server:
        yield server


def pages_of(api: DoajApi, window: Window = EVER, token: str | None = None) -> list[Page]:
    """Return all pages of a list."""
    with closing(api):
        return list(api.list_records("doaj_json", window, token=token))


def identifiers(pages: list[Page]) -> list[str]:
    """Return the identifiers in order."""
    return [record.identifier for page in pages for record in page.records]


def test_a_query_is_listed_to_its_end_as_it_was_sent(lakes: DoajApiServer) -> None:
    pages = pages_of(lister(lakes, "issn:1234-5679"))
    records = [record for page in pages for record in page.records]
    assert len({record.identifier for record in records}) == 250
    assert records[0].identifier.startswith("oai:doaj.org/article:")
    assert {record.body for record in records} == set(lakes.found["issn:1234-5679"])
    assert [page.list_size for page in pages] == [250, 250, 250]
    assert (lakes.asked("page"), pages[-1].token) == (["1", "2", "3"], None)
    assert set(lakes.asked("sort")) == {"last_updated:desc"}


def test_a_list_goes_on_from_its_token_in_another_process(lakes: DoajApiServer) -> None:
    first = next(lister(lakes, "issn:1234-5679").list_records("doaj_json", EVER))
    rest = pages_of(lister(lakes, "issn:1234-5679"), token=first.token)
    assert len(set(identifiers([first, *rest]))) == 250
    assert lakes.asked("page") == ["1", "2", "3"]


def test_more_than_the_api_shows_is_never_called_complete() -> None:
    with DoajApiServer({"lakes": [article(number) for number in range(1000)]}, total=22_345) as server:
        api = lister(server, "lakes")
        pages: list[Page] = []
        with pytest.raises(StuckListError) as told, closing(api):
            pages.extend(api.list_records("doaj_json", EVER))
            pages.extend(())
        assert "'lakes' finds 22,345" in str(told.value)
        assert "OAI-PMH" in str(told.value)
        assert "doaj-dump" in str(told.value)
        assert len(server.requests) == 10, "no page beyond the 1,000th record is asked for"


def test_what_lies_beyond_reach_is_remembered_across_queries_and_processes() -> None:
    many = [article(number) for number in range(1000)]
    with DoajApiServer({"lakes": many, "none": []}) as server:
        server.total = 5000
        api = lister(server, "lakes", "none")
        last = [page for _, page in zip(range(10), api.list_records("doaj_json", EVER), strict=False)][-1]
        server.total = None
        with pytest.raises(StuckListError, match="5,000"):
            pages_of(lister(server, "lakes", "none"), token=last.token)
        assert last.list_size == 5000


def test_records_that_two_queries_find_come_once_and_are_no_circle() -> None:
    found = [article(number) for number in range(450)]
    with DoajApiServer({"lakes": found, "rivers": [*found, article(900)]}) as server:
        pages = pages_of(lister(server, "lakes", "rivers"))
    names = identifiers(pages)
    assert len(names) == len(set(names)) == 451
    assert all(page.records for page in pages)


def test_a_window_ends_the_list_at_the_first_older_page() -> None:
    found = [article(number, changed=f"2026-{1 + number // 100:02d}-01T00:00:00Z") for number in range(900)]
    with DoajApiServer({"lakes": found}) as server:
        names = identifiers(pages_of(lister(server, "lakes"), Window(since="2026-08-01", until="2026-08-31")))
        assert set(names) == {f"oai:doaj.org/article:{number:032x}" for number in range(700, 800)}
        assert len(server.requests) == 3, "September, August, and July ends it"


def test_a_list_out_of_order_is_read_to_its_end_though_a_window_was_asked_for() -> None:
    stamps = ["2019-01-01T00:00:00Z", "2026-09-01T00:00:00Z", *["2018-01-01T00:00:00Z"] * 248, "2026-09-02T00:00:00Z"]
    with DoajApiServer({"lakes": [article(number, changed=stamp) for number, stamp in enumerate(stamps)]}) as server:
        server.heeds_sort = False
        names = identifiers(pages_of(lister(server, "lakes"), Window(since="2026-08-01")))
    assert names == [f"oai:doaj.org/article:{number:032x}" for number in (1, 250)]


def test_a_key_is_sent_and_shown_nowhere(lakes: DoajApiServer) -> None:
    source = lister(lakes, "issn:1234-5679")._source
    with closing(DoajApi(ApiClient(source, Pace(), key="s3cret"))) as api:
        page = next(api.list_records("doaj_json", EVER))
    assert lakes.asked("api_key") == ["s3cret"]
    assert "s3cret" not in page.url


def test_a_key_that_an_article_echoes_is_not_kept(lakes: DoajApiServer) -> None:
    source = lister(lakes, "issn:1234-5679")._source
    lakes.faults.add(with_bytes(b'"bibjson"', b'"served": "https://doaj.example/?api_key=s3cret-0123", "bibjson"'))
    with closing(DoajApi(ApiClient(source, Pace(), key="s3cret-0123"))) as api:
        page = next(api.list_records("doaj_json", EVER))
    assert len(page.records) == 100
    assert all(b"api_key=..." in record.body for record in page.records)
    assert not any(b"s3cret" in record.body for record in page.records)


@pytest.mark.parametrize(
    ("query", "path", "error", "said"),
    [
        ("lake*", "/api", ProtocolError, "no wildcards"),
        ("lakes", "", SourceError, "https://doaj.org/api"),
    ],
)
def test_what_doaj_refuses_is_told_with_its_remedy(
    lakes: DoajApiServer, query: str, path: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        pages_of(lister(lakes, query, path=path))


def test_a_source_without_queries_says_what_it_needs(lakes: DoajApiServer) -> None:
    with pytest.raises(SourceError, match="queries"):
        pages_of(lister(lakes))


def test_a_token_of_other_queries_begins_the_list_anew(lakes: DoajApiServer) -> None:
    first = next(lister(lakes, "issn:1234-5679").list_records("doaj_json", EVER))
    for token in (first.token, "nonsense", "[]", "{}", '{"queries":["lakes"],"at":7,"short":[]}'):
        with pytest.raises(BadTokenError):
            pages_of(lister(lakes, "lakes"), token=token)


def test_a_broken_page_is_asked_for_again_and_kept_where_it_stays_broken(lakes: DoajApiServer) -> None:
    lakes.spoil(cut(0.7), when=lambda request: request.argument("page") == "2")
    assert len(identifiers(pages_of(lister(lakes, "issn:1234-5679")))) == 250
    lakes.spoil(html, times=None)
    with pytest.raises(PageError, match=r"ends in /api") as told:
        pages_of(lister(lakes, "issn:1234-5679"))
    assert b"Welcome" in told.value.body


def test_too_many_requests_are_heeded(lakes: DoajApiServer) -> None:
    lakes.spoil(status(429, retry_after=0))
    assert len(identifiers(pages_of(lister(lakes, "issn:1234-5679")))) == 250
    lakes.spoil(status(429, retry_after=7200), times=None)
    with pytest.raises(ThrottledError):
        pages_of(lister(lakes, "issn:1234-5679"))


def test_an_empty_page_in_the_middle_is_no_end(lakes: DoajApiServer) -> None:
    lakes.total = 600
    with pytest.raises(PageError, match="sent none"):
        pages_of(lister(lakes, "issn:1234-5679"))


def test_a_record_that_is_none_is_named_and_the_others_stay() -> None:
    broken = [b"null", b'{"id": "", "bibjson": {"title": "x"}}', b'{"id": "j", "bibjson": {"pissn": "1234-5679"}}']
    with DoajApiServer({"lakes": [article(1), *broken, article(2)]}) as server:
        server.heeds_sort = False
        (page,) = pages_of(lister(server, "lakes"))
    assert len(page.records) == 2
    assert [one.url.rpartition("#")[2] for one in page.damaged] == ["2", "3", "4"]
    assert "no object" in page.damaged[0].reason
    assert "journal" in page.damaged[2].reason


def test_journals_are_searched_where_the_source_describes_journals() -> None:
    journal = json.dumps(
        {"id": "ab" * 16, "last_updated": "2026-01-01T00:00:00Z", "bibjson": {"title": "Lakes", "eissn": "1234-5679"}}
    )
    with DoajApiServer({"lakes": [journal.encode()]}) as server:
        (page,) = pages_of(lister(server, "lakes", describes="journals"))
        assert server.requests[0].path == "/api/search/journals/lakes"
    assert page.records[0].identifier == "oai:doaj.org/journal:" + "ab" * 16


def test_one_article_is_fetched_by_its_id(lakes: DoajApiServer) -> None:
    with closing(lister(lakes)) as api:
        assert api.get_article(f"{7:032x}").body == article(7)
        with pytest.raises(ProtocolError, match="no article"):
            api.get_article("f" * 32)
        with pytest.raises(SourceError):
            api.get_article("../search/articles/x")
