"""A parsed query: what was asked, with the positions where it stands in the text.

::

    Node
    ├── Word, Prefix, Phrase    words of a text field (``field`` ``None``: everywhere)
    ├── Term, YearRange         exact conditions
    ├── Sequence                items side by side: how many of the bare words must match is not said here
    ├── And, Or                 said by operators
    └── Not

Positions (0-based, the first character) do not count when nodes are compared.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Literal, assert_never

FieldName = Literal["title", "author", "journal", "subject"]
IdentifierName = Literal["doi", "pmid", "pmcid", "arxiv", "isbn", "doaj", "handle", "url"]
TermName = Literal[IdentifierName, "issn", "lang", "source", "license", "type", "has", "status", "clc", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Text without blanks; analysis may find several words in it."""

    text: str
    field: FieldName | None = None
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """The beginning of a word: ``text`` is without the ``*``."""

    text: str
    field: FieldName | None = None
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words in a row, at most ``slop`` further apart."""

    text: str
    slop: int = 0
    field: FieldName | None = None
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A whole value of an exact field, in its canonical form."""

    name: TermName
    value: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRange:
    """Publication years, inclusive; ``None`` is open, not both."""

    since: int | None
    until: int | None
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Two or more items side by side."""

    items: tuple[Node, ...]
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """Two or more items, all of them."""

    items: tuple[Node, ...]
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Two or more items, any of them."""

    items: tuple[Node, ...]
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Everything but the item."""

    item: Node
    position: int = dataclasses.field(default=0, compare=False)


Node = Word | Prefix | Phrase | Term | YearRange | Sequence | And | Or | Not

_LABEL_AT_END = re.compile(r"(?<!\w)(?:doi|pmid|pmc|pmcid|hdl|[epl]?issn|issn-l|isbn(?:-1[03])?)$", re.IGNORECASE)
#: How tightly nodes bind when printed; a looser one inside a tighter one needs parentheses.
_BINDING: dict[type[Node], int] = {Or: 0, Sequence: 1, And: 2, Not: 3}


def print_query(node: Node) -> str:  # noqa: PLR0911 - one return for each kind of node
    """Write a node in the query language, so that parsing it gives the same node."""
    match node:
        case Word():
            return _fielded(node.field, node.text)
        case Prefix():
            return _fielded(node.field, f"{node.text}*")
        case Phrase():
            return _fielded(node.field, f'"{node.text}"' + (f"~{node.slop}" if node.slop else ""))
        case Term():
            return _print_term(node)
        case YearRange():
            return f"year:{_print_years(node)}"
        case Not():
            return "-" + _print_item(node.item, _BINDING[Not])
        case Sequence():
            return _side_by_side([_print_item(item, _BINDING[Sequence]) for item in node.items])
        case And() | Or():
            joint = " AND " if isinstance(node, And) else " OR "
            return joint.join(_print_item(item, _BINDING[type(node)]) for item in node.items)
        case _:
            assert_never(node)


def _print_item(item: Node, binding: int) -> str:
    printed = print_query(item)
    return f"({printed})" if _BINDING.get(type(item), 9) <= binding else printed


def _side_by_side(printed: list[str]) -> str:
    """Join items by blanks, with a comma where two words together would be an identifier (“pmid, 123”)."""
    text = printed[0]
    for item in printed[1:]:
        runs_on = _LABEL_AT_END.search(text) or (text[-1].isdigit() and item[0].isdigit())
        text += f", {item}" if runs_on else f" {item}"
    return text


def _fielded(name: str | None, text: str) -> str:
    return f"{name}:{text}" if name else text


def _print_term(term: Term) -> str:
    simple = term.name != "url" and not any(one.isspace() or one in "()" for one in term.value)
    return f"{term.name}:{term.value}" if simple else f'{term.name}:"{term.value}"'


def _print_years(years: YearRange) -> str:
    since = "" if years.since is None else f"{years.since:04d}"
    until = "" if years.until is None else f"{years.until:04d}"
    return since if since == until else f"{since}..{until}"
