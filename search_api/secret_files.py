"""Secrets that stand in files, as container platforms hand them over, and addresses that get theirs from there.

Messages name the file, never what it holds.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

_MOST_BYTES = 1024 * 1024


def read_secret(path: Path) -> str:
    """Return a file's text without the line ends that editors put behind it.

    Raises:
        ValueError: there is no such file, it cannot be read, or it holds nothing that could be a secret.
    """
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError(f"{path} is no file; write the secret into it, or name the file that holds it")
        with path.open("rb") as file:
            held = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror}); let the user that kaijuan runs as read it"
        ) from None
    if len(held) > _MOST_BYTES:
        raise ValueError(f"{path} is longer than 1 MiB; name the file that holds the secret alone")
    try:
        text = held.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no UTF-8 text; write the secret into it as text") from None
    if not text.strip():
        raise ValueError(f"{path} is empty; write the secret into it")
    return text


def read_password(path: Path) -> str:
    """Return the password that a file holds; raise ``ValueError`` as ``read_secret``, or where it is several lines."""
    text = read_secret(path)
    if not text.isprintable():
        raise ValueError(f"{path} holds several lines or control characters; write the password alone into it")
    return text


def with_password(addresses: str, password: str) -> str:
    """Return addresses (one, or several with commas) with the password of the user that each of them names.

    Raises:
        ValueError: an address cannot be read, names no user, or has another password already.
    """
    schemed: list[str] = []
    for part in addresses.split(","):  # postgresql://user@one,two/name is one address with two hosts
        if "://" in part or not schemed:
            schemed.append(part.strip())
        else:
            schemed[-1] += f",{part}"
    return ",".join(_with_password(one, password) for one in schemed)


def _with_password(address: str, password: str) -> str:
    try:
        parts: SplitResult = urlsplit(address)
    except ValueError:
        raise ValueError("the address that it belongs to cannot be read; write it as scheme://user@host") from None
    login, at, hosts = parts.netloc.rpartition("@")
    user, colon, known = login.partition(":")
    if not at or not user:
        raise ValueError("the address that it belongs to names no user; write it as scheme://user@host")
    if colon and unquote(known) != password:
        raise ValueError("the address that it belongs to has another password; take it out of the address")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{hosts}").geturl()
