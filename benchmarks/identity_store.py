"""What identity costs in a store: per record in bulk at growing sizes, and for one record that changes.

    python benchmarks/identity_store.py --records 1000000

Records are made up, with the duplicates, slips, notices and headings that real ones have, and saved in batches through
the product's own code from the finished description on: portrait, blocks, judgements, clusters, merged works, feed.
Prints one JSON object; times are CPU time of this process, in microseconds a record and milliseconds a change.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harvesters.sources.definition import Source
from indexer.assembling import Assembler
from indexer.identity.portrait import portrait_of
from indexer.models import Container, Contributor, Identifier, Location, Manifestation, PartialDate, Text
from indexer.storage.feed import append_changes
from indexer.storage.store import RecordStore

BATCH = 500
SOURCES = ("doaj", "pmc", "oalib")
HEADINGS = ("Editorial", "Book review", "Letter to the editor", "编者按")
_SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is", "on")]


class Generator:
    """Makes records by number: the same number gives the same record."""

    def __init__(self) -> None:
        chance = random.Random(1)  # noqa: S311
        words = ["".join(chance.choices(_SYLLABLES, k=chance.choice([1, 2, 2, 3, 3, 4]))) for _ in range(20_000)]
        self._words = list(dict.fromkeys(words))
        self._weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(len(self._words))))
        self._families = [
            "".join(chance.choices(_SYLLABLES, k=chance.choice([2, 2, 3]))).capitalize() for _ in range(8_000)
        ]
        self._journals = [
            Container(title=" ".join(self._chosen(chance, 3)).title(), issns=(_issn(number),))
            for number in range(3_000)
        ]

    def _chosen(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self._words, cum_weights=self._weights, k=count)

    def records(self, count: int) -> Iterator[Manifestation]:
        """Yield records; of ten works some seven have one, two have two, one has three, in different sources."""
        number = 0
        for work in itertools.count():
            chance = random.Random(work)  # noqa: S311
            first = self._article(chance, work)
            copies = chance.choices((1, 2, 3), (7, 2, 1))[0]
            for place in range(copies):
                if number == count:
                    return
                one = first if not place else self._copy(chance, first)
                yield replace(one, source=SOURCES[place], record_identifier=f"oai:{SOURCES[place]}:{work}")
                number += 1

    def _article(self, chance: random.Random, work: int) -> Manifestation:
        title = " ".join(self._chosen(chance, chance.randint(6, 15))).capitalize()
        kind = chance.random()
        if kind < 0.02:
            title = chance.choice(HEADINGS)
        elif kind < 0.03:  # about an earlier article
            about = random.Random(work - work // 7)  # noqa: S311
            title = "Corrigendum to: " + self._article(about, 0).title.value if work else title
        page = chance.randint(1, 2000)
        doi = (Identifier(scheme="doi", value=f"10.5555/j.{work}"),) if chance.random() < 0.85 else ()
        pmid = (Identifier(scheme="pmid", value=str(10_000_000 + work)),) if chance.random() < 0.4 else ()
        return Manifestation(
            source="",
            record_identifier="",
            datestamp="2026-01-01",
            title=Text(value=title),
            abstracts=(Text(value=" ".join(self._chosen(chance, 150))),),
            contributors=tuple(self._person(chance) for _ in range(chance.randint(1, 9))),
            container=chance.choice(self._journals),
            published=PartialDate(year=chance.randint(1995, 2026), month=chance.randint(1, 12)),
            volume=str(chance.randint(1, 80)),
            issue=str(chance.randint(1, 12)),
            pages=f"{page}-{page + chance.randint(1, 20)}",
            identifiers=doi + pmid,
            locations=(Location(url=f"https://example.org/articles/{work}"),),
        )

    def _person(self, chance: random.Random) -> Contributor:
        family, given = chance.choice(self._families), chance.choice(self._families)
        return Contributor(name=f"{given} {family}", family=family, given=given)

    def _copy(self, chance: random.Random, first: Manifestation) -> Manifestation:
        """Describe an article as another source does: initials, no abstract, a slip, fewer identifiers."""
        title = first.title.value
        if chance.random() < 0.1:
            cut = chance.randrange(len(title))
            title = title[:cut] + title[cut + 1 :] or title
        people = tuple(
            replace(one, name=f"{one.family} {one.given[0]}", given=one.given[0] if one.given else None)
            for one in first.contributors
            if one.given
        )
        return replace(
            first,
            title=Text(value=title),
            abstracts=(),
            contributors=people,
            identifiers=() if chance.random() < 0.3 else first.identifiers,
            pages=first.pages if chance.random() < 0.8 else None,
        )


def _issn(number: int) -> str:
    digits = f"{number + 1_000_000:07d}"
    check = (11 - sum(int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True)) % 11) % 11
    return f"{digits[:4]}-{digits[4:]}{'X' if check == 10 else check}"


class Shelf:
    """A store that takes finished descriptions."""

    def __init__(self, folder: Path) -> None:
        self.store = RecordStore.embedded(folder)
        for name in SOURCES:
            self.store.sources.add(Source.of({"id": name, "name": name, "endpoint": f"http://127.0.0.1/{name}"}))
        self._keys = self.store.sources.keys()

    def save(self, records: Sequence[Manifestation]) -> float:
        """Save records in one transaction; return the CPU seconds that it took."""
        started = time.process_time()
        drawn = [(self._keys[one.source], one, portrait_of(one)) for one in records]
        database = self.store.database
        with database.write() as connection:
            assembler = Assembler(database, connection)
            entries = assembler.follow(dict(assembler.writer.save(drawn)))
            append_changes(database, connection, entries)
        return time.process_time() - started


def bulk(shelf: Shelf, records: Iterator[Manifestation], marks: Sequence[int]) -> dict[str, float]:
    """Fill the store; return the microseconds a record cost in the tenth that led up to each mark."""
    taken: list[tuple[int, float]] = []
    cost: dict[str, float] = {}
    count = 0
    while batch := list(itertools.islice(records, BATCH)):
        taken.append((count, shelf.save(batch)))
        count += len(batch)
        if count in marks:
            spent = [seconds for at, seconds in taken if at + BATCH > count * 0.9]
            cost[str(count)] = round(sum(spent) / len(spent) / BATCH * 1e6, 1)
            print(f"{count:,} records: {cost[str(count)]} µs each", file=sys.stderr, flush=True)
    cost["mean"] = round(sum(seconds for _, seconds in taken) / count * 1e6, 1)
    return cost


def changes(shelf: Shelf, records: Sequence[Manifestation]) -> dict[str, float]:
    """Change one record after another; return what one costs in milliseconds."""
    for one in records[:20]:
        shelf.save([replace(one, volume="0")])
    spent = sorted(
        1000 * shelf.save([replace(one, title=Text(value=one.title.value + " revised"), issue="99")])
        for one in records[20:]
    )
    return {"median": round(statistics.median(spent), 2), "p95": round(spent[int(len(spent) * 0.95)], 2)}


def crowd(generator: Generator, count: int, folder: Path) -> float:
    """Return what one record more costs a work that has so many already, in microseconds for each of them."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        shelf = Shelf(Path(place))
        one = next(generator.records(1))
        copies = [replace(one, record_identifier=str(number)) for number in range(count + 1)]
        for start in range(0, count, BATCH):
            shelf.save(copies[start : min(start + BATCH, count)])
        spent = shelf.save(copies[count:])
        shelf.store.close()
    return round(spent / count * 1e6, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=300)
    parser.add_argument("--folder", type=Path, help="where to make the store, instead of a temporary folder")
    arguments = parser.parse_args()
    marks = sorted({arguments.records, *(size for size in (10_000, 100_000, 300_000) if size <= arguments.records)})
    generator = Generator()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        shelf = Shelf(Path(folder))
        cost = bulk(shelf, generator.records(arguments.records), marks)
        step = max(1, arguments.records // (arguments.changes + 20))
        some = list(itertools.islice(generator.records(arguments.records), 0, None, step))[: arguments.changes + 20]
        counts = shelf.store.catalogue.counts()
        single = changes(shelf, some)
        size = sum(path.stat().st_size for path in Path(folder).iterdir() if path.is_file())
        shelf.store.close()
        crowds = {str(size): crowd(generator, size, Path(folder)) for size in (500, 5_000)}
    print(
        json.dumps(
            {
                "records": arguments.records,
                "works": counts["works"],
                "microseconds_per_record": cost,
                "milliseconds_per_change": single,
                "microseconds_per_member_of_a_crowd": crowds,
                "bytes_per_record": round(size / arguments.records),
            }
        )
    )


if __name__ == "__main__":
    main()
