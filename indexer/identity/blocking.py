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
_WORDS = 4
_LETTERS = 6
_HAN_LETTERS = 8
_LEAST_LETTERS = 10
_MOST_TITLES = 2
_OPENING = 2


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
    if not portrait.is_generic:
        for title in portrait.titles[:_MOST_TITLES]:
            found.update(_title_blocks(title, portrait.year))
            found.update(_author_blocks(title, portrait))
    first, last = portrait.pages
    if first and last != "1" and portrait.volume:
        found.add(_block("p", f"{portrait.volume}|{first}|{last}|{portrait.year}"))
    return frozenset(found)


def _author_blocks(title: Title, portrait: Portrait) -> set[Block]:
    """Join the first family name in the alphabet with the title's first words, and with its longest and the year."""
    family = min((name.partition(" ")[0] for name in portrait.authors), default="")
    if not family:
        return set()
    if title.script == "han":
        return {_block("a", f"{family}|{title.text[: _HAN_LETTERS // 2]}")}
    words = [word for word in title.text.split(" ") if word not in stops]
    opening = "|".join(word[:_LETTERS] for word in words[:_OPENING])
    longest = min(words, key=lambda word: (-len(word), word), default="")
    return {_block("a", f"{family}|{opening}"), _block("y", f"{family}|{portrait.year}|{longest}")}


def _title_blocks(title: Title, year: int) -> set[Block]:
    text = title.text
    if title.letters < _LEAST_LETTERS:
        return {_block("t", f"{text}|{year}")}
    if title.script == "han":
        return {
            _block("b", text[:_HAN_LETTERS]),
            _block("e", text[-_HAN_LETTERS:]),
            _block("w", f"{text}|{year}", fine=True),
        }
    words = [word for word in text.split(" ") if word not in stops] or text.split(" ")
    cut = [word[:_LETTERS] for word in words]
    longest = sorted(set(words), key=lambda word: (-len(word), word))[:_WORDS]
    return {
        _block("b", "|".join(cut[:_WORDS])),
        _block("e", "|".join(cut[-_WORDS:])),
        _block("l", "|".join(sorted(longest))),
        _block("w", f"{text.replace(' ', '')}|{year}", fine=True),
    }


def _block(kind: str, text: str, *, fine: bool = False) -> Block:
    written = f"{kind}{text}".encode(errors="surrogatepass")
    return Block(_HASH.unpack(blake2b(written, digest_size=8).digest())[0], fine)
