"""One request and its answer's bytes, through sickle, with limits on size and time and retries that listen.

sickle is used for requests only: its retries crash on a Retry-After date and ignore one on 429, and its own parser
recovers cut pages and so loses records in silence (docs/decisions/0002-sickle.md). Redirects are followed within the
host and to hosts that the source names.
"""

from __future__ import annotations

import gzip
import io
import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from sickle import Sickle

from harvesters.errors import (
    HarvestError,
    PageError,
    RedirectRefusedError,
    ServerFaultError,
    ThrottledError,
    TooLargeError,
    TransportError,
    UnreachableError,
)
from harvesters.pace import Pace
from harvesters.sources.definition import Source

USER_AGENT = "kaijuan/0.1 (open-access aggregator of a university library)"
MAX_RETRY_AFTER = 300.0
MAX_REDIRECTS = 5
_CHUNK = 1 << 16
_OAI_MARK = b"OAI-PMH"
_RESPONSE_SECONDS = 900.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response's decoded bytes and the address that was asked."""

    url: str
    body: bytes


class _SessionSickle(Sickle):  # type: ignore[misc]  # sickle has no type information
    """sickle's request and status handling over one kept-alive session."""

    def __init__(self, endpoint: str, session: requests.Session, **request_args: object) -> None:
        super().__init__(endpoint, max_retries=0, **request_args)
        self._session = session

    def _request(self, kwargs: Mapping[str, str]) -> requests.Response:
        return self._session.get(self.endpoint, params=dict(kwargs), **self.request_args)


class Fetcher:
    """Ask one source; every error is a ``HarvestError`` with the address that caused it."""

    def __init__(self, source: Source, pace: Pace, *, contact: str = "") -> None:
        self.source = source
        self.pace = pace
        self.requests_made = 0
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"{USER_AGENT}; {contact}" if contact else USER_AGENT
        self._session.headers["Accept-Encoding"] = "gzip, deflate"
        self._sickle = _SessionSickle(
            source.endpoint, self._session, stream=True, allow_redirects=False, timeout=source.timeout_seconds
        )

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._session.close()

    def fetch(self, parameters: Mapping[str, str], read: Callable[[Answer], _T]) -> _T:
        """Ask, and read the answer; try again on transport and page errors as the source allows.

        Raises:
            TransportError, PageError: the last attempt's failure.
            RedirectRefusedError, TooLargeError, ProtocolError, StoppedError: at once.
        """
        attempt = 1
        while True:
            try:
                return read(self.ask(parameters))
            except (TransportError, PageError) as error:
                wait = self._wait_after(error, attempt)
                if wait is None:
                    raise
            # Not a library's sleep: this one ends at once when the harvest is asked to stop.
            self.pace.sleep(wait)
            attempt += 1

    def _wait_after(self, error: HarvestError, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt; ``None`` where there is to be none."""
        if attempt >= self.source.attempts:
            return None
        jitter = random.uniform(0.75, 1.25)  # noqa: S311  # to spread requests, not to keep a secret
        wait: float = self.source.retry_wait_seconds * 2 ** (attempt - 1) * jitter
        if isinstance(error, ThrottledError) and error.retry_after is not None:
            return None if error.retry_after > MAX_RETRY_AFTER else max(error.retry_after, wait)
        return wait

    def ask(self, parameters: Mapping[str, str]) -> Answer:
        """Send one request, follow allowed redirects, and return the answer's bytes."""
        self.pace.wait(self.source.host, self.source.pace_seconds)
        self.requests_made += 1
        url = (
            requests.Request("GET", self.source.endpoint, params=dict(parameters)).prepare().url or self.source.endpoint
        )
        try:
            response = self._respond(parameters, url)
            with response:
                body = self._read(response, url)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise UnreachableError(
                f"{url} is no address that can be asked: {error}. Correct the source's endpoint.", url=url
            ) from error
        except requests.exceptions.RequestException as error:
            raise UnreachableError(
                f"No answer from {urlsplit(url).netloc}: {_reason(error)}. Check the network and the source's address; "
                "what was stored stays, the next harvest goes on from there.",
                url=url,
            ) from error
        self._check_status(response, body, url)
        return Answer(url=url, body=body)

    def _respond(self, parameters: Mapping[str, str], url: str) -> requests.Response:
        try:
            response: requests.Response = self._sickle.harvest(**parameters).http_response
        except requests.HTTPError as error:
            # 4xx and 5xx may carry an OAI-PMH body (seen at Zenodo with 422), so the status is judged later.
            if error.response is None:
                raise
            response = error.response
        for _ in range(MAX_REDIRECTS):
            if not response.is_redirect:
                return response
            response = self._follow(response, url)
        raise RedirectRefusedError(
            f"{url} redirects more than {MAX_REDIRECTS} times. Ask the repository for its address.", url=url
        )

    def _follow(self, response: requests.Response, url: str) -> requests.Response:
        response.close()
        location = response.headers.get("Location", "")
        try:
            target = urljoin(response.url, location)
            is_allowed = self._may_go_to(urlsplit(target))
        except ValueError:
            target, is_allowed = location, False
        if not is_allowed:
            raise RedirectRefusedError(
                f"{url} sends us to {target[:300]}, a host that the source does not name. If that is its new address, "
                "set endpoint to it, or add the host to redirect_hosts.",
                url=url,
            )
        self.pace.wait(self.source.host, self.source.pace_seconds)
        return self._session.get(target, stream=True, allow_redirects=False, timeout=self.source.timeout_seconds)

    def _may_go_to(self, target: SplitResult) -> bool:
        """Allow the source's own host and port, its move from http to https, and the hosts that it names."""
        home = urlsplit(self.source.endpoint)
        if target.scheme not in {"http", "https"}:
            return False
        if target.hostname in self.source.redirect_hosts:
            return True
        became_secure = home.scheme == "http" and target.scheme == "https" and target.port in {None, 443}
        same_port = target.scheme == home.scheme and target.port == home.port
        return target.hostname == home.hostname and (same_port or became_secure)

    def _read(self, response: requests.Response, url: str) -> bytes:
        """Read the decoded body in chunks, so that an endless or huge answer is never held."""
        limit, started = self.source.max_page_bytes, time.monotonic()
        buffer = bytearray()
        for chunk in response.iter_content(_CHUNK):
            buffer += chunk
            if len(buffer) > limit:
                raise self._too_large(url)
            if time.monotonic() - started > _RESPONSE_SECONDS:
                raise UnreachableError(
                    f"{url} took longer than {_RESPONSE_SECONDS:.0f} s to send one answer. Try again later.", url=url
                )
        if buffer[:2] == b"\x1f\x8b":  # gzip that was not announced
            return self._gunzip(bytes(buffer), url)
        return bytes(buffer)

    def _gunzip(self, data: bytes, url: str) -> bytes:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                body = stream.read(self.source.max_page_bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise PageError(
                f"{url} sent damaged gzip data: {error}. Try again later.", url=url, body=data[:4096]
            ) from error
        if len(body) > self.source.max_page_bytes:
            raise self._too_large(url)
        return body

    def _too_large(self, url: str) -> TooLargeError:
        return TooLargeError(
            f"The answer of {url} is larger than {self.source.max_page_bytes:,} bytes. "
            "If the repository is trusted, raise max_page_bytes.",
            url=url,
        )

    def _check_status(self, response: requests.Response, body: bytes, url: str) -> None:
        status = response.status_code
        if status < 400 or (_OAI_MARK in body[:2000] and status not in {429, 503}):  # noqa: PLR2004
            return
        if status in {429, 503}:
            wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            asked = f"for {wait:.0f} s" if wait is not None else "without saying how long"
            raise ThrottledError(
                f"{urlsplit(url).netloc} answered {status} and asks us to wait {asked}. "
                "Harvest it again later, or raise pace_seconds.",
                url=url,
                retry_after=wait,
            )
        raise ServerFaultError(
            f"{url} answered HTTP {status}. Try again later; if it stays, ask the repository's contact.",
            url=url,
            status=status,
        )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3): a number or a date; never negative."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - now).total_seconds(), 0.0)


def _reason(error: Exception) -> str:
    """Say the innermost cause in a few words; requests wraps it three times."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    text = str(cause) or type(cause).__name__
    return text.split("\n", 1)[0][:200]
