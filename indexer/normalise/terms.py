"""Keywords and subject headings: split where they were glued, cleaned, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvesters.formats.description import RawSubject, RawText
from indexer.models import Subject
from indexer.normalise.text import clean_line

_EDGES = " \t;,.:*•·-–—|/#"
_LABEL = re.compile(
    r"^(?:key\s?-?words?|palavras[- ]chave|palabras[- ]clave|mots[- ]clés|ключевые слова|关键词|關鍵詞)\s*[:：]\s*",
    re.IGNORECASE,
)
_LANGUAGE_PREFIX = re.compile(r"^\[[a-z]{2}\]\s+", re.IGNORECASE)
_LONGEST = 200
_LONG_LIST = 60
_HEADINGS = {"heading": "PMC", "toc-heading": "PMC", "npg-subject": "NPG", "mesh": "MeSH"}


def keywords_of(raws: Iterable[RawText]) -> tuple[str, ...]:
    """Return the keywords in order, each once whatever its case.

    Semicolons part keywords (DOAJ has ``"; Blogs"`` and whole lists in one element), and so do commas in
    a text too long for one keyword.
    """
    found: dict[str, str] = {}
    for raw in raws:
        text = clean_line(raw.value)
        if ":" in text or "：" in text:
            text = _LABEL.sub("", text)
        if text[:1] == "[":
            text = _LANGUAGE_PREFIX.sub("", text)
        separator = ";" if ";" in text else "；" if "；" in text else "," if len(text) > _LONG_LIST else None
        for part in text.split(separator) if separator else (text,):
            term = part.strip(_EDGES) or part.strip()
            if term and len(term) <= _LONGEST and (term[0].isalnum() or any(map(str.isalnum, term))):
                found.setdefault(term.casefold(), term)
    return tuple(found.values())


def subjects_of(raws: Iterable[RawSubject], *, is_pmc: bool) -> tuple[tuple[Subject, ...], tuple[RawText, ...]]:
    """Return subject headings, and the terms without a scheme, which are keywords.

    PMC's Dublin Core has section headings ("Research Article") as subjects: they are of scheme ``PMC``.
    """
    subjects: dict[tuple[str, str | None], Subject] = {}
    loose: list[RawText] = []
    for raw in raws:
        scheme = _HEADINGS.get((raw.scheme or "").lower(), raw.scheme)
        if scheme is None:
            if not is_pmc:
                loose.append(RawText(value=raw.value))
                continue
            scheme = "PMC"
        term = clean_line(raw.value).strip(" ;,")
        if term:
            key = (term.casefold(), scheme)
            before = subjects.get(key)
            if before is None or (before.code is None and raw.code):
                subjects[key] = Subject(term=term, scheme=scheme, code=raw.code)
    return tuple(subjects.values()), tuple(loose)
