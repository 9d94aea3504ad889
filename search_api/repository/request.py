"""OAI-PMH requests: which arguments each verb takes, and what is wrong with those that were given.

Sections are those of <https://www.openarchives.org/OAI/openarchivesprotocol.html>.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Code = Literal[
    "badArgument",
    "badResumptionToken",
    "badVerb",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noRecordsMatch",
    "noSetHierarchy",
]
#: By verb: required arguments, and others that may be there (section 4).
_ARGUMENTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset(), frozenset(("identifier",))),
    "ListSets": (frozenset(), frozenset(("resumptionToken",))),
    "ListIdentifiers": (frozenset(("metadataPrefix",)), frozenset(("from", "until", "set"))),
    "ListRecords": (frozenset(("metadataPrefix",)), frozenset(("from", "until", "set"))),
    "GetRecord": (frozenset(("identifier", "metadataPrefix")), frozenset()),
}
VERBS = list(_ARGUMENTS)
_LISTS = frozenset(("ListIdentifiers", "ListRecords"))
_TOKEN = "resumptionToken"  # noqa: S105  # an argument's name
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SECOND = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_SHOWN = 100


class ProtocolError(Exception):
    """Raise to answer with an OAI-PMH error (section 3.6); the message ends with what to do."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request whose arguments are those of its verb, each given once."""

    verb: str
    arguments: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return an argument that is there."""
        return self.arguments[name]

    def get(self, name: str) -> str | None:
        """Return an argument, or ``None``."""
        return self.arguments.get(name)


def read_request(given: Sequence[tuple[str, str]]) -> Request:
    """Read a request's arguments in the order they came; raise ``ProtocolError`` (badVerb, badArgument)."""
    times = Counter(name for name, _ in given)
    arguments = dict(given)
    verb = arguments.pop("verb", "")
    if times["verb"] != 1 or verb not in _ARGUMENTS:
        said = "There is no verb" if not times["verb"] else f"{shown(verb)} is no verb of OAI-PMH"
        said = "The verb is given more than once" if times["verb"] > 1 else said
        raise ProtocolError("badVerb", f"{said}. Use one of {', '.join(VERBS)}, once.")
    repeated = [name for name, count in times.items() if count > 1]
    if repeated:
        raise ProtocolError("badArgument", f"Given more than once: {_names(repeated)}. Give each argument once.")
    required, optional = _ARGUMENTS[verb]
    if verb in _LISTS and _TOKEN in arguments:
        required, optional = frozenset((_TOKEN,)), frozenset()
    unknown, missing = sorted(arguments.keys() - required - optional), sorted(required - arguments.keys())
    if unknown:
        alone = f" A {_TOKEN} stands alone beside the verb." if _TOKEN in arguments and verb in _LISTS else ""
        raise ProtocolError("badArgument", f"{verb} does not take {_names(unknown)} here. Leave it out.{alone}")
    if missing:
        raise ProtocolError("badArgument", f"{verb} needs {_names(missing)}. Add it.")
    return Request(verb=verb, arguments=arguments)


def window_of(request: Request) -> tuple[datetime | None, datetime | None]:
    """Return the times from which and before which records are asked for; raise ``ProtocolError`` (badArgument)."""
    since, until = request.get("from"), request.get("until")
    if since is not None and until is not None and len(since) != len(until):
        raise ProtocolError("badArgument", "from and until differ in granularity. Write both as days or both as times.")
    begin = _moment("from", since)[0] if since is not None else None
    end = None
    if until is not None:
        moment, step = _moment("until", until)
        end = moment + step if moment < datetime.max.replace(tzinfo=UTC) - step else None
        if begin is not None and begin > moment:
            raise ProtocolError("badArgument", "from is later than until. Exchange them.")
    return begin, end


def _moment(name: str, text: str) -> tuple[datetime, timedelta]:
    try:
        if _DAY.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC), timedelta(days=1)
        if _SECOND.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC), timedelta(seconds=1)
    except ValueError:
        pass
    said = f"{name}={shown(text)} is no UTC date. Write 2026-11-22 or 2026-11-22T06:00:00Z."
    raise ProtocolError("badArgument", said)


def shown(text: str) -> str:
    """Return what somebody sent as it may be repeated: short and quoted."""
    return f"'{text[:_SHOWN]}…'" if len(text) > _SHOWN else f"'{text}'"


def _names(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names[:5])
