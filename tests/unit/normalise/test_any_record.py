"""Whatever a record says, it becomes a manifestation or is refused by name."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnusableRecordError
from indexer.models import Manifestation
from indexer.normalise.manifestation import normalise
from tests.unit.pages import article, doaj_article, dublin_core

DUBLIN_CORE = (
    "title", "creator", "contributor", "subject", "description", "publisher", "date", "type", "identifier", "source",
    "language", "relation", "rights",
)  # fmt: skip
DOAJ = (
    "language", "publisher", "journalTitle", "issn", "publicationDate", "volume", "issue", "startPage", "endPage",
    "doi", "title", "abstract", "fullTextUrl",
)  # fmt: skip
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
VALUES = st.one_of(
    st.text(LETTERS, max_size=40),
    st.sampled_from(
        ["", "http://[", "https://doi.org/", "10.1/", "0000-00-00", "http://x.org:99999/",
         "<p>", "$", "\\frac", "; ;", ",", "()", "CC"]
    ),
)  # fmt: skip


def check(found: Manifestation) -> None:
    assert found.title.value
    assert all(one.name for one in found.contributors)
    assert all(one.url.startswith(("http://", "https://", "HTTP")) for one in found.locations)
    assert len(set(found.identifiers)) == len(found.identifiers)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DUBLIN_CORE), VALUES), max_size=12), VALUES)
def test_any_dublin_core(elements: list[tuple[str, str]], identifier: str) -> None:
    inner = "".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in elements)
    try:
        check(normalise([dublin_core(inner, identifier=identifier)], "x"))
    except UnusableRecordError as error:
        if "no title" not in error.reason:
            pytest.fail(error.reason)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(DOAJ), VALUES), st.lists(VALUES, max_size=4))
def test_any_doaj_article(elements: dict[str, str], names: list[str]) -> None:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in elements.items())
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in names)
    check(normalise([doaj_article(f"<title>T</title>{inner}<authors>{authors}</authors>")], "doaj"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), max_size=4), VALUES, VALUES)
def test_any_jats_article(names: list[tuple[str, str]], text: str, language: str) -> None:
    people = "".join(
        f"<contrib><name><surname>{escape(family)}</surname><given-names>{escape(given_name)}</given-names></name></contrib>"
        for family, given_name in names
    )
    front = (
        f"<article-id pub-id-type='doi'>{escape(text)}</article-id>"
        "<title-group><article-title>T</article-title></title-group>"
        f"<contrib-group>{people}</contrib-group><pub-date><year>{escape(text)}</year></pub-date>"
        f"<permissions><license><license-p>{escape(text)}</license-p></license></permissions>"
        f"<abstract><p>{escape(text)}</p></abstract><volume>{escape(text)}</volume>"
    )
    check(normalise([article(front, f'xml:lang="{escape(language, {chr(34): ""})}"')], "x"))
