"""Every format is read back, by readers that are not ours, to what was exported, whatever is in the texts."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re

import rispy  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import Person as BibtexPerson  # type: ignore[import-untyped]
from pybtex.database import parse_string

from search_api.exporting import table
from search_api.exporting.bibtex import write_bibtex
from search_api.exporting.csl import write_csl
from search_api.exporting.item import Item, Person
from search_api.exporting.ris import write_ris
from search_api.exporting.tagged import write_endnote, write_noteexpress
from tests.unit.exporting.items import CHINESE, ENGLISH, items

_HOSTILE = settings(deadline=None, max_examples=60)
_CROWD = dataclasses.replace(
    ENGLISH, people=tuple(Person(name=f"G F{n}", family=f"F{n}", given="G") for n in range(5000))
)


def _several(texts: list[str]) -> str:
    return "".join(texts)


@_HOSTILE
@given(st.lists(items, min_size=1, max_size=3))
def test_rispy_reads_what_was_exported_as_ris(exported: list[Item]) -> None:
    read = rispy.loads(_several([write_ris(item) for item in exported]))
    assert len(read) == len(exported)
    for found, item in zip(read, exported, strict=True):
        assert found["id"] == item.id
        assert found["title"] == item.title
        for role, field in (
            ("author", "authors"),
            ("editor", "secondary_authors"),
            ("translator", "subsidiary_authors"),
        ):
            assert found.get(field, []) == [person.inverted for person in item.people_of(role)]
        assert found.get("keywords", []) == list(item.keywords)
        assert found.get("secondary_title", "") == item.container
        assert found.get("abstract", "") == "".join(item.abstracts[:1])
        assert found.get("doi", "") == item.identifier("doi")
        assert found.get("year") == (None if item.year is None else f"{item.year:04d}")
        assert found.get("urls", []) == [url for url in [(item.url or item.doi_url).replace(";", "%3B")] if url]
        assert any("Retracted" in note for note in found.get("notes", [])) >= (item.status == "retracted")


def _plain(latex: str) -> str:
    """Return what LaTeX prints: its commands for characters, and braces that only keep together."""
    without_braces = re.sub(r"(?<!\\)[{}]", "", re.sub(r"(\\text[a-z]+)\{\}", r"\1;", latex))
    printed = {
        "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}",
        "textasciitilde": "~", "textasciicircum": "^",
    }  # fmt: skip
    found = re.sub(r"\\(?:(text[a-z]+);|(.))", lambda one: printed[one[1]] if one[1] else one[2], without_braces)
    assert re.search(r"\\(?![#$%&_]|text)", without_braces) is None
    return found


def _squeezed(text: str) -> str:
    return "".join(text.split())


@_HOSTILE
@given(st.lists(items, min_size=1, max_size=3, unique_by=lambda item: item.id))
def test_pybtex_reads_what_was_exported_as_bibtex(exported: list[Item]) -> None:
    read = parse_string(_several([write_bibtex(item) for item in exported]), "bibtex")
    assert len(read.entries) == len(exported)
    for entry, item in zip(read.entries.values(), exported, strict=True):
        assert entry.key.endswith(item.id)
        assert _squeezed(_plain(entry.fields["title"])) == _squeezed(item.title)
        assert _squeezed(_plain(entry.fields.get("abstract", ""))) == _squeezed("".join(item.abstracts))
        for role in ("author", "editor", "translator"):
            names = entry.persons.get(role, []) if role != "translator" else []
            wanted = item.people_of(role) if role != "translator" else ()
            assert [_squeezed(_name(person)) for person in names] == [_squeezed(person.inverted) for person in wanted]


def _name(person: BibtexPerson) -> str:
    family = " ".join([*person.prelast_names, *person.last_names, *person.lineage_names])
    given = " ".join([*person.first_names, *person.middle_names])
    return _plain(f"{family}, {given}" if given else family)


@_HOSTILE
@given(items)
def test_a_csl_item_is_json_with_every_field(item: Item) -> None:
    found = json.loads(write_csl(item))
    assert (found["id"], found["title"]) == (item.id, item.title)
    assert len(found.get("author", [])) == len(item.people_of("author"))
    assert found.get("abstract", "") == "\n\n".join(item.abstracts)
    assert found.get("DOI", "") == item.identifier("doi")
    assert found.get("custom", {}).get("status") == item.status


@_HOSTILE
@given(st.lists(items, max_size=3))
def test_a_table_is_read_back_and_holds_no_formula(exported: list[Item]) -> None:
    text = table.header() + _several([table.write_row(item) for item in exported])
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(exported)
    for row, item in zip(rows, exported, strict=True):
        assert all(not cell.startswith(tuple("=+-@＝＋－＠\t\r")) for cell in row.values())
        assert table.unguard(row["title"]) == item.title
        assert table.unguard(row["authors"]) == "; ".join(one.inverted for one in item.people_of("author"))
        assert table.unguard(row["abstract"]) == "  ".join(item.abstracts)
        assert row["status"] == (item.status or "")


@_HOSTILE
@given(st.text(alphabet="'=+a＝", max_size=5))
def test_a_guarded_cell_is_unguarded_to_what_it_was(text: str) -> None:
    assert table.unguard(table.guard(text)) == text


@_HOSTILE
@given(st.lists(items, min_size=1, max_size=3))
def test_tagged_formats_have_one_field_a_line(exported: list[Item]) -> None:
    for write, first, tag, title in (
        (write_endnote, "%0 ", r"%(\S) (.*)", "T"),
        (write_noteexpress, "{Reference Type}: ", r"\{([A-Z][A-Za-z/ ]+)\}: (.*)", "Title"),
    ):
        blocks = _several([write(item) for item in exported]).split("\r\n\r\n")
        assert blocks.pop() == ""
        assert len(blocks) == len(exported)
        for block, item in zip(blocks, exported, strict=True):
            assert block.startswith(first)
            fields = [re.fullmatch(tag, one) for one in block.split("\r\n")]
            assert all(fields)
            assert [one[2] for one in fields if one and one[1] == title] == [item.title]


def test_five_thousand_authors_are_all_there() -> None:
    assert len(rispy.loads(write_ris(_CROWD))[0]["authors"]) == 5000
    assert len(next(iter(parse_string(write_bibtex(_CROWD), "bibtex").entries.values())).persons["author"]) == 5000
    assert len(json.loads(write_csl(_CROWD))["author"]) == 5000
    assert write_endnote(_CROWD).count("%A ") == write_noteexpress(_CROWD).count("{Author}: ") == 5000
    assert next(csv.DictReader(io.StringIO(table.header() + table.write_row(_CROWD))))["author_count"] == "5000"


def test_chinese_names_have_neither_space_nor_comma() -> None:
    assert "AU  - 王小明\r\n" in write_ris(CHINESE)
    assert "author = {王小明 and 欧阳娜 and" in write_bibtex(CHINESE)
    assert "%A 王小明\r\n" in write_endnote(CHINESE)
    assert "{Author}: 王小明\r\n" in write_noteexpress(CHINESE)
    assert json.loads(write_csl(CHINESE))["author"][0] == {"family": "王", "given": "小明"}


def test_a_group_is_kept_together() -> None:
    group = dataclasses.replace(
        ENGLISH, people=(Person(name="Centers for Disease Control and Prevention, US", is_group=True),)
    )
    persons = next(iter(parse_string(write_bibtex(group), "bibtex").entries.values())).persons["author"]
    assert [str(person) for person in persons] == ["{Centers for Disease Control and Prevention, US}"]
    assert "%A Centers for Disease Control and Prevention,, US\r\n" in write_endnote(group)
    assert json.loads(write_csl(group))["author"] == [{"literal": "Centers for Disease Control and Prevention, US"}]


def test_identifiers_address_and_pages_stand_where_readers_look() -> None:
    ris = rispy.loads(write_ris(ENGLISH))[0]
    assert (ris["start_page"], ris["end_page"], ris["accession_number"], ris["custom2"]) == (
        "100",
        "110",
        "123",
        "PMC9",
    )
    entry = next(iter(parse_string(write_bibtex(ENGLISH), "bibtex").entries.values()))
    assert (entry.fields["doi"], entry.fields["pages"]) == ("10.1000/x_1", "100--110")
    assert entry.fields["url"] == "https://a.example/x"
