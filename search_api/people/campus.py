"""Signing in with the university's account: OpenID Connect, authorization code with PKCE (RFC 7636), by Authlib.

A browser that is sent to the campus takes along, in a signed cookie, what its coming back is held against: ``state``
(the same browser), ``nonce`` (the same sign-in) and the verifier (only we can use the code).
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from search_api.account_settings import CampusSettings, require_safe
from search_api.people.errors import AccountError
from search_api.people.outside import OutsideError, ask_json

#: From the page of the campus and back.
JOURNEY_SECONDS = 600
_DISCOVERY = "/.well-known/openid-configuration"
_KEPT_SECONDS = 3600.0
#: Keys are asked for anew where one is unknown, but not for every forged token.
_KEYS_PAUSE_SECONDS = 60.0
#: What clocks of two servers may differ by.
_LEEWAY_SECONDS = 120
#: Signatures that only the provider can make; ``none`` and those by our own shared secret are none.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
_LONGEST = 100
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the campus says it let in; ``subject`` is its own name for them, which never changes."""

    subject: str
    name: str
    profile: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A browser's way to the campus: where it is sent, and what it must bring back."""

    address: str
    cookie: str


class Campus:
    """The provider of one library; what it says of itself is asked for when it is needed, and kept for an hour."""

    def __init__(self, settings: CampusSettings, key: str) -> None:
        self._settings = settings
        self._signer = URLSafeTimedSerializer(key, salt="campus")
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, back: str, *, following: str, session: str | None) -> Journey:
        """Return where to send the browser, and the cookie it must bring back.

        Raises:
            AccountError: ``not_configured``, ``campus_busy``.
        """
        if not self._settings.is_on:
            raise AccountError("not_configured")
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=back,
            scope=self._settings.scopes,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        held = {"state": state, "nonce": nonce, "verifier": verifier, "next": following, "session": session}
        return Journey(address=str(address), cookie=str(self._signer.dumps(held)))

    def finish(self, back: str, *, cookie: str, state: str, code: str) -> tuple[Identity, str, str | None]:
        """Return who came back, where they wanted to go, and the session to which the way in is to be added.

        Raises:
            AccountError: ``campus_state``, ``campus_refused``, ``campus_busy``.
        """
        try:
            held = self._signer.loads(cookie, max_age=JOURNEY_SECONDS)
        except BadData:
            raise AccountError("campus_state") from None
        if not secrets.compare_digest(str(held["state"]).encode(), state.encode("utf-8", "replace")):
            raise AccountError("campus_state")
        if not code:
            raise AccountError("campus_refused")
        token = self._exchange(back, code, held["verifier"])
        claims = self._claims(token, held["nonce"])
        return self._identity(claims), held["next"], held["session"]

    def _exchange(self, back: str, code: str, verifier: str) -> str:
        settings = self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            "client_id": settings.client_id,
        }
        secret, auth = settings.secret_value(), None
        offered = self._metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret and "client_secret_basic" in offered:
            auth = (settings.client_id, secret)
        elif secret:
            form["client_secret"] = secret
        status, answer = self._ask("POST", self._endpoint("token_endpoint"), form=form, auth=auth)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):  # noqa: PLR2004  # OK
            _log.warning("campus_refused", status=status, error=str(answer.get("error", ""))[:_LONGEST])
            raise AccountError("campus_refused")
        return token

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """Return what a token says, once its signature, issuer, audience, times and nonce are found right."""
        try:
            claims = self._decoded(token)
            required = {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "nonce": {"essential": True},
            }
            params = {"nonce": nonce, "client_id": self._settings.client_id}
            CodeIDToken(claims, {}, required, params).validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            _log.warning("campus_token_refused", error=str(error)[:_LONGEST])
            raise AccountError("campus_refused") from None
        if not (isinstance(claims.get("sub"), str) and claims["sub"]):
            raise AccountError("campus_refused")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return dict(jwt.decode(token, self._key_set(), algorithms=_ALGORITHMS).claims)
        except (JoseError, ValueError):
            # The provider may have changed its keys since we asked.
            return dict(jwt.decode(token, self._key_set(anew=True), algorithms=_ALGORITHMS).claims)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        settings = self._settings
        level = settings.levels.get(_text(claims.get(settings.claim_level)))
        told: dict[str, Any] = {
            "faculty": _text(claims.get(settings.claim_faculty)) or None,
            "level": level,
            "card_number": _text(claims.get(settings.claim_card_number)) or None,
        }
        return Identity(
            subject=claims["sub"],
            name=_text(claims.get(settings.claim_name)),
            profile={name: value for name, value in told.items() if value},
        )

    def _endpoint(self, name: str) -> str:
        address = self._metadata().get(name)
        try:
            return require_safe(str(address))
        except ValueError:
            _log.warning("campus_endpoint_unsafe", endpoint=name)
            raise AccountError("campus_busy") from None

    def _metadata(self) -> dict[str, Any]:
        with self._lock:
            known = self._known
        if known is not None and time.monotonic() - known[0] < _KEPT_SECONDS:
            return known[1]
        status, answer = self._ask("GET", self._settings.issuer.rstrip("/") + _DISCOVERY)
        told = dict(OpenIDProviderMetadata(answer))
        if status != 200 or told.get("issuer") != self._settings.issuer:  # noqa: PLR2004  # OK
            _log.warning("campus_is_another", status=status, issuer=str(told.get("issuer"))[:_LONGEST])
            raise AccountError("campus_busy")
        with self._lock:
            self._known = (time.monotonic(), told)
        return told

    def _key_set(self, *, anew: bool = False) -> KeySet:
        with self._lock:
            known = self._keys
        age = time.monotonic() - known[0] if known else _KEPT_SECONDS
        if known is not None and age < (_KEYS_PAUSE_SECONDS if anew else _KEPT_SECONDS):
            return known[1]
        _, answer = self._ask("GET", self._endpoint("jwks_uri"))
        try:
            keys = KeySet.import_key_set({"keys": answer["keys"]})
        except (JoseError, KeyError, ValueError, TypeError):
            raise AccountError("campus_busy") from None
        with self._lock:
            self._keys = (time.monotonic(), keys)
        return keys

    def _ask(self, method: Any, url: str, **given: Any) -> tuple[int, dict[str, Any]]:
        try:
            return ask_json(method, url, **given)
        except OutsideError as error:
            _log.warning("campus_unreachable", error=str(error))
            raise AccountError("campus_busy", wait=5.0) from None


def _text(value: object) -> str:
    """Return a claim as a line of text; a provider may send whatever it likes."""
    line = " ".join(str(value).split()) if isinstance(value, str | int) else ""
    return "".join(letter for letter in line if letter.isprintable())[:_LONGEST]
