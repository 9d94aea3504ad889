"""What goes wrong in a cluster, in our words: by what the caller does about it, each with its remedy.

::

    SearchIndexError
    ├── PassingError            may be over in a moment: ask again
    │   └── ShardMissingError   a part of the index is on no node that runs
    ├── TooLargeError           the server takes less at once: send less
    ├── ExistsError             it is there already
    └── IndexDamagedError
        └── MissingError        what was asked for is not there
"""

from __future__ import annotations

from collections.abc import Mapping

from elasticsearch import (
    ApiError,
    ConnectionTimeout,
    SerializationError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch import ConnectionError as NoConnectionError

from indexer.errors import IndexDamagedError, SearchIndexError
from indexer.storage.generations import REBUILD

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _TOO_LARGE, _OVERLOADED = 401, 403, 404, 413, 429
_GATEWAY_TROUBLE = frozenset({502, 503, 504})
_SEE_THAT_IT_RUNS = "See that it runs and that the address in the settings is right."
_SEE_THE_LOG = "Look into the cluster's health and log."


class PassingError(SearchIndexError):
    """What may be over in a moment; ``elsewhere`` where another node may answer at once, ``overloaded`` if too busy."""

    def __init__(self, message: str, *, remedy: str, elsewhere: bool = False, overloaded: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.elsewhere = elsewhere
        self.overloaded = overloaded


class ShardMissingError(PassingError):
    """A part of the index is on no node that runs."""


class TooLargeError(SearchIndexError):
    """The server takes less at once."""


class ExistsError(SearchIndexError):
    """Another process has made it first."""


class MissingError(IndexDamagedError):
    """What was asked for is not there."""


def told_of_answer(error: ApiError, purpose: str) -> SearchIndexError:  # noqa: PLR0911 (one return per kind)
    """Return what to raise for an answer that says no; ``purpose`` completes "could not …"."""
    status, kind, reason = error.status_code, error.error, _reason(error)
    if isinstance(error, UnsupportedProductError):
        return _not_elasticsearch(purpose)
    if kind == "resource_already_exists_exception":
        return ExistsError(f"Elasticsearch could not {purpose}: {reason}.", remedy="Use what is there.")
    if kind == "cluster_block_exception" and status in {_FORBIDDEN, _OVERLOADED}:
        return blocked(reason)
    if status == _UNAUTHORISED:
        return SearchIndexError(
            f"Elasticsearch does not accept the user or the password (while trying to {purpose}).",
            remedy="Put them right in the settings: they stand in the address, or the password in its file.",
        )
    if status == _FORBIDDEN:
        return forbidden(purpose, reason)
    if status == _NOT_FOUND:
        return MissingError(f"Elasticsearch could not {purpose}: {kind} is missing.", remedy=REBUILD)
    if status == _TOO_LARGE:
        return TooLargeError(
            f"Elasticsearch, or what stands before it, does not take so much at once (while trying to {purpose}).",
            remedy="Raise http.max_content_length, or the limit of the proxy.",
        )
    if status == _OVERLOADED or status in _GATEWAY_TROUBLE:
        return _passing(status, kind, reason, purpose)
    return SearchIndexError(f"Elasticsearch could not {purpose}: {status} {kind}: {reason}.", remedy=_SEE_THE_LOG)


def _passing(status: int, kind: str, reason: str, purpose: str) -> PassingError:
    if status == _OVERLOADED:
        return PassingError(
            f"Elasticsearch is too busy to {purpose}: {kind}: {reason}.",
            remedy="Wait a moment; if it stays so, give it more memory or another node.",
            overloaded=True,
        )
    if kind in {"search_phase_execution_exception", "no_shard_available_action_exception"}:
        return shard_missing(purpose)
    if kind in {"cluster_block_exception", "master_not_discovered_exception"}:
        return PassingError(
            f"The Elasticsearch cluster has no elected master, or has just started, and could not {purpose}: {reason}.",
            remedy="Wait a moment; if it stays so, start the missing nodes: more than half must run.",
            elsewhere=True,
        )
    return PassingError(
        f"Elasticsearch could not {purpose}: {status} {kind}: {reason}.", remedy=_SEE_THE_LOG, elsewhere=True
    )


def shard_missing(purpose: str) -> ShardMissingError:
    """Return what to raise where a part of the index is on no node that runs."""
    return ShardMissingError(
        f"A part (shard) of the search index is on no running node; Elasticsearch could not {purpose}.",
        remedy="Start the node that has it. Where its disk is lost, run `kaijuan rebuild`.",
    )


def forbidden(purpose: str, reason: str) -> SearchIndexError:
    """Return what to raise where the user may not do that."""
    return SearchIndexError(
        f"The user of Elasticsearch is not allowed to {purpose}: {reason}.",
        remedy="Give it all rights on this library's indices (index_prefix-works*), and `monitor` on the cluster.",
    )


def blocked(reason: str) -> SearchIndexError:
    """Return what to raise where an index takes no writes: nearly always because a disk is full."""
    if "read-only-allow-delete" in reason or "read-only / allow delete" in reason:
        return SearchIndexError(
            "Elasticsearch takes no more writes: a disk is full above its flood-stage watermark.",
            remedy="Make room on the disks of its nodes, or add a node. It lifts the block by itself then, and "
            "indexing goes on where it stopped; nothing is lost.",
        )
    return SearchIndexError(
        f"Writing to the search index is blocked: {reason}.",
        remedy="Somebody set that: lift it (index.blocks.* of the index, or cluster.blocks.*); nothing is lost.",
    )


def told_of_connection(error: TransportError, purpose: str) -> SearchIndexError:
    """Return what to raise where there is no answer."""
    text = f"{error.message}"
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in text:
        return SearchIndexError(
            f"The certificate of Elasticsearch is not trusted (while trying to {purpose}): {_without_tail(text)}.",
            remedy="Set the CA file (elasticsearch_ca) to the authority that signed it, and write the address by a "
            "name that stands in the certificate.",
        )
    if isinstance(error, SSLError) and any(sign in text for sign in ("WRONG_VERSION", "record layer", "HTTP_REQUEST")):
        return SearchIndexError(
            f"Elasticsearch does not speak TLS at this address (while trying to {purpose}).",
            remedy="Write http:// in the address, or turn on TLS in Elasticsearch.",
        )
    if isinstance(error, SerializationError):
        return _not_elasticsearch(purpose)
    if isinstance(error, ConnectionTimeout):
        return PassingError(
            f"Elasticsearch did not answer in time (while trying to {purpose}).",
            remedy=_SEE_THAT_IT_RUNS,
            elsewhere=True,
        )
    hung_up = isinstance(error, NoConnectionError) and any(
        sign in text for sign in ("RemoteDisconnected", "Connection aborted", "BadStatusLine")
    )
    return PassingError(
        f"Elasticsearch does not answer (while trying to {purpose}): {_without_tail(text)}.",
        remedy=f"{_SEE_THAT_IT_RUNS} If it asks for TLS, write https://." if hung_up else _SEE_THAT_IT_RUNS,
        elsewhere=True,
    )


def _not_elasticsearch(purpose: str) -> SearchIndexError:
    return SearchIndexError(
        f"What answers at this address is not Elasticsearch (while trying to {purpose}).",
        remedy="Put the address in the settings right; nothing but a plain proxy may stand before it.",
    )


def _reason(error: ApiError) -> str:
    problem = error.body.get("error") if isinstance(error.body, Mapping) else None
    if not isinstance(problem, Mapping):
        return str(error.message)
    causes = problem.get("root_cause")
    cause = causes[0] if causes else problem
    return _without_tail(str(cause.get("reason")))


def _without_tail(text: str) -> str:
    return text.rstrip(" .;")
