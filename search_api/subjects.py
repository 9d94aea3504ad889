"""The subject tree as readers are shown it: names in both languages, and how many works a search has in each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from indexer.search.query import Exact, Query, TokenQuery, View, Without
from indexer.subjects.classifying import UnmappedSubject
from indexer.subjects.tables import SubjectClass, fold_term
from indexer.subjects.tree import SubjectTree
from search_api.library import Library
from search_api.searching import Searcher

#: Classes that are counted; a library that adds as many has another tree in mind.
_MOST_CLASSES = 5_000
#: Unmapped subjects that can be listed.
MOST_UNMAPPED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCounts:
    """How many works of a search are in each class, in all, and in none."""

    by_code: Mapping[str, int]
    works: int
    unclassed: int
    match: str


def count_classes(library: Library, searcher: Searcher, query: Query) -> ClassCounts:
    """Count the works of a search by class, exactly; its own filter by class is left out, so that others can be chosen.

    A work is counted once in each class, whatever classes below that one it is in.

    Raises:
        QueryError: the query cannot be understood.
    """
    query = replace(query, filters=replace(query.filters, clc=()))
    found = searcher.find(query, View(limit=1, facets=("clc",), facet_size=_MOST_CLASSES))
    by_code = {one.value: one.count for one in found.hits.facets["clc"]}
    tops = tuple(one.code for one in library.store.subjects.tree().children(None))
    nowhere = Without(clause=None, excluded=Exact(field="clc", values=tops))
    compiled = replace(found.compiled, boosts=(), restrictions=(*found.compiled.restrictions, nowhere))
    unclassed = library.index.search(compiled, View(limit=1)).count
    return ClassCounts(by_code=by_code, works=found.hits.count, unclassed=unclassed, match=found.match)


def class_body(one: SubjectClass, counts: ClassCounts) -> dict[str, Any]:
    """Return a class without what is below it."""
    return {
        "code": one.code,
        "name": {"en": one.name_en, "zh": one.name_zh},
        "own": one.own,
        "count": counts.by_code.get(one.code, 0),
        "works": f"/v1/works?clc={quote(one.code)}",
    }


def tree_body(tree: SubjectTree, counts: ClassCounts, depth: int, code: str | None = None) -> list[dict[str, Any]]:
    """Return the classes below one (``None``: the top) that are shown, ``depth`` steps of them."""
    return [
        class_body(one, counts) | ({"children": tree_body(tree, counts, depth - 1, one.code)} if depth > 1 else {})
        for one in tree.children(code)
        if not one.hidden
    ]


def path_body(tree: SubjectTree, code: str) -> list[dict[str, Any]]:
    """Return the classes from the top down to one, without itself."""
    above = (tree.get(step) for step in tree.path(code)[:-1])
    return [{"code": one.code, "name": {"en": one.name_en, "zh": one.name_zh}} for one in above if one]


def list_unmapped(library: Library, *, scheme: str | None, text: str, most: int) -> list[tuple[UnmappedSubject, int]]:
    """Return the subjects that lead to no class with the number of their works, the most frequent first.

    Works that the library hides count too: they are classed as all others.
    """
    prefix = f"{scheme} | " if scheme else ""
    size = MOST_UNMAPPED if text else min(most, MOST_UNMAPPED)
    values = library.index.values(TokenQuery(matching=None), "unmapped", prefix=prefix, size=size)
    found = ((UnmappedSubject.read(one.value), one.count) for one in values)
    wanted = fold_term(text)
    return [(one, count) for one, count in found if wanted in fold_term(f"{one.code or ''} {one.term}")][:most]
