"""The ID converter and the E-utilities as sources that enrich another's records."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harvesters.errors import PageError, ProtocolError, SourceError, ThrottledError
from harvesters.formats import describe
from harvesters.formats.description import Description
from harvesters.pace import Pace
from harvesters.pmc.services import Enricher, IdConverter, NcbiClient, Summaries
from harvesters.records import Page, Window
from harvesters.sources.definition import Source
from tests.repository.faults import html, status
from tests.repository.pmc_services import IdConverterServer, SummaryServer, too_fast
from tests.repository.service import ServiceServer, json_response


class Asked:
    """Stands for the store: identifiers that lack an answer, in order."""

    def __init__(self, identifiers: Sequence[str]) -> None:
        self.identifiers = sorted(identifiers)
        self.calls: list[tuple[str, str, str]] = []

    def __call__(self, source_id: str, metadata_prefix: str, *, after: str, limit: int) -> Sequence[str]:
        self.calls.append((source_id, metadata_prefix, after))
        start = bisect_right(self.identifiers, after)
        return self.identifiers[start : start + limit]


def oai(*numbers: int) -> list[str]:
    """Return PMC's OAI identifiers."""
    return [f"oai:pubmedcentral.nih.gov:{number}" for number in numbers]


def service(server: ServiceServer, asked: Asked | None, *, contact: str = "", **values: object) -> Enricher:
    """Return the lister for a loopback service."""
    kind = "pmc-idconv" if isinstance(server, IdConverterServer) else "pmc-esummary"
    source = Source.of(
        {
            "id": kind,
            "name": kind,
            "kind": kind,
            "endpoint": server.url,
            "enriches": "pmc",
            "pace_seconds": 0,
            "attempts": 2,
            "retry_wait_seconds": 0.01,
            "timeout_seconds": 5,
            **values,
        }
    )
    lister = IdConverter if kind == "pmc-idconv" else Summaries
    return lister(NcbiClient(source, Pace(), contact=contact), asked, contact=contact)


def pages_of(lister: Enricher, token: str | None = None) -> list[Page]:
    """Return all pages."""
    with closing(lister):
        prefix = "pmc_idconv" if isinstance(lister, IdConverter) else "pmc_esummary"
        return list(lister.list_records(prefix, Window(), token=token))


def described(page: Page) -> dict[str, Description]:
    """Return what each record of a page says."""
    return {record.identifier: describe(record) for record in page.records}


def test_each_answer_is_stored_beside_the_record_it_is_about() -> None:
    known = {7: {"pmid": "77", "doi": "10.5555/seven", "versions": [{"pmcid": "PMC7.1", "current": "true"}]}}
    with IdConverterServer(known) as server:
        (page,) = pages_of(service(server, Asked(oai(7, 8))))
    assert {(one.source, one.metadata_prefix, one.datestamp) for one in page.records} == {("pmc", "pmc_idconv", "")}
    said = described(page)
    assert [(one.scheme, one.value) for one in said[oai(7)[0]].identifiers] == [
        ("pmcid", "PMC7"),
        ("pmid", "77"),
        ("doi", "10.5555/seven"),
    ]
    assert said[oai(8)[0]] == Description(), "what the service does not know is stored, and says nothing"
    assert not page.damaged


def test_two_hundred_are_asked_about_at_a_time_and_the_list_goes_on_after_the_last() -> None:
    numbers = range(1, 451)
    asked = Asked(oai(*numbers))
    with IdConverterServer({number: {"doi": f"10.5555/{number}"} for number in numbers}) as server:
        first, *_ = pages = pages_of(service(server, asked))
        assert [len(page.records) for page in pages] == [200, 200, 50]
        assert [len((ids or "").split(",")) for ids in server.asked("ids")] == [200, 200, 50]
        assert (pages[-1].token, first.token) == (None, first.records[-1].identifier)
        again = pages_of(service(server, asked), token=first.token)
    assert [len(page.records) for page in again] == [200, 50]
    assert asked.calls[0] == ("pmc", "pmc_idconv", "")


def test_tool_and_email_are_sent_as_ncbi_asks() -> None:
    with IdConverterServer({}) as server:
        pages_of(service(server, Asked(oai(1)), contact="library@example.edu"))
        pages_of(service(server, Asked(oai(1)), contact="https://example.edu/library"))
        assert server.asked("tool") == ["kaijuan", "kaijuan"]
        assert server.asked("email") == ["library@example.edu", None]


def test_nothing_to_ask_is_nothing_asked() -> None:
    with IdConverterServer({}) as server:
        assert pages_of(service(server, Asked([]))) == []
        assert server.requests == []


def test_an_identifier_that_is_none_of_pmcs_is_not_asked_about_but_answered() -> None:
    with IdConverterServer({5: {"pmid": "5"}}) as server:
        (page,) = pages_of(service(server, Asked(["oai:arXiv.org:1", *oai(5), "oai:pubmedcentral.nih.gov:../x"])))
        assert server.asked("ids") == ["PMC5"]
    assert len(page.records) == 3
    assert sum(said == Description() for said in described(page).values()) == 2


def test_an_article_that_an_answer_leaves_out_is_named_and_asked_about_again() -> None:
    with IdConverterServer({5: {"pmid": "5"}}) as server:
        server.spoil(lambda *_: json_response({"status": "ok", "records": [{"pmcid": "PMC5", "pmid": 5}]}))
        (page,) = pages_of(service(server, Asked(oai(5, 6))))
    assert [record.identifier for record in page.records] == oai(5)
    assert [(one.identifier, "asked again" in one.remedy) for one in page.damaged] == [(oai(6)[0], True)]
    assert described(page)[oai(5)[0]].identifiers[1].value == "5", "a number is as good as a text"


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (html, PageError, "no JSON"),
        (lambda *_: json_response({"hello": 1}), PageError, "no answer"),
        (lambda *_: json_response({"status": "error", "message": "Bad tool"}, status=400), ProtocolError, "Bad tool"),
        (status(429, retry_after=7200), ThrottledError, "429"),
    ],
)
def test_a_service_that_does_not_answer_says_why(fault: Any, error: type[Exception], said: str) -> None:
    with IdConverterServer({}) as server:
        server.spoil(fault, times=None)
        with pytest.raises(error, match=said):
            pages_of(service(server, Asked(oai(5))))


def test_a_source_that_does_not_say_whom_it_enriches_is_refused() -> None:
    with IdConverterServer({}) as server:
        with pytest.raises(SourceError, match="enriches"):
            service(server, Asked([]), enriches=None)
        with pytest.raises(SourceError, match="enriches"):
            service(server, None)


def test_summaries_are_read_and_too_fast_is_waited_out(recorded: Path) -> None:
    answer = json.loads((recorded / "pmc" / "ropensci_fulltext_entrez_01.json").read_bytes())
    known = {int(uid): answer["result"][uid] for uid in answer["result"]["uids"]}
    with SummaryServer(known) as server:
        server.spoil(too_fast)
        (page, *rest) = pages_of(service(server, Asked(oai(*known, 1))))
    said = described(page) | {name: one for more in rest for name, one in described(more).items()}
    assert len(said) == 201
    one = said[oai(7771231)[0]]
    assert one.titles[0].value.startswith("Nasal Tissue Extraction")
    assert {(each.scheme, each.value) for each in one.identifiers} == {
        ("pmid", "33328347"),
        ("doi", "10.1128/mSphere.00562-20"),
        ("pmcid", "PMC7771231"),
    }
    assert (one.container_title, one.volume, one.issue, one.first_page) == ("mSphere", "5", "6", "e00562-20")
    assert said[oai(1)[0]] == Description()
    assert all(each.titles for name, each in said.items() if name != oai(1)[0])


def test_summaries_of_unknown_articles_only_are_stored_too() -> None:
    with SummaryServer({}) as server:
        (page,) = pages_of(service(server, Asked(oai(1, 2))))
    assert (len(page.records), page.damaged) == (2, ())
    assert set(described(page).values()) == {Description()}


def test_the_recorded_answer_of_the_converter_is_read(recorded: Path) -> None:
    body = json.loads((recorded / "pmc" / "rcrossref_idconv_10.1038_ng.590.json").read_bytes())
    with IdConverterServer({}) as server:
        server.spoil(lambda *_: json_response(body))
        (page,) = pages_of(service(server, Asked(oai(2883744))))
    (said,) = described(page).values()
    assert [one.value for one in said.identifiers] == ["PMC2883744", "20495566", "10.1038/ng.590"]
