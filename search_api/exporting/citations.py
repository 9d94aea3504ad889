"""Plain citations in APA 7, MLA 9, Chicago 17 (author-date), Vancouver (ICMJE) and GB/T 7714-2015.

Why no citation processor writes them: docs/decisions/0012-citations.md. Titles are left as recorded: a program that
changes their capitals spoils names and formulas. What was retracted is said so at the end of its citation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from search_api.exporting import names
from search_api.exporting.item import STATES, Item, Person

_ENDS = ".!?。！？…"
_MLA_MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
_NLM_MONTHS = tuple(month[:3] for month in _MLA_MONTHS)
#: Letters of GB/T 7714-2015, appendix B.
_GB_MARKS = {
    "book": "M", "chapter": "M", "conference-paper": "C", "dataset": "DS", "journal": "J", "other": "Z",
    "preprint": "EB", "report": "R", "thesis": "D",
}  # fmt: skip
_GENRES = {"thesis": "Thesis", "preprint": "Preprint", "dataset": "Data set"}
#: Types that are whole in themselves; others stand in something.
_WHOLE = frozenset(("book", "thesis", "report", "dataset", "journal", "other"))
#: Types that are on the net only, so that GB/T 7714 wants the day of access though there is a DOI.
_ONLINE = frozenset(("dataset", "preprint"))
_IN_BOOKS = frozenset(("chapter", "conference-paper"))
_ARTICLE_NUMBER = re.compile(r"[A-Za-z]+\d+")
_SHORTENED_FROM = 100
_TOLD = ("retracted", "withdrawn", "concern")


def cite(item: Item, style: str, today: date) -> str:
    """Return a citation on one line; ``today`` is the day of access, which some styles want for addresses."""
    text = _STYLES[style](item, today).strip()
    if item.status in _TOLD:
        text += f" [{STATES[item.status][item.is_chinese]}]"
    return text


def _apa(item: Item, _: date) -> str:
    people = _creators(item)
    dated = f"({item.year})." if item.year is not None else "(n.d.)."
    title = item.title + (f" [{_GENRES[item.type]}]" if item.type in _GENRES else "")
    opening = [_end(names.apa(people)), dated, _end(title)] if people else [_end(title), dated]
    number = _volume(item, "{volume}({issue})")
    if item.type in _IN_BOOKS:
        pages = f" (pp. {_dashed(item)})" if item.pages else ""
        inside = [_end(f"In {item.container}{pages}") if item.container else "", _end(item.publisher)]
    elif item.type in _WHOLE or not item.container:
        inside = [_end(item.publisher or item.container)]
    else:
        pages = f"Article {item.pages}" if _ARTICLE_NUMBER.fullmatch(item.pages) else _dashed(item)
        inside = [_end(_listed(item.container, number, pages))]
    return _joined(*opening, *inside, _link(item))


def _mla(item: Item, _: date) -> str:
    people = _creators(item)
    title = _end(item.title) if item.type in _WHOLE else f"“{_end(item.title)}”"
    mark = "pp." if item.page_range else "article" if _ARTICLE_NUMBER.fullmatch(item.pages) else "p."
    pages = _numbered(_shortened(item), mark)
    in_journal = item.container and item.type not in _WHOLE | _IN_BOOKS
    publisher = "" if in_journal else item.publisher
    date_ = " ".join(
        part
        for part in (
            str(item.day) if item.day and item.month else "",
            _MLA_MONTHS[item.month - 1] if item.month else "",
            "" if item.year is None else str(item.year),
        )
        if part
    )
    container = "" if item.type in _WHOLE else item.container
    number = _listed(_numbered(item.volume, "vol."), _numbered(item.issue, "no."))
    opening = _end(names.mla(people)) if people else ""
    link = item.doi_url or item.url
    if item.type == "thesis":
        return _joined(opening, title, _end(date_), _end(_listed(publisher, _GENRES["thesis"], link)))
    genre = _end(_GENRES.get(item.type, ""))
    return _joined(opening, title, genre, _end(_listed(container, number, publisher, date_, pages, link)))


def _chicago(item: Item, _: date) -> str:
    people = _creators(item)
    year = f"{item.year}." if item.year is not None else "n.d."
    is_whole = item.type in _WHOLE - {"thesis"}
    title = _end(item.title) if is_whole else f"“{_end(item.title)}”"
    opening = [_end(names.chicago(people)), year, title] if people else [title, year]
    pages = _dashed(item)
    if item.type in _IN_BOOKS:
        inside = [_end("In " + _listed(item.container, pages)) if item.container else "", _end(item.publisher)]
    elif item.type in _WHOLE or not item.container:
        genre = _GENRES.get(item.type, "")
        inside = [_end(_listed(genre, item.publisher or item.container))]
    else:
        number = _volume(item, "{volume} ({issue})")
        place = f"{item.container} {number}" if item.volume else _listed(item.container, _numbered(item.issue, "no."))
        inside = [_end(f"{place}: {pages}" if pages else place)]
    return _joined(*opening, *inside, _link(item, end="."))


def _vancouver(item: Item, _: date) -> str:
    people = _creators(item)
    genre = f" [{_GENRES[item.type].lower()}]" if item.type in _GENRES else ""
    opening = [_end(names.vancouver(people)) if people else "", _end(item.title + genre)]
    in_journal = item.container and item.type not in _WHOLE | _IN_BOOKS
    inside = _vancouver_in_journal(item) if in_journal else _vancouver_of_book(item)
    doi = item.identifier("doi")
    address = f"doi:{doi}" if doi else f"Available from: {item.url}" if item.url else ""
    return _joined(*opening, *inside, address)


def _vancouver_in_journal(item: Item) -> list[str]:
    month = _NLM_MONTHS[item.month - 1] if item.month else ""
    text = _joined(str(item.year), month, str(item.day or "")) if item.year is not None else ""
    number = _volume(item, "{volume}({issue})")
    text += f";{number}" if number else ""
    text += f":{_shortened(item, '-')}" if item.pages else ""
    return [_end(item.container), _end(text.lstrip(";:"))]


def _vancouver_of_book(item: Item) -> list[str]:
    published = "; ".join(part for part in (item.publisher, "" if item.year is None else str(item.year)) if part)
    if item.type not in _IN_BOOKS:
        return [_end(published)]
    inside = f"In: {_end(item.container)}" if item.container else ""
    return [inside, _end(published), f"p. {_shortened(item, '-')}." if item.pages else ""]


def _gb(item: Item, today: date) -> str:
    people = _creators(item)
    doi = item.identifier("doi")
    online = "/OL" if (item.url or doi) and (not doi or item.type in _ONLINE) else ""
    title = f"{item.title.rstrip('.')}[{_GB_MARKS.get(item.type, 'J')}{online}]"
    year = "" if item.year is None else str(item.year)
    pages = _dashed(item, "-")
    accessed = f"[{today.isoformat()}]" if online else ""
    if item.type in _IN_BOOKS and item.container:
        title = f"{title}//{item.container}"
        inside = _listed(item.publisher, year) + (f": {pages}" if pages else "")
    elif item.type in _WHOLE or not item.container:
        inside = _listed(item.publisher or item.container, year)
    else:
        inside = _listed(item.container, year, _volume(item, "{volume}({issue})")) + (f": {pages}" if pages else "")
    address = f"DOI:{doi}." if doi else f"{item.url}." if item.url else ""
    return _joined(_end(names.gb(people, item)) if people else "", _end(title), _end(inside + accessed), address)


_STYLES: Mapping[str, Callable[[Item, date], str]] = {
    "apa": _apa,
    "mla": _mla,
    "chicago": _chicago,
    "vancouver": _vancouver,
    "gb7714": _gb,
}


def _creators(item: Item) -> tuple[Person, ...]:
    return item.people_of("author") or item.people_of("editor")


def _end(text: str) -> str:
    """Return a sentence with its full stop, if it has no mark at its end yet."""
    return text if not text or text.rstrip("”")[-1:] in tuple(_ENDS) else f"{text}."


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _volume(item: Item, both: str) -> str:
    """Write volume and issue, or whichever is known."""
    if item.volume and item.issue:
        return both.format(volume=item.volume, issue=item.issue)
    if item.issue:
        return both.format(volume="", issue=item.issue).strip()
    return item.volume


def _numbered(value: str, mark: str) -> str:
    return f"{mark} {value}" if value else ""


def _link(item: Item, end: str = "") -> str:
    url = item.doi_url or item.url
    return url + end if url else ""


def _dashed(item: Item, dash: str = "–") -> str:
    return dash.join(item.page_range) if item.page_range else item.pages


def _shortened(item: Item, dash: str = "–") -> str:
    """Write a range of pages with the last number's changed digits, two at least: 100–10, 1002–1010 as 1002–10."""
    if item.page_range is None:
        return item.pages
    first, last = item.page_range
    if first.isdigit() and last.isdigit() and len(first) == len(last) and int(first) >= _SHORTENED_FROM:
        same = next((place for place, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first))
        last = last[min(same, len(last) - 2) :]
    return f"{first}{dash}{last}"


STYLES: tuple[str, ...] = tuple(_STYLES)
LABELS: tuple[tuple[str, str], ...] = (
    ("gb7714", "GB/T 7714"),
    ("apa", "APA"),
    ("mla", "MLA"),
    ("chicago", "Chicago"),
    ("vancouver", "Vancouver"),
)
