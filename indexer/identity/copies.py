"""Which copy of a work to offer first, and why: one order, whoever asks and in whatever order the records came.

What a record says of a copy (licence, version, PDF, address) is ranked when the work is merged. What checks and readers
found out about its addresses changes from day to day; it is kept beside the works and applied when one is shown, by the
same function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import unquote, urlsplit

from indexer.models import Identifier, License, Location
from indexer.normalise.licences import OTHER_OPEN
from indexer.normalise.locations import address_key

Reason = Literal[
    "open_license",
    "free_archive",
    "version_of_record",
    "pdf",
    "doi_match",
    "publisher_site",
    "repository",
    "https",
    "checked_opens",
    "directory_entry",
    "reported",
    "checked_fails",
]
State = Literal["opens", "fails", "refused", "unknown"]

#: Archives where the full text itself is free to read, whatever its licence.
_ARCHIVES = frozenset(("pmc.ncbi.nlm.nih.gov", "europepmc.org", "arxiv.org"))
_OLD_PMC = "www.ncbi.nlm.nih.gov"
_HANDLES = frozenset(("hdl.handle.net",))
_RESOLVERS = frozenset(("doi.org", "dx.doi.org", "www.doi.org"))
#: These describe an article and lead to it; the text itself is elsewhere.
_DIRECTORIES = frozenset(("doaj.org", "www.doaj.org", "pubmed.ncbi.nlm.nih.gov"))
_OALIB = frozenset(("oalib.com", "www.oalib.com"))
_OPEN = ("cc", "public-domain", OTHER_OPEN)
_MANUSCRIPTS = frozenset(("submitted", "accepted"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What is known of an address: the last check's result and day, and how many readers' reports are open."""

    state: State = "unknown"
    checked_at: datetime | None = None
    reports: int = 0

    @property
    def is_broken(self) -> bool:
        """Tell whether it is not to be offered first."""
        return self.state == "fails" or self.reports > 0


UNCHECKED = LinkState()
States = Mapping[str, LinkState]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCopy:
    """A copy with the reasons for its place; ``address`` is what to open first."""

    location: Location
    reasons: tuple[Reason, ...]
    address: str
    state: LinkState = UNCHECKED


def rank(
    places: Iterable[Location], identifiers: Iterable[Identifier], states: States | None = None
) -> tuple[RankedCopy, ...]:
    """Put copies in order, best first; the same for any order of places, equal addresses once.

    What counts, in this order: that it opens as far as is known; that it is a copy and no mere entry of a directory;
    an open licence, or an archive that is free to read; that it is not said to be a manuscript; a PDF; that it is said
    to be the version of record; an address with the work's own DOI; the publisher's site, such an archive, then a
    repository; https; that a check found it open; last the address itself.
    """
    dois = frozenset(one.value.lower() for one in identifiers if one.scheme == "doi")
    known = states or {}
    united = _united(places)
    hosts = frozenset(_host(place.url) for place in united if _carries(place, dois)) - _RESOLVERS
    copies = [_judged(place, dois, hosts, known) for place in united]
    return tuple(sorted(copies, key=_order))


def addresses_of(place: Location) -> tuple[str, ...]:
    """Return the addresses of a copy, the one to open first in front."""
    pdf = place.pdf_url
    return (pdf, place.url) if pdf and pdf != place.url else (place.url,)


def _united(places: Iterable[Location]) -> list[Location]:
    """Return one copy an address; gaps of the better description are filled from the others."""
    found: dict[str, Location] = {}
    for place in sorted(places, key=_fullness):
        key = address_key(place.url)
        before = found.get(key)
        found[key] = (
            place
            if before is None
            else replace(
                before,
                pdf_url=before.pdf_url or place.pdf_url,
                license=before.license or place.license,
                version=before.version or place.version,
            )
        )
    return list(found.values())


def _fullness(place: Location) -> tuple[object, ...]:
    license_ = place.license
    return (
        not place.url.startswith("https:"),
        not _is_open(license_),
        license_ is None or license_.origin == "journal",
        license_ is None or license_.url is None,
        place.version != "published",
        place.pdf_url is None,
        place.url,
        place.source or "",
        place.pdf_url or "",
        place.version or "",
        (license_.code, license_.name, license_.url or "") if license_ else (),
    )


def _judged(place: Location, dois: frozenset[str], hosts: frozenset[str], states: States) -> RankedCopy:
    usable = [url for url in addresses_of(place) if not states.get(url, UNCHECKED).is_broken]
    address = usable[0] if usable else addresses_of(place)[0]
    state = states.get(address, UNCHECKED)
    host = _host(place.url)
    matches = _carries(place, dois)
    said: dict[Reason, bool] = {
        "open_license": _is_open(place.license),
        "free_archive": _is_archive(place.url, host),
        "version_of_record": place.version == "published",
        "pdf": place.pdf_url is not None and address == place.pdf_url,
        "doi_match": matches,
        "publisher_site": host in hosts,
        "repository": host in _HANDLES or place.version in _MANUSCRIPTS,
        "https": address.startswith("https:"),
        "checked_opens": state.state == "opens" and not state.reports,
        "directory_entry": host in _DIRECTORIES or (host in _OALIB and "/paper/" in place.url),
        "reported": state.reports > 0,
        "checked_fails": state.state == "fails",
    }
    reasons = tuple(reason for reason, is_so in said.items() if is_so)
    return RankedCopy(location=place, reasons=reasons, address=address, state=state)


def _order(copy: RankedCopy) -> tuple[object, ...]:
    has = frozenset(copy.reasons)
    return (
        "checked_fails" in has,
        "reported" in has,
        "directory_entry" in has,
        not has & {"open_license", "free_archive"},
        copy.location.version in _MANUSCRIPTS,
        *(reason not in has for reason in ("pdf", "version_of_record", "doi_match")),
        not has & {"free_archive", "publisher_site"},
        *(reason not in has for reason in ("repository", "https", "checked_opens")),
        copy.location.url,
        copy.address,
    )


def _is_open(license_: License | None) -> bool:
    return license_ is not None and license_.code.startswith(_OPEN)


def _is_archive(url: str, host: str) -> bool:
    return host in _ARCHIVES or (host == _OLD_PMC and "/pmc/articles/" in url)


def _carries(place: Location, dois: frozenset[str]) -> bool:
    """Tell whether an address of the copy carries the work's own DOI, as a whole."""
    for url in addresses_of(place):
        text = unquote(url).lower()
        for doi in dois:
            before, found, after = text.partition(doi)
            if found and before[-1:] in {"/", "=", ":"} and not after[:1].isalnum():
                return True
    return False


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:  # a record may hold anything
        return ""
