"""Who asks: the peer's address, or behind proxies that the library trusts the one that they name.

``X-Forwarded-For`` is read from the right: each proxy adds on the right whom it saw, and what stands further left than
the first address that is no trusted proxy's was written by anybody.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address
#: One reader's connection has at least as many IPv6 addresses as this leaves bits for.
_IPV6_PREFIX = 64
#: More hops than any chain of proxies has.
_MOST_HOPS = 50


class Forwarded:
    """Replace the peer by the client that trusted proxies name, and the scheme by the one that they were asked in."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and self._trusted and self._trusts(_address(_peer(scope))):
            headers = Headers(scope=scope)
            client = self._client(headers.getlist("x-forwarded-for"))
            scope = {**scope, "client": (str(client), 0)} if client else dict(scope)
            scheme = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
            if scheme in {"http", "https"}:
                scope["scheme"] = scheme
        await self._app(scope, receive, send)

    def _client(self, lines: Sequence[str]) -> _Address | None:
        """Return the address furthest to the right that is no trusted proxy's; else the leftmost that can be read."""
        found: _Address | None = None
        for hop in reversed(",".join(lines).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
            address = _address(hop)
            if address is None:  # what stands further left was written by whoever wrote this
                break
            found = address
            if not self._trusts(address):
                break
        return found

    def _trusts(self, address: _Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def client_key(scope: Scope) -> str:
    """Return what a client is counted by: its IPv4 address, or the /64 of its IPv6 address."""
    peer = _peer(scope)
    address = _address(peer)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return str(address) if address else peer


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "local"


def _address(text: str) -> _Address | None:
    """Read an address as proxies write it, with a port or without; ``::ffff:192.0.2.1`` is an IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
