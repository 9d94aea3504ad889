"""DOAJ's article JSON, as its API and its public data dump send it (all versions since 1)."""

from __future__ import annotations

from collections.abc import Iterator

from harvesters.errors import FormatError
from harvesters.formats.description import (
    Description,
    RawContributor,
    RawDate,
    RawIdentifier,
    RawLink,
    RawText,
)
from harvesters.formats.doaj_journals import json_subjects
from harvesters.formats.json import Object, child, children, parse_object, text, texts
from harvesters.records import RawRecord

_ISSN_SCHEMES = {"pissn": "ppub", "eissn": "epub", "issn": None}


def describe_doaj_json(record: RawRecord) -> Description:
    """Read an article; its languages are the journal's (scope ``container``).

    The type of an identifier is written in any case (``DOI``, ``doi``), months are numbers or words and ``0`` where
    none is known, and a link's ``content_type`` may be a Python dict in a text: that one says nothing.

    Raises:
        FormatError: it is no JSON object, or none that describes an article.
    """
    body = parse_object(record.body)
    body = child(body, "_source") or body
    bibjson = child(body, "bibjson")
    if not bibjson:
        raise FormatError("The document describes no article.", remedy="Check that the source's kind fits its files.")
    journal = child(bibjson, "journal")
    title, abstract = text(bibjson.get("title")), text(bibjson.get("abstract"))
    return Description(
        titles=(RawText(value=title),) if title else (),
        abstracts=(RawText(value=abstract),) if abstract else (),
        contributors=tuple(_author(one) for one in children(bibjson, "author")),
        container_title=text(journal.get("title")),
        issns=_issns(bibjson, journal),
        publisher=text(journal.get("publisher")),
        dates=_dates(bibjson),
        volume=text(journal.get("volume")),
        issue=text(journal.get("number")),
        # The schema has the pages under journal; real data have them in bibjson.
        first_page=text(bibjson.get("start_page")) or text(journal.get("start_page")),
        last_page=text(bibjson.get("end_page")) or text(journal.get("end_page")),
        identifiers=tuple(_identifiers(body, bibjson)),
        subjects=json_subjects(bibjson),
        keywords=tuple(RawText(value=one) for one in texts(bibjson.get("keywords"))),
        rights=tuple(one for one in (text(each.get("type")) for each in children(journal, "license")) if one),
        links=tuple(_links(bibjson)),
        languages=tuple(texts(journal.get("language"))),
        language_scope="container",
    )


def _author(author: Object) -> RawContributor:
    return RawContributor(
        name=text(author.get("name")),
        orcid=text(author.get("orcid_id")),
        email=text(author.get("email")),
        affiliations=tuple(texts(author.get("affiliation"))),
    )


def _issns(bibjson: Object, journal: Object) -> tuple[RawIdentifier, ...]:
    """Return the article's own ISSNs with their medium, then the journal's other ones."""
    own = [
        RawIdentifier(value=value, scheme=_ISSN_SCHEMES[kind])
        for kind, value in _typed_identifiers(bibjson)
        if kind in _ISSN_SCHEMES
    ]
    known = {one.value for one in own}
    return (*own, *(RawIdentifier(value=one) for one in texts(journal.get("issns")) if one not in known))


def _typed_identifiers(bibjson: Object) -> Iterator[tuple[str, str]]:
    for one in children(bibjson, "identifier"):
        value = text(one.get("id"))
        if value:
            yield (text(one.get("type")) or "").strip().lower(), value


def _identifiers(body: Object, bibjson: Object) -> Iterator[RawIdentifier]:
    for kind, value in _typed_identifiers(bibjson):
        if kind not in _ISSN_SCHEMES:
            yield RawIdentifier(value=value, scheme=kind or None)
    own = text(child(body, "admin").get("publisher_record_id"))
    if own:
        yield RawIdentifier(value=own, scheme="publisher-id")


def _dates(bibjson: Object) -> tuple[RawDate, ...]:
    year, month = text(bibjson.get("year")), text(bibjson.get("month"))
    if not year:
        return ()
    is_known = month is not None and month.strip("0 ") != ""
    return (RawDate(value=f"{year.strip()} {month}" if is_known else year),)


def _links(bibjson: Object) -> Iterator[RawLink]:
    for one in children(bibjson, "link"):
        url, media = text(one.get("url")), text(one.get("content_type"))
        if url:
            yield RawLink(url=url, media=None if media and media.startswith("{") else media, kind=text(one.get("type")))
