"""One page of an S3 bucket's listing (ListObjectsV2), and the errors that S3 sends as XML."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_plus

from lxml import etree

from harvesters.errors import FormatError, PageError, ProtocolError
from harvesters.formats.xml import local_name, parse_document
from harvesters.http import Answer, Client

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type
#: S3's own errors that may be gone at the next attempt; all others stay what they are.
_PASSING = frozenset(("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout"))
_LONGEST_ERROR = 16 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One object of the bucket; ``etag`` is the MD5 of its bytes where S3 stored them in one piece."""

    key: str
    modified: str
    etag: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the listing; ``continuation`` leads to the next one."""

    url: str
    objects: tuple[StoredObject, ...]
    continuation: str | None
    size: int


class S3Client(Client):
    """Take S3's lasting errors for answers: their codes say what to do."""

    def is_answer(self, body: bytes) -> bool:
        """Tell whether the body is an S3 error that will be the same next time."""
        code = _error(body)[0]
        return code is not None and code not in _PASSING


def _error(body: bytes) -> tuple[str | None, str]:
    if len(body) > _LONGEST_ERROR or b"<Error" not in body:
        return None, ""
    try:
        root = parse_document(body)
    except FormatError:
        return None, ""
    said = _texts(root)
    return (said.get("Code") or "Error", said.get("Message", "")) if local_name(root) == "Error" else (None, "")


def check_error(answer: Answer) -> None:
    """Raise ``ProtocolError`` where an answer is one of S3's errors."""
    code, message = _error(answer.body)
    if code is not None:
        raise ProtocolError(
            f"The bucket answers {code} for {answer.url}: {message} Check the source's endpoint; the address of PMC's "
            "bucket stands in docs/sources.md.",
            url=answer.url,
            code=code,
        )


def read_listing(answer: Answer) -> Listing:
    """Read a page of the listing.

    Raises:
        ProtocolError: it is one of S3's errors.
        PageError: it is no listing, is not well-formed, or says that it goes on but not how.
    """
    check_error(answer)
    try:
        root = parse_document(answer.body)
    except FormatError as error:
        raise _no_listing(answer, str(error)) from error
    if local_name(root) != "ListBucketResult":
        raise _no_listing(answer, f"its root is <{local_name(root)}>.")
    said = _texts(root)
    is_encoded = said.get("EncodingType") == "url"
    objects = tuple(_object(answer, _texts(one), is_encoded=is_encoded) for one in root.iterchildren("{*}Contents"))
    continuation = said.get("NextContinuationToken") or None
    if said.get("IsTruncated") == "true" and continuation is None:
        raise _no_listing(answer, "it is cut off but does not say how it goes on.")
    return Listing(
        url=answer.url,
        objects=objects,
        continuation=continuation if said.get("IsTruncated") == "true" else None,
        size=len(answer.body),
    )


def _object(answer: Answer, said: dict[str, str], *, is_encoded: bool) -> StoredObject:
    key, size = said.get("Key", ""), said.get("Size", "")
    if not key:
        raise _no_listing(answer, "an object in it has no key.")
    return StoredObject(
        key=unquote_plus(key) if is_encoded else key,
        modified=_stamp(said.get("LastModified", "")),
        etag=said.get("ETag", "").strip('"'),
        size=int(size) if size.isascii() and size.isdigit() else 0,
    )


def _stamp(value: str) -> str:
    """Return ``2026-01-02T03:04:05Z`` of S3's ``2026-01-02T03:04:05.000Z``."""
    whole, dot, _ = value.partition(".")
    return f"{whole}Z" if dot else value


def _texts(element: _Element) -> dict[str, str]:
    return {local_name(one): (one.text or "").strip() for one in element if len(one) == 0}


def _no_listing(answer: Answer, reason: str) -> PageError:
    return PageError(
        f"{answer.url} sent no listing of a bucket: {reason} Check the source's endpoint.",
        url=answer.url,
        body=answer.body,
    )
