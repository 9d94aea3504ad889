"""DOAJ's article JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harvesters.doaj.article_json import read_json_record
from harvesters.errors import FormatError
from harvesters.formats import describe
from harvesters.formats.description import Description, RawIdentifier, RawSubject
from harvesters.records import RawRecord
from indexer.normalise.manifestation import normalise


def record(value: Any) -> RawRecord:
    """Return a record with this JSON."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return RawRecord(
        source="doaj",
        identifier="oai:doaj.org/article:" + "ab" * 16,
        metadata_prefix="doaj_json",
        datestamp="2026-10-01T00:00:00Z",
        body=body,
        received_at=datetime.now(UTC),
    )


def said(**bibjson: Any) -> Description:
    """Return what an article with this bibjson says."""
    return describe(record({"id": "ab" * 16, "bibjson": {"title": "Lakes", **bibjson}}))


def recorded_articles(folder: Path) -> Iterator[bytes]:
    """Yield every recorded article."""
    for name in ("span_doaj.ldj", "fatcat_example_doaj_articles.jsonl"):
        yield from (line for line in (folder / name).read_bytes().splitlines() if line.strip())
    for name in ("jaod_article_search_00.json", "jaod_article_search_params_01.json", "pairs_articles.json"):
        value = json.loads((folder / name).read_bytes())
        yield from (json.dumps(one).encode() for one in (value["results"] if isinstance(value, dict) else value))


def test_the_dirt_of_real_articles_is_read() -> None:
    one = said(
        year="2020",
        month="0",
        start_page="3",
        end_page="9",
        journal={"title": "J", "volume": "Volume 16", "number": "", "language": ["EN", "ES"], "issns": ["2049-3630"]},
        identifier=[
            {"type": "DOI", "id": "https://doi.org/10.5555/A"},
            {"type": "pissn", "id": "1234-5679"},
            {"type": None, "id": "10.5555/b"},
            {"id": None},
            "nothing",
        ],
        link=[
            {"url": "https://x.example/1", "type": "fulltext", "content_type": "{'x': 'http://www.crossref.org/'}"},
            {"url": "https://x.example/2.pdf", "type": "fulltext", "content_type": "PDF"},
            {"type": "fulltext"},
        ],
        subject=[{"scheme": "LCC", "term": "Science", "code": "Q"}, {"scheme": "LCC"}],
        keywords=["water", None, " "],
        author=[{"name": "A B", "orcid_id": "https://orcid.org/0000-0002-1825-0097", "affiliation": "Lake U"}, None],
    )
    assert [date.value for date in one.dates] == ["2020"]
    assert (one.volume, one.issue, one.first_page, one.last_page) == ("Volume 16", None, "3", "9")
    assert (one.languages, one.language_scope) == (("EN", "ES"), "container")
    assert one.identifiers == (
        RawIdentifier(value="https://doi.org/10.5555/A", scheme="doi"),
        RawIdentifier(value="10.5555/b"),
    )
    assert one.issns == (RawIdentifier(value="1234-5679", scheme="ppub"), RawIdentifier(value="2049-3630"))
    assert [(link.url, link.media) for link in one.links] == [
        ("https://x.example/1", None),
        ("https://x.example/2.pdf", "PDF"),
    ]
    assert one.subjects == (RawSubject(value="Science", scheme="LCC", code="Q"),)
    assert [keyword.value for keyword in one.keywords] == ["water"]
    assert [person.name for person in one.contributors] == ["A B"]


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("0", "2020"),
        (None, "2020"),
        ("02", "2020-02"),
        (8, "2020-08"),
        ("August", "2020-08"),
        ("13", "2020"),
        ({}, "2020"),
    ],
)
def test_a_month_is_a_number_a_word_or_nothing(month: object, expected: str) -> None:
    value = {"id": "ab" * 16, "bibjson": {"title": "On lakes", "year": "2020", "month": month}}
    assert str(normalise([record(value)], "doaj").published) == expected


def test_every_recorded_article_becomes_a_manifestation_known_as_in_oai(recorded: Path) -> None:
    count = with_doi = 0
    for body in recorded_articles(recorded / "doaj"):
        one = read_json_record(body, source="doaj", describes="articles", received_at=datetime.now(UTC))
        clean = normalise([one], "doaj")
        assert clean.identifier("doaj") == one.identifier.rpartition(":")[2]
        assert clean.container
        assert clean.container.title
        stated = [each for each in describe(one).identifiers if each.scheme == "doi"]
        is_real = any("10.123/" not in each.value for each in stated)  # one record has a DOI that is none
        assert (clean.identifier("doi") is not None) == is_real
        with_doi += is_real
        count += 1
    assert (count, with_doi) == (58, 44)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b'{"bibjson": 3}', b'{"bibjson": {}}', b"[" * 5000, b'{"a": "\xff"}', b"\x00"]
)
def test_what_is_no_article_is_a_format_error(body: bytes) -> None:
    with pytest.raises(FormatError):
        describe(record(body))


def test_values_of_the_wrong_kind_are_left_out_not_fatal() -> None:
    wrong: list[Any] = [None, 3, "text", [], {}, [1, [2]], {"a": {"b": 1}}, True]
    names = ("title", "abstract", "year", "month", "author", "identifier", "journal", "keywords", "subject", "link")
    for name in names:
        for value in wrong:
            said(**{name: value})
            said(journal={"title": value, "language": value, "issns": value, "license": value, "volume": value})
