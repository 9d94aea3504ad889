"""Resolve whatever was scanned or pasted: an identifier, a bar code, the address in a QR code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.openapi.models import Example
from fastapi.responses import Response
from pydantic import BaseModel, Field

from search_api.deps import LibraryDep, OrjsonResponse, SearcherDep, StrictParameters
from search_api.problems import Problem, ProblemError, RequestProblem
from search_api.resolving import LONGEST_CODE, Reason, resolve
from search_api.schemas import BothWords, IdentifierOut, WorkOut

router = APIRouter(prefix="/v1", tags=["resolve"])
_PROBLEM: dict[str, Any] = {"model": Problem}
_EXAMPLES = {
    "doi": Example(summary="A DOI", value="10.1371/journal.pone.0000001"),
    "isbn": Example(summary="An ISBN", value="978-0-306-40615-7"),
    "barcode": Example(summary="A journal's bar code", value="9771932620000"),
    "qr": Example(summary="The address in a QR code", value="https://pmc.ncbi.nlm.nih.gov/articles/PMC1762380/"),
}


class ResolvedMetaOut(BaseModel):
    """About the answer."""

    given: str
    found: bool
    count: int = Field(description="Works found; the newest 20 of them are in results.")
    took_ms: float


class ResolvedContainerOut(BaseModel):
    """A journal that an ISSN leads to."""

    id: str
    title: str | None
    issns: list[str]
    issn_l: str | None
    publisher: str | None
    country: str | None
    works: int = Field(description="How many of its works are here.")
    works_url: str = Field(description="Where they are listed.")


class MissOut(BaseModel):
    """Why nothing was found."""

    reason: Reason
    words: BothWords


class WayOut(BaseModel):
    """Where to go on; ``openurl`` and ``catalogue`` are there where the library has set its links."""

    kind: Literal["title_search", "source", "openurl", "catalogue"]
    url: str
    words: BothWords


class ResolvedOut(BaseModel):
    """Works and journals of an identifier, or a miss with ways on."""

    meta: ResolvedMetaOut
    read_as: list[IdentifierOut] = Field(description="What the code was read as; of several, any.")
    results: list[WorkOut]
    containers: list[ResolvedContainerOut]
    miss: MissOut | None
    ways_on: list[WayOut]


@router.get(
    "/resolve",
    summary="Resolve an identifier or a scanned code",
    dependencies=[Depends(StrictParameters("id"))],
    response_class=OrjsonResponse,
    responses={200: {"model": ResolvedOut}, 400: _PROBLEM, 503: _PROBLEM, "default": _PROBLEM},
)
def resolve_code(
    given: Annotated[
        str,
        Query(
            alias="id",
            max_length=LONGEST_CODE,
            description="A DOI, PMID, PMCID, arXiv id, ISSN, ISBN, bar code, work id, or the address of an article.",
            openapi_examples=_EXAMPLES,
        ),
    ],
    library: LibraryDep,
    searcher: SearcherDep,
) -> Response:
    """Answer with the works and journals of a code; where nothing is here, with the reason and with ways on."""
    if not any(one.isalnum() for one in given):
        error = ProblemError(parameter="id", detail="is empty", fix="Give an identifier, such as a DOI or an ISBN.")
        raise RequestProblem(Problem(title="A parameter is wrong", status=400, detail="id: is empty.", errors=[error]))
    return OrjsonResponse(resolve(given, library, searcher))
