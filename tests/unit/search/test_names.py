"""Names as people write them find the names of records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.models import Contributor, Text, Work
from indexer.search.document import document_of
from indexer.search.names import bare_name_rows
from indexer.search.query import Query, View
from indexer.search.searching import search
from indexer.storage.memory import MemoryIndex

PEOPLE = {
    1: Contributor(name="John Adam Smith", family="Smith", given="John Adam"),
    2: Contributor(name="Smith J", family="Smith", given="J"),
    3: Contributor(name="J. R. R. Tolkien", family="Tolkien", given="J. R. R."),
    4: Contributor(name="王小明"),
    5: Contributor(name="Xiao-Ming Wang", family="Wang", given="Xiao-Ming"),
    6: Contributor(name="Xiaoming Wang", family="Wang", given="Xiaoming"),
    7: Contributor(name="Jürgen Müller", family="Müller", given="Jürgen"),
    8: Contributor(name="Jean-Luc Mueller", family="Mueller", given="Jean-Luc"),
    9: Contributor(name="Mary Smithson", family="Smithson", given="Mary"),
    10: Contributor(name="Łukasz Żak", family="Żak", given="Łukasz"),
    11: Contributor(name="Wei Li", family="Li", given="Wei"),
    12: Contributor(name="Jian-Xin Li", family="Li", given="Jian-Xin"),
    13: Contributor(name="Дмитрий Иванович Петров", family="Петров", given="Дмитрий Иванович"),
    14: Contributor(name="Peter J. Brown", family="Brown", given="Peter J."),
    15: Contributor(name="欧阳文博"),
    16: Contributor(name="L. Ma", family="Ma", given="L."),
    17: Contributor(name="W. Li Jones", family="Li Jones", given="W."),
}
BARE = {"id": "w", "version": 1, "first_indexed": datetime(2026, 1, 1, tzinfo=UTC), "title": Text(value="Title")}


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    """A work of each."""
    memory = MemoryIndex()
    with memory.writer() as writer:
        works = [Work(key=key, contributors=(person,), **BARE) for key, person in PEOPLE.items()]  # type: ignore[arg-type]
        writer.upsert(document_of(work) for work in works)
        writer.commit(1)
    return memory


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Smith J", {1, 2}),
        ("smith j", {1, 2}),
        ("J Smith", {1, 2}),
        ("J. Smith", {1, 2}),
        ("Smith, J.", {1, 2}),
        ("Smith JA", {1}),
        ("J.A. Smith", {1}),
        ("John Smith", {1}),
        ("Smith, John", {1}),
        ("Smith K", set()),
        ('author:"Smith J"', {1, 2}),
        ('author:"J. A. Smith"', {1}),
        ('author:"Smith, John"', {1}),
        ('author:"John Smith"', {1}),
        ('author:"John Adam Smith"', {1}),
        ("J. R. R. Tolkien", {3}),
        ("JRR Tolkien", {3}),
        ("Tolkien J", {3}),
        ('author:"J.R.R. Tolkien"', {3}),
        ("王小明", {4}),
        ("Wang Xiaoming", {4, 5, 6}),
        ("Xiaoming Wang", {4, 5, 6}),
        ("Wang X", {4, 5, 6}),
        ("Xiao-Ming Wang", {4, 5, 6}),
        ('author:"Wang Xiao-Ming"', {4, 5, 6}),
        ('author:"Xiaoming Wang"', {4, 5, 6}),
        ("Muller J", {7}),
        ("Mueller J", {8}),
        ("author:Mueller", {7, 8}),
        ("author:Müller", {7, 8}),
        ('author:"Jean-Luc Mueller"', {8}),
        ('author:"Mueller JL"', {8}),
        ("Zak L", {10}),
        ('author:"Li W"', {11}),
        ('author:"W Li"', {11, 17}),
        ('author:"w li"', {11, 17}),
        ("W. Li", {11, 17}),
        ('author:"J. Li"', {12}),
        ('author:"JX Li"', {12}),
        ('author:"Li JX"', {12}),
        ('author:"LI JX"', {12}),
        ('author:"J.-X. Li"', {12}),
        ('author:"L Ma"', {16}),
        ('author:"Ma L"', {16}),
        ('author:"Li Wei"', {11}),
        ('author:"Wei Li"', {11}),
        ('author:"Петров Д"', {13}),
        ('author:"Д. Петров"', {13}),
        ('author:"Петров Д.И."', {13}),
        ('author:"ДИ Петров"', {13}),
        ('author:"Дмитрий Петров"', {13}),
        ("Петров Д", {13}),
        ('author:"Петров И"', set()),
        ('author:"Peter Brown"', {14}),
        ('author:"Brown Peter"', {14}),
        ('author:"Brown, Peter"', {14}),
        ('author:"P Brown"', {14}),
        ('author:"Brown J"', set()),
        ('author:"Ouyang Wen Bo"', {15}),
        ('author:"Ou Yang Wenbo"', {15}),
        ('author:"Wen Bo Ou Yang"', {15}),
        ('author:"Xiao Ming Wang"', {4, 5, 6}),
    ],
)
def test_a_name_finds_its_works(index: MemoryIndex, text: str, found: set[int]) -> None:
    assert {hit.key for hit in search(index, Query(text=text, match="all"), View()).hits.hits} == found


@pytest.mark.parametrize("words", ["solar cells", "J A", "the x", "IL 6", "a", "Smith", "Ab cd ef gh ij K"])
def test_what_is_no_name_with_initials_is_not_asked_for_as_one(words: str) -> None:
    assert bare_name_rows(words.split()) == ()
