"""Workers die, sleep, lose their connection, or live in another day."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cluster.cutting import CuttingProxy
from tests.cluster.deployment import LEASE_SECONDS, SOME, Deployment
from tests.cluster.processes import Program, wait_until
from tests.cluster.proof import prove_over_http
from tests.cluster.watching import watched

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
#: Of the four bulks, at least, that the changed works are sent in.
_CUTS = 3


def _today(**environment: str) -> date:
    """Return the day that a process lives in."""
    command = [sys.executable, "-c", "import datetime; print(datetime.date.today())"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return date.fromisoformat(done.stdout.strip())


def _freeze_with_a_lease(deployment: Deployment, worker: Program) -> None:
    """Stop a worker (SIGSTOP) at a moment when it holds a stretch of the feed."""

    def holds() -> bool:
        return any(f":{worker.pid}:" in lease.owner for lease in deployment.leases())

    def froze() -> bool:
        if not holds():
            return False
        worker.freeze()
        if holds():
            return True
        worker.thaw()
        return False

    wait_until(froze, seconds=60, what=f"{worker.name} holds a stretch of the feed", every=0.005)


def test_a_worker_killed_with_a_lease_leaves_its_stretch_to_the_other(running: Deployment) -> None:
    killed, _ = running.workers
    with watched(running, "worker killed with a lease, of 4,000 changed works"):
        *_, _ = running.change(SOME, "zeichenforsaken")
        _freeze_with_a_lease(running, killed)
        killed.kill()
        seconds = running.wait_caught_up()
    running.figures.append(f"  its stretch was done by the other {seconds:.1f} s later (leases of {LEASE_SECONDS} s)")
    assert prove_over_http(running, q="title:zeichenforsaken") == SOME


def test_a_worker_that_slept_beyond_its_lease_overwrites_nothing_newer(running: Deployment) -> None:
    sleeper, _ = running.workers
    with watched(running, "worker asleep beyond its lease, while 4,000 works change twice"):
        *_, _ = running.change(SOME, "zeichendrowsy")
        _freeze_with_a_lease(running, sleeper)
        *_, _ = running.change(SOME, "zeichenawake")
        running.wait_caught_up()
        sleeper.thaw()
        *_, _ = running.change(1_000, "zeichenawake")  # it has work again, after what it slept over
    assert prove_over_http(running, q="title:zeichenawake") == SOME
    assert prove_over_http(running, q="title:zeichendrowsy") == 0


def test_a_connection_that_dies_after_the_server_applied_the_bulk_does_no_harm(running: Deployment) -> None:
    with CuttingProxy([node.port for node in running.nodes.all]) as proxy:
        unlucky = running.worker("worker-unlucky", KAIJUAN_STORAGE__ELASTICSEARCH_URL=proxy.url)
        running.stop_workers()  # who come back when all is done
        unlucky.start()
        with watched(running, "connection cut after the server applied a bulk, of 4,000 changed works"):
            wait_until(lambda: proxy.passed, seconds=60, what="the unlucky worker asks the cluster")
            proxy.cut_bulks(_CUTS)
            *_, _ = running.change(SOME, "zeichensevered")
            wait_until(lambda: proxy.cuts == _CUTS, seconds=120, what="answers to bulks are lost")
            running.wait_caught_up()
        unlucky.stop()
    running.figures.append(f"  {proxy.cuts} answers to bulks never arrived")
    assert prove_over_http(running, q="title:zeichensevered") == SOME


def test_workers_whose_clocks_are_two_days_apart_do_each_stretch_once(running: Deployment) -> None:
    faketime = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
    if faketime is None:
        pytest.skip("libfaketime is not here: .ci/install installs it")
    # Seconds that pass are the same everywhere: only the time of day differs.
    skew = {"LD_PRELOAD": str(faketime), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    days = {"yesterday": "-1d", "tomorrow": "+1d"}
    assert {_today(**skew, FAKETIME=shift) - _today() for shift in days.values()} == {timedelta(-1), timedelta(1)}
    skewed = [running.worker(f"worker-{name}", **skew, FAKETIME=shift) for name, shift in days.items()]
    running.stop_workers()
    right, running.workers = running.workers, skewed
    try:
        with watched(running, "workers' clocks two days apart, while 4,000 works change"):
            running.heal()
            before = running.documents()
            *_, _ = running.change(SOME, "zeichenskewed")
            running.wait_caught_up()
            written = running.documents() - before
        assert written < SOME * 1.2, f"{written:,} documents were written for {SOME:,} works"
    finally:
        for worker in skewed:
            worker.stop()
        running.workers = right
        running.heal()
    assert prove_over_http(running, q="title:zeichenskewed") == SOME
