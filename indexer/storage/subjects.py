"""What the library says of its subject tree: classes, names, where headings lead; and which works wait to follow.

Nothing is removed: the newest row that was not taken back counts. What an edit is about is noted in its transaction
as *pending*; whoever writes the index finds the works through it, indexes them again, and strikes it off
(``indexer.reclassifying``). The feed of works knows nothing of this: no work has changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select

from indexer.errors import UnfitEditError, UnknownEditError, WrongEditError
from indexer.storage import schema
from indexer.storage.database import Database, inserted_key, retried
from indexer.storage.said import Signed, find_row, require_line, undo_row
from indexer.storage.sources import record_audit
from indexer.storage.subject_queue import WRITER, Pending, note_pending
from indexer.subjects.classifying import KEYWORD, LONGEST_VALUE, Classifier, SubjectMapping
from indexer.subjects.tables import SubjectClass, fold_term
from indexer.subjects.tree import DEEPEST, SubjectTree

ChangeKind = Literal["class", "mapping"]
State = Literal["in_force", "overruled", "undone"]
LONGEST_NAME, LONGEST_CODE, LONGEST_SCHEME = 120, 20, 40
#: Mappings of one import.
MOST_AT_ONCE = 20_000
_LETTER: dict[ChangeKind, str] = {"class": "c", "mapping": "m"}
_LOOK_SECONDS = 1.0
_classes, _mappings = schema.subject_classes, schema.subject_mappings


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChange:
    """A change as it is kept: of a class (``code``, names, ``hidden``), or where ``value`` of ``scheme`` leads.

    ``state`` is ``in_force``, ``overruled`` by a newer one of the same, or ``undone``.
    """

    id: str
    kind: ChangeKind
    state: State
    code: str | None
    parent: str | None = None
    name_en: str | None = None
    name_zh: str | None = None
    hidden: bool | None = None
    scheme: str | None = None
    value: str | None = None
    note: str
    who: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


class SubjectTable:
    """The library's subject tree; safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: tuple[object, SubjectTree, Classifier] | None = None
        self._looked = 0.0

    # --- reading -----------------------------------------------------------------------------

    def tree(self) -> SubjectTree:
        """Return the tree as it was a second ago or, while another thread makes a newer one, as it was before that."""
        known = self._known
        if known is not None and (time.monotonic() - self._looked < _LOOK_SECONDS or self._lock.locked()):
            return known[1]
        return self._current()[1]

    def classifier(self) -> Classifier:
        """Return what classes works by the present state."""
        return self._current()[2]

    def _current(self) -> tuple[object, SubjectTree, Classifier]:
        with self._lock, self._database.read() as connection:
            now, revision = time.monotonic(), _revision(connection)
            if self._known is None or self._known[0] != revision:
                tree = SubjectTree(_class(row) for row in _in_force(connection, _classes, ("code",)))
                rows = _in_force(connection, _mappings, ("scheme", "value"))
                said = (SubjectMapping(scheme=row.scheme, value=row.value, code=row.code) for row in rows)
                self._known = revision, tree, Classifier(tree, said)
            self._looked = now
            return self._known

    def mappings(self) -> list[SubjectMapping]:
        """Return the mappings that are in force, by scheme and value."""
        with self._database.read() as connection:
            rows = _in_force(connection, _mappings, ("scheme", "value"))
        said = [SubjectMapping(scheme=row.scheme, value=row.value, code=row.code) for row in rows]
        return sorted(said, key=lambda one: (one.scheme, one.value))

    def changes(self, kind: ChangeKind, *, before: int | None, limit: int) -> list[tuple[int, SubjectChange]]:
        """Return changes of a kind with their places, the newest first, undone ones too."""
        table = _classes if kind == "class" else _mappings
        statement = select(table).order_by(table.c.key.desc()).limit(limit)
        if before is not None:
            statement = statement.where(table.c.key < before)
        with self._database.read() as connection:
            return [
                (row.key, _change(kind, row, _state(connection, kind, row))) for row in connection.execute(statement)
            ]

    # --- mappings ----------------------------------------------------------------------------

    def map(self, scheme: str, value: str, code: str | None, by: Signed) -> tuple[SubjectChange, bool]:
        """Say where a heading, class mark or keyword leads (``None``: to no class); tell whether that is new.

        Raises:
            WrongEditError: a part cannot be used.
        """
        (found,) = self.map_many([SubjectMapping(scheme=scheme, value=value, code=code)], by)
        return found

    @retried
    def map_many(self, wanted: Sequence[SubjectMapping], by: Signed) -> list[tuple[SubjectChange, bool]]:
        """Say where many lead, all or none of them; each with whether that is new.

        Raises:
            WrongEditError: one of them cannot be used; the message names it.
        """
        if len(wanted) > MOST_AT_ONCE:
            raise WrongEditError(
                f"{len(wanted):,} mappings are more than {MOST_AT_ONCE:,}.",
                remedy="Give them in several parts.",
                parameter="mappings",
            )
        with self._database.write() as connection:
            self._database.one_writer(connection, WRITER)
            tree = SubjectTree(_class(row) for row in _in_force(connection, _classes, ("code",)))
            cleaned = [_cleaned(one, tree) for one in wanted]
            standing = {
                (row.scheme.casefold(), fold_term(row.value)): row
                for row in _in_force(connection, _mappings, ("scheme", "value"))
            }
            told: list[tuple[int, bool]] = []
            pending: list[Pending] = []
            for one in cleaned:
                known = (one.scheme.casefold(), fold_term(one.value))
                held = standing.get(known)
                if held is not None and held.code == one.code:
                    told.append((held.key, False))
                    continue
                named = one if held is None else held  # as it was written first
                values = {"scheme": named.scheme, "value": named.value, "code": one.code}
                key = inserted_key(connection.execute(_mappings.insert().values(**values, **by.values())))
                standing[known] = connection.execute(select(_mappings).where(_mappings.c.key == key)).one()
                told.append((key, True))
                pending.append(Pending(scheme=known[0], value=known[1]))
                details = {**values, "reason": by.note, "who": by.who}
                record_audit(connection, by.actor, "subject.map", f"subjects:m{key}", details)
            note_pending(self._database, connection, pending)
            rows = {key: find_row(connection, _mappings, key) for key, _ in told}
            return [(_change("mapping", rows[key], "in_force"), created) for key, created in told]

    # --- classes -----------------------------------------------------------------------------

    @retried
    def set_class(
        self,
        code: str,
        by: Signed,
        *,
        name_zh: str | None = None,
        name_en: str | None = None,
        parent: str | None = None,
        hidden: bool | None = None,
    ) -> tuple[SubjectChange, bool]:
        """Rename or hide a class, or add one of the library's own (which needs both names, and a parent below the top).

        What is ``None`` stays as it is. Returns the change, and whether it is one.

        Raises:
            WrongEditError: a part cannot be used.
        """
        code = _clean_code(code)
        with self._database.write() as connection:
            self._database.one_writer(connection, WRITER)
            tree = SubjectTree(_class(row) for row in _in_force(connection, _classes, ("code",)))
            before = tree.get(code)
            values = _class_values(tree, before, code, name_zh, name_en, parent, hidden)
            newest = _newest(connection, code)
            if before is not None and _as_values(before) == values:
                if newest is None:
                    raise UnfitEditError(f"Class {code} is so already.", remedy="Nothing is to be changed.")
                return _change("class", newest, "in_force"), False
            key = inserted_key(connection.execute(_classes.insert().values(**values, **by.values())))
            details = {**values, "reason": by.note, "who": by.who}
            record_audit(connection, by.actor, "subject.class", f"subjects:c{key}", details)
            if before is not None and before.parent != values["parent"]:
                note_pending(self._database, connection, [Pending(scheme=None, value=code)])
            return _change("class", find_row(connection, _classes, key), "in_force"), True

    # --- taking back -------------------------------------------------------------------------

    @retried
    def undo(self, change: str, by: Signed) -> SubjectChange:
        """Take a change back; what an older one of the same said counts again.

        Raises:
            UnknownEditError: there is none of this id.
            UnfitEditError: it was undone before, or mappings or classes need the class that it made.
        """
        kind = next((kind for kind, letter in _LETTER.items() if change[:1] == letter), None)
        if kind is None or not change[1:].isascii() or not change[1:].isdecimal() or len(change) > LONGEST_CODE - 2:
            raise UnknownEditError(
                f"There is no change {change[:40]!r}.", remedy="Take its id (c… or m…) from kaijuan subjects changes."
            )
        table = _classes if kind == "class" else _mappings
        with self._database.write() as connection:
            self._database.one_writer(connection, WRITER)
            found = find_row(connection, table, int(change[1:]))
            before = SubjectTree(_class(row) for row in _in_force(connection, _classes, ("code",)))
            row = undo_row(connection, table, found, f"subjects:{change}", by, f"subject.{kind}.undo")
            if kind == "class":
                _after_class(self._database, connection, before, row.code)
            else:
                one = Pending(scheme=row.scheme.casefold(), value=fold_term(row.value))
                note_pending(self._database, connection, [one])
            return _change(kind, find_row(connection, table, row.key), "undone")


# --- rows ------------------------------------------------------------------------------------


def _revision(connection: Connection) -> object:
    """Return what is another whenever anything was said or taken back."""
    parts: list[object] = []
    for table in (_classes, _mappings):
        counted = select(func.max(table.c.key), func.count(table.c.undone_at), func.count())
        parts += connection.execute(counted).one()
    return tuple(parts)


def _in_force(connection: Connection, table: Any, names: tuple[str, ...]) -> list[Row[Any]]:
    """Return the newest row that was not undone for each value of some columns, whatever their case."""
    statement = select(table).where(table.c.undone_at.is_(None)).order_by(table.c.key)
    found: dict[tuple[str, ...], Row[Any]] = {}
    for row in connection.execute(statement):
        found[tuple(fold_term(getattr(row, name)) for name in names)] = row
    return list(found.values())


def _newest(connection: Connection, code: str) -> Row[Any] | None:
    statement = select(_classes).where(_classes.c.code == code, _classes.c.undone_at.is_(None))
    return connection.execute(statement.order_by(_classes.c.key.desc()).limit(1)).one_or_none()


def _class(row: Row[Any]) -> SubjectClass:
    return SubjectClass(code=row.code, parent=row.parent, name_zh=row.name_zh, name_en=row.name_en, hidden=row.hidden)


def _change(kind: ChangeKind, row: Row[Any] | None, state: State) -> SubjectChange:
    assert row is not None  # noqa: S101  # it was read or written in this transaction
    own = ("parent", "name_en", "name_zh", "hidden") if kind == "class" else ("scheme", "value")
    kept = ("code", "note", "who", "at", "undone_at", "undone_by")
    values = {name: getattr(row, name) for name in (*own, *kept)}
    return SubjectChange(id=f"{_LETTER[kind]}{row.key}", kind=kind, state=state, **values)


def _state(connection: Connection, kind: ChangeKind, row: Row[Any]) -> State:
    if row.undone_at is not None:
        return "undone"
    return "overruled" if _is_overruled(connection, kind, row) else "in_force"


def _is_overruled(connection: Connection, kind: ChangeKind, row: Row[Any]) -> bool:
    table = _classes if kind == "class" else _mappings
    newer = select(table).where(table.c.key > row.key, table.c.undone_at.is_(None))
    if kind == "class":
        newer = newer.where(table.c.code == row.code)
        return connection.execute(newer.limit(1)).first() is not None
    exact = newer.where(table.c.scheme == row.scheme, table.c.value == row.value)
    return connection.execute(exact.limit(1)).first() is not None


# --- checking --------------------------------------------------------------------------------


def _cleaned(one: SubjectMapping, tree: SubjectTree) -> SubjectMapping:
    scheme, value = one.scheme.strip() or KEYWORD, " ".join(one.value.split())
    require_line(scheme, LONGEST_SCHEME, "The scheme", "scheme")
    require_line(value, LONGEST_VALUE, "The heading, class mark or keyword", "value")
    if not any(map(str.isalnum, fold_term(value))):
        raise WrongEditError(
            f"{value!r} has nothing to compare with.", remedy="Give letters or digits.", parameter="value"
        )
    code = None if one.code is None else _clean_code(one.code)
    if code is not None and code not in tree:
        raise WrongEditError(
            f"There is no class {code!r} for {value!r}.",
            remedy="Take a code from kaijuan subjects tree, or add the class first.",
            parameter="code",
        )
    return SubjectMapping(scheme=scheme, value=value, code=code)


def _clean_code(code: str) -> str:
    cleaned = code.strip().upper()
    allowed = cleaned.isascii() and cleaned[:1].isalpha() and all(one.isalnum() or one in ".-" for one in cleaned)
    if not allowed or len(cleaned) > LONGEST_CODE:
        raise WrongEditError(
            f"{code[:40]!r} is no class code.",
            remedy=f"Write letters and digits, a letter first, {LONGEST_CODE} at most: TP3, LOCAL-1.",
            parameter="code",
        )
    return cleaned


def _class_values(
    tree: SubjectTree,
    before: SubjectClass | None,
    code: str,
    name_zh: str | None,
    name_en: str | None,
    parent: str | None,
    hidden: bool | None,  # noqa: FBT001  # as above
) -> dict[str, Any]:
    """Put a class together of what it was and what is given."""
    above = _clean_code(parent) if parent else (before.parent if before else None)
    if above is not None and (above not in tree or code in tree.path(above) or len(tree.path(above)) >= DEEPEST):
        raise WrongEditError(
            f"Class {code} cannot stand below {above}.",
            remedy="Name a class that there is, that is not below this one, and not too deep.",
            parameter="parent",
        )
    names = {
        "name_zh": name_zh if name_zh is not None else (before.name_zh if before else ""),
        "name_en": name_en if name_en is not None else (before.name_en if before else ""),
    }
    for called, name in names.items():
        require_line(name, LONGEST_NAME, f"The name of class {code}", called)
    is_hidden = hidden if hidden is not None else bool(before and before.hidden)
    return {"code": code, "parent": above, **names, "hidden": is_hidden}


def _as_values(one: SubjectClass) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("code", "parent", "name_zh", "name_en", "hidden")}


def _after_class(database: Database, connection: Connection, before: SubjectTree, code: str) -> None:
    """See to what hung on a class whose change was taken back."""
    after = SubjectTree(_class(row) for row in _in_force(connection, _classes, ("code",)))
    if code not in after:
        led = connection.execute(
            select(_mappings).where(_mappings.c.code == code, _mappings.c.undone_at.is_(None)).limit(1)
        ).first()
        if led is not None or before.children(code):
            raise UnfitEditError(
                f"Class {code} is in use: {'a heading leads to it' if led else 'classes stand below it'}.",
                remedy="Take those back first (kaijuan subjects changes lists them), or hide the class.",
            )
    if after.path(code) != before.path(code):
        note_pending(database, connection, [Pending(scheme=None, value=code)])
