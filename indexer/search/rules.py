"""What a library hides or lifts, as an engine is told it: applied to every compiled query, in this one place.

Hiding is a restriction. Lifting adds the same to the score of every work that it is about, and lowering adds it to all
others, which comes to the same and keeps scores positive. Both only count where words were searched for and relevance
orders, and what they add is bounded by what one word of the query can bring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from indexer.search.query import (
    AllOf,
    AtLeast,
    Clause,
    Exact,
    Flat,
    Keys,
    TokenPhrase,
    TokenQuery,
    Tokens,
    View,
    Weighted,
    Without,
)

#: A weight of 1 adds about what an ordinary word of the query brings (BM25 of a word in one work of twenty).
LEAST_WEIGHT, USUAL_WEIGHT, MOST_WEIGHT = 0.1, 1.0, 3.0
_A_WORD = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Works whose place is raised (``weight`` above 0) or lowered."""

    clause: Clause
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules in force; the same object as long as they stay the same.

    ``hidden`` matches what is hidden, ``None`` where nothing is.
    """

    hidden: Clause | None = None
    lifts: tuple[Lift, ...] = ()

    def adapt(self, view: View) -> Callable[[TokenQuery], TokenQuery]:
        """Return what makes the rules part of a compiled query."""
        return lambda query: self.apply(query, is_ranked=view.sort == "relevance")

    def apply(self, query: TokenQuery, *, is_ranked: bool) -> TokenQuery:
        """Make the rules part of a compiled query; ``is_ranked`` where relevance orders."""
        if self.hidden is not None:
            shown = Without(clause=None, excluded=self.hidden)
            query = replace(query, restrictions=(*query.restrictions, shown))
        if is_ranked and self.lifts and query.matching is not None and _scores(query.matching):
            query = replace(query, boosts=(*query.boosts, *map(_boost, self.lifts)))
        return query

    def is_lifting(self, query: TokenQuery) -> bool:
        """Tell whether a compiled query has the lifts in it."""
        return bool(self.lifts) and _boost(self.lifts[0]) in query.boosts

    def only_hidden(self, query: TokenQuery) -> TokenQuery | None:
        """Return what finds the works that a query would find if nothing were hidden; ``None`` where nothing is."""
        if self.hidden is None:
            return None
        shown = Without(clause=None, excluded=self.hidden)
        kept = tuple(one for one in query.restrictions if one != shown)
        return replace(query, boosts=(), restrictions=(*kept, self.hidden))


NO_RULES = Rules()


def sources_hidden(hidden: frozenset[str], every: frozenset[str]) -> Clause | None:
    """Match the works of hidden sources that no other source has: what two sources have stays found."""
    if not hidden:
        return None
    theirs = Exact(field="source", values=tuple(sorted(hidden)))
    others = tuple(sorted(every - hidden))
    return Without(clause=theirs, excluded=Exact(field="source", values=others)) if others else theirs


def any_of(clauses: list[Clause]) -> Clause | None:
    """Match what any of the clauses matches; ``None`` for none."""
    if len(clauses) > 1:
        return AtLeast(count=1, clauses=tuple(clauses))
    return clauses[0] if clauses else None


def works_hidden(keys: list[int]) -> Clause | None:
    """Match works by key."""
    return Keys(keys=tuple(sorted(keys))) if keys else None


def _boost(lift: Lift) -> Flat:
    score = abs(lift.weight) * _A_WORD
    if lift.weight > 0:
        return Flat(clause=lift.clause, score=score)
    return Flat(clause=Without(clause=None, excluded=lift.clause), score=score)


def _scores(clause: Clause) -> bool:
    """Tell whether a clause gives works different scores; where all are alike, another order stands behind."""
    match clause:
        case Tokens() | TokenPhrase():
            return True
        case AllOf() | AtLeast():
            return any(_scores(part) for part in clause.clauses)
        case Weighted():
            return _scores(clause.clause)
        case Without():
            return clause.clause is not None and _scores(clause.clause)
        case _:
            return False
