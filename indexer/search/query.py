"""A question and its answer, in words that no engine owns.

``Query`` is what a person asks and what a saved query keeps. ``View`` is how the answer is wanted. A query is
compiled (``indexer.search.compile``) into a ``TokenQuery``, whose clauses name ready tokens of index fields, so that
every engine translates mechanically and all return the same works (design section 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: ``identifier`` and ``citation`` are what ``auto`` may have used; nobody asks for them.
Match = Literal["auto", "all", "most", "any", "identifier", "citation"]
Sort = Literal["relevance", "newest", "oldest", "first_indexed", "title"]
TextField = Literal["all", "title", "author", "journal", "subject"]
KeywordField = Literal[
    "identifier",
    "issn",
    "source",
    "lang",
    "license",
    "subject_facet",
    "keyword",
    "clc",
    "unmapped",
    "subject_key",
    "container",
    "type",
    "article_version",
    "has",
    "status",
    "title_key",
    "suggest",
]

#: Facet name as the API shows it → the index field that is counted (``year`` is the integer field).
FACET_FIELDS: dict[str, str] = {
    "source": "source",
    "year": "year",
    "lang": "lang",
    "license": "license",
    "subject": "subject_facet",
    "keyword": "keyword",
    "clc": "clc",
    "container": "container",
    "type": "type",
    "version": "article_version",
    "has": "has",
    "status": "status",
}
TITLE_WEIGHT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Exact conditions: values of one filter are alternatives, filters add up.

    ``subject`` and ``keyword`` hold terms as the facets show them, ``clc`` codes of the subject tree, ``container``
    container ids, ``version`` any of ``submitted``, ``accepted``, ``published``, ``has`` any of ``pdf``,
    ``abstract``, ``doi``, ``license``, ``fulltext``, ``status`` any of ``retracted``, ``withdrawn``, ``concern``,
    ``corrected``. Years are inclusive.
    """

    source: tuple[str, ...] = ()
    year: tuple[int, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    lang: tuple[str, ...] = ()
    license: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    clc: tuple[str, ...] = ()
    container: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    status: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked: a text in the query language (empty: everything) and filters.

    ``ruled`` is false where what the library hides or lifts is to make no difference, ``expand`` where terms are not to
    be looked for as the thesaurus has them too.
    """

    text: str = ""
    match: Match = "auto"
    filters: Filters = field(default_factory=Filters)
    ruled: bool = True
    expand: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where a page ended: the last hit's sort value and key, and how many hits came before.

    ``value`` is the score for relevance, the title's sort key for titles, else the integer of the sort field.
    """

    value: float | str
    key: int
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the answer is wanted: order, page size (1 to 200), facets, and where to go on.

    ``snapshot`` names the state of the index that the page before was answered from (``Hits.snapshot``),
    ``thesaurus`` the version of the terms that it was asked with.
    """

    sort: Sort = "relevance"
    limit: int = 20
    facets: tuple[str, ...] = ()
    facet_size: int = 20
    after: After | None = None
    snapshot: str | None = None
    thesaurus: str | None = None


# --- token queries: what engines are given ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One word of the query: any of these tokens in the field; the best-scoring one counts (dis-max)."""

    field: TextField
    alternatives: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPhrase:
    """Tokens in a row (``slop`` further apart at most); any of the alternatives, best one counts."""

    field: TextField
    alternatives: tuple[tuple[str, ...], ...]
    slop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrefix:
    """Any token that begins so (constant score 1.0)."""

    field: TextField
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Any of these whole values in a keyword field; adds nothing to the score."""

    field: KeywordField
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """Publication year within the bounds, inclusive; ``None`` is open. Adds nothing to the score."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The works of these keys; adds nothing to the score."""

    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every clause matches; scores add up."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """At least ``count`` of the clauses match (1: any); scores of the matching ones add up."""

    count: int
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """``clause`` matches and ``excluded`` does not; ``clause`` ``None`` means everything."""

    clause: Clause | None
    excluded: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """The clause with its score multiplied by ``weight`` (one word written twice weighs 2)."""

    clause: Clause
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """The clause with one ``score`` for every work that it matches, however well."""

    clause: Clause
    score: float


Clause = Tokens | TokenPhrase | TokenPrefix | Exact | Years | Keys | AllOf | AtLeast | Without | Weighted | Flat


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenQuery:
    """A compiled query.

    ``matching`` decides and scores (``None``: every document, score 0); each of ``boosts`` adds its score where it
    matches; ``filters`` map a facet name to the clause that restricts it, so that a facet can be counted without its
    own filter; ``restrictions`` are filters that belong to no facet (year bounds).
    """

    matching: Clause | None
    boosts: tuple[Weighted | Flat, ...] = ()
    filters: dict[str, Clause] = field(default_factory=dict)
    restrictions: tuple[Clause, ...] = ()


# --- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A work that matched: its integer key and score (0.0 where the sort is not by relevance)."""

    key: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value and in how many works of the answer it stands (exact)."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """A page of hits: the exact ``count`` of all, ``next`` where there are more, facets by name.

    By relevance a following page fits the one before only if both are answered from the same state of the index, since
    every change of it moves scores. ``snapshot`` names that state; ``unbroken`` is false where the page before had
    another, which is no longer kept: a work may then come twice, or be missed. All other sorts are always unbroken.
    """

    hits: tuple[Hit, ...]
    count: int
    next: After | None = None
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    snapshot: str | None = None
    unbroken: bool = True
