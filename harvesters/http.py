"""One request to a source's host and its answer's bytes: paced, limited in size and time, tried again where right.

Redirects are followed within the host and to hosts that the source names. A source's key is added to each request here
and stands in no address, error or log.
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

import requests
import urllib3

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
from harvesters.keys import HiddenKey
from harvesters.pace import Pace
from harvesters.sources.definition import Source

USER_AGENT = "kaijuan/0.1 (open-access aggregator of a university library)"
MAX_RETRY_AFTER = 300.0
MAX_REDIRECTS = 5
_CHUNK = 1 << 16
_GZIP_MARK = b"\x1f\x8b"
_MAX_LAYERS = 3
#: So much of an address is shown; tokens of a megabyte were thought of.
_SHOWN = 500
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response's decoded bytes and the address that was asked (without the source's key)."""

    url: str
    body: bytes


class Client:
    """Ask one source's host; every error is a ``HarvestError`` with the address that caused it.

    Args:
        key: the source's key, sent as ``key_parameter`` with each request and shown nowhere.
    """

    key_parameter = "api_key"

    def __init__(self, source: Source, pace: Pace, *, contact: str = "", key: str | None = None) -> None:
        self.source = source
        self.pace = pace
        self.requests_made = 0
        self._key = HiddenKey(key)
        self.session = requests.Session()
        _settle_environment(self.session, source.endpoint)
        self._prepared: requests.PreparedRequest | None = None
        self.session.headers["User-Agent"] = f"{USER_AGENT}; {contact}" if contact else USER_AGENT
        self.session.headers["Accept-Encoding"] = "gzip, deflate"

    def close(self) -> None:
        """Close the kept-alive connections."""
        self.session.close()

    def fetch(self, parameters: Mapping[str, str], read: Callable[[Answer], _T], *, url: str | None = None) -> _T:
        """Ask, and read the answer; try again on transport and page errors as the source allows.

        ``url`` is another address of the source's than its endpoint.

        Raises:
            TransportError, PageError: the last attempt's failure.
            RedirectRefusedError, TooLargeError, ProtocolError, StoppedError: at once.
        """
        attempt = 1
        while True:
            try:
                with self._key.hidden_in_errors():  # an answer may echo the key
                    return self.hidden_in(read(self.ask(parameters, url=url)))
            except (TransportError, PageError) as error:
                wait = self._wait_after(error, attempt)
                if wait is None:
                    raise
            # Not a library's sleep: this one ends at once when the harvest is asked to stop.
            self.pace.sleep(wait)
            attempt += 1

    def hidden_in(self, made: _T) -> _T:
        """Return a page, or a record, without the source's key."""
        return self._key.hidden_in(made)

    def _wait_after(self, error: HarvestError, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt; ``None`` where there is to be none."""
        if attempt >= self.source.attempts:
            return None
        jitter = random.uniform(0.75, 1.25)  # noqa: S311  # to spread requests, not to keep a secret
        wait: float = self.source.retry_wait_seconds * 2 ** (attempt - 1) * jitter
        if isinstance(error, ThrottledError) and error.retry_after is not None:
            return None if error.retry_after > MAX_RETRY_AFTER else max(error.retry_after, wait)
        return wait

    def ask(self, parameters: Mapping[str, str], *, url: str | None = None) -> Answer:
        """Send one request, follow allowed redirects, and return the answer's bytes."""
        with self._key.hidden_in_errors():
            return self._asked(parameters, url)

    def _asked(self, parameters: Mapping[str, str], url: str | None) -> Answer:
        self.pace.wait(self.source.host, self.source.pace_seconds)
        self.requests_made += 1
        endpoint = url or self.source.endpoint
        asked = f"{'&' if '?' in endpoint else '?'}{urlencode(parameters)}" if parameters else ""
        shown = _clipped(self._key.hide(endpoint + asked))  # a token may echo the key
        keyed = {**parameters, self.key_parameter: self._key.value} if self._key.value else parameters
        try:
            response = self._final(self.send(endpoint, keyed), shown)
            with response:
                body = self._read(response, shown)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, ValueError) as error:
            raise UnreachableError(
                f"{shown} is, or leads to, no address that can be asked: {error}. Correct the source's endpoint.",
                url=shown,
            ) from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(
                f"No answer from {urlsplit(shown).netloc}: {_reason(error)}. Check the network and the "
                "source's address; what was stored stays, the next harvest goes on from there.",
                url=shown,
            ) from error
        self._check_status(response, body, shown)
        return Answer(url=shown, body=body)

    def send(self, endpoint: str, parameters: Mapping[str, str]) -> requests.Response:
        """Send the first request, body unread, redirects not followed; any status is an answer."""
        return self.get(endpoint, parameters)

    def get(self, endpoint: str, parameters: Mapping[str, str]) -> requests.Response:
        """Send one request as the session would; all but the address is prepared once, at half the cost."""
        if self._prepared is None:
            self._prepared = self.session.prepare_request(requests.Request("GET", self.source.endpoint))
        prepared = self._prepared.copy()
        prepared.prepare_url(endpoint, dict(parameters))
        if self.session.cookies:
            prepared.headers.pop("Cookie", None)
            prepared.prepare_cookies(self.session.cookies)
        return self.session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=self.source.timeout_seconds,
            proxies=self.session.proxies,
            verify=self.session.verify,
        )

    def is_answer(self, body: bytes) -> bool:  # noqa: ARG002  # for those who know their repository's errors
        """Tell whether the body of a 4xx or 5xx is an answer all the same, to be read as one."""
        return False

    def _final(self, response: requests.Response, url: str) -> requests.Response:
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
            is_web, is_allowed = urlsplit(target).scheme in {"http", "https"}, self._may_go_to(urlsplit(target))
        except ValueError:
            target, is_web, is_allowed = location, False, False
        if not is_web:
            raise RedirectRefusedError(
                f"{url} sends us to {self._key.hide(target)[:300]}, which is no web address. "
                "Ask the repository for its own.",
                url=url,
            )
        if not is_allowed:
            raise RedirectRefusedError(
                f"{url} sends us to {self._key.hide(target)[:300]}, a host that the source does not name. If that is "
                "its new address, set endpoint to it, or add the host to redirect_hosts.",
                url=url,
            )
        self.pace.wait(self.source.host, self.source.pace_seconds)
        self.requests_made += 1
        return self.session.get(target, stream=True, allow_redirects=False, timeout=self.source.timeout_seconds)

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
        """Read the body as it arrives, so that an endless, huge or trickling answer is neither held nor waited for.

        Not by requests' own chunks: they are waited for until they are full, so that one byte a second gets past any
        limit; and its unpacking takes a cut gzip stream for a whole one.
        """
        limit, started = self.source.max_page_bytes, time.monotonic()
        buffer = bytearray()
        while piece := response.raw.read1(_CHUNK, decode_content=False):
            buffer += piece
            if len(buffer) > limit:
                raise self._too_large(url)
            if time.monotonic() - started > self.source.answer_seconds:
                raise UnreachableError(
                    f"{url} took longer than {self.source.answer_seconds:g} s to send one answer. Try again later; if "
                    "that is how the repository is, raise answer_seconds.",
                    url=url,
                )
        return self._unpacked(bytes(buffer), response.headers.get("Content-Encoding", ""), url)

    def _unpacked(self, data: bytes, encoding: str, url: str) -> bytes:
        """Unpack gzip by its own mark (announced or not, twice over too), deflate where it is announced."""
        if encoding.strip().lower() == "deflate":
            framed = data[:1] == b"\x78"  # RFC 9110 wants zlib's frame; old servers leave it out
            data = self._inflated(data, zlib.MAX_WBITS if framed else -zlib.MAX_WBITS, url)
        for _ in range(_MAX_LAYERS):
            if data[:2] != _GZIP_MARK:
                break
            data = self._inflated(data, zlib.MAX_WBITS | 16, url)
        return data

    def _inflated(self, data: bytes, window_bits: int, url: str) -> bytes:
        """Unpack no more than an answer may have; a stream that ends before its end is damaged."""
        limit, parts, size = self.source.max_page_bytes, [], 0
        rest = data
        while rest:
            stream = zlib.decompressobj(window_bits)
            try:
                parts.append(stream.decompress(rest, limit - size + 1))
            except zlib.error as error:
                raise self._damaged(str(error), url, data) from error
            size += len(parts[-1])
            if size > limit:
                raise self._too_large(url)
            if not stream.eof:
                raise self._damaged("it ends too early", url, data)
            rest = stream.unused_data
            if rest[:2] != _GZIP_MARK:  # padding behind the last member
                break
        return b"".join(parts)

    def _damaged(self, what: str, url: str, data: bytes) -> PageError:
        return PageError(f"{url} sent damaged gzip data: {what}. Try again later.", url=url, body=data[:4096])

    def _too_large(self, url: str) -> TooLargeError:
        return TooLargeError(
            f"The answer of {url} is larger than {self.source.max_page_bytes:,} bytes. "
            "If the repository is trusted, raise max_page_bytes.",
            url=url,
        )

    def _check_status(self, response: requests.Response, body: bytes, url: str) -> None:
        status = response.status_code
        if status < 400 or (status not in {429, 503} and self.is_answer(body)):  # noqa: PLR2004
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


def _settle_environment(session: requests.Session, endpoint: str) -> None:
    """Look up proxies and certificates of the environment once; requests would with each request, at 40 % of its cost.

    Passwords of a ``.netrc`` are not sent: a source that needs a key has one of its own.
    """
    found = session.merge_environment_settings(endpoint, {}, None, None, None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False


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


def _clipped(url: str) -> str:
    return url if len(url) <= _SHOWN else f"{url[: _SHOWN - 100]}…{url[-99:]}"
