"""What the composition root itself raises, besides the errors of the packages below it."""

from __future__ import annotations


class KaijuanError(Exception):
    """Anything the application raises on purpose; the message ends with the remedy."""


class SettingsError(KaijuanError):
    """A setting is missing or contradictory: correct the environment."""


class PortTakenError(KaijuanError):
    """The address to serve on is in use: choose another port."""
