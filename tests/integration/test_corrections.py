"""Fields that people correct: the value wins, survives, goes with its record, and is given back."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from indexer.judging_desk import JudgingDesk
from indexer.models import Container, Contributor, Identifier, Journal, License
from indexer.storage.journals import JournalWriter
from search_api.library import Library
from tests.integration.judging import BY, FISH, home, record, states
from tests.integration.test_identity_walk import Shelf, check


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library, random.Random(1))  # noqa: S311


@pytest.fixture
def desk(shelf: Shelf) -> JudgingDesk:
    shelf.library.pipeline.join_pending()  # by which rules identity is computed is written down
    return JudgingDesk(shelf.library.store, shelf.library.pipeline)


@pytest.mark.parametrize(
    ("field", "value", "place", "shown"),
    [
        ("title", "Lead uptake of wheat", "title", lambda data: data["title"]["value"]),
        ("abstract", "What we found.", "abstracts", lambda data: [one["value"] for one in data["abstracts"]]),
        ("year", 1999, "published", lambda data: data["published"]),
        ("published", "1999-03", "published", lambda data: data["published"]),
        (
            "authors",
            "Li, Ming; Smith, Jane",
            "contributors",
            lambda data: [one["name"] for one in data["contributors"]],
        ),
        ("container_title", "Rice Letters", "container.title", lambda data: data["container"]["title"]),
        ("volume", "7", "volume", lambda data: data["volume"]),
        ("issue", "", "issue", lambda data: data["issue"]),
        ("pages", "1-9", "pages", lambda data: data["pages"]),
        ("type", "review", "type", lambda data: data["type"]),
        ("language", "zh, en", "languages", lambda data: [one["code"] for one in data["languages"]]),
        ("license", "CC BY-SA 4.0", "license", lambda data: (data["license"] or {}).get("code")),
        ("doi", "https://doi.org/10.5555/RIGHT", "identifiers.doi", lambda data: data["identifiers"]),
    ],
)
def test_a_corrected_field_wins_survives_and_is_given_back(
    shelf: Shelf, desk: JudgingDesk, field: str, value: object, place: str, shown: Callable[[dict[str, object]], object]
) -> None:
    expected = {
        "title": "Lead uptake of wheat",
        "abstract": ["What we found."],
        "year": {"year": 1999, "month": None, "day": None},
        "published": {"year": 1999, "month": 3, "day": None},
        "authors": ["Ming Li", "Jane Smith"],
        "container_title": "Rice Letters",
        "volume": "7",
        "issue": None,
        "pages": "1-9",
        "type": "review",
        "language": ["zh", "en"],
        "license": "cc-by-sa",
        "doi": [{"scheme": "doi", "value": "10.5555/right"}, {"scheme": "pmid", "value": "7"}],
    }[field]
    numbers = (Identifier(scheme="doi", value="10.5555/wrong"), Identifier(scheme="pmid", value="7"))
    known = record("1", identifiers=numbers, issue="3", container=Container(title="Rice", issns=("2049-3630",)))
    shelf.save(known)
    work = home(shelf, "1")
    made = desk.correct(work.id, field, value, BY)
    after = home(shelf, "1")
    assert shown(after.data) == expected
    assert after.data["provenance"][place] == f"judgement:{made.judgement.id}"
    assert (after.id, after.version) == (work.id, work.version + 1)
    shelf.save(replace(known, volume="9", contributors=(Contributor(name="B"),)))
    assert shown(home(shelf, "1").data) == expected, "a record that changes does not undo it"
    check(shelf.library)
    desk.undo(made.judgement.id, BY)
    assert shown(home(shelf, "1").data) != expected
    assert place not in {
        name for name, of in home(shelf, "1").data["provenance"].items() if str(of).startswith("judgement")
    }


def test_a_correction_goes_with_the_first_live_record_that_it_names(shelf: Shelf, desk: JudgingDesk) -> None:
    doi = (Identifier(scheme="doi", value="10.5555/shared"),)
    shelf.save(*(record(name, identifiers=doi) for name in "12"))
    made = desk.correct(home(shelf, "1").id, "volume", "7", BY)
    desk.split(home(shelf, "1").id, [["a:2"]], BY)
    assert [home(shelf, name).data["volume"] for name in "12"] == ["7", None]
    shelf.save(gone=[("a", "1")])
    assert home(shelf, "2").data["volume"] == "7"
    shelf.save(record("1", identifiers=doi))
    assert [home(shelf, name).data["volume"] for name in "12"] == ["7", None]
    shelf.save(gone=[("a", "1"), ("a", "2")])
    assert states(desk)[made.judgement.id] == "sleeping"


def test_of_two_corrections_of_a_field_the_newest_holds(shelf: Shelf, desk: JudgingDesk) -> None:
    shelf.save(record("1"), record("2", FISH))
    one, other = home(shelf, "1").id, home(shelf, "2").id
    first = desk.correct(one, "volume", "7", BY)
    second = desk.correct(one, "volume", "8", BY)
    assert second.overrules == (first.judgement.id,)
    assert desk.correct(one, "volume", "8", BY).created is False
    elsewhere = desk.correct(other, "volume", "9", BY)
    assert elsewhere.overrules == ()
    joined = desk.merge([one, other], BY)
    assert joined.overrules == (second.judgement.id,), "joining works leaves one correction of a field"
    assert home(shelf, "1").data["volume"] == "9"
    desk.undo(joined.judgement.id, BY)
    assert home(shelf, "1").data["volume"] == "8"
    third = desk.correct(one, "volume", "7", BY)
    assert third.created, "the first of the same value is overruled, so it is said anew"
    assert home(shelf, "1").data["volume"] == "7"


def test_of_authors_who_were_known_orcid_and_affiliations_stay(shelf: Shelf, desk: JudgingDesk) -> None:
    known = Contributor(name="Ming Li", family="Li", given="Ming", orcid="0000-0002-1825-0097", affiliations=("Here",))
    shelf.save(record("1", contributors=(known,)))
    desk.correct(home(shelf, "1").id, "authors", ["Smith, Jane", "Li, Ming"], BY)
    people = home(shelf, "1").data["contributors"]
    assert [(one["name"], one["orcid"]) for one in people] == [("Jane Smith", None), ("Ming Li", known.orcid)]


def test_what_was_taken_away_is_not_filled_up_from_the_journals_records(shelf: Shelf, desk: JudgingDesk) -> None:
    journal = Journal(
        title="Rice Letters",
        issns=("2049-3630",),
        licenses=(License(code="cc-by", name="CC BY 4.0"),),
        source="b",
        record_identifier="journal",
        datestamp="2026-01-01",
    )
    with shelf.database.write() as connection:
        JournalWriter(shelf.database, connection).replace([(shelf.sources["b"], journal)], [])
    shelf.save(record("1", container=Container(title="Rice", issns=("2049-3630",))))
    assert home(shelf, "1").data["license"]["origin"] == "journal"
    made = desk.correct(home(shelf, "1").id, "license", "", BY)
    assert home(shelf, "1").data["license"] is None
    assert home(shelf, "1").data["provenance"]["license"] == f"judgement:{made.judgement.id}"
