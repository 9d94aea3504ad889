"""The query language: text to a parsed query, or an error that says where and what to do.

::

    query    = side *("OR" side)
    side     = 1*both                       items side by side
    both     = item *("AND" item)
    item     = *("NOT" / "-") (group / leaf)
    group    = [field ":"] "(" query ")"
    leaf     = [field ":"] (word / prefix "*" / '"' phrase '"' ["~" number])

Operators are written in capitals, without blank between ``-`` or ``field:`` and what follows; a colon followed by a
blank is punctuation (``Title: a subtitle``), except before an identifier (``PMID: 123``). Full-width signs count as
their ASCII twins. Other punctuation around words is ignored. A text that is nothing but an identifier or an address is
that one. The time is linear in the length of the text. For readers: ``docs/query-language.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast

from indexer.errors import QueryError
from indexer.search.conditions import is_value, make_term
from indexer.search.expression import And, FieldName, Node, Not, Or, Phrase, Prefix, Sequence, Word
from indexer.search.fields import (
    ABSENT,
    ALIASES,
    FIELDS,
    IDENTIFIER_FIELDS,
    TERM_FIELDS,
    TEXT_FIELDS,
    distant_field,
    near_field,
)
from indexer.search.pasted import find_identifier, whole_identifier
from indexer.search.sentences import SIGNS, is_sentence, without_signs
from indexer.search.signs import core_of, has_word, is_punctuation, plain_signs

MAX_QUERY_LENGTH = 2_000
MAX_CLAUSES = 200
MAX_DEPTH = 20
MAX_SLOP = 50
_SHORTEST_PREFIX = 2
_FIRST_HAN = "\u2e80"  # one such character is a word's beginning that means something

_CHUNK = re.compile(r"[^\s()\"]+")
_FIELDED = re.compile(r"([^\W\d_]+):")
_SLOP = re.compile(r"~(\d+)", re.ASCII)
_FUZZY = re.compile(r"[^\W\d_]~[\d.]*$")
_OPERATORS = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A word with a colon, searched as it stands though it looks like a field: ``meant`` is which one.

    Or a sign passed over in a pasted sentence, with all its like: ``meant`` is ``""``.
    """

    position: int
    written: str
    meant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A query as it was understood: its node (``None``: the text is blank), and what may have been meant else."""

    node: Node | None
    doubts: tuple[Doubt, ...] = ()


def parse(text: str) -> Node | None:
    """Read a query; ``None`` where the text is blank.

    Raises:
        QueryError: it cannot be understood; with position (0-based) and remedy.
    """
    return read_query(text).node


def read_query(text: str) -> Reading:
    """Read a query, with what is doubtful about it; raise ``QueryError`` where it cannot be understood."""
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryError("too_long", length=len(text), most=MAX_QUERY_LENGTH, position=MAX_QUERY_LENGTH)
    plain = plain_signs(text)
    if not plain.strip():
        if text.strip():  # signs that nobody sees: whoever sent them did not ask for everything
            raise QueryError("no_word", position=0)
        return Reading(node=None)
    if whole := whole_identifier(plain):
        return Reading(node=whole)
    parser = _Parser(plain)
    try:
        node = parser.read()
    except QueryError as error:
        if plain[(at := error.position or 0) : at + 1] not in SIGNS or not is_sentence(plain):
            raise
        parser = _Parser(without_signs(plain))
        parser.doubts.append(Doubt(position=at, written=plain[at], meant=""))
        node = parser.read()
    if node is None:
        raise QueryError("no_word", position=0)
    if isinstance(node, Word) and node.field is None and (whole := whole_identifier(node.text)):
        node = replace(whole, position=node.position)
    return Reading(node=node, doubts=tuple(parser.doubts))


class _Parser:
    """Recursive descent over the text; one method per rule, depth bounded by ``MAX_DEPTH``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.clauses = 0
        self.doubts: list[Doubt] = []

    def read(self) -> Node | None:
        """Read the whole text; ``None`` where it says nothing. Raise an error with its place and the remedy."""
        node = self._read_query(None, 0)
        if self._peek() == ")":
            self._fail("closes_nothing")
        return node

    # --- rules ---

    def _read_query(self, field: str | None, depth: int) -> Node | None:
        start = self.at
        sides = [self._read_side(field, depth)]
        while self._operator() == "OR":
            at = self.at
            self.at += len("OR")
            sides.append(self._read_side(field, depth))
            if sides[-2] is None or sides[-1] is None:
                self._fail_operator("OR", at)
        return _combine(Or, [side for side in sides if side], start)

    def _read_side(self, field: str | None, depth: int) -> Node | None:
        self._skip()
        start = self.at
        items = []
        while self._peek() not in {"", ")"} and self._operator() != "OR":
            if (item := self._read_both(field, depth)) is not None:
                items.append(item)
            self._skip()
        return _combine(Sequence, items, start)

    def _read_both(self, field: str | None, depth: int) -> Node | None:
        start = self.at
        items = [None if self._operator() == "AND" else self._read_item(field, depth)]
        while self._operator() == "AND":
            at = self.at
            self.at += len("AND")
            items.append(None if self._ends() else self._read_item(field, depth))
            if items[-2] is None or items[-1] is None:
                self._fail_operator("AND", at)
        return _combine(And, [item for item in items if item], start)

    def _read_item(self, field: str | None, depth: int) -> Node | None:
        start, negative = self.at, False
        while self._take_not():
            negative = not negative
            if self._ends():
                self._fail_operator("NOT", start)
        item = self._read_group(field, depth) if self._peek() == "(" else self._read_leaf(field, depth)
        if not negative or item is None:
            return item
        return item.item if isinstance(item, Not) else Not(item=item, position=start)

    def _read_group(self, field: str | None, depth: int) -> Node | None:
        start = self.at
        if depth >= MAX_DEPTH:
            self._fail("too_deep", most=MAX_DEPTH)
        self.at += 1
        node = self._read_query(field, depth + 1)
        if self._peek() != ")":
            self._fail("never_closed", at=start)
        self.at += 1
        return node

    def _read_leaf(self, field: str | None, depth: int) -> Node | None:
        start = self.at
        leaf = self._read_phrase(field) if self._peek() == '"' else self._read_chunk(field, depth)
        if not (isinstance(leaf, Word) and field is None and leaf.field is None):
            self._count(start)
        return leaf

    def _read_chunk(self, field: str | None, depth: int) -> Node | None:
        start = self.at
        if field is None and (found := find_identifier(self.text, start)):
            self.at = found[1]
            return found[0]
        chunk = self._chunk()
        if (named := _FIELDED.match(chunk)) and (name := self._known_field(named[1], start + named.end())):
            self.at = start + named.end()
            return self._read_fielded(name, start, depth)
        self.at = start + len(chunk)
        return _make_word(chunk, field, start)

    def _read_fielded(self, name: str, start: int, depth: int) -> Node | None:
        """Read what stands after ``name:``, at once."""
        match self._peek():
            case "(":
                node = self._read_group(name, depth)
            case '"':
                node = self._read_phrase(name)
            case _:
                first = self.at
                chunk = self._chunk()
                self.at = first + len(chunk)
                if name in IDENTIFIER_FIELDS and (found := find_identifier(self.text, start)):
                    node, self.at = found
                else:
                    node = _make_word(chunk, name, first)
        if node is None:
            self._fail("empty_field", field=name, at=start)
        return node

    def _read_phrase(self, field: str | None) -> Node:
        start = self.at
        end = self.text.find('"', start + 1)
        if end < 0:
            self._fail("quote_never_closed", at=start)
        inside = self.text[start + 1 : end]
        if not has_word(inside):
            self._fail("empty_quotes", at=start)
        self.at = end + 1
        if field is not None and field not in TEXT_FIELDS:
            return make_term(field, inside, start)
        slop = self._read_slop()
        if field is None and (whole := whole_identifier(inside)):
            return replace(whole, position=start)
        return Phrase(text=inside, slop=slop, field=_text_field(field), position=start)

    def _read_slop(self) -> int:
        slop = 0
        if found := _SLOP.match(self.text, self.at):
            slop = int(found[1]) if len(found[1]) < len(str(MAX_SLOP)) + 1 else MAX_SLOP + 1
            if slop > MAX_SLOP:
                self._fail("too_far_apart", written=found[0], most=MAX_SLOP)
            self.at = found.end()
        return slop

    # --- signs ---

    def _peek(self) -> str:
        """Return the next sign, a parenthesis or quotation mark or the beginning of a word; empty at the end."""
        return self.text[self.at : self.at + 1]

    def _skip(self) -> None:
        """Go to the next word, parenthesis, quotation mark, ``*`` or minus."""
        text, at = self.text, self.at
        while at < len(text) and not (text[at] in '()"*' or self._is_minus(at)) and is_punctuation(text[at]):
            at += 1
        self.at = at

    def _is_minus(self, at: int) -> bool:
        """Tell a ``-`` that excludes from a hyphen or dash: it stands free and touches what follows."""
        if self.text[at] != "-" or (at and not (self.text[at - 1].isspace() or self.text[at - 1] in '()"')):
            return False
        following = self.text[at + 1 : at + 2]
        return following in set('("') or following.isalnum()

    def _ends(self) -> bool:
        self._skip()
        return self._peek() in {"", ")"} or self._operator() in {"OR", "AND"}

    def _operator(self) -> str | None:
        """Return the operator that stands next, if one does; it stays there."""
        self._skip()
        if self.at and not (self.text[self.at - 1].isspace() or self.text[self.at - 1] in '()"'):
            return None
        chunk = self._chunk()
        return chunk if chunk in _OPERATORS else None

    def _take_not(self) -> bool:
        if self._operator() == "NOT":
            self.at += len("NOT")
            self._skip()
            return True
        if self._peek() and self._is_minus(self.at):
            self.at += 1
            return True
        return False

    def _chunk(self) -> str:
        found = _CHUNK.match(self.text, self.at)
        return found[0] if found else ""

    def _known_field(self, written: str, end: int) -> str | None:
        """Return the field that ``written`` names before a value; ``None`` where it is a word with a colon."""
        following = self.text[end : end + 1]
        if not following or following.isspace() or following == ")":
            return None
        name = ALIASES.get(written.lower(), written.lower())
        if name in FIELDS:
            return name
        start = end - len(written) - 1
        if name in ABSENT:
            if instead := ABSENT[name]:
                self._fail("field_instead", written=written, near=instead, at=start)
            self._fail("field_absent", written=written, at=start)
        near = near_field(name)
        if near and self._may_be(near, end):
            self._fail("field_like", written=written, near=near, at=start)
        distant = None if near else distant_field(name)
        if distant and self._may_be(distant, end):
            self.doubts.append(Doubt(position=start, written=written, meant=distant))
        return None

    def _may_be(self, name: str, at: int) -> bool:
        """Tell whether what stands there could be a field's value: in ``land:use`` it is not that of ``lang:``."""
        if name in TEXT_FIELDS or self.text[at] == "(":
            return True
        end = self.text.find('"', at + 1) if self.text[at] == '"' else -1
        found = _CHUNK.match(self.text, at)
        if end > 0:
            return is_value(name, self.text[at + 1 : end])
        return found is not None and is_value(name, found[0][slice(*core_of(found[0]))])

    def _count(self, at: int) -> None:
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            self._fail("too_many_parts", most=MAX_CLAUSES, at=at)

    # --- errors ---

    def _fail_operator(self, operator: str, at: int) -> NoReturn:
        if operator == "NOT":
            self._fail("nothing_after_not", at=at)
        self._fail("one_sided", operator=operator, word=operator.lower(), at=at)

    def _fail(self, code: str, *, at: int | None = None, **values: Any) -> NoReturn:
        raise QueryError(code, position=self.at if at is None else at, **values)


def _make_word(chunk: str, field: str | None, start: int) -> Node | None:
    """Make the node of a chunk without blanks; ``None`` if there is no word in it."""
    if field in TERM_FIELDS or field == "year":
        return _make_condition(chunk, field, start)
    begin, end = core_of(chunk)
    text, position = chunk[begin:end], start + begin
    if _FUZZY.search(chunk) or _FUZZY.search(text):
        raise QueryError("similar_words", written=text, position=position)
    if not has_word(text):
        if "*" in text:
            raise QueryError("lone_star", position=position)
        return None
    if "*" in text:
        return _make_prefix(text, field, position)
    return Word(text=text.lower() if text in _OPERATORS else text, field=_text_field(field), position=position)


def _make_prefix(text: str, field: str | None, position: int) -> Prefix:
    beginning = text.rstrip("*")
    if (star := beginning.find("*")) >= 0:
        raise QueryError("star_inside", position=position + star)
    if sum(character.isalnum() for character in beginning) < _SHORTEST_PREFIX and beginning < _FIRST_HAN:
        raise QueryError("star_too_early", written=text, position=position)
    return Prefix(text=beginning, field=_text_field(field), position=position)


def _make_condition(chunk: str, name: str, start: int) -> Node:
    if "*" in chunk:
        raise QueryError("star_in_value", field=name, position=start + chunk.index("*"))
    return make_term(name, chunk.rstrip(",;"), start)


def _text_field(name: str | None) -> FieldName | None:
    return cast(FieldName, name) if name in TEXT_FIELDS else None


def _combine(kind: type[Or | Sequence | And], items: list[Node], position: int) -> Node | None:
    if len(items) > 1:
        return kind(items=tuple(items), position=position)
    return items[0] if items else None
