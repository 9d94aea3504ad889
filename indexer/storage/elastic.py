"""The cluster engine: Elasticsearch 8.19 or 9.x, one index per generation behind the alias ``{prefix}-works``.

Writers name the generation through its own alias ``{index}-write``, which goes with it: a writer that a rebuild has
overtaken is told so, where a plain name would make a new, nameless index. Each document carries its version, so that a
late writer cannot replace a newer document. A delete carries the version that is there when it is sent: what a second
writer puts there afterwards stays, and the same version may come back.
"""

from __future__ import annotations

import contextlib
import heapq
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from indexer.errors import IndexDamagedError, SearchIndexError, SearchTooSlowError
from indexer.search.document import Document
from indexer.search.query import FacetValue, Hits, KeywordField, TextField, TokenQuery, View
from indexer.storage.elastic_generation import ElasticGeneration
from indexer.storage.elastic_queries import (
    MOST_FREQUENCIES,
    VALUES_AT_ONCE,
    build_frequencies,
    build_mapping,
    build_search,
    build_values,
    build_values_after,
    encode_delete,
    encode_upsert,
    read_answer,
    read_frequencies,
    read_values,
    read_values_after,
)
from indexer.storage.generations import FIRST, REBUILD, Generation, mint_generation, parse_generation
from indexer.storage.layout import choose_sort
from indexer.storage.limited import DEFAULT_SECONDS, NARROW
from indexer.storage.search_index import IndexStats, IndexWriter

_BULK_BYTES = 5_000_000
_HELD_BYTES = 64_000_000
_LOOKUP = 1_000
_ATTEMPTS = 6
_TOO_MANY = 429
_CONFLICT = 409
_SERVER_ERROR = 500
#: How long a point in time is kept after a page was asked for from it.
_SNAPSHOT_KEPT = "5m"
_LONGEST_FIRST_PAGE = 1_000
#: Points in time that a process holds at once; each keeps files and memory of the cluster.
_MOST_SNAPSHOTS = 200
_SEE_THAT_IT_RUNS = "See that it runs and that the address in the settings is right."


def _scored(query: TokenQuery, view: View) -> dict[str, Any]:
    return {**build_search(query, view), "search_type": "dfs_query_then_fetch"}


class ElasticIndex:
    """A search index in a cluster; any number of processes search and write."""

    def __init__(
        self,
        client: Elasticsearch,
        prefix: str,
        *,
        shards: int,
        replicas: int,
        grace_seconds: float,
        search_seconds: float,
    ) -> None:
        self._client = client
        self._search_seconds = search_seconds
        self._prefix = prefix
        self._alias = f"{prefix}-works"
        self._shards = shards
        self._replicas = replicas
        self._grace_seconds = grace_seconds
        self._known: str | None = None
        self._snapshots: deque[str] = deque()

    @classmethod
    def open(
        cls,
        url: str,
        prefix: str = "kaijuan",
        *,
        shards: int = 1,
        replicas: int = 0,
        grace_seconds: float = 2.0,
        search_seconds: float = DEFAULT_SECONDS,
        for_rebuild: bool = False,
    ) -> Self:
        """Open the index behind the alias, or make an empty one.

        Args:
            url: Address, with ``user:password@`` where the cluster asks for it.
            prefix: What the names of this library's indices begin with.
            shards: Primary shards of new generations.
            replicas: Copies of each shard of new generations.
            grace_seconds: How long a replaced generation stays for the searches under way.
            search_seconds: How long a search may take; what was found until then is not shown as all.
            for_rebuild: Do not look at what is there: ``rebuild`` replaces it.

        Raises:
            SearchIndexError: the cluster does not answer.
            IndexVersionError: made by another analyser or schema version.
            IndexDamagedError: the alias stands for something that is no generation.
        """
        client = connect(url)
        index = cls(
            client,
            prefix,
            shards=shards,
            replicas=replicas,
            grace_seconds=grace_seconds,
            search_seconds=search_seconds,
        )
        try:
            if not for_rebuild:
                index._found_if_missing()
                index._current()
        except BaseException:
            client.close()
            raise
        return index

    @contextlib.contextmanager
    def writer(self) -> Iterator[IndexWriter]:
        """Open the current generation for changes; other processes may do the same at the same time."""
        yield ElasticWriter(self._client, self._current())

    def shared(self) -> ElasticGeneration:
        """Return the current generation; its id has the index's own, which is another after it was restored."""
        name = self._current()
        with asking("describe the index"):
            settings = self._client.indices.get_settings(index=name, name="index.uuid")[name]["settings"]
        writer = ElasticWriter(self._client, name)
        return ElasticGeneration(
            f"{name}:{settings['index']['uuid']}",
            send=writer.send,
            position=lambda: self._position_of(name)[0],
            advance=writer.commit,
        )

    @contextlib.contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """Fill a new generation, swap the alias in one action, then delete the older ones."""
        generation = mint_generation()
        name = f"{self._prefix}-{generation.name}"
        self._create(name, {})
        try:
            yield ElasticWriter(self._client, name, held_bytes=0)
            self._swap_to(name)
        except BaseException:
            with contextlib.suppress(ApiError, TransportError):
                self._client.indices.delete(index=name, ignore_unavailable=True)
            raise
        self._drop_older_than(generation)

    def search(self, query: TokenQuery, view: View) -> Hits:
        """Answer from the last commit; by relevance, pages after the first from one point in time.

        That is made for the second page, because nearly nobody asks for it, and holds files in the cluster for as long
        as somebody pages. Whether it is what the first page saw is told by the hit that page ended with.
        """
        if choose_sort(query, view) != "relevance" or view.after is None:
            return read_answer(self._ask(_scored(query, view)), query, view)
        if view.snapshot is None:
            snapshot = self._take_snapshot()
            unbroken = self._ended_with(snapshot, query, view)
        elif (answer := self._ask_kept(view.snapshot, _scored(query, view))) is not None:
            return self._read_snapshot(answer, query, view, unbroken=True)
        else:
            snapshot, unbroken = self._take_snapshot(), False
        return self._read_snapshot(self._ask_snapshot(snapshot, _scored(query, view)), query, view, unbroken=unbroken)

    def _read_snapshot(self, answer: dict[str, Any], query: TokenQuery, view: View, *, unbroken: bool) -> Hits:
        hits = read_answer(answer, query, view)
        if hits.next is None:
            self._give_up(answer["pit_id"])
        return replace(hits, snapshot=answer["pit_id"], unbroken=unbroken)

    def _take_snapshot(self) -> str:
        """Take a point in time; of too many, the oldest is given up, whose walk then says that it is broken."""
        with asking("search"):
            snapshot = str(self._client.open_point_in_time(index=self._alias, keep_alive=_SNAPSHOT_KEPT)["id"])
        self._snapshots.append(snapshot)
        if len(self._snapshots) > _MOST_SNAPSHOTS:
            self._give_up(self._snapshots.popleft())
        return snapshot

    def _give_up(self, snapshot: str) -> None:
        with contextlib.suppress(ApiError, TransportError):
            self._client.close_point_in_time(id=snapshot)

    def _ask_snapshot(self, snapshot: str, request: dict[str, Any]) -> dict[str, Any]:
        with asking("search"):
            return self._search(self._client, pit={"id": snapshot, "keep_alive": _SNAPSHOT_KEPT}, **request)

    def _ask_kept(self, snapshot: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """Ask a point in time of an earlier page; ``None`` where it has expired, or its index was replaced."""
        pit = {"id": snapshot, "keep_alive": _SNAPSHOT_KEPT}
        try:
            return self._search(self._client.options(max_retries=0), pit=pit, **request)
        except ApiError:
            return None
        except TransportError as error:
            raise SearchIndexError(
                f"Elasticsearch does not answer: {error.message}.", remedy=_SEE_THAT_IT_RUNS
            ) from error

    def _ended_with(self, snapshot: str, query: TokenQuery, view: View) -> bool:
        """Tell whether the first page would end there with the same hit of the same score."""
        if view.after is None or view.after.seen > _LONGEST_FIRST_PAGE:
            return False
        first = _scored(query, View(sort=view.sort, limit=view.after.seen - 1))
        hits = self._ask_snapshot(snapshot, first)["hits"]["hits"]
        return len(hits) == view.after.seen and hits[-1]["sort"][:2] == [view.after.value, view.after.key]

    def values(
        self, query: TokenQuery, field: KeywordField, *, prefix: str = "", size: int = 20
    ) -> tuple[FacetValue, ...]:
        """Count by the server's terms aggregation; very many by walking them in order."""
        if size <= VALUES_AT_ONCE:
            return read_values(self._ask(build_values(query, field, prefix, size)))
        counted = (one for one in self._every_value(query, field) if one.value.startswith(prefix))
        return tuple(heapq.nsmallest(size, counted, key=lambda one: (-one.count, one.value)))

    def _every_value(self, query: TokenQuery, field: KeywordField) -> Iterator[FacetValue]:
        after = None
        while page := read_values_after(self._ask(build_values_after(query, field, after))):
            yield from page
            after = page[-1].value

    def frequencies(self, field: TextField | KeywordField, tokens: Sequence[str]) -> dict[str, int]:
        """Count by filters, 500 tokens a request; exact."""
        counted: dict[str, int] = {}
        for start in range(0, len(tokens), MOST_FREQUENCIES):
            part = tokens[start : start + MOST_FREQUENCIES]
            counted |= read_frequencies(self._ask(build_frequencies(field, part)), part)
        return counted

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(_ATTEMPTS):
            try:
                with asking("search"):
                    answer = self._search(self._client, index=self._alias, **request)
            except IndexDamagedError:  # what the alias named a moment ago has been swapped and dropped
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            self._notice(answer)
            return answer
        raise AssertionError("unreachable")

    def _search(self, client: Elasticsearch, **request: Any) -> dict[str, Any]:
        """Ask, and take no answer of a part for the whole."""
        answer = dict(client.search(timeout=f"{self._search_seconds * 1000:.0f}ms", **request).body)
        if answer["timed_out"]:
            raise SearchTooSlowError(f"The search took longer than {self._search_seconds:g} s.", remedy=NARROW)
        if failed := answer["_shards"]["failed"]:
            raise SearchIndexError(
                f"{failed} of {answer['_shards']['total']} shards of the search index did not answer.",
                remedy="Look into the cluster's health and log.",
            )
        return answer

    def position(self) -> int:
        """Return the feed position that was stored with the last commit."""
        return self._position_of(self._current())[0]

    def mark(self) -> str:
        """Return what the last commit said stands at its position."""
        return self._position_of(self._current())[1]

    def stats(self) -> IndexStats:
        """Describe the current generation."""
        name = self._current()
        generation = self._generation_of(name)
        with asking("describe the index"):
            sizes = self._client.indices.stats(index=name, metric=["docs", "store"])["_all"]["primaries"]
        return IndexStats(
            name=generation.name,
            documents=sizes["docs"]["count"],
            position=self._position_of(name)[0],
            analyzer_version=generation.analyzer_version,
            schema_version=generation.schema_version,
            size_bytes=sizes["store"]["size_in_bytes"],
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _current(self) -> str:
        """Return the index that the alias names, refused where its version is another."""
        names = self._aliased()
        if len(names) != 1:
            raise IndexDamagedError(f"The alias {self._alias} names {len(names)} indices, not one.", remedy=REBUILD)
        self._generation_of(names[0]).require_this_version()
        self._known = names[0]
        return names[0]

    def _aliased(self) -> list[str]:
        with asking("read the alias"):
            try:
                return sorted(self._client.indices.get_alias(name=self._alias))
            except NotFoundError:
                return []

    def _generation_of(self, name: str) -> Generation:
        generation = parse_generation(name.removeprefix(f"{self._prefix}-"))
        if generation is None:
            raise IndexDamagedError(f"The alias {self._alias} names {name}, which is no generation.", remedy=REBUILD)
        return generation

    def _notice(self, answer: dict[str, Any]) -> None:
        """Look at the alias again where hits come from an index not seen before: it may be of another version."""
        hits = answer["hits"]["hits"]
        if hits and hits[0]["_index"] != self._known:
            self._current()

    def _position_of(self, name: str) -> tuple[int, str]:
        with asking("read the position"):
            mapping = self._client.indices.get_mapping(index=name)[name]["mappings"]
        meta = mapping.get("_meta", {})
        position = meta.get("position")
        if not isinstance(position, int):
            raise IndexDamagedError(f"The index {name} has lost its feed position.", remedy=REBUILD)
        return position, str(meta.get("mark", ""))

    def _found_if_missing(self) -> None:
        if not self._aliased():
            with contextlib.suppress(_AlreadyThereError):
                self._create(f"{self._prefix}-{FIRST.name}", {self._alias: {}})

    def _create(self, name: str, aliases: dict[str, Any]) -> None:
        settings = {
            "number_of_shards": self._shards,
            "number_of_replicas": self._replicas,
            "refresh_interval": -1,  # only a commit shows changes
        }
        with asking("make an index"):
            try:
                self._client.indices.create(
                    index=name, settings=settings, mappings=build_mapping(0), aliases={**aliases, f"{name}-write": {}}
                )
            except ApiError as error:
                if error.error == "resource_already_exists_exception":
                    raise _AlreadyThereError(f"{name} exists.", remedy="Use it.") from error
                raise

    def _swap_to(self, name: str) -> None:
        with asking("swap the index"):
            self._client.indices.refresh(index=name)
            removals = [{"remove": {"index": old, "alias": self._alias}} for old in self._aliased()]
            self._client.indices.update_aliases(actions=[*removals, {"add": {"index": name, "alias": self._alias}}])

    def _drop_older_than(self, generation: Generation) -> None:
        time.sleep(self._grace_seconds)
        with asking("delete the replaced index"):
            names = sorted(self._client.indices.get(index=f"{self._alias}-*", features=["aliases"]))
            for name in names:
                other = parse_generation(name.removeprefix(f"{self._prefix}-"))
                if other is not None and other.made < generation.made:
                    self._client.indices.delete(index=name, ignore_unavailable=True)


class ElasticWriter:
    """Changes to one generation, sent in bulk; at most ``held_bytes`` wait for the commit.

    What is sent earlier is still not seen before the commit, as only a commit refreshes the index; but it stays if
    the block ends without one. Deletes always wait: a document deleted and written again in one commit is one write.
    """

    def __init__(self, client: Elasticsearch, name: str, *, held_bytes: int = _HELD_BYTES) -> None:
        self._client = client
        self._name = name
        self._held_bytes = held_bytes
        self._upserts: dict[int, tuple[int, bytes]] = {}
        self._deletes: set[int] = set()
        self._size = 0

    def upsert(self, documents: Iterable[Document]) -> None:
        """Replace documents, unless a newer version is there."""
        for document in documents:
            self._deletes.discard(document.key)
            waiting = self._upserts.get(document.key)
            if waiting is None or waiting[0] <= document.version:
                operation = encode_upsert(document)
                self._upserts[document.key] = (document.version, operation)
                self._size += len(operation)
            if self._size >= max(self._held_bytes, _BULK_BYTES):
                self._send_upserts()

    def delete(self, keys: Iterable[int]) -> None:
        """Remove documents."""
        for key in keys:
            self._upserts.pop(key, None)
            self._deletes.add(key)

    def commit(self, position: int, mark: str = "") -> None:
        """Send what waits, show it, then store the position; a kill in between repeats changes, which does no harm."""
        self._send_upserts()
        self._send_deletes()
        with asking("commit"):
            self._client.indices.refresh(index=self._name)
            self._client.indices.put_mapping(index=self._name, meta={"position": position, "mark": mark})

    def _send_upserts(self) -> None:
        self.send([operation for _, operation in self._upserts.values()])
        self._upserts.clear()
        self._size = 0

    def _send_deletes(self) -> None:
        keys = sorted(self._deletes)
        for start in range(0, len(keys), _LOOKUP):
            with asking("look up versions"):
                found = self._client.mget(index=self._name, ids=[str(key) for key in keys[start : start + _LOOKUP]])
            self.send([encode_delete(doc["_id"], doc["_version"]) for doc in found["docs"] if doc.get("found")])
        self._deletes.clear()

    def send(self, operations: list[bytes]) -> None:
        """Send changes in parts that the server takes well."""
        bulk: list[bytes] = []
        size = 0
        for operation in operations:
            bulk.append(operation)
            size += len(operation)
            if size >= _BULK_BYTES:
                send_bulk(self._client, f"{self._name}-write", bulk)
                bulk, size = [], 0
        if bulk:
            send_bulk(self._client, f"{self._name}-write", bulk)


def send_bulk(client: Elasticsearch, alias: str, operations: list[bytes]) -> None:
    """Send changes and look at each one's result; again, with growing pauses, what the server was too busy for.

    A conflict means that a newer version is there: done.

    Raises:
        SearchIndexError: the server refused a change for good, or stayed busy.
    """
    for attempt in range(_ATTEMPTS):
        with asking("write"):
            answer = client.perform_request(
                "POST",
                f"/{alias}/_bulk",
                params={"require_alias": "true"},
                headers={"accept": "application/json", "content-type": "application/x-ndjson"},
                body=b"".join(operations),
            ).body
        if not answer["errors"]:
            return
        operations = [operations[at] for at in _busy(answer["items"])]
        if not operations:
            return
        time.sleep(0.2 * 2**attempt)
    raise SearchIndexError(
        f"Elasticsearch stayed too busy for {len(operations)} changes.",
        remedy="Nothing is lost: run the same command again when it has recovered.",
    )


def _busy(items: list[dict[str, dict[str, Any]]]) -> list[int]:
    """Return which items to send again; raise for one that is refused for good."""
    again = []
    for at, item in enumerate(items):
        ((action, result),) = item.items()
        status = result["status"]
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            again.append(at)
        elif "error" in result and status != _CONFLICT:
            raise _refused(action, result)
    return again


def _refused(action: str, result: dict[str, Any]) -> SearchIndexError:
    error = result["error"]
    if error.get("type") == "index_not_found_exception":
        return SearchIndexError(
            "A rebuild has replaced the search index under this writer.", remedy="Run the same command again."
        )
    return SearchIndexError(
        f"Elasticsearch refused to {action} document {result.get('_id')}: {error.get('type')}: {error.get('reason')}.",
        remedy="Please report it with this message; the document's key is the work's.",
    )


class _AlreadyThereError(SearchIndexError):
    """Another process has made the index first."""


def connect(url: str) -> Elasticsearch:
    """Return a client that waits, and tries again, as long as a node's restart takes."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 9200)
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Elasticsearch(
        f"{parts.scheme}://{parts.hostname}:{port}{parts.path}",
        basic_auth=login,
        request_timeout=60,
        max_retries=_ATTEMPTS,
        retry_on_timeout=True,
        retry_on_status=(_TOO_MANY, 502, 503, 504),
    )


@contextlib.contextmanager
def asking(purpose: str) -> Iterator[None]:
    """Turn the client's errors into ours, with what was being done."""
    try:
        yield
    except NotFoundError as error:
        raise IndexDamagedError(
            f"Elasticsearch could not {purpose}: {error.error} is missing.", remedy=REBUILD
        ) from error
    except ApiError as error:
        raise SearchIndexError(
            f"Elasticsearch could not {purpose}: {error.status_code} {error.error}: {_reason(error)}.",
            remedy="Look into the cluster's health and log.",
        ) from error
    except TransportError as error:
        raise SearchIndexError(
            f"Elasticsearch does not answer (while trying to {purpose}): {error.message}.", remedy=_SEE_THAT_IT_RUNS
        ) from error


def _reason(error: ApiError) -> str:
    causes = error.body.get("error", {}).get("root_cause") if isinstance(error.body, dict) else None
    return str(causes[0].get("reason")) if causes else str(error.message)
