"""Public ids: opaque, minted once, never reused; an integer key stands beside each in the store."""

from __future__ import annotations

import secrets

#: Crockford's base 32: no letters that look like digits, nothing that spells by accident.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 13
WORK, MANIFESTATION, PERSON, CONTAINER, JUDGEMENT, TOKEN, RULE, ENTRY = "w", "m", "p", "c", "j", "t", "r", "e"
LIBRARY, LOGIN = "l", "i"


def mint(kind: str) -> str:
    """Return a new id of a kind, such as ``w4tq0…``: 65 random bits, so that ids cannot be guessed or collide."""
    number = secrets.randbits(5 * _LENGTH)  # at once: asking the system for each letter took as long as a merge
    return kind + "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
