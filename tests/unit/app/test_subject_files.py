"""Tables of mappings, as spreadsheets of all kinds save them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import WrongEditError
from indexer.subjects.classifying import SubjectMapping
from search_api.subject_files import LARGEST_FILE, NO_CLASS, read_mappings, write_rows

_TEXT = 'scheme,value,code\nLCC,QA76,TP3\nkeyword,"老年护理, 中国",R4\nPMC,Award winners,-\nkeyword,later,\n'
_READ = (
    SubjectMapping(scheme="LCC", value="QA76", code="TP3"),
    SubjectMapping(scheme="keyword", value="老年护理, 中国", code="R4"),
    SubjectMapping(scheme="PMC", value="Award winners", code=None),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_table_is_read_in_whatever_a_spreadsheet_saves(encoding: str) -> None:
    read = read_mappings(_TEXT.encode(encoding))
    assert (read.mappings, read.empty) == (_READ, 1)


@pytest.mark.parametrize(
    "text",
    [
        "scheme;value;code\r\nLCC;QA76;TP3\r\n",
        "code\tvalue\tscheme\tnotes\rTP3\tQA76\tLCC\tx\r",
        "体系,词,类号\nLCC,QA76,TP3\n\n,,\n",
        " Scheme ,VALUE,Code\n LCC , QA76 , TP3 \n",
    ],
)
def test_separators_order_and_names_of_columns_make_no_difference(text: str) -> None:
    assert read_mappings(text.encode()).mappings == _READ[:1]


def test_a_value_without_a_scheme_is_a_keyword() -> None:
    (found,) = read_mappings(b"scheme,value,code\n,asthma,R5\n").mappings
    assert found == SubjectMapping(scheme="keyword", value="asthma", code="R5")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no column scheme, value, code"),
        (b"value,code\nx,y\n", "no column scheme"),
        (b"scheme,value,code\nLCC,,TP3\nLCC,Q,N\nLCC,,O\n", "too long: 2, 4."),
        (b"scheme,value,code\nLCC," + b"x" * 3_000 + b",N\n", "too long: 2."),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xff\xff", "that can be read"),
        (b"PK\x03\x04" + b"\x00" * 50, "no column"),
        (b" " * (LARGEST_FILE + 1), "larger than"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(WrongEditError) as refused:
        read_mappings(body)
    assert said in str(refused.value)
    assert refused.value.parameter == "file"


@given(st.binary(max_size=300))
def test_no_bytes_trip_the_reading(body: bytes) -> None:
    with contextlib.suppress(WrongEditError):
        read_mappings(b"scheme,value,code\n" + body)


@given(st.lists(st.tuples(st.sampled_from(["LCC", "keyword"]), st.text(min_size=1, max_size=30))))
def test_what_is_written_is_read_again_and_runs_in_no_spreadsheet(rows: list[tuple[str, str]]) -> None:
    kept = [(scheme, value) for scheme, value in rows if value.strip() and value.isprintable()]
    text = write_rows(("scheme", "value", "code"), ((scheme, value, NO_CLASS) for scheme, value in kept))
    read = read_mappings(text.encode())
    assert [(one.scheme, one.value) for one in read.mappings] == [(scheme, value.strip()) for scheme, value in kept]
    lines = write_rows(("value",), [("=1+1",), ("＝1+1",), ("+1",), ("@x",), ("-1",)]).splitlines()[1:]
    assert all(line.startswith("'") for line in lines)
