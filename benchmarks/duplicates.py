"""Measure identity on a set of records with known duplicates: ``python benchmarks/duplicates.py FOLDER``.

FOLDER is a set of one of these forms, known by its files:

- ``records_pre_merged.csv`` with groups in ``merged_record_ids.csv``: precision and recall of pairs,
- ``records.csv`` with a column ``source`` (``duplicate`` or ``unique``): of records; right is a duplicate that is not
  the one kept of its group,
- two tables and ``*_perfectMapping.csv``: of pairs across the tables,
- ``*.txt`` with serialised pairs and a label (or such a file itself): each pair is judged by itself.

It prints one JSON object. ``records_per_cpu_second`` counts keys, candidates, judgements and clusters, as
``portraits_per_cpu_second`` does the drawing of portraits from clean descriptions; reading the table counts nowhere.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

from harvesters.formats.description import RawContributor, RawIdentifier
from indexer.identity.bulk import resolve
from indexer.identity.judging import judge
from indexer.identity.portrait import portrait_of
from indexer.models import Container, Manifestation, PartialDate, Text
from indexer.normalise.containers import number, pages_of
from indexer.normalise.identifiers import identify, issns
from indexer.normalise.names import contributors
from indexer.normalise.text import clean_line, clean_title
from indexer.normalise.types import type_of

Row = Mapping[str, str]
Pair = tuple[str, str]

_NOTHING = frozenset(("", "NA", "UNKNOWN", "nan", "None", "NULL"))
_GLUED = re.compile(r"(?<=[A-Z]\.)(?=[A-Z][^\W\d_]*['’\-a-z])")
_COLUMN = re.compile(r"COL (\w+) VAL (.*?)(?=COL \w+ VAL |$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was right, what was wrongly joined, what was missed; and what it cost."""

    right: int
    wrong: int
    missed: int
    records: int
    seconds: float
    drawing: float
    digest: str
    judged: int
    more: Mapping[str, float | int | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, float | int | str]:
        """Return the figures by their names."""
        precision = self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0
        recall = self.right / (self.right + self.missed) if self.right + self.missed else 1.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return {
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(f1, 4),
            "records": self.records,
            "records_per_cpu_second": round(self.records / self.seconds) if self.seconds else 0,
            "portraits_per_cpu_second": round(self.records / self.drawing) if self.drawing else 0,
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.missed,
            "pairs_judged": self.judged,
            "digest": self.digest,
            **self.more,
        }


def manifestation_of(row: Row, identifier: str, source: str) -> Manifestation:
    """Describe a row of a table by the columns that a harvested record has, cleaned as harvested ones are."""

    def column(*names: str) -> str:
        """Return the first of these columns that says anything."""
        return next((row[name].strip() for name in names if row.get(name, "").strip() not in _NOTHING), "")

    first, _, last = re.sub(r"\s*(?:-{2,}|–|—)\s*", "-", column("pages")).partition("-")
    year = re.match(r"\d{4}", column("year"))
    journal = clean_line(column("journal", "booktitle", "venue"))
    numbers = issns(re.findall(r"\d{4}-?\d{3}[\dXx]", f"{column('issn')} {column('isbn')}"))
    title = clean_title(column("title"))
    return Manifestation(
        title=Text(value=title),
        contributors=contributors([RawContributor(name=name) for name in names_in(column("author", "authors"))]),
        container=Container(title=journal or None, issns=numbers) if journal or numbers else None,
        published=PartialDate(year=int(year[0])) if year else None,
        volume=number(column("volume")),
        issue=number(column("number", "issue")),
        pages=pages_of(first, last),
        identifiers=tuple(identify(RawIdentifier(value=column("doi"), scheme="doi"))),
        type=type_of([column("ENTRYTYPE")], title),
        source=source,
        record_identifier=identifier,
        datestamp="2026-01-01",
    )


def names_in(authors: str) -> list[str]:
    """Part a list of authors as these tables write it: by "and", semicolons, commas, or glued after initials."""
    authors = clean_line(authors)
    if " and " in authors or ";" in authors:
        return [name.strip() for name in re.split(r"\s+and\s+|;", authors) if name.strip(" ,.")]
    if _GLUED.search(authors):
        return _GLUED.split(authors)
    names = [name.strip() for name in authors.split(",") if name.strip()]
    return names if len(names) > 1 and all(" " in name for name in names) else [authors] if authors else []


def _rows(path: Path) -> list[Row]:
    text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def _groups(path: Path) -> list[list[str]]:
    return [row["merged_ids"].split(";") for row in _rows(path)]


def _pairs(groups: Iterable[Iterable[str]]) -> set[Pair]:
    return {(a, b) for group in groups for a, b in combinations(sorted(group), 2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The groups that were found, by record identifier, and what finding them cost."""

    groups: list[list[str]]
    seconds: float
    drawing: float
    judged: int


def find_groups(described: list[Manifestation]) -> Outcome:
    """Do what the product does: draw portraits, then resolve them."""
    start = time.process_time()
    portraits = [portrait_of(one) for one in described]
    drawn = time.process_time()
    resolution = resolve(portraits)
    done = time.process_time()
    names = {one.order: one.identifier for one in portraits}
    groups = [[names[order] for order in group] for group in resolution.groups]
    return Outcome(groups=groups, seconds=done - drawn, drawing=drawn - start, judged=resolution.pairs)


def _figures(found: Outcome, described: list[Manifestation], counts: tuple[int, int, int], digest: str) -> Figures:
    right, wrong, missed = counts
    return Figures(
        right=right, wrong=wrong, missed=missed, records=len(described), seconds=found.seconds, drawing=found.drawing,
        digest=digest, judged=found.judged,
    )  # fmt: skip


def _counts(predicted: set[Pair], gold: set[Pair]) -> tuple[int, int, int]:
    return len(predicted & gold), len(predicted - gold), len(gold - predicted)


def measure_groups(folder: Path) -> Figures:
    """Measure a table whose duplicates are told as groups."""
    rows = _rows(folder / "records_pre_merged.csv")
    described = [manifestation_of(row, row["ID"], folder.name) for row in rows]
    found = find_groups(described)
    gold = _pairs(_groups(folder / "merged_record_ids.csv"))
    return _figures(found, described, _counts(_pairs(found.groups), gold), digest_of(folder))


def measure_labels(folder: Path) -> Figures:
    """Measure a table that labels each record as a duplicate or as the one that is kept.

    Of each group that was found one record is kept: the first that is labelled so, or the first of all. (Which one is
    kept is not identity's question. Where a file has duplicates before the record that its labels keep, keeping the
    first in file order, or the lowest ``record_id``, counts perfect groups as wrong; ``f1_first_kept`` and
    ``f1_lowest_id_kept`` tell those figures.)
    """
    rows = _rows(folder / "records.csv")
    described = [manifestation_of(row, str(line), folder.name) for line, row in enumerate(rows)]
    found = find_groups(described)
    gold = {line for line, row in enumerate(rows) if row["source"] == "duplicate"}
    groups = [sorted(map(int, group)) for group in found.groups]
    by_label = [sorted(group, key=lambda line: line in gold) for group in groups]
    figures = _figures(found, described, _label_counts(by_label, gold), digest_of(folder))
    by_id = [sorted(group, key=lambda line: _number(rows[line].get("record_id", ""))) for group in groups]
    others = {"f1_first_kept": groups, "f1_lowest_id_kept": by_id}
    more = {
        name: _figures(found, described, _label_counts(ordered, gold), "").as_json()["f1"]
        for name, ordered in others.items()
    }
    return replace(figures, more=more)


def _number(text: str) -> float:
    return float(text) if text.isdigit() else float("inf")


def _label_counts(groups: list[list[int]], gold: set[int]) -> tuple[int, int, int]:
    removed = {line for group in groups for line in group[1:]}
    return len(removed & gold), len(removed - gold), len(gold - removed)


def measure_tables(folder: Path, mapping: Path) -> Figures:
    """Measure two tables and the mapping of one on the other."""
    tables = sorted(path for path in folder.glob("*.csv") if path != mapping)
    described = [
        manifestation_of(row, f"{table.stem}:{row['id']}", table.stem) for table in tables for row in _rows(table)
    ]
    found = find_groups(described)
    ids = {one.record_identifier for one in described}
    gold = {pair for line in mapping.read_text("utf-8").splitlines() if (pair := _mapped(line, tables, ids))}
    across = {(a, b) for a, b in _pairs(found.groups) if a.partition(":")[0] != b.partition(":")[0]}
    return _figures(found, described, _counts(across, gold), digest_of(folder))


def _mapped(line: str, tables: list[Path], ids: set[str]) -> Pair | None:
    """Read a line of the mapping; which column is whose, the ids tell (a heading is none)."""
    values = next(csv.reader([line]), [])
    known = sorted(f"{table.stem}:{value}" for table in tables for value in values if f"{table.stem}:{value}" in ids)
    return (known[0], known[1]) if len(known) == 2 else None


def measure_pairs(path: Path) -> Figures:
    """Measure single judgements on serialised pairs; only what is judged the same counts as joined."""
    counts: Counter[tuple[bool, bool]] = Counter()
    drawing = seconds = 0.0
    for left, right, label in _serialised(path):
        start = time.process_time()
        portraits = portrait_of(left), portrait_of(right)
        drawn = time.process_time()
        counts[judge(*portraits).verdict == "same", label] += 1
        seconds += time.process_time() - drawn
        drawing += drawn - start
    return Figures(
        right=counts[True, True], wrong=counts[True, False], missed=counts[False, True], records=2 * counts.total(),
        seconds=seconds, drawing=drawing, digest=digest_of(path), judged=counts.total(),
    )  # fmt: skip


def _serialised(path: Path) -> Iterator[tuple[Manifestation, Manifestation, bool]]:
    for number_, line in enumerate(path.read_text("utf-8", errors="replace").split("\n")):
        if line.count("\t") == 2:
            left, right, label = line.split("\t")
            rows = [{name: value.strip() for name, value in _COLUMN.findall(text)} for text in (left, right)]
            one, other = (manifestation_of(row, f"{number_}{side}", side) for side, row in zip("ab", rows, strict=True))
            yield one, other, label.strip() == "1"


def digest_of(path: Path) -> str:
    """Return a digest of a set's files, by which figures are known to be of the same set."""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def measure(path: Path) -> Figures:
    """Measure a set of any of the forms."""
    if path.is_file():
        return measure_pairs(path)
    if (path / "records_pre_merged.csv").exists():
        return measure_groups(path)
    if (path / "records.csv").exists():
        return measure_labels(path)
    if mapping := next(path.glob("*[mM]apping.csv"), None):
        return measure_tables(path, mapping)
    if pairs := next(iter(sorted(path.glob("*.txt"))), None):
        return measure_pairs(pairs)
    sys.exit(f"{path} has none of the files of a set of duplicates; give a folder of the form in the data's README.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python benchmarks/duplicates.py FOLDER")
    print(json.dumps(measure(Path(sys.argv[1])).as_json()))
