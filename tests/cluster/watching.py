"""Readers who search and librarians who work, on both APIs, for as long as something is being broken."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.asking import Searched, Searcher
from tests.cluster.deployment import Deployment
from tests.cluster.people import People
from tests.cluster.proof import Proof, prove

EVERYTHING: dict[str, Any] = {}
QUERIES = (
    EVERYTHING,
    {"q": "membrane"},
    {"q": "soil OR teacher", "facets": "source,year"},
    {"q": "glacier", "sort": "newest"},
    {"q": "钙钛矿"},
)


@dataclass(slots=True, kw_only=True)
class Watched:
    """What readers and librarians met, and the proof that nothing was lost."""

    name: str
    searched: list[Searched] = field(default_factory=list)
    acknowledged: int = 0
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    proof: Proof | None = None

    @property
    def answers(self) -> int:
        """Return how many searches were answered."""
        return sum(one.answers for one in self.searched)

    @property
    def refused(self) -> int:
        """Return how many searches were answered with 503 and Retry-After."""
        return sum(one.refused for one in self.searched)

    @property
    def failover(self) -> float:
        """Return the longest time, in seconds, that one API's readers were without an answer."""
        return max(one.longest_without for one in self.searched)

    @property
    def everything(self) -> set[int]:
        """Return how many works readers were told that there are."""
        return {total for one in self.searched for total in one.totals_of(0)}

    def lines(self) -> Iterator[str]:
        """Tell it."""
        yield f"{self.answers:,} searches answered, {self.refused:,} with 503 and Retry-After, none otherwise"
        slowest = max(one.slowest for one in self.searched)
        yield f"longest without an answer {self.failover:.1f} s, slowest answer {slowest:.1f} s"
        yield f"{self.acknowledged} acknowledged acts of librarians, each there once"
        yield str(self.proof)


@contextlib.contextmanager
def watched(deployment: Deployment, name: str) -> Iterator[Watched]:
    """Let readers and librarians do what they do during the block; afterwards hold everything to what it must be."""
    seen = Watched(name=name)
    people = People(deployment.library, deployment.apis, deployment.judged_works(), name=name)
    searchers = [Searcher(api, QUERIES) for api in deployment.apis]
    people.start()
    for one in searchers:
        one.start()
    try:
        yield seen
        deployment.heal()
        deployment.wait_caught_up()
    finally:
        people.stop()
        seen.searched = [one.stop() for one in searchers]
    deployment.wait_caught_up()  # what the librarians said last
    seen.wrong = people.wrong + [wrong for one in seen.searched for wrong in one.wrong]
    seen.acknowledged, seen.missing = len(people.said) + len(people.tokens), people.what_is_missing()
    seen.proof = prove(deployment)
    deployment.figures += [name, *(f"  {line}" for line in seen.lines())]
    assert not seen.wrong, seen.wrong[:5]
    assert not seen.missing, seen.missing[:5]
    assert seen.proof.is_sound, f"{name}: {seen.proof}"
    assert seen.answers, "nobody got an answer"
