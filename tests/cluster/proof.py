"""What must be so after every fault, shown by counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.cluster.asking import walk
from tests.cluster.deployment import Deployment

_PAGE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The counts; in each but the first two, 0 is right."""

    works: int
    copies_compared: int
    lost: int
    stale: int
    ahead: int
    strangers: int
    doubled: int

    def __str__(self) -> str:
        return (
            f"{self.works:,} works, each found once on each of {self.copies_compared} copies of a shard: "
            f"{self.lost} lost, {self.stale} stale, {self.ahead} ahead, {self.strangers} strangers, "
            f"{self.doubled} twice"
        )

    @property
    def is_sound(self) -> bool:
        """Tell whether every work is there, once, as the store has it."""
        return not (self.lost or self.stale or self.ahead or self.strangers or self.doubled)


def prove(deployment: Deployment) -> Proof:
    """Compare every document on every copy of every shard with the store: key by key, version by version."""
    deployment.nodes.wait_green()
    index, wanted = deployment.index(), deployment.versions()
    copies: dict[str, list[tuple[int, int]]] = {}
    nodes = {
        node["name"]: node_id for node_id, node in deployment.nodes.ask("GET", "/_nodes/_all/_none")["nodes"].items()
    }
    for row in deployment.nodes.ask("GET", f"/_cat/shards/{index}?format=json"):
        where = f"_shards:{row['shard']}|_only_nodes:{nodes[row['node']]}"
        copies.setdefault(row["prirep"], []).extend(_documents(deployment, index, where))
    rows = deployment.nodes.ask("GET", f"/_cat/shards/{index}?format=json")
    counts = dict.fromkeys(("lost", "stale", "ahead", "strangers", "doubled"), 0)
    for found in copies.values():
        there = dict(found)
        counts["doubled"] += len(found) - len(there)
        counts["lost"] += len(wanted.keys() - there.keys())
        counts["strangers"] += len(there.keys() - wanted.keys())
        counts["stale"] += sum(version < wanted.get(key, version) for key, version in there.items())
        counts["ahead"] += sum(version > wanted.get(key, version) for key, version in there.items())
    return Proof(works=len(wanted), copies_compared=len(rows), **counts)


def _documents(deployment: Deployment, index: str, preference: str) -> Iterator[tuple[int, int]]:
    """Yield key and version of all documents of one copy, in order of their keys."""
    after: list[Any] | None = None
    while True:
        body = {"size": _PAGE, "_source": False, "version": True, "sort": ["key"], "query": {"match_all": {}}}
        answer = deployment.nodes.ask(
            "POST",
            f"/{index}/_search?preference={preference}",
            body | ({} if after is None else {"search_after": after}),
        )
        assert not answer["_shards"]["failed"], answer
        hits = answer["hits"]["hits"]
        for hit in hits:
            yield int(hit["_id"]), int(hit["_version"])
        if len(hits) < _PAGE:
            return
        after = hits[-1]["sort"]


def prove_over_http(deployment: Deployment, **query: Any) -> int:
    """Walk what a query finds by cursor, page by page from the two APIs in turn; return how many works, each once."""
    found = list(walk(deployment.apis, **query))
    assert len(found) == len(set(found)), f"{len(found) - len(set(found))} works came twice"
    strangers = set(found) - deployment.ids()
    assert not strangers, f"{len(strangers)} works that the store does not have"
    return len(found)
