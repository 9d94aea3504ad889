"""Answers to OAI-PMH 2.0 requests (<https://www.openarchives.org/OAI/openarchivesprotocol.html>).

Works are items, named ``oai:HOST:WORK``; sources are sets. Merged works and those whose records are all gone are
deleted records for ever. Lists are those of :mod:`indexer.storage.dated_works`: they stand still while works change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from urllib.parse import urlsplit

from indexer import clock
from indexer.storage.dated_works import DatedWork
from search_api.copies import copies_of
from search_api.library import Library
from search_api.repository.formats import FORMATS, Format
from search_api.repository.markup import element, enclosed
from search_api.repository.request import Code, ProtocolError, Request, read_request, shown, window_of
from search_api.repository.tokens import Position, Tokens
from search_api.settings import Settings

PAGE = 100
_NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<OAI-PMH xmlns="{_NAMESPACE}" xmlns:xsi="{_INSTANCE}" '
    f'xsi:schemaLocation="{_NAMESPACE} {_NAMESPACE}OAI-PMH.xsd">\n'
)
_IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"
_EMAIL = re.compile(r"[^\s<>()\[\],;:\"@]+@(?:[\w-]+\.)+[\w-]+")
#: Where the library has no contact set; the protocol wants an address, and nobody can ever own this one.
_NOBODY = "contact-not-set@library.invalid"
_DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z][A-Za-z0-9-]*)+")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}")
#: Sets are named by kind; collections will be another.
_SOURCES = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the repository is reached: ``base_url`` of the protocol, ``site`` of the pages, ``host`` in identifiers."""

    base_url: str
    site: str
    host: str

    def identifier(self, work_id: str) -> str:
        """Return a work's identifier in the protocol."""
        return f"oai:{self.host}:{work_id}"

    def page(self, work_id: str) -> str:
        """Return the address of a work's page."""
        return f"{self.site}/works/{work_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What is told inside a verb's element, and as of when."""

    inner: Iterable[str]
    at: datetime = field(default_factory=clock.now)


class Provider:
    """Answers requests about the works of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._works = library.store.dated_works
        self._tokens = Tokens(library.store.secret("oai"))
        self._verbs: Mapping[str, Callable[[Request, Place], _Told]] = {
            "Identify": self._identify,
            "ListMetadataFormats": self._list_formats,
            "ListSets": self._list_sets,
            "ListIdentifiers": self._list_works,
            "ListRecords": self._list_works,
            "GetRecord": self._get_record,
        }

    def answer(self, given: Sequence[tuple[str, str]], place: Place) -> Iterator[str]:
        """Answer a request, given as its arguments in order, with the pieces of one document.

        What is wrong with a request is an error of the protocol; errors of the store are raised before the first piece.
        """
        arguments = dict(given)
        try:
            request = read_request(given)
            told = self._verbs[request.verb](request, place)
        except ProtocolError as error:
            if error.code in {"badVerb", "badArgument"}:  # what cannot be read is not repeated (section 3.6)
                arguments = {}
            told, verb = _Told(inner=(element("error", str(error), code=error.code),)), None
        else:
            verb = request.verb
        return self._document(arguments, place, told, verb)

    def _document(self, arguments: Mapping[str, str], place: Place, told: _Told, verb: str | None) -> Iterator[str]:
        yield f"{_OPENING}<responseDate>{clock.iso(told.at)}</responseDate>"
        yield element("request", place.base_url, **arguments) + (f"\n<{verb}>" if verb else "\n")
        yield from told.inner
        yield f"</{verb}></OAI-PMH>\n" if verb else "</OAI-PMH>\n"

    def _identify(self, _request: Request, place: Place) -> _Told:
        contact = _EMAIL.search(self._library.settings.contact)
        facts = (
            ("repositoryName", "kaijuan 开卷"),
            ("baseURL", place.base_url),
            ("protocolVersion", "2.0"),
            ("adminEmail", contact[0] if contact else _NOBODY),
            ("earliestDatestamp", clock.iso(self._works.earliest() or clock.now())),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
            ("compression", "gzip"),
        )
        return _Told(inner=[*(element(name, value) for name, value in facts), _identifier_scheme(place)])

    def _list_formats(self, request: Request, place: Place) -> _Told:
        identifier = request.get("identifier")
        if identifier is not None:
            self._named(identifier, place)
        return _Told(
            inner=[
                enclosed(
                    "metadataFormat",
                    element("metadataPrefix", one.prefix)
                    + element("schema", one.schema_at(place.base_url))
                    + element("metadataNamespace", one.namespace),
                )
                for one in FORMATS.values()
            ]
        )

    def _list_sets(self, request: Request, _place: Place) -> _Told:
        if request.get("resumptionToken") is not None:
            raise ProtocolError("badResumptionToken", "The list of sets is one page. Ask for it without a token.")
        sources = self._library.store.sources.all()
        if not sources:
            raise ProtocolError("noSetHierarchy", "There are no sets yet. Harvest without set.")
        named = [(_SOURCES, "All sources"), *((set_spec(source.id), source.name) for source in sources)]
        return _Told(
            inner=[enclosed("set", element("setSpec", spec) + element("setName", name or spec)) for spec, name in named]
        )

    def _list_works(self, request: Request, place: Place) -> _Told:
        token = request.get("resumptionToken")
        at = self._tokens.read(token, request.verb) if token is not None else self._begin(request)
        chosen = _format(at.prefix)
        if at.stretch.top > self._library.store.feed.horizon():
            raise ProtocolError("badResumptionToken", "The token is of another history of this store. Begin again.")
        # Before the works are read: what changes in between is in the next list.
        complete_until = self._works.complete_until(at.stretch.top, clock.now())
        found = self._works.page(at.stretch, PAGE + 1)
        if not found:
            code: Code = "noRecordsMatch" if token is None else "badResumptionToken"
            what = "No record matches" if token is None else "Nothing is left of the list that the token belongs to"
            raise ProtocolError(code, f"{what}. Ask for other dates, or for another set.")
        return _Told(inner=self._page(at, chosen, found, place), at=complete_until)

    def _begin(self, request: Request) -> Position:
        _format(request["metadataPrefix"])
        since, before = window_of(request)
        stretch, size = self._works.stretch(since, before, self._source(request.get("set")))
        return Position(verb=request.verb, prefix=request["metadataPrefix"], stretch=stretch, given=0, size=size)

    def _source(self, spec: str | None) -> str | None:
        """Return the source that a set is of; the set of all sources is everything."""
        if spec is None or spec == _SOURCES:
            return None
        kind, _, source = spec.partition(":")
        if kind != _SOURCES or source not in self._library.store.sources.keys():  # noqa: SIM118  # a method
            raise ProtocolError(
                "noRecordsMatch", f"There is no set {shown(spec)}. ListSets names those that there are."
            )
        return source

    def _page(self, at: Position, chosen: Format, found: Sequence[DatedWork], place: Place) -> Iterable[str]:
        page, is_last = found[:PAGE], len(found) <= PAGE
        if at.verb == "ListIdentifiers":
            told: Iterable[str] = (_header(one, place) for one in page)
        else:
            told = self._records(page, chosen, place)
        if is_last and at.given == 0:
            return told
        given = at.given + len(page)
        size = given if is_last else max(at.size, given + 1)  # the first count may be too low, see stretch()
        onward = replace(at, stretch=at.stretch.behind(page[-1].sequence), given=given, size=size)
        token = "" if is_last else self._tokens.write(onward)
        return chain(told, [enclosed("resumptionToken", token, completeListSize=str(size), cursor=str(at.given))])

    def _records(self, page: Sequence[DatedWork], chosen: Format, place: Place) -> Iterator[str]:
        active = [one.work for one in page if one.work.state == "active"]
        copies = copies_of(active, self._library.store.links)
        origins = self._works.origins([name for work in active for name in work.data["manifestations"]])

        def record(one: DatedWork) -> str:
            work = one.work
            if work.state != "active":
                return enclosed("record", _header(one, place))
            metadata = chosen.write(work, copies[work.key], origins, place.page(work.id))
            return enclosed("record", _header(one, place) + enclosed("metadata", metadata))

        return map(record, page)

    def _get_record(self, request: Request, place: Place) -> _Told:
        found = self._named(request["identifier"], place)
        return _Told(inner=self._records([found], _format(request["metadataPrefix"]), place))

    def _named(self, identifier: str, place: Place) -> DatedWork:
        prefix = place.identifier("")
        found = self._works.by_id(identifier.removeprefix(prefix)) if identifier.startswith(prefix) else None
        if found is None:
            said = f"There is no record {shown(identifier)}. Identifiers here look like {prefix}w… (ListIdentifiers)."
            raise ProtocolError("idDoesNotExist", said)
        return found


def place_of(settings: Settings, request_url: str, library_id: str) -> Place:
    """Return where a library is reached: by its settings, or where they say nothing by the address of a request.

    Identifiers never follow the request: whoever asks by another name would get other identifiers, of their choice.
    Without settings they carry the library's own id, below a domain that nobody can own (RFC 2606).
    """
    site = settings.public_url.rstrip("/") or request_url.rstrip("/")
    named = settings.repository_id or urlsplit(settings.public_url).hostname or ""
    host = named if _HOST.fullmatch(named) else f"kaijuan-{library_id}.invalid"
    return Place(base_url=f"{site}/oai", site=site, host=host)


def set_spec(source: str) -> str:
    """Return the set of a source's works."""
    return f"{_SOURCES}:{source}"


def _format(prefix: str) -> Format:
    if prefix not in FORMATS:
        said = f"There is no format {shown(prefix)}. Use one of {', '.join(FORMATS)}."
        raise ProtocolError("cannotDisseminateFormat", said)
    return FORMATS[prefix]


def _header(one: DatedWork, place: Place) -> str:
    work = one.work
    sets = "".join(element("setSpec", set_spec(source)) for source in work.data["sources"])
    inner = element("identifier", place.identifier(work.id)) + element("datestamp", clock.iso(one.at)) + sets
    return enclosed("header", inner, status=None if work.state == "active" else "deleted")


def _identifier_scheme(place: Place) -> str:
    """Describe how identifiers are built, where they follow the OAI's own scheme: its hosts are domain names."""
    if not _DOMAIN.fullmatch(place.host):
        return ""
    inner = (
        element("scheme", "oai")
        + element("repositoryIdentifier", place.host)
        + element("delimiter", ":")
        + element("sampleIdentifier", place.identifier("w0123456789abc"))
    )
    schema = f"{_IDENTIFIER} {_IDENTIFIER}.xsd"
    opening = f'<oai-identifier xmlns="{_IDENTIFIER}" xsi:schemaLocation="{schema}">'
    return enclosed("description", f"{opening}{inner}</oai-identifier>")
