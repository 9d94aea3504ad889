"""The library's rules of ranking, told to whoever searches: what is hidden, and that something is raised or lowered."""

from __future__ import annotations

from typing import Any

from indexer.search.query import Query, TokenQuery, View
from indexer.search.rules import NO_RULES, Rules
from search_api.library import Library


def rules_for(library: Library, query: Query) -> Rules:
    """Return the rules that a query is under: the library's, unless it asked for none."""
    return library.store.ranking_rules.current() if query.ruled else NO_RULES


def rules_told(library: Library, query: Query, compiled: TokenQuery) -> dict[str, Any] | None:
    """Return what the rules did to an answer, in numbers and words; ``None`` where the library has none."""
    rules = library.store.ranking_rules.current()
    if rules == NO_RULES:
        return None
    if not query.ruled:
        return _told(applied=False, hidden=0, raised=0, lowered=0)
    sought = rules.only_hidden(compiled)
    hidden = library.index.search(sought, View(limit=1)).count if sought is not None else 0
    lifts = rules.lifts if rules.is_lifting(compiled) else ()
    raised = sum(lift.weight > 0 for lift in lifts)
    return _told(applied=True, hidden=hidden, raised=raised, lowered=len(lifts) - raised)


def _told(*, applied: bool, hidden: int, raised: int, lowered: int) -> dict[str, Any]:
    words: dict[str, str] | None = None
    if not applied:
        words = {
            "en": "The library hides or ranks some works by rules of its own; these are switched off here.",
            "zh": "本馆对部分文献设有隐藏或排序规则，这里已停用。",
        }
    elif hidden or raised or lowered:
        english, chinese = [], []
        if hidden:
            works = "1 work is" if hidden == 1 else f"{hidden:,} works are"
            english.append(f"{works} hidden by the library.")
            chinese.append(f"本馆隐藏了 {hidden:,} 篇文献。")
        if raised or lowered:
            english.append("The library ranks some works higher or lower.")
            chinese.append("本馆调整了部分文献的排序。")
        words = {"en": " ".join(english), "zh": "".join(chinese)}
    return {"applied": applied, "hidden": hidden, "raised": raised, "lowered": lowered, "words": words}
