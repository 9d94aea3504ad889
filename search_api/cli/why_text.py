"""An explanation as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indexer.explaining import Explanation
from search_api.web.i18n import UiLanguage, Words
from search_api.web.why import PairView, why_view


def why_lines(explanation: Explanation, language: UiLanguage) -> Iterator[str]:
    """Yield an explanation in one language, a line at a time."""
    words = Words(language)
    view = why_view(explanation, words, with_names=True)
    yield f"{explanation.work.id}  {explanation.work.data['title']['value']}"
    for number, record in enumerate(explanation.records, start=1):
        name = words("record_number", number=number)
        yield f"  {name}: {record.source}:{record.identifier}  {record.year or '–'}  {record.title}"
    yield ""
    yield words("why")
    if view.intro:
        yield f"  {view.intro}"
    yield from _pairs(view.links)
    for key, pairs in (
        ("why_judged", view.judgements),
        ("why_refused", view.refused),
        ("why_undecided", view.undecided),
        ("why_related", view.related),
    ):
        if pairs:
            yield ""
            yield words(key)
            yield from _pairs(pairs)
    if view.cut:
        yield ""
        yield words("why_cut")


def _pairs(pairs: Sequence[PairView]) -> Iterator[str]:
    for one in pairs:
        where = f"  {one.url.rpartition('/')[2]}" if one.url else ""
        yield f"  {one.title}{where}"
        if one.note:
            yield f"    {one.note}"
        yield from (f"    {sentence}" for sentence in one.sentences)
