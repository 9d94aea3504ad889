"""Where a list of files goes on, written as a resumption token."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from harvesters.errors import BadTokenError
from harvesters.files.places import SourceFile

CODE = "badResumptionToken"
_AGAIN = "The list begins anew at the next harvest."


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """After which entry of which file a list goes on, and what that file was like then.

    ``trouble`` is what an earlier file of the list suffered, so that the list's end still tells it.
    """

    file: str
    number: int
    size: int
    modified_ns: int
    trouble: str | None = None

    def token(self) -> str:
        """Write it as a resumption token: compact JSON."""
        return orjson.dumps([self.file, self.number, self.size, self.modified_ns, self.trouble]).decode()

    @classmethod
    def of(cls, token: str) -> Position:
        """Read a resumption token; raise ``BadTokenError`` for what is none."""
        try:
            file, number, size, modified_ns, trouble = orjson.loads(token)
        except (ValueError, TypeError):
            file = number = size = modified_ns = trouble = None
        if not isinstance(file, str) or not all(isinstance(one, int) for one in (number, size, modified_ns)):
            raise BadTokenError(f"The place {token[:80]!r} in a file cannot be read. {_AGAIN}", code=CODE)
        return cls(file=file, number=number, size=size, modified_ns=modified_ns, trouble=trouble)

    def check(self, file: SourceFile) -> None:
        """Raise ``BadTokenError`` where the file is no longer what it was."""
        if (file.size, file.modified_ns) != (self.size, self.modified_ns):
            raise BadTokenError(
                f"{file.name} has changed since the list was left in the middle of it. {_AGAIN}", code=CODE
            )

    def gone(self) -> BadTokenError:
        """Return the error for a file that is no longer among the source's."""
        return BadTokenError(f"{self.file} is gone since the list was left in the middle of it. {_AGAIN}", code=CODE)
