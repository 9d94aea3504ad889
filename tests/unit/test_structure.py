"""The project's own shape: who imports which engine, whose names these are, and what the documents must not forget."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest

from harvesters.sources.definition import Source
from indexer.search.query import FACET_FIELDS
from search_api.cli.main import cli
from search_api.schemas import WorksParameters
from search_api.settings import ClusterStorage, Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("harvesters", "indexer", "search_api")
#: The one place of each engine; that of some is cut into two files.
ENGINES = {
    "tantivy": {"indexer/storage/tantivy.py", "indexer/storage/tantivy_search.py"},
    "elasticsearch": {"indexer/storage/elastic_client.py", "indexer/storage/elastic_errors.py"},
    "sickle": {"harvesters/oai/fetch.py"},
    "mcp": {"search_api/agents/server.py"},
    "argon2": {"search_api/people/passwords.py"},
    "authlib": {"search_api/people/campus.py"},
    "joserfc": {"search_api/people/campus.py"},
    "pymarc": {"harvesters/formats/marc_record.py"},
    "pybtex": {"harvesters/formats/bibtex.py"},
    "scrapy": {"harvesters/oalib/spider.py"},
    "sqlite3": {"indexer/storage/driver_errors.py"},
    "psycopg": set(),
}


def modules() -> Iterator[tuple[str, set[str]]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            names: set[str] = set()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.partition(".")[0])
            yield path.relative_to(ROOT).as_posix(), names


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_imported_in_its_one_place_only(engine: str) -> None:
    assert {path for path, names in modules() if engine in names} == ENGINES[engine]


def test_only_the_composition_root_reads_the_environment() -> None:
    readers = {
        path
        for path, _ in modules()
        if "os.environ" in (ROOT / path).read_text(encoding="utf-8")
        or "getenv" in (ROOT / path).read_text(encoding="utf-8")
    }
    assert {path.partition("/")[0] for path in readers} <= {"search_api"}


def test_nobody_else_owns_our_package_names() -> None:
    owners = packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, ["kaijuan"])) == {"kaijuan"}, (
            f"another distribution brings {package}: use an environment of its own"
        )


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    names = [name.upper() for name in Settings.model_fields if name != "storage"]
    names += [f"STORAGE__{name.upper()}" for name in ClusterStorage.model_fields]
    assert [name for name in names if f"`KAIJUAN_{name}`" not in text] == []


def test_every_source_setting_is_documented() -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert [
        field.name for field in dataclasses.fields(Source) if field.name != "id" and f"`{field.name}`" not in text
    ] == []


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in cli.list_commands(click.Context(cli)) if name not in text] == []
    assert len(text.splitlines()) <= 150


def test_every_facet_is_a_filter_too() -> None:
    assert set(FACET_FIELDS) <= set(WorksParameters.model_fields)
