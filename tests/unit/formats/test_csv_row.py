"""The cells of a table row become a description: people, terms, identifiers, languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.several import isbns, people, terms
from indexer.normalise.manifestation import normalise
from tests.unit.files.reading import described, read
from tests.unit.pages import record


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Smith, Jane; Doe, John", [("Smith, Jane", "author"), ("Doe, John", "author")]),
        ("Smith, Jane", [("Smith, Jane", "author")]),
        ("张三；李四|王五", [("张三", "author"), ("李四", "author"), ("王五", "author")]),
        ("张三，李四、王五,赵六", [("张三", "author"), ("李四", "author"), ("王五", "author"), ("赵六", "author")]),
        ("[美] 史密斯 著；李四译", [("史密斯", "author"), ("李四", "translator")]),
        ("张三主编", [("张三", "editor")]),
        ("李四等编著", [("李四", "author")]),
        ("张译", [("张译", "author")]),
        ("陈小译", [("陈小译", "author")]),
        ("编辑部", [("编辑部", "author")]),
        ("", []),
    ],
)
def test_people_are_parted_and_their_parts_told(cell: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.name, one.role) for one in people(cell, "author")] == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("978-7-302-00001-3", ["9787302000013"]),
        ("7-302-00001-x (平装)", ["730200001X"]),
        ("9787302000013; 9783161484100", ["9787302000013", "9783161484100"]),
        ("9787302000013.0", ["9787302000013"]),
        ("2.01E+12", []),
        ("9.78730E+12", []),
        ("12345", []),
    ],
)
def test_isbns_are_found_and_rounded_numbers_are_none(cell: str, expected: list[str]) -> None:
    assert isbns(cell) == expected


def test_terms_are_parted_by_what_they_are_parted_by() -> None:
    assert terms("lakes, rivers") == ["lakes", "rivers"]
    assert terms("lakes, large; rivers") == ["lakes, large", "rivers"]
    assert terms("湖泊；河流") == ["湖泊", "河流"]


def test_a_chinese_thesis_is_read_with_school_advisor_and_class(tmp_path: Path) -> None:
    content = (
        "论文题名,英文题名,研究生,导师,学位授予单位,学位,答辩日期,中图分类号,关键词,语种,全文链接\n"
        "湖泊生态研究,A study of lakes,张三,李四 教授,清华大学,硕士,2020年6月1日,X171,湖泊；生态,中文,https://x.example/1.pdf\n"
    )
    records, _ = read(tmp_path / "a.csv", "csv", content)
    work = normalise(records, "x")
    assert (work.title.value, work.type, str(work.published)) == ("湖泊生态研究", "thesis", "2020-06-01")
    assert [one.value for one in work.translated_titles] == ["A study of lakes"]
    assert [one.role for one in work.contributors] == ["author", "advisor"]
    assert work.container is not None
    assert work.container.publisher == "清华大学"
    assert [(one.term, one.scheme) for one in work.subjects] == [("X171", "CLC")]
    assert work.keywords == ("湖泊", "生态")
    assert [one.code for one in work.languages] == ["zh"]
    assert work.locations[0].pdf_url == "https://x.example/1.pdf"


def test_several_columns_of_one_field_are_joined(tmp_path: Path) -> None:
    found = described(
        tmp_path / "a.csv", "csv", "title,keywords,关键词,print ISSN,online ISSN\nA,x,y,0028-0836,1476-4687\n"
    )
    assert [one.value for one in found.keywords] == ["x", "y"]
    assert [one.value for one in found.issns] == ["0028-0836", "1476-4687"]


@pytest.mark.parametrize("head", [b"", b"[]", b"{}", b'{"charset":"x","delimiter":",","header":[1],"columns":{}}'])
def test_a_row_without_its_header_is_refused(head: bytes) -> None:
    with pytest.raises(FormatError):
        describe(record(b"a,b", metadata_prefix="csv", head=head))
