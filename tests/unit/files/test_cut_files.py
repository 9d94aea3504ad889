"""A file that ends too early gives all before, names what it ends in, and never counts as a complete list."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from random import Random

import pytest

from harvesters.files import places
from tests.unit.files.marc_bytes import NAMESPACE, iso2709, marcxml
from tests.unit.files.reading import read_on

MARC = [iso2709(("001", f"g{number}"), ("245", "00", f"aGood {number}")) for number in range(3)]
XML = [marcxml(("001", f"g{number}"), ("245", "00", f"aGood {number}")).encode() for number in range(3)]
XML_HEAD = f'<?xml version="1.0"?><collection xmlns="{NAMESPACE}">'.encode()
RIS = [f"TY  - BOOK\r\nID  - g{number}\r\nTI  - Good {number}\r\nER  - \r\n".encode() for number in range(3)]
BIB = [f"@book{{g{number},\n title = {{Good {number}}}\n}}\n".encode() for number in range(3)]
CSV = [b"id,title,note\n", *(f'g{number},"Good, {number}",x\n'.encode() for number in range(3))]
KBART = [b"publication_title\ttitle_url\ttitle_id\n", *(f"Good\thttps://x.example\tg{n}\n".encode() for n in range(3))]
JATS = [
    f"<article><front><article-meta><article-id pub-id-type='doi'>10.1000/g{number}</article-id><title-group>"
    "<article-title>T</article-title></title-group></article-meta></front></article>".encode()
    for number in range(3)
]
DUMP = [
    b'{"id": "%032x", "bibjson": {"title": "T"}, "last_updated": "2026-01-01T00:00:00Z"}' % number
    for number in range(3)
]
JOURNALS = [b"Journal title,Journal ISSN (print version)\n", *(b"J,1234-56%02d\n" % number for number in (79, 87, 95))]


def xml(*records: bytes, end: bytes = b"</collection>") -> bytes:
    return XML_HEAD + b"".join(records) + end


WHOLE = {
    "marc": b"".join(MARC),
    "ris": b"".join(RIS),
    "bibtex": b"".join(BIB),
    "csv": b"".join(CSV),
    "kbart": b"".join(KBART),
    "jats": b"<articles>" + b"".join(JATS) + b"</articles>",
    "doaj-dump": b"[" + b",".join(DUMP) + b"]\n",
    "doaj-journals": b"".join(JOURNALS),
}
#: Kind, what is left of the file, how many of its three good records, what is named.
CUT = [
    pytest.param("marc", WHOLE["marc"][:-10], 2, "record 3", id="marc"),
    pytest.param("marc", xml(*XML)[:-40], 2, "record 3", id="marcxml"),
    pytest.param("marc", xml(*XML, end=b""), 3, None, id="marcxml, between"),
    pytest.param("marc", xml(*XML, end=b"<rec"), 3, None, id="marcxml, in a tag"),
    pytest.param("marc", XML[0][:-5], 0, "record 1", id="marcxml, one record"),
    pytest.param("ris", WHOLE["ris"][:-8], 2, "record 3", id="ris"),
    pytest.param("bibtex", WHOLE["bibtex"][:-9], 2, "entry 3", id="bibtex"),
    pytest.param("bibtex", WHOLE["bibtex"] + b"@string{a = {b}", 3, "entry 4", id="bibtex, abbreviation"),
    pytest.param("csv", WHOLE["csv"][:-5], 2, "row 4", id="csv, in quotation marks"),
    pytest.param("csv", WHOLE["csv"] + b'g4,"Two\nlines and', 3, "row 5", id="csv, two lines"),
    pytest.param("csv", WHOLE["csv"][:-3], 2, "row 4", id="csv, between cells"),
    pytest.param("csv", WHOLE["csv"] + "g4,ü".encode()[:-1], 3, "row 5", id="csv, in a letter"),
    pytest.param("kbart", WHOLE["kbart"][:-4], 2, "row 4", id="kbart"),
    pytest.param("jats", JATS[0][:-20], 0, "article 1", id="jats"),
    pytest.param("jats", WHOLE["jats"][:-20], 2, "article 3", id="jats, set"),
    pytest.param("jats", WHOLE["jats"][:-11], 3, "article 4", id="jats, between"),
    pytest.param("doaj-dump", WHOLE["doaj-dump"][:-20], 2, "article 3", id="dump"),
    pytest.param("doaj-dump", WHOLE["doaj-dump"][:-2] + b",\n", 3, None, id="dump, between"),
    pytest.param("doaj-journals", WHOLE["doaj-journals"][:-11], 2, "row 4", id="journals"),
]


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_file_is_a_complete_list(tmp_path: Path, kind: str) -> None:
    records, damaged, error = read_on(tmp_path / "whole", kind, WHOLE[kind])
    assert (len(records), damaged, error) == (3, [], None)


@pytest.mark.parametrize(("kind", "cut", "good", "named"), CUT)
def test_a_cut_file_gives_what_is_before_names_the_rest_and_is_no_complete_list(
    tmp_path: Path, kind: str, cut: bytes, good: int, named: str | None
) -> None:
    before = [record.identifier for record in read_on(tmp_path / "whole", kind, WHOLE[kind])[0]]
    records, damaged, error = read_on(tmp_path / "cut", kind, cut)
    assert [record.identifier for record in records] == before[:good]
    assert [one.url for one in damaged][:1] == ([f"cut, {named}"] if named else [])
    assert "cut ends in the middle of" in str(error)
    assert "again" in str(error)


@pytest.mark.parametrize("kind", ["csv", "kbart", "ris", "bibtex"])
def test_a_last_line_without_its_end_is_no_cut(tmp_path: Path, kind: str) -> None:
    records, damaged, error = read_on(tmp_path / "a", kind, WHOLE[kind].rstrip())
    assert (len(records), damaged, error) == (3, [], None)


def test_a_quotation_mark_that_is_never_closed_is_no_cut_where_whole_rows_follow(tmp_path: Path) -> None:
    records, damaged, error = read_on(tmp_path / "a", "csv", b'id,title,note\n1,"A,x\n2,B,y\n3,C,z\n')
    assert ([one.identifier for one in records], len(damaged), error) == (["2", "3"], 1, None)


def many(kind: str) -> tuple[bytes, list[str]]:
    """Return a file of 2,000 records that do not pack well, and their identifiers."""
    noise = Random(7)  # noqa: S311 - the same each time
    said = [(f"g{number}", noise.randbytes(60).hex()) for number in range(2_000)]
    if kind == "csv":
        content = "id,title\n" + "".join(f"{name},{text}\n" for name, text in said)
    elif kind == "ris":
        content = "".join(f"TY  - BOOK\nID  - {name}\nTI  - {text}\nER  - \n" for name, text in said)
    elif kind == "bibtex":
        content = "".join(f"@book{{{name}, title = {{{text}}}}}\n" for name, text in said)
    else:
        content = b"".join(iso2709(("001", name), ("245", "00", f"a{text}")) for name, text in said).decode()
    return content.encode(), [name for name, _ in said]


@pytest.mark.parametrize("kind", ["csv", "ris", "bibtex", "marc"])
def test_a_cut_gzip_gives_all_that_is_before_and_names_what_it_ends_in(tmp_path: Path, kind: str) -> None:
    content, names = many(kind)
    whole = gzip.compress(content)
    records, damaged, error = read_on(tmp_path / "a.gz", kind, whole[: len(whole) // 2])
    found = [record.identifier for record in records]
    assert found == names[: len(found)]
    assert len(found) > 980  # of the 1,000 in the first half
    assert len(damaged) == 1
    assert "ends in the middle" in str(error)


@pytest.mark.parametrize("kind", ["csv", "ris", "bibtex", "marc"])
def test_a_gzip_that_is_broken_in_the_middle_is_no_complete_list(tmp_path: Path, kind: str) -> None:
    content, names = many(kind)
    whole = gzip.compress(content)
    half = len(whole) // 2
    records, _, error = read_on(tmp_path / "a.gz", kind, whole[:half] + b"\0" * 100 + whole[half + 100 :])
    assert {record.identifier for record in records}.issuperset(names[:980])
    assert error is not None


def test_a_gzip_whose_sum_is_wrong_is_no_complete_list(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(CSV))
    wrong = whole[:-8] + bytes(byte ^ 1 for byte in whole[-8:-4]) + whole[-4:]
    records, _, error = read_on(tmp_path / "a.gz", "csv", wrong)
    assert len(records) == 3
    assert "CRC check failed" in str(error)


def test_a_gzip_bomb_is_left_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_UNPACKED", 1 << 20)
    bomb = gzip.compress(b"".join(CSV) + b" " * (8 << 20))
    _, _, error = read_on(tmp_path / "a.gz", "csv", bomb)
    assert "unpacks to more than" in str(error)
    honest = gzip.compress(b"".join(CSV) + b"".join(b"i%d,Title %d,\n" % (n, n) for n in range(100_000)))
    records, _, error = read_on(tmp_path / "b.gz", "csv", honest)
    assert (len(records), error) == (100_003, None)


def a_tar(articles: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for number in range(articles):
            info = tarfile.TarInfo(f"{number}.xml")
            info.size = len(JATS[0])
            archive.addfile(info, io.BytesIO(JATS[0].replace(b"10.1000/g0", b"10.1000/g%d" % number)))
    return packed.getvalue()


MEMBER = 1024  # a header, and an article in one block
CUT_TARS = [
    pytest.param(a_tar(4)[: 2 * MEMBER + 600], 1, id="in a member"),
    pytest.param(a_tar(4)[: 2 * MEMBER + 100], 0, id="in a header"),
    pytest.param(a_tar(4)[: 2 * MEMBER], 0, id="between members"),
    pytest.param(a_tar(4)[: 2 * MEMBER] + b"x" * 512 + a_tar(4)[2 * MEMBER + 512 :], 0, id="broken header"),
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(("cut", "named"), CUT_TARS)
def test_a_tar_that_does_not_end_as_tars_do_is_no_complete_list(
    tmp_path: Path, cut: bytes, named: int, pack: type[bytes]
) -> None:
    records, damaged, error = read_on(tmp_path / "a.tar", "jats", pack(cut))
    assert [record.identifier for record in records] == ["doi:10.1000/g0", "doi:10.1000/g1"]
    assert ["2.xml" in one.reason for one in damaged] == [True] * named
    assert "damaged or ends in the middle" in str(error)


def test_a_broken_member_of_a_zip_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.xml", JATS[number])
    whole = (tmp_path / "whole").read_bytes()
    records, damaged, error = read_on(tmp_path / "a.zip", "jats", whole.replace(b"10.1000/g1", b"10.1000/x1", 1))
    assert [record.identifier for record in records] == ["doi:10.1000/g0", "doi:10.1000/g2"]
    assert "1.xml: It is damaged or cut off (Bad CRC-32" in damaged[0].reason
    assert error is None


def test_a_cut_zip_has_lost_its_directory_and_is_no_empty_list(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.xml", JATS[number])
    records, _, error = read_on(tmp_path / "a.zip", "jats", (tmp_path / "whole").read_bytes()[:-100])
    assert records == []
    assert "a.zip is damaged or ends in the middle" in str(error)


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_UNPACKED", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", JATS[0] + b" " * (8 << 20))
    records, _, error = read_on(tmp_path / "a.zip", "jats", (tmp_path / "bomb").read_bytes())
    assert records == []
    assert "unpacks to more than" in str(error)
