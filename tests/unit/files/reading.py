"""Read a file of given bytes as a source."""

from __future__ import annotations

from pathlib import Path

from harvesters.errors import HarvestError
from harvesters.files import open_files
from harvesters.formats import describe
from harvesters.formats.description import Description
from harvesters.records import DamagedRecord, RawRecord, Window
from harvesters.sources.definition import Source


def read(
    path: Path, kind: str, content: bytes | str, **settings: object
) -> tuple[list[RawRecord], list[DamagedRecord]]:
    """Write the content to a path and return the records and the damaged ones."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source.of({"id": "x", "name": "x", "kind": kind, "endpoint": str(path), **settings})
    pages = list(open_files(source).list_records(source.metadata_prefixes[0], Window()))
    return [one for page in pages for one in page.records], [one for page in pages for one in page.damaged]


def read_on(
    path: Path, kind: str, content: bytes | str, **settings: object
) -> tuple[list[RawRecord], list[DamagedRecord], HarvestError | None]:
    """Write the content to a path and return the records, the damaged ones, and the error that ended the list."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_place(path, kind, **settings)


def read_place(
    path: Path, kind: str, **settings: object
) -> tuple[list[RawRecord], list[DamagedRecord], HarvestError | None]:
    """Return what a file or folder gives: records, damaged ones, and the error that ended the list."""
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    source = Source.of({"id": "x", "name": "x", "kind": kind, "endpoint": str(path), **settings})
    try:
        for page in open_files(source).list_records(source.metadata_prefixes[0], Window()):
            records.extend(page.records)
            damaged.extend(page.damaged)
    except HarvestError as error:
        return records, damaged, error
    return records, damaged, None


def described(path: Path, kind: str, content: bytes | str, **settings: object) -> Description:
    """Return what the one record of a file says."""
    records, damaged = read(path, kind, content, **settings)
    assert damaged == []
    assert len(records) == 1
    return describe(records[0])
