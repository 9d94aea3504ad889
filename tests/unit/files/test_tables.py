"""Tables as libraries have them: every encoding, delimiter and header; each bad row alone and named."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from harvesters.errors import SourceError
from harvesters.files import open_files
from harvesters.files.marc import MarcLister
from harvesters.files.ris import RisLister
from harvesters.files.table import CsvLister
from harvesters.formats import describe
from harvesters.formats.columns import FIELDS
from harvesters.records import Window
from harvesters.sources.definition import Source
from tests.unit.files.reading import described, read

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]


def titles(path: Path, content: bytes | str, kind: str = "csv", **settings: object) -> list[str]:
    return [describe(record).titles[0].value for record in read(path, kind, content, **settings)[0]]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end_gives_the_same_rows(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    rows = ["编号|题名|作者", "1|高等数学教程|张三", '2|"引号里的|竖线"|李四', "3|Ecology|Smith"]
    content = end.join(row.replace("|", delimiter) for row in rows) + end
    records, damaged = read(tmp_path / "a.csv", "csv", content.encode(encoding))
    assert [record.identifier for record in records] == ["1", "2", "3"]
    assert [describe(record).titles[0].value for record in records] == [
        "高等数学教程",
        f"引号里的{delimiter}竖线",
        "Ecology",
    ]
    assert damaged == []


def test_western_letters_of_windows_are_not_taken_for_chinese(tmp_path: Path) -> None:
    content = "title;author\nCafé noir;Müller, Jürgen\nRésumé à vélo;Peña\n".encode("cp1252")
    assert titles(tmp_path / "a.csv", content) == ["Café noir", "Résumé à vélo"]
    german = "title;author\nÜber Bäume;Müller\nGröße und Gödel;Köhler\n".encode("cp1252")
    assert german.decode("gb18030")  # it decodes without an error
    assert titles(tmp_path / "b.csv", german) == ["Über Bäume", "Größe und Gödel"]


@pytest.mark.parametrize(("file", "other"), [("utf-8", "gb18030"), ("gb18030", "utf-8"), ("utf-8", "cp1252")])
def test_a_row_in_another_encoding_is_damaged_and_never_mojibake(tmp_path: Path, file: str, other: str) -> None:
    good = "id,title\n" + "".join(f"{number},数据结构教程{number}\n" for number in range(5))
    odd = "x,Café-Bücher é\n" if other == "cp1252" else "x,高等数学教程\n"
    records, damaged = read(tmp_path / "a.csv", "csv", good.encode(file) + odd.encode(other) + "9,好\n".encode(file))
    assert [record.identifier for record in records] == ["0", "1", "2", "3", "4", "9"]
    assert len(damaged) == 1
    assert damaged[0].url == "a.csv, row 7"
    assert "while the file is in" in damaged[0].reason
    assert "CSV UTF-8" in damaged[0].remedy


@pytest.mark.parametrize(
    "header",
    ["Title,Authors", "TITLE , Author(s)", "题 名,责任者", "題名,作者", "Ｔｉｔｌｅ,作者（Author）", "书名/Title,著者"],
)
def test_headers_are_known_in_english_and_chinese(tmp_path: Path, header: str) -> None:
    found = described(tmp_path / "a.csv", "csv", f"{header}\n书,Smith\n")
    assert (found.titles[0].value, found.contributors[0].name) == ("书", "Smith")


def test_a_caption_above_the_header_and_a_separator_line_are_passed_over(tmp_path: Path) -> None:
    assert titles(tmp_path / "a.csv", "图书清单,,\n,,\n题名,作者,年\n甲,乙,2020\n") == ["甲"]
    assert titles(tmp_path / "a.csv", "sep=|\ntitle|author\nA, or B|C\n") == ["A, or B"]


def test_a_table_without_a_title_column_is_refused_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a\.csv has no column known to be the title.*Werk \| Wer.*columns ="):
        read(tmp_path / "a.csv", "csv", "Werk;Wer\nA;B\n")


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"titel": "Werk"}, "no field 'titel'"), ({"title": "Werk", "author": "Wen"}, "no column 'Wen'")],
)
def test_settings_that_do_not_fit_are_refused_with_what_would(
    tmp_path: Path, columns: dict[str, str], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        read(tmp_path / "a.csv", "csv", "Werk;Wer;Title\nA;B;C\n", columns=columns)


def test_a_named_column_goes_before_a_recognised_one(tmp_path: Path) -> None:
    assert titles(tmp_path / "a.csv", "Title;Werk\nA;B\n", columns={"title": "werk"}) == ["B"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04xlsx", b"\xd0\xcf\x11\xe0xls", b"a\x00b\x00\x00\x00\x01\x02"])
def test_what_is_no_table_is_refused_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SourceError, match=r"a\.csv .*(?:Export|Save)"):
        read(tmp_path / "a.csv", "csv", content)


def test_ragged_rows_are_damaged_with_what_was_expected_and_the_rest_is_kept(tmp_path: Path) -> None:
    content = "id,title,author\n1,A,B\n2,C\n3,D,E,F\n\n4,G,H,,\n,,\n5,I,J\n"
    records, damaged = read(tmp_path / "a.csv", "csv", content)
    assert [record.identifier for record in records] == ["1", "4", "5"]
    assert [one.reason for one in damaged] == [
        "a.csv, row 3: It has 2 cells, but the header has 3.",
        "a.csv, row 4: It has 4 cells, but the header has 3.",
    ]


def test_a_quoted_cell_may_have_line_breaks_and_is_kept_as_it_stands(tmp_path: Path) -> None:
    content = 'id,title\r\n1,"Two\r\nlines, and ""more"""\r\n2,B\r\n'
    records, damaged = read(tmp_path / "a.csv", "csv", content)
    assert [record.body for record in records] == [b'1,"Two\r\nlines, and ""more"""', b"2,B"]
    assert describe(records[0]).titles[0].value == 'Two\nlines, and "more"'
    assert damaged == []


@pytest.mark.parametrize(
    "after",
    [
        '3,"C",x\n4,D,y\n',
        "3,C,x\n4,D,y\n",
        '3,"C, or",x\n4,D,y\n',
        '3,"",x\n4,D,y\n',
        '3,C,"x"\n4,D,y\n',
        '3,C,x\n4,"D",y\n',
        '3,C,x"\n4,D,y\n',
    ],
)
def test_an_unclosed_quotation_mark_damages_its_own_row_only(tmp_path: Path, after: str) -> None:
    content = 'id,title,note\n1,A,u\n2,"B,v\n' + after
    records, damaged = read(tmp_path / "a.csv", "csv", content)
    assert [one.url for one in damaged][:1] == ["a.csv, row 3"]
    assert {"1", "4"} <= {record.identifier for record in records}
    assert "3" in {record.identifier for record in records} or len(damaged) == 2
    assert "quotation mark" in damaged[0].reason


def test_stray_quotation_marks_inside_a_cell_are_text(tmp_path: Path) -> None:
    assert titles(tmp_path / "a.csv", 'id,title\n1,A 5" disk\n2,"B" and C\n') == ['A 5" disk', "B and C"]


def test_a_row_keeps_its_identifier_when_another_is_put_above_it(tmp_path: Path) -> None:
    header, rows = "title,author,isbn\n", ["A,B,\n", "C,D,978-7-302-00001-3\n"]
    before = [one.identifier for one in read(tmp_path / "a.csv", "csv", header + "".join(rows))[0]]
    after = [one.identifier for one in read(tmp_path / "a.csv", "csv", header + "X,Y,\n" + "".join(rows))[0]]
    assert after[1:] == before
    assert before[1] == "isbn:9787302000013"


def test_chapters_that_share_the_isbn_of_their_book_are_records_of_their_own(tmp_path: Path) -> None:
    content = "title,isbn,pages\nChapter one,9787302000013,1-9\nChapter two,9787302000013,10-20\n"
    records, damaged = read(tmp_path / "a.csv", "csv", content)
    assert (len(records), damaged) == (2, [])


def test_the_date_of_change_is_the_rows_where_it_states_one(tmp_path: Path) -> None:
    records, _ = read(tmp_path / "a.csv", "csv", "title,date modified\nA,2023/5/1\nB,soon\n")
    assert records[0].datestamp == "2023-05-01"
    assert records[1].datestamp.endswith("Z")


def test_what_excel_does_to_cells_is_undone_or_kept_out(tmp_path: Path) -> None:
    content = (
        "title,isbn,doi,date,publisher,year\n'007 stories,9.78E+12,https://doi.org/10.1000/X,2023/5/1,#N/A,2020.0\n"
    )
    found = described(tmp_path / "a.csv", "csv", content)
    assert found.titles[0].value == "007 stories"
    assert [(one.scheme, one.value) for one in found.identifiers] == [("doi", "https://doi.org/10.1000/X")]
    assert [one.value for one in found.dates] == ["2023/5/1", "2020"]
    assert found.publisher is None
    assert described(tmp_path / "b.csv", "csv", 'title,isbn\nA,"=""9787302000013"""\n').identifiers[0].value == (
        "9787302000013"
    )


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    source = Source.of({"id": "x", "name": "x", "kind": "csv", "endpoint": str(path)})

    def peak(rows: int) -> int:
        with path.open("w", encoding="utf-8") as file:
            file.write("id,title,abstract\n")
            file.writelines(f"{number},Title {number},{'word ' * 60}\n" for number in range(rows))
        tracemalloc.start()
        held = sum(len(page.records) for page in open_files(source).list_records("csv", Window()))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held == rows
        return most

    small, large = peak(1_500), peak(9_000)
    assert large - small < 700_000  # the rows themselves are 2.4 MB


KBART = (
    "publication_title\tprint_identifier\tonline_identifier\tdate_first_issue_online\ttitle_url\tfirst_author\ttitle_id\t"
    "publisher_name\tpublication_type\n"
)


def test_a_kbart_journal_has_its_issns_and_no_coverage_as_its_date(tmp_path: Path) -> None:
    row = "Journal of Lakes\t0028-0836\t1476-4687\t1869-11-04\thttps://x.example/j\t\tj1\tA Press\tserial\n"
    found = described(tmp_path / "a.tsv", "kbart", KBART + row)
    assert found.titles[0].value == "Journal of Lakes"
    assert [(one.scheme, one.value) for one in found.issns] == [("ppub", "0028-0836"), ("epub", "1476-4687")]
    assert (found.types, found.dates, found.publisher) == (("serial",), (), "A Press")
    assert found.links[0].url == "https://x.example/j"


@pytest.mark.parametrize("kind", ["monograph", ""])
def test_a_kbart_book_is_known_by_its_type_or_its_isbn(tmp_path: Path, kind: str) -> None:
    row = f"A Book\t9783161484100\t\t\thttps://doi.org/10.1000/b\tSmith\tb1\tA Press\t{kind}\n"
    found = described(tmp_path / "a.tsv", "kbart", KBART + row)
    assert found.types == ("book",)
    assert {one.scheme for one in found.identifiers} == {"isbn", "doi"}
    assert found.contributors[0].name == "Smith"


def test_a_table_that_is_no_kbart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"it needs the columns publication_title and title_url.*kind csv"):
        read(tmp_path / "a.tsv", "kbart", "title\tauthor\nA\tB\n")


def test_every_field_of_a_table_and_every_ending_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")
    assert [field for field in FIELDS if f"`{field}`" not in text] == []
    assert [
        ending
        for lister in (CsvLister, MarcLister, RisLister)
        for ending in lister.suffixes
        if f"`{ending}`" not in text
    ] == []
