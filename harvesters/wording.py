"""Words for people that depend on numbers."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """Write a number with what is counted: 1 record, 2,000 records."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
