"""DOAJ's search API as it behaves: at most 100 records a page and 1,000 a query, JSON errors, HTML outside of /api.

After the facts of DOAJ's documentation and of recorded answers; the queries' language itself is not rebuilt: a query
finds the records that it was given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from harvesters.demo.loopback import Request, Response
from tests.repository.service import HTML, JSON, ServiceServer, json_response

REACH = 1000
LARGEST_PAGE = 100


class DoajApiServer(ServiceServer):
    """Answers ``/api/search/{articles,journals}/QUERY`` and ``/api/articles/ID``.

    ``found`` are the records that each query finds, as bytes, sent exactly so. ``total`` overrides their count.
    """

    path = "/api"

    def __init__(self, found: Mapping[str, Sequence[bytes]], *, total: int | None = None) -> None:
        super().__init__()
        self.found = {query: list(records) for query, records in found.items()}
        self.total = total
        self.heeds_sort = True

    def answer(self, request: Request) -> Response:
        """Answer as the API does."""
        if not request.path.startswith("/api/"):
            return Response(status=403, headers=HTML, body=b"<html><h1>403 Forbidden</h1></html>")
        parts = request.path.removeprefix("/api/").split("/", 2)
        if len(parts) == 3 and parts[0] == "search" and parts[1] in {"articles", "journals"}:
            return self._search(request, parts[1], unquote(parts[2]))
        if len(parts) == 2 and parts[0] == "articles":
            return self._article(parts[1])
        return refuse(404, "not_found", "This resource does not exist.")

    def _article(self, identifier: str) -> Response:
        for records in self.found.values():
            for record in records:
                if json.loads(record)["id"] == identifier:
                    return Response(headers=JSON, body=record)
        return refuse(404, "not_found", f"There is no article with id {identifier}.")

    def _search(self, request: Request, kind: str, query: str) -> Response:
        page, size = request.argument("page") or "1", request.argument("pageSize") or "10"
        if not page.isdigit() or not size.isdigit() or int(page) < 1:
            return refuse(400, "bad_request", "Page number and page size must be positive integers.")
        if any(one in query for one in "*?~"):
            return refuse(400, "bad_request", "Query contains disallowed Lucene features")
        number, length = int(page), min(int(size), LARGEST_PAGE)
        if number * length > REACH:
            return refuse(400, "bad_request", f"You cannot access results beyond {REACH} records via this API.")
        records = self._sorted(self.found.get(query, []), request.argument("sort"))
        total = len(records) if self.total is None else self.total
        envelope: dict[str, Any] = {
            "total": total,
            "page": number,
            "pageSize": length,
            "timestamp": "2026-11-22T08:00:00.000000Z",
            "query": query,
            "last": f"{self.url}/search/{kind}/x?page={-(-total // length)}&pageSize={length}",
        }
        head = json.dumps(envelope, ensure_ascii=False)[:-1].encode()
        results = b", ".join(records[(number - 1) * length : number * length])
        return Response(headers=JSON, body=head + b', "results": [' + results + b"]}")

    def _sorted(self, records: Sequence[bytes], sort: str | None) -> list[bytes]:
        name, _, direction = (sort or "").partition(":")
        if not name or not self.heeds_sort:
            return list(records)
        return sorted(records, key=lambda one: str(json.loads(one).get(name)), reverse=direction == "desc")


def refuse(status: int, code: str, message: str) -> Response:
    """Answer with one of the API's errors."""
    return json_response({"status": code, "error": f"{message} (ref: 5f3c)"}, status=status)


def article(number: int, *, changed: str = "2026-10-01T00:00:00Z", title: str | None = None) -> bytes:
    """Make an article of the API's shape, spaced as DOAJ does not space it, so that bytes as sent can be told."""
    value = {
        "last_updated": changed,
        "id": f"{number:032x}",
        "bibjson": {
            "title": title or f"The {number}th study of lakes",
            "year": "2020",
            "month": "0",
            "journal": {"title": "Lakes", "publisher": "Lake Press", "language": ["EN"], "volume": "Volume 3"},
            "identifier": [{"type": "DOI", "id": f"https://doi.org/10.5555/lake.{number}"}],
            "author": [{"name": "Ada Brook"}],
        },
    }
    return json.dumps(value, ensure_ascii=False, separators=(" , ", " : ")).encode()
