"""Names of people and groups: family and given name from the ways in which repositories write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
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
_HONOURS = re.compile(
    r"(?:(?:Professor|Prof|Assoc|Assist|Asst|Dr|Mr|Mrs|Ms|Sir)\b\.?\s*|(?:Ph\.?\s?D|M\.D)\b\.?\s+)+(?=\w)"
)
_TITLED = re.compile(r"^(?:Dr|Prof|Professor|Mr|Mrs|Ms|Sir|Assoc|Assist|Asst)\b\.?\s|[(\"“]", re.IGNORECASE)
_TITLES = ("dr", "prof", "mr", "ms", "mſ", "si", "sı", "as", "aſ")
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
    team initiative trial project organisation organization ministry department departamento département faculty
    faculdade facultad college journal fundação fundación fondation coordenação délégation núcleo conselho consejo
    school center centre centro foundation council agency academy commission editorial editor editors redakcja redacción
    hospital library archive archives группа университет институт редакция
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
#: What forms ask for and people answer instead of a name; RCAAP has ``Nenhuma``, CiteSeerX ``n.n.``
_NOBODY = frozenset(
    (
        "none", "no", "no author", "no author listed", "n/a", "na", "n.a", "n.n", "nn", "null", "unknown", "undefined",
        "nenhum", "nenhuma", "ninguno", "ninguna", "s.n", "[s.n.]", "[s. n.]", "佚名", "无", "不详",
    )
)  # fmt: skip
_AND_OTHERS = re.compile(
    r"(?<![\s,])[\s,]+(?:(?:et|und|y|and|&)\s*(?:al(?:ii|\.)?|others|andere|otros)|u\.\s?a|и\s?др|[та]+\s+ін|和其他|等)\.?\s*$|(?<=[\u3400-\u9fff]{2})等$",
    re.IGNORECASE,
)
#: How "and others" ends, in small letters and those that count as i and s: a look spares most names the pattern.
_OTHERS_ENDS = ("al", "i", "ı", "\u0307", "others", "ſ", "andere", "otros", "u.a", "u. a", "др", "ін", "他", "等")
_AND = re.compile(r"\s+(?:and|&)\s+")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+$", re.IGNORECASE)
_GLUED = re.compile(r"([A-Z][a-zà-ÿ]{2,})([A-Z][a-zà-ÿ]{2,})")
_GLUED_PREFIXES = frozenset(
    ("Mac", "Van", "Von", "Del", "Des", "Dos", "Das", "Fitz", "Ter", "Ben", "Bin", "Ibn", "Abu")
)
#: A name in two scripts: the Chinese form, in brackets or not, before or behind the other.
_TWO_SCRIPTS = re.compile(r"\s*[(（\[]?\s*([\u3400-\u9fff]{2,4})\s*[)）\]]?\s*")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
_HAN_GROUP = re.compile("课题组|委员会|大学|研究所|编辑部|协作组|学会|医院")
_WORD = re.compile(r"\w+")
_EDGES = " \t,;:*†‡§¶#.·-–—_/\\|&0123456789¹²³⁴⁵⁶⁷⁸⁹"
_LEADING = " \t,;:*†‡§¶#.·-–—_/\\|&0123456789"
_EMAIL = re.compile(r"\(?\s*(?:e-?mail|correo\s?e\w*)?\s*[:.]?\s*[\w.+-]+@[\w-]+\.[\w.-]+\s*\)?", re.IGNORECASE)
_AFFILIATION_LABEL = re.compile(r"^(?:\(?\d{1,2}\)?[.)]?\s*(?=[^\W\d_])|[a-z][.)]\s+|[*†‡§¶#]+\s*)")
#: Whose e-mail addresses stood there (MDPI in JATS): "France;, (S.A.); or, (A.K.);, (F.H.)".
_WHOSE = re.compile(r"\((?:[A-Z]\.-?){1,4}\)$")
_CORRESPONDING = re.compile(r"(?<![\s;,.])[\s;,.]+Corresponding authors?\.?$", re.IGNORECASE)
_SPACED_COMMA = re.compile(r"\s+([,;])(?=\s|$)")
_NAME_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_INITIALS, _LONGEST_WHOSE, _PAIR = 3, 20, 2
_LETTER = re.compile(r"[^\W\d_]")
_ONE_INITIAL = re.compile(r"[^\W\d_]\.?")


def contributors(raws: Sequence[RawContributor]) -> tuple[Contributor, ...]:
    """Return the contributors, clean and in order.

    A list that is one list several times over (Frontiers in DOAJ sends it three times) is taken once; two
    people of one name inside a list both stay. Names joined by semicolons in one element are parted.
    """
    found: list[Contributor] = []
    for raw in raws:
        found.extend(_contributors(raw))
    return tuple(_without_repeats(found))


def _without_repeats(found: list[Contributor]) -> list[Contributor]:
    size = len(found)
    names = [one.name for one in found]
    for length in range(1, size // 2 + 1):
        if size % length == 0 and names == names[:length] * (size // length):
            return found[:length]
    return found


def _contributors(raw: RawContributor) -> Iterable[Contributor]:
    text: str | None = None
    if raw.name and not (raw.is_group or raw.family or raw.given):
        text = clean_line(raw.name)
        if not _is_surely_one(text):
            parts = _part_list(text)
            if len(parts) > 1:
                raws = (RawContributor(name=part, role=raw.role, affiliations=raw.affiliations) for part in parts)
                return filter(None, map(contributor, raws))
    one = contributor(raw, text)
    return () if one is None else (one,)


def _part_list(text: str) -> list[str]:
    """Part the names of several people in one text, where it is plain that they are several.

    By semicolons; by ``and`` between whole names; by commas where a part is a whole name that cannot be a family
    name alone (``Erik Brynjolfsson, Yu (Jeffrey) Hu, Michael D. Smith``, as CiteSeerX has them). "and others" goes.
    """
    text = _AND_OTHERS.sub("", text)
    if ";" in text:
        return text.split(";")
    if _is_group(text):
        return [text]
    parts = _AND.split(text)
    if len(parts) > 1 and all(" " in part.strip() for part in parts):
        return [one for part in parts for one in _part_at_commas(part)]
    return _part_at_commas(text)


def _is_surely_one(text: str) -> bool:
    """Tell quickly of nearly all names that they are one: ``Family, Given``, or without any sign between people."""
    return ";" not in text and "&" not in text and " and " not in text and " " not in text.rpartition(",")[0]


def _part_at_commas(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) < _PAIR or not all(" " in part and not _HONOURS.match(part) for part in parts):
        return [text]
    has_initial = any(_ONE_INITIAL.fullmatch(word) for word in parts[0].split()[:-1])
    return parts if len(parts) > _PAIR or has_initial else [text]


def contributor(raw: RawContributor, text: str | None = None) -> Contributor | None:
    """Return one clean contributor, or ``None`` where no name is left (an address, a number).

    ``text`` is its name as one clean line, where that is known already.
    """
    other = ""
    if raw.other_name or (raw.name and not raw.name.isascii()):
        other, bare = _in_han(raw)
        raw, text = bare, text if bare is raw else None
    family, given, name, is_group = _parts(raw, text)
    display = name or _display(family, given)
    if not display:
        return None
    if other and other not in display.replace(" ", ""):
        display = f"{display} ({other})"
    return Contributor(
        name=display,
        family=family or None,
        given=given or None,
        orcid=orcid(raw.orcid) if raw.orcid else None,
        affiliations=tuple(dict.fromkeys(filter(None, map(affiliation, raw.affiliations)))) if raw.affiliations else (),
        role=raw.role,
        is_group=is_group,
    )


def _in_han(raw: RawContributor) -> tuple[str, RawContributor]:
    """Return the Chinese form that stands beside the name in Latin letters, and the contributor without it.

    It is shown and found behind the name, because a reader may know either.
    """
    if raw.other_name:
        other = clean_line(raw.other_name).replace(" ", "")
        return (other, raw) if _HAN.search(other) else ("", raw)
    name = raw.name or ""
    if raw.is_group or len(name) > _LONGEST_NAME or not (_HAN.search(name) and _LATIN_WORD.search(name)):
        return "", raw
    match = _TWO_SCRIPTS.search(name)
    if match is None or _HAN_GROUP.search(match[0]):
        return "", raw
    rest = f"{name[: match.start()]} {name[match.end() :]}".strip()
    return (match[1], replace(raw, name=rest)) if not _HAN.search(rest) else ("", raw)


def _parts(raw: RawContributor, text: str | None) -> tuple[str, str, str, bool]:
    if raw.family or raw.given:
        family, given = _calm(_trim(clean_line(raw.family))), _calm(clean_line(raw.given).strip(" ,;*†‡"))
        if family and raw.suffix and (suffix := clean_line(raw.suffix).strip(" ,;")):
            return family, given, f"{_display(family, given)} {suffix}", False
        return family, given, "", False
    text = _bare(clean_line(raw.name) if text is None else text)
    if not text or not _LETTER.search(text):
        return "", "", "", False
    if raw.is_group or len(text) > _LONGEST_NAME:
        return "", "", text, True
    family, given, is_group = split_name(text)
    if is_group:
        return "", "", _turned(text), True
    family, given = _calm(family), _calm(given)
    return family, given, "" if family or given else text, False


def _bare(text: str) -> str:
    """Take off what is no part of a name: an e-mail address, "et al.", marks; an address or "None" is nobody."""
    if "@" in text:
        text = _EMAIL.sub(" ", text)
    if text.lower().rstrip(" .").endswith(_OTHERS_ENDS):
        text = _AND_OTHERS.sub("", text)
    text = _trim(text)
    lowered = text.lower()
    if lowered.rstrip(".") in _NOBODY or (lowered.startswith(("http", "www")) and _ADDRESS.match(text)):
        return ""
    glued = _GLUED.fullmatch(text) if " " not in text else None
    return f"{glued[1]} {glued[2]}" if glued and glued[1] not in _GLUED_PREFIXES else text


def _turned(text: str) -> str:
    """Turn a group's name that was turned as people's are (arXiv's ``team, the CALIFA``)."""
    last, comma, first = text.partition(", the ")
    return f"the {first} {last}" if comma and " " not in last else text


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
    if ("(" in text or '"' in text or "“" in text or text.lower().startswith(_TITLES)) and _TITLED.search(text):
        person = HumanName(text)
        given = " ".join(filter(None, (person.first, person.middle)))
        return str(person.last) or given, given if person.last else "", False
    return (*_split_words(text.split()), False)


def _is_group(text: str) -> bool:
    lowered = text.lower()
    return (
        lowered.startswith(("the ", "on behalf of "))
        or not _GROUP_WORDS.isdisjoint(_WORD.findall(lowered))
        or "laborator" in lowered
        or "task force" in lowered
        or "working party" in lowered
        or (not text.isascii() and bool(_HAN.search(text) and _HAN_GROUP.search(text)))
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
    parts = [part.strip() for part in text.split(",") if part.strip()]
    kept = [part for part in parts if not _DEGREE.fullmatch(part)]
    if len(kept) == 1 and len(parts) > 1 and " " not in kept[0]:
        kept = parts  # "Martin, MD" and "Durand, MA" are initials, "John Smith, MD" is a degree
    is_pair = len(kept) == _PAIR and " " not in kept[0]  # "Perfect, JR"
    suffixes = [part for part in kept[1:] if _SUFFIX.fullmatch(part) and not (is_pair and part.isupper())]
    kept = [part for part in kept if part not in suffixes]
    if len(kept) < _PAIR:  # "John Smith, MD"
        return _split_words(kept[0].split()) if kept else (text, "")
    family, given = kept[0], " ".join(kept[1:])
    if honours := _HONOURS.match(given):
        given = given[honours.end() :]
    if "." in family and _INITIALS.fullmatch(family) and not _INITIALS.fullmatch(given):
        return given, family  # "A., Auricchio"
    return family, given


def _split_words(words: list[str]) -> tuple[str, str]:
    while len(words) > 2 and _DEGREE.fullmatch(words[-1]) and len(words[-1]) > 2:  # noqa: PLR2004 - "Jane Roe PhD"
        words = words[:-1]
    last = words[-1]
    if len(words) == 1:
        return last, ""
    is_dotted = "." in last and "." not in words[0] and len(words[0]) > 1  # "КАЦ Б.А."
    if _INITIALS.fullmatch(last) and last not in _SHORT_SURNAMES and (is_dotted or not _INITIALS.fullmatch(words[0])):
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
    if text[-1:] == ")":
        text = _without_whose(text)
    if "corre" in text.lower():
        text = _CORRESPONDING.sub("", text)
    if " ," in text or " ;" in text:
        text = _SPACED_COMMA.sub(r"\1", text)
    return text.strip(" ,;:|").removesuffix(" .") if _LETTER.search(text) else ""


def _without_whose(text: str) -> str:
    """Take initials in brackets off the end, and what joined them."""
    while match := _WHOSE.search(text, max(0, len(text) - _LONGEST_WHOSE)):
        text = text[: match.start()].rstrip(" ;,").removesuffix(" or").removesuffix(" and").rstrip(" ;,")
    return text
