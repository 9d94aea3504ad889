"""One request to an address that a record names: anybody may have written it, so it is looked at before it is asked.

Connections go to the very addresses that were looked at, so that a name cannot point elsewhere a moment later. A
whole answer has a limit in time, however it trickles; a body is read no further than its beginning.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

_PATH_SAFE = "/%:;=@&+$,!~*'()[]-._"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
_START = 16_384
_MOST_TRIED = 2
_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenAddressError(ValueError):
    """The address leads into a private network or to this machine: it is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, headers (names in lower case, the last of each) and, where asked for, the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    start: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request goes: checked parts of an address."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def netloc(self) -> str:
        """Return host and port."""
        return f"{self.host}:{self.port}"

    @classmethod
    def of(cls, url: str) -> Place:
        """Read an address; raise ``ValueError`` (``UnicodeError`` is one) where it is no web address."""
        parts = urlsplit(url.strip())
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("no web address")
        host = parts.hostname
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        return cls(scheme=parts.scheme, host=host, port=parts.port or _PORTS[parts.scheme], target=_target(parts))

    def is_loopback_name(self) -> bool:
        """Tell whether this machine is meant by the name alone."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    return f"{path}?{quote(parts.query, safe=_PATH_SAFE + '?')}" if parts.query else path


class Outward:
    """Sends single requests; ``private`` names the only hosts (``host:port``) of private networks that may be asked."""

    def __init__(self, agent: str, *, private: Collection[str] = (), seconds: float = 20.0) -> None:
        self._agent = agent
        self.private = frozenset(private)
        self._seconds = seconds
        self._tls = ssl.create_default_context()

    def ask(self, method: str, place: Place, *, cookies: Mapping[str, str], may_be_private: bool) -> Reply:
        """Send HEAD or GET, redirects not followed.

        Raises:
            ForbiddenAddressError: it leads into a private network.
            OSError, http.client.HTTPException, ValueError: no usable answer came.
        """
        addresses = _resolve(place)
        if not (may_be_private and place.netloc in self.private) and not all(map(_is_public, addresses)):
            raise ForbiddenAddressError(f"{place.host} leads into a private network, where nothing is asked.")
        connection = http.client.HTTPConnection(place.host, place.port, timeout=self._seconds)
        line = _Line()
        headers = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
        if method == "GET":
            headers["Range"] = f"bytes=0-{_START - 1}"
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        with contextlib.closing(line), contextlib.closing(connection), self._deadline(line):
            line.socket = _connected(addresses, place.port, self._seconds)
            if place.scheme == "https":
                line.socket = self._tls.wrap_socket(
                    line.socket, server_hostname=place.host, do_handshake_on_connect=False
                )
                line.socket.do_handshake()
            connection.sock = line.socket
            connection.request(method, place.target, headers=headers)
            response = connection.getresponse()
            if line.is_cut:  # headers that were cut look as if they had ended
                raise TimeoutError("timed out")
            start = _start(response) if method == "GET" else ""
            named = {name.lower(): value for name, value in response.getheaders()}
            return Reply(status=response.status, headers=named, cookies=_cookies(response), start=start)

    @contextlib.contextmanager
    def _deadline(self, line: _Line) -> Iterator[None]:
        """Cut the line when its time is over: a socket's own limit begins anew with every byte."""
        timer = threading.Timer(self._seconds, line.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            if line.is_cut:
                raise TimeoutError("timed out") from error
            raise
        finally:
            timer.cancel()


class _Line:
    """The socket in use; the connection forgets it as soon as the body is all that is left to come."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.is_cut = False

    def cut(self) -> None:
        """End the connection from another thread; whoever reads from it wakes up."""
        self.is_cut = True
        if self.socket is not None:
            with contextlib.suppress(OSError):  # closed already
                self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        if self.socket is not None:
            self.socket.close()


def _resolve(place: Place) -> list[_Address]:
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    # A scope such as fe80::1%eth0 is part of the text only.
    listed = dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found)
    return sorted(listed, key=lambda one: one.version)


def _is_public(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _connected(addresses: list[_Address], port: int, seconds: float) -> socket.socket:
    last: OSError | None = None
    for address in addresses[:_MOST_TRIED]:
        try:
            made = socket.create_connection((str(address), port), timeout=seconds / _MOST_TRIED)
        except OSError as error:
            last = error
            continue
        made.settimeout(seconds)
        return made
    raise last or OSError("no address")


def _start(response: http.client.HTTPResponse) -> str:
    """Return the beginning of a body as far as it came; what is wrong with the rest does not matter."""
    taken = bytearray()
    with contextlib.suppress(OSError, http.client.HTTPException):
        while len(taken) < _START and (piece := response.read1(_START - len(taken))):
            taken += piece
    charset = _CHARSET.search(response.headers.get("Content-Type", "")) or _CHARSET.search(
        taken[:1024].decode("latin-1")
    )
    try:
        return taken.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return taken.decode("utf-8", "replace")


def _cookies(response: http.client.HTTPResponse) -> dict[str, str]:
    """Return the cookies that are set: many publishers send a reader in circles who does not keep them."""
    pairs = (one.partition(";")[0].partition("=") for one in response.headers.get_all("Set-Cookie") or ())
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip().isprintable()}
