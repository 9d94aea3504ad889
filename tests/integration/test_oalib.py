"""Crawling a site in OALib's form: a real spider process over real HTTP. The pages are hand-made (tests/repository)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from harvesters.demo.loopback import Response
from indexer.storage import schema
from search_api.cli.checks import reach
from search_api.library import Library
from search_api.schemas import search_parameters
from search_api.searching import Searcher
from tests.integration.conftest import harvest
from tests.integration.oalib import add_oalib, bodies
from tests.repository.oalib import HTML, TEXT, Entry, Journal, OalibSite, papers, three_journals

EVERY_PAPER = {
    *(f"oalib:paper/{number}" for number in (*range(100, 106), 1657334, 5221834, *range(200, 205), *range(300, 305)))
}
EMPTY = Response(headers=HTML, body=b"<html><head><title>OALib</title></head><body><p>Welcome</p></body></html>")


@pytest.fixture
def site() -> Iterator[OalibSite]:
    with OalibSite(three_journals()) as running:
        yield running


def titles(library: Library, words: str) -> list[str]:
    answer = Searcher(library).answer(search_parameters({"q": words}).search())
    return [row["title"] for row in answer["results"]]


def test_every_paper_of_every_journal_is_harvested_once_and_can_be_searched(embedded: Library, site: OalibSite) -> None:
    report = harvest(embedded, add_oalib(embedded, site))
    assert (report.status, report.error) == ("complete", None)
    assert (report.new, report.quarantined, report.duplicates) == (18, 0, 0)
    assert set(bodies(embedded)) == EVERY_PAPER | {"oalib:paper/103"}
    asked = [path for path in site.paths if path.startswith("/paper/")]
    assert len(asked) == len(set(asked)) == 18, "none twice, though one stands in two journals"
    assert not [path for path in site.paths if path.startswith(("/references/", "/articles/"))]
    assert {request.headers["user-agent"].split("/")[0] for request in site.requests} == {"kaijuan"}
    assert not [request for request in site.requests if "cookie" in request.headers]
    embedded.bring_up_to_date()
    assert "Efficient Regular Expression Matching Algorithm Based on DoLFA" in titles(embedded, "DoLFA")
    assert titles(embedded, "高效正则表达式匹配算法") == titles(embedded, "DoLFA"), (
        "the twin in Chinese is the same work"
    )
    assert titles(embedded, "estudo 203") == ["Estudo 203 sobre bibliotecas"]


def test_a_second_crawl_finds_nothing_changed_though_the_counters_have(embedded: Library, site: OalibSite) -> None:
    source = add_oalib(embedded, site, "journal:2336")
    assert harvest(embedded, source).new == 6
    again = harvest(embedded, source)
    assert (again.status, again.unchanged, again.changed) == ("complete", 6, 0)
    entries = site.journals[2336].entries
    entries[0] = replace(entries[0], abstract="Rewritten.")
    assert (harvest(embedded, source).changed, b"Rewritten." in bodies(embedded)["oalib:paper/200"]) == (1, True)


def test_a_search_by_words_follows_its_pages(embedded: Library, site: OalibSite) -> None:
    report = harvest(embedded, add_oalib(embedded, site, "正则表达式匹配", "sobre"))
    assert (report.status, report.new) == ("complete", 7 + 5)
    asked = [(request.argument("kw"), request.argument("pageNo")) for request in site.requests if request.query]
    assert asked == [("正则表达式匹配", "1"), ("正则表达式匹配", "2"), ("sobre", "1"), ("sobre", "2")]


def test_a_search_without_hits_is_an_empty_list_and_no_drift(embedded: Library, site: OalibSite) -> None:
    report = harvest(embedded, add_oalib(embedded, site, "nothing like this"))
    assert (report.status, report.received) == ("complete", 0)


def test_numbers_and_titles_that_are_cited_elsewhere_come_out_as_they_are_cited(
    embedded: Library, recorded: Path
) -> None:
    with (recorded / "oalib" / "known_papers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    entries: list[Entry] = []
    for row in rows:
        kind, _, number = row["oalib_url"].partition("oalib.com/")[2].partition("/")
        if kind in {"paper", "references", "articles"} and row["title_as_cited"]:
            entries.append(Entry(number=int(number), title=row["title_as_cited"], kind=kind))  # type: ignore[arg-type]
    wanted = {one.number: one.title for one in entries if one.kind == "paper"}
    assert len(wanted) >= 10
    with OalibSite({4054: Journal("Known", entries)}, per_page=6) as site:
        assert harvest(embedded, add_oalib(embedded, site, "journal:4054")).new == len(wanted)
    embedded.bring_up_to_date()
    twin = "Efficient Regular Expression Matching Algorithm Based on DoLFA"
    found = titles(embedded, "基于dolfa的高效正则表达式匹配算法")
    assert found[0] == twin
    assert found.count(twin) == 1, "two papers of OALib, one work"
    assert "Regular Expression Optimization in Java" in titles(embedded, "Expression Optimization Java")
    assert not [path for path in site.paths if path.startswith(("/references/", "/articles/"))]


class TestRobots:
    def test_what_it_disallows_is_never_asked_for_and_named(self, embedded: Library, site: OalibSite) -> None:
        site.robots = (
            "User-agent: *\nDisallow: /\n\nUser-agent: kaijuan\nDisallow: /journal/2336/\nDisallow: /paper/101\n"
        )
        report = harvest(embedded, add_oalib(embedded, site))
        assert (report.status, report.new, report.quarantined) == ("complete", 12, 2)
        assert not [path for path in site.paths if path.startswith("/journal/2336/") or path == "/paper/101"]
        named = {row["identifier"]: row["reason"] for row in embedded.store.quarantine.list()}
        assert set(named) == {"oalib:journal/2336", "oalib:paper/101"}
        assert all("robots.txt" in reason for reason in named.values())

    def test_its_delay_is_kept_where_it_is_longer_than_ours(self, embedded: Library, site: OalibSite) -> None:
        site.robots = "User-agent: *\nCrawl-delay: 0.5\n"
        assert harvest(embedded, add_oalib(embedded, site, "journal:77")).new == 5
        _, first, *_, last = (request.received_at for request in site.requests)
        # Six waits; what may come late at a busy server is the first request, not the last.
        assert len(site.requests) == 8
        assert (last - first).total_seconds() >= 2.0

    @pytest.mark.parametrize(
        "answer",
        [Response(status=500, headers=TEXT), Response(status=503, headers=TEXT), Response(reset=True)],
        ids=["500", "503", "reset"],
    )
    def test_nothing_is_asked_for_where_it_cannot_be_had(
        self, embedded: Library, site: OalibSite, answer: Response
    ) -> None:
        site.spoil("/robots.txt", answer)
        report = harvest(embedded, add_oalib(embedded, site))
        assert report.status == "failed"
        assert "robots.txt" in (report.error or "") or "503" in (report.error or "")
        assert set(site.paths) == {"/robots.txt"}

    def test_a_site_without_one_allows_everything(self, embedded: Library, site: OalibSite) -> None:
        site.spoil("/robots.txt", Response(status=404, headers=TEXT))
        assert harvest(embedded, add_oalib(embedded, site, "journal:77")).status == "complete"

    def test_one_that_forbids_all_papers_ends_the_harvest_before_it_begins(
        self, embedded: Library, site: OalibSite
    ) -> None:
        site.robots = "User-agent: *\nDisallow: /paper/"
        source = add_oalib(embedded, site)
        report = harvest(embedded, source)
        assert (report.status, site.paths) == ("failed", ["/robots.txt"])
        assert "enabled = false" in (report.error or "")
        found = reach(embedded, source)
        assert (found.state, "does not allow" in found.found) == ("warning", True)

    def test_asking_whether_the_site_can_be_reached_asks_for_it_once(self, embedded: Library, site: OalibSite) -> None:
        assert reach(embedded, add_oalib(embedded, site, redirect_hosts=["127.0.0.1:1"])).state == "ok"
        assert site.paths == ["/robots.txt"]


class TestRefusals:
    def test_a_403_ends_the_crawl_at_once_and_the_next_harvest_goes_on(
        self, embedded: Library, site: OalibSite
    ) -> None:
        site.spoil("/paper/201", Response(status=403, headers=HTML, body=b"Forbidden"))
        source = add_oalib(embedded, site)
        report = harvest(embedded, source)
        assert (report.status, report.received, site.paths[-1]) == ("incomplete", 6, "/paper/201")
        assert site.paths.count("/paper/201") == 1
        assert "403: the site refuses us" in (report.error or "")
        assert (report.error_url or "").endswith("/paper/201")
        site.mend()
        again = harvest(embedded, source)
        assert (again.status, again.resumed, len(bodies(embedded))) == ("complete", True, 18)
        assert site.paths.count("/paper/200") == 1, "what was stored is not asked for again"

    @pytest.mark.parametrize(("header", "said"), [("77", "wait 77 s"), ("", "slow down")])
    def test_a_429_ends_the_crawl_at_once_and_says_how_long_to_wait(
        self, embedded: Library, site: OalibSite, header: str, said: str
    ) -> None:
        headers = (*HTML, ("Retry-After", header)) if header else HTML
        site.spoil("/journal/2336/1", Response(status=429, headers=headers, body=b"Slow down"))
        report = harvest(embedded, add_oalib(embedded, site))
        assert (report.status, report.received, site.paths[-1]) == ("incomplete", 5, "/journal/2336/1")
        assert said in (report.error or "")

    def test_a_403_for_the_robots_txt_is_a_refusal(self, embedded: Library, site: OalibSite) -> None:
        site.spoil("/robots.txt", Response(status=403, headers=TEXT))
        report = harvest(embedded, add_oalib(embedded, site))
        assert (report.status, site.paths) == ("failed", ["/robots.txt"])
        assert "refuses us" in (report.error or "")

    def test_another_host_is_never_followed(self, embedded: Library, site: OalibSite) -> None:
        with OalibSite() as elsewhere:
            moved = Response(status=302, headers=(*HTML, ("Location", elsewhere.url + "journal/77/1")))
            site.spoil("/journal/77/1", moved)
            report = harvest(embedded, add_oalib(embedded, site, "journal:77"))
            assert (report.status, report.quarantined) == ("incomplete", 1)
            (row,) = embedded.store.quarantine.list()
            assert "redirect_hosts" in row["reason"]
            assert elsewhere.requests == []

    def test_a_named_host_is_followed_as_far_as_its_own_robots_txt_allows(
        self, embedded: Library, site: OalibSite
    ) -> None:
        with OalibSite(three_journals(), robots="User-agent: *\nDisallow: /paper/302\n") as named:
            host = named.url.split("/")[2]
            for number in (301, 302):
                location = ("Location", f"{named.url}paper/{number}")
                site.spoil(f"/paper/{number}", Response(status=302, headers=(*HTML, location)))
            report = harvest(embedded, add_oalib(embedded, site, "journal:77", redirect_hosts=[host]))
            assert (report.status, report.new, report.quarantined) == ("complete", 4, 1)
            assert named.paths == ["/robots.txt", "/paper/301"]

    def test_a_redirect_within_the_host_is_followed_but_never_to_a_stub(
        self, embedded: Library, site: OalibSite
    ) -> None:
        site.spoil("/paper/300", Response(status=301, headers=(*HTML, ("Location", "/paper/301"))))
        site.spoil("/paper/302", Response(status=301, headers=(*HTML, ("Location", "/references/302"))))
        report = harvest(embedded, add_oalib(embedded, site, "journal:77"))
        assert (report.status, report.new, report.quarantined) == ("complete", 4, 1)
        assert "/references/302" not in site.paths


class TestFailingPages:
    def test_a_paper_that_fails_is_named_and_the_others_come(self, embedded: Library, site: OalibSite) -> None:
        site.spoil("/paper/202", Response(status=500, headers=HTML))
        site.spoil("/paper/203", Response(status=500, headers=HTML), times=1)
        report = harvest(embedded, add_oalib(embedded, site, "journal:2336"))
        assert (report.status, report.new, report.quarantined) == ("complete", 5, 1)
        assert (site.paths.count("/paper/202"), site.paths.count("/paper/203")) == (2, 2), "both were tried again"
        assert [row["identifier"] for row in embedded.store.quarantine.list()] == ["oalib:paper/202"]

    def test_a_site_that_is_down_ends_the_crawl_before_the_first_page_that_failed(
        self, embedded: Library, site: OalibSite
    ) -> None:
        for number in (103, 104, 105, 1657334):
            site.spoil(f"/paper/{number}", Response(status=502, headers=HTML))
        source = add_oalib(embedded, site, "journal:4054", attempts=1)
        report = harvest(embedded, source)
        assert (report.status, report.received, report.quarantined) == ("incomplete", 3, 0)
        assert site.paths[-1] == "/paper/105"
        site.mend()
        assert harvest(embedded, source).status == "complete"
        assert len(bodies(embedded)) == 8

    def test_a_page_of_a_list_that_fails_leaves_the_harvest_incomplete(
        self, embedded: Library, site: OalibSite
    ) -> None:
        site.spoil("/journal/2336/2", Response(status=500, headers=HTML))
        source = add_oalib(embedded, site)
        report = harvest(embedded, source)
        assert (report.status, report.new) == ("incomplete", 17), "one of its two papers is in another journal too"
        assert "1 listing pages" in (report.error or "")
        site.mend()
        assert (harvest(embedded, source).status, len(bodies(embedded))) == ("complete", 18)
        assert embedded.store.quarantine.list() == []

    def test_a_journal_that_lists_fewer_papers_than_the_site_says_leaves_it_incomplete(
        self, embedded: Library, site: OalibSite
    ) -> None:
        pager = b"<script>new Pager('p', 'x//www.oalib.com',4,1,1,9,'')</script>"
        rows = b"<div class='paperlist'><h4><a href='//www.oalib.com/paper/300'><span>T</span></a></h4></div>"
        site.spoil("/journal/77/1", Response(headers=HTML, body=b"<html><body>" + rows + pager + b"</body></html>"))
        report = harvest(embedded, add_oalib(embedded, site, "journal:77"))
        assert (report.status, report.new, report.quarantined) == ("incomplete", 1, 1)

    def test_a_page_beyond_the_limit_is_refused_and_the_crawl_goes_on(self, embedded: Library, site: OalibSite) -> None:
        huge = Response(headers=HTML, body=b"<html>" + b"x" * 300_000)
        site.spoil("/paper/301", huge)
        report = harvest(embedded, add_oalib(embedded, site, "journal:77", max_page_bytes=200_000))
        assert (report.status, report.new, report.quarantined) == ("complete", 4, 1)
        (row,) = embedded.store.quarantine.list()
        assert "max_page_bytes" in row["reason"]

    def test_a_paper_that_is_gone_is_named(self, embedded: Library, site: OalibSite) -> None:
        site.spoil("/paper/301", Response(status=404, headers=HTML))
        report = harvest(embedded, add_oalib(embedded, site, "journal:77"))
        assert (report.status, report.new, report.quarantined) == ("complete", 4, 1)


class TestDrift:
    def test_papers_without_titles_stop_the_harvest_and_are_kept(self, embedded: Library, site: OalibSite) -> None:
        site.has_titles = False
        source = add_oalib(embedded, site, "journal:4054")
        report = harvest(embedded, source)
        assert (report.status, report.quarantined) == ("incomplete", 3)
        assert "drift" in (report.error or "")
        assert "harvesters/formats/oalib.py" in (report.error or "")
        assert bodies(embedded) == {}
        rows = embedded.store.quarantine.list()
        assert {row["identifier"] for row in rows} == {f"oalib:paper/{number}" for number in (100, 101, 102)}
        assert all("no title" in row["reason"] for row in rows)
        with embedded.store.database.read() as connection:
            assert all(connection.scalars(select(schema.quarantine.c.body)))
        site.has_titles = True
        assert harvest(embedded, source).status == "complete"
        assert harvest(embedded, source).status == "complete"
        assert len(bodies(embedded)) == 8
        assert embedded.store.quarantine.list() == []

    def test_a_fifth_of_a_page_without_titles_stops_the_harvest(self, embedded: Library) -> None:
        with OalibSite({5: Journal("Ten", papers(range(1, 21)))}, per_page=10) as site:
            for number in (3, 7):
                site.spoil(f"/paper/{number}", EMPTY)
            source = add_oalib(embedded, site, "journal:5")
            report = harvest(embedded, source)
            assert (report.status, report.new, report.quarantined) == ("incomplete", 8, 2)
            assert "2 of 10 papers" in (report.error or "")

    def test_a_single_paper_without_a_title_is_named_and_the_crawl_goes_on(self, embedded: Library) -> None:
        with OalibSite({5: Journal("Ten", papers(range(1, 21)))}, per_page=10) as site:
            site.spoil("/paper/3", EMPTY)
            report = harvest(embedded, add_oalib(embedded, site, "journal:5"))
            assert (report.status, report.new, report.quarantined) == ("complete", 19, 1)

    @pytest.mark.parametrize("path", ["/lib/showJournalList", "/journal/77/1"])
    def test_a_list_without_entries_and_without_a_nought_is_drift(
        self, embedded: Library, site: OalibSite, path: str
    ) -> None:
        site.spoil(path, EMPTY)
        report = harvest(embedded, add_oalib(embedded, site))
        assert report.status in {"failed", "incomplete"}
        said = [report.error or "", *(row["reason"] for row in embedded.store.quarantine.list())]
        assert any("drift" in text for text in said)

    def test_a_pager_that_cannot_be_read_is_drift(self, embedded: Library, site: OalibSite) -> None:
        rows = b"<div class='paperlist'><h4><a href='//www.oalib.com/paper/300'><span>T</span></a></h4></div>"
        page = b"<html><body>" + rows + b"<script>new Pager({pages: 7})</script></body></html>"
        site.spoil("/journal/77/1", Response(headers=HTML, body=page))
        report = harvest(embedded, add_oalib(embedded, site, "journal:77"))
        assert report.status == "incomplete"
        assert any("pager" in row["reason"] for row in embedded.store.quarantine.list())

    def test_pages_that_repeat_the_page_before_are_drift(self, embedded: Library, site: OalibSite) -> None:
        entries = site.journals[4054].entries[:4]
        with OalibSite({1: Journal("First page only", entries)}) as model:
            assert harvest(embedded, add_oalib(embedded, model, "journal:1", id="model")).status == "complete"
        rows = "".join(f"<h4><a href='/paper/{one.number}'><span>T</span></a></h4>" for one in entries)
        pager = "<script>new Pager('p', 'x//www.oalib.com',4,3,1,12,'')</script>"
        page = f"<html><body><div class='paperlist'>{rows}</div>{pager}</body></html>".encode()
        for number in (1, 2, 3):
            site.spoil(f"/journal/4054/{number}", Response(headers=HTML, body=page))
        report = harvest(embedded, add_oalib(embedded, site, "journal:4054"))
        assert report.status == "incomplete"
        assert any("the same papers" in row["reason"] for row in embedded.store.quarantine.list())
