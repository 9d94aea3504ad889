"""A loopback site in the form of OALib. ITS PAGES ARE HAND-MADE: OALib was never seen by us, nothing of it is recorded.

They were written after the selectors of five scrapers (2016 to 2023), so they can show that the crawler reads what
those scrapers read, and not that OALib still looks so. Titles and numbers of some papers are real, cited elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from types import TracebackType
from typing import Literal, Self

from harvesters.demo.loopback import LoopbackServer, Request, Response

HTML = (("Content-Type", "text/html; charset=utf-8"),)
TEXT = (("Content-Type", "text/plain"),)
EVERYTHING = "User-agent: *\nDisallow:\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a listing names: a paper, or what only looks like one (a cited reference, OALib's own article)."""

    number: int
    title: str
    kind: Literal["paper", "references", "articles"] = "paper"
    authors: tuple[str, ...] = ("Li Feng", "张伟")
    year: str = "2013"
    doi: str | None = None
    keywords: tuple[str, ...] = ("open access", "图书馆")
    abstract: str = "We study what libraries do, and find that they do it well."


@dataclass(slots=True)
class _Spoiled:
    response: Response
    left: int | None


@dataclass(slots=True)
class Journal:
    """A journal of the site."""

    name: str
    entries: list[Entry] = field(default_factory=list)


class OalibSite:
    """Serve journals, papers and searches; note every request; spoil what it is told to.

    The counters of views and downloads rise with each look at a paper, as they would.
    """

    def __init__(
        self, journals: Mapping[int, Journal] | None = None, *, per_page: int = 4, robots: str = EVERYTHING
    ) -> None:
        self.journals = dict(journals or {})
        self.per_page = per_page
        self.robots = robots
        self.requests: list[Request] = []
        self.has_titles = True
        self._views = 0
        self._spoiled: dict[str, _Spoiled] = {}
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._serve)

    @property
    def url(self) -> str:
        """The site's address; only while it runs."""
        return self._server.url + "/"

    @property
    def paths(self) -> list[str]:
        """The paths asked for so far, in order."""
        return [request.path for request in self.requests]

    def spoil(self, path: str, response: Response, *, times: int | None = None) -> None:
        """Answer a path with this response, so many times; ``None``: for ever."""
        self._spoiled[path] = _Spoiled(response, times)

    def mend(self) -> None:
        """Behave again."""
        self._spoiled.clear()

    def _serve(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            spoiled = self._spoiled.get(request.path)
            if spoiled is not None and spoiled.left != 0:
                spoiled.left = None if spoiled.left is None else spoiled.left - 1
                return spoiled.response
            return self._answer(request)

    def _answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match parts:
            case ["robots.txt"]:
                return Response(headers=TEXT, body=self.robots.encode())
            case ["lib", "showJournalList"]:
                return _page(self._journal_list())
            case ["journal", journal, page] if int(journal) in self.journals:
                return _page(self._listing(int(journal), int(page)))
            case ["paper", number] if (found := self._find(int(number))) is not None:
                return _page(self._paper(*found))
            case ["search"]:
                return _page(self._search(request.argument("kw") or "", int(request.argument("pageNo") or 1)))
        return Response(status=404, headers=HTML, body=b"<html><head><title>Not found</title></head></html>")

    def _find(self, number: int) -> tuple[Entry, int] | None:
        for journal, one in self.journals.items():
            for entry in one.entries:
                if (entry.number, entry.kind) == (number, "paper"):
                    return entry, journal
        return None

    def _journal_list(self) -> str:
        rows = "".join(
            f'<li><h4><a href="//www.oalib.com/journal/{number}/1">{escape(one.name)}</a></h4></li>'
            for number, one in reversed(self.journals.items())
        )
        return f'<div class="paperlist"><ul>{rows}</ul></div>'

    def _listing(self, number: int, page: int) -> str:
        entries = self.journals[number].entries
        shown = entries[(page - 1) * self.per_page : page * self.per_page]
        rows = "".join(
            f'<h4><a href="//www.oalib.com/{one.kind}/{one.number}#.Vx3{one.number}">'
            f"<span>{escape(one.title)}</span></a></h4><p>{escape(', '.join(one.authors))}</p>"
            for one in shown
        )
        pages = -(-len(entries) // self.per_page)
        numbers = f"{self.per_page},{pages},{page},{len(entries)}"
        pager = f"<script>var p = new Pager('pager', 'x//www.oalib.com',{numbers},'');</script>"
        return f'<div class="paperlist">{rows}</div>{pager}'

    def _paper(self, entry: Entry, journal: int) -> str:
        self._views += 1
        title = f"<h1>{escape(entry.title)}</h1>" if self.has_titles else "<h2>OALib 2.0</h2>"
        authors = ", ".join(f'<a href="/search?kw={escape(name)}">{escape(name)}</a>' for name in entry.authors)
        doi = (
            f'<p class="doi">DOI : <a href="http://dx.doi.org/{entry.doi}"><u>{entry.doi}</u></a></p>'
            if entry.doi
            else ""
        )
        keywords = "".join(f'<a href="#">{escape(word)}</a>, ' for word in entry.keywords)
        return (
            f'<div class="contents">{title}<div><div><a href="//www.oalib.com/journal/{journal}/1">'
            f"{escape(self.journals[journal].name)}</a> {entry.year}</div></div>"
            f'<div id="author">{authors}</div>{doi}<p class="keyword">Keywords: {keywords}</p>'
            f"<span><div><p>{escape(entry.abstract)}</p></div></span>"
            f'<p class="resetHref"><a href="//www.oalib.com/paper/pdf/{entry.number}#.Vx3a">Full-Text</a></p>'
            f'<p>Views <span id="views">{self._views}</span> '
            f'Downloads <span id="downloads">{self._views // 2:,}</span></p><h2>References</h2>'
            f'<p><a href="//www.oalib.com/references/{entry.number + 5_000_000}">[1] Cited work</a></p></div>'
        )

    def _search(self, words: str, page: int) -> str:
        found = [
            one
            for journal in self.journals.values()
            for one in journal.entries
            if words.casefold() in one.title.casefold()
        ]
        shown = found[(page - 1) * self.per_page : page * self.per_page]
        style = "padding: 10px 0 10px 5px; border-bottom: solid 1px #c0c0c0; font-size: 14px;width: 720px"
        rows = "".join(
            f'<tr><td style="{style}"><span style="font-size: 16px">'
            f'<a href="//www.oalib.com/{one.kind}/{one.number}"><u>{escape(one.title)} [PDF]</u></a></span> '
            f"<span class='authorLimit'>{escape(one.authors[0])}</span></td></tr>"
            for one in shown
        )
        pages = "".join(f"<li>{number}</li>" for number in range(1, -(-len(found) // self.per_page) + 1))
        return f"<p>找到相关结果约 {len(found)} 条</p><table>{rows}</table><ul id='pages'>{pages}</ul>"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()


def _page(content: str) -> Response:
    head = "<!DOCTYPE html><html><head><title>OALib (hand-made)</title></head>"
    menu = '<div id="menu"><a href="//www.oalib.com/">Home</a><a href="/articles/6798430">Our own article</a></div>'
    return Response(headers=HTML, body=f"{head}<body>{menu}{content}</body></html>".encode())


def papers(numbers: Iterable[int], title: str = "Study {} of reading rooms") -> list[Entry]:
    """Make papers by number."""
    return [Entry(number=number, title=title.format(number)) for number in numbers]


def three_journals() -> dict[int, Journal]:
    """Return three journals over several pages: Chinese and bilingual titles, stubs, a work under two numbers."""
    return {
        4054: Journal(
            "Computer Science & Application",
            [
                *papers(range(100, 106)),
                Entry(
                    number=1657334,
                    title="Efficient Regular Expression Matching Algorithm Based on DoLFA "
                    "基于DoLFA的高效正则表达式匹配算法",
                    doi="10.5555/oalib.1657334",
                ),
                Entry(number=5710552, title="Glossary of Terms for Thermal Physiology", kind="references"),
                Entry(number=5221834, title="基于dolfa的高效正则表达式匹配算法"),
                Entry(number=6798430, title="Analysis of a steady MHD mixed convection flow", kind="articles"),
            ],
        ),
        2336: Journal(
            "Revista de Estudos",
            [
                *papers(range(200, 205), "Estudo {} sobre bibliotecas"),
                Entry(number=103, title="Study 103 of reading rooms"),
            ],
        ),
        77: Journal(
            "计算机研究与发展",
            [Entry(number=300 + place, title=f"正则表达式匹配研究之{place}", authors=("李锋",)) for place in range(5)],
        ),
    }
