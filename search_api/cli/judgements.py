"""``kaijuan merge``, ``split``, ``distinct``, ``correct``, ``judgements``, ``review``, ``why``: what people decide."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Callable, Iterator
from typing import Any

import click

from harvesters.wording import counted
from indexer.errors import JudgementError, SearchIndexError, StoreBusyError, UnfitJudgementError, UnknownWorkError
from indexer.explaining import explain
from indexer.identity.corrections import FIELDS
from indexer.judging_desk import By, Decided, JudgingDesk
from indexer.storage.catalogue import StoredWork
from indexer.storage.review import Place, count_undecided, undecided
from search_api.cli.output import FAILED, print_json, print_table
from search_api.library import Library, open_library
from search_api.settings import read_settings
from search_api.told import decided_body, judgement_body, reasons_body, record_body, why_body

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_WHY = click.option("--why", "reason", required=True, help="The reason, for whoever asks later.")
_WHO = click.option("--who", default=None, help="Who decides; your login name, if left out.")
_LANGUAGE = click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
_RECORDS_SHOWN = 3


@contextlib.contextmanager
def _desk() -> Iterator[tuple[Library, JudgingDesk]]:
    """Open the desk; what cannot be judged is a wrong command (2), what does not fit how things stand is not (1)."""
    with open_library(read_settings()) as library:
        try:
            yield library, JudgingDesk(library.store, library.pipeline)
        except UnfitJudgementError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(FAILED) from None
        except JudgementError as error:
            raise click.UsageError(str(error)) from None


def _by(who: str | None, reason: str) -> By:
    return By(who=who if who is not None else _login(), reason=reason)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return "command line"


def _decide(judge: Callable[[JudgingDesk], Decided], *, as_json: bool) -> None:
    with _desk() as (library, desk):
        decided = judge(desk)
        follows = _follow(library)
    if as_json:
        print_json({**decided_body(decided), "index_follows": follows})
        return
    one = decided.judgement
    for given, target in decided.redirected.items():
        click.echo(f"Work {given} is {target} since a merge.")
    click.echo(
        f"Judgement {one.id} ({one.state.replace('_', ' ')})" + ("." if decided.created else ": it held already.")
    )
    click.echo(f"Its records are in: {', '.join(decided.works) or 'no work now'}.")
    if decided.overrules:
        click.echo(f"It overrules: {', '.join(decided.overrules)}.")
    if decided.restores:
        click.echo(f"These hold again: {', '.join(decided.restores)}.")
    if not follows:
        click.echo("The search index follows with the next kaijuan index, or while kaijuan up runs.", err=True)


def _follow(library: Library) -> bool:
    """Bring the index up to the change; what was judged holds, also where that cannot be done now."""
    try:
        library.bring_up_to_date(limit=0)
    except (StoreBusyError, SearchIndexError):
        return False
    return True


@click.command()
@click.argument("works", nargs=-1, required=True)
@_WHY
@_WHO
@_JSON
def merge(works: tuple[str, ...], *, reason: str, who: str | None, as_json: bool) -> None:
    """Judge that WORKS are one; it holds against the machine until it is undone.

    \b
    Example: kaijuan merge w3k9q0x7m2a1bc doi:10.1000/182 --why "The repository left out the DOI."
    """
    _decide(lambda desk: desk.merge(works, _by(who, reason)), as_json=as_json)


@click.command()
@click.argument("work")
@click.option(
    "--apart",
    "records",
    multiple=True,
    required=True,
    metavar="RECORD",
    help="A record of another work: its id (m…) or source:identifier, as `kaijuan why` shows them. Repeat for more.",
)
@click.option("--each", is_flag=True, help="Each of these is a work of its own, not one together.")
@_WHY
@_WHO
@_JSON
def split(work: str, *, records: tuple[str, ...], each: bool, reason: str, who: str | None, as_json: bool) -> None:
    """Judge that records of WORK are of another work; those that are not named stay together.

    \b
    Example: kaijuan split w3k9q0x7m2a1bc --apart doaj:oai:doaj.org/article:01 --why "Part II has its own record."
    """
    groups = [[record] for record in records] if each else [records]
    _decide(lambda desk: desk.split(work, groups, _by(who, reason)), as_json=as_json)


@click.command()
@click.argument("works", nargs=-1, required=True)
@_WHY
@_WHO
@_JSON
def distinct(works: tuple[str, ...], *, reason: str, who: str | None, as_json: bool) -> None:
    """Judge that WORKS are not the same, whatever the machine may come to think.

    \b
    Example: kaijuan distinct w3k9q0x7m2a1bc w5t2v8n4d6e0fg --why "Two editorials of one issue."
    """
    _decide(lambda desk: desk.distinct(works, _by(who, reason)), as_json=as_json)


@click.command(
    epilog=f"Fields: {', '.join(FIELDS)}. Authors with semicolons, languages with commas between them.",
)
@click.argument("work")
@click.argument("field")
@click.argument("value")
@_WHY
@_WHO
@_JSON
def correct(work: str, field: str, value: str, *, reason: str, who: str | None, as_json: bool) -> None:
    """Correct a FIELD of WORK; an empty VALUE ("") says that it has none.

    \b
    Example: kaijuan correct w3k9q0x7m2a1bc published 2024-03 --why "As printed on the first page."
             kaijuan correct w3k9q0x7m2a1bc authors "Li, Ming; Smith, Jane" --why "One was missing."
    """
    _decide(lambda desk: desk.correct(work, field, value, _by(who, reason)), as_json=as_json)


@click.group(invoke_without_command=True)
@click.option("--work", help="Only those that name a record of this work.")
@click.option("--kind", type=click.Choice(["same", "different", "correct"]), help="Only of this kind.")
@click.option("--undone/--not-undone", default=None, help="Only those that were undone, or were not.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Rows, newest first.")
@_JSON
@click.pass_context
def judgements(
    context: click.Context, *, work: str | None, kind: Any, undone: bool | None, limit: int, as_json: bool
) -> None:
    """List what people judged, and how it stands: in force, overruled, sleeping or undone.

    \b
    Example: kaijuan judgements
             kaijuan judgements --work w3k9q0x7m2a1bc
             kaijuan judgements undo j0a1b2c3d4e5fg --why "I mistook part I for part II."
    """
    if context.invoked_subcommand is not None:
        return
    with _desk() as (library, desk):
        key = None if work is None else _active(library, work).key
        found = desk.log.page(work_key=key, kind=kind, undone=undone, limit=limit)
    rows = [judgement_body(one) for one in found]
    if as_json:
        for row in rows:
            print_json(row)
        return
    print_table(
        "Judgements",
        ("id", "kind", "state", "what", "records", "who", "at", "reason"),
        [
            (row["id"], row["kind"], row["state"], _what(row), _records(row), row["who"], row["at"], row["reason"])
            for row in rows
        ],
    )


def _what(row: dict[str, Any]) -> str | None:
    if row["field"] is None:
        return None
    value = row["value"]
    return f"{row['field']} = {'; '.join(value) if isinstance(value, tuple) else value or '(none)'}"


def _records(row: dict[str, Any]) -> str:
    named = [f"{one['source']}:{one['identifier']} ({one['group']})" for one in row["records"][:_RECORDS_SHOWN]]
    more = row["record_count"] - len(named)
    return "\n".join([*named, *([f"and {more:,} more"] if more else [])])


@judgements.command()
@click.argument("judgement")
@_WHY
@_WHO
@_JSON
def undo(judgement: str, *, reason: str, who: str | None, as_json: bool) -> None:
    """Take a JUDGEMENT back; it stays in the list, and what older ones said counts again.

    \b
    Example: kaijuan judgements undo j0a1b2c3d4e5fg --why "I mistook part I for part II."
    """
    _decide(lambda desk: desk.undo(judgement, _by(who, reason)), as_json=as_json)


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Pairs to show.")
@click.option("--after", help="Begin after this place: the one that --json shows with a pair.")
@_LANGUAGE
@_JSON
def review(*, limit: int, after: str | None, language: Any, as_json: bool) -> None:
    """List works that may be one and were not decided: the likeliest first, among those what touches most records.

    Then say `kaijuan merge` or `kaijuan distinct`.

    \b
    Example: kaijuan review --limit 10
    """
    with _desk() as (library, _):
        found = undecided(library.store.database, limit=limit, after=Place.read(after) if after else None)
        count = count_undecided(library.store.database)
    if as_json:
        for one in found:
            print_json(
                {
                    "place": str(one.place),
                    "score": round(one.pair.score, 3),
                    "records": one.records,
                    "left": record_body(one.left),
                    "right": record_body(one.right),
                    "reasons": reasons_body(one.pair.reasons, language),
                }
            )
        return
    rows = [
        (
            f"{one.pair.score:.0%}",
            one.records,
            *(f"{side.title} ({side.year or '–'})\n{side.work} · {side.source}" for side in (one.left, one.right)),
            " ".join(str(reason["text"]) for reason in reasons_body(one.pair.reasons, language)),
        )
        for one in found
    ]
    print_table(f"{counted(count, 'undecided pair')} of records", ("score", "records", "left", "right", "why"), rows)


@click.command()
@click.argument("work")
@_LANGUAGE
@_JSON
def why(work: str, *, language: Any, as_json: bool) -> None:
    """Explain why the records of WORK are one, what was kept out, and what is undecided.

    \b
    Example: kaijuan why w3k9q0x7m2a1bc
             kaijuan why doi:10.1000/182 --language zh
    """
    with _desk() as (library, _):
        found = _active(library, work)
        explanation = explain(library.store, found)
    if as_json:
        print_json(why_body(explanation, language))
        return
    from search_api.cli.why_text import why_lines  # noqa: PLC0415  # the page's words take a moment to load

    if found.id != work:
        click.echo(f"{work} → {found.id}", err=True)
    for line in why_lines(explanation, language):
        click.echo(line)


def _active(library: Library, wanted: str) -> StoredWork:
    work = library.store.catalogue.find(wanted)
    target = library.store.catalogue.target(work) if work is not None else None
    if target is None:
        gone = " any more" if work is not None else ""
        raise UnknownWorkError(
            f"There is no work {wanted[:80]!r}{gone}.", remedy="Search for its title: kaijuan search."
        )
    return target
