"""What an adversary, a broken copy or a tired librarian puts into files is told, and costs no good record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.files.marc_bytes import iso2709
from tests.unit.files.reading import read_on, read_place

MARC = [iso2709(("001", f"g{number}"), ("245", "00", "aTitle")) for number in range(3)]
RIS = b"TY  - BOOK\nID  - %s\nTI  - T\nER  - \n"
CHINESE = "id,title\n" + "".join(f"g{number},数据结构教程{number}\n" for number in range(6))
BYTES = CHINESE.encode("gb18030")
MIDDLE = BYTES.index("教".encode("gb18030"), 50)
ZEROS = b"\0" * 3000

#: Kind, file, the records that come out, what is said of the others.
TOLD = [
    pytest.param(
        "csv", BYTES[:MIDDLE] + b"\xff" + BYTES[MIDDLE + 1 :], ["g0", "g1", "g3", "g4", "g5"],
        ["row 4: It has the byte 0xFF, while the file is in GB18030."], id="one bad byte",
    ),
    pytest.param(
        "csv", BYTES[:MIDDLE] + BYTES[MIDDLE + 1 :], ["g0", "g1", "g3", "g4", "g5"],
        ["row 4: It has the byte 0xCC, while the file is in GB18030."], id="one byte lost",
    ),
    pytest.param(
        "csv", "\ufeffid,title\r\ng1,A\r\n\ufeffid,title\r\ng2,B\r\n", ["g1", "g2"],
        ["row 3: It repeats the header, row 1."], id="two exports joined",
    ),
    pytest.param(
        "csv", "id,title\ng1,A\ng2,B\n\nid,Title,Author,Year\ng3,C,D,2020\n", ["g3"],
        [f"row {row}: It stands above the header, which is row 5." for row in (1, 2, 3)], id="two tables joined",
    ),
    pytest.param("csv", b"id,title\ng1,A\0B\ng2,C" + b"c" * 50 + b"\n", ["g1", "g2"], [], id="a zero byte in a cell"),
    pytest.param(
        "ris", b"\xef\xbb\xbf" + RIS % b"g1" + b"\xef\xbb\xbf" + RIS % b"g2", ["g1", "g2"], [], id="two RIS joined"
    ),
    pytest.param("ris", (RIS % b"g1").replace(b"\n", b"\r"), ["g1"], [], id="old line ends"),
    pytest.param(
        "ris", RIS % b"g1" + RIS % b"g1", ["g1"], ["record 2: It has the id 'g1' of a, record 1."], id="an id twice"
    ),
    pytest.param("marc", MARC[0] + b"99999" + MARC[1][5:] + MARC[2], ["g0", "g1", "g2"], [], id="length too long"),
    pytest.param("marc", MARC[0] + b"00010" + MARC[1][5:] + MARC[2], ["g0", "g1", "g2"], [], id="length too short"),
    pytest.param(
        "marc", MARC[0] + MARC[1][:12] + b"00000" + MARC[1][17:] + MARC[2], ["g0", "g1", "g2"], [], id="base address"
    ),
    pytest.param(
        "marc", MARC[0] + MARC[1].replace(b"Ti", b"T\x1d") + MARC[2], ["g0", "g2"],
        ["record 2: The MARC record ends in the middle of a field.", "record 3: It is no MARC record"],
        id="an end mark inside",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "kept", "told"), TOLD)
def test_what_is_wrong_is_told_and_the_rest_is_kept(
    tmp_path: Path, kind: str, content: bytes | str, kept: list[str], told: list[str]
) -> None:
    records, damaged, error = read_on(tmp_path / "a", kind, content)
    assert error is None
    assert [record.identifier for record in records] == kept
    assert len(damaged) == len(told)
    for one, said in zip(damaged, told, strict=True):
        assert one.reason.startswith(f"a, {said}")
        assert one.remedy


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("csv", b"id,title\n" + b"".join(b"g%d,A long title of a book\n" % number for number in range(3000))),
        ("ris", b"".join(RIS % b"g%d" % number for number in range(3000))),
        ("bibtex", b"".join(b"@book{g%d, title = {T}}\n" % number for number in range(3000))),
    ],
)
def test_a_file_whose_end_was_never_written_is_no_complete_list(tmp_path: Path, kind: str, content: bytes) -> None:
    records, _, error = read_on(tmp_path / "a", kind, content + ZEROS)
    assert len(records) == 3000
    assert "zero bytes follow" in str(error)
    _, _, error = read_on(tmp_path / "b", kind, content + b"\x1a")
    assert "zero bytes" not in str(error)


@pytest.mark.parametrize("half", ["书".encode("utf-16-le")[:1], "𠮷".encode("utf-16-le")[:2]])
def test_utf_16_that_ends_in_half_a_character_is_cut(tmp_path: Path, half: bytes) -> None:
    content = b"\xff\xfe" + "id,title\ng1,A\ng2,B".encode("utf-16-le") + half
    records, damaged, error = read_on(tmp_path / "a", "csv", content)
    assert [record.identifier for record in records] == ["g1"]
    assert [one.url for one in damaged] == ["a, row 3"]
    assert "ends in the middle of row 3" in str(error)


def test_a_line_of_200_megabytes_is_named_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"id,title\ng1," + b"A" * 100_000 + b"\ng2,")
        file.seek(200 << 20, os.SEEK_CUR)  # a hole reads as zero bytes and takes no room
        file.write(b"\ng3,C\n")
    records, damaged, error = read_place(path, "csv")
    assert ([record.identifier for record in records], error) == (["g1", "g3"], None)
    assert [(one.url, "more than 4 MiB" in one.reason, len(one.body) < 100_000) for one in damaged] == [
        ("a.csv, row 3", True, True)
    ]


def test_what_leads_to_no_file_is_no_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title\ng1,A\n")
    (tmp_path / "b.csv").symlink_to(tmp_path / "on a disk that is not there.csv")
    os.mkfifo(tmp_path / "c.csv")
    (tmp_path / "d.csv").write_text("id,title\ng2,B\n")
    records, _, error = read_place(tmp_path, "csv")
    assert [record.identifier for record in records] == ["g1", "g2"]
    assert "b.csv leads to no file" in str(error)


def test_a_folder_that_ends_like_a_file_is_read_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "2020.csv").mkdir()
    (tmp_path / "2020.csv" / "a.csv").write_text("id,title\ng1,A\n")
    records, damaged, error = read_place(tmp_path, "csv")
    assert ([record.identifier for record in records], damaged, error) == (["g1"], [], None)
