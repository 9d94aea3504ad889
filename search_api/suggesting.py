"""Suggestions while somebody types: subjects, authors, journals and titles that begin so."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from indexer.errors import QueryError
from indexer.search.expression import Node, Word
from indexer.search.expression import Sequence as Row
from indexer.search.fields import ALIASES, FIELDS
from indexer.search.folding import fold, fold_with_origins
from indexer.search.function_words import function_words_in
from indexer.search.parser import parse
from indexer.search.pinyin import begun, covered, has_han, syllables
from indexer.search.query import Exact, FacetValue, Query, TokenQuery, View
from indexer.search.rules import NO_RULES, Rules
from indexer.search.suggesting import LONGEST_FORM, MARKS, Kind, form_of, read_value
from search_api.library import Library
from search_api.searching import Searcher

AnyKind = Literal["subject", "author", "container", "title"]
KINDS: tuple[AnyKind, ...] = ("subject", "author", "container", "title")
DEFAULT_LIMIT, MAX_LIMIT = 8, 20
#: From so many letters on: shorter beginnings of names are those of a tenth of all authors.
_FEWEST: dict[AnyKind, int] = {"subject": 2, "author": 3, "container": 1, "title": 3}
_FEWEST_HAN: dict[AnyKind, int] = {"subject": 1, "author": 2, "container": 1, "title": 4}
_LOOKED_UP, _FILTERED = 60, 500
#: Of fewer, a beginning is found as it is read.
_FEWEST_MIXED = 3
_MOST_TITLE_WORDS = 12
#: Short beginnings have many values and are typed by everybody; what they begin changes slowly.
_SHORT, _KEPT_SECONDS, _MOST_KEPT = 2, 60.0, 4_000
_EVERYTHING = TokenQuery(matching=None)
_FIELD_KINDS: dict[str, AnyKind] = {"subject": "subject", "author": "author", "journal": "container", "title": "title"}
_BOUNDARY = re.compile(r'(?:^|(?<=\s))(?:AND|OR|NOT)\s+|[()（）]\s*|"[^"]*"\s*|(?:^|(?<=\s))-(?=\S)')
_FIELDED = re.compile(r'(?:^|(?<=\s))([^\W\d_]+)[:：]\s*"?([^":：]*)$')
_WORDS = re.compile(r"[^\W_]+")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "＂": '"'})


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the box: ``before`` is left as it is, ``text`` is what somebody is about to complete."""

    before: str
    text: str
    kinds: tuple[AnyKind, ...]

    @property
    def form(self) -> str:
        """Return the letters that are compared."""
        return form_of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggestion; ``work`` or ``container`` where it leads to one of these, ``rank`` sorts within its kind."""

    kind: AnyKind
    text: str
    count: int
    rank: tuple[int, int]
    work: str | None = None
    container: str | None = None


def read_typed(text: str, kinds: tuple[AnyKind, ...] = KINDS) -> Typed:
    """Find what is being typed behind operators, quotation marks and fields; half a field decides the kind."""
    shown = "".join(one if one.isprintable() else " " for one in text).translate(_QUOTES)
    start = max((found.end() for found in _BOUNDARY.finditer(shown)), default=0)
    rest = shown[start:]
    if named := _FIELDED.search(rest):
        name = ALIASES.get(named[1].lower(), named[1].lower())
        if name in FIELDS:
            kind = _FIELD_KINDS.get(name)
            before = shown[: start + named.start()]
            return Typed(before=before, text=named[2], kinds=(kind,) if kind in kinds else ())
    quote = rest.rfind('"')
    return Typed(before=shown[:start] + rest[: max(quote, 0)], text=rest[quote + 1 :], kinds=kinds)


class Suggester:
    """Suggests from one library."""

    def __init__(self, library: Library, searcher: Searcher) -> None:
        self._library = library
        self._searcher = searcher
        self._kept: tuple[Rules, dict[str, tuple[float, tuple[FacetValue, ...]]]] = NO_RULES, {}

    def answer(self, text: str, *, kinds: tuple[AnyKind, ...] = KINDS, limit: int = DEFAULT_LIMIT) -> dict[str, Any]:
        """Return the body ``{meta, results}``."""
        started = time.perf_counter()
        typed = read_typed(text, kinds)
        found = self._suggest(typed, limit) if typed.form else []
        results = [_body(one, typed) for one in found]
        took = round((time.perf_counter() - started) * 1000, 1)
        return {"meta": {"count": len(results), "took_ms": took}, "results": results}

    def _suggest(self, typed: Typed, limit: int) -> list[Suggestion]:
        by_kind = {kind: self._of_kind(kind, typed) for kind in typed.kinds if _is_enough(kind, typed)}
        seen: dict[str, AnyKind] = {}
        queues = {kind: iter(_once(found, seen)) for kind, found in by_kind.items()}
        taken: list[Suggestion] = []
        while queues and len(taken) < limit:
            for kind in list(queues):
                if len(taken) >= limit:
                    break
                if (one := next(queues[kind], None)) is None:
                    del queues[kind]
                else:
                    taken.append(one)
        return sorted(self._counted(taken), key=lambda one: KINDS.index(one.kind))

    def _counted(self, taken: Sequence[Suggestion]) -> list[Suggestion]:
        """Count journals as their facet does: what they suggest is counted form by form, and some works bear others."""
        ids = tuple(one.container for one in taken if one.container)
        if not ids:
            return list(taken)
        query = replace(_EVERYTHING, filters={"container": Exact(field="container", values=ids)})
        ruled = self._library.store.ranking_rules.current().apply(query, is_ranked=False)
        values = self._library.index.values(ruled, "container", size=len(ids))
        counts = {one.value: one.count for one in values}
        return [replace(one, count=counts.get(one.container, one.count)) if one.container else one for one in taken]

    def _of_kind(self, kind: AnyKind, typed: Typed) -> list[Suggestion]:
        if kind == "title":
            return self._titles(typed)
        found = self._begun(kind, typed)
        return sorted(found, key=lambda one: (*one.rank, one.text))

    # --- subjects, journals, authors ---

    def _begun(self, kind: Kind, typed: Typed) -> list[Suggestion]:
        form, compact = typed.form, typed.form.replace(" ", "")
        found = self._named(kind, self._values(kind, form), form)
        if compact.isascii():
            if compact != form:
                spelled = self._named(kind, self._values(kind, compact), compact)
                found += [one for one in spelled if has_han(one.text)]
            if not found and compact.isalpha():
                found = self._mixed(kind, compact)
        elif not found:
            found = self._half_converted(kind, compact)
        if kind == "author" and not found:
            found = self._turned_round(form)
        return found

    def _values(self, kind: Kind, form: str, size: int = _LOOKED_UP) -> tuple[FacetValue, ...]:
        prefix, rules = MARKS[kind] + form, self._library.store.ranking_rules.current()
        query = rules.apply(_EVERYTHING, is_ranked=False)
        if len(form) > _SHORT or size != _LOOKED_UP:
            return self._library.index.values(query, "suggest", prefix=prefix, size=size)
        under, known = self._kept  # both at once: what was counted under other rules must not come in among these
        if rules is not under or len(known) >= _MOST_KEPT:
            known = {}
            self._kept = rules, known
        now = time.monotonic()
        kept = known.get(prefix)
        if kept is None or kept[0] < now:
            kept = now + _KEPT_SECONDS, self._library.index.values(query, "suggest", prefix=prefix, size=size)
            known[prefix] = kept
        return kept[1]

    def _named(self, kind: Kind, values: Iterable[FacetValue], form: str) -> list[Suggestion]:
        """Put together what is shown alike but for case, script and accents; journals get their present names."""
        forms: dict[str, Counter[str]] = {}
        shown: dict[str, Counter[str]] = {}
        for one in values:
            value = read_value(one.value)
            name = value.shown if kind == "container" else form_of(value.shown)
            forms.setdefault(name, Counter())[value.form] += one.count
            shown.setdefault(name, Counter())[value.shown] += one.count
        titles = self._library.store.catalogue.container_titles(list(shown)) if kind == "container" and shown else {}
        found = []
        for name, counted in forms.items():
            text = titles.get(name) if kind == "container" else _commonest(shown[name])
            if text:
                count = max(counted.values())
                container = name if kind == "container" else None
                rank = (_nearness(form, counted, form_of(text)), -count)
                found.append(Suggestion(kind=kind, text=text, count=count, rank=rank, container=container))
        return found

    def _mixed(self, kind: Kind, letters: str) -> list[Suggestion]:
        """Find Chinese by syllables and first letters together: ``shendxx``; journals are hardly typed so."""
        for firsts in begun(letters) if kind != "container" else ():
            if len(firsts) >= _FEWEST_MIXED:
                values = [
                    one
                    for one in self._values(kind, firsts, _FILTERED)
                    if has_han(shown := read_value(one.value).shown) and covered(letters, _reading(shown))
                ]
                if values:
                    return self._named(kind, values, letters)
        return []

    def _half_converted(self, kind: Kind, letters: str) -> list[Suggestion]:
        """Find ``深度xue``: characters that stand already, and the syllables behind them."""
        head = re.match(r"[^\x00-\x7f]+", letters)
        tail = letters[head.end() :] if head else ""
        if head is None or not tail.isascii():
            return []
        found = self._named(kind, self._values(kind, head[0], _FILTERED), head[0])
        return [one for one in found if covered(tail, _reading(one.text)[head.end() :])]

    def _turned_round(self, form: str) -> list[Suggestion]:
        """Find an author whose given name is typed first: ``albert einst``."""
        *given, family = form.split()
        if not given or len(family) < _FEWEST["author"] - 1:
            return []
        values = [
            one
            for one in self._values("author", family, _FILTERED * 4)
            if all(any(part.startswith(word) for part in read_value(one.value).form.split()) for word in given)
        ]
        return self._named("author", values, form)

    # --- titles ---

    def _titles(self, typed: Typed) -> list[Suggestion]:
        """Find titles that have all the words, the last one perhaps half."""
        *words, last = typed.form.split()[:_MOST_TITLE_WORDS]
        idle = function_words_in(words)
        words = [word for word in words if word not in idle]
        if typed.before or not (words or has_han(last)):
            return []
        if len(last) >= _FEWEST["title"] or has_han(last):
            words.append(f"{last}*")
        asked = " ".join(words)
        text = f"title:({asked}) -status:retracted -status:withdrawn"
        try:
            found = self._searcher.find(Query(text=text, match="all"), View(limit=_LOOKED_UP // 10))
        except QueryError:  # words that are none, such as a lone letter before “*”
            return []
        keys = [hit.key for hit in found.hits.hits]
        works = self._library.store.catalogue.by_keys(keys)
        suggestions = []
        for place, work in enumerate(works[key] for key in keys if key in works and works[key].state == "active"):
            title = str(work.data["title"]["value"])
            form = " ".join(_WORDS.findall(fold(title)))
            rank = (0 if form.startswith(typed.form) else 1 if typed.form in form else 2, place)
            suggestions.append(Suggestion(kind="title", text=title, count=1, rank=rank, work=work.id))
        return sorted(suggestions, key=lambda one: one.rank)


def _is_enough(kind: AnyKind, typed: Typed) -> bool:
    form = typed.form
    if typed.kinds == (kind,) and kind != "title":
        return len(form) > 1 or has_han(form)
    letters = len(form.replace(" ", ""))
    return letters >= (_FEWEST_HAN if has_han(form) else _FEWEST)[kind] and (kind == "title" or letters <= LONGEST_FORM)


def _nearness(typed: str, forms: Iterable[str], whole: str) -> int:
    """Return 0 for what is typed exactly, 1 for what begins so, 2 for what has an inner word that begins so."""
    if typed == whole or (has_han(whole) and typed in forms):
        return 0
    return 1 if whole.startswith(typed) or (typed.isascii() and has_han(whole)) else 2


def _commonest(shown: Counter[str]) -> str:
    return min(shown, key=lambda text: (-shown[text], text))


def _reading(text: str) -> tuple[str, ...]:
    return syllables(form_of(text).replace(" ", ""))


def _once(found: Iterable[Suggestion], seen: dict[str, AnyKind]) -> Iterator[Suggestion]:
    """Yield what no other kind has suggested in the same words; of journals of one name, each leads elsewhere."""
    for one in found:
        form = form_of(one.text)
        if form not in seen or (one.container and seen[form] == one.kind):
            seen[form] = one.kind
            yield one


# --- how they are told ---------------------------------------------------------------------------


def _body(one: Suggestion, typed: Typed) -> dict[str, Any]:
    query = typed.before + _query_of(one, alone=not typed.before)
    return {
        "kind": one.kind,
        "text": one.text,
        "highlights": highlights(one.text, typed.form),
        "count": one.count,
        "query": query,
        "work": one.work,
        "container": one.container,
        "url": _url_of(one, query, alone=not typed.before),
    }


def _query_of(one: Suggestion, *, alone: bool) -> str:
    """Return the suggestion in the query language; its own signs are no operators there."""
    bare = one.text.replace('"', " ").strip()
    if one.kind == "subject":
        return bare if alone and _is_plain(bare) else f'"{bare}"'
    field = {"author": "author", "container": "journal", "title": "title"}[one.kind]
    return f'{field}:"{bare}"'


def _is_plain(text: str) -> bool:
    """Tell whether a text reads as bare words and nothing else."""
    try:
        node: Node | None = parse(text)
    except QueryError:
        return False
    items = node.items if isinstance(node, Row) else (node,)
    return all(isinstance(item, Word) and item.field is None for item in items)


def _url_of(one: Suggestion, query: str, *, alone: bool) -> str:
    if one.work:
        return f"/works/{one.work}"
    if one.container and alone:
        return f"/?{urlencode({'container': one.container})}"
    return f"/?{urlencode({'q': query})}"


def highlights(text: str, form: str) -> list[list[int]]:
    """Return which characters of a text were typed, as ranges (code points; the end is not in it)."""
    folded, origins = fold_with_origins(text)
    spans: set[tuple[int, int]] = set()
    for word in form.split():
        beginning = "" if has_han(word) else r"(?<![^\W_])"
        if found := re.search(beginning + re.escape(word), folded):
            spans.add((origins[found.start()], origins[found.end()]))
    if not spans and has_han(folded):
        places = [place for place, one in enumerate(folded) if one.isalnum()]
        reached = _spoken(form.replace(" ", ""), [folded[place] for place in places])
        if reached:
            spans.add((origins[places[0]], origins[places[reached - 1] + 1]))
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def _spoken(typed: str, characters: list[str]) -> int:
    """Return how many characters are typed, as themselves or as they are read."""
    same = 0
    while same < min(len(typed), len(characters)) and typed[same] == characters[same]:
        same += 1
    if same == len(typed):
        return same
    reached = covered(typed[same:], syllables("".join(characters))[same:])
    return same + reached if reached else 0
