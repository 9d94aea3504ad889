"""``kaijuan mcp``: the library's search as tools for agents."""

from __future__ import annotations

import click

from search_api.agents.server import serve_http, serve_standard
from search_api.library import open_library
from search_api.logs import say
from search_api.serving import address, bind, until_interrupted
from search_api.settings import read_settings

_LOOPBACK = "127.0.0.1"


@click.command()
@click.option(
    "--http", is_flag=True, help="Serve agents of this machine over HTTP instead of standard input and output."
)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="With --http.")
def mcp(*, http: bool, port: int) -> None:
    """Offer search, works, related works and exports to agents (Model Context Protocol); nothing can be changed by it.

    \b
    Example: kaijuan mcp              an agent's program starts this itself
             kaijuan mcp --http       http://127.0.0.1:8001/mcp
    """
    with open_library(read_settings()) as library:
        _ = library.index  # what cannot be searched is told at once
        if not http:
            with until_interrupted():
                serve_standard(library)
            return
        with bind(_LOOPBACK, port) as listener, until_interrupted():
            listener.listen()  # before the address is told: who asks at once waits instead of being refused
            where = f"{address(listener)}/mcp"
            say("serving", f"Agents at {where} (Ctrl-C stops)", what="Agents", address=where)
            serve_http(library, listener)
