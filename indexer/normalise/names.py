"""Names of people and groups: family and given name from the ways in which repositories write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from nameparser import HumanName

from harvesters.formats.description import RawContributor
from indexer.models import Contributor
from indexer.normalise.identifiers import orcid
from indexer.normalise.text import clean_line

_LONGEST_NAME = 400
_LONG_AFFILIATION = 1000  # a longer one is not kept for the next author
_HAN_NAME = re.compile(r"[\u3400-\u9fff\uf900-\ufaff·•]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_HANGUL_NAME = re.compile(r"[\uac00-\ud7af]{2,4}")
_DOUBLE_SURNAMES = frozenset(
    """
    欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠
    公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁
    拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 歐陽 司馬 諸葛 東方 鍾離 長孫
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
_PARTICLES = frozenset(
    """
    van von der den de da do dos das del della di du la le las los el al bin ibn ben ter ten zu zur vom und af av st. st
    d' dell' degli e y
    """.split()  # noqa: SIM905
)
_WEAK_PARTICLES = frozenset(("e", "y", "el", "ben", "und", "la", "le", "do", "st", "den"))
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|Júnior|Junior|Filho|Neto|Sobrinho)\.?", re.IGNORECASE)
_FAMILY_SUFFIXES = frozenset(("júnior", "junior", "filho", "neto", "sobrinho"))
_DEGREE = re.compile(
    r"(?:M\.?D|Ph\.?\s?D|M\.?Sc|B\.?Sc|M\.?P\.?H|M\.?B\.?B\.?S|D\.?D\.?S|D\.?Sc|M\.?A|M\.?S|R\.?N|F\.?R\.?C\.?S|Dr|Prof|Eng|DNP|PharmD)\.?",
)
_TITLED = re.compile(r"^(?:Dr|Prof|Professor|Mr|Mrs|Ms|Sir|Assoc|Assist|Asst)\b\.?\s|[(\"“]", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[A-ZÀ-ÞА-ЯЁІЇЄ]\.[\s-]?){1,4}|(?:[A-ZÀ-ÞА-ЯЁІЇЄ][\s.-]?){1,3}")
_SHORT_SURNAMES = frozenset(
    """
    XU LI WU HU YU LU MA HE GU DU SU FU XIE LIU SUN WEI TAN KIM LEE CHO KO OH HO LE DO VU YE YI QI QU NI LO NG AN BAI
    """.split()  # noqa: SIM905
)
_GROUP_WORDS = frozenset(
    """
    group consortium collaboration committee network association society university universidade universidad université
    università universität universitét universitàt universitat institut institute instituto investigators collaborators
    team initiative trial project organisation organization ministry department faculty faculdade facultad college
    school center centre centro foundation council agency academy commission editorial editor editors redakcja redacción
    hospital library archive archives группа университет институт редакция
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
_GROUP_SIGNS = ("laborator", "task force", "working party")
_HAN_GROUP = re.compile("课题组|委员会|大学|研究所|编辑部|协作组|学会|医院")
_WORD = re.compile(r"\w+")
_EDGES = " \t,;:*†‡§¶#.·-–—_/\\|&0123456789¹²³⁴⁵⁶⁷⁸⁹"
_LEADING = " \t,;:*†‡§¶#.·-–—_/\\|&0123456789"
_EMAIL = re.compile(r"\(?\s*(?:e-?mail|correo\s?e\w*)?\s*[:.]?\s*[\w.+-]+@[\w-]+\.[\w.-]+\s*\)?", re.IGNORECASE)
_AFFILIATION_LABEL = re.compile(r"^(?:\(?\d{1,2}\)?[.)]?\s*(?=[^\W\d_])|[a-z][.)]\s+|[*†‡§¶#]+\s*)")
_NAME_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_INITIALS = 3
_LETTER = re.compile(r"[^\W\d_]")


def contributors(raws: Sequence[RawContributor]) -> tuple[Contributor, ...]:
    """Return the contributors, clean and in order.

    A list that is one list several times over (Frontiers in DOAJ sends it three times) is taken once; two
    people of one name inside a list both stay. Names joined by semicolons in one element are parted.
    """
    found = [one for raw in raws for one in _contributors(raw)]
    return tuple(_without_repeats(found))


def _without_repeats(found: list[Contributor]) -> list[Contributor]:
    size = len(found)
    names = [one.name for one in found]
    for length in range(1, size // 2 + 1):
        if size % length == 0 and names == names[:length] * (size // length):
            return found[:length]
    return found


def _contributors(raw: RawContributor) -> Iterable[Contributor]:
    if raw.name and ";" in raw.name and not raw.is_group and not (raw.family or raw.given):
        for part in clean_line(raw.name).split(";"):
            one = contributor(RawContributor(name=part, role=raw.role, affiliations=raw.affiliations))
            if one is not None:
                yield one
        return
    one = contributor(raw)
    if one is not None:
        yield one


def contributor(raw: RawContributor) -> Contributor | None:
    """Return one clean contributor, or ``None`` where no name is left (an address, a number)."""
    family, given, name, is_group = _parts(raw)
    display = name or _display(family, given)
    if not display:
        return None
    return Contributor(
        name=display,
        family=family or None,
        given=given or None,
        orcid=orcid(raw.orcid) if raw.orcid else None,
        affiliations=tuple(dict.fromkeys(filter(None, map(affiliation, raw.affiliations)))) if raw.affiliations else (),
        role=raw.role,
        is_group=is_group,
    )


def _parts(raw: RawContributor) -> tuple[str, str, str, bool]:
    if raw.family or raw.given:
        family, given = _calm(_trim(clean_line(raw.family))), _calm(clean_line(raw.given).strip(" ,;*†‡"))
        suffix = clean_line(raw.suffix).strip(" ,;")
        if family and suffix:
            return family, given, f"{_display(family, given)} {suffix}", False
        return family, given, "", False
    text = _trim(_EMAIL.sub(" ", clean_line(raw.name)) if raw.name and "@" in raw.name else clean_line(raw.name))
    if not text or not _LETTER.search(text):
        return "", "", "", False
    if raw.is_group or len(text) > _LONGEST_NAME:
        return "", "", text, True
    family, given, is_group = split_name(text)
    family, given = _calm(family), _calm(given)
    return family, given, text if is_group or not (family or given) else "", is_group


def _trim(text: str) -> str:
    """Take marks and digits off both ends; a full stop after an initial or a suffix stays."""
    if text and text[0].isalpha() and text[-1].isalpha():
        return text
    trimmed = text.lstrip(_LEADING).rstrip(_EDGES)
    rest = text[text.find(trimmed) + len(trimmed) :] if trimmed else ""
    last = trimmed.rpartition(" ")[2].rpartition(".")[2]
    return trimmed + "." if rest.startswith(".") and (len(last) == 1 or _SUFFIX.fullmatch(last)) else trimmed


def _calm(name: str) -> str:
    """Write a name in capitals (``ARAÚJO``, as SciELO has it) as one writes names; initials and ``XU`` stay."""
    if len(name) <= _LONGEST_INITIALS or not name.isupper():
        return name
    return _NAME_WORD.sub(_calm_word, name)


def _calm_word(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) == 1:
        return word
    lowered = word.lower()
    return lowered if lowered in _PARTICLES else word[0] + lowered[1:]


def _display(family: str, given: str) -> str:
    if not family.isascii() and _HAN.search(family) and _HAN.search(given):
        return family + given
    return f"{given} {family}".strip()


@lru_cache(maxsize=65536)
def split_name(text: str) -> tuple[str, str, bool]:
    """Part a clean name into family name, given name, and whether it is a group's (then both are empty).

    Knows ``Family, Given``, ``Given Family`` with particles, ``Family AB`` with initials, and Chinese and
    Korean names without a space. A name of one word is a family name.
    """
    if not text.isascii():
        compact = text.replace(" ", "")
        if _HAN_NAME.fullmatch(compact) and "·" not in compact:
            return _split_han(compact, text)
        if _HANGUL_NAME.fullmatch(compact):
            return compact[0], compact[1:], False
    if _is_group(text):
        return "", "", True
    if "," in text:
        return (*_split_at_comma(text), False)
    if _TITLED.search(text):
        person = HumanName(text)
        given = " ".join(filter(None, (person.first, person.middle)))
        return str(person.last) or given, given if person.last else "", False
    return (*_split_words(text.split()), False)


def _is_group(text: str) -> bool:
    lowered = text.lower()
    return (
        lowered.startswith(("the ", "on behalf of "))
        or not _GROUP_WORDS.isdisjoint(_WORD.findall(lowered))
        or any(sign in lowered for sign in _GROUP_SIGNS)
        or (not text.isascii() and _HAN_GROUP.search(text) is not None)
    )


def _split_han(compact: str, text: str) -> tuple[str, str, bool]:
    if _is_group(compact) or len(compact) > 6:  # noqa: PLR2004 - longer than any Chinese or Japanese name
        return "", "", True
    first, space, rest = text.partition(" ")
    if space:
        return first, rest.replace(" ", ""), False
    if len(compact) > 2 and compact[:2] in _DOUBLE_SURNAMES:  # noqa: PLR2004 - a double surname and a given name
        return compact[:2], compact[2:], False
    return compact[0], compact[1:], False


def _split_at_comma(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in text.split(",")]
    kept = [part for part in parts if part and not _DEGREE.fullmatch(part)]
    suffixes = [part for part in kept[1:] if _SUFFIX.fullmatch(part)]
    kept = [part for part in kept if part not in suffixes]
    if len(kept) < 2:  # noqa: PLR2004 - "John Smith, MD"
        return _split_words(kept[0].split()) if kept else (text, "")
    return kept[0], " ".join(kept[1:])


def _split_words(words: list[str]) -> tuple[str, str]:
    while len(words) > 2 and _DEGREE.fullmatch(words[-1]) and len(words[-1]) > 2:  # noqa: PLR2004 - "Jane Roe PhD"
        words = words[:-1]
    if len(words) == 1:
        return words[0], ""
    last = words[-1]
    if _INITIALS.fullmatch(last) and last not in _SHORT_SURNAMES and not _INITIALS.fullmatch(words[0]):
        start = len(words) - 1
        while start > 1 and _INITIALS.fullmatch(words[start - 1]):
            start -= 1
        return " ".join(words[:start]), " ".join(words[start:])
    start = len(words) - 1
    if start > 1 and last.lower() in _FAMILY_SUFFIXES:
        start -= 1
    while start > 1 and _is_particle(words, start - 1):
        start -= 1
    if start == 1 and words[0].lower() in _PARTICLES and words[0].islower():
        start = 0
    return " ".join(words[start:]), " ".join(words[:start])


def _is_particle(words: list[str], position: int) -> bool:
    word = words[position]
    lowered = word.lower()
    if lowered not in _PARTICLES:
        return False
    if word.islower():
        return lowered not in {"e", "y"} or position > 1
    return lowered not in _WEAK_PARTICLES and not (len(word) == 2 and word.isupper())  # noqa: PLR2004 - "DE" may be initials


def affiliation(value: str) -> str:
    """Return an affiliation without label, e-mail address and stray punctuation."""
    return _affiliation(value) if len(value) <= _LONG_AFFILIATION else _affiliation.__wrapped__(value)


@lru_cache(maxsize=8192)
def _affiliation(value: str) -> str:
    text = clean_line(value)
    if "@" in text:
        text = _EMAIL.sub(" ", text)
        text = " ".join(text.split())
    text = _AFFILIATION_LABEL.sub("", text)
    return text.strip(" ,;:|").removesuffix(" .") if _LETTER.search(text) else ""
