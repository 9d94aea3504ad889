"""A whole reference pasted as it stands in a bibliography: what it names, and the words that its record should have.

Volume, pages, initials and “[J]” are in no record's text, journals are abbreviated, and punctuation means nothing here.
So a reference is searched by its identifiers or, where they bring nothing, by most of its words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexer.search.expression import Term
from indexer.search.fields import FIELDS, IDENTIFIER_FIELDS
from indexer.search.pasted import every_identifier
from indexer.search.signs import plain_signs

#: How many of a reference's words its record has to have: the journal is often abbreviated, authors are left out.
SHARE = 0.6
_SHORTEST = 20
_FEWEST_WORDS = 4
_FEWEST_SIGNS = 2
_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT|-[\w\"(])|\*|\"~\d")
_LOWER = re.compile(r"[a-z]")
_FIELD = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(FIELDS - IDENTIFIER_FIELDS - {'issn', 'journal', 'source', 'year'}))}):\S",
    re.IGNORECASE,
)
_YEAR_PAIR = re.compile(r"(?<!\d)(?:18|19|20)\d\d\s?[-–—]\s?(?:18|19|20)\d\d(?!\d)")
_SIGNS = tuple(
    re.compile(sign)
    for sign in (
        r"(?<!\d)(?:18|19|20)\d\d(?!\d)",
        r"(?<![\w-])\d{1,4}\s?\(\s?(?:\d+|[Ss]uppl)[^()]{0,20}\)|\b[Vv]ol(?:ume)?\b\.?\s?\d|\bno\.\s?\d|第\s?\d+\s?[卷期]",
        r"(?<![\w-])[eE]?\d{1,7}\s?[-–—]{1,2}\s?[eE]?\d{1,7}(?![\w-])|\bpp?\.\s?\d|页",
        r"\[[JMCDRN](?:/[A-Z]{2})?\]|\[EB/OL\]",
        r"\bet al\b|等[,.，。]",
        r"(?<!\w)[^\W\d_]{2,40},?\s(?:[A-Z]\.?\s?-?){1,3}(?:[,.;&]|$)",
    )
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NOISE = re.compile(
    r"\[[A-Z]{1,2}(?:/[A-Z]{2})?\]|\b(?:et al|available (?:from|at)|accessed|retrieved (?:from|on)|doi|pmid|pmcid"
    r"|vol|no|pp|in press|e?issn|isbn|editors?|eds?)\b|(?<=[\w,，])\s?等(?=[,.，。])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_INITIALS = re.compile(r"[A-Z](?:-?[A-Z])?|\w")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a reference names (any of them is it), and its words without what no record has."""

    identifiers: tuple[Term, ...]
    words: tuple[str, ...]


def read_citation(text: str) -> Citation | None:
    """Read a reference; ``None`` where the text is a query of its own: short, with operators, or without its signs."""
    plain = plain_signs(text)
    if len(plain.strip()) < _SHORTEST or _FIELD.search(plain) or (_OPERATOR.search(plain) and _LOWER.search(plain)):
        return None
    named = list(every_identifier(plain))
    for _, start, end in named:
        plain = plain[:start] + " " * (end - start) + plain[end:]
    rest = _YEAR_PAIR.sub(" ", _ADDRESS.sub(" ", plain))
    words = tuple(word for word in _WORD.findall(_NOISE.sub(" ", rest)) if not _is_initials(word))
    enough = len(words) >= _FEWEST_WORDS or len(_HAN.findall(rest)) > _FEWEST_WORDS
    signs = sum(sign.search(rest) is not None for sign in _SIGNS)
    if named:
        is_reference = enough or signs >= _FEWEST_SIGNS
    else:
        is_reference = enough and signs >= _FEWEST_SIGNS and (signs > _FEWEST_SIGNS or bool(_SIGNS[0].search(rest)))
    if not is_reference:
        return None
    return Citation(identifiers=tuple(dict.fromkeys(term for term, _, _ in named)), words=words)


def _is_initials(word: str) -> bool:
    return _INITIALS.fullmatch(word) is not None and not _HAN.match(word)
