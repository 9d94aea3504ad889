"""Works in the library's own format, which loses nothing: ``kaijuan.xsd`` describes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from indexer.identity.copies import RankedCopy
from indexer.normalise.licences import NONE_STATED
from indexer.storage.catalogue import StoredWork
from indexer.storage.dated_works import Origin
from search_api.repository.markup import element, enclosed

NAMESPACE = "urn:x-kaijuan:work:1"
#: Below the repository's address.
SCHEMA = "/kaijuan.xsd"
_PARTS = ("month", "day")


@cache
def schema_document() -> bytes:
    """Return the format's XML Schema."""
    return files(__package__).joinpath("kaijuan.xsd").read_bytes()


def write(work: StoredWork, copies: tuple[RankedCopy, ...], origins: Mapping[str, Origin], page: str) -> str:
    """Write a work with its copies, best first, and the records that it is made of; ``page`` is its address here."""
    data = work.data
    inner = "".join(
        (
            _text("title", data["title"]),
            *(_text("translatedTitle", text) for text in data["translated_titles"]),
            element("type", data["type"]),
            element("status", data.get("status")),
            *(_contributor(person) for person in data["contributors"]),
            _container(data["container"]),
            element("published", _date(data["published"])),
            *(element(name, data[name]) for name in ("volume", "issue", "pages")),
            *(element("language", one["code"], origin=one["origin"]) for one in data["languages"]),
            *(element("identifier", one["value"], scheme=one["scheme"]) for one in data["identifiers"]),
            *_subjects(data),
            *(_text("abstract", text) for text in data["abstracts"]),
            _license(data["license"]),
            *(_location(copy, rank) for rank, copy in enumerate(copies, 1)),
            *(_relation(one) for one in data["relations"]),
            *(_notice(one) for one in data.get("notices", ())),
            *_records(data["manifestations"], origins),
            *(element("provenance", value, field=name) for name, value in sorted(data["provenance"].items())),
        )
    )
    return enclosed(
        "work",
        inner,
        xmlns=NAMESPACE,
        id=work.id,
        version=str(work.version),
        firstIndexed=work.first_indexed,
        page=page,
    )


def _text(name: str, text: Mapping[str, Any]) -> str:
    return element(name, text["value"], xml_lang=text["language"]["code"] if text["language"] else None)


def _contributor(person: Mapping[str, Any]) -> str:
    inner = "".join(
        (
            element("name", person["name"]),
            *(element(name, person[name]) for name in ("family", "given", "orcid")),
            *(element("affiliation", one) for one in person["affiliations"]),
        )
    )
    return enclosed(
        "contributor", inner, role=person.get("role") or "author", group="true" if person.get("is_group") else None
    )


def _container(container: Mapping[str, Any] | None) -> str:
    if container is None:
        return ""
    inner = "".join(
        (
            element("title", container["title"]),
            *(element("issn", one) for one in container["issns"]),
            *(
                element(written, container.get(name))
                for written, name in (("issnL", "issn_l"), ("publisher", "publisher"), ("country", "country"))
            ),
        )
    )
    return enclosed("container", inner, id=container["id"]) if inner else ""


def _date(date: Mapping[str, Any] | None) -> str:
    if date is None:
        return ""
    return "-".join([f"{date['year']:04d}", *(f"{date[name]:02d}" for name in _PARTS if date[name] is not None)])


def _subjects(data: Mapping[str, Any]) -> Iterator[str]:
    for one in data["subjects"]:
        yield element(
            "subject", one["term"], scheme=one["scheme"], code=one["code"], origin=one.get("origin", "article")
        )
    yield from (element("keyword", one) for one in data["keywords"])


def _license(license_: Mapping[str, Any] | None) -> str:
    if license_ is None:
        return enclosed("license", "", code=NONE_STATED)
    origin = license_.get("origin", "article")
    return element("license", license_["name"], code=license_["code"], url=license_["url"], origin=origin)


def _location(copy: RankedCopy, rank: int) -> str:
    place = copy.location
    return element(
        "location",
        place.url,
        rank=str(rank),
        pdf=place.pdf_url,
        version=place.version,
        license=place.license.code if place.license else NONE_STATED,
        source=place.source,
    )


def _relation(one: Mapping[str, Any]) -> str:
    return element("relation", one["target"]["value"], kind=one["kind"], scheme=one["target"]["scheme"])


def _notice(one: Mapping[str, Any]) -> str:
    identifier = one["identifier"]
    inner = "".join(
        (
            element("title", one["title"]),
            element("identifier", identifier["value"], scheme=identifier["scheme"]) if identifier else "",
            element("url", one["url"]),
            element("published", _date(one["published"])),
        )
    )
    return enclosed("notice", inner, kind=one["kind"], record=one["manifestation"])


def _records(manifestations: Iterable[str], origins: Mapping[str, Origin]) -> Iterator[str]:
    for one in manifestations:
        if one in origins:
            yield element("record", origins[one].identifier, id=one, source=origins[one].source)
