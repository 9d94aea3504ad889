"""Queries: what a text of the query language was understood to ask, before anybody asks it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.openapi.models import Example
from fastapi.responses import Response
from pydantic import BaseModel, Field

from indexer.errors import QueryError
from indexer.search.citation import read_citation
from indexer.search.compile import compile_query
from indexer.search.expression import print_query
from indexer.search.parser import Reading, read_query
from indexer.search.query import Query as WorkQuery
from indexer.search.wording import LANGUAGES, doubt_shown, in_words, tree_of
from search_api.deps import OrjsonResponse, StrictParameters
from search_api.problems import Problem, ProblemError, query_fault
from search_api.schemas import BothWords, DoubtOut

router = APIRouter(prefix="/v1/queries", tags=["queries"])
#: Longer than the query language allows, so that its own error is the one that is told.
_LONGEST = 20_000
_EXAMPLES = {
    "words": Example(summary="Words", value="perovskite solar cells"),
    "fields": Example(summary="Fields", value='title:"deep learning" author:wang year:2019..2024 -review'),
    "doi": Example(summary="A pasted DOI", value="https://doi.org/10.1371/journal.pone.0000001"),
    "slip": Example(summary="A slip", value="auther:smith"),
}


class TreeOut(BaseModel):
    """A node; which of the others it has depends on ``kind``."""

    kind: str = Field(description="word, prefix, phrase, term, years, sequence, and, or, not.")
    position: int = Field(description="0-based character in q.")
    text: str | None = None
    field: str | None = None
    slop: int | None = None
    value: str | None = Field(default=None, description="Of a term: in canonical form.")
    since: int | None = None
    until: int | None = None
    items: list[TreeOut] | None = None


class CitationOut(BaseModel):
    """What a whole reference is searched by where all its words bring nothing."""

    identifiers: list[str]
    words: list[str]


class ValidationOut(BaseModel):
    """A query as it was understood, or what is wrong with it."""

    valid: bool
    text: str
    normalized: str | None = Field(description="The query written plainly; it means the same.")
    tree: TreeOut | None = Field(description="Null for the blank query, which finds everything, and for a wrong one.")
    words: BothWords | None
    doubts: list[DoubtOut]
    citation: CitationOut | None = Field(description="Null where the text is no whole reference.")
    errors: list[ProblemError] = Field(description="What is wrong, where, and what to do; empty where it is valid.")


@router.get(
    "/validate",
    summary="Explain a query",
    dependencies=[Depends(StrictParameters("q"))],
    response_class=OrjsonResponse,
    responses={200: {"model": ValidationOut}, 400: {"model": Problem}, "default": {"model": Problem}},
)
def validate_query(
    q: Annotated[
        str, Query(max_length=_LONGEST, description="A text of the query language.", openapi_examples=_EXAMPLES)
    ],
) -> Response:
    """Tell how a query is understood, as a tree and in words; a wrong one is answered too, with place and remedy."""
    try:
        reading = read_query(q)
        compile_query(WorkQuery(text=q), "any")
    except QueryError as error:
        return OrjsonResponse(_answer(q, None, [query_fault(error).model_dump()]))
    return OrjsonResponse(_answer(q, reading, []))


def _answer(q: str, reading: Reading | None, errors: list[dict[str, Any]]) -> dict[str, Any]:
    node = reading.node if reading else None
    citation = read_citation(q) if reading else None
    return {
        "valid": not errors,
        "text": q,
        "normalized": None if reading is None else print_query(node) if node else "",
        "tree": tree_of(node) if node else None,
        "words": {language: in_words(node, language) for language in LANGUAGES} if reading else None,
        "doubts": [doubt_shown(doubt) for doubt in reading.doubts] if reading else [],
        "citation": citation
        and {"identifiers": [print_query(term) for term in citation.identifiers], "words": list(citation.words)},
        "errors": errors,
    }
