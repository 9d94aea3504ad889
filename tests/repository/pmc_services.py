"""NCBI's ID converter and ``esummary``, as they answer about articles in PMC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harvesters.demo.loopback import Request, Response
from tests.repository.service import HTML, ServiceServer, json_response

MOST_IDS = 200
LONGEST_ADDRESS = 4000


class IdConverterServer(ServiceServer):
    """Answers about the articles it knows: records by PMC's number; other ids get an error of their own."""

    path = "/tools/idconv/api/v1/articles/"

    def __init__(self, known: Mapping[int, dict[str, Any]]) -> None:
        super().__init__()
        self.known = dict(known)

    def answer(self, request: Request) -> Response:
        """Answer as the converter does."""
        ids = [one for one in (request.argument("ids") or "").split(",") if one]
        if not ids or len(ids) > MOST_IDS:
            return json_response({"status": "error", "message": f"Give 1 to {MOST_IDS} ids."}, status=400)
        if request.argument("format") != "json" or not request.argument("tool"):
            return json_response({"status": "error", "message": "Parameter tool is required."}, status=400)
        return json_response(
            {
                "status": "ok",
                "response-date": "2026-11-22 03:00:00",
                "request": {"ids": ids, "format": "json"},
                "records": [self._record(one) for one in ids],
            }
        )

    def _record(self, asked: str) -> dict[str, Any]:
        number = asked.removeprefix("PMC")
        record = self.known.get(int(number)) if number.isdigit() else None
        if record is None:
            return {"requested-id": asked, "status": "error", "errmsg": "Identifier not found in PMC", "pmcid": asked}
        return {"requested-id": asked, "pmcid": f"PMC{number}", **record}


class SummaryServer(ServiceServer):
    """Answers with the summaries it knows, by PMC's number."""

    path = "/entrez/eutils/esummary.fcgi"

    def __init__(self, known: Mapping[int, dict[str, Any]]) -> None:
        super().__init__()
        self.known = dict(known)

    def answer(self, request: Request) -> Response:
        """Answer as the E-utilities do: 414 as a web page for a long address, unknown ids with an error inside."""
        if len(request.query) > LONGEST_ADDRESS:
            return Response(status=414, headers=HTML, body=b"<html><h1>Submitted URI too large!</h1></html>")
        ids = [one for one in (request.argument("id") or "").split(",") if one]
        header = {"type": "esummary", "version": "0.3"}
        if request.argument("db") != "pmc" or request.argument("retmode") != "json" or not ids:
            return json_response({"header": header, "esummaryresult": ["Empty id list - nothing todo"]})
        known = [one for one in ids if one.isdigit() and int(one) in self.known]
        if not known:
            said = [f"Invalid uid {one} at position= {place}" for place, one in enumerate(ids)]
            return json_response({"header": header, "esummaryresult": said})
        result: dict[str, Any] = {"uids": ids}
        for one in ids:
            found = self.known.get(int(one))
            result[one] = {"uid": one, **found} if found else {"uid": one, "error": "cannot get document summary"}
        return json_response({"header": header, "result": result})


def too_fast(_request: Request, _response: Response) -> Response:
    """Refuse, as the E-utilities do beyond three requests a second (a fault)."""
    body = {"error": "API rate limit exceeded", "count": "4", "limit": "3"}
    return Response(status=429, headers=(("Retry-After", "0"),), body=json.dumps(body).encode())
