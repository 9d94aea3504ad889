"""The files of a source: found, opened (also compressed ones), and known again when they have changed."""

from __future__ import annotations

import gzip
import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harvesters.errors import UnreachableError

_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 18
_HIDDEN = (".", "~$")  # also what Excel and macOS leave beside a file


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of a source; ``name`` is what people see: the file's name, with its folders inside the source."""

    path: Path
    name: str
    size: int
    modified_ns: int

    @property
    def modified(self) -> str:
        """Return when the file was last written, as an OAI-PMH datestamp."""
        return datetime.fromtimestamp(self.modified_ns // 10**9, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def open(self) -> io.BufferedReader:
        """Open it for reading; gzip is recognised by its first bytes and unpacked on the way."""
        stream: io.BufferedReader = io.BufferedReader(io.FileIO(self.path), _BUFFER)
        if stream.peek(2)[:2] != _GZIP:
            return stream
        return io.BufferedReader(_Unpacked(stream), _BUFFER)

    def is_changed(self) -> bool:
        """Tell whether the file was written to, replaced or taken away since it was found."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns)


class _Unpacked(gzip.GzipFile):
    """Unpacks a stream, and closes it in the end."""

    def __init__(self, packed: io.BufferedReader) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._packed = packed

    def close(self) -> None:
        """Close both."""
        super().close()
        self._packed.close()


def find_files(endpoint: str, suffixes: Sequence[str]) -> Iterator[SourceFile | UnreachableError]:
    """Yield the file at a path, or all files with one of these endings (also ``.gz``) in a folder and below, in order.

    What is not there, may not be read, or is no file or folder, ends the walk with an error as its last element.
    """
    root = Path(endpoint)
    try:
        kind = root.stat().st_mode
        if stat.S_ISDIR(kind):
            yield from _below(root, tuple(suffixes))
        elif stat.S_ISREG(kind):
            yield _file(root, root.name)
        else:
            yield UnreachableError(f"{root.name} is neither a file nor a folder. Give the path of one.")
    except OSError as error:
        yield unreadable(shown(Path(error.filename or endpoint).name), error)


def unreadable(name: str, error: OSError) -> UnreachableError:
    """Return the error that tells people what to do about a file or folder that cannot be read."""
    said = error.strerror or type(error).__name__
    return UnreachableError(
        f"{name} cannot be read: {said}. Check the source's path, that the disk is there, and that kaijuan may read it."
    )


def _below(root: Path, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
    """Walk in the order of names, however deep; links to folders are not followed."""
    waiting = _listed(root, "")
    while waiting:
        path, name, is_folder = waiting.pop()
        if is_folder:
            waiting += _listed(path, f"{name}/")
        elif name.lower().removesuffix(".gz").endswith(suffixes) and path.is_file():
            yield _file(path, name)


def _listed(folder: Path, prefix: str) -> list[tuple[Path, str, bool]]:
    """Return what a folder has, the last first: path, name in the source, whether it is a folder."""
    with os.scandir(folder) as listing:
        entries = [(one.name, one.is_dir(follow_symlinks=False)) for one in listing]
    seen = sorted((one for one in entries if not one[0].startswith(_HIDDEN)), reverse=True)
    return [(folder / name, prefix + name, is_folder) for name, is_folder in seen]


def _file(path: Path, name: str) -> SourceFile:
    found = path.stat()
    return SourceFile(path=path, name=shown(name), size=found.st_size, modified_ns=found.st_mtime_ns)


def shown(name: str) -> str:
    """Make a file name fit for messages and the store: names may hold bytes of any encoding, and line breaks."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "�" for one in text)
