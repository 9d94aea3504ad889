"""Identifiers as people paste them into a search: labelled, as addresses, scanned, in the middle of a reference.

``find_identifier`` reads one at a place of a text, ``whole_identifier`` a text that is nothing else (where a bare ISSN,
which could be a range of pages elsewhere, is one too), ``every_identifier`` all that stand in a reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from stdnum import ean as ean_rules
from stdnum import isbn as isbn_rules

from indexer.normalise.identifiers import isbn, issn
from indexer.normalise.locations import address_key, web_address
from indexer.search.expression import Term, TermName

_DOI_SIGNS = r"10\.\d{4,9}(?:\.\d+)*/(?:[^\s\"<>\u3000-\u9fff\uff00-\uffef]|<\d[^\s\"<>]*>)+"  # old ones have <1::AID>
_NCBI = r"(?:https?://)?(?:www\.)?(?:pmc\.|pubmed\.)?ncbi\.nlm\.nih\.gov/"
_EUROPE = r"(?:https?://)?(?:www\.)?europepmc\.org/"
_TAIL = r"(?:[/?#][^\s\"()]*)?"
_ARXIV = r"(\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_PATTERNS: tuple[tuple[TermName, re.Pattern[str]], ...] = (
    (
        "doi",
        re.compile(
            rf"(?:(?:info:)?doi[:/]?\s*|urn:doi:)?((?:https?://)?(?:dx\.|www\.)?doi\.org/)?({_DOI_SIGNS})",
            re.IGNORECASE,
        ),
    ),
    (
        "pmid",
        re.compile(
            rf"(?:(?:info:)?pmid[:/]?\s*(\d{{1,9}})|pubmed(?:\s+id)?:\s*(\d{{1,9}})"
            rf"|{_NCBI}(?:pubmed/)?(\d{{1,9}}){_TAIL}|{_EUROPE}(?:article|abstract)/med/(\d{{1,9}}){_TAIL})",
            re.IGNORECASE,
        ),
    ),
    (
        "pmcid",
        re.compile(
            rf"(?:(?:(?:pmcid|pmc):?\s*)?(PMC\d{{1,10}}|PMC\s\d{{5,10}})(?:\.\d+)?"
            rf"|{_NCBI}(?:pmc/)?articles/(PMC\d{{1,10}}){_TAIL}|{_EUROPE}articles?/(?:pmc/)?(PMC\d{{1,10}}){_TAIL})",
            re.IGNORECASE,
        ),
    ),
    (
        "arxiv",
        re.compile(rf"(?:arxiv:\s*|(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf)/){_ARXIV}(?:\.pdf)?", re.IGNORECASE),
    ),
    (
        "doaj",
        re.compile(
            r"(?:oai:doaj\.org/article:|(?:https?://)?(?:www\.)?doaj\.org/article/|doaj:\s*)([0-9a-f]{32})",
            re.IGNORECASE,
        ),
    ),
    (
        "handle",
        re.compile(
            r"(?:(?:https?://)?hdl\.handle\.net/|(?:info:)?hdl[:/]\s*|handle:\s*)((?!123456789/)\d[\w.]*/[^\s?#/\"()<>*]+)",
            re.IGNORECASE,
        ),
    ),
    (
        "issn",
        re.compile(
            r"(?:(?:urn:)?(?:[epl]-?)?issn(?:-l)?\s*(?:\((?:print|online)\)\s*)?[:\s]\s*"
            r"|https?://(?:www\.)?doaj\.org/toc/|https?://portal\.issn\.org/resource/issn/)(\d{4}[-–]?\d{3}[\dX])",
            re.IGNORECASE | re.ASCII,
        ),
    ),
)
#: With what any of the patterns may begin; most words of a query stop here.
_BEGINS = re.compile(r"\d|[adehilnopuw]", re.IGNORECASE | re.ASCII)
_ISBN = re.compile(
    r"((?:urn:)?isbn(?:-1[03])?[:\s]\s*)?((?:97[89][-‐–\s]?)?(?:\d[-‐–\s]?){9}[\dX])(?![\dX])", re.ASCII | re.IGNORECASE
)
_HYPHENATED = re.compile(r"\d+[-‐–]\d+[-‐–]\d+[-‐–][\dX]", re.ASCII | re.IGNORECASE)
_ISBN_13 = 13
_BAR_CODE = re.compile(r"977\d{10}", re.ASCII)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\"<>*]+", re.IGNORECASE)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_DOI_INSIDE = re.compile(rf"(?<![\d.])({_DOI_SIGNS})", re.IGNORECASE)
#: What publishers put behind a DOI in their addresses.
_BEHIND_DOI = re.compile(
    r"(?:/(?:full(?:text)?|abstract|pdf|pdfft|epdf|epub|html|meta|figures|references|reader|tables|metrics)"
    r"(?:[/.][a-z]*)?|(?:\.full|\.abstract)?(?:\.pdf|\.html?)|\.full|\.abstract|v\d+\.full)+$",
    re.IGNORECASE,
)
_NATURE = re.compile(
    r"(?:https?://)?(?:www\.)?nature\.com/articles/([a-z]*\d[\w.-]*?)(?:\.pdf)?(?:[/?#]|$)", re.IGNORECASE
)
_BARE_ISSN = re.compile(r"\d{4}[-–]\d{3}[\dX]", re.ASCII | re.IGNORECASE)
_BARE_ARXIV = re.compile(
    r"(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE | re.ASCII
)
_YEAR_PAIR = re.compile(r"(?:18|19|20)\d\d[-–](?:18|19|20)\d\d", re.ASCII)
_LABEL = re.compile(r"(?:doi|pmid|pmcid|arxiv|isbn|issn|https?)[:\s]|10\.\d{4}|PMC\d|www\.", re.IGNORECASE)
_TRAILING = ".,;:'!?]}，。；：、"
_REST = re.compile(r"[^\s()\"]*")
_Found = tuple[Term, int]


def find_identifier(text: str, position: int) -> _Found | None:
    """Return the identifier that stands at a position, as term and end; a DOI may contain parentheses."""
    if not _BEGINS.match(text, position):
        return None
    for name, pattern in _PATTERNS:
        if found := pattern.match(text, position):
            read = _read_doi(found, position) if name == "doi" else _read_plain(name, found, position)
            if read is not None:
                return read
    return _find_isbn(text, position) or _find_bar_code(text, position) or _find_in_address(text, position)


def whole_identifier(text: str) -> Term | None:
    """Return the identifier that a text consists of, with or without punctuation at its end."""
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip().rstrip(_TRAILING))
    if start >= end:
        return None
    found = find_identifier(text[:end], start)
    if found and found[1] == end:
        return found[0]
    bare = text[start:end]
    if _BARE_ISSN.fullmatch(bare) and not _YEAR_PAIR.fullmatch(bare) and (value := issn(bare)):
        return Term(name="issn", value=value, position=start)
    if match := _BARE_ARXIV.fullmatch(bare):
        return Term(name="arxiv", value=match[1].lower(), position=start)
    return _whole_address(bare, start)


def every_identifier(text: str) -> Iterator[tuple[Term, int, int]]:
    """Yield the identifiers that are labelled or plain to see anywhere in a text, with start and end."""
    after = 0
    for sign in _LABEL.finditer(text):
        if sign.start() >= after and (found := find_identifier(text, sign.start())):
            after = found[1]
            yield found[0], sign.start(), after


def address_mark(address: str) -> str:
    """Return what the index keeps of a copy's address: what tells addresses apart, without its fragment."""
    mark = address_key(address.partition("#")[0])
    while mark.startswith("www."):
        mark = mark.removeprefix("www.")
    return mark


def mark_of(text: str) -> str | None:
    """Return the mark of an address, with or without scheme; ``None`` where the text is none, or its mark is none."""
    address = web_address(text if _SCHEME.match(text) else f"https://{text}")
    mark = address_mark(address) if address else ""
    again = web_address(f"https://{mark}")
    return mark if again and address_mark(again) == mark and any(one.isalnum() for one in mark) else None


def _read_doi(found: re.Match[str], position: int) -> _Found | None:
    value = _trim_doi(found[2])
    end = found.start(2) + len(value)
    if found[1]:  # in an address there may be escapes, and questions after it
        end = found.end()
        value = _unescaped(re.split(r"[?#]", found[2])[0])
        if value == _trim_doi(found[2]):
            end = found.start(2) + len(value)
    return (_doi_term(value, position), end) if re.fullmatch(_DOI_SIGNS, value) else None


def _unescaped(written: str) -> str:
    plain = unquote(written) if "%" in written else written
    whole = re.fullmatch(_DOI_SIGNS, plain)
    return _trim_doi(plain if whole and plain.isprintable() else written)


def _doi_term(value: str, position: int) -> Term:
    """Make the term of a DOI; arXiv's are known by the number that all its records have."""
    value = value.lower()
    number = value.removeprefix("10.48550/arxiv.")
    if number != value and _BARE_ARXIV.fullmatch(number):
        return Term(name="arxiv", value=re.sub(r"v\d+$", "", number), position=position)
    return Term(name="doi", value=value, position=position)


def _read_plain(name: TermName, found: re.Match[str], position: int) -> _Found | None:
    if any(character.isalnum() for character in _rest(found.string, found.end())):
        return None
    value = _CANONICAL[name](next(group for group in found.groups() if group))
    if not value or not (value.isascii() or name == "handle"):  # digits and letters of other scripts match as well
        return None
    return Term(name=name, value=value, position=position), found.end()


def _digits(value: str) -> str | None:
    return str(int(value)) if int(value) else None


def _hyphenated(value: str) -> str:
    return f"{value[:4]}-{value[-4:]}".upper()


_CANONICAL: dict[str, Callable[[str], str | None]] = {
    "pmid": _digits,
    "pmcid": lambda value: f"PMC{int(value[3:])}" if int(value[3:]) else None,
    "arxiv": str.lower,
    "doaj": str.lower,
    "handle": lambda value: _handle(value.lower().rstrip(f"/{_TRAILING}")),
    "issn": _hyphenated,
}


def _handle(value: str) -> str | None:
    return value if "/" in value else None


def _find_isbn(text: str, position: int) -> _Found | None:
    """Return the ISBN that stands at a position, however it is hyphenated; one of 10 digits as that of 13.

    A number that does not say so is one where two of three hold: it has no blanks; it has 13 digits or an
    ISBN-10's hyphens; its digits check.
    """
    found = _ISBN.match(text, position)
    value = isbn(found[2]) if found else None
    if found is None or value is None or any(character.isalnum() for character in _rest(text, found.end())):
        return None
    digits = re.sub(r"[^\dX]", "", found[2].upper())
    has_form = len(digits) == _ISBN_13 or _HYPHENATED.fullmatch(found[2]) is not None
    signs = (re.search(r"\s", found[2]) is None, has_form, isbn_rules.is_valid(digits))
    return (Term(name="isbn", value=value, position=position), found.end()) if found[1] or sum(signs) > 1 else None


def _find_bar_code(text: str, position: int) -> _Found | None:
    """Return the ISSN of a journal's bar code: 977, its first seven digits, two of the price (ISSN manual)."""
    found = _BAR_CODE.match(text, position)
    if not found or not ean_rules.is_valid(found[0]) or _rest(text, found.end())[:1].isalnum():
        return None
    return Term(name="issn", value=issn_of_bar_code(found[0]), position=position), found.end()


def issn_of_bar_code(code: str) -> str:
    """Return the ISSN that a bar code of 13 digits from 977 carries; its check digit is computed."""
    digits = code[3:10]
    check = -sum(int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True)) % 11
    return f"{digits[:4]}-{digits[4:]}{'X' if check == 10 else check}"  # noqa: PLR2004 - by definition


def _find_in_address(text: str, position: int) -> _Found | None:
    """Return the identifier that a publisher's address of an article carries."""
    found = _ADDRESS.match(text, position)
    if found is None:
        return None
    nature, inside = _NATURE.match(found[0]), _DOI_INSIDE.search(unquote(found[0]))
    if nature:
        value = f"10.1038/{nature[1]}"
    elif inside:
        value = _trim_doi(_BEHIND_DOI.sub("", _trim_doi(re.split(r"[?#&]", inside[1])[0])))
    else:
        return None
    if not value.isprintable() or not re.fullmatch(_DOI_SIGNS, value):
        return None
    return _doi_term(value, position), position + len(_trim_doi(found[0]))


def _whole_address(text: str, position: int) -> Term | None:
    mark = mark_of(text) if _ADDRESS.fullmatch(text) else None
    return Term(name="url", value=mark, position=position) if mark else None


def _rest(text: str, position: int) -> str:
    found = _REST.match(text, position)
    return found[0] if found else ""


def _trim_doi(value: str) -> str:
    """Cut what belongs to the sentence around a DOI: punctuation, and a parenthesis that was opened before it."""
    unopened = value.count(")") - value.count("(")
    while value and (value[-1] in _TRAILING or (value[-1] == ")" and unopened > 0)):
        unopened -= value[-1] == ")"
        value = value[:-1]
    return value
