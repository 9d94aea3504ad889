"""What each record says of a field, beside what the work says: the chosen value, its source, the losing values. Pure.

Values are compared as a reader sees them, so that two ways to store one thing are no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Different values that are told of a field, and records that are named for each.
MOST_CLAIMS, MOST_NAMED = 50, 20
_LONGEST_SHOWN = 300
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A value, how it reads, and the records that say it (public ids, the first of ``record_count``)."""

    value: Any
    shown: str
    records: tuple[str, ...]
    record_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldClaims:
    """A field of a work. ``origin`` is a manifestation's id, ``journal:…`` or ``judgement:…``.

    ``is_united`` fields hold the values of all records: ``claims`` are then those values with who says each. Of the
    others ``claims`` are the losing values.
    """

    field: str
    value: Any
    shown: str
    origin: str | None
    is_united: bool
    claims: tuple[Claim, ...]


def claims_of(data: Mapping[str, Any], members: Sequence[tuple[str, Mapping[str, Any]]]) -> list[FieldClaims]:
    """Return the fields that the work or any of its records says something of; members in the order of their rank."""
    found = []
    for name, show in _SHOWN.items():
        said = [(member, one[name]) for member, one in members if one.get(name)]
        if data.get(name) or said:
            found.append(_field(name, show, data, said))
    found.extend(
        FieldClaims(
            field=name,
            value=data[name],
            shown=_few(show(one) for one in data[name]),
            origin=_origin(name, data["provenance"]),
            is_united=True,
            claims=_grouped(show, ((member, value) for member, one in members for value in one.get(name, ()))),
        )
        for name, show in _UNITED.items()
        if data[name]
    )
    return found


def _field(
    name: str, show: Callable[[Any], str], data: Mapping[str, Any], said: Iterable[tuple[str, Any]]
) -> FieldClaims:
    value = data.get(name)
    shown = show(value) if value else ""
    losing = (one for one in _grouped(show, said) if one.shown != shown and not _is_part(name, one.value, value))
    return FieldClaims(
        field=name,
        value=value,
        shown=shown,
        origin=_origin(name, data["provenance"]),
        is_united=False,
        claims=tuple(losing),
    )


def _is_part(name: str, one: Any, chosen: Any) -> bool:
    """Tell whether a value says less than the chosen one, but nothing else: a journal named by an ISSN of it only."""
    if name != "container" or not chosen or one["title"]:
        return False
    return set(one["issns"]) <= {*chosen["issns"], chosen["issn_l"]} and one["publisher"] in {None, chosen["publisher"]}


def _origin(name: str, provenance: Mapping[str, str]) -> str | None:
    """Return where a field comes from; what a person said of a part of it (a journal's title, a DOI) comes first."""
    parts = [of for part, of in provenance.items() if part.startswith(f"{name}.") and of.startswith("judgement:")]
    return parts[0] if parts else provenance.get(name) or provenance.get(f"{name}.title")


def _grouped(show: Callable[[Any], str], said: Iterable[tuple[str, Any]]) -> tuple[Claim, ...]:
    values: dict[str, Any] = {}
    records: dict[str, list[str]] = {}
    for member, value in said:
        shown = show(value)
        values.setdefault(shown, value)
        records.setdefault(shown, []).append(member)
    return tuple(
        Claim(
            value=values[shown],
            shown=shown,
            records=tuple(dict.fromkeys(named))[:MOST_NAMED],
            record_count=len(set(named)),
        )
        for shown, named in list(records.items())[:MOST_CLAIMS]
    )


def _text(value: Mapping[str, Any]) -> str:
    return str(value["value"])


def _texts(values: Sequence[Mapping[str, Any]]) -> str:
    return _cut(" / ".join(_text(one) for one in values))


def _people(values: Sequence[Mapping[str, Any]]) -> str:
    names = "; ".join(str(one["name"]) for one in values[:_MOST_NAMES])
    return f"{names}; … ({len(values)})" if len(values) > _MOST_NAMES else names


def _container(value: Mapping[str, Any]) -> str:
    return str(value["title"] or " ".join(value["issns"]) or value["publisher"] or "")


def _date(value: Mapping[str, Any]) -> str:
    parts = (f"{value[name]:02d}" for name in ("month", "day") if value[name] is not None)
    return "-".join((f"{value['year']:04d}", *parts))


def _few(values: Iterable[str]) -> str:
    return _cut("; ".join(values))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "title": _text,
    "translated_titles": _texts,
    "contributors": _people,
    "container": _container,
    "published": _date,
    "volume": str,
    "issue": str,
    "pages": str,
    "type": str,
    "languages": lambda tags: ", ".join(str(tag["code"]) for tag in tags),
    "license": lambda one: str(one["name"]),
    "abstracts": _texts,
}
_UNITED: Mapping[str, Callable[[Any], str]] = {
    "identifiers": lambda one: f"{one['scheme']}:{one['value']}",
    "subjects": lambda one: str(one["term"]),
    "keywords": str,
    "relations": lambda one: f"{one['kind']} {one['target']['scheme']}:{one['target']['value']}",
    "locations": lambda one: str(one["url"]),
}
