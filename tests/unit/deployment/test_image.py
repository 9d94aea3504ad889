"""The image: what the Dockerfile says, and by hand what its instructions do, as far as that goes without Docker."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.unit.deployment.compose import ROOT, read_compose

_PACKAGES = ("harvesters", "indexer", "search_api")


def _instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines joined, comments left out."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    found = [line.partition(" ") for line in joined.splitlines()]
    return [(name, rest.strip()) for name, _, rest in found]


def _stages() -> list[list[tuple[str, str]]]:
    stages: list[list[tuple[str, str]]] = []
    for name, rest in _instructions():
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, rest))
    return stages


def _copied() -> list[str]:
    """Return what the build stage copies from the project."""
    return [part for name, rest in _stages()[0] if name == "COPY" for part in rest.split()[:-1]]


def _ignored(path: str) -> bool:
    """Tell whether .dockerignore keeps a path out: the last line that fits decides, ``**/`` any folder."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        kept = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        parents = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        if pattern.startswith("**/"):
            fits = any(fnmatch.fnmatch(part, pattern[3:]) for part in Path(path).parts)
        else:
            fits = any(fnmatch.fnmatch(one, pattern) for one in parents)
        if fits:
            out = not kept
    return out


def test_everything_that_is_copied_is_there_and_nothing_else_reaches_the_builder() -> None:
    copied = _copied()
    assert copied
    for path in copied:
        assert (ROOT / path).exists(), path
        assert not _ignored(path), path
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert kept == set(copied)
    for path in ("secrets/database_password", ".env", ".git/config", "tests/conftest.py", ".services/x", "docs/api.md"):
        assert _ignored(path), path
    assert _ignored("indexer/__pycache__/x.pyc")
    assert not _ignored("search_api/web/static/x.css")


def test_the_image_is_made_from_the_locks_with_hashes_and_has_no_tools_left() -> None:
    build, runtime = _stages()
    assert len(_stages()) == 2
    assert build[0][1].split()[0] == runtime[0][1], "compiled parts need the same Python"
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", runtime[0][1])
    commands = [part.strip() for name, rest in build if name == "RUN" for part in rest.split("&&")]
    for command in commands:
        if re.search(r"pip\b.* (install|wheel) ", command):
            assert "--require-hashes" in command or "--no-index" in command, command
    for lock in ("requirements.lock", "requirements-build.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) <= len(re.findall(r"--hash=sha256:", text))
    assert any("venv --without-pip" in command for command in commands)
    assert [rest for name, rest in runtime if name == "COPY"] == ["--from=build /opt/kaijuan /opt/kaijuan"]
    assert any(
        "pip uninstall --yes" in rest and "setuptools wheel pip" in rest for name, rest in runtime if name == "RUN"
    )


def test_the_image_runs_as_the_user_that_the_secrets_belong_to_and_can_be_watched_and_stopped() -> None:
    told = dict(_stages()[1])
    assert told["USER"] == read_compose()["services"]["api"]["user"] == "1000:1000"
    assert told["STOPSIGNAL"] == "SIGTERM"
    assert told["CMD"] == json.dumps(read_compose()["services"]["api"]["command"])
    check = told["HEALTHCHECK"].partition(" CMD ")[2]
    assert json.loads(check) == read_compose()["services"]["api"]["healthcheck"]["test"][1:]
    names = [name for name, _ in _stages()[1]]
    assert names.index("USER") > names.index("COPY")  # what is installed is not the user's to change


def test_the_builders_lock_has_what_the_project_is_built_with() -> None:
    backend = re.search(r'requires = \["(\w+)"\]', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert backend is not None
    lock = (ROOT / "requirements-build.lock").read_text(encoding="utf-8")
    assert f"{backend[1]}==" in lock
    assert "setuptools==" in lock  # langdetect comes as source


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from what reaches the builder, and from nothing else."""
    folder = tmp_path_factory.mktemp("build")
    for path in _copied():
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, folder / path, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(ROOT / path, folder / path)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "wheels"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (built,) = (folder / "wheels").glob("*.whl")
    return built


def test_the_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    """Templates, terms, migrations, the sources that come with the program: whatever lies there and is no byte code."""
    with zipfile.ZipFile(wheel) as held:
        inside = set(held.namelist())
    given = wheel.parents[1]
    files = [
        path.relative_to(given) for package in _PACKAGES for path in (given / package).rglob("*") if path.is_file()
    ]
    missing = [path.as_posix() for path in files if path.as_posix() not in inside]
    assert missing == []
    for suffix in (".html", ".txt", ".toml", ".css"):
        assert any(path.endswith(suffix) for path in inside), suffix


def test_the_command_runs_from_the_wheel_outside_the_project(wheel: Path, tmp_path: Path) -> None:
    made = tmp_path / "venv"
    venv.create(made, with_pip=False, symlinks=True)
    (site,) = made.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as held:
        held.extractall(site)
    # The dependencies are those of this environment; the project itself comes from the wheel, which stands before.
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here) + "\n", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KAIJUAN_DATA_DIR": str(tmp_path / "data")}

    def run(*code: str) -> str:
        done = subprocess.run(
            [made / "bin" / "python", "-P", *code],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run(
        "-c",
        "import search_api, indexer, harvesters; print(*(p.__path__[0] for p in (search_api, indexer, harvesters)))",
    )
    assert all(path.startswith(str(site)) for path in where.split()), where
    start = "from search_api.cli import main; main()"
    assert "version 0." in run("-c", start, "--version")
    assert "kaijuan = search_api.cli:main" in next(site.glob("kaijuan-*/entry_points.txt")).read_text(encoding="utf-8")
    assert "harvest" in run("-c", start, "--help")
    assert "Schema of" in run("-c", start, "store", "upgrade")  # the migrations are there
    assert "doaj" in run("-c", start, "sources")
