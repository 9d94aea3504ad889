"""OAI-PMH requests through sickle.

sickle is used for requests only: its retries crash on a Retry-After date and ignore one on 429, and its own parser
recovers cut pages and so loses records in silence (docs/decisions/0002-sickle.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import requests
from sickle import Sickle

from harvesters.http import Client
from harvesters.pace import Pace
from harvesters.sources.definition import Source

_OAI_MARK = b"OAI-PMH"


class _SessionSickle(Sickle):  # type: ignore[misc]  # sickle has no type information
    """sickle's request and status handling over our own way of sending."""

    def __init__(self, endpoint: str, get: Callable[[str, Mapping[str, str]], requests.Response]) -> None:
        super().__init__(endpoint, max_retries=0)
        self._get = get

    def _request(self, kwargs: Mapping[str, str]) -> requests.Response:
        return self._get(self.endpoint, kwargs)


class Fetcher(Client):
    """Ask one OAI-PMH repository."""

    def __init__(self, source: Source, pace: Pace, *, contact: str = "", key: str | None = None) -> None:
        super().__init__(source, pace, contact=contact, key=key)
        self._sickle = _SessionSickle(source.endpoint, self.get)

    def send(self, endpoint: str, parameters: Mapping[str, str]) -> requests.Response:  # noqa: ARG002
        """Send a request; its status is judged later."""
        try:
            response: requests.Response = self._sickle.harvest(**parameters).http_response
        except requests.HTTPError as error:
            # 4xx and 5xx may carry an OAI-PMH body (seen at Zenodo with 422).
            if error.response is None:
                raise
            response = error.response
        return response

    def is_answer(self, body: bytes) -> bool:
        """Take an OAI-PMH body for an answer whatever the status."""
        return _OAI_MARK in body[:2000]
