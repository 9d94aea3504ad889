"""The composition root: settings, HTTP API, pages and the command line."""
