"""BibTeX and biblatex: entries in UTF-8, with every character that LaTeX would take for its own written as a command.

Braces never stand for themselves: BibTeX counts them even after a backslash, so one in a title would swallow all
entries after it. ``doi`` and ``url`` are taken literally by styles; what would harm them is percent-encoded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from search_api.exporting.item import Item, Person

_TYPES = {
    "book": "book",
    "chapter": "incollection",
    "conference-paper": "inproceedings",
    "dataset": "misc",
    "journal": "book",
    "other": "misc",
    "preprint": "misc",
    "report": "techreport",
    "thesis": "phdthesis",
}
#: Where commands are not understood: braces and backslashes of addresses.
_LITERAL = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
_CONTAINERS = {"article": "journal", "incollection": "booktitle", "inproceedings": "booktitle"}
_PUBLISHERS = {"phdthesis": "school", "techreport": "institution"}
_COMMANDS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{one: f"\\{one}" for one in "#$%&_"},
    }
)
#: Words that BibTeX takes for its own in a list of names, and commas, which would cut a name.
_NOT_A_NAME = re.compile(r",|(?:^|\s)(?:and|others)(?:$|\s)", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def write_bibtex(item: Item) -> str:
    """Write an entry; its key is the first author's name, the year, and the work's id, which makes it unique."""
    kind = _TYPES.get(item.type, "article")
    fields = [f"  {name} = {{{value}}},\n" for name, value in _fields(item, kind) if value]
    if item.month is not None:
        fields.append(f"  month = {_MONTHS[item.month - 1]},\n")
    return f"@{kind}{{{_key(item)},\n{''.join(fields)}}}\n\n"


def escape(text: str) -> str:
    """Write a text so that LaTeX prints it as it is."""
    return text.translate(_COMMANDS)


def _fields(item: Item, kind: str) -> Iterator[tuple[str, str]]:
    for role in ("author", "editor", "translator"):
        yield role, " and ".join(_name(person) for person in item.people_of(role))
    yield "title", escape(item.title)
    yield _CONTAINERS.get(kind, "series"), escape(item.container)
    yield _PUBLISHERS.get(kind, "publisher"), escape(item.publisher)
    yield "year", "" if item.year is None else f"{item.year:04d}"
    yield "volume", escape(item.volume)
    yield "number", escape(item.issue)
    yield "pages", "--".join(item.page_range) if item.page_range else escape(item.pages)
    yield "doi", item.identifier("doi").translate(_LITERAL)
    yield "pmid", escape(item.identifier("pmid"))
    yield "pmcid", escape(item.identifier("pmcid"))
    yield "issn", ", ".join(escape(issn) for issn in item.issns)
    yield "isbn", escape(item.identifier("isbn"))
    if item.identifier("arxiv"):
        yield "eprint", escape(item.identifier("arxiv"))
        yield "eprinttype", "arxiv"
    yield "url", item.url.translate(_LITERAL)
    yield "language", item.language
    yield "keywords", ", ".join(_keyword(keyword) for keyword in item.keywords)
    yield "license", escape(item.license_name)
    yield "note", escape(" ".join(item.notes))
    yield "abstract", escape("  ".join(item.abstracts))


def _keyword(keyword: str) -> str:
    return f"{{{escape(keyword)}}}" if "," in keyword else escape(keyword)


def _name(person: Person) -> str:
    """Write a name in one of BibTeX's forms; braces keep together what it would cut."""
    if person.is_cjk:
        return escape(person.cjk_name)
    if person.is_group or not person.family:
        return f"{{{escape(person.name)}}}"
    if not person.given:
        return f"{{{escape(person.family)}}}"
    return ", ".join(
        f"{{{escape(part)}}}" if _NOT_A_NAME.search(part) else escape(part) for part in (person.family, person.given)
    )


def _key(item: Item) -> str:
    """Return a key in ASCII: other characters stop older programs."""
    first = next(iter(item.people), None)
    plain = unicodedata.normalize("NFKD", (first.family or first.name) if first else "")
    name = re.sub(r"[^a-z]", "", plain.lower())[:20]
    return f"{name}{item.year or ''}_{item.id}".lstrip("_")
