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
        ('author:"John Smith"', set()),
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
    ],
)
def test_a_name_finds_its_works(index: MemoryIndex, text: str, found: set[int]) -> None:
    assert {hit.key for hit in search(index, Query(text=text, match="all"), View()).hits.hits} == found


@pytest.mark.parametrize("words", ["solar cells", "J A", "the x", "IL 6", "a", "Smith", "Ab cd ef gh ij K"])
def test_what_is_no_name_with_initials_is_not_asked_for_as_one(words: str) -> None:
    assert bare_name_rows(words.split()) == ()
