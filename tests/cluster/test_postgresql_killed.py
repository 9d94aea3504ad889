"""PostgreSQL dies while works change and librarians work."""

from __future__ import annotations

import pytest

from indexer.errors import IndexerError
from tests.cluster.deployment import BATCH, SOME, Deployment
from tests.cluster.proof import prove_over_http
from tests.cluster.watching import watched

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
_FAILOVER = 45.0


def test_postgresql_killed_while_4000_works_change(running: Deployment) -> None:
    acknowledged = running.versions()
    with watched(running, "PostgreSQL killed while 4,000 works change") as seen:
        with pytest.raises(IndexerError):
            for done in running.change(SOME, "zeichenbefore"):
                acknowledged = running.versions()
                if done == 2 * BATCH:
                    running.postgres.kill()
        running.postgres.start()
        versions = running.versions()
        lost = [key for key, version in acknowledged.items() if versions.get(key, 0) < version]
        assert not lost, f"{len(lost)} acknowledged changes are gone"
        *_, _ = running.change(SOME, "zeichenafter")
    assert seen.failover < _FAILOVER
    assert prove_over_http(running, q="title:zeichenafter") == SOME
