"""The interface of PMC's cloud bucket: ListObjectsV2 as S3 has it, and objects by their keys.

Keys stand in the order of their bytes, 1,000 a page at most; continuation tokens are opaque; errors are S3's XML. Like
S3 it answers an argument that it does not know by ignoring it, and a wrong value of one it knows with InvalidArgument.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import quote_plus, unquote
from xml.sax.saxutils import escape

from harvesters.demo.loopback import Request, Response
from tests.repository.service import XML, ServiceServer

LARGEST_PAGE = 1000
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class BucketServer(ServiceServer):
    """Serves ``objects`` (bytes by key) at the root of the server; ``modified`` has a time where one matters."""

    path = ""

    def __init__(self, objects: Mapping[str, bytes] | None = None, *, page_size: int = LARGEST_PAGE) -> None:
        super().__init__()
        self.objects = dict(objects or {})
        self.modified: dict[str, str] = {}
        self.page_size = page_size
        self.denied: set[str] = set()

    def put_article(self, number: int, document: bytes, *, version: int = 1, modified: str | None = None) -> str:
        """Store an article's version with its three files; return the key of its XML."""
        stem = f"PMC{number}.{version}/PMC{number}.{version}"
        for suffix, body in ((".pdf", b"%PDF"), (".txt", b"text"), (".xml", document)):
            self.objects[stem + suffix] = body
            if modified:
                self.modified[stem + suffix] = modified
        return f"{stem}.xml"

    def answer(self, request: Request) -> Response:
        """Answer as S3 does."""
        key = unquote(request.path.lstrip("/"))
        if key:
            if key in self.denied:
                return s3_error(403, "AccessDenied", "Access Denied")
            body = self.objects.get(key)
            return (
                s3_error(404, "NoSuchKey", "The specified key does not exist.") if body is None else Response(body=body)
            )
        return self._list(request)

    def _list(self, request: Request) -> Response:
        if "" in self.denied:
            return s3_error(403, "AccessDenied", "Access Denied")
        if request.argument("list-type") != "2":
            return s3_error(400, "InvalidArgument", "Only ListObjectsV2 is served here.")
        prefix = request.argument("prefix") or ""
        after = request.argument("start-after") or ""
        token = request.argument("continuation-token")
        if token is not None:
            try:
                after = base64.b64decode(token, validate=True).decode()
            except ValueError:
                return s3_error(400, "InvalidArgument", "The continuation token provided is incorrect")
        keys = [key for key in sorted(self.objects, key=str.encode) if key.startswith(prefix) and key > after]
        page, is_truncated = keys[: self.page_size], len(keys) > self.page_size
        is_encoded = request.argument("encoding-type") == "url"
        contents = "".join(self._contents(key, is_encoded=is_encoded) for key in page)
        following = base64.b64encode(page[-1].encode()).decode() if is_truncated else ""
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{_NAMESPACE}">'
            f"<Name>pmc-oa-opendata</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<MaxKeys>{LARGEST_PAGE}</MaxKeys>"
            + ("<EncodingType>url</EncodingType>" if is_encoded else "")
            + f"<IsTruncated>{str(is_truncated).lower()}</IsTruncated>"
            + (f"<NextContinuationToken>{following}</NextContinuationToken>" if is_truncated else "")
            + contents
            + "</ListBucketResult>"
        )
        return Response(headers=XML, body=body.encode())

    def _contents(self, key: str, *, is_encoded: bool) -> str:
        body = self.objects[key]
        name = quote_plus(key, safe="/") if is_encoded else escape(key)
        modified = self.modified.get(key, "2026-03-04T05:06:07.000Z")
        return (
            f"<Contents><Key>{name}</Key><LastModified>{modified}</LastModified>"
            f"<ETag>&quot;{hashlib.md5(body, usedforsecurity=False).hexdigest()}&quot;</ETag><Size>{len(body)}</Size>"
            "<StorageClass>INTELLIGENT_TIERING</StorageClass></Contents>"
        )


def s3_error(status: int, code: str, message: str) -> Response:
    """Answer with an error of S3's."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status=status, headers=XML, body=body.encode())


def jats_article(number: int, *, title: str = "A study of tides", doi: str | None = None, body: str = "") -> bytes:
    """Make a small full-text article of PMC's."""
    numbers = f'<article-id pub-id-type="pmcid">PMC{number}</article-id>'
    numbers += f'<article-id pub-id-type="doi">{doi}</article-id>' if doi else ""
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "JATS-archivearticle1.dtd">\n'
        '<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="research-article"><front><journal-meta>'
        "<journal-title>Tides</journal-title></journal-meta><article-meta>"
        f"{numbers}<title-group><article-title>{title}</article-title></title-group></article-meta></front>"
        f"<body><p>{body or 'Long text. ' * 50}</p></body></article>"
    ).encode()
