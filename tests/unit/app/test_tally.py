"""What processes that share memory count together."""

from __future__ import annotations

import os
import threading

from search_api.tally import BUCKETS, UNMATCHED, Tally


def _in_another_process(tally: Tally, place: int) -> None:
    pid = os.fork()
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        return
    status = 1
    try:
        tally.take_place(place)
        tally.begin()
        tally.answered("/a", 200, 0.02)
        tally.count("search_cut_off")
        status = 0
    finally:
        os._exit(status)


def test_the_sum_of_all_processes_is_told_and_a_successor_goes_on_from_it() -> None:
    tally = Tally(3)
    tally.name_routes(["/a", "/b"])
    for place in (1, 2, 2):
        _in_another_process(tally, place)
    totals = tally.totals()
    (latencies,) = totals.latencies
    assert (latencies.route, latencies.status, sum(latencies.counts), round(latencies.seconds, 6)) == (
        "/a",
        "2xx",
        3,
        0.06,
    )
    assert totals.events == {"search_cut_off": 3, "given_up": 0}
    assert totals.in_flight == 2, "the successor answers nothing yet of what its predecessor died with"
    assert tally.pids().keys() == {0, 1, 2}


def test_every_latency_is_in_the_bucket_whose_bound_it_does_not_pass() -> None:
    tally = Tally()
    for seconds in (0.0, *BUCKETS, BUCKETS[-1] + 0.1):
        tally.answered("/nowhere", 503, seconds)
    (latencies,) = tally.totals().latencies
    assert (latencies.route, latencies.status) == (UNMATCHED, "5xx")
    assert latencies.counts == (2, *[1] * (len(BUCKETS) - 1), 1)
    assert tally.totals().statuses == {"429": 0, "503": 13}


def test_however_many_routes_and_addresses_there_are_the_labels_are_bounded() -> None:
    tally = Tally()
    tally.name_routes([f"/r/{number:04}" for number in range(1_000)])
    for number in range(1_000):
        tally.answered(tally.route_of(f"/r/{number:04}", f"/r/{number:04}"), 200 + number % 800, 0.1)
    assert len({one.route for one in tally.totals().latencies}) == 257
    assert tally.route_of(None, "/r/0001") == "/r/0001"
    assert tally.route_of(None, "/wp-login.php") == UNMATCHED
    assert tally.route_of("/r/9999", "/r/9999") == UNMATCHED


def test_threads_lose_no_count() -> None:
    tally = Tally()

    def begin() -> None:
        for _ in range(5_000):
            tally.begin()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.totals().in_flight == 20_000
