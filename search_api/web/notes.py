"""What the result page says of how a query was understood, and what else may be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from search_api.schemas import WorksParameters
from search_api.web.addresses import SearchAddress
from search_api.web.i18n import Words
from search_api.web.results import TextView

_THESAURUS = frozenset({"library", "builtin"})
_READINGS = {"identifier": "match_identifier", "citation": "match_citation", "any": "match_any"}
_MOST_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MeantView:
    """Another query: its text, where it leads, and how many works it brings."""

    text: str
    url: str
    works: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedView:
    """What was written, and the terms that were looked for too."""

    written: str
    terms: tuple[TextView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesView:
    """All that is said between the search box and the results."""

    reading: str | None
    doubts: tuple[str, ...]
    meant: tuple[MeantView, ...]
    expanded: tuple[ExpandedView, ...]
    without: str | None
    again: str | None


def notes_view(meta: Mapping[str, Any], parameters: WorksParameters, address: SearchAddress, words: Words) -> NotesView:
    """Return what is to be said of an answer."""
    query = meta["query"]
    reading = _READINGS.get(query["match"])
    says_any = reading == "match_any" and (parameters.match != "auto" or not meta["count"])
    expanded = tuple(_expanded(query["expansions"]))
    return NotesView(
        reading=words(reading) if reading and not says_any else None,
        doubts=tuple(doubt["words"][words.language] for doubt in query["doubts"]),
        meant=tuple(
            MeantView(
                text=one["query"], url=str(address.setting("q", one["query"])), works=words.works(int(one["count"]))
            )
            for one in query["did_you_mean"]
        ),
        expanded=expanded[:_MOST_SHOWN],
        without=str(address.setting("expand", "off")) if expanded else None,
        again=str(address.setting("expand", None)) if parameters.expand == "off" else None,
    )


def _expanded(expansions: list[dict[str, Any]]) -> Iterator[ExpandedView]:
    """Yield what came from a thesaurus; stems are no news to a reader."""
    for one in expansions:
        terms = [added for added in one["added"] if added["origin"] in _THESAURUS]
        if terms:
            yield ExpandedView(
                written=one["written"], terms=tuple(TextView.of(term["text"], term["language"]) for term in terms)
            )
