"""What a container's name is recognised by, in the many ways in which one name is written. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from indexer.search.folding import fold

_LONGEST_NAME = 500
#: Databases limit what an index may hold; no journal's name is longer.
_LONGEST_KEY = 200
_WORD = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"\s*[(\[{（【]([^()\[\]{}（）【】]*)[)\]}）】]")
#: "/" begins the statement of responsibility, as MEDLINE has it: "Annals of oncology : … / ESMO".
_RESPONSIBILITY = re.compile(r"\s/\s[^=]*")
_PARALLEL = re.compile(r"\s+[=|]\s+|\s*=\s*(?=[\u2e80-\u9fff])|(?<=[\u2e80-\u9fff])\s*=\s*")
#: What tells journals of one name apart: "(医学版)", "(English Edition)", "(Series B)".
_EDITION = re.compile(r"[版辑卷]\s*$|\b(?:edition|edicion|series|serie|section|part)\b")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NAME = re.compile(r"[\u3400-\u9fff][\u3400-\u9fff0-9·\s]*[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[a-z]{2,}")
_LEADING = frozenset(("the",))
#: An ampersand and the words that it stands for; no single letters but "y", which ends no Spanish name.
_JOINING = frozenset(("and", "und", "et", "y"))
_SMALL = frozenset("of the for in on a an de la le les des du der die und and et y do da del dan".split())  # noqa: SIM905
#: A subtitle that only says what the name already stands for; "Studia Historica: Historia Antigua" is one of several.
_DESCRIPTIVE = re.compile(
    r"\s*:\s+(?:(?:an?|the|el|la|le|die|das)\s+)?(?:\w+\s+)?"
    r"(?:journal|publication of|organ of|revista|revue|rivista|zeitschrift|jurnal|majalah|casopis|czasopismo|"
    r"журнал|часопис|tidsskrift|tidskrift)\b.*$"
)
_LEAST_WORDS = 3
_LEAST_ACRONYM = 2


@lru_cache(maxsize=65_536)
def container_name_keys(title: str) -> tuple[str, ...]:
    """Return the folded forms by which a container's name is recognised, the main one first; no letters, no keys.

    Case, width, diacritics, 繁/简, punctuation (``J. Biol. Chem.``), a leading "The", ampersand and "and" make no
    difference. A place in brackets (``Cancers (Basel)``) and an acronym beside the whole name (``Journal of Health
    (JOH)``) do not belong to the name, an edition does (``北京大学学报(医学版)``).

    A subtitle belongs to it too (``Studia Historica: Historia Antigua``), unless it describes (``: časopis za …``)
    behind three words or more. A title in two languages (``中国科学 = Science in China``) has a key for each; whose
    journal it is (`` / ESMO``) goes. Nothing is abbreviated or written out: that needs a pair to compare
    (``identity.places.compare_names``).
    """
    folded = fold(title[:_LONGEST_NAME])
    found = (_key(name) for part in _PARALLEL.split(_RESPONSIBILITY.sub("", folded)) for name in _names(part))
    return tuple(dict.fromkeys(key for key in found if key))


def _names(part: str) -> list[str]:
    """Return the names in one of the parallel names: without brackets, and what is a name in brackets."""
    inner = [match[1].strip() for match in _BRACKETS.finditer(part)]
    bare = _BRACKETS.sub(lambda match: f" {match[1]} " if _EDITION.search(match[1]) else " ", part) if inner else part
    if not _WORD.search(bare):
        return [part]
    whole = [text for text in inner if _is_acronym(bare, text)]
    chinese = [text for text in inner if _HAN_NAME.fullmatch(text) and len(text) >= _LEAST_WORDS]
    return whole or [*_scripts(bare), *(() if _HAN.search(bare) else chinese)]


def _scripts(name: str) -> list[str]:
    """Part a name that is given in Chinese and in Latin letters without a sign between them."""
    chinese = _HAN_NAME.search(name)
    if chinese is None or len(chinese[0].strip()) < _LEAST_WORDS:
        return [name]
    rest = f"{name[: chinese.start()]} {name[chinese.end() :]}"
    return [chinese[0], rest] if len(_LATIN_WORD.findall(rest)) >= _LEAST_ACRONYM and not _HAN.search(rest) else [name]


def _is_acronym(short: str, long: str) -> bool:
    words = _WORD.findall(long)
    letters = "".join(_WORD.findall(short))
    if not _LEAST_ACRONYM <= len(letters) < len(long) or len(words) < _LEAST_ACRONYM:
        return False
    return letters in {"".join(word[0] for word in words), "".join(word[0] for word in words if word not in _SMALL)}


def _key(name: str) -> str:
    head = _DESCRIPTIVE.sub("", name)
    if head != name and len([word for word in _WORD.findall(head) if word not in _SMALL]) >= _LEAST_WORDS:
        name = head
    words = _WORD.findall(name.replace("'", " "))
    if len(words) > 1 and words[0] in _LEADING:
        words = words[1:]
    kept = [word for at, word in enumerate(words) if word not in _JOINING or at in {0, len(words) - 1}]
    return _BETWEEN_HAN.sub("", " ".join(kept))[:_LONGEST_KEY].strip()
