"""An answer's bytes to a ``Page``: strict parsing, each record cut out byte for byte, salvage as the last resort.

A list page is never parsed in recover mode: a cut page would lose its last records and its token in silence.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from xml.sax.saxutils import unescape

from lxml import etree

from harvesters.errors import BadTokenError, NoRecordsMatchError, PageError, ProtocolError
from harvesters.formats.xml import local_name
from harvesters.http import Answer
from harvesters.records import DamagedRecord, Page, RawRecord

#: Characters that XML 1.0 forbids (section 2.2) and repositories send all the same, plain or as references.
_ILLEGAL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]"
    rb"|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF]));"
)
_LIST_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:ListRecords|GetRecord)(?:\s[^<>]*)?>")
_ROOT_TAG = re.compile(rb"<(?:[\w.-]+:)?OAI-PMH(?:\s[^<>]*)?>")
_ROOT_END = re.compile(rb"</(?:[\w.-]+:)?OAI-PMH\s*>")
_USUAL_END = b"</OAI-PMH>"
_RECORD_END = re.compile(rb"</(?:[\w.-]+:)?record\s*>")
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*+<[^!?]", re.DOTALL)
_PLAIN_HEADER = re.compile(
    rb"<record(?:\s[^<>]*)?>\s*<header((?:\s[^<>]*)?)>\s*<identifier>([^<&\s]+)</identifier>"
    rb"\s*<datestamp>([^<&\s]+)</datestamp>((?:\s*<setSpec>[^<&\s]+</setSpec>)*)\s*</header>"
)
_SET = re.compile("<setSpec>([^<]+)</setSpec>")
_COUNT_RECORDS = etree.XPath("count(*[local-name() = 'record'])")
#: A record of the list, not one inside its metadata (MARCXML has such).
_OWN_START = re.compile(rb"<(?:[\w.-]+:)?record(?:\s[^<>]*)?>(?=\s*<(?:[\w.-]+:)?(?:header|metadata)[\s/>])")
_LIST_END = re.compile(rb"<(?:[\w.-]+:)?resumptionToken[\s/>]|</(?:[\w.-]+:)?(?:ListRecords|OAI-PMH)\s*>")
_PAGE_START = re.compile(rb"<\?xml\s|<(?:[\w.-]+:)?OAI-PMH[\s>]")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}\sencoding\s*=\s*[\"']([\w.:-]{1,40})")
_ASCII = bytes(range(32, 127))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb"<((?:[\w.-]+:)?resumptionToken)((?:\s[^<>]*)?)(?:/>|>(.*?)</\1\s*>)", re.DOTALL)
_LIST_SIZE = re.compile(rb'completeListSize\s*=\s*["\'](\d+)')
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_MAX_SIZE_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What the page's records inherit: source, format and time of arrival."""

    source: str
    metadata_prefix: str
    received_at: datetime


def read_page(answer: Answer, context: PageContext) -> Page:
    """Read a ListRecords answer strictly.

    Raises:
        PageError: no OAI-PMH page, or not well-formed even without illegal characters.
        NoRecordsMatchError, BadTokenError, ProtocolError: the repository's own error.
    """
    body, root, listing = _listing(answer, "ListRecords")
    records, damaged = _read_records(answer, body, listing, context)
    return _page(answer, root, listing, records, damaged)


def read_identifiers(answer: Answer, context: PageContext) -> Page:
    """Read a ListIdentifiers answer: records with a header's facts; the body is the header. Raises as ``read_page``."""
    _, root, listing = _listing(answer, "ListIdentifiers")
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    for element in listing:
        if local_name(element) == "header":
            made = _made(element, _written_anew(element), context, answer.url)
            (records if isinstance(made, RawRecord) else damaged).append(made)  # type: ignore[arg-type]
    return _page(answer, root, listing, records, damaged)


def read_record(answer: Answer, context: PageContext) -> RawRecord | DamagedRecord:
    """Read a GetRecord answer; its record equals the same record out of a list. Raises as ``read_page``."""
    body, _, listing = _listing(answer, "GetRecord")
    records, damaged = _read_records(answer, body, listing, context)
    if not records and not damaged:
        raise _page_error(answer, "holds no record")
    return records[0] if records else damaged[0]


def _listing(answer: Answer, verb: str) -> tuple[bytes, etree._Element, etree._Element]:
    body, root = _parse(answer)
    raise_protocol_error(root, answer.url)
    listing = next((child for child in root if local_name(child) == verb), None)
    if listing is None:
        raise _page_error(answer, f"holds neither {verb} nor an error")
    return body, root, listing


def _read_records(
    answer: Answer, body: bytes, listing: etree._Element, context: PageContext
) -> tuple[list[RawRecord], list[DamagedRecord]]:
    pieces = _cut(body, int(_COUNT_RECORDS(listing)))  # type: ignore[arg-type]  # a number, by its expression
    elements: list[etree._Element] = []
    if pieces is None:
        elements = _record_elements(listing)
        pieces = [_written_anew(element) for element in elements]
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    for place, piece in enumerate(pieces):
        made: RawRecord | DamagedRecord | None = _quickly(piece, context)
        if made is None:
            elements = elements or _record_elements(listing)
            made = _record(elements[place], piece, context, answer.url)
        (records if isinstance(made, RawRecord) else damaged).append(made)  # type: ignore[arg-type]
    return records, damaged


def _record_elements(listing: etree._Element) -> list[etree._Element]:
    return [child for child in listing if local_name(child) == "record"]


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
        token=_text(token),
        list_size=_size(token.get("completeListSize")) if token is not None else None,
        bytes_received=len(answer.body),
        response_date=next((_text(child) for child in root if local_name(child) == "responseDate"), None),
        damaged=tuple(damaged),
    )


def salvage_page(answer: Answer, context: PageContext) -> Page | None:
    """Read a page that is not well-formed record by record; the bad records become ``damaged``.

    ``None`` for what is no list, and for a page that is not all there (its root is not closed): a cut one must be asked
    for again.
    """
    body = _ILLEGAL.sub(b"", _readable(answer))
    head = _head(body)
    if head is None or _ROOT_END.search(body) is None or _declares_entities(body):
        return None
    token = _TOKEN.search(body)
    if token is None and b"resumptionToken" in body:
        return None
    records: list[RawRecord] = []
    damaged: list[DamagedRecord] = []
    for piece in _rough_pieces(body):
        made = _salvage_record(head, piece, context, answer.url)
        (records if isinstance(made, RawRecord) else damaged).append(made)  # type: ignore[arg-type]
    if not records:
        return None
    size = _LIST_SIZE.search(token[2]) if token else None
    return Page(
        url=answer.url,
        records=tuple(records),
        token=_plain(token[3] or b"") if token else None,
        list_size=_size(size[1].decode()) if size else None,
        bytes_received=len(answer.body),
        damaged=tuple(damaged),
    )


def parse_answer(answer: Answer) -> etree._Element:
    """Parse any OAI-PMH answer strictly and raise its protocol error, if it is one."""
    _, root = _parse(answer)
    raise_protocol_error(root, answer.url)
    return root


def raise_protocol_error(root: etree._Element, url: str) -> None:
    """Raise the OAI-PMH error that an answer carries (section 3.6), as the class that tells what to do."""
    errors = [child for child in root if local_name(child) == "error"]
    if not errors:
        return
    code = errors[0].get("code") or "unknown"
    said = " ".join((error.text or "").strip() for error in errors).strip()[:300] or "no message"
    message = f"The repository answered {code}: {said.rstrip('.')}."
    if code == "noRecordsMatch":
        raise NoRecordsMatchError(message, url=url, code=code)
    if code == "badResumptionToken":
        raise BadTokenError(
            f"{message} The list is asked for again from its beginning at the next harvest.", url=url, code=code
        )
    dated = code == "badArgument" and ("from=" in url or "until=" in url)
    days = " If it knows only days: kaijuan sources set NAME granularity=day." if dated else ""
    raise ProtocolError(f"{message} Check the source's metadata prefix, set and window.{days}", url=url, code=code)


def _parse(answer: Answer) -> tuple[bytes, etree._Element]:
    body = _readable(answer)
    if not body:
        raise _page_error(answer, "is empty")
    if body[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise _page_error(answer, "is an HTML page, not OAI-PMH")
    body = _without_notices(body)
    try:
        root = _strict(body, answer)
    except etree.XMLSyntaxError as error:
        end = _ROOT_END.search(body)
        cleaned = _ILLEGAL.sub(b"", body[: end.end()] if end is not None else body)
        if cleaned == body:
            raise _page_error(answer, f"is not well-formed XML ({error.msg})") from error
        body = cleaned
        try:
            root = _strict(body, answer)
        except etree.XMLSyntaxError as again:
            raise _page_error(answer, f"is not well-formed XML ({again.msg})") from again
    if local_name(root) != "OAI-PMH":
        raise _page_error(answer, f"has the root element {local_name(root)!r}, not OAI-PMH")
    return body, root


def _without_notices(body: bytes) -> bytes:
    """Cut off what follows the root: notices were seen there at several repositories."""
    if body.endswith(_USUAL_END):
        return body  # were there two ends, it would not be well-formed, and be cut at the first then
    end = _ROOT_END.search(body)
    return body[: end.end()] if end is not None else body


def _readable(answer: Answer) -> bytes:
    """Return the page from its first tag on, in an encoding whose mark-up can be searched for.

    Byte-order marks, blank lines and a script's notices come before pages; UTF-16 is written anew as UTF-8. An encoding
    that could hide a declaration of entities from the search is refused (OAI-PMH wants UTF-8, section 3.2).
    """
    body = answer.body
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = body.decode("utf-16", "replace")
        return _DECLARATION.sub("", text, count=1).encode("utf-8", "replace").strip()
    body = body.strip(_BYTE_ORDER_MARK + b" \t\r\n\f\v")
    start = _PAGE_START.search(body)
    if start is not None and b"<!" not in body[: start.start()]:
        body = body[start.start() :]
    declared = _ENCODING.match(body)
    if (declared is not None and not _is_plain(declared[1].decode())) or body[:1] not in {b"<", b""}:
        encoding = declared[1].decode() if declared else "an encoding of its own, or is not XML"
        raise _page_error(answer, f"is written in {encoding}, not in UTF-8")
    return body


def _is_plain(encoding: str) -> bool:
    """Tell whether ASCII is itself in an encoding, and nothing else is."""
    try:
        codec = codecs.lookup(encoding).name
        return not codec.startswith(("iso2022", "hz")) and _ASCII.decode(codec) == _ASCII.decode("ascii")
    except (LookupError, UnicodeError):
        return False


def _strict(body: bytes, answer: Answer) -> etree._Element:
    # An OAI-PMH page needs no document type; one that has it may carry an entity bomb.
    if _declares_entities(body):
        raise _page_error(answer, "declares a document type or entities, which OAI-PMH does not allow")
    # huge_tree lifts libxml2's 10-MB limit on one text; the answer's size is limited, and there are no entities.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.fromstring(body, parser)


def _declares_entities(body: bytes) -> bool:
    """Tell whether a document type may come before the first tag, the one place for it (XML 1.0, section 2.8)."""
    return _PROLOG.match(body) is None and (b"<!DOCTYPE" in body or b"<!ENTITY" in body)


def _plain(text: bytes) -> str | None:
    """Read a token's text out of a page that no parser takes: character data sections and entities included."""
    inner = re.sub(rb"<!\[CDATA\[(.*?)\]\]>", rb"\1", text, flags=re.DOTALL).decode("utf-8", "replace")
    return unescape(inner, {"&quot;": '"', "&apos;": "'"}).strip() or None


def _page_error(answer: Answer, what: str) -> PageError:
    return PageError(
        f"The answer of {answer.url} {what}. Open the address in a browser; if it is wrong, correct the source's "
        "endpoint, else try again later.",
        url=answer.url,
        body=answer.body,
    )


def _head(body: bytes) -> bytes | None:
    """Return what opens the page around its records: XML declaration, root tag, list tag."""
    root, listing = _ROOT_TAG.search(body), _LIST_TAG.search(body)
    if root is None or listing is None:
        return None
    # A record asked for alone gets the head of a list, so that its digest is that of the list's.
    return _COMMENT.sub(b"", body[: root.start()]) + root[0] + listing[0].replace(b"GetRecord", b"ListRecords")


def _cut(body: bytes, count: int) -> list[tuple[bytes, bytes]] | None:
    """Cut the records out of the page's bytes; ``None`` where the cuts cannot be trusted.

    They cannot where the count differs from the parser's: prefixed tags, records within records (MARCXML), comments.
    """
    head = _head(body)
    parts = body.split(b"</record>")
    if head is None or len(parts) != count + 1 or b"<record" in parts.pop():
        return None
    pieces: list[tuple[bytes, bytes]] = []
    for part in parts:
        start = part.find(b"<record")
        if start < 0 or part.find(b"<record", start + 1) >= 0:
            return None
        pieces.append((head, part[start:] + b"</record>"))
    return pieces


def _rough_pieces(body: bytes) -> Iterator[bytes]:
    """Cut the records out of a page that no parser takes: one that does not end must not swallow the next."""
    starts = [start.start() for start in _OWN_START.finditer(body)]
    list_end = _LIST_END.search(body, starts[-1]) if starts else None
    for start, stop in pairwise([*starts, list_end.start() if list_end else len(body)]):
        ends = [end.end() for end in _RECORD_END.finditer(body, start, stop)]
        yield body[start : ends[-1] if ends else stop]


def _written_anew(element: etree._Element) -> tuple[bytes, bytes]:
    return b"", etree.tostring(element, encoding="utf-8", with_tail=False)


def _record(
    element: etree._Element, piece: tuple[bytes, bytes], context: PageContext, url: str
) -> RawRecord | DamagedRecord:
    header = next((child for child in element if local_name(child) == "header"), None)
    if header is None:
        return _headless(piece[1], url)
    return _made(header, piece, context, url)


def _quickly(piece: tuple[bytes, bytes], context: PageContext) -> RawRecord | None:
    """Read the facts of a header from the bytes of a well-formed record, where it is as plain as nearly all are.

    ``None`` for every other: with a status, entities, comments, or in another order. Those are read from the tree,
    which takes a fifth of the whole harvest's time if all are.
    """
    header = _PLAIN_HEADER.match(piece[1])
    if header is None or b"status" in header[1]:
        return None
    try:
        return RawRecord(
            source=context.source,
            identifier=header[2].decode("ascii"),
            metadata_prefix=context.metadata_prefix,
            datestamp=header[3].decode("ascii"),
            set_specs=tuple(_SET.findall(header[4].decode("ascii"))),
            body=piece[1],
            head=piece[0],
            received_at=context.received_at,
        )
    except UnicodeDecodeError:  # the page's encoding decides
        return None


def _headless(body: bytes, url: str) -> DamagedRecord:
    return DamagedRecord(
        url=url,
        body=body,
        reason="The record has no header with an identifier.",
        remedy="Tell the repository; harvest it again when mended.",
    )


def _made(
    header: etree._Element, piece: tuple[bytes, bytes], context: PageContext, url: str
) -> RawRecord | DamagedRecord:
    head, body = piece
    identifier = datestamp = None
    sets: list[str] = []
    for child in header:
        match local_name(child):
            case "identifier":
                identifier = _text(child)
            case "datestamp":
                datestamp = _text(child)
            case "setSpec":
                sets.append(_text(child) or "")
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


def _salvage_record(head: bytes, piece: bytes, context: PageContext, url: str) -> RawRecord | DamagedRecord:
    record = RawRecord(
        source="",
        identifier="",
        metadata_prefix="",
        datestamp="",
        body=piece,
        head=head,
        received_at=context.received_at,
    )
    try:
        root = etree.fromstring(
            record.document(), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        )
    except etree.XMLSyntaxError as error:
        return DamagedRecord(
            url=url,
            body=piece,
            reason=f"The record is not well-formed XML ({error.msg}).",
            remedy="Tell the repository; harvest it again when mended.",
            identifier=_identifier_in(piece),
        )
    return _record(root[0][0], (head, piece), context, url)


def _identifier_in(piece: bytes) -> str | None:
    match = re.search(rb"<identifier>([^<]{1,500})</identifier>", piece)
    return match[1].decode("utf-8", "replace").strip() if match else None


def _text(element: etree._Element | None) -> str | None:
    return ((element.text or "").strip() or None) if element is not None else None


def _size(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_SIZE_DIGITS else None
