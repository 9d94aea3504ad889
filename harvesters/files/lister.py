"""Read a file, or all files of a folder, as a source: pages, tokens, and a name for each row that cannot be used."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from harvesters.errors import BadTokenError, HarvestError, PageError, UnreachableError
from harvesters.files.entries import Context, Entry, Examiner
from harvesters.files.kinds import kind_by_name
from harvesters.files.places import SourceFile, find_files, unreadable
from harvesters.files.position import CODE, Position
from harvesters.formats import describe
from harvesters.formats.description import Description
from harvesters.records import DamagedRecord, Page, RawRecord, Window
from harvesters.sources.definition import Source

__all__ = ["Entry", "FileLister", "SourceFile"]

#: A page ends after so many records, or when their bytes pass the limit.
PAGE_RECORDS = 500
PAGE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """An entry of the list as it goes into a page; ``made`` is an error where a whole file cannot be read."""

    made: RawRecord | DamagedRecord | HarvestError
    file: SourceFile | None = None
    number: int = 0


class FileLister(ABC):
    """Lists the records of a file or folder; a subclass says how one file is cut into entries.

    Every harvest reads all there is, whatever its window: a file has no other way to say what changed, and rows that
    did not change cost little. A list goes on in the middle of a file as long as the file is what it was. A file that
    cannot be read to its end does not keep the others from being read, but the list ends with its error, so that it
    never counts as complete.
    """

    #: Endings of the files that are read in a folder, in lower case, without ``.gz``.
    suffixes: ClassVar[tuple[str, ...]] = ()
    #: What an entry is called in messages.
    unit: ClassVar[str] = "record"
    #: Whether two entries of the source may not have one identifier. Where this cannot happen (each file is a record),
    #: files before the place to go on from are not read again.
    checks_identifiers: ClassVar[bool] = True

    def __init__(self, source: Source) -> None:
        self.source = source

    @property
    def requests_made(self) -> int:
        """Return 0: nobody is asked."""
        return 0

    def close(self) -> None:  # noqa: B027  # a default, not something to fill in
        """Release nothing: each file is closed when it is read."""

    @abstractmethod
    def read(self, file: SourceFile) -> Iterator[Entry]:
        """Yield the entries of one file in order, in bounded memory.

        Raises:
            HarvestError: the file as a whole cannot be read (on), or ends in the middle of the entry that came last
                (``SourceFile.cut_off``). ``OSError``, ``EOFError``, ``zlib.error`` may pass.
        """

    def examine(self, record: RawRecord) -> Description | None:
        """Describe a record, so that it can be told from others and is known to be usable.

        ``None`` says that there is nothing to examine; the entry must have an identifier then. A ``FormatError`` makes
        the entry damaged.
        """
        return describe(record)

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Yield the pages of the list from its beginning, or from a token, to its end."""
        start = Position.of(token) if token else None
        trouble: HarvestError | None = None
        if start is not None and start.trouble:
            trouble = BadTokenError(start.trouble, code=CODE)
        page = _PageBuilder(self.unit)
        is_nothing = start is None
        for piece in self._pieces(metadata_prefix, start):
            if isinstance(piece.made, HarvestError):
                trouble = trouble or piece.made
                continue
            is_nothing = is_nothing and piece.file is not None and piece.file.is_foreign
            if page.is_full:
                yield page.finish(trouble)
            page.add(piece)
        if trouble is None and is_nothing:
            raise self._nothing()
        if trouble is None:
            yield page.finish(None, is_last=True)
            return
        if not page.is_empty:
            yield page.finish(trouble)
        # The token leads to an end that cannot be reached: the list has to begin anew when the file is mended.
        raise trouble if is_nothing else BadTokenError(str(trouble), url=trouble.url, code=CODE)

    def _nothing(self) -> HarvestError:
        return UnreachableError(
            f"There is no {self.unit} to read for source {self.source.id!r}. Check its path and kind; in a folder, the "
            f"files that end with {', '.join(self.suffixes)} are read."
        )

    def _pieces(self, metadata_prefix: str, start: Position | None) -> Iterator[_Piece]:
        """Yield what comes after the start; what comes before it is read only for its identifiers."""
        examiner = Examiner(
            Context(
                source=self.source.id,
                metadata_prefix=metadata_prefix,
                unit=self.unit,
                examine=self.examine,
                checks_identifiers=self.checks_identifiers,
            )
        )
        waiting = start
        for file in find_files(self.source.endpoint, self.suffixes):
            if isinstance(file, HarvestError):
                yield _Piece(made=file)
            elif waiting is None:
                yield from self._read(file, examiner)
            elif file.name == waiting.file:
                waiting.check(file)
                after, waiting = waiting.number, None
                yield from (piece for piece in self._read(file, examiner) if piece.number > after or piece.file is None)
            elif self.checks_identifiers:
                for _ in self._read(file, examiner):
                    pass
        if waiting is not None:
            raise waiting.gone()

    def _read(self, file: SourceFile, examiner: Examiner) -> Iterator[_Piece]:
        if file.is_foreign:
            yield _Piece(made=_foreign(file, self.source.kind), file=file)
            return
        number: int | None = None
        try:
            for entry in self.read(file):
                number = entry.number
                yield _Piece(made=examiner.made(file, entry), file=file, number=number)
            if file.is_changed():
                raise PageError(f"{file.name} was changed while it was read. Harvest it again.", url=file.name)
            if file.damage:
                raise file.damage[0]
            if number is None and self._has_others(file):
                yield _Piece(made=_named(file, f"There is no {self.unit} in it.", _NOT_OURS), file=file)
        except HarvestError as error:
            first = file.damage[0] if file.damage else error  # what it could not be unpacked for explains the rest
            first.url = first.url or file.name
            yield _Piece(made=first)
        except (OSError, EOFError, zlib.error) as error:
            yield _Piece(made=_broken(file, error))

    def _has_others(self, file: SourceFile) -> bool:
        """Tell whether the source is a folder, where a file without any entry would be passed over unseen."""
        return not file.path.samefile(self.source.endpoint)


_NOT_OURS = "Take it out of the folder, or look with which --kind it can be read."


def _foreign(file: SourceFile, kind: str) -> DamagedRecord:
    other = kind_by_name(file.name)
    if other is None:
        return _named(
            file, "It is a workbook, which is not read.", "Save it as “CSV UTF-8”, or take it out of the folder."
        )
    remedy = f"Put it into a folder of its own and add that as a source with --kind {other}, or take it out."
    return _named(file, f"It looks like {other}, while this source reads {kind}.", remedy)


def _named(file: SourceFile, reason: str, remedy: str) -> DamagedRecord:
    """Return the entry of the quarantine for a whole file that brings nothing."""
    return DamagedRecord(url=file.name, identifier=file.name, body=b"", reason=f"{file.name}: {reason}", remedy=remedy)


class _PageBuilder:
    """A page on its way."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._pieces: list[_Piece] = []
        self._bytes = 0

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    @property
    def is_full(self) -> bool:
        return len(self._pieces) >= PAGE_RECORDS or self._bytes >= PAGE_BYTES

    def add(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        if isinstance(piece.made, RawRecord | DamagedRecord):
            self._bytes += len(piece.made.body)

    def finish(self, trouble: HarvestError | None, *, is_last: bool = False) -> Page:
        """Return the page and begin the next."""
        pieces, size = self._pieces, self._bytes
        self._pieces, self._bytes = [], 0
        last = pieces[-1] if pieces else None
        token = None
        if last is not None and last.file is not None and not is_last:
            token = Position(
                file=last.file.name,
                number=last.number,
                size=last.file.size,
                modified_ns=last.file.modified_ns,
                trouble=str(trouble) if trouble else None,
            ).token()
        return Page(
            url=f"{last.file.name}, {self._unit} {last.number}" if last and last.file else "",
            records=tuple(one.made for one in pieces if isinstance(one.made, RawRecord)),
            damaged=tuple(one.made for one in pieces if isinstance(one.made, DamagedRecord)),
            token=token,
            list_size=None,
            bytes_received=size,
        )


def _broken(file: SourceFile, error: OSError | EOFError | zlib.error) -> HarvestError:
    if isinstance(error, OSError) and error.errno:
        return unreadable(file.name, error)
    return PageError(f"{file.name} is damaged or ends in the middle ({error}). Copy or export it again.", url=file.name)
