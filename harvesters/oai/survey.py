"""Ask a repository what it is, has and heeds, and propose how to harvest it.

At most about twenty requests at the source's pace: Identify (at most six more where a home page was given),
ListMetadataFormats, ListSets (five pages), a page of records in up to three formats, and a window of the future.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from harvesters.errors import (
    HarvestError,
    PageError,
    ProtocolError,
    ServerFaultError,
    StoppedError,
    TransportError,
)
from harvesters.oai.addresses import base_url, same_place, well_known
from harvesters.oai.fetch import Fetcher
from harvesters.oai.offers import Format, ListedSet, candidates, read_formats, set_pages
from harvesters.oai.proposals import earliest_day, granularity_of, slice_for
from harvesters.oai.repository import Identity, Repository
from harvesters.pace import Pace
from harvesters.records import Page, Window
from harvesters.sampling import Sample, clean, first_page, sample
from harvesters.sources.definition import Source

MAX_SET_PAGES = 5
MAX_SETS = 1000
_TRIED_FORMATS = 3
_TIMEOUT, _ANSWER = 20.0, 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something worth knowing: ``failed`` keeps the source from being harvested, ``warning`` may cost records."""

    state: Literal["note", "warning", "failed"]
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a repository said, and the source as it should be set up (``proposed``).

    ``identity`` is ``None`` where it did not identify itself; ``is_silent`` tells that no usable answer came at all.
    ``heeds_dates`` is ``None`` where that could not be told; ``sets_cut`` says that there are more sets than listed.
    """

    proposed: Source
    identity: Identity | None = None
    formats: tuple[Format, ...] = ()
    sets: tuple[ListedSet, ...] = ()
    sets_cut: bool = False
    sample: Sample | None = None
    heeds_dates: bool | None = None
    findings: tuple[Finding, ...] = ()
    is_silent: bool = False
    requests: int = 0
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Tell whether something keeps the source from being harvested."""
        return any(finding.state == "failed" for finding in self.findings)

    def values(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return dataclasses.asdict(self)


def survey(
    source: Source, pace: Pace, *, contact: str = "", key: str | None = None, prefixes_given: bool = False
) -> Survey:
    """Ask the repository at a source's endpoint; no error of the repository is raised, all become findings.

    Settings of ``source`` that a person gave stay in the proposal: name, set, pace, and the formats if
    ``prefixes_given``.

    Raises:
        StoppedError: asked to stop.
    """
    return _Surveyor(source, pace, contact, key, prefixes_given=prefixes_given).survey()


class _Surveyor:
    """One survey while it goes on."""

    def __init__(self, source: Source, pace: Pace, contact: str, key: str | None, *, prefixes_given: bool) -> None:
        self._pace, self._contact, self._key = pace, contact, key
        self._prefixes_given = prefixes_given
        self._given = source
        self._source = dataclasses.replace(source, endpoint=base_url(source.endpoint))
        self._findings: list[Finding] = []
        self._started = time.monotonic()
        self._requests = 0
        self._granularity: Literal["day", "second"] | None = None  # what it takes, where that was tried
        self._repository = self._open(self._source)

    def survey(self) -> Survey:
        try:
            return self._survey()
        finally:
            self._repository.close()

    def _survey(self) -> Survey:
        identity, is_silent = self._identify()
        if identity is None:
            return self._result(proposed=self._given, is_silent=is_silent)
        self._note_address(identity)
        formats = self._formats()
        sets, cut = self._sets()
        self._note_set(sets, cut=cut)
        prefixes, found, page = self._sample(formats)
        heeds = self._heeds_dates(prefixes[0], identity, page) if page is not None and page.records else None
        proposed = self._propose(identity, prefixes, found, heeds_dates=heeds)
        return self._result(
            proposed=proposed, identity=identity, formats=formats, sets=sets, sets_cut=cut, sample=found,
            heeds_dates=heeds,
        )  # fmt: skip

    def _result(self, **facts: Any) -> Survey:
        return Survey(
            findings=tuple(self._findings),
            requests=self._requests + self._repository.requests_made,
            seconds=round(time.monotonic() - self._started, 2),
            **facts,
        )

    def _open(self, source: Source) -> Repository:
        # One attempt: a person waits for the answer, and can ask again.
        brief = dataclasses.replace(
            source,
            attempts=1,
            timeout_seconds=min(source.timeout_seconds, _TIMEOUT),
            answer_seconds=min(source.answer_seconds, _ANSWER),
        )
        return Repository(Fetcher(brief, self._pace, contact=self._contact, key=self._key))

    def _add(self, state: Literal["note", "warning", "failed"], what: str, remedy: str = "") -> None:
        self._findings.append(Finding(state=state, what=clean(what, 700), remedy=remedy))

    def _identify(self) -> tuple[Identity | None, bool]:
        """Ask Identify, elsewhere on the host where the address is a web page; tell whether nothing answered."""
        if self._source.endpoint != self._given.endpoint:
            self._add("note", f"Of the address given, {self._source.endpoint} is the base URL.")
        try:
            return self._repository.identify(), False
        except (PageError, ServerFaultError) as error:
            found = self._look_around()
            if found is None:
                is_fault = isinstance(error, ServerFaultError) and error.status >= 500  # noqa: PLR2004 - it may pass
                self._add(
                    "warning" if is_fault else "failed",
                    f"No OAI-PMH repository answers there: {error}",
                    "Look for the base URL on the repository's pages (about, help, OAI-PMH), or ask its people.",
                )
                return None, is_fault
            return found, False
        except TransportError as error:
            self._add(
                "warning",
                f"The repository did not identify itself: {error}",
                "Its dates are taken to be days; survey it again with kaijuan sources show NAME --ask.",
            )
            return None, True
        except StoppedError:
            raise
        except HarvestError as error:
            self._add(
                "failed",
                str(error),
                "If that address is right, add it instead, or allow the host with --redirect-host.",
            )
            return None, False

    def _look_around(self) -> Identity | None:
        """Try the places where repositories keep their base URL, on the same host."""
        for url in well_known(self._source.endpoint):
            there = self._open(dataclasses.replace(self._source, endpoint=url))
            try:
                identity = there.identify()
            except StoppedError:
                there.close()
                raise
            except HarvestError:
                self._requests += there.requests_made
                there.close()
                continue
            self._requests += self._repository.requests_made
            self._repository.close()
            self._repository, self._source = there, dataclasses.replace(self._source, endpoint=url)
            self._add("note", f"The address given is a web page; the repository answers at {url}.")
            return identity
        return None

    def _note_address(self, identity: Identity) -> None:
        stated = clean(identity.base_url, 500)
        if stated and same_place(stated) != same_place(self._source.endpoint):
            self._add(
                "note",
                f"It states another base URL, {stated}.",
                "Harvests go to the address given; add the other one instead if this one is only an alias.",
            )
        if identity.deleted_record not in {"no", "transient", "persistent"}:
            said = clean(identity.deleted_record) or "nothing"
            self._add("note", f"Of deletions it says {said}.", "It is taken for transient and compared every 30 days.")
        if granularity_of(identity.granularity) is None:
            said = clean(identity.granularity) or "none"
            self._add("note", f"Its granularity ({said}) is none that OAI-PMH knows.", "It is asked by days.")

    def _formats(self) -> tuple[Format, ...]:
        try:
            found = tuple(self._repository.fetcher.fetch({"verb": "ListMetadataFormats"}, read_formats))
        except StoppedError:
            raise
        except HarvestError as error:
            self._add(
                "note", f"It does not tell its metadata formats: {error}", "oai_dc is tried, which all must have."
            )
            return ()
        if not any(one.is_known for one in found):
            names = ", ".join(one.prefix for one in found[:20]) or "none"
            self._add(
                "warning",
                f"None of its metadata formats can be read here: {names}.",
                "oai_dc is tried all the same; ask the repository for it, or add a parser in harvesters/formats.",
            )
        return found

    def _sets(self) -> tuple[tuple[ListedSet, ...], bool]:
        """List the sets; whether there are more."""
        found: dict[str, ListedSet] = {}
        try:
            for number, (sets, has_more) in enumerate(set_pages(self._repository.fetcher), start=1):
                for one in sets:
                    found.setdefault(one.spec, one)
                if has_more and (number >= MAX_SET_PAGES or len(found) >= MAX_SETS):
                    return tuple(found.values())[:MAX_SETS], True
        except StoppedError:
            raise
        except HarvestError as error:
            if not (isinstance(error, ProtocolError) and error.code == "noSetHierarchy"):
                self._add("note", f"Its sets could not be listed to the end: {error}")
            return tuple(found.values()), bool(found)
        return tuple(found.values())[:MAX_SETS], len(found) > MAX_SETS

    def _note_set(self, sets: tuple[ListedSet, ...], *, cut: bool) -> None:
        wanted = self._source.set_spec
        if wanted and not cut and wanted not in {one.spec for one in sets}:
            known = ", ".join(one.spec for one in sets[:10]) or "none"
            self._add("warning", f"It lists no set {wanted!r}.", f"Its sets begin: {known}.")
        if cut:
            self._add("note", f"It has more sets than the {len(sets):,} that were listed.")

    def _sample(self, formats: tuple[Format, ...]) -> tuple[tuple[str, ...], Sample | None, Page | None]:
        """Ask for a page in the best format that brings usable records; the formats to harvest, what came, the page."""
        wanted = list(self._source.metadata_prefixes) if self._prefixes_given else candidates(formats)
        missing = [prefix for prefix in wanted if formats and prefix not in {one.prefix for one in formats}]
        if self._prefixes_given and missing:
            self._add("warning", f"It does not offer {', '.join(missing)}.", "Leave out --prefix to get the best.")
        best: tuple[Sample, Page | None] | None = None
        for prefix in wanted[:_TRIED_FORMATS]:
            try:
                found = sample(self._repository, self._source, prefix)
            except StoppedError:
                raise
            except HarvestError as error:
                self._add("note", f"No page in the format {prefix}: {error}")
                continue
            if best is None or found[0].usable > best[0].usable:
                best = found
            if found[0].is_usable or not found[0].records:
                break
            self._note_unusable(found[0])
        if best is None:
            self._add("failed", "No page of records could be had in any format.", "Ask the repository's people.")
            return tuple(wanted), None, None
        if not best[0].is_usable:
            self._note_nothing(best[0])
        chosen = best[0].metadata_prefix
        return self._with_companion(chosen, formats), *best

    def _with_companion(self, chosen: str, formats: tuple[Format, ...]) -> tuple[str, ...]:
        if self._prefixes_given:
            return self._source.metadata_prefixes
        has_dc = any(one.prefix == "oai_dc" for one in formats)
        # DOAJ's subjects and all its languages are only in oai_dc; other formats say all that theirs does.
        return (chosen, "oai_dc") if chosen == "oai_doaj" and has_dc else (chosen,)

    def _note_unusable(self, found: Sample) -> None:
        for one in found.unusable[:1]:
            self._add("note", f"In the format {found.metadata_prefix}: {one.reason}", one.remedy)

    def _note_nothing(self, found: Sample) -> None:
        if found.records == found.deleted and found.damaged == 0:
            what = "The list is empty" if not found.records else "The first page has deleted records only"
            self._add("warning", f"{what}; nothing could be tried.", "Check set and format; else harvest it later.")
        else:
            self._add(
                "failed",
                f"None of the {found.records + found.damaged} records of the first page can be used.",
                "Give another format with --prefix (see the formats above).",
            )

    def _heeds_dates(self, prefix: str, identity: Identity, page: Page) -> bool | None:
        """Ask for two days a year from now: one that heeds dates has nothing there. Note the dates that it takes."""
        stated = self._granularity = granularity_of(identity.granularity) or "day"
        for granularity in ("second", "day") if stated == "second" else ("day",):
            window = _future(fine=granularity == "second")
            try:
                answer = first_page(self._repository, prefix, window)
            except ProtocolError as error:
                if error.code == "badArgument":  # of the seconds perhaps, or of the future
                    continue
                return True
            except StoppedError:
                raise
            except HarvestError as error:
                self._add("note", f"Whether it heeds dates could not be told: {error}", "It is harvested as one list.")
                return None
            if granularity != stated:
                self._granularity = granularity
                self._add("warning", "It says that it knows seconds, but refuses them.", "It is asked by days.")
            return self._is_heeded(window, answer, page)
        return True

    def _is_heeded(self, window: Window, answer: Page | None, page: Page) -> bool:
        if answer is None or not answer.records:
            return True
        known = {one.identifier for one in page.records}
        same = "the same" if {one.identifier for one in answer.records} & known else "other"
        what = f"It ignores dates: asked for {window.since} and later it sent {same} records."
        self._add("warning", what, "It is harvested as one list, whole each time; leave slice out.")
        return False

    def _propose(
        self, identity: Identity, prefixes: tuple[str, ...], found: Sample | None, *, heeds_dates: bool | None
    ) -> Source:
        given = self._source
        kept = identity.deleted_record if identity.deleted_record in {"no", "persistent"} else "transient"
        slice_ = given.slice
        if heeds_dates is False:
            slice_ = None
        elif heeds_dates and slice_ is None and found is not None:
            slice_ = slice_for(found.list_size, earliest_day(identity.earliest_datestamp))
        named = given.name if given.name != given.id else clean(identity.name) or given.name
        return dataclasses.replace(
            given,
            name=named,
            metadata_prefixes=prefixes,
            granularity=self._granularity or granularity_of(identity.granularity) or "day",
            slice=slice_,
            deleted_record=kept,  # type: ignore[arg-type]
            reconcile_days=given.reconcile_days or (None if kept == "persistent" else 30),
            contact=given.contact or clean(identity.contact),
        )


def _future(*, fine: bool) -> Window:
    """Return two days a year from now, to the second if ``fine``."""
    day = datetime.now(UTC).date() + timedelta(days=366)
    since, until = f"{day}", f"{day + timedelta(days=1)}"
    return Window(since=f"{since}T00:00:00Z", until=f"{until}T23:59:59Z") if fine else Window(since=since, until=until)
