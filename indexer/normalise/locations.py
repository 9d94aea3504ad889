"""Where to read an article: addresses from identifiers and links, each once, PDF where it is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harvesters.formats.description import Description, RawLink
from indexer.models import ArticleVersion, Identifier, IdentifierScheme, License, Location

_ADDRESS = re.compile(r"https?://[^\s/?#:@.]+(?:\.[^\s/?#:@.]+)+(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_PDF = re.compile(r"\.pdf(?:$|[?#])|/pdf(?:/|$)|/download/pdf|[?&]format=pdf", re.IGNORECASE)
_NO_TEXT = re.compile(r"\.(?:png|jpe?g|gif|svg|m4v|mp[34]|avi|wav|zip|xml|rdf)$", re.IGNORECASE)
_RESOLVERS = frozenset(
    (
        "doi.org", "dx.doi.org", "www.doi.org", "hdl.handle.net", "www.ncbi.nlm.nih.gov", "pubmed.ncbi.nlm.nih.gov",
        "pmc.ncbi.nlm.nih.gov", "arxiv.org", "doaj.org", "www.doaj.org",
    )
)  # fmt: skip
_LONGEST_URL = 2048


def locations_of(
    description: Description,
    identifiers: Iterable[Identifier],
    *,
    source: str,
    license_: License | None,
    version: ArticleVersion | None,
) -> tuple[Location, ...]:
    """Return the places to read, in the order in which they were found; ``identity.copies`` ranks them."""
    known = {one.scheme: one.value for one in reversed(tuple(identifiers))}
    found: dict[str, Location] = {}
    # DOAJ and PMC name the publisher's full texts; a repository may mean a manuscript.
    of_links = version or ("published" if known.keys() & {"doaj", "pmcid"} else None)
    for url, pdf, own_version in (*_by_identifier(known, version), *_by_link(description, of_links)):
        key = address_key(url)
        before = found.get(key)
        if before is None:
            found[key] = Location(url=url, pdf_url=pdf, license=license_, version=own_version, source=source)
        elif pdf and before.pdf_url is None:
            found[key] = Location(
                url=before.url, pdf_url=pdf, license=before.license, version=before.version, source=source
            )
    if "doaj" in known:
        url = f"https://doaj.org/article/{known['doaj']}"
        found.setdefault(address_key(url), Location(url=url, source=source))
    return tuple(found.values())


_Place = tuple[str, str | None, ArticleVersion | None]


def _by_identifier(known: dict[IdentifierScheme, str], version: ArticleVersion | None) -> Iterator[_Place]:
    if "pmcid" in known:
        yield f"https://pmc.ncbi.nlm.nih.gov/articles/{known['pmcid']}/", None, version or "published"
    if "doi" in known and not known["doi"].startswith("10.48550/arxiv."):
        yield f"https://doi.org/{known['doi']}", None, version or "published"
    if "arxiv" in known:
        yield f"https://arxiv.org/abs/{known['arxiv']}", f"https://arxiv.org/pdf/{known['arxiv']}", "submitted"
    if "handle" in known:
        yield f"https://hdl.handle.net/{known['handle']}", None, version


def _by_link(description: Description, version: ArticleVersion | None) -> Iterator[_Place]:
    relations_too = _is_doaj(description)
    links = [link for link in description.links if link.kind != "relation" or relations_too]
    links.extend(RawLink(url=one.value) for one in description.identifiers if one.scheme is None)
    places = [(link, url) for link in links if (url := web_address(link.url)) is not None]
    if not places:  # EPrints has its landing page among the relations
        relations = [link for link in description.links if link.kind == "relation"][:1]
        places = [(link, url) for link in relations if (url := web_address(link.url)) is not None]
    for link, url in places:
        if url.split("/", 3)[2].lower() in _RESOLVERS or ("." in url[-5:] and _NO_TEXT.search(url)):
            continue
        is_pdf = (link.media and "pdf" in link.media.lower()) or ("pdf" in url.lower() and _PDF.search(url))
        pdf = url if is_pdf else None
        yield url, pdf, version


def _is_doaj(description: Description) -> bool:
    """Tell whether relations are full texts: only DOAJ uses ``dc:relation`` so, beside its own landing page."""
    for one in description.identifiers:  # noqa: SIM110 - quicker than any(), for every record
        if "doaj.org/" in one.value:
            return True
    return False


def web_address(value: str) -> str | None:
    """Return a usable http address, or ``None`` (other schemes, file names, several addresses in one)."""
    text = value.strip()
    if text.startswith("//"):
        text = "https:" + text
    return text if len(text) <= _LONGEST_URL and _ADDRESS.fullmatch(text) else None


def address_key(url: str) -> str:
    """Return what tells addresses apart: not the scheme, ``www.`` or a slash at the end; case counts in the path."""
    host, slash, rest = url.partition("://")[2].partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{rest}".rstrip("/")
