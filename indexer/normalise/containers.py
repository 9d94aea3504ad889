"""The journal and the article's place in it: title, ISSNs, publisher, volume, issue, pages, and citation lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvesters.formats.description import Description
from indexer.models import Container
from indexer.normalise.identifiers import issn, issns
from indexer.normalise.text import clean_line

_LABEL = re.compile(
    r"^(?:vol(?:ume|umen|\.)?|v\.|jahrgang|jg\.|band|bd\.|том|т\.|iss(?:ue|\.)?|no\.?|nr\.?|núm(?:ero|\.)?|num(?:ber|\.)?|n[º°]\.?|"
    r"fasc(?:icle|\.)?|heft|выпуск|вып\.|№|第)\s*(?=[\dIVXLCS卷期])",
    re.IGNORECASE,
)
_PAGE_LABEL = re.compile(r"^(?:pp?\.?|pages?|pág(?:inas|s?\.)?|с\.|стр\.|s\.)\s*(?=\d)", re.IGNORECASE)
_NOTHING = frozenset(("", "-", "--", "—", "n/a", "na", "none", "null", "0", "00", "undefined", "no", "s/n", "nd"))
_DASHES = re.compile(r"\s*[-–—−‐‑]+\s*")
_DOAJ_CITATION = re.compile(
    r"(?P<journal>.+?)(?:,\s*Vol(?:\.|\b|(?=\d))\s*(?P<volume>[^,()]+?))?(?:,\s*(?:Iss|No)(?:\.|\b|(?=\d))\s*(?P<issue>[^,()]+?))?"
    r"(?:,\s*Pp?(?:\.|\b|(?=\d))\s*(?P<pages>[^,()]+?))?\s*(?:\((?P<year>\d{4})\))?\s*\.?",
    re.IGNORECASE,
)
_OJS_CITATION = re.compile(
    r"(?P<journal>.+?)\s*[;,.]\s*(?:Vol\.?|v\.|Volume|Том)\s*(?P<volume>[\w/-]+)[,;]?\s*(?:(?:No\.?|n\.|Núm\.?|N[º°]|Iss(?:ue)?\.?)\s*"
    r"(?P<issue>[\w/-]+))?\s*(?:\((?P<year>\d{4})\))?\s*[:;,.]?\s*(?:.{0,80}?[;,]\s*)?(?:pp?\.?\s*)?(?P<pages>\d+\s*[-–]\s*\d+)?\s*\.?",
    re.IGNORECASE,
)
_LONGEST_CITATION = 600
_ISSN_IN_TEXT = re.compile(r"\b(?:ISSN|EISSN|ISSN-L)[\s:]*(\d{4}-\d{3}[\dXx])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a line such as ``Journal, Vol 1, Iss 2, Pp 3-4 (2020)`` says."""

    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    year: str | None = None


def number(value: str | None) -> str | None:
    """Return a volume or issue without its label ("Volume 16" → "16"), or ``None`` for what is none."""
    if value is None:
        return None
    text = clean_line(value)
    if not text.isdigit():
        text = _without_label(text)
    return None if text.lower() in _NOTHING else text


def _without_label(text: str) -> str:
    while (shorter := _LABEL.sub("", text)) != text:
        text = shorter
    return text.strip(" ,;:.")


def pages_of(first: str | None, last: str | None, article_number: str | None = None) -> str | None:
    """Return ``first-last``, the first page alone, or the article number where there are no pages."""
    start, end = _page(first), _page(last)
    if start is None:
        return _page(article_number) or end
    if "-" in start or end is None or end == start:
        return start
    return f"{start}-{end}"


def _page(value: str | None) -> str | None:
    if value is None:
        return None
    text = clean_line(value)
    if not text.isdigit():
        text = _DASHES.sub("-", _PAGE_LABEL.sub("", text)).strip(" ,;:.-")
    return None if text.lower() in _NOTHING else text


def container_of(description: Description, citation: Citation) -> Container | None:
    """Return the journal, or ``None`` where nothing about one is said."""
    title = (
        clean_line(description.container_title)
        or clean_line(citation.journal)
        or clean_line(description.container_abbreviation)
    )
    raw_issns = [one.value for one in description.issns]
    if not raw_issns:
        raw_issns = _loose_issns(description)
    found = issns(raw_issns)
    linking = next((one.value for one in description.issns if one.scheme == "issn-l"), None)
    publisher = clean_line(description.publisher)
    if not (title or found or publisher):
        return None
    return Container(
        title=title.strip(" ;,") or None,
        issns=found,
        issn_l=issn(linking) if linking else None,
        publisher=publisher.strip(" ;,") or None,
    )


def _loose_issns(description: Description) -> list[str]:
    """Find the ISSNs that Dublin Core puts among the identifiers and sources."""
    found = [
        one.value
        for one in description.identifiers
        if one.scheme is None and len(one.value) < 40 and not one.value.startswith(("10.", "http", "oai"))  # noqa: PLR2004
        and (one.value.strip().lower().startswith(("issn", "urn:issn", "eissn")) or len(one.value.strip()) == 9)  # noqa: PLR2004
    ]  # fmt: skip
    if description.citation:
        found.extend(_ISSN_IN_TEXT.findall(description.citation))
    return found


def read_citation(line: str | None) -> Citation:
    """Read a citation line; one that says no volume, issue or pages is not taken for one."""
    if not line or len(line) > _LONGEST_CITATION or line.startswith(("http://", "https://")):
        return Citation()
    text = clean_line(line)
    for pattern in (_DOAJ_CITATION, _OJS_CITATION):
        match = pattern.fullmatch(text)
        if match and (match["volume"] or match["pages"] or match["issue"]):
            return Citation(
                journal=match["journal"].strip(" ;,:") or None,
                volume=number(match["volume"]),
                issue=number(match["issue"]),
                pages=_page(match["pages"]),
                year=match["year"],
            )
    return Citation()
