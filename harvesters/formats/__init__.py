"""Metadata formats: one parser a file, chosen by the root element for XML, by the metadata prefix for all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from harvesters.errors import FormatError
from harvesters.formats.csv_row import describe_table_row
from harvesters.formats.datacite import describe_datacite
from harvesters.formats.description import Description
from harvesters.formats.doaj_journals import describe_csv_row, describe_journal_dc, describe_journal_json
from harvesters.formats.doaj_json import describe_doaj_json
from harvesters.formats.jats import describe_jats
from harvesters.formats.journal import JournalDescription
from harvesters.formats.kbart import describe_kbart
from harvesters.formats.marc import describe_marc, describe_marcxml
from harvesters.formats.oai_dc import describe_oai_dc
from harvesters.formats.oai_doaj import describe_oai_doaj
from harvesters.formats.oalib import describe_oalib
from harvesters.formats.pmc_services import describe_pmc_esummary, describe_pmc_idconv
from harvesters.formats.qdc import BARE, describe_bare_qdc, describe_qdc
from harvesters.formats.ris import describe_ris
from harvesters.formats.xml import find_payload, local_name, parse_document
from harvesters.records import RawRecord

__all__ = ["ENRICHMENTS", "JOURNAL_READERS", "PREFIXES", "READERS", "ROOTS", "describe", "describe_journal"]

Reader = Callable[[RawRecord], Description]
JournalReader = Callable[[RawRecord], JournalDescription]
Parser = Callable[[etree._Element], Description]  # noqa: SLF001 - lxml's only name for an element type

ROOTS: Mapping[str, Parser] = {
    "dc": describe_oai_dc,
    "doajArticle": describe_oai_doaj,
    "article": describe_jats,
    "resource": describe_datacite,
    "oai_datacite": describe_datacite,
    **dict.fromkeys(("qualifieddc", "qdc", "oai_qdc", "dcterms", "{http://purl.org/dc/terms/}record"), describe_qdc),
    **dict.fromkeys(BARE, describe_bare_qdc),
    "record": describe_marcxml,
    "collection": describe_marcxml,
}
"""Parsers by the metadata's root element: its local name, or ``{namespace}name`` where others use that name too."""

PREFIXES: Mapping[str, str] = {
    "oai_dc": "dc",
    "marcxml": "record",
    "marc21": "record",
    "oai_doaj": "doajArticle",
    "pmc_fm": "article",
    "pmc": "article",
    "jats": "article",
    **dict.fromkeys(("qdc", "oai_qdc"), "qualifieddc"),
    "dcterms": "dcterms",
    **dict.fromkeys(("datacite", "datacite3", "datacite4", "oai_openaire"), "resource"),
    **dict.fromkeys(("oai_datacite", "oai_datacite3", "oai_datacite4"), "oai_datacite"),
}
"""The root element that each known metadata prefix should bring; another prefix is judged by its root."""


def _describe_bibtex(record: RawRecord) -> Description:
    from harvesters.formats.bibtex import describe_bibtex  # noqa: PLC0415  # pybtex is slow to load, and seldom needed

    return describe_bibtex(record)


READERS: Mapping[str, Reader] = {
    "doaj_json": describe_doaj_json,
    "pmc_idconv": describe_pmc_idconv,
    "pmc_esummary": describe_pmc_esummary,
    "csv": describe_table_row,
    "kbart": describe_kbart,
    "marc": describe_marc,
    "ris": describe_ris,
    "bibtex": _describe_bibtex,
    "oalib_html": describe_oalib,
}
"""Readers of formats that are not XML, by metadata prefix."""

ENRICHMENTS = frozenset(("pmc_idconv", "pmc_esummary"))
"""Formats that add to what a record says of itself; where nothing else is left of it, the article is gone."""

JOURNAL_READERS: Mapping[str, JournalReader] = {
    "doaj_csv": describe_csv_row,
    "doaj_json": describe_journal_json,
    "oai_dc": describe_journal_dc,
}
"""Readers of what sources that describe journals send, by metadata prefix."""


def describe(record: RawRecord) -> Description:
    """Read what a record says of itself.

    The root element decides: for the known prefixes it is always the same, and a repository that gives
    a format another prefix (``oai_dc_full``, ``nlm``) is understood all the same.

    Raises:
        FormatError: not well-formed, without metadata, or in a format that has no parser here.
    """
    reader = READERS.get(record.metadata_prefix)
    if reader is not None:
        return reader(record)
    payload = find_payload(parse_document(record.document()))
    root = local_name(payload)
    parser = ROOTS.get(payload.tag) or ROOTS.get(root)
    if parser is None:
        expected = PREFIXES.get(record.metadata_prefix)
        hint = f" (<{expected}> was expected)" if expected else ""
        raise FormatError(
            f"The metadata format {record.metadata_prefix!r} with root element <{root}>{hint} cannot be read.",
            remedy="Harvest this repository as oai_dc, or add a parser in harvesters/formats and run kaijuan rebuild.",
        )
    return parser(payload)


def describe_journal(record: RawRecord) -> JournalDescription:
    """Read what a record of a source that describes journals says of its journal.

    Raises:
        FormatError: it cannot be read, has no title, or is in a format that has no reader here.
    """
    reader = JOURNAL_READERS.get(record.metadata_prefix)
    if reader is None:
        raise FormatError(
            f"Journals in the metadata format {record.metadata_prefix!r} cannot be read.",
            remedy=f"Harvest the journals in one of these: {', '.join(sorted(JOURNAL_READERS))}.",
        )
    return reader(record)
