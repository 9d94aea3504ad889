"""Elasticsearch nodes die, or their disk is full, while works are being indexed."""

from __future__ import annotations

import pytest

from tests.cluster.deployment import WORKS, Deployment
from tests.cluster.processes import wait_until
from tests.cluster.proof import prove_over_http
from tests.cluster.watching import watched

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
#: Changed works of the smaller tests.
SOME = 5_000
#: Seconds that readers may be without an answer when a node dies: others have all that it had.
_FAILOVER = 30.0
#: Seconds that three nodes need to start and find each other again, on two cores.
_RESTART = 150.0


def test_a_data_node_killed_in_the_middle_of_a_bulk_of_50000_works(deployment: Deployment) -> None:
    if deployment.is_begun:
        deployment.heal()
        deployment.wait_caught_up()
        before = deployment.documents()
        *_, _ = deployment.change(WORKS, "anew")
    else:
        before = 0
        deployment.begin()
    with watched(deployment, "data node killed in the middle of 50,000 works") as seen:
        wait_until(lambda: deployment.documents() >= before + 12_000, seconds=120, what="12,000 documents are written")
        assert deployment.position() < deployment.library.store.feed.horizon(), "the bulk was through already"
        node = deployment.nodes.holder_of_a_primary(deployment.index())
        node.kill()
        written = deployment.documents()
        wait_until(lambda: deployment.documents() >= written + 5_000, seconds=120, what="two nodes go on")
        node.start()
    assert seen.failover < _FAILOVER
    assert prove_over_http(deployment) == WORKS


def test_the_master_killed_while_5000_works_change(running: Deployment) -> None:
    with watched(running, "master killed while 5,000 works change") as seen:
        for done in running.change(SOME, "mastered"):
            if done == SOME // 5 * 2:
                running.nodes.master().kill()
        running.wait_caught_up()
    assert seen.failover < _FAILOVER
    assert prove_over_http(running, q="title:mastered") == SOME


def test_all_three_nodes_killed_at_once_while_5000_works_change(running: Deployment) -> None:
    with watched(running, "all three nodes killed at once while 5,000 works change") as seen:
        for done in running.change(SOME, "darkness"):
            if done == SOME // 5 * 2:
                for node in running.nodes.all:
                    node.kill()
        running.nodes.start()
    assert seen.failover < _RESTART
    assert prove_over_http(running, q="title:darkness") == SOME


def test_a_full_disk_stops_nobody_from_reading_and_loses_nothing(running: Deployment) -> None:
    """Elasticsearch sets this very block where a disk has reached its flood stage, and takes it away by itself."""
    index = running.index()
    with watched(running, "disk full while 5,000 works change") as seen:
        _block(running, index, full=True)
        *_, _ = running.change(SOME, "crowded")
        wait_until(lambda: any("ndex" in worker.said() for worker in running.workers), seconds=60, what="it is told")
        assert running.position() < running.library.store.feed.horizon(), "it was written to a full disk"
        _block(running, index, full=False)
    assert seen.refused == 0
    assert prove_over_http(running, q="title:crowded") == SOME


def _block(deployment: Deployment, index: str, *, full: bool) -> None:
    settings = {"index.blocks.read_only_allow_delete": True if full else None}
    deployment.nodes.ask("PUT", f"/{index}/_settings", settings)
