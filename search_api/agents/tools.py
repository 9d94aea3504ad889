"""What agents may do: search, read a work, find its relatives, take citations and exports; all of it only reads.

A tool's parameters and limits are those of the API, its answer is the API's body, and its errors are the API's
sentences, which end with what to do: an agent mends its call as a person would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from indexer.errors import IndexerError, QueryError
from indexer.storage.catalogue import StoredWork
from search_api.bodies import OF_JSON
from search_api.cards import card, detail
from search_api.copies import copies_of
from search_api.exporting.formats import FORMATS, format_named
from search_api.exporting.walking import ranked, walk
from search_api.library import Library
from search_api.problems import RequestProblem
from search_api.related import DEFAULT_RELATED, MOST_RELATED, related, sentence
from search_api.routes.works import WorksBody, find_active
from search_api.schemas import QueryParameters, WorksParameters
from search_api.searching import DEFAULT_LIMIT, MAX_LIMIT, Searcher
from search_api.states import name_works, works_told_of

_Id = Annotated[str, Field(min_length=1, max_length=500, description="A work's id, or doi:…, pmid:…, pmcid:….")]
#: Characters of an export that one answer has; abstracts of 200 works would fill an agent's memory.
MOST_CHARACTERS = 200_000


class ToolFailed(Exception):  # noqa: N818  # it is told to the agent, not raised to anybody
    """Raise to tell an agent what was wrong with a call; the message ends with what to do."""


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WorkParameters(_Parameters):
    """One work."""

    id: _Id


class RelatedParameters(WorkParameters):
    """One work, and how many relatives of it."""

    limit: Annotated[int, Field(ge=1, le=MOST_RELATED)] = DEFAULT_RELATED


class ExportParameters(QueryParameters):
    """The works named, or the first ones that a query finds."""

    model_config = OF_JSON

    format: Annotated[str, Field(json_schema_extra={"enum": list(FORMATS)}, description="How the works are written.")]
    id: Annotated[
        list[_Id], Field(default_factory=list, max_length=MAX_LIMIT, description="These works, without a query.")
    ]
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Works at most, of a query.")] = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: ``run`` takes the checked parameters and returns a JSON body, or a text."""

    name: str
    title: str
    description: str
    parameters: type[BaseModel]
    run: Callable[[Any], dict[str, Any] | str]


class Tools:
    """The tools over one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._searcher = Searcher(library)
        listed = (
            Tool(
                name="search_works",
                title="Search works",
                description=(
                    "Search open-access articles across all sources of this library. The query language knows words, "
                    '"phrases", OR, -not, (groups), prefix*, and fields such as title: author: journal: doi: lang: '
                    "year:2019..2024. Pasted DOIs, PMIDs and whole references find their record, in any script. "
                    "meta.next_cursor leads to the next page; fields=detail adds abstracts."
                ),
                parameters=WorksBody,
                run=self._search,
            ),
            Tool(
                name="get_work",
                title="Read a work",
                description="Everything known of one article: abstracts, identifiers, where to read it, licence, "
                "retractions and corrections, and which source says what.",
                parameters=WorkParameters,
                run=self._get,
            ),
            Tool(
                name="related_works",
                title="Find related works",
                description="Articles about the same as one article, each with the reasons.",
                parameters=RelatedParameters,
                run=self._related,
            ),
            Tool(
                name="export_works",
                title="Cite or export works",
                description="Works as citations (gb7714, apa, mla, chicago, vancouver) or for reference managers "
                "(ris, bibtex, csl-json, endnote …): those named by id, or the first that a query finds.",
                parameters=ExportParameters,
                run=self._export,
            ),
        )
        self.listed: Mapping[str, Tool] = {tool.name: tool for tool in listed}

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any] | str:
        """Run a tool.

        Raises:
            ToolFailed: no such tool, wrong arguments, nothing there, or the library cannot answer now.
        """
        tool = self.listed.get(name)
        if tool is None:
            raise ToolFailed(f"There is no tool {name[:100]!r}. Use one of {', '.join(self.listed)}.")
        try:
            return tool.run(tool.parameters.model_validate(arguments))
        except ValidationError as error:
            raise ToolFailed(_wrong(error)) from error
        except QueryError as error:
            at = "" if error.position is None else f" (character {error.position + 1} of {error.parameter})"
            raise ToolFailed(f"{error}{at}") from error
        except RequestProblem as error:
            raise ToolFailed(error.problem.detail) from error
        except IndexerError as error:  # its cause names folders and hosts, which are no agent's business
            raise ToolFailed(f"The library cannot answer now. {error.remedy}") from error

    def _search(self, wanted: WorksParameters) -> dict[str, Any]:
        return self._searcher.answer(wanted.search())

    def _find(self, wanted: str) -> StoredWork:
        return find_active(self._library, wanted)[0]

    def _get(self, wanted: WorkParameters) -> dict[str, Any]:
        work = self._find(wanted.id)
        body = detail(work, copies_of([work], self._library.store.links)[work.key])
        name_works(body, works_told_of(work, self._library.store.catalogue))
        return body

    def _related(self, wanted: RelatedParameters) -> dict[str, Any]:
        work = self._find(wanted.id)
        found = related(self._library, work, wanted.limit)
        copies = copies_of([one.work for one in found], self._library.store.links)
        results = [
            card(one.work, copies[one.work.key])
            | {"score": one.score, "reasons": [sentence(reason, "en") for reason in one.reasons]}
            for one in found
        ]
        return {"meta": {"work": work.id, "count": len(results)}, "results": results}

    def _export(self, wanted: ExportParameters) -> str:
        chosen = format_named(wanted.format)
        beside = sorted(wanted.model_fields_set - {"id", "format"})
        if wanted.id and beside:
            raise ToolFailed(f"{beside[0]} cannot stand beside id. Export the works named, or what a query finds.")
        if wanted.id:
            works = ranked(self._library, {(work := self._find(one)).key: work for one in wanted.id}.values())
        else:
            works = walk(self._library, QueryParameters.search(wanted), wanted.limit)
        written, size = [], 0
        for piece in chosen.stream(works):
            written.append(piece)
            size += len(piece)
            if size > MOST_CHARACTERS:
                raise ToolFailed(f"That is more than {MOST_CHARACTERS:,} characters. Export fewer works at a time.")
        return "".join(written)


def _wrong(error: ValidationError) -> str:
    said = []
    for one in error.errors(include_url=False, include_input=False)[:5]:
        name = str(one["loc"][0]) if one["loc"] else "arguments"
        said.append(f"{name}: {one['msg'].removeprefix('Value error, ').removesuffix('.')}")
    return f"{'; '.join(said)}. See the tool's parameters, and correct the call."


def as_text(answer: dict[str, Any] | str) -> str:
    """Return an answer as text, which every agent reads."""
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
