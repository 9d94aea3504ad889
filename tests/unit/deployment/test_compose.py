"""The compose file: valid, understood by the application, and hardened; nothing of it is taken on trust."""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search_api.settings import ClusterStorage, Settings, read_settings
from tests.unit.deployment.compose import COMPOSE, ROOT, dotenv, haproxy_config, read_compose, services_of, variables

SERVICES = tuple(read_compose()["services"])
OURS = ("api", "worker", "migrate")
PROFILES = ("single", "cluster")
#: What cannot be read_only, and stands so in the file: Docker copies a configuration into the one, the other writes its
#: key store beside its configuration when it starts.
WRITABLE = {"proxy", "elasticsearch", "elasticsearch-1", "elasticsearch-2", "elasticsearch-3"}
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_SECRET = "3f0c9a1b7d5e2468ace013579bdf2468ace0"
_DOCUMENT = ROOT / "docs" / "deployment.md"


def _documented(profile: str) -> dict[str, str]:
    """Return the ``.env`` that the documentation gives for a profile."""
    blocks = re.findall(r"```\n(COMPOSE_PROFILES=.*?)```", _DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [one for one in map(dotenv, blocks) if one["COMPOSE_PROFILES"] == profile]
    return found


def _service(name: str) -> Any:
    return read_compose()["services"][name]


def _settings_of(
    name: str, given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Settings, dict[str, str]]:
    """Read a service's environment as its container would, with the secrets' files somewhere else."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for secret in _service(name)["secrets"]:
        held = _CERTIFICATE if secret.endswith("certificate") else f"{_SECRET}\n"
        (secrets / secret).write_text(held, encoding="ascii")
    environment = given | read_compose(given)["services"][name]["environment"]
    for variable, value in environment.items():
        monkeypatch.setenv(variable, str(value).replace("/run/secrets", str(secrets)))
    return read_settings(), environment


def test_the_file_is_what_the_compose_specification_says() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_service_names_is_there(profile: str) -> None:
    compose = read_compose()
    running = services_of(compose, profile)
    for service in running.values():
        for other, condition in service.get("depends_on", {}).items():
            assert other in running or (condition.get("required") is False and other in compose["services"])
            ends = _service(other)["restart"] == "no"
            assert condition["condition"] == ("service_completed_successfully" if ends else "service_healthy")
        for kind in ("secrets", "configs"):
            names = [one if isinstance(one, str) else one["source"] for one in service.get(kind, ())]
            assert set(names) <= set(compose[kind])
        assert set(service["networks"]) <= set(compose["networks"])
        assert {one.partition(":")[0] for one in service.get("volumes", ())} <= set(compose["volumes"])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", OURS)
def test_the_application_understands_each_of_its_settings(
    profile: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, environment = _settings_of(name, _documented(profile), tmp_path, monkeypatch)
    assert set(environment) - _known() <= set(variables()) | {"COMPOSE_PROFILES"}
    storage = settings.storage
    assert isinstance(storage, ClusterStorage)
    assert storage.database_url.get_secret_value() == f"postgresql://kaijuan:{_SECRET}@postgres/kaijuan"
    nodes = storage.elasticsearch_url.get_secret_value().split(",")
    running = [one for one in services_of(read_compose(), profile) if one.startswith("elasticsearch")]
    assert nodes == [f"https://elastic:{_SECRET}@{one}:9200" for one in running]
    assert storage.replicas == min(1, len(running) - 1)
    assert settings.desk_token is not None
    assert settings.desk_token.get_secret_value() == _SECRET


def _known() -> set[str]:
    """Return the names of all settings, and of the parts of those that have parts."""
    names = {f"KAIJUAN_{name}".upper() for name in Settings.model_fields if name != "storage"}
    return names | {f"KAIJUAN_STORAGE__{name}".upper() for name in ClusterStorage.model_fields}


def test_a_forgotten_address_finds_the_nodes_of_either_profile() -> None:
    assert "//elastic@elasticsearch:9200" in _service("api")["environment"]["KAIJUAN_STORAGE__ELASTICSEARCH_URL"]
    for name in SERVICES:
        if name.startswith("elasticsearch"):
            assert "elasticsearch" in _service(name)["networks"]["back"]["aliases"]


def test_only_the_proxy_is_believed_and_its_address_is_its_own() -> None:
    compose = read_compose()
    address = compose["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    assert compose["services"]["api"]["environment"]["KAIJUAN_TRUSTED_PROXIES"] == address
    front = compose["networks"]["front"]["ipam"]["config"][0]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(front["subnet"])
    assert ipaddress.ip_address(address) not in ipaddress.ip_network(front["ip_range"])


def test_every_variable_of_the_file_is_documented() -> None:
    text = _DOCUMENT.read_text(encoding="utf-8") + (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in variables() if f"`{name}`" not in text] == []
    left = re.sub(r"\$\$|\$\{\w+:-[^}]*\}", "", COMPOSE.read_text(encoding="utf-8"))
    assert "$" not in left  # a form that these tests do not read


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_limited_watched_and_without_rights(name: str) -> None:
    service = _service(name)
    assert re.fullmatch(r"[a-z]+:[\w.-]+", service["image"])
    assert not service["image"].endswith(":latest")
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[mg]", limits["memory"])
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert service["healthcheck"].get("test") or (name == "migrate" and service["healthcheck"] == {"disable": True})
    assert service["user"].split(":")[0] == "1000"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert not service.get("cap_add")
    assert bool(service.get("read_only")) == (name not in WRITABLE)
    assert service["logging"]["options"]["max-size"]


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    compose = read_compose()
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"proxy": ["443:8443", "80:8080"]}
    assert compose["networks"]["back"]["internal"] is True
    for name in ("postgres", *(one for one in SERVICES if one.startswith("elasticsearch"))):
        assert set(compose["services"][name]["networks"]) == {"back"}
    assert not any("network_mode" in service for service in compose["services"].values())


def test_no_secret_is_in_the_file_or_in_an_environment() -> None:
    compose = read_compose()
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    assert all(secret["file"].startswith("./secrets/") for secret in compose["secrets"].values())
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", variable):
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, variable)
            assert not re.search(r"://[^/@\s]*:[^/@\s]*@", str(value)), (name, variable)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/secrets/", "/.env"} <= set(ignored)


def test_nodes_of_elasticsearch_speak_tls_with_a_password_and_find_each_other() -> None:
    compose = read_compose()
    members = [name for name in services_of(compose, "cluster") if name.startswith("elasticsearch")]
    assert len(members) == 3
    for name in [*members, "elasticsearch"]:
        environment = compose["services"][name]["environment"]
        for setting in ("xpack.security.enabled", "xpack.security.http.ssl.enabled"):
            assert environment[setting] == "true"
        assert environment["xpack.security.transport.ssl.enabled"] == "true"
        if name in members:
            assert environment["node.name"] == name
            assert environment["cluster.initial_master_nodes"].split(",") == members
            assert environment["discovery.seed_hosts"].split(",") == members
            assert "discovery.type" not in environment
    volumes = [compose["services"][name]["volumes"] for name in members]
    assert len({str(one) for one in volumes}) == 3


def _kaijuan_commands() -> Iterator[list[str]]:
    for name in OURS:
        yield _service(name)["command"]
    (told,) = re.findall(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    yield json.loads(told)


@pytest.mark.parametrize("command", list(_kaijuan_commands()), ids=" ".join)
def test_every_start_command_is_one(command: list[str]) -> None:
    assert command[0] == "kaijuan"
    run = [sys.executable, "-c", "from search_api.cli import main; main()", *command[1:], "--help"]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_proxy_goes_on_asking_servers_that_are_about_to_end() -> None:
    """The proxy's checks, the servers' way to end and Docker's patience fit each other."""
    checks = re.search(r"inter (\d+)s fall (\d+)", haproxy_config(read_compose()))
    assert checks is not None
    service = _service("api")
    drain = float(service["environment"]["KAIJUAN_DRAIN_SECONDS"])
    assert int(checks[1]) * int(checks[2]) < drain
    assert drain + 10 < float(service["stop_grace_period"].removesuffix("s"))
