"""Send changes in bulk until each one is done, whatever happens to the cluster meanwhile.

Each change carries its work's version, so that sending it twice, late, or besides another process does no harm. What
becomes of each is looked at by itself: done, to be sent again, or refused for good, which does not hold up the others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
import structlog

from indexer.errors import DocumentsRefusedError, SearchIndexError
from indexer.storage.elastic_client import Cluster
from indexer.storage.elastic_errors import PassingError, TooLargeError, blocked, forbidden

MOST_BYTES = 5_000_000
LEAST_BYTES = 50_000
_GROWTH = 1.1
_CONFLICT, _OVERLOADED, _SERVER_ERROR = 409, 429, 500
#: The server answers before the client gives up: it waits so long for a part of the index that is on no node just now.
_SERVER_WAITS = "30s"
_REASON_SHOWN, _MOST_CAUSES = 500, 5
_log = structlog.get_logger()

#: What became of each change, in order.
Items = list[dict[str, dict[str, Any]]]


def replaced() -> SearchIndexError:
    """Return what to raise where the generation that was to be written is not the current one any more."""
    return SearchIndexError(
        "A rebuild has replaced the search index under this writer.",
        remedy="Run the same command again: it goes on with the new one.",
    )


@contextlib.contextmanager
def past_refused() -> Iterator[None]:
    """Go on without the documents that are refused for good; each is in the log with its key and reason."""
    with contextlib.suppress(DocumentsRefusedError):
        yield


class BulkSender:
    """Sends to one index; parts get smaller while the server is too busy, and slowly larger again."""

    def __init__(self, cluster: Cluster, alias: str) -> None:
        self._cluster = cluster
        self._alias = alias
        self._most_bytes = MOST_BYTES
        self.bytes_at_once = MOST_BYTES

    def send(self, operations: Iterable[bytes]) -> None:
        """Send changes; when it returns, all are durable.

        Raises:
            DocumentsRefusedError: some were refused for good; all others are done.
            SearchIndexError: a rebuild has replaced the index, writing is blocked, or the cluster stayed away; what was
                not done may be sent again.
        """
        refused: dict[int, str] = {}
        waiting = list(operations)
        waiting.reverse()  # taken from the end
        patience = self._cluster.waiting()
        while waiting:
            bulk = self._take(waiting)
            again, trouble = self._try(bulk, refused, patience.seconds_left())
            waiting += reversed(again)
            if len(again) < len(bulk):
                patience = self._cluster.waiting()
            if trouble is not None:
                patience.pause(trouble)
        if refused:
            key, reason = next(iter(refused.items()))
            raise DocumentsRefusedError(f"document {key}: {reason}", keys=tuple(refused))

    def _take(self, waiting: list[bytes]) -> list[bytes]:
        bulk = [waiting.pop()]
        size = len(bulk[0])
        while waiting and size + len(waiting[-1]) <= self.bytes_at_once:
            bulk.append(waiting.pop())
            size += len(bulk[-1])
        return bulk

    def _try(
        self, bulk: list[bytes], refused: dict[int, str], seconds: float
    ) -> tuple[list[bytes], PassingError | None]:
        """Send once; note what is refused, and return what to send again, with the trouble if that is to wait."""
        trouble: PassingError | None
        try:
            results = self._send(bulk, seconds)
        except TooLargeError as error:
            self._most_bytes = self.bytes_at_once = max(1, sum(map(len, bulk)) // 2)
            if len(bulk) > 1:
                return bulk, None
            _refuse(refused, *_action_of(bulk[0]), error.reason)
            return [], None
        except PassingError as error:
            again, trouble = bulk, error
        else:
            again, trouble = _look_at(bulk, results, refused)
        if trouble is None:
            self.bytes_at_once = min(self._most_bytes, int(self.bytes_at_once * _GROWTH) + 1)
        elif trouble.overloaded:
            self.bytes_at_once = min(self._most_bytes, max(LEAST_BYTES, self.bytes_at_once // 2))
        return again, trouble

    def _send(self, bulk: list[bytes], seconds: float) -> Items:
        """Send once, and return what became of each change; nothing where all are done."""
        answer = self._cluster.ask_once(
            "write",
            lambda client: (
                client.perform_request(
                    "POST",
                    f"/{self._alias}/_bulk",
                    params={"require_alias": "true", "timeout": _SERVER_WAITS},
                    headers={"accept": "application/json", "content-type": "application/x-ndjson"},
                    body=b"".join(bulk),
                ).body
            ),
            seconds,
        )
        return answer["items"] if answer["errors"] else []


def _look_at(bulk: list[bytes], items: Items, refused: dict[int, str]) -> tuple[list[bytes], PassingError | None]:
    """Tell which changes are to be sent again; a conflict means that a newer version is there: done."""
    again: list[bytes] = []
    trouble = ""
    overloaded = False
    for operation, item in zip(bulk, items, strict=False):
        ((action, result),) = item.items()
        status, error = result["status"], result.get("error")
        if error is None or status == _CONFLICT:
            continue
        _stop_at_once(status, error)
        if status == _OVERLOADED or status >= _SERVER_ERROR:
            again.append(operation)
            overloaded |= status == _OVERLOADED
            trouble = trouble or _described(error)
        else:
            _refuse(refused, int(result["_id"]), action, _described(error))
    if not again:
        return [], None
    return again, PassingError(
        f"Elasticsearch did not take {len(again)} changes: {trouble}.",
        remedy="Nothing is lost: run the same command again when it has recovered.",
        overloaded=overloaded,
    )


def _stop_at_once(status: int, error: Mapping[str, Any]) -> None:
    """Raise what every other change would meet as well."""
    if error["type"] == "index_not_found_exception":
        raise replaced()
    if error["type"] == "cluster_block_exception" and status < _SERVER_ERROR:
        raise blocked(str(error.get("reason")))
    if error["type"] == "security_exception":
        raise forbidden("write", str(error.get("reason")))


def _refuse(refused: dict[int, str], key: int, action: str, reason: str) -> None:
    _log.error("document_refused", key=key, action=action, reason=reason)
    refused[key] = reason


def _described(error: Mapping[str, Any]) -> str:
    """Tell an error with its causes: only the last one names what is wrong in a document."""
    told: list[str] = []
    cause: Mapping[str, Any] | None = error
    while cause and len(told) < _MOST_CAUSES:
        told.append(f"{cause.get('type')}: {cause.get('reason')}")
        cause = cause.get("caused_by")
    return "; ".join(told)[:_REASON_SHOWN]


def _action_of(operation: bytes) -> tuple[int, str]:
    ((action, named),) = orjson.loads(operation.partition(b"\n")[0]).items()
    return int(named["_id"]), action
