"""``kaijuan thesaurus``: terms that stand for each other in searches."""

from __future__ import annotations

from typing import BinaryIO, TextIO

import click

from indexer.search.thesaurus import Entry, Term, builtin_entries
from indexer.storage.thesaurus import make_entry
from search_api.cli.edits import JSON, WHO, WHY, desk, signed
from search_api.cli.output import print_json, print_table
from search_api.subject_files import LARGEST_FILE
from search_api.term_files import read_terms, write_terms
from search_api.thesaurus_bodies import entry_body

_TERMS = click.argument("terms", nargs=-1, required=True)
_MOST_LISTED = 1_000


@click.group()
def thesaurus() -> None:
    """Say which terms stand for each other in searches, see docs/suggest.md.

    \b
    Example: kaijuan thesaurus add 碳达峰 "carbon peak" --why "Asked for at the desk."
             kaijuan thesaurus list
    """


@thesaurus.command()
@_TERMS
@WHY
@WHO
@JSON
def add(*, terms: tuple[str, ...], reason: str, who: str | None, as_json: bool) -> None:
    """Let TERMS stand for each other; a language may stand before one (de:Klimawandel).

    \b
    Example: kaijuan thesaurus add 智慧图书馆 "smart library" --why "Our own field."
    """
    read = [_term(one) for one in terms]
    kind = "translation" if len({_script(one) for one in read}) > 1 else "synonym"
    _add(kind, read, reason, who, as_json=as_json)


@thesaurus.command()
@_TERMS
@WHY
@WHO
@JSON
def block(*, terms: tuple[str, ...], reason: str, who: str | None, as_json: bool) -> None:
    """Let nothing stand for TERMS, neither of the library's entries nor of those that come with the program.

    \b
    Example: kaijuan thesaurus block "heavy metal" --why "Our music school means the music."
    """
    _add("block", [_term(one) for one in terms], reason, who, as_json=as_json)


@thesaurus.command("list")
@click.option("--all", "is_all", is_flag=True, help="Undone entries too.")
@click.option("--builtin", is_flag=True, help="Those that come with the program instead.")
@JSON
def list_entries(*, is_all: bool, builtin: bool, as_json: bool) -> None:
    """List the library's entries with their reasons, the newest first.

    \b
    Example: kaijuan thesaurus list --builtin
    """
    if builtin:
        _list_builtin(as_json=as_json)
        return
    with desk() as library:
        entries, _ = library.store.thesaurus.page(in_force=None if is_all else True, limit=_MOST_LISTED)
    if as_json:
        for one in entries:
            print_json(entry_body(one))
        return
    rows = [
        (one.id, one.kind, _shown(one.terms), "undone" if one.undone_at else "in force", one.note, one.who)
        for one in entries
    ]
    print_table("Thesaurus", ("id", "kind", "terms", "state", "reason", "who"), rows)


@thesaurus.command()
@click.argument("entry")
@WHY
@WHO
@JSON
def undo(*, entry: str, reason: str, who: str | None, as_json: bool) -> None:
    """Take ENTRY back (its id from `kaijuan thesaurus list`).

    \b
    Example: kaijuan thesaurus undo e3k9q0x7m2a1bc --why "They mean different things in physics."
    """
    by = signed(who, reason)
    with desk() as library:
        undone = library.store.thesaurus.undo(entry, by)
    if as_json:
        print_json(entry_body(undone))
    else:
        click.echo(f"Entry {undone.id} is undone.")


@thesaurus.command("import")
@click.argument("file", type=click.File("rb"))
@WHY
@WHO
@JSON
def import_entries(*, file: BinaryIO, reason: str, who: str | None, as_json: bool) -> None:
    """Add the rows of FILE, a table (CSV) with columns zh, en, other: all or none. What is there already stays.

    \b
    Example: kaijuan thesaurus import terms.csv --why "From the subject librarians' list."
    """
    by = signed(who, reason)
    with desk() as library:
        added = library.store.thesaurus.add_many(read_terms(file.read(LARGEST_FILE + 1)), by)
    created = sum(is_new for _, is_new in added)
    if as_json:
        print_json({"entries": len(added), "created": created})
    else:
        click.echo(f"{created} of {len(added)} entries are new.")


@thesaurus.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export_entries(*, file: TextIO) -> None:
    """Write the library's entries to FILE as a table (CSV) that import reads.

    \b
    Example: kaijuan thesaurus export terms.csv
    """
    with desk() as library:
        file.write(write_terms(library.store.thesaurus.in_force()))


def _add(kind: str, terms: list[Term], reason: str, who: str | None, *, as_json: bool) -> None:
    by = signed(who, reason)
    with desk() as library:
        entry, created = library.store.thesaurus.add(make_entry(kind, terms), by)
    if as_json:
        print_json({"created": created, "entry": entry_body(entry)})
        return
    click.echo(f"Entry {entry.id}: {_shown(entry.terms)}.{'' if created else ' It was there already.'}")


def _term(text: str) -> Term:
    language, colon, rest = text.partition(":")
    if colon and language.isascii() and language.isalpha() and language.islower() and len(language) in {2, 3}:
        return Term(text=rest, language=language)
    return Term(text=text)


def _script(term: Term) -> str:
    return term.language or ("" if term.text.isascii() else "other")


def _shown(terms: tuple[Term, ...]) -> str:
    return " = ".join(term.text for term in terms)


def _list_builtin(*, as_json: bool) -> None:
    entries: tuple[Entry, ...] = builtin_entries()
    if as_json:
        for one in entries:
            print_json({"terms": [{"text": term.text, "language": term.language} for term in one.terms]})
        return
    print_table("Terms that come with the program", ("terms",), [(_shown(one.terms),) for one in entries])
