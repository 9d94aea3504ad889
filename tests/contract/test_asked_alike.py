"""Questions that hypothesis makes of the libraries' own words: every engine over every database answers alike."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.search.query import FACET_FIELDS
from search_api.schemas import WorksParameters
from tests.contract.answers import same_facet, same_order
from tests.contract.asking import Asked, Vocabulary, questions
from tests.contract.conftest import ON_DEMAND
from tests.contract.holdings import Held

MOST_PAGES = 3
pytestmark = pytest.mark.timeout(3_600 if ON_DEMAND else 300)


@cache
def asked_of(reference: Held) -> st.SearchStrategy[Asked]:
    return questions(Vocabulary.of(reference.library.store))


@cache
def right_answer(reference: Held, question: str) -> tuple[list[Any], dict[str, float]]:
    """Return the pages and the whole ranking of a question; each is asked of every other library."""
    wanted = json.loads(question)
    pages = reference.walk("/v1/works", most=MOST_PAGES, **wanted)
    if "status" in pages[0]:
        return pages, {}
    parameters = {name: value for name, value in wanted.items() if name not in {"facets", "highlight", "limit"}}
    return pages, reference.rank(WorksParameters(**parameters).search())


@settings(
    max_examples=int(ON_DEMAND or 25),
    derandomize=not ON_DEMAND,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_whatever_is_asked_is_answered_alike(held: Held, reference: Held, data: st.DataObject) -> None:
    question = data.draw(asked_of(reference))
    wanted = question | {"facets": ",".join(FACET_FIELDS), "highlight": True}
    right, ranking = right_answer(reference, json.dumps(wanted))
    pages = held.walk("/v1/works", most=MOST_PAGES, **wanted)
    if "status" in right[0]:
        assert pages == right
        return
    assert [page["meta"] for page in pages] == [page["meta"] for page in right]
    for name in FACET_FIELDS:
        for page, expected in zip(pages, right, strict=True):
            same_facet(page["facets"][name], expected["facets"][name])
    results, expected = ([one for page in walked for one in page["results"]] for walked in (pages, right))
    same_order([one["id"] for one in results], ranking)
    cards = {one["id"]: one for one in expected}
    both = [one for one in results if one["id"] in cards]
    assert both == [cards[one["id"]] for one in both]


def test_enough_of_what_is_asked_finds_something(reference: Held) -> None:
    """Questions that find nothing prove little: hold their share small."""
    counts: list[int] = []

    @settings(max_examples=40, derandomize=True, database=None, deadline=None)
    @given(question=asked_of(reference))
    def ask(question: Asked) -> None:
        answer = reference.ask("/v1/works", **question | {"fields": "id"})
        counts.append(answer["meta"]["count"] if "meta" in answer else -1)

    ask()
    assert sum(count > 0 for count in counts) > len(counts) / 2
    assert sum(count > 20 for count in counts) > len(counts) / 5
    assert sum(count < 0 for count in counts) < len(counts) / 5
