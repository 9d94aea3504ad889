"""A server that answers as Elasticsearch does and keeps nothing but ids: an engine that is never the limit.

usage: python benchmarks/cluster_sink.py

Prints its address; ends with standard input. It takes bulks at once and answers each of their items with what the
genuine server says of a new document. ``GET /_sink`` tells how many different documents it was given, and how many
writes.
"""

from __future__ import annotations

import re
import secrets
import sys
import threading
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Json = dict[str, Any]
_ACTION = re.compile(rb'^\{"(index|delete)":\{"_id":"(\d+)"', re.MULTILINE)
_ITEM = (
    b'{"%b":{"_index":"works","_id":"%b","_version":1,"result":"created","_shards":{"total":1,"successful":1,'
    b'"failed":0},"_seq_no":1,"_primary_term":1,"status":201}}'
)


class Kept:
    """What the server remembers: indices by name, and which documents it was given."""

    def __init__(self) -> None:
        self._indices: dict[str, Json] = {}
        self._documents: set[bytes] = set()
        self._writes = 0
        self._lock = threading.Lock()
        self._uuid = secrets.token_hex(8)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        """Return the status and the body."""
        parts = [part for part in path.split("/") if part]
        if parts[-1:] == ["_bulk"]:
            return 200, self._take(body, filtered="filter_path" in query)
        with self._lock:
            status, found = self._describe(method, parts, body)
        return status, orjson.dumps(found)

    def _take(self, body: bytes, *, filtered: bool) -> bytes:
        found = _ACTION.findall(body)
        with self._lock:
            self._documents.update(id_ for _, id_ in found)
            self._writes += len(found)
        if filtered:  # the client asked for errors only
            return b'{"took":1,"errors":false}'
        items = (_ITEM % (action, id_) for action, id_ in found)
        return b'{"took":1,"errors":false,"items":[' + b",".join(items) + b"]}"

    def _describe(self, method: str, parts: list[str], body: bytes) -> tuple[int, Json]:
        found: Json | None
        match (method, *parts):
            case (_, "_sink"):
                found = {"documents": len(self._documents), "writes": self._writes}
            case (_, "_cluster", "health", *_):
                found = {"status": "green", "timed_out": False, "unassigned_shards": 0}
            case ("PUT", name, *_):
                found = self._change(name, orjson.loads(body), whole=len(parts) == 1)
            case ("GET", name):
                found = self._indices_of(name)
            case (_, _, "_refresh"):
                found = {"_shards": {"total": 1, "successful": 1, "failed": 0}}
            case _:
                found = None
        return (200, found) if found else (404, {"error": f"nothing at {method} {parts}", "status": 404})

    def _indices_of(self, wanted: str) -> Json:
        """Describe indices by their name, an alias of theirs, or a pattern."""
        return {name: one for name, one in self._indices.items() if fnmatch(name, wanted) or wanted in one["aliases"]}

    def _change(self, name: str, asked: Json, *, whole: bool) -> Json:
        if whole:
            settings = {"index.uuid": self._uuid, "index.number_of_shards": "1", "index.number_of_replicas": "0"}
            self._indices[name] = {**asked, "settings": settings}
        else:
            self._indices[name]["mappings"] |= asked
        return {"acknowledged": True}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    kept: Kept

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        status, answer = self.kept.answer(self.command, address.path, parse_qs(address.query), body)
        head = f"HTTP/1.1 {status} OK\r\nX-elastic-product: Elasticsearch\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(answer)}\r\n\r\n"
        self.wfile.write(head.encode() + (b"" if self.command == "HEAD" else answer))

    do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815  # the base class looks for these


def serve() -> None:
    """Serve until standard input ends; print the address."""

    class Handler(_Handler):
        kept = Kept()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    serve()
