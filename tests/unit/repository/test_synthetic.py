from __future__ import annotations

import gzip
import urllib.request

import pytest
from sickle import Sickle
from sickle.oaiexceptions import BadResumptionToken, CannotDisseminateFormat, IdDoesNotExist, NoRecordsMatch

from tests.repository import Item, ListRepository
from tests.repository.fixtures import list_repository

__all__ = ["list_repository"]


def item(place: int, day: int, **more: object) -> Item:
    return Item(f"oai:x:{place}", f"2026-01-{day:02d}T00:00:00Z", **more)  # type: ignore[arg-type]


def listed(repository: ListRepository, **window: str) -> list[str]:
    records = Sickle(repository.url).ListRecords(metadataPrefix="oai_dc", **window)
    return [("-" if record.deleted else "") + record.header.identifier.removeprefix("oai:x:") for record in records]


def test_records_change_between_harvests(list_repository: ListRepository) -> None:
    list_repository.put(*(item(place, place) for place in range(1, 4)))
    assert listed(list_repository) == ["1", "2", "3"]
    list_repository.put(item(1, 9, title="Changed"), item(4, 10))
    list_repository.delete("oai:x:2", "2026-01-11T00:00:00Z")
    assert listed(list_repository, **{"from": "2026-01-05"}) == ["1", "4", "-2"]
    list_repository.forget("oai:x:3")
    assert listed(list_repository) == ["1", "4", "-2"]


def test_windows_are_inclusive_in_either_granularity(list_repository: ListRepository) -> None:
    list_repository.put(*(item(place, place) for place in range(1, 8)))
    assert listed(list_repository, **{"from": "2026-01-03", "until": "2026-01-05"}) == ["3", "4", "5"]
    seconds = {"from": "2026-01-03T00:00:00Z", "until": "2026-01-05T00:00:00Z"}
    assert listed(list_repository, **seconds) == ["3", "4", "5"]
    with pytest.raises(NoRecordsMatch):
        listed(list_repository, **{"from": "2027-01-01"})


@pytest.mark.parametrize(("order", "expected"), [("oldest", "312"), ("newest", "213"), ("given", "123")])
def test_lists_come_in_any_order(order: str, expected: str) -> None:
    with ListRepository([item(1, 2), item(2, 3), item(3, 1)], order=order, page_size=2) as repository:  # type: ignore[arg-type]
        assert "".join(listed(repository)) == expected


@pytest.mark.parametrize(
    ("states", "told"), [(True, b'completeListSize="5"'), (False, b"<resumptionToken>"), (99, b'"99"')]
)
def test_the_size_is_stated_hidden_or_wrong(*, states: bool | int, told: bytes) -> None:
    with ListRepository([item(place, place) for place in range(1, 6)], states_size=states, page_size=2) as repository:
        with urllib.request.urlopen(f"{repository.url}?verb=ListRecords&metadataPrefix=oai_dc", timeout=9) as response:
            assert told in response.read()
        assert len(listed(repository)) == 5


def test_a_repository_that_keeps_no_deletions_hides_them() -> None:
    with ListRepository([item(1, 1), item(2, 2, deleted=True)], deleted_record="no") as repository:
        assert listed(repository) == ["1"]


def test_sets_and_single_records(list_repository: ListRepository) -> None:
    list_repository.put(item(1, 1, set_specs=("a",)), item(2, 2, metadata='<x xmlns="http://x.example">é</x>'))
    assert listed(list_repository, set="a") == ["1"]
    sickle = Sickle(list_repository.url)
    assert "é" in sickle.GetRecord(identifier="oai:x:2", metadataPrefix="oai_dc").raw
    with pytest.raises(IdDoesNotExist):
        sickle.GetRecord(identifier="oai:x:3", metadataPrefix="oai_dc")
    with pytest.raises(CannotDisseminateFormat):
        sickle.ListRecords(metadataPrefix="marc21")
    with pytest.raises(BadResumptionToken):
        sickle.ListRecords(resumptionToken="nonsense")
    assert [each.metadataPrefix for each in sickle.ListMetadataFormats()] == ["oai_dc"]
    assert sickle.Identify().deletedRecord == "persistent"


def test_answers_are_compressed_only_if_told_to() -> None:
    with ListRepository([item(place, place) for place in range(1, 9)], gzip=True) as repository:
        request = urllib.request.Request(
            f"{repository.url}?verb=ListRecords&metadataPrefix=oai_dc", headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(request, timeout=9) as response:
            assert b"oai:x:8" in gzip.decompress(response.read())
