"""Talk to a cluster: its addresses, and how long it is waited for. Only here is the client used.

There are two kinds of patience. Who searches waits little longer than a search may take, and a node that does not
answer is passed over; who writes waits as long as an election, or a node's restart, takes.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3
from elastic_transport import NodeConfig, Urllib3HttpNode
from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer.errors import SearchIndexError
from indexer.storage.elastic_errors import PassingError, told_of_answer, told_of_connection

_Answer = TypeVar("_Answer")

#: A machine that has gone answers nothing at all; one that is there takes a connection within milliseconds.
_CONNECT_SECONDS = 2.0
#: More than there are threads that search in one process: who finds none free would wait without an end.
_CONNECTIONS_A_NODE = 100
_FIRST_PAUSE = 0.1
_SLACK_SECONDS = 2.0
_TRIES_OF_A_READER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait: ``seconds`` in all, ``request_seconds`` for one answer, at most ``tries`` of them."""

    seconds: float
    request_seconds: float
    tries: int | None = None
    longest_pause: float = 10.0


#: An election takes seconds, a node's restart a minute or two, a shard's recovery from its disk little more.
WRITING = Patience(seconds=180, request_seconds=70)


def reading(search_seconds: float) -> Patience:
    """Return a reader's patience: the server ends a search after ``search_seconds`` by itself."""
    return Patience(
        seconds=search_seconds + _SLACK_SECONDS,
        request_seconds=search_seconds + _SLACK_SECONDS / 2,
        tries=_TRIES_OF_A_READER,
        longest_pause=0.5,
    )


class Waiting:
    """The time that is left for one thing, and the pauses between tries."""

    def __init__(self, patience: Patience, nodes: int, until: float | None = None) -> None:
        self._patience = patience
        self._nodes = nodes
        self._until = time.monotonic() + patience.seconds if until is None else until
        self._tries = 0

    def seconds_left(self) -> float:
        """Return how long the next answer may take."""
        return max(0.01, min(self._patience.request_seconds, self._until - time.monotonic()))

    def pause(self, error: PassingError) -> None:
        """Sleep before the next try, not at all where another node may answer; raise the error where there is none."""
        self._tries += 1
        if error.elsewhere and self._tries < self._nodes:
            seconds = 0.0
        else:
            doubled = _FIRST_PAUSE * 2.0 ** min(self._tries, 20)
            jitter = random.uniform(0.5, 1)  # noqa: S311  # to spread requests, not to keep a secret
            seconds = min(self._patience.longest_pause, doubled) * jitter
        most = None if self._patience.tries is None else self._patience.tries + self._nodes - 1
        if (most is not None and self._tries >= most) or time.monotonic() + seconds >= self._until:
            raise error
        time.sleep(seconds)


class Cluster:
    """A cluster's client, with a patience; every request goes through ``ask`` or ``ask_once``."""

    def __init__(self, client: Elasticsearch, patience: Patience, *, until: float | None = None) -> None:
        self._client = client
        self._patience = patience
        self._until = until
        self._first = client.options(request_timeout=patience.request_seconds)

    def with_patience(self, patience: Patience) -> Cluster:
        """Return the same cluster, waited for otherwise."""
        return Cluster(self._client, patience)

    def from_now(self) -> Cluster:
        """Return the same cluster, with the time in all running from now, whatever is asked."""
        return Cluster(self._client, self._patience, until=time.monotonic() + self._patience.seconds)

    def waiting(self) -> Waiting:
        """Begin to wait for one thing."""
        return Waiting(self._patience, len(self._client.transport.node_pool), self._until)

    def ask(
        self,
        purpose: str,
        call: Callable[[Elasticsearch], _Answer],
        *,
        final: type[PassingError] | None = None,
    ) -> _Answer:
        """Ask until there is an answer, as far as patience goes; ``purpose`` completes "could not …".

        An error that is ``final`` does not pass here.

        Raises:
            SearchIndexError: there is none; which kind, see above.
        """
        waiting = self.waiting()
        while True:
            try:
                return self.ask_once(purpose, call, waiting.seconds_left())
            except PassingError as error:
                if final is not None and isinstance(error, final):
                    raise
                waiting.pause(error)

    def ask_once(self, purpose: str, call: Callable[[Elasticsearch], _Answer], seconds: float) -> _Answer:
        """Ask one node, once."""
        # Making a client with another limit takes as long as a tenth of a search.
        is_usual = seconds >= self._patience.request_seconds
        client = self._first if is_usual else self._client.options(request_timeout=seconds)
        try:
            return call(client)
        except ApiError as error:
            raise told_of_answer(error, purpose) from error
        except TransportError as error:
            raise told_of_connection(error, purpose) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


# --- connecting --------------------------------------------------------------------------------


class _Node(Urllib3HttpNode):
    """A node that a connection is made to within little time, or not at all; judged by our CA file alone."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        if isinstance(self.pool, urllib3.HTTPSConnectionPool) and config.ssl_context is not None:
            self.pool.ca_certs = None  # which the client has set, so that the usual authorities were trusted besides

    def perform_request(self, *args: Any, **kwargs: Any) -> Any:
        """Ask, with a limit on connecting beside the one on answering."""
        seconds = kwargs.get("request_timeout")
        if isinstance(seconds, int | float):
            kwargs["request_timeout"] = urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds)
        return super().perform_request(*args, **kwargs)


def connect(url: str, *, ca: Path | None = None) -> Elasticsearch:
    """Return a client that asks once; nothing is sent yet.

    Args:
        url: Addresses of one or several nodes, parted by commas; ``user:password@`` of the first counts for all. In
            these a comma, colon, slash or at sign is written as in all addresses (``%2C`` …).
        ca: File with the certificates (PEM) by which the nodes' are judged; else those that the system trusts.

    Raises:
        SearchIndexError: an address or the file cannot be used.
    """
    parts = [_split(address.strip()) for address in url.split(",")]
    login = next(((unquote(one.username), unquote(one.password or "")) for one in parts[:1] if one.username), None)
    trusted = None if ca is None else _trust(ca)
    if ca is not None and any(one.scheme != "https" for one in parts):
        raise SearchIndexError(
            "A CA file is set, but an address of Elasticsearch begins with http://.",
            remedy="Write https:// in each address, or leave the CA file out.",
        )
    return Elasticsearch(
        [_node(one, trusted) for one in parts],
        basic_auth=login,
        node_class=_Node,
        request_timeout=WRITING.request_seconds,
        max_retries=0,
        retry_on_timeout=False,
    )


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # The address itself is not told: it may carry a password.
        raise SearchIndexError(
            "An address of Elasticsearch in the settings cannot be used.",
            remedy="Write it as https://user:password@host:9200, several parted by commas.",
        )
    return parts


def _trust(ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl.SSLError is one too
        raise SearchIndexError(
            f"The CA file {ca} cannot be used: {error.strerror or error}.",
            remedy="Give the PEM file of the authority that signed the certificates of Elasticsearch.",
        ) from error


def _node(parts: SplitResult, trusted: ssl.SSLContext | None) -> NodeConfig:
    return NodeConfig(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or (443 if parts.scheme == "https" else 9200),
        path_prefix=parts.path.rstrip("/"),
        connections_per_node=_CONNECTIONS_A_NODE,
        ssl_context=trusted,
    )
