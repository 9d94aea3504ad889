"""Addresses: which may become links, and how a search is written as one."""

from __future__ import annotations

import pytest

from search_api.schemas import WorksParameters
from search_api.web.addresses import SearchAddress, identifier_address, plain_words, web_address


@pytest.mark.parametrize(
    "hostile",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "/works/x",
        "https:",
        "https://",
        "http://[broken",
        "https:\\\\evil.example",
        "ftp://example.org/x.pdf",
        "",
        None,
    ],
)
def test_only_web_addresses_become_links(hostile: str | None) -> None:
    assert web_address(hostile) is None


@pytest.mark.parametrize(
    "url", ["https://example.org/a.pdf", "http://example.org:8080/a?b=c#d", "HTTPS://EXAMPLE.ORG/"]
)
def test_web_addresses_pass_unchanged(url: str) -> None:
    assert web_address(url) == url


def test_identifiers_lead_to_their_resolvers() -> None:
    assert identifier_address("doi", "10.5555/a<b>#c") == "https://doi.org/10.5555/a%3Cb%3E%23c"
    assert identifier_address("pmid", "12") == "https://pubmed.ncbi.nlm.nih.gov/12/"
    assert identifier_address("pmcid", "PMC12") == "https://pmc.ncbi.nlm.nih.gov/articles/PMC12/"
    assert identifier_address("oai", "oai:x:1") is None
    assert identifier_address("url", "javascript:alert(1)") is None


def test_filters_are_added_and_taken_away_one_by_one() -> None:
    address = SearchAddress.of(WorksParameters(q="a b", lang=["zh", "en"], sort="newest", year_from=2010, cursor="x"))
    assert str(address) == "/?q=a+b&lang=zh&lang=en&year_from=2010&sort=newest"
    assert str(address.removing("lang", "zh")) == "/?q=a+b&lang=en&year_from=2010&sort=newest"
    assert str(address.adding("lang", "zh")) == str(address)
    assert str(address.adding("type", "review").without(["lang", "year_from"])) == "/?q=a+b&sort=newest&type=review"
    assert str(address.setting("sort", None).setting("q", None)) == "/?lang=zh&lang=en&year_from=2010"
    assert str(SearchAddress()) == "/"


def test_plain_words_have_nothing_that_the_query_language_reads() -> None:
    assert plain_words('title:"solar cells" OR (wind* -tidal) year:2019..2024') == "solar cells wind tidal"
    assert plain_words("COVID-19 钙钛矿") == "COVID-19 钙钛矿"
