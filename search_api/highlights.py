"""What made a work match, as the API shows it: ranges of characters to mark, never markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from indexer.search.highlighting import Marked, Marks, cut_snippet, mark, marks_of
from indexer.search.query import TokenQuery


class Highlighter:
    """Marks the works of one answer."""

    def __init__(self, query: TokenQuery) -> None:
        self._title_marks = marks_of(query, "all", "title")
        self._text_marks = marks_of(query, "all")

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the marks of a work, given as it is stored.

        ``title`` is the main title, whole; ``translated_title`` another one, where only that one matches; ``snippet``
        the best piece of an abstract, ``null`` where none matches. Spans count Unicode characters of their own text.
        """
        main = data["languages"][0]["code"] if data["languages"] else None
        title = _mark(data["title"], main, self._title_marks)
        shown: dict[str, Any] = {"title": _shown(title)}
        if not title.spans:
            others = (_mark(text, main, self._title_marks) for text in data["translated_titles"])
            if other := next((one for one in others if one.spans), None):
                shown["translated_title"] = _shown(other)
        snippet = self._best_snippet(data["abstracts"], main)
        return shown | {"snippet": _shown(snippet) if snippet else None}

    def _best_snippet(self, abstracts: Iterable[Mapping[str, Any]], main: str | None) -> Marked | None:
        """Return the snippet with most different marks, of the first abstract that has it."""
        snippets = (cut_snippet(text["value"], _language(text, main), self._text_marks) for text in abstracts)
        return max((one for one in snippets if one), key=_variety, default=None)


def _mark(text: Mapping[str, Any], main: str | None, marks: Marks) -> Marked:
    return mark(text["value"], _language(text, main), marks)


def _language(text: Mapping[str, Any], main: str | None) -> str | None:
    """Return the language that a text was indexed in (``indexer.search.document``)."""
    return text["language"]["code"] if text["language"] else main


def _variety(marked: Marked) -> int:
    return len({marked.text[start:end].casefold() for start, end in marked.spans})


def _shown(marked: Marked) -> dict[str, Any]:
    return {"text": marked.text, "spans": [list(span) for span in marked.spans]}
