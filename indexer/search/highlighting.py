"""Which characters of a title or an abstract made it match: found by analysing the text again, in no engine.

Spans are half-open ranges of characters (Unicode code points) of the text they come with, in order, never overlapping.
Text stays text: whoever shows it escapes it and marks the ranges.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from indexer.search.analysis import Located, locate
from indexer.search.function_words import function_words_in
from indexer.search.query import (
    AllOf,
    AtLeast,
    Clause,
    Flat,
    TextField,
    TokenPhrase,
    TokenPrefix,
    TokenQuery,
    Tokens,
    Weighted,
    Without,
)

Span = tuple[int, int]

#: Longer texts are looked through up to here (0.3 ms for 1,200 letters; the longest abstracts have a few thousand).
MOST_LETTERS = 12_000
SNIPPET_LENGTH = 200
_ELLIPSIS = "…"
_SENTENCE_END = re.compile(r"[.!?]\s+|[。！？；]\s*|\n+")
_WORD_BREAK = re.compile(r"\s+|(?<=[\u3400-\u9fff])|(?=[\u3400-\u9fff])")
#: How far a snippet may begin before its first mark to begin with a sentence.
_BEFORE = 80
_LEAD = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a query's matching clauses look for in one text field."""

    words: frozenset[str] = frozenset()
    rows: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything to mark."""
        return bool(self.words or self.rows or self.prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A text and the ranges of it to mark."""

    text: str
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class _Gathered:
    words: dict[tuple[str, ...], None] = field(default_factory=dict)
    rows: dict[tuple[str, ...], None] = field(default_factory=dict)
    prefixes: dict[str, None] = field(default_factory=dict)


def marks_of(query: TokenQuery, *fields: TextField) -> Marks:
    """Gather what a query looks for in any of the fields; what it excludes, boosts or filters by is left out.

    Function words are marked only within phrases, or where the query has no other words.
    """
    gathered = _Gathered()
    if query.matching is not None:
        _gather(query.matching, frozenset(fields), gathered)
    empty = function_words_in([forms[0] for forms in gathered.words])
    telling = [forms for forms in gathered.words if forms[0] not in empty]
    words = telling or ([] if gathered.rows or gathered.prefixes else list(gathered.words))
    return Marks(
        words=frozenset(form for forms in words for form in forms),
        rows=tuple(gathered.rows),
        prefixes=tuple(gathered.prefixes),
    )


def _gather(clause: Clause, fields: frozenset[TextField], gathered: _Gathered) -> None:
    match clause:
        case Tokens() | TokenPhrase() | TokenPrefix():
            if clause.field in fields:
                _gather_leaf(clause, gathered)
        case AllOf() | AtLeast():
            for part in clause.clauses:
                _gather(part, fields, gathered)
        case Without() | Weighted() | Flat():
            if clause.clause is not None:
                _gather(clause.clause, fields, gathered)
        case _:
            pass


def _gather_leaf(clause: Tokens | TokenPhrase | TokenPrefix, gathered: _Gathered) -> None:
    match clause:
        case Tokens() if clause.alternatives:
            gathered.words[clause.alternatives] = None  # the word as it was written is the first
        case TokenPhrase():
            for row in clause.alternatives:
                if len(row) > 1 and not clause.slop:
                    gathered.rows[row] = None
                else:
                    gathered.words.update(dict.fromkeys((token,) for token in row))
        case TokenPrefix():
            gathered.prefixes[clause.prefix] = None


def mark(text: str, language: str | None, marks: Marks) -> Marked:
    """Mark a whole text; ``language`` (ISO 639-1) is the one it was indexed in."""
    return Marked(text=text, spans=_spans(text, language, marks) if marks else ())


def cut_snippet(text: str, language: str | None, marks: Marks, length: int = SNIPPET_LENGTH) -> Marked | None:
    """Return about ``length`` characters of a text around most of its different marks; ``None`` where there is none.

    It begins with a sentence where one begins shortly before the first mark, else with a word; an ellipsis stands where
    it was cut.
    """
    spans = _spans(text, language, marks) if marks else ()
    if not spans:
        return None
    first, last = _best_window(text, spans, length)
    start = _begin(text, spans[first][0], spans[last][1], length)
    end = _end(text, start, spans[last][1], length)
    before = _ELLIPSIS if text[:start].strip() else ""
    after = _ELLIPSIS if text[end:].strip() else ""
    moved = len(before) - start
    inside = [
        (max(left, start) + moved, min(right, end) + moved) for left, right in spans if left < end and right > start
    ]
    return Marked(text=f"{before}{text[start:end]}{after}", spans=tuple(inside))


def _spans(text: str, language: str | None, marks: Marks) -> tuple[Span, ...]:
    pieces = list(locate(text[:MOST_LETTERS], language))
    found = [*_word_spans(pieces, marks), *(_row_spans(pieces, marks.rows) if marks.rows else ())]
    return _joined(found)


def _word_spans(pieces: Iterable[Located], marks: Marks) -> Iterator[Span]:
    for piece in pieces:
        for token in piece.tokens:
            if token in marks.words:
                yield (piece.start, piece.start + 1 if _is_first_of_pair(piece, token) else piece.end)
            elif marks.prefixes and token.startswith(marks.prefixes):
                yield (piece.start, piece.start + 1 if _begins_pair(piece, token, marks.prefixes) else piece.end)


def _is_first_of_pair(piece: Located, token: str) -> bool:
    """Tell whether a token is the first character alone of a piece that is two characters."""
    return len(token) == 1 and token not in piece.stream and len(piece.tokens) == len(("pair", "character"))


def _begins_pair(piece: Located, token: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether only one character of a pair was looked for."""
    is_pair = len(piece.tokens) == len(("pair", "character")) and piece.tokens[1] == token[:1]
    return is_pair and not any(len(prefix) > 1 and token.startswith(prefix) for prefix in prefixes)


def _row_spans(pieces: Sequence[Located], rows: tuple[tuple[str, ...], ...]) -> Iterator[Span]:
    """Find rows of tokens in the stream; each marks from its first piece to its last."""
    stream = [(token, at) for at, piece in enumerate(pieces) for token in piece.stream]
    places: dict[str, list[int]] = {}
    for place, (token, _) in enumerate(stream):
        places.setdefault(token, []).append(place)
    for row in rows:
        for place in places.get(row[0], ()):
            following = stream[place : place + len(row)]
            if len(following) == len(row) and all(
                token == want for (token, _), want in zip(following, row, strict=True)
            ):
                yield (pieces[following[0][1]].start, pieces[following[-1][1]].end)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Put ranges in order and join those that overlap or touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _best_window(text: str, spans: Sequence[Span], length: int) -> tuple[int, int]:
    """Return the first and last of the marks to show: most different ones, standing closest, the earliest."""
    forms = [text[start:end].casefold() for start, end in spans]
    best, chosen = (0, 0), (0, 0)
    first = 0
    inside: Counter[str] = Counter()
    for last, (_, end) in enumerate(spans):
        inside[forms[last]] += 1
        while first < last and (inside[forms[first]] > 1 or end - spans[first][0] > length - _LEAD):
            inside[forms[first]] -= 1
            first += 1
        worth = (sum(count > 0 for count in inside.values()), spans[first][0] - end)
        if worth > best:
            best, chosen = worth, (first, last)
    return chosen


def _begin(text: str, first: int, last: int, length: int) -> int:
    """Return where the snippet begins: with a sentence, or with a word some letters before the first mark."""
    if last <= length:
        return 0
    room = max(length - (last - first), 0)
    earliest = max(first - min(room, _BEFORE), 0)
    sentences = [found.end() for found in _SENTENCE_END.finditer(text, earliest, first)]
    if earliest == 0:
        return 0
    if sentences:
        return sentences[0]
    begin = max(first - min(room // 2, _LEAD), 0)
    words = [found.end() for found in _WORD_BREAK.finditer(text, begin, first) if found.end() > begin]
    return words[0] if words else first


def _end(text: str, start: int, last: int, length: int) -> int:
    """Return where the snippet ends: at the end of a word, never before the last mark."""
    latest = max(start + length, last)
    if latest >= len(text):
        return len(text)
    words = [found.start() for found in _WORD_BREAK.finditer(text, last, latest + 1)]
    return words[-1] if words else latest
