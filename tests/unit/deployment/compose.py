"""The compose file as Compose reads it: variables put in, one profile chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "docker-compose.yml"
#: ``$$`` and ``${NAME:-default}``, the only forms that the file uses.
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+):-(?P<default>[^}]*)\})")


def variables() -> dict[str, str]:
    """Return the variables that the file asks for, with their defaults."""
    found = _VARIABLE.finditer(COMPOSE.read_text(encoding="utf-8"))
    return {one["name"]: one["default"] for one in found if one["name"]}


def read_compose(given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the file with variables put in."""
    known = given or {}

    def value(found: re.Match[str]) -> str:
        return "$" if found["name"] is None else (known.get(found["name"]) or found["default"])

    text = _VARIABLE.sub(value, COMPOSE.read_text(encoding="utf-8"))
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def services_of(compose: Mapping[str, Any], profile: str) -> dict[str, Any]:
    """Return the services that a profile starts."""
    return {
        name: service for name, service in compose["services"].items() if profile in service.get("profiles", [profile])
    }


def haproxy_config(compose: Mapping[str, Any]) -> str:
    """Return the proxy's configuration."""
    text: str = compose["configs"]["haproxy"]["content"]
    return text


def dotenv(text: str) -> dict[str, str]:
    """Return what a ``.env`` file says: ``NAME=value`` lines, as the documentation writes them."""
    lines = [line.strip() for line in text.splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
