"""Works that are about the same: found by the words that tell a work from others, and explained by what they share.

The telling words are those of the highest tf x idf in title (counted three times), subjects and keywords (twice) and
abstract (BM25's idf; Robertson and Zaragoza 2009). At least a part of them must be shared; subjects, authors and
journal in common lift a work that shares words, and never bring one that shares none. All numbers are here.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from indexer.models import Contributor, Text, Work
from indexer.normalise.licences import NONE_STATED
from indexer.search.analysis import cut_words, index_values, locate
from indexer.search.folding import fold
from indexer.search.function_words import FUNCTION_WORDS
from indexer.search.query import AtLeast, Clause, Exact, Flat, Keys, TokenPhrase, TokenQuery, Tokens, Weighted, Without
from indexer.subjects.tables import section_headings

ReasonCode = Literal["words", "subjects", "authors", "journal"]
Frequencies = Callable[[Sequence[str]], Mapping[str, int]]

_TITLE, _SUBJECT, _ABSTRACT = 3, 2, 1
#: Asked of the index: the most frequent of the work's own tokens.
_MOST_ASKED = 250
MOST_TERMS = 20
#: A work shares at least this part of the telling words' number.
_SHARE = 0.2
_LEAST_SHARED = 2
#: A word in more than this part of all works tells nothing, once there are enough works to say so.
_COMMON = 0.1
_ENOUGH_WORKS = 200
#: Part of the score of a work that shares all telling words.
_SUBJECT_LIFT, _AUTHOR_LIFT, _JOURNAL_LIFT = 0.05, 0.08, 0.03
_MOST_SUBJECTS, _MOST_AUTHORS = 5, 10
_MOST_TOLD = 8
_SHORTEST = 2
_LONGEST_TOLD = 8
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a work is about: its telling words (token → weight), and how each was written."""

    weights: Mapping[str, float]
    written: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedReason:
    """Why a work is related: ``detail`` are the words, subjects or authors shared, or the journal's name."""

    code: ReasonCode
    detail: tuple[str, ...]


def profile_of(work: Work, frequencies: Frequencies, total: int) -> Profile:
    """Return the telling words of a work.

    Args:
        work: The work.
        frequencies: In how many works each token stands (``SearchIndex.frequencies`` of the field ``all``).
        total: How many works there are.
    """
    counts, written = _count_tokens(work)
    asked = [token for token, _ in counts.most_common(_MOST_ASKED)]
    found = frequencies(asked)
    weights: dict[str, float] = {}
    for token in asked:
        works = found[token]
        if works < len(("this", "another")) or (total >= _ENOUGH_WORKS and works > _COMMON * total):
            continue
        idf = math.log(1 + (total - min(works, total) + 0.5) / (works + 0.5))
        weights[token] = (1 + math.log(counts[token])) * idf
    best = sorted(weights, key=lambda token: (-weights[token], token))[:MOST_TERMS]
    return Profile(weights={token: weights[token] for token in best}, written=written)


def _count_tokens(work: Work) -> tuple[Counter[str], dict[str, str]]:
    main = work.language.code if work.language else None
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    texts = [(text, _TITLE) for text in (work.title, *work.translated_titles)]
    texts += [(Text(value=term), _SUBJECT) for term in _terms_of(work)]
    texts += [(text, _ABSTRACT) for text in work.abstracts]
    for text, weight in texts:
        words = _word_edges(text.value)
        for piece in locate(text.value, text.language.code if text.language else main):
            surface = _word_around(text.value, piece.start, piece.end, words)
            for token in piece.stream:
                if len(surface) < _SHORTEST or token.isdigit() or is_function_word(fold(surface)):
                    continue
                counts[token] += weight
                written.setdefault(token, surface)
    return counts, written


def _word_edges(text: str) -> list[int]:
    """Return where the words of a text without blanks begin and end; empty where that cannot be told."""
    folded = fold(text)
    if text.isascii() or len(folded) != len(text) or not _HAN.search(text):
        return []
    return [0, *accumulate(map(len, cut_words(folded)))]


def _word_around(text: str, start: int, end: int, edges: list[int]) -> str:
    """Return a piece as written, of Chinese the whole word that a pair is in; ``""`` across two words."""
    if not edges or end - start > len("对字") or not _HAN.match(text[start]):
        return text[start:end]
    at = bisect_right(edges, start)
    return text[edges[at - 1] : edges[at]] if at < len(edges) and end <= edges[at] else ""


def is_function_word(word: str) -> bool:
    """Tell whether a folded word says nothing in some language; here it does no harm to lose one of another."""
    return any(word in known for known in FUNCTION_WORDS.values())


def _terms_of(work: Work) -> list[str]:
    return list(dict.fromkeys([*(subject.term for subject in work.subjects), *work.keywords]))


def related_query(work: Work, profile: Profile, *, without: Sequence[int] = ()) -> TokenQuery | None:
    """Return the query for works related to a work; ``None`` where it has too few telling words.

    The work itself and the keys ``without`` are left out.
    """
    words = [
        Weighted(clause=Tokens(field="all", alternatives=(token,)), weight=round(weight, 3))
        for token, weight in profile.weights.items()
    ]
    if len(words) < _LEAST_SHARED:
        return None
    needed = max(_LEAST_SHARED, math.ceil(_SHARE * len(words)))
    matching = Without(
        clause=AtLeast(count=needed, clauses=tuple(words)), excluded=Keys(keys=tuple({work.key, *without}))
    )
    # A word's BM25 score is about its idf; weighted by tf x idf, all words together come to about the sum of squares.
    whole = sum(weight**2 for weight in profile.weights.values())
    lifts: list[tuple[Clause, float]] = [
        (Exact(field="subject_facet", values=(subject.term,)), _SUBJECT_LIFT)
        for subject in work.subjects[:_MOST_SUBJECTS]
        if subject.origin == "article" and fold(subject.term) not in section_headings()
    ]
    lifts += [(clause, _AUTHOR_LIFT) for person in work.contributors[:_MOST_AUTHORS] if (clause := _author(person))]
    if work.container and work.container.id:
        lifts.append((Exact(field="container", values=(work.container.id,)), _JOURNAL_LIFT))
    return TokenQuery(
        matching=matching, boosts=tuple(Flat(clause=clause, score=round(whole * part, 3)) for clause, part in lifts)
    )


def _author(person: Contributor) -> Clause | None:
    stretches = index_values(person.name, None)
    row = tuple(stretches[0].split()) if stretches else ()
    if len(row) < len(("family", "given")):  # one word is too little to be a person
        return None
    return TokenPhrase(field="author", alternatives=(row,))


def explain(work: Work, other: Work, profile: Profile) -> tuple[RelatedReason, ...]:
    """Tell what two works share, what weighs most first."""
    theirs, _ = _count_tokens(other)
    shared = sorted((token for token in profile.weights if token in theirs), key=lambda one: -profile.weights[one])
    words = _join_neighbours([profile.written[token] for token in shared], work)[:_MOST_TOLD]
    headings = section_headings()
    terms = [one.term for one in work.subjects if fold(one.term) not in headings]
    subjects = _common(terms, [one.term for one in other.subjects])
    subjects += [term for term in _common(work.keywords, other.keywords) if term not in subjects]
    authors = _common(
        [person.name for person in work.contributors], [person.name for person in other.contributors], key=_name_key
    )
    same_journal = work.container and other.container and work.container.id and work.container.id == other.container.id
    journal = [work.container.title or ""] if same_journal and work.container else []
    told: list[tuple[ReasonCode, Sequence[str]]] = [
        ("words", words),
        ("subjects", subjects[:_MOST_TOLD]),
        ("authors", authors[:_MOST_TOLD]),
        ("journal", journal),
    ]
    return tuple(RelatedReason(code=code, detail=tuple(detail)) for code, detail in told if detail)


def _join_neighbours(written: Sequence[str], work: Work) -> list[str]:
    """Join Chinese words that stand side by side in the work's title: 深度 and 学习 are told as 深度学习."""
    title = work.title.value
    joined: list[str] = []
    for word in dict.fromkeys(written):
        for at, known in enumerate(joined):
            both = next((one for one in (known + word, word + known) if one in title), None)
            if both and _HAN.match(word) and _HAN.match(known) and len(both) <= _LONGEST_TOLD:
                joined[at] = both
                break
        else:
            joined.append(word)
    return list(dict.fromkeys(joined))


def _common(ours: Sequence[str], theirs: Sequence[str], key: Callable[[str], object] = fold) -> list[str]:
    known = {key(one) for one in theirs}
    return list(dict.fromkeys(one for one in ours if key(one) in known and one != NONE_STATED))


def _name_key(name: str) -> frozenset[str]:
    """Compare names whatever the order of family and given name."""
    return frozenset(fold(name).replace(",", " ").replace(".", " ").replace("-", " ").split())
