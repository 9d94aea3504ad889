"""OALib's pages, hand-made after the facts: each selector, each fallback, and what hostile pages may not do."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harvesters.errors import FormatError, PageError
from harvesters.formats import describe
from harvesters.formats.description import Description
from harvesters.formats.oalib import (
    absolute,
    decode,
    describe_oalib,
    has_title,
    link_of,
    read_journal_list,
    read_journal_page,
    read_search_page,
    without_counters,
)
from harvesters.records import RawRecord

SITE = "https://www.oalib.com/journal/4054/1"
PAPER = """<!DOCTYPE html><html><head><title>OALib</title></head><body><div class="main contents">
<h1> Effects of H<sub>2</sub>O &amp; light
 on books [PDF] </h1>
<div><div><a href="//www.oalib.com/journal/4054/1">Journal of 1999 Studies</a> , 2013 </div></div>
<div id="author"><a href="#">Li Feng</a>, <a href="#">张伟</a></div>
<p class="doi">DOI : <a href="http://dx.doi.org/10.5555/AbC.1"><u>10.5555/AbC.1</u></a></p>
<p class="keyword"><a>open access</a>, <a>图书馆</a></p>
<span><div><p>We studied &lt;books&gt;.</p></div></span>
<p class="resetHref"><a href="//www.oalib.com/paper/pdf/890503#.Vx3a">Full-Text</a></p>
<span id="views">12</span></div></body></html>"""


def record(page: str | bytes, number: int = 890503) -> RawRecord:
    body = page if isinstance(page, bytes) else page.encode()
    return RawRecord(
        source="oalib",
        identifier=f"oalib:paper/{number}",
        metadata_prefix="oalib_html",
        datestamp="2026-11-22T00:00:00Z",
        body=body,
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def read(page: str | bytes) -> Description:
    return describe(record(page))


def test_all_that_a_paper_says_is_read() -> None:
    found = read(PAPER)
    assert [one.value for one in found.titles] == ["Effects of H2O & light on books"]
    assert [one.name for one in found.contributors] == ["Li Feng", "张伟"]
    assert (found.container_title, [one.value for one in found.dates]) == ("Journal of 1999 Studies", ["2013"])
    assert [(one.value, one.scheme) for one in found.identifiers] == [("http://dx.doi.org/10.5555/AbC.1", "doi")]
    assert [one.value for one in found.keywords] == ["open access", "图书馆"]
    assert [one.value for one in found.abstracts] == ["We studied <books>."]
    assert [(one.url, one.kind) for one in found.links] == [
        ("https://www.oalib.com/paper/pdf/890503", "fulltext"),
        ("https://www.oalib.com/paper/890503", "landing"),
    ]


def test_where_a_selector_finds_nothing_its_fallback_is_asked() -> None:
    page = """<html><head>
    <meta name="citation_title" content="A title"><meta name="citation_author" content="Ada">
    <meta name="citation_doi" content="10.5555/x"><meta name="citation_publication_date" content="2012/05">
    <meta name="citation_journal_title" content="J"><meta name="citation_abstract" content="Short.">
    <meta name="citation_pdf_url" content="https://example.org/1.pdf"></head><body><p>New form</p></body></html>"""
    found = read(page)
    assert [one.value for one in found.titles] == ["A title"]
    assert [one.name for one in found.contributors] == ["Ada"]
    assert (found.identifiers[0].value, found.container_title, found.dates[0].value) == ("10.5555/x", "J", "2012")
    assert (found.abstracts[0].value, found.links[0].url) == ("Short.", "https://example.org/1.pdf")


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ('<p class="doi">DOI : <a href="http://dx.doi.org/10.5555/AbC.1"><u>10.5555/AbC.1</u></a></p>', "", None),
        (
            '<a href="http://dx.doi.org/10.5555/AbC.1"><u>10.5555/AbC.1</u></a>',
            "<u>DOI : 10.5555/AbC.1</u>",
            "10.5555/AbC.1",
        ),
        ('<a href="http://dx.doi.org/10.5555/AbC.1"><u>10.5555/AbC.1</u></a>', "10.5555/AbC.1", "10.5555/AbC.1"),
        ('<p class="doi">', "<p>", "http://dx.doi.org/10.5555/AbC.1"),
        (
            '<p class="doi">DOI : <a href="http://dx.doi.org/10.5555/AbC.1"><u>10.5555/AbC.1</u></a></p>',
            "<p>DOI : 10.5555/AbC.1</p>",
            "10.5555/AbC.1",
        ),
    ],
)
def test_a_doi_is_found_in_each_place_and_may_be_absent(before: str, after: str, wanted: str | None) -> None:
    assert before in PAPER
    found = read(PAPER.replace(before, after))
    assert [one.value for one in found.identifiers] == ([wanted] if wanted else [])


def test_authors_without_links_are_parted() -> None:
    page = PAPER.replace('<div id="author"><a href="#">Li Feng</a>, <a href="#">张伟</a></div>', "{}")
    found = read(page.replace("{}", '<div class="authors">李锋；张伟, Ada Lovelace</div>'))
    assert [one.name for one in found.contributors] == ["李锋", "张伟", "Ada Lovelace"]


def test_a_page_in_a_chinese_encoding_is_read_without_the_servers_help() -> None:
    assert read(PAPER.replace("Effects of", "书的").encode("gb18030")).titles[0].value.startswith("书的")
    declared = (
        PAPER.replace("<head>", "<head><meta charset=big5>").replace("Effects of", "圖書").encode("big5", "ignore")
    )
    assert read(declared).titles[0].value.startswith("圖書")
    assert "�" in decode(b"<meta charset=utf-8>\xff\xfe broken")


def test_only_the_digits_of_the_counters_are_cut_out() -> None:
    page = PAPER.encode()
    assert without_counters(page) == page.replace(b'<span id="views">12<', b'<span id="views"><')
    one, other = (page.replace(b">12<", count) for count in (b">1,012<", b">\n 7 <"))
    assert one != other
    assert without_counters(one) == without_counters(other)
    assert without_counters(b"<p id='downloads' class=x>9</p><p id=view>9</p>") == (
        b"<p id='downloads' class=x></p><p id=view>9</p>"
    )


@pytest.mark.parametrize("body", [b"", b"\0\0", b"<!-- -->", b"<html></html>", PAPER.replace("h1", "h2").encode()])
def test_a_page_without_a_title_is_noticed(body: bytes) -> None:
    assert not has_title(body)
    assert has_title(PAPER.encode())


def test_an_error_pages_own_title_is_no_papers() -> None:
    assert not has_title(b"<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>")


def test_an_empty_body_is_refused_with_its_remedy() -> None:
    with pytest.raises(FormatError, match="empty") as caught:
        describe_oalib(record(b""))
    assert "harvesters/formats/oalib.py" in caught.value.remedy


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 200_000,
        b"<a id=views " * 100_000,
        b"new Pager(" * 100_000,
        b"<div class='contents'><p class=doi>" + b"DOI : " * 200_000,
        b"<meta charset=" * 100_000,
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><html><div class=contents><h1>&b;</h1></div></html>",
    ],
)
def test_a_hostile_page_costs_no_more_than_a_long_one(body: bytes) -> None:
    started = time.process_time()
    has_title(body)
    without_counters(body)
    describe_oalib(record(body))
    with pytest.raises(PageError):
        read_journal_page(body, url=SITE, journal=4054)
    assert time.process_time() - started < 5


class TestLinks:
    @pytest.mark.parametrize(
        ("href", "wanted"),
        [
            ("//www.oalib.com/paper/1657334#.Vx3a", ("paper", 1657334, 0)),
            ("http://oalib.com/paper/1/", ("paper", 1, 0)),
            ("/journal/4054/12", ("journal", 4054, 12)),
            ("/references/5710552", ("references", 5710552, 0)),
            ("https://www.oalib.com/articles/6798430", ("articles", 6798430, 0)),
            ("https://elsewhere.example/paper/1", (None, 0, 0)),
            ("https://evil-oalib.com/paper/1", (None, 0, 0)),
            ("https://oalib.com.evil.example/paper/1", (None, 0, 0)),
            ("javascript:void(0)", (None, 0, 0)),
            ("http://[", (None, 0, 0)),
            ("/paper/pdf/1", (None, 0, 0)),
            ("/paper/1e9", (None, 0, 0)),
            ("/paper/" + "9" * 5000, (None, 0, 0)),
        ],
    )
    def test_a_link_is_told_by_its_path_on_the_site(self, href: str, wanted: tuple[str | None, int, int]) -> None:
        assert link_of(href, SITE) == wanted

    def test_only_the_fragments_of_addthis_are_taken_off(self) -> None:
        assert absolute("//www.oalib.com/paper/1#.Vx3a", SITE) == "https://www.oalib.com/paper/1"
        assert absolute("/paper/1#abstract", SITE) == "https://www.oalib.com/paper/1#abstract"


def listing(*links: str, after: str = "") -> bytes:
    rows = "".join(f'<h4><a href="{link}"><span>T</span></a></h4>' for link in links)
    return f'<html><body><div class="paperlist">{rows}</div>{after}</body></html>'.encode()


def pager(pages: int, current: int, total: int) -> str:
    return f"<script>new Pager('a', 'x//www.oalib.com',20,{pages},{current},{total},'')</script>"


class TestJournalPages:
    def test_papers_come_in_order_once_and_stubs_are_counted(self) -> None:
        links = ("//www.oalib.com/paper/9", "/references/1", "/paper/3#.a1b2", "/paper/9", "/articles/4")
        found = read_journal_page(listing(*links, after=pager(3, 1, 44)), url=SITE, journal=4054)
        assert (found.papers, found.links, found.pages, found.total) == ((9, 3), 4, 3, 44)

    def test_links_outside_the_list_are_a_fallback_only(self) -> None:
        page = listing("/paper/1", after='<a href="/paper/2">hot</a>' + pager(1, 1, 1))
        assert read_journal_page(page, url=SITE, journal=4054).papers == (1,)
        bare = b'<html><body><a href="/paper/2">T</a>' + pager(1, 1, 1).encode()
        assert read_journal_page(bare, url=SITE, journal=4054).papers == (2,)

    def test_a_pager_that_is_written_otherwise_gives_way_to_its_links(self) -> None:
        links = '<a href="/journal/4054/2">2</a><a href="/journal/4054/7">7</a><a href="/journal/5/99">x</a>'
        for script in ("<script>new Pager({})</script>", ""):
            page = listing("/paper/1", after=script + links)
            assert read_journal_page(page, url=SITE, journal=4054).pages == 7
        other = "<script>new Pager('a', 'x//oalib.example/',20,4,1,70)</script>"
        assert read_journal_page(listing("/paper/1", after=other), url=SITE, journal=4054).pages == 4

    def test_an_empty_journal_says_so(self) -> None:
        found = read_journal_page(listing(after=pager(0, 1, 0)), url=SITE, journal=4054)
        assert (found.papers, found.total) == ((), 0)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html><body>Maintenance</body></html>",
            listing(after=pager(2, 1, 30)),
            listing("/paper/1", after="<script>new Pager({})</script>"),
            listing("/paper/1", after=pager(0, 1, 30)),
        ],
    )
    def test_what_it_cannot_be_is_drift(self, body: bytes) -> None:
        with pytest.raises(PageError, match=r"drift.*harvesters/formats/oalib\.py") as caught:
            read_journal_page(body, url=SITE, journal=4054)
        assert (caught.value.body, caught.value.url) == (body, SITE)


class TestSearchPages:
    style = "padding: 10px 0 10px 5px; border-bottom: solid 1px #c0c0c0; font-size: 14px;width: 720px"

    def page(self, count: str, *links: str, pages: str = "") -> bytes:
        rows = "".join(
            f'<tr><td style="{self.style}"><span style="font-size: 16px"><a href="{link}"><u>T</u></a></span></td></tr>'
            for link in links
        )
        return f"<html><body>{count}<table>{rows}</table>{pages}</body></html>".encode()

    def test_hits_and_the_last_page_are_read(self) -> None:
        pages = "<ul id='pages'><li>1</li><li>2</li><li>...</li><li>41</li></ul>"
        body = self.page("找到相关结果约 1,204 条", "/paper/1", "/references/2", pages=pages)
        found = read_search_page(body, url=SITE)
        assert (found.papers, found.links, found.pages, found.total) == ((1,), 2, 41, 1204)

    def test_no_hits_is_no_drift_but_silence_is(self) -> None:
        assert read_search_page(self.page("找到相关结果约 0 条"), url=SITE).papers == ()
        for body in (self.page(""), self.page("找到相关结果约 9 条"), self.page("找到相关结果约 9 条", "/paper/1")):
            with pytest.raises(PageError, match="drift"):
                read_search_page(body, url=SITE)


def test_the_journals_come_in_the_order_of_their_numbers() -> None:
    rows = '<li><h3><a href="/lib/x">P</a></h3><h4><a href="//www.oalib.com/journal/{}/1">J</a></h4></li>'
    body = f'<div class="paperlist"><ul>{rows.format(30)}{rows.format(4)}{rows.format(30)}</ul></div>'.encode()
    assert read_journal_list(body, url=SITE).journals == (4, 30)
    assert read_journal_list(body + pager(3, 1, 50).encode(), url=SITE).pages == 3
    with pytest.raises(PageError, match="names no journals"):
        read_journal_list(listing("/paper/1"), url=SITE)


def test_a_bilingual_title_is_left_for_the_normaliser() -> None:
    title = "Regular Expression Optimization in Java Java正则表达式优化"
    page = replace(
        record(PAPER), body=PAPER.replace("Effects of H<sub>2</sub>O &amp; light\n on books [PDF]", title).encode()
    )
    assert [one.value for one in describe(page).titles] == [title]
