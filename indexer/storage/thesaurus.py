"""The library's own terms: what stands for what in searches, with who said it and why; nothing is ever removed.

Rows are added and taken back one transaction after another, so the highest key and the number of rows that were taken
back name a state of the table, and every earlier state can be put together again: a walk over a result goes on with the
terms that it began with.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from indexer import ids
from indexer.errors import WrongEditError
from indexer.search.pinyin import has_han
from indexer.search.thesaurus import Entry, EntryKind, Term, Thesaurus, builtin_entries, compared, forget_expanded
from indexer.storage import schema
from indexer.storage.database import Database, retried
from indexer.storage.said import Signed, require_line, undo_row
from indexer.storage.sources import record_audit

LONGEST_TERM, MOST_TERMS = 100, 20
#: Entries in force; all are kept in memory.
MOST_ENTRIES = 50_000
#: Entries of one import.
MOST_AT_ONCE = 20_000
_LOOK_SECONDS = 1.0
_MOST_KEPT = 8
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_VERSION = re.compile(r"(\d{1,18})\.(\d{1,18})", re.ASCII)
_WRITER = "thesaurus"
_table = schema.thesaurus_entries
_FEWEST: dict[EntryKind, int] = {"synonym": 2, "translation": 2, "block": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThesaurusEntry:
    """An entry as it is kept."""

    id: str
    kind: EntryKind
    terms: tuple[Term, ...]
    note: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


def make_entry(kind: str, terms: Sequence[Term]) -> Entry:
    """Return an entry whose parts were checked; languages that are not given are told by the script.

    Raises:
        WrongEditError: a part cannot be used.
    """
    if kind not in _FEWEST:
        raise WrongEditError(f"There is no kind {kind[:40]!r}.", remedy=f"Use {', '.join(_FEWEST)}.", parameter="kind")
    cleaned = tuple(dict.fromkeys(_cleaned(term) for term in terms))
    if not _FEWEST[kind] <= len(cleaned) <= MOST_TERMS:
        raise WrongEditError(
            f"An entry of kind {kind} has {len(cleaned)} terms.",
            remedy=f"Give {_FEWEST[kind]} to {MOST_TERMS} different ones.",
            parameter="terms",
        )
    return Entry(kind=kind, terms=cleaned)


def _cleaned(term: Term) -> Term:
    text = " ".join(term.text.split())
    require_line(text, LONGEST_TERM, "A term", "terms")
    if not compared(text):
        raise WrongEditError(
            f"{text!r} has no word that can be searched for.",
            remedy="Write a word of two letters or more; Chinese: two characters.",
            parameter="terms",
        )
    language = term.language.strip().lower() or ("zh" if has_han(text) else "")
    if language and not _LANGUAGE.fullmatch(language):
        raise WrongEditError(
            f"{language[:40]!r} is no language.", remedy="Use a code such as zh, en, de, or none.", parameter="terms"
        )
    return Term(text=text, language=language)


class ThesaurusTable:
    """The library's thesaurus; safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looking, self._building = threading.Lock(), threading.Lock()
        self._kept: dict[tuple[str, bool], Thesaurus] = {}
        self._version = ""
        self._good_until = 0.0

    # --- for every search --------------------------------------------------------------------

    def current(self, *, builtin: bool) -> Thesaurus:
        """Return the thesaurus as it was at most a second or two ago; nearly always without asking the database.

        With ``builtin`` the terms that come with the program are part of it. Tens of thousands of entries take seconds
        to be made ready: whoever comes meanwhile searches by those of before.
        """
        if time.monotonic() >= self._good_until and self._looking.acquire(blocking=not self._version):
            try:
                with self._database.read() as connection:
                    version = _version(connection)
                self._state(version, builtin=builtin)
                self._version = version
                self._good_until = time.monotonic() + _LOOK_SECONDS
            finally:
                self._looking.release()
        return self._state(self._version, builtin=builtin)

    def as_of(self, version: str, *, builtin: bool) -> Thesaurus:
        """Return the thesaurus as it was when it had this version; the present one for what is none."""
        return self._state(version, builtin=builtin) if _VERSION.fullmatch(version) else self.current(builtin=builtin)

    def _state(self, version: str, *, builtin: bool) -> Thesaurus:
        if (known := self._kept.get((version, builtin))) is not None:
            return known
        with self._building:  # by one; all others who need it wait for that one
            if (known := self._kept.get((version, builtin))) is not None:
                return known
            with self._database.read() as connection:
                rows = _rows_of(connection, version)
            entries = [Entry(kind=row.kind, terms=_terms(row)) for row in rows]
            made = Thesaurus([*entries, *(builtin_entries() if builtin else ())], version=version)
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[version, builtin] = made
            forget_expanded()
            return made

    # --- the desk's list ---------------------------------------------------------------------

    def page(
        self, *, in_force: bool | None = None, before: str | None = None, limit: int
    ) -> tuple[list[ThesaurusEntry], str | None]:
        """Return entries, the newest first, and what to give as ``before`` for the next page."""
        statement = select(_table).order_by(_table.c.key.desc()).limit(limit + 1)
        if in_force is not None:
            statement = statement.where(_table.c.undone_at.is_(None) == in_force)
        with self._database.read() as connection:
            if before is not None:
                named = before if before.isprintable() else ""
                last = connection.scalar(select(_table.c.key).where(_table.c.id == named))
                statement = statement.where(_table.c.key < (last or 0))
            rows = connection.execute(statement).all()
        return [_entry(row) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None

    def in_force(self) -> list[ThesaurusEntry]:
        """Return every entry that was not taken back, the oldest first."""
        statement = select(_table).where(_table.c.undone_at.is_(None)).order_by(_table.c.key)
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(statement)]

    # --- changes -----------------------------------------------------------------------------

    def add(self, entry: Entry, by: Signed) -> tuple[ThesaurusEntry, bool]:
        """Add an entry; tell whether it is new."""
        (found,) = self.add_many([entry], by)
        return found

    @retried
    def add_many(self, entries: Sequence[Entry], by: Signed) -> list[tuple[ThesaurusEntry, bool]]:
        """Add many, all or none of them; each with whether it is new: what is there already is not added again.

        Raises:
            WrongEditError: they are too many.
        """
        if len(entries) > MOST_AT_ONCE:
            raise WrongEditError(
                f"{len(entries):,} entries are more than {MOST_AT_ONCE:,}.",
                remedy="Give them in several parts.",
                parameter="entries",
            )
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            standing = connection.execute(select(_table).where(_table.c.undone_at.is_(None))).all()
            known: dict[object, Row[Any]] = {_sameness(row.kind, _terms(row)): row for row in standing}
            found: list[tuple[ThesaurusEntry, bool]] = []
            for entry in entries:
                same = _sameness(entry.kind, entry.terms)
                is_new = same not in known
                if is_new:
                    known[same] = _insert(connection, entry, by)
                found.append((_entry(known[same]), is_new))
            if len(known) > MOST_ENTRIES:
                raise WrongEditError(
                    f"The thesaurus would have more than {MOST_ENTRIES:,} entries.",
                    remedy="Undo what is not needed.",
                    parameter="entries",
                )
        self._good_until = 0.0
        return found

    @retried
    def undo(self, entry_id: str, by: Signed) -> ThesaurusEntry:
        """Take an entry back; it stays in the list.

        Raises:
            UnknownEditError: there is no such entry.
            UnfitEditError: it was taken back before.
        """
        statement = select(_table).where(_table.c.id == (entry_id if entry_id.isprintable() else ""))
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            found = connection.execute(statement).one_or_none()
            undo_row(connection, _table, found, entry_id, by, "thesaurus.undo")
            entry = _entry(connection.execute(statement).one())
        self._good_until = 0.0
        return entry


def _insert(connection: Connection, entry: Entry, by: Signed) -> Row[Any]:
    entry_id = ids.mint(ids.ENTRY)
    terms = [{"text": term.text, "language": term.language} for term in entry.terms]
    values = {"id": entry_id, "kind": entry.kind, "terms": orjson.dumps(terms), **by.values()}
    connection.execute(_table.insert().values(**values))
    details = {"kind": entry.kind, "terms": terms, "reason": by.note, "who": by.who}
    record_audit(connection, by.actor, "thesaurus.add", entry_id, details)
    return connection.execute(select(_table).where(_table.c.id == entry_id)).one()


def _version(connection: Connection) -> str:
    highest, undone = connection.execute(select(func.max(_table.c.key), func.count(_table.c.undone_at))).one()
    return f"{highest or 0}.{undone}"


def _rows_of(connection: Connection, version: str) -> list[Row[Any]]:
    """Return the rows that were in force when the table had this version."""
    highest, undone = (int(part) for part in version.split("."))
    back = select(_table.c.key).where(_table.c.undone_at.is_not(None)).order_by(_table.c.undone_at, _table.c.key)
    gone = set(connection.scalars(back.limit(undone)))
    rows = connection.execute(select(_table).where(_table.c.key <= highest).order_by(_table.c.key))
    return [row for row in rows if row.key not in gone]


def _terms(row: Row[Any]) -> tuple[Term, ...]:
    return tuple(Term(text=one["text"], language=one["language"]) for one in orjson.loads(row.terms))


def _sameness(kind: str, terms: Sequence[Term]) -> object:
    """Return what two entries have in common that say the same."""
    return kind == "block", frozenset(compared(term.text) for term in terms)


def _entry(row: Row[Any]) -> ThesaurusEntry:
    return ThesaurusEntry(
        id=row.id,
        kind=row.kind,
        terms=_terms(row),
        note=row.note,
        who=row.who,
        at=row.at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
