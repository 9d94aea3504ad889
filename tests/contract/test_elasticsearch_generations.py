"""Generations of one library: many writers, copies that were missing, rebuilds that meet, and what they leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch

from indexer.errors import IndexDamagedError, SearchIndexError
from indexer.search.query import TokenQuery, Tokens, View
from indexer.storage.elastic import ElasticIndex, connect
from indexer.storage.elastic_client import WRITING, Cluster
from indexer.storage.elastic_generation import ElasticGeneration, Standing
from indexer.storage.elastic_generations import ElasticGenerations
from indexer.storage.generations import Generation
from indexer.storage.search_index import MOST_VALUES
from tests.contract.conftest import OpenElastic
from tests.contract.corpus import EVERYTHING, fill, find, make_document, walk_pages
from tests.contract.elasticsearch_nodes import Meddling, Said, elasticsearch_url, error, node_before

__all__ = ["elasticsearch_url"]

pytestmark = pytest.mark.cluster
A = Tokens(field="all", alternatives=("a",))
B = Tokens(field="all", alternatives=("b",))


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    client = connect(elasticsearch_url)
    yield client
    client.close()


@pytest.fixture
def name() -> str:
    return f"-gen{time.monotonic_ns()}"


@pytest.fixture
def index(open_elastic: OpenElastic, name: str) -> ElasticIndex:
    return open_elastic(name)


def current_of(index: ElasticIndex) -> str:
    return index._generations.current().name


def prefix_of(index: ElasticIndex) -> str:
    return index._generations.alias.removesuffix("-works")


def family_of(index: ElasticIndex, client: Elasticsearch) -> list[str]:
    return sorted(client.indices.get(index=f"{index._generations.alias}-*", features=["aliases"]))


def set_copies(client: Elasticsearch, index: ElasticIndex, copies: int) -> None:
    client.indices.put_settings(index=current_of(index), settings={"index.number_of_replicas": copies})


# --- many writers ------------------------------------------------------------------------------


def test_what_is_written_is_seen_from_the_next_advance_on(
    index: ElasticIndex, open_elastic: OpenElastic, name: str
) -> None:
    generation = index.shared()
    generation.write([make_document(1, "a"), make_document(2, "a")], {})
    assert (find(index, A), generation.position()) == ([], 0)
    generation.advance(7, "seven")
    other = open_elastic(name)
    assert (find(other, A), other.position(), other.mark(), other.shared().position()) == ([1, 2], 7, "seven", 7)
    assert other.shared().id == generation.id


def test_a_late_writer_brings_nothing_older_back(index: ElasticIndex, client: Elasticsearch) -> None:
    first, late = index.shared(), index.shared()
    first.write([make_document(1, "a", version=3), make_document(2, "a", version=3)], {})
    first.write([make_document(2, "b", version=4)], {1: 4})
    first.advance(5, "")
    late.write([make_document(1, "a", version=3), make_document(2, "a", version=3)], {2: 2})
    late.advance(5, "")
    assert (find(index, A), find(index, B)) == ([], [2])
    assert (
        client.indices.get_settings(index=current_of(index), flat_settings=True)[current_of(index)]["settings"][
            "index.gc_deletes"
        ]
        == "1h"
    )


def test_what_was_written_is_on_the_disk_before_it_is_acknowledged(index: ElasticIndex, client: Elasticsearch) -> None:
    settings = client.indices.get_settings(index=current_of(index), flat_settings=True)[current_of(index)]["settings"]
    assert settings["index.translog.durability"] == "request"


def test_a_work_that_comes_back_after_it_went_is_there(index: ElasticIndex) -> None:
    generation = index.shared()
    generation.write([], {1: 4})
    generation.write([make_document(1, "a", version=5)], {})
    generation.advance(1, "")
    assert find(index, A) == [1]


def test_an_advance_never_takes_the_position_back(index: ElasticIndex) -> None:
    generation = index.shared()
    generation.advance(9, "nine")
    generation.write([make_document(1, "a")], {})
    generation.advance(4, "four")
    assert (index.position(), index.mark(), find(index, A)) == (9, "nine", [1])


def _write(generation: ElasticGeneration) -> None:
    generation.write([make_document(9, "a")], {})


def _advance(generation: ElasticGeneration) -> None:
    generation.advance(9, "")


USES: list[Callable[[ElasticGeneration], object]] = [
    _write,
    _advance,
    ElasticGeneration.position,
    ElasticGeneration.step_back,
]


@pytest.mark.parametrize("use", USES)
def test_a_generation_that_was_swapped_away_says_so_at_once(
    open_elastic: OpenElastic, name: str, use: Callable[[ElasticGeneration], object]
) -> None:
    index = open_elastic(name, grace_seconds=600)
    old = index.shared()
    with index.rebuild() as writer:
        writer.commit(1)
    with pytest.raises(SearchIndexError, match="rebuild has replaced"):
        use(old)
    assert index.shared().id != old.id
    assert find(index, None) == []


@pytest.mark.parametrize("use", USES[1:])
def test_an_index_of_the_same_name_that_was_made_anew_is_another(
    open_elastic: OpenElastic, client: Elasticsearch, name: str, use: Callable[[ElasticGeneration], object]
) -> None:
    index = open_elastic(name)
    old = index.shared()
    client.indices.delete(index=current_of(index))
    again = open_elastic(name)
    assert current_of(again) == old.id.partition(":")[0]
    with pytest.raises(SearchIndexError, match="rebuild has replaced"):
        use(old)
    assert again.position() == 0


# --- copies ------------------------------------------------------------------------------------


def test_a_standing_is_safe_while_no_copy_is_missing_and_steps_back_to_where_one_was() -> None:
    standing = Standing().moved(5, "five", is_whole=True)
    assert (standing.safe, standing.safe_mark) == (5, "five")
    missing = standing.moved(7, "seven", is_whole=False)
    again = missing.moved(9, "nine", is_whole=True)
    assert (again.position, again.mark, again.safe) == (9, "nine", 5)
    assert again.stepped_back() == standing


def test_what_was_written_while_a_copy_was_missing_is_written_again_once_all_are_there(
    index: ElasticIndex, client: Elasticsearch
) -> None:
    generation = index.shared()
    generation.advance(5, "five")
    set_copies(client, index, 1)  # for which one node has no place
    generation.advance(7, "seven")
    assert (generation.step_back(), index.position()) == (False, 7)
    set_copies(client, index, 0)
    generation.advance(9, "nine")
    assert (generation.step_back(), index.position(), index.mark()) == (True, 5, "five")
    assert generation.step_back() is False
    generation.advance(9, "nine")
    assert generation.step_back() is False


def test_the_settings_number_of_copies_is_taken_on_by_an_index_that_is_there(
    index: ElasticIndex, client: Elasticsearch, elasticsearch_url: str
) -> None:
    ElasticIndex.open(elasticsearch_url, prefix_of(index), replicas=1).close()
    settings = client.indices.get_settings(index=current_of(index), flat_settings=True)[current_of(index)]["settings"]
    assert settings["index.number_of_replicas"] == "1"


def test_an_index_is_opened_though_its_copies_cannot_be_set_just_now(
    index: ElasticIndex, elasticsearch_url: str
) -> None:
    fill(index, [make_document(1, "a")])
    no_master = error(503, "master_not_discovered_exception", "no master")
    meddling = Meddling(instead=lambda asked: no_master if asked.method == "PUT" else None)
    with node_before(elasticsearch_url, meddling) as address:
        through = ElasticIndex.open(address, prefix_of(index), replicas=1)
        assert find(through, A) == [1]
        through.close()


def test_an_index_for_whose_copies_there_is_no_node_is_swapped_in_all_the_same(
    index: ElasticIndex, client: Elasticsearch
) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 4
        return now[0]

    generations = ElasticGenerations(Cluster(client, WRITING), prefix_of(index), shards=2, replicas=1, clock=clock)
    fresh = generations.mint()
    assert fresh.replicas == 0
    generations.swap_to(fresh)
    state = generations.current()
    assert (state.id, state.replicas, state.shards) == (fresh.id, 1, 2)


# --- rebuilds ----------------------------------------------------------------------------------


def test_a_walk_goes_on_in_the_old_generation_until_the_grace_has_passed(
    open_elastic: OpenElastic, client: Elasticsearch, name: str
) -> None:
    index = open_elastic(name, grace_seconds=600)
    fill(index, [make_document(key, "a") for key in range(10)])
    query = TokenQuery(matching=A)
    first = index.search(query, View(limit=4))
    second = index.search(query, View(limit=4, after=first.next, snapshot=first.snapshot))
    old = current_of(index)
    with index.rebuild() as writer:
        writer.upsert([make_document(key, "a") for key in range(100, 120)])
        writer.commit(1)
    third = index.search(query, View(limit=4, after=second.next, snapshot=second.snapshot))
    assert third.unbroken
    assert [hit.key for page in (first, second, third) for hit in page.hits] == list(range(10))
    assert len(find(index, A)) == 20
    assert family_of(index, client) == sorted([old, current_of(index)])


def test_a_walk_whose_generation_is_gone_goes_on_broken(index: ElasticIndex) -> None:
    fill(index, [make_document(key, "a") for key in range(10)])
    query = TokenQuery(matching=A)
    first = index.search(query, View(limit=4))
    second = index.search(query, View(limit=4, after=first.next, snapshot=first.snapshot))
    with index.rebuild() as writer:
        writer.upsert([make_document(key, "a") for key in range(20)])
        writer.commit(1)
    third = index.search(query, View(limit=4, after=second.next, snapshot=second.snapshot))
    assert (third.unbroken, third.count, len(third.hits)) == (False, 20, 4)


def test_a_replaced_generation_goes_when_it_has_been_seen_as_such_for_long_enough(
    index: ElasticIndex, client: Elasticsearch
) -> None:
    now = [1_000.0]
    generations = ElasticGenerations(
        Cluster(client, WRITING), prefix_of(index), shards=1, replicas=0, clock=lambda: now[0]
    )
    old = current_of(index)
    generations.swap_to(generations.mint())
    assert generations.drop_replaced(300) == 0
    now[0] += 299
    assert generations.drop_replaced(300) == 0
    assert old in family_of(index, client)
    now[0] += 1
    assert generations.drop_replaced(300) == 1
    assert family_of(index, client) == [generations.current().name]


def test_what_a_killed_rebuild_left_goes_with_the_next_and_nothing_of_others(
    open_elastic: OpenElastic, client: Elasticsearch, name: str
) -> None:
    index, other = open_elastic(name), open_elastic(f"{name}-works-of-others")
    fill(other, [make_document(1, "a")])
    left = index._generations.mint()
    ElasticGeneration(index._patient, left).write([make_document(1, "a")], {})
    old, others = current_of(index), current_of(other)
    client.indices.create(index=f"{index._generations.alias}-notes")
    index.drop_replaced()
    assert left.name in family_of(index, client)  # it may be under way
    with index.rebuild() as writer:
        assert not client.indices.exists(index=left.name)
        writer.commit(1)
    names = family_of(index, client)
    assert left.name not in names
    assert old not in names
    assert {others, f"{index._generations.alias}-notes"} <= set(names)
    assert find(other, A) == [1]


def test_of_two_rebuilds_at_once_the_later_wins(open_elastic: OpenElastic, client: Elasticsearch, name: str) -> None:
    index, other = open_elastic(name), open_elastic(name)
    with pytest.raises(SearchIndexError, match="rebuild"), index.rebuild() as early:
        early.upsert([make_document(1, "a")])
        with other.rebuild() as late:
            late.upsert([make_document(2, "a")])
            late.commit(1)
        early.commit(1)
    assert find(index, A) == [2]
    assert family_of(index, client) == [current_of(other)]


def test_a_rebuild_that_is_overtaken_before_its_swap_is_refused(index: ElasticIndex) -> None:
    generations = index._generations
    early = generations.mint()
    generations._act([{"remove": {"index": early.name, "alias": f"{early.name}-write"}}])  # nobody's leftover now
    late = generations.mint()
    generations.swap_to(late)
    with pytest.raises(SearchIndexError, match="begun later"):
        generations.swap_to(early)
    assert generations.current().id == late.id
    generations.swap_to(late)  # asked again, because the answer was lost
    assert generations.current().id == late.id


def test_the_cluster_itself_refuses_a_second_index_behind_the_alias(index: ElasticIndex) -> None:
    generations = index._generations
    first = generations.mint()
    generations.swap_to(first)
    second = generations.mint()
    with pytest.raises(SearchIndexError, match="more than one write index"):
        generations._act(generations._swapping(second, []))
    assert generations.current().id == first.id


def test_a_machine_whose_clock_is_behind_makes_later_generations_all_the_same(
    index: ElasticIndex, client: Elasticsearch
) -> None:
    ahead = Generation(made="29991231t235959999999")
    generations = index._generations
    generations._create(f"{prefix_of(index)}-{ahead.name}", 0, [])
    generations.swap_to(replace(generations.current(), name=f"{prefix_of(index)}-{ahead.name}", uuid="-"))
    with index.rebuild() as writer:
        writer.upsert([make_document(1, "a")])
        writer.commit(1)
    assert current_of(index) == f"{prefix_of(index)}-{replace(ahead, made='29991231t235960000000').name}"
    assert find(index, A) == [1]
    assert family_of(index, client) == [current_of(index)]


def test_an_alias_that_is_lost_is_damage_and_a_rebuild_mends_it(
    open_elastic: OpenElastic, index: ElasticIndex, client: Elasticsearch, name: str, elasticsearch_url: str
) -> None:
    fill(index, [make_document(1, "a")])
    client.indices.delete_alias(index=current_of(index), name=index._generations.alias)
    with pytest.raises(IndexDamagedError, match="kaijuan rebuild"):
        open_elastic(name)
    again = ElasticIndex.open(elasticsearch_url, prefix_of(index), grace_seconds=0, for_rebuild=True)
    with again.rebuild() as writer:
        writer.upsert([make_document(2, "a")])
        writer.commit(1)
    assert find(again, A) == [2]
    again.close()


def test_an_index_of_a_program_that_searched_by_another_alias_is_taken_on(
    open_elastic: OpenElastic, client: Elasticsearch, name: str
) -> None:
    index = open_elastic(name)
    fill(index, [make_document(1, "a")])
    client.indices.delete_alias(index=current_of(index), name=index._generations.searched)
    assert find(open_elastic(name), A) == [1]


def test_what_met_an_index_that_was_removed_a_moment_ago_is_asked_again(
    index: ElasticIndex, elasticsearch_url: str
) -> None:
    fill(index, [make_document(key, "a", lang="zh") for key in (1, 2)])
    gone = error(404, "index_not_found_exception", "no such index")
    left: list[Said] = []
    meddling = Meddling(
        instead=lambda asked: left.pop() if left and ("_search" in asked.path or "_pit" in asked.path) else None
    )
    with node_before(elasticsearch_url, meddling) as address:
        through = ElasticIndex.open(address, prefix_of(index))
        asks: list[Callable[[], object]] = [
            lambda: find(through, A),
            lambda: [one.count for one in through.values(EVERYTHING, "lang")],
            lambda: [one.count for one in through.values(EVERYTHING, "lang", size=MOST_VALUES)],
            lambda: through.frequencies("lang", ["zh"]),
            lambda: [len(page.hits) for page in walk_pages(through, TokenQuery(matching=A), View(limit=1))],
        ]
        answers = [ask() for ask in asks]
        for ask, answer in zip(asks, answers, strict=True):
            left[:] = [gone, gone]
            assert ask() == answer
            assert left == []
        through.close()
    assert answers[0] == [1, 2]


def test_a_point_in_time_that_is_gone_is_asked_for_once(index: ElasticIndex, elasticsearch_url: str) -> None:
    fill(index, [make_document(key, "a") for key in range(10)])
    meddling = Meddling()
    with node_before(elasticsearch_url, meddling) as address:
        through = ElasticIndex.open(address, prefix_of(index))
        query = TokenQuery(matching=A)
        second = through.search(query, View(limit=4, after=through.search(query, View(limit=4)).next))
        with index.rebuild() as writer:
            writer.upsert([make_document(key, "a") for key in range(20)])
            writer.commit(1)
        meddling.asked.clear()
        third = through.search(query, View(limit=4, after=second.next, snapshot=second.snapshot))
        through.close()
    assert (third.unbroken, third.count) == (False, 20)
    searches = [one for one in meddling.asked if "_search" in one.path]
    assert len(searches) == 2
