"""We are a repository too: harvested over real HTTP with sickle, with oaipmh-scythe and with our own harvester."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from lxml import etree
from oaipmh_scythe import Scythe
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
)
from sickle import Sickle

from harvesters.sources.definition import Source
from indexer import clock
from indexer.storage.store import RecordStore
from search_api.app import make_app
from search_api.library import Library, open_library
from search_api.repository.own_format import schema_document
from search_api.repository.provider import PAGE
from search_api.settings import Limits, Settings
from tests.browser.demonstration import serving
from tests.integration.conftest import add_source, harvest
from tests.unit.web.records import Dublin, put

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_WORKS = 2 * PAGE + 30
_DC_NAMES = {
    *("title", "creator", "subject", "description", "publisher", "contributor", "date", "type", "format", "identifier"),
    *("source", "language", "relation", "coverage", "rights"),
}
_LISTED = "verb=ListIdentifiers&metadataPrefix=oai_dc"
OTHER = Source(id="other", name="Other", endpoint="http://other.example/oai")


def dublin(number: int, **changes: str) -> Dublin:
    elements = {
        "title": f"A study of <solar> cells & batteries, number {number}",
        "creator": "Müller, Jörg",
        "date": "2021-05",
        "identifier": f"https://doi.org/10.5555/solar.{number}",
        "source": "Journal of Cells, Vol 3, Iss 2, Pp 11-19 (2021)",
        "rights": "https://creativecommons.org/licenses/by/4.0/",
        "description": f"We looked at the cells of number {number} and found that they work in the sun.",
        **changes,
    }
    return Dublin(identifier=f"oai:campus:{number}", elements=list(elements.items()))


def gone(number: int) -> Dublin:
    return Dublin(identifier=f"oai:campus:{number}", deleted=True)


def same_as(number: int, other: int) -> Dublin:
    """Return a record that says what another says, so that their works become one."""
    return Dublin(identifier=f"oai:campus:{number}", elements=dublin(other).elements)


Ask = Callable[..., "etree._Element"]


@pytest.fixture
def ask(library: Library) -> Ask:
    return asker(library)


def asker(library: Library) -> Ask:
    client = TestClient(make_app(library))

    def asked(verb: str, **arguments: str) -> etree._Element:
        named = {name.replace("from_", "from"): value for name, value in arguments.items()}
        answer = client.get("/oai", params={"verb": verb, **named})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        return etree.fromstring(answer.content)

    return asked


def pages(ask: Ask, verb: str = "ListRecords", **arguments: str) -> Iterator[etree._Element]:
    page = ask(verb, **arguments)
    while True:
        yield page
        token = page.findtext(f".//{_OAI}resumptionToken")
        if not token:
            return
        page = ask(verb, resumptionToken=token)


def headers(page: etree._Element) -> dict[str, bool]:
    """Return, by identifier, whether a record is deleted; nothing may come twice on a page."""
    found = [
        (one.findtext(f"{_OAI}identifier") or "", one.get("status") == "deleted") for one in page.iter(f"{_OAI}header")
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def walked(ask: Ask, **arguments: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for page in pages(ask, **{"verb": "ListIdentifiers", "metadataPrefix": "oai_dc", **arguments}):
        told = headers(page)
        assert found.keys().isdisjoint(told)
        found |= told
    return found


def error(page: etree._Element) -> tuple[str | None, str]:
    told = page.find(f"{_OAI}error")
    assert told is not None, etree.tostring(page)
    return told.get("code"), told.text or ""


def work_id(library: Library, number: int) -> str:
    found = library.store.catalogue.find(f"doi:10.5555/solar.{number}")
    assert found is not None
    return found.id


@pytest.fixture
def harvested(library: Library) -> Library:
    """A library with works, of which one is merged into another and one has lost its record."""
    put(library, *[dublin(number) for number in range(_WORKS)])
    put(library, gone(7), same_as(9, 8), datestamp="2026-10-02")
    return library


def test_three_harvesters_bring_every_work_once_with_its_deletions(harvested: Library, tmp_path: Path) -> None:
    active = {row.id for page in harvested.store.catalogue.pages() for row in page}
    assert len(active) == _WORKS - 2
    with serving(harvested) as url:
        by_sickle = [
            (one.header.identifier, one.header.deleted)
            for one in Sickle(f"{url}/oai").ListRecords(metadataPrefix="oai_dc")
        ]
        with Scythe(f"{url}/oai") as scythe:
            by_scythe = [(one.header.identifier, bool(one.header.deleted)) for one in scythe.list_records()]  # type: ignore[union-attr]
        with open_library(Settings(data_dir=tmp_path / "second"), sources=[]) as second:
            report = harvest(second, add_source(second, "first", f"{url}/oai"))
            second.bring_up_to_date()
            counts = second.store.catalogue.counts()
            study = second.store.catalogue.find("doi:10.5555/solar.100")
    assert len(dict(by_sickle)) == len(by_sickle) == _WORKS
    assert {name.rpartition(":")[2] for name, deleted in by_sickle if not deleted} == active
    assert by_scythe == by_sickle
    assert (report.status, report.received, report.deleted) == ("complete", _WORKS, 2)
    assert counts["works"] == _WORKS - 2
    assert study is not None
    assert study.data["title"]["value"] == "A study of <solar> cells & batteries, number 100"
    assert study.data["license"]["code"] == "cc-by"
    assert (study.data["volume"], study.data["pages"]) == ("3", "11-19")
    assert [person["family"] for person in study.data["contributors"]] == ["Müller"]


def test_a_second_harvest_brings_only_what_changed_and_the_deletions(library: Library, tmp_path: Path) -> None:
    titles = (
        "Fish of northern lakes",
        "Lead in rice",
        "Wind over the strait",
        "Bees and orchards",
        "Old maps of Ningbo",
    )
    put(library, *[dublin(number, title=title, creator=f"{title[:4]}, A.") for number, title in enumerate(titles)])
    with serving(library) as url, open_library(Settings(data_dir=tmp_path / "second"), sources=[]) as second:
        source = add_source(second, "first", f"{url}/oai")
        assert harvest(second, source).new == 5
        put(library, gone(1), dublin(2, title="Wind over the strait and its waves"), datestamp="2026-10-02")
        again = harvest(second, source)
        second.bring_up_to_date()
        assert (again.deleted, again.changed, again.new) == (1, 1, 0)
        assert second.store.catalogue.counts()["works"] == 4


def test_lists_state_their_size_and_place(harvested: Library, ask: Ask) -> None:
    tokens = [page.find(f".//{_OAI}resumptionToken") for page in pages(ask, metadataPrefix="oai_dc")]
    said = [
        (token.get("completeListSize"), token.get("cursor"), bool(token.text)) for token in tokens if token is not None
    ]
    assert said == [(str(_WORKS), "0", True), (str(_WORKS), str(PAGE), True), (str(_WORKS), str(2 * PAGE), False)]


def test_a_list_stands_still_while_works_change_and_the_next_one_has_the_changes(library: Library, ask: Ask) -> None:
    put(library, *[dublin(number) for number in range(_WORKS)])
    walk = pages(ask, metadataPrefix="oai_dc")
    first = next(walk)
    told = headers(first)
    early, late = work_id(library, 3), work_id(library, _WORKS - 1)
    assert any(name.endswith(early) for name in told)
    put(library, dublin(3, title="A title of later"), gone(_WORKS - 1), dublin(5_000), datestamp="2026-10-03")
    rest = list(walk)
    for page in rest:
        told |= headers(page)
    assert len(told) == _WORKS
    assert [deleted for name, deleted in told.items() if name.endswith(late)] == [True]  # as it is now
    dates = [date.text for page in (first, *rest) for date in page.iter(f"{_OAI}responseDate")]
    for page in (first, *rest):  # whichever page's date a harvester goes on from, it misses nothing
        since = page.findtext(f"{_OAI}responseDate") or ""
        later = walked(ask, from_=since)
        for work in (early, late, work_id(library, 5_000)):
            assert any(name.endswith(work) for name in later), dates


def test_a_window_that_ended_stands_still_too(library: Library, ask: Ask) -> None:
    put(library, *[dublin(number) for number in range(PAGE + 1)])
    until = clock.iso(clock.now()) or ""
    walk = pages(ask, metadataPrefix="oai_dc", until=until)
    told = headers(next(walk))
    put(
        library,
        *[dublin(number, title=f"Another title {number}") for number in range(PAGE + 1)],
        datestamp="2026-10-03",
    )
    [last] = walk
    assert len(told | headers(last)) == PAGE + 1


def test_works_are_selected_by_date_and_the_bounds_belong_to_the_window(library: Library, ask: Ask) -> None:
    put(library, dublin(1))
    [[date]] = [
        [one.text or "" for one in page.iter(f"{_OAI}datestamp")] for page in pages(ask, metadataPrefix="oai_dc")
    ]
    assert len(walked(ask, from_=date, until=date)) == 1
    assert len(walked(ask, from_=date[:10], until=date[:10])) == 1
    assert len(walked(ask, until="9999-12-31")) == 1
    assert error(ask("ListRecords", metadataPrefix="oai_dc", from_="2090-01-01T00:00:00Z"))[0] == "noRecordsMatch"
    assert error(ask("ListRecords", metadataPrefix="oai_dc", until="2020-01-01"))[0] == "noRecordsMatch"
    assert error(ask("ListRecords", metadataPrefix="oai_dc", until="0001-01-01"))[0] == "noRecordsMatch"


def test_sources_are_sets_and_ended_works_stay_in_theirs(library: Library, ask: Ask) -> None:
    put(library, *[dublin(number) for number in range(4)])
    put(library, *[replace(dublin(number), identifier=f"oai:other:{number}") for number in (3, 4, 5, 6)], source=OTHER)
    ended, merged = work_id(library, 5), work_id(library, 6)
    put(library, Dublin(identifier="oai:other:5", deleted=True), source=OTHER, datestamp="2026-10-02")
    put(library, replace(same_as(6, 0), identifier="oai:other:6"), source=OTHER, datestamp="2026-10-02")
    sets = {one.text for one in ask("ListSets").iter(f"{_OAI}setSpec")}
    assert sets == {"source", "source:campus", "source:other"}
    campus, other, everything = (walked(ask, set=one) for one in ("source:campus", "source:other", "source"))
    assert sorted(campus.values()) == [False] * 4
    assert {name.rpartition(":")[2] for name, deleted in other.items() if deleted} == {ended, merged}
    assert {name.rpartition(":")[2] for name, deleted in other.items() if not deleted} == {
        work_id(library, number) for number in (0, 3, 4)
    }
    assert everything == walked(ask)
    record = ask(
        "GetRecord",
        metadataPrefix="oai_dc",
        identifier=f"oai:kaijuan-{library.store.library_id}.invalid:{work_id(library, 3)}",
    )
    assert {one.text for one in record.iter(f"{_OAI}setSpec")} == {"source:campus", "source:other"}


def test_identifiers_are_the_same_whatever_host_is_asked(library: Library) -> None:
    put(library, dublin(1))
    client = TestClient(make_app(library))

    def told(host: str, query: str, path: str = "/oai") -> str:
        return client.get(f"{path}?{query}", headers={"Host": host}).text

    hosts = ("localhost:8000", "127.0.0.1", "evil.example", "[::1]:8000")
    found = {host: re.findall("<identifier>(.*?)</identifier>", told(host, _LISTED)) for host in hosts}
    [name] = found["localhost:8000"]
    assert all(one == [name] for one in found.values())
    assert library.store.library_id in name
    for host in hosts:
        assert f"<identifier>{name}</identifier>" in told(
            host, f"verb=GetRecord&metadataPrefix=oai_dc&identifier={name}"
        )
        assert f"<repositoryIdentifier>{name.split(':')[1]}</repositoryIdentifier>" in told(host, "verb=Identify")
    tags = {host: re.findall("<id>(.*?)</id>", told(host, "", "/v1/works.atom")) for host in hosts}
    assert len(tags["localhost:8000"]) == 2
    assert all(one == tags["localhost:8000"] for one in tags.values())


def test_a_library_keeps_its_id(library: Library) -> None:
    first = library.store.library_id
    again = RecordStore(library.store.database)
    assert again.library_id == first
    assert again.fact("library_id") == first


def test_without_sources_there_are_no_sets(embedded: Library) -> None:
    ask = asker(embedded)
    assert error(ask("ListSets"))[0] == "noSetHierarchy"
    assert error(ask("ListRecords", metadataPrefix="oai_dc"))[0] == "noRecordsMatch"
    assert ask("Identify").findtext(f".//{_OAI}earliestDatestamp")


@pytest.fixture
def small(embedded: Library) -> TestClient:
    put(embedded, *[dublin(number) for number in range(PAGE + 1)])
    return TestClient(make_app(embedded))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=", "badVerb"),
        ("verb=identify", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&set=x", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-13-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T00:00:00%2B01:00", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01T25:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=0000-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=２０２６-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-02T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-02&until=2026-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=marc21", "cannotDisseminateFormat"),
        ("verb=ListRecords&metadataPrefix=", "cannotDisseminateFormat"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=nothing", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=source:nothing", "noRecordsMatch"),
        ("verb=ListRecords&resumptionToken=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=x.y", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=" + "x" * 2000, "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=%00%ff%0b", "badResumptionToken"),
        ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=x", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:testserver:", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:testserver:w%00", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=" + "%F0%9F%98%80%0b" * 300, "idDoesNotExist"),
        ("verb=ListMetadataFormats&identifier=oai:testserver:wx", "idDoesNotExist"),
    ],
)
def test_what_is_wrong_is_told_in_the_protocols_words(small: TestClient, query: str, code: str) -> None:
    answer = small.get(f"/oai?{query}")
    assert answer.status_code == 200
    page = etree.fromstring(answer.content)
    assert error(page)[0] == code
    assert re.search(r"[.…)] [A-Z].+\.$|Use one of .*\.$|\(ListIdentifiers\)\.$", error(page)[1]), "no remedy"
    asked = page.find(f"{_OAI}request")
    assert asked is not None
    assert asked.text == "http://testserver/oai"
    assert bool(asked.attrib) == (code not in {"badVerb", "badArgument"})


def test_a_token_is_of_its_verb_and_cannot_be_changed(small: TestClient, embedded: Library) -> None:
    ask = asker(embedded)
    token = ask("ListRecords", metadataPrefix="oai_dc").findtext(f".//{_OAI}resumptionToken") or ""
    assert len(headers(ask("ListRecords", resumptionToken=token))) == 1
    assert len(headers(ask("ListRecords", resumptionToken=token))) == 1  # as often as it is asked for
    assert error(ask("ListIdentifiers", resumptionToken=token))[0] == "badResumptionToken"
    for at in range(0, len(token), 5):
        wrong = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert error(ask("ListRecords", resumptionToken=wrong))[0] == "badResumptionToken"


def test_a_token_of_a_store_that_was_put_back_is_refused(tmp_path: Path, embedded: Library) -> None:
    put(embedded, *[dublin(number) for number in range(PAGE + 1)])
    ask = asker(embedded)
    token = ask("ListRecords", metadataPrefix="oai_dc").findtext(f".//{_OAI}resumptionToken") or ""
    kept = embedded.store.secret("oai")
    with open_library(Settings(data_dir=tmp_path / "older"), sources=[]) as older:
        older.store.secret("oai")
        with older.store.database.write() as connection:
            connection.exec_driver_sql("UPDATE facts SET value = ? WHERE name = 'secret:oai'", (kept,))
        put(older, *[dublin(number) for number in range(PAGE)])
        code, said = error(asker(older)("ListRecords", resumptionToken=token))
    assert code == "badResumptionToken"
    assert "another history" in said


def test_a_form_is_answered_as_an_address_is(small: TestClient) -> None:
    form = {"verb": "ListIdentifiers", "metadataPrefix": "kaijuan"}
    posted = etree.fromstring(small.post("/oai", data=form).content)
    assert headers(posted) == headers(etree.fromstring(small.get("/oai", params=form).content))
    twice = small.post("/oai?verb=Identify", data={"verb": "Identify"})
    assert error(etree.fromstring(twice.content))[0] == "badVerb"
    assert small.post("/oai", json=form).status_code == 415
    assert small.post("/oai", data={"verb": "x" * 20_000}).status_code == 413
    assert (
        small.post(
            "/oai", content="&".join(["a=1"] * 200), headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )


def test_dublin_core_is_as_its_schema_wants_it(small: TestClient) -> None:
    page = etree.fromstring(small.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").content)
    payloads = [metadata[0] for metadata in page.iter(f"{_OAI}metadata")]
    assert len(payloads) == PAGE
    for payload in payloads:
        assert payload.tag == "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"
        assert payload.get(f"{_XSI}schemaLocation") == (
            "http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
        )
        assert {child.tag for child in payload} <= {f"{_DC}{name}" for name in _DC_NAMES}
        assert {name for child in payload for name in child.attrib} <= {"{http://www.w3.org/XML/1998/namespace}lang"}
        assert not any(len(child) for child in payload)
    assert page.get(f"{_XSI}schemaLocation") == (
        "http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
    )
    assert [child.tag for child in page] == [f"{_OAI}{name}" for name in ("responseDate", "request", "ListRecords")]


def _schema(folder: Path) -> etree.XMLSchema:
    """Read our schema, with a stand-in for the one of ``xml:lang``, which is not fetched."""
    stand_in = folder / "xml.xsd"
    stand_in.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'targetNamespace="http://www.w3.org/XML/1998/namespace">'
        '<xs:attribute name="lang" type="xs:language"/></xs:schema>',
        encoding="utf-8",
    )
    document = schema_document().replace(b"http://www.w3.org/2001/xml.xsd", stand_in.as_uri().encode())
    return etree.XMLSchema(etree.fromstring(document))


def test_our_own_format_follows_its_schema_which_is_served(
    small: TestClient, embedded: Library, tmp_path: Path
) -> None:
    served = small.get("/oai/kaijuan.xsd")
    assert served.headers["content-type"].startswith("application/xml")
    assert served.content == schema_document()
    assert small.get("/oai/kaijuan.xsd?x=1").status_code == 400
    put(embedded, Dublin(identifier="oai:campus:bare", elements=[("title", "Nothing else is known of this")]))
    put(
        embedded,
        Dublin(
            identifier="oai:campus:r",
            elements=[
                ("title", "Retraction: " + dublin(1).elements[0][1]),
                ("identifier", "https://doi.org/10.5555/r"),
            ],
        ),
    )
    schema = _schema(tmp_path)
    for page in pages(asker(embedded), metadataPrefix="kaijuan"):
        for metadata in page.iter(f"{_OAI}metadata"):
            schema.assertValid(metadata[0])
    name = f"oai:kaijuan-{embedded.store.library_id}.invalid:{work_id(embedded, 4)}"
    one = small.get(f"/oai?verb=GetRecord&metadataPrefix=kaijuan&identifier={name}")
    assert '<identifier scheme="doi">10.5555/solar.4</identifier>' in one.text
    assert 'source="campus">oai:campus:4</record>' in one.text
    assert '<license code="cc-by"' in one.text


def test_every_verb_of_a_deleted_record_answers(harvested: Library, ask: Ask) -> None:
    deleted = [name for name, is_deleted in walked(ask).items() if is_deleted]
    assert len(deleted) == 2
    for name in deleted:
        record = ask("GetRecord", metadataPrefix="kaijuan", identifier=name)
        assert headers(record) == {name: True}
        assert record.find(f".//{_OAI}metadata") is None
        assert len(list(ask("ListMetadataFormats", identifier=name).iter(f"{_OAI}metadataFormat"))) == 2


def test_settings_name_the_repository_and_a_forged_host_does_not(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        contact="Library <library@example.edu>",
        public_url="https://Library.example.edu/kj/",
    )
    with open_library(settings, sources=[]) as library:
        put(library, dublin(1))
        client = TestClient(make_app(library))
        page = client.get("/oai?verb=Identify", headers={"Host": "evil.example"}).text
        assert "<baseURL>https://Library.example.edu/kj/oai</baseURL>" in page
        assert "<adminEmail>library@example.edu</adminEmail>" in page
        assert "<repositoryIdentifier>library.example.edu</repositoryIdentifier>" in page
        listed = client.get("/oai?verb=ListRecords&metadataPrefix=oai_dc", headers={"Host": 'x"<&>'}).text
        assert f"<identifier>oai:library.example.edu:{work_id(library, 1)}</identifier>" in listed
        assert f"<dc:identifier>https://Library.example.edu/kj/works/{work_id(library, 1)}</dc:identifier>" in listed


@pytest.mark.parametrize("host", ['x"<&>', "[::1]:8000", "a b", "127.0.0.1:80", "", "x" * 300])
def test_whatever_a_host_header_says_the_answer_is_well_formed(small: TestClient, host: str) -> None:
    answer = small.get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc", headers={"Host": host})
    named = list(headers(etree.fromstring(answer.content)))
    assert all(re.fullmatch(r"oai:[A-Za-z0-9.-]+:w\w+", name) for name in named), named[:1]


def test_no_request_to_what_others_harvest_and_follow_is_a_fault(tmp_path: Path) -> None:
    free = Limits(address_a_minute=0, address_a_day=0, address_costly_a_minute=0, address_costly_a_day=0)
    with open_library(Settings(data_dir=tmp_path / "data", limits=free), sources=[]) as library:
        put(library, *[dublin(number) for number in range(3)])
        described = schemathesis.openapi.from_asgi("/openapi.json", make_app(library))
        schema = described.include(path_regex=r"^/oai|works\.atom$")
        operations = [operation.ok() for operation in schema.get_all_operations() if isinstance(operation, Ok)]
        assert len(operations) == 4
        # A wrong OAI-PMH request is answered with 200 and an error of the protocol.
        excluded = [positive_data_acceptance, negative_data_rejection, missing_required_header, ignored_auth]
        for operation in operations:

            @hypothesis_settings(
                max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
            )
            @given(operation.as_strategy())
            def is_as_described(case: schemathesis.Case[Any]) -> None:
                case.call_and_validate(excluded_checks=excluded)

            is_as_described()
