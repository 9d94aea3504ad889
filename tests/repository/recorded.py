"""Serve recorded OAI-PMH pages byte for byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import unescape

from harvesters.demo.loopback import Request, Response
from tests.repository.server import RepositoryServer, envelope, error

_TOKEN = re.compile(rb"<(?:\w+:)?resumptionToken[^>/]*>([^<]*)</(?:\w+:)?resumptionToken>")


class RecordedRepository(RepositoryServer):
    """Recorded pages of one list: the first answers ListRecords, each page's own token leads to the next.

    Tokens are compared as the XML has them (entities resolved) with what one decoding of the query string gives. The
    last file's token, if it has one, leads nowhere: ``badResumptionToken``. Arguments other than the verb and the
    token are not looked at, for recordings answer only what they were asked. Identify is made by hand.
    """

    def __init__(
        self,
        files: Sequence[Path],
        *,
        granularity: str = "YYYY-MM-DD",
        earliest: str = "1999-01-01",
        deleted_record: str = "no",
        identify: bytes | None = None,
        port: int = 0,
        gzip: bool = False,
    ) -> None:
        super().__init__(port=port, gzip=gzip)
        self.pages = [path.read_bytes() for path in files]
        self._by_token = {
            token_of(page): following for page, following in zip(self.pages, self.pages[1:], strict=False)
        }
        self._identify = identify
        self._habits = (granularity, earliest, deleted_record)

    def answer(self, request: Request) -> Response:
        """Answer Identify and ListRecords; everything else is a bad verb here."""
        verb, token = request.argument("verb"), request.argument("resumptionToken")
        if verb == "Identify":
            return Response(body=self._identify or self._told())
        if verb != "ListRecords":
            return error(self.url, "badVerb", "Only Identify and ListRecords were recorded.")
        if token is None:
            return Response(body=self.pages[0])
        page = self._by_token.get(token)
        return error(self.url, "badResumptionToken", token) if page is None else Response(body=page)

    def _told(self) -> bytes:
        granularity, earliest, deleted_record = self._habits
        return envelope(
            self.url,
            "<Identify><repositoryName>Recorded pages</repositoryName>"
            f"<baseURL>{self.url}</baseURL><protocolVersion>2.0</protocolVersion>"
            f"<adminEmail>tests@repository.example</adminEmail><earliestDatestamp>{earliest}</earliestDatestamp>"
            f"<deletedRecord>{deleted_record}</deletedRecord><granularity>{granularity}</granularity></Identify>",
        )


def token_of(page: bytes) -> str | None:
    """Read the resumption token of a page; ``None`` where there is none or an empty one."""
    found = _TOKEN.search(page)
    return (unescape(found.group(1).decode().strip()) or None) if found else None
