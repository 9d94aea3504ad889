"""The words of the demonstration: aligned phrases of twelve disciplines and sentence patterns in seven languages.

``words/*.psv`` hold one idea a line in all languages, so that an abstract can be told twice; ``words/*.toml``
hold, for each language, its sentence patterns, names and houses. Slots of a pattern: ``{o}`` and ``{o2}``
what is studied, ``{p}`` and ``{p2}`` a property of it, ``{m}`` and ``{m2}`` methods, ``{c}`` where, ``{d}`` the
discipline; ``{n}`` years, ``{k}`` samples, ``{x}`` per cent, ``{e}`` a digit, ``{f}`` and ``{g}`` numbers, ``{y}`` and
``{y2}`` years of the calendar.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

LANGUAGES = ("en", "zh-Hans", "zh-Hant", "es", "pt", "ru", "ar")
"""The languages in the columns of the phrase tables, in that order."""

Phrase = tuple[str, ...]
"""One idea in each of :data:`LANGUAGES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discipline:
    """A field of study: its name, its class in DOAJ's subject scheme (LCC), and what its articles speak of."""

    key: str
    name: Phrase
    lcc: str
    lcc_code: str
    objects: tuple[Phrase, ...]
    properties: tuple[Phrase, ...]
    methods: tuple[Phrase, ...]
    contexts: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """One language's patterns and names; a name is ``(as written, in Latin letters)``."""

    language: str
    label: str
    headings: tuple[str, ...]
    joint: str
    family: tuple[tuple[str, str], ...]
    given: tuple[tuple[str, str], ...]
    institutions: tuple[tuple[str, str], ...]
    publishers: tuple[tuple[str, str], ...]
    journals: tuple[str, ...]
    title: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]


_CLASSES = (
    # key, kind of context, LCC term and code
    ("materials", "lab", "Technology: Chemical technology", "TP1-1185"),
    ("medicine", "clinic", "Medicine: Internal medicine", "RC31-1245"),
    ("health", "field", "Medicine: Public aspects of medicine", "RA1-1270"),
    ("biology", "lab", "Science: Biology (General)", "QH301-705.5"),
    ("computing", "lab", "Science: Mathematics: Instruments and machines: Electronic computers", "QA75.5-76.95"),
    ("engineering", "lab", "Technology: Engineering (General). Civil engineering (General)", "TA1-2040"),
    ("environment", "field", "Geography. Anthropology. Recreation: Environmental sciences", "GE1-350"),
    ("agriculture", "field", "Agriculture", "S"),
    ("education", "field", "Education: Education (General)", "L7-991"),
    ("economics", "field", "Social Sciences: Economics as a science", "HB71-74"),
    ("humanities", "field", "Language and Literature", "P"),
    ("library", "field", "Bibliography. Library science. Information resources", "Z"),
)

_SENTENCES = ("background", "aim", "method", "result", "conclusion")


def _file(name: str) -> str:
    return resources.files("harvesters.demo").joinpath("words", name).read_text(encoding="utf-8")


def _phrases(name: str) -> dict[str, tuple[Phrase, ...]]:
    """Read a phrase table: ``# section`` lines, then one phrase a line with its languages between bars."""
    sections: dict[str, list[Phrase]] = {}
    current: list[Phrase] = []
    for line in _file(f"{name}.psv").splitlines():
        if line.startswith("# "):
            current = sections.setdefault(line[2:], [])
        elif line:
            current.append(tuple(cell.strip() for cell in line.split("|")))
    return {section: tuple(phrases) for section, phrases in sections.items()}


@lru_cache(maxsize=1)
def disciplines() -> tuple[Discipline, ...]:
    """Read the twelve disciplines with their phrases."""
    shared = _phrases("shared")
    found = []
    for (key, context, lcc, code), name in zip(_CLASSES, shared["disciplines"], strict=True):
        own = _phrases(key)
        found.append(
            Discipline(
                key=key,
                name=name,
                lcc=lcc,
                lcc_code=code,
                objects=own["objects"],
                properties=own["properties"],
                methods=own["methods"],
                contexts=shared[context],
            )
        )
    return tuple(found)


def _both(name: str) -> tuple[str, str]:
    written, _, latin = name.partition("/")
    return written, latin or written


@lru_cache(maxsize=1)
def proses() -> tuple[Prose, ...]:
    """Read the patterns of each of :data:`LANGUAGES`, in that order."""
    found = []
    for language in LANGUAGES:
        table = tomllib.loads(_file(f"{language.lower()}.toml"))
        found.append(
            Prose(
                language=language,
                label=table["label"],
                headings=tuple(table["headings"]),
                joint=table["joint"],
                family=tuple(map(_both, table["family"])),
                given=tuple(map(_both, table["given"])),
                institutions=tuple(map(_both, table["institutions"])),
                publishers=tuple(map(_both, table["publishers"])),
                journals=tuple(table["journals"]),
                title=tuple(table["title"]),
                sentences=tuple(tuple(table[kind]) for kind in _SENTENCES),
            )
        )
    return tuple(found)
