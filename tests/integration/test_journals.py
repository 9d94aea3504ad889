"""Journals enrich articles: whatever arrives first, whatever changes later, wherever it is killed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from indexer.assembling import Assembler
from indexer.errors import StoreError
from indexer.joining import Joiner
from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.journals import (
    JOURNALS,
    ONLINE,
    OTHER,
    PRINT,
    THIRD,
    Sent,
    deleted,
    doaj_article,
    journal,
    only,
    pmc_article,
    receive,
    row,
    works,
)

_BY, _BY_NC = "https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/licenses/by-nc/4.0/"


def settled(library: Library, *records: Sent) -> None:
    receive(library, records)
    library.bring_up_to_date()


def test_a_journal_gives_its_articles_licence_publisher_country_and_subjects(library: Library) -> None:
    settled(library, doaj_article(1, PRINT), journal(7, PRINT, ONLINE))
    found = only(library)
    assert found["container"] | {"id": ""} == {
        "title": "A journal",
        "issns": [PRINT, ONLINE],
        "issn_l": None,
        "publisher": "Publisher 7",
        "country": "BR",
        "id": "",
    }
    assert (found["license"]["code"], found["license"]["origin"]) == ("cc-by", "journal")
    assert found["subjects"] == [{"term": "Biology 7", "scheme": "LCC", "code": "QH301-705.5", "origin": "journal"}]
    assert [one["code"] for one in found["languages"]] == ["en"], "the journal's Portuguese is not the article's"
    assert found["provenance"]["license"] == "journal:journals:journal:7"
    assert found["provenance"]["container.publisher"] == "journal:journals:journal:7"
    assert found["provenance"]["subjects.journal"] == "journal:journals:journal:7"
    assert found["provenance"]["container"].startswith("m")


def test_a_pmc_article_without_a_licence_gets_it_through_the_journals_other_issn(library: Library) -> None:
    settled(library, pmc_article(1, PRINT), doaj_article(2, ONLINE))
    apart = {work.data["container"]["id"] for work in works(library).values()}
    assert len(apart) == 2, "nothing says yet that they are one journal"
    settled(library, journal(7, PRINT, ONLINE))
    found = works(library)["Paper number 1 of writing"].data
    assert (found["license"]["code"], found["license"]["origin"]) == ("cc-by", "journal")
    ids = {work.data["container"]["id"] for work in works(library).values()}
    assert len(ids) == 1
    assert ids <= apart, "an id that is known is kept"
    client = TestClient(make_app(library))
    for query in (f"issn:{PRINT}", f"issn:{ONLINE}", 'subject:"Biology 7"', "license:cc-by"):
        assert client.get("/v1/works", params={"q": query}).json()["meta"]["count"] == 2, query
    facets = client.get("/v1/works", params={"facets": "subject,license,container"}).json()["facets"]
    assert [(one["value"], one["count"]) for one in facets["subject"]] == [("Biology 7", 2)]
    assert [(one["value"], one["count"]) for one in facets["license"]] == [("cc-by", 2)]
    assert [(one["label"], one["count"]) for one in facets["container"]] == [("Journal number 7", 2)]


def test_an_article_with_a_licence_of_its_own_keeps_it(library: Library) -> None:
    settled(library, pmc_article(1, PRINT, license_url=_BY_NC), journal(7, PRINT))
    found = only(library)
    assert (found["license"]["code"], found["license"]["origin"]) == ("cc-by-nc", "article")
    assert found["provenance"]["license"].startswith("m")


def test_of_several_licences_of_a_journal_none_is_chosen(library: Library) -> None:
    settled(library, doaj_article(1, PRINT), journal(7, PRINT, license=[{"type": "CC BY"}, {"type": "CC BY-NC"}]))
    assert only(library)["license"] is None
    assert only(library)["container"]["country"] == "BR"


def test_a_deleted_journal_takes_its_gifts_back_and_a_changed_one_changes_them(library: Library) -> None:
    first = journal(7, PRINT)
    settled(library, doaj_article(1, PRINT), pmc_article(2, OTHER))
    before = {title: work.data for title, work in works(library).items()}
    settled(library, first)
    settled(library, journal(7, PRINT, datestamp="2026-10-02", license=[{"type": "CC BY-NC-ND"}]))
    changed = works(library)["Study number 1 of reading"]
    assert (changed.data["license"]["code"], changed.version) == ("cc-by-nc-nd", 3)
    settled(library, deleted(first, "2026-10-03"))
    assert {title: work.data for title, work in works(library).items()} == before
    assert works(library)["Paper number 2 of writing"].version == 1, "another journal's works have heard nothing"


def test_what_does_not_change_a_journals_works_gives_them_no_version(library: Library) -> None:
    settled(library, doaj_article(1, PRINT), journal(7, PRINT))
    horizon = library.store.feed.horizon()
    settled(library, journal(7, PRINT, datestamp="2026-10-05", keywords=["new"]))
    assert library.store.feed.horizon() == horizon
    library.rebuild(normalise=True)
    assert library.store.feed.horizon() == horizon


def test_the_newest_of_a_journals_records_goes_first_field_by_field(library: Library) -> None:
    table = row(1, "From the table", PRINT, THIRD, "The table's", "Peru", "CC BY-SA", "", "", datestamp="2026-10-09")
    settled(library, doaj_article(1, PRINT), journal(7, PRINT, ONLINE), table)
    found = only(library)
    assert found["container"]["publisher"] == "The table's"
    assert found["container"]["country"] == "PE"
    assert found["container"]["issns"] == [PRINT, THIRD, ONLINE]
    assert found["license"]["code"] == "cc-by-sa"
    assert found["subjects"][0]["term"] == "Biology 7", "the table names none"
    assert found["provenance"]["subjects.journal"] == "journal:journals:journal:7"
    settled(library, deleted(table, "2026-10-10"))
    assert only(library)["container"]["publisher"] == "Publisher 7"


def test_records_that_no_journal_can_be_made_of_are_quarantined_and_come_back(library: Library) -> None:
    settled(library, doaj_article(1, PRINT), journal(7, PRINT, title=""))
    (kept,) = library.store.quarantine.list()
    assert (kept["source"], kept["identifier"]) == ("journals", "journal:7")
    assert kept["remedy"]
    assert only(library)["license"] is None
    settled(library, journal(7, PRINT, datestamp="2026-10-02"))
    assert library.store.quarantine.list() == []
    assert only(library)["license"]["code"] == "cc-by"
    settled(library, journal(7, PRINT, title="", datestamp="2026-10-03"))
    assert only(library)["license"] is None


def test_a_journal_without_issn_speaks_for_articles_that_name_only_its_title(library: Library) -> None:
    settled(library, doaj_article(1, journal="Journal Number 7"), doaj_article(2, PRINT, journal="Journal number 7"))
    settled(library, journal(7))
    found = works(library)
    assert found["Study number 1 of reading"].data["license"]["code"] == "cc-by"
    assert found["Study number 2 of reading"].data["license"] is None, "an article with an ISSN goes by it"


def test_articles_without_issn_meet_in_one_container_by_the_forms_of_its_name(library: Library) -> None:
    settled(library, doaj_article(1, journal="Materials & Design (Basel)"))
    settled(
        library, doaj_article(2, journal="The Materials and Design"), doaj_article(3, journal="Materials in Design")
    )
    containers = [work.data["container"]["id"] for _, work in sorted(works(library).items())]
    assert containers[0] == containers[1] != containers[2]


def test_journals_of_one_name_with_different_issns_are_two_containers(library: Library) -> None:
    settled(library, doaj_article(1, PRINT, journal="Redes"), doaj_article(2, ONLINE, journal="Redes"))
    assert len({work.data["container"]["id"] for work in works(library).values()}) == 2


def test_a_source_that_turns_out_to_describe_journals_is_read_so_at_the_rebuild(library: Library) -> None:
    settled(library, doaj_article(1, PRINT), journal(7, PRINT))
    articles = type(JOURNALS).of(JOURNALS.values() | {"describes": "articles"})
    library.store.sources.seed([articles])
    library.rebuild(normalise=True)
    assert works(library)["Study number 1 of reading"].data["license"] is None
    library.store.sources.seed([JOURNALS])
    library.rebuild(normalise=True)
    assert only(library)["license"]["code"] == "cc-by"


def seen(library: Library) -> dict[str, Any]:
    """Return what works say, with containers' ids replaced by the articles that share them through a journal."""
    found = works(library)
    homes: dict[str, set[str]] = {}
    for title, work in found.items():
        if any(one.startswith("journal:") for one in work.data["provenance"].values()):
            homes.setdefault(work.data["container"]["id"], set()).add(title)
    said = {}
    for title, work in found.items():
        data = {name: value for name, value in work.data.items() if name not in {"manifestations", "provenance"}}
        origins = {name: said_by for name, said_by in work.data["provenance"].items() if said_by.startswith("journal:")}
        home = sorted(homes[work.data["container"]["id"]]) if origins else None
        said[title] = data | {"container": work.data["container"] | {"id": home}, "provenance": origins}
    return said


def shuffled(chance: random.Random) -> list[Sent]:
    """Return articles and journals that share, miss and mix up ISSNs; some journals change or are deleted."""
    pool = [PRINT, ONLINE, OTHER, THIRD, "0028-0836", "0140-6736"]
    records = [
        doaj_article(number, *chance.sample(pool, chance.choice([1, 1, 1, 2])))
        for number in range(chance.randint(4, 9))
    ]
    records += [pmc_article(number, chance.choice(pool)) for number in range(3)]
    for number in range(chance.randint(2, 5)):
        numbers = chance.sample(pool, chance.choice([0, 1, 1, 2, 2]))
        records.append(journal(number, *numbers, datestamp=f"2026-10-{chance.randint(1, 9):02d}"))
    return records


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_gives_the_same_works(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    records = shuffled(chance)
    found = []
    for _ in range(4):
        chance.shuffle(records)
        with open_library(Settings(data_dir=tmp_path_factory.mktemp("order")), sources=[]) as library:
            for start in range(0, len(records), size := chance.choice([1, 3, len(records)])):
                receive(library, records[start : start + size])
                library.pipeline.join_pending()
            found.append(seen(library))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("seed", range(6))
def test_any_past_of_the_journals_gives_the_same_works(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Journals come, change their ISSNs and go; in the end the works are what the last state alone gives."""
    chance = random.Random(seed)  # noqa: S311
    pool = [PRINT, ONLINE, OTHER, THIRD]
    articles = [doaj_article(number, *chance.sample(pool, chance.choice([1, 1, 2]))) for number in range(8)]
    last: dict[int, Sent] = {}
    with open_library(Settings(data_dir=tmp_path_factory.mktemp("walk")), sources=[]) as library:
        receive(library, articles)
        for day in range(1, 25):
            number = chance.randint(1, 4)
            stamp = f"2026-10-{day:02d}"
            if number in last and chance.random() < 0.3:
                receive(library, [deleted(last.pop(number), stamp)])
            else:
                last[number] = journal(number, *chance.sample(pool, chance.choice([1, 2])), datestamp=stamp)
                receive(library, [last[number]])
            library.pipeline.join_pending()
        walked = seen(library)
    with open_library(Settings(data_dir=tmp_path_factory.mktemp("fresh")), sources=[]) as library:
        receive(library, [*last.values(), *articles])
        library.pipeline.join_pending()
        assert seen(library) == walked


def waiting(library: Library) -> int:
    with library.store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.stale_containers)).scalar_one())


def codes(library: Library) -> set[str | None]:
    return {
        work.data["license"] and work.data["license"]["code"]
        for page in library.store.catalogue.pages()
        for work in page
    }


def test_a_journal_of_2000_works_is_merged_anew_in_batches(library: Library) -> None:
    settled(library, *(doaj_article(number, PRINT) for number in range(2000)), pmc_article(1, OTHER))
    receive(library, [journal(7, PRINT)])
    sizes: list[int] = []

    class Counting(Joiner):
        def _remerge(self, assembler: Assembler, work_keys: Any) -> Any:
            sizes.append(len(work_keys))
            return super()._remerge(assembler, work_keys)

    joined = Counting(library.store).join_pending(limit=None, watch=lambda _: None)
    assert (joined.records, joined.remerged, joined.works_changed) == (1, 2000, 2000)
    assert sizes == [500] * 4 + [0]
    assert codes(library) == {"cc-by", None}
    assert waiting(library) == 0


def test_killed_in_mid_queue_nothing_is_lost_and_nothing_told_twice(library: Library, settings: Settings) -> None:
    settled(library, *(doaj_article(number, PRINT) for number in range(1200)))
    start = library.store.feed.horizon()
    receive(library, [journal(7, PRINT)])

    class KilledError(BaseException):
        pass

    class Mortal(Joiner):
        """Dies inside its third batch, after the works were written and before the transaction ends."""

        batches = 0

        def _remerge(self, assembler: Assembler, work_keys: Any) -> Any:
            entries = super()._remerge(assembler, work_keys)
            self.batches += 1
            if self.batches == 3:
                raise KilledError
            return entries

    with pytest.raises(KilledError):
        Mortal(library.store).join_pending(limit=None, watch=lambda _: None)
    assert waiting(library) == 1
    assert codes(library) == {"cc-by", None}
    with open_library(settings, sources=[]) as again:
        joined, _ = again.bring_up_to_date()
        assert (joined.records, joined.remerged) == (0, 200)
        assert codes(again) == {"cc-by"}
        changes = again.store.feed.after(start, 5000)
        assert len(changes) == len({change.work_key for change in changes}) == 1200
        assert again.index.stats().documents == 1200


def test_a_journal_that_changes_while_its_works_are_merged_begins_again(embedded: Library) -> None:
    settled(embedded, *(doaj_article(number, PRINT) for number in range(1200)))
    receive(embedded, [journal(7, PRINT)])
    assert embedded.pipeline.join_pending(limit=500).remerged == 500
    receive(embedded, [journal(7, PRINT, datestamp="2026-10-02", license=[{"type": "CC BY-NC"}])])
    embedded.pipeline.join_pending()
    assert codes(embedded) == {"cc-by-nc"}


def test_a_work_that_cannot_be_merged_does_not_block_those_behind_it(
    embedded: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    settled(embedded, *(doaj_article(number, PRINT) for number in range(30)))
    table = schema.manifestations
    with embedded.store.database.write() as connection:
        connection.execute(table.update().where(table.c.identifier == "oai:doaj:000011").values(data=b"{}"))
    receive(embedded, [journal(7, PRINT)])
    joined = embedded.pipeline.join_pending()
    assert (joined.remerged, joined.works_changed) == (30, 29)
    assert "work_passed_over" in "".join(capsys.readouterr())
    assert waiting(embedded) == 0


def test_journals_count_as_usable_records_of_their_source(library: Library) -> None:
    settled(library, doaj_article(1, PRINT), journal(7, PRINT), journal(8, OTHER))
    assert library.store.catalogue.manifestations_by_source() == {"doaj": 1, "journals": 2}


def test_an_older_store_learns_which_container_its_works_are_in(settings: Settings) -> None:
    with open_library(settings, sources=[]) as library:
        settled(library, doaj_article(1, PRINT), pmc_article(2, OTHER))
        library.store.database.change_schema("0002")
    with open_library(settings, sources=[]) as library:
        settled(library, journal(7, PRINT))
        assert codes(library) == {"cc-by", None}


def test_a_store_error_is_no_records_fault(embedded: Library) -> None:
    settled(embedded, doaj_article(1, PRINT))

    class Broken(Joiner):
        def _remerge(self, *_: Any) -> Any:
            raise StoreError("The disk is full.", remedy="Make room.")

    receive(embedded, [journal(7, PRINT)])
    with pytest.raises(StoreError):
        Broken(embedded.store).join_pending(limit=None, watch=lambda _: None)
    assert waiting(embedded) == 1
