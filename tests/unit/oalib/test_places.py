"""Where a crawl stands: written, read again days later, and refused where it makes no sense."""

from __future__ import annotations

import pytest

from harvesters.errors import BadTokenError, SourceError
from harvesters.oalib.places import Addresses, Place, Query, read_queries

QUERIES = ("journals", "journal:4054", "图书馆")


@pytest.mark.parametrize(
    "place",
    [
        Place(),
        Place(query=2, page=41),
        Place(journal=4054, page=3, after=1657334, listed=60, lost=2),
        Place(query=1, journal=0),
    ],
)
def test_a_place_survives_being_written_and_read(place: Place) -> None:
    assert Place.of(place.token(QUERIES), QUERIES) == place


def test_no_token_is_the_beginning() -> None:
    assert Place.of(None, QUERIES) == Place()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        "null",
        '{"of":"00000000"}',
        Place().token(("journals",)),
        Place(query=3).token(QUERIES),
        Place(page=1).token(QUERIES).replace("{", '{"page":0,'),
        Place().token(QUERIES).replace("{", '{"journal":"4054",'),
        Place().token(QUERIES).replace("{", '{"query":-1,'),
        Place().token(QUERIES).replace("{", '{"query":true,'),
        Place().token(QUERIES).replace("{", '{"colour":1,'),
        Place().token(QUERIES).replace("{", '{"lost":1e400,'),
        "[" * 100_000,
    ],
)
def test_a_token_that_makes_no_sense_begins_the_list_anew(token: str) -> None:
    with pytest.raises(BadTokenError, match="begins anew"):
        Place.of(token, QUERIES)


def test_queries_are_told_apart() -> None:
    assert read_queries(("journals", " journal: 4054 ", "open  access")) == (
        Query(kind="journals"),
        Query(kind="journal", journal=4054),
        Query(kind="search", words="open access"),
    )


@pytest.mark.parametrize("text", ["", "  ", "journal:", "journal:abc", "journal:²", "journal:" + "9" * 13])
def test_a_query_that_makes_no_sense_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SourceError, match="journal:4054"):
        read_queries((text,))


def test_addresses_are_those_of_the_site() -> None:
    site = Addresses("https://www.oalib.com/")
    journals, journal, search = read_queries(("journals", "journal:4054", "a b&c=d"))
    assert site.first(journals) == "https://www.oalib.com/lib/showJournalList"
    assert site.listing(journal, Place(page=3)) == "https://www.oalib.com/journal/4054/3"
    assert site.listing(journals, Place(journal=77)) == "https://www.oalib.com/journal/77/1"
    assert site.listing(search, Place(page=2)) == (
        "https://www.oalib.com/search?type=0&oldType=0&kw=a+b%26c%3Dd&searchField=All&__multiselect_searchField="
        "&fromYear=&toYear=&pageNo=2"
    )
    assert site.paper(5) == "https://www.oalib.com/paper/5"
