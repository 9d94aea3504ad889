"""Several people, terms or ISBNs written in one text, as tables, catalogues and references have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvesters.formats.description import RawContributor

_HAN = re.compile("[\u3400-\u9fff]")
SEVERAL = re.compile(r"\s*[;；|｜\n]\s*")
_COMMAS = re.compile(r"\s*[,，、]\s*")
_ALL_HAN_NAMES = re.compile(r"[\u3400-\u9fff·•\s,，、()（）\[\]〔〕]+")
#: "[美] 张三 著", "李四等译": what Chinese title pages say of a person's part.
_COUNTRY = re.compile(r"^[\[［(（〔【][^\])）］〕】]{1,6}[\]］)）〕】]\s*")
_PART = re.compile(r"(?<=[\u3400-\u9fff]{2})\s*(?:等)?\s*(编著|著|主编|编|编译|译著|等)$")
_TRANSLATED = re.compile(r"(?<=[\u3400-\u9fff]{2})(?:\s+|等)译$|(?<=[\u3400-\u9fff]{3})译$")
_TRANSLATED_PLAIN = re.compile(r"(?<=[\u3400-\u9fff]{2})\s*等?译$")
_ISBN = re.compile(r"(?<![\dXx])(?:97[89][-‐–\s]?)?(?:\d[-‐–\s]?){9}[\dXx](?![\dXx])")
_NOT_ISBN = re.compile(r"[^\dXx]")
#: What spreadsheet programs put behind whole numbers.
FLOAT_END = re.compile(r"(?<=\d)\.0+$")


def isbns(cell: str) -> list[str]:
    """Return the ISBNs in a cell; what Excel made a rounded number of (2.01E+12) is none."""
    return [_NOT_ISBN.sub("", match[0]).upper() for match in _ISBN.finditer(FLOAT_END.sub("", cell))]


def people(cell: str, role: str) -> Iterable[RawContributor]:
    """Return the people in a cell: parted by semicolons or bars, by commas only between Chinese names."""
    parts = [part for part in SEVERAL.split(cell) if part]
    if len(parts) == 1 and _ALL_HAN_NAMES.fullmatch(parts[0]):
        parts = [part for part in _COMMAS.split(parts[0]) if part]
    says_parts = any(_PART.search(part) for part in parts)
    for part in parts:
        name, own_role = _person(part, role, says_parts=says_parts)
        if name:
            yield RawContributor(name=name, role=own_role)


def _person(text: str, role: str, *, says_parts: bool) -> tuple[str, str]:
    """Return name and role; 译 is also a given name, so that it counts only where the others' parts are said too."""
    name = _COUNTRY.sub("", text.strip())
    if not _HAN.search(name):
        return name, role
    translated = _TRANSLATED_PLAIN if says_parts else _TRANSLATED
    if translated.search(name):
        return translated.sub("", name), "translator"
    part = _PART.search(name)
    if part is None:
        return name, role
    return name[: part.start()].strip(), "editor" if part[1] in {"主编", "编"} else role


def terms(cell: str) -> list[str]:
    """Return the terms in a cell: parted by semicolons or bars, else by commas."""
    parts = [part for part in SEVERAL.split(cell) if part]
    return [part for part in _COMMAS.split(cell) if part] if len(parts) == 1 else parts
