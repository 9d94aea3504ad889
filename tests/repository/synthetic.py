"""A repository of made-up records that can change between harvests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from harvesters.demo.loopback import Request, Response
from tests.repository.server import RepositoryServer, envelope, error

_SECONDS = "YYYY-MM-DDThh:mm:ssZ"
_DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">{}</oai_dc:dc>'
)


@dataclass(frozen=True, slots=True)
class Item:
    """One record: ``metadata`` is its whole XML; where it is empty, oai_dc with ``title`` is made.

    ``formats`` has the XML of other metadata prefixes; what is not in it is the same in every format.
    """

    identifier: str
    datestamp: str
    title: str = "A title"
    metadata: str = ""
    set_specs: tuple[str, ...] = ()
    deleted: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)

    def body(self, prefix: str = "oai_dc") -> str:
        """Return the metadata to send."""
        return self.formats.get(prefix) or self.metadata or _DC.format(f"<dc:title>{escape(self.title)}</dc:title>")


class ListRepository(RepositoryServer):
    """Records in memory; from, until and set are honoured, tokens hold the whole request.

    ``states_size`` is ``True`` (the true completeListSize), ``False`` (none) or a number to claim instead. With
    ``deleted_record="no"`` deleted items are left out. ``sets`` are (spec, name) pairs, ``None`` for a repository
    without sets. ``identity`` replaces elements of Identify (an empty text leaves one out). With ``heeds_dates=False``
    every window gets the whole list. :meth:`put`, :meth:`delete` and :meth:`forget` change the items.
    """

    def __init__(
        self,
        records: Iterable[Item] = (),
        *,
        page_size: int = 10,
        order: Literal["oldest", "newest", "given"] = "oldest",
        states_size: bool | int = True,
        deleted_record: Literal["no", "transient", "persistent"] = "persistent",
        granularity: str = _SECONDS,
        prefixes: tuple[str, ...] = ("oai_dc",),
        sets: Iterable[tuple[str, str]] | None = (),
        sets_page_size: int = 50,
        identity: Mapping[str, str] | None = None,
        heeds_dates: bool = True,
        port: int = 0,
        gzip: bool = False,
    ) -> None:
        super().__init__(port=port, gzip=gzip)
        self.items = {item.identifier: item for item in records}
        self.page_size = page_size
        self.order = order
        self.states_size = states_size
        self.deleted_record = deleted_record
        self.granularity = granularity
        self.prefixes = prefixes
        self.sets = None if sets is None else list(sets)
        self.sets_page_size = sets_page_size
        self.identity = dict(identity or {})
        self.heeds_dates = heeds_dates

    def put(self, *items: Item) -> None:
        """Add items, or change those whose identifiers are there."""
        self.items.update({item.identifier: item for item in items})

    def delete(self, identifier: str, datestamp: str) -> None:
        """Leave a tombstone in an item's place."""
        was = self.items[identifier]
        self.items[identifier] = Item(identifier, datestamp, set_specs=was.set_specs, deleted=True)

    def forget(self, identifier: str) -> None:
        """Lose an item without a trace."""
        del self.items[identifier]

    def answer(self, request: Request) -> Response:
        """Answer the six verbs."""
        verb = request.argument("verb")
        if verb in {"ListRecords", "ListIdentifiers"}:
            return self._list(request, verb)
        if verb == "Identify":
            return Response(body=envelope(self.url, self._identify()))
        if verb == "ListMetadataFormats":
            return Response(body=envelope(self.url, self._formats()))
        if verb == "GetRecord":
            return self._get(request)
        if verb == "ListSets":
            return self._list_sets(request)
        return error(self.url, "badVerb", f"{verb}")

    def _identify(self) -> str:
        earliest = min((item.datestamp for item in self.items.values()), default="2000-01-01T00:00:00Z")
        said = {
            "repositoryName": "A list",
            "baseURL": self.url,
            "protocolVersion": "2.0",
            "adminEmail": "tests@repository.example",
            "earliestDatestamp": earliest,
            "deletedRecord": self.deleted_record,
            "granularity": self.granularity,
            **self.identity,
        }
        elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in said.items() if value)
        return f"<Identify>{elements}</Identify>"

    def _list_sets(self, request: Request) -> Response:
        if self.sets is None:
            return error(self.url, "noSetHierarchy")
        token = request.argument("resumptionToken") or "0"
        if not token.isdigit():
            return error(self.url, "badResumptionToken")
        start, end = int(token), int(token) + self.sets_page_size
        sets = "".join(
            f"<set><setSpec>{escape(spec)}</setSpec><setName>{escape(name)}</setName></set>"
            for spec, name in self.sets[start:end]
        )
        following = f"<resumptionToken>{end}</resumptionToken>" if end < len(self.sets) else ""
        return Response(body=envelope(self.url, f"<ListSets>{sets}{following}</ListSets>"))

    def _formats(self) -> str:
        formats = "".join(
            f"<metadataFormat><metadataPrefix>{prefix}</metadataPrefix><schema>http://schema.example/{prefix}</schema>"
            f"<metadataNamespace>http://namespace.example/{prefix}</metadataNamespace></metadataFormat>"
            for prefix in self.prefixes
        )
        return f"<ListMetadataFormats>{formats}</ListMetadataFormats>"

    def _get(self, request: Request) -> Response:
        item = self.items.get(request.argument("identifier") or "")
        if item is None:
            return error(self.url, "idDoesNotExist")
        prefix = request.argument("metadataPrefix") or ""
        if prefix not in self.prefixes:
            return error(self.url, "cannotDisseminateFormat")
        return Response(body=envelope(self.url, f"<GetRecord>{_record(item, prefix)}</GetRecord>"))

    def _list(self, request: Request, verb: str) -> Response:
        asked = {name: value for name, value in request.arguments if name != "verb"}
        start = 0
        if "resumptionToken" in asked:
            asked = dict(parse_qsl(asked["resumptionToken"]))
            if not asked.get("start", "").isdigit():
                return error(self.url, "badResumptionToken")
            start = int(asked.pop("start"))
        if asked.get("metadataPrefix") not in self.prefixes:
            return error(self.url, "cannotDisseminateFormat" if "metadataPrefix" in asked else "badArgument")
        found = self.matching(asked.get("from", ""), asked.get("until", ""), asked.get("set", ""))
        page = found[start : start + self.page_size]
        if not page:
            return error(self.url, "badResumptionToken" if start else "noRecordsMatch")
        prefix = asked["metadataPrefix"]
        body = "".join(
            _record(item, prefix) if verb == "ListRecords" else _header(item) for item in page
        ) + self._token(asked, start, len(found))
        return Response(body=envelope(self.url, f"<{verb}>{body}</{verb}>"))

    def matching(self, since: str = "", until: str = "", set_spec: str = "") -> list[Item]:
        """List the items of a window and set in the repository's order; bounds are inclusive, of any granularity."""
        if not self.heeds_dates:
            since = until = ""
        found = [
            item
            for item in self.items.values()
            if item.datestamp[: len(since)] >= since
            and (not until or item.datestamp[: len(until)] <= until)
            and (not set_spec or set_spec in item.set_specs)
            and not (item.deleted and self.deleted_record == "no")
        ]
        if self.order != "given":
            found.sort(key=lambda item: (item.datestamp, item.identifier), reverse=self.order == "newest")
        return found

    def _token(self, asked: dict[str, str], start: int, size: int) -> str:
        claimed = size if self.states_size is True else self.states_size
        told = "" if claimed is False else f' completeListSize="{claimed}" cursor="{start}"'
        following = start + self.page_size
        if following >= size:
            return f"<resumptionToken{told}/>" if start or told else ""
        token = urlencode({**asked, "start": following})
        return f"<resumptionToken{told}>{escape(token)}</resumptionToken>"


def _header(item: Item) -> str:
    status = ' status="deleted"' if item.deleted else ""
    sets = "".join(f"<setSpec>{spec}</setSpec>" for spec in item.set_specs)
    return (
        f"<header{status}><identifier>{escape(item.identifier)}</identifier>"
        f"<datestamp>{item.datestamp}</datestamp>{sets}</header>"
    )


def _record(item: Item, prefix: str) -> str:
    metadata = "" if item.deleted else f"<metadata>{item.body(prefix)}</metadata>"
    return f"<record>{_header(item)}{metadata}</record>"
