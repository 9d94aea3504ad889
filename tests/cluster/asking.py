"""Asking an API over HTTP, once or without end."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

OK, UNAVAILABLE = 200, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; ``status`` 0 where nothing did, with the reason as ``body``."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Api:
    """One API process; a connection for each question, as readers' phones have."""

    def __init__(self, name: str, port: int, *, token: str = "") -> None:
        self.name = name
        self._port = port
        self._token = token

    def get(self, path: str, *, seconds: float = 60, **parameters: Any) -> Answer:
        """Ask with GET."""
        asked = f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path
        return self._ask("GET", asked, None, {}, seconds)

    def post(self, path: str, body: object, *, key: str, seconds: float = 60) -> Answer:
        """Send with POST, under an idempotency key."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return self._ask("POST", path, json.dumps(body), headers, seconds)

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str], seconds: float) -> Answer:
        if self._token:
            headers = {**headers, "Authorization": f"Bearer {self._token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return Answer(status=0, headers={}, body=repr(error))
        finally:
            connection.close()
        return Answer(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.getheaders()},
            body=json.loads(said) if said else None,
        )


@dataclass(slots=True, kw_only=True)
class Searched:
    """What one API answered a reader who searched without end; times are of the monotonic clock."""

    answers: int = 0
    refused: int = 0
    slowest: float = 0.0
    longest_without: float = 0.0
    totals: dict[int, set[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def totals_of(self, query: int) -> set[int]:
        """Return how many works a query found, by its place among the queries; more than one where that changed."""
        return self.totals.get(query, set())


class Searcher:
    """Searches on one API, about ten times a second, until told to stop; holds every answer to what it may be."""

    def __init__(self, api: Api, queries: Sequence[Mapping[str, Any]]) -> None:
        self._api = api
        self._queries = queries
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._search, name=f"searcher {api.name}", daemon=True)
        self.found = Searched()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> Searched:
        """End and return what was found."""
        self._stop.set()
        self._thread.join(90)
        assert not self._thread.is_alive(), f"{self._api.name} has not answered for 90 s"
        return self.found

    def _search(self) -> None:
        last = time.monotonic()
        for turn in itertools.count():
            query = self._queries[turn % len(self._queries)]
            asked = time.monotonic()
            answer = self._api.get("/v1/works", limit=5, **query)
            now = time.monotonic()
            self.found.slowest = max(self.found.slowest, now - asked)
            if answer.status == OK:
                self.found.answers += 1
                self.found.totals.setdefault(turn % len(self._queries), set()).add(answer.body["meta"]["count"])
                self.found.longest_without = max(self.found.longest_without, now - last)
                last = now
            elif answer.status == UNAVAILABLE and answer.headers.get("retry-after", "").isdigit():
                self.found.refused += 1
            else:
                self.found.wrong.append(f"{self._api.name}: {query} → {answer}")
            if self._stop.wait(0.1):
                break
        self.found.longest_without = max(self.found.longest_without, time.monotonic() - last)


def walk(apis: Sequence[Api], **query: Any) -> Iterator[str]:
    """Yield the ids of all works by cursor, each page from another API: any of them can go on where one has begun.

    No page may say that the walk is broken.
    """
    more: dict[str, Any] = {}
    for turn in itertools.count():
        answer = apis[turn % len(apis)].get("/v1/works", limit=200, fields="id", **query, **more)
        assert answer.status == OK, f"page {turn}: {answer}"
        assert answer.body["meta"]["unbroken"], f"page {turn} does not follow the one before"
        yield from (one["id"] for one in answer.body["results"])
        cursor = answer.body["meta"]["next_cursor"]
        if cursor is None:
            return
        more = {"cursor": cursor}
