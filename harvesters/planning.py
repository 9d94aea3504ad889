"""Plan the lists of one harvest: its windows, and in their places the lists that an earlier run left half-way."""

from __future__ import annotations

from collections.abc import Sequence

from harvesters.checkpoints import SliceState
from harvesters.records import Window
from harvesters.sources.definition import Source

#: A list to harvest: one to go on with, or a format and a window to begin.
Planned = SliceState | tuple[str, Window]


def plan_lists(
    source: Source, metadata_prefix: str, windows: Sequence[Window], begun: Sequence[SliceState]
) -> tuple[list[Planned], list[SliceState]]:
    """Return the lists of one format to harvest, oldest first, and those begun ones that belong to no window any more.

    The order matters: a checkpoint moves with each finished list, so that nothing older may be left behind it. A list
    keeps the end with which it was begun, though its window ends later by now; what is left of it comes right after.
    """
    waiting = list(begun)
    plan: list[Planned] = []
    for window in windows:
        state = _begun_in(source, window, waiting)
        if state is None:
            plan.append((metadata_prefix, window))
            continue
        waiting.remove(state)
        plan.append(state)
        if source.slice is not None and state.window != window:
            # From the day on which it ended, which may not have been over.
            plan.append((metadata_prefix, Window(since=state.window.until, until=window.until)))
    return plan, waiting


def _begun_in(source: Source, window: Window, waiting: Sequence[SliceState]) -> SliceState | None:
    same = (state for state in waiting if state.window == window)
    shorter = (state for state in waiting if _begins(source, state.window, window))
    return next(same, None) or next(shorter, None)


def _begins(source: Source, begun: Window, window: Window) -> bool:
    """Tell whether a list that was begun is the first part of a window, which ends later as time goes by."""
    if begun.since != window.since:
        return False
    if source.slice is None:
        return True
    # Ends written alike can be compared: not days with seconds.
    return bool(begun.until and window.until and len(begun.until) == len(window.until) and begun.until < window.until)
