"""Contributors of a JATS article: names in their several forms, groups, ORCID iDs, affiliations by reference."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from harvesters.formats.description import RawContributor
from harvesters.formats.xml import local_name, name_in, plain_text

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type

_AFFILIATION_SKIPS = frozenset(("label", "sup", "email", "institution-id", "phone", "fax", "ext-link", "uri"))
_GROUP_SKIPS = frozenset(
    ("contrib-group", "contrib", "xref", "fn", "email", "aff", "contrib-id", "ext-link", "institution-id")
)
_SPARE_COMMA = re.compile(r",\s*(?=[,.;:)])")


def read_contributors(groups: Sequence[_Element], affiliations: Sequence[_Element]) -> list[RawContributor]:
    """Read all contributors of the given ``contrib-group`` elements.

    ``affiliations`` are the ``aff`` elements outside of the groups. An article with one affiliation that
    nobody refers to gives it to everybody.
    """
    places: dict[str, str] = {}
    people: list[_Element] = []
    affs = list(affiliations)
    for group in groups:
        _part_group(group, people, affs)
    for aff in affs:
        places[aff.get("id") or f"#{len(places)}"] = _affiliation(aff)
    found = [one for contrib in people if (one := _contributor(contrib, places)) is not None]
    if len(places) == 1 and not any(one.affiliations for one in found):
        only = tuple(places.values())
        return [_with_affiliations(one, only) for one in found]
    return found


def _with_affiliations(one: RawContributor, places: tuple[str, ...]) -> RawContributor:
    return RawContributor(
        name=one.name,
        family=one.family,
        given=one.given,
        suffix=one.suffix,
        other_name=one.other_name,
        orcid=one.orcid,
        email=one.email,
        affiliations=places,
        role=one.role,
        is_group=one.is_group,
    )


def _part_group(group: _Element, people: list[_Element], affs: list[_Element]) -> None:
    for child in group:
        name = name_in(child.tag)
        if name == "contrib":
            people.append(child)
        elif name == "aff":
            affs.append(child)
        elif name == "aff-alternatives":
            affs.extend(child)


def _affiliation(aff: _Element) -> str:
    """Return an affiliation's text; SciELO gives the parts and then the ``original`` whole."""
    original = _original(aff)
    if original is not None:
        return plain_text(original)
    pieces: list[str] = []
    _gather(aff, _AFFILIATION_SKIPS, pieces)
    return _SPARE_COMMA.sub("", ", ".join(pieces)).replace(" ,", ",")


def _original(element: _Element) -> _Element | None:
    for child in element:
        name = name_in(child.tag)
        if name == "institution" and child.get("content-type") == "original":
            return child
        if name == "institution-wrap" and (found := _original(child)) is not None:
            return found
    return None


def _gather(element: _Element, skips: frozenset[str], pieces: list[str]) -> None:
    """Add an element's pieces of text to a list, but for what is in the elements to skip."""
    text = element.text
    if text and (text := text.strip()):
        pieces.append(text)
    for child in element:
        if name_in(child.tag) not in skips:
            _gather(child, skips, pieces)
        tail = child.tail
        if tail and (tail := tail.strip()):
            pieces.append(tail)


class _Person:
    """What one ``contrib`` element says, piece by piece."""

    __slots__ = ("email", "family", "given", "is_group", "name", "orcid", "other", "places", "suffix")

    def __init__(self) -> None:
        self.name: str | None = None
        self.family: str | None = None
        self.given: str | None = None
        self.suffix: str | None = None
        self.other: str | None = None
        self.orcid: str | None = None
        self.email: str | None = None
        self.is_group = False
        self.places: list[str] = []

    def is_named(self) -> bool:
        return bool(self.name or self.family or self.given)

    def read_name(self, element: _Element) -> None:
        for part in element:
            kind = name_in(part.tag)
            if kind == "surname":
                self.family = plain_text(part)
            elif kind == "given-names":
                self.given = plain_text(part)
            elif kind == "suffix":
                self.suffix = plain_text(part)
        if not (self.family or self.given):
            self.name = plain_text(element)

    def read_group(self, element: _Element) -> None:
        pieces: list[str] = []
        _gather(element, _GROUP_SKIPS, pieces)
        self.name = " ".join(pieces) or None
        self.is_group = True


def _contributor(contrib: _Element, places: dict[str, str]) -> RawContributor | None:
    person = _Person()
    for child in contrib:
        _read_part(person, child, places)
    if not person.is_named():
        return None
    return RawContributor(
        name=person.name,
        family=person.family,
        given=person.given,
        suffix=person.suffix,
        other_name=person.other,
        orcid=person.orcid,
        email=person.email,
        affiliations=tuple(dict.fromkeys(person.places)) if person.places else (),
        role=contrib.get("contrib-type") or "author",
        is_group=person.is_group,
    )


def _read_part(person: _Person, child: _Element, places: dict[str, str]) -> None:
    kind = name_in(child.tag)
    if kind in {"name", "string-name"}:
        if not person.is_named():
            person.read_name(child)
    elif kind in {"name-alternatives", "collab-alternatives"}:
        for one in child:
            if not person.is_named():
                _read_part(person, one, places)
            elif person.other is None and local_name(one) in {"name", "string-name"}:
                person.other = " ".join(plain_text(part).strip() for part in one) or plain_text(one)
    elif kind == "collab":
        if not person.is_named():
            person.read_group(child)
    else:
        _read_detail(person, child, kind, places)


def _read_detail(person: _Person, child: _Element, kind: str, places: dict[str, str]) -> None:
    if kind == "xref" and child.get("ref-type") == "aff":
        person.places.extend(places[rid] for rid in (child.get("rid") or "").split() if places.get(rid))
    elif kind == "contrib-id" and child.get("contrib-id-type") == "orcid":
        person.orcid = plain_text(child)
    elif kind == "aff":
        place = places.get(child.get("id") or "") or _affiliation(child)
        person.places.append(place)
    elif kind == "suffix":
        person.suffix = plain_text(child)
    elif kind == "email":
        person.email = plain_text(child)
    elif kind == "address":
        person.email = next((plain_text(one) for one in child.iter("{*}email")), person.email)
