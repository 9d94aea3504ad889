"""Logs: one line an event, facts as keys, to standard error; never a secret, never a reader's query.

Each line is one JSON object, or readable on a terminal. Lines of a request carry its ``request_id``, those of a harvest
its ``source`` and ``run``, those of indexing the ``lease``. What libraries log goes the same way. However many threads
and processes write, no line is broken by another.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import re
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import IO, Any
from urllib.parse import quote, unquote

import structlog
from pydantic import BaseModel, SecretStr
from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
#: What is shorter is no secret, and would be cut out of words.
_SHORTEST_SECRET = 4
#: How uvicorn's line begins when it cuts off what did not end in time (``Server.shutdown``).
_CANCELS = "Cancel %s running task(s)"
#: Addresses with a password; those of DSNs and of requests in whose query one stands.
_IN_ADDRESS = re.compile(r"(://[^\s\"'/@:]*:)[^\s\"']*@")
_NAMES = (
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
    r"(?:password|passwd|api_?key|secret|csrf|adds|js_code|code_verifier|id_token|access_token|session_key|kaijuan_campus)"
)
#: Up to a quotation mark, which JSON writes with a backslash: that one is not the secret's.
_NAMED = re.compile(rf"(?i)({_NAMES}\s*=\s*)(?!\[hidden\])(?:\\[^\"]|[^\s&;\"'\\])+")
#: In documents, as JSON and Python write them.
_QUOTED = re.compile(rf"(?i)({_NAMES}\\*[\"']\s*:\s*\\*[\"'])(?!\[hidden\])(?:\\[^\"']|[^\"'\\])+")
_IS_NAMED = re.compile(rf"(?i){_NAMES}\Z")
#: What lets somebody in by itself: tokens of programs and devices, whatever is sent as one, and one-time codes.
_TOKEN = re.compile(r"k[js]_[A-Za-z0-9_-]{32,}")
_BEARER = re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]+")
_CODE = re.compile(r"(?i)(?:[2-9A-HJKMNP-TV-Z]{5}-){3}[2-9A-HJKMNP-TV-Z]{5}(?![A-Z0-9-])")


class _Lines:
    """Writes whole lines, one at a time: by all threads, and once ``share`` was called by all processes forked after.

    A system writes short lines to a pipe in one piece, but may put others' between the pieces of a long one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shared: IO[bytes] | None = None
        #: Whether all lines shall be JSON: ``json`` was asked for, and whoever reads them reads nothing else.
        self.only_json = False

    def share(self) -> None:
        """Take turns with the processes that are forked from now on."""
        if self._shared is None:
            self._shared = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process; it has no name to be left behind

    def write(self, line: str) -> None:
        """Write a line; a log that nobody reads any more must stop nothing."""
        with self._lock, contextlib.suppress(OSError, ValueError), self._turn():
            # The standard error of the moment: a progress bar takes it over to print lines above itself.
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if self._shared is None:
            yield
            return
        fcntl.lockf(self._shared, fcntl.LOCK_EX)  # which a process that dies lets go
        try:
            yield
        finally:
            fcntl.lockf(self._shared, fcntl.LOCK_UN)


_LINES = _Lines()
share_lines = _LINES.share


class RequestCutOffError(asyncio.CancelledError):
    """A request that this server cut off when it stopped: its one line is written, and no library tells it again."""


def is_only_json() -> bool:
    """Tell whether ``json`` was asked for; ``auto`` away from a terminal logs JSON, and speaks to people between."""
    return _LINES.only_json


def say(event: str, text: str, **facts: object) -> None:
    """Say to standard error what is no log but news for who started a command; an event where all lines are JSON."""
    if _LINES.only_json:
        structlog.get_logger().info(event, **facts)
    else:
        _LINES.write(text)  # which stops nothing either, where nobody reads it any more


class _LineLogger:
    """What structlog hands finished lines to."""

    def msg(self, line: str) -> None:
        """Write a line."""
        _LINES.write(line)

    debug = info = warning = error = critical = exception = fatal = log = msg


class _Forward(logging.Handler):
    """Lets libraries' own lines be ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record as an event, unless we told the same."""
        if _is_told(record):
            return
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001  # a library's mistake in its own line
            said = str(record.msg)
        event = structlog.get_logger()
        level = {logging.CRITICAL: "error"}.get(record.levelno, record.levelname.lower())
        getattr(event, level, event.info)("library_said", library=record.name, said=said, exc_info=record.exc_info)


def _is_told(record: logging.LogRecord) -> bool:
    """Tell whether uvicorn speaks of requests cut off by a stop: each of them has a line of ours, with its id."""
    error = record.exc_info[1] if record.exc_info else None
    return record.name == "uvicorn.error" and (
        isinstance(error, RequestCutOffError) or str(record.msg).startswith(_CANCELS)
    )


class _Hide:
    """Cuts secrets out of finished lines: those that are known, and what stands where passwords stand."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {form for one in secrets if len(one) >= _SHORTEST_SECRET for form in _forms(one)}
        ordered = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, _logger: WrappedLogger, _name: str, line: EventDict | str) -> str:
        """Return the line without them."""
        text = str(line)
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _CODE.sub(HIDDEN, _TOKEN.sub(HIDDEN, _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)))
        for pattern in (_BEARER, _NAMED, _QUOTED):
            text = pattern.sub(rf"\1{HIDDEN}", text)
        return text


def _hide_named(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Leave out the values of keys that name a secret, whatever is in them."""
    return {key: HIDDEN if _IS_NAMED.search(str(key)) else _without_named(value) for key, value in event.items()}


def _without_named(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if _IS_NAMED.search(str(key)) else _without_named(one) for key, one in value.items()}
    return value


def _forms(secret: str) -> set[str]:
    """Return a secret as it stands in texts, in JSON, in Python's own words, and in addresses."""
    return {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret), quote(secret, safe="")}


def configure_logs(
    *, verbose: bool = False, level: str = "info", style: str = "auto", secrets: Iterable[str] = ()
) -> None:
    """Log from ``level`` on; ``style``: ``json``, ``console``, or ``auto``: readable on a terminal, JSON elsewhere."""
    _LINES.only_json = style == "json"
    readable = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer()
    )
    least = logging.DEBUG if verbose else logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,  # the ids of what a line belongs to
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _hide_named,
            renderer,
            _Hide(secrets),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _LineLogger(),
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(max(least, logging.WARNING))
    # A warning for each refusal of a server that is merely busy; what comes of it our own lines tell.
    logging.getLogger("elastic_transport").setLevel(logging.WARNING if least == logging.DEBUG else logging.ERROR)


def secrets_of(settings: BaseModel) -> list[str]:
    """Return all secrets among settings; of addresses, what stands for the password, as written and as meant."""
    return [text for secret in _walk(settings) for text in _parts(secret.get_secret_value())]


def _walk(value: Any) -> Iterator[SecretStr]:
    if isinstance(value, SecretStr):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _walk(one)


def _parts(secret: str) -> list[str]:
    if "://" not in secret:
        return [secret]
    passwords = re.findall(r"://[^\s/@:]*:([^\s,]*)@", secret)
    return [form for one in passwords for form in (one, unquote(one))]
