"""Blocks: hashed keys under which portraits meet, so that only few of them need be compared.

Each key must be nearly its work's own, or its block grows with the collection: beginnings and ends of titles, their
longest words, places, identifiers. Two records of one work share at least one of them although each has slips.
"""

from __future__ import annotations

import struct
from hashlib import blake2b
from typing import NamedTuple

from indexer.identity.portrait import Portrait
from indexer.identity.titles import Title, stops

MOST_IN_BLOCK = 50
"""A larger block is no longer compared everybody with everybody."""
_HASH = struct.Struct(">q")
_WORDS = 5
_OPENING = 3
_LETTERS = 6
_LONGEST = 6
_HAN_LETTERS = 8
_LEAST_LETTERS = 10
_MOST_TITLES = 2


class Block(NamedTuple):
    """One key: ``value`` is a signed 64-bit hash of its kind and text.

    The members of a ``fine`` block are so alike that a large one still pairs each member with its first three.
    """

    value: int
    fine: bool


def blocks_of(portrait: Portrait) -> frozenset[Block]:
    """Return the blocks of a portrait; one without identifiers, title and pages has none and stays alone."""
    found: set[Block] = set()
    whole = "|".join(title.text for title in portrait.titles[:1])
    for identifier in portrait.identifiers:
        found.add(_block("i", identifier))
        if whole:
            found.add(_block("f", f"{identifier}|{whole}", fine=True))
    for _, target in portrait.relations:  # a notice meets what it names, whatever the titles are
        found.add(_block("i", target))
        if whole:
            found.add(_block("f", f"{target}|{whole}", fine=True))
    if not portrait.is_generic:
        family = min((name.partition(" ")[0] for name in portrait.authors), default="")
        for title in portrait.titles[:_MOST_TITLES]:
            found.update(_title_blocks(title, family, portrait.year))
    first, last = portrait.pages
    if first and last != "1" and portrait.volume:
        found.add(_block("p", f"{portrait.volume}|{first}|{last}|{portrait.year}"))
    return frozenset(found)


def _title_blocks(title: Title, family: str, year: int) -> set[Block]:
    """Return the whole title, its longest words, and what bears slips in those: its ends, with a year or a name.

    ``family`` is the first family name in the alphabet, because not all sources keep the order of authors. Ends of
    titles alone would be too common: thousands of articles are about "… in children: a systematic review".
    """
    text = title.text
    if title.letters < _LEAST_LETTERS:
        return {_block("t", f"{text}|{year}")}
    found = {_block("w", f"{text.replace(' ', '')}|{year}", fine=True)}
    if title.script == "han":
        start, end = text[:_HAN_LETTERS], text[-_HAN_LETTERS:]
        return found | {
            _block("x", text), _block("b", f"{year}|{start}"), _block("e", f"{year}|{end}"),
            _block("c", f"{family}|{start}"),
        }  # fmt: skip
    words = [word for word in text.split(" ") if word not in stops] or text.split(" ")
    cut = [word[:_LETTERS] for word in words]
    longest = sorted(set(words), key=lambda word: (-len(word), word))[:_LONGEST]
    found |= {
        _block("b", f"{year}|{'|'.join(cut[:_WORDS])}"),
        _block("e", f"{year}|{'|'.join(cut[-_WORDS:])}"),
        _block("l", "|".join(sorted(longest))),
    }
    if family:
        found |= {_block("y", f"{family}|{year}|{longest[0]}"), _block("c", f"{family}|{'|'.join(cut[:_OPENING])}")}
    return found


def _block(kind: str, text: str, *, fine: bool = False) -> Block:
    written = f"{kind}{text}".encode(errors="surrogatepass")
    return Block(_HASH.unpack(blake2b(written, digest_size=8).digest())[0], fine)
