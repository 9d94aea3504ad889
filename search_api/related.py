"""Works related to one, with the reasons in words: for the API, the page, and whoever else recommends."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from indexer.search.query import TokenQuery, View
from indexer.search.related import ReasonCode, RelatedReason, explain, profile_of, related_query
from indexer.search.searching import Adapt
from indexer.search.titles import title_key
from indexer.search.wording import Language
from indexer.storage.catalogue import StoredWork
from search_api.library import Library
from search_api.states import works_told_of

DEFAULT_RELATED, MOST_RELATED = 10, 50
#: Looked at for each one wanted: what is left out is the same series, or no longer there.
_SLACK = 10
#: Of one series, or otherwise alike but for numbers.
_MOST_ALIKE = 2
_NOTICES = frozenset({"retraction", "correction"})
_EVERYTHING = TokenQuery(matching=None)
_NUMBERS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_SENTENCES: dict[ReasonCode, dict[Language, str]] = {
    "words": {"en": "Both are about {}", "zh": "共同的内容：{}"},
    "subjects": {"en": "Same subject: {}", "zh": "主题相同：{}"},
    "authors": {"en": "Same author: {}", "zh": "作者相同：{}"},
    "journal": {"en": "Same journal: {}", "zh": "同一期刊：{}"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A related work, its score (only for comparing within one answer), and why."""

    work: StoredWork
    score: float
    reasons: tuple[RelatedReason, ...]


def sentence(reason: RelatedReason, language: Language) -> str:
    """Say a reason."""
    comma = "、" if language == "zh" else ", "
    return _SENTENCES[reason.code][language].format(comma.join(reason.detail))


def related(
    library: Library, stored: StoredWork, limit: int = DEFAULT_RELATED, adapt: Adapt | None = None
) -> list[Related]:
    """Return the works most related to one, the most related first; at most ``limit``.

    Left out are works hidden by ``adapt`` (else, by the library), those with a stated relation (notices, replies,
    translations: the work tells of them itself), notices of others, and more than two that differ from each other in
    numbers only.
    """
    work, index = stored.work(), library.index
    total = index.search(_EVERYTHING, View(limit=1)).count
    profile = profile_of(work, lambda tokens: index.frequencies("all", tokens), total)
    told = [one.key for one in works_told_of(stored, library.store.catalogue).values()]
    query = related_query(work, profile, without=told)
    if query is None:
        return []
    hidden = library.store.ranking_rules.current()
    adapted = adapt(query) if adapt else hidden.apply(query, is_ranked=False)
    hits = index.search(adapted, View(limit=2 * limit + _SLACK)).hits
    works = library.store.catalogue.by_keys([hit.key for hit in hits])
    chosen: list[Related] = []
    alike: Counter[str] = Counter()
    for hit in hits:
        other = works.get(hit.key)
        if other is None or other.state != "active" or other.data["type"] in _NOTICES:
            continue
        kind = title_key(_NUMBERS.sub("", other.data["title"]["value"]))
        alike[kind] += 1
        if alike[kind] <= _MOST_ALIKE:
            chosen.append(Related(work=other, score=hit.score, reasons=explain(work, other.work(), profile)))
        if len(chosen) == limit:
            break
    return chosen
