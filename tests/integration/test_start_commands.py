"""What the compose file starts, started outside Docker: a node with password and TLS, migration, API, worker.

All that differs from the file are addresses, ports and where the secrets lie.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.cluster.processes import Program, end, free_port, give, server_user, start, wait_until
from tests.integration.test_command import _SEEDS, get
from tests.unit.deployment.compose import ROOT, read_compose

pytestmark = pytest.mark.cluster

#: Of modules that the server for tests has not.
_MISSING = {"ingest.geoip.downloader.enabled"}
#: Starts in a third of the time; see ``.ci/services``.
_FAST = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_CERTS = "/usr/share/elasticsearch/config/certs"


def _program(variable: str) -> Path:
    found = os.environ.get(variable)
    if not found:
        pytest.skip(f"{variable} is not set: make services")
    return Path(found)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets, made by the commands that docs/deployment.md gives."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("deployment")
    (commands,) = re.findall(
        r"```sh\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8"), re.DOTALL
    )
    subprocess.run(["sh", "-euc", commands], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "secrets"


def _secret(secrets: Path, name: str) -> Path:
    return secrets / Path(read_compose()["secrets"][name]["file"]).name


def _reachable(name: str) -> Path:
    """Return a folder that the servers' own user can reach, which pytest's are not."""
    return Path(tempfile.gettempdir()) / name


@pytest.fixture(scope="module")
def node(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A node with the compose file's settings; return its port."""
    home, java = _program("KAIJUAN_TEST_ELASTICSEARCH_HOME"), _program("KAIJUAN_TEST_JAVA_HOME")
    folder = give(_reachable(f"kaijuan-secured-{uuid.uuid4().hex[:8]}"))
    port = free_port()
    try:
        environment = _configure(folder, home, java, secrets, port)
        # As the image's entry point does it: its own script reads the file, and refuses those that others can read.
        put = (
            "source bin/elasticsearch-env-from-file; bin/elasticsearch-keystore create -s; "
            'printf %s "$ELASTIC_PASSWORD" | bin/elasticsearch-keystore add -x bootstrap.password'
        )
        _run_as_server(["bash", "-ec", f"cd {home}; {put}"], folder, environment)
        log = folder / "log"
        process = start(
            [str(home / "bin" / "elasticsearch")], log=log, environment=environment, cwd=folder, **server_user()
        )
        try:
            wait_until(lambda: _search_health(secrets, port), seconds=120, what=f"the node is well: {log}", every=1)
            yield port
        finally:
            end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_as_server(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, cwd=folder, env=environment, **server_user()
    )
    assert done.returncode == 0, done.stderr
    said: str = done.stdout
    return said


def _configure(folder: Path, home: Path, java: Path, secrets: Path, port: int) -> dict[str, str]:
    """Lay out the node's folder; return its environment."""
    service = read_compose()["services"]["elasticsearch"]
    config = folder / "config"
    shutil.copytree(home / "config", config)
    options = config / "jvm.options"
    lines = options.read_text(encoding="utf-8").splitlines()
    options.write_text("\n".join(line for line in lines if "gc.log" not in line) + "\n", encoding="utf-8")
    for one in service["secrets"]:
        if isinstance(one, dict):
            target = config / Path(one["target"]).relative_to("/usr/share/elasticsearch/config")
            target.parent.mkdir(exist_ok=True)
            shutil.copy(_secret(secrets, one["source"]), target)
    shutil.copy(_secret(secrets, "elasticsearch_password"), folder / "password")
    settings = {name: value for name, value in service["environment"].items() if name[0].islower()}
    settings = {name: value for name, value in settings.items() if name not in _MISSING}
    settings |= {"network.host": "127.0.0.1", "http.port": port, "transport.port": free_port()}
    settings |= {"path.data": folder / "data", "path.logs": folder / "logs"}
    settings |= {"cluster.routing.allocation.disk.threshold_enabled": "false"}
    told = "".join(f"{name}: {value}\n" for name, value in settings.items())
    (config / "elasticsearch.yml").write_text(told, encoding="utf-8")
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()
    give(folder)
    (folder / "password").chmod(0o400)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(config),
        "ES_TMPDIR": str(folder / "tmp"),
        "CLI_JAVA_OPTS": _FAST,
        "ES_JAVA_OPTS": f"-Xms512m -Xmx512m -XX:-UseG1GC -XX:-AlwaysPreTouch {_FAST}",
        "ELASTIC_PASSWORD_FILE": str(folder / "password"),
    }


def _search_health(secrets: Path, port: int) -> bool:
    """Run the health check of the compose file, as the container's shell does."""
    kind, command = read_compose()["services"]["elasticsearch"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    for old, new in (
        ("/run/secrets/elasticsearch_password", str(_secret(secrets, "elasticsearch_password"))),
        (f"{_CERTS}/node.crt", str(_secret(secrets, "elasticsearch_certificate"))),
        ("https://localhost:9200", f"https://localhost:{port}"),
    ):
        assert command.count(old) == 1
        command = command.replace(old, new)
    return subprocess.run(["sh", "-c", command], check=False, timeout=30, capture_output=True).returncode == 0


@pytest.fixture
def database(cluster_urls: tuple[str, str], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An empty database: its address without the password, and the file that holds it."""
    server = make_url(cluster_urls[0]).set(drivername="postgresql+psycopg")
    name = f"kaijuan_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    file = tmp_path / "database_password"
    file.write_text(f"{server.password}\n", encoding="utf-8")
    yield f"postgresql://{server.username}@{server.host}:{server.port}/{name}", file
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def environment(node: int, secrets: Path, database: tuple[str, Path], tmp_path: Path) -> dict[str, str]:
    """What the API's container is told, with this machine's addresses."""
    told = {name: str(value) for name, value in read_compose()["services"]["api"]["environment"].items()}
    secret = {name: str(_secret(secrets, name)) for name in read_compose()["secrets"]} | {
        "database_password": str(database[1])
    }
    for variable, value in told.items():
        if value.startswith("/run/secrets/"):
            told[variable] = secret[value.removeprefix("/run/secrets/")]
    sources = tmp_path / "sources.toml"
    sources.write_text("".join(f"[{name}]\nenabled = false\n" for name in _SEEDS), encoding="utf-8")
    return told | {
        "KAIJUAN_DATA_DIR": str(tmp_path / "data"),
        "KAIJUAN_STORAGE__DATABASE_URL": database[0],
        "KAIJUAN_STORAGE__ELASTICSEARCH_URL": f"https://elastic@localhost:{node}",
        "KAIJUAN_STORAGE__INDEX_PREFIX": f"t{uuid.uuid4().hex[:8]}",
        "KAIJUAN_DRAIN_SECONDS": "0",
        "KAIJUAN_SOURCES_FILE": str(sources),
    }


def _started(name: str, folder: Path, environment: dict[str, str]) -> tuple[Program, int]:
    """Start a service's command on a free port of loopback."""
    command: list[str] = read_compose()["services"][name]["command"]
    port = free_port()
    for old, new in (("0.0.0.0", "127.0.0.1"), ("8000", str(port)), ("9100", str(port))):  # noqa: S104  # as it is told
        command = [new if part == old else part for part in command]
    program = Program(name, command[1:], folder=folder, environment=environment)
    program.start()
    return program, port


@contextmanager
def _running(name: str, folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run a service until it is well by its own health check; it ends with 0."""
    program, port = _started(name, folder, environment)
    try:
        wait_until(lambda: _is_well(name, port), seconds=90, what=f"{name} is well: {program.log}", every=0.5)
        yield port
    except BaseException:
        program.kill()
        raise
    assert program.stop() == 0, program.said()


def _is_well(name: str, port: int) -> bool:
    test = read_compose()["services"][name]["healthcheck"]["test"]
    assert test[0] == "CMD"
    command = [re.sub(r":(8000|9100)/", f":{port}/", part) for part in test[1:]]
    return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0


def test_everything_starts_with_passwords_by_file_and_tls(environment: dict[str, str], tmp_path: Path) -> None:
    migration, _ = _started("migrate", tmp_path, environment)
    assert migration.wait(seconds=60) == 0, migration.said()
    with _running("worker", tmp_path, environment), _running("api", tmp_path, environment) as port:
        status, body = get(f"http://127.0.0.1:{port}/v1/works?q=health")
        assert (status, body["meta"]["count"]) == (200, 0)
    password = Path(environment["KAIJUAN_STORAGE__ELASTICSEARCH_PASSWORD_FILE"]).read_text(encoding="ascii").strip()
    for log in tmp_path.glob("*.log"):
        assert password not in log.read_text(encoding="utf-8")


def _searched_in_vain(environment: dict[str, str], tmp_path: Path) -> str:
    program = Program("search", ["search", "health"], folder=tmp_path, environment=environment)
    program.start()
    assert program.wait(seconds=90) == 1, program.said()
    return program.said()


def test_a_wrong_password_and_a_strange_certificate_are_said_and_nothing_is_sent_to_strangers(
    environment: dict[str, str], secrets: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password\n", encoding="ascii")
    said = _searched_in_vain(environment | {"KAIJUAN_STORAGE__ELASTICSEARCH_PASSWORD_FILE": str(wrong)}, tmp_path)
    assert "does not accept the user or the password" in said
    assert "not-the-password" not in said
    strange = tmp_path / "strange.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=elasticsearch"),
            *("-keyout", str(tmp_path / "strange.key"), "-out", str(strange)),
        ],
        check=True,
        capture_output=True,
    )
    (tmp_path / "search.log").unlink()
    said = _searched_in_vain(environment | {"KAIJUAN_STORAGE__ELASTICSEARCH_CA": str(strange)}, tmp_path)
    assert "certificate" in said.lower()
    assert "Traceback" not in said


def test_the_servers_health_check_fails_with_another_password(node: int, secrets: Path, tmp_path: Path) -> None:
    assert _search_health(secrets, node)
    other = tmp_path / "secrets"
    shutil.copytree(secrets, other)
    _secret(other, "elasticsearch_password").write_text("another", encoding="ascii")
    assert not _search_health(other, node)


def test_the_databases_command_and_health_check_are_understood(cluster_urls: tuple[str, str], tmp_path: Path) -> None:
    binaries = _program("KAIJUAN_TEST_POSTGRESQL_BIN")
    service: dict[str, Any] = read_compose()["services"]["postgres"]
    folder = give(_reachable(f"kaijuan-postgres-{uuid.uuid4().hex[:8]}"))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    data = folder / "pgdata"  # a folder of its own in the volume, as PGDATA says
    try:
        arguments = service["environment"]["POSTGRES_INITDB_ARGS"].split()
        make = [str(binaries / "initdb"), "-D", str(data), "--no-sync", "-U", "kaijuan", *arguments]
        _run_as_server(make, folder, environment)
        command = [str(binaries / service["command"][0]), "-D", str(data), *service["command"][1:]]
        said = _run_as_server([*command, "-C", "max_connections"], folder, environment)
    finally:
        shutil.rmtree(folder)
    assert said.strip() == "200"
    url = make_url(cluster_urls[0])
    kind, *check = service["healthcheck"]["test"]
    assert kind == "CMD"
    check = [str(binaries / check[0]), *check[1:], f"--port={url.port}"]
    assert subprocess.run(check, check=False, timeout=30).returncode == 0
    check[-1] = f"--port={free_port()}"
    assert subprocess.run(check, check=False, timeout=30).returncode != 0
