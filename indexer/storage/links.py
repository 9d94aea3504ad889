"""What is known of the addresses of copies: checks with their dates, and readers' reports that one does not open.

Kept beside the works and looked up by digest when one is shown: neither works nor index change with a check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, Select, func, or_, select, update

from harvesters.linkcheck import Finding, host_of
from indexer import clock
from indexer.identity.copies import LinkState, State
from indexer.storage import schema
from indexer.storage.catalogue import chunks
from indexer.storage.database import Database, retried
from indexer.storage.sources import COMMAND_LINE, record_audit

STALE_DAYS = 90
#: Trouble counts as failing from this many days on which it was met.
FAILS_FROM = 2
_GONE_DAYS = 7
#: Not the name of the lock that a whole run of checks holds: on PostgreSQL both are one kind of lock.
_WRITER = "link-states"
_WALKED = 500
_LONGEST_BACKOFF = 16
ReportOutcome = Literal["taken", "too_many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLimits:
    """How many reports are taken within an hour: of one reader, and of all together."""

    of_one: int = 10
    of_all: int = 300


class LinkTable:
    """Reading and writing what is known of addresses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def states(self, urls: Iterable[str]) -> dict[str, LinkState]:
        """Return what is known of addresses, in one query for up to 500; unknown ones are left out."""
        by_digest = {digest_of(url): url for url in urls}
        table = schema.links.c
        columns = select(table.digest, table.state, table.checked_at, _reports().label("reports"))
        found: dict[str, LinkState] = {}
        if not by_digest:
            return found
        with self._database.read() as connection:
            for chunk in chunks(by_digest):
                for row in connection.execute(columns.where(table.digest.in_(chunk))):
                    state: State = row.state
                    found[by_digest[bytes(row.digest)]] = LinkState(
                        state=state, checked_at=row.checked_at, reports=row.reports
                    )
        return found

    # --- what to check ------------------------------------------------------------------------

    def reported(self, *, limit: int, host: str | None = None) -> list[str]:
        """Return addresses with open reports, the longest unchecked first."""
        table, reports = schema.links.c, schema.link_reports.c
        is_open = select(reports.link_key).where(reports.settled_at.is_(None))
        statement = select(table.url).where(table.key.in_(is_open)).order_by(table.due_at, table.key).limit(limit)
        return self._urls(statement if host is None else statement.where(table.host == host))

    def due(self, *, limit: int, stale_days: float, now: datetime | None = None) -> list[str]:
        """Return addresses that were checked or reported before and whose time has come, the most overdue first."""
        table = schema.links.c
        statement = select(table.url).where(_is_due(stale_days, now or clock.now()))
        return self._urls(statement.order_by(table.due_at, table.key).limit(limit))

    def _urls(self, statement: Select[tuple[str]]) -> list[str]:
        with self._database.read() as connection:
            return [*connection.scalars(statement)]

    def walk(
        self, *, after: int = 0, source: str | None = None, host: str | None = None, stale_days: float | None = None
    ) -> Iterator[tuple[int, list[str]]]:
        """Walk active works by key from behind ``after``; yield each key with its addresses that are to be checked.

        Those are the ones that never were, and with ``stale_days`` also those whose time has come again.
        """
        table = schema.works
        while True:
            statement = (
                select(table.c.key, table.c.data)
                .where(table.c.key > after, table.c.state == "active")
                .order_by(table.c.key)
                .limit(_WALKED)
            )
            with self._database.read() as connection:
                named = [(row.key, _addresses(row.data, source, host)) for row in connection.execute(statement)]
                skipped = self._settled(connection, {url for _, urls in named for url in urls}, stale_days)
            if not named:
                return
            for key, urls in named:
                yield key, [url for url in urls if url not in skipped]
            after = named[-1][0]

    def _settled(self, connection: Connection, urls: Collection[str], stale_days: float | None) -> set[str]:
        """Return the addresses that need no check now."""
        by_digest = {digest_of(url): url for url in urls}
        table = schema.links.c
        found: set[str] = set()
        for chunk in chunks(by_digest):
            statement = select(table.digest).where(table.digest.in_(chunk))
            if stale_days is not None:
                statement = statement.where(~_is_due(stale_days, clock.now()))
            found.update(by_digest[bytes(digest)] for digest in connection.scalars(statement))
        return found

    # --- what was found -----------------------------------------------------------------------

    @retried
    def record(
        self, findings: Sequence[Finding], *, stale_days: float = STALE_DAYS, now: datetime | None = None
    ) -> None:
        """Write findings down (those of what was left out are none); one that opens settles the reports about it."""
        at = now or clock.now()
        told = {digest_of(one.url): one for one in findings if one.verdict != "left"}
        if not told:
            return
        table = schema.links
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            known: dict[bytes, Row[Any]] = {}
            for chunk in chunks(told):
                rows = connection.execute(select(table).where(table.c.digest.in_(chunk)))
                known.update({bytes(row.digest): row for row in rows})
            insert = self._database.insert(table)
            values = [
                {"digest": digest, **_row(one, known.get(digest), at, stale_days)} for digest, one in told.items()
            ]
            kept = {name: insert.excluded[name] for name in values[0] if name not in {"digest", "url", "host"}}
            connection.execute(insert.on_conflict_do_update(index_elements=["digest"], set_=kept), values)
            opened = [digest for digest, one in told.items() if one.verdict == "opens"]
            for chunk in chunks(opened):
                self._settle(connection, select(table.c.key).where(table.c.digest.in_(chunk)), at)

    # --- readers' reports ---------------------------------------------------------------------

    @retried
    def report(
        self,
        url: str,
        *,
        work_key: int,
        reporter: bytes,
        note: str | None,
        limits: ReportLimits | None = None,
        now: datetime | None = None,
    ) -> ReportOutcome:
        """Note that a reader could not open an address; the same reader counts once for each.

        It is to be checked at the next opportunity.
        """
        at, limits = now or clock.now(), limits or ReportLimits()
        links, reports = schema.links, schema.link_reports
        with self._database.write() as connection:
            self._database.one_writer(connection, _WRITER)
            columns = func.count(), func.count().filter(reports.c.reporter == reporter)
            recent = select(*columns).where(reports.c.at > at - timedelta(hours=1))
            counted = connection.execute(recent).one()
            if counted[0] >= limits.of_all or counted[1] >= limits.of_one:
                return "too_many"
            values = {"digest": digest_of(url), "url": url, "host": host_of(url), "state": "unknown", "due_at": at}
            found = self._database.insert(links).values(values)
            connection.execute(
                found.on_conflict_do_update(index_elements=["digest"], set_={"due_at": found.excluded.due_at})
            )
            key = connection.scalar(select(links.c.key).where(links.c.digest == values["digest"]))
            said = self._database.insert(reports).values(
                link_key=key, work_key=work_key, reporter=reporter, note=note, at=at, settled_at=None
            )
            again = {name: said.excluded[name] for name in ("work_key", "note", "at", "settled_at")}
            connection.execute(said.on_conflict_do_update(index_elements=["link_key", "reporter"], set_=again))
        return "taken"

    def open_reports(self, *, limit: int) -> list[dict[str, Any]]:
        """Return the reported addresses, the most reported first, each with its state and one of the notes."""
        links, reports, works = schema.links.c, schema.link_reports.c, schema.works.c
        grouped = (
            select(
                reports.link_key,
                func.count().label("reports"),
                func.min(reports.at).label("since"),
                func.max(reports.note).label("note"),
                func.max(reports.work_key).label("work_key"),
            )
            .where(reports.settled_at.is_(None))
            .group_by(reports.link_key)
            .subquery()
        )
        statement = (
            select(
                links.key, links.url, works.id, links.state, links.http_status, links.checked_at, grouped,
            )
            .join(grouped, grouped.c.link_key == links.key)
            .join(schema.works, works.key == grouped.c.work_key)
            .order_by(grouped.c.reports.desc(), links.key)
            .limit(limit)
        )  # fmt: skip
        with self._database.read() as connection:
            return [
                {
                    "key": row.key,
                    "url": row.url,
                    "work": row.id,
                    "reports": row.reports,
                    "since": clock.iso(row.since),
                    "note": row.note,
                    "state": row.state,
                    "http_status": row.http_status,
                    "checked_at": clock.iso(row.checked_at),
                }
                for row in connection.execute(statement)
            ]

    def settle(self, key: int) -> bool:
        """Note that somebody opened an address by hand, which settles its reports; tell whether it is known."""
        table, at = schema.links, clock.now()
        values = {"state": "opens", "failures": 0, "note": "Opened by hand.", "checked_at": at}
        values["due_at"] = at + timedelta(days=STALE_DAYS)
        with self._database.write() as connection:
            if not connection.execute(update(table).where(table.c.key == key).values(**values)).rowcount:
                return False
            self._settle(connection, select(table.c.key).where(table.c.key == key), at)
            record_audit(connection, COMMAND_LINE, "links.settle", str(key), {"state": "opens"})
        return True

    def _settle(self, connection: Connection, link_keys: Select[tuple[int]], at: datetime) -> None:
        table = schema.link_reports
        connection.execute(
            update(table).where(table.c.link_key.in_(link_keys), table.c.settled_at.is_(None)).values(settled_at=at)
        )


def digest_of(url: str) -> bytes:
    """Return what an address is found by."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()[:16]


def _reports() -> Any:
    reports = schema.link_reports.c
    counted = select(func.count()).where(reports.link_key == schema.links.c.key, reports.settled_at.is_(None))
    return counted.correlate(schema.links).scalar_subquery()


def _is_due(stale_days: float, now: datetime) -> Any:
    table = schema.links.c
    return or_(table.due_at <= now, table.checked_at <= now - timedelta(days=stale_days))


def _addresses(data: bytes, source: str | None, host: str | None) -> list[str]:
    """Return a work's addresses, each once, PDFs before the pages that lead to them."""
    places = orjson.loads(data)["locations"]
    wanted = (place for place in places if source is None or place["source"] == source)
    urls = dict.fromkeys(url for place in wanted for url in (place["pdf_url"], place["url"]) if url)
    return [url for url in urls if host is None or host_of(url) == host]


def _row(finding: Finding, known: Row[Any] | None, now: datetime, stale_days: float) -> Mapping[str, Any]:
    state, failures = _reckoned(finding, known, now)
    return {
        "url": finding.url,
        "host": host_of(finding.url),
        "state": state,
        "http_status": finding.http_status,
        "final_url": finding.final_url,
        "note": finding.note,
        "failures": failures,
        "checked_at": now,
        "due_at": now + _wait(finding, failures, stale_days),
    }


def _reckoned(finding: Finding, known: Row[Any] | None, now: datetime) -> tuple[State, int]:
    """Return the state and how many failures in a row: trouble counts once a day, and fails from the second day on."""
    if finding.verdict == "opens":
        return "opens", 0
    if finding.verdict == "refused":
        return "refused", 0
    failures: int = known.failures if known else 0
    is_new_day = known is None or known.checked_at is None or known.checked_at.date() < now.date()
    failures += 1 if is_new_day or not failures else 0
    if finding.verdict == "gone" or failures >= FAILS_FROM or (known is not None and known.state == "fails"):
        return "fails", failures
    return "unknown", failures


def _wait(finding: Finding, failures: int, stale_days: float) -> timedelta:
    """Return when to ask again: what failed sooner than what opens, and ever more seldom."""
    if not failures:
        return timedelta(days=stale_days)
    days = 2.0 ** min(failures - 1, _LONGEST_BACKOFF)
    if finding.verdict == "gone":
        days = max(days, _GONE_DAYS)
    return timedelta(days=min(days, stale_days))
