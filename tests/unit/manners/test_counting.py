"""Counting requests in windows: the clock is the test's own."""

from __future__ import annotations

import threading

from search_api.manners.counting import Policy, Windows

_MINUTE = Policy(name="minute", quota=3, seconds=60)
_DAY = Policy(name="day", quota=5, seconds=86_400)


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _times(windows: Windows, client: str, *policies: Policy) -> int:
    """Count how many requests of a client are let in."""
    times = 0
    while windows.take(client, policies)[1]:
        times += 1
    return times


def test_a_quota_is_let_in_and_no_more_until_its_window_is_over() -> None:
    clock = _Clock()
    windows = Windows(clock)
    assert _times(windows, "a", _MINUTE) == 3
    clock.now += 59.9
    assert windows.take("a", [_MINUTE])[1] is False
    clock.now += 0.1
    assert _times(windows, "a", _MINUTE) == 3


def test_clients_do_not_use_up_each_others_quota() -> None:
    windows = Windows(_Clock())
    assert _times(windows, "a", _MINUTE) == 3
    assert _times(windows, "b", _MINUTE) == 3


def test_what_is_refused_is_counted_nowhere() -> None:
    clock = _Clock()
    windows = Windows(clock)
    for _ in range(50):
        windows.take("a", [_MINUTE, _DAY])
    assert [one.remaining for one in windows.look("a", [_MINUTE, _DAY])] == [0, 2]
    clock.now += 60
    assert _times(windows, "a", _MINUTE, _DAY) == 2


def test_a_standing_tells_what_is_left_and_when_it_begins_anew() -> None:
    clock = _Clock()
    windows = Windows(clock)
    windows.take("a", [_MINUTE])
    clock.now += 20.5
    standing = windows.take("a", [_MINUTE])[0][0]
    assert (standing.remaining, standing.wait) == (1, 40)
    assert windows.look("b", [_MINUTE])[0].remaining == 3


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    clock = _Clock()
    windows = Windows(clock)
    assert _times(windows, "a", _MINUTE) == 3
    clock.now -= 500
    assert _times(windows, "a", _MINUTE) == 3


def test_memory_is_bounded_however_many_clients_there_are() -> None:
    clock = _Clock()
    windows = Windows(clock, most=100)
    for number in range(1_000):
        windows.take(f"client-{number}", [_MINUTE])
        assert len(windows._windows) <= 100
    assert windows.look("client-999", [_MINUTE])[0].used == 1, "the newest are kept"
    clock.now += 60
    windows.take("another", [_MINUTE])
    assert _times(windows, "client-999", _MINUTE) == 3


def test_requests_of_several_threads_are_all_counted() -> None:
    windows = Windows(_Clock())
    many = Policy(name="minute", quota=100_000, seconds=60)
    threads = [threading.Thread(target=lambda: [windows.take("a", [many]) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert windows.look("a", [many])[0].used == 4_000
