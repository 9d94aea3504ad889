"""CSL-JSON: what citation processors take (Zotero, Pandoc, Word's add-ins), for any style there is.

Variables are those of CSL 1.0.2; what it has none for stands in ``custom`` (identifiers of ours, licence, state).
"""

from __future__ import annotations

from typing import Any

import orjson

from search_api.exporting.item import Item, Person

_TYPES = {
    "book": "book",
    "chapter": "chapter",
    "conference-paper": "paper-conference",
    "dataset": "dataset",
    "journal": "periodical",
    "other": "document",
    "preprint": "article",
    "report": "report",
    "thesis": "thesis",
}


def write_csl(item: Item) -> str:
    """Write an item of a CSL-JSON array."""
    return orjson.dumps(csl_item(item)).decode()


def csl_item(item: Item) -> dict[str, Any]:
    """Return a work as CSL sees it; variables without a value are left out."""
    values: dict[str, Any] = {
        "id": item.id,
        "type": _TYPES.get(item.type, "article-journal"),
        "title": item.title,
        **{role: [_name(person) for person in item.people_of(role)] for role in ("author", "editor", "translator")},
        "container-title": item.container,
        "publisher": item.publisher,
        "issued": _issued(item),
        "volume": item.volume,
        "issue": item.issue,
        "page": "-".join(item.page_range) if item.page_range else item.pages,
        "DOI": item.identifier("doi"),
        "PMID": item.identifier("pmid"),
        "PMCID": item.identifier("pmcid"),
        "ISSN": ", ".join(item.issns),
        "ISBN": item.identifier("isbn"),
        "URL": item.url,
        "language": item.language,
        "abstract": "\n\n".join(item.abstracts),
        "keyword": ", ".join(item.keywords),
        "note": " ".join(item.notes),
        "custom": _custom(item),
    }
    return {name: value for name, value in values.items() if value}


def _name(person: Person) -> dict[str, str]:
    if person.is_group or not person.family:
        return {"literal": person.cjk_name if person.is_cjk else person.name}
    return {"family": person.family, "given": person.given} if person.given else {"family": person.family}


def _issued(item: Item) -> dict[str, Any] | None:
    if item.year is None:
        return None
    return {"date-parts": [[part for part in (item.year, item.month, item.day) if part is not None]]}


def _custom(item: Item) -> dict[str, Any]:
    values = {
        "status": item.status,
        "notices": list(item.notices),
        "license": item.license_name,
        "license_url": item.license_url,
        "pdf": item.pdf,
        "arxiv": item.identifier("arxiv"),
        "translated_titles": list(item.translated_titles),
        "sources": list(item.sources),
    }
    return {name: value for name, value in values.items() if value}
