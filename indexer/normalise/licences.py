"""Licences: one code and one address for the many ways to state them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from indexer.models import License

_URL = re.compile(
    r"creativecommons\.org/(?:licen[sc]es?/+(?P<terms>[a-z]{2}(?:-[a-z+]{2,})*)(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2,8})(?![a-z.]))?"
    r"|publicdomain/(?P<domain>zero|mark)(?:/(?P<number>\d\.\d))?)",
    re.IGNORECASE,
)
# Not \b before it: Chinese characters are letters too ("采用CC BY 4.0许可").
_SHORT = re.compile(
    r"(?<![A-Za-z0-9])CC[\s_:-]*(?P<terms>BY(?:[\s_/-]*(?:NC|SA|ND))*)(?![a-z])[\s_-]*(?:v\.?\s*)?(?P<version>\d\.\d)?"
    r"(?:[\s_-]*(?P<port>(?-i:[A-Z]{2,3}))(?![A-Za-z]))?",
    re.IGNORECASE,
)
_ZERO = re.compile(r"(?<![A-Za-z0-9])CC[\s_-]*(?:0|Zero)(?![A-Za-z0-9])|public[\s-]domain dedication", re.IGNORECASE)
_WORDS = re.compile(
    r"(?:creative\s*commons|知[识識]共享|[创創]用\s*CC|クリエイティブ・?コモンズ)\W{0,3}(?:public\s+)?(?P<rest>.{0,160})",
    re.IGNORECASE | re.DOTALL,
)
_CODES = re.compile(r"[\W_]*(?P<terms>by(?:[\s_/-]*(?:nc|sa|nd))*)(?![a-z])", re.IGNORECASE)
#: Where the name of a licence ends; the rest of the sentence says "non-commercial use" of CC BY too.
_NAME_END = re.compile(r"licen[cs]e\b|licen[cç]a|licencia|许可|許可|授权|授權|which|\(|[,，](?!\s*(?:non|no|share)\b)")
#: The terms as they are called in the languages of our sources, without accents, spaces and hyphens.
_BY = (
    *("attribution", "atribuci", "reconocimiento", "atribuic", "attribuzione", "namensnennung", "paternite"),
    *("署名", "姓名标示", "姓名標示", "表示"),
)
_TERMS = {
    "nc": ("noncommerc", "nocomercial", "naocomercial", "utilisationcommerciale", "nichtkommerziell", "非商", "非営利"),
    "nd": (
        *("noderiv", "sinobraderivada", "sinderiv", "semderiv", "pasdemodification", "keinebearbeitung"),
        *("nonopere", "禁止演", "禁止改作", "改変禁止"),
    ),
    "sa": (
        *("sharealike", "compartirigual", "compartilhaigual", "partagedanslesmemes", "weitergabeunter"),
        *("condividi", "相同方式共享", "相同方式分享", "继承", "継承"),
    ),
}
_VERSION = re.compile(r"(?<![\d.])([1-4]\.[05])(?![\d.])")
#: Versions before 4.0 were fitted ("ported") to these countries' laws, 3.0 to that of international bodies.
_PORTS = frozenset(
    (
        "ar", "at", "au", "az", "be", "bg", "br", "ca", "ch", "cl", "cn", "co", "cr", "cz", "de", "dk",
        "ec", "ee", "eg", "es", "fi", "fr", "ge", "gr", "gt", "hk", "hr", "hu", "ie", "igo", "il", "in",
        "it", "jp", "kr", "lu", "mk", "mt", "mx", "my", "ng", "nl", "no", "nz", "pe", "ph", "pl", "pr",
        "pt", "ro", "rs", "scotland", "se", "sg", "si", "th", "tw", "ug", "uk", "us", "ve", "vn", "za",
    )
)  # fmt: skip
_INTERNATIONAL = "4.0"
_PUBLIC_DOMAIN = re.compile(
    r"public[\s-]?domain|free of known copyright|work of the U\.?S\.? Government|not subject to copyright|公有领域",
    re.IGNORECASE,
)
_NO_LICENCE = re.compile(
    r"\s*(?:info:eu-repo/semantics/\w+|https?://purl\.org/coar/access_right/\S+|open\s?access|open|closed\s?access|"
    r"restricted\s?access|embargoed\s?access|restricted|closed|acceso abierto|acesso aberto|libre acc[eè]s|"
    r"开放获取|開放取用|开放|限制访问|freely available.{0,20}|access granted.{0,60}|"
    # about the record, whatever it says of it
    r"(?:(?:the|these|all)\s+)?(?:(?:descriptive|bibliographic)\s+)?meta-?data\s.*|元数据.*|"
    r"none|none stated|not? (?:stated|specified|available|known)|unknown|unspecified|n/?a|null|无|未说明|不详)[\s.。]*",
    re.IGNORECASE | re.DOTALL,
)
#: Licences of software and data that repositories such as Zenodo give; all are open.
_OTHER_OPEN = re.compile(
    r"(?:the\s+)?(?P<name>mit|isc|(?:new |simplified |modified )?bsd(?:[\s-]*[234](?:[\s-]*clause)?)?|apache|"
    r"(?:gnu )?[al]?gpl|(?:gnu )?(?:affero |lesser )?general public|gfdl|mpl|mozilla public|eupl|eclipse public|epl|"
    r"odbl|odc[\s-]by|pddl|open government|ogl|etalab|open database)"
    r"(?:[\s,-]*(?:software )?licen[cs]e)?(?:[\s,-]*(?:version |v)?\d(?:\.\d)?)?(?:[\s-]*(?:only|or[\s-]later|\+))?"
    r"|https?://(?:www\.)?(?:opensource\.org/licenses?/|apache\.org/licenses/|gnu\.org/(?:licenses|copyleft)/|"
    r"opendatacommons\.org/licenses/)(?P<path>[\w.+-]+)\S*",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"CC[\w\s.-]+(?:[,;/|]\s*(?:CC[\w\s.-]+|public domain|publisher.{0,3} own licen[cs]e))+", re.IGNORECASE
)
_PUBLISHER = License(code="publisher", name="publisher terms")
_DOMAIN = License(code="public-domain", name="public domain", url="https://creativecommons.org/publicdomain/mark/1.0/")
#: An open licence that is neither Creative Commons nor the public domain.
OTHER_OPEN = "other-open"
#: The value of the facet and of the API where no source states a licence; it is never stored with a work.
NONE_STATED = "none"
_LONGEST = 4000
_BEST_RANK = 3


def license_of(statements: Iterable[str]) -> License | None:
    """Return the licence that a record's rights statements state, or ``None`` where they state none.

    A Creative Commons licence with its version is best, then one without, then CC0 and the public domain, then
    "publisher terms" for any other statement about rights. Statements about access alone
    (``openAccess``) or about the metadata are no licence of the article. Where one statement lists several, the
    strictest counts: a reader who keeps to it is right under each.
    """
    best: License | None = None
    rank = 0
    for statement in statements:
        found = _read(statement[:_LONGEST])
        if found is None:
            continue
        if found.code == "publisher":
            found_rank = 1
        elif found.url is None or found.code == OTHER_OPEN:
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
    if _LIST.fullmatch(text):
        return max((found for part in re.split(r"[,;/|]", text) if (found := _read(part))), key=_strictness)
    return _other_open(text) or _creative(text) or (_DOMAIN if _PUBLIC_DOMAIN.search(text) else _PUBLISHER)


def _creative(text: str) -> License | None:
    """Read a Creative Commons licence: by its address, else its code, else its name in words."""
    lowered = text.lower()  # the patterns are slow in a long text: look for a few letters of each first
    address = _URL.search(text) if "mmon" in lowered else None
    if address:
        return _from_address(address)
    has_code = "cc" in lowered
    short = _SHORT.search(text) if has_code else None
    if short:
        return creative_commons(short["terms"], short["version"], short["port"])
    if (has_code or "doma" in lowered) and _ZERO.search(text):
        return creative_commons("zero", "1.0")
    words = _WORDS.search(text)
    return _from_words(words["rest"]) if words else None


def _from_address(match: re.Match[str]) -> License:
    if match["domain"]:
        return creative_commons("zero", match["number"] or "1.0") if match["domain"].lower() == "zero" else _DOMAIN
    return creative_commons(match["terms"], match["version"], match["port"])


def _from_words(rest: str) -> License | None:
    """Read "Attribution-NonCommercial-ShareAlike 4.0 International" and its relatives in other languages."""
    lowered = rest.lower()
    if lowered.startswith("zero") or "cc0" in lowered:
        return creative_commons("zero", "1.0")
    version = _VERSION.search(rest)
    number = version[1] if version else None
    codes = _CODES.match(rest)
    if codes:
        return creative_commons(codes["terms"], number)
    squeezed = _squeezed(_NAME_END.split(lowered, maxsplit=1)[0])
    if not any(word in squeezed for word in _BY):
        return None
    terms = [term for term, words in _TERMS.items() if any(word in squeezed for word in words)]
    return creative_commons("-".join(["by", *terms]), number)


def _squeezed(name: str) -> str:
    """Leave only letters, without accents."""
    apart = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", plain))


def _strictness(found: License) -> tuple[bool, int, str]:
    return found.code == _PUBLISHER.code, len(found.code.split("-")) if found.code.startswith("cc-") else 0, found.code


def _other_open(text: str) -> License | None:
    match = _OTHER_OPEN.fullmatch(text)
    if match is None:
        return None
    if match["path"] is None:
        return License(code=OTHER_OPEN, name=text)
    name = match["path"].removesuffix(".html").replace("LICENSE", "Apache")
    return License(code=OTHER_OPEN, name=name, url=text)


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
    is_port = port is not None and port.lower() in _PORTS and version < _INTERNATIONAL
    region = f"{port.lower()}/" if port and is_port else ""
    suffix = f" {port.upper()}" if region and port else ""
    return License(
        code=f"cc-{code}",
        name=f"{name} {version}{suffix}",
        url=f"https://creativecommons.org/licenses/{code}/{version}/{region}",
    )
