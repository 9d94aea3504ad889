"""Files and folders of the library's own as sources: the same pages, tokens and ledger as any repository has."""

from __future__ import annotations

from collections.abc import Mapping

from harvesters.files.bibtex import BibtexLister
from harvesters.files.doaj import DumpLister, JournalsLister
from harvesters.files.jats import JatsLister
from harvesters.files.lister import FileLister
from harvesters.files.marc import MarcLister
from harvesters.files.ris import RisLister
from harvesters.files.table import CsvLister, KbartLister
from harvesters.sources.definition import Kind, Source

__all__ = ["open_files"]

_LISTERS: Mapping[Kind, type[FileLister]] = {
    "csv": CsvLister,
    "kbart": KbartLister,
    "marc": MarcLister,
    "ris": RisLister,
    "bibtex": BibtexLister,
    "jats": JatsLister,
    "doaj-dump": DumpLister,
    "doaj-journals": JournalsLister,
}


def open_files(source: Source) -> FileLister:
    """Return the lister of a file source's kind."""
    return _LISTERS[source.kind](source)
