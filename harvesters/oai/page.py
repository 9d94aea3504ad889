"""An answer's bytes to a ``Page``: strict parsing, and each record cut out byte for byte."""

from __future__ import annotations

import re

from lxml import etree

from harvesters.formats.xml import local_name
from harvesters.http import Answer
from harvesters.oai.answers import page_error, parse, prepared, raise_protocol_error
from harvesters.oai.header import PageContext, read_element, read_header, text_of
from harvesters.oai.plain import read_plain_page
from harvesters.records import DamagedRecord, Page, RawRecord

_LIST_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:ListRecords|GetRecord)(?:\s[^<>]*)?>")
_ROOT_TAG = re.compile(rb"<(?:[\w.-]+:)?OAI-PMH(?:\s[^<>]*)?>")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_MAX_SIZE_DIGITS = 12


def read_page(answer: Answer, context: PageContext) -> Page:
    """Read a ListRecords answer strictly.

    Raises:
        PageError: no OAI-PMH page, or not well-formed even without illegal characters.
        NoRecordsMatchError, BadTokenError, ProtocolError: the repository's own error.
    """
    return _read(answer, "ListRecords", context)


def read_identifiers(answer: Answer, context: PageContext) -> Page:
    """Read a ListIdentifiers answer: records with a header's facts; the body is the header. Raises as ``read_page``."""
    _, root, listing = _listing(answer, prepared(answer), "ListIdentifiers")
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    for element in listing:
        if local_name(element) == "header":
            made = read_header(element, _written_anew(element), context, answer.url)
            (records if isinstance(made, RawRecord) else damaged).append(made)  # type: ignore[arg-type]
    return _page(answer, root, listing, records, damaged)


def read_record(answer: Answer, context: PageContext) -> RawRecord | DamagedRecord:
    """Read a GetRecord answer; its record equals the same record out of a list. Raises as ``read_page``."""
    page = _read(answer, "GetRecord", context)
    if not page.records and not page.damaged:
        raise page_error(answer, "holds no record")
    return page.records[0] if page.records else page.damaged[0]


def _read(answer: Answer, verb: str, context: PageContext) -> Page:
    document = prepared(answer)
    return read_plain_page(answer, document, verb, context) or read_tree(answer, document, verb, context)


def read_tree(answer: Answer, document: bytes, verb: str, context: PageContext) -> Page:
    """Read an answer's prepared document from its tree, whatever way it is written. Raises as ``read_page``."""
    body, root, listing = _listing(answer, document, verb)
    elements = [child for child in listing if local_name(child) == "record"]
    pieces = _cut(body, elements) or [_written_anew(element) for element in elements]
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    for element, piece in zip(elements, pieces, strict=True):
        made = read_element(element, piece, context, answer.url)
        (records if isinstance(made, RawRecord) else damaged).append(made)  # type: ignore[arg-type]
    return _page(answer, root, listing, records, damaged)


def _listing(answer: Answer, document: bytes, verb: str) -> tuple[bytes, etree._Element, etree._Element]:
    body, root = parse(answer, document)
    raise_protocol_error(root, answer.url)
    listing = next((child for child in root if local_name(child) == verb), None)
    if listing is None:
        raise page_error(answer, f"holds neither {verb} nor an error")
    return body, root, listing


def _page(
    answer: Answer,
    root: etree._Element,
    listing: etree._Element,
    records: list[RawRecord],
    damaged: list[DamagedRecord],
) -> Page:
    token = next((child for child in reversed(listing) if local_name(child) == "resumptionToken"), None)
    return Page(
        url=answer.url,
        records=tuple(records),
        token=text_of(token),
        list_size=size_of(token.get("completeListSize")) if token is not None else None,
        bytes_received=len(answer.body),
        response_date=next((text_of(child) for child in root if local_name(child) == "responseDate"), None),
        damaged=tuple(damaged),
    )


def head_of(body: bytes) -> bytes | None:
    """Return what opens the page around its records: XML declaration, root tag, list tag."""
    root, listing = _ROOT_TAG.search(body), _LIST_TAG.search(body)
    if root is None or listing is None:
        return None
    # A record asked for alone gets the head of a list, so that its digest is that of the list's.
    return _COMMENT.sub(b"", body[: root.start()]) + root[0] + listing[0].replace(b"GetRecord", b"ListRecords")


def _cut(body: bytes, elements: list[etree._Element]) -> list[tuple[bytes, bytes]] | None:
    """Cut the records out of the page's bytes; ``None`` where the cuts cannot be trusted.

    They cannot where the count differs from the parser's: prefixed tags, records within records (MARCXML), comments.
    """
    head = head_of(body)
    parts = body.split(b"</record>")
    if head is None or len(parts) != len(elements) + 1 or b"<record" in parts.pop():
        return None
    if any(element.prefix for element in elements):  # those without a prefix are others, in the metadata
        return None
    pieces: list[tuple[bytes, bytes]] = []
    for part in parts:
        start = part.find(b"<record")
        if start < 0 or part.find(b"<record", start + 1) >= 0:
            return None
        pieces.append((head, part[start:] + b"</record>"))
    return pieces


def _written_anew(element: etree._Element) -> tuple[bytes, bytes]:
    return b"", etree.tostring(element, encoding="utf-8", with_tail=False)


def size_of(value: str | None) -> int | None:
    """Read a stated list size; ``None`` for what is none."""
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_SIZE_DIGITS else None
