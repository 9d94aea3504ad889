"""What PMC's other services say of an article: the ID converter's numbers and the E-utilities' summary."""

from __future__ import annotations

from collections.abc import Iterator

from harvesters.formats.description import Description, RawContributor, RawDate, RawIdentifier, RawText
from harvesters.formats.json import Object, children, parse_object, text
from harvesters.records import RawRecord

_SCHEMES = ("pmcid", "pmid", "doi")


def describe_pmc_idconv(record: RawRecord) -> Description:
    """Read one record of the ID converter; of an id that it does not know it says nothing.

    Raises:
        FormatError: it is no JSON object.
    """
    body = parse_object(record.body)
    found = ((scheme, text(body.get(scheme))) for scheme in _SCHEMES)
    if body.get("status") == "error":
        return Description()
    return Description(identifiers=tuple(RawIdentifier(value=value, scheme=scheme) for scheme, value in found if value))


def describe_pmc_esummary(record: RawRecord) -> Description:
    """Read one summary; of an id that the service does not know it says nothing.

    Raises:
        FormatError: it is no JSON object.
    """
    body = parse_object(record.body)
    if "error" in body:
        return Description()
    title = text(body.get("title"))
    return Description(
        titles=(RawText(value=title),) if title else (),
        contributors=tuple(_authors(body)),
        container_title=text(body.get("fulljournalname")),
        container_abbreviation=text(body.get("source")),
        dates=tuple(_dates(body)),
        volume=text(body.get("volume")),
        issue=text(body.get("issue")),
        # "123-30" is a range, "e00562-20" a number of one article: nobody can tell, so it stays whole.
        first_page=text(body.get("pages")),
        identifiers=tuple(_identifiers(body)),
    )


def _authors(body: Object) -> Iterator[RawContributor]:
    for one in children(body, "authors"):
        name = text(one.get("name"))
        if name:
            yield RawContributor(name=name, is_group=one.get("authtype") == "CollectiveName")


def _dates(body: Object) -> Iterator[RawDate]:
    for name, kind in (("epubdate", "epub"), ("printpubdate", "ppub"), ("pubdate", None)):
        value = text(body.get(name))
        if value:
            yield RawDate(value=value, kind=kind)


def _identifiers(body: Object) -> Iterator[RawIdentifier]:
    for one in children(body, "articleids"):
        scheme, value = text(one.get("idtype")), text(one.get("value"))
        if scheme in _SCHEMES and value:
            yield RawIdentifier(value=value, scheme=scheme)
