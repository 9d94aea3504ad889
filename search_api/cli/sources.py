"""``kaijuan sources``: list them, add, show, change, pause and remove one."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import click
import orjson

from harvesters.errors import SourceError
from harvesters.oai.survey import Survey, survey
from harvesters.pace import Pace
from harvesters.sources.definition import Source, read_sources, seed_sources
from harvesters.wording import counted
from search_api.cli.adding import KINDS, Wishes, add_source, compare, show_survey, shown, survey_values
from search_api.cli.output import print_json, print_table
from search_api.library import Library, open_library
from search_api.overview import source_rows
from search_api.settings import Settings, read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
#: What a survey does not decide.
_PERSONAL = ("id", "name", "contact", "slice", "first_days", "endpoint")


@click.group(invoke_without_command=True)
@_JSON
@click.pass_context
def sources(context: click.Context, *, as_json: bool) -> None:
    """List the sources with their counts, last harvest and lag; the commands below add, show and change one.

    \b
    Example: kaijuan sources
             kaijuan sources add https://example.org/oai --name example
             kaijuan sources set example pace_seconds=3
    """
    if context.invoked_subcommand is not None:
        return
    with open_library(read_settings()) as library:
        rows = source_rows(library)
        unusable = library.store.sources.unusable()
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = (
        "source",
        "records",
        "deleted",
        "usable",
        "quarantined",
        "complete until",
        "lag",
        "last harvest",
        "address",
    )
    print_table("Sources", columns, [_row(row) for row in rows])
    for source in unusable:
        click.echo(f"{source.reason} {source.remedy}", err=True)


def _row(row: dict[str, Any]) -> list[object]:
    return [
        f"{row['id']} (unusable)" if row["problem"] else row["id"] if row["enabled"] else f"{row['id']} (paused)",
        row["records"],
        row["deleted"],
        row["manifestations"],
        row["quarantined"],
        row["complete_until"],
        counted(row["lag_days"], "day") if row["lag_days"] else None,
        _last(row),
        row["endpoint"],
    ]


def _last(row: dict[str, Any]) -> str | None:
    last = row["last_harvest"]
    if not last:
        return None
    expected = last["expected"] if last["expected"] is not None else "?"
    return f"{last['status']}, {last['received']:,} of {expected}"


@sources.command()
@click.argument("place", metavar="URL|PATH")
@click.option("--name", help="Short name, such as our-repository.")
@click.option("--kind", type=click.Choice(KINDS), help="What it is; an address is OAI-PMH, a path is guessed.")
@click.option("--prefix", "prefixes", multiple=True, help="Metadata format (default: the best); repeat, best first.")
@click.option("--set", "set_spec", help="Only this set.")
@click.option("--title", help="Name that readers see.")
@click.option(
    "--slice",
    "slice_",
    type=click.Choice(["day", "month", "none"]),
    help="Cut lists by date; only where the repository heeds dates (default: as it needs).",
)
@click.option("--pace", type=click.FloatRange(min=0), help="Seconds between requests (default 1; 0 on this machine).")
@click.option("--column", "columns", multiple=True, help="What a column is called: title=题名; repeat for more.")
@click.option("--query", "queries", multiple=True, help="Search or list to follow (oalib, doaj-api, pmc-bucket).")
@click.option("--redirect-host", "redirect_hosts", multiple=True, help="Another host that redirects may lead to.")
@click.option("--no-test", "untested", is_flag=True, help="Add it without asking or opening it.")
@click.option("--yes", "anyway", is_flag=True, help="Add it although something is wrong with it.")
@click.option("--dry-run", is_flag=True, help="Show what is found and proposed; add nothing.")
@_JSON
def add(place: str, *, untested: bool, **given: Any) -> None:
    """Add an OAI-PMH repository by its address, or a file or folder by its path.

    A repository is asked what it is and has, and one page is tried; the settings follow from that. One that is silent
    today is added all the same, with a warning. Of a file the first records are read.

    \b
    Example: kaijuan sources add https://repository.example.edu/oai --name our-repository
             kaijuan sources add theses.csv --name theses --column title=题名 --column author=作者
             kaijuan sources add https://repository.example.edu/ --dry-run
    """
    raise SystemExit(add_source(Wishes(place=place, may_test=not untested, **given)))


@sources.command()
@click.argument("name")
@click.option("--ask", is_flag=True, help="Ask the repository again and show what it would be set to.")
@_JSON
def show(name: str, *, ask: bool, as_json: bool) -> None:
    """Show all settings of a source, its counts and its last harvest.

    \b
    Example: kaijuan sources show doaj
             kaijuan sources show our-repository --ask
    """
    with open_library(read_settings()) as library:
        source = library.store.sources.get(name)
        row = next(one for one in source_rows(library) if one["id"] == name)
        found = _asked(library, source) if ask else None
    proposals = compare(source, found, _PERSONAL) if found is not None and found.identity is not None else {}
    if as_json:
        asked = {} if found is None else {"survey": survey_values(found), "proposals": proposals}
        print_json({"settings": source.values(), **row, **asked})
        return
    print_table(f"Settings of {name}", ("setting", "value"), [(key, shown(v)) for key, v in source.values().items()])
    counts = ("records", "deleted", "manifestations", "quarantined", "complete_until")
    facts = [(key.replace("_", " "), row[key]) for key in counts]
    print_table("What is here", ("", ""), [*facts, ("last harvest", _last(row)), ("why", _why(row))])
    if found is not None:
        show_survey(found)
        if proposals:
            better = " ".join(f"{key}={_typed_as(value)}" for key, (_, value) in proposals.items())
            click.echo(f"Set otherwise here; to follow the repository: kaijuan sources set {name} {better}")


def _typed_as(value: object) -> str:
    """Write a setting as ``sources set`` takes it."""
    if value is None:
        return "none"
    if isinstance(value, dict):
        return shlex.quote(orjson.dumps(value).decode())
    if isinstance(value, (tuple, list)) and not any("," in str(part) for part in value):
        return shlex.quote(",".join(map(str, value)))
    return shlex.quote(str(shown(value)))


def _asked(library: Library, source: Source) -> Survey:
    if source.kind != "oai":
        raise click.UsageError(f"--ask is for OAI-PMH repositories; {source.id} is of the kind {source.kind}.")
    with library.alone_at(source):
        return survey(source, Pace(), contact=library.settings.contact, prefixes_given=True)


def _why(row: dict[str, Any]) -> str | None:
    return row["last_harvest"]["error"] if row["last_harvest"] else None


@sources.command("set")
@click.argument("name")
@click.argument("changes", metavar="KEY=VALUE…", nargs=-1, required=True)
@_JSON
def set_(name: str, *, changes: tuple[str, ...], as_json: bool) -> None:
    """Change settings of a source; docs/sources.md explains each.

    Lists have commas between their parts; one whose parts have commas themselves is written as JSON. `none` leaves a
    setting out. A source whose stored settings cannot be used is mended so.

    \b
    Example: kaijuan sources set our-repository pace_seconds=3 hours=21-05
             kaijuan sources set our-repository metadata_prefixes=marcxml,oai_dc slice=none
             kaijuan sources set oalib 'queries=["ice, snow and water", "journal:4054"]'
    """
    _change(name, _assignments(changes), as_json=as_json)


@sources.command()
@click.argument("name")
@_JSON
def pause(name: str, *, as_json: bool) -> None:
    """Leave a source out of `kaijuan up` and its schedule; its records stay.

    \b
    Example: kaijuan sources pause our-repository
    """
    _change(name, {"enabled": "false"}, as_json=as_json)


@sources.command()
@click.argument("name")
@_JSON
def resume(name: str, *, as_json: bool) -> None:
    """Harvest a paused source by schedule again.

    \b
    Example: kaijuan sources resume our-repository
    """
    _change(name, {"enabled": "true"}, as_json=as_json)


@sources.command()
@click.argument("name")
@_JSON
def remove(name: str, *, as_json: bool) -> None:
    """Remove a source that never brought a record; one that has records can only be paused.

    \b
    Example: kaijuan sources remove misspelt
    """
    settings = read_settings()
    if name in _seeded(settings):
        raise SourceError(
            f"Source {name!r} stands in a sources file and would come back. Stop harvesting it with: "
            f"kaijuan sources pause {name}"
        )
    with open_library(settings) as library, library.alone_with(name):
        library.store.sources.remove(name)
    if as_json:
        print_json({"id": name, "removed": True})
    else:
        click.echo(f"Removed {name}.")


def _seeded(settings: Settings) -> set[str]:
    seeds = seed_sources()
    file = settings.sources_file
    return {source.id for source in (seeds if file is None else read_sources(file, seeds))}


def _change(name: str, changes: dict[str, str], *, as_json: bool) -> None:
    with open_library(read_settings()) as library:
        stored = library.store.sources
        is_unusable = name in {source.id for source in stored.unusable()}
        if is_unusable:
            before = stored.kept_settings(name)
            after = mended(before, changes)
        else:
            source = stored.get(name)
            before, after = source.values(), changed(source, changes)
        stored.update(after)
    _print_change(before, after, was_unusable=is_unusable, as_json=as_json)


def _print_change(before: Mapping[str, Any], after: Source, *, was_unusable: bool, as_json: bool) -> None:
    if as_json:
        print_json(after.values())
        return
    different = [
        (name, shown(before.get(name)), shown(value))
        for name, value in after.values().items()
        if shown(before.get(name)) != shown(value)
    ]
    if different:
        print_table(f"Changed {after.id}", ("setting", "before", "now"), different)
    if was_unusable:
        click.echo(f"{after.id} can be used again.")
    elif not different:
        click.echo(f"{after.id} is so already; nothing was changed.")


def _assignments(texts: Iterable[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in texts:
        key, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not key:
            raise click.UsageError(f"{text!r} must look like pace_seconds=3.")
        if key in given:
            raise click.UsageError(f"{key} is given twice. Give it once; a list as {key}=one,two.")
        given[key] = value
    return given


def changed(source: Source, changes: dict[str, str]) -> Source:
    """Return a source with settings changed as typed.

    Raises:
        SourceError: an unknown setting, a wrong value, or one that makes it another source.
    """
    fixed = sorted({"id", "kind"} & set(changes))
    if fixed:
        raise SourceError(f"{fixed[0]} cannot be changed: the records belong to it. Add another source instead.")
    return Source.of({**source.values(), **_typed_all(changes)})


def mended(kept: Mapping[str, Any], changes: dict[str, str]) -> Source:
    """Return a source whose stored settings could not be used, from what could be read of them and what is typed.

    Raises:
        SourceError: something is still wrong, or it would be another source.
    """
    fixed = sorted({"id", *({"kind"} if kept.get("kind") in KINDS else ())} & set(changes))
    if fixed:
        raise SourceError(f"{fixed[0]} cannot be changed: the records belong to it. Add another source instead.")
    return Source.of({**kept, **_typed_all(changes)})


def _typed_all(changes: Mapping[str, str]) -> dict[str, object]:
    types = {field.name: str(field.type) for field in dataclasses.fields(Source)}
    return {key: _typed(key, value, types.get(key, "str")) for key, value in changes.items()}


def _typed(key: str, value: str, kind: str) -> object:
    """Read a value as its setting needs it; numbers and truth are read by ``Source.of``."""
    if "None" in kind and value.lower() in {"", "none", "null"}:
        return None
    if kind.startswith("tuple"):
        return read_list(key, value)
    if kind.startswith("Mapping"):
        try:
            return orjson.loads(value or "{}")
        except orjson.JSONDecodeError as error:
            raise SourceError(f'{key} must be JSON, such as {{"title": "题名"}}: {error}.') from error
    return value


def read_list(key: str, value: str) -> list[str]:
    """Read a list: parts with commas between them, or JSON, for parts that have commas themselves.

    A text may begin with a bracket itself (DOAJ's ranges do: ``[2019 TO 2020]``): JSON has a quotation mark behind it.
    """
    if not re.match(r'\[\s*"', value):
        return [one.strip() for one in value.split(",") if one.strip()]
    try:
        parts = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f'{key} must be parts with commas, or JSON such as ["ice, snow", "water"]: {error}.'
        ) from error
    if not all(isinstance(part, str) for part in parts):
        raise SourceError(f'{key} must be a list of texts, such as ["ice, snow", "water"].')
    return [part.strip() for part in parts if part.strip()]
