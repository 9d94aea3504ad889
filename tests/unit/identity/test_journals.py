"""What the records of a journal say together, and what its articles get from it."""

from __future__ import annotations

import itertools
from typing import Any

from indexer.identity.journals import container_keys, enrich, merge_journals
from indexer.identity.keys import Key
from indexer.identity.merge import Merged, merge
from indexer.models import Container, Journal, LanguageTag, License, Manifestation, Subject, Text

BY, BY_NC = License(code="cc-by", name="CC BY"), License(code="cc-by-nc", name="CC BY-NC")
BIOLOGY = Subject(term="Biology", scheme="LCC", code="QH1")


def journal(identifier: str = "1", datestamp: str = "2026-01-01", **values: Any) -> Journal:
    return Journal(source="doaj", record_identifier=identifier, datestamp=datestamp, **values)


def article(**values: Any) -> Merged:
    values = {"container": Container(title="Stated", issns=("1545-7885",), publisher="Stated")} | values
    one = Manifestation(
        title=Text(value="A title"), source="s", record_identifier="oai:s:1", datestamp="2026-01-01", **values
    )
    return merge([("m1", one)])


def test_each_field_is_the_newest_records_that_states_it() -> None:
    old = journal("old", "2026-01-01", title="Old", publisher="Old", country="BR", issns=("1545-7885",))
    new = journal("new", "2026-02-01T00:00:00Z", title="New", issns=("1544-9173",))
    view = merge_journals([old, new])
    assert (view.title, view.publisher, view.country) == ("New", "Old", "BR")
    assert view.issns == ("1544-9173", "1545-7885")
    assert view.provenance["title"] == "journal:doaj:new"
    assert view.provenance["publisher"] == "journal:doaj:old"


def test_the_view_is_the_same_in_any_order() -> None:
    records = [journal(name, "2026-01-01", title=name, issns=("1545-7885",), licenses=(BY,)) for name in "abc"]
    views = [merge_journals(order) for order in itertools.permutations(records)]
    assert all(view == views[0] for view in views)
    assert views[0].title == "a"


def test_a_journal_with_several_licences_or_none_gives_none() -> None:
    assert merge_journals([journal(licenses=(BY, BY_NC))]).license is None
    assert merge_journals([journal()]).license is None
    newest_has_two = [journal("a", "2026-01-01", licenses=(BY,)), journal("b", "2026-02-01", licenses=(BY, BY_NC))]
    assert merge_journals(newest_has_two).license is None


def test_the_journals_own_affairs_are_the_journals_to_say() -> None:
    view = merge_journals(
        [
            journal(
                title="Proper", issns=("1545-7885", "1544-9173"), issn_l="1544-9173", publisher="Proper", country="US"
            )
        ]
    )
    enriched = enrich(article(), view)
    assert enriched.bibliography.container == Container(
        title="Stated", issns=("1545-7885", "1544-9173"), issn_l="1544-9173", publisher="Proper", country="US"
    )
    assert enriched.provenance["container"] == "m1"
    assert "container.title" not in enriched.provenance
    assert enriched.provenance["container.issn_l"] == "journal:doaj:1"


def test_what_the_journal_does_not_say_the_article_keeps() -> None:
    enriched = enrich(article(), merge_journals([journal(issns=("1545-7885",))]))
    assert enriched == article()


def test_a_missing_title_is_the_journals() -> None:
    untitled = article(container=Container(issns=("1545-7885",)))
    enriched = enrich(untitled, merge_journals([journal(title="Proper", issns=("1545-7885",))]))
    assert enriched.bibliography.container is not None
    assert enriched.bibliography.container.title == "Proper"
    assert enriched.provenance["container.title"] == "journal:doaj:1"


def test_the_journals_licence_is_only_for_articles_that_state_none() -> None:
    view = merge_journals([journal(licenses=(BY,))])
    assert enrich(article(license=BY_NC), view).bibliography.license == BY_NC
    given = enrich(article(), view)
    assert given.bibliography.license == License(code="cc-by", name="CC BY", origin="journal")
    assert given.provenance["license"] == "journal:doaj:1"


def test_headings_are_added_once_and_only_those_of_the_congress_classification() -> None:
    view = merge_journals(
        [journal(subjects=(BIOLOGY, Subject(term="Ours", scheme="DOAJ"), Subject(term="Law", scheme="LCC")))]
    )
    subjects = enrich(article(subjects=(Subject(term="biology", scheme="LCC"),)), view).bibliography.subjects
    assert [(one.term, one.origin) for one in subjects] == [("biology", "article"), ("Law", "journal")]


def test_a_journals_languages_and_keywords_are_never_its_articles() -> None:
    english = (LanguageTag(code="en", origin="detected"),)
    view = merge_journals([journal(languages=("pt", "es"), keywords=("reading",), issns=("1545-7885",))])
    described = enrich(article(languages=english), view).bibliography
    assert (described.languages, described.keywords) == (english, ())
    assert enrich(article(), view).bibliography.languages == ()


def test_an_article_without_a_container_gets_nothing() -> None:
    loose = article(container=None)
    assert enrich(loose, merge_journals([journal(licenses=(BY,))])) == loose


def test_a_container_is_known_by_its_issns_and_only_without_them_by_its_title() -> None:
    assert container_keys(Container(title="Título", issns=("1545-7885",))) == (Key("issn", "1545-7885"),)
    assert container_keys(Container(title="Título")) == container_keys(journal(title="TITULO"))
    assert container_keys(Container(publisher="Alone")) == ()
    assert len(container_keys(Container(title="x" * 5000))[0].value) == 200
