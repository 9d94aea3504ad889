"""What people may be called, and what they may say of themselves: one visible line each."""

from __future__ import annotations

import re
import unicodedata

from search_api.people.errors import AccountError

LONGEST_NAME, LONGEST_LOGIN, SHORTEST_LOGIN = 100, 64, 2
_LOGIN = re.compile(r"[^\W_][\w.@-]*")


def fold_login(name: str) -> str:
    """Return the form of a login name by which accounts are told apart, whatever its case and width.

    Raises:
        AccountError: ``bad_name``: it is too short or too long, or has other characters.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()[: 4 * LONGEST_LOGIN]).casefold())
    if not (SHORTEST_LOGIN <= len(folded) <= LONGEST_LOGIN and _LOGIN.fullmatch(folded)):
        raise AccountError("bad_name", parameter="name")
    return folded


def clean_line(text: str, parameter: str, longest: int = LONGEST_NAME) -> str:
    """Return a text as one line without blanks around it.

    Letters of every script are welcome; what cannot be seen (controls, marks that turn the direction of the text
    around, line ends) is not: it makes a name look like another's.

    Raises:
        AccountError: ``bad_text``.
    """
    line = unicodedata.normalize("NFC", text.strip())
    if not line or len(line) > longest or not line.isprintable():
        raise AccountError("bad_text", parameter=parameter)
    return line


def is_own_path(path: str) -> bool:
    """Tell whether a path leads to a page of ours: no other site, whatever a browser makes of it.

    Browsers take ``//host``, ``/\\host`` and ``/<tab>/host`` for addresses of another host.
    """
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
        and path.isascii()
        and "\\" not in path
        and len(path) <= 2_000  # noqa: PLR2004  # no address of ours is longer
        and not path.startswith(("/sign-in", "/v1/"))
    )
