"""What a scenario is: a repository that misbehaves in one way, and what must be true of a harvest of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal
from xml.sax.saxutils import unescape

from harvesters.checkpoints import RunStatus
from harvesters.demo.loopback import Request, Response
from tests.repository.faults import token_reads
from tests.repository.server import RESPONSE_DATE
from tests.repository.synthetic import Item, ListRepository

Prepare = Callable[[ListRepository], object]
Theme = Literal["transport", "pages", "tokens", "lists", "records"]

#: How a harvest may end that either gets round the fault or says that it did not.
EITHER: tuple[RunStatus, ...] = ("incomplete", "complete")
#: How often ours and the peers ask for a page.
ATTEMPTS = 4
SIZE = 60
PAGE_SIZE = 10
#: The record that faults single out: the eighth of the second page.
SPOILED = "oai:x:017"
_RECORD = re.compile(rb"(?=<record><header)")
_IDENTIFIER = re.compile(rb"<identifier>(.*?)</identifier>", re.DOTALL)
_DATESTAMP = re.compile(rb"<datestamp>(.*?)</datestamp>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record as it stands in a repository or in a store; without its body where that was not looked at."""

    datestamp: str
    deleted: bool
    body: bytes | None

    @property
    def is_late(self) -> bool:
        """Tell whether it changed while or after the first harvest ran, by the repository's clock."""
        return self.datestamp >= RESPONSE_DATE[:10]


class OpaqueTokens(ListRepository):
    """A repository whose tokens are base64, as DOAJ's are: none of their characters means anything in XML."""

    def answer(self, request: Request) -> Response:
        """Answer as the base class does, with tokens written in another way; its own plain ones are understood too."""
        arguments = tuple(
            (name, _plain(value) if name == "resumptionToken" else value) for name, value in request.arguments
        )
        response = super().answer(replace(request, arguments=arguments))
        return token_reads(lambda token: base64.urlsafe_b64encode(token.encode()).decode())(request, response)


def _plain(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One misbehaviour.

    The repository holds 60 records on 6 pages (``oai:x:000`` … ``oai:x:059``, six a day from 2026-01-01) before
    ``prepare`` spoils it. It is harvested once so, then mended, then harvested again.

    Args:
        name: what tests and tables call it.
        does: what the repository does, in one sentence.
        prepare: spoils the repository.
        ends: how the first harvest may end.
        says: what the ledger's error must hold where the first harvest is not complete.
        at_least: how many records must be stored after the first harvest.
        set_aside: records that may be missing after a complete harvest, because the quarantine names them.
        source: settings of the source.
        since: the first harvest's (and the peers') ``from``.
        until: … and ``until``.
        mend: takes the fault away; by default all faults and the lie about the list's size.
        again: what the second harvest is: ``full`` where the first one ended complete with bytes that are right no more
            and the repository gives no new datestamps (what the quarantine's remedy says).
        fresh: the datestamp of a record that is new at the second harvest, by the repository's clock.
        left_behind: records that vanish without a tombstone: they stay in the store until a comparison of identifiers.
    """

    name: str
    does: str
    prepare: Prepare
    ends: tuple[RunStatus, ...] = ("complete",)
    says: str = ""
    at_least: int = SIZE
    set_aside: frozenset[str] = frozenset()
    source: Mapping[str, object] = field(default_factory=dict)
    since: str | None = None
    until: str | None = None
    mend: Prepare = lambda _: None
    again: Literal["plain", "full"] = "plain"
    left_behind: frozenset[str] = frozenset()
    fresh: str = "2026-11-03"
    theme: Theme = "lists"

    def open(self) -> ListRepository:
        """Make the repository; ``prepare`` spoils it once it runs and has an address."""
        return OpaqueTokens(items(), page_size=PAGE_SIZE, granularity="YYYY-MM-DD")

    def repair(self, repository: ListRepository) -> None:
        """Take the fault away; a repository that works again also has a new record."""
        repository.faults.clear()
        repository.states_size = True
        self.mend(repository)
        repository.put(Item("oai:x:fresh", self.fresh, title="Fresh"))


def got_round(name: str, does: str, prepare: Prepare, **others: Any) -> Scenario:
    """Return a scenario that a harvest gets round: it is complete at once."""
    return Scenario(name=name, does=does, prepare=prepare, **others)


def stopped(name: str, does: str, prepare: Prepare, says: str, *, at_least: int = 20, **others: Any) -> Scenario:
    """Return a scenario that stops a harvest, as a rule after two pages: it is incomplete, and says why."""
    return Scenario(name=name, does=does, prepare=prepare, ends=("incomplete",), says=says, at_least=at_least, **others)


def refused(name: str, does: str, prepare: Prepare, says: str, **others: Any) -> Scenario:
    """Return a scenario in which nothing can be had: the harvest fails, and says why."""
    return Scenario(name=name, does=does, prepare=prepare, ends=("failed",), says=says, at_least=0, **others)


def items(size: int = SIZE) -> list[Item]:
    """Return the records that every scenario begins with."""
    return [
        Item(f"oai:x:{number:03d}", f"2026-01-{number // 6 % 28 + 1:02d}", title=f"Study {number:03d}.")
        for number in range(size)
    ]


def truth(repository: ListRepository) -> dict[str, Held]:
    """Return what a faultless harvest would bring now, by identifier: asked of the repository behind its faults."""
    page_size, order = repository.page_size, repository.order
    repository.page_size, repository.order = max(len(repository.items), 1), "given"
    arguments = (("verb", "ListRecords"), ("metadataPrefix", "oai_dc"))
    answer = repository.answer(Request(method="GET", path="/oai", query="", arguments=arguments, headers={}))
    repository.page_size, repository.order = page_size, order
    assert isinstance(answer.body, bytes)
    return dict(_read(piece) for piece in _RECORD.split(answer.body)[1:])


def _read(piece: bytes) -> tuple[str, Held]:
    body = piece[: piece.rindex(b"</record>") + len(b"</record>")]
    identifier, datestamp = _IDENTIFIER.search(body), _DATESTAMP.search(body)
    assert identifier is not None
    assert datestamp is not None
    header = body[: body.index(b">", len(b"<record>")) + 1]
    return unescape(identifier[1].decode()).strip(), Held(
        datestamp=datestamp[1].decode().strip(), deleted=b'status="deleted"' in header, body=body
    )


def days_since(day: str) -> int:
    """Return how many days there are from a day to today, both counted: a source's ``first_days``."""
    return (datetime.now(UTC).date() - datetime.fromisoformat(day).date()).days + 1
