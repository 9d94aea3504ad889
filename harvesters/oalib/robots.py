"""What a site's robots.txt allows (RFC 9309), asked once before a crawl; where it cannot be had nothing is crawled."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from harvesters.errors import (
    HarvestError,
    ServerFaultError,
    SourceError,
    ThrottledError,
    TransportError,
    UnreachableError,
)
from harvesters.http import Client
from harvesters.oalib.places import Addresses, queries_of, read_queries

ROBOT = "kaijuan"
"""The name that robots.txt may address us by."""
_FORBIDDEN = 403
_NOTHING_ALLOWED = f"User-agent: {ROBOT}\nDisallow: /"


@dataclass(slots=True)
class Robots:
    """The rules of the hosts that a crawl may ask; ``texts`` are their files by host and port."""

    texts: dict[str, str]
    _rules: dict[str, Protego] = field(default_factory=dict)

    def allows(self, url: str) -> bool:
        """Tell whether an address may be asked; one on a host without rules may not."""
        rules = self._of(urlsplit(url).netloc.lower())
        return rules is not None and rules.can_fetch(url, ROBOT)

    @property
    def delay(self) -> float:
        """Return the longest Crawl-delay of the hosts in seconds; 0 where none is asked for."""
        rules = (self._of(host) for host in self.texts)
        return max((one.crawl_delay(ROBOT) or 0.0 for one in rules if one is not None), default=0.0)

    def _of(self, host: str) -> Protego | None:
        if host not in self._rules and host in self.texts:
            self._rules[host] = Protego.parse(self.texts[host])
        return self._rules.get(host)


def ask_robots(client: Client, *, home_only: bool = False) -> Robots:
    """Ask the source's host for its robots.txt, once, and (but for ``home_only``) the hosts that its settings name.

    Without such a file (404 and most other 4xx) everything is allowed. A named host that does not answer is not asked
    for anything else.

    Raises:
        UnreachableError: it cannot be had (no connection, 5xx): nothing may be crawled.
        ServerFaultError, ThrottledError: the host refuses us (403) or asks us to slow down (429).
    """
    home = urlsplit(client.source.endpoint)
    texts = {home.netloc.lower(): _ask(client, urlunsplit((home.scheme, home.netloc, "/robots.txt", "", "")))}
    for host in () if home_only else client.source.redirect_hosts:
        try:
            texts.setdefault(host.lower(), _ask(client, urlunsplit((home.scheme, host, "/robots.txt", "", ""))))
        except HarvestError:
            texts[host.lower()] = _NOTHING_ALLOWED
    return Robots(texts)


def require_allowed(robots: Robots, client: Client) -> None:
    """Raise ``SourceError`` where robots.txt leaves nothing to crawl: no paper, or the first page of no query."""
    addresses = Addresses(client.source.endpoint)
    queries = read_queries(queries_of(client.source))
    wanted = [addresses.paper(1), *(addresses.first(query) for query in queries)]
    papers, *lists = (robots.allows(url) for url in wanted)
    if papers and any(lists):
        return
    forbidden = next(url for url in wanted if not robots.allows(url))
    raise SourceError(
        f"The robots.txt of {client.source.host} does not allow {forbidden}, so nothing is crawled. Choose other "
        "queries, ask OALib for leave, or switch the source off (enabled = false).",
        url=forbidden,
    )


def _ask(client: Client, url: str) -> str:
    try:
        return client.ask({}, url=url).body.decode("utf-8-sig", "replace")
    except ServerFaultError as error:
        if error.status == _FORBIDDEN:
            raise refused(url) from error
        if error.status < 500:  # noqa: PLR2004
            return ""
        raise _unknown(url, error) from error
    except ThrottledError:
        raise
    except TransportError as error:
        raise _unknown(url, error) from error


def refused(url: str) -> ServerFaultError:
    """Return the error of a 403: the site does not want us, at least from here."""
    return ServerFaultError(
        f"{url} answered HTTP 403: the site refuses us, so nothing more was asked and the harvest is incomplete. Some "
        "regions are refused; wait a day, set KAIJUAN_CONTACT so that OALib can write to you, or ask OALib for leave.",
        url=url,
        status=_FORBIDDEN,
    )


def _unknown(url: str, error: Exception) -> UnreachableError:
    return UnreachableError(
        f"{url} could not be had, and without its rules nothing is crawled: {error} Harvest again later.", url=url
    )
