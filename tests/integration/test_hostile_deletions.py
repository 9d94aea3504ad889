"""Records that go, come back, or go all at once: what the repository says is done, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, faults
from tests.repository.scenarios import items
from tests.repository.scenarios.playing import held

_MANY = 10_000


def found(library: Library) -> set[str]:
    return {work.data["title"]["value"] for page in library.store.catalogue.pages() for work in page}


def test_ten_thousand_records_are_deleted_at_once_because_the_repository_says_so(embedded: Library) -> None:
    many = [Item(f"oai:x:{number:05d}", "2026-01-01", title=f"Study {number}") for number in range(_MANY)]
    with ListRepository(many, page_size=2000, granularity="YYYY-MM-DD") as repository:
        source = add_source(embedded, "x", repository.url)
        first = harvest(embedded, source)
        assert (first.status, first.new) == ("complete", _MANY)
        repository.put(*(replace(item, datestamp="2026-01-02", deleted=True) for item in many))
        second = harvest(embedded, source)
        assert (second.status, second.received, second.deleted, second.error) == ("complete", _MANY, _MANY, None)
        store = held(embedded)
        assert len(store) == _MANY
        assert all(one.deleted and one.datestamp == "2026-01-02" for one in store.values())


def test_a_list_that_is_suddenly_empty_deletes_nothing(embedded: Library, list_repository: ListRepository) -> None:
    list_repository.put(*items())
    source = add_source(embedded, "x", list_repository.url)
    assert harvest(embedded, source).new == 60
    list_repository.items.clear()
    for full in (True, False):  # in this order, so that the first one asks for everything
        report = harvest(embedded, source, full=full)
        assert (report.status, report.received, report.deleted) == ("complete", 0, 0)
    assert len(held(embedded)) == 60
    assert not any(one.deleted for one in held(embedded).values())


def test_a_record_that_comes_back_is_found_again(embedded: Library, list_repository: ListRepository) -> None:
    list_repository.put(Item("oai:x:1", "2026-01-01", title="One"), Item("oai:x:2", "2026-01-01", title="Two"))
    source = add_source(embedded, "x", list_repository.url)
    harvest(embedded, source)
    embedded.bring_up_to_date()
    assert found(embedded) == {"One", "Two"}
    list_repository.delete("oai:x:1", "2026-01-02")
    assert harvest(embedded, source).deleted == 1
    embedded.bring_up_to_date()
    assert found(embedded) == {"Two"}
    list_repository.put(Item("oai:x:1", "2026-01-03", title="One, again"))
    report = harvest(embedded, source)
    assert (report.status, report.changed, report.deleted) == ("complete", 1, 0)
    embedded.bring_up_to_date()
    assert found(embedded) == {"One, again", "Two"}


def test_the_metadata_of_a_deleted_record_is_kept_and_not_shown(
    embedded: Library, list_repository: ListRepository
) -> None:
    list_repository.put(Item("oai:x:1", "2026-01-01", deleted=True), Item("oai:x:2", "2026-01-01", title="Two"))
    body = Item("", "", title="Withdrawn").body().encode()
    spoil = faults.with_bytes(b"</header></record>", b"</header><metadata>" + body + b"</metadata></record>")
    list_repository.faults.add(spoil, times=None)
    report = harvest(embedded, add_source(embedded, "x", list_repository.url))
    assert (report.status, report.new, report.deleted) == ("complete", 1, 1)
    assert b"Withdrawn" in (held(embedded)["oai:x:1"].body or b"")
    joined, _ = embedded.bring_up_to_date()
    assert joined.quarantined == 0
    assert found(embedded) == {"Two"}
