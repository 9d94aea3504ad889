"""Links from the record to the reader: what is checked, what is kept, what readers report, and what is shown of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from harvesters.linkcheck import Finding
from harvesters.pace import Pace
from indexer.errors import StoreBusyError
from indexer.storage.links import LinkTable, ReportLimits
from search_api.app import make_app
from search_api.cli.main import cli
from search_api.library import Library, open_library
from search_api.link_checks import LOCK, Checked, Wanted, check_links
from search_api.settings import ClusterStorage, Settings
from tests.integration.conftest import add_source
from tests.unit.links.site import Site
from tests.unit.web.records import SOURCE, Dublin, put, texts, values

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AGENT = {"User-Agent": "one reader", "Accept-Language": "en"}
_TITLES = ("Reading in villages", "Bridges of stone", "Tea and its trade", "Moss on northern roofs", "Songs of sailors")


@pytest.fixture
def site(library: Library) -> Iterator[Site]:
    """A site on loopback that a source of the library is on, so that it may be asked."""
    with Site() as running:
        add_source(library, "local", f"{running.url}/oai")
        yield running


@pytest.fixture
def client(library: Library) -> TestClient:
    return TestClient(make_app(library), headers=AGENT, follow_redirects=False, raise_server_exceptions=False)


def put_works(library: Library, *addresses: list[str]) -> None:
    """Store a work for each list of addresses; their titles have nothing in common."""
    records = [
        Dublin(
            identifier=f"oai:{number}",
            elements=[("title", title), ("date", str(1990 + number)), *(("identifier", url) for url in urls)],
        )
        for number, (title, urls) in enumerate(zip(itertools.cycle(_TITLES), addresses, strict=False))
    ]
    put(library, *records)


def run(library: Library, **wanted: Any) -> Checked:
    return check_links(library, Wanted(**wanted), pace=Pace(), pace_seconds=0)


def only(client: TestClient) -> dict[str, Any]:
    (found,) = client.get("/v1/works", params={"fields": "detail"}).json()["results"]
    return found  # type: ignore[no-any-return]


def found(url: str, verdict: Any, status: int | None = None) -> Finding:
    return Finding(url=url, verdict=verdict, http_status=status)


def state_of(links: LinkTable, url: str) -> tuple[str, int]:
    known = links.states([url])[url]
    return known.state, known.reports


# --- checking -----------------------------------------------------------------------------------


def test_every_address_of_every_work_is_checked_once_and_not_again_before_its_time(
    library: Library, site: Site
) -> None:
    put_works(library, [f"{site.url}/ok/1", f"{site.url}/missing/1"], [f"{site.url}/forbidden/2"])
    assert run(library) == Checked(opens=1, gone=1, refused=1)
    asked = len(site.asked)
    assert run(library) == Checked()
    assert len(site.asked) == asked
    assert run(library, stale_days=0) == Checked(opens=1, gone=1, refused=1)


def test_a_run_with_a_limit_is_gone_on_with_by_the_next(library: Library, site: Site) -> None:
    put_works(library, *([f"{site.url}/ok/{number}"] for number in range(5)))
    assert [run(library, limit=2).opens for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(path for _, path in site.asked) == [f"/ok/{number}" for number in range(5)]


def test_works_that_come_later_are_met_in_the_next_round(library: Library, site: Site) -> None:
    put_works(library, [f"{site.url}/ok/0"])
    assert run(library).opens == 1
    put(library, Dublin(identifier="oai:new", elements=[("title", "Late"), ("identifier", f"{site.url}/ok/new")]))
    assert run(library).opens == 1


def test_one_source_or_one_host_can_be_chosen(library: Library, site: Site) -> None:
    elsewhere = "http://nobody.invalid/1"
    put_works(library, [f"{site.url}/ok/1", elsewhere])
    assert run(library, host="127.0.0.1") == Checked(opens=1)
    assert run(library, source="local") == Checked(), "no copy is of that source"
    assert run(library, source=SOURCE.id, stale_days=0) == Checked(opens=1, trouble=1)


def test_what_was_found_is_kept_when_the_run_is_interrupted(library: Library, site: Site) -> None:
    put_works(library, *([f"{site.url}/ok/{number}"] for number in range(5)))

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_links(library, Wanted(), pace=Pace(), pace_seconds=0, watch=interrupt)
    kept = library.store.links.states(f"{site.url}/ok/{number}" for number in range(5))
    assert len(kept) == 1
    assert run(library).opens == 4


def test_a_machine_without_a_network_notes_nothing(library: Library, site: Site) -> None:
    urls = [f"http://{name}.invalid/1" for name in ("a", "b", "c")]
    put_works(library, *([url] for url in urls))
    checked = run(library)
    assert (checked.trouble, checked.left) == (0, 3)
    assert "Nothing was noted" in (checked.message or "")
    assert library.store.links.states(urls) == {}
    put_works(library, *([url] for url in [*urls, f"{site.url}/ok/1"]))
    assert run(library) == Checked(opens=1, trouble=3), "one that answers shows that the network works"


def test_two_runs_at_once_are_refused(library: Library) -> None:
    with library.store.database.lock(LOCK), pytest.raises(StoreBusyError):
        run(library)


def test_a_reader_may_report_while_links_are_being_checked(library: Library, client: TestClient) -> None:
    put_works(library, ["https://a.example/1"])
    work = only(client)["id"]
    with library.store.database.lock(LOCK):  # PostgreSQL's locks by name are one kind, for runs and transactions
        assert client.post(f"/v1/works/{work}/reports", json={"url": "https://a.example/1"}).status_code == 202


def test_a_private_address_of_a_public_record_is_refused(library: Library) -> None:
    with Site() as foreign:  # on this machine, and no source of the library's is there
        put_works(library, [f"{foreign.url}/ok/1"])
        assert run(library) == Checked(refused=1)
        assert foreign.asked == []


# --- what counts as failing ---------------------------------------------------------------------


def test_trouble_counts_as_failing_on_the_second_day_only(library: Library) -> None:
    links, url = library.store.links, "https://a.example/1"
    steps = [(0.0, "unknown"), (0.2, "unknown"), (1.0, "fails"), (1.1, "fails"), (9.0, "fails")]
    for days, state in steps:
        links.record([found(url, "trouble", 500)], now=NOW + days * DAY)
        assert state_of(links, url)[0] == state, days
    links.record([found(url, "opens", 200)], now=NOW + 10 * DAY)
    links.record([found(url, "trouble", 500)], now=NOW + 11 * DAY)
    assert state_of(links, url)[0] == "unknown", "what opened in between begins anew"


def test_a_clear_answer_counts_at_once_and_refusals_never_do(library: Library) -> None:
    links = library.store.links
    links.record([found("https://a.example/1", "gone", 404), found("https://a.example/2", "refused", 403)], now=NOW)
    assert state_of(links, "https://a.example/1")[0] == "fails"
    for days in range(5):
        links.record([found("https://a.example/2", "refused", 403)], now=NOW + days * DAY)
    assert state_of(links, "https://a.example/2")[0] == "refused"
    links.record([found("https://a.example/3", "left", 429)], now=NOW)
    assert links.states(["https://a.example/3"]) == {}


def test_what_fails_is_due_sooner_and_ever_more_seldom(library: Library) -> None:
    links = library.store.links
    links.record([found("https://a.example/ok", "opens", 200), found("https://a.example/bad", "trouble")], now=NOW)

    def due(days: float) -> set[str]:
        return {url[18:] for url in links.due(limit=10, stale_days=90, now=NOW + days * DAY)}

    assert due(0.9) == set()
    assert due(1) == {"bad"}
    assert due(90) == {"bad", "ok"}
    links.record([found("https://a.example/bad", "trouble")], now=NOW + DAY)
    assert due(2.9) == set()
    assert due(3) == {"bad"}


# --- what is shown ------------------------------------------------------------------------------


def test_a_copy_that_fails_stands_behind_and_the_page_says_since_when(
    library: Library, site: Site, client: TestClient
) -> None:
    pdf, page = f"{site.url}/missing/a.pdf", f"{site.url}/ok/a"
    put_works(library, [pdf, page])
    assert only(client)["best_location"]["open_url"] == pdf
    run(library)
    work = only(client)
    assert [place["open_url"] for place in work["locations"]] == [page, pdf]
    assert work["locations"][0]["rank_reasons"] == ["checked_opens"]
    assert work["locations"][1]["rank_reasons"] == ["pdf", "checked_fails"]
    assert work["locations"][1]["checked_at"]
    (card,) = client.get("/v1/works").json()["results"]
    assert card["best_location"]["open_url"] == page
    assert client.get(f"/v1/works/{work['id']}").json()["locations"] == work["locations"]
    shown = client.get(f"/works/{work['id']}").text
    assert values(shown, "//a[contains(@class,'big')]/@href") == [page]
    assert "Did not open when checked" in texts(shown, "//ul[@class='copies']/li")[1]
    assert values(client.get("/?q=villages").text, "//a[contains(@class,'read')]/@href") == [page]


def test_a_reported_copy_stands_behind_until_a_check_finds_it_open(
    library: Library, site: Site, client: TestClient
) -> None:
    pdf, page = f"{site.url}/ok/a.pdf", f"{site.url}/ok/a"
    put_works(library, [pdf, page])
    work = only(client)["id"]
    answer = client.post(f"/v1/works/{work}/reports", json={"url": pdf, "note": "a login page"})
    assert (answer.status_code, answer.json()) == (202, {"work": work, "url": pdf, "status": "taken"})
    assert [place["rank_reasons"] for place in only(client)["locations"]] == [[], ["pdf", "reported"]]
    (row,) = library.store.links.open_reports(limit=10)
    assert (row["url"], row["work"], row["reports"], row["note"]) == (pdf, work, 1, "a login page")
    assert run(library, reported=True) == Checked(opens=1)
    assert library.store.links.open_reports(limit=10) == []
    assert only(client)["best_location"]["open_url"] == pdf


def test_a_report_that_a_check_confirms_stays_open(library: Library, site: Site, client: TestClient) -> None:
    url = f"{site.url}/missing/a"
    put_works(library, [url])
    client.post(f"/v1/works/{only(client)['id']}/reports", json={"url": url})
    assert run(library, limit=1) == Checked(gone=1), "what is reported is checked first"
    assert state_of(library.store.links, url) == ("fails", 1)
    site.changed["missing/a"] = 200
    assert run(library, reported=True) == Checked(opens=1)
    assert state_of(library.store.links, url) == ("opens", 0)


# --- reporting ----------------------------------------------------------------------------------


def test_one_reader_counts_once_for_each_address(library: Library, client: TestClient) -> None:
    put_works(library, ["https://a.example/1"])
    work = only(client)["id"]
    for agent in ("one", "one", "two"):
        answer = client.post(
            f"/v1/works/{work}/reports", json={"url": "https://a.example/1"}, headers={"User-Agent": agent}
        )
        assert answer.status_code == 202
    assert state_of(library.store.links, "https://a.example/1") == ("unknown", 2)


def test_a_reader_whose_report_was_settled_may_report_again(library: Library) -> None:
    put_works(library, ["https://a.example/1"])
    (work,) = next(library.store.catalogue.pages())
    links, url = library.store.links, "https://a.example/1"
    for days in (0, 2):
        links.report(url, work_key=work.key, reporter=b"r", note=None, now=NOW + days * DAY)
        assert state_of(links, url)[1] == 1
        links.record([found(url, "opens", 200)], now=NOW + (days + 1) * DAY)
        assert state_of(links, url) == ("opens", 0)


def test_reports_are_limited_for_one_reader_and_for_all(library: Library) -> None:
    put_works(library, ["https://a.example/1"])
    (work,) = next(library.store.catalogue.pages())
    limits = ReportLimits(of_one=2, of_all=3)

    def report(number: int, reporter: bytes, hours: float = 0) -> str:
        return library.store.links.report(
            f"https://a.example/{number}",
            work_key=work.key,
            reporter=reporter,
            note=None,
            limits=limits,
            now=NOW + timedelta(hours=hours),
        )

    assert [report(number, b"one") for number in range(3)] == ["taken", "taken", "too_many"]
    assert [report(number, b"two") for number in range(2)] == ["taken", "too_many"]
    assert report(9, b"one", hours=1.1) == "taken"


def test_too_many_reports_are_a_problem_that_says_when_to_come_back(library: Library, client: TestClient) -> None:
    urls = [f"https://a.example/{number}" for number in range(11)]
    put_works(library, urls)
    work = only(client)["id"]
    answers = [client.post(f"/v1/works/{work}/reports", json={"url": url}) for url in urls]
    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "3600"


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b'{"url": "https://evil.example/"}', {}, 422, "exactly as GET"),
        (b'{"url": ""}', {}, 400, "url"),
        (b'{"link": "https://a.example/1"}', {}, 400, "url"),
        (b'{"url": "https://a.example/1", "extra": 1}', {}, 400, "extra"),
        (b'{"url": "https://a.example/1", "note": "' + b"x" * 501 + b'"}', {}, 400, "note"),
        (b"no json", {}, 400, "JSON"),
        (b"x" * 20_000, {}, 413, "longer"),
        (b'{"url": "https://a.example/1"}', {"Content-Type": "text/plain"}, 415, "application/json"),
        (b'{"url": "https://a.example/1"}', {"Origin": "https://evil.example"}, 403, "own page"),
        (b'{"url": "https://a.example/1"}', {"Sec-Fetch-Site": "cross-site"}, 403, "own page"),
    ],
)
def test_a_wrong_report_is_refused_with_the_remedy(
    library: Library, client: TestClient, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    put_works(library, ["https://a.example/1"])
    work = only(client)["id"]
    answer = client.post(
        f"/v1/works/{work}/reports", content=body, headers={"Content-Type": "application/json", **headers}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.text
    assert library.store.links.open_reports(limit=1) == []


def test_a_work_that_is_unknown_cannot_be_reported(library: Library, client: TestClient) -> None:
    answer = client.post("/v1/works/w0000000000000/reports", json={"url": "https://a.example/1"})
    assert answer.status_code == 404


@pytest.mark.parametrize(("language", "thanks"), [("en", "Thank you"), ("zh", "谢谢")])
def test_the_form_works_without_a_script(library: Library, client: TestClient, language: str, thanks: str) -> None:
    put_works(library, ["https://a.example/1"])
    address = f"/works/{only(client)['id']}"
    page = client.get(address).text
    assert values(page, "//form[@method='post']/@action") == [f"{address}/reports"]
    assert values(page, "//select[@name='url']/option/@value") == ["https://a.example/1"]
    sent = client.post(
        f"{address}/reports",
        data={"url": "https://a.example/1", "note": "nothing there\x00", "ui": language},
        headers={"Origin": "http://testserver"},
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"{address}?ui={language}&reported=1#copies")
    assert thanks in client.get(sent.headers["location"]).text
    assert library.store.links.open_reports(limit=1)[0]["note"] == "nothing there"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/testserver"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_form_is_refused(library: Library, client: TestClient, headers: dict[str, str]) -> None:
    put_works(library, ["https://a.example/1"])
    answer = client.post(f"/works/{only(client)['id']}/reports", data={"url": "https://a.example/1"}, headers=headers)
    assert answer.status_code == 403
    assert texts(answer.text, "//h1") == ["The report was not taken"]
    assert library.store.links.open_reports(limit=1) == []


def test_a_form_with_nonsense_is_a_page_and_not_a_crash(library: Library, client: TestClient) -> None:
    put_works(library, ["https://a.example/1"])
    address = f"/works/{only(client)['id']}/reports"
    for body in (b"", b"\xff\xfe", b"url=javascript:alert(1)", b"x" * 20_000, b"&" * 9_000):
        answer = client.post(address, content=body, headers={"Origin": "http://testserver"})
        assert answer.status_code == 422
        assert "<html" in answer.text


# --- the command --------------------------------------------------------------------------------


def _environment(settings: Settings) -> dict[str, str]:
    environment = {"KAIJUAN_DATA_DIR": str(settings.data_dir)}
    if isinstance(settings.storage, ClusterStorage):
        environment |= {
            "KAIJUAN_STORAGE__KIND": "cluster",
            "KAIJUAN_STORAGE__DATABASE_URL": settings.storage.database_url.get_secret_value(),
            "KAIJUAN_STORAGE__ELASTICSEARCH_URL": settings.storage.elasticsearch_url.get_secret_value(),
            "KAIJUAN_STORAGE__INDEX_PREFIX": settings.storage.index_prefix,
        }
    return environment


def test_the_commands_check_list_and_settle(settings: Settings) -> None:
    with Site() as site, open_library(settings, sources=[]) as library:
        add_source(library, "local", f"{site.url}/oai")
        url = f"{site.url}/forbidden/1"
        put_works(library, [url])
        (work,) = next(library.store.catalogue.pages())
        library.store.links.report(url, work_key=work.key, reporter=b"r", note=None)
        runner, environment = CliRunner(), _environment(settings)
        checked = runner.invoke(cli, ["links", "check", "--reported", "--json"], env=environment)
        assert (checked.exit_code, '"refused":1' in checked.output) == (0, True), checked.output
        listed = runner.invoke(cli, ["links", "reports", "--json"], env=environment)
        (key,) = re.findall(r'"key":(\d+)', listed.output)
        assert runner.invoke(cli, ["links", "settle", key], env=environment).exit_code == 0
        assert runner.invoke(cli, ["links", "reports", "--json"], env=environment).output == ""
        assert state_of(library.store.links, url) == ("opens", 0)
        assert runner.invoke(cli, ["links", "settle", "999"], env=environment).exit_code == 2
        assert runner.invoke(cli, ["links", "check", "--source", "none"], env=environment).exit_code == 1
