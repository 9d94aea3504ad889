"""Passwords: what may be one, and hashes that are slow to guess by (argon2id, RFC 9106)."""

from __future__ import annotations

import contextlib
import threading
import unicodedata
from collections.abc import Iterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from search_api.people.errors import AccountError

SHORTEST, LONGEST = 10, 256
#: Above OWASP's least (19 MiB, 2 passes); some 40 ms of one core.
_MEMORY_KIB, _PASSES = 32 * 1024, 2
#: Hashes at once, each with its memory; others wait, and not for ever: signing in must not take the search with it.
_AT_ONCE, _PATIENCE_SECONDS = 2, 5.0
#: Those of ten characters and more that lists of leaked passwords begin with, and what is easily tried here.
_COMMON = frozenset(
    """
    1234567890 0123456789 0987654321 9876543210 12345678910 123456789a a123456789 1q2w3e4r5t qwertyuiop
    q1w2e3r4t5 1qaz2wsx3edc zaq12wsxcde3 qwerty12345 qwerty123456 password12 password123 password1234 password12345
    passw0rd123 p@ssw0rd123 administrator admin12345 admin123456 iloveyou12 iloveyou123 letmein123 welcome123
    welcome1234 football123 baseball123 sunshine123 princess123 superman123 michelle123 1111111111 0000000000
    8888888888 6666666666 1212121212 1122334455 112233445566 asdfghjkl1 asdfghjklz asdf123456 abcd123456 abc1234567
    abcdefghij abcdefghijk aa12345678 a1b2c3d4e5 woaini1314 woaini5201314 woaini123456 5201314520 1314520131 qq123456789
    changeme123 changeit123 library123 library1234 librarian123 tushuguan123 kaijuan123 kaijuan1234 university1
    university123 student123 student1234 teacher123 opensesame trustno1234
    """.split()  # noqa: SIM905  # a list literal would be a page of quotation marks
)


class Passwords:
    """Hashes and checks passwords, a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1)
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        #: What is checked where there is nobody of a name, so that the answer takes as long.
        self._nobodys: str | None = None
        self.checked = 0

    def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        with self._one_of_few():
            return self._hasher.hash(_normal(password))

    def check(self, kept: str | None, password: str) -> bool:
        """Tell whether a password is the one of a hash; without a hash it is not, and finding out takes as long."""
        if self._nobodys is None:
            self._nobodys = self.hash("nobody's")
        with self._one_of_few():
            self.checked += 1
            try:
                self._hasher.verify(kept or self._nobodys, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Tell whether a hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(kept)

    @contextlib.contextmanager
    def _one_of_few(self) -> Iterator[None]:
        if not self._room.acquire(timeout=_PATIENCE_SECONDS):
            raise AccountError("busy", wait=_PATIENCE_SECONDS)
        try:
            yield
        finally:
            self._room.release()


def require_good(password: str, *names: str) -> None:
    """Refuse a password that would be guessed; nothing is said of which characters it has (NIST SP 800-63B, 5.1.1.2).

    Raises:
        AccountError: ``weak_…``, which says why.
    """
    folded = _normal(password).casefold()
    if len(password) < SHORTEST:
        raise AccountError("weak_short", parameter="password")
    if len(password) > LONGEST:
        raise AccountError("weak_long", parameter="password")
    if any(len(name) > 2 and name.casefold() in folded for name in names):  # noqa: PLR2004  # two letters are in many
        raise AccountError("weak_name", parameter="password")
    if folded in _COMMON or len(set(folded)) < 4:  # noqa: PLR2004  # aaaaaaaaaa, 1212121212, 1231231231
        raise AccountError("weak_common", parameter="password")


def _normal(password: str) -> str:
    """Return the same text for the same password, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password[: LONGEST + 1])
