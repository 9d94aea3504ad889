"""What is refused before the database is asked: names and texts that one of the databases cannot hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from harvesters.records import RawRecord
from indexer.storage.limits import MAX_IDENTIFIER_BYTES, are_storable, storable_identifier, storable_text, unstorable


def record(**values: Any) -> RawRecord:
    named = {"source": "x", "identifier": "oai:x:1", "metadata_prefix": "oai_dc", "datestamp": "2026-01-01"}
    return RawRecord(**{**named, "body": b"<record/>", **values}, received_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"identifier": "é" * (MAX_IDENTIFIER_BYTES // 2)},
        {"identifier": "期刊 第1期\t甲"},
        {"set_specs": ("a:b", "😀")},
    ],
    ids=["ordinary", "as long as may be", "any script", "astral characters"],
)
def test_what_can_be_stored_is_not_refused(values: dict[str, Any]) -> None:
    assert unstorable(record(**values)) is None


def test_ordinary_records_are_known_for_storable_at_one_look() -> None:
    assert are_storable([record(identifier="oai:期刊:1", set_specs=("a:b", "😀")), record(set_specs=())])
    assert are_storable([])


@pytest.mark.parametrize(
    "name", ["x" * 1_001, "期" * 334, "a\x00b", "a\ud800b", "a\x1bb"], ids=["long", "bytes", "nul", "half", "control"]
)
def test_a_record_with_an_impossible_identifier_goes_to_quarantine_without_it(name: str) -> None:
    assert not are_storable([record(), record(identifier=name)])
    piece = unstorable(record(identifier=name), url="http://127.0.0.1/oai")
    assert piece is not None
    assert (piece.identifier, piece.body, piece.url) == (None, b"<record/>", "http://127.0.0.1/oai")
    assert "identifier" in piece.reason
    assert len(piece.reason) < 250
    assert storable_text(piece.reason) == piece.reason
    piece.reason.encode()


@pytest.mark.parametrize(
    ("values", "named"), [({"datestamp": "2026\x00"}, "datestamp"), ({"set_specs": ("a", "b\udfff")}, "set")]
)
def test_a_record_with_impossible_texts_beside_it_keeps_its_identifier(values: dict[str, Any], named: str) -> None:
    assert not are_storable([record(), record(**values)])
    piece = unstorable(record(**values))
    assert piece is not None
    assert piece.identifier == "oai:x:1"
    assert named in piece.reason


def test_two_deletions_with_impossible_identifiers_are_two_pieces() -> None:
    pieces = [unstorable(record(identifier=f"{n}\x00", body=b"", deleted=True)) for n in range(2)]
    assert len({piece.body for piece in pieces if piece}) == 2


def test_a_text_is_cleaned_of_what_no_database_holds_and_of_nothing_else() -> None:
    assert storable_text("a\x00b\ud800c\nd\te 期") == "a\ufffdb\ufffdc\nd\te 期"
    assert storable_text(None) is None


def test_names_of_pieces_are_kept_whole_cleaned_or_cut_and_stay_different() -> None:
    assert [storable_identifier(name) for name in ("", "oai:x:1", "a\x00b")] == ["", "oai:x:1", "a\ufffdb"]
    one, other = (storable_identifier("期" * 2_000 + end) for end in "ab")
    assert one != other
    assert len(one.encode()) <= MAX_IDENTIFIER_BYTES
    assert storable_identifier(one) == one
