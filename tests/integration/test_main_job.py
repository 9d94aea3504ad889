"""The main job on real input: harvested over HTTP, kept as sent, joined, indexed, found; in both deployments."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.testclient import TestClient
from lxml import etree
from sqlalchemy import select

from indexer.search.folding import fold
from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository, RecordedRepository

_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>One article</dc:title>{}</oai_dc:dc>"
)
_WORD = re.compile(r"[^\W\d_]{5,}")


def test_seventeen_pages_of_pmc_give_844_records_and_manifestations(
    library: Library, pmc_pages: RecordedRepository
) -> None:
    source = add_source(library, "pmc", pmc_pages.url)
    first = harvest(library, source)
    assert (first.status, first.expected, first.received, first.new, first.pages) == ("complete", None, 844, 844, 17)
    joined, indexed = library.bring_up_to_date()
    assert (joined.quarantined, indexed.removed) == (0, 0)
    assert library.store.catalogue.counts()["manifestations"] == 844
    assert library.index.stats().documents == library.store.catalogue.counts()["works"]
    again = harvest(library, source)
    assert (again.status, again.received, again.new, again.changed, again.unchanged) == ("complete", 844, 0, 0, 844)
    assert library.bring_up_to_date()[1].indexed == 0


def test_doajs_page_is_kept_and_its_dead_token_told(library: Library, doaj_page: RecordedRepository) -> None:
    source = add_source(library, "doaj", doaj_page.url, "oai_doaj")
    report = harvest(library, source)
    assert (report.status, report.expected, report.received, report.new) == ("incomplete", 2460909, 100, 100)
    assert "badResumptionToken" in (report.error or "")
    library.bring_up_to_date()
    works = [work for page in library.store.catalogue.pages() for work in page]
    assert len(works) == 100
    assert sum(any(one["scheme"] == "doi" for one in work.data["identifiers"]) for work in works) == 7
    assert sum(bool(work.data["abstracts"]) for work in works) == 68


def test_every_record_is_kept_byte_for_byte(embedded: Library, doaj_page: RecordedRepository) -> None:
    source = add_source(embedded, "doaj", doaj_page.url, "oai_doaj")
    harvest(embedded, source)
    page = doaj_page.pages[0]
    key = embedded.store.sources.keys()["doaj"]
    identifiers = re.findall(rb"<identifier>(oai:[^<]+)</identifier>", page)
    assert len(identifiers) == 100
    for identifier in identifiers:
        group = embedded.store.raw.of(key, identifier.decode())
        assert group is not None
        assert group.records[0].body in page
        assert etree.fromstring(group.records[0].document()) is not None


def test_three_words_of_a_title_bring_its_record_first(
    library: Library, pmc_pages: RecordedRepository, doaj_page: RecordedRepository
) -> None:
    for name, repository, prefix in (("pmc", pmc_pages, "oai_dc"), ("doaj", doaj_page, "oai_doaj")):
        harvest(library, add_source(library, name, repository.url, prefix))
    library.bring_up_to_date()
    works = [work for page in library.store.catalogue.pages() for work in page]
    frequency: dict[str, int] = {}
    for work in works:
        for word in set(map(fold, _WORD.findall(work.data["title"]["value"]))):
            frequency[word] = frequency.get(word, 0) + 1
    client = TestClient(make_app(library))
    asked = 0
    for work in sorted(works, key=lambda one: one.id)[:200]:
        words = sorted(set(_WORD.findall(work.data["title"]["value"])), key=lambda word: (frequency[fold(word)], word))[
            :3
        ]
        if len(words) < 3 or frequency[fold(words[0])] > 1:
            continue  # three words that others share cannot tell them apart
        body = client.get("/v1/works", params={"q": " ".join(words)}).json()
        assert body["results"][0]["id"] == work.id, work.data["title"]["value"]
        asked += 1
        if asked == 30:
            break
    assert asked == 30


def test_a_changed_record_changes_its_work_and_a_deleted_one_leaves(
    library: Library, list_repository: ListRepository
) -> None:
    list_repository.put(
        *(
            Item(identifier=f"oai:x:{number}", datestamp="2026-01-01", title=f"Perovskite study {number}")
            for number in range(5)
        )
    )
    source = add_source(library, "x", list_repository.url)
    harvest(library, source)
    library.bring_up_to_date()
    client = TestClient(make_app(library))
    before = {row["title"]: row["id"] for row in client.get("/v1/works", params={"q": "perovskite"}).json()["results"]}
    assert len(before) == 5

    list_repository.put(Item(identifier="oai:x:1", datestamp="2026-01-02", title="Graphene study 1"))
    list_repository.delete("oai:x:2", "2026-01-02")
    report = harvest(library, source)
    assert (report.status, report.changed, report.deleted, report.new) == ("complete", 1, 1, 0)
    library.bring_up_to_date()
    assert client.get("/v1/works", params={"q": "perovskite"}).json()["meta"]["count"] == 3
    found = client.get("/v1/works", params={"q": "graphene"}).json()
    assert [row["id"] for row in found["results"]] == [before["Perovskite study 1"]]
    assert client.get(f"/v1/works/{before['Perovskite study 2']}").status_code == 410

    list_repository.put(Item(identifier="oai:x:2", datestamp="2026-01-03", title="Perovskite study 2 again"))
    harvest(library, source)
    library.bring_up_to_date()
    back = client.get(f"/v1/works/{before['Perovskite study 2']}").json()
    assert back["title"] == "Perovskite study 2 again"


def test_records_of_one_article_are_one_work_and_merged_ids_redirect(library: Library) -> None:
    with ListRepository() as here, ListRepository() as there:
        here.put(
            Item(
                identifier="oai:a:1",
                datestamp="2026-01-01",
                metadata=_DC.format("<dc:identifier>10.5555/one</dc:identifier>"),
            )
        )
        there.put(Item(identifier="oai:b:1", datestamp="2026-01-01", metadata=_DC.format("")))
        sources = [add_source(library, name, one.url) for name, one in (("a", here), ("b", there))]
        for source in sources:
            harvest(library, source)
        library.bring_up_to_date()
        client = TestClient(make_app(library))
        apart = [row["id"] for row in client.get("/v1/works", params={"q": "article"}).json()["results"]]
        assert len(apart) == 2

        there.put(
            Item(
                identifier="oai:b:1",
                datestamp="2026-01-02",
                metadata=_DC.format("<dc:identifier>https://doi.org/10.5555/ONE</dc:identifier>"),
            )
        )
        harvest(library, sources[1])
        library.bring_up_to_date()
        body = client.get("/v1/works", params={"q": "article"}).json()
        assert body["meta"]["count"] == 1
        assert body["results"][0]["sources"] == ["a", "b"]
        kept = body["results"][0]["id"]
        gone = next(one for one in apart if one != kept)
        answer = client.get(f"/v1/works/{gone}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (301, f"/v1/works/{kept}?redirected_from={gone}")
        assert client.get(f"/v1/works/{gone}").json()["redirected_from"] == gone
        assert client.get("/v1/works/doi:10.5555/One").json()["id"] == kept

        there.put(Item(identifier="oai:b:1", datestamp="2026-01-03", metadata=_DC.format("")))
        harvest(library, sources[1])
        library.bring_up_to_date()
        back = client.get("/v1/works", params={"q": "article"}).json()
        assert {row["id"] for row in back["results"]} == set(apart), "a mistaken merge comes apart under the old ids"
        kinds = [change.kind for change in library.store.feed.after(0, 100)]
        assert kinds.count("new") == 2
        assert {"merged", "changed"} <= set(kinds)


def test_a_rebuild_keeps_ids_versions_and_first_indexed(library: Library, list_repository: ListRepository) -> None:
    list_repository.put(
        *(Item(identifier=f"oai:x:{number}", datestamp="2026-01-01", title=f"Study {number}") for number in range(20))
    )
    harvest(library, add_source(library, "x", list_repository.url))
    library.bring_up_to_date()

    def kept() -> list[tuple[object, ...]]:
        with library.store.database.read() as connection:
            columns = schema.works.c
            rows = connection.execute(select(columns.id, columns.version, columns.first_indexed).order_by(columns.key))
            return [tuple(row) for row in rows]

    before = kept()
    joined, indexed = library.rebuild(normalise=True)
    assert (joined.records, indexed.indexed) == (20, 20)
    assert kept() == before
    assert library.index.stats().documents == 20


def test_works_of_another_normaliser_are_noticed_until_a_rebuild(
    embedded: Library, list_repository: ListRepository
) -> None:
    list_repository.put(Item(identifier="oai:x:1", datestamp="2026-01-01"))
    harvest(embedded, add_source(embedded, "x", list_repository.url))
    embedded.bring_up_to_date()
    assert not embedded.pipeline.is_outdated()
    embedded.store.set_fact("normaliser_version", "0")
    assert embedded.pipeline.is_outdated()
    embedded.rebuild(normalise=True)
    assert not embedded.pipeline.is_outdated()


def test_recorded_pages_of_other_repositories_are_stored_and_searchable(embedded: Library, recorded: Path) -> None:
    names = [
        "scrapi_cyberleninka_00",
        "scrapi_erudit_00",
        "scrapi_lshtm_00",
        "scrapi_pcurio_00",
        "scrapi_rcaap_00",
        "scrapi_dash_00",
    ]
    for name in names:
        with RecordedRepository([recorded / "oai-misc" / f"{name}.xml"]) as repository:
            source_id = name.lower().replace("_", "-")
            report = harvest(embedded, add_source(embedded, source_id, repository.url))
            assert report.received > 0
            assert report.received == report.new + report.deleted
    joined, _ = embedded.bring_up_to_date()
    counts = embedded.store.catalogue.counts()
    live = joined.records - joined.quarantined
    assert counts["manifestations"] <= live
    assert counts["manifestations"] > 200
