"""Works that the library hides or lifts: in every search alike, told to readers, switched off by them, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from harvesters.sources.definition import Source
from indexer.errors import UnfitEditError, UnknownEditError, WrongEditError
from indexer.judging_desk import By, JudgingDesk
from indexer.search.rules import NO_RULES
from indexer.storage import ranking_rules, schema
from indexer.storage.ranking_rules import RankingRules
from indexer.storage.said import Signed
from search_api.app import make_app
from search_api.exporting.walking import walk
from search_api.library import Library
from search_api.schemas import WorksParameters
from search_api.searching import Searcher
from tests.integration.classed import article
from tests.unit.web.records import SOURCE, put

BY = Signed(who="Li Ming", note="It does not review what it prints.")
OTHER = Source(id="other", name="Other repository", endpoint="http://other.example/oai")
FIRST, SECOND = "1932-6203", "2045-2322"


@pytest.fixture
def shelves(library: Library) -> Library:
    put(library, article(1, "Solar cells of glass", issn=FIRST), article(2, "Solar cells of tin", issn=SECOND))
    put(library, article(2, "Solar cells of tin", issn=SECOND), article(3, "Solar cells of lead"), source=OTHER)
    return library


@pytest.fixture
def client(shelves: Library) -> TestClient:
    return TestClient(make_app(shelves), follow_redirects=False)


def ask(client: TestClient, path: str = "/v1/works", **parameters: Any) -> Any:
    answer = client.get(path, params={"q": "solar cells", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def titles(body: Any) -> list[str]:
    return [one["title"].rpartition(" ")[2] for one in body["results"]]


def test_without_rules_nothing_is_told(client: TestClient) -> None:
    body = ask(client)
    assert (sorted(titles(body)), body["meta"]["query"]["rules"]) == (["glass", "lead", "tin"], None)


def test_a_hidden_work_is_in_no_search_but_stays_where_its_address_leads(shelves: Library, client: TestClient) -> None:
    rule, created = shelves.store.ranking_rules.add("work", "doi:10.5555/cls.1", "hide", BY)
    assert (created, rule.name, rule.state) == (True, "Solar cells of glass", "in_force")
    for parameters in ({}, {"q": ""}, {"sort": "newest"}, {"match": "any"}, {"q": "doi:10.5555/cls.1"}):
        body = ask(client, **parameters)
        assert "glass" not in titles(body), parameters
        assert body["meta"]["query"]["rules"]["hidden"] == 1
    body = ask(client, facets="source")
    assert body["meta"]["count"] == 2
    assert {one["value"]: one["count"] for one in body["facets"]["source"]} == {"campus": 1, "other": 2}
    told = body["meta"]["query"]["rules"]
    assert told["applied"] is True
    assert told["words"]["en"] == "1 work is hidden by the library."
    assert told["words"]["zh"] == "本馆隐藏了 1 篇文献。"
    assert "reviews" not in str(body), "the reason is for the desk"
    assert client.get("/v1/works/doi:10.5555/cls.1").json()["title"] == "Solar cells of glass"
    assert ask(client, "/v1/facets", facet="source")["meta"]["count"] == 2
    assert ask(client, "/v1/subjects")["meta"]["count"] == 2
    assert "glass" not in client.get("/", params={"q": "solar", "ui": "en"}).text
    assert "1 work is hidden by the library." in client.get("/", params={"q": "solar", "ui": "en"}).text
    exported = list(walk(shelves, WorksParameters(q="solar cells").search()))
    assert len(exported) == 2, "an export of a search has what the search shows"


def test_readers_may_switch_the_rules_off(shelves: Library, client: TestClient) -> None:
    shelves.store.ranking_rules.add("work", "doi:10.5555/cls.1", "hide", BY)
    body = ask(client, rules="off")
    assert (len(titles(body)), body["meta"]["query"]["rules"]["applied"]) == (3, False)
    assert ask(client, "/v1/facets", facet="source", rules="off")["meta"]["count"] == 3
    assert len(list(walk(shelves, WorksParameters(q="solar", rules="off").search()))) == 3
    page = client.get("/", params={"q": "solar", "ui": "en", "rules": "off"}).text
    assert "Solar cells of glass" in page
    assert "rules=off" in page, "links of the page keep it"
    cursor = ask(client, limit=1, rules="off")["meta"]["next_cursor"]
    assert client.get("/v1/works", params={"q": "solar cells", "limit": 1, "cursor": cursor}).status_code == 400


def test_of_a_hidden_source_only_what_no_other_source_has_is_hidden(shelves: Library, client: TestClient) -> None:
    shelves.store.ranking_rules.add("source", "other", "hide", BY)
    assert sorted(titles(ask(client))) == ["glass", "tin"]
    shelves.store.ranking_rules.add("source", SOURCE.id, "hide", BY)
    assert titles(ask(client)) == []
    assert ask(client)["meta"]["query"]["rules"]["words"]["en"] == "3 works are hidden by the library."


def test_a_journal_is_raised_or_lowered_where_relevance_orders(shelves: Library, client: TestClient) -> None:
    rules = shelves.store.ranking_rules
    rules.add("container", FIRST, "boost", BY, weight=2)
    rules.add("container", f"issn:{SECOND}", "bury", BY, weight=2)
    body = ask(client)
    assert titles(body) == ["glass", "lead", "tin"]
    told = body["meta"]["query"]["rules"]
    assert (told["hidden"], told["raised"], told["lowered"]) == (0, 1, 1)
    assert told["words"]["en"] == "The library ranks some works higher or lower."
    assert ask(client, sort="title")["meta"]["query"]["rules"]["words"] is None
    rules.add("container", FIRST, "bury", BY, weight=3)
    rules.add("container", SECOND, "boost", BY)
    assert titles(ask(client)) == ["tin", "lead", "glass"]
    assert ask(client, q="")["meta"]["query"]["rules"]["raised"] == 0


def test_the_newest_rule_counts_the_same_twice_is_one_and_an_older_one_comes_back(
    shelves: Library, client: TestClient
) -> None:
    rules = shelves.store.ranking_rules
    first, _ = rules.add("container", FIRST, "hide", BY)
    same, created = rules.add("container", FIRST, "hide", Signed(who="Wu", note="Again."))
    assert (same.id, created) == (first.id, False)
    second, _ = rules.add("container", FIRST, "boost", BY)
    assert "glass" in titles(ask(client))
    listed, _ = rules.page(limit=10)
    assert [(one.id, one.state) for one in listed] == [(second.id, "in_force"), (first.id, "overruled")]
    assert [one.id for one in rules.page(in_force=True, limit=10)[0]] == [second.id]
    rules.undo(second.id, BY)
    assert "glass" not in titles(ask(client))
    rules.undo(first.id, BY)
    assert "glass" in titles(ask(client))
    assert rules.current() == NO_RULES
    with pytest.raises(UnfitEditError, match="undone already"):
        rules.undo(first.id, BY)
    page, following = rules.page(limit=1)
    assert [one.id for one in page] == [second.id]
    assert [one.id for one in rules.page(limit=1, before=following)[0]] == [first.id]


def test_a_rule_follows_a_work_that_was_merged_into_another(shelves: Library, client: TestClient) -> None:
    store = shelves.store
    store.ranking_rules.add("work", "doi:10.5555/cls.3", "hide", BY)
    ids = [work.id for doi in (1, 3) if (work := store.catalogue.find(f"doi:10.5555/cls.{doi}"))]
    JudgingDesk(store, shelves.pipeline).merge(ids, By(who="Li", reason="One."))
    shelves.bring_up_to_date()
    follows = RankingRules(store.database, store.catalogue)
    assert follows.current() != NO_RULES
    target = store.catalogue.find(ids[0])
    assert target is not None
    assert follows.current().hidden is not None
    assert str(target.key) in str(follows.current().hidden)


def test_a_rule_follows_a_journal_that_was_merged_into_another(shelves: Library, client: TestClient) -> None:
    store, table = shelves.store, schema.containers
    rule, _ = store.ranking_rules.add("container", FIRST, "hide", BY)
    other, _ = store.ranking_rules.add("container", SECOND, "boost", BY)
    store.ranking_rules.undo(other.id, BY)
    with store.database.write() as connection:
        home = connection.execute(table.select().where(table.c.id == other.target)).one()
        connection.execute(update(table).where(table.c.id == rule.target).values(merged_into=home.key))
    follows = RankingRules(store.database, store.catalogue)
    assert other.target in str(follows.current().hidden)
    assert rule.target not in str(follows.current().hidden)


def test_other_processes_search_by_a_new_rule_within_two_seconds(
    shelves: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RankingRules(shelves.store.database, shelves.store.catalogue)
    assert other.current() == NO_RULES
    assert ranking_rules._LOOK_SECONDS <= 2
    monkeypatch.setattr(ranking_rules, "_LOOK_SECONDS", 0.0)
    other._good_until = 0.0  # a second has passed
    rule, _ = shelves.store.ranking_rules.add("source", "other", "hide", BY)
    assert other.current().hidden is not None
    same = other.current()
    assert other.current() is same, "the same rules stay the same object"
    shelves.store.ranking_rules.undo(rule.id, BY)
    assert other.current() == NO_RULES


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("source", "nowhere"),
        ("container", "0000-0000"),
        ("container", "c0"),
        ("work", "w0"),
        ("work", "doi:10.1/none"),
        ("work", ""),
        ("work", "a\x00b"),
        ("source", "' OR 1=1 --"),
    ],
)
def test_there_is_no_rule_for_what_is_not_there(embedded: Library, kind: Any, target: str) -> None:
    with pytest.raises(UnknownEditError):
        embedded.store.ranking_rules.add(kind, target, "hide", BY)
    assert embedded.store.ranking_rules.page(limit=5) == ([], None)


@pytest.mark.parametrize("weight", [0.0, -1.0, 3.1, float("nan"), float("inf")])
def test_a_weight_out_of_bounds_is_refused(embedded: Library, weight: float) -> None:
    put(embedded, article(1, "Solar cells"))
    with pytest.raises(WrongEditError, match="out of bounds"):
        embedded.store.ranking_rules.add("source", SOURCE.id, "boost", BY, weight=weight)


def test_there_cannot_be_more_rules_than_a_search_can_carry(embedded: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking_rules, "MOST_RULES", 1)
    put(embedded, article(1, "Solar cells", issn=FIRST))
    embedded.store.ranking_rules.add("source", SOURCE.id, "boost", BY)
    embedded.store.ranking_rules.add("source", SOURCE.id, "hide", BY)
    with pytest.raises(UnfitEditError, match="already"):
        embedded.store.ranking_rules.add("container", FIRST, "hide", BY)


def test_following_pages_are_searched_by_the_same_rules(shelves: Library) -> None:
    shelves.store.ranking_rules.add("work", "doi:10.5555/cls.1", "hide", BY)
    searcher, found, cursor = Searcher(shelves), [], None
    while True:
        parameters = WorksParameters(q="solar cells", limit=1, cursor=cursor)
        body = searcher.answer(parameters.search())
        found += titles(body)
        assert body["meta"]["query"]["rules"]["hidden"] == 1
        if (cursor := body["meta"]["next_cursor"]) is None:
            break
    assert sorted(found) == ["lead", "tin"]
