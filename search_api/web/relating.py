"""What the page of a work shows of works that are about the same, each with the reasons in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from indexer.errors import IndexerError
from indexer.storage.catalogue import StoredWork
from search_api.library import Library
from search_api.related import Related, related, sentence
from search_api.web.i18n import Words
from search_api.web.results import TextView

_SHOWN = 5
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedView:
    """A related work; ``facts`` are first author, journal and year, ``status`` is its code and its word."""

    id: str
    title: TextView
    facts: tuple[str, ...]
    status: tuple[str, str] | None
    reasons: tuple[str, ...]


def related_views(work: StoredWork, library: Library, words: Words) -> list[RelatedView]:
    """Return the works most related to one.

    There are none where the index cannot be asked, or a stored work is of another version of this program: all else
    that the page shows needs neither.
    """
    try:
        found = related(library, work, _SHOWN)
    except (IndexerError, ValidationError) as error:
        _log.warning("related_not_shown", work=work.id, error=str(error))
        return []
    return [_view(one, words) for one in found]


def _view(one: Related, words: Words) -> RelatedView:
    data = one.work.data
    language = data["languages"][0]["code"] if data["languages"] else None
    people, journal, published = data["contributors"], data["container"], data["published"]
    first = people[0]["name"] if people else ""
    if len(people) > 1:
        first = f"{first} {words('et_al', count=words.number(len(people)))}"
    facts = (first, journal["title"] if journal else "", str(published["year"]) if published else "")
    return RelatedView(
        id=one.work.id,
        title=TextView.of(data["title"]["value"], language),
        facts=tuple(fact for fact in facts if fact),
        status=(status, words.label("badge", status)) if (status := data.get("status")) else None,
        reasons=tuple(sentence(reason, words.language) for reason in one.reasons),
    )
