"""What ``kaijuan doctor`` finds in the environment: names that look like settings and are none.

Reading settings ignores them, since other programs and later versions may use the prefix; one letter too few in a
name is told here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from search_api.cli.findings import Check
from search_api.settings import Settings

_PREFIX = "KAIJUAN_"
#: What docker-compose.yml reads for itself; by its env_file the containers have them too.
COMPOSE_VARIABLES = frozenset(
    _PREFIX + name
    for name in (
        "BACK_SUBNET",
        "ELASTICSEARCH_CPUS",
        "ELASTICSEARCH_MEMORY",
        "HTTPS_PORT",
        "HTTP_PORT",
        "PROXY_ADDRESS",
        "PROXY_RANGE",
        "PROXY_SUBNET",
    )
)
_DEVELOPERS = ("KAIJUAN_TEST_", "KAIJUAN_SHARED", "KAIJUAN_SERVICES_DIR")
_LONGEST_NAME = 100
#: Low enough that ``SHARDS`` is led to ``STORAGE__SHARDS``.
_LEAST_LIKENESS = 0.55


def setting_names() -> frozenset[str]:
    """Return the variable of each setting, those of nested ones (``KAIJUAN_LIMITS__TOKEN_A_DAY``) included."""
    return frozenset(name for field, info in Settings.model_fields.items() for name in _names(field, info))


def examine_variables(variables: Iterable[str]) -> Iterator[Check]:
    """Warn about each name that begins with ``KAIJUAN_`` and is no setting, and name the setting most like it."""
    known = setting_names() | COMPOSE_VARIABLES
    open_ended = tuple(name for field, info in Settings.model_fields.items() for name in _maps(field, info))
    for variable in sorted(variables):
        name = variable.upper()  # settings are read whatever their case
        if not name.startswith(_PREFIX) or name in known or name.startswith((*open_ended, *_DEVELOPERS)):
            continue
        like = difflib.get_close_matches(
            name[len(_PREFIX) : _LONGEST_NAME],
            sorted(one.removeprefix(_PREFIX) for one in known),
            n=1,
            cutoff=_LEAST_LIKENESS,
        )
        shown = variable[:_LONGEST_NAME] if variable.isprintable() else ascii(variable[:_LONGEST_NAME])
        yield Check(
            name="unknown setting",
            state="warning",
            found=f"{shown} is no setting and is ignored",
            remedy=(f"Write {_PREFIX}{like[0]} if you mean that, or unset it" if like else "Unset it, or correct it")
            + "; see docs/settings.md.",
        )


def _names(field: str, info: FieldInfo) -> Iterator[str]:
    yield _PREFIX + field.upper()
    yield from (_PREFIX + f"{field}__{part}".upper() for part, _ in _parts(info))


def _maps(field: str, info: FieldInfo) -> Iterator[str]:
    """Yield what begins the names of a setting whose own parts are named by whoever sets them."""
    if get_origin(info.annotation) is dict:
        yield _PREFIX + f"{field}__".upper()
    for part, inner in _parts(info):
        yield from _maps(f"{field}__{part}", inner)


def _parts(info: FieldInfo) -> Iterator[tuple[str, FieldInfo]]:
    for model in get_args(info.annotation) or (info.annotation,):
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from model.model_fields.items()
