"""Whatever the bytes: only harvest errors come out, and no good record around the damage is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.errors import HarvestError
from harvesters.files.entries import MAX_RECORD_BYTES
from harvesters.formats import describe
from harvesters.records import DamagedRecord, RawRecord
from tests.unit.files.marc_bytes import NAMESPACE, iso2709, marcxml
from tests.unit.files.reading import read_on

KINDS = ("csv", "kbart", "marc", "ris", "bibtex")
SUFFIXES = {"csv": ".csv", "kbart": ".tsv", "marc": ".mrc", "ris": ".ris", "bibtex": ".bib"}


def read(kind: str, content: bytes) -> tuple[list[RawRecord], list[DamagedRecord], HarvestError | None]:
    """Return all that comes out of a file of these bytes, and the error that ended it."""
    with tempfile.TemporaryDirectory() as folder:
        return read_on(Path(folder) / f"file{SUFFIXES[kind]}", kind, content)


def title(record: RawRecord) -> str:
    return describe(record).titles[0].value


STARTS = (
    b"", b"title,author\n", "题名;作者\n".encode("gb18030"), b"publication_title\ttitle_url\n",
    b"TY  - BOOK\nTI  - ", b"@book{", b"@string{a = ", b"<?xml version='1.0'?><record><leader>",
    b"<collection><record><leader/>", iso2709(("001", "1"), ("245", "00", "aT"))[:60], b"\xff\xfe", b"\xfe\xff",
    b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"sep=;\n",
)  # fmt: skip
PIECES = st.sampled_from(
    (
        b'"', b",", b"\t", b"\n", b"\r", b"\x00",
        b"\x1d", b"\x1e", b"\x1f", b"{", b"}", b"@book{a, title=", b"\\", b"%",
        b"$", b"TI  - x\n", b"ER  - \n", b"<record>", b"</record>", b"<leader>", b"&#0;", b"\xe9", b"\xff", b"title",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>", "高等".encode("gb18030"), "高等".encode(), b"00060cam a2200037 a 4500",
        b"245000600000",
    )
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None)
@given(
    start=st.sampled_from(STARTS),
    middle=st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join)),
)
def test_random_bytes_raise_nothing_but_harvest_errors_and_give_readable_records(
    kind: str, start: bytes, middle: bytes
) -> None:
    records, _, _ = read(kind, start + middle)
    assert all(describe(record).titles for record in records)


def noise(*forbidden: bytes) -> st.SearchStrategy[bytes]:
    """Give damage that stays a piece of its own."""
    made = st.one_of(st.binary(max_size=120), st.lists(PIECES, max_size=12).map(b"".join))
    return made.filter(lambda data: not any(one in data for one in forbidden))


def good_row(number: int) -> bytes:
    return f'g{number},"Good, {number}",Smith\n'.encode()


@settings(max_examples=100, deadline=None)
@given(damage=noise())
def test_good_csv_rows_around_damage_are_kept(damage: bytes) -> None:
    content = b"id,title,author\n" + good_row(1) + good_row(2) + damage.replace(b"sep=", b"") + b"\n" + good_row(3)
    content += good_row(4) + b"".join(good_row(number) for number in range(5, 30))
    records, _, error = read("csv", content)
    assert error is None
    kept = {record.identifier for record in records}
    # A quotation mark in the damage may take the next row with it where both make one row of the right width.
    assert {"g1", "g2", *(f"g{number}" for number in range(5, 30))} <= kept


@settings(max_examples=100, deadline=None)
@given(damage=noise(b"\x1d"))
def test_good_marc_records_around_damage_are_kept(damage: bytes) -> None:
    good = [iso2709(("001", f"g{number}"), ("245", "00", f"aGood {number}")) for number in range(3)]
    records, damaged, error = read("marc", good[0] + good[1] + damage + b"\x1d" + good[2])
    assert error is None
    assert [record.identifier for record in records][:2] == ["g0", "g1"]
    assert records[-1].identifier == "g2"
    assert bool(damaged) == bool(damage.strip(b" \t\r\n\x00\x1a")) or len(records) > 3


@dataclass(frozen=True, kw_only=True)
class Frame:
    """How good records of a kind stand around damage; ``forbidden`` would make it more than a piece of its own."""

    kind: str
    good: Callable[[str], str]
    opens: bytes
    closes: bytes
    before: bytes = b""
    after: bytes = b""
    forbidden: tuple[bytes, ...] = ()


FRAMES = {
    "marcxml": Frame(
        kind="marc",
        good=lambda name: marcxml(("001", name), ("245", "00", "aGood")),
        before=f'<collection xmlns="{NAMESPACE}">'.encode(),
        opens=b"<record><leader/>",
        closes=b"</record>",
        after=b"</collection>",
        forbidden=(b"<!--", b"<![CDATA["),
    ),
    "ris": Frame(
        kind="ris",
        good=lambda name: f"TY  - BOOK\nID  - {name}\nTI  - Good\nER  - \n",
        opens=b"TY  - BOOK\n",
        closes=b"\n",
    ),
    "bibtex": Frame(
        kind="bibtex",
        good=lambda name: f"@book{{{name},\n title = {{Good}}\n}}\n",
        opens=b"@book{bad, title = {",
        closes=b"\n",
        forbidden=(b"comment", b"string", b"preamble"),
    ),
}


@pytest.mark.parametrize("name", FRAMES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_good_records_around_damage_are_kept(name: str, data: st.DataObject) -> None:
    frame = FRAMES[name]
    damage = data.draw(noise(*frame.forbidden))
    good = [frame.good(f"g{number}").encode() for number in range(3)]
    content = [frame.before, *good[:2], frame.opens, damage, frame.closes, good[2], frame.after]
    records, _, error = read(frame.kind, b"".join(content))
    assert error is None
    assert {"g0", "g1", "g2"} <= {record.identifier for record in records}


ENDLESS = MAX_RECORD_BYTES + 10


def test_entries_in_an_endless_line_of_bibtex_are_never_lost_without_a_word() -> None:
    line = b"@book{a, title={A}} " * (ENDLESS // 20 + 1)
    records, damaged, error = read("bibtex", b"@book{b, title={B}}\n" + line + b"\n@book{c, title={C}}\n")
    assert ([record.identifier for record in records], error) == (["b", "c"], None)
    (one,) = damaged
    assert "A line has more than 4 MiB" in one.reason
    assert "a line of its own" in one.remedy


def test_an_endless_line_between_ris_records_is_named() -> None:
    one = b"TY  - BOOK\nID  - %d\nTI  - T\nER  - \n"
    records, damaged, error = read("ris", one % 1 + b"x" * ENDLESS + b"\n" + one % 2)
    assert ([record.identifier for record in records], error) == (["1", "2"], None)
    assert [bad.reason for bad in damaged] == [
        "file.ris, record 2: It has more than 4 MiB; only its beginning is kept."
    ]


def test_marc_records_joined_by_lost_end_marks_are_read_or_named() -> None:
    made = [iso2709(("001", f"g{number}"), ("245", "00", f"aGood {number}")) for number in range(4)]
    records, damaged, _ = read("marc", made[0][:-1] + made[1][:-1] + made[2] + made[3])
    assert [record.identifier for record in records] == ["g2", "g3"]
    (one,) = damaged
    assert "follows its last field" in one.reason
    assert one.body == made[0][:-1] + made[1][:-1]
