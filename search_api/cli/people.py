"""``kaijuan people``: the first administrator, accounts and roles, and what people may ask to have or to be rid of."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import orjson

from indexer.storage.people import Person, Role
from indexer.storage.sources import COMMAND_LINE
from search_api.cli.output import print_json, print_table
from search_api.library import Library, open_library
from search_api.people.accounts import ADMIN_CODE_LASTS, PASSWORD_CODE_LASTS, Accounts
from search_api.people.names import fold_login
from search_api.people.roles import ROLES, read_role
from search_api.people.told import person_body
from search_api.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_WHY = click.option("--reason", required=True, help="Why; the person concerned can read it.")
_WHO = click.argument("who")
_PAGE = 500


@click.group()
def people() -> None:
    """Make accounts, give roles, and make the first administrator; see docs/accounts.md.

    \b
    Example: kaijuan people admin-code
             kaijuan people role liming librarian --reason "New at the desk"
    """


@people.command("admin-code")
@_JSON
def admin_code(*, as_json: bool) -> None:
    """Print a code that makes whoever enters it at /sign-in administrator; it is good once, for 15 minutes.

    \b
    Example: kaijuan people admin-code
    """
    with _accounts() as (_, accounts):
        code = accounts.admin_code()
    minutes = int(ADMIN_CODE_LASTS.total_seconds()) // 60
    if as_json:
        print_json({"code": code, "expires_in_minutes": minutes})
        return
    click.echo(code)
    click.echo(f"Enter it at /sign-in within {minutes} minutes; it is good once.", err=True)


@people.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="A role, or ROLE:CLASS; repeat for more.")
@_WHY
@_JSON
def add(name: str, *, roles: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Make an account and print the code with which its owner chooses a password at /sign-in.

    \b
    Example: kaijuan people add wang.fang --role librarian --reason "New at the desk"
    """
    with _accounts() as (library, accounts):
        wanted = [_role(library, one) for one in roles]
        person = accounts.add_local(name, None, reason=reason, actor=COMMAND_LINE)
        if wanted:
            library.store.people.set_roles(person.key, wanted, reason=reason, actor=COMMAND_LINE)
        code = accounts.password_code(person, actor=COMMAND_LINE)
    if as_json:
        print_json({"id": person.id, "name": person.name, "code": code})
        return
    click.echo(code)
    days = PASSWORD_CODE_LASTS.days
    click.echo(f"Account {person.id} of {person.name}; the code is good once, for {days} days.", err=True)


@people.command("list")
@click.option("--role", type=click.Choice(ROLES), help="Only who has this role.")
@_JSON
def list_people(*, role: str | None, as_json: bool) -> None:
    """List people, the newest first, with their ways in and roles.

    \b
    Example: kaijuan people list --role administrator
    """
    with open_library(read_settings()) as library:
        rows = [_row(library, one) for one in _everybody(library, role or "")]
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("id", "name", "logins", "roles", "created_at", "disabled")
    print_table("People", columns, [[_joined(row[name]) for name in columns] for row in rows])


@people.command()
@_WHO
@click.argument("roles", nargs=-1)
@_WHY
@_JSON
def role(who: str, *, roles: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Let somebody (id, or local name) have these roles and no others; none takes all away.

    ROLE:CLASS is for one class of the subject tree and all below it.

    \b
    Example: kaijuan people role liming editor subject_expert:TP --reason "Knows computing"
    """
    with open_library(read_settings()) as library:
        person = _find(library, who)
        wanted = [_role(library, one) for one in roles]
        library.store.people.set_roles(person.key, wanted, reason=reason, actor=COMMAND_LINE)
        row = _row(library, person)
    if as_json:
        print_json(row)
    else:
        click.echo(f"{person.id} ({person.name}): {', '.join(row['roles']) or 'reader'}")


@people.command()
@_WHO
@_WHY
def password(who: str, *, reason: str) -> None:
    """Print a code with which somebody (id, or local name) chooses another password; the old one holds until then.

    \b
    Example: kaijuan people password liming --reason "Forgotten"
    """
    with _accounts() as (library, accounts):
        person = _find(library, who)
        code = accounts.password_code(person, actor=COMMAND_LINE)
        library.store.people.note_looks([person.key], COMMAND_LINE, "password_code", reason)
    click.echo(code)
    click.echo(
        f"{person.name} enters it at /sign-in within {PASSWORD_CODE_LASTS.days} days; it is good once.", err=True
    )


@people.command()
@_WHO
@click.option("--yes", is_flag=True, help="Do not ask.")
@_WHY
def delete(who: str, *, yes: bool, reason: str) -> None:
    """Delete somebody (id, or local name) with everything that is theirs; what they did for the library stays.

    \b
    Example: kaijuan people delete p3k9q0x7m2a1bc --reason "Asked for it in writing"
    """
    with open_library(read_settings()) as library:
        person = _find(library, who)
        if not yes:
            click.confirm(f"Delete {person.id} ({person.name}) and all that is theirs, for ever?", abort=True, err=True)
        library.store.personal_data.delete(person.key, actor=COMMAND_LINE, reason=reason)
    click.echo(f"{person.id} is deleted. Backups from before still have it; see docs/accounts.md.", err=True)


@people.command()
@_WHO
@_WHY
def export(who: str, *, reason: str) -> None:
    """Print everything that is kept of somebody (id, or local name) as JSON, one row a line.

    \b
    Example: kaijuan people export liming --reason "Asked for it in writing" > liming.jsonl
    """
    with open_library(read_settings()) as library:
        person = _find(library, who)
        library.store.people.note_looks([person.key], COMMAND_LINE, "export", reason)
        for table, row in library.store.personal_data.rows(person.key):
            click.echo(orjson.dumps({"table": table, **row}))


@contextmanager
def _accounts() -> Iterator[tuple[Library, Accounts]]:
    with open_library(read_settings()) as library:
        yield library, Accounts(library)


def _find(library: Library, who: str) -> Person:
    """Return somebody by public id, else by local name."""
    found = library.store.logins.find("local", fold_login(who))
    return found[1] if found else library.store.people.find(who)


def _role(library: Library, text: str) -> Role:
    name, _, subject = text.partition(":")
    return read_role(name, subject, library.store.subjects.tree())


def _everybody(library: Library, role_name: str) -> Iterator[Person]:
    before = None
    for _ in itertools.count():
        found = library.store.people.page(role=role_name, before=before, limit=_PAGE)
        yield from found
        if len(found) < _PAGE:
            return
        before = found[-1].key


def _row(library: Library, person: Person) -> dict[str, Any]:
    body = person_body(person)
    logins = library.store.logins.of(person.key)
    roles = library.store.people.roles(person.key)
    return {
        "id": body["id"],
        "name": body["name"],
        "logins": [one.name or one.kind for one in logins],
        "roles": [f"{one.name}:{one.subject}" if one.subject else one.name for one in roles],
        "created_at": body["created_at"],
        "disabled": person.disabled_at is not None,
    }


def _joined(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value
