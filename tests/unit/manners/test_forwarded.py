"""Who asks: believed of trusted proxies only, read from the right."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Message, Scope

from search_api.manners.forwarded import Forwarded, client_key

_TRUSTED = ["10.0.0.0/8", "192.0.2.1", "2001:db8:f::/48"]


def _seen(peer: str | None, *lines: str, proto: str | None = None, trusted: list[str] | None = None) -> Scope:
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Any, _send: Any) -> None:
        found.append(scope)

    async def receive() -> Message:
        return {}

    async def send(_: Message) -> None:
        return

    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    scope = {"type": "http", "scheme": "http", "client": (peer, 5000) if peer else None, "headers": headers}
    networks = [ip_network(one) for one in (_TRUSTED if trusted is None else trusted)]
    asyncio.run(Forwarded(app, networks)(scope, receive, send))
    return found[0]


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.7, 10.2.3.4, 192.0.2.1"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.7", "10.2.3.4"], "198.51.100.7"),
        ("10.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, garbage, 10.2.3.4"], "10.2.3.4"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("2001:db8:f::1", ["2001:db8:1::9"], "2001:db8:1::9"),
        ("10.0.0.1", [", ".join(["1.1.1.1"] * 5000)], "1.1.1.1"),
        ("testclient", ["198.51.100.7"], "testclient"),
    ],
)
def test_only_what_trusted_proxies_saw_is_believed(peer: str, lines: list[str], client: str) -> None:
    assert _seen(peer, *lines)["client"][0] == client


def test_nobody_is_trusted_unless_the_library_says_so() -> None:
    assert _seen("127.0.0.1", "198.51.100.7", trusted=[])["client"][0] == "127.0.0.1"


def test_the_scheme_is_what_the_nearest_trusted_proxy_was_asked_in() -> None:
    assert _seen("10.0.0.1", "198.51.100.7", proto="https")["scheme"] == "https"
    assert _seen("10.0.0.1", "198.51.100.7", proto="https, http")["scheme"] == "http"
    assert _seen("10.0.0.1", "198.51.100.7", proto="javascript")["scheme"] == "http"
    assert _seen("203.0.113.9", "198.51.100.7", proto="https")["scheme"] == "http"


def test_an_ipv6_line_is_one_client_whatever_address_of_it_asks() -> None:
    one, other = ({"client": (f"2001:db8:1:2::{tail}", 1)} for tail in ("1", "ffff"))
    assert client_key(one) == client_key(other) == "2001:db8:1:2::/64"
    assert client_key({"client": ("2001:db8:1:3::1", 1)}) != client_key(one)
    assert client_key({"client": ("::ffff:198.51.100.7", 1)}) == client_key({"client": ("198.51.100.7", 2)})
    assert client_key({"client": None}) == "local"
