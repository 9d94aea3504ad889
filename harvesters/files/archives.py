"""Read the members of tar and zip archives one after the other; nothing is ever written to disk.

Names, sizes and kinds of members are the sender's word: links, devices, sparse and encrypted members are refused by
name, and a member's bytes are read as a stream, never at once.
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Self

from harvesters.errors import PageError
from harvesters.files.places import SourceFile, shown

#: A larger member is refused: DOAJ's batches have 300 MB, the largest article of PMC 100 MB.
MAX_MEMBER = 16 << 30
#: A longer directory of a zip archive is refused: zipfile holds all of it, some ten times as large. 300,000 members.
MAX_DIRECTORY = 32 << 20
_LONGEST_ZIP_END = 22 + 0xFFFF  # with its comment
_MAX_HEADER = 1 << 20
_LONGEST_NAME = 500
_EXTENSIONS = frozenset((tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME))
_TAR_MAGIC = slice(257, 262)
_ENCRYPTED = 0x1
#: What reading a damaged member may raise, besides what any file may.
BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive; without a stream it is refused, and ``refused`` says why."""

    name: str
    modified: str
    stream: BinaryIO | None
    refused: str = ""


def is_tar(start: bytes) -> bool:
    """Tell whether a (decompressed) file that begins so is a tar archive."""
    return start[_TAR_MAGIC] == b"ustar"


def is_zip(start: bytes) -> bool:
    """Tell whether a file that begins so is a zip archive."""
    return start[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


class _BoundedInfo(tarfile.TarInfo):
    """Refuse long names and attributes of absurd length: tarfile reads them into memory at once.

    And refuse to end anywhere but at the archive's end mark: tarfile takes a cut or broken header for the end.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str | None, errors: str) -> Self:
        try:
            info = super().frombuf(buf, encoding or "utf-8", errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):  # the end mark
                raise
            raise tarfile.ReadError(f"no member and no end mark where one should be: {error}") from error
        if info.size > _MAX_HEADER and info.type in {*_EXTENSIONS, tarfile.GNUTYPE_LONGLINK}:
            raise tarfile.ReadError(f"a member's attributes have {info.size:,} bytes")
        return info


def tar_members(file: SourceFile, stream: BinaryIO) -> Iterator[Member]:
    """Yield the members of a tar archive from a stream; each is to be read before the next is asked for.

    Raises:
        PageError: the archive is damaged here or ends too early.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_BoundedInfo) as archive:
            while (info := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # tarfile would remember all of them
                if not info.isdir():
                    yield _tar_member(archive, info)
    except tarfile.TarError as error:
        raise damaged(file, error) from error


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    refused = ""
    if not info.isreg():
        refused = "It is a link or a device, not a file."
    elif info.issparse():
        refused = "It is a sparse file."
    elif info.size > MAX_MEMBER:
        refused = f"It has more than {MAX_MEMBER >> 30} GiB."
    stream = None if refused else archive.extractfile(info)
    return Member(
        name=shown(info.name)[:_LONGEST_NAME],
        modified=_stamp(info.mtime),
        stream=stream,  # type: ignore[arg-type]  # a buffered reader, declared as IO[bytes]
        refused=refused,
    )


def zip_members(file: SourceFile) -> Iterator[Member]:
    """Yield the members of a zip archive in its own order.

    Raises:
        PageError: it is no zip archive, its directory is damaged, or too large to be held in memory; its members
            unpack to absurdly more than it has (zipfile gives no more of a member than it says it has).
    """
    if _directory_size(file) > MAX_DIRECTORY:
        raise PageError(
            f"{file.name} has more members than can be held in memory. Unpack it into a folder, or pack it as tar.gz.",
            url=file.name,
        )
    try:
        with zipfile.ZipFile(file.path) as archive:
            if sum(info.file_size for info in archive.infolist()) > file.most_unpacked:
                raise file.swollen()
            for info in archive.infolist():
                if not info.is_dir():
                    yield from _zip_member(archive, info)
    except zipfile.BadZipFile as error:
        raise damaged(file, error) from error


def _directory_size(file: SourceFile) -> int:
    """Return how long a zip archive says its directory is (4 GiB in those that need more room for it)."""
    with file.path.open("rb") as stream:
        stream.seek(max(file.size - _LONGEST_ZIP_END, 0))
        end = stream.read(_LONGEST_ZIP_END)
    place = end.rfind(b"PK\x05\x06")
    return int.from_bytes(end[place + 12 : place + 16], "little") if place >= 0 else 0


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Member]:
    modified = "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*info.date_time)
    name = shown(info.filename)[:_LONGEST_NAME]
    if info.flag_bits & _ENCRYPTED:
        yield Member(name=name, modified=modified, stream=None, refused="It is encrypted.")
        return
    if info.file_size > MAX_MEMBER:
        yield Member(name=name, modified=modified, stream=None, refused=f"It has more than {MAX_MEMBER >> 30} GiB.")
        return
    try:
        stream = archive.open(info)
    except BROKEN as error:
        yield Member(name=name, modified=modified, stream=None, refused=f"It cannot be unpacked: {error}.")
        return
    with stream:
        yield Member(name=name, modified=modified, stream=stream)  # type: ignore[arg-type]  # IO[bytes], again


def damaged(file: SourceFile, error: Exception) -> PageError:
    """Return the error for an archive that cannot be read on."""
    return PageError(
        f"{file.name} is damaged or ends in the middle ({error}). Copy or download it again.", url=file.name
    )


def _stamp(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(max(int(seconds), 0), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""
