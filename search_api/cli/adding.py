"""``kaijuan sources add``: survey a repository or look into a file, show what was found, add the source."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import orjson

from harvesters.errors import HarvestError, SourceError
from harvesters.files.kinds import kind_by_name
from harvesters.files.places import count_kinds
from harvesters.listers import open_lister
from harvesters.oai.addresses import same_place
from harvesters.oai.repository import Identity
from harvesters.oai.survey import Survey, survey
from harvesters.pace import Pace
from harvesters.sampling import Sample, clean, sample
from harvesters.sources.definition import FILE_KINDS, FORMATS, Source
from harvesters.wording import counted
from search_api.cli.output import FAILED, print_json, print_table
from search_api.library import Library, open_library
from search_api.settings import read_settings

KINDS = ("oai", *FORMATS)
#: Whose records the sources that come with kaijuan bring.
_SEEDED_HOSTS = ("doaj.org", "ncbi.nlm.nih.gov")
_SHOWN_SETS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line asks for; ``None`` and empty where it says nothing."""

    place: str
    name: str | None
    title: str | None = None
    kind: str | None = None
    prefixes: tuple[str, ...] = ()
    set_spec: str | None = None
    slice_: str | None = None
    pace: float | None = None
    columns: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    redirect_hosts: tuple[str, ...] = ()
    may_test: bool = True
    anyway: bool = False
    dry_run: bool = False
    as_json: bool = False


def add_source(wishes: Wishes) -> int:
    """Do it and say how it went; return the exit code.

    Raises:
        SourceError: the wish itself is wrong, or the source is there already.
    """
    source, guessed = _source(wishes)
    with open_library(read_settings()) as library:
        _refuse_double(library, source, wishes)
        if guessed:
            click.echo(f"Taken for {source.kind} by its name; say otherwise with --kind.", err=True)
        if not wishes.may_test:
            return _finish(source, wishes, library, {})
        if source.kind == "oai":
            return _add_repository(source, wishes, library)
        return _add_other(source, wishes, library)


# --- what is meant ----------------------------------------------------------------------------------------------------


def _source(wishes: Wishes) -> tuple[Source, bool]:
    """Return the source as wished, and whether its kind was guessed."""
    kind, guessed = wishes.kind, False
    if kind is None:
        kind, guessed = _kind_of(wishes.place)
    place = wishes.place
    if kind in FILE_KINDS:
        place = str(_existing(place))
    name = wishes.name or ("new" if wishes.dry_run else None)
    if name is None:
        raise click.UsageError("Missing option '--name': a short name, such as our-repository.")
    values: dict[str, Any] = {
        "id": name,
        "name": wishes.title or name,
        "endpoint": place,
        "kind": kind,
        "set_spec": wishes.set_spec,
        "slice": None if wishes.slice_ == "none" else wishes.slice_,
        "columns": dict(map(_pair, wishes.columns)),
        "queries": list(wishes.queries),
        "redirect_hosts": list(wishes.redirect_hosts),
    }
    if kind == "oai":
        values["metadata_prefixes"] = list(wishes.prefixes) or ["oai_dc"]
    elif wishes.prefixes:
        raise click.UsageError(f"--prefix is for OAI-PMH repositories; {kind} has one format.")
    if wishes.pace is not None:
        values["pace_seconds"] = wishes.pace
    source = Source.of(values)
    if wishes.pace is None and source.is_on_this_machine:
        source = dataclasses.replace(source, pace_seconds=0.0)
    return source, guessed


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign or not field.strip() or not column.strip():
        raise click.UsageError(f"--column {text!r} must look like title=题名.")
    return field.strip(), column.strip()


def _existing(place: str) -> Path:
    path = Path(place).expanduser()
    if not path.exists():
        raise SourceError(f"There is no file or folder {place!r}. Check the path; an address begins with http://.")
    return path.resolve()


def _kind_of(place: str) -> tuple[str, bool]:
    """Take addresses for OAI-PMH, and guess the kind of a path from names.

    Raises:
        SourceError: no name says anything, or the files of a folder are of several kinds.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", place):
        return "oai", False
    path = _existing(place)
    found = count_kinds(path) if path.is_dir() else {kind_by_name(path.name): (1, path.name)}
    if len(found) > 1:
        named = ", ".join(f"{kind} {count:,} (such as {first})" for kind, (count, first) in found.items())
        raise SourceError(
            f"{place!r} has files of several kinds: {named}. A source reads one: say which with --kind, and add those "
            "of the others from folders of their own."
        )
    kind = next(iter(found), None)
    if kind is None:
        raise SourceError(f"What {place!r} is cannot be told from its name. Say it with --kind {'|'.join(FILE_KINDS)}.")
    return kind, True


def _refuse_double(library: Library, source: Source, wishes: Wishes) -> None:
    """Point to the source that has this place already, or that comes with kaijuan for this host."""
    for known in library.store.sources.all():
        if known.id == source.id and not wishes.dry_run:
            raise SourceError(f"There is a source {known.id!r} already. Choose another --name.")
        if _is_same(known, source):
            part = "" if source.is_file else " Another part of it can be added with --set or --query."
            raise SourceError(
                f"Source {known.id!r} harvests {known.endpoint} already: kaijuan harvest {known.id}.{part}"
            )
    if source.kind != "oai" or wishes.anyway or source.set_spec:
        return
    for host in _SEEDED_HOSTS:
        names = [known.id for known in library.store.sources.all() if _is_at(known.endpoint, host)]
        if names and _is_at(source.endpoint, host):
            raise SourceError(
                f"{source.endpoint} belongs to what comes with kaijuan: kaijuan harvest {' '.join(names)}. "
                "To add it all the same, give --yes."
            )


def _is_at(address: str, host: str) -> bool:
    try:
        at = urlsplit(address).hostname or ""
    except ValueError:  # a path such as [books]/list.csv
        return False
    return at == host or at.endswith("." + host)


def _is_same(known: Source, source: Source) -> bool:
    if known.kind != source.kind or known.set_spec != source.set_spec or known.queries != source.queries:
        return False
    if source.is_file:
        return known.endpoint == source.endpoint
    return same_place(known.endpoint) == same_place(source.endpoint)


# --- a repository -----------------------------------------------------------------------------------------------------


def _add_repository(source: Source, wishes: Wishes, library: Library) -> int:
    with library.alone_at(source):
        found = survey(source, Pace(), contact=library.settings.contact, prefixes_given=bool(wishes.prefixes))
    proposed = found.proposed
    if wishes.slice_ == "none":
        proposed = dataclasses.replace(proposed, slice=None, first_days=source.first_days)
    if not wishes.as_json:
        show_survey(found)
    if found.has_failed and not wishes.anyway:
        if wishes.as_json:
            print_json({**proposed.values(), "added": False, "survey": survey_values(found)})
        else:
            click.echo("Not added. Mend what is named above, or add it all the same with --yes.", err=True)
        return FAILED
    if proposed.endpoint != source.endpoint:
        _refuse_double(library, proposed, wishes)
    return _finish(proposed, wishes, library, {"survey": survey_values(found)})


def survey_values(found: Survey) -> dict[str, Any]:
    """Return a survey for JSON, without the proposal, which stands beside it."""
    values = found.values()
    del values["proposed"]
    return values


def show_survey(found: Survey) -> None:
    """Print what a repository said, what is proposed, and what was wrong."""
    if found.identity is not None:
        print_table("What the repository says", ("", ""), _said(found, found.identity))
    if found.findings:
        rows = [(one.state, one.what, one.remedy) for one in found.findings]
        print_table("What to know", ("", "what was found", "what to do"), rows)
    if found.identity is not None:
        print_table("Proposed settings", ("setting", "value"), _settings_rows(found.proposed))


def _said(found: Survey, identity: Identity) -> Iterator[tuple[str, object]]:
    yield "name", clean(identity.name)
    yield "base URL", clean(identity.base_url)
    yield "contact", clean(identity.contact)
    yield "granularity", clean(identity.granularity)
    yield "earliest datestamp", clean(identity.earliest_datestamp)
    yield "deletions", clean(identity.deleted_record)
    known = ", ".join(one.prefix for one in found.formats if one.is_known)
    other = ", ".join(one.prefix for one in found.formats if not one.is_known)
    yield "formats read here", known
    yield "other formats", other
    shown = "; ".join(f"{one.spec} ({one.name})" for one in found.sets[:_SHOWN_SETS])
    more = " …" if len(found.sets) > _SHOWN_SETS else ""
    yield f"sets ({len(found.sets):,}{' and more' if found.sets_cut else ''})", shown + more
    yield "heeds dates", {True: "yes", False: "no", None: "not known"}[found.heeds_dates]
    if found.sample is not None:
        yield from _page(found.sample)
    yield "asked", f"{counted(found.requests, 'request')} in {found.seconds} s"


def _page(found: Sample) -> Iterator[tuple[str, object]]:
    yield (
        "first page",
        (
            f"{counted(found.records, 'record')} in {found.metadata_prefix}, {found.seconds} s: "
            f"{found.usable:,} usable, {found.deleted:,} deleted, {found.damaged:,} damaged"
        ),
    )
    size = f"{found.list_size:,}" if found.list_size is not None else "not stated"
    yield "records in the list", size if found.has_more or found.list_size is not None else "one page"
    yield "first titles", "\n".join(found.titles)
    for one in found.unusable:
        named = "" if one.reason.startswith(one.identifier) else f"{one.identifier}: "
        yield "cannot be used", f"{named}{one.reason} {one.remedy}"


def _settings_rows(source: Source) -> list[tuple[str, object]]:
    """List the settings that are not at their default."""
    return [(name, shown(value)) for name, value in changed_settings(source).items()]


def changed_settings(source: Source) -> dict[str, Any]:
    """Return the settings of a source that differ from the defaults."""
    plain = Source(id=source.id, name=source.id, endpoint="")
    return {
        field.name: getattr(source, field.name)
        for field in dataclasses.fields(source)
        if getattr(source, field.name) != getattr(plain, field.name) or field.name == "id"
    }


def shown(value: object) -> object:
    """Write a setting as it is typed."""
    if isinstance(value, (tuple, list)):
        parts = [str(part) for part in value]
        return orjson.dumps(parts).decode() if any("," in part for part in parts) else ", ".join(parts)
    if isinstance(value, dict):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    return str(value) if isinstance(value, (bool, int, float)) else value


# --- files and the rest -----------------------------------------------------------------------------------------------


def _add_other(source: Source, wishes: Wishes, library: Library) -> int:
    brief = dataclasses.replace(source, attempts=1, timeout_seconds=min(source.timeout_seconds, 20.0))
    found: Sample | None = None
    wrong: str | None = None
    with (
        library.alone_at(source),
        contextlib.closing(open_lister(brief, Pace(), contact=library.settings.contact)) as lister,
    ):
        try:
            found, _ = sample(lister, brief, source.metadata_prefixes[0])
        except HarvestError as error:
            wrong = clean(str(error), 600)
    if found is not None and not wishes.as_json:
        print_table(f"What {source.endpoint} has", ("", ""), _page(found))
    if found is not None and not found.is_usable:
        wrong = "No record of the first page can be used. See the reasons; perhaps another --kind or --column."
    facts = {"sample": dataclasses.asdict(found) if found is not None else None}
    if wrong is not None and not wishes.anyway:
        if wishes.as_json:
            print_json({**source.values(), "added": False, "error": wrong, **facts})
        click.echo(f"Not added: {wrong} To add it all the same, give --yes.", err=True)
        return FAILED
    return _finish(source, wishes, library, facts)


def _finish(source: Source, wishes: Wishes, library: Library, facts: dict[str, Any]) -> int:
    if not wishes.dry_run:
        library.store.sources.add(source)
    if wishes.as_json:
        print_json({**source.values(), "added": not wishes.dry_run, **facts})
    elif wishes.dry_run:
        click.echo("Nothing was added. Leave out --dry-run to add it.")
    else:
        click.echo(f"Added {source.id}: {source.name}. Harvest it with: kaijuan harvest {source.id}")
    return 0


def compare(source: Source, found: Survey, ignoring: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """Return the settings that a survey proposes otherwise: name to (now, proposed)."""
    left = set(ignoring)
    return {
        field.name: (getattr(source, field.name), getattr(found.proposed, field.name))
        for field in dataclasses.fields(source)
        if field.name not in left and getattr(source, field.name) != getattr(found.proposed, field.name)
    }
