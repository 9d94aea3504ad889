"""Questions made of a library's own words: whatever the query language can say, in every script that is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from indexer.storage.store import RecordStore

_HAN = re.compile(r"[\u4e00-\u9fff]{4,}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_LANGUAGES = ("en", "zh", "es", "fr", "ru", "pt")
#: Of each kind; words from the most frequent to such as stand in one work only.
_MOST_WORDS, _MOST_ROWS = 160, 80

Asked = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Words, neighbouring words, and values to filter by, as they stand in works."""

    words: tuple[str, ...]
    rows: tuple[str, ...]
    authors: tuple[str, ...]
    journals: tuple[str, ...]
    subjects: tuple[str, ...]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, store: RecordStore) -> Vocabulary:
        """Draw a vocabulary; the same works, the same one."""
        words, authors, journals, subjects, sources = (Counter[str]() for _ in range(5))
        rows: dict[str, None] = {}
        for work in (one for page in store.catalogue.pages() for one in page):
            data = work.data
            texts = [data["title"]["value"], *(one["value"] for one in data["abstracts"])]
            for text in texts:
                written = text[:400]
                words.update(_words_in(written))
                rows |= dict.fromkeys(_rows_in(written))
            authors.update(one["family"] for one in data["contributors"] if one["family"])
            journals.update(_WORD.findall((data["container"] or {}).get("title") or ""))
            subjects.update(one["term"] for one in data["subjects"])
            sources.update(data["sources"])
        return cls(
            words=_spread(words, _MOST_WORDS),
            rows=tuple(list(rows)[:: max(1, len(rows) // _MOST_ROWS)]),
            authors=_spread(authors, 40),
            journals=_spread(journals, 20),
            subjects=_spread(subjects, 30),
            sources=_spread(sources, 10),
        )


def _words_in(text: str) -> Iterator[str]:
    yield from (word for word in _WORD.findall(text) if not _HAN.search(word))
    for stretch in _HAN.findall(text):
        yield from (stretch[at : at + 2] for at in range(0, len(stretch) - 1, 2))


def _rows_in(text: str) -> Iterator[str]:
    """Yield one row of two or three words in an alphabet, and one of four characters."""
    if found := re.search(r"[^\W\d_]{3,} [^\W\d_]+(?: [^\W\d_]{3,})?", text):
        yield found[0]
    if han := _HAN.search(text):
        yield han[0][:4]


def _spread(counted: Counter[str], most: int) -> tuple[str, ...]:
    """Take the most frequent half as they come, and the other half from all the rest."""
    ordered = sorted(counted, key=lambda word: (-counted[word], word))
    first, rest = ordered[: most // 2], ordered[most // 2 :]
    return (*first, *rest[:: max(1, len(rest) // (most - most // 2))][: most // 2])


def questions(of: Vocabulary) -> st.SearchStrategy[Asked]:
    """Make parameters of a search: a text of the query language, and filters, sort and match beside it."""
    word = st.sampled_from(of.words)
    row = st.sampled_from(of.rows)
    simple = st.one_of(
        word,
        word,
        row,
        row.map('"{}"'.format),
        st.builds('"{} {}"~{}'.format, word, word, st.integers(1, 9)),
        st.builds(lambda text, length: f"{text[:length]}*", word, st.integers(2, 5)),
        _fielded(of, word),
    )
    parts = st.recursive(
        simple,
        lambda inner: st.one_of(
            st.builds("{} {}".format, inner, inner),
            st.builds("({} OR {})".format, inner, inner),
            st.builds("{} NOT {}".format, inner, simple),
            st.builds("({}) -{}".format, inner, simple),
        ),
        max_leaves=5,
    )
    return st.builds(
        lambda text, chosen: {"q": text, **chosen},
        st.one_of(parts, parts, parts, st.just("")),
        _choices(of),
    )


def _fielded(of: Vocabulary, word: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    years = st.tuples(st.integers(1990, 2018), st.integers(0, 10))
    return st.one_of(
        st.builds("title:{}".format, word),
        st.sampled_from(of.authors).map('author:"{}"'.format),
        st.sampled_from(of.journals).map("journal:{}".format),
        st.sampled_from(of.subjects).map('subject:"{}"'.format),
        st.sampled_from(of.sources).map("source:{}".format),
        st.sampled_from(_LANGUAGES).map("lang:{}".format),
        years.map(lambda pair: f"year:{pair[0]}..{pair[0] + pair[1]}"),
        st.sampled_from(["has:pdf", "has:doi", "has:abstract", "type:article", "license:cc-by", "year:2013"]),
    )


def _choices(of: Vocabulary) -> st.SearchStrategy[Asked]:
    """Choose how the answer is wanted, and two filters at most: more leave nothing."""
    several = {
        "lang": st.lists(st.sampled_from(_LANGUAGES), min_size=1, max_size=2, unique=True),
        "source": st.lists(st.sampled_from(of.sources), min_size=1, max_size=3, unique=True),
        "year": st.lists(st.integers(2008, 2016), min_size=1, max_size=3, unique=True),
        "year_from": st.integers(1995, 2010),
        "year_to": st.integers(2010, 2020),
        "has": st.sampled_from(["pdf", "doi", "abstract", "fulltext"]),
        "subject": st.sampled_from(of.subjects),
        "type": st.sampled_from(["article", "book", "other"]),
        "expand": st.just("off"),
    }
    one = st.one_of(*(st.tuples(st.just(name), values) for name, values in several.items()))
    how = st.fixed_dictionaries(
        {
            "sort": st.sampled_from(["relevance", "relevance", "relevance", "newest", "oldest", "title"]),
            "match": st.sampled_from(["auto", "auto", "all", "most", "any"]),
            "limit": st.sampled_from([1, 7, 20, 90]),
        }
    )
    return st.builds(lambda wanted, filters: {**wanted, **dict(filters)}, how, st.lists(one, max_size=2))
