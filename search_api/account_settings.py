"""Settings of accounts: who may have one, how long a device stays signed in, and whom else to ask who somebody is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from search_api.secret_files import read_password

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
Level = Literal["undergraduate", "master", "doctoral", "teacher", "staff", "other"]


class AccountSettings(BaseModel):
    """``open``: readers may make accounts themselves. Devices are signed out after days unused, or days in all."""

    model_config = ConfigDict(extra="forbid")

    open: bool = False
    idle_days: int = Field(default=30, ge=1, le=400)
    session_days: int = Field(default=180, ge=1, le=3_650)


class _WithSecret(BaseModel):
    """A secret that may stand in a file instead."""

    model_config = ConfigDict(extra="forbid")

    secret: SecretStr | None = None
    secret_file: Path | None = None

    @field_validator("secret_file", mode="before")
    @classmethod
    def _unset_if_empty(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _take_from_file(self) -> Self:
        if self.secret_file is not None:
            held = read_password(self.secret_file)
            if self.secret is not None and self.secret.get_secret_value() not in {"", held}:
                raise ValueError("the secret is set too, to another one; unset it, or the file")
            self.secret = SecretStr(held)
        return self

    def secret_value(self) -> str:
        """Return the secret; empty where there is none."""
        return self.secret.get_secret_value() if self.secret else ""


class WeChatSettings(_WithSecret):
    """The mini-program's own id and secret; without them WeChat is not offered."""

    app_id: str = ""
    base_url: str = "https://api.weixin.qq.com"

    @property
    def is_on(self) -> bool:
        """Tell whether WeChat is offered."""
        return bool(self.app_id and self.secret_value())

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        return require_safe(value)


class CampusSettings(_WithSecret):
    """The university's OpenID Connect provider, and which of its claims say what; without issuer it is not offered."""

    issuer: str = ""
    client_id: str = ""
    name_zh: str = "统一身份认证"
    name_en: str = "the university account"
    scopes: str = "openid profile"
    claim_name: str = "name"
    claim_faculty: str = ""
    claim_level: str = ""
    claim_card_number: str = ""
    levels: dict[str, Level] = Field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        """Tell whether the campus is offered."""
        return bool(self.issuer and self.client_id)

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        if value:
            require_safe(value)
        return value  # as it is: it must be, letter by letter, what the provider says of itself

    @field_validator("scopes")
    @classmethod
    def _asks_who(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must contain openid")
        return value


def require_safe(address: str) -> str:
    """Return an address without the slash at its end; what is asked there decides who somebody is, so it is https.

    Raises:
        ValueError: it is not, and not on this machine either.
    """
    parts = urlsplit(address)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or is_here)) or re.search(r"[\s?#@]", address):
        raise ValueError("must be an https address without user, ? and #, such as https://sso.example.edu")
    return address.rstrip("/")
