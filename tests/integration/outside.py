"""Fakes of WeChat and of a campus on loopback, over real HTTP. What the real ones refuse, they refuse too."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

APP_ID, APP_SECRET = "wx0000000000000001", "the-apps-secret-of-the-tests"
CLIENT_ID, CLIENT_SECRET = "kaijuan", "the-clients-secret+of/the tests"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, body: str) -> None:
        status, headers, content = self.server.fake.answer(self.command, self.path, self.headers, body)  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the library's
        pass


@contextmanager
def _served(fake: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.fake = fake  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Answer = tuple[int, dict[str, str], bytes]


def _json(value: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


@dataclass
class FakeWeChat:
    """Not WeChat: what of ``jscode2session`` is documented. Codes are good once; ``users`` has whose each is."""

    users: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    #: Answered instead, one after another.
    instead: list[Answer] = field(default_factory=list)
    asked: int = 0

    def answer(self, method: str, path: str, headers: Any, body: str) -> Answer:
        """Answer a request."""
        self.asked += 1
        parts = urlsplit(path)
        if (method, parts.path, headers.get("Host", "")[:9], body) != ("GET", "/sns/jscode2session", "127.0.0.1", ""):
            return _json({"errcode": 40066, "errmsg": "invalid url"})
        return self.instead.pop(0) if self.instead else self._told(dict(parse_qsl(parts.query)))

    def _told(self, given: dict[str, str]) -> Answer:
        if set(given) != {"appid", "secret", "js_code", "grant_type"} or given["grant_type"] != "authorization_code":
            return _json({"errcode": 40002, "errmsg": "invalid grant_type"})
        if (given["appid"], given["secret"]) != (APP_ID, APP_SECRET):
            return _json({"errcode": 40125, "errmsg": "invalid appsecret"})
        if given["js_code"] in self.used:
            return _json({"errcode": 40163, "errmsg": "code been used"})
        if given["js_code"] not in self.users:
            return _json({"errcode": 40029, "errmsg": "invalid code"})
        self.used.add(given["js_code"])
        return _json({"openid": self.users[given["js_code"]], "session_key": "the-session-key-of-wechat"})

    def code(self, openid: str) -> str:
        """Return what ``wx.login`` would give a user."""
        code = secrets.token_hex(8)
        self.users[code] = openid
        return code


@contextmanager
def wechat() -> Iterator[tuple[str, FakeWeChat]]:
    """Serve a fake of WeChat; give its address, and itself."""
    fake = FakeWeChat()
    with _served(fake) as address:
        yield address, fake


@dataclass
class Provider:
    """A small OpenID provider: discovery, code flow with PKCE, keys that sign; ``forge`` changes what it says."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1001", "name": "李明"})
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, parameters={"kid": "one"}))
    granted: dict[str, dict[str, str]] = field(default_factory=dict)
    forge: dict[str, Any] = field(default_factory=dict)
    #: Signs instead of ``key``, which stays the one that is published.
    signs: Any = None
    algorithm: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: Any, body: str) -> Answer:
        """Answer a request."""
        parts = urlsplit(path)
        if parts.path == "/.well-known/openid-configuration":
            return _json(self._metadata() | self.metadata)
        if parts.path == "/jwks":
            return _json(KeySet([self.key]).as_dict(private=False))
        if (method, parts.path) == ("GET", "/authorize"):
            return self._authorize({name: value[0] for name, value in parse_qs(parts.query).items()})
        if (method, parts.path) == ("POST", "/token"):
            return self._token(dict(parse_qsl(body)), headers.get("Authorization", ""))
        return _json({"error": "not_found"}, 404)

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _authorize(self, asked: dict[str, str]) -> Answer:
        """Let everybody in who is sent here rightly, and send them back with a code."""
        wanted = {"client_id": CLIENT_ID, "response_type": "code", "code_challenge_method": "S256"}
        if any(asked.get(name) != value for name, value in wanted.items()) or "openid" not in asked.get("scope", ""):
            return _json({"error": "invalid_request"}, 400)
        if not all(len(asked.get(name, "")) >= 32 for name in ("state", "nonce", "code_challenge")):
            return _json({"error": "invalid_request"}, 400)
        code = secrets.token_hex(16)
        self.granted[code] = asked
        return 302, {"Location": f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"}, b""

    def _token(self, given: dict[str, str], authorization: str) -> Answer:
        asked = self.granted.pop(given.get("code", ""), None)  # good once
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {basic}":
            return _json({"error": "invalid_client"}, 401)
        verifier = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        is_good = asked is not None and given.get("redirect_uri") == asked["redirect_uri"]
        if not is_good or asked is None or challenge != asked["code_challenge"]:
            return _json({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {name: value for name, value in {**claims, **self.claims, **self.forge}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "none":
            parts = (
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (header, claims)
            )
            token = f"{'.'.join(parts)}."
        else:
            token = jwt.encode(header, claims, self.signs or self.key, algorithms=[self.algorithm])
        return _json({"access_token": "not used", "token_type": "Bearer", "id_token": token})


@contextmanager
def campus() -> Iterator[Provider]:
    """Serve a provider."""
    provider = Provider()
    with _served(provider) as address:
        provider.issuer = address
        yield provider
