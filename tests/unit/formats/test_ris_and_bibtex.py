"""References as managers and databases export them: RIS and BibTeX."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.formats import describe
from indexer.normalise.manifestation import normalise
from tests.unit.files.reading import described, read


def test_a_ris_article_is_read_in_full(tmp_path: Path) -> None:
    found = described(
        tmp_path / "a.ris",
        "ris",
        "TY  - JOUR\r\nAU  - Smith, Jane\r\nAU  - Müller, J.\r\nA2  - Doe, John\r\nTI  - Lakes\r\n  and rivers\r\n"
        "TT  - Lacs\r\nJO  - Water J\r\nT2  - Water Journal\r\nPY  - 2020/05/17/spring\r\nVL  - 3\r\nIS  - 2\r\n"
        "SP  - 12\r\nEP  - 18\r\nSN  - 0028-0836\r\nDO  - 10.1000/x\r\nUR  - https://x.example/1\r\nL1  - https://x.example/1.pdf\r\n"
        "AB  - About water.\r\nKW  - water\r\nKW  - lakes\r\nLA  - eng\r\nPB  - A Press\r\nID  - s1\r\nER  - \r\n",
    )
    assert [(one.value, one.translated) for one in found.titles] == [("Lakes and rivers", False), ("Lacs", True)]
    assert [(one.name, one.role) for one in found.contributors] == [
        ("Smith, Jane", "author"),
        ("Müller, J.", "author"),
        ("Doe, John", "editor"),
    ]
    assert found.container_title == "Water Journal"
    assert (found.volume, found.issue, found.first_page, found.last_page) == ("3", "2", "12", "18")
    assert [one.value for one in found.dates] == ["2020-05-17"]
    assert [one.value for one in found.issns] == ["0028-0836"]
    assert [(one.scheme, one.value) for one in found.identifiers] == [("doi", "10.1000/x")]
    assert [(one.url, one.media) for one in found.links] == [
        ("https://x.example/1", None),
        ("https://x.example/1.pdf", "pdf"),
    ]
    assert [one.value for one in found.keywords] == ["water", "lakes"]
    assert (found.types, found.languages, found.publisher) == (("journal article",), ("eng",), "A Press")


def test_what_chinese_databases_write_is_read(tmp_path: Path) -> None:
    found = described(
        tmp_path / "a.ris",
        "ris",
        "TY - BOOK\nA1 - 张三;李四\nT1 - 高等数学\nSN - 978-7-302-00001-3\nY1 - 2015年\nER -\n",
    )
    assert [one.name for one in found.contributors] == ["张三", "李四"]
    assert (found.titles[0].value, found.identifiers[0].value) == ("高等数学", "9787302000013")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("JOUR", "article"),
        ("BOOK", "book"),
        ("CHAP", "chapter"),
        ("THES", "thesis"),
        ("CONF", "conference-paper"),
        ("RPRT", "report"),
        ("DATA", "dataset"),
        ("SER", "journal"),
        ("UNPB", "preprint"),
        ("VIDEO", "other"),
    ],
)
def test_ris_types_become_the_projects_own(tmp_path: Path, kind: str, expected: str) -> None:
    records, _ = read(tmp_path / "a.ris", "ris", f"TY  - {kind}\nTI  - Lakes and rivers\nER  - \n")
    assert normalise(records, "x").type == expected


def test_a_chapter_is_in_its_book(tmp_path: Path) -> None:
    found = described(tmp_path / "a.ris", "ris", "TY  - CHAP\nTI  - Chapter\nBT  - The book\nER  - \n")
    assert (found.titles[0].value, found.container_title) == ("Chapter", "The book")
    assert described(tmp_path / "b.ris", "ris", "TY  - BOOK\nBT  - The book\nER  - \n").titles[0].value == "The book"


def test_a_lost_end_of_a_ris_record_loses_nothing_and_a_lost_beginning_is_named(tmp_path: Path) -> None:
    content = "Provider: x\n\nTY  - BOOK\nTI  - One\nTY  - BOOK\nTI  - Two\nER  - \nAU  - Lost\n"
    records, damaged = read(tmp_path / "a.ris", "ris", content)
    assert [describe(one).titles[0].value for one in records] == ["One", "Two"]
    assert [one.reason for one in damaged] == [
        "a.ris, record 3: It does not begin with TY, the type of the reference.",
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("ris", "TY  - BOOK\nTI  - 高等数学教程\nER  - \n"),
        ("bibtex", "@book{a,\n title = {高等数学教程}\n}\n"),
    ],
)
def test_references_are_read_in_every_encoding(tmp_path: Path, encoding: str, kind: str, content: str) -> None:
    assert described(tmp_path / "a.ris", kind, content.encode(encoding)).titles[0].value == "高等数学教程"


BIB = r"""
@string{SCI = "Science"} @STRING(Pub = SCI # " Press")
@comment{jabref-meta: databaseType:bibtex;}
@Article{m1,
  author = "M{\"u}ller, J{\"u}rgen and {World Health Organization} and van der Berg, A. and others",
  title = {The {DNA} of 100% \textit{E. coli}: {\'E}tude in $x_{2}$},
  journal = sci, year = 1997, month = sept, volume = 3, number = {2}, pages = {12--18},
  doi = {10.1000/x\_y}, url = {https://x.example/~u}, keywords = {lakes, rivers},
}
@book{b1, title = {中文书}, author = {张三 and 李四}, publisher = Pub, year = 2001, isbn = {978-7-302-00001-3}}
"""


def test_bibtex_entries_come_out_in_plain_characters(tmp_path: Path) -> None:
    records, damaged = read(tmp_path / "a.bib", "bibtex", BIB)
    assert damaged == []
    assert [one.identifier for one in records] == ["m1", "b1"]
    article, book = (normalise([one], "x") for one in records)
    assert article.title.value == "The DNA of 100% E. coli: Étude in x₂"
    assert [(one.name, one.is_group) for one in article.contributors] == [
        ("Jürgen Müller", False),
        ("World Health Organization", True),
        ("A. van der Berg", False),
    ]
    assert article.container is not None
    assert (article.container.title, article.volume, article.issue, article.pages) == ("Science", "3", "2", "12-18")
    assert str(article.published) == "1997-09"
    assert article.identifier("doi") == "10.1000/x_y"
    assert article.keywords == ("lakes", "rivers")
    assert "https://x.example/~u" in {one.url for one in article.locations}
    assert book.container is not None
    assert (book.title.value, book.container.publisher, book.type) == ("中文书", "Science Press", "book")
    assert [one.name for one in book.contributors] == ["张三", "李四"]


def test_an_entry_stays_unchanged_when_an_abbreviation_that_it_does_not_use_changes(tmp_path: Path) -> None:
    before, _ = read(tmp_path / "a.bib", "bibtex", BIB)
    after, _ = read(tmp_path / "a.bib", "bibtex", BIB.replace("@string{SCI", '@string{other = "x"}\n@string{SCI'))
    changed, _ = read(tmp_path / "a.bib", "bibtex", BIB.replace('"Science"', '"Nature"'))
    assert [one.head + one.body for one in after] == [one.head + one.body for one in before]
    assert all(one.head != other.head for one, other in zip(before, changed, strict=True))


def test_an_unclosed_brace_damages_its_own_entry_only(tmp_path: Path) -> None:
    content = "@book{a, title = {A}}\n@book{b, title = {B, \n author={X}\n@book{c, title = {C}} @book{d, title = {D}}\n"
    records, damaged = read(tmp_path / "a.bib", "bibtex", content)
    assert [one.identifier for one in records] == ["a", "c", "d"]
    assert [one.url for one in damaged] == ["a.bib, entry 2"]


def test_nested_braces_beyond_measure_are_damage_and_no_crash(tmp_path: Path) -> None:
    deep = "{" * 5000 + "x" + "}" * 5000
    records, damaged = read(tmp_path / "a.bib", "bibtex", f"@book{{a, title = {deep}}}\n@book{{b, title = {{B}}}}\n")
    assert [one.identifier for one in records] == ["b"]
    assert [one.url for one in damaged] == ["a.bib, entry 1"]


def test_abbreviations_that_name_each_other_end(tmp_path: Path) -> None:
    content = "@string{a = b # b}\n@string{b = a # a}\n@book{k, title = {T}, publisher = a}\n"
    records, _ = read(tmp_path / "a.bib", "bibtex", content)
    assert describe(records[0]).publisher == "bb"


def test_abbreviations_that_multiply_each_other_stay_small(tmp_path: Path) -> None:
    bomb = "@string{a0 = {laughter}}\n" + "".join(
        f"@string{{a{number} = {' # '.join([f'a{number - 1}'] * 10)}}}\n" for number in range(1, 30)
    )
    many = "@string{long = {" + "x" * 3900 + "}}\n@book{m, title = {T}, note = " + " # ".join(["long"] * 2000) + "}\n"
    records, damaged = read(tmp_path / "a.bib", "bibtex", f"{bomb}@book{{k, title = a29}}\n{many}")
    assert [len(one.head) < 10_000 for one in records] == [True]
    assert [one.url for one in damaged] == ["a.bib, entry 2"]
    assert "abbreviations make it longer" in damaged[0].reason


def test_an_abbreviation_is_what_it_was_where_it_is_used(tmp_path: Path) -> None:
    content = (
        "@string{p = {One}}\n@book{a, title = {A}, publisher = P}\n"
        "@string{p = {Two}}\n@book{b, title = {B}, publisher = p}\n"
    )
    records, _ = read(tmp_path / "a.bib", "bibtex", content)
    assert [describe(one).publisher for one in records] == ["One", "Two"]
