"""The ``kaijuan`` command."""

from search_api.cli.main import main

__all__ = ["main"]
