"""Whatever is scanned or pasted leads to works and journals, or to an honest miss with ways on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from stdnum import ean

from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.integration.journals import OTHER, THIRD, deleted, doaj_article, journal, pmc_article, receive
from tests.repository import Item, ListRepository

Json = dict[str, Any]
_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title>{}</oai_dc:dc>"
)
BOOK, PREPRINT, PAPER = "A book of gardens", "A preprint of light", "A paper without numbers"
ARTICLE, OF_PMC = "Study number 1 of reading", "Paper number 2 of writing"
EMPTY = "2049-3630"


def _item(number: int, title: str, *identifiers: str) -> Item:
    said = "".join(f"<dc:identifier>{one}</dc:identifier>" for one in identifiers)
    return Item(f"oai:x:{number}", "2026-01-01", metadata=_DC.format(title, said))


def stock(library: Library) -> Library:
    """Put in a book, a preprint, an article without identifiers, two articles of journals, and an empty journal."""
    with ListRepository() as repository:
        repository.put(
            _item(1, BOOK, "ISBN 978-0-306-40615-7"),
            _item(2, PREPRINT, "https://arxiv.org/abs/2101.00001"),
            _item(3, PAPER, "http://www.oalib.com/paper/1657334"),
        )
        assert harvest(library, add_source(library, "x", repository.url)).status == "complete"
    receive(
        library,
        [
            doaj_article(1, OTHER),
            pmc_article(2, THIRD),
            journal(1, OTHER),
            journal(2, EMPTY),
            doaj_article(3, "1545-7885"),
        ],
    )
    library.bring_up_to_date()
    receive(library, [deleted(doaj_article(3, "1545-7885"))])
    library.bring_up_to_date()
    return library


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("resolve"),
        openurl_link="https://resolver.example.edu/openurl?{openurl}",
        catalogue_link="https://opac.example.edu/search?q={value}&lang=zh",
    )
    with open_library(settings, sources=[]) as library:
        yield stock(library)


@pytest.fixture(scope="module")
def client(stocked: Library) -> TestClient:
    return TestClient(make_app(stocked), raise_server_exceptions=False)


def ask(client: TestClient, code: str) -> Json:
    answer = client.get("/v1/resolve", params={"id": code})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def titles(body: Json) -> list[str]:
    return [work["title"] for work in body["results"]]


CODES = {
    "9780306406157": BOOK,
    "978-0-306-40615-7": BOOK,
    "9780306406157 51995": BOOK,
    "]E09780306406157\r\n": BOOK,
    "0-306-40615-2": BOOK,
    "0306406152": BOOK,
    "９７８０３０６４０６１５７": BOOK,
    "urn:isbn:9780306406157": BOOK,
    "2101.00001v2": PREPRINT,
    "https://arxiv.org/pdf/2101.00001.pdf": PREPRINT,
    "https://doi.org/10.48550/arXiv.2101.00001": PREPRINT,
    "https://www.oalib.com/paper/1657334#.Xyz": PAPER,
    "10.5555/A1": ARTICLE,
    "https://doi.org/10.5555%2Fa1": ARTICLE,
    "https://www.publisher.example/doi/full/10.5555/a1?utm=1": ARTICLE,
    "doi:10.5555/a1 (see there)": ARTICLE,
    "90002": OF_PMC,
    "PMID: 90002": OF_PMC,
    "PMC2": OF_PMC,
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC2/pdf/": OF_PMC,
    "https://pubmed.ncbi.nlm.nih.gov/90002/": OF_PMC,
    "https://library.example/works/doi:10.5555/a1": ARTICLE,
}


def test_every_kind_of_code_finds_its_work_in_both_deployments(library: Library) -> None:
    client = TestClient(make_app(stock(library)))
    found = {code: titles(ask(client, code)) for code in CODES}
    assert found == {code: [title] for code, title in CODES.items()}
    references = {
        f"Li H, Wang Y. {PREPRINT} and shade. J Opt. 2021;3(2):1-9. arXiv:2101.00001": "identifier",
        f"Li H. {ARTICLE}. A journal. 2021;3(2):1-9.": "citation",
    }
    for text, match in references.items():
        body = client.get("/v1/works", params={"q": text}).json()
        assert (titles(body), body["meta"]["query"]["match"]) == (
            [PREPRINT if match == "identifier" else ARTICLE],
            match,
        )
    journals = ask(client, OTHER)["containers"]
    assert [(one["title"], one["works"]) for one in journals] == [("Journal number 1", 1)]


@pytest.mark.parametrize(
    "code", [OTHER, OTHER.replace("-", ""), f"ISSN {OTHER}", f"https://portal.issn.org/resource/ISSN/{OTHER}"]
)
def test_an_issn_finds_the_journal_and_its_works(client: TestClient, code: str) -> None:
    body = ask(client, code)
    (found,) = body["containers"]
    assert (found["title"], found["issns"], found["works"]) == ("Journal number 1", [OTHER], 1)
    assert (found["publisher"], found["country"]) == ("Publisher 1", "BR")
    assert titles(body) == [ARTICLE]
    assert {"scheme": "issn", "value": OTHER} in body["read_as"]
    assert [work["title"] for work in client.get(found["works_url"]).json()["results"]] == [ARTICLE]


@pytest.mark.parametrize("addition", ["", "05", " 00012", "+12"])
def test_a_journals_bar_code_finds_it_whatever_issue_it_is(client: TestClient, addition: str) -> None:
    digits = f"977{OTHER.replace('-', '')[:7]}00"
    body = ask(client, digits + ean.calc_check_digit(digits) + addition)
    assert [one["title"] for one in body["containers"]] == ["Journal number 1"]


def test_a_journal_without_works_is_found(client: TestClient) -> None:
    body = ask(client, EMPTY)
    assert (body["meta"]["found"], body["meta"]["count"], body["containers"][0]["works"]) == (True, 0, 0)
    assert (body["miss"], body["ways_on"]) == (None, [])


def test_an_address_of_ours_finds_the_work_whatever_the_host_is_called(client: TestClient) -> None:
    work = ask(client, "10.5555/a1")["results"][0]
    for code in (
        work["id"],
        f"https://old.example/works/{work['id']}?ui=zh",
        f"https://x.example/v1/works/{work['id']}/why",
    ):
        body = ask(client, code)
        assert (body["results"], body["read_as"]) == ([work], [{"scheme": "work", "value": work["id"]}]), code


def test_a_work_that_left_is_told_apart_from_one_that_never_was(client: TestClient, stocked: Library) -> None:
    gone = next(
        work.id
        for key in range(1, 20)
        for work in stocked.store.catalogue.by_keys([key]).values()
        if work.state == "removed"
    )
    assert ask(client, f"https://x.example/works/{gone}")["miss"]["reason"] == "gone"
    assert ask(client, "https://x.example/works/w0000000000000")["miss"]["reason"] == "not_here"


def test_a_miss_offers_the_registry_the_resolver_and_the_catalogue(client: TestClient) -> None:
    body = ask(client, "https://doi.org/10.5555/not(here)")
    assert (body["meta"]["found"], body["miss"]["reason"], body["results"]) == (False, "not_here", [])
    ways = {way["kind"]: way["url"] for way in body["ways_on"]}
    assert list(ways) == ["title_search", "source", "openurl", "catalogue"]
    assert ways["source"] == "https://doi.org/10.5555/not(here)"
    asked = parse_qs(urlsplit(ways["openurl"]).query)
    assert (asked["rft_id"], asked["ctx_ver"]) == (["info:doi/10.5555/not(here)"], ["Z39.88-2004"])
    assert parse_qs(urlsplit(ways["catalogue"]).query) == {"q": ["10.5555/not(here)"], "lang": ["zh"]}
    assert all(way["words"]["zh"] and way["words"]["en"] for way in body["ways_on"])


@pytest.mark.parametrize(("code", "key"), [("978-1-4028-9462-6", "rft.isbn"), ("2434-561X", "rft.issn")])
def test_books_and_journals_are_asked_for_by_their_number(client: TestClient, code: str, key: str) -> None:
    ways = {way["kind"]: way["url"] for way in ask(client, code)["ways_on"]}
    assert parse_qs(urlsplit(ways["openurl"]).query)[key] == [code.replace("-", "") if key == "rft.isbn" else code]


def test_words_lead_to_a_search_for_them(client: TestClient) -> None:
    body = ask(client, "A book & more?")
    assert (body["read_as"], body["miss"]["reason"]) == ([], "no_identifier")
    ways = {way["kind"]: way["url"] for way in body["ways_on"]}
    assert parse_qs(urlsplit(ways["title_search"]).query) == {"q": ["A book & more?"]}
    assert parse_qs(urlsplit(ways["openurl"]).query)["rft.atitle"] == ["A book & more?"]
    assert parse_qs(urlsplit(ways["catalogue"]).query)["q"] == ["A book & more?"]


@pytest.mark.parametrize("code", ["9780306406158", "9771932620001", "1932-6204"])
def test_a_wrong_check_digit_is_the_reason(client: TestClient, code: str) -> None:
    body = ask(client, code)
    assert (body["meta"]["found"], body["miss"]["reason"]) == (False, "check_digit")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("openurl_link", "https://resolver.example.edu/openurl"),
        ("openurl_link", "https://{openurl}.example.edu/"),
        ("openurl_link", "https://resolver.example.edu/?{openurl}&{openurl}"),
        ("openurl_link", "javascript:alert({openurl})"),
        ("catalogue_link", "https://opac.example.edu/?q={openurl}"),
        ("catalogue_link", "https://opac.example.edu/?q={value}\nx"),
        ("catalogue_link", "{value}"),
    ],
)
def test_a_link_that_would_lead_nowhere_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match="once in it, behind the host"):
        Settings.model_validate({name: value})


def test_links_of_the_usual_forms_are_taken() -> None:
    settings = Settings(openurl_link="https://x.example.edu?{openurl}", catalogue_link="http://opac:8080/isbn/{value}")
    assert (settings.openurl_link[-9:], Settings().catalogue_link) == ("{openurl}", "")


def test_ways_that_the_library_has_not_set_are_not_offered(embedded: Library) -> None:
    embedded.bring_up_to_date()
    body = ask(TestClient(make_app(embedded)), "10.5555/a1")
    assert [way["kind"] for way in body["ways_on"]] == ["title_search", "source"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "id"),
        ("id=", "id"),
        ("id=%20%00", "id"),
        ("id=1&id=2", "id"),
        ("id=1&x=2", "x"),
        ("id=" + "9" * 3000, "id"),
    ],
)
def test_a_wrong_parameter_is_a_problem_with_a_fix(client: TestClient, query: str, parameter: str) -> None:
    answer = client.get(f"/v1/resolve?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    error = answer.json()["errors"][0]
    assert (error["parameter"], bool(error["fix"])) == (parameter, True)


@pytest.mark.parametrize(
    "code",
    [
        *("http://[", "https://x/works/", "works/" * 300, "javascript:alert(1)", "\ud83d\ude00" * 9, "a\x00b", "] ]"),
        *("'; DROP TABLE works", "10.1/" + "(" * 1000, "9" * 1999, "doi:" * 400, "%00%ff", "https://doi.org/%00"),
        *('10.5555/a"b OR c', "https://x.org/*?a=(b)", "url:x", "title:a", "-1932-6203", "PMC0", "0000-0000", "* OR"),
        *("https://user:pw@host/", '"', "info:doi/", "isbn", "https://x.example/works/doi:", "977" * 4 + "9"),
    ],
)  # fmt: skip
def test_nothing_that_is_scanned_breaks_it(client: TestClient, code: str) -> None:
    answer = client.get("/v1/resolve", params={"id": code.encode("utf-8", "surrogatepass").decode("utf-8", "replace")})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json()["meta"]["found"] is False
        assert all(way["url"].startswith(("/", "https://")) for way in answer.json()["ways_on"])
