"""The embedded engine: a folder of tantivy generations, and a file ``CURRENT`` that names the one in use.

::

    folder/
    ├── CURRENT                            name of the generation in use, replaced atomically
    ├── LOCK                               held while one process writes or rebuilds
    └── works-d1-a1-20261122t060000000000/ tantivy's files, and POSITION: the feed position they stand for

Any number of processes read; before each search two files' times tell whether another process has committed or swapped.
Nothing is ever deleted on opening.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

import orjson
import tantivy

from indexer.errors import IndexDamagedError, SearchIndexError, StoreBusyError
from indexer.search.document import Document
from indexer.search.query import FacetValue, Hits, KeywordField, TextField, TokenQuery, View
from indexer.storage.generations import FIRST, REBUILD, Generation, mint_generation, parse_generation
from indexer.storage.layout import choose_sort
from indexer.storage.search_index import IndexStats, IndexWriter
from indexer.storage.snapshots import Snapshots
from indexer.storage.tantivy_search import TantivySearch, build_schema, encode_document, register_analyzer

DEFAULT_HEAP_BYTES = 64_000_000
_BATCH = 1_000
_REBUILD_COMMIT = 200_000
_ATTEMPTS = 5
_LOOK_AGAIN_SECONDS = 0.05

Stamp = tuple[int, int, int, int]
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    """An opened generation as of its last look at the files."""

    generation: Generation
    index: tantivy.Index
    search: TantivySearch
    stamp: Stamp

    @property
    def name(self) -> str:
        """Name the commit, the same in every process that reads it."""
        written = repr((self.generation.name, self.stamp)).encode()
        return hashlib.blake2b(written, digest_size=9).hexdigest()


class TantivyIndex:
    """A search index in a folder; safe to use from several threads."""

    def __init__(self, folder: Path, *, heap_bytes: int = DEFAULT_HEAP_BYTES) -> None:
        self._folder = folder
        self._heap_bytes = heap_bytes
        self._opening = threading.Lock()
        self._snapshot: _Snapshot | None = None
        self._snapshots: Snapshots[_Snapshot] = Snapshots()

    @classmethod
    def open(cls, folder: Path, *, heap_bytes: int = DEFAULT_HEAP_BYTES, for_rebuild: bool = False) -> Self:
        """Open the index, or make an empty one in a new folder.

        Args:
            folder: Where it is, or shall be.
            heap_bytes: Memory a writer collects documents in before it writes them out (15 MB at least).
            for_rebuild: Do not look at what is there: ``rebuild`` replaces it, damaged or of another version.

        Raises:
            IndexVersionError: made by another analyser or schema version.
            IndexDamagedError: files are missing or unreadable.
            SearchIndexError: the folder cannot be made or written.
        """
        index = cls(folder, heap_bytes=heap_bytes)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_writable(folder, error) from error
        if not for_rebuild:
            index._found_if_empty()
            index._look()
        return index

    @contextlib.contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Open the current generation for changes.

        Raises:
            StoreBusyError: another writer or rebuild is at work.
        """
        with self._hold():
            generation = self._look().generation
            with _TantivyWriter.open(self._folder / generation.name, self._heap_bytes) as writer:
                yield writer

    def shared(self) -> None:
        """Return ``None``: there is one writer at a time."""

    @contextlib.contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """Fill a new generation beside the old one and swap; the only way on from a damaged index.

        Raises:
            StoreBusyError: another writer or rebuild is at work.
        """
        with self._hold():
            generation = mint_generation()
            folder = self._folder / generation.name
            try:
                _make_generation(folder)
                with _TantivyWriter.open(folder, self._heap_bytes, fresh=True) as writer:
                    yield writer
                _write_durably(self._folder / "CURRENT", generation.name)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            # Readers elsewhere keep their open files; leftovers of killed rebuilds go too.
            for other in self._folder.iterdir():
                if other.name != generation.name and other.is_dir() and parse_generation(other.name):
                    shutil.rmtree(other, ignore_errors=True)

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer from the last commit of any process, or by relevance from the one that the page before came from.

        The latter only while this process keeps it (``indexer.storage.snapshots``); a commit has one name in all.
        """
        snapshot = self._look()
        if choose_sort(query, view) != "relevance":
            return self._ask(lambda search: search.answer(query, view), snapshot)
        if view.snapshot is not None and view.snapshot != snapshot.name:
            snapshot = self._snapshots.find(view.snapshot) or snapshot
        hits = self._ask(lambda search: search.answer(query, view), snapshot)
        if hits.next is not None:
            self._snapshots.keep(snapshot.name, snapshot)
        return replace(hits, snapshot=snapshot.name, unbroken=view.after is None or view.snapshot == snapshot.name)

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count by walking the field's terms that begin so."""
        return self._ask(lambda search: search.values(query, field, prefix, size))

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Look the tokens up; documents replaced since the last merge of segments count too."""
        return self._ask(lambda search: search.frequencies(field, tokens))

    def _ask(self, question: Callable[[TantivySearch], _Answer], snapshot: _Snapshot | None = None) -> _Answer:
        try:
            return question((snapshot or self._look()).search)
        except (OSError, ValueError) as error:
            raise SearchIndexError(f"The search index could not answer: {error}.", remedy=REBUILD) from error

    def position(self) -> int:
        """Return the feed position that was stored with the last commit."""
        return self._stored_position()[0]

    def mark(self) -> str:
        """Return what the last commit said stands at its position."""
        return self._stored_position()[1]

    def _stored_position(self) -> tuple[int, str]:
        folder = self._folder / self._look().generation.name
        try:
            return _read_position(folder)
        except (OSError, ValueError) as error:
            raise _damaged(folder, error) from error

    def stats(self) -> IndexStats:
        """Describe the current generation."""
        snapshot = self._look()
        folder = self._folder / snapshot.generation.name
        return IndexStats(
            name=snapshot.generation.name,
            documents=snapshot.search.searcher.num_docs,
            position=self.position(),
            analyzer_version=snapshot.generation.analyzer_version,
            schema_version=snapshot.generation.schema_version,
            size_bytes=sum(file.stat().st_size for file in folder.iterdir()),
        )

    def close(self) -> None:
        """Let go of the files."""
        self._snapshots.clear()
        with self._opening:
            self._snapshot = None

    def _look(self) -> _Snapshot:
        """Return the present state, opened again only where a file says that something has changed."""
        with self._opening:
            for attempt in range(_ATTEMPTS):
                try:
                    self._snapshot = self._refreshed(self._snapshot)
                except (OSError, ValueError) as error:
                    if attempt == _ATTEMPTS - 1 or not self._was_swapped():
                        raise _damaged(self._folder, error) from error
                else:
                    return self._snapshot
        raise AssertionError("unreachable")

    def _refreshed(self, last: _Snapshot | None) -> _Snapshot:
        generation = self._current()
        folder = self._folder / generation.name
        stamp = _stamp(self._folder / "CURRENT", folder / "meta.json")
        if last is not None and last.stamp == stamp:
            return last
        index = last.index if last is not None and last.generation == generation else _open_generation(folder)
        index.reload()
        search = TantivySearch(index.schema, index.searcher())
        return _Snapshot(generation=generation, index=index, search=search, stamp=stamp)

    def _current(self) -> Generation:
        name = (self._folder / "CURRENT").read_text(encoding="utf-8").strip()
        generation = parse_generation(name)
        if generation is None:
            raise ValueError(f"CURRENT names {name[:80]!r}, which is no generation")
        generation.require_this_version()
        return generation

    def _was_swapped(self) -> bool:
        """Tell whether a failure may come from a swap in between: what CURRENT names is there now."""
        with contextlib.suppress(OSError, ValueError):
            folder = self._folder / self._current().name
            return self._snapshot is None or self._snapshot.generation.name != folder.name
        return False

    def _found_if_empty(self) -> None:
        if (self._folder / "CURRENT").exists():
            return
        with self._hold(wait=True):
            strange = [entry.name for entry in self._folder.iterdir() if entry.name != "LOCK"]
            if not strange:
                _make_generation(self._folder / FIRST.name)
                _write_durably(self._folder / "CURRENT", FIRST.name)

    @contextlib.contextmanager
    def _hold(self, *, wait: bool = False) -> Iterator[None]:
        """Hold the folder for writing; the system frees it when the process dies."""
        try:
            opened = (self._folder / "LOCK").open("w")
        except OSError as error:
            raise _not_writable(self._folder, error) from error
        with opened as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise StoreBusyError(
                    f"The search index in {self._folder} is being written by another process or thread.",
                    remedy="Wait until it has finished, or stop it.",
                ) from error
            yield


def _not_writable(folder: Path, error: OSError) -> SearchIndexError:
    return SearchIndexError(
        f"The search index's folder {folder} cannot be written: {error.strerror}.",
        remedy="Let this user write the data folder and all in it, or set KAIJUAN_DATA_DIR to one that can be written.",
    )


class _TantivyWriter:
    """Changes to one generation."""

    def __init__(self, folder: Path, index: tantivy.Index, writer: tantivy.IndexWriter, *, fresh: bool) -> None:
        self._folder = folder
        self._index = index
        self._writer = writer
        self._fresh = fresh
        self._pending: dict[int, int] = {}

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path, heap_bytes: int, *, fresh: bool = False) -> Iterator[Self]:
        """Open; on leaving drop what was not committed and wait for merges."""
        try:
            index = _open_generation(folder)
            writer = index.writer(heap_bytes, 1)
        except (OSError, ValueError) as error:
            raise _damaged(folder, error) from error
        opened = cls(folder, index, writer, fresh=fresh)
        try:
            with _writing():
                yield opened
        finally:
            with contextlib.suppress(ValueError):
                writer.rollback()
            with contextlib.suppress(ValueError):
                writer.wait_merging_threads()

    def upsert(self, documents: Iterable[Document]) -> None:
        """Replace documents, unless a newer version is there."""
        stream = iter(documents)
        while batch := list(islice(stream, _BATCH)):
            committed = self._committed_versions([document.key for document in batch])
            for document in batch:
                present = self._pending.get(document.key, committed.get(document.key))
                if present is None or present <= document.version:
                    self._replace(document, is_new=present is None)
            if self._fresh and len(self._pending) >= _REBUILD_COMMIT:  # bounds memory; nobody sees it yet
                self._commit()

    def delete(self, keys: Iterable[int]) -> None:
        """Remove documents."""
        for key in keys:
            self._writer.delete_documents_by_term("key", key)
            self._pending[key] = -1

    def commit(self, position: int, mark: str = "") -> None:
        """Make the changes durable, then the position; a kill in between repeats changes, which does no harm."""
        self._commit()
        _write_durably(self._folder / "POSITION", f"{position} {mark}".rstrip())

    def make_copies(self) -> None:
        """Do nothing: there is one."""

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
        self._pending.clear()

    def _replace(self, document: Document, *, is_new: bool) -> None:
        encoded = encode_document(document)
        if not is_new:
            self._writer.delete_documents_by_term("key", document.key)
        self._writer.add_document(encoded)
        self._pending[document.key] = document.version

    def _committed_versions(self, keys: list[int]) -> dict[int, int]:
        searcher = self._index.searcher()
        if not searcher.num_docs:
            return {}
        query = tantivy.Query.term_set_query(self._index.schema, "key", keys)
        addresses = [address for _, address in searcher.search(query, len(keys), count=False).hits]
        found = (searcher.fast_field_values(name, addresses) for name in ("key", "version"))
        return {int(key or 0): int(version or 0) for key, version in zip(*found, strict=True)}


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Say what a failed write means."""
    try:
        yield
    except OSError as error:
        raise SearchIndexError(
            f"The search index could not be written: {error}.",
            remedy="See to room and rights in its folder; try again.",
        ) from error


def _make_generation(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    tantivy.Index(build_schema(), path=str(folder))
    _write_durably(folder / "POSITION", "0")


def _open_generation(folder: Path) -> tantivy.Index:
    _read_position(folder)
    _require_positions(folder)
    index = tantivy.Index.open(str(folder))
    index.config_reader("manual")
    register_analyzer(index)
    index.reload()
    return index


def _require_positions(folder: Path) -> None:
    """Miss the files of word positions, without which tantivy opens and finds no phrase."""
    for attempt in range(_ATTEMPTS):
        missing = _list_missing(folder, (folder / "meta.json").read_bytes())
        if not missing:
            return
        time.sleep(_LOOK_AGAIN_SECONDS * attempt)  # a writer elsewhere may be merging segments
    raise FileNotFoundError(f"{folder.name}/{missing[0]} is missing")


def _list_missing(folder: Path, meta: bytes) -> list[str]:
    names = (f"{segment['segment_id'].replace('-', '')}.pos" for segment in orjson.loads(meta)["segments"])
    return [name for name in names if not (folder / name).exists()]


def _read_position(folder: Path) -> tuple[int, str]:
    position, _, mark = (folder / "POSITION").read_text(encoding="ascii").partition(" ")
    return int(position), mark


def _write_durably(path: Path, text: str) -> None:
    """Replace a small file so that a reader, or a power cut, meets the old text or the new one."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stamp(current: Path, meta: Path) -> Stamp:
    first, second = current.stat(), meta.stat()
    return (first.st_mtime_ns, first.st_ino, second.st_mtime_ns, second.st_ino)


def _damaged(folder: Path, error: Exception) -> IndexDamagedError:
    return IndexDamagedError(f"The search index in {folder} is damaged: {error}.", remedy=REBUILD)
