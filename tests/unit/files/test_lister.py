from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harvesters.errors import BadTokenError, PageError, SourceError, UnreachableError
from harvesters.files import lister as lister_module
from harvesters.files.entries import MAX_RECORD_BYTES
from harvesters.files.lister import Entry, FileLister, SourceFile
from harvesters.formats.description import Description, RawText
from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source


class Lines(FileLister):
    """One record a line: ``id title``; ``!`` alone is a damaged line, ``stop`` ends the reading of the file."""

    suffixes = (".lines",)
    unit = "line"

    def read(self, file: SourceFile) -> Iterator[Entry]:
        with file.open() as stream:
            for number, line in enumerate(stream, 1):
                if line == b"stop\n":
                    raise SourceError("This file stops.")
                if line == b"!\n":
                    yield Entry(number=number, body=line, reason="It is a bang.", remedy="Take it away.")
                    continue
                identifier, _, _ = line.decode().strip().partition(" ")
                yield Entry(number=number, body=line, identifier=None if identifier == "-" else identifier)

    def examine(self, record: RawRecord) -> Description | None:
        return Description(titles=(RawText(value=record.body.decode().strip().partition(" ")[2]),))


class Alone(Lines):
    checks_identifiers = False


def listed(path: Path, *, token: str | None = None, kind: type[FileLister] = Lines) -> list[Page]:
    source = Source.of({"id": "x", "name": "x", "kind": "csv", "endpoint": str(path)})
    return list(kind(source).list_records("csv", Window(), token=token))


def identifiers(pages: list[Page]) -> list[str]:
    return [record.identifier for page in pages for record in page.records]


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lister_module, "PAGE_RECORDS", 3)


def test_a_file_is_one_list_with_its_time_as_datestamp(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lines", "1 One", "2 Two")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (page,) = listed(path)
    assert [(one.identifier, one.body, one.datestamp) for one in page.records] == [
        ("1", b"1 One\n", "2023-11-14T22:13:20Z"),
        ("2", b"2 Two\n", "2023-11-14T22:13:20Z"),
    ]
    assert (page.token, page.list_size, page.url) == (None, None, "a.lines, line 2")


def test_a_folder_is_read_in_the_order_of_names_with_its_subfolders(tmp_path: Path) -> None:
    write(tmp_path / "b.lines", "3 Three")
    write(tmp_path / "a" / "z.LINES", "2 Two")
    (tmp_path / "a" / "a.lines.gz").write_bytes(gzip.compress(b"1 One\n"))
    write(tmp_path / "notes.txt", "4 Four")
    write(tmp_path / ".hidden.lines", "5 Five")
    write(tmp_path / "~$b.lines", "6 Six")
    assert identifiers(listed(tmp_path)) == ["1", "2", "3"]


def test_a_folder_of_any_depth_is_read(tmp_path: Path) -> None:
    write(tmp_path / "z.lines", "2 Two")
    folders = [Path(tmp_path, *["d"] * depth) for depth in range(1, 1201)]  # deeper than calls may be nested
    for folder in folders:
        folder.mkdir()
    write(folders[-1] / "a.lines", "1 One")
    try:
        assert identifiers(listed(tmp_path)) == ["1", "2"]
    finally:
        (folders[-1] / "a.lines").unlink()
        for folder in reversed(folders):  # what clears up after the tests cannot
            folder.rmdir()


def test_a_folder_that_links_to_itself_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a.lines", "1 One")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert identifiers(listed(tmp_path)) == ["1"]


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.usefixtures("small_pages")
def test_from_each_token_the_list_goes_on_without_loss_or_repetition(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "a.lines", *(f"a{number} T" for number in range(5)))
    write(tmp_path / "b.lines", *(f"b{number} T" for number in range(7)))
    pages = listed(tmp_path)
    assert [len(page.records) for page in pages] == [3, 3, 3, 3]
    rest = listed(tmp_path, token=pages[cut].token) if pages[cut].token else []
    assert identifiers(pages[: cut + 1]) + identifiers(rest) == identifiers(pages)


@pytest.mark.parametrize("kind", [Lines, Alone])
@pytest.mark.usefixtures("small_pages")
def test_a_changed_or_lost_file_ends_the_life_of_its_token(tmp_path: Path, kind: type[FileLister]) -> None:
    path = write(tmp_path / "a.lines", *(f"{number} T" for number in range(5)))
    other = write(tmp_path / "b.lines", "b T")
    token = listed(tmp_path, kind=kind)[0].token
    with path.open("a") as file:
        file.write("9 T\n")
    with pytest.raises(BadTokenError, match=r"a\.lines has changed"):
        listed(tmp_path, token=token, kind=kind)
    path.unlink()
    with pytest.raises(BadTokenError, match=r"a\.lines is gone"):
        listed(tmp_path, token=token, kind=kind)
    other.unlink()


@pytest.mark.parametrize("token", ["", "x", "[]", "{}", '["a",null,1,1,null]', '["a"]'])
def test_a_token_of_something_else_is_a_dead_one(tmp_path: Path, token: str) -> None:
    path = write(tmp_path / "a.lines", "1 One")
    if token:
        with pytest.raises(BadTokenError):
            listed(path, token=token)


def test_an_id_that_comes_twice_is_damaged_and_names_both_places(tmp_path: Path) -> None:
    write(tmp_path / "a.lines", "1 One", "2 Two", "1 Another")
    write(tmp_path / "b.lines", "2 Third")
    (page,) = listed(tmp_path)
    assert identifiers([page]) == ["1", "2"]
    assert [one.reason for one in page.damaged] == [
        "a.lines, line 3: It has the id '1' of a.lines, line 1.",
        "b.lines, line 1: It has the id '2' of a.lines, line 2.",
    ]
    assert page.damaged[0].identifier == page.damaged[0].url == "a.lines, line 3"


@pytest.mark.usefixtures("small_pages")
def test_an_id_that_comes_twice_is_found_after_a_resumption_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lines", "1 T", "2 T", "3 T", "1 T")
    pages = listed(path)
    (rest,) = listed(path, token=pages[0].token)
    assert [one.reason for one in rest.damaged] == ["a.lines, line 4: It has the id '1' of a.lines, line 1."]


def test_records_without_an_id_are_known_by_what_they_say_not_by_their_place(tmp_path: Path) -> None:
    before = identifiers(listed(write(tmp_path / "a.lines", "- One", "- Two")))
    after = identifiers(listed(write(tmp_path / "a.lines", "- New", "- One", "- Two")))
    assert after[1:] == before
    assert len(set(after)) == 3


def test_what_cannot_be_used_is_named_with_file_and_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lines", "1 One", "!", "3", "4 Four")
    (page,) = listed(path)
    assert identifiers([page]) == ["1", "4"]
    assert [(one.url, one.reason, one.remedy, one.body) for one in page.damaged] == [
        ("a.lines, line 2", "a.lines, line 2: It is a bang.", "Take it away.", b"!\n"),
        (
            "a.lines, line 3",
            "a.lines, line 3: It has no title.",
            "Add the title to the file and harvest again.",
            b"3\n",
        ),
    ]


def test_a_record_over_the_limit_is_damaged_and_only_its_start_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lines", "1 One", "2 " + "x" * MAX_RECORD_BYTES, "3 Three")
    (page,) = listed(path)
    assert identifiers([page]) == ["1", "3"]
    assert len(page.damaged[0].body) < 100_000


def test_a_missing_path_is_unreachable_and_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"nothing\.lines cannot be read: No such file.*Check the source's path"):
        listed(tmp_path / "nothing.lines")


def test_a_folder_without_fitting_files_never_counts_as_an_empty_list(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "1 One")
    with pytest.raises(UnreachableError, match=r"files that end with \.lines"):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("old/refs.ris", "It looks like ris, while this source reads csv.", "--kind ris"),
        ("refs.bib.gz", "It looks like bibtex", "folder of its own"),
        ("articles.XML", "It looks like jats", "--kind jats"),
        ("list.csv", "It looks like csv", "--kind csv"),
        ("books.xlsx", "It is a workbook", "CSV UTF-8"),
    ],
)
@pytest.mark.usefixtures("small_pages")
def test_a_file_of_another_kind_in_a_folder_is_named_and_no_other_is_lost(
    tmp_path: Path, name: str, said: str, remedy: str
) -> None:
    write(tmp_path / "a.lines", *(f"a{number} T" for number in range(3)))
    write(tmp_path / name, "whatever")
    write(tmp_path / "z.lines", "z T")
    pages = listed(tmp_path)
    assert identifiers(pages) == ["a0", "a1", "a2", "z"]
    (one,) = [one for page in pages for one in page.damaged]
    assert (one.url, one.identifier) == (name, name)
    assert said in one.reason
    assert remedy in one.remedy
    for page in pages[:-1]:
        rest = listed(tmp_path, token=page.token)
        assert identifiers(pages[: pages.index(page) + 1]) + identifiers(rest) == identifiers(pages)


def test_what_lies_beside_the_data_is_no_damage(tmp_path: Path) -> None:
    write(tmp_path / "a.lines", "1 One")
    for name in ("README.txt", "cover.jpg", "thesis.pdf", "说明.txt", ".hidden.csv", "~$books.xlsx", "no-ending"):
        write(tmp_path / name, "x")
    (page,) = listed(tmp_path)
    assert (identifiers([page]), page.damaged) == (["1"], ())


def test_a_file_without_any_record_in_a_folder_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.lines", "1 One")
    write(tmp_path / "empty.lines")
    (page,) = listed(tmp_path)
    assert [(one.url, one.reason) for one in page.damaged] == [("empty.lines", "empty.lines: There is no line in it.")]


def test_a_pipe_or_device_is_refused() -> None:
    with pytest.raises(UnreachableError, match="neither a file nor a folder"):
        listed(Path("/dev/zero"))


def collected(
    path: Path, *, token: str | None = None
) -> tuple[list[str], list[str | None], type[BaseException] | None]:
    source = Source.of({"id": "x", "name": "x", "kind": "csv", "endpoint": str(path)})
    found: list[str] = []
    tokens: list[str | None] = []
    try:
        for page in Lines(source).list_records("csv", Window(), token=token):
            found += [record.identifier for record in page.records]
            tokens.append(page.token)
    except (BadTokenError, SourceError, PageError, UnreachableError) as error:
        return found, tokens, type(error)
    return found, tokens, None


def test_a_bad_file_keeps_no_other_from_being_read_but_the_list_never_counts_as_complete(tmp_path: Path) -> None:
    write(tmp_path / "a.lines", "1 One", "stop", "2 Two")
    write(tmp_path / "b.lines", "3 Three")
    found, tokens, error = collected(tmp_path)
    assert (found, error) == (["1", "3"], BadTokenError)
    assert tokens[-1] is not None
    assert collected(tmp_path, token=tokens[-1]) == ([], [], BadTokenError)


def test_a_file_that_is_bad_from_the_start_says_so_itself(tmp_path: Path) -> None:
    assert collected(write(tmp_path / "a.lines", "stop")) == ([], [], SourceError)


def test_a_cut_gzip_gives_its_good_records_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.lines.gz"
    content = "".join(f"{number} {os.urandom(20).hex()}\n" for number in range(20_000)).encode()
    path.write_bytes(gzip.compress(content)[:-200_000])
    found, _, error = collected(path)
    assert len(found) > 5_000
    assert error is BadTokenError


def test_a_file_that_changes_while_it_is_read_is_not_called_complete(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lines", *(f"{number} T" for number in range(1200)))
    source = Source.of({"id": "x", "name": "x", "kind": "csv", "endpoint": str(path)})
    pages = Lines(source).list_records("csv", Window())
    next(pages)
    with path.open("a") as file:
        file.write("x T\n")
    with pytest.raises(BadTokenError, match="changed while it was read"):
        list(pages)
