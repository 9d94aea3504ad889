"""Portraits: drawn the same from the same, packed small, read back whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.identity.people import MOST_PEOPLE
from indexer.identity.portrait import Portrait, order_of, pack, portrait_of, unpack
from indexer.models import Contributor, Text
from tests.unit.identity.drawing import crowd, describe, draw
from tests.unit.identity.worlds import portraits


@settings(max_examples=200, deadline=None)
@given(portraits())
def test_a_portrait_is_packed_and_read_back_whole(portrait: Portrait) -> None:
    assert unpack(pack(portrait), portrait.source, portrait.identifier) == portrait


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_text_can_be_drawn_and_packed(title: str, name: str, pages: str) -> None:
    described = replace(describe(pages=pages, volume=name), title=Text(value=title))
    portrait = portrait_of(replace(described, contributors=(Contributor(name=name or "x", family=title or None),)))
    assert unpack(pack(portrait), portrait.source, portrait.identifier) == portrait


def test_half_a_character_in_an_identifier_is_no_identifier() -> None:
    portrait = draw("Half \ud800 title", ids=["doi:10.1/\ud800", "pmid:1"], relations=[("corrects", "doi:10.1/\ud800")])
    assert portrait.identifiers == ("pmid:1",)
    assert portrait.relations == ()
    assert unpack(pack(portrait), portrait.source, portrait.identifier) == portrait


def test_an_identifier_longer_than_a_database_indexes_is_passed_over() -> None:
    assert draw(ids=["doi:10.5555/" + "期" * 400, "pmid:1"]).identifiers == ("pmid:1",)


def test_orders_are_signed_64_bit_numbers_of_source_and_identifier_together() -> None:
    assert order_of("ab", "c") != order_of("a", "bc")
    orders = [order_of("x", str(n)) for n in range(1_000)]
    assert len(set(orders)) == 1_000
    assert all(-(2**63) <= order < 2**63 for order in orders)
    assert min(orders) < 0 < max(orders)
    assert order_of("doaj", "oai:doaj.org/article:1") == 1999486751886971228  # stored ones stay valid


def test_the_portrait_of_a_crowd_stays_small() -> None:
    portrait = portrait_of(replace(describe(), contributors=crowd(5_000)))
    assert len(portrait.authors) == MOST_PEOPLE
    assert len(pack(portrait)) < 2_000


def test_a_corrigendum_is_drawn_by_what_it_is_about() -> None:
    notice = draw("Corrigendum: Lakes of the north")
    assert notice.kind == "correction"
    assert [one.text for one in notice.titles] == ["lakes of the north"]
