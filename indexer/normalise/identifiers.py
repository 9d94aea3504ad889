"""Identifiers in one canonical form each, from the many in which they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from operator import mul
from urllib.parse import unquote

from stdnum import isbn as isbn_rules
from stdnum import issn as issn_rules
from stdnum.exceptions import ValidationError

from harvesters.formats.description import RawIdentifier
from indexer.models import Identifier, IdentifierScheme

_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_DOI_PREFIX = re.compile(
    r"^(?:(?:https?:)?//)?(?:(?:dx\.|www\.)?doi\.org/|doi\.org:|(?:info:)?doi[:/]|urn:doi:|doi\s+)+", re.IGNORECASE
)
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_PMC_PATH = re.compile(
    r"(?:pmc/articles/|pmc\.ncbi\.nlm\.nih\.gov/articles/|europepmc\.org/articles?/(?:pmc/)?)(?:PMC)?(\d+)",
    re.IGNORECASE,
)
_PMCID = re.compile(r"(?:pmcid:?\s*)?(?:PMC)?(\d{1,9})(?:\.\d+)?", re.IGNORECASE)
_PMC_OAI = re.compile(r"oai:(?:pubmedcentral\.nih\.gov|europepmc\.org):(\d+)")
_PMID_PATH = re.compile(
    r"(?:ncbi\.nlm\.nih\.gov/(?:entrez/)?pubmed/|pubmed\.ncbi\.nlm\.nih\.gov/|pubmed\.gov/)(\d{1,9})", re.IGNORECASE
)
_PMID = re.compile(r"(?:pmid:?\s*)?0*([1-9]\d{0,8})", re.IGNORECASE)
_ARXIV = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf)/|arxiv:\s*|oai:arxiv\.org:|10\.48550/arxiv\.)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?",
    re.IGNORECASE,
)
_ARXIV_BARE = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?")
_DOAJ = re.compile(r"(?:oai:doaj\.org/article:|doaj\.org/article/)([0-9a-f]{32})", re.IGNORECASE)
# 123456789 is the prefix that DSpace comes with: hundreds of repositories never changed it.
_HANDLE = re.compile(
    r"(?:hdl\.handle\.net/|handle\.net/|^hdl:|^info:hdl/)((?!123456789/)\d[\w.]*/[^\s?#/]+)", re.IGNORECASE
)
_SIGNS: tuple[tuple[str, re.Pattern[str], IdentifierScheme], ...] = (  # the word that must be there, before the search
    ("doaj", _DOAJ, "doaj"),
    ("arxiv", _ARXIV, "arxiv"),
    ("handle.net", _HANDLE, "handle"),
    ("hdl", _HANDLE, "handle"),
)
_ISBN = re.compile(r"(?:97[89][-‐–\s]?)?(?:\d[-‐–\s]?){9}[\dX](?![\dX])", re.IGNORECASE)
_ISBN_LABEL = re.compile(r"(?:urn:)?isbn(?:-1[03])?[:\s]*", re.IGNORECASE)
_ISSN = re.compile(r"(?<![\dX-])(\d{4})\s*[-–‐−]?\s*(\d{3}[\dXxХх])(?![\dX-])")
_MAX_LENGTH = 2048
_LONGEST_ISSN = 200  # with all that stands around it
#: Right check digit, nobody's number: it stands where a form asked for one.
_NO_ISSN = "00000000"
_ISSN_VALUES = {digit: value for value, digit in enumerate("0123456789X")}  # ISO 3297, annex A
_ISSN_WEIGHTS = range(8, 0, -1)
_PMC_SCHEMES = frozenset(("pmc", "pmcid", "accession", "pmc-uid", "pmcid-ver"))


def doi(value: str | None) -> str | None:
    """Return a DOI bare and in lower case, or ``None``.

    Takes addresses, ``doi:`` prefixes, percent-encoding, spaces inside (where publishers break lines) and
    punctuation at the end; a closing bracket stays where it was opened inside.
    """
    if not value or "10." not in value or len(value) > _MAX_LENGTH:
        return None
    text = value.strip()
    if "%" in text:
        text = unquote(text)
    if not text.startswith("10."):
        text = _DOI_PREFIX.sub("", text).lstrip()
    match = _DOI.search(text)
    if match is None or (match.start() == 0 and match.end() < len(text)):
        match = _DOI.match(_joined(text))
    if match is None:
        return None
    found = match[0].split("?", 1)[0] if "doi.org" in value else match[0]
    found = _trim(found).lower()
    return found if _DOI.fullmatch(found) and found.isprintable() else None


#: What may follow a DOI in one value without belonging to it.
_AFTER_DOI = ("(", "[", ";", ",", "10.", "doi", "pmid", "pmc", "http")


def _joined(text: str) -> str:
    """Take white space out of a DOI where a line was plainly broken: beside the slash, a dot, a hyphen or a bracket.

    Anywhere else nobody can tell whether what follows belongs to it, and a wrong DOI joins what is not the same: a
    value of several words without such a break is none (``10.5555/ab c.1``), but one that goes on with punctuation,
    another DOI, another kind of number or a new sentence ends there.
    """
    parts = text.split()
    joined = parts[0] if parts else ""
    for part in parts[1:]:
        if joined[-1] in ",;" or part.lower().startswith(_AFTER_DOI) or (joined[-1] == "." and part[0].isupper()):
            break
        if joined[-1] not in "/.-_(" and part[0] != "/":
            return ""
        joined += part
    return joined


def _trim(text: str) -> str:
    while text:
        last = text[-1]
        if last in ".,;:'\"“”‘’/" or (last in _BRACKETS and text.count(last) > text.count(_BRACKETS[last])):
            text = text[:-1]
        else:
            break
    return text


def pmcid(value: str | None) -> str | None:
    """Return ``PMC123`` from ``123``, ``PMC123``, ``PMC123.1`` or an address."""
    if not value or len(value) > _MAX_LENGTH:
        return None
    text = value.strip()
    match = ("/" in text and _PMC_PATH.search(text)) or _PMC_OAI.fullmatch(text) or _PMCID.fullmatch(text)
    return f"PMC{int(match[1])}" if match and int(match[1]) else None


def pmid(value: str | None) -> str | None:
    """Return a PubMed id's digits from a number or an address."""
    if not value or len(value) > _MAX_LENGTH:
        return None
    match = ("/" in value and _PMID_PATH.search(value)) or _PMID.fullmatch(value.strip())
    return str(int(match[1])) if match and int(match[1]) else None


def arxiv(value: str | None) -> str | None:
    """Return an arXiv id without its version."""
    if not value or len(value) > _MAX_LENGTH:
        return None
    match = _ARXIV.search(value) or _ARXIV_BARE.fullmatch(value.strip())
    return match[1] if match else None


def issn(value: str) -> str | None:
    """Return an ISSN as ``1234-567X`` where its check digit is right, else ``None``; ``0000-0000`` is none."""
    return _issn(value[:_LONGEST_ISSN])


@lru_cache(maxsize=65536)
def _issn(value: str) -> str | None:
    match = _ISSN.search(value)
    if match is None:
        return None
    digits = (match[1] + match[2]).upper().replace("Х", "X")  # a Cyrillic letter, seen in Russian records
    if digits == _NO_ISSN:
        return None
    if digits.isascii():  # as nearly all are; what else counts as a digit is the library's business
        total = sum(map(mul, map(_ISSN_VALUES.__getitem__, digits), _ISSN_WEIGHTS))
        return f"{digits[:4]}-{digits[4:]}" if total % 11 == 0 else None
    try:
        return str(issn_rules.format(issn_rules.validate(digits)))
    except ValidationError:
        return None


def issns(values: Iterable[str]) -> tuple[str, ...]:
    """Return the valid ISSNs among the values, each once (DOAJ repeats one as print and electronic)."""
    return tuple(dict.fromkeys(found for found in map(issn, values) if found))


def isbn(value: str) -> str | None:
    """Return the ISBN that a value begins with, as 13 digits where it is right, so that a book has one; else ``None``.

    Where the check digit is wrong, as in many catalogues, the digits stay as they are: nobody can tell which is amiss.
    """
    label = _ISBN_LABEL.match(value)
    match = _ISBN.match(value, label.end() if label else 0)
    if match is None:
        return None
    digits = "".join(one for one in match[0].upper() if one in "0123456789X")
    return isbn_rules.to_isbn13(digits) if isbn_rules.is_valid(digits) else digits


def orcid(value: str | None) -> str | None:
    """Return a bare ORCID iD with a valid check digit (ISO 7064, MOD 11-2), else ``None``."""
    if not value:
        return None
    digits = value.upper().rpartition("/")[2].replace("-", "").strip()
    if not digits[:-1].isdigit():
        digits = "".join(one for one in digits if one.isdigit() or one == "X")
    if len(digits) != 16 or not digits.isascii() or "X" in digits[:-1]:  # noqa: PLR2004 - by definition
        return None
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[-1] != ("X" if check == 10 else str(check)):  # noqa: PLR2004 - ISO 7064
        return None
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def identify(raw: RawIdentifier) -> list[Identifier]:
    """Return what an identifier is: nothing, one, or two (arXiv's DOI is an arXiv id too)."""
    value = raw.value.strip()
    scheme = (raw.scheme or "").lower()
    if scheme == "doi":
        return _doi_and_arxiv(value)
    if scheme == "pmid":
        return _one("pmid", pmid(value))
    if scheme in _PMC_SCHEMES:
        return _one("pmcid", pmcid(value) if scheme != "accession" or value[:3].upper() == "PMC" else None)
    if scheme == "arxiv":
        return _one("arxiv", arxiv(value))
    if scheme == "isbn":
        return _one("isbn", isbn(value))
    return [] if scheme else _guess(value)


def _one(scheme: IdentifierScheme, value: str | None) -> list[Identifier]:
    return [Identifier(scheme=scheme, value=value)] if value else []


def _doi_and_arxiv(value: str) -> list[Identifier]:
    found = doi(value)
    if found is None:
        return []
    preprint = arxiv(found) if found.startswith("10.48550/") else None
    return [*_one("doi", found), *_one("arxiv", preprint)]


def _guess(value: str) -> list[Identifier]:
    """Recognise an identifier that does not say what it is; a plain number or text is nothing."""
    if len(value) > _MAX_LENGTH:
        return []
    lowered = value.lower()
    signed = _signed(value, lowered)
    if signed is not None:
        return [signed]
    if _is_pmcid(value, lowered):
        return _one("pmcid", pmcid(value))
    if lowered.startswith("pmid") or ("pubmed" in lowered and _PMID_PATH.search(value)):
        return _one("pmid", pmid(value))
    if lowered.startswith(("isbn", "urn:isbn")):
        return _one("isbn", isbn(value))
    return _doi_and_arxiv(value) if _is_doi_like(lowered) else []


def _signed(value: str, lowered: str) -> Identifier | None:
    """Recognise an identifier by a name or host that stands with it; arXiv's DOIs are left to be read as DOIs."""
    for word, pattern, scheme in _SIGNS:
        match = pattern.search(value) if word in lowered else None
        if match and not (scheme == "arxiv" and "10.48550" in value):
            text = match[1].lower() if scheme == "doaj" else match[1].rstrip("/.,;)")
            return Identifier(scheme=scheme, value=text)
    return None


def _is_pmcid(value: str, lowered: str) -> bool:
    if "pmc" in lowered and (value[:3].upper() == "PMC" or _PMC_PATH.search(value)):
        return True
    return "oai:" in lowered and _PMC_OAI.fullmatch(value) is not None


def _is_doi_like(lowered: str) -> bool:
    """Tell whether a value *is* a DOI or its address, rather than a citation that mentions one."""
    lowered = lowered.lstrip()
    return lowered.startswith(("10.", "doi", "info:doi", "urn:doi")) or "doi.org/" in lowered[:24]


def identify_all(raws: Iterable[RawIdentifier], record_identifier: str) -> tuple[Identifier, ...]:
    """Return all identifiers of a record, each once, the record's own OAI identifier last.

    Its value has no ``oai:`` in front, as no value repeats its scheme.
    """
    found: dict[Identifier, None] = {}
    for raw in raws:
        for one in identify(raw):
            found.setdefault(one)
    for one in _guess(record_identifier):
        found.setdefault(one)
    if record_identifier.startswith("oai:"):
        found.setdefault(Identifier(scheme="oai", value=record_identifier.removeprefix("oai:")))
    return tuple(found)
