"""What was scanned or pasted to be resolved: bar codes, QR codes, addresses of ours and of others, all numbers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from stdnum import ean as ean_rules

from indexer.normalise.identifiers import issn
from indexer.search.expression import Term
from indexer.search.pasted import every_identifier, whole_identifier
from indexer.search.signs import plain_signs

Flaw = Literal["check_digit", "no_identifier"]
_MOST = 10
#: What scanners set before a code to name its kind (ISO/IEC 15424).
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z](?=.)")
#: Beside the code of 13 digits there may be a smaller one: the issue's number, or a price.
_BAR_CODE = re.compile(r"(97[789]\d{10})(?:[\s+>-]*(?:\d{2}|\d{5}))?", re.ASCII)
_ISSN_FORM = re.compile(r"\d{4}[-–]?\d{3}[\dXx]", re.ASCII)
_NUMBER = re.compile(r"0*[1-9]\d{0,8}", re.ASCII)
_DOAJ = re.compile(r"[0-9a-f]{32}", re.ASCII | re.IGNORECASE)
_OWN_PATH = re.compile(r"(?:.*/)?works/([^/].*?)(?:/(?:sources|why|export|related|origin))?/?")
_WORK_ID = re.compile(r"w[0-9a-z]{13}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a code says: any of ``terms``, or the work ``work_id`` of ours; ``flaw`` is why it may find nothing."""

    text: str
    terms: tuple[Term, ...] = ()
    work_id: str | None = None
    flaw: Flaw | None = None


def read_scanned(text: str) -> Scanned:
    """Read a code; the text that comes back is without what scanners add."""
    shown = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in unicodedata.normalize("NFKC", text))
    plain = _SYMBOLOGY.sub("", " ".join(plain_signs(shown).split()), count=1)
    if own := _own_work(plain):
        return read_scanned(own) if ":" in own else Scanned(text=plain, work_id=own)
    if code := _BAR_CODE.fullmatch(plain):
        flaw: Flaw | None = None if ean_rules.is_valid(code[1]) else "check_digit"
        term = whole_identifier(code[1])
        return Scanned(text=plain, terms=(term,) if term else (), flaw=flaw)
    terms = tuple(dict.fromkeys(_terms(plain)))[:_MOST]
    if terms:
        return Scanned(text=plain, terms=terms)
    return Scanned(text=plain, flaw="check_digit" if _ISSN_FORM.fullmatch(plain) else "no_identifier")


def _own_work(text: str) -> str | None:
    """Return what stands behind ``/works/`` in an address of ours, whatever the library's host is called now."""
    if _WORK_ID.fullmatch(text):
        return text
    try:
        path = unquote(urlsplit(text).path) if text.lower().startswith(("http://", "https://", "/")) else ""
    except ValueError:  # such as an unfinished IPv6 host
        return None
    found = _OWN_PATH.fullmatch(path)
    if found is None:
        return None
    scheme = found[1].partition(":")[0].lower()
    return found[1] if _WORK_ID.fullmatch(found[1]) or scheme in {"doi", "pmid", "pmcid"} else None


def _terms(text: str) -> list[Term]:
    if whole := whole_identifier(text):
        return [whole]
    if _DOAJ.fullmatch(text):
        return [Term(name="doaj", value=text.lower())]
    bare: list[Term] = []
    if _ISSN_FORM.fullmatch(text) and (value := issn(text)):
        bare.append(Term(name="issn", value=value))
    if _NUMBER.fullmatch(text):  # eight digits may be either
        bare.append(Term(name="pmid", value=str(int(text))))
    return bare or [term for term, _, _ in every_identifier(text)]
