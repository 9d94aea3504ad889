"""DOAJ's dump and journal CSV from files."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from harvesters.errors import BadTokenError, HarvestError
from harvesters.files.doaj import DumpLister, JournalsLister
from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from tests.repository.doaj_api import article

EVER = Window()


def source(path: Path, kind: str = "doaj-dump", **values: object) -> Source:
    """Return a source that is a file or folder."""
    return Source.of({"id": "dump", "name": "Dump", "kind": kind, "endpoint": str(path), **values})


def pages_of(lister: DumpLister | JournalsLister, token: str | None = None) -> list[Page]:
    """Return all pages of a list."""
    return list(lister.list_records("", EVER, token=token))


def records_of(pages: list[Page]) -> list[RawRecord]:
    """Return all records of pages."""
    return [record for page in pages for record in page.records]


def reasons(pages: list[Page]) -> list[str]:
    """Return what is said of each damaged piece."""
    return [one.reason for page in pages for one in page.damaged]


def make_dump(path: Path, batches: dict[str, bytes], *, extra: list[tarfile.TarInfo] | None = None) -> Path:
    """Write a tar.gz as DOAJ's dump is."""
    with tarfile.open(path, "w:gz") as archive:
        for info in extra or []:
            archive.addfile(info)
        for name, body in batches.items():
            info = tarfile.TarInfo(f"doaj_article_data_2026-11-01/{name}")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return path


def batch(*numbers: int) -> bytes:
    """Return a batch of articles."""
    return b"[" + b", ".join(article(number) for number in numbers) + b"]"


def test_a_dump_is_read_as_sent_without_being_unpacked(tmp_path: Path) -> None:
    dump = make_dump(
        tmp_path / "dump.tar.gz",
        {"article_batch_1.json": batch(*range(700)), "article_batch_2.json": batch(*range(700, 900)), "README": b"x"},
    )
    pages = pages_of(DumpLister(source(dump)))
    records = records_of(pages)
    assert [record.body for record in records] == [article(number) for number in range(900)]
    assert records[5].identifier == f"oai:doaj.org/article:{5:032x}"
    assert {record.datestamp for record in records} == {"2026-10-01T00:00:00Z"}
    assert [path.name for path in tmp_path.iterdir()] == ["dump.tar.gz"]
    assert (len(pages), pages[-1].token) == (2, None)


def test_a_dump_goes_on_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    dump = make_dump(
        tmp_path / "d.tar.gz", {f"article_batch_{n}.json": batch(*range(n * 400, n * 400 + 400)) for n in (1, 2)}
    )
    first = next(DumpLister(source(dump)).list_records("", EVER))
    rest = pages_of(DumpLister(source(dump)), token=first.token)
    assert [record.body for record in records_of([first, *rest])] == [article(number) for number in range(400, 1200)]
    make_dump(dump, {"article_batch_1.json": batch(1)})
    with pytest.raises(BadTokenError):
        pages_of(DumpLister(source(dump)), token=first.token)


def test_what_is_broken_is_named_by_batch_and_place(tmp_path: Path) -> None:
    body = b"[" + b",".join([article(1), article(2)[:-1], article(3), b'{"id":"x"}', article(4)]) + b"]"
    journals = json.dumps([{"id": "j" * 32, "bibjson": {"title": "J", "pissn": "1234-5679"}}]).encode()
    dump = make_dump(tmp_path / "d.tar.gz", {"article_batch_7.json": body, "journal_batch_1.json": journals})
    pages = pages_of(DumpLister(source(dump)))
    assert len(records_of(pages)) == 3
    said = reasons(pages)
    assert [("article_batch_7.json: object 2" in one, "article_batch_7.json: object 4" in one) for one in said[:2]] == [
        (True, False),
        (False, True),
    ]
    assert "no articles" in said[2]
    assert "journal_batch_1.json" in said[2]
    assert 'describes = "journals"' in pages[0].damaged[2].remedy


def test_links_devices_and_giants_of_an_archive_are_refused_by_name(tmp_path: Path) -> None:
    link = tarfile.TarInfo("article_batch_0.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device = tarfile.TarInfo("article_batch_9.json")
    device.type = tarfile.CHRTYPE
    outside = tarfile.TarInfo("../../article_batch_8.json")
    dump = make_dump(tmp_path / "d.tar.gz", {"article_batch_1.json": batch(1)}, extra=[link, device, outside])
    pages = pages_of(DumpLister(source(dump)))
    assert len(records_of(pages)) == 1
    assert ["link or a device" in one for one in reasons(pages)] == [True, True]
    assert [path.name for path in tmp_path.iterdir()] == ["d.tar.gz"]


def test_a_member_with_absurd_attributes_does_not_fill_the_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("article_batch_1.json")
    info.type, info.size = tarfile.XHDTYPE, (1 << 33) - 1
    path = tmp_path / "d.tar"
    path.write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 10240)
    with pytest.raises(HarvestError, match="attributes"):
        pages_of(DumpLister(source(path)))


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_dump_that_ends_in_the_middle_is_never_complete(tmp_path: Path, share: float) -> None:
    dump = make_dump(
        tmp_path / "d.tar.gz", {f"article_batch_{n}.json": batch(*range(n * 3000, n * 3000 + 3000)) for n in (1, 2)}
    )
    dump.write_bytes(dump.read_bytes()[: int(dump.stat().st_size * share)])
    pages: list[Page] = []
    with pytest.raises(HarvestError, match="damaged or ends in the middle"):
        for page in DumpLister(source(dump)).list_records("", EVER):
            pages.append(page)  # noqa: PERF402  # what came before the error counts
    assert len(records_of(pages)) > 0
    assert all(page.token for page in pages)


def test_batches_lines_and_saved_answers_are_read_from_a_folder(tmp_path: Path, recorded: Path) -> None:
    folder = recorded / "doaj"
    for name in ("span_doaj.ldj", "fatcat_example_doaj_articles.jsonl", "pairs_articles.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "answer.json").write_bytes((folder / "jaod_article_search_params_01.json").read_bytes())
    (tmp_path / "batch.json").write_bytes(batch(1, 2))
    pages = pages_of(DumpLister(source(tmp_path)))
    assert (len(records_of(pages)), reasons(pages)) == (10 + 5 + 3 + 30 + 2, [])
    journals = DumpLister(source(folder / "jaod_journal_search_params_01.json", describes="journals"))
    assert {one.identifier[:21] for one in records_of(pages_of(journals))} == {"oai:doaj.org/journal:"}


HEADER = (
    "Journal title,Journal URL,URL in DOAJ,Alternative title,Journal ISSN (print version),"
    "Journal EISSN (online version),Keywords,Languages in which the journal accepts manuscripts,Publisher,"
    "Country of publisher,Journal license,Subjects,LCC Codes,Last updated Date\r\n"
)
ROW = (
    '"Lakes, ""Rivers"" and\r\nSeas",https://lakes.example/,https://doaj.org/toc/2049-3630,,,2049-3630,'
    '"water, lakes",English,Lake Press,Kenya,CC BY,Science: Geology | Agriculture,QE1-996.5|S,2026-05-06T07:08:09Z\r\n'
)


def test_the_journal_csv_is_read_row_by_row_as_sent(tmp_path: Path) -> None:
    path = tmp_path / "journals.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + ROW).encode())
    (record,) = records_of(pages_of(JournalsLister(source(path, "doaj-journals"))))
    assert (record.identifier, record.datestamp) == ("issn:2049-3630", "2026-05-06T07:08:09Z")
    assert record.body == ROW.rstrip("\r\n").encode()


def test_rows_that_cannot_be_used_are_named_and_a_stray_mark_swallows_no_journal(tmp_path: Path) -> None:
    def row(title: str, issn: str) -> str:
        return f"{title},,,,,{issn},,,,,,,,\r\n"

    rows = [
        row("Good one", "2049-3630"),
        row("", "1234-5679"),
        row("No number", ""),
        row('A 5" disk', "0000-0019"),
        row("After the mark", "0000-0027"),
        row('The 3" disk', "0000-0035"),
        "too,few,cells\r\n",
        row('"Never closed', "0000-0043"),
        row("The last", "0000-0051"),
    ]
    path = tmp_path / "journals.csv"
    path.write_text(HEADER + "".join(rows), encoding="utf-8", newline="")
    pages = pages_of(JournalsLister(source(path, "doaj-journals")))
    good = {record.identifier for record in records_of(pages)}
    assert {"issn:2049-3630", "issn:0000-0019", "issn:0000-0027", "issn:0000-0035", "issn:0000-0051"} <= good
    said = " / ".join(reasons(pages))
    for one in ("row 3: It has no title", "row 4: It has no ISSN", "3 cells"):
        assert one in said
    assert len(good) + len(reasons(pages)) == len(rows)


def test_the_recorded_csv_of_8_columns_is_read_whole(recorded: Path) -> None:
    pages = pages_of(JournalsLister(source(recorded / "doaj" / "journals_csv_8_columns.csv", "doaj-journals")))
    assert (len(records_of(pages)), reasons(pages)) == (5000, [])


def test_another_csv_is_told_from_doajs(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name,price\nlake,3\n", encoding="utf-8")
    with pytest.raises(HarvestError, match="not DOAJ's journal CSV"):
        pages_of(JournalsLister(source(path, "doaj-journals")))
