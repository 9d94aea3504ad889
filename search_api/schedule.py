"""When ``up`` harvests: how often, at which hours of the day, and that it ends when a host's hours do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from harvesters.checkpoints import RunReport
from harvesters.deletions import awaits_confirmation
from harvesters.errors import StoppedError
from harvesters.pace import Pace
from harvesters.runner import Request
from harvesters.sources.definition import Source
from search_api.hours import is_allowed_at

_JITTER_SECONDS = 900
_LINKS_HOUR = 18
#: A comparison that waits for somebody to confirm its deletions is not done again before.
_REMINDER = timedelta(days=7)
#: A source with hours can be harvested once a day only: the day nearest to its time is the right one.
_NEAREST_DAY = timedelta(hours=12)


class HoursPace(Pace):
    """A pace that lets no request out after a host's hours; the run then ends as one that was asked to stop."""

    def __init__(self, shared: Pace, source: Source, request: Request, now: Callable[[], datetime]) -> None:
        super().__init__(shared.stop)
        self._shared = shared
        self._source = source
        self._request = request
        self._now = now

    def wait(self, host: str, seconds: float) -> None:
        """Wait as the shared pace says, then look at the hours."""
        self._shared.wait(host, seconds)
        self.sleep(0)

    def sleep(self, seconds: float) -> None:
        """Sleep; raise ``StoppedError`` where the host's hours are over, or where asked to stop."""
        super().sleep(seconds)
        if not is_allowed_at(self._source, self._request, self._now()):
            raise StoppedError(
                f"The hours of the host for scheduled harvests ({self._source.hours}, UTC) are over. The harvest goes "
                "on from here when they begin again."
            )


def is_due(source: Source, last: RunReport | None, now: datetime) -> bool:
    """Tell whether it is time for a source's next harvest.

    It is where the last one did not end as complete, and where it was of dates that somebody chose.
    """
    if last is None or last.status != "complete" or last.since or last.until:
        return True
    every = timedelta(hours=source.every_hours)
    return now - datetime.fromisoformat(last.started) >= (every - _NEAREST_DAY if source.hours else every)


def is_seen_to(source: Source, last: RunReport | None, now: datetime) -> bool:
    """Tell whether another worker harvested a source, on its own interval, so lately that this one need not."""
    if last is None or is_due(source, last, now):
        return False
    return now - datetime.fromisoformat(last.started) < timedelta(hours=source.every_hours) / 2


def is_reconcile_due(source: Source, last: RunReport | None, now: datetime) -> bool:
    """Tell whether it is time to compare with the repository; a comparison that did not come to its end counts not."""
    if last is None or last.finished is None:
        return True
    ago = now - datetime.fromisoformat(last.finished)
    if awaits_confirmation(last):
        return ago >= _REMINDER
    return last.status != "complete" or ago >= timedelta(days=source.reconcile_days or 0)


def link_trigger() -> CronTrigger:
    """Return when links are checked: once a day, at night where the library is, and not on the hour."""
    return CronTrigger(hour=_LINKS_HOUR, minute=30, jitter=_JITTER_SECONDS, timezone=UTC)


def trigger(source: Source) -> CronTrigger | IntervalTrigger:
    """Return when to look at a source: daily when its host's hours begin, or at intervals; never all at one moment."""
    if source.hours:
        return CronTrigger(hour=int(source.hours.split("-")[0]), jitter=_JITTER_SECONDS, timezone=UTC)
    seconds = source.every_hours * 3600
    # A tenth of the interval: a fixed jitter would swallow a short one.
    return IntervalTrigger(seconds=seconds, jitter=min(_JITTER_SECONDS, seconds / 10), timezone=UTC)
