"""Settings of the cluster that cannot be meant, and names that are no settings: each told, nothing secret shown."""

from __future__ import annotations

import pytest

from search_api.cli.checks import examine
from search_api.cli.settings_checks import COMPOSE_VARIABLES, examine_variables, setting_names
from search_api.errors import SettingsError
from search_api.settings import ClusterStorage, read_settings
from tests.unit.deployment.compose import ROOT, variables


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings that can be used, of servers that nobody asks."""
    monkeypatch.setenv("KAIJUAN_STORAGE__KIND", "cluster")
    monkeypatch.setenv("KAIJUAN_STORAGE__DATABASE_URL", "postgresql://kaijuan@postgres/kaijuan")
    monkeypatch.setenv("KAIJUAN_STORAGE__ELASTICSEARCH_URL", "https://elastic@one:9200")
    return monkeypatch


@pytest.mark.parametrize(
    "prefix",
    ["", "a,b", "t7*", "Library", "-a", "_a", "7a", "a b", "a/b", "a.b", "<a{now/d}>", "图书", "a\n", "a" * 101],
)
def test_a_prefix_that_elasticsearch_would_not_take_or_read_as_a_pattern_is_refused(
    cluster: pytest.MonkeyPatch, prefix: str
) -> None:
    cluster.setenv("KAIJUAN_STORAGE__INDEX_PREFIX", prefix)
    with pytest.raises(SettingsError, match="KAIJUAN_STORAGE__INDEX_PREFIX: must be 1 to 100 lower-case letters"):
        read_settings()


@pytest.mark.parametrize("prefix", ["kaijuan", "kaijuan_test_ab12", "failover-7", "k", "a" * 100])
def test_an_ordinary_prefix_is_taken(cluster: pytest.MonkeyPatch, prefix: str) -> None:
    cluster.setenv("KAIJUAN_STORAGE__INDEX_PREFIX", prefix)
    storage = read_settings().storage
    assert isinstance(storage, ClusterStorage)
    assert storage.index_prefix == prefix


@pytest.mark.parametrize("address", ["mysql://a:geheim@b/c", "postgresql+asyncpg://a:geheim@b/c", "geheim", ""])
def test_another_database_is_refused_and_its_address_not_shown(cluster: pytest.MonkeyPatch, address: str) -> None:
    cluster.setenv("KAIJUAN_STORAGE__DATABASE_URL", address)
    with pytest.raises(SettingsError, match="KAIJUAN_STORAGE__DATABASE_URL: must be PostgreSQL's") as refused:
        read_settings()
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_postgresql_may_be_written_as_its_clients_do(cluster: pytest.MonkeyPatch, scheme: str) -> None:
    cluster.setenv("KAIJUAN_STORAGE__DATABASE_URL", f"{scheme}://kaijuan@postgres/kaijuan")
    assert isinstance(read_settings().storage, ClusterStorage)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("KAIJUAN_STORAGE__SHARD", "KAIJUAN_STORAGE__SHARDS"),
        ("KAIJUAN_SERCH_SECONDS", "KAIJUAN_SEARCH_SECONDS"),
        ("kaijuan_contakt", "KAIJUAN_CONTACT"),
        ("KAIJUAN_SHARDS", "KAIJUAN_STORAGE__SHARDS"),
        ("KAIJUAN_CAMPUS__ISUER", "KAIJUAN_CAMPUS__ISSUER"),
        ("KAIJUAN_STORAGE_DATABASE_PASSWORD_FILE", "KAIJUAN_STORAGE__DATABASE_PASSWORD_FILE"),
        ("KAIJUAN_HTTPS_PROT", "KAIJUAN_HTTPS_PORT"),
    ],
)
def test_a_name_that_is_no_setting_is_told_with_the_one_most_like_it(name: str, nearest: str) -> None:
    (told,) = examine_variables([name, "PATH", "KAIJUAN_CONTACT"])
    assert told.state == "warning"
    assert told.found == f"{name} is no setting and is ignored"
    assert told.remedy == f"Write {nearest} if you mean that, or unset it; see docs/settings.md."


def test_a_name_like_no_other_is_told_too_and_fits_a_line() -> None:
    (told,) = examine_variables(["KAIJUAN_\n\x1b" + "Q" * 5_000])
    assert told.found.isprintable()
    assert len(told.found) < 200
    assert told.remedy == "Unset it, or correct it; see docs/settings.md."


def test_what_is_a_setting_or_read_by_the_compose_file_is_not_told() -> None:
    known = setting_names() | variables().keys() | {"KAIJUAN_SOURCE_KEYS__DOAJ", "kaijuan_contact", "KAIJUANS"}
    known |= {"KAIJUAN_CAMPUS__LEVELS__PHD", "KAIJUAN_CAMPUS__SECRET_FILE", "KAIJUAN_ACCOUNTS__OPEN"}
    tests = {"KAIJUAN_TEST_DATABASE_URL", "KAIJUAN_SHARED", "KAIJUAN_SERVICES_DIR"}
    assert list(examine_variables(known | tests)) == []
    assert {"KAIJUAN_STORAGE__SHARDS", "KAIJUAN_LIMITS__TOKEN_A_DAY", "KAIJUAN_DESK_TOKEN_FILE"} <= setting_names()


def test_no_more_is_taken_for_the_compose_files_than_it_reads_and_documents() -> None:
    assert variables().keys() - setting_names() == COMPOSE_VARIABLES
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert {name for name in COMPOSE_VARIABLES if f"`{name}`" not in text} == set()


def test_the_doctor_tells_misspelt_names_also_where_settings_cannot_be_used(cluster: pytest.MonkeyPatch) -> None:
    cluster.delenv("KAIJUAN_STORAGE__DATABASE_URL")
    cluster.setenv("KAIJUAN_STORAGE__DATABASE_ULR", "postgresql://kaijuan@postgres/kaijuan")
    found = examine()
    assert [check.name for check in found if check.state == "failed"] == ["settings"]
    assert any("KAIJUAN_STORAGE__DATABASE_URL if you mean" in check.remedy for check in found)
