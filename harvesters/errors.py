"""Everything that can go wrong in a harvest, by what the caller does about it.

::

    HarvestError
    ├── TransportError             no usable answer came: try again later
    │   ├── UnreachableError       no connection (name, refused, time-out, reset)
    │   ├── ThrottledError         429 or 503: wait ``retry_after`` seconds
    │   └── ServerFaultError       another 4xx or 5xx without an OAI-PMH body
    ├── RedirectRefusedError       the repository moved to another host: change its address
    ├── TooLargeError              the answer passed the size limit: nothing of it is kept in memory
    ├── PageError                  the answer is no OAI-PMH page (HTML, empty, cut, not well-formed)
    ├── ProtocolError              the repository answered with an OAI-PMH error code
    │   ├── NoRecordsMatchError    nothing in this window: not a failure
    │   └── BadTokenError          the token died: start the list (or slice) again
    ├── StuckListError             the list does not move on (repeated token, no new identifiers)
    ├── FormatError                one record cannot be read in its format: quarantine it
    ├── SourceError                a source definition is wrong: correct it
    └── StoppedError               the operator asked to stop
"""

from __future__ import annotations


class HarvestError(Exception):
    """Anything that ends a request or a run; ``url`` is the request that caused it, if one did."""

    def __init__(self, message: str, *, url: str | None = None) -> None:
        super().__init__(message)
        self.url = url


class TransportError(HarvestError):
    """No usable answer came; the same request may work later."""


class UnreachableError(TransportError):
    """The host could not be reached, or the connection broke."""


class ThrottledError(TransportError):
    """The repository asks to slow down; wait ``retry_after`` seconds if it says how long."""

    def __init__(self, message: str, *, url: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, url=url)
        self.retry_after = retry_after


class ServerFaultError(TransportError):
    """The server answered with a failure status and no OAI-PMH body."""

    def __init__(self, message: str, *, url: str | None = None, status: int) -> None:
        super().__init__(message, url=url)
        self.status = status


class RedirectRefusedError(HarvestError):
    """The repository sends us to a host that its settings do not name."""


class TooLargeError(HarvestError):
    """An answer was larger than the limit; raise the limit only if the repository is trusted."""


class PageError(HarvestError):
    """An answer that is not an OAI-PMH page; ``body`` is all of it, for the quarantine."""

    def __init__(self, message: str, *, url: str | None = None, body: bytes = b"") -> None:
        super().__init__(message, url=url)
        self.body = body


class ProtocolError(HarvestError):
    """The repository answered with an OAI-PMH error ``code`` (section 3.6)."""

    def __init__(self, message: str, *, url: str | None = None, code: str) -> None:
        super().__init__(message, url=url)
        self.code = code


class NoRecordsMatchError(ProtocolError):
    """The window holds no records: an empty, complete list."""


class BadTokenError(ProtocolError):
    """The resumption token is unknown or expired: start the list or its date slice again."""


class StuckListError(HarvestError):
    """The list goes in circles; what was received stays, the run is incomplete."""


class FormatError(HarvestError):
    """A record cannot be read in its metadata format; ``remedy`` tells what may help."""

    def __init__(
        self,
        message: str,
        *,
        url: str | None = None,
        remedy: str = "Run kaijuan rebuild after the format parser was mended.",
    ) -> None:
        super().__init__(message, url=url)
        self.remedy = remedy


class SourceError(HarvestError):
    """A source definition is unknown or contradictory; correct it and try again."""


class StoppedError(HarvestError):
    """The run was asked to stop; it goes on from here next time."""
