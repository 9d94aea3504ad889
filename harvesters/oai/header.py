"""What a record's header says (section 2.5): identifier, datestamp, sets, and whether the record is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from harvesters.formats.xml import local_name
from harvesters.records import DamagedRecord, RawRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What the page's records inherit: source, format and time of arrival."""

    source: str
    metadata_prefix: str
    received_at: datetime


def read_element(
    element: etree._Element, piece: tuple[bytes, bytes], context: PageContext, url: str
) -> RawRecord | DamagedRecord:
    """Read a record element; ``piece`` is its page's head and its own bytes."""
    header = next((child for child in element if local_name(child) == "header"), None)
    if header is None:
        return _headless(piece[1], url)
    return read_header(header, piece, context, url)


def _headless(body: bytes, url: str) -> DamagedRecord:
    return DamagedRecord(
        url=url,
        body=body,
        reason="The record has no header with an identifier.",
        remedy="Tell the repository; harvest it again when mended.",
    )


def read_header(
    header: etree._Element, piece: tuple[bytes, bytes], context: PageContext, url: str
) -> RawRecord | DamagedRecord:
    """Read a header element; the record is ``piece``, its page's head and its own bytes."""
    head, body = piece
    identifier = datestamp = None
    sets: list[str] = []
    for child in header:
        match local_name(child):
            case "identifier":
                identifier = text_of(child)
            case "datestamp":
                datestamp = text_of(child)
            case "setSpec":
                sets.append(text_of(child) or "")
    if not identifier:
        return _headless(body, url)
    return RawRecord(
        source=context.source,
        identifier=identifier,
        metadata_prefix=context.metadata_prefix,
        datestamp=datestamp or "",
        set_specs=tuple(filter(None, sets)),
        deleted=header.get("status") == "deleted",
        body=body,
        head=head,
        received_at=context.received_at,
    )


def text_of(element: etree._Element | None) -> str | None:
    """Return an element's text; ``None`` where there is none."""
    return ((element.text or "").strip() or None) if element is not None else None
