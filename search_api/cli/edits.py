"""What the commands that change subjects and ranking share: who and why, errors, and the index that follows."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator

import click

from indexer.errors import EditError, SearchIndexError, StoreBusyError, UnfitEditError
from indexer.storage.said import Signed
from search_api.cli.output import FAILED
from search_api.library import Library, open_library
from search_api.settings import read_settings

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
WHY = click.option("--why", "reason", required=True, help="The reason, for whoever asks later.")
WHO = click.option("--who", default=None, help="Who decides; your login name, if left out.")


@contextlib.contextmanager
def desk() -> Iterator[Library]:
    """Open the library; what cannot be used is a wrong command (2), what does not fit how things stand is not (1)."""
    with open_library(read_settings()) as library:
        try:
            yield library
        except UnfitEditError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(FAILED) from None
        except EditError as error:
            raise click.UsageError(str(error)) from None


def signed(who: str | None, reason: str) -> Signed:
    """Return who says it, the login name where nobody is named; raise ``UsageError`` for what is no reason."""
    try:
        return Signed(who=who if who is not None else _login(), note=reason)
    except EditError as error:
        raise click.UsageError(str(error)) from None


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return "command line"


def follow(library: Library) -> bool:
    """Bring the index up to a change; it holds, also where that cannot be done now."""
    try:
        library.bring_up_to_date(limit=0)
    except (StoreBusyError, SearchIndexError):
        click.echo("The search index follows with the next kaijuan index, or while kaijuan up runs.", err=True)
        return False
    return True
