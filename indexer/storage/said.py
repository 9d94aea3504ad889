"""What the tables of a librarian's changes share: who says it and why, and that it was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from indexer import clock
from indexer.errors import UnfitEditError, UnknownEditError, WrongEditError
from indexer.storage.limits import storable_text
from indexer.storage.sources import Actor, record_audit

LONGEST_NOTE, LONGEST_WHO = 2_000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who says it, and why; ``person_key`` of whoever is signed in, whose public id is ``who`` then."""

    who: str
    note: str
    person_key: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is missing, too long, or no line of text."""
        require_line(self.note, LONGEST_NOTE, "The reason", "reason")
        require_line(self.who, LONGEST_WHO, "The name of who decides", "who")

    def values(self) -> dict[str, Any]:
        """Return the columns of a new row."""
        return {"note": self.note, "who": self.who, "person_key": self.person_key, "at": clock.now()}

    @property
    def actor(self) -> Actor:
        """Return who is written down; the desk's token is nobody's account, as the command line is nobody's."""
        return Actor(person_key=self.person_key)


def require_line(value: str, longest: int, called: str, parameter: str) -> None:
    """Refuse a text that is missing, too long, or has characters that no text may have."""
    if not value.strip() or len(value) > longest or storable_text(value) != value:
        raise WrongEditError(
            f"{called} is missing, too long, or has characters that no text may have.",
            remedy=f"Give 1 to {longest:,} characters.",
            parameter=parameter,
        )


def undo_row(
    connection: Connection, table: Table, found: Row[Any] | None, named: str, by: Signed, action: str
) -> Row[Any]:
    """Mark a row as taken back and write that down, with the reason; return it as it was.

    Raises:
        UnknownEditError: there is none.
        UnfitEditError: it was taken back before.
    """
    if found is None:
        raise UnknownEditError(f"There is no change {named[:80]!r}.", remedy="List them, and take the id from there.")
    if found.undone_at is not None:
        raise UnfitEditError(
            f"{named} was undone already, by {found.undone_by}.", remedy="Nothing is left to undo; say it anew instead."
        )
    values = {"undone_at": clock.now(), "undone_by": by.who}
    connection.execute(update(table).where(table.c.key == found.key).values(**values))
    record_audit(connection, by.actor, action, named, {"who": by.who, "reason": by.note})
    return found


def find_row(connection: Connection, table: Table, key: int) -> Row[Any] | None:
    """Return the row of a key, if there is one."""
    return connection.execute(select(table).where(table.c.key == key)).one_or_none()
