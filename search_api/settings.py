"""Settings from the environment; everything has a sensible default, so none need be set.

``KAIJUAN_DATA_DIR`` all that the embedded deployment keeps · ``KAIJUAN_SOURCES_FILE`` more sources (TOML) ·
``KAIJUAN_CONTACT`` a mail address that repositories see · ``KAIJUAN_SOURCE_KEYS`` keys of sources that need one ·
``KAIJUAN_LANGUAGE_DETECTOR`` whom to ask about texts in doubt ·
``KAIJUAN_SEARCH_SECONDS`` how long a search may take ·
``KAIJUAN_LINK_CHECKS`` addresses that are checked a day · ``KAIJUAN_DESK_TOKEN`` who knows it may judge over HTTP ·
``KAIJUAN_PUBLIC_URL`` and ``KAIJUAN_REPOSITORY_ID`` where readers and harvesters find us ·
``KAIJUAN_OPENURL_LINK`` and ``KAIJUAN_CATALOGUE_LINK`` the library's own ways to what is not here ·
``KAIJUAN_THESAURUS_BUILTIN`` whether the terms that come with the program are looked for ·
``KAIJUAN_LIMITS`` how much a client may ask · ``KAIJUAN_TRUSTED_PROXIES`` who may say for whom they ask ·
``KAIJUAN_CORS_ORIGINS`` sites whose pages may ask · ``KAIJUAN_METRICS_FROM`` who may ask for operators' numbers ·
``KAIJUAN_LOG_LEVEL`` and ``KAIJUAN_LOG_FORMAT`` what is logged, and how ·
``KAIJUAN_DRAIN_SECONDS`` how long to go on answering once told to stop ·
``KAIJUAN_ACCOUNTS``, ``KAIJUAN_WECHAT``, ``KAIJUAN_CAMPUS`` who may sign in, and how ·
``KAIJUAN_STORAGE__KIND`` ``embedded`` or ``cluster`` ·
``KAIJUAN_STORAGE__DATABASE_URL`` and ``KAIJUAN_STORAGE__ELASTICSEARCH_URL`` for the cluster ·
``…_FILE``: what is secret may stand in a file instead.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic_settings
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from search_api.account_settings import AccountSettings, CampusSettings, WeChatSettings
from search_api.errors import SettingsError
from search_api.secret_files import read_password, read_secret, with_password

_LONGEST_CONTACT = 200
SHORTEST_TOKEN = 24


class EmbeddedStorage(BaseModel):
    """SQLite and tantivy in the data folder: no server needed."""

    kind: Literal["embedded"] = "embedded"


class ClusterStorage(BaseModel):
    """PostgreSQL and Elasticsearch; both addresses may carry passwords and are never logged.

    ``elasticsearch_url`` may be several with commas, one for each node that answers. A password may stand in a file
    instead, as container platforms hand it over; it belongs to the user that the address names, and stands in the
    address once the settings are read.
    """

    kind: Literal["cluster"]
    database_url: SecretStr
    database_password_file: Path | None = None
    elasticsearch_url: SecretStr
    elasticsearch_password_file: Path | None = None
    elasticsearch_ca: Path | None = None
    index_prefix: str = "kaijuan"
    shards: int = Field(default=1, ge=1, le=1_024)
    replicas: int = Field(default=0, ge=0, le=8)
    lease_seconds: int = Field(default=60, ge=1, le=3_600)

    @field_validator("database_password_file", "elasticsearch_password_file", "elasticsearch_ca", mode="before")
    @classmethod
    def _unset_if_empty(cls, value: object) -> object:
        return value or None

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, address: SecretStr) -> SecretStr:
        scheme = address.get_secret_value().partition("://")[0]
        if scheme not in {"postgresql", "postgresql+psycopg", "postgres"}:
            raise ValueError("must be PostgreSQL's address, such as postgresql://user@host/name")
        return address

    @field_validator("index_prefix")
    @classmethod
    def _names_indexes(cls, value: str) -> str:
        """Refuse what Elasticsearch takes for no name, or reads as a pattern or a list of names."""
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,99}", value):
            raise ValueError(
                "must be 1 to 100 lower-case letters, digits, - and _, a letter first, such as kaijuan; or unset it"
            )
        return value

    @field_validator("database_password_file", "elasticsearch_password_file")
    @classmethod
    def _fits_its_address(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """Refuse here what cannot be joined, where the message names the variable that is to be changed."""
        address = info.data.get(str(info.field_name).replace("password_file", "url"))
        if path is not None and address is not None:
            with_password(address.get_secret_value(), read_password(path))
        return path

    @field_validator("elasticsearch_ca")
    @classmethod
    def _can_be_used(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        address = info.data.get("elasticsearch_url")
        if path is None or address is None:
            return path
        if "-----BEGIN CERTIFICATE-----" not in read_secret(path):
            raise ValueError(f"{path} holds no certificate; it must be PEM (-----BEGIN CERTIFICATE-----)")
        if any(one.strip().lower().startswith("http:") for one in address.get_secret_value().split(",")):
            raise ValueError(
                "a certificate is for addresses that begin with https; write KAIJUAN_STORAGE__"
                "ELASTICSEARCH_URL so, or unset this"
            )
        return path

    @model_validator(mode="after")
    def _join_passwords(self) -> Self:
        if self.database_password_file:
            self.database_url = _joined(self.database_url, self.database_password_file)
        if self.elasticsearch_password_file:
            self.elasticsearch_url = _joined(self.elasticsearch_url, self.elasticsearch_password_file)
        return self


def _joined(address: SecretStr, password_file: Path) -> SecretStr:
    return SecretStr(with_password(address.get_secret_value(), read_password(password_file)))


_Quota = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Limits(BaseModel):
    """Requests that a client may send; 0: as many as it likes. A client is a token, or else an address.

    An address may be a whole campus, and has as much as that needs. Costly requests (exports, feeds, harvests) count
    among all, and in a bucket of their own.
    """

    model_config = ConfigDict(extra="forbid")

    address_a_minute: _Quota = 6_000
    address_a_day: _Quota = 500_000
    address_costly_a_minute: _Quota = 240
    address_costly_a_day: _Quota = 20_000
    token_a_minute: _Quota = 6_000
    token_a_day: _Quota = 1_000_000
    token_costly_a_minute: _Quota = 600
    token_costly_a_day: _Quota = 50_000


def default_data_dir() -> Path:
    """Return where data go when nothing is set, after the XDG base directory specification."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "kaijuan"


class Settings(BaseSettings):
    """All settings of a library."""

    model_config = SettingsConfigDict(env_prefix="KAIJUAN_", env_nested_delimiter="__", extra="ignore")

    data_dir: Path = Field(default_factory=default_data_dir)
    sources_file: Path | None = None
    contact: str = ""
    source_keys: dict[str, SecretStr] = Field(default_factory=dict)
    source_keys_file: Path | None = None
    language_detector: Literal["light", "lingua"] = "light"
    search_seconds: float = Field(default=10.0, gt=0, le=600)
    link_checks: int = Field(default=100, ge=0, le=100_000)
    desk_token: SecretStr | None = None
    desk_token_file: Path | None = None
    public_url: str = ""
    repository_id: str = ""
    openurl_link: str = ""
    catalogue_link: str = ""
    thesaurus_builtin: bool = True
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], NoDecode] = ()
    metrics_from: Annotated[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], NoDecode] = (
        ipaddress.IPv4Network("127.0.0.0/8"),
        ipaddress.IPv6Network("::1/128"),
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"
    drain_seconds: float = Field(default=0.0, ge=0, le=300)
    limits: Limits = Limits()
    accounts: AccountSettings = AccountSettings()
    wechat: WeChatSettings = WeChatSettings()
    campus: CampusSettings = CampusSettings()
    storage: Annotated[EmbeddedStorage | ClusterStorage, Field(discriminator="kind")] = EmbeddedStorage()

    @field_validator("language_detector")
    @classmethod
    def _installed(cls, name: str) -> str:
        if name == "lingua" and find_spec("lingua") is None:
            raise ValueError("lingua is not installed: install kaijuan[lingua], or unset it")
        return name

    @field_validator("desk_token_file", "source_keys_file", mode="before")
    @classmethod
    def _unset_if_empty(cls, value: object) -> object:
        return value or None

    @field_validator("desk_token")
    @classmethod
    def _cannot_be_guessed(cls, token: SecretStr | None) -> SecretStr | None:
        value = token.get_secret_value() if token else ""
        if not value:
            return None
        _require_long(value)
        return token

    @field_validator("desk_token_file")
    @classmethod
    def _holds_a_token(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None:
            token = read_password(path)
            _require_long(token)
            known = info.data.get("desk_token")
            if known is not None and known.get_secret_value() != token:
                raise ValueError("KAIJUAN_DESK_TOKEN is set too, to another token; unset one of them")
        return path

    @field_validator("source_keys_file")
    @classmethod
    def _holds_keys(cls, path: Path | None) -> Path | None:
        if path is not None:
            _read_keys(path)
        return path

    @model_validator(mode="after")
    def _take_from_files(self) -> Self:
        if self.desk_token_file is not None:
            self.desk_token = SecretStr(read_password(self.desk_token_file))
        if self.source_keys_file is not None:
            self.source_keys = _read_keys(self.source_keys_file) | self.source_keys
        return self

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> list[str]:
        origins = _parts(value)
        wrong = [one for one in origins if one != "*" and not re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", one)]
        if wrong:
            raise ValueError("must be origins with commas, such as https://www.lib.example.edu, or *")
        return origins

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("trusted_proxies", "metrics_from", mode="before")
    @classmethod
    def _are_networks(cls, value: object) -> list[object]:
        try:
            return [ipaddress.ip_network(one) for one in _parts(value)]
        except ValueError:
            raise ValueError("must be addresses or networks with commas, such as 127.0.0.1, 10.0.0.0/8") from None

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not (re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value) and value.isprintable()):
            raise ValueError("must be an http or https address without ? and #, such as https://library.example.edu")
        return value.rstrip("/")

    @field_validator("repository_id")
    @classmethod
    def _names_a_repository(cls, value: str) -> str:
        """Hold to the OAI's identifier scheme: a domain name, so that no two repositories choose the same."""
        if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9-]*)+", value):
            raise ValueError("must be a domain name, such as library.example.edu")
        return value

    @field_validator("openurl_link", "catalogue_link")
    @classmethod
    def _is_template(cls, value: str, info: ValidationInfo) -> str:
        """Refuse what would be no link, or the same link for everything."""
        place = {"openurl_link": "{openurl}", "catalogue_link": "{value}"}[str(info.field_name)]
        link = re.fullmatch(r"https?://[^\s/?#{}]+(/|\?)\S*", value)
        if value and not (link and value.isprintable() and value.count(place) == 1):
            raise ValueError(f"must be an http or https address with {place} once in it, behind the host")
        return value

    @field_validator("contact")
    @classmethod
    def _fits_a_header(cls, value: str) -> str:
        """Refuse what would end the User-Agent's line, or what HTTP cannot carry (RFC 9110, 5.5)."""
        if not (value.isascii() and value.isprintable() and len(value) <= _LONGEST_CONTACT):
            raise ValueError(
                f"must be one line of ASCII, at most {_LONGEST_CONTACT} characters, such as library@example.edu"
            )
        return value


def _require_long(token: str) -> None:
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"must be {SHORTEST_TOKEN} ASCII characters or more, without spaces")


def _read_keys(path: Path) -> dict[str, SecretStr]:
    """Read keys of sources; raise ``ValueError`` where a file holds no JSON object of texts, without showing it."""
    try:
        keys = json.loads(read_secret(path))
    except json.JSONDecodeError:
        keys = None
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError(f'{path} must hold a JSON object of keys, such as {{"doaj": "…"}}')
    return {source: SecretStr(key) for source, key in keys.items()}


def _parts(value: object) -> list[str]:
    """Return what stands between commas, or the parts of what is a list already."""
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return [text for text in (str(one).strip() for one in listed) if text]


def read_settings() -> Settings:
    """Read the environment; raise ``SettingsError`` naming each variable that is wrong, never its secret value."""
    try:
        return Settings()
    except pydantic_settings.SettingsError as error:  # before validation: a value that must be JSON is none
        field = re.search(r'field "(\w+)"', str(error))
        name = f"KAIJUAN_{field[1].upper()}" if field else "A variable that begins with KAIJUAN_"
        raise SettingsError(
            f'Settings cannot be used. {name} must be a JSON object, such as {{"doaj": "…"}}; parts of it can be set '
            f"one by one instead, such as {name}__DOAJ. See docs/settings.md."
        ) from None
    except ValidationError as error:
        wrong = [
            "KAIJUAN_"
            + "__".join(str(part).upper() for part in item["loc"] if part not in {"embedded", "cluster"})
            + f": {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError(f"Settings cannot be used. {'; '.join(wrong)}. See docs/settings.md.") from None
