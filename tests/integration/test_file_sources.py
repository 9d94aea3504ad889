"""Files of the library's own are harvested, joined and found like any repository; what cannot be used is named."""

from __future__ import annotations

import csv
import gzip
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from harvesters.sources.definition import Source
from indexer.storage import schema
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.settings import Settings
from tests.integration.conftest import add_source, harvest
from tests.repository import Item, ListRepository
from tests.unit.files.marc_bytes import NAMESPACE, iso2709, marcxml


@dataclass(frozen=True, kw_only=True)
class Book:
    id: str
    title: str
    author: str
    year: str
    isbn: str


BOOKS = (
    Book(id="b1", title="高等数学教程", author="张三", year="2015", isbn="9787302000013"),
    Book(id="b2", title="Introduction to Limnology", author="Smith, Jane", year="2001", isbn="9783161484100"),
    Book(id="b3", title="Ökologie der Städte", author="Müller, Jürgen", year="1999", isbn="9780306406157"),
)
#: A title of BOOKS with one word changed.
CHANGED = "Introduction to Oceanography"


def a_csv(books: tuple[Book, ...], *, bad: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["编号", "题名", "作者", "出版年", "ISBN", "类型"])
    writer.writerows([one.id, one.title, one.author, one.year, one.isbn, "图书"] for one in books)
    if bad:
        writer.writerow(["b9", "缺少单元格"])
    return text.getvalue().encode("utf-8-sig")


def a_kbart(books: tuple[Book, ...], *, bad: bool) -> bytes:
    columns = (
        "publication_title\tprint_identifier\tdate_monograph_published_print\ttitle_url\tfirst_author\ttitle_id\t"
        "publication_type"
    )
    rows = [f"{b.title}\t{b.isbn}\t{b.year}\thttps://x.example/{b.id}\t{b.author}\t{b.id}\tmonograph" for b in books]
    if bad:
        rows.append("\t9780000000000\t2001\thttps://x.example/b9\t\tb9\tmonograph")
    return "\n".join([columns, *rows]).encode()


def fields_of(book: Book) -> list[tuple[str, ...]]:
    return [
        ("001", book.id),
        ("020", "  ", f"a{book.isbn}"),
        ("245", "00", f"a{book.title} /", f"c{book.author}."),
        ("264", " 1", f"c{book.year}."),
        ("700", "1 ", f"a{book.author}"),
    ]


def a_marc(books: tuple[Book, ...], *, bad: bool) -> bytes:
    records = [iso2709(*fields_of(book)) for book in books]
    return b"".join(records) + (iso2709(("001", "b9"), ("264", " 1", "c2001")) if bad else b"")


def a_marcxml(books: tuple[Book, ...], *, bad: bool) -> bytes:
    records = [marcxml(*fields_of(book), prefix="marc") for book in books]
    if bad:
        records.append("<marc:record><marc:leader>x</marc:record>")
    return (
        f'<?xml version="1.0"?><marc:collection xmlns:marc="{NAMESPACE}">{"".join(records)}</marc:collection>'.encode()
    )


def a_ris(books: tuple[Book, ...], *, bad: bool) -> bytes:
    records = [
        f"TY  - BOOK\r\nID  - {b.id}\r\nTI  - {b.title}\r\nAU  - {b.author}\r\n"
        f"PY  - {b.year}\r\nSN  - {b.isbn}\r\nER  - \r\n"
        for b in books
    ]
    return "\r\n".join([*records, *(["TY  - BOOK\r\nAU  - Nobody\r\nER  - \r\n"] if bad else [])]).encode()


def a_bibtex(books: tuple[Book, ...], *, bad: bool) -> bytes:
    entries = [
        f"@book{{{b.id},\n title = {{{b.title}}},\n author = {{{b.author}}},\n"
        f" year = {b.year}, isbn = {{{b.isbn}}}\n}}\n"
        for b in books
    ]
    return "".join([*entries, *(["@book{b9, author = {Nobody}}\n"] if bad else [])]).encode()


_COMMAND = [sys.executable, "-c", "from search_api.cli import main; main()"]
Write = Callable[..., bytes]
#: Where the bad row stands behind 1,700 good ones, by where it stands behind three.
LAST = {"row 5": 1702, "record 4": 1701, "entry 4": 1701}
KINDS = [
    pytest.param("csv", "books.csv", a_csv, "row 5", id="csv"),
    pytest.param("kbart", "books.tsv", a_kbart, "row 5", id="kbart"),
    pytest.param("marc", "books.mrc", a_marc, "record 4", id="marc"),
    pytest.param("marc", "books.xml", a_marcxml, "record 4", id="marcxml"),
    pytest.param("ris", "books.ris", a_ris, "record 4", id="ris"),
    pytest.param("bibtex", "books.bib", a_bibtex, "entry 4", id="bibtex"),
]


def file_source(library: Library, kind: str, path: Path, name: str = "own", **values: object) -> Source:
    source = Source.of({"id": name, "name": "Our own books", "kind": kind, "endpoint": str(path), **values})
    library.store.sources.add(source)
    return source


def titles(library: Library, query: str) -> list[str]:
    answer = TestClient(make_app(library)).get("/v1/works", params={"q": query, "fields": "card"})
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["results"]]


@pytest.mark.parametrize(("kind", "name", "write", "place"), KINDS)
def test_each_kind_of_file_is_harvested_found_and_followed(
    embedded: Library, tmp_path: Path, kind: str, name: str, write: Write, place: str
) -> None:
    path = tmp_path / name
    path.write_bytes(write(BOOKS, bad=True))
    source = file_source(embedded, kind, path)
    first = harvest(embedded, source)
    assert (first.status, first.received, first.new, first.quarantined) == ("complete", 4, 3, 1), first.error
    (row,) = embedded.store.quarantine.list()
    assert (row["url"], row["source"]) == (f"{name}, {place}", "own")
    assert row["reason"].startswith(f"{name}, {place}: ")
    assert "harvest" in row["remedy"]
    joined, _ = embedded.bring_up_to_date()
    assert (joined.records, joined.quarantined) == (3, 0)

    assert titles(embedded, "limnology") == ["Introduction to Limnology"]
    assert titles(embedded, "数学") == ["高等数学教程"]
    assert titles(embedded, "author:Müller") == ["Ökologie der Städte"]
    assert titles(embedded, "author:张三") == ["高等数学教程"]
    assert titles(embedded, "9780306406157") == ["Ökologie der Städte"]
    assert titles(embedded, "type:book year:2001") == ["Introduction to Limnology"]

    again = harvest(embedded, source)
    assert (again.status, again.received, again.unchanged, again.quarantined) == ("complete", 4, 3, 1)
    assert len(embedded.store.quarantine.list()) == 1

    edited = (BOOKS[0], Book(**{**vars(BOOKS[1]), "title": CHANGED}), BOOKS[2])
    path.write_bytes(write(edited, bad=False))
    after = harvest(embedded, source)
    assert (after.status, after.new, after.changed, after.unchanged, after.quarantined) == ("complete", 0, 1, 2, 0)
    assert embedded.store.quarantine.list() == []  # the bad row is gone from the file
    embedded.bring_up_to_date()
    assert titles(embedded, "limnology") == []
    assert titles(embedded, "oceanography") == [CHANGED]


@pytest.mark.parametrize(("kind", "name", "write", "place"), KINDS)
def test_a_harvest_that_ended_in_mid_file_goes_on_there(
    embedded: Library, tmp_path: Path, kind: str, name: str, write: Write, place: str
) -> None:
    books = tuple(
        Book(id=f"k{number}", title=f"Volume {number}", author="Smith, Jane", year="2001", isbn="")
        for number in range(1700)
    )
    path = tmp_path / name
    path.write_bytes(write(books, bad=True))
    source = file_source(embedded, kind, path)
    part = harvest(embedded, source, max_records=600)
    assert (part.status, part.received) == ("incomplete", 1000)
    rest = harvest(embedded, source)
    assert (rest.status, rest.resumed, rest.received, rest.new, rest.duplicates, rest.quarantined) == (
        "complete",
        True,
        1701,
        1700,
        0,
        1,
    )
    assert [row["url"] for row in embedded.store.quarantine.list()] == [
        f"{name}, {place.split(maxsplit=1)[0]} {LAST[place]}"
    ]


def test_a_bad_row_in_the_first_half_of_a_resumed_harvest_stays_named(embedded: Library, tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text("\n".join(["id,title", "bad", *(f"{number},Volume" for number in range(900))]), encoding="utf-8")
    source = file_source(embedded, "csv", path)
    assert harvest(embedded, source, max_records=400).status == "incomplete"
    assert harvest(embedded, source).resumed
    assert [row["url"] for row in embedded.store.quarantine.list()] == ["books.csv, row 2"]


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
@pytest.mark.parametrize(("kind", "name", "write", "place"), KINDS)
def test_a_cut_file_is_incomplete_at_once_and_takes_nothing_for_deleted(
    embedded: Library, tmp_path: Path, kind: str, name: str, write: Write, place: str, packed: Callable[[bytes], bytes]
) -> None:
    books = tuple(
        Book(id=f"k{number}", title=f"Volume {number}", author="Smith, Jane", year="2001", isbn="")
        for number in range(4)
    )
    path = tmp_path / name
    whole = write(books, bad=False).rstrip()
    last = whole.rindex(b"Volume 3")
    path.write_bytes(packed(whole[: last + 3]))
    source = file_source(embedded, kind, path)
    for new in (3, 0):
        cut = harvest(embedded, source)
        assert (cut.status, cut.new, cut.deleted, cut.quarantined) == ("incomplete", new, 0, 1), cut.error
        assert f"{name} ends in the middle of" in (cut.error or "")
        (row,) = embedded.store.quarantine.list()
        assert row["url"] == f"{name}, {place}"
    path.write_bytes(packed(whole))
    mended = harvest(embedded, source)
    assert (mended.status, mended.new, mended.unchanged) == ("complete", 1, 3)
    assert embedded.store.quarantine.list() == []
    before = records_of(embedded)
    path.write_bytes(packed(whole[: last + 3]))
    later = harvest(embedded, source)
    assert (later.status, later.unchanged, later.deleted, later.quarantined) == ("incomplete", 3, 0, 1)
    assert records_of(embedded) == before
    assert count_live(embedded) == 4


def count_live(library: Library) -> int:
    with library.store.database.read() as connection:
        deleted = connection.scalars(select(schema.raw_records.c.deleted)).all()
    return len(deleted) - sum(map(bool, deleted))


def test_a_folder_names_what_it_does_not_read_and_takes_nothing_for_deleted_meanwhile(
    embedded: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "books.csv").write_bytes(a_csv(BOOKS, bad=False))
    source = file_source(embedded, "csv", folder)
    assert harvest(embedded, source).status == "complete"
    (folder / "books.csv").write_bytes(a_csv(BOOKS[:1], bad=False))
    (folder / "more.ris").write_bytes(a_ris(BOOKS[1:], bad=False))
    report = harvest(embedded, source)
    assert (report.status, report.deleted, report.quarantined) == ("incomplete", 0, 1)
    assert "nothing was deleted" in (report.error or "")
    (row,) = embedded.store.quarantine.list()
    assert row["url"] == "more.ris"
    assert "It looks like ris, while this source reads csv." in row["reason"]
    (folder / "more.ris").unlink()
    after = harvest(embedded, source)
    assert (after.status, after.deleted, after.quarantined) == ("complete", 2, 0)
    assert embedded.store.quarantine.list() == []


def records_of(library: Library) -> dict[str, tuple[str, bytes]]:
    key = library.store.sources.keys()["own"]
    with library.store.database.read() as connection:
        names = connection.scalars(select(schema.raw_records.c.identifier)).all()
    found = {}
    for name in names:
        group = library.store.raw.of(key, name)
        assert group is not None
        found[name] = (group.records[0].datestamp, group.records[0].head + group.records[0].body)
    return found


def test_a_harvest_that_is_killed_again_and_again_ends_as_one_that_was_not(tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text(
        "\n".join(["id,title,abstract", *(f"{number},Volume {number},{'word ' * 30}" for number in range(4_000))]),
        encoding="utf-8",
    )
    with open_library(Settings(data_dir=tmp_path / "whole"), sources=[]) as library:
        assert harvest(library, file_source(library, "csv", path)).status == "complete"
        expected = records_of(library)
    settings = Settings(data_dir=tmp_path / "killed")
    with open_library(settings, sources=[]) as library:
        file_source(library, "csv", path)
        environment = {**os.environ, "KAIJUAN_DATA_DIR": str(settings.data_dir)}
        kills = 0
        for pages in (1, 3, 6):
            process = subprocess.Popen([*_COMMAND, "harvest", "own", "--json"], env=environment, stdout=subprocess.PIPE)
            while process.poll() is None and library.store.raw.count_pending() < pages * 500:
                time.sleep(0.005)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.communicate()
            if process.returncode == 0:
                break
        else:
            assert harvest(library, library.store.sources.get("own")).status == "complete"
        assert kills >= 1
        assert records_of(library) == expected


def test_a_file_that_changed_after_an_interrupted_harvest_is_read_anew(embedded: Library, tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    rows = [f"{number},Volume {number}" for number in range(1200)]
    path.write_text("\n".join(["id,title", *rows]), encoding="utf-8")
    source = file_source(embedded, "csv", path)
    assert harvest(embedded, source, max_records=600).status == "incomplete"
    path.write_text("\n".join(["id,title", "new,Volume in front", *rows]), encoding="utf-8")
    after = harvest(embedded, source)
    assert (after.status, after.received, after.new, after.unchanged) == ("complete", 1201, 201, 1000)


@pytest.mark.parametrize(
    "query", ["978-0-306-40615-7", "9780306406157", "0-306-40615-2", "0306406152", "isbn:0306406152"]
)
@pytest.mark.parametrize("written", ["9780306406157", "978-0-306-40615-7", "0306406152", "0-306-40615-2"])
def test_a_book_is_found_by_its_isbn_however_either_is_written(
    embedded: Library, tmp_path: Path, written: str, query: str
) -> None:
    path = tmp_path / "books.csv"
    path.write_text(f"编号,题名,ISBN\nb1,高等数学教程,{written}\nb2,线性代数,978-7-302-00001-3\n", encoding="utf-8")
    harvest(embedded, file_source(embedded, "csv", path))
    embedded.bring_up_to_date()
    assert titles(embedded, query) == ["高等数学教程"]
    assert titles(embedded, "9787302000013") == titles(embedded, "978-7-302-00001-3") == ["线性代数"]


def test_a_missing_file_fails_with_the_remedy_and_keeps_what_there_was(embedded: Library, tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_bytes(a_csv(BOOKS, bad=False))
    source = file_source(embedded, "csv", path)
    harvest(embedded, source)
    path.unlink()
    report = harvest(embedded, source)
    assert (report.status, report.received) == ("failed", 0)
    assert "books.csv cannot be read" in (report.error or "")
    assert str(tmp_path) not in (report.error or "")
    embedded.bring_up_to_date()
    assert titles(embedded, "limnology") == ["Introduction to Limnology"]


def test_columns_with_names_of_their_own_are_told_in_the_settings(embedded: Library, tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text("Signatur;Werk;Person\nA1;Seenkunde;Schmidt, Eva\n", encoding="cp1252")
    refused = harvest(embedded, file_source(embedded, "csv", path))
    assert refused.status == "failed"
    assert "Signatur | Werk | Person" in (refused.error or "")
    named = file_source(embedded, "csv", path, "named", columns={"id": "Signatur", "title": "Werk", "author": "Person"})
    assert harvest(embedded, named).status == "complete"
    embedded.bring_up_to_date()
    assert titles(embedded, "author:Schmidt") == ["Seenkunde"]


@pytest.mark.parametrize("root", ["record", "collection"])
@pytest.mark.parametrize("prefix", ["", "marc"])
def test_a_repository_that_sends_marcxml_is_harvested_like_any(embedded: Library, prefix: str, root: str) -> None:
    def metadata(book: Book) -> str:
        record = marcxml(*fields_of(book), prefix=prefix, declare=True)
        mark = f"{prefix}:" if prefix else ""
        declared = f'xmlns{":" + prefix if prefix else ""}="{NAMESPACE}"'
        return f"<{mark}collection {declared}>{record}</{mark}collection>" if root == "collection" else record

    items = [Item(f"oai:x:{book.id}", "2026-01-01T00:00:00Z", metadata=metadata(book)) for book in BOOKS]
    with ListRepository(items, prefixes=("marcxml",), page_size=2) as repository:
        report = harvest(embedded, add_source(embedded, "x", repository.url, "marcxml"))
        assert (report.status, report.received, report.new) == ("complete", 3, 3)
        again = harvest(embedded, embedded.store.sources.get("x"))
        assert (again.unchanged, again.changed) == (3, 0)
    joined, _ = embedded.bring_up_to_date()
    assert (joined.records, joined.quarantined) == (3, 0), embedded.store.quarantine.list()
    assert titles(embedded, "数学") == ["高等数学教程"]
    assert titles(embedded, "9780306406157") == ["Ökologie der Städte"]
