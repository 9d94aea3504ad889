"""The API's shapes, for the OpenAPI description and for checking requests; the answers are written elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from indexer.errors import QueryError
from indexer.identity.copies import Reason, State
from indexer.models import ArticleVersion, NoticeKind, WorkStatus
from indexer.search.query import FACET_FIELDS, Filters
from search_api.cards import CARD_FIELDS
from search_api.filter_values import LISTED, SPELT, WrongValueError, canonical, require_forwards
from search_api.searching import DEFAULT_LIMIT, MAX_LIMIT, PRESETS, Search, facets_of, fields_of

#: Longer than the query language allows, so that its own error (with the remedy) is the one that is shown.
_MAX_Q = 20_000
_MAX_VALUES = 100
#: Of a posted search or export, in bytes.
LONGEST_BODY = 512 * 1024
_Value = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_Values = Annotated[list[_Value], Field(max_length=_MAX_VALUES)]
_Year = Annotated[int, Field(ge=0, le=9999)]


class QueryParameters(BaseModel):
    """What is asked for, and in which order; unknown parameters are refused, a repeated filter means OR."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(max_length=_MAX_Q, description="What to search for; empty finds everything.")] = ""
    match: Annotated[
        Literal["auto", "all", "most", "any"],
        Field(description="How many words must match; auto: all, and most where all brings fewer than ten works."),
    ] = "auto"
    source: Annotated[_Values, Field(description="Source id, as /v1/sources lists them.")] = []
    year: Annotated[list[_Year], Field(max_length=_MAX_VALUES, description="Publication year.")] = []
    year_from: Annotated[_Year | None, Field(description="Earliest publication year.")] = None
    year_to: Annotated[_Year | None, Field(description="Latest publication year.")] = None
    lang: Annotated[_Values, Field(description="Language code, such as en or zh.")] = []
    license: Annotated[_Values, Field(description="Licence code, such as cc-by.")] = []
    subject: Annotated[_Values, Field(description="Subject term, as the facet shows it.")] = []
    keyword: Annotated[_Values, Field(description="Keyword, as the facet shows it.")] = []
    container: Annotated[_Values, Field(description="Container (journal) id.")] = []
    clc: Annotated[_Values, Field(description="Class of the subject tree, such as TP; with all below it.")] = []
    type: Annotated[_Values, Field(description="Article type.")] = []
    version: Annotated[
        list[ArticleVersion], Field(max_length=_MAX_VALUES, description="Version of a copy that can be read.")
    ] = []
    has: Annotated[
        list[Literal["pdf", "abstract", "doi", "license", "fulltext"]],
        Field(max_length=_MAX_VALUES, description="What the work has."),
    ] = []
    status: Annotated[
        list[WorkStatus], Field(max_length=_MAX_VALUES, description="What became of it after publication.")
    ] = []
    sort: Annotated[
        Literal["relevance", "newest", "oldest", "first_indexed", "title"], Field(description="Order of the results.")
    ] = "relevance"
    rules: Annotated[
        Literal["on", "off"],
        Field(description="off: as if the library hid no works and ranked none by rules of its own."),
    ] = "on"
    expand: Annotated[
        Literal["on", "off"],
        Field(description="off: look for the words as they are written, not for what the thesaurus has beside them."),
    ] = "on"

    @field_validator("*", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any, info: ValidationInfo) -> Any:
        """Take a single value where several may stand: JSON bodies and agents write it so."""
        field = cls.model_fields[info.field_name or ""]
        is_one = isinstance(value, str | int) and not isinstance(value, bool)
        return [value] if is_one and get_origin(field.annotation) is list else value

    @field_validator(*LISTED, mode="before")
    @classmethod
    def _small_letters(cls, value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return [one.strip().lower() if isinstance(one, str) else one for one in values]

    @field_validator(*SPELT)
    @classmethod
    def _as_in_the_index(cls, value: list[str], info: ValidationInfo) -> list[str]:
        return canonical(info.field_name or "", value)

    @field_validator("year_to")
    @classmethod
    def _not_before_the_first(cls, value: int | None, info: ValidationInfo) -> int | None:
        require_forwards(info.data.get("year_from"), value)
        return value

    def search(self, ui_language: str = "en") -> Search:
        """Return the parameters as a search."""
        return Search(
            q=self.q,
            match=self.match,
            filters=Filters(
                source=tuple(self.source),
                year=tuple(self.year),
                year_from=self.year_from,
                year_to=self.year_to,
                lang=tuple(self.lang),
                license=tuple(self.license),
                subject=tuple(self.subject),
                keyword=tuple(self.keyword),
                container=tuple(self.container),
                clc=tuple(self.clc),
                type=tuple(self.type),
                version=tuple(self.version),
                has=tuple(self.has),
                status=tuple(self.status),
            ),
            sort=self.sort,
            ruled=self.rules == "on",
            expand=self.expand == "on",
            ui_language=ui_language,
        )


class WorksParameters(QueryParameters):
    """The parameters of a search, a page at a time."""

    facets: Annotated[
        str,
        Field(
            max_length=200,
            description=f"Facets to count, with commas (their 20 most frequent values): {', '.join(FACET_FIELDS)}.",
        ),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Works a page.")] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(max_length=4000, description="next_cursor of the page before.")] = None
    fields: Annotated[str, Field(max_length=500, description=f"{', '.join(PRESETS)}, or field names with commas.")] = (
        "card"
    )

    highlight: Annotated[bool, Field(description="Tell what matched: ranges of the title and of a snippet.")] = False

    @field_validator("facets", "fields", mode="before")
    @classmethod
    def _names_of_a_list(cls, value: Any) -> Any:
        """Take a list of names too, as JSON writes them."""
        is_names = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return ",".join(value) if is_names else value

    @field_validator("facets")
    @classmethod
    def _known_facets(cls, value: str) -> str:
        facets_of(value)
        return value

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: str) -> str:
        fields_of(value)
        return value

    def search(self, ui_language: str = "en") -> Search:
        """Return the parameters as a search."""
        return replace(
            super().search(ui_language),
            facets=facets_of(self.facets),
            limit=self.limit,
            cursor=self.cursor,
            highlight=self.highlight,
            fields=CARD_FIELDS if self.fields == "card" else fields_of(self.fields),
        )


def search_parameters(values: dict[str, Any]) -> WorksParameters:
    """Check parameters that came by another way than HTTP; raise ``QueryError`` naming the first wrong one."""
    try:
        return WorksParameters.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if isinstance(wrong := first.get("ctx", {}).get("error"), WrongValueError):
            raise wrong.fault from error
        name = str(first["loc"][0]) if first["loc"] else "q"
        raise QueryError("wrong_option", name=name, problem=first["msg"], parameter=name) from error


class IdentifierOut(BaseModel):
    """An identifier in canonical form."""

    scheme: str
    value: str


class ContainerOut(BaseModel):
    """The journal; a card has its title and ISSNs only."""

    id: str | None
    title: str | None
    issns: list[str]
    issn_l: str | None = Field(default=None, description="Linking ISSN, where a source states it.")
    publisher: str | None = None
    country: str | None = Field(default=None, description="The publisher's, ISO 3166-1 alpha-2; from journal records.")


class LicenseOut(BaseModel):
    """A licence; code ``none``: no source states one."""

    code: str
    name: str
    url: str | None
    origin: Literal["article", "journal"] = Field(
        description="journal: no record of the article states a licence, but its journal has this one only."
    )


class SubjectOut(BaseModel):
    """A subject heading."""

    term: str
    scheme: str | None
    code: str | None
    origin: Literal["article", "journal"] = Field(description="journal: said of the journal as a whole.")


class LocationOut(BaseModel):
    """A place to read; a whole record also tells the state of its address."""

    url: str
    pdf_url: str | None
    license: str = Field(description="Licence code; none: no source states one.")
    version: str | None
    source: str | None
    open_url: str = Field(description="What to open first: the PDF, or the page where that is known to be broken.")
    rank_reasons: list[Reason] = Field(description="Why it stands where it does, see docs/links.md.")
    state: State = Field(default="unknown", description="Of open_url, by the last check.")
    checked_at: str | None = Field(default=None, description="When that was.")
    reports: int = Field(default=0, description="Readers' reports that it does not open, not yet settled.")


class NoticeOut(BaseModel):
    """A retraction, withdrawal, correction or expression of concern."""

    kind: NoticeKind
    title: str | None
    url: str | None = Field(description="Where it is.")
    identifier: IdentifierOut | None
    published: dict[str, Any] | None
    manifestation: str | None = Field(description="Its record, where there is one here.")
    work: str | None = Field(default=None, description="The work it is here; in the answer for one work only.")


class MarkedOut(BaseModel):
    """A text and the ranges of it that matched."""

    text: str
    spans: list[tuple[int, int]] = Field(
        description="From and up to which Unicode character, in order, never overlapping."
    )


class HighlightsOut(BaseModel):
    """What matched in a work."""

    title: MarkedOut
    translated_title: MarkedOut | None = Field(default=None, description="Another title, where only that one matches.")
    snippet: MarkedOut | None = Field(description="The best piece of an abstract, about 200 characters.")


class WorkOut(BaseModel):
    """A work; which fields it has depends on ``fields``."""

    model_config = ConfigDict(extra="allow")

    id: str
    title: str | None = None
    identifiers: list[IdentifierOut] | None = None
    year: int | None = None
    container: ContainerOut | None = None
    contributors: list[dict[str, Any]] | None = None
    contributor_count: int | None = None
    language: str | None = None
    license: LicenseOut | None = None
    subjects: list[SubjectOut] | None = None
    sources: list[str] | None = None
    status: WorkStatus | None = Field(default=None, description="The gravest that notices say; null for nearly all.")
    notices: list[NoticeOut] | None = Field(default=None, description="What was published about the work.")
    best_location: LocationOut | None = None
    locations: list[LocationOut] | None = Field(default=None, description="All copies, best first.")
    highlights: HighlightsOut | None = Field(default=None, description="With highlight=true.")


class BothWords(BaseModel):
    """The same in both languages of the pages."""

    en: str
    zh: str


class DoubtOut(BaseModel):
    """A word with a colon that was searched as it stands, though it looks like a field; or a sign passed over."""

    position: int = Field(description="0-based character in q.")
    written: str
    meant: str = Field(description="The field that it may have been meant for; empty for a sign.")
    words: BothWords


class RulesOut(BaseModel):
    """What the library's rules did to the answer; the desk has each rule with its reason."""

    applied: bool = Field(description="False with rules=off.")
    hidden: int = Field(description="Works that would be in the answer if the library did not hide them.")
    raised: int = Field(description="Rules by which works stand higher; they count with sort=relevance only.")
    lowered: int = Field(description="Rules by which works stand lower.")
    words: BothWords | None = Field(description="The same in words; null where nothing came of the rules.")


class AddedOut(BaseModel):
    """A form or term that was looked for too."""

    text: str
    language: str | None
    origin: Literal["library", "builtin", "stem", "script"] = Field(
        description="library, builtin: a term of the thesaurus; stem: a stem as the index has it; script: 繁 → 简."
    )


class ExpansionOut(BaseModel):
    """What was looked for beside something written; expand=off leaves out what is of the thesaurus."""

    written: str
    position: int = Field(description="0-based character in q of the word it stands in.")
    added: list[AddedOut]


class ChangeOut(BaseModel):
    """A part of the query, and what may be meant by it."""

    written: str
    meant: str


class MeantOut(BaseModel):
    """Another query that brings more works."""

    query: str
    text: str = Field(description="What is other in it.")
    count: int = Field(description="Works that have all its words, with the same filters.")
    reason: Literal["spelling", "split", "joined", "keyboard", "sound", "pinyin"]
    changes: list[ChangeOut]


class QueryOut(BaseModel):
    """How the query was understood; ``match`` is what was really used."""

    text: str
    match: Literal["all", "most", "any", "identifier", "citation"] = Field(
        description="identifier, citation: q was read as a whole reference, see docs/query-language.md."
    )
    filters: dict[str, Any]
    sort: str
    doubts: list[DoubtOut]
    expansions: list[ExpansionOut] = Field(default=[], description="What was looked for beside what was written.")
    did_you_mean: list[MeantOut] = Field(
        default=[], description="On a first page with fewer than ten works that have all the words."
    )
    rules: RulesOut | None = Field(default=None, description="Null where the library has no rules of ranking.")


class MetaOut(BaseModel):
    """About the answer; ``next_cursor`` is null at the end."""

    count: int
    query: QueryOut
    next_cursor: str | None
    unbroken: bool = Field(
        description="False where the index changed since the first page by relevance, and its state then is no longer "
        "kept: a work may come twice or be missed. Other sorts are always unbroken; see docs/paging.md."
    )
    took_ms: float


class FacetValueOut(BaseModel):
    """A facet value with its exact count."""

    value: str
    label: str
    count: int


class WorksOut(BaseModel):
    """A page of works."""

    meta: MetaOut
    results: list[WorkOut]
    facets: dict[str, list[FacetValueOut]]


class SourceOut(BaseModel):
    """A source, how much of it is here, and how fresh that is."""

    id: str
    name: str
    homepage: str
    license_note: str
    enabled: bool
    metadata_prefixes: list[str]
    lag_days: int
    problem: str | None = Field(description="Why the source is not harvested, and what to do; null where it can be.")
    records: int = Field(description="Raw records kept, deleted ones included.")
    deleted: int = Field(description="Records that the source has deleted.")
    manifestations: int = Field(description="Live records that could be used.")
    quarantined: int = Field(description="Records and pieces of pages waiting in quarantine.")
    complete_until: str | None = Field(description="Newest datestamp up to which the source is completely here.")
    last_harvest: dict[str, Any] | None = Field(description="The newest row of the harvest ledger.")


class CountsOut(BaseModel):
    """What arrived: received = new + changed + unchanged + deleted + quarantined + duplicates."""

    expected: int | None = Field(description="What the repository says there is; null where it says nothing.")
    received: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    quarantined: int
    duplicates: int
    pages: int
    bytes: int


class RunOut(CountsOut):
    """A row of the harvest ledger; ``complete`` only when every list ended and the counts agree."""

    id: int
    source: str
    kind: str = Field(description="harvest, reconcile or replay.")
    status: str = Field(description="running, complete, incomplete or failed.")
    started: str
    finished: str | None
    seconds: float | None
    since: str | None
    until: str | None
    resumed: bool
    error: str | None = Field(description="Why it is not complete, and what to do.")
    error_url: str | None


class ListOut(CountsOut):
    """One list of a run: one format, one window."""

    id: int
    metadata_prefix: str
    set_spec: str | None
    since: str | None
    until: str | None
    status: str = Field(description="open, complete, short, doubtful, repeated, split or dropped.")
    started: str
    finished: str | None
    note: str | None = Field(description="Why the list stands as it does.")


class HarvestsOut(BaseModel):
    """A page of the harvest ledger."""

    meta: dict[str, Any]
    results: list[RunOut]


class HarvestOut(RunOut):
    """A run with its lists."""

    lists: list[ListOut] = Field(description="In the order in which they were begun, up to 10,000.")
    lists_cut: bool = Field(description="True where the run has more lists than are shown.")


class SourcesOut(BaseModel):
    """All sources."""

    meta: dict[str, Any]
    results: list[SourceOut]


class HealthOut(BaseModel):
    """Whether the service is well."""

    status: Literal["ok", "unavailable", "stopping"]
    checks: dict[str, str] = {}
