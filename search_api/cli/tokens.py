"""``kaijuan tokens``: who may ask under a name of their own, counted alone."""

from __future__ import annotations

from typing import Any

import click

from indexer import clock
from indexer.storage.tokens import LONGEST_LABEL, Token
from search_api.cli.output import print_json, print_table
from search_api.library import open_library
from search_api.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
_LONGEST_DAYS = 3650


@click.group()
def tokens() -> None:
    """Make, list and revoke tokens; whoever sends one is counted by it alone, see docs/api.md.

    \b
    Example: kaijuan tokens add "mini-program"
             kaijuan tokens list
    """


@tokens.command()
@click.argument("label")
@click.option("--days", type=click.IntRange(1, _LONGEST_DAYS), help="Valid for so many days; else until it is revoked.")
@_JSON
def add(label: str, *, days: int | None, as_json: bool) -> None:
    """Make a token and print it, this once: only its digest is kept.

    \b
    Example: kaijuan tokens add "reading list of the physics department" --days 365
    """
    label = label.strip()
    if not (label and label.isprintable() and len(label) <= LONGEST_LABEL):
        raise click.UsageError(f"Give a label of 1 to {LONGEST_LABEL} printable characters: for whom the token is.")
    with open_library(read_settings()) as library:
        token, secret = library.store.tokens.add(label, days=days)
    if as_json:
        print_json({**_row(token), "token": secret})
        return
    click.echo(secret)
    click.echo(f"Token {token.id} for {label}. It is shown this once; send it as Authorization: Bearer …", err=True)


@tokens.command("list")
@_JSON
def list_tokens(*, as_json: bool) -> None:
    """List every token that ever was, without its secret.

    \b
    Example: kaijuan tokens list --json
    """
    with open_library(read_settings()) as library:
        rows = [_row(token) for token in library.store.tokens.all()]
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("id", "label", "state", "created_at", "expires_at", "revoked_at", "last_used")
    print_table("Tokens", columns, [[row[name] for name in columns] for row in rows])


@tokens.command()
@click.argument("token_id")
@_JSON
def revoke(token_id: str, *, as_json: bool) -> None:
    """Let a token be none from now on: the next request with it is refused.

    \b
    Example: kaijuan tokens revoke t3k9q0x7m2a1bc
    """
    with open_library(read_settings()) as library:
        token = library.store.tokens.revoke(token_id)
    if as_json:
        print_json(_row(token))
    else:
        click.echo(f"Token {token.id} ({token.label}) is revoked.")


def _row(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "label": token.label,
        "state": token.state,
        "created_at": clock.iso(token.created_at),
        "expires_at": clock.iso(token.expires_at),
        "revoked_at": clock.iso(token.revoked_at),
        "last_used": token.last_used,
    }
