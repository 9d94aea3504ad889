"""Values of filters as the index has them, read as the query language reads them: ``zho`` is ``zh``."""

from __future__ import annotations

from indexer.errors import QueryError
from indexer.search.conditions import make_term
from indexer.search.expression import Term
from indexer.search.fields import TYPES

#: Filters that are fields of the query language too; years, and what is shown by the facets only, are not among them.
SPELT = ("source", "lang", "license", "clc", "type")
#: Filters of a few values, which the schema lists; only their case may differ.
LISTED = ("version", "has", "status")


class WrongValueError(ValueError):
    """A parameter's value cannot be used; ``fault`` tells what to do in both languages. Pydantic passes it on."""

    def __init__(self, fault: QueryError) -> None:
        super().__init__(str(fault))
        self.fault = fault


def canonical(name: str, values: list[str]) -> list[str]:
    """Return the values of one of the ``SPELT`` filters as the index has them, each once.

    Raises:
        WrongValueError: there can be no such value.
    """
    return list(dict.fromkeys(_canonical(name, value) for value in values))


def _canonical(name: str, value: str) -> str:
    if name in {"license", "type"}:
        value = "-".join(value.split())  # "CC BY", "conference paper"
    try:
        term = make_term(name, value, 0)
    except QueryError as error:
        raise WrongValueError(_fault(name, value)) from error
    form = term.value if isinstance(term, Term) else value
    if name == "type" and form not in TYPES:
        raise WrongValueError(_fault(name, value))
    return form


def _fault(name: str, value: str) -> QueryError:
    if name == "lang":
        return QueryError("filter_language", value=value, parameter=name)
    if name == "clc":
        return QueryError("filter_class", value=value, parameter=name)
    if name == "type":
        return QueryError("filter_one_of", name=name, value=value, choice=", ".join(TYPES), parameter=name)
    return QueryError("filter_blank", name=name, parameter=name)


def require_forwards(since: int | None, until: int | None) -> None:
    """Raise ``WrongValueError`` for a range of years that ends before it begins."""
    if since is not None and until is not None and since > until:
        raise WrongValueError(QueryError("filter_years", since=since, until=until, parameter="year_to"))
