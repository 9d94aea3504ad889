"""Secrets in files: whatever is wrong with one is said by the variable's name, never by its contents."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from search_api.errors import SettingsError
from search_api.settings import ClusterStorage, Settings, read_settings

_CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_DATABASE = "KAIJUAN_STORAGE__DATABASE_PASSWORD_FILE"
_SEARCH = "KAIJUAN_STORAGE__ELASTICSEARCH_PASSWORD_FILE"
_TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Addresses that name users and no passwords."""
    monkeypatch.setenv("KAIJUAN_STORAGE__KIND", "cluster")
    monkeypatch.setenv("KAIJUAN_STORAGE__DATABASE_URL", "postgresql://kaijuan@postgres:5432/kaijuan?sslmode=prefer")
    monkeypatch.setenv("KAIJUAN_STORAGE__ELASTICSEARCH_URL", "https://elastic@one:9200, https://elastic@[::1]:9201/es")
    return monkeypatch


def _written(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "secret"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def _storage(settings: Settings) -> ClusterStorage:
    assert isinstance(settings.storage, ClusterStorage)
    return settings.storage


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_password_in_a_file_is_that_of_the_addresses_user(
    cluster: pytest.MonkeyPatch, tmp_path: Path, end: str
) -> None:
    cluster.setenv(_DATABASE, _written(tmp_path, f"simple{end}"))
    cluster.setenv(_SEARCH, _written(tmp_path, f"simple{end}"))
    storage = _storage(read_settings())
    assert storage.database_url.get_secret_value() == (
        "postgresql://kaijuan:simple@postgres:5432/kaijuan?sslmode=prefer"
    )
    assert storage.elasticsearch_url.get_secret_value() == (
        "https://elastic:simple@one:9200,https://elastic:simple@[::1]:9201/es"
    )


@pytest.mark.parametrize("password", ["p@ss:w/ord?#[]%41", "a,b https://x", " spaces ", "密码", "'\"\\$`"])
def test_any_character_may_be_in_a_password(cluster: pytest.MonkeyPatch, tmp_path: Path, password: str) -> None:
    cluster.setenv(_DATABASE, _written(tmp_path, f"{password}\n"))
    cluster.setenv(_SEARCH, _written(tmp_path, f"{password}\n"))
    storage = _storage(read_settings())
    url = make_url(storage.database_url.get_secret_value())
    assert (url.username, url.password, url.host, url.database) == ("kaijuan", password, "postgres", "kaijuan")
    nodes = storage.elasticsearch_url.get_secret_value().split(",")
    assert [make_url(node).password for node in nodes] == [password, password]
    assert password not in repr(storage)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"geheim\nsecond line", "several lines"),
        (b"gehe\x00im", "control characters"),
        (b"gehe\xffim", "no UTF-8"),
        (b"geheim" * 200_000, "longer than 1 MiB"),
    ],
)
@pytest.mark.parametrize("variable", [_DATABASE, _SEARCH, "KAIJUAN_DESK_TOKEN_FILE"])
def test_what_can_be_no_password_is_refused_by_the_variables_name(
    cluster: pytest.MonkeyPatch, tmp_path: Path, variable: str, held: bytes, said: str
) -> None:
    cluster.setenv(variable, _written(tmp_path, held))
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert f"{variable}: " in str(refused.value)
    assert said in str(refused.value)
    assert "gehe" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "said"), [("missing", "is no file"), (".", "is no file"), ("/proc/self/mem", "cannot be read")]
)
@pytest.mark.parametrize(
    "variable",
    [_DATABASE, "KAIJUAN_STORAGE__ELASTICSEARCH_CA", "KAIJUAN_DESK_TOKEN_FILE", "KAIJUAN_SOURCE_KEYS_FILE"],
)
def test_a_file_that_is_not_there_or_cannot_be_read_is_named(
    cluster: pytest.MonkeyPatch, tmp_path: Path, variable: str, path: str, said: str
) -> None:
    cluster.setenv(variable, str(tmp_path / path))
    with pytest.raises(SettingsError, match=said) as refused:
        read_settings()
    assert f"{variable}: {tmp_path / path} " in str(refused.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://postgres/kaijuan", "names no user"),
        ("postgresql://:@postgres/kaijuan", "names no user"),
        ("postgresql://kaijuan:verborgen@postgres/kaijuan", "has another password"),
        ("postgresql://kaijuan@[::1/kaijuan", "cannot be read"),
    ],
)
def test_an_address_that_the_password_does_not_fit_is_refused_and_not_shown(
    cluster: pytest.MonkeyPatch, tmp_path: Path, address: str, said: str
) -> None:
    cluster.setenv("KAIJUAN_STORAGE__DATABASE_URL", address)
    cluster.setenv(_DATABASE, _written(tmp_path, "geheim"))
    with pytest.raises(SettingsError, match=said) as refused:
        read_settings()
    assert _DATABASE in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert "verborgen" not in str(refused.value)


def test_settings_with_a_joined_password_may_be_read_again(cluster: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cluster.setenv(_DATABASE, _written(tmp_path, "p@ss"))
    storage = _storage(read_settings())
    again = ClusterStorage.model_validate(storage.model_dump())
    assert again == storage


def test_several_hosts_of_one_database_keep_their_comma(cluster: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cluster.setenv("KAIJUAN_STORAGE__DATABASE_URL", "postgresql://kaijuan@one:5432,two:5432/kaijuan")
    cluster.setenv(_DATABASE, _written(tmp_path, "geheim"))
    assert _storage(read_settings()).database_url.get_secret_value() == (
        "postgresql://kaijuan:geheim@one:5432,two:5432/kaijuan"
    )


def test_empty_variables_are_as_if_unset(cluster: pytest.MonkeyPatch) -> None:
    for variable in (
        _DATABASE,
        _SEARCH,
        "KAIJUAN_STORAGE__ELASTICSEARCH_CA",
        "KAIJUAN_DESK_TOKEN_FILE",
        "KAIJUAN_SOURCE_KEYS_FILE",
    ):
        cluster.setenv(variable, "")
    settings = read_settings()
    assert _storage(settings).database_url.get_secret_value().startswith("postgresql://kaijuan@postgres")
    assert (settings.desk_token, settings.source_keys) == (None, {})


def test_a_certificate_must_be_one_and_for_https(cluster: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cluster.setenv("KAIJUAN_STORAGE__ELASTICSEARCH_CA", _written(tmp_path, "no certificate"))
    with pytest.raises(SettingsError, match="holds no certificate"):
        read_settings()
    cluster.setenv("KAIJUAN_STORAGE__ELASTICSEARCH_CA", _written(tmp_path, _CA))
    assert _storage(read_settings()).elasticsearch_ca == tmp_path / "secret"
    cluster.setenv("KAIJUAN_STORAGE__ELASTICSEARCH_URL", "https://elastic@one:9200,HTTP://elastic@two:9200")
    with pytest.raises(SettingsError, match="KAIJUAN_STORAGE__ELASTICSEARCH_CA: a certificate is for"):
        read_settings()


def test_the_desks_token_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KAIJUAN_DESK_TOKEN_FILE", _written(tmp_path, f"{_TOKEN}\n"))
    token = read_settings().desk_token
    assert token is not None
    assert token.get_secret_value() == _TOKEN
    monkeypatch.setenv("KAIJUAN_DESK_TOKEN", _TOKEN)
    assert read_settings().desk_token == token
    monkeypatch.setenv("KAIJUAN_DESK_TOKEN", f"another-{_TOKEN}")
    with pytest.raises(SettingsError, match="KAIJUAN_DESK_TOKEN is set too"):
        read_settings()


@pytest.mark.parametrize(
    "token", ["short", "x" * 23, "with space in the midst of it", "令牌令牌令牌令牌令牌令牌令牌令牌令牌令牌令牌令牌"]
)
def test_a_token_in_a_file_must_be_as_long_as_any(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str) -> None:
    monkeypatch.setenv("KAIJUAN_DESK_TOKEN_FILE", _written(tmp_path, token))
    with pytest.raises(SettingsError, match="KAIJUAN_DESK_TOKEN_FILE: must be 24 ASCII characters") as refused:
        read_settings()
    assert token not in str(refused.value)


def test_sources_keys_are_read_from_a_file_and_those_set_by_themselves_go_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAIJUAN_SOURCE_KEYS_FILE", _written(tmp_path, '{"doaj": "one", "pmc-esummary": "two"}\n'))
    monkeypatch.setenv("KAIJUAN_SOURCE_KEYS__DOAJ", "three")
    keys = {source: key.get_secret_value() for source, key in read_settings().source_keys.items()}
    assert keys == {"doaj": "three", "pmc-esummary": "two"}


@pytest.mark.parametrize("held", ["geheim", '["geheim"]', '{"doaj": 1}', '{"doaj": "geheim"'])
def test_keys_that_are_no_object_of_texts_are_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, held: str
) -> None:
    monkeypatch.setenv("KAIJUAN_SOURCE_KEYS_FILE", _written(tmp_path, held))
    with pytest.raises(SettingsError, match="must hold a JSON object of keys") as refused:
        read_settings()
    assert "geheim" not in str(refused.value)
