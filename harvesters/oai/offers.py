"""What a repository offers: its metadata formats and sets, and which formats can be read here, best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from lxml import etree

from harvesters.errors import HarvestError, SourceError, StoppedError
from harvesters.formats import PREFIXES, ROOTS
from harvesters.formats.xml import local_name
from harvesters.http import Answer
from harvesters.oai.answers import parse_answer
from harvesters.oai.fetch import Fetcher
from harvesters.sampling import clean

MAX_FORMATS = 200
#: A list of sets that goes on behind so many is not read to the end to find one.
_MAX_CHECKED_PAGES = 20
_MAX_CHECKED_SETS = 20_000
_MAX_COMPARED = 4_000
#: The best format first, by what its records say; what is not here but known comes before oai_dc.
_BEST = (
    "pmc_fm", "jats", "nlm", "pmc", "oai_doaj", "datacite4", "datacite", "oai_datacite4", "oai_datacite",
    "oai_openaire", "marcxml", "marc21", "qdc", "oai_qdc", "dcterms",
)  # fmt: skip
#: Namespaces that tell a format whose prefix is the repository's own.
_NAMESPACES = (
    ("datacite.org/schema/kernel", "resource"),
    ("schema.datacite.org/oai/", "oai_datacite"),
    ("openarchives.org/OAI/2.0/oai_dc", "dc"),
    ("loc.gov/MARC21/slim", "record"),
    ("jats.nlm.nih.gov", "article"),
    ("dtd.nlm.nih.gov", "article"),
    ("doaj.org/features/oai_doaj", "doajArticle"),
    ("qualifieddc", "qualifieddc"),
    ("xmlns/qdc", "qualifieddc"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A metadata format the repository offers; ``is_known``: we have a parser for it."""

    prefix: str
    namespace: str
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSet:
    """A set the repository offers."""

    spec: str
    name: str


def candidates(formats: tuple[Format, ...]) -> list[str]:
    """Return the formats that can be read, best first; ``oai_dc`` last, and also where nothing is known."""
    known = [one.prefix for one in formats if one.is_known and one.prefix != "oai_dc"]
    ordered = sorted(known, key=lambda prefix: _BEST.index(prefix) if prefix in _BEST else len(_BEST))
    has_dc = any(one.prefix == "oai_dc" for one in formats)
    return [*ordered, "oai_dc"] if has_dc or not ordered else ordered


def is_readable(prefix: str, namespace: str) -> bool:
    """Tell whether a format has a parser here, by its prefix or its namespace."""
    root = PREFIXES.get(prefix) or next((root for part, root in _NAMESPACES if part in namespace), None)
    return root in ROOTS if root is not None else False


def _format(element: etree._Element) -> Format | None:
    said = _said(element)
    prefix, namespace = said.get("metadataPrefix", ""), said.get("metadataNamespace", "")
    if not prefix:
        return None
    return Format(prefix=prefix, namespace=namespace, is_known=is_readable(prefix, namespace))


def read_formats(answer: Answer) -> list[Format]:
    """Read a ListMetadataFormats answer; raise as ``parse_answer`` does."""
    found = [_format(child) for child in _items(parse_answer(answer), "ListMetadataFormats", "metadataFormat")]
    return [one for one in found if one is not None][:MAX_FORMATS]


def read_sets(answer: Answer) -> tuple[list[ListedSet], str | None]:
    """Read a page of ListSets: its sets and the token of the next page; raise as ``parse_answer`` does."""
    root = parse_answer(answer)
    found = [_said(child) for child in _items(root, "ListSets", "set")]
    token = next((child.text for child in _items(root, "ListSets", "resumptionToken")), None)
    sets = [ListedSet(spec=one["setSpec"], name=one.get("setName", "")) for one in found if one.get("setSpec")]
    return sets, (token or "").strip() or None


def set_pages(fetcher: Fetcher) -> Iterator[tuple[list[ListedSet], bool]]:
    """Yield the pages of a repository's list of sets, and whether more follow; raise as ``Client.fetch`` does."""
    parameters, seen = {"verb": "ListSets"}, {""}
    while True:
        sets, token = fetcher.fetch(parameters, read_sets)
        if token is None or token in seen:
            yield sets, False
            return
        yield sets, True
        seen.add(token)
        parameters = {"verb": "ListSets", "resumptionToken": token}


def check_set(fetcher: Fetcher, set_spec: str) -> None:
    """Raise ``SourceError`` where a repository lists its sets to the end, and a set is not among them.

    Repositories answer noRecordsMatch to a misspelt set as to an empty one (section 3.6).
    """
    known: dict[str, str] = {}
    try:
        for number, (sets, has_more) in enumerate(set_pages(fetcher), start=1):
            known.update((one.spec, one.name) for one in sets)
            # Sets are a hierarchy (section 2.6): one above a listed one is there too.
            if any(f"{spec}:".startswith(f"{set_spec}:") for spec in known):
                return
            if has_more and (number >= _MAX_CHECKED_PAGES or len(known) >= _MAX_CHECKED_SETS):
                return
    except StoppedError:
        raise
    except HarvestError:
        return  # it does not say which sets it has
    if known:
        raise SourceError(
            f"{fetcher.source.endpoint} sent nothing for the set {set_spec!r}, and lists no such set. "
            f"{_alternatives(set_spec, known)}"
        )


def _alternatives(set_spec: str, known: dict[str, str]) -> str:
    """Name the sets that may have been meant: written alike, or called so."""
    names = {text.casefold(): spec for spec, name in reversed(known.items()) for text in (name, spec)}
    close = get_close_matches(set_spec.casefold(), [*names][:_MAX_COMPARED], n=3)
    meant = list(dict.fromkeys(names[text] for text in close))
    if meant:
        return f"Did you mean {' or '.join(map(repr, meant))}? Give that one with --set, or as the source's set_spec."
    return f"Give one that it lists with --set, or as the source's set_spec, such as {', '.join([*known][:5])}."


def _items(root: etree._Element, verb: str, name: str) -> Iterator[etree._Element]:
    for listing in root:
        if local_name(listing) == verb:
            yield from (child for child in listing if local_name(child) == name)


def _said(element: etree._Element) -> dict[str, str]:
    return {local_name(child): clean(child.text or "") for child in element if child.text}
