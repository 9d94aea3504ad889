"""Pasted sentences: text whose quotation marks, parentheses and asterisks are its author's, not a query's."""

from __future__ import annotations

import re

from indexer.search.fields import ALIASES, FIELDS
from indexer.search.signs import has_word

#: The signs that a sentence may have without their being well-formed.
SIGNS = frozenset('()"*')
#: A shorter text with a lonely sign is a query with a slip, which its author can mend.
FEWEST_WORDS = 8
_BLANKS = str.maketrans(dict.fromkeys(SIGNS, " "))
_FIELDED = re.compile(r"([^\W\d_]+):\S")
_OPERATORS = frozenset({"AND", "OR", "NOT"})


def without_signs(text: str) -> str:
    """Return a text with blanks for those signs; as long as it was."""
    return text.translate(_BLANKS)


def is_sentence(text: str) -> bool:
    """Tell pasted text from a query with a slip: it has many words, and nothing else of the query language."""
    words = [chunk for chunk in without_signs(text).split() if has_word(chunk)]
    fields = (named[1].lower() for chunk in words if (named := _FIELDED.match(chunk)))
    return (
        len(words) >= FEWEST_WORDS
        and _OPERATORS.isdisjoint(words)
        and not any(ALIASES.get(name, name) in FIELDS for name in fields)
    )
