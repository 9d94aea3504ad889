"""Elasticsearch nodes die, or their disk is full, while works are being indexed."""

from __future__ import annotations

import pytest

from tests.cluster.deployment import BATCH, LARGE, SOME, Deployment
from tests.cluster.processes import wait_until
from tests.cluster.proof import prove_over_http
from tests.cluster.watching import watched

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
#: Seconds that readers may be without an answer when a node dies: others have all that it had.
_FAILOVER = 30.0
#: Seconds that three nodes need to start and find each other again, on two cores.
_RESTART = 150.0


def test_a_data_node_killed_in_the_middle_of_a_bulk_of_50000_works(large: Deployment) -> None:
    with watched(large, "data node killed in the middle of 50,000 works") as seen:
        wait_until(lambda: large.documents() >= 12_000, seconds=120, what="12,000 documents are written")
        assert large.position() < large.library.store.feed.horizon(), "the bulk was through already"
        node = large.nodes.holder_of_a_primary(large.index())
        node.kill()
        written = large.documents()
        wait_until(lambda: large.documents() >= written + 5_000, seconds=120, what="two nodes go on")
        node.start()
    assert seen.failover < _FAILOVER
    assert prove_over_http(large) == LARGE


def test_the_master_killed_while_4000_works_change(running: Deployment) -> None:
    with watched(running, "master killed while 4,000 works change") as seen:
        for done in running.change(SOME, "zeichenmastered"):
            if done == 2 * BATCH:
                running.nodes.master().kill()
        running.wait_caught_up()
    assert seen.failover < _FAILOVER
    assert prove_over_http(running, q="title:zeichenmastered") == SOME


def test_all_three_nodes_killed_at_once_while_4000_works_change(running: Deployment) -> None:
    """What the index says that it has is on the disks at that moment; what is on the way is written again."""
    with watched(running, "all three nodes killed at once while 4,000 works change") as seen:
        for done in running.change(SOME, "zeichendarkness"):
            if done == 2 * BATCH:
                running.wait_caught_up()
            elif done == 3 * BATCH:
                running.nodes.kill_all()
        running.nodes.start()
    assert seen.failover < _RESTART
    assert prove_over_http(running, q="title:zeichendarkness") == SOME


def test_a_full_disk_stops_nobody_from_reading_and_loses_nothing(running: Deployment) -> None:
    """Elasticsearch sets this very block where a disk has reached its flood stage, and takes it away by itself."""
    index = running.index()
    with watched(running, "disk full while 4,000 works change") as seen:
        before = failures(running)
        _block(running, index, full=True)
        *_, _ = running.change(SOME, "zeichencrowded")
        wait_until(lambda: failures(running) > before, seconds=60, what="a worker tells of it")
        assert running.position() < running.library.store.feed.horizon(), "it was written to a full disk"
        _block(running, index, full=False)
    assert seen.refused == 0
    assert prove_over_http(running, q="title:zeichencrowded") == SOME


def failures(deployment: Deployment) -> int:
    """Return how often the workers said that they could not index."""
    return sum(worker.said().count('"indexing_failed"') for worker in deployment.workers)


def _block(deployment: Deployment, index: str, *, full: bool) -> None:
    settings = {"index.blocks.read_only_allow_delete": True if full else None}
    deployment.nodes.ask("PUT", f"/{index}/_settings", settings)
