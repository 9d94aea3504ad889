"""Read list pages that are written as nearly all are, without building a tree: half the time of reading them.

In such a page the tags of the protocol have no prefixes, nothing but white space stands between the records, and no
comment or the like hides the end of one. Then the bytes show where each record begins and ends, once a parser has found
the whole page well-formed. Every other page is read from its tree (``page.py``), to the same records.
"""

from __future__ import annotations

import re

from lxml import etree

from harvesters.http import Answer
from harvesters.oai.header import PageContext
from harvesters.records import Page, RawRecord

#: Text without white space and references: the same in the bytes as in a tree.
_WORD = rb"[!-%'-;=-~]+"
_OPENING = re.compile(
    rb"((?:<\?[^<>]*\?>\s*+)*+<OAI-PMH(?:\s[^<>]*)?>)"
    rb"\s*+(?:<responseDate>\s*+(" + _WORD + rb")\s*+</responseDate>\s*+)?"
    rb"(?:<request(?:\s[^<>]*)?(?:/>|>[^<]*</request>)\s*+)?<(ListRecords|GetRecord)((?:\s[^<>]*)?>)"
)
_HEADER = re.compile(
    rb"\s*+(<record)(?:\s[^<>]*)?(?<!/)>\s*+<header((?:\s[^<>]*)?)>"
    rb"\s*+<identifier>\s*+(" + _WORD + rb")\s*+</identifier>"
    rb"\s*+<datestamp>\s*+(" + _WORD + rb")\s*+</datestamp>"
    rb"((?:\s*+<setSpec>" + _WORD + rb"</setSpec>)*+)\s*+</header>"
)
_DELETED = re.compile(rb"\s+status\s*=\s*[\"']deleted[\"']\s*")
_SET = re.compile("<setSpec>([^<]+)</setSpec>")
_CLOSING = re.compile(
    rb"\s*+(?:<resumptionToken"
    rb"((?:\s+(?:completeListSize|cursor|expirationDate)\s*=\s*[\"'][\w:.+-]*[\"'])*+)\s*+"
    rb"(?:/>|>\s*+(" + _WORD + rb")?\s*+</resumptionToken>)\s*+)?+</(?:ListRecords|GetRecord)>\s*+</OAI-PMH>\s*+"
)
_LIST_SIZE = re.compile(rb"completeListSize\s*=\s*[\"'](\d{1,12})[\"']")
_LIST = b"<ListRecords"
_RECORD_END = b"</record"
#: What begins with ``<`` and is no tag, by its second character (XML 1.0, section 2.4 to 2.7).
_SECTIONS = (
    (b"!", re.compile(rb"!\[CDATA\[.*?\]\]>|!--.*?-->", re.DOTALL)),
    (b"?", re.compile(rb"\?[^<]*?\?>")),  # one that held the beginning of a comment would shift all that follow
)
_TAG = ord("<")
_MAX_MARKS = 10_000


def read_plain_page(answer: Answer, body: bytes, verb: str, context: PageContext) -> Page | None:
    """Read an answer's prepared document; ``None`` where it is not plain, not well-formed, or answers another verb.

    The verb is ListRecords or GetRecord; a record asked for alone gets the head of a list, to equal the list's.
    """
    opening = _OPENING.match(body)
    if opening is None or opening[3] != verb.encode() or _hides_end(body, opening.end()):
        return None
    records, end = _cut(body, opening.end(), opening[1] + _LIST + opening[4], context)
    closing = _CLOSING.fullmatch(body, end)
    if not records or closing is None or not _is_well_formed(body):
        return None
    size = _LIST_SIZE.search(closing[1] or b"")
    return Page(
        url=answer.url,
        records=tuple(records),
        token=closing[2].decode("ascii") if closing[2] else None,
        list_size=int(size[1]) if size else None,
        bytes_received=len(answer.body),
        response_date=opening[2].decode("ascii") if opening[2] else None,
    )


def _hides_end(body: bytes, start: int) -> bool:
    """Tell whether, from a place on, a record may seem to end within a comment, an instruction or character data."""
    return any(_hides_end_in(mark, section, body, start) for mark, section in _SECTIONS)


def _hides_end_in(mark: bytes, section: re.Pattern[bytes], body: bytes, start: int) -> bool:
    # Looking for one byte costs next to nothing, looking for two as much as the rest of the cutting.
    place = body.find(mark, start)
    for _ in range(_MAX_MARKS):
        if place < 0:
            return False
        end = place + 1
        if body[place - 1] == _TAG:
            whole = section.match(body, place)
            if whole is None or _RECORD_END in whole[0]:
                return True
            end = whole.end()
        place = body.find(mark, end)
    return True


def _cut(body: bytes, position: int, head: bytes, context: PageContext) -> tuple[list[RawRecord], int]:
    """Cut out records as long as they follow each other; return them and where the last one ended.

    Each ends at the first end tag behind its header. Were that the end of a record within it (MARCXML has such), its
    own end tag would be left over, and neither the next record nor the page's end would follow; nor would they behind
    an end tag written in another way, or of another name (MODS has recordInfo).
    """
    source, metadata_prefix, received_at = context.source, context.metadata_prefix, context.received_at
    records: list[RawRecord] = []
    while header := _HEADER.match(body, position):
        end = body.find(_RECORD_END, header.end()) + len(_RECORD_END)
        if end < header.end():
            break
        attributes, identifier, datestamp, sets = header.group(2, 3, 4, 5)
        is_deleted = b"status" in attributes
        if is_deleted and _DELETED.fullmatch(attributes) is None:
            break
        position = end + 1
        records.append(
            RawRecord(
                source=source,
                identifier=identifier.decode("ascii"),
                metadata_prefix=metadata_prefix,
                datestamp=datestamp.decode("ascii"),
                set_specs=tuple(_SET.findall(sets.decode("ascii"))),
                deleted=is_deleted,
                body=body[header.start(1) : position],
                head=head,
                received_at=received_at,
            )
        )
    return records, position


class _NoTree:
    """Takes nothing of what a parser finds."""

    def close(self) -> None:
        """End the document."""


def _is_well_formed(body: bytes) -> bool:
    """Tell whether a parser has nothing against a page; what it says of namespaces stands in its log only."""
    parser = etree.XMLParser(
        target=_NoTree(),  # type: ignore[arg-type]  # it needs no other method
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    try:
        etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return False
    return not parser.error_log
