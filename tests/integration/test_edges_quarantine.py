"""What stays in quarantine until just that is mended, and what may not slip past it."""

from __future__ import annotations

from harvesters.pace import Pace
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.integration.holdings import STAMP, about, held, lag_since, live, numbered, reconcile, ten_a_day
from tests.repository import Item, ListRepository, faults


def test_a_record_that_is_sound_in_another_format_stays_in_quarantine_in_the_broken_one(library: Library) -> None:
    with ListRepository(numbered(10), prefixes=("oai_doaj", "oai_dc")) as repository:
        source = add_source(library, "x", repository.url, metadata_prefixes=["oai_doaj", "oai_dc"])
        broken = faults.with_bytes(b"<dc:title>Study 3</dc:title>", b"<dc:title>Study 3</dc:titel>")
        repository.faults.add(about("oai_doaj", broken), times=None)
        harvest(library, source)
        assert ("oai:x:0003", "oai_dc") in held(library)
        assert library.store.quarantine.counts() == {"x": 1}
        repository.faults.clear()
        library.replay(source, keys=None, pace=Pace())
        assert ("oai:x:0003", "oai_doaj") in held(library)
        assert library.store.quarantine.counts() == {}


def test_a_record_that_another_format_lacks_stays_in_quarantine_in_its_own(library: Library) -> None:
    with ListRepository(numbered(10), prefixes=("oai_doaj", "oai_dc")) as repository:
        source = add_source(library, "x", repository.url, metadata_prefixes=["oai_doaj", "oai_dc"])
        broken = faults.with_bytes(b"<dc:title>Study 3</dc:title>", b"<dc:title>Study 3</dc:titel>")
        repository.faults.add(about("oai_doaj", broken), times=None)
        harvest(library, source)
        lacking = about("oai_dc", faults.oai_error("cannotDisseminateFormat"))
        repository.faults.add(lacking, verb="GetRecord", times=None)
        library.replay(source, keys=None, pace=Pace())
        assert library.store.quarantine.counts() == {"x": 1}
        repository.faults.clear()
        repository.forget("oai:x:0003")
        library.replay(source, keys=None, pace=Pace())
        assert library.store.quarantine.counts() == {}


def test_a_replay_that_mends_nothing_of_a_whole_answer_resolves_nothing(library: Library) -> None:
    with ListRepository(numbered(30)) as repository:
        source = add_source(library, "x", repository.url)
        repository.faults.add(faults.cut(), page=2, times=None, verb="ListRecords")
        repository.faults.add(faults.status(500), verb="ListIdentifiers", times=None)
        assert harvest(library, source).status == "incomplete"
        assert library.store.quarantine.counts() == {"x": 1}
        library.replay(source, keys=None, pace=Pace())
        assert library.store.quarantine.counts() == {"x": 1}
        assert len(live(library)) < 30
        repository.faults.clear()
        assert harvest(library, source).status == "complete"
        assert len(live(library)) == 30
        assert library.store.quarantine.counts() == {}


def test_a_harvest_of_another_window_resolves_no_answer_of_this_one(library: Library) -> None:
    with ListRepository(ten_a_day(3), page_size=5) as repository:
        lag = lag_since("2026-01-05")
        source = add_source(library, "x", repository.url, slice="day", first_days=8, lag_days=lag)
        repository.faults.add(about("2026-01-02", faults.cut(0.4)), times=None)
        assert harvest(library, source).status == "incomplete"
        assert library.store.quarantine.counts() == {"x": 1}
        assert harvest(library, source, since="2026-01-01", until="2026-01-01").status == "complete"
        assert library.store.quarantine.counts() == {"x": 1}


def test_a_header_without_an_identifier_is_not_passed_over_in_a_comparison(library: Library) -> None:
    with ListRepository(numbered(20)) as repository:
        source = add_source(library, "x", repository.url)
        harvest(library, source)
        repository.put(Item("oai:x:new", STAMP))
        repository.states_size = False
        nameless = faults.with_bytes(b"<identifier>oai:x:new</identifier>", b"<identifier></identifier>")
        repository.faults.add(nameless, verb="ListIdentifiers", times=None)
        report = reconcile(library, source)
        assert (report.quarantined, report.deleted) == (1, 0)
        assert library.store.quarantine.counts() == {"x": 1}
