"""The index is built anew while people search it and works change."""

from __future__ import annotations

import pytest

from tests.cluster.deployment import BATCH, SMALL, SOME, Deployment
from tests.cluster.processes import wait_until
from tests.cluster.proof import prove_over_http
from tests.cluster.watching import watched

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def test_a_rebuild_killed_half_way_leaves_the_old_index_in_its_place(running: Deployment) -> None:
    before = set(running.indices())
    rebuild = running.program("rebuild-killed", "rebuild", "--index-only")
    with watched(running, "rebuild killed half-way") as seen:
        old = running.index()
        rebuild.start()
        wait_until(lambda: set(running.indices()) - before, seconds=60, what="a new index is made")
        (new,) = set(running.indices()) - before
        wait_until(lambda: running.documents(new) >= 3 * BATCH, seconds=60, what="3,000 documents are in it")
        rebuild.kill()
        assert running.index() == old
        *_, _ = running.change(SOME, "zeichenorphaned")
    assert seen.refused == 0
    assert seen.everything == {SMALL}
    assert prove_over_http(running, q="title:zeichenorphaned") == SOME


def test_an_index_swapped_under_constant_search_is_noticed_by_nobody(running: Deployment) -> None:
    """The old index stays a while, for those who page in it; what a rebuild that was killed has left goes."""
    rebuild = running.program("rebuild", "rebuild", "--index-only")
    with watched(running, "index swapped under constant search, while 4,000 works change") as seen:
        old = running.index()
        rebuild.start()
        for _ in running.change(SOME, "zeichenswapped"):
            pass
        assert rebuild.wait(seconds=150) == 0, rebuild.said()
        assert running.index() != old
    assert seen.refused == 0
    assert seen.everything == {SMALL}
    assert prove_over_http(running, q="title:zeichenswapped") == SOME
    assert set(running.indices()) <= {old, running.index()}, "what a killed rebuild left is there yet"
