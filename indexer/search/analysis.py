"""Text to tokens: the one analysis of both engines, for documents and for queries.

A stretch of text becomes a *stream*, tokens in text order, over which phrases run, and *extra* tokens, which only words
look for.

- Letters make words, stemmed by the text's language. ``COVID-19`` and ``covid19`` both stream as ``covid 19``, as
  ``covid 19`` does; the joined form is an extra, so that ``microbiome`` finds ``micro-biome``.
- Greek letters that stand alone or in pairs go by their names, so that ``β-catenin`` is ``beta-catenin`` (μ before a
  unit is u). ``C++`` and ``C#`` are c, and an extra with their signs, which alone a query with signs asks for.
- ``ü`` is u, and in names and Nordic text an extra has it as ue; the same of ä, ö, ø, å. A query asks for both.
- A stem hides what was written; the written form is an extra too, marked with ``=``, for prefixes, but only where a
  prefix shorter than the word is not one of the stem (``computation``, not ``methods``: half of the extras).
- Chinese runs stream as overlapping pairs (a single character alone); extras are the words (those of two characters
  so count twice, which ranks better) and each run's last character, so that a prefix of one character finds it
  everywhere. Kana, hangul, Thai and their like are pairs too. Words and pairs together find 97 % of known Chinese items
  where the engines' own analysis finds 15 %.

Raise ``ANALYZER_VERSION`` with every change that gives other tokens: it stands in the index name.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer.search.folding import fold, fold_with_origins
from indexer.search.greek import spell_greek
from indexer.search.stemming import ALGORITHMS, languages_of, script_of, stem, stemmed_as, stemmer_for

ANALYZER_VERSION = "2"
#: Begins an extra token that is a word as written, where the stream has another stem.
WRITTEN = "="
#: Elasticsearch splits at 255.
MAX_TOKEN_LENGTH = 200
_MOST_JOINED = 5
_LONGEST_NAME = 3
#: Blanks out of all ASCII characters that no chunk has.
_BETWEEN = "".join(one if one.isalnum() or one in "'.+#-" else " " for one in map(chr, range(128)))
#: Words that are remembered of a language, each of up to ``MAX_TOKEN_LENGTH`` characters.
_MEMORY = 1 << 17
_FIRST_WIDE = "\u0e00"

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PAIRED = (
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff",  # kana
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",  # hangul
    "\u0e01-\u0e4e",  # Thai
    "\u0e80-\u0ecd",  # Lao
    "\u1000-\u103f",  # Burmese
    "\u1780-\u17d3",  # Khmer
)
_INDIC = "\u0900-\u0963\u0966-\u0dff"
_LETTERS = rf"(?:[^\W_{_HAN}{''.join(_PAIRED)}{_INDIC}]+|[{_INDIC}]+)+"
_SIGNED = r"(?<![^\W_])[a-z](?:\+\+|#)(?![^\W_+#])"
_ASCII_CHUNK = re.compile(_SIGNED + r"|[a-z0-9]+(?:['-][a-z0-9]+|(?<=\d)\.(?=\d)[a-z0-9]+)*")
_CHUNK = re.compile(
    rf"{_SIGNED}|{_LETTERS}(?:(?:['-]|(?<=\d)\.(?=\d)|(?<=l)[·•‧](?=l)){_LETTERS})*|[{_HAN}]+|"
    + "|".join(f"[{one}]+" for one in _PAIRED)
)
_IS_HAN = re.compile(rf"[{_HAN}]")
_IS_PAIRED = re.compile(rf"[{''.join(_PAIRED)}]")
_SIGNS = frozenset("+#")
_PART = re.compile(rf"\d+(?:\.\d+)*|(?:[^\W\d_{_INDIC}]+|[{_INDIC}]+)+")
_POSSESSIVE = re.compile(r"'s$")
#: Letters that have a spelling of two letters beside the bare one; where text is stemmed the German stemmer knows them.
_SPELLED = re.compile("[äöüøåÄÖÜØÅ]|\u0308|\u030a")
_WORD = re.compile(r"[^\W\d_]+")
_SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_SPELLING_OUT = frozenset({None, "da", "nb", "nn", "no", "sv", "fi", "et", "is"})
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|all|dall|dell|nell|sull|un)'(?=.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """A stretch of text as tokens: ``stream`` in text order, ``extra`` in no order that means anything."""

    stream: list[str]
    extra: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryWord:
    """A word of a query: any of the ``alternatives``, or any of the ``rows`` of tokens, stands for it.

    ``rows`` is empty but for forms with several parts (``covid-19``).
    """

    text: str
    alternatives: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRun:
    """A word in a script without blanks: all its ``pairs`` stand for it; a single character has none."""

    text: str
    pairs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryWords:
    """The words that a query text asks for, and ``bonus`` tokens that only add to the score."""

    words: tuple[QueryWord | QueryRun, ...]
    bonus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A piece of a text from ``start`` to ``end`` and the tokens it gave, as in the index.

    ``stream`` are those of them over which phrases run.
    """

    start: int
    end: int
    tokens: tuple[str, ...]
    stream: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Letters and digits bound together, analysed; ``stream`` has blanks between its tokens."""

    stream: str
    joined: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @classmethod
    def of(cls, chunks: Sequence[_Chunk]) -> _Chunk:
        """Put chunks one behind the other."""
        return cls(
            " ".join(one.stream for one in chunks),
            tuple(token for one in chunks for token in one.joined),
            tuple(token for one in chunks for token in one.written),
        )


def cut_words(text: str) -> list[str]:
    """Cut Chinese into words; the dictionary is loaded at first use (34 MiB that a harvest does not need)."""
    import rjieba  # noqa: PLC0415

    return list(rjieba.cut(text))


def analyse(text: str, language: str | None) -> Analysed:
    """Return the tokens of a stretch of text; ``language`` (ISO 639-1) chooses the stemmer, ``None`` none."""
    stream, extra = _analyse(text, language)
    return Analysed(stream=" ".join(stream).split(" ") if stream else [], extra=extra)


def _analyse(text: str, language: str | None) -> tuple[list[str], list[str]]:
    """Return what ``analyse`` does, but some tokens of the stream that stand together in one string, with blanks."""
    stream: list[str] = []
    extra: list[str] = []
    written: list[str] = []
    runs: list[str] = []
    words = _words[stemmed_as(language)]
    folded = fold(text)
    for chunk in _pieces(folded) if folded.isascii() else _CHUNK.findall(folded):
        if chunk >= _FIRST_WIDE and _is_run(chunk):
            stream += _pairs(chunk) or (chunk,)
            extra.append(chunk[-1])
            if _IS_HAN.match(chunk):
                runs.append(chunk)
            continue
        known = words[chunk]
        if isinstance(known, str):
            stream.append(known)
        elif known.stream:
            stream.append(known.stream)
            extra += known.joined
            written += known.written
    if runs:
        extra += _words_of(cut_words(" ".join(runs)))
    extra += dict.fromkeys(written)
    if language in _SPELLING_OUT and not text.isascii():
        extra += _spelled_out(text).values()
    return stream, extra


def index_values(text: str, language: str | None) -> tuple[str, ...]:
    """Return the text as an index field takes it: the stream, then the extra tokens, which no phrase reaches."""
    stream, extra = _analyse(text, language)
    if extra:
        return (" ".join(stream), " ".join(extra)) if stream else (" ".join(extra),)
    return (" ".join(stream),) if stream else ()


@functools.lru_cache(maxsize=1 << 12)
def query_words(text: str, *, stemmed: bool = True) -> QueryWords:
    """Return what a text without operators asks for; ``stemmed`` is for fields whose text is stemmed.

    A word may be of any language that its script allows, so its alternatives are its surface and all its stems. A
    Chinese run of up to three characters (a name, a term) is one word; a longer one is cut into words, and the pairs
    between them only add to the score, so that ``图像分割方法`` also finds ``图像的分割方法``.
    """
    words: list[QueryWord | QueryRun] = []
    bonus: list[str] = []
    spelled = _spelled_out(text)
    for chunk in _chunks(fold(text)):
        if not _is_run(chunk):
            words += _query_chunk(chunk, stemmed=stemmed, spelled=spelled)
        elif len(chunk) <= _LONGEST_NAME or not _IS_HAN.match(chunk):
            words.append(QueryRun(text=chunk, pairs=_pairs(chunk)))
            bonus += _words_of(cut_words(chunk)) if _IS_HAN.match(chunk) else ()
        else:
            pieces = cut_words(chunk)
            runs = [QueryRun(text=piece, pairs=_pairs(piece)) for piece in _join_singles(pieces)]
            words += runs
            required = {pair for run in runs for pair in run.pairs}
            bonus += [pair for pair in _pairs(chunk) if pair not in required]
            bonus += _words_of(pieces)
    return QueryWords(words=tuple(words), bonus=tuple(bonus))


def query_phrases(text: str, *, stemmed: bool = True) -> tuple[tuple[str, ...], ...]:
    """Return a phrase as the index streams of every language it may be in; empty if there is no word in it."""
    chunks = _chunks(fold(text))
    scripts = dict.fromkeys(script_of(chunk) for chunk in chunks)
    languages: list[str | None] = [None]
    if stemmed:
        languages += [language for script in scripts for language in languages_of(script)]
    forms = [text]
    if _spelled_out(text):
        forms.append(unicodedata.normalize("NFC", text).lower().translate(_SPELLINGS))
    phrases = (tuple(analyse(form, language).stream) for form in forms for language in languages)
    return tuple(phrase for phrase in dict.fromkeys(phrases) if phrase)


@functools.lru_cache(maxsize=1 << 12)
def query_pair(one: str, other: str) -> tuple[tuple[str, str], ...]:
    """Return two plain words side by side as the index streams of every language they may be in."""
    languages = (None, *dict.fromkeys((*languages_of(script_of(one)), *languages_of(script_of(other)))))
    rows = ((_stem_in(one, language), _stem_in(other, language)) for language in languages)
    return tuple(dict.fromkeys(rows))


def prefix_forms(text: str) -> tuple[str, ...]:
    """Return the token beginnings that a prefix search looks for, as stems and as written; empty without letters."""
    joined = "".join("".join(_PART.findall(chunk)) for chunk in _chunks(fold(text)))[:MAX_TOKEN_LENGTH]
    return (joined, WRITTEN + joined) if joined else ()


def locate(text: str, language: str | None) -> Iterator[Located]:
    """Yield each piece of the original text with its tokens, in text order; pairs overlap. For highlighting."""
    folded, origins = fold_with_origins(text)
    pattern = _ASCII_CHUNK if folded.isascii() else _CHUNK
    words = _words[stemmed_as(language)]
    for match in pattern.finditer(folded):
        chunk, first = match[0], match.start()
        if not _is_run(chunk):
            value = words[chunk]
            known = _Chunk(value) if isinstance(value, str) else value
            stream = tuple(known.stream.split())
            start, end = origins[first], origins[match.end()]
            spelled = tuple(_spelled_out(text[start:end]).values()) if language in _SPELLING_OUT else ()
            tokens = stream + known.joined + known.written + spelled
            yield Located(start=start, end=end, tokens=tokens, stream=stream)
            continue
        for offset, character in enumerate(chunk):
            end = min(first + offset + 2, match.end())
            pair = folded[first + offset : end]
            tokens = (pair, character) if len(pair) > 1 else (character,)
            stream = (pair,) if len(pair) > 1 or len(chunk) == 1 else ()
            yield Located(start=origins[first + offset], end=origins[end], tokens=tokens, stream=stream)


def _chunks(folded: str) -> list[str]:
    return (_ASCII_CHUNK if folded.isascii() else _CHUNK).findall(folded)


def _spelled_out(text: str) -> dict[str, str]:
    """Return the words with such letters, folded, each with its spelling in two letters: ``muller``, ``mueller``."""
    if text.isascii() or not _SPELLED.search(text):
        return {}
    words = (word for word in _WORD.findall(unicodedata.normalize("NFC", text)) if _SPELLED.search(word))
    return {fold(word): fold(word.lower().translate(_SPELLINGS))[:MAX_TOKEN_LENGTH] for word in words}


def _is_run(chunk: str) -> bool:
    return _IS_HAN.match(chunk) is not None or _IS_PAIRED.match(chunk) is not None


def _pairs(run: str) -> tuple[str, ...]:
    return tuple(run[at : at + 2] for at in range(len(run) - 1))


def _words_of(pieces: list[str]) -> list[str]:
    return [piece for piece in pieces if len(piece) > 1 and not piece.isspace()]


def _join_singles(pieces: list[str]) -> Iterator[str]:
    """Yield words of two and more characters, neighbouring single characters as one; a lone one is left out."""
    singles = ""
    for piece in [*pieces, "  "]:
        if len(piece) == 1:
            singles += piece
            continue
        if len(singles) > 1:
            yield singles
        singles = ""
        if not piece.isspace():
            yield piece


def _pieces(folded: str) -> list[str]:
    """Cut ASCII text where no chunk goes on; a piece may be none, or several (three times as fast as chunks)."""
    return folded.translate(_BETWEEN).replace(". ", " ").split()


class _Words(dict[str, str | _Chunk]):
    """Piece → its token, or more where there is more to say; remembered up to a bound, because words come again."""

    def __init__(self, language: str | None) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, piece: str) -> str | _Chunk:
        known = self._analyse(piece)
        if len(piece) <= MAX_TOKEN_LENGTH:
            if len(self) >= _MEMORY:
                self.clear()
            self[piece] = known
        return known

    def _analyse(self, piece: str) -> str | _Chunk:
        chunks = [_analyse_chunk(chunk, self._language) for chunk in _chunks(piece)]
        known = chunks[0] if len(chunks) == 1 else _Chunk.of(chunks)
        return known if known.joined or known.written or not known.stream else known.stream


_words = {language: _Words(language) for language in (None, *ALGORITHMS)}


def _analyse_chunk(chunk: str, language: str | None) -> _Chunk:
    """Analyse letters and digits bound together."""
    if chunk[-1] in _SIGNS:
        return _Chunk(chunk[0], (chunk,))
    parts = _parts(chunk)
    joined = _joined(parts)
    stems = [_stem_in(part, language) for part in parts]
    joined_stems = [_stem_in(part, language) for part in joined]
    written = tuple(
        WRITTEN + surface
        for surface, token in zip(parts + joined, stems + joined_stems, strict=True)
        if not token.startswith(surface[:-1])
    )
    return _Chunk(" ".join(stems), tuple(joined_stems), written)


def _parts(chunk: str) -> list[str]:
    if "'" in chunk:
        chunk = _ELISION.sub("", _POSSESSIVE.sub("", chunk))
    if not chunk.isascii():
        chunk = spell_greek(chunk)
    return [part[:MAX_TOKEN_LENGTH] for part in _PART.findall(chunk)]


def _joined(parts: list[str]) -> list[str]:
    """Join the parts of one written form; numbers alone and long chains of words are never written together."""
    if not 1 < len(parts) <= _MOST_JOINED or all(part[0].isdigit() for part in parts):
        return []
    return ["".join(parts)[:MAX_TOKEN_LENGTH]]


def _stem_in(word: str, language: str | None) -> str:
    rules = stemmer_for(language, script_of(word))
    return stem(word, rules) if rules else word


def _query_chunk(chunk: str, *, stemmed: bool, spelled: Mapping[str, str]) -> Iterator[QueryWord]:
    if chunk[-1] in _SIGNS:
        yield QueryWord(text=chunk, alternatives=(chunk,))
        return
    parts = _parts(chunk)
    if not parts:
        return
    if len(parts) == 1:
        alternatives = _alternatives(parts[0], stemmed=stemmed)
        if parts[0] in spelled:
            alternatives += _alternatives(spelled[parts[0]], stemmed=stemmed)
        yield QueryWord(text=chunk, alternatives=tuple(dict.fromkeys(alternatives)))
        return
    joined = _joined(parts)
    yield QueryWord(
        text=chunk,
        alternatives=_alternatives(joined[0], stemmed=stemmed) if joined else (),
        rows=query_phrases(chunk, stemmed=stemmed),
    )


def _alternatives(word: str, *, stemmed: bool) -> tuple[str, ...]:
    languages = languages_of(script_of(word)) if stemmed else ()
    return tuple(dict.fromkeys([word, *(stem(word, language) for language in languages)]))
