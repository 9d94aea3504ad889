"""The proxy of the compose file, a real haproxy, before real ``kaijuan serve`` processes."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cluster.processes import end, free_port, start, wait_until
from tests.integration.test_command import Shell, shell
from tests.unit.deployment.compose import haproxy_config, read_compose

__all__ = ["shell"]

#: From here the proxy asks the servers: not from where its clients are, who must not be believed.
_PROXY = "127.0.0.2"
_SECONDS = 20.0


@pytest.fixture(scope="module")
def haproxy() -> str:
    found = shutil.which("haproxy")
    if not found:
        pytest.skip("haproxy is not installed")
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key in one file, as the proxy takes it; ``trusted.pem`` beside it."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "trusted.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    both = folder / "certificate.pem"
    both.write_text(
        (folder / "trusted.pem").read_text(encoding="ascii") + (folder / "key.pem").read_text(encoding="ascii"),
        encoding="ascii",
    )
    return both


@dataclass
class Proxy:
    """A running proxy."""

    https_port: int
    http_port: int
    own_port: int
    certificate: Path
    log: Path

    def connect(self, *, client: str = "127.0.0.1", **options: ssl.TLSVersion) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.certificate.with_name("trusted.pem")))
        for name, value in options.items():
            setattr(context, name, value)
        return http.client.HTTPSConnection(
            "localhost", self.https_port, timeout=30, context=context, source_address=(client, 0)
        )

    def ask(
        self, path: str, method: str = "GET", *, client: str = "127.0.0.1", body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask once over a connection of its own."""
        connection = self.connect(client=client)
        try:
            return _answer(connection, path, method, body, **headers)
        finally:
            connection.close()


def _answer(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection.request(
        method, path, body=body or None, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()


def _put(text: str, *replaced: tuple[str, str]) -> str:
    for old, new in replaced:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


#: Starts the proxy before servers at these ports.
Starter = Callable[..., Proxy]


@pytest.fixture
def proxied(haproxy: str, certificate: Path, tmp_path: Path) -> Iterator[Starter]:
    """Start the proxy before servers; all that differs from the compose file are addresses."""
    with ExitStack() as stack:
        yield lambda *ports: stack.enter_context(_running(haproxy, certificate, tmp_path, ports))


@contextmanager
def _running(haproxy: str, certificate: Path, folder: Path, ports: tuple[int, ...]) -> Iterator[Proxy]:
    proxy = Proxy(free_port(), free_port(), free_port(), certificate, folder / "haproxy.log")
    servers = "\n  ".join(f"server api-{number} 127.0.0.1:{port}" for number, port in enumerate(ports, 1))
    compose = read_compose()
    text = _put(
        haproxy_config(compose),
        ("bind :8443", f"bind 127.0.0.1:{proxy.https_port}"),
        ("bind :8080", f"bind 127.0.0.1:{proxy.http_port}"),
        ("bind 127.0.0.1:8404", f"bind 127.0.0.1:{proxy.own_port}"),
        ("/run/secrets/certificate", str(certificate)),
        ("server-template api- 16 api:8000 resolvers docker init-addr none", f"source {_PROXY}\n  {servers}"),
    )
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    command = _put(" ".join(compose["services"]["proxy"]["command"]), ("/usr/local/etc/haproxy", str(folder))).split()
    # -W -db is what the image's entry point adds.
    process = start([haproxy, "-W", "-db", *command[1:]], log=proxy.log, environment={"PATH": "/usr/bin:/bin"})
    try:
        wait_until(lambda: _listens(proxy.own_port), seconds=_SECONDS, what=f"the proxy listens: {proxy.log}")
        yield proxy
    finally:
        end(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_ready(proxy: Proxy) -> None:
    wait_until(lambda: proxy.ask("/health")[0] == 200, seconds=_SECONDS, what="a server behind the proxy is ready")


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


@dataclass
class Stub:
    """A server that says its name, or misbehaves as told; counts the requests that are not the proxy's own."""

    name: str
    is_ready: bool = True
    hangs_up: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def _stub(name: str) -> Iterator[Stub]:
    stub = Stub(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/ready":
                self._say(200 if stub.is_ready else 503, "ready")
                return
            stub.asked.append(self.command)
            if stub.hangs_up:
                self.close_connection = True
                return
            self._say(200, json.dumps({"name": stub.name, "headers": dict(self.headers.items())}))

        do_POST = do_GET  # noqa: N815  # the name is the method's

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()


def test_the_library_answers_over_https_and_http_is_sent_there(proxied: Starter, shell: Shell) -> None:
    with shell.served("serve") as (address, _):
        proxy = proxied(_port(address))
        _wait_ready(proxy)
        status, headers, body = proxy.ask("/v1/works?q=health")
        assert (status, json.loads(body)["meta"]["count"]) == (200, 0)
        assert headers["strict-transport-security"] == "max-age=31536000"
        plain = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=10)
        status, headers, _ = _answer(plain, "/v1/works?q=health", Host="library.example.edu")
        plain.close()
        assert (status, headers["location"]) == (308, "https://library.example.edu/v1/works?q=health")


def test_tls_older_than_wechat_allows_is_refused(proxied: Starter) -> None:
    with _stub("one") as one:
        proxy = proxied(one.port)
        _wait_ready(proxy)
        connection = proxy.connect(minimum_version=ssl.TLSVersion.TLSv1_2, maximum_version=ssl.TLSVersion.TLSv1_2)
        assert _answer(connection, "/")[0] == 200
        connection.close()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the proxy that refuses, and not we
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = ssl.TLSVersion.TLSv1_1
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.check_hostname = False
        with (
            socket.create_connection(("127.0.0.1", proxy.https_port), timeout=10) as plain,
            pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version|PROTOCOL_VERSION"),
        ):
            context.wrap_socket(plain)


def test_requests_go_on_while_one_server_is_killed_and_another_comes(proxied: Starter, shell: Shell) -> None:
    with shell.served("serve") as (first, process), shell.served("serve") as (second, _):
        proxy = proxied(_port(first), _port(second))
        _wait_ready(proxy)
        kept = proxy.connect()
        statuses = []
        for number in range(60):
            if number == 20:
                process.kill()
                process.wait()
            statuses.append(_answer(kept, "/v1/sources")[0])
            statuses.append(proxy.ask("/v1/sources")[0])
        kept.close()
        assert statuses == [200] * 120
        wait_until(
            lambda: "api-1 is DOWN" in proxy.log.read_text(encoding="utf-8"), seconds=_SECONDS, what="it is seen"
        )


def test_no_request_fails_while_servers_are_exchanged_one_by_one(proxied: Starter, shell: Shell) -> None:
    """An upgrade: each server is told to end (SIGTERM) and says so before it does; writes are never sent twice."""
    told = read_compose()["services"]["api"]["environment"]
    shell.environment["KAIJUAN_DRAIN_SECONDS"] = str(told["KAIJUAN_DRAIN_SECONDS"])
    with shell.served("serve") as (first, old), shell.served("serve") as (second, _):
        proxy = proxied(_port(first), _port(second))
        _wait_ready(proxy)
        kept, statuses = proxy.connect(), []
        old.terminate()
        while old.poll() is None:
            statuses.append(_answer(kept, "/v1/sources")[0])
            statuses.append(proxy.ask("/v1/sources")[0])
            statuses.append(proxy.ask("/v1/works", "POST", Content_Type="application/json", body=b'{"q":"health"}')[0])
            time.sleep(0.05)
        statuses += [proxy.ask("/v1/sources")[0] for _ in range(5)]
        kept.close()
    assert old.returncode == 0
    assert len(statuses) > 20
    assert set(statuses) == {200}
    log = proxy.log.read_text(encoding="utf-8")
    assert "api-1 is DOWN, reason: Layer7 wrong status" in log  # it was left out before it ended


def test_a_server_that_is_not_ready_is_left_out_until_it_is(proxied: Starter) -> None:
    with _stub("one") as one, _stub("two") as two:
        proxy = proxied(one.port, two.port)
        _wait_ready(proxy)

        def names() -> set[str]:
            return {json.loads(proxy.ask("/")[2])["name"] for _ in range(8)}

        wait_until(lambda: names() == {"one", "two"}, seconds=_SECONDS, what="both answer")
        one.is_ready = False
        wait_until(lambda: names() == {"two"}, seconds=_SECONDS, what="the other answers alone")
        assert names() == {"two"}
        one.is_ready = True
        wait_until(lambda: names() == {"one", "two"}, seconds=_SECONDS, what="both answer again")


def test_without_any_server_readers_are_told_to_come_back(proxied: Starter) -> None:
    with _stub("one") as one:
        one.is_ready = False
        proxy = proxied(one.port)
        wait_until(lambda: proxy.ask("/")[0] == 503, seconds=_SECONDS, what="no server is left")
        status, headers, body = proxy.ask("/v1/works?q=x")
        assert (status, headers["retry-after"], headers["content-type"]) == (503, "5", "application/problem+json")
        assert json.loads(body)["status"] == 503
        # The proxy itself is well: its health check must not have it restarted.
        assert _health_check(proxy) == 0


def test_what_was_taken_and_not_answered_is_asked_again_only_where_that_cannot_do_it_twice(proxied: Starter) -> None:
    with _stub("one") as one, _stub("two") as two:
        proxy = proxied(one.port, two.port)
        _wait_ready(proxy)
        one.hangs_up = True
        assert {proxy.ask("/")[0] for _ in range(6)} == {200}
        assert "GET" in one.asked
        one.asked.clear()
        two.asked.clear()
        statuses = [proxy.ask("/", "POST")[0] for _ in range(6)]
        assert len(one.asked) + len(two.asked) == 6
        assert statuses.count(502) == len(one.asked) > 0


def test_numbers_for_operators_are_not_shown_to_readers(proxied: Starter) -> None:
    with _stub("one") as one:
        proxy = proxied(one.port)
        _wait_ready(proxy)
        one.asked.clear()
        paths = ("/metrics", "/%6detrics", "/metrics/", "/metrics?x=1", "/metric%73")
        assert [proxy.ask(path)[0] for path in paths] == [404] * len(paths)
        assert one.asked == []


def test_the_servers_are_told_who_asks_and_how(proxied: Starter) -> None:
    with _stub("one") as one:
        proxy = proxied(one.port)
        _wait_ready(proxy)
        said = proxy.ask("/", X_Forwarded_Proto="http", Forwarded="for=203.0.113.9")[2]
        headers = {name.lower(): text for name, text in json.loads(said)["headers"].items()}
        assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "https")
        assert "forwarded" not in headers


def test_clients_are_counted_by_their_own_address_whatever_they_say(proxied: Starter, shell: Shell) -> None:
    shell.environment |= {"KAIJUAN_TRUSTED_PROXIES": _PROXY, "KAIJUAN_LIMITS__ADDRESS_A_MINUTE": "3"}
    with shell.served("serve") as (address, _):
        proxy = proxied(_port(address))
        _wait_ready(proxy)
        spoofing = [proxy.ask("/v1/sources", X_Forwarded_For=f"203.0.113.{number}")[0] for number in range(5)]
        assert spoofing == [200, 200, 200, 429, 429]
        assert proxy.ask("/v1/sources", client="127.0.0.3")[0] == 200
        direct = http.client.HTTPConnection("127.0.0.1", _port(address), timeout=10)
        assert _answer(direct, "/v1/sources", X_Forwarded_For="203.0.113.77")[0] == 429
        direct.close()


def test_queries_are_not_logged(proxied: Starter) -> None:
    with _stub("one") as one:
        proxy = proxied(one.port)
        _wait_ready(proxy)
        assert proxy.ask("/v1/works?q=suizid")[0] == 200
        one.hangs_up = True
        assert proxy.ask("/v1/works?q=suizid", "POST")[0] == 502
        one.is_ready = False
        wait_until(lambda: proxy.ask("/v1/works?q=suizid")[0] == 503, seconds=_SECONDS, what="no server is left")
        time.sleep(0.1)
        log = proxy.log.read_text(encoding="utf-8")
        assert "api-1 is DOWN" in log
        assert "suizid" not in log


def _health_check(proxy: Proxy) -> int:
    test = read_compose()["services"]["proxy"]["healthcheck"]["test"]
    assert test[0] == "CMD"
    command = [part.replace("8404", str(proxy.own_port)) for part in test[1:]]
    return subprocess.run(command, check=False, capture_output=True, timeout=10).returncode


def test_the_proxys_health_check_tells_whether_it_answers(proxied: Starter) -> None:
    with _stub("one") as one:
        proxy = proxied(one.port)
        assert _health_check(proxy) == 0
        proxy.own_port = free_port()
        assert _health_check(proxy) != 0
