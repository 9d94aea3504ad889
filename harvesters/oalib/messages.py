"""What the harvest and its spider's process say to each other: one JSON document a line.

The harvest writes the :class:`Task`, then an empty line for each further part that it wants; closing its end
means stop. The spider answers with ``asked`` (it sends its n-th request) and ``part`` lines, the last of which has no
place, and closes with ``error`` or ``end``.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harvesters.errors import (
    HarvestError,
    PageError,
    RedirectRefusedError,
    ServerFaultError,
    SourceError,
    ThrottledError,
    TooLargeError,
    UnreachableError,
)
from harvesters.oalib.places import Place
from harvesters.records import DamagedRecord

#: A part is sent when it has so many papers, or so many bytes of pages.
PART_PAPERS = 10
PART_BYTES = 4 << 20
_ERRORS: dict[str, type[HarvestError]] = {
    kind.__name__: kind
    for kind in (
        HarvestError,
        PageError,
        RedirectRefusedError,
        ServerFaultError,
        SourceError,
        ThrottledError,
        TooLargeError,
        UnreachableError,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Everything that the spider's process is told. Times in seconds; ``robots`` are the texts by host and port."""

    endpoint: str
    queries: tuple[str, ...]
    place: str | None
    user_agent: str
    delay: float
    timeout: float
    attempts: int
    retry_wait: float
    max_bytes: int
    redirect_hosts: tuple[str, ...]
    robots: dict[str, str]

    @classmethod
    def of(cls, line: bytes) -> Task:
        """Read a task."""
        values = json.loads(line)
        lists = {name: tuple(values[name]) for name in ("queries", "redirect_hosts")}
        return cls(**{**values, **lists})

    def line(self) -> bytes:
        """Write the task as a line."""
        return _line(dataclasses.asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper's page as it is kept."""

    number: int
    url: str
    body: bytes
    fetched_at: datetime

    @property
    def identifier(self) -> str:
        """Return the record's identifier."""
        return identifier_of(self.number)


@dataclass(slots=True, kw_only=True)
class Part:
    """Papers of one listing page, in order; ``place`` is where the crawl goes on, ``None`` at its end."""

    url: str
    papers: list[Paper] = field(default_factory=list)
    damaged: list[DamagedRecord] = field(default_factory=list)
    size: int = 0
    place: Place | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether it brings nothing."""
        return not self.papers and not self.damaged

    @property
    def is_full(self) -> bool:
        """Tell whether it is large enough to be sent."""
        return len(self.papers) + len(self.damaged) >= PART_PAPERS or self.size >= PART_BYTES

    def line(self, queries: tuple[str, ...]) -> bytes:
        """Write the part as a line."""
        return _line(
            {
                "kind": "part",
                "url": self.url,
                "position": self.place.token(queries) if self.place else None,
                "records": [
                    {
                        "id": paper.number,
                        "url": paper.url,
                        "body": _text(paper.body),
                        "fetched_at": paper.fetched_at.isoformat(),
                    }
                    for paper in self.papers
                ],
                "damaged": [{**dataclasses.asdict(damaged), "body": _text(damaged.body)} for damaged in self.damaged],
                "size": self.size,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A part as the harvest reads it; ``token`` is where the crawl goes on."""

    url: str
    papers: tuple[Paper, ...]
    damaged: tuple[DamagedRecord, ...]
    token: str | None
    size: int


def identifier_of(number: int) -> str:
    """Return the identifier of a paper's record."""
    return f"oalib:paper/{number}"


def asked_line(requests: int) -> bytes:
    """Write that a request is being sent, the ``requests``-th."""
    return _line({"kind": "asked", "requests": requests})


def end_line() -> bytes:
    """Write that all is done."""
    return _line({"kind": "end"})


def error_line(error: HarvestError) -> bytes:
    """Write an error as a line."""
    known = next((one for one in type(error).__mro__ if _ERRORS.get(one.__name__) is one), HarvestError)
    extra = {name: getattr(error, name) for name in ("status", "retry_after") if hasattr(error, name)}
    body = {"body": _text(error.body)} if isinstance(error, PageError) else {}
    said = {"kind": "error", "type": known.__name__, "message": str(error), "url": error.url}
    return _line({**said, "extra": extra, **body})


def read_line(line: bytes) -> Received | HarvestError | int | None:
    """Read a spider's line: a part, an error, how many requests it has sent so far, or ``None``: the end.

    Raises:
        ValueError: it is none of these.
    """
    try:
        values = json.loads(line)
        if values["kind"] == "asked":
            return int(values["requests"])
        if values["kind"] == "end":
            return None
        return _read_error(values) if values["kind"] == "error" else _read_part(values)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a spider's line: {error}") from error


def _read_error(values: dict[str, Any]) -> HarvestError:
    extra = dict(values["extra"])
    if "body" in values:
        extra["body"] = _bytes(values["body"])
    return _ERRORS[values["type"]](values["message"], url=values["url"], **extra)


def _read_part(values: dict[str, Any]) -> Received:
    return Received(
        url=values["url"],
        token=values["position"],
        size=values["size"],
        papers=tuple(
            Paper(
                number=one["id"],
                url=one["url"],
                body=_bytes(one["body"]),
                fetched_at=datetime.fromisoformat(one["fetched_at"]).astimezone(UTC),
            )
            for one in values["records"]
        ),
        damaged=tuple(DamagedRecord(**{**one, "body": _bytes(one["body"])}) for one in values["damaged"]),
    )


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
