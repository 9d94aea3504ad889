"""Licences: one code and one address for the many ways to state them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from indexer.models import License

_URL = re.compile(
    r"creativecommons\.org/(?:licen[sc]es?/+(?P<terms>[a-z]{2}(?:-[a-z+]{2,})*)(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2,3})(?![a-z.]))?"
    r"|publicdomain/(?P<domain>zero|mark)(?:/(?P<number>\d\.\d))?)",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"\bCC[\s_:-]*(?P<terms>BY(?:[\s_/-]*(?:NC|SA|ND))*)(?![a-z])[\s_-]*(?:v\.?\s*)?(?P<version>\d\.\d)?", re.IGNORECASE
)
_ZERO = re.compile(r"\bCC[\s_-]*(?:0|Zero)\b|public[\s-]domain dedication", re.IGNORECASE)
_WORDS = re.compile(r"creative\s*commons\W{0,3}(?:public\s+)?(?P<rest>.{0,160})", re.IGNORECASE | re.DOTALL)
_VERSION = re.compile(r"(?<![\d.])([1-4]\.[05])(?![\d.])")
_PUBLIC_DOMAIN = re.compile(
    r"public[\s-]?domain|free of known copyright|work of the U\.?S\.? Government|not subject to copyright",
    re.IGNORECASE,
)
_NO_LICENCE = re.compile(
    r"\s*(?:info:eu-repo/semantics/\w+|https?://purl\.org/coar/access_right/\S+|open\s?access|open|closed\s?access|"
    r"restricted\s?access|embargoed\s?access|restricted|closed|metadata may be used.*|acceso abierto|"
    r"acesso aberto|freely available.{0,20})[\s.]*",
    re.IGNORECASE | re.DOTALL,
)
_PUBLISHER = License(code="publisher", name="publisher terms")
_DOMAIN = License(code="public-domain", name="public domain", url="https://creativecommons.org/publicdomain/mark/1.0/")
_LONGEST = 4000
_BEST_RANK = 3


def license_of(statements: Iterable[str]) -> License | None:
    """Return the licence that a record's rights statements state, or ``None`` where they state none.

    A Creative Commons licence with its version is best, then one without, then CC0 and the public domain, then
    "publisher terms" for any other statement about rights. Statements about access alone
    (``openAccess``) or about the metadata are no licence of the article.
    """
    best: License | None = None
    rank = 0
    for statement in statements:
        found = _read(statement[:_LONGEST])
        if found is None:
            continue
        if found.code == "publisher":
            found_rank = 1
        elif found.url is None:
            found_rank = 2
        else:
            found_rank = _BEST_RANK
        if found_rank > rank:
            best, rank = found, found_rank
        if rank == _BEST_RANK:
            break
    return best


@lru_cache(maxsize=8192)
def _read(statement: str) -> License | None:
    text = statement.strip()
    if not text or _NO_LICENCE.fullmatch(text):
        return None
    address = _URL.search(text)
    if address:
        return _from_address(address)
    short = _SHORT.search(text)
    if short:
        return creative_commons(short["terms"], short["version"])
    if _ZERO.search(text):
        return creative_commons("zero", "1.0")
    words = _WORDS.search(text)
    if words:
        found = _from_words(words["rest"])
        if found:
            return found
    return _DOMAIN if _PUBLIC_DOMAIN.search(text) else _PUBLISHER


def _from_address(match: re.Match[str]) -> License:
    if match["domain"]:
        return creative_commons("zero", match["number"] or "1.0") if match["domain"].lower() == "zero" else _DOMAIN
    return creative_commons(match["terms"], match["version"], match["port"])


def _from_words(rest: str) -> License | None:
    """Read "Attribution-NonCommercial-ShareAlike 4.0 International" and its relatives."""
    lowered = rest.lower()
    if lowered.startswith("zero") or "cc0" in lowered:
        return creative_commons("zero", "1.0")
    if "attribution" not in lowered:
        return None
    name = re.split(r"licen[cs]e|which|\(|,", lowered, maxsplit=1)[0]
    squeezed = re.sub(r"[\W_]+", "", name)
    terms = ["by"]
    if "noncommercial" in squeezed:
        terms.append("nc")
    if "noderiv" in squeezed:
        terms.append("nd")
    if "sharealike" in squeezed:
        terms.append("sa")
    version = _VERSION.search(rest)
    return creative_commons("-".join(terms), version[1] if version else None)


def creative_commons(terms: str, version: str | None, port: str | None = None) -> License:
    """Build a Creative Commons licence; without a version it has no address."""
    if terms == "zero":
        version = version or "1.0"
        return License(
            code="cc0", name=f"CC0 {version}", url=f"https://creativecommons.org/publicdomain/zero/{version}/"
        )
    parts = re.split(r"[\s_/-]+", terms.lower())
    letters = "".join(parts)
    order = [part for part in ("by", "nc", "nd", "sa") if part in parts or part in re.findall("..", letters)]
    code = "-".join(order) if "by" in order else "-".join(parts)
    name = f"CC {code.upper()}"
    if version is None:
        return License(code=f"cc-{code}", name=name)
    region = f"{port.lower()}/" if port and port.lower() not in {"deed", "legalcode"} else ""
    suffix = f" {port.upper()}" if region and port else ""
    return License(
        code=f"cc-{code}",
        name=f"{name} {version}{suffix}",
        url=f"https://creativecommons.org/licenses/{code}/{version}/{region}",
    )
