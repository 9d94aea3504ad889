"""What each record says of a field, beside what the work says."""

from __future__ import annotations

from typing import Any

from indexer.identity.claims import MOST_CLAIMS, MOST_NAMED, FieldClaims, claims_of

_EMPTY: dict[str, Any] = {
    "translated_titles": [],
    "contributors": [],
    "container": None,
    "published": None,
    "volume": None,
    "issue": None,
    "pages": None,
    "type": "article",
    "languages": [],
    "license": None,
    "abstracts": [],
    "identifiers": [],
    "subjects": [],
    "keywords": [],
    "relations": [],
    "locations": [],
}


def record(title: str = "Rice", **values: Any) -> dict[str, Any]:
    return {**_EMPTY, "title": {"value": title}, **values}


def work(provenance: dict[str, str], **values: Any) -> dict[str, Any]:
    return {**record(**values), "provenance": provenance}


def found(data: dict[str, Any], *members: tuple[str, dict[str, Any]]) -> dict[str, FieldClaims]:
    return {one.field: one for one in claims_of(data, members)}


def test_a_losing_value_stays_with_all_who_say_it() -> None:
    fields = found(
        work({"title": "m1", "volume": "m2"}, volume="7"),
        ("m1", record()),
        ("m2", record("Wheat", volume="7")),
        ("m3", record("Wheat", volume="8")),
    )
    assert fields["title"].origin == "m1"
    assert [(one.shown, one.records) for one in fields["title"].claims] == [("Wheat", ("m2", "m3"))]
    assert [(one.shown, one.records) for one in fields["volume"].claims] == [("8", ("m3",))]
    assert "issue" not in fields, "nobody says anything of it"


def test_what_a_person_said_of_a_part_is_told_first() -> None:
    journal = {"title": "Rice Letters", "issns": ["1"], "issn_l": None, "publisher": None}
    fields = found(
        work(
            {"container": "m1", "container.title": "judgement:j1", "container.publisher": "journal:a:1"},
            container=journal,
        ),
        ("m1", record(container={**journal, "title": "Rice Lettres"})),
        ("m2", record(container={**journal, "title": None})),
    )
    assert fields["container"].origin == "judgement:j1"
    assert [one.shown for one in fields["container"].claims] == ["Rice Lettres"], "an ISSN alone says nothing else"


def test_a_value_that_was_taken_away_is_told_as_nothing_with_what_lost() -> None:
    fields = found(work({"pages": "judgement:j1"}), ("m1", record(pages="1-2")))
    assert (fields["pages"].value, fields["pages"].shown, fields["pages"].origin) == (None, "", "judgement:j1")
    assert [one.shown for one in fields["pages"].claims] == ["1-2"]


def test_thousands_of_values_are_told_in_part_with_their_number() -> None:
    members = [(f"m{place}", record(f"Rice {place % 100}")) for place in range(5_000)]
    (title,) = [one for one in claims_of(work({"title": "m0"}, title="Rice 0"), members) if one.field == "title"]
    assert len(title.claims) < MOST_CLAIMS + 1
    assert {(len(one.records), one.record_count) for one in title.claims} == {(MOST_NAMED, 50)}
