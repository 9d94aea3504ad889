"""Try again what went to quarantine before it became a record: pieces of pages, and records that could not be had."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harvesters.checkpoints import RunKind, SliceState
from harvesters.errors import HarvestError
from harvesters.http import Answer
from harvesters.oai.header import PageContext
from harvesters.oai.page import read_page
from harvesters.oai.repository import Repository
from harvesters.oai.salvage import salvage_page
from harvesters.oai.singly import get_or_quarantine
from harvesters.records import DamagedRecord, Page, RawRecord, Window
from harvesters.runner import Run

#: An identifier that no database can hold is kept cleaned or cut, and is no name to ask by.
_NOT_ITS_NAME = re.compile("\N{REPLACEMENT CHARACTER}|… \\([0-9a-f]{16}\\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something kept: a record's identifier, or an answer's bytes without one, and where it came from.

    ``metadata_prefix`` is the format in which it was asked for, the only one that can mend it; ``None`` in rows of
    before that was noted: any of the source's.
    """

    key: int
    identifier: str | None
    metadata_prefix: str | None = None
    url: str
    body: bytes


class Replay(Run):
    """One replay of a source's pieces; what arrives in good order resolves its quarantine row."""

    kind: RunKind = "replay"

    def __init__(self, *arguments: Any, pieces: Sequence[Piece], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pieces = pieces

    def _work(self, run: int) -> None:
        repository = self.lister
        if not isinstance(repository, Repository):
            self._short.append(f"Rows of files are read again by a harvest: kaijuan harvest {self.source.id}")
            return
        for prefix in dict.fromkeys([*self.source.metadata_prefixes, *self._other_prefixes()]):
            state = self.ledger.open_slice(run, self.source, prefix, Window())
            for piece in self._pieces:
                if piece.metadata_prefix in {prefix, None}:
                    self._replay(run, repository, state, piece)
            self.ledger.close_slice(
                self.source, state, status="complete", moves_checkpoint=False, note="Replayed.", resolves=False
            )

    def _other_prefixes(self) -> list[str]:
        """Return the formats in which pieces came while the source was harvested in others."""
        return [piece.metadata_prefix for piece in self._pieces if piece.metadata_prefix is not None]

    def _replay(self, run: int, repository: Repository, state: SliceState, piece: Piece) -> None:
        page = self._again(repository, piece, state.metadata_prefix)
        if page is None:
            return
        self.store(run, state, [page])
        is_gone = not (page.records or page.damaged)
        # That one of several formats lacks a record says nothing of the others.
        is_certain = piece.metadata_prefix is not None or len(self.source.metadata_prefixes) == 1
        if not piece.identifier or (is_gone and is_certain):
            self.ledger.settle_piece(piece.key)

    def _again(self, repository: Repository, piece: Piece, prefix: str) -> Page | None:
        if not piece.identifier:
            return self._page(piece, prefix)
        if _NOT_ITS_NAME.search(piece.identifier):  # of that name, the repository would say that there is none
            return None
        made = get_or_quarantine(repository, piece.identifier, prefix)
        return Page(
            url=piece.url,
            records=(made,) if isinstance(made, RawRecord) else (),
            damaged=(made,) if isinstance(made, DamagedRecord) else (),
            token=None,
            list_size=None,
            bytes_received=len(made.body) if made is not None else 0,
        )

    def _page(self, piece: Piece, prefix: str) -> Page | None:
        """Read a kept answer anew: the reader may have been mended since. Only where its format is certain."""
        asked = parse_qs(urlsplit(piece.url).query).get("metadataPrefix", list(self.source.metadata_prefixes))
        if prefix != piece.metadata_prefix and asked != [prefix]:
            return None
        answer = Answer(url=piece.url, body=piece.body)
        context = PageContext(source=self.source.id, metadata_prefix=prefix, received_at=datetime.now(UTC))
        readers: tuple[Callable[[Answer, PageContext], Page | None], ...] = (read_page, salvage_page)
        for read in readers:
            try:
                page = read(answer, context)
            except HarvestError:
                continue
            if page is not None:
                return page
        return None
