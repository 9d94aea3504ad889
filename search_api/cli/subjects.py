"""``kaijuan subjects``: the subject tree, where headings lead in it, and what leads nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from harvesters.wording import counted
from indexer.search.query import Query
from indexer.storage.subjects import SubjectChange
from indexer.subjects.classifying import SubjectMapping
from search_api.cli.edits import JSON, WHO, WHY, desk, follow, signed
from search_api.cli.output import print_json, print_table
from search_api.desk_edits import change_body
from search_api.library import Library
from search_api.searching import Searcher
from search_api.subject_files import COLUMNS, LARGEST_FILE, NO_CLASS, read_mappings, write_rows
from search_api.subjects import MOST_UNMAPPED, class_body, count_classes, list_unmapped, path_body, tree_body

_LANGUAGE = click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
_SHOWN = 10


@click.group()
def subjects() -> None:
    """Browse and edit the subject tree (Chinese Library Classification), see docs/subjects.md.

    \b
    Example: kaijuan subjects tree
             kaijuan subjects unmapped
             kaijuan subjects map LCC QA76 TP3 --why "So is our shelving."
    """


@subjects.command()
@click.argument("code", required=False)
@click.option("--query", "q", default="", help="Count only the works that this query finds.")
@click.option("--depth", type=click.IntRange(1, 8), default=2, show_default=True, help="Levels to show.")
@_LANGUAGE
@JSON
def tree(*, code: str | None, q: str, depth: int, language: str, as_json: bool) -> None:
    """Show the tree, or what is below class CODE, with the number of works in each.

    \b
    Example: kaijuan subjects tree
             kaijuan subjects tree R --query "machine learning"
    """
    with desk() as library:
        known = library.store.subjects.tree()
        found = known.get(code.upper()) if code else None
        if code and found is None:
            raise click.UsageError(f"There is no class {code[:40]!r}. See all of them with: kaijuan subjects tree")
        counts = count_classes(library, Searcher(library), Query(text=q))
        below = found.code if found else None
        if as_json:
            top = {**class_body(found, counts), "path": path_body(known, found.code)} if found else {}
            print_json(
                {
                    **top,
                    "works_in_all": counts.works,
                    "unclassed": counts.unclassed,
                    "children": tree_body(known, counts, depth, below),
                }
            )
            return
        start = len(known.path(below)) if below else 0
        rows = [
            (f"{'  ' * (len(path) - start - 1)}{one.code}", one.name(language), counts.by_code.get(one.code, 0))
            for one in known
            if start < len(path := known.path(one.code)) <= start + depth
            and known.is_shown(one.code)
            and (below is None or below in path)
        ]
    title = f"{found.code} {found.name(language)}" if found else "Subjects"
    print_table(
        f"{title}: {counted(counts.works, 'work')}, {counts.unclassed:,} in no class", ("code", "name", "works"), rows
    )


@subjects.command("map")
@click.argument("scheme")
@click.argument("value")
@click.argument("code")
@WHY
@WHO
@JSON
def map_(*, scheme: str, value: str, code: str, reason: str, who: str | None, as_json: bool) -> None:
    """Say that VALUE of SCHEME (LCC, CLC, MeSH, keyword …) leads to class CODE.

    A class mark of LCC or CLC speaks for all that begin so, unless a longer one says otherwise.

    \b
    Example: kaijuan subjects map LCC QA76 TP3 --why "So is our shelving."
             kaijuan subjects map keyword 老年护理 R4 --why "Asked for at the desk."
    """
    _map([SubjectMapping(scheme=scheme, value=value, code=code)], reason, who, as_json=as_json)


@subjects.command()
@click.argument("scheme")
@click.argument("value")
@WHY
@WHO
@JSON
def unmap(*, scheme: str, value: str, reason: str, who: str | None, as_json: bool) -> None:
    """Say that VALUE of SCHEME leads to no class; it is not listed as unmapped any more.

    \b
    Example: kaijuan subjects unmap PMC "Award winners" --why "No subject."
    """
    _map([SubjectMapping(scheme=scheme, value=value, code=None)], reason, who, as_json=as_json)


@subjects.command()
@click.argument("code")
@click.option("--zh", "name_zh", help="Its Chinese name.")
@click.option("--en", "name_en", help="Its English name.")
@click.option("--parent", help="The class above; a new class without one stands at the top.")
@WHY
@WHO
@JSON
def name(
    *,
    code: str,
    name_zh: str | None,
    name_en: str | None,
    parent: str | None,
    reason: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Give class CODE another name, or make it: a class of your own needs both names.

    \b
    Example: kaijuan subjects name G25 --zh 图书馆学 --en "Library science" --why "Our readers' word."
             kaijuan subjects name R199 --zh 校园健康 --en "Campus health" --parent R1 --why "Asked for."
    """
    by = signed(who, reason)
    with desk() as library:
        told = library.store.subjects.set_class(code, by, name_zh=name_zh, name_en=name_en, parent=parent)
        _tell(library, [told], as_json=as_json)


@subjects.command()
@click.argument("code")
@click.option("--show", "is_shown", is_flag=True, help="Show it again.")
@WHY
@WHO
@JSON
def hide(*, code: str, is_shown: bool, reason: str, who: str | None, as_json: bool) -> None:
    """Leave class CODE, and what is below it, out of the tree; works stay in it.

    \b
    Example: kaijuan subjects hide E --why "Nothing of it here."
    """
    by = signed(who, reason)
    with desk() as library:
        told = library.store.subjects.set_class(code, by, hidden=not is_shown)
        _tell(library, [told], as_json=as_json)


@subjects.command()
@click.option("--scheme", help="Only of this scheme, written just so.")
@click.option("--containing", "text", default="", help="Only what contains this.")
@click.option("--limit", type=click.IntRange(1, MOST_UNMAPPED), default=50, show_default=True)
@JSON
def unmapped(*, scheme: str | None, text: str, limit: int, as_json: bool) -> None:
    """List what works have as subjects and nobody knows a class for, the most frequent first.

    Keywords are listed only of works that are in no class at all.

    \b
    Example: kaijuan subjects unmapped --scheme LCC
    """
    with desk() as library:
        found = list_unmapped(library, scheme=scheme, text=text, most=limit)
    if as_json:
        for one, count in found:
            print_json({"scheme": one.scheme, "code": one.code, "term": one.term, "count": count})
        return
    rows = [(one.scheme, one.code, one.term, count) for one, count in found]
    print_table("Subjects that lead to no class", ("scheme", "code", "term", "works"), rows)


@subjects.command()
@click.option("--kind", type=click.Choice(["mapping", "class"]), default="mapping", show_default=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@JSON
def changes(*, kind: str, limit: int, as_json: bool) -> None:
    """List what the library changed, the newest first, undone changes too.

    \b
    Example: kaijuan subjects changes --kind class
    """
    with desk() as library:
        table = library.store.subjects
        found = table.changes("class" if kind == "class" else "mapping", before=None, limit=limit)
    shown = [change_body(one) for _, one in found]
    if as_json:
        for body in shown:
            print_json(body)
        return
    rows = [(one.id, one.state, *_said(one), one.note, one.who, one.at.date()) for _, one in found]
    print_table("Changes of subjects", ("id", "state", "what", "leads to", "reason", "who", "on"), rows)


@subjects.command()
@click.argument("change")
@WHY
@WHO
@JSON
def undo(*, change: str, reason: str, who: str | None, as_json: bool) -> None:
    """Take CHANGE back (its id from `kaijuan subjects changes`); what an older one said counts again.

    \b
    Example: kaijuan subjects undo m12 --why "That was another journal."
    """
    by = signed(who, reason)
    with desk() as library:
        body = change_body(library.store.subjects.undo(change, by))
        follows = follow(library)
    if as_json:
        print_json({"change": body, "index_follows": follows})
    else:
        click.echo(f"Change {body['id']} is undone.")


@subjects.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@WHY
@WHO
@JSON
def import_(*, file: Path, reason: str, who: str | None, as_json: bool) -> None:
    """Take over mappings from a table FILE: columns scheme, value, code; "-" as code is "to no class".

    Rows without a code are passed over, so that a list from `export --unmapped` can be filled in bit by bit. All
    rows are taken, or none.

    \b
    Example: kaijuan subjects import mappings.csv --why "List of November."
    """
    by = signed(who, reason)
    with desk() as library, file.open("rb") as opened:
        read = read_mappings(opened.read(LARGEST_FILE + 1))
        told = library.store.subjects.map_many(read.mappings, by)
        follows = follow(library)
    created = sum(is_new for _, is_new in told)
    if as_json:
        print_json(
            {"created": created, "held": len(told) - created, "without_code": read.empty, "index_follows": follows}
        )
        return
    click.echo(
        f"{counted(created, 'mapping')} taken over; {len(told) - created:,} held already, "
        f"{read.empty:,} rows have no code yet."
    )


@subjects.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--unmapped", "is_unmapped", is_flag=True, help="What leads nowhere, to be filled in, instead of mappings."
)
def export(*, file: Path, is_unmapped: bool) -> None:
    """Write the library's mappings to a table FILE (CSV for spreadsheets) that `import` reads.

    \b
    Example: kaijuan subjects export mappings.csv
             kaijuan subjects export todo.csv --unmapped
    """
    with desk() as library:
        known = library.store.subjects.tree()
        rows: list[Sequence[object]]
        if is_unmapped:
            found = list_unmapped(library, scheme=None, text="", most=MOST_UNMAPPED)
            columns: Sequence[str] = (*COLUMNS, "term", "works")
            rows = [(one.scheme, one.code or one.term, "", one.term, count) for one, count in found]
        else:
            columns = (*COLUMNS, "name_zh", "name_en")
            rows = []
            for said in library.store.subjects.mappings():
                leads = known.get(said.code or "")
                names = (leads.name_zh, leads.name_en) if leads else ("", "")
                rows.append((said.scheme, said.value, said.code or NO_CLASS, *names))
    file.write_text(write_rows(columns, rows), encoding="utf-8", newline="")
    click.echo(f"{counted(len(rows), 'row')} written to {file}.")


def _map(mappings: list[SubjectMapping], reason: str, who: str | None, *, as_json: bool) -> None:
    by = signed(who, reason)
    with desk() as library:
        _tell(library, library.store.subjects.map_many(mappings, by), as_json=as_json)


def _tell(library: Library, told: list[tuple[SubjectChange, bool]], *, as_json: bool) -> None:
    follows = follow(library)
    for one, created in told[:_SHOWN]:
        if as_json:
            print_json({"change": change_body(one), "created": created, "index_follows": follows})
        else:
            what, leads = _said(one)
            click.echo(f"{one.id}: {what} → {leads}" + ("." if created else " (it held already)."))


def _said(one: SubjectChange) -> tuple[str, str]:
    """Write what a change is about, and what it says."""
    if one.kind == "mapping":
        return f"{one.scheme} {one.value}", one.code or "no class"
    hidden = " (hidden)" if one.hidden else ""
    return str(one.code), f"{one.name_zh} / {one.name_en}{hidden}"
