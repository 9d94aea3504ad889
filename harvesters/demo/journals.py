"""The invented journals: 420 of them, five for each discipline and language.

Their ISSNs have right check digits and begin with 555. No real journal is known to have one like that: of the 5,000
journals in a recorded DOAJ list none begins with a digit above 2 (blocks 0 to 3 are what ISSN centres hand out, beside
87 in the United States), so a collision would need a new block. Their names say "example", "model", "specimen" or
"demonstration" in their language.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from harvesters.demo.vocabulary import LANGUAGES, disciplines, proses

PER_FIELD = 5
"""Journals of one discipline in one language."""

_FIRST_ISSN = 5_550_000
_LICENCES = (
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/licenses/by-nc/4.0/",
    "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "https://creativecommons.org/licenses/by-sa/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoJournal:
    """An invented journal; ``languages`` is what it publishes in, its first language first."""

    number: int
    title: str
    abbreviation: str
    domain: str
    issn: str
    eissn: str
    publisher: str
    licence: str
    languages: tuple[str, ...]
    first_year: int


def issn_of(digits: int) -> str:
    """Write seven digits as an ISSN with its check digit (ISO 3297: weights 8 to 2, modulo 11)."""
    text = f"{digits:07d}"
    remainder = -sum(int(digit) * weight for digit, weight in zip(text, range(8, 1, -1), strict=True)) % 11
    return f"{text[:4]}-{text[4:]}{'X' if remainder == 10 else remainder}"  # noqa: PLR2004  # ten is written X


def _domain_of(number: int) -> str:
    return f"demo{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}"


def _languages(number: int, language: str) -> tuple[str, ...]:
    """Name a journal's languages; of every seventh journal the first is not the language of its articles."""
    other = "es" if language == "en" else "en"
    return ((other, language), (language, other))[number % 7 > 0] if number % 7 in (0, 3) else (language,)


@cache
def journal(number: int) -> DemoJournal:
    """Make the journal of a number below 420; the same one each time."""
    field, place = divmod(number, PER_FIELD)
    tongue, discipline = divmod(field, len(disciplines()))
    prose, name = proses()[tongue], disciplines()[discipline].name
    pattern = prose.journals[place % len(prose.journals)]
    in_letters = name[tongue].title() if tongue == 0 else name[tongue]
    title = pattern.format(d=in_letters)
    if place >= len(prose.journals):
        title = f"{title} B"
    language = LANGUAGES[tongue]
    return DemoJournal(
        number=number,
        title=title,
        abbreviation=f"Demo {disciplines()[discipline].key[:4].title()} {language} {place + 1}",
        domain=_domain_of(number),
        issn=issn_of(_FIRST_ISSN + 2 * number),
        eissn=issn_of(_FIRST_ISSN + 2 * number + 1),
        publisher=prose.publishers[number % len(prose.publishers)][0],
        licence=_LICENCES[number * 7 % len(_LICENCES)],
        languages=_languages(number, language),
        first_year=1985 + number * 13 % 25,
    )
