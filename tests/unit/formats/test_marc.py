"""MARC 21 and UNIMARC records, in transmission format of every encoding and as XML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.description import Description
from tests.unit.files.marc_bytes import NAMESPACE, Field, iso2709, marcxml
from tests.unit.files.reading import read
from tests.unit.pages import record

TITLE: Field = ("245", "10", "aTitle")


def of(*fields: Field, leader: str = "cam a22", charset: str = "utf-8") -> Description:
    return describe(record(iso2709(*fields, leader=leader, charset=charset), metadata_prefix="marc"))


def of_xml(*fields: Field, leader: str = "cam a22") -> Description:
    return describe(record(marcxml(*fields, leader=leader, declare=True).encode(), metadata_prefix="marc"))


@pytest.mark.parametrize("read_fields", [of, of_xml])
def test_a_book_is_read_in_full(read_fields: Callable[..., Description]) -> None:
    found = read_fields(
        ("008", "230501s2015    cc            000 0 eng d"),
        ("020", "  ", "a978-3-16-148410-0 (pbk.) :", "c$20"),
        ("024", "7 ", "a10.1000/x", "2doi"),
        ("041", "0 ", "aengfre"),
        ("100", "1 ", "aSmith, Jane,", "d1960-", "eauthor.", "1https://orcid.org/0000-0002-1825-0097"),
        ("245", "10", "aLakes and rivers :", "ban introduction /", "cJane Smith."),
        ("246", "31", "aLimnology"),
        ("264", " 4", "c©2014"),
        ("264", " 1", "aLondon :", "bA Press,", "c[2015]"),
        ("490", "1 ", "aWater studies ;", "v3"),
        ("520", "  ", "aAbout water."),
        ("540", "  ", "aCC BY 4.0", "uhttps://creativecommons.org/licenses/by/4.0/"),
        ("650", " 0", "aLimnology", "vTextbooks."),
        ("650", " 7", "aSee", "2gnd"),
        ("653", "  ", "awater"),
        ("700", "1 ", "aDoe, John", "4trl"),
        ("710", "2 ", "aWater Board.", "bResearch Office"),
        ("700", "12", "aOther, Work.", "tA related title"),
        ("856", "40", "uhttps://x.example/b.pdf", "qapplication/pdf"),
        ("856", "42", "uhttps://x.example/cover"),
    )
    assert [(one.value, one.translated) for one in found.titles] == [
        ("Lakes and rivers: an introduction", False),
        ("Limnology", True),
    ]
    assert [(one.name, one.role, one.is_group) for one in found.contributors] == [
        ("Smith, Jane", "author", False),
        ("Doe, John", "translator", False),
        ("Water Board. Research Office", "author", True),
    ]
    assert found.contributors[0].orcid == "0000-0002-1825-0097"
    assert {(one.scheme, one.value) for one in found.identifiers} == {("isbn", "9783161484100"), ("doi", "10.1000/x")}
    assert (found.publisher, [one.value for one in found.dates]) == ("A Press", ["2015"])
    assert (found.container_title, found.volume) == ("Water studies", "3")
    assert found.languages == ("eng", "fre")
    assert [one.value for one in found.abstracts] == ["About water."]
    assert found.rights == ("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/",)
    assert [(one.value, one.scheme) for one in found.subjects] == [
        ("Limnology--Textbooks", "LCSH"),
        ("See", "gnd"),
        ("water", None),
    ]
    assert [(one.url, one.kind) for one in found.links] == [
        ("https://x.example/b.pdf", None),
        ("https://x.example/cover", "relation"),
    ]
    assert found.types == ("book",)


def test_the_title_in_its_own_script_goes_first_and_the_romanised_one_stays() -> None:
    found = of(
        ("100", "1 ", "6880-01", "aZhang, San,"),
        ("245", "10", "6880-02", "aGao deng shu xue /"),
        ("880", "1 ", "6100-01/$1", "a张三,"),
        ("880", "10", "6245-02/$1", "a高等数学 /"),
    )
    assert [one.value for one in found.titles] == ["高等数学", "Gao deng shu xue"]
    assert [one.name for one in found.contributors] == ["张三"]


def test_parts_and_parallel_titles_are_told_apart() -> None:
    found = of(("245", "00", "aWorks.", "nPart 2,", "pLetters =", "bŒuvres. Lettres /"))
    assert [one.value for one in found.titles] == ["Works. Part 2. Letters", "Œuvres. Lettres"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (("tWater Journal.", "gVol. 3, no. 2 (2010), p. 12-18"), ("Water Journal", "3", "2", "12", "18", ["2010"])),
        (("tWater Journal", "q3:2<12"), ("Water Journal", "3", "2", "12", None, [])),
        (("tWater Journal", "q3:2<12", "gno. 4"), ("Water Journal", "3", "4", "12", None, [])),
        (("aWater Journal", "gBd. 3, H. 2, S. 12"), ("Water Journal", "3", "2", "12", None, [])),
        (("t水利学报", "g第3卷第2期"), ("水利学报", "3", "2", None, None, [])),
    ],
)
def test_an_article_has_its_journal_volume_issue_and_pages(host: tuple[str, ...], expected: tuple[object, ...]) -> None:
    found = of(TITLE, ("773", "0 ", *host, "x0028-0836"), leader="cab a22")
    place = (found.container_title, found.volume, found.issue, found.first_page, found.last_page)
    assert (*place, [one.value for one in found.dates]) == expected
    assert ([one.value for one in found.issns], found.types) == (["0028-0836"], ("article",))


def test_a_thesis_has_its_school_and_year() -> None:
    found = of(TITLE, ("502", "  ", "bPh.D.", "cUniversity of X", "d1999"), leader="ctm a22")
    assert "thesis" in found.types
    assert (found.publisher, [one.value for one in found.dates]) == ("University of X", ["1999"])


def test_a_journal_has_its_issns() -> None:
    found = of(TITLE, ("022", "  ", "a0028-0836", "l1476-4687"), leader="cas a22")
    assert [(one.value, one.scheme) for one in found.issns] == [("0028-0836", None), ("1476-4687", "issn-l")]
    assert found.types == ("serial",)


def test_cnmarc_is_known_by_its_title_field() -> None:
    found = of(
        ("010", "  ", "a978-7-302-00001-3", "dCNY20"),
        ("101", "0 ", "achi"),
        ("200", "1 ", "a线性代数", "9xian xing dai shu", "e教程", "dLinear algebra", "f李四主编"),
        ("210", "  ", "a北京", "c清华大学出版社", "d2019.5"),
        ("330", "  ", "a本书介绍线性代数。"),
        ("606", "0 ", "a线性代数", "x教材"),
        ("610", "0 ", "a矩阵"),
        ("690", "  ", "aO151.2", "v5"),
        ("701", " 0", "a李四", "4主编"),
        ("702", " 0", "a王五", "4译"),
        ("856", "4 ", "uhttps://x.example/1"),
        charset="gb18030",
        leader="nam  22",
    )
    assert [(one.value, one.translated) for one in found.titles] == [
        ("线性代数: 教程", False),
        ("Linear algebra", True),
    ]
    assert [(one.name, one.role) for one in found.contributors] == [("李四", "editor"), ("王五", "translator")]
    assert [one.value for one in found.identifiers] == ["9787302000013"]
    assert (found.publisher, found.dates[0].value, found.languages) == ("清华大学出版社", "2019-5", ("chi",))
    assert [(one.value, one.scheme) for one in found.subjects] == [
        ("线性代数--教材", "CT"),
        ("矩阵", None),
        ("O151.2", "CLC"),
    ]
    assert found.types == ("book",)


def test_people_of_cnmarc_without_access_points_come_from_the_statement_of_responsibility() -> None:
    found = of(("200", "1 ", "a红楼梦", "f曹雪芹著", "g高鹗续"), leader="nam  22")
    assert [one.name for one in found.contributors] == ["曹雪芹", "高鹗续"]


@pytest.mark.parametrize("mark", [" ", "a"])
@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_chinese_is_read_whatever_the_leader_says(mark: str, charset: str) -> None:
    found = of(("245", "10", "a高等数学教程"), ("100", "1 ", "a张三"), leader=f"cam {mark}22", charset=charset)
    assert found.titles[0].value == "高等数学教程"


def test_marc8_is_read_with_its_diacritics_and_scripts() -> None:
    plain = iso2709(("245", "10", "aXXXX"), leader="cam  22")
    found = describe(record(plain.replace(b"XXXX", b"Se\xe4u"), metadata_prefix="marc"))
    assert found.titles[0].value in {"Seũ", "Seu\u0303"}
    cyrillic = plain.replace(b"XXXX", b"\x1b(NA")
    assert describe(record(cyrillic, metadata_prefix="marc")).titles[0].value == "а"


def test_a_record_that_says_utf8_and_is_not_is_refused_rather_than_guessed() -> None:
    broken = iso2709(("245", "10", "aXXXX")).replace(b"XXXX", b"Caf\xe9")
    with pytest.raises(FormatError, match="says UTF-8"):
        describe(record(broken, metadata_prefix="marc"))


def test_lengths_counted_in_characters_are_mended() -> None:
    data = iso2709(("001", "1"), ("245", "10", "a高等数学"), ("260", "  ", "c2001"))
    shorter = data.replace(b"245001700002", b"245000900002").replace(b"260000900019", b"260000900011")
    assert shorter != data
    found = describe(record(shorter, metadata_prefix="marc"))
    assert (found.titles[0].value, found.dates[0].value) == ("高等数学", "2001")


@pytest.mark.parametrize(
    "body", [b"", b"00000", b"00060cam a2200037 a 4500", iso2709(("245", "10", "aT"))[:40], b"x" * 100 + b"\x1e"]
)
def test_what_is_no_record_is_refused_with_a_remedy(body: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        describe(record(body, metadata_prefix="marc"))
    assert "Export" in caught.value.remedy


def test_a_file_gives_each_record_its_number_date_and_organisation(tmp_path: Path) -> None:
    content = iso2709(("001", "7"), ("003", "CN-X"), ("005", "20230501123456.0"), TITLE) + b"\r\n"
    records, damaged = read(tmp_path / "a.mrc", "marc", content + iso2709(("001", "8"), ("005", "soon"), TITLE))
    assert [record.identifier for record in records] == ["(CN-X)7", "8"]
    assert records[0].datestamp == "2023-05-01T12:34:56Z"
    assert records[1].datestamp.startswith("20")
    assert damaged == []


def test_a_lost_end_mark_loses_no_record(tmp_path: Path) -> None:
    records, damaged = read(
        tmp_path / "a.mrc", "marc", iso2709(("001", "1"), TITLE, end=b"") + iso2709(("001", "2"), TITLE)
    )
    assert [record.identifier for record in records] == ["1", "2"]
    assert damaged == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("prefix", ["", "marc"])
def test_marcxml_files_are_cut_into_their_records(tmp_path: Path, encoding: str, prefix: str) -> None:
    mark = f"{prefix}:" if prefix else ""
    one, two = (marcxml(("001", str(number)), ("245", "00", f"a题名 & {number}"), prefix=prefix) for number in (1, 2))
    said = "utf-16" if encoding == "utf-16" else "utf-8"
    content = (
        f'<?xml version="1.0" encoding="{said}"?>\n<!-- two <record> -->\n'
        f'<{mark}collection xmlns{":" + prefix if prefix else ""}="{NAMESPACE}">\n{one}\n{two}</{mark}collection>\n'
    )
    records, damaged = read(tmp_path / "a.xml", "marc", content.encode(encoding))
    assert [(one.identifier, describe(one).titles[0].value) for one in records] == [
        ("1", "题名 & 1"),
        ("2", "题名 & 2"),
    ]
    assert damaged == []


def test_entities_in_marcxml_are_refused_and_never_expanded(tmp_path: Path) -> None:
    content = (
        '<!DOCTYPE c [<!ENTITY a "boom">]><collection><record><leader/><datafield tag="245" ind1="0" ind2="0">'
        '<subfield code="a">an &a; here</subfield></datafield></record></collection>'
    )
    records, _ = read(tmp_path / "a.xml", "marc", content)
    assert [describe(one).titles[0].value for one in records] == ["an &a; here"]


def test_half_a_record_in_marcxml_is_named_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    good = [marcxml(("001", str(number)), TITLE) for number in range(3)]
    lost = '<recrd><leader/><datafield tag="245"><subfield code="a">Lost</subfield></datafield></recrd>'
    content = f"<collection>{good[0]}{lost}{good[1]}<record><leader/>{good[2]}</collection>"
    records, damaged = read(tmp_path / "a.xml", "marc", content)
    assert [record.identifier for record in records] == ["0", "1", "2"]
    assert [one.url for one in damaged] == ["a.xml, record 2", "a.xml, record 4"]


def test_marcxml_longer_than_the_window_is_cut_all_the_same(tmp_path: Path) -> None:
    records = "".join(marcxml(("001", str(number)), ("245", "00", "a" + "T" * 50_000)) for number in range(20))
    found, damaged = read(tmp_path / "a.xml", "marc", f"<collection>{' ' * 200_000}{records}</collection>")
    assert [one.identifier for one in found] == [str(number) for number in range(20)]
    assert damaged == []
