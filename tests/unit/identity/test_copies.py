"""Which copy comes first, and why."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.identity.copies import LinkState, addresses_of, rank
from indexer.models import Identifier, License, Location

BY = License(code="cc-by", name="CC BY 4.0", url="https://creativecommons.org/licenses/by/4.0/")
CLOSED = License(code="publisher", name="publisher terms")
DOI = Identifier(scheme="doi", value="10.5555/abc.1")

PMC = Location(url="https://pmc.ncbi.nlm.nih.gov/articles/PMC1/", license=BY, version="published", source="pmc")
RESOLVER = Location(url="https://doi.org/10.5555/abc.1", license=BY, version="published", source="doaj")
PUBLISHER = Location(
    url="https://journal.example/article/10.5555/ABC.1/full", license=BY, version="published", source="doaj"
)
SAME_HOST = Location(
    url="https://journal.example/view/7",
    pdf_url="https://journal.example/download/pdf/7",
    license=BY,
    version="published",
    source="doaj",
)
REPOSITORY = Location(url="http://repository.example/7", version="accepted", source="university")
DIRECTORY = Location(url="https://doaj.org/article/0123", license=BY, source="doaj")
PLACES = (PMC, RESOLVER, PUBLISHER, SAME_HOST, REPOSITORY, DIRECTORY)


def test_every_order_of_arrival_gives_the_same_order_and_reasons() -> None:
    rankings = {rank(order, [DOI]) for order in itertools.permutations(PLACES)}
    assert len(rankings) == 1
    assert [copy.location for copy in rankings.pop()] == [SAME_HOST, PUBLISHER, RESOLVER, PMC, REPOSITORY, DIRECTORY]


def test_each_copy_says_why_it_stands_where_it_does() -> None:
    reasons = {copy.location.url: copy.reasons for copy in rank(PLACES, [DOI])}
    assert reasons[SAME_HOST.url] == ("open_license", "version_of_record", "pdf", "publisher_site", "https")
    assert reasons[PUBLISHER.url] == ("open_license", "version_of_record", "doi_match", "publisher_site", "https")
    assert reasons[RESOLVER.url] == ("open_license", "version_of_record", "doi_match", "https")
    assert reasons[PMC.url] == ("open_license", "free_archive", "version_of_record", "https")
    assert reasons[REPOSITORY.url] == ("repository",)
    assert reasons[DIRECTORY.url] == ("open_license", "https", "directory_entry")


def test_a_pdf_comes_before_a_page_unless_it_is_a_manuscript() -> None:
    page = Location(url="https://doi.org/10.5555/abc.1", version="published")
    pdf = Location(url="https://a.example/1.pdf", pdf_url="https://a.example/1.pdf")
    stated = Location(url="https://b.example/1.pdf", pdf_url="https://b.example/1.pdf", version="published")
    manuscript = Location(url="https://c.example/1.pdf", pdf_url="https://c.example/1.pdf", version="accepted")
    ranked = rank([manuscript, pdf, page, stated], [DOI])
    assert [copy.location for copy in ranked] == [stated, pdf, page, manuscript]


def test_a_doi_that_only_begins_like_the_works_own_is_no_match() -> None:
    longer = Location(url="https://doi.org/10.5555/abc.12")
    assert "doi_match" not in rank([longer], [DOI])[0].reasons
    encoded = Location(url="https://journal.example/?id=10.5555%2Fabc.1")
    assert "doi_match" in rank([encoded], [DOI])[0].reasons


def test_an_archive_that_is_free_to_read_comes_before_a_publisher_that_may_not_be() -> None:
    closed = Location(url=RESOLVER.url, license=CLOSED, version="published")
    free = Location(url=PMC.url, license=CLOSED, version="published")
    assert [copy.location.url for copy in rank([closed, free], [DOI])] == [PMC.url, RESOLVER.url]


def test_what_does_not_open_goes_to_the_end_and_what_is_reported_before_it() -> None:
    states = {
        **dict.fromkeys(addresses_of(SAME_HOST), LinkState(state="fails")),
        PUBLISHER.url: LinkState(state="opens", reports=1),
    }
    ranked = rank(PLACES, [DOI], states)
    assert [copy.location for copy in ranked[-2:]] == [PUBLISHER, SAME_HOST]
    assert "reported" in ranked[-2].reasons
    assert "checked_opens" not in ranked[-2].reasons
    assert "checked_fails" in ranked[-1].reasons
    assert ranked[0].location == RESOLVER


def test_a_broken_pdf_leaves_the_landing_page_of_its_copy() -> None:
    pdf, page = addresses_of(SAME_HOST)
    (copy,) = rank([SAME_HOST], [DOI], {pdf: LinkState(state="fails")})
    assert copy.address == page
    assert "pdf" not in copy.reasons
    assert "checked_fails" not in copy.reasons


def test_among_equals_the_one_that_was_found_open_comes_first() -> None:
    one, other = Location(url="https://a.example/1"), Location(url="https://b.example/1")
    assert [copy.location for copy in rank([one, other], [])] == [one, other]
    ranked = rank([one, other], [], {other.url: LinkState(state="opens")})
    assert [copy.location for copy in ranked] == [other, one]
    refused = rank([one, other], [], {one.url: LinkState(state="refused"), other.url: LinkState(state="unknown")})
    assert [copy.location for copy in refused] == [one, other], "robots that are turned away say nothing of readers"


def test_one_address_written_in_several_ways_is_one_copy_with_all_that_is_known_of_it() -> None:
    bare = Location(url="http://www.journal.example/a/", source="one")
    full = Location(url="https://journal.example/a", license=BY, version="published", source="two")
    with_pdf = Location(url="https://journal.example/a", pdf_url="https://journal.example/a.pdf", source="three")
    for order in itertools.permutations([bare, full, with_pdf]):
        (copy,) = rank(order, [])
        assert copy.location == Location(
            url=full.url, pdf_url=with_pdf.pdf_url, license=BY, version="published", source="two"
        )
    assert len(rank([Location(url="https://j.example/A"), Location(url="https://j.example/a")], [])) == 2


_ANY = st.builds(
    Location,
    url=st.one_of(st.text(max_size=30), st.sampled_from([place.url for place in PLACES])),
    pdf_url=st.one_of(st.none(), st.text(max_size=30)),
    license=st.sampled_from([None, BY, CLOSED]),
    version=st.sampled_from([None, "submitted", "accepted", "published"]),
    source=st.sampled_from([None, "a", "b"]),
)


@settings(deadline=None)
@given(st.lists(_ANY, max_size=6).flatmap(lambda one: st.tuples(st.just(one), st.permutations(one))))
def test_no_record_breaks_the_ranking(orders: tuple[list[Location], list[Location]]) -> None:
    assert rank(orders[0], [DOI]) == rank(orders[1], [DOI])
