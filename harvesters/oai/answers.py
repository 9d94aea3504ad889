"""An answer's bytes to a tree, strictly; the protocol errors that it may carry.

A list page is never parsed in recover mode: a cut page would lose its last records and its token in silence.
"""

from __future__ import annotations

import codecs
import re

from lxml import etree

from harvesters.errors import BadTokenError, NoRecordsMatchError, PageError, ProtocolError
from harvesters.formats.xml import local_name
from harvesters.http import Answer

#: Characters that XML 1.0 forbids (section 2.2) and repositories send all the same, plain or as references.
ILLEGAL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]"
    rb"|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF]));"
)
_ROOT_END = re.compile(rb"</(?:[\w.-]+:)?OAI-PMH\s*>")
_USUAL_END = b"</OAI-PMH>"
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*+<[^!?]", re.DOTALL)
_PAGE_START = re.compile(rb"<\?xml\s|<(?:[\w.-]+:)?OAI-PMH[\s>]")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}\sencoding\s*=\s*[\"']([\w.:-]{1,40})")
_ASCII = bytes(range(32, 127))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def parse_answer(answer: Answer) -> etree._Element:
    """Parse any OAI-PMH answer strictly and raise its protocol error, if it is one."""
    _, root = parse(answer, prepared(answer))
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


def prepared(answer: Answer) -> bytes:
    """Return an answer's document, in an encoding whose mark-up can be searched for, without what stands around it.

    Raises:
        PageError: it is empty, a web page, or in an encoding that could hide a declaration of entities.
    """
    body = readable(answer)
    if not body:
        raise page_error(answer, "is empty")
    if body[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise page_error(answer, "is an HTML page, not OAI-PMH")
    return _without_notices(body)


def parse(answer: Answer, body: bytes) -> tuple[bytes, etree._Element]:
    """Parse an answer's prepared document strictly; return it as it was parsed, and its root.

    Raises:
        PageError: no OAI-PMH page, or not well-formed even without illegal characters.
    """
    try:
        root = _strict(body, answer)
    except etree.XMLSyntaxError as error:
        end = _ROOT_END.search(body)
        cleaned = ILLEGAL.sub(b"", body[: end.end()] if end is not None else body)
        if cleaned == body:
            raise page_error(answer, f"is not well-formed XML ({error.msg})") from error
        body = cleaned
        try:
            root = _strict(body, answer)
        except etree.XMLSyntaxError as again:
            raise page_error(answer, f"is not well-formed XML ({again.msg})") from again
    if local_name(root) != "OAI-PMH":
        raise page_error(answer, f"has the root element {local_name(root)!r}, not OAI-PMH")
    return body, root


def is_whole(body: bytes) -> bool:
    """Tell whether a page's root is closed: a cut page must be asked for again."""
    return _ROOT_END.search(body) is not None


def _without_notices(body: bytes) -> bytes:
    """Cut off what follows the root: notices were seen there at several repositories."""
    if body.endswith(_USUAL_END):
        return body  # were there two ends, it would not be well-formed, and be cut at the first then
    end = _ROOT_END.search(body)
    return body[: end.end()] if end is not None else body


def readable(answer: Answer) -> bytes:
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
        raise page_error(answer, f"is written in {encoding}, not in UTF-8")
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
    if declares_entities(body):
        raise page_error(answer, "declares a document type or entities, which OAI-PMH does not allow")
    # huge_tree lifts libxml2's 10-MB limit on one text; the answer's size is limited, and there are no entities.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.fromstring(body, parser)


def declares_entities(body: bytes) -> bool:
    """Tell whether a document type may come before the first tag, the one place for it (XML 1.0, section 2.8)."""
    return _PROLOG.match(body) is None and (b"<!DOCTYPE" in body or b"<!ENTITY" in body)


def page_error(answer: Answer, what: str) -> PageError:
    """Return the error of an answer that is no page, with all of it."""
    return PageError(
        f"The answer of {answer.url} {what}. Open the address in a browser; if it is wrong, correct the source's "
        "endpoint, else try again later.",
        url=answer.url,
        body=answer.body,
    )
