"""Logs: one line an event, facts as keys, to standard error; never a secret, never a reader's query with a name."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(*, verbose: bool = False) -> None:
    """Write events readably on a terminal and as JSON elsewhere."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,  # the id of the request that a line belongs to
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        # The standard error of the moment, not of now: a progress bar takes it over to print lines above itself.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
