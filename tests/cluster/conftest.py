"""One deployment of real processes for all fault tests; each test leaves it healthy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.deployment import Deployment
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
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """Return a deployment whose store is full and whose index has been begun only."""
    if not os.environ.get("KAIJUAN_TEST_FAULTS"):
        pytest.skip("make test-cluster runs them: they need the machine to themselves")
    home, java = _program("KAIJUAN_TEST_ELASTICSEARCH_HOME"), _program("KAIJUAN_TEST_JAVA_HOME")
    programs = _program("KAIJUAN_TEST_POSTGRESQL_BIN")
    folder = Path(tempfile.mkdtemp(prefix="kaijuan-faults-"))
    folder.chmod(0o755)  # the servers run as another user
    nodes = Nodes(folder / "nodes", home=home, java=java)
    postgres = Postgres(folder / "postgresql", programs=programs)
    here = Deployment(folder, nodes, postgres)
    try:
        nodes.start()
        postgres.start()
        here.fill()
        nodes.wait_green()
        here.open()
        yield here
    finally:
        here.close()
        nodes.stop()
        postgres.kill()
        request.config.stash[_FIGURES] = here.figures
        if request.session.testsfailed and os.environ.get("KAIJUAN_TEST_KEEP"):
            here.figures.append(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running(deployment: Deployment) -> Deployment:
    """Return the deployment at rest: all processes run, every copy is whole, and the index has all."""
    if not deployment.is_begun:
        deployment.begin()
    deployment.heal()
    deployment.nodes.wait_green()
    deployment.wait_caught_up()
    return deployment


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts and figures of all faults."""
    figures = terminalreporter.config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("faults")
        for line in figures:
            terminalreporter.write_line(line)
