"""Adding, showing, changing and removing sources by command, against real repositories and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from harvesters.errors import SourceError
from harvesters.files.kinds import kind_by_name
from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.cli.main import cli
from search_api.library import Library, open_library
from search_api.settings import read_settings
from tests.integration.conftest import add_source, harvest
from tests.integration.test_command import Shell
from tests.repository import Item, ListRepository
from tests.repository.faults import html, redirected

ITEMS = [Item(f"oai:x:{number:03}", "2020-01-01T00:00:00Z", title=f"Study {number}") for number in range(12)]
DATACITE = (
    '<resource xmlns="http://datacite.org/schema/kernel-4"><identifier identifierType="DOI">10.5555/{0}</identifier>'
    "<creators><creator><creatorName>Roe, Jane</creatorName></creator></creators>"
    "<titles><title>Glaciers of region {0}</title></titles><publicationYear>2020</publicationYear></resource>"
)
QDC = (
    '<dcterms:record xmlns:dcterms="http://purl.org/dc/terms/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>Rivers of region {0}</dc:title><dcterms:issued>2021</dcterms:issued></dcterms:record>"
)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.fixture
def repository() -> Iterator[ListRepository]:
    with ListRepository(ITEMS, sets=[("a", "Articles")], prefixes=("oai_dc", "mets")) as running:
        yield running


def settings_of(shell: Shell, name: str) -> dict[str, Any]:
    (row,) = shell.lines("sources", "show", name, "--json")
    return dict(row["settings"])


def names(shell: Shell) -> list[str]:
    return [row["id"] for row in shell.lines("sources", "--json")]


@pytest.mark.parametrize(
    ("prefix", "body", "title"),
    [("datacite", DATACITE, "Glaciers of region 7"), ("qdc", QDC, "Rivers of region 7")],
)
def test_a_repository_is_added_in_its_best_format_harvested_and_found(
    shell: Shell, prefix: str, body: str, title: str
) -> None:
    items = [replace(item, formats={prefix: body.format(n)}) for n, item in enumerate(ITEMS)]
    with ListRepository(items, prefixes=("oai_dc", prefix)) as repository:
        added = shell("sources", "add", repository.url, "--name", "data", "--json")
        body_ = json.loads(added.stdout)
        assert (added.returncode, body_["added"], body_["metadata_prefixes"]) == (0, True, [prefix])
        (row,) = shell.lines("harvest", "data", "--json")
        assert (row["status"], row["received"], row["quarantined"]) == ("complete", 12, 0)
    assert shell("index").returncode == 0
    (found,) = shell.lines("search", f'"{title}"', "--json")
    assert [one["title"] for one in found["results"]] == [title]


def test_what_no_parser_reads_ends_in_quarantine_with_a_remedy(shell: Shell) -> None:
    with ListRepository(
        [replace(item, formats={"mets": '<mets xmlns="http://www.loc.gov/METS/"/>'}) for item in ITEMS],
        prefixes=("mets",),
    ) as repository:
        refused = shell("sources", "add", repository.url, "--name", "odd", "--prefix", "mets")
        assert (refused.returncode, names(shell).count("odd")) == (1, 0)
        assert "--prefix" in refused.stdout
        assert "--yes" in refused.stderr
        assert shell("sources", "add", repository.url, "--name", "odd", "--prefix", "mets", "--yes").returncode == 0
        assert shell("harvest", "odd").returncode == 0
    shell("index")
    rows = shell.lines("quarantine", "--json")
    assert len(rows) == 12
    assert "root element <mets>" in rows[0]["reason"]
    assert "oai_dc" in rows[0]["remedy"]


def test_people_see_what_the_repository_says_and_what_is_proposed(shell: Shell, repository: ListRepository) -> None:
    done = shell("sources", "add", f"{repository.url}?verb=Identify", "--name", "ours")
    assert done.returncode == 0, done.stderr
    for shown in (
        "A list", "tests@repository.example", "YYYY-MM-DDThh:mm:ssZ", "oai_dc", "mets", "a (Articles)", "Study 0",
        "10 usable", "heeds dates", "Proposed settings", "is the base URL", "kaijuan harvest ours",
    ):  # fmt: skip
        assert shown in done.stdout, shown
    assert settings_of(shell, "ours")["endpoint"] == repository.url


def test_a_dry_run_adds_nothing_and_needs_no_name(shell: Shell, repository: ListRepository) -> None:
    done = shell("sources", "add", repository.url, "--dry-run")
    assert (done.returncode, "Nothing was added" in done.stdout) == (0, True)
    assert not {"new", "ours"} & set(names(shell))
    nameless = shell("sources", "add", repository.url)
    assert (nameless.returncode, "--name" in nameless.stderr) == (2, True)


def test_no_test_asks_nothing(shell: Shell, repository: ListRepository) -> None:
    assert shell("sources", "add", repository.url, "--name", "ours", "--no-test").returncode == 0
    assert repository.requests == []
    assert settings_of(shell, "ours")["metadata_prefixes"] == ["oai_dc"]


def test_a_silent_repository_is_added_with_a_warning(shell: Shell) -> None:
    done = shell("sources", "add", "http://127.0.0.1:9/oai", "--name", "silent")
    assert done.returncode == 0
    assert "did not identify itself" in done.stdout
    assert "silent" in names(shell)


def test_a_web_site_is_refused_unless_one_insists(shell: Shell, repository: ListRepository) -> None:
    repository.faults.add(html, times=None)
    done = shell("sources", "add", repository.url, "--name", "site", "--json")
    assert (done.returncode, json.loads(done.stdout)["added"], "site" in names(shell)) == (1, False, False)
    assert shell("sources", "add", repository.url, "--name", "site", "--yes").returncode == 0
    assert "site" in names(shell)


def test_a_moved_repository_shows_its_new_address_and_how_to_accept_it(shell: Shell) -> None:
    with ListRepository(ITEMS) as there, ListRepository() as here:
        # The same machine under another name is another host.
        target = there.url.replace("127.0.0.1", "localhost")
        here.faults.add(redirected(target), times=None)
        refused = shell("sources", "add", here.url, "--name", "moved")
        assert refused.returncode == 1
        assert target in refused.stdout.replace("\n", "")
        assert "--redirect-host" in refused.stdout
        taken = shell("sources", "add", here.url, "--name", "moved", "--redirect-host", "localhost")
        assert taken.returncode == 0, taken.stdout
        assert shell("harvest", "moved").returncode == 0


def test_one_place_is_one_source_unless_the_set_is_another(shell: Shell, repository: ListRepository) -> None:
    assert shell("sources", "add", repository.url, "--name", "ours").returncode == 0
    again = shell("sources", "add", f"{repository.url}/", "--name", "twice")
    assert (again.returncode, "Source 'ours' harvests" in again.stderr) == (2, True)
    assert shell("sources", "add", repository.url, "--name", "part", "--set", "a").returncode == 0
    taken = shell("sources", "add", "http://127.0.0.1:9/oai", "--name", "ours")
    assert (taken.returncode, "Choose another --name" in taken.stderr) == (2, True)


@pytest.mark.parametrize(
    ("url", "source"), [("https://doaj.org/oai", "doaj"), ("https://pmc.ncbi.nlm.nih.gov/api/oai/v1/", "pmc")]
)
def test_what_comes_with_kaijuan_is_pointed_to(shell: Shell, url: str, source: str) -> None:
    done = shell("sources", "add", url, "--name", "mine")
    assert done.returncode == 2
    assert f"kaijuan harvest {source}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "no-such-file.csv", "--name", "x"], "no file or folder"),
        (["add", ".", "--name", "x", "--kind", "csv", "--column", "title"], "title=题名"),
        (["add", "http://127.0.0.1:9/oai", "--name", "Ours!"], "lower-case"),
        (["add", "http://127.0.0.1:9/oai", "--name", "x", "--kind", "nonsense"], "nonsense"),
        (["show", "nowhere"], "There is no source 'nowhere'"),
        (["set", "doaj", "pace_seconds"], "must look like"),
        (["set", "doaj", "pace_seconds=-1"], "pace_seconds"),
        (["set", "doaj", "colour=red"], "unknown setting colour"),
        (["set", "doaj", "id=other"], "cannot be changed"),
        (["set", "doaj", "columns={"], "JSON"),
        (["remove", "doaj"], "kaijuan sources pause doaj"),
        (["remove", "nowhere"], "no source 'nowhere'"),
    ],
)
def test_a_wrong_wish_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("KAIJUAN_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises((SourceError, click.UsageError), match=said):
        cli.main(["sources", *arguments], standalone_mode=False)


def test_settings_are_changed_checked_and_survive_the_seeds(shell: Shell) -> None:
    done = shell("sources", "set", "doaj", "pace_seconds=5", "redirect_hosts=a.org, b.org", "slice=none", "--json")
    assert done.returncode == 0, done.stderr
    now = settings_of(shell, "doaj")  # each command seeds the sources anew
    assert (now["pace_seconds"], now["redirect_hosts"], now["slice"]) == (5.0, ["a.org", "b.org"], None)
    assert "source_ignored" not in shell("sources").stderr


def test_a_paused_source_is_shown_as_such_and_resumed(shell: Shell) -> None:
    assert shell("sources", "pause", "pmc").returncode == 0
    assert settings_of(shell, "pmc")["enabled"] is False
    assert "pmc (paused)" in shell("sources").stdout
    assert shell("sources", "resume", "pmc").returncode == 0
    assert settings_of(shell, "pmc")["enabled"] is True


def test_a_source_is_removed_only_while_it_has_nothing(shell: Shell, repository: ListRepository) -> None:
    shell("sources", "add", "http://127.0.0.1:9/oai", "--name", "misspelt")
    assert shell("harvest", "misspelt").returncode == 1  # the ledger of the attempt goes with it
    assert shell("sources", "remove", "misspelt").returncode == 0
    assert "misspelt" not in names(shell)
    shell("sources", "add", repository.url, "--name", "ours")
    shell("harvest", "ours")
    kept = shell("sources", "remove", "ours")
    assert (kept.returncode, "kaijuan sources pause ours" in kept.stderr) == (2, True)
    assert "ours" in names(shell)


def test_a_source_is_surveyed_again_and_told_what_to_set(shell: Shell, repository: ListRepository) -> None:
    shell("sources", "add", repository.url, "--name", "ours")
    repository.deleted_record, repository.granularity = "no", "YYYY-MM-DD"
    (row,) = shell.lines("sources", "show", "ours", "--ask", "--json")
    assert row["proposals"]["deleted_record"] == ["persistent", "no"]
    assert row["proposals"]["reconcile_days"] == [None, 30]
    assert row["proposals"]["granularity"] == ["second", "day"]
    said = shell("sources", "show", "ours", "--ask").stdout
    assert "kaijuan sources set ours granularity=day deleted_record=no reconcile_days=30" in said


def test_changes_are_audited_with_what_was_before(embedded: Library, list_repository: ListRepository) -> None:
    list_repository.put(*ITEMS)
    source = add_source(embedded, "ours", list_repository.url)
    embedded.store.sources.update(replace(source, pace_seconds=2.0))
    embedded.store.sources.update(replace(source, pace_seconds=2.0))  # changes nothing and leaves no trace
    with embedded.store.database.read() as connection:
        rows = connection.execute(schema.audit.select().order_by(schema.audit.c.key)).all()
    assert [row.action for row in rows] == ["source.add", "source.update"]
    assert json.loads(rows[1].details) == {"from": {"pace_seconds": 0.0}, "to": {"pace_seconds": 2.0}}


def test_removing_leaves_no_row_behind(embedded: Library) -> None:
    source = add_source(embedded, "gone", "http://127.0.0.1:9/oai", attempts=1)
    assert harvest(embedded, source).status == "failed"
    embedded.store.sources.remove("gone")
    with embedded.store.database.read() as connection:
        for table in schema.metadata.sorted_tables:
            if "source_key" in table.c:
                assert connection.execute(table.select()).all() == [], table.name
    assert [one.id for one in embedded.store.sources.all()] == []


def test_a_seed_updates_what_nobody_touched(embedded: Library) -> None:
    seed = Source.of({"id": "s", "name": "S", "endpoint": "https://s.example/oai"})
    embedded.store.sources.seed([seed])
    embedded.store.sources.seed([replace(seed, pace_seconds=4.0)])
    assert embedded.store.sources.get("s").pace_seconds == 4.0
    embedded.store.sources.update(replace(seed, pace_seconds=9.0))
    embedded.store.sources.seed([replace(seed, pace_seconds=3.0)])
    assert embedded.store.sources.get("s").pace_seconds == 9.0


def test_a_table_is_added_by_its_path_shown_harvested_and_found(shell: Shell, tmp_path: Path) -> None:
    table = tmp_path / "theses.csv"
    table.write_text("题目 X,作者,年份\n冰川研究综述,王芳,2020\n河流研究综述,李雷,2021\n,无题,2022\n", encoding="utf-8")
    done = shell("sources", "add", str(table), "--name", "theses", "--column", "title=题目 X")
    assert done.returncode == 0, done.stderr
    assert "Taken for csv by its name" in done.stderr
    for shown in ("2 records in csv", "2 usable", "1 damaged", "冰川研究综述", "row 4"):
        assert shown in done.stdout, shown
    settings = settings_of(shell, "theses")
    assert (settings["kind"], settings["endpoint"], settings["columns"]) == ("csv", str(table), {"title": "题目 X"})
    (row,) = shell.lines("harvest", "theses", "--json")
    assert (row["new"], row["quarantined"]) == (2, 1)
    shell("index")
    (found,) = shell.lines("search", "冰川研究综述", "--json")
    assert found["meta"]["count"] == 1


def test_a_file_in_which_nothing_can_be_read_is_refused(shell: Shell, tmp_path: Path) -> None:
    table = tmp_path / "numbers.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    done = shell("sources", "add", str(table), "--name", "numbers", "--json")
    assert (done.returncode, json.loads(done.stdout)["added"]) == (1, False)
    assert "--yes" in done.stderr
    assert "numbers" not in names(shell)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("theses.csv", "csv"),
        ("Titles.TSV.gz", "csv"),
        ("ScienceDirect_Global_KBART_2026.txt", "kbart"),
        ("journalcsv__doaj_20261001.csv", "doaj-journals"),
        ("doaj_article_data_2026-10.tar.gz", "doaj-dump"),
        ("article_batch_1.json", "doaj-dump"),
        ("library.mrc", "marc"),
        ("our-marc-export.xml", "marc"),
        ("refs.ris", "ris"),
        ("refs.bib", "bibtex"),
        ("PMC123.nxml", "jats"),
        ("oa_comm.tar.gz", "jats"),
        ("notes.docx", None),
        ("README.txt", None),
        ("doaj/theses.csv", "csv"),
    ],
)
def test_a_files_kind_is_guessed_from_its_name(name: str, kind: str | None) -> None:
    assert kind_by_name(name) == kind


def test_a_folder_is_what_its_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIJUAN_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "lists" / "2026"
    folder.mkdir(parents=True)
    with pytest.raises(SourceError, match="cannot be told from its name"):
        cli.main(["sources", "add", str(tmp_path / "lists"), "--name", "l"], standalone_mode=False)
    (folder / "readme.docx").write_text("x")
    (folder / "refs.ris").write_text("TY  - JOUR\nTI  - Glaciers\nER  - \n")
    with pytest.raises(SystemExit) as ended:
        cli.main(["sources", "add", str(tmp_path / "lists"), "--name", "l", "--json"], standalone_mode=False)
    assert ended.value.code == 0
    with open_library(read_settings()) as library:
        assert library.store.sources.get("l").kind == "ris"


def test_the_kind_of_a_folder_with_files_of_several_kinds_is_never_guessed(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    (folder / "old").mkdir(parents=True)
    for number in range(250):
        (folder / f"b{number:03}.csv").write_text(f"title\nBook {number}\n")
    (folder / "old" / "refs.ris").write_text("TY  - JOUR\nTI  - Glaciers\nER  - \n")
    (folder / "z.xml").write_text("<article/>")
    (folder / "README.txt").write_text("x")
    refused = shell("sources", "add", str(folder), "--name", "l", "--json")
    assert refused.returncode != 0
    said = "files of several kinds: csv 250 (such as b000.csv), ris 1 (such as old/refs.ris), jats 1 (such as z.xml)"
    assert said in " ".join(refused.stderr.split())
    assert "--kind" in refused.stderr
    assert "l" not in names(shell)
    added = shell("sources", "add", str(folder), "--name", "l", "--kind", "ris", "--json")
    assert (added.returncode, json.loads(added.stdout)["added"]) == (0, True), added.stderr
