"""How works are ranked: all weights, and what is added to the score of the query's own words.

The words score by BM25 (k1 1.2, b 0.75, as both engines have it) in one field of everything, a word written twice
counts twice; the rest is here. ``docs/ranking.md`` says why and what each part was measured to bring. To rank
otherwise, change the numbers here and run ``benchmarks/relevance.py``; nothing has to be indexed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from indexer.search.analysis import QueryRun, QueryWord, query_pair, query_words
from indexer.search.expression import And, Node, Or, Phrase, Word
from indexer.search.expression import Sequence as SideBySide
from indexer.search.function_words import function_words_in
from indexer.search.parser import parse
from indexer.search.query import Clause, Exact, Flat, TextField, TokenPhrase
from indexer.search.titles import title_key

#: A match in the title scores this share on top: more makes titles beat texts that are about the query.
TITLE_WEIGHT = 0.3
#: Two words of the query side by side in a record, as in the query, score this share of what a phrase scores.
PAIR_WEIGHT = 0.25
#: Only so many pairs of a long query: each is a phrase to look up.
MOST_PAIRS = 16
#: Added where the whole query is a title; more than any other score, so that such works stand first.
EXACT_TITLE_SCORE = 1_000.0
#: Added for each word of the query, up to a bound, where works match the query as written and not only by what a
#: thesaurus has for it: about the most that a word brings, so that those works stand first. Not more, as engines keep
#: only the leading digits of a score.
AS_WRITTEN_SCORE, MOST_AS_WRITTEN = 8.0, 32.0
#: ``match=most`` needs this share of the words, rounded up; with fewer than three words it needs all.
MOST_SHARE = 0.7
FEWEST_FOR_MOST = 3
#: With fewer works than this, ``match=auto`` asks for fewer of the words.
ENOUGH_WORKS = 10
#: From so many words on a query is taken for a sentence, whose words no record need have in common.
SENTENCE_WORDS = 6
#: From so many on it is a pasted text.
TEXT_WORDS = 24


def word_pairs(units: Iterable[QueryWord | QueryRun | None], field: TextField) -> Iterator[TokenPhrase]:
    """Yield a phrase for each two plain words side by side, at most ``MOST_PAIRS``; ``None`` parts its neighbours.

    Scripts without blanks need none: their overlapping pairs say the same.
    """
    left = MOST_PAIRS
    for one, other in pairwise(units):
        if not left:
            return
        if isinstance(one, QueryWord) and isinstance(other, QueryWord) and not one.rows and not other.rows:
            left -= 1
            yield TokenPhrase(field=field, alternatives=query_pair(one.alternatives[0], other.alternatives[0]))


def exact_title(text: str, node: Node) -> Flat | None:
    """Return the clause of works whose title is the query; ``None`` where the query says more than words.

    Case, width, accents, traditional characters and punctuation make no difference. What is asked for in the field
    ``title`` alone may be one too.
    """
    if isinstance(node, Phrase | Word) and node.field == "title":
        text = node.text
    elif not _is_wording(node):
        return None
    key = title_key(text)
    return Flat(clause=Exact(field="title_key", values=(key,)), score=EXACT_TITLE_SCORE) if key else None


def as_written(matching: Clause, words: int) -> Flat:
    """Return the clause that lifts works which match a query as written above those that the thesaurus brings."""
    return Flat(clause=matching, score=min(AS_WRITTEN_SCORE * max(words, 1), MOST_AS_WRITTEN))


def _is_wording(node: Node) -> bool:
    """Tell whether there are only words, with quotation marks, parentheses, AND and OR, as titles have them too."""
    if isinstance(node, SideBySide | And | Or):
        return all(_is_wording(item) for item in node.items)
    return isinstance(node, Phrase | Word) and node.field is None


def dissolve(items: Iterable[Node]) -> Iterator[Node]:
    """Yield items with those in parentheses that stand side by side: such parentheses say nothing more."""
    for item in items:
        if isinstance(item, SideBySide):
            yield from dissolve(item.items)
        else:
            yield item


def count_words(text: str) -> int:
    """Count the words that a query consists of, function words left out; 0 where it says more than words."""
    node = parse(text)
    items = tuple(dissolve([node])) if node else ()
    words = [item for item in items if isinstance(item, Word) and item.field is None]
    if len(words) < len(items):
        return 0
    passed_over = function_words_in([word.text for word in words])
    return sum(len(query_words(word.text).words) for word in words if word.text not in passed_over)
