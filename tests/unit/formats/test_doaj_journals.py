"""DOAJ's journals: CSV, JSON and Dublin Core."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harvesters.errors import FormatError
from harvesters.formats import describe_journal
from harvesters.formats.description import RawIdentifier, RawSubject
from harvesters.records import RawRecord

HEADER = (
    "\ufeffJournal title ,JOURNAL URL,URL in DOAJ,Alternative title,Journal ISSN (print version),"
    "Journal EISSN (online version),Keywords,Languages in which the journal accepts manuscripts,Publisher,"
    "Country of publisher,Journal license,Subjects,LCC Codes,A column of 2031\n"
)


def record(prefix: str, body: bytes, head: bytes = b"") -> RawRecord:
    """Return a journal's record."""
    return RawRecord(
        source="j",
        identifier="j",
        metadata_prefix=prefix,
        datestamp="",
        body=body,
        head=head,
        received_at=datetime.now(UTC),
    )


def test_a_row_is_read_by_the_names_of_its_columns() -> None:
    row = (
        '"Lakes, and Rivers",https://l.example,https://doaj.org/toc/1,Lacs,1234-5679,2049-3630,"water, lakes",'
        '"English, Modern Greek (1453-)",Lake Press,Kenya,"CC BY, CC BY-NC",'
        '"Science: Geology | Agriculture",QE1-996.5|S,x\n'
    )
    one = describe_journal(record("doaj_csv", row.encode(), HEADER.encode()))
    assert (one.title, one.alternative_titles, one.publisher) == ("Lakes, and Rivers", ("Lacs",), "Lake Press")
    assert one.issns == (
        RawIdentifier(value="1234-5679", scheme="ppub"),
        RawIdentifier(value="2049-3630", scheme="epub"),
    )
    assert (one.country, one.languages) == ("Kenya", ("English", "Modern Greek (1453-)"))
    assert one.licenses == ("CC BY", "CC BY-NC")
    assert one.subjects == (
        RawSubject(value="Geology", scheme="LCC", code="QE1-996.5"),
        RawSubject(value="Agriculture", scheme="LCC", code="S"),
    )
    assert [keyword.value for keyword in one.keywords] == ["water", "lakes"]
    assert one.homepage == "https://l.example"


def test_columns_that_are_absent_say_nothing() -> None:
    one = describe_journal(record("doaj_csv", b"Lakes,2049-3630\n", b"Journal title,Journal EISSN (online version)\n"))
    assert (one.title, one.publisher, one.languages, one.subjects) == ("Lakes", None, (), ())


def test_every_recorded_journal_is_read(recorded: Path) -> None:
    found = json.loads((recorded / "doaj" / "jaod_journal_search_params_01.json").read_bytes())["results"]
    for one in found:
        said = describe_journal(record("doaj_json", json.dumps(one).encode()))
        assert said.title
        assert said.issns
        assert (said.publisher, said.country) != (None, None)
        assert said.licenses
        assert all(subject.code and subject.scheme == "LCC" for subject in said.subjects)
        assert said.homepage is None or said.homepage.startswith("http")
    old = (recorded / "doaj" / "span_doaj_02ce7f2b.ldj").read_bytes().splitlines()[0]
    said = describe_journal(record("doaj_json", old))
    assert (said.publisher, said.country, said.issns) == (
        "De Gruyter Open",
        "PL",
        (RawIdentifier(value="2300-3235", scheme="epub"),),
    )


def test_a_journal_of_the_oai_list_is_read() -> None:
    body = """<record><header><identifier>oai:doaj.org/journal:ab</identifier></header><metadata>
      <oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>Lakes</dc:title>
      <dc:identifier>2049-3630</dc:identifier><dc:identifier>https://doaj.org/toc/2049-3630</dc:identifier>
      <dc:language>EN</dc:language><dc:rights>CC BY</dc:rights><dc:publisher>Lake Press</dc:publisher>
      <dc:relation>https://l.example/waiver</dc:relation><dc:type>journal</dc:type><dc:subject>water</dc:subject>
      <dc:subject xsi:type="dcterms:LCC">Geology</dc:subject><dc:subject xsi:type="dcterms:LCC">QE1-996.5</dc:subject>
      </oai_dc:dc></metadata></record>"""
    one = describe_journal(record("oai_dc", body.encode()))
    assert (one.title, one.publisher, one.languages, one.licenses) == ("Lakes", "Lake Press", ("EN",), ("CC BY",))
    assert [each.value for each in one.issns] == ["2049-3630"]
    assert one.subjects == (RawSubject(value="Geology", scheme="LCC", code="QE1-996.5"),)
    assert [keyword.value for keyword in one.keywords] == ["water"]
    assert one.homepage is None, "its addresses come in no order"


@pytest.mark.parametrize(
    ("prefix", "body", "head"),
    [
        ("doaj_csv", b",2049-3630\n", b"Journal title,Journal EISSN (online version)\n"),
        ("doaj_csv", b"Lakes\n", b"Journal title,Journal EISSN (online version)\n"),
        ("doaj_csv", b"\xff\xfe,x\n", b"Journal title,Publisher\n"),
        ("doaj_csv", b"", b""),
        ("doaj_json", b"{}", b""),
        ("doaj_json", b"[]", b""),
        ("oai_dc", b"<dc/>", b""),
        ("oai_dc", b"no xml", b""),
        ("marcxml", b"<record/>", b""),
    ],
)
def test_what_is_no_journal_is_a_format_error_with_a_remedy(prefix: str, body: bytes, head: bytes) -> None:
    with pytest.raises(FormatError) as told:
        describe_journal(record(prefix, body, head))
    assert told.value.remedy
