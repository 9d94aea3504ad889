"""Resumption tokens: where a list goes on, signed, so that nothing has to be remembered and none expires."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from indexer.storage.dated_works import Stretch
from search_api.repository.request import ProtocolError

_SALT = "oai-token-1"
_LONGEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a list of a verb and a format goes on: ``given`` records came before, of ``size`` in all."""

    verb: str
    prefix: str
    stretch: Stretch
    given: int
    size: int


class Tokens:
    """Write and read tokens with the library's own key."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeSerializer(key, salt=_SALT)

    def write(self, at: Position) -> str:
        """Return the token that leads on from a position."""
        part = at.stretch
        values = [at.verb, at.prefix, part.after, part.last, part.top, part.source, at.given, at.size]
        return str(self._serializer.dumps(values))

    def read(self, token: str, verb: str) -> Position:
        """Return where a token leads; raise ``ProtocolError`` where it is damaged or of another verb."""
        try:
            if len(token) > _LONGEST:
                raise BadData("too long")  # noqa: TRY301  # as any other that is none of ours
            values = self._serializer.loads(token)
            if self._serializer.dumps(values) != token:  # Base64 ends in bits that say nothing
                raise BadData("changed")  # noqa: TRY301  # as above
            of_verb, prefix, after, last, top, source, given, size = values
        except (BadData, ValueError, TypeError) as error:
            raise ProtocolError(
                "badResumptionToken", "The token is none of this repository's. Begin the list again."
            ) from error
        if of_verb != verb:
            raise ProtocolError("badResumptionToken", f"The token belongs to {of_verb}. Use it there.")
        stretch = Stretch(after=after, last=last, top=top, source=source)
        return Position(verb=verb, prefix=prefix, stretch=stretch, given=given, size=size)
