"""Servers and a library of real processes for all fault tests; each test leaves them healthy."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.deployment import LARGE, SMALL, Deployment, Servers, opened
from tests.cluster.nodes import Nodes
from tests.cluster.postgres import Postgres

_FIGURES = pytest.StashKey[list[str]]()


def _program(variable: str) -> Path:
    """Return a program's folder, or skip where this machine has none."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: .ci/services env prints it where the program is here")
    return Path(value)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Return where the counts of each fault are written, to be printed at the end."""
    return request.config.stash.setdefault(_FIGURES, [])


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, figures: list[str]) -> Iterator[Servers]:
    """Start three nodes, which nobody has waited for, and PostgreSQL."""
    if not os.environ.get("KAIJUAN_TEST_FAULTS"):
        pytest.skip("make test-cluster runs them: they need the machine to themselves")
    home, java = _program("KAIJUAN_TEST_ELASTICSEARCH_HOME"), _program("KAIJUAN_TEST_JAVA_HOME")
    programs = _program("KAIJUAN_TEST_POSTGRESQL_BIN")
    folder = Path(tempfile.mkdtemp(prefix="kaijuan-faults-"))
    folder.chmod(0o755)  # the servers run as another user
    with contextlib.ExitStack() as stack:
        nodes = Nodes(folder / "nodes", home=home, java=java)
        stack.callback(nodes.stop)
        nodes.start()
        postgres = Postgres(folder / "postgresql", programs=programs)
        stack.callback(postgres.kill)
        postgres.start()
        yield Servers(folder=folder, nodes=nodes, postgres=postgres, figures=figures)
    if request.session.testsfailed and os.environ.get("KAIJUAN_TEST_KEEP"):
        figures.append(f"logs: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def large(servers: Servers) -> Iterator[Deployment]:
    """Return a library of 50,000 works, of which one stretch is indexed; its workers are about to do the others."""
    with opened("large", LARGE, servers) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def library(servers: Servers) -> Iterator[Deployment]:
    """Return the library of all other tests; its workers have work yet."""
    with opened("library", SMALL, servers) as deployment:
        yield deployment


@pytest.fixture
def running(library: Deployment) -> Deployment:
    """Return the library at rest: all processes run, every copy is whole, and the index has all."""
    library.heal()
    library.nodes.wait_green()
    library.wait_caught_up()
    return library


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts and figures of all faults."""
    figures = terminalreporter.config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("faults")
        for line in figures:
            terminalreporter.write_line(line)
