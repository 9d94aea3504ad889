"""Measure how identity grows: ``python benchmarks/identity.py [RECORDS ...]`` (20,000 and 200,000 where none is named).

The records are invented articles (``harvesters.demo``), two in three described once, the third twice: in full, and as a
poor repository would, without identifiers, journal, volume and pages, names turned around. For each size it prints
what a record costs, how many pairs it made, and whether the right ones were joined. Then come the cases in which many
look alike: 500 articles that share one DOI by mistake, and one article 500 times.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from harvesters.demo.articles import DemoArticle, articles
from indexer.identity.blocking import blocks_of
from indexer.identity.bulk import Resolution, resolve
from indexer.identity.portrait import Portrait, portrait_of
from indexer.models import Container, Contributor, Identifier, Manifestation, PartialDate, Relation, Text
from indexer.normalise.text import clean_title

_SIZES = (20_000, 200_000)
_COPIES = 500


def described(count: int) -> Iterator[Manifestation]:
    """Yield so many records of invented articles; the part before the slash names the article."""
    made = 0
    for one in articles(count):
        for record in (_full(one), _poor(one))[: 2 if one.number % 3 == 0 else 1]:
            if made == count:
                return
            made += 1
            yield record


def _full(one: DemoArticle) -> Manifestation:
    return Manifestation(
        title=Text(value=clean_title(one.title)),
        translated_titles=tuple(Text(value=clean_title(other.value)) for other in one.other_titles),
        contributors=tuple(
            Contributor(name=f"{who.given} {who.family}", family=who.family, given=who.given) for who in one.authors
        ),
        container=Container(title=one.journal.title),
        published=PartialDate(year=one.published[0]),
        volume=one.volume,
        issue=one.issue,
        pages=f"{one.first_page}-{one.last_page}" if one.last_page else one.first_page,
        identifiers=(Identifier(scheme="doi", value=one.doi),) if one.doi else (),
        type={"correction": "correction", "editorial": "editorial"}.get(one.article_type, "article"),
        relations=(Relation(kind="corrects", target=Identifier(scheme="doi", value=one.corrects)),)
        if one.corrects
        else (),
        source="full",
        record_identifier=f"{one.number}/full",
        datestamp="2026-01-01",
    )


def _poor(one: DemoArticle) -> Manifestation:
    full = _full(one)
    people = tuple(Contributor(name=who.name, family=who.given, given=who.family) for who in full.contributors)
    return replace(
        full, contributors=people, container=None, volume=None, issue=None, pages=None, identifiers=(), relations=(),
        translated_titles=(), source="poor", record_identifier=f"{one.number}/poor",
    )  # fmt: skip


def measure(count: int) -> dict[str, float]:
    """Resolve so many records and tell what it cost, and what came of it."""
    portraits = [portrait_of(one) for one in described(count)]
    start = time.process_time()
    blocks = sum(len(blocks_of(one)) for one in portraits)
    middle = time.process_time()
    resolution = resolve(portraits)
    seconds = time.process_time() - middle
    right, wrong, missed = _outcome(resolution, portraits)
    return {
        "records": count,
        "microseconds_per_record": round(1e6 * seconds / count, 1),
        "of_which_blocks": round(1e6 * (middle - start) / count, 1),
        "blocks_per_record": round(blocks / count, 2),
        "pairs_per_record": round(resolution.pairs / count, 2),
        "right": right,
        "wrong": wrong,
        "missed": missed,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _outcome(resolution: Resolution, portraits: Iterable[Portrait]) -> tuple[int, int, int]:
    article = {one.order: one.identifier.partition("/")[0] for one in portraits}
    twice = len(article) - len(set(article.values()))
    right = wrong = 0
    for group in resolution.groups:
        different = len({article[order] for order in group})
        right += len(group) - different
        wrong += different - 1
    return right, wrong, twice - right


def measure_alike() -> dict[str, float]:
    """Resolve records that share an identifier: by a publisher's mistake, and because they are one."""
    shared = (Identifier(scheme="doi", value="10.5555/shared"),)
    many = [portrait_of(replace(_full(one), identifiers=shared, relations=())) for one in articles(_COPIES)]
    model = next(described(1))
    copies = [portrait_of(replace(model, record_identifier=str(number))) for number in range(_COPIES)]
    random.Random(1).shuffle(copies)  # noqa: S311 - the same order each time
    start = time.process_time()
    apart = resolve(many)
    middle = time.process_time()
    together = resolve(copies)
    return {
        "shared_doi_works": len(apart.groups),
        "shared_doi_pairs": apart.pairs,
        "shared_doi_milliseconds": round(1e3 * (middle - start), 1),
        "one_article_works": len(together.groups),
        "one_article_pairs": together.pairs,
        "one_article_milliseconds": round(1e3 * (time.process_time() - middle), 1),
    }


if __name__ == "__main__":
    for size in [int(argument) for argument in sys.argv[1:]] or _SIZES:
        print(json.dumps(measure(size)))
    print(json.dumps(measure_alike()))
