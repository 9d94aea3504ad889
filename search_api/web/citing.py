"""What a page offers for citing and exporting: the work's citations, and files of a work or of a whole result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from indexer import clock
from indexer.storage.catalogue import StoredWork
from search_api.copies import copies_of
from search_api.exporting.citations import LABELS, cite
from search_api.exporting.formats import FORMATS
from search_api.exporting.item import Item
from search_api.library import Library
from search_api.repository.atom import PATH as FEED_PATH
from search_api.web.addresses import SearchAddress
from search_api.web.results import LinkView

#: What readers' own programs open; Excel knows by the mark that the table is UTF-8.
_FILES = ("ris", "bibtex", "endnote", "noteexpress", "csv", "csl-json")
_OF_THE_PAGE = ("ui", "limit", "cursor")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitingView:
    """Citations by the name of their style, and addresses of files."""

    citations: tuple[tuple[str, str], ...]
    files: tuple[LinkView, ...]


def citing_view(work: StoredWork, library: Library) -> CitingView:
    """Return how to cite a work, and where its files are."""
    item = Item.of(work, copies_of([work], library.store.links)[work.key])
    today = clock.now().date()
    return CitingView(
        citations=tuple((label, cite(item, style, today)) for style, label in LABELS),
        files=_files(f"/v1/works/{work.id}/export", ()),
    )


def result_files(address: SearchAddress) -> tuple[LinkView, ...]:
    """Return where the files of a whole result are."""
    return _files("/v1/export", address.without(_OF_THE_PAGE).pairs)


def feed_address(address: SearchAddress) -> str:
    """Return where a search can be followed; a feed has an order of its own, what is new here first."""
    return f"{FEED_PATH}?{urlencode(address.without((*_OF_THE_PAGE, 'sort')).pairs)}"


def _files(path: str, pairs: Iterable[tuple[str, str]]) -> tuple[LinkView, ...]:
    named = ((name, [("format", name), *([("bom", "true")] if name == "csv" else []), *pairs]) for name in _FILES)
    return tuple(LinkView(url=f"{path}?{urlencode(query)}", label=FORMATS[name].label) for name, query in named)
