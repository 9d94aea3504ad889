"""Backups of the embedded deployment: one file, made while harvests and searches go on, and put back.

The file is a copy of the record store as it was at one moment (SQLite's online backup; sqlite.org/backup.html). A read
transaction holds that moment, so that writers in other processes do not make the copy begin anew. The search index is
not in it: it is built from the store.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text

from indexer import clock
from indexer.errors import StoreDamagedError, StoreError
from indexer.storage import schema
from indexer.storage.database import Database
from indexer.storage.driver_errors import translated_driver
from indexer.storage.migrating import revisions
from indexer.storage.quiet import alone
from indexer.storage.store import FILE_NAME

_PAGES_AT_ONCE = 2_000
#: SQLite's file, and what it may keep beside it.
_BESIDE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup file and what is in it."""

    path: Path
    size: int
    sha256: str
    schema: str
    works: int
    records: int


def checksum_file(path: Path) -> Path:
    """Return where a backup's checksum stands, in the form that ``sha256sum -c`` reads."""
    return path.with_name(f"{path.name}.sha256")


def back_up(database: Database, path: Path, *, watch: Callable[[int, int], None] = lambda _done, _all: None) -> Backup:
    """Copy an embedded store into one file, which appears when it is whole and examined.

    ``watch`` hears how many pages are done, of how many.

    Raises:
        StoreError: the file cannot be written, or is there already.
        StoreDamagedError: the store is damaged, and so would be its copy.
    """
    if path.exists():
        raise StoreError(f"{path} is there already.", remedy="Name another file, or move that one away.")
    with _part(path) as part:
        _copy(database, part, watch)
        version, works, records = _examined(part)
        sha256, size = _digest(part), part.stat().st_size
        checksum_file(path).write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
        _publish(part, path)
    return Backup(path=path, size=size, sha256=sha256, schema=version, works=works, records=records)


def restore(path: Path, folder: Path, *, replace: bool) -> tuple[Backup, Path | None]:
    """Put a backup into a data folder; return what it was, and where the store that was there is kept now.

    Nothing is changed before the copy in that folder is examined.

    Raises:
        StoreError: the file is no backup, or of a newer version; or a store is there and not to be replaced.
        StoreDamagedError: the file is damaged.
        StoreBusyError: another process works with the store that is there.
    """
    here = folder / FILE_NAME
    if here.exists() and not replace:
        raise StoreError(
            f"There is a library in {folder}.",
            remedy="Set KAIJUAN_DATA_DIR to an empty folder; or add --replace, which keeps the old store beside.",
        )
    if not path.is_file():
        raise StoreError(f"There is no file {path}.", remedy="Name the file that kaijuan backup made.")
    with contextlib.ExitStack() as stack:
        part = stack.enter_context(_part(here))
        shutil.copyfile(path, part)
        sha256, size = _digest(part), part.stat().st_size
        _require_checksum(path, sha256)
        version, works, records = _examined(part)
        if version not in revisions():
            raise StoreError(f"The backup is of a newer kaijuan (schema {version}).", remedy="Update kaijuan first.")
        kept = stack.enter_context(_moved_aside(here)) if here.exists() else None
        _publish(part, here)
    return Backup(path=path, size=size, sha256=sha256, schema=version, works=works, records=records), kept


@contextlib.contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Give the name under which a file is written until it is whole; what is left of it is removed."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        yield part
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.", remedy="Name a place with room.") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(part)


def _remove(part: Path) -> None:
    for suffix in _BESIDE:
        part.with_name(part.name + suffix).unlink(missing_ok=True)


def _publish(part: Path, path: Path) -> None:
    """Let a file appear under its name, so that it is there whole after a loss of power as well."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _copy(database: Database, part: Path, watch: Callable[[int, int], None]) -> None:
    with (
        contextlib.closing(Database.sqlite(part, as_is=True)) as copy,
        translated_driver(),
        database.read() as source,
        copy.engine.connect() as target,
    ):
        driver = _driver(target)
        _into_one_file(driver)  # what is not whole is not kept: it needs no log
        source.execute(text("SELECT 1 FROM sqlite_schema")).all()  # from here on, this moment's store
        _driver(source).backup(driver, pages=_PAGES_AT_ONCE, progress=lambda _, left, pages: watch(pages - left, pages))


def _examined(path: Path) -> tuple[str, int, int]:
    """Return a file's schema, and how many works and records are in it; raise where it is damaged or none of ours."""
    with contextlib.closing(Database.sqlite(path, as_is=True)) as database, translated_driver():
        if wrong := database.check():
            raise StoreDamagedError(f"{path.name} is damaged: {'; '.join(wrong)}.", remedy="Take an older backup.")
        version = database.version()
        if version is None:
            raise StoreError("That is no store of kaijuan.", remedy="Name the file that kaijuan backup made.")
        with database.read() as connection:
            works, records = (
                int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                for table in (schema.works, schema.raw_records)
            )
        with database.engine.connect() as connection:
            _into_one_file(_driver(connection))
    return version, works, records


def _into_one_file(driver: Any) -> None:
    """Let SQLite keep all in the one file, as it can be moved; it can do that where nobody else has it open."""
    driver.execute("PRAGMA busy_timeout = 2000").close()
    driver.execute("PRAGMA journal_mode = DELETE").close()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_checksum(path: Path, sha256: str) -> None:
    beside = checksum_file(path)
    if beside.exists() and beside.read_text(encoding="utf-8", errors="replace").partition(" ")[0] != sha256:
        raise StoreDamagedError(f"{path} is not what {beside.name} says.", remedy="Copy both again, or take another.")


@contextlib.contextmanager
def _moved_aside(here: Path) -> Iterator[Path]:
    """Move the store that is there out of the way; put it back where the block fails."""
    aside = here.with_name(f"{here.name}.before-{clock.now():%Y%m%dT%H%M%S%f}")
    with contextlib.closing(Database.sqlite(here, as_is=True)) as database, alone(database):
        # Damaged, nobody can work with it: that is why it is replaced.
        with contextlib.suppress(StoreDamagedError), translated_driver(), database.engine.connect() as connection:
            _into_one_file(_driver(connection))
        database.close()
        _rename(here, aside)
        try:
            yield aside
        except BaseException:
            _rename(aside, here)
            raise


def _rename(path: Path, to: Path) -> None:
    for suffix in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(to.with_name(to.name + suffix))
