"""Makes any number of works by number, the same number the same work, and puts them into a store.

Words follow Zipf's law with new ones to the end; seven languages, Chinese among them; journals, subjects, years,
licences, identifiers, copies. Some words are planted, so that a query for them matches a known share of the works.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select

from harvesters.sources.definition import Source
from indexer.identity.merge import Merged, merge
from indexer.identity.portrait import portrait_of
from indexer.models import (
    Container,
    Contributor,
    Identifier,
    LanguageTag,
    License,
    Location,
    Manifestation,
    PartialDate,
    Subject,
    Text,
)
from indexer.storage import schema
from indexer.storage.catalogue_writer import CatalogueWriter
from indexer.storage.feed import append_changes
from indexer.storage.store import RecordStore

BATCH = 1_000
SOURCES = ("doaj", "pmc", "oalib", "campus")
#: Words that 8 % of all works have, words that 2 % of those in an alphabet have, and words of 8 % of the Chinese ones.
COMMON = ("membrane", "catalyst", "soil", "teacher", "protein")
_COMMON_SHARE = 0.1  # of 86 % in an alphabet, a tenth without abstract
MIDDLE = ("glacier", "enzyme", "monsoon", "fatigue", "polymer", "archive")
CHINESE = ("钙钛矿", "土壤", "教师", "蛋白质")
#: Two neighbouring words, of half a percent of the works.
PHRASE = "deep learning"
_FUNCTION_WORDS = [
    "the",
    "of",
    "and",
    "in",
    "to",
    "a",
    "is",
    "for",
    "with",
    "on",
    "that",
    "by",
    "as",
    "are",
    "this",
    "from",
    "be",
    "we",
    "was",
    "were",
    "which",
    "at",
    "an",
    "have",
    "or",
    "has",
    "these",
    "can",
]
_PARTS = [first + vowel for first in "bcdfghklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er", "is", "on")]
_ENDINGS = {
    "en": ("", "", "", "s", "ing", "ed", "ation", "al", "ity"),
    "es": ("", "a", "as", "os", "ción", "dad", "mente"),
    "pt": ("", "a", "as", "os", "ção", "dade", "mente"),
    "fr": ("", "e", "es", "é", "tion", "ment", "eux"),
    "de": ("", "e", "en", "ung", "lich", "heit", "ße"),
    "ru": ("", "а", "ы", "ов", "ость", "ение", "ный"),
}
_CYRILLIC = str.maketrans("abcdefghiklmnoprstuvz", "абцдефгхиклмнопрстувз")
_HAN = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多"
    "定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因"
    "由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解"
    "问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少"
    "图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七"
    "海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目"
    "至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算"
    "低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精"
    "值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该"
    "铁价严"
)
_TOPICS = (
    "Medicine",
    "Science",
    "Agriculture",
    "Education",
    "Technology",
    "Social Sciences",
    "Language and Literature",
    "Geography",
    "Law",
    "Fine Arts",
)
_LICENCES = (
    License(code="cc-by", name="CC BY 4.0", url="https://creativecommons.org/licenses/by/4.0/"),
    License(code="cc-by-nc", name="CC BY-NC 4.0", url="https://creativecommons.org/licenses/by-nc/4.0/"),
    License(code="cc-by-nc-nd", name="CC BY-NC-ND 4.0", url="https://creativecommons.org/licenses/by-nc-nd/4.0/"),
    License(code="cc0", name="CC0 1.0", url="https://creativecommons.org/publicdomain/zero/1.0/"),
    None,
)
_TYPES = ("article", "review", "editorial", "letter", "conference-paper", "preprint")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vocabulary:
    """The words of a language and their cumulative weights."""

    words: list[str]
    weights: list[float]

    @classmethod
    def of(cls, words: list[str]) -> _Vocabulary:
        """Weigh words by their rank."""
        return cls(words=words, weights=list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(words)))))

    def draw(self, chance: random.Random, count: int) -> list[str]:
        """Draw words with repetition."""
        return chance.choices(self.words, cum_weights=self.weights, k=count)


class Generator:
    """Makes descriptions by number."""

    def __init__(self) -> None:
        chance = random.Random(1)  # noqa: S311
        stems = [
            "".join(chance.choices(_PARTS, k=length)) for length in chance.choices((1, 2, 3, 4), (1, 4, 4, 1), k=40_000)
        ]
        self._vocabularies: dict[str, _Vocabulary] = {}
        for language, endings in _ENDINGS.items():
            own = [stem + chance.choice(endings) for stem in stems]
            if language == "ru":
                own = [word.translate(_CYRILLIC) for word in own]
            elif language == "en":
                own = [*_FUNCTION_WORDS, *own]
            self._vocabularies[language] = _Vocabulary.of(list(dict.fromkeys(own)))
        pairs = ["".join(chance.choices(_HAN, k=2)) for _ in range(20_000)]
        self._vocabularies["zh"] = _Vocabulary.of(list(dict.fromkeys(["的", "和", "在", "研究", *pairs])))
        self._families = ["".join(chance.choices(_PARTS, k=chance.choice((2, 2, 3)))).capitalize() for _ in range(8000)]
        self._subjects = [f"{topic}: {stem}" for topic in _TOPICS for stem in stems[100:140]]
        self._journals = [self._journal(chance, number) for number in range(5_000)]
        self._popular = list(itertools.accumulate(1 / (rank + 20) for rank in range(5_000)))

    def _journal(self, chance: random.Random, number: int) -> Container:
        words = self._vocabularies["en"].draw(chance, 3)
        return Container(title=f"Journal of {' '.join(words)}".title(), issns=(_issn(number),), publisher="Open Press")

    def describe(self, number: int) -> Manifestation:
        """Return the description of one work."""
        chance = random.Random(number)  # noqa: S311
        language = chance.choices(("en", "zh", "es", "pt", "fr", "de", "ru"), (68, 14, 6, 5, 3, 2, 2))[0]
        tag = LanguageTag(code=language, origin="declared")
        draw = self._chinese if language == "zh" else self._alphabetic
        title, abstract = draw(chance, language)
        doi = f"10.5555/kj.{number}"
        place = f"https://example.org/articles/{number}"
        licence = chance.choices(_LICENCES, (55, 15, 10, 5, 15))[0]
        page = chance.randint(1, 2000)
        return Manifestation(
            source=chance.choices(SOURCES, (60, 25, 10, 5))[0],
            record_identifier=f"oai:example.org:{number}",
            datestamp="2026-01-01",
            title=Text(value=title, language=tag),
            abstracts=(Text(value=abstract, language=tag),) if chance.random() < 0.9 else (),
            contributors=tuple(self._person(chance) for _ in range(min(9, 1 + int(chance.expovariate(0.4))))),
            container=chance.choices(self._journals, cum_weights=self._popular)[0],
            published=PartialDate(year=2026 - min(40, int(chance.expovariate(0.12))), month=chance.randint(1, 12)),
            volume=str(chance.randint(1, 80)),
            pages=f"{page}-{page + chance.randint(1, 20)}",
            identifiers=(Identifier(scheme="doi", value=doi),) if chance.random() < 0.9 else (),
            subjects=(Subject(term=chance.choice(self._subjects), scheme="LCC"),),
            keywords=tuple(self._vocabularies[language].draw(chance, 3)),
            license=licence,
            locations=(
                Location(url=place, pdf_url=f"{place}.pdf" if chance.random() < 0.6 else None, license=licence),
            ),
            type=chance.choices(_TYPES, (80, 8, 3, 3, 4, 2))[0],
            languages=(tag,),
        )

    def _alphabetic(self, chance: random.Random, language: str) -> tuple[str, str]:
        words = self._vocabularies[language].draw(chance, chance.randint(50, 135))
        words += ["".join(chance.choices(_PARTS, k=5)), str(chance.randint(1, 9999))]
        words += [word for word in COMMON if chance.random() < _COMMON_SHARE]
        words += [word for word in MIDDLE if chance.random() < 0.02]
        chance.shuffle(words)
        if chance.random() < 0.005:
            words.insert(20, PHRASE)
        cut = chance.randint(6, 15)
        return " ".join(words[:cut]).capitalize(), " ".join(words[cut:]).capitalize() + "."

    def _chinese(self, chance: random.Random, language: str) -> tuple[str, str]:
        words = self._vocabularies[language].draw(chance, chance.randint(55, 110))
        words += [word for word in CHINESE if chance.random() < 0.08]
        chance.shuffle(words)
        cut = chance.randint(5, 12)
        sentences = ["".join(words[at : at + 12]) for at in range(cut, len(words), 12)]
        return "".join(words[:cut]), "。".join(sentences) + "。"

    def _person(self, chance: random.Random) -> Contributor:
        family, given = chance.choice(self._families), chance.choice(self._families)
        return Contributor(name=f"{given} {family}", family=family, given=given)


def _issn(number: int) -> str:
    digits = f"{number + 1_000_000:07d}"
    check = (11 - sum(int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True)) % 11) % 11
    return f"{digits[:4]}-{digits[4:]}{'X' if check == 10 else check}"


def fill(store: RecordStore, works: int, watch: Callable[[int], None]) -> None:
    """Put works into an empty store, a batch a transaction, each with its record and its entry in the feed."""
    for name in SOURCES:
        store.sources.add(Source.of({"id": name, "name": name, "endpoint": f"http://127.0.0.1/{name}"}))
    sources, generator = store.sources.keys(), Generator()
    for batch in _batches(works):
        described = [generator.describe(number) for number in batch]
        with store.database.write() as connection:
            writer = CatalogueWriter(store.database, connection)
            portraits = writer.save([(sources[one.source], one, portrait_of(one)) for one in described])
            table = schema.manifestations.c
            named = {
                (row.source_key, row.identifier): (row.key, row.id)
                for row in connection.execute(
                    select(table.source_key, table.identifier, table.key, table.id).where(table.key >= min(portraits))
                )
            }
            rows = [named[sources[one.source], one.record_identifier] for one in described]
            merged = [_with_second_source(merge([(id_, one)])) for (_, id_), one in zip(rows, described, strict=True)]
            entries = writer.new_works([(placed, None) for placed in writer.containers.place(merged)])
            writer.move([(key, entry[0]) for (key, _), entry in zip(rows, entries, strict=True)])
            append_changes(store.database, connection, entries)
        watch(len(batch))


def _batches(works: int) -> Iterator[range]:
    for start in range(0, works, BATCH):
        yield range(start, min(start + BATCH, works))


def _with_second_source(merged: Merged) -> Merged:
    """Let every fourth work of one source be in another, too."""
    doi = merged.bibliography.identifier("doi") or "0"
    if int(doi.rpartition(".")[2]) % 4 or merged.sources == ("pmc",):
        return merged
    return replace(merged, sources=tuple(sorted({*merged.sources, "pmc"})))
