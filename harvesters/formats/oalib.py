"""OALib's pages: every selector of the site, each with a fallback, in this one file.

OALib has no API and was never seen by us: the selectors come from five scrapers of 2016 to 2023. When the site
changes its form, the harvest stops with a drift alarm, and this is the file to mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit, urlunsplit

from lxml import etree

from harvesters.errors import FormatError, PageError
from harvesters.formats.description import Description, RawContributor, RawDate, RawIdentifier, RawLink, RawText
from harvesters.formats.draft import Draft
from harvesters.records import RawRecord

_Element = etree._Element  # noqa: SLF001 - lxml's only name for the type

PREFIX = "oalib_html"
"""The metadata prefix of a paper's page."""
PAPER_PAGE = "https://www.oalib.com/paper/{}"
REMEDY = (
    "Look at the page: if OALib has a new form, mend the selectors in harvesters/formats/oalib.py, then harvest again."
)
"""What to do about every page that is not as it used to be."""


def _of_class(name: str) -> str:
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


_CONTENTS = f"//div[{_of_class('contents')}]"
_ROW = "//td[contains(@style, 'border-bottom') and contains(@style, '720px')]"


def _paths(*paths: str) -> tuple[etree.XPath, ...]:
    return tuple(etree.XPath(path) for path in paths)


# Each selector: the one that was seen first, its fallbacks after it. The first that brings any text is taken.

TITLE = _paths(
    f"{_CONTENTS}/h1",
    f"{_CONTENTS}//h1",
    "//meta[@name='citation_title' or @name='DC.title' or @name='dc.title']",
)
AUTHORS = _paths(
    "//div[@id='author']//a",
    f"//div[{_of_class('authors')}]//a",
    "//meta[@name='citation_author' or @name='DC.creator' or @name='dc.creator']",
)
AUTHORS_IN_ONE = _paths("//div[@id='author']", f"//div[{_of_class('authors')}]")
JOURNAL_BLOCK = _paths(
    f"{_CONTENTS}/div[1]/div[.//a]",
    f"{_CONTENTS}//*[a[contains(@href, '/journal/')]]",
)
JOURNAL = _paths(".//a[contains(@href, '/journal/')]", ".//a")
JOURNAL_NAMED = _paths("//meta[@name='citation_journal_title']")
DATE_NAMED = _paths("//meta[@name='citation_publication_date' or @name='citation_date']")
DOI = _paths(
    f"//p[{_of_class('doi')}]//a/@href",
    f"//p[{_of_class('doi')}]//u",
    f"//p[{_of_class('doi')}]",
    f"{_CONTENTS}//a[contains(@href, 'doi.org/10.')]/@href",
    "//meta[@name='citation_doi']",
)
CONTENTS = _paths(_CONTENTS, "//body")
KEYWORDS = _paths(f"//p[{_of_class('keyword')}]//a", f"//*[{_of_class('keywords')}]//a")
ABSTRACT = _paths(
    f"{_CONTENTS}/span/div/p",
    f"{_CONTENTS}/span[1]/div/div",
    f"{_CONTENTS}//*[@id='abstract' or {_of_class('abstract')}]",
    "//meta[@name='citation_abstract' or @name='DC.description']",
)
FULL_TEXT = _paths(
    f"//p[{_of_class('resetHref')}]//a/@href",
    f"{_CONTENTS}//a[contains(@href, '.pdf') or contains(@href, '/pdf')]/@href",
    "//meta[@name='citation_pdf_url']/@content",
)
PAPERS = _paths(
    f"//div[{_of_class('paperlist')}]/h4/a[@href]",
    f"//div[{_of_class('paperlist')}]//a[contains(@href, '/paper/') or contains(@href, '/references/')]",
    "//a[contains(@href, '/paper/')]",
)
HITS = _paths(
    f"{_ROW}//span[contains(@style, '16px')]//a[@href]",
    f"{_ROW}//a[contains(@href, '/paper/') or contains(@href, '/references/')]",
    "//a[contains(@href, '/paper/')]",
)
JOURNALS = _paths(f"//div[{_of_class('paperlist')}]/ul/li/h4/a[@href]", "//a[contains(@href, '/journal/')]")
SEARCH_PAGES = _paths("//ul[@id='pages']/li[last()]", "//*[@id='pages']//a[contains(@href, 'pageNo=')][last()]")

#: ``new Pager(…, 'x//www.oalib.com', per page, pages, current, papers)`` in a script.
_PAGERS = tuple(
    re.compile(start + r"\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})")
    for start in (r"//www\.oalib\.com['\"]", r"new\s+Pager\([^;]{0,300}?['\"]")
)
_HIT_COUNT = (
    re.compile(r"找到相关结果约?\s*([\d,]{1,12})\s*条"),
    re.compile(r"(?:about|found)\s*([\d,]{1,12})\s*(?:results|articles|papers)", re.IGNORECASE),
)
_COUNTERS = re.compile(
    rb"""(<[A-Za-z]{1,10}\b[^<>]{0,200}\bid\s{0,9}=\s{0,9}["']?(?:views|downloads)["']?[^<>]{0,200}>)[\s\d,.]{1,40}(?=<)"""
)
_KIND = re.compile(r"/(paper|references|articles|journal)/(\d{1,12})(?:/(\d{1,9}))?/?")
_HOST = re.compile(r"(?:[\w-]+\.)*oalib\.com")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_DOI_LABEL = re.compile(r"^\s*DOI\s*[:：]?\s*", re.IGNORECASE)
_DOI_TEXT = re.compile(r"DOI\s*[:：]\s*(10\.\d{4,9}/[^\s<>]+)", re.IGNORECASE)
_PDF_MARK = re.compile(r"\s*\[\s*(?:PDF|HTML)\s*\]\s*$", re.IGNORECASE)
_SHARE_FRAGMENT = re.compile(r"\.[\w-]{3,}")
_SEPARATORS = re.compile(r"[;；、，]|,(?=\s)")
_CHARSET = re.compile(rb"""<meta[^<>]{0,200}charset\s{0,9}=\s{0,9}["']?([\w-]{2,20})""", re.IGNORECASE)
_PARSER = etree.HTMLParser(
    encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, recover=True
)

LinkKind = Literal["paper", "references", "articles", "journal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a journal's list or of a search: numbers of papers in order, each once.

    ``links`` counts every entry, also those that are no papers; ``total`` is what the site says the whole list has.
    """

    papers: tuple[int, ...]
    links: int
    pages: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalList:
    """The list of all journals: their numbers in rising order; ``pages`` as its pager says."""

    journals: tuple[int, ...]
    pages: int


def describe_oalib(record: RawRecord) -> Description:
    """Read a paper's page.

    Raises:
        FormatError: it is no HTML.
    """
    tree = parse_page(record.body)
    address = PAPER_PAGE.format(record.identifier.rpartition("/")[2])
    draft = Draft()
    draft.titles.extend(RawText(value=text) for text in [_title(tree)] if text)
    draft.contributors.extend(RawContributor(name=name) for name in _authors(tree))
    draft.abstracts.extend(RawText(value=text) for text in ["\n\n".join(_texts(tree, ABSTRACT))] if text)
    draft.keywords.extend(RawText(value=text) for text in _texts(tree, KEYWORDS))
    draft.identifiers.extend(RawIdentifier(value=value, scheme="doi") for value in [_doi(tree)] if value)
    draft.container_title, year = _journal_and_year(tree)
    draft.dates.extend(RawDate(value=value) for value in [year] if value)
    for link in _texts(tree, FULL_TEXT)[:1]:
        url = absolute(link, address)
        if url is not None and _path_of(url) != _path_of(address):
            draft.links.append(RawLink(url=url, kind="fulltext"))
    draft.links.append(RawLink(url=address, kind="landing"))
    return draft.finish("unknown")


def has_title(body: bytes) -> bool:
    """Tell whether a paper's page has a title; one without is no paper's page, or not in the form that we know."""
    try:
        return bool(_title(parse_page(body)))
    except FormatError:
        return False


def without_counters(body: bytes) -> bytes:
    """Cut the digits out of the counters of views and downloads, and nothing else.

    They change whenever anybody looks, us included (docs/decisions/0008-oalib-pages.md).
    """
    return _COUNTERS.sub(rb"\1", body)


def read_journal_page(body: bytes, *, url: str, journal: int) -> Listing:
    """Read one page of a journal's papers.

    Raises:
        PageError: neither papers nor a sign that there are none, or a pager that cannot be read.
    """
    tree = _tree_of_list(body, url)
    papers, links = _papers(tree, PAPERS, url)
    text = decode(body)
    pager = _pager(text)
    if pager is not None:
        pages, total = pager
    elif "Pager(" in text:
        pages, total = _linked_pages(tree, url, journal), None
        if pages == 0:
            raise _drift("the pager of the list cannot be read", url, body)
    else:
        pages, total = max(_linked_pages(tree, url, journal), 1), None
    if links == 0 and total != 0:
        raise _drift("the list has neither papers nor the number 0", url, body)
    if total and pages == 0:
        raise _drift(f"the list of {total} papers says that it has no pages", url, body)
    return Listing(papers=papers, links=links, pages=pages, total=total)


def read_search_page(body: bytes, *, url: str) -> Listing:
    """Read one page of a search's hits; raise ``PageError`` as :func:`read_journal_page` does."""
    tree = _tree_of_list(body, url)
    text = decode(body)
    found = next((match for pattern in _HIT_COUNT if (match := pattern.search(text))), None)
    total = int(found[1].replace(",", "") or 0) if found else None
    papers, links = ((), 0) if total == 0 else _papers(tree, HITS, url)
    if links == 0 and total != 0:
        raise _drift("the search has neither hits nor the number 0", url, body)
    numbers = [int(text) for text in _texts(tree, SEARCH_PAGES) if text.isascii() and text.isdigit()]
    if not numbers and total is not None and total > links:
        raise _drift(f"the search has {total} hits, but its pager cannot be read", url, body)
    return Listing(papers=papers, links=links, pages=max(numbers, default=1), total=total)


def read_journal_list(body: bytes, *, url: str) -> JournalList:
    """Read the list of all journals; raise ``PageError`` where it names none."""
    tree = _tree_of_list(body, url)
    numbers = {
        number
        for element in _elements(tree, JOURNALS)
        for kind, number, _ in [link_of(element.get("href") or "", url)]
        if kind == "journal"
    }
    if not numbers:
        raise _drift("the list of journals names no journals", url, body)
    text = decode(body)
    pager = _pager(text)
    if pager is None and "Pager(" in text:
        raise _drift("the pager of the list of journals cannot be read", url, body)
    return JournalList(journals=tuple(sorted(numbers)), pages=max(pager[0], 1) if pager else 1)


def link_of(href: str, base: str) -> tuple[LinkKind | None, int, int]:
    """Return what an address on the site is, its number, and its page (0 if none); ``None`` for all else."""
    url = absolute(href, base)
    if url is None:
        return None, 0, 0
    parts = urlsplit(url)
    if parts.netloc.lower() != urlsplit(base).netloc.lower() and not _HOST.fullmatch((parts.hostname or "").lower()):
        return None, 0, 0
    match = _KIND.fullmatch(parts.path)
    if match is None:
        return None, 0, 0
    return match[1], int(match[2]), int(match[3] or 0)  # type: ignore[return-value]  # by the pattern


def absolute(href: str, base: str) -> str | None:
    """Return a link's full address: protocol-relative ones completed, AddThis fragments (``#.xxxx``) taken off."""
    try:
        parts = urlsplit(urljoin(base, href.strip()))
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    fragment = "" if _SHARE_FRAGMENT.fullmatch(parts.fragment) else parts.fragment
    return urlunsplit(parts._replace(fragment=fragment))


def decode(body: bytes) -> str:
    """Decode a page: UTF-8 where it is that, else what it declares, else the Chinese encodings."""
    declared = _CHARSET.search(body[:4096])
    names = ["utf-8-sig", declared[1].decode() if declared else "gb18030", "gb18030"]
    for name in names:
        try:
            return body.decode(name).replace("\0", "")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace").replace("\0", "")


def parse_page(body: bytes) -> _Element:
    """Parse a page: no network, no entities of its own, no depth beyond libxml2's limit; raise ``FormatError``."""
    try:
        root = etree.fromstring(decode(body).encode("utf-8", "replace"), _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FormatError(f"The page is no HTML: {error}.", remedy=REMEDY) from error
    if root is None:
        raise FormatError("The page is empty.", remedy=REMEDY)
    return root


def _tree_of_list(body: bytes, url: str) -> _Element:
    try:
        return parse_page(body)
    except FormatError as error:
        raise _drift("the page is empty or no HTML", url, body) from error


def _drift(what: str, url: str, body: bytes) -> PageError:
    return PageError(
        f"OALib's site seems to have changed its form (drift): at {url} {what}. {REMEDY}", url=url, body=body
    )


def _title(tree: _Element) -> str:
    return _PDF_MARK.sub("", next(iter(_texts(tree, TITLE)), ""))


def _authors(tree: _Element) -> list[str]:
    names = _texts(tree, AUTHORS)
    if not names:
        names = [part.strip() for text in _texts(tree, AUTHORS_IN_ONE)[:1] for part in _SEPARATORS.split(text)]
    return [name for name in (one.strip(" ,;，；、") for one in names) if name]


def _doi(tree: _Element) -> str:
    for selector in DOI:
        for text in _texts(tree, (selector,)):
            value = _DOI_LABEL.sub("", text)
            if "10." in value:
                return value
    labelled = _DOI_TEXT.search(" ".join(_texts(tree, CONTENTS)))
    return labelled[1] if labelled else ""


def _journal_and_year(tree: _Element) -> tuple[str | None, str | None]:
    block = next(iter(_elements(tree, JOURNAL_BLOCK)), None)
    named = next(iter(_texts(tree, JOURNAL_NAMED)), None)
    stated = _YEAR.search(next(iter(_texts(tree, DATE_NAMED)), ""))
    if block is None:
        return named, stated[0] if stated else None
    journal = next(iter(_texts(block, JOURNAL)), None)
    # The year stands beside the journal's name, which may have a year in it as well.
    year = _YEAR.search(_text(block).replace(journal or "", " ", 1)) or stated
    return journal or named, year[0] if year else None


def _papers(tree: _Element, selectors: Sequence[etree.XPath], url: str) -> tuple[tuple[int, ...], int]:
    """Return the papers listed, and how many entries there are in all: stubs and OALib's own articles count too."""
    links = [link_of(element.get("href") or "", url) for element in _elements(tree, selectors)]
    entries = dict.fromkeys((kind, number) for kind, number, _ in links if kind in {"paper", "references", "articles"})
    return tuple(number for kind, number in entries if kind == "paper"), len(entries)


def _pager(text: str) -> tuple[int, int] | None:
    """Return pages and papers as the pager's script says; ``None`` where it cannot be read."""
    match = next((found for pattern in _PAGERS if (found := pattern.search(text))), None)
    return (int(match[2]), int(match[4])) if match else None


def _linked_pages(tree: _Element, url: str, journal: int) -> int:
    """Return the highest page of a journal that the page links to: the fallback for its pager."""
    links = (link_of(element.get("href") or "", url) for element in tree.iter("a"))
    return max((page for kind, number, page in links if kind == "journal" and number == journal), default=0)


def _elements(tree: _Element, selectors: Iterable[etree.XPath]) -> list[_Element]:
    for selector in selectors:
        found = selector(tree)
        if isinstance(found, list) and found:
            return [one for one in found if isinstance(one, _Element)]
    return []


def _texts(tree: _Element, selectors: Iterable[etree.XPath]) -> list[str]:
    """Return the texts of the first selector that brings any."""
    for selector in selectors:
        found = selector(tree)
        texts = [text for one in (found if isinstance(found, list) else []) if (text := _text(one))]
        if texts:
            return texts
    return []


def _text(one: object) -> str:
    if not isinstance(one, _Element):
        return " ".join(str(one).split())
    value = one.get("content") if one.tag == "meta" else "".join(_pieces(one))
    return " ".join((value or "").split())


def _pieces(element: _Element) -> Iterator[str]:
    for text in element.itertext():
        yield str(text)


def _path_of(url: str) -> str:
    return urlsplit(url).path.rstrip("/")
