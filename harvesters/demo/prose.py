"""Turn drawn ideas into sentences: a title, an abstract and keywords, and the same again in another language."""

from __future__ import annotations

from dataclasses import dataclass

from harvesters.demo.draws import Draws
from harvesters.demo.vocabulary import Discipline, Phrase, Prose, proses

ENGLISH, RUSSIAN = 0, 5
_UNSPACED = (1, 2)

_CONTRACTIONS = {
    "es": ((" de el ", " del "), (" a el ", " al "), ("¿ ", "¿")),
    "pt": (
        *((f" de {article}", f" d{article}") for article in ("o ", "a ", "os ", "as ")),
        *((f" em {article}", f" n{article}") for article in ("o ", "a ", "os ", "as ", "um ", "uma ")),
        *((f" por {article}", f" pel{article}") for article in ("o ", "a ", "os ", "as ")),
        (" a o ", " ao "),
        (" a a ", " à "),
        (" a os ", " aos "),
        (" a as ", " às "),
    ),
    "ar": (("لـ ال", "لل"), ("لـ ", "لـ")),
}
_ARTICLES = ("the ", "a ", "el ", "la ", "los ", "las ", "un ", "una ", "o ", "os ", "as ", "um ", "uma ")
_TAGS = (("<i>", ""), ("</i>", ""), ("<sub>", ""), ("</sub>", ""), ("<sup>", ""), ("</sup>", ""))


@dataclass(frozen=True, slots=True)
class Ideas:
    """What one article speaks of: phrases by slot, numbers by slot, and which sentence patterns were drawn."""

    phrases: dict[str, Phrase]
    numbers: dict[str, int]
    title: int
    sentences: tuple[tuple[int, int], ...]
    structured: bool


def draw_ideas(discipline: Discipline, draws: Draws, year: int) -> Ideas:
    """Draw what an article of a discipline speaks of."""
    objects, properties = draws.two(discipline.objects), draws.two(discipline.properties)
    methods = draws.two(discipline.methods)
    low = draws.between(2, 30)
    started = year - draws.between(2, 9)
    order = ((0,), (0, 1), (1,), (0, 1))[draws.below(4)] + ((2, 3, 4), (2, 3, 3, 4))[draws.below(2)]
    return Ideas(
        phrases={
            "o": objects[0],
            "o2": objects[1],
            "p": properties[0],
            "p2": properties[1],
            "m": methods[0],
            "m2": methods[1],
            "c": draws.zipf(discipline.contexts),
        },
        numbers={
            "n": draws.between(5, 40),
            "k": draws.between(24, 3200),
            "x": draws.between(3, 78),
            "e": draws.between(1, 9),
            "f": low,
            "g": low + draws.between(2, 19),
            "y": started,
            "y2": started + draws.between(1, 2),
        },
        title=draws.below(1000),
        sentences=tuple((kind, draws.below(1000)) for kind in order),
        structured=draws.chance(0.15),
    )


def _mend(text: str, language: str) -> str:
    """Join prepositions with articles as the language does, and begin with a capital letter."""
    for apart, joined in _CONTRACTIONS.get(language, ()):
        text = text.replace(apart, joined)
    return text[0].upper() + text[1:]


def _slots(ideas: Ideas, tongue: int) -> dict[str, object]:
    slots: dict[str, object] = dict(ideas.numbers)
    for slot, phrase in ideas.phrases.items():
        slots[slot] = phrase[tongue]
    return slots


def title_of(ideas: Ideas, tongue: int) -> str:
    """Write the title in a language, with simple HTML tags in names and formulas."""
    prose = proses()[tongue]
    return _mend(prose.title[ideas.title % len(prose.title)].format_map(_slots(ideas, tongue)), prose.language)


def abstract_of(ideas: Ideas, tongue: int) -> str:
    """Write the abstract in a language, one of seven with headings."""
    prose = proses()[tongue]
    slots = _slots(ideas, tongue)
    sentences = []
    told: set[str] = set()
    for step, (kind, drawn) in enumerate(ideas.sentences):
        patterns = prose.sentences[kind]
        pattern = patterns[drawn % len(patterns)]
        if pattern in told:
            pattern = patterns[(drawn + 1) % len(patterns)]
        told.add(pattern)
        sentence = _mend(pattern.format_map(slots), prose.language)
        repeats = step > 0 and ideas.sentences[step - 1][0] == kind
        sentences.append(sentence if repeats or not ideas.structured else _headed(prose, kind, sentence, tongue))
    return ("" if tongue in _UNSPACED else " ").join(sentences)


def _headed(prose: Prose, kind: int, sentence: str, tongue: int) -> str:
    heading = prose.headings[kind]
    return f"【{heading}】{sentence}" if tongue in _UNSPACED else f"{heading}: {sentence}"


def plain(text: str) -> str:
    """Take the simple HTML tags out."""
    if "<" not in text:
        return text
    for tag, nothing in _TAGS:
        text = text.replace(tag, nothing)
    return text


def keywords_of(ideas: Ideas, discipline: Discipline, tongue: int) -> tuple[str, ...]:
    """Name the article's keywords without articles; Russian ones in English, for its phrases stand in the genitive."""
    if tongue == RUSSIAN:
        tongue = ENGLISH
    words = []
    for phrase in (ideas.phrases["o"], ideas.phrases["p"], ideas.phrases["m"], ideas.phrases["o2"], discipline.name):
        word = plain(phrase[tongue]).removesuffix(" لـ").removesuffix(" في")
        for article in _ARTICLES:
            if word.startswith(article):
                word = word[len(article) :]
                break
        words.append(word)
    return tuple(words[: 3 + ideas.title % 3])
