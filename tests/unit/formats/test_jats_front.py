"""What is kept of full-text JATS articles."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from harvesters.errors import FormatError
from harvesters.formats.jats_front import cut_fronts, read_front
from harvesters.formats.jats_stream import MAX_ARTICLE, Article, articles_in

FRONT = (
    b"<front><article-meta><!-- </front> --><article-id pub-id-type='pmc'>123</article-id><title-group>"
    b"<article-title>Tides</article-title></title-group></article-meta></front>"
)
SUB = (
    b"<sub-article article-type='translation' xml:lang='es'><front-stub><title-group><article-title>Mareas"
    b"</article-title></title-group></front-stub><body><p>Texto</p></body></sub-article>"
)
ARTICLE = b"<article>" + FRONT + b"<body><p>Text <![CDATA[<front>]]></p></body><back/>" + SUB + b"</article>"


def articles(data: bytes) -> list[Article]:
    """Return what a file's articles are."""
    return list(articles_in(io.BytesIO(data)))


def test_the_fronts_are_kept_byte_for_byte_and_nothing_else() -> None:
    front = read_front(ARTICLE)
    sub = SUB.replace(b"<body><p>Texto</p></body>", b"")
    assert front.body == b"<article>" + FRONT + sub + b"</article>"
    assert front.identifier == "oai:pubmedcentral.nih.gov:123"
    assert [title.value for title in front.description.titles] == ["Tides", "Mareas"]


def test_every_recorded_article_says_from_its_fronts_what_it_says_whole(recorded: Path) -> None:
    count = whole = kept = 0
    for path in sorted((recorded / "pmc").iterdir()):
        if path.suffix not in {".xml", ".nxml"}:
            continue
        for article in articles(path.read_bytes()):
            if article.reason is None:
                front = read_front(article.body, article.head)  # which compares what both say
                assert front.body != article.body or b"<body" not in article.body, path.name
                count, whole, kept = count + 1, whole + len(article.body), kept + len(front.body)
    assert count == 35
    assert kept < 0.12 * whole


def test_where_the_cut_would_say_less_the_whole_is_kept() -> None:
    odd = ARTICLE.replace(b"<front>", b"<front >", 1).replace(b"<back/>", b"<back/><!-- <sub-article> -->")
    assert read_front(odd).description == read_front(ARTICLE).description
    assert cut_fronts(b"<article><front></article>") is None
    assert cut_fronts(b"</front>") is None


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (b"<article-id pub-id-type='pmcid'>PMC7.2</article-id>", "oai:pubmedcentral.nih.gov:7"),
        (b"<article-id pub-id-type='doi'>10.5555/X</article-id>", "doi:10.5555/x"),
        (b"<article-id pub-id-type='pmcid'>none</article-id>", None),
        (b"", None),
    ],
)
def test_an_article_is_known_by_its_number_in_pmc_else_its_doi(ids: bytes, expected: str | None) -> None:
    body = b"<article><front><article-meta>" + ids + b"<title-group/></article-meta></front></article>"
    assert read_front(body).identifier == expected


@pytest.mark.parametrize(
    "body",
    [b"<article><body/></article>", b"<article><front></article>", b"<articles/>", b"", b"<article>&x</article>"],
)
def test_what_is_no_article_is_a_format_error(body: bytes) -> None:
    with pytest.raises(FormatError):
        read_front(body)


def test_a_set_of_articles_is_cut_one_by_one_with_what_stands_around_them() -> None:
    data = (
        b"<?xml version='1.0'?>\n<!DOCTYPE x><pmc-articleset xmlns:q='u'><note/>" + ARTICLE * 3 + b"</pmc-articleset>"
    )
    found = articles(data)
    assert [one.body for one in found] == [ARTICLE] * 3
    assert {one.head for one in found} == {b"<?xml version='1.0'?><pmc-articleset xmlns:q='u'>"}
    assert read_front(found[1].body, found[1].head).identifier


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><p>Busy</p></html>", "no JATS"),
        (b"%PDF-1.4", "no JATS"),
        (b"<article><front>", "not closed"),
        (b"<!DOCTYPE article [<!ENTITY a 'aaaa'>]><article><front/></article>", "entities"),
        ("<article/>".encode("utf-16"), "no JATS"),
    ],
)
def test_a_file_without_articles_says_why(data: bytes, said: str) -> None:
    (one,) = articles(data)
    assert said in (one.reason or "")
    assert one.remedy


def test_an_article_without_end_is_held_only_to_the_limit() -> None:
    class Endless(io.RawIOBase):
        sent = 0

        def read(self, size: int = -1) -> bytes:
            Endless.sent += size
            return (b"<article>" if Endless.sent == size else b"").ljust(size, b" ")

    (one,) = articles_in(Endless())  # type: ignore[arg-type]
    assert "more than 64 MiB" in (one.reason or "")
    assert Endless.sent <= MAX_ARTICLE + (1 << 20)


@pytest.mark.parametrize("opening", [b"<!--", b"<?", b"<![CDATA["])
def test_what_is_opened_a_hundred_thousand_times_and_never_closed_takes_no_time(opening: bytes) -> None:
    assert articles(opening * 100_000 + b"<article/>")[0].reason
    with pytest.raises(FormatError):
        read_front(b"<article>&nbsp;" + opening * 100_000 + b"</article>")
