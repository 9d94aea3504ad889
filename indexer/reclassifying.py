"""Works that follow a change of the subject tree: found through the index, classed and indexed again, batch by batch.

The change feed is not asked: no work has changed, so alerts and harvesters have nothing to hear. Works are found by
what they carry (``subject_key``), by the class they are in, or, for keywords, by the words of the keyword; of these
only those that carry just that are indexed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import structlog

from indexer.search.analysis import query_phrases
from indexer.search.document import Document
from indexer.search.query import AtLeast, Clause, Exact, TokenPhrase, TokenQuery, View
from indexer.storage.catalogue import StoredWork
from indexer.storage.search_index import SearchIndex
from indexer.storage.store import RecordStore
from indexer.storage.subject_queue import Pending
from indexer.subjects.classifying import KEYWORD, NOTATIONS
from indexer.subjects.tables import fold_term

#: Changes that are looked for at once.
_TOGETHER = 50
_PAGE = 200
_PAGES_A_COMMIT = 10
#: Different headings and class marks that one beginning may stand for.
_MOST_KEYS = 10_000
_log = structlog.get_logger()
_NOTATIONS = frozenset(scheme.casefold() for scheme in NOTATIONS)

Describe = Callable[[Iterable[StoredWork]], Iterator[Document]]
Write = Callable[[Iterable[Document]], None]


def reclassify(
    store: RecordStore,
    index: SearchIndex,
    waiting: Sequence[Pending],
    describe: Describe,
    *,
    write: Write,
    show: Callable[[], None],
) -> int:
    """Index the works again that the first changes in the queue, ``waiting``, are about; return how many.

    ``describe`` makes documents by the present tree. It is to be made after the queue was read, so that what is said
    meanwhile is done the next time. ``write`` takes documents, ``show`` makes them seen.
    """
    done = 0
    for start in range(0, len(waiting), _TOGETHER):
        together = waiting[start : start + _TOGETHER]
        words = frozenset(one.value for one in together if one.scheme == KEYWORD)
        for clause, carried in ((_surely(index, together), None), (_by_words(words), words)):
            found = 0
            for number, documents in enumerate(_concerned(store, index, clause, carried), start=1):
                write(describe(documents))
                found += len(documents)
                if number % _PAGES_A_COMMIT == 0:
                    show()
            if found:
                show()
            done += found
    store.subject_queue.settle(len(waiting))
    return done


def _surely(index: SearchIndex, waiting: Sequence[Pending]) -> Clause | None:
    """Find works by what stands in the index just so."""
    classes = tuple(one.value for one in waiting if one.scheme is None)
    keys: dict[str, None] = {}
    for one in waiting:
        if one.scheme in _NOTATIONS:  # a class mark speaks for all that begin so
            begun = index.values(
                TokenQuery(matching=None), "subject_key", prefix=f"{one.scheme}:{one.value}", size=_MOST_KEYS
            )
            keys.update(dict.fromkeys(found.value for found in begun))
            if len(begun) == _MOST_KEYS:
                _log.warning("reclassified_in_part", scheme=one.scheme, value=one.value, remedy="Run kaijuan rebuild.")
        elif one.scheme is not None:
            keys[f"{one.scheme}:{one.value}"] = None
    clauses: list[Clause] = []
    if classes:
        clauses.append(Exact(field="clc", values=classes))
    if keys:
        clauses.append(Exact(field="subject_key", values=tuple(keys)))
    return AtLeast(count=1, clauses=tuple(clauses)) if clauses else None


def _by_words(keywords: Iterable[str]) -> Clause | None:
    """Find works that have the words of a keyword in a row among their subjects; among them are those that carry it."""
    rows = [query_phrases(keyword) for keyword in sorted(keywords)]
    clauses = tuple(TokenPhrase(field="subject", alternatives=one) for one in rows if one)
    return AtLeast(count=1, clauses=clauses) if clauses else None


def _concerned(
    store: RecordStore, index: SearchIndex, clause: Clause | None, words: frozenset[str] | None
) -> Iterator[list[StoredWork]]:
    """Walk what a clause finds, in an order that indexing does not change; with ``words`` only works with a keyword.

    What is asked for next is behind in an order that stays; it may be asked before or after what was found is shown.
    """
    if clause is None:
        return
    query, view = TokenQuery(matching=clause), View(sort="first_indexed", limit=_PAGE)
    while True:
        hits = index.search(query, view)
        works = store.catalogue.by_keys([hit.key for hit in hits.hits])
        yield [work for work in works.values() if work.state == "active" and (words is None or _carries(work, words))]
        if hits.next is None:
            return
        view = View(sort="first_indexed", limit=_PAGE, after=hits.next)


def _carries(work: StoredWork, words: frozenset[str]) -> bool:
    return any(fold_term(word) in words for word in work.data["keywords"])
