"""A library of invented records and a real server of it on loopback, for whoever wants to look at the page."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from harvesters.demo.repository import DemoRepositories
from harvesters.demo.sources import demo_sources
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.library import Library, open_library
from search_api.serving import address, bind, make_server
from search_api.settings import Settings

_START_SECONDS = 20


@contextlib.contextmanager
def demonstration_library(folder: Path, count: int) -> Iterator[Library]:
    """Harvest the demonstration repositories over HTTP into a library of their own."""
    with DemoRepositories(count) as repositories:
        sources = [Source.of(values) for values in demo_sources(repositories.endpoints)]
        with open_library(Settings(data_dir=folder), sources) as library:
            for source in sources:
                report = library.harvest(source, Request(), pace=Pace())
                assert report.status == "complete", report
            library.bring_up_to_date()
            yield library


@contextlib.contextmanager
def serving(library: Library) -> Iterator[str]:
    """Serve a library with uvicorn as ``kaijuan serve`` does; give its address."""
    listener = bind("127.0.0.1", 0)
    server = make_server(library)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    _await_start(server)
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()


def _await_start(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("The server did not start.")
        time.sleep(0.02)
