"""Answer OAI-PMH 2.0 requests from a repository's habits: verbs, arguments, lists, tokens, errors.

<https://www.openarchives.org/OAI/openarchivesprotocol.html>; section numbers below are of that page.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from harvesters.demo.holdings import Cursor, Repository, Stretch

Arguments = list[tuple[str, str]]
"""A request's arguments in order, decoded once; a name may stand twice (which is an error)."""

_ALLOWED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    # verb: (required, optional), section 4
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset(), frozenset({"identifier"})),
    "ListSets": (frozenset(), frozenset({"resumptionToken"})),
    "ListIdentifiers": (frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"})),
    "ListRecords": (frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"})),
    "GetRecord": (frozenset({"identifier", "metadataPrefix"}), frozenset()),
}
_LISTS = ("ListIdentifiers", "ListRecords")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")
_ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ '
    'http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">'
)


@dataclass(frozen=True, slots=True)
class _Refusal(Exception):  # noqa: N818  # an answer of the protocol, not a fault
    code: str
    message: str


def answer(repository: Repository, arguments: Arguments, base_url: str) -> str:
    """Answer one request; whatever is wrong with it is told by an OAI-PMH error, never by an exception."""
    given = dict(arguments)
    try:
        verb = _checked(arguments, given)
        body = f"<{verb}>{_VERBS[verb](repository, given, base_url)}</{verb}>"
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in arguments)
    except _Refusal as refusal:
        body = f'<error code="{refusal.code}">{escape(refusal.message)}</error>'
        known = refusal.code not in {"badVerb", "badArgument"}
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in arguments) if known else ""
    date = f"{repository.now:%Y-%m-%dT%H:%M:%SZ}"
    request = f"<request{attributes}>{escape(base_url)}</request>"
    return f"{_ROOT}<responseDate>{date}</responseDate>{request}{body}</OAI-PMH>"


def _checked(arguments: Arguments, given: dict[str, str]) -> str:
    """Return the verb, or refuse the request (section 3.6)."""
    counts = Counter(name for name, _ in arguments)
    verb = given.get("verb", "")
    if verb not in _ALLOWED or counts["verb"] > 1:
        raise _Refusal("badVerb", f"The verb {verb!r} is missing, repeated or unknown.")
    doubled = sorted(name for name, count in counts.items() if count > 1)
    if doubled:
        raise _Refusal("badArgument", f"Given more than once: {', '.join(doubled)}.")
    required, optional = _ALLOWED[verb]
    names = set(given) - {"verb"}
    if verb in _LISTS and "resumptionToken" in names:
        required, optional = frozenset({"resumptionToken"}), frozenset()
    wrong = sorted(names - required - optional)
    missing = sorted(required - names)
    if wrong or missing:
        raise _Refusal(
            "badArgument", f"Missing: {', '.join(missing) or 'none'}; not allowed: {', '.join(wrong) or 'none'}."
        )
    return verb


def _identify(repository: Repository, _given: dict[str, str], base_url: str) -> str:
    granularity = "YYYY-MM-DD" if repository.by_day else "YYYY-MM-DDThh:mm:ssZ"
    return (
        f"<repositoryName>{escape(repository.title)}</repositoryName><baseURL>{escape(base_url)}</baseURL>"
        f"<protocolVersion>2.0</protocolVersion><adminEmail>demo@{repository.authority}</adminEmail>"
        f"<earliestDatestamp>{repository.datestamp(0)}</earliestDatestamp>"
        f"<deletedRecord>{repository.deleted_record}</deletedRecord><granularity>{granularity}</granularity>"
        "<compression>gzip</compression>"
    )


def _list_metadata_formats(repository: Repository, given: dict[str, str], _base_url: str) -> str:
    if "identifier" in given:
        _place(repository, given["identifier"])
    return "".join(
        f"<metadataFormat><metadataPrefix>{each.prefix}</metadataPrefix><schema>{each.schema}</schema>"
        f"<metadataNamespace>{each.namespace}</metadataNamespace></metadataFormat>"
        for each in repository.formats
    )


def _list_sets(repository: Repository, given: dict[str, str], _base_url: str) -> str:
    if "resumptionToken" in given:
        raise _Refusal("badResumptionToken", "The list of sets is one page.")
    return "".join(
        f"<set><setSpec>{spec}</setSpec><setName>{escape(name)}</setName></set>" for spec, name in repository.sets()
    )


def _place(repository: Repository, identifier: str) -> int:
    place = repository.find(identifier)
    if place is None:
        raise _Refusal("idDoesNotExist", f"Unknown here: {identifier}")
    return place


def _known_prefix(repository: Repository, prefix: str) -> str:
    if prefix not in {each.prefix for each in repository.formats}:
        raise _Refusal("cannotDisseminateFormat", f"Not among ListMetadataFormats: {prefix}")
    return prefix


def _get_record(repository: Repository, given: dict[str, str], _base_url: str) -> str:
    place = _place(repository, given["identifier"])
    return _record(repository, place, _known_prefix(repository, given["metadataPrefix"]))


def _header(repository: Repository, place: int) -> str:
    number = repository.work(place)
    status = ' status="deleted"' if repository.is_deleted(number) else ""
    sets = "".join(f"<setSpec>{spec}</setSpec>" for spec in repository.set_specs(number))
    return (
        f"<header{repository.header_attributes}{status}><identifier>{repository.identifier(number)}</identifier>"
        f"<datestamp>{repository.datestamp(place)}</datestamp>{sets}</header>"
    )


def _record(repository: Repository, place: int, prefix: str) -> str:
    number = repository.work(place)
    if repository.is_deleted(number):
        return f"<record>{_header(repository, place)}</record>"
    opening = f"<metadata{repository.header_attributes}>"
    return f"<record>{_header(repository, place)}{opening}{repository.metadata(number, prefix)}</metadata></record>"


def _list_records(repository: Repository, given: dict[str, str], _base_url: str) -> str:
    stretch, cursor = _stretch(repository, given)
    records = "".join(_record(repository, place, cursor.prefix) for place in stretch.places)
    return records + _token(repository, stretch, cursor)


def _list_identifiers(repository: Repository, given: dict[str, str], _base_url: str) -> str:
    stretch, cursor = _stretch(repository, given)
    return "".join(_header(repository, place) for place in stretch.places) + _token(repository, stretch, cursor)


def _stretch(repository: Repository, given: dict[str, str]) -> tuple[Stretch, Cursor]:
    """Take the asked page of a list, and the cursor that asked for it."""
    cursor = _cursor(repository, given)
    since, until = _window(repository, cursor)
    if cursor.set_spec and cursor.set_spec not in {spec for spec, _ in repository.sets()}:
        raise _Refusal("noRecordsMatch", f"No such set: {cursor.set_spec}")
    stretch = repository.stretch(cursor, since, until)
    if not stretch.places:
        if cursor.place is not None:
            raise _Refusal("badResumptionToken", "The token points behind the end of the list.")
        raise _Refusal("noRecordsMatch", "No record in this window and set.")
    return stretch, cursor


def _cursor(repository: Repository, given: dict[str, str]) -> Cursor:
    if "resumptionToken" in given:
        cursor = repository.read_token(given["resumptionToken"])
        if cursor is None or cursor.prefix not in {each.prefix for each in repository.formats}:
            raise _Refusal("badResumptionToken", "The token is not one of this repository's.")
        return cursor
    prefix = _known_prefix(repository, given["metadataPrefix"])
    return Cursor(
        prefix=prefix, since=given.get("from", ""), until=given.get("until", ""), set_spec=given.get("set", "")
    )


def _window(repository: Repository, cursor: Cursor) -> tuple[datetime | None, datetime | None]:
    """Read from and until (section 3.3): both inclusive, of equal granularity, no finer than the repository's."""
    bounds = [bound for bound in (cursor.since, cursor.until) if bound]
    if len({len(bound) for bound in bounds}) > 1:
        raise _Refusal("badArgument", "The granularities of from and until differ.")
    since = _instant(repository, cursor.since) if cursor.since else None
    until = _instant(repository, cursor.until) if cursor.until else None
    if since and until and since > until:
        raise _Refusal("badArgument", "from is later than until.")
    if until and "T" not in cursor.until:
        until += timedelta(days=1, seconds=-1)
    return since, until


def _instant(repository: Repository, text: str) -> datetime:
    if not _DATE.fullmatch(text) or (repository.by_day and "T" in text):
        raise _Refusal("badArgument", f"Not a date in this repository's granularity: {text}")
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise _Refusal("badArgument", f"No such date: {text}") from None


def _token(repository: Repository, stretch: Stretch, cursor: Cursor) -> str:
    """Write the token element: none after a single page, an empty one on the last of many (section 3.5)."""
    size = "" if stretch.size is None else f' completeListSize="{stretch.size}" cursor="{cursor.given}"'
    if stretch.following is None:
        return f"<resumptionToken{size}/>" if cursor.place is not None and repository.closes_lists else ""
    expiry = repository.now + timedelta(days=1)
    dated = f' expirationDate="{expiry:%Y-%m-%dT%H:%M:%SZ}"' if stretch.size is not None else ""
    return f"<resumptionToken{size}{dated}>{escape(repository.write_token(stretch.following))}</resumptionToken>"


_VERBS = {
    "Identify": _identify,
    "ListMetadataFormats": _list_metadata_formats,
    "ListSets": _list_sets,
    "ListIdentifiers": _list_identifiers,
    "ListRecords": _list_records,
    "GetRecord": _get_record,
}
