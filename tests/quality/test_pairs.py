"""Verified pairs: the DOAJ side as recorded, the other side made by hand from what the table of pairs says of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harvesters.doaj.article_json import read_json_record
from indexer.identity.bulk import resolve
from indexer.identity.judging import judge
from indexer.identity.portrait import Portrait, portrait_of
from indexer.normalise.manifestation import normalise
from tests.unit.identity.drawing import draw

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
#: PMC's oai_dc says neither journal, volume nor pages; its names are "Family, Given", its year the first of its dates.
_POSITIVES: dict[str, tuple[tuple[str, ...], int]] = {
    "PMC7935268": (("Fruehwirth, Jane Cooley", "Biswas, Siddhartha", "Perreira, Krista M."), 2021),
    "PMC7160151": (("Kullmann, Stephanie", "Valenta, Vera", "Wagner, Robert"), 2020),
    "PMC7245636": (("Wang, Yeming", "Zhou, Fei", "Zhang, Dingyu"), 2020),
    "PMC6537219": (("Lu, Mengmeng", "Hodgins, Kathryn A.", "Degner, Jon C.", "Yeaman, Sam"), 2019),
}
_ORIGINAL = (
    "Decrease in Social Zeitgebers Is Associated With Worsened Delayed Sleep-Wake Phase Disorder: "
    "Findings During the Pandemic in Japan"
)


@pytest.fixture(scope="module")
def table(recorded: Path) -> list[dict[str, str]]:
    with (recorded / "pairs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def doaj(recorded: Path, table: list[dict[str, str]]) -> dict[str, Portrait]:
    """Draw the recorded articles of the table, by their ids."""
    wanted = {row["id_a"] for row in table}
    found: dict[str, Portrait] = {}
    for name in {row["record_a_in"] for row in table if row["record_a_in"].endswith(".json")}:
        for article in _articles(json.loads((recorded / name).read_bytes())):
            if article.get("id") in wanted:
                body = json.dumps(article).encode()
                record = read_json_record(body, source="doaj", describes="articles", received_at=_NOW)
                found[article["id"]] = portrait_of(normalise([record], "doaj"))
    return found


def _articles(answer: Any) -> Iterator[dict[str, Any]]:
    if isinstance(answer, dict):
        yield answer
    for child in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from _articles(child)


def _pmc(row: dict[str, str], title: str, *, with_ids: bool) -> Portrait:
    people, year = _POSITIVES[row["id_b"]]
    ids = [f"doi:{row['doi']}", f"pmcid:{row['id_b']}"] if with_ids else []
    return draw(title, people, year=year, ids=ids, source="pmc", identifier=row["id_b"])


@pytest.mark.parametrize("with_ids", [True, False])
def test_the_positives_join_by_identifiers_and_without_them(
    table: list[dict[str, str]], doaj: dict[str, Portrait], *, with_ids: bool
) -> None:
    rows = [row for row in table if row["label"] == "positive"]
    assert len(rows) == len(_POSITIVES)
    for row in rows:
        ours = doaj[row["id_a"]]
        title = row["title"] if not row["title"].endswith("...") else ours.titles[0].text
        pair = [ours, _pmc(row, title, with_ids=with_ids)]
        assert len(resolve(pair).groups) == 1, judge(*pair)


def test_the_corrigendum_stays_apart_from_its_article_and_is_related_to_it(
    table: list[dict[str, str]], doaj: dict[str, Portrait]
) -> None:
    (row,) = (row for row in table if row["label"] == "negative")
    notice = doaj[row["id_a"]]
    people = ("Otsuki, Rei", "Matsui, Kentaro", "Yoshiike, Takuya")
    article = draw(_ORIGINAL, people, year=2022, ids=["doi:10.3389/fpsyt.2022.898600", "pmid:35757225"], source="pmc")
    judgement = judge(notice, article)
    assert (judgement.verdict, judgement.relation, judgement.subject_is_left) == ("related", "corrects", True)
    assert len(resolve([notice, article]).groups) == 2
    without_ids = draw(_ORIGINAL, people, year=2023, journal="Frontiers in Psychiatry", volume="14", source="pmc")
    assert judge(notice, without_ids).verdict == "related"
    assert sorted(map(len, resolve([notice, article, without_ids]).groups)) == [1, 2]


def test_the_twin_in_oalib_joins_by_the_chinese_part_of_its_bilingual_title(recorded: Path) -> None:
    with (recorded / "oalib" / "known_papers.csv").open(encoding="utf-8", newline="") as file:
        papers = {row["oalib_url"].rpartition("/")[2]: row["title_as_cited"] for row in csv.DictReader(file)}
    drawn = [draw(title, [], year=None, source="oalib", identifier=number) for number, title in papers.items()]
    joined = [group for group in resolve(drawn).groups if len(group) > 1]
    names = {one.order: one.identifier for one in drawn}
    assert [{names[order] for order in group} for group in joined] == [{"1657334", "5221834"}]
