"""What is on the disk: damage is told with the remedy, nothing is deleted, a rebuild heals."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.errors import IndexDamagedError, IndexVersionError, StoreBusyError
from indexer.search.analysis import ANALYZER_VERSION
from indexer.search.document import SCHEMA_VERSION
from indexer.search.query import Tokens, View
from indexer.storage.generations import Generation, parse_generation
from indexer.storage.tantivy import TantivyIndex
from tests.contract.corpus import EVERYTHING, fill, find, make_document

HEAP = 15_000_000
#: How the names of present indexes begin.
NOW = f"works-d{SCHEMA_VERSION}-a{ANALYZER_VERSION}-"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a closed index of 300 documents in three segments."""
    folder = tmp_path / "index"
    index = TantivyIndex.open(folder, heap_bytes=HEAP)
    fill(
        index,
        *([make_document(start + key, "a b", source="s", year=2020) for key in range(100)] for start in (0, 100, 200)),
    )
    index.close()
    return folder


def list_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != "LOCK"}


def generation_of(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text().strip()


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("harm", [delete, cut, empty])
@pytest.mark.parametrize("suffix", ["term", "idx", "fast", "fieldnorm", "pos", "meta.json", "POSITION", "CURRENT"])
def test_a_harmed_file_is_damage_with_a_remedy_and_a_rebuild_heals(
    folder: Path, suffix: str, harm: Callable[[Path], None]
) -> None:
    victim = folder / "CURRENT" if suffix == "CURRENT" else min(generation_of(folder).glob(f"*{suffix}"))
    harm(victim)
    before = list_files(folder)
    if suffix == "POSITION" and harm is cut:  # "3" cut in half is empty
        assert victim.read_text() == ""
    with pytest.raises(IndexDamagedError, match="kaijuan rebuild"):
        TantivyIndex.open(folder)
    assert list_files(folder) == before
    index = TantivyIndex.open(folder, heap_bytes=HEAP, for_rebuild=True)
    with index.rebuild() as writer:
        writer.upsert([make_document(7, "a")])
        writer.commit(4)
    assert find(index, None) == [7]
    assert index.position() == 4
    assert sorted(path.name for path in folder.iterdir()) == sorted(["CURRENT", "LOCK", index.stats().name])


@pytest.mark.parametrize("garbage", ["", "../../etc", f"{NOW}20990101t000000", "\0\0", "中"])
def test_garbage_in_current_is_damage_and_nothing_is_deleted(folder: Path, garbage: str) -> None:
    (folder / "CURRENT").write_text(garbage, encoding="utf-8")
    before = list_files(folder)
    with pytest.raises(IndexDamagedError, match="kaijuan rebuild"):
        TantivyIndex.open(folder)
    assert list_files(folder) == before


def test_an_open_index_whose_folder_is_harmed_says_so(folder: Path) -> None:
    index = TantivyIndex.open(folder)
    (folder / "CURRENT").write_text(f"{NOW}20990101t000000")
    with pytest.raises(IndexDamagedError, match="kaijuan rebuild"):
        index.search(EVERYTHING, View())


@pytest.mark.parametrize("change", [{"analyzer_version": "0"}, {"schema_version": 0}])
def test_another_version_is_refused_until_the_rebuild(folder: Path, change: dict[str, int | str]) -> None:
    present = parse_generation(generation_of(folder).name)
    assert present is not None
    other: Generation = replace(present, **change)  # type: ignore[arg-type]
    generation_of(folder).rename(folder / other.name)
    (folder / "CURRENT").write_text(other.name)
    before = list_files(folder)
    with pytest.raises(IndexVersionError, match="kaijuan rebuild"):
        TantivyIndex.open(folder)
    assert list_files(folder) == before
    index = TantivyIndex.open(folder, heap_bytes=HEAP, for_rebuild=True)
    with pytest.raises(IndexVersionError, match="kaijuan rebuild"):
        index.search(EVERYTHING, View())
    with index.rebuild() as writer:
        writer.commit(1)
    assert index.stats().documents == 0


def test_a_key_that_does_not_fit_is_refused_before_anything_is_written(folder: Path) -> None:
    index = TantivyIndex.open(folder, heap_bytes=HEAP)
    for key in (-1, 2**32):
        with index.writer() as writer, pytest.raises(ValueError, match="key"):
            writer.upsert([make_document(key, "a")])
    assert index.stats().documents == 300


def run_elsewhere(folder: Path, program: str) -> subprocess.Popen[str]:
    """Run a program in another process, with ``index`` opened; it speaks by lines."""
    head = f"""
        import os, sys
        from pathlib import Path
        from indexer.storage.tantivy import TantivyIndex
        from tests.contract.corpus import *
        index = TantivyIndex.open(Path({str(folder)!r}), heap_bytes={HEAP})
    """
    source = textwrap.dedent(head) + textwrap.dedent(program)
    root = Path(__file__).parents[2]
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", source], cwd=root, stdin=pipe, stdout=pipe, text=True)


def test_a_reader_sees_what_another_process_commits_and_swaps(folder: Path) -> None:
    index = TantivyIndex.open(folder)
    program = """
        fill(index, [make_document(1000, "new")])
        print("committed", flush=True); input()
        with index.rebuild() as writer:
            writer.upsert([make_document(1, "new")]); writer.commit(9)
        print("swapped", flush=True)
    """
    with run_elsewhere(folder, program) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "committed\n"
        assert index.search(EVERYTHING, View()).count == 301
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "swapped\n"
        assert find(index, Tokens(field="all", alternatives=("new",))) == [1]
        assert index.position() == 9


def test_a_writer_in_another_process_keeps_others_out_until_it_is_killed(folder: Path) -> None:
    index = TantivyIndex.open(folder, heap_bytes=HEAP)
    program = """
        with index.writer() as writer:
            writer.upsert([make_document(1000, "new")])
            print("holding", flush=True); input()
    """
    with run_elsewhere(folder, program) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(StoreBusyError, match="Wait until"), index.writer():
            pass
        other.kill()
    fill(index, [make_document(1001, "new")])
    assert find(index, Tokens(field="all", alternatives=("new",))) == [1001]


def test_a_process_killed_in_a_rebuild_leaves_the_old_generation_and_the_next_rebuild_cleans_up(folder: Path) -> None:
    program = """
        with index.rebuild() as writer:
            writer.upsert([make_document(1000, "new")]); writer.commit(5)
            os._exit(9)
    """
    with run_elsewhere(folder, program) as other:
        other.wait()
    index = TantivyIndex.open(folder, heap_bytes=HEAP)
    assert index.stats().documents == 300
    with index.rebuild() as writer:
        writer.commit(6)
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1
