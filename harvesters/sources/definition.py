"""A source definition, read from one TOML table or from the store's settings of the source.

Every difference between repositories that is only configuration stands here: address, formats, set, pace, windows,
limits, licence note, contact. Adding a repository needs no code.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from harvesters.errors import SourceError

Slice = Literal["day", "month"]
Kind = Literal[
    "oai",
    "oalib",
    "doaj-api",
    "pmc-bucket",
    "pmc-idconv",
    "pmc-esummary",
    "jats",
    "doaj-dump",
    "doaj-journals",
    "csv",
    "marc",
    "ris",
    "bibtex",
    "kbart",
]
#: What a file or folder can be; its path is the source's endpoint.
FILE_KINDS: tuple[Kind, ...] = ("jats", "doaj-dump", "doaj-journals", "csv", "marc", "ris", "bibtex", "kbart")
#: The one format of each kind that is not OAI-PMH.
FORMATS: Mapping[Kind, str] = {
    "oalib": "oalib_html",
    "doaj-api": "doaj_json",
    "pmc-bucket": "jats",
    "pmc-idconv": "pmc_idconv",
    "pmc-esummary": "pmc_esummary",
    "jats": "jats",
    "doaj-dump": "doaj_json",
    "doaj-journals": "doaj_csv",
    "csv": "csv",
    "marc": "marc",
    "ris": "ris",
    "bibtex": "bibtex",
    "kbart": "kbart",
}
_PARTIAL_KINDS: frozenset[Kind] = frozenset(("jats", "doaj-api", "pmc-bucket", "pmc-idconv", "pmc-esummary", "oalib"))
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_HOURS = re.compile(r"([01]?\d|2[0-3])-([01]?\d|2[0-3])")
_SEEDS = Path(__file__).with_name("sources.toml")
#: Seconds between requests to a site that is crawled, not harvested; only this machine may be asked faster (tests).
LEAST_CRAWL_PACE = 3.0
_MIB = 1 << 20
_DAYS = 40_000
_DAY_SECONDS = 86_400
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "pace_seconds": (0, _DAY_SECONDS),
    "timeout_seconds": (0.001, _DAY_SECONDS),
    "answer_seconds": (0.001, _DAY_SECONDS),
    "retry_wait_seconds": (0, _DAY_SECONDS),
    "attempts": (1, 100),
    "every_hours": (0.0001, 24 * _DAYS),
    "first_days": (1, _DAYS),
    "lag_days": (0, _DAYS),
    "reconcile_days": (1, _DAYS),
    "first_requests": (1, 1 << 31),
    "first_records": (1, 1 << 31),
    "max_page_bytes": (1024, 1 << 40),
    "max_deleted_share": (0, 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One repository and how to behave towards it.

    Args:
        id: short name used everywhere (``doaj``).
        name: display name.
        endpoint: OAI-PMH base URL; for the other kinds their address, or the path of a file or folder.
        kind: how it is read: ``oai`` or one of the others (docs/sources.md).
        describes: what its records are: ``articles``, or ``journals`` that enrich the articles of all sources.
        enriches: the source whose records this one's answers are added to (identifiers, summaries).
        columns: what the columns of a table are called (``{"title": "题名"}``), where they are not recognised.
        queries: searches or lists to follow, for kinds that have no list of everything.
        metadata_prefixes: formats harvested, best first; records of one identifier are joined.
        set_spec: only this set.
        slice: cut the window into days or months (each a list of its own that can be resumed); ``None``: one list.
        granularity: ``day`` or ``second``, as Identify says.
        pace_seconds: least time between two requests to the host.
        hours: hours of the day (UTC, from–until) for scheduled harvests, as ``"21-05"``; ``None``: any time.
        first_days: how many days the first harvest covers; ``None``: everything.
        lag_days: the repository shows nothing younger than this (DOAJ's free feed: 30).
        first_requests: ``kaijuan up`` stops its first harvest after so many requests.
        first_records: … or after so many records.
        every_hours: how often the schedule harvests it.
        license_note: what may be done with the metadata.
        contact: where the repository's people are; goes nowhere but the display.
        homepage: for people.
        redirect_hosts: other hosts that redirects may lead to.
        timeout_seconds: for connecting and for each read.
        answer_seconds: for one whole answer, however steadily it trickles.
        attempts: how often one request is tried.
        retry_wait_seconds: first wait between attempts; doubles, with jitter.
        max_page_bytes: an answer larger than this is refused.
        whole: a complete list names everything there is, so that what it does not name is gone; by default so for
            files that are read from end to end.
        deleted_record: what the repository keeps of deletions (``no``, ``transient``, ``persistent``).
        reconcile_days: compare all identifiers with the repository's this often; ``None``: only by command.
        max_deleted_share: more than this share of the records is never taken for deleted without confirmation.
        enabled: harvested by ``up`` and by the schedule.
    """

    id: str
    name: str
    endpoint: str
    kind: Kind = "oai"
    describes: Literal["articles", "journals"] = "articles"
    enriches: str | None = None
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    queries: tuple[str, ...] = ()
    metadata_prefixes: tuple[str, ...] = ("oai_dc",)
    set_spec: str | None = None
    slice: Slice | None = None
    granularity: Literal["day", "second"] = "day"
    pace_seconds: float = 1.0
    hours: str | None = None
    first_days: int | None = None
    lag_days: int = 0
    first_requests: int | None = None
    first_records: int | None = None
    every_hours: float = 24.0
    license_note: str = ""
    contact: str = ""
    homepage: str = ""
    redirect_hosts: tuple[str, ...] = ()
    timeout_seconds: float = 60.0
    answer_seconds: float = 900.0
    attempts: int = 4
    retry_wait_seconds: float = 1.0
    max_page_bytes: int = 128 * _MIB
    whole: bool | None = None
    deleted_record: Literal["no", "transient", "persistent"] = "transient"
    reconcile_days: int | None = None
    max_deleted_share: float = 0.05
    enabled: bool = True

    @property
    def is_file(self) -> bool:
        """Tell whether the source is a file or folder on this machine."""
        return self.kind in FILE_KINDS

    @property
    def names_everything(self) -> bool:
        """Tell whether what a complete list does not name is gone."""
        return self.kind != "oai" and self.kind not in _PARTIAL_KINDS if self.whole is None else self.whole

    @property
    def host(self) -> str:
        """Return host and port of the endpoint: what pace and concurrency are counted by; each file is its own."""
        return f"file:{self.id}" if self.is_file else urlsplit(self.endpoint).netloc.lower()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Source:
        """Build a definition from plain values and check each; raise ``SourceError`` naming what is wrong."""
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise SourceError(
                f"Source {values.get('id')!r}: unknown setting {', '.join(unknown)}. Known: {', '.join(known)}."
            )
        if values.get("kind") == "oalib":
            values = {"pace_seconds": LEAST_CRAWL_PACE, **values}
        try:
            source = _checker().validate_python({name: _listed(name, value) for name, value in values.items()})
        except ValidationError as error:
            wrong = "; ".join(
                f"{item['loc'][0] if item['loc'] else ''}: {item['msg']}" for item in error.errors(include_url=False)
            )
            raise SourceError(
                f"Source {values.get('id')!r}: {wrong}. Correct it; at least id, name and endpoint are needed."
            ) from error
        source.check()
        return source.completed()

    @property
    def is_on_this_machine(self) -> bool:
        """Tell whether a source is served by this machine (loopback)."""
        try:
            host = urlsplit(self.endpoint).hostname or ""
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:  # a name, or no address at all
            return False

    def completed(self) -> Source:
        """Fill in what the kind decides."""
        if self.kind == "oai":
            return self
        journals = self.kind == "doaj-journals"
        return dataclasses.replace(
            self,
            metadata_prefixes=(FORMATS[self.kind],),
            describes="journals" if journals else self.describes,
            pace_seconds=0.0 if self.is_file else self.pace_seconds,
            slice=None,
            set_spec=None,
        )

    def values(self) -> dict[str, Any]:
        """Return the definition as plain values that :meth:`of` reads back."""
        return dataclasses.asdict(self)

    def check(self) -> None:
        """Raise ``SourceError`` where a value makes no sense, with what it should be."""
        try:
            parts = urlsplit(self.endpoint)
        except ValueError:  # such as an unclosed [
            parts = urlsplit("")
        checks = (
            (
                _ID.fullmatch(self.id),
                f"id {self.id!r} must be lower-case letters, digits, '.', '_' or '-', at most 63.",
            ),
            (self.name.strip(), "name is empty; give the name that readers shall see."),
            (
                self.is_file or (parts.scheme in {"http", "https"} and parts.hostname and not parts.username),
                f"endpoint {self.endpoint!r} must be an http or https address without a password in it.",
            ),
            (
                not self.is_file or (self.endpoint.strip() and "\0" not in self.endpoint),
                f"endpoint {self.endpoint!r} must be the path of a file or folder.",
            ),
            (
                self.enriches is None or _ID.fullmatch(self.enriches),
                f"enriches {self.enriches!r} must be the id of a source.",
            ),
            (
                self.metadata_prefixes and all(self.metadata_prefixes),
                "metadata_prefixes needs at least one format, such as oai_dc.",
            ),
            (self.slice in {None, "day", "month"}, "slice must be 'day' or 'month', or left out."),
            (self.granularity in {"day", "second"}, "granularity must be 'day' or 'second'."),
            (self.hours is None or _HOURS.fullmatch(self.hours), "hours must look like '21-05', from 00 to 23."),
            *(self._bounded(name, *bounds) for name, bounds in _BOUNDS.items()),
            (
                self.kind != "oalib" or self.pace_seconds >= LEAST_CRAWL_PACE or self.is_on_this_machine,
                (
                    f"pace_seconds is {self.pace_seconds:g}, but a site that is crawled is asked no more often than "
                    f"every {LEAST_CRAWL_PACE:g} s. Set pace_seconds={LEAST_CRAWL_PACE:g} or more."
                ),
            ),
        )
        for passed, message in checks:
            if not passed:
                raise SourceError(f"Source {self.id!r}: {message}")

    def _bounded(self, name: str, least: float, most: float) -> tuple[bool, str]:
        """Check a number: infinities and centuries would trip clocks and schedules long after they were set."""
        value = getattr(self, name)
        return value is None or least <= value <= most, f"{name} must be between {least:g} and {most:g}, not {value!r}."


@functools.cache
def _checker() -> TypeAdapter[Source]:
    """Return what checks settings; making it takes longer than all else that reading a source takes."""
    return TypeAdapter(Source)


def _listed(name: str, value: object) -> object:
    """Take a single text for a list of one, where a list is wanted."""
    return [value] if isinstance(value, str) and name in {"metadata_prefixes", "redirect_hosts", "queries"} else value


def read_sources(path: Path, known: Iterable[Source] = ()) -> list[Source]:
    """Read a TOML file of source tables; a table with a known source's id changes only what it names.

    Raises:
        SourceError: with file and table, where one is wrong.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(
            f"Cannot read the sources file {path}: {error.strerror}. Check KAIJUAN_SOURCES_FILE."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not valid TOML: {error}. Correct the line named.") from error
    sources = {source.id: source for source in known}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SourceError(f'{path}: {name!r} must be a table, such as [{name}] with endpoint = "https://…".')
        before = sources[name].values() if name in sources else {"id": name, "name": name}
        sources[name] = Source.of({**before, **table})
    return list(sources.values())


def seed_sources() -> list[Source]:
    """Return the sources that come with the project."""
    return read_sources(_SEEDS)


def find_source(sources: Iterable[Source], wanted: str) -> Source:
    """Return the source with this id; raise ``SourceError`` that names those there are."""
    listed = list(sources)
    for source in listed:
        if source.id == wanted:
            return source
    raise unknown_source(wanted, [source.id for source in listed])


def unknown_source(wanted: str, known: Sequence[str]) -> SourceError:
    """Return the error for a source that is not there, which names those there are."""
    return SourceError(
        f"There is no source {wanted!r}. Known: {', '.join(known) or 'none'}. "
        "Add one with: kaijuan sources add URL --name NAME"
    )
