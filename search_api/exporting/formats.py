"""The formats there are: what each is called, what comes before, between and after its records, and its media type."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from indexer import clock
from indexer.errors import QueryError
from indexer.identity.copies import RankedCopy
from indexer.storage.catalogue import StoredWork
from search_api.cards import detail
from search_api.exporting import table
from search_api.exporting.bibtex import write_bibtex
from search_api.exporting.citations import LABELS, cite
from search_api.exporting.csl import write_csl
from search_api.exporting.item import Item
from search_api.exporting.ris import write_ris
from search_api.exporting.tagged import write_endnote, write_noteexpress

#: A stored work with its copies, best first.
Ranked = tuple[StoredWork, tuple[RankedCopy, ...]]
_BOM = "\ufeff"
_PIECE = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How works are written; ``is_text`` where a reader wants to see it and not to save it."""

    name: str
    label: str
    media_type: str
    suffix: str
    write: Callable[[Ranked], str]
    before: str = ""
    between: str = ""
    after: str = ""
    is_text: bool = False

    def stream(self, works: Iterable[Ranked], *, bom: bool = False) -> Iterator[str]:
        """Write works one after another; nothing is held but one of them."""
        yield (_BOM if bom else "") + self.before
        first = True
        for work in works:
            yield self.write(work) if first else self.between + self.write(work)
            first = False
        yield self.after


def _of_item(write: Callable[[Item], str]) -> Callable[[Ranked], str]:
    return lambda ranked: write(Item.of(*ranked))


def _json_line(ranked: Ranked) -> str:
    return orjson.dumps(detail(*ranked)).decode() + "\n"


def _citation(ranked: Ranked, style: str) -> str:
    return cite(Item.of(*ranked), style, clock.now().date()) + "\n"


_LISTED = (
    Format(
        name="ris",
        label="RIS",
        media_type="application/x-research-info-systems",
        suffix="ris",
        write=_of_item(write_ris),
    ),
    Format(
        name="bibtex", label="BibTeX", media_type="application/x-bibtex", suffix="bib", write=_of_item(write_bibtex)
    ),
    Format(
        name="csl-json",
        label="CSL-JSON",
        media_type="application/vnd.citationstyles.csl+json",
        suffix="json",
        write=_of_item(write_csl),
        before="[\n",
        between=",\n",
        after="\n]\n",
    ),
    Format(
        name="csv",
        label="CSV",
        media_type="text/csv",
        suffix="csv",
        write=_of_item(table.write_row),
        before=table.header(),
    ),
    Format(
        name="endnote",
        label="EndNote",
        media_type="application/x-endnote-refer",
        suffix="enw",
        write=_of_item(write_endnote),
    ),
    Format(
        name="noteexpress",
        label="NoteExpress",
        media_type="text/plain",
        suffix="net",
        write=_of_item(write_noteexpress),
    ),
    Format(name="jsonl", label="JSON Lines", media_type="application/x-ndjson", suffix="jsonl", write=_json_line),
    *(
        Format(
            name=style,
            label=label,
            media_type="text/plain",
            suffix="txt",
            write=functools.partial(_citation, style=style),
            is_text=True,
        )
        for style, label in LABELS
    ),
)
FORMATS: Mapping[str, Format] = {one.name: one for one in _LISTED}


def format_named(name: str, *, bom: bool = False) -> Format:
    """Return a format by name; raise ``QueryError`` that lists the known ones, or where it has no byte order mark."""
    found = FORMATS.get(name.lower())
    if found is None:
        raise QueryError("no_format", format=name[:50], choice=", ".join(FORMATS), parameter="format")
    if bom and found.name != "csv":
        raise QueryError("no_byte_order_mark", label=found.label, parameter="bom")
    return found


def encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    """Return texts as UTF-8 in pieces large enough to be worth sending."""
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting).encode()
