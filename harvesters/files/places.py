"""The files of a source: found, opened (also compressed ones), and known again when they have changed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import structlog

from harvesters.errors import HarvestError, PageError, UnreachableError
from harvesters.files.kinds import is_workbook, kind_by_name
from harvesters.sources.definition import Kind

_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 18
_HIDDEN = (".", "~$")  # also what Excel and macOS leave beside a file
#: What unpacks to more than this, and to more than so many times its own size, is a bomb: texts shrink to a tenth,
#: tables of blanks to a fiftieth; nothing but one byte again and again to a thousandth.
MAX_UNPACKED = 1 << 30
MAX_SWELLING = 200
_EXAMPLES = 3
_LOOKED_AT = 100_000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of a source; ``name`` is what people see: the file's name, with its folders inside the source."""

    path: Path
    name: str
    size: int
    modified_ns: int
    #: Whether a source of another kind would read it: it is only named.
    is_foreign: bool = False
    #: What was found damaged while it was unpacked; readers see only that it ends there.
    damage: list[HarvestError] = field(default_factory=list, compare=False, repr=False)

    @property
    def modified(self) -> str:
        """Return when the file was last written, as an OAI-PMH datestamp."""
        return datetime.fromtimestamp(self.modified_ns // 10**9, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def open(self) -> io.BufferedReader:
        """Open it for reading; gzip is recognised by its first bytes and unpacked on the way.

        A damaged or cut gzip ends where nothing more can be had of it, so that all before it is read; ``damage`` tells.
        """
        stream: io.BufferedReader = io.BufferedReader(io.FileIO(self.path), _BUFFER)
        if stream.peek(2)[:2] != _GZIP:
            return stream
        return io.BufferedReader(_Unpacked(stream, self._ended_early, limit=self.most_unpacked), _BUFFER)

    @property
    def most_unpacked(self) -> int:
        """Return how many bytes it may unpack to before it counts as a bomb."""
        return max(MAX_UNPACKED, MAX_SWELLING * self.size)

    def swollen(self) -> PageError:
        """Return the error for a file that unpacks to absurdly more than it has."""
        return PageError(
            f"{self.name} has {self.size:,} bytes and unpacks to more than {self.most_unpacked:,}, as no list of "
            "records does. If it is what you think, unpack it and give the unpacked file.",
            url=self.name,
        )

    def cut_off(self, place: str) -> PageError:
        """Return the error for a file that ends in the middle of something."""
        return PageError(f"{self.name} ends in the middle of {place}. Copy or export it again.", url=self.name)

    def _ended_early(self, error: Exception | None) -> None:
        if error is None:
            self.damage.append(self.swollen())
            return
        self.damage.append(
            PageError(
                f"{self.name} is damaged or ends in the middle ({error}). Copy or export it again.", url=self.name
            )
        )

    def is_changed(self) -> bool:
        """Tell whether the file was written to, replaced or taken away since it was found."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns)


class _Unpacked(io.RawIOBase):
    """Unpacks a stream as far as it can be, and closes it in the end; ``tell`` gets the error, ``None`` for a bomb."""

    def __init__(self, packed: io.BufferedReader, tell: Callable[[Exception | None], None], *, limit: int) -> None:
        self._packed = packed
        self._stream = gzip.GzipFile(fileobj=packed, mode="rb")
        self._tell = tell
        self._left = limit
        self._is_done = False

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what one step unpacks: a larger step would lose what came before the damage in it."""
        if self._is_done:
            return 0
        try:
            data = self._stream.read1(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._is_done = True
            self._tell(error)
            return 0
        self._left -= len(data)
        if self._left < 0:
            self._is_done = True
            self._tell(None)
            return 0
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close both."""
        super().close()
        self._stream.close()
        self._packed.close()


def find_files(endpoint: str, suffixes: Sequence[str]) -> Iterator[SourceFile | UnreachableError]:
    """Yield the file at a path, or all files with one of these endings (also ``.gz``) in a folder and below, in order.

    Files of other kinds come with them as foreign ones.

    What is not there, may not be read, or is no file or folder, comes as an error; a folder that may not be read ends
    the walk with it.
    """
    root = Path(endpoint)
    try:
        kind = root.stat().st_mode
        if stat.S_ISDIR(kind):
            yield from _below(root, tuple(suffixes))
        elif stat.S_ISREG(kind):
            yield _file(root, root.name)
        else:
            yield UnreachableError(f"{shown(root.name)} is neither a file nor a folder. Give the path of one.")
    except OSError as error:
        yield unreadable(shown(Path(error.filename or endpoint).name), error)


def unreadable(name: str, error: OSError) -> UnreachableError:
    """Return the error that tells people what to do about a file or folder that cannot be read."""
    said = error.strerror or type(error).__name__
    return UnreachableError(
        f"{name} cannot be read: {said}. Check the source's path, that the disk is there, and that kaijuan may read it."
    )


def _below(root: Path, suffixes: tuple[str, ...]) -> Iterator[SourceFile | UnreachableError]:
    """Yield what is for the source and what is for others; the log tells how many more there are."""
    passed, examples = 0, []
    for path, name in _walk(root):
        fits = name.lower().removesuffix(".gz").endswith(suffixes)
        if fits and not path.is_file():
            yield UnreachableError(f"{shown(name)} leads to no file. Check what it points to, or take it away.")
        elif (fits or is_workbook(name) or kind_by_name(name) is not None) and path.is_file():
            yield _file(path, name, is_foreign=not fits)
        else:
            passed += 1
            examples += [shown(name)] if passed <= _EXAMPLES else []
    if passed:
        _log.info("files_not_read", count=passed, examples=examples)


def _walk(root: Path) -> Iterator[tuple[Path, str]]:
    """Walk in the order of names, however deep; links to folders are not followed."""
    waiting = _listed(root, "")
    while waiting:
        path, name, is_folder = waiting.pop()
        if is_folder:
            waiting += _listed(path, f"{name}/")
        else:
            yield path, name


def count_kinds(folder: Path) -> dict[Kind, tuple[int, str]]:
    """Count the files of each kind in a folder and below by their names: number and name of the first.

    Only so many files are looked at that nobody has to wait for it. Raises ``UnreachableError`` where one folder may
    not be read.
    """
    found: dict[Kind, tuple[int, str]] = {}
    try:
        for _, name in islice(_walk(folder), _LOOKED_AT):
            kind = kind_by_name(name)
            if kind is not None:
                count, first = found.get(kind, (0, shown(name)))
                found[kind] = (count + 1, first)
    except OSError as error:
        raise unreadable(shown(Path(error.filename or folder).name), error) from error
    return found


def _listed(folder: Path, prefix: str) -> list[tuple[Path, str, bool]]:
    """Return what a folder has, the last first: path, name in the source, whether it is a folder."""
    with os.scandir(folder) as listing:
        entries = [(one.name, one.is_dir(follow_symlinks=False)) for one in listing]
    seen = sorted((one for one in entries if not one[0].startswith(_HIDDEN)), reverse=True)
    return [(folder / name, prefix + name, is_folder) for name, is_folder in seen]


def _file(path: Path, name: str, *, is_foreign: bool = False) -> SourceFile:
    found = path.stat()
    return SourceFile(
        path=path, name=shown(name), size=found.st_size, modified_ns=found.st_mtime_ns, is_foreign=is_foreign
    )


def shown(name: str) -> str:
    """Make a file name fit for messages and the store: names may hold bytes of any encoding, and line breaks."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "�" for one in text)
