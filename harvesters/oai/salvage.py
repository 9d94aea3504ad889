"""A page that no parser takes, read record by record: the last resort; the bad records go to quarantine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import unescape

from lxml import etree

from harvesters.http import Answer
from harvesters.oai.answers import ILLEGAL, declares_entities, is_whole, readable
from harvesters.oai.header import PageContext, read_element
from harvesters.oai.page import head_of, size_of
from harvesters.records import DamagedRecord, Page, RawRecord

_RECORD_END = re.compile(rb"</(?:[\w.-]+:)?record\s*>")
#: A record of the list, not one inside its metadata (MARCXML has such).
_OWN_START = re.compile(rb"<(?:[\w.-]+:)?record(?:\s[^<>]*)?>(?=\s*<(?:[\w.-]+:)?(?:header|metadata)[\s/>])")
_LIST_END = re.compile(rb"<(?:[\w.-]+:)?resumptionToken[\s/>]|</(?:[\w.-]+:)?(?:ListRecords|OAI-PMH)\s*>")
_TOKEN = re.compile(rb"<((?:[\w.-]+:)?resumptionToken)((?:\s[^<>]*)?)(?:/>|>(.*?)</\1\s*>)", re.DOTALL)
_LIST_SIZE = re.compile(rb'completeListSize\s*=\s*["\'](\d+)')


def salvage_page(answer: Answer, context: PageContext) -> Page | None:
    """Read a page that is not well-formed record by record; the bad records become ``damaged``.

    ``None`` for what is no list, and for a page that is not all there (its root is not closed): a cut one must be asked
    for again.
    """
    body = ILLEGAL.sub(b"", readable(answer))
    head = head_of(body)
    if head is None or not is_whole(body) or declares_entities(body):
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
        list_size=size_of(size[1].decode()) if size else None,
        bytes_received=len(answer.body),
        damaged=tuple(damaged),
    )


def _rough_pieces(body: bytes) -> Iterator[bytes]:
    """Cut the records out of a page that no parser takes: one that does not end must not swallow the next."""
    starts = [start.start() for start in _OWN_START.finditer(body)]
    list_end = _LIST_END.search(body, starts[-1]) if starts else None
    for start, stop in pairwise([*starts, list_end.start() if list_end else len(body)]):
        ends = [end.end() for end in _RECORD_END.finditer(body, start, stop)]
        yield body[start : ends[-1] if ends else stop]


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
    return read_element(root[0][0], (head, piece), context, url)


def _identifier_in(piece: bytes) -> str | None:
    match = re.search(rb"<identifier>([^<]{1,500})</identifier>", piece)
    return match[1].decode("utf-8", "replace").strip() if match else None


def _plain(text: bytes) -> str | None:
    """Read a token's text out of a page that no parser takes: character data sections and entities included."""
    inner = re.sub(rb"<!\[CDATA\[(.*?)\]\]>", rb"\1", text, flags=re.DOTALL).decode("utf-8", "replace")
    return unescape(inner, {"&quot;": '"', "&apos;": "'"}).strip() or None
