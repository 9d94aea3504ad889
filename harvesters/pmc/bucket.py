"""PMC's articles from its cloud bucket, one by one (https://pmc.ncbi.nlm.nih.gov/tools/cloud/).

Keys are ``PMC5334499.1/PMC5334499.1.xml``: the article, its version, the file. Of each article the latest version is
fetched. The bucket lists in the order of bytes, so that the versions of one article stand together.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from harvesters.errors import BadTokenError, FormatError, HarvestError, PageError, ProtocolError, TooLargeError
from harvesters.formats.jats_front import Front, read_front
from harvesters.formats.jats_stream import articles_in
from harvesters.http import Answer
from harvesters.pmc.listing import Listing, S3Client, StoredObject, check_error, read_listing
from harvesters.records import DamagedRecord, Page, RawRecord, Window

#: Articles of one page: what a killed harvest fetches again, at most.
PAGE_ARTICLES = 20
#: What is kept of an article that cannot be read.
KEPT_BYTES = 64 << 10
_KEY = re.compile(r"PMC(\d{1,12})\.(\d{1,6})/PMC\1\.\2\.xml")
#: So many articles in a row that cannot be fetched are no accident.
MOST_REFUSED = 5
_EVERYTHING = ("PMC",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """The latest version of an article so far, and the last of its keys: what the list goes on after."""

    number: str
    version: int
    stored: StoredObject
    last_key: str


@dataclass(slots=True)
class _Draft:
    """A page on its way."""

    records: list[RawRecord] = field(default_factory=list)
    damaged: list[DamagedRecord] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.records) + len(self.damaged) >= PAGE_ARTICLES


class Bucket:
    """Lists the articles whose keys begin with the source's queries (``PMC``: all), as their fronts.

    With a window only what was stored in it is fetched; a bucket says nothing of what it has no longer.
    """

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._source = client.source
        self._base = client.source.endpoint.rstrip("/")
        self._refused = 0

    @property
    def requests_made(self) -> int:
        """Return how many requests were sent so far."""
        return self._client.requests_made

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._client.close()

    def list_records(self, metadata_prefix: str, window: Window, *, token: str | None = None) -> Iterator[Page]:
        """Yield pages of fetched articles; a page's token is the last key that it has dealt with."""
        prefixes = _without_inner(self._source.queries) or _EVERYTHING
        started = self._begin(prefixes, token)
        page = _Draft()
        for prefix, after in started:
            for version in _latest(self._objects(prefix, after, page)):
                if not window.holds(version.stored.modified):
                    continue
                self._fetch(version, metadata_prefix, page)
                if page.is_full:
                    yield self._page(page, version.stored.key, token=version.last_key)
                    page = _Draft()
        yield self._page(page, self._base, token=None)

    def _begin(self, prefixes: tuple[str, ...], token: str | None) -> list[tuple[str, str]]:
        """Return the prefixes still to be listed, the first one from a token on."""
        if not token:
            return [(prefix, "") for prefix in prefixes]
        for place, prefix in enumerate(prefixes):
            if token.startswith(prefix):
                return [(prefix, token), *((other, "") for other in prefixes[place + 1 :])]
        raise BadTokenError(
            "The source's prefixes have changed since the list was left. It begins anew.", code="badResumptionToken"
        )

    def _objects(self, prefix: str, after: str, page: _Draft) -> Iterator[StoredObject]:
        parameters = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        if after:
            parameters["start-after"] = after
        while True:
            listing: Listing = self._client.fetch(parameters, read_listing, url=f"{self._base}/")
            page.size += listing.size
            yield from listing.objects
            if listing.continuation is None:
                return
            parameters = {
                "list-type": "2",
                "encoding-type": "url",
                "prefix": prefix,
                "continuation-token": listing.continuation,
            }

    def _fetch(self, version: _Version, metadata_prefix: str, page: _Draft) -> None:
        stored = version.stored
        url = f"{self._base}/{quote(stored.key)}"
        try:
            answer = self._client.fetch({}, lambda answer: _checked(answer, stored), url=url)
        except (PageError, ProtocolError, TooLargeError) as error:
            self._refuse(version, url, error, page)
            return
        self._refused = 0
        page.size += len(answer.body)
        try:
            head, front = _front_of(answer.body)
        except FormatError as error:
            page.damaged.append(_damaged(version, url, str(error), error.remedy, answer.body))
            return
        page.records.append(
            RawRecord(
                source=self._source.id,
                identifier=_identifier(version),
                metadata_prefix=metadata_prefix,
                datestamp=stored.modified,
                body=front.body,
                head=head,
                received_at=datetime.now(UTC),
            )
        )

    def _refuse(self, version: _Version, url: str, error: HarvestError, page: _Draft) -> None:
        """Name an article that cannot be fetched and go on; raise where the bucket refuses one after the other."""
        self._refused += 1
        if self._refused >= MOST_REFUSED:
            raise error
        body = error.body if isinstance(error, PageError) else b""
        page.damaged.append(_damaged(version, url, str(error), "Harvest the source again with --full.", body))

    def _page(self, page: _Draft, url: str, *, token: str | None) -> Page:
        return Page(
            url=url,
            records=tuple(page.records),
            token=token,
            list_size=None,
            bytes_received=page.size,
            damaged=tuple(page.damaged),
        )


def _without_inner(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Return the prefixes in order, without those that another one begins: their keys would come twice."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return tuple(kept)


def _identifier(version: _Version) -> str:
    return f"oai:pubmedcentral.nih.gov:{version.number}"


def _damaged(version: _Version, url: str, reason: str, remedy: str, body: bytes) -> DamagedRecord:
    return DamagedRecord(url=url, identifier=_identifier(version), body=body[:KEPT_BYTES], reason=reason, remedy=remedy)


def _latest(objects: Iterable[StoredObject]) -> Iterator[_Version]:
    """Yield the latest version of each article whose XML is there, when all of its keys have been seen."""
    best: _Version | None = None
    last = ""
    for stored in objects:
        match = _KEY.fullmatch(stored.key)
        if best is not None and not stored.key.startswith(f"PMC{best.number}."):
            yield _Version(number=best.number, version=best.version, stored=best.stored, last_key=last)
            best = None
        last = stored.key
        if match and (best is None or int(match[2]) > best.version):
            best = _Version(number=match[1], version=int(match[2]), stored=stored, last_key=last)
    if best is not None:
        yield _Version(number=best.number, version=best.version, stored=best.stored, last_key=last)


def _checked(answer: Answer, stored: StoredObject) -> Answer:
    """Return the answer if it is what the listing named; an ETag is the MD5 of what was stored in one piece."""
    check_error(answer)
    body = answer.body
    if len(body) != stored.size and hashlib.md5(body, usedforsecurity=False).hexdigest() != stored.etag:
        raise PageError(
            f"{answer.url} has {len(body):,} bytes, but the bucket's listing says {stored.size:,}: it was cut on the "
            "way, or stored anew meanwhile. Harvest the source again.",
            url=answer.url,
            body=body,
        )
    return answer


def _front_of(document: bytes) -> tuple[bytes, Front]:
    """Return what stands before the article of a document, and its front; raise ``FormatError``."""
    article = next(articles_in(io.BytesIO(document)))
    if article.reason is not None:
        raise FormatError(article.reason, remedy=article.remedy)
    return article.head, read_front(article.body, article.head)
