"""Types, terms, locations and relations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.formats.description import (
    Description,
    RawIdentifier,
    RawLink,
    RawRelation,
    RawSubject,
    RawText,
)
from indexer.models import Identifier, Subject
from indexer.normalise.locations import locations_of, web_address
from indexer.normalise.relations import relations_of
from indexer.normalise.terms import keywords_of, subjects_of
from indexer.normalise.types import type_of, version_of


@pytest.mark.parametrize(
    ("values", "title", "kind"),
    [
        (["research-article"], "", "article"),
        (["review-article"], "", "review"),
        (["correction"], "", "correction"),
        (["retraction"], "", "retraction"),
        (["Text"], "", "article"),
        (["info:eu-repo/semantics/article", "info:eu-repo/semantics/publishedVersion"], "", "article"),
        (["info:eu-repo/semantics/doctoralThesis"], "", "thesis"),
        (["Thesis", "NonPeerReviewed"], "", "thesis"),
        (["info:eu-repo/semantics/conferenceObject"], "", "conference-paper"),
        (["info:eu-repo/semantics/bookPart"], "", "chapter"),
        (["serial"], "", "journal"),
        (["教材"], "", "book"),
        (["硕士学位论文"], "", "thesis"),
        (["http://purl.org/coar/resource_type/c_db06"], "", "thesis"),
        (["journalArticle"], "", "article"),
        (["Preprint"], "", "preprint"),
        (["Dataset"], "", "dataset"),
        (["misc"], "", "other"),
        (["article"], "Corrigendum: Decrease in social zeitgebers", "correction"),
        (["article"], "Correction to: DElaying Disease Progression", "correction"),
        (["article"], "Erratum for Smith", "correction"),
        (["article"], "Correction of myopia in children", "article"),
        (["article"], "Retraction Note: X", "retraction"),
        (["article"], "Retraction of the lower eyelid", "article"),
        (["other"], "Editorial", "editorial"),
        (["article"], "Editorial policies of journals", "article"),
        ([], "", "article"),
    ],
)
def test_types_come_from_many_vocabularies(values: list[str], title: str, kind: str) -> None:
    assert type_of(values, title) == kind


def test_a_section_heading_tells_the_type_where_nothing_else_does() -> None:
    assert type_of(["Text"], "T", ["Review Article"]) == "review"
    assert type_of(["Text"], "T", ["Epidemiology"]) == "article"


def test_eu_repo_names_the_version() -> None:
    assert version_of(["article", "info:eu-repo/semantics/acceptedVersion"]) == "accepted"
    assert version_of(["article"]) is None


def test_keywords_are_parted_and_stand_once() -> None:
    words = [
        "Environmen",
        "; Blogs",
        "Internet;",
        "blogs",
        "Rural women, Land right",
        "a; b；c",
        "[pt] GMR",
        "<i>E. coli</i>",
    ]
    words.append("Keywords: first, second, third, fourth, fifth and a sixth one to make it long")
    assert keywords_of(RawText(value=word) for word in words) == (
        "Environmen", "Blogs", "Internet", "Rural women, Land right", "a", "b；c", "GMR", "E. coli",
        "first", "second", "third", "fourth", "fifth and a sixth one to make it long",
    )  # fmt: skip


def test_pmcs_dublin_core_subjects_are_section_headings_and_others_are_keywords() -> None:
    raws = [RawSubject(value="Research Article"), RawSubject(value="Medicine", scheme="LCC", code="R")]
    lcc = Subject(term="Medicine", scheme="LCC", code="R")
    assert subjects_of(raws, is_pmc=True) == ((Subject(term="Research Article", scheme="PMC"), lcc), ())
    assert subjects_of(raws, is_pmc=False) == ((lcc,), (RawText(value="Research Article"),))
    assert subjects_of([RawSubject(value="Update", scheme="heading")], is_pmc=False)[0][0].scheme == "PMC"


def locate(description: Description, *identifiers: Identifier) -> list[tuple[str, str | None]]:
    found = locations_of(description, identifiers, source="doaj", license_=None, version=None)
    assert {one.source for one in found} <= {"doaj"}
    return [(one.url, one.pdf_url) for one in found]


def test_places_to_read_come_from_identifiers_and_links_each_once() -> None:
    description = Description(
        links=(
            RawLink(url="http://x.org/1.pdf", kind="fulltext"),
            RawLink(url="https://www.x.org/1.pdf", kind="fulltext"),
            RawLink(url="https://doi.org/10.1/x", kind="fulltext"),
            RawLink(url="mds526.pdf", media="pdf", kind="self"),
            RawLink(url="javascript:alert(1)", kind="self"),
        )
    )
    assert locate(
        description,
        Identifier(scheme="doi", value="10.1/x"),
        Identifier(scheme="pmcid", value="PMC1"),
        Identifier(scheme="doaj", value="a" * 32),
    ) == [
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1/", None),
        ("https://doi.org/10.1/x", None),
        ("http://x.org/1.pdf", "http://x.org/1.pdf"),
        (f"https://doaj.org/article/{'a' * 32}", None),
    ]


def test_an_arxiv_copy_is_the_submitted_version_with_its_pdf() -> None:
    (found,) = locations_of(
        Description(), [Identifier(scheme="arxiv", value="1407.6981")], source="x", license_=None, version=None
    )
    assert (found.version, found.pdf_url) == ("submitted", "https://arxiv.org/pdf/1407.6981")


def test_lshtm_has_its_landing_page_among_the_relations() -> None:
    links = (RawLink(url="http://researchonline.lshtm.ac.uk/407/", kind="relation"),)
    assert locate(Description(links=links)) == [("http://researchonline.lshtm.ac.uk/407/", None)]
    elsewhere = Description(links=links, identifiers=(RawIdentifier(value="http://y.org/1"),))
    assert locate(elsewhere) == [("http://y.org/1", None)]


@pytest.mark.parametrize(
    "url", ["ftp://x.org/a", "file:///etc", "a.pdf", "http://", "http://x", "http://a b.org", "data:x"]
)
def test_what_is_no_web_address_is_no_location(url: str) -> None:
    assert web_address(url) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("corrected-article", "corrects"),
        ("correction-forward", "corrected_by"),
        ("retracted-article", "retracts"),
        ("retraction-forward", "retracted_by"),
        ("commentary-article", "comments_on"),
        ("preprint", "published_from"),
        ("something new", "related_to"),
    ],
)
def test_relations_read_from_this_article_to_the_other(kind: str, expected: str) -> None:
    (found,) = relations_of([RawRelation(kind=kind, value="10.1007/s12325-023-02583-1", scheme="doi")])
    assert (found.kind, str(found.target)) == (expected, "doi:10.1007/s12325-023-02583-1")


def test_a_relation_without_identifier_is_none() -> None:
    assert relations_of([RawRelation(kind="companion", value="page 5")]) == ()


@settings(deadline=None)
@given(st.lists(st.text(), max_size=4))
def test_no_text_breaks_them(texts: list[str]) -> None:
    type_of(texts, "".join(texts), texts)
    keywords_of(RawText(value=text) for text in texts)
    for text in texts:
        web_address(text)
        web_address("https://" + text)
