"""The merged view: best value for each field, and where it came from."""

from __future__ import annotations

import itertools
from typing import Any

from indexer.identity.keys import keys_of
from indexer.identity.merge import merge
from indexer.identity.portrait import portrait_of
from indexer.models import Container, Contributor, Identifier, License, Location, Manifestation, PartialDate, Text


def manifestation(
    source: str, *, formats: tuple[str, ...] = ("oai_dc",), title: str = "A title", **values: Any
) -> Manifestation:
    return Manifestation(
        title=Text(value=title),
        source=source,
        record_identifier=f"oai:{source}:1",
        datestamp="2026-01-01",
        formats=formats,
        **values,
    )


DOI = Identifier(scheme="doi", value="10.5555/x")
PMID = Identifier(scheme="pmid", value="7")
JATS = manifestation(
    "pmc",
    formats=("jats",),
    title="The title from JATS",
    identifiers=(DOI, PMID),
    contributors=(Contributor(name="Ana Li", family="Li", given="Ana"),),
    published=PartialDate(year=2020, month=3),
    container=Container(title="Journal", issns=("1234-5679",)),
)
DOAJ = manifestation(
    "doaj",
    formats=("oai_doaj",),
    title="THE TITLE FROM DOAJ",
    identifiers=(DOI,),
    abstracts=(Text(value="An abstract."),),
    published=PartialDate(year=2020),
    container=Container(title="Journal", issns=("1234-5679", "2434-561X"), publisher="P"),
    locations=(Location(url="https://example.org/a", license=License(code="cc-by", name="CC BY"), source="doaj"),),
)
DC = manifestation(
    "university",
    keywords=("one", "One", "two"),
    locations=(Location(url="https://example.org/b", source="university"),),
)


def test_each_field_comes_from_the_best_manifestation_and_says_so() -> None:
    merged = merge([("m1", DC), ("m2", DOAJ), ("m3", JATS)])
    assert merged.bibliography.title.value == "The title from JATS"
    assert merged.bibliography.abstracts[0].value == "An abstract."
    assert merged.bibliography.published == PartialDate(year=2020, month=3)
    assert merged.provenance["title"] == "m3"
    assert merged.provenance["abstracts"] == "m2"
    assert merged.provenance["keywords"] == "m1"
    assert merged.sources == ("doaj", "pmc", "university")
    assert merged.manifestations == ("m3", "m2", "m1")


def test_identifiers_and_keywords_are_united_without_repeats() -> None:
    merged = merge([("m1", DC), ("m2", DOAJ), ("m3", JATS)])
    assert merged.bibliography.identifiers == (DOI, PMID)
    assert merged.bibliography.keywords == ("one", "two")


def test_a_container_is_completed_from_the_same_journal_only() -> None:
    other = manifestation("x", formats=("oai_doaj",), container=Container(title="Other", issns=("0000-0019",)))
    merged = merge([("m2", DOAJ), ("m3", JATS), ("m4", other)])
    assert merged.bibliography.container == Container(title="Journal", issns=("1234-5679", "2434-561X"), publisher="P")


def test_an_open_copy_comes_first() -> None:
    assert [place.url for place in merge([("m1", DC), ("m2", DOAJ)]).bibliography.locations] == [
        "https://example.org/a",
        "https://example.org/b",
    ]


def test_the_merged_view_does_not_depend_on_the_order() -> None:
    views = [merge(list(order)) for order in itertools.permutations([("m1", DC), ("m2", DOAJ), ("m3", JATS)])]
    assert all(view == views[0] for view in views)


def test_a_title_in_another_script_stays_beside_the_chosen_one_and_says_where_it_came_from() -> None:
    chinese = manifestation("oalib", title="云南茶园的量子引力研究(DNA)", identifiers=(DOI,))
    other = manifestation("zenodo", title="云南茶园研究", identifiers=(DOI,))
    members = [("m1", JATS), ("m2", DOAJ), ("m3", chinese), ("m4", other)]
    for order in itertools.permutations(members):
        found = merge(order)
        assert found.bibliography.title.value == "The title from JATS"
        assert [one.value for one in found.bibliography.translated_titles] == ["云南茶园的量子引力研究(DNA)"]
        assert found.provenance["translated_titles"] == "m3"


def test_only_joining_identifiers_are_keys() -> None:
    doaj = Identifier(scheme="doaj", value="0123456789abcdef0123456789abcdef")
    url = Identifier(scheme="url", value="https://x")
    assert {str(key.scheme) for key in keys_of(manifestation("s", identifiers=(DOI, doaj, url)))} == {"doi", "doaj"}


def test_notices_are_known_by_type_or_title() -> None:
    def kind(**values: Any) -> str:
        return portrait_of(manifestation("s", **values)).kind

    assert kind(title="Corrigendum: Decrease in social zeitgebers") == "correction"
    assert kind(title="勘误：一篇文章") == "correction"
    assert kind(type="retraction") == "retraction"
    assert kind(title="Correction of refractive errors in children") == "article"
    assert kind(title="Errors in medicine") == "article"
