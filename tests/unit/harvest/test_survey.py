"""What a survey finds out about a repository, and what it proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from harvesters.demo.loopback import Request, Response
from harvesters.http import Answer
from harvesters.oai.addresses import base_url, same_place, well_known
from harvesters.oai.offers import candidates, read_formats, read_sets
from harvesters.oai.proposals import earliest_day, granularity_of, slice_for
from harvesters.oai.survey import MAX_SET_PAGES, Survey, survey
from harvesters.pace import Pace
from harvesters.sampling import clean
from harvesters.sources.definition import Source
from tests.repository import Item, ListRepository
from tests.repository.faults import html, if_asked, oai_error, redirected, status, token_becomes, with_bytes
from tests.repository.server import error

ITEMS = [Item(f"oai:x:{number:03}", "2020-01-01T00:00:00Z", title=f"Study {number}") for number in range(25)]
DATACITE = (
    '<resource xmlns="http://datacite.org/schema/kernel-4"><titles><title>From DataCite</title></titles></resource>'
)


@pytest.fixture
def repository() -> Iterator[ListRepository]:
    with ListRepository(ITEMS, sets=[("a", "Articles"), ("b", "Books")]) as running:
        yield running


def ask(repository: ListRepository, *, given: bool = False, **settings: object) -> Survey:
    values = {"id": "x", "name": "x", "endpoint": repository.url, "pace_seconds": 0, "timeout_seconds": 5, **settings}
    return survey(Source.of(values), Pace(), prefixes_given=given)


def said(found: Survey) -> str:
    return " ".join(f"{one.state}: {one.what} {one.remedy}" for one in found.findings)


def test_an_ordinary_repository_is_described_and_its_settings_proposed(repository: ListRepository) -> None:
    found = ask(repository)
    assert found.identity is not None
    assert (found.identity.name, found.identity.contact) == ("A list", "tests@repository.example")
    assert [one.prefix for one in found.formats if one.is_known] == ["oai_dc"]
    assert [(one.spec, one.name) for one in found.sets] == [("a", "Articles"), ("b", "Books")]
    assert found.sample is not None
    assert (found.sample.records, found.sample.usable, found.sample.list_size, found.sample.has_more) == (
        10,
        10,
        25,
        True,
    )
    assert found.sample.titles == ("Study 0", "Study 1", "Study 2")
    assert found.heeds_dates is True
    assert found.findings == ()
    proposed = found.proposed
    assert (proposed.name, proposed.granularity, proposed.slice, proposed.deleted_record) == (
        "A list",
        "second",
        None,
        "persistent",
    )
    assert (proposed.metadata_prefixes, proposed.reconcile_days, proposed.contact) == (
        ("oai_dc",),
        None,
        "tests@repository.example",
    )
    assert found.requests == len(repository.requests) == 5
    assert repository.verbs == ["Identify", "ListMetadataFormats", "ListSets", "ListRecords", "ListRecords"]


def test_one_that_ignores_dates_is_not_sliced_even_if_it_was_asked_for() -> None:
    with ListRepository(ITEMS, heeds_dates=False) as repository:
        found = ask(repository, slice="month")
    assert (found.heeds_dates, found.proposed.slice) == (False, None)
    assert "warning: It ignores dates" in said(found)


def test_a_large_list_that_heeds_dates_is_cut_and_begins_with_the_first_datestamp_whenever_it_is_harvested() -> None:
    with ListRepository(ITEMS, states_size=200_000) as repository:
        found = ask(repository)
    assert found.proposed.slice == "month"
    # A number of days would slip away from the first datestamp until the first harvest begins.
    assert found.proposed.first_days is None


@pytest.mark.parametrize(
    ("size", "earliest", "expected"),
    [
        (None, date(2020, 1, 1), None),
        (19_999, date(2020, 1, 1), None),
        (20_000, date(2020, 1, 1), "month"),
        (20_000, None, None),
        (100_000, datetime.now(UTC).date() - timedelta(days=50), "day"),
    ],
)
def test_lists_are_cut_by_their_size(size: int | None, earliest: date | None, expected: str | None) -> None:
    assert slice_for(size, earliest) == expected


@pytest.mark.parametrize(
    ("kept", "proposed", "days"),
    [("no", "no", 30), ("transient", "transient", 30), ("persistent", "persistent", None), ("maybe", "transient", 30)],
)
def test_deletions_are_compared_where_they_are_not_kept(kept: str, proposed: str, days: int | None) -> None:
    with ListRepository(ITEMS, identity={"deletedRecord": kept}) as repository:
        found = ask(repository)
    assert (found.proposed.deleted_record, found.proposed.reconcile_days) == (proposed, days)
    assert ("Of deletions it says maybe" in said(found)) == (kept == "maybe")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("YYYY-MM-DD", "day"),
        ("YYYY-MM-DDThh:mm:ssZ", "second"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "second"),
        ("YYYY-MM-DDTHH:MM:SSZ", "second"),
        ("seconds", "second"),
        ("day", "day"),
        ("", None),
        ("fortnight", None),
    ],
)
def test_granularities_are_read_in_every_spelling(written: str, expected: str | None) -> None:
    assert granularity_of(written) == expected


def test_a_granularity_of_its_own_is_told_and_asked_by_days() -> None:
    with ListRepository(ITEMS, identity={"granularity": "fortnight"}) as repository:
        found = ask(repository)
    assert found.proposed.granularity == "day"
    assert "fortnight" in said(found)


def test_one_that_says_seconds_and_knows_only_days_is_asked_by_days(repository: ListRepository) -> None:
    def refuse(request: Request, response: Response) -> Response:
        fine = "T" in (request.argument("from") or "")
        return oai_error("badArgument", "from is no date")(request, response) if fine else response

    repository.faults.add(refuse, times=None)
    found = ask(repository)
    assert (found.identity and found.identity.granularity, found.proposed.granularity) == (
        "YYYY-MM-DDThh:mm:ssZ",
        "day",
    )
    assert (found.heeds_dates, found.has_failed) == (True, False)
    assert "warning: It says that it knows seconds, but refuses them. It is asked by days." in said(found)


def test_one_that_refuses_any_future_keeps_the_granularity_that_it_states(repository: ListRepository) -> None:
    repository.faults.add(if_asked("from", oai_error("badArgument", "from is in the future")), times=None)
    found = ask(repository)
    assert (found.heeds_dates, found.proposed.granularity, found.findings) == (True, "second", ())


def test_the_best_format_that_brings_usable_records_is_chosen() -> None:
    items = [replace(item, formats={"datacite": DATACITE, "jats": "<article/>"}) for item in ITEMS]
    with ListRepository(items, prefixes=("oai_dc", "mets", "datacite", "jats")) as repository:
        found = ask(repository)
    assert found.proposed.metadata_prefixes == ("datacite",)
    assert found.sample is not None
    assert found.sample.titles[0] == "From DataCite"
    assert "In the format jats" in said(found)  # tried first, and its records have no front matter


def test_a_format_that_is_promised_and_refused_gives_way_to_the_next() -> None:
    with ListRepository(ITEMS, prefixes=("oai_dc", "datacite")) as repository:
        repository.faults.add(status(500), page=1, verb="ListRecords", times=1)
        found = ask(repository)
    assert found.proposed.metadata_prefixes == ("oai_dc",)
    assert "No page in the format datacite" in said(found)


def test_doajs_format_gets_dublin_core_for_company_and_no_other_does() -> None:
    doaj = '<doajArticle xmlns="http://doaj.org/features/oai_doaj/1.0/"><title>T</title></doajArticle>'
    items = [replace(item, formats={"oai_doaj": doaj}) for item in ITEMS]
    with ListRepository(items, prefixes=("oai_dc", "oai_doaj")) as repository:
        assert ask(repository).proposed.metadata_prefixes == ("oai_doaj", "oai_dc")


def test_formats_that_were_asked_for_stay_and_a_missing_one_is_named(repository: ListRepository) -> None:
    found = ask(repository, given=True, metadata_prefixes=["oai_dc", "marcxml"])
    assert found.proposed.metadata_prefixes == ("oai_dc", "marcxml")
    assert "It does not offer marcxml" in said(found)


def test_a_repository_without_readable_formats_is_refused_with_the_reason() -> None:
    mets = '<mets xmlns="http://www.loc.gov/METS/"><dmdSec/></mets>'
    items = [replace(item, formats={"mets": mets}) for item in ITEMS]
    with ListRepository(items, prefixes=("mets",)) as repository:
        found = ask(repository, given=True, metadata_prefixes=["mets"])
    assert found.has_failed
    assert "None of its metadata formats can be read here: mets" in said(found)
    assert found.sample is not None
    assert "root element <mets>" in found.sample.unusable[0].reason
    assert found.sample.unusable[0].remedy


@pytest.mark.parametrize("verb", ["ListMetadataFormats", "ListSets"])
def test_a_verb_that_is_not_known_there_is_a_note(repository: ListRepository, verb: str) -> None:
    repository.faults.add(lambda _request, _response: error(repository.url, "badVerb", "unknown"), verb=verb)
    found = ask(repository)
    assert not found.has_failed
    assert found.sample is not None
    assert found.sample.usable == 10
    assert "badVerb" in said(found)


def test_a_repository_without_sets_is_no_trouble() -> None:
    with ListRepository(ITEMS, sets=None) as repository:
        found = ask(repository)
    assert (found.sets, found.findings) == ((), ())


def test_sets_are_listed_over_pages_up_to_a_limit_and_that_is_said() -> None:
    with ListRepository(ITEMS, sets=[(f"s{n}", f"Set {n}") for n in range(60)], sets_page_size=10) as repository:
        found = ask(repository)
        assert repository.verbs.count("ListSets") == MAX_SET_PAGES
    assert (len(found.sets), found.sets_cut) == (50, True)
    assert "more sets than the 50" in said(found)


def test_a_list_of_sets_that_goes_in_circles_ends(repository: ListRepository) -> None:
    repository.sets_page_size = 1
    again = with_bytes(b"<resumptionToken>1</resumptionToken>", b"<resumptionToken>0</resumptionToken>")
    repository.faults.add(again, verb="ListSets", times=None)
    assert [one.spec for one in ask(repository).sets] == ["a"]
    assert repository.verbs.count("ListSets") == 2


def test_a_set_that_does_not_exist_is_named_with_those_that_do(repository: ListRepository) -> None:
    found = ask(repository, set_spec="theses")
    assert "It lists no set 'theses'. Its sets begin: a, b." in said(found)


def test_another_stated_base_url_is_told_and_not_obeyed() -> None:
    with ListRepository(ITEMS, identity={"baseURL": "https://elsewhere.example/oai"}) as repository:
        found = ask(repository)
        assert found.proposed.endpoint == repository.url
    assert "https://elsewhere.example/oai" in said(found)


class HomePage(ListRepository):
    """A web site whose repository is at one address only."""

    def answer(self, request: Request) -> Response:
        if request.path != "/cgi/oai2":
            return html(request, Response(status=404 if request.path == "/gone" else 200))
        return super().answer(request)


def test_a_home_page_leads_to_the_repository_on_the_same_host() -> None:
    with HomePage(ITEMS) as repository:
        host = repository.url.removesuffix("/oai")
        found = ask(repository, endpoint=f"{host}/")
        asked = [request.path for request in repository.requests if request.argument("verb") == "Identify"]
    assert found.proposed.endpoint == f"{host}/cgi/oai2"
    assert "is a web page; the repository answers at" in said(found)
    assert asked == ["/", "/oai", "/oai/request", "/server/oai/request", "/oai2d", "/cgi/oai2"]
    assert found.sample is not None


def test_a_web_site_without_a_repository_is_refused_after_seven_requests() -> None:
    with ListRepository() as repository:
        repository.faults.add(html, times=None)
        found = ask(repository, endpoint=repository.url + "/about")
        assert len(repository.requests) == found.requests == 7
    assert found.has_failed
    assert not found.is_silent
    assert "No OAI-PMH repository answers there" in said(found)


def test_a_foreign_redirect_is_refused_with_the_new_address(repository: ListRepository) -> None:
    repository.faults.add(redirected("http://repository.invalid/new/oai"), verb="Identify", times=None)
    found = ask(repository)
    assert found.has_failed
    assert "http://repository.invalid/new/oai" in said(found)
    assert "--redirect-host" in said(found)


@pytest.mark.parametrize("code", [503, 500])
def test_a_silent_repository_is_a_warning_and_stays_as_given(repository: ListRepository, code: int) -> None:
    repository.faults.add(status(code, retry_after=200), times=None)
    found = ask(repository, name="Ours")
    assert (found.is_silent, found.has_failed, found.identity) == (True, False, None)
    assert found.proposed.name == "Ours"
    assert found.findings[0].state == "warning"


def test_an_empty_repository_can_be_added(repository: ListRepository) -> None:
    repository.items.clear()
    found = ask(repository)
    assert not found.has_failed
    assert "The list is empty" in said(found)
    assert found.heeds_dates is None


def test_a_broken_page_of_the_future_leaves_the_question_open(repository: ListRepository) -> None:
    def spoil(request: Request, response: Response) -> Response:
        return html(request, response) if request.argument("from") else response

    repository.faults.add(spoil, times=None)
    found = ask(repository)
    assert (found.heeds_dates, found.proposed.slice, found.has_failed) == (None, None, False)
    assert "could not be told" in said(found)


def test_a_token_in_the_first_page_is_not_followed(repository: ListRepository) -> None:
    repository.faults.add(token_becomes("anything"), page=1, times=None)
    ask(repository)
    assert not any(request.argument("resumptionToken") for request in repository.requests)


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("https://x.org/oai?verb=Identify", "https://x.org/oai"),
        ("https://x.org/oai?verb=ListRecords&metadataPrefix=oai_dc#top", "https://x.org/oai"),
        ("https://x.org/index.php?journal=j&page=oai&verb=Identify", "https://x.org/index.php?journal=j&page=oai"),
        ("https://x.org/oai", "https://x.org/oai"),
    ],
)
def test_requests_are_taken_off_a_pasted_address(pasted: str, expected: str) -> None:
    assert base_url(pasted) == expected


def test_the_places_to_look_are_on_the_same_host_and_few() -> None:
    places = well_known("https://x.org/journal/index.php")
    assert places[0] == "https://x.org/journal/index.php/oai"
    assert len(places) == 6
    assert all(place.startswith("https://x.org/") for place in places)


def test_spellings_of_one_place_are_the_same() -> None:
    assert same_place("http://www.X.org:80/oai/") == same_place("https://x.org/oai")
    assert same_place("https://x.org/oai?page=a") != same_place("https://x.org/oai?page=b")
    assert same_place("http://[") == "http://["


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2014-02-03T14:41:33Z", date(2014, 2, 3)),
        ("0001-01-01", None),
        ("2999-01-01", None),
        ("2014-02-30", None),
        ("", None),
    ],
)
def test_only_a_plausible_first_day_is_one(stamp: str, expected: date | None) -> None:
    assert earliest_day(stamp) == expected


def test_what_a_repository_says_is_fit_for_a_terminal() -> None:
    assert clean("a\x9b31mred\u202e\r\nb" + "x" * 500) == "a 31mred b" + "x" * 189 + "…"


def test_zenodos_formats_are_ordered_best_first(recorded: Path) -> None:
    body = (recorded / "oai-misc" / "scythe_zenodo_list_metadata_formats_00.xml").read_bytes()
    formats = tuple(read_formats(Answer(url="u", body=body)))
    assert len(formats) == 8
    assert candidates(formats)[:2] == ["datacite4", "datacite"]
    assert candidates(formats)[-1] == "oai_dc"


def test_recorded_sets_are_read_with_their_token(recorded: Path) -> None:
    sets, token = read_sets(
        Answer(url="u", body=(recorded / "oai-misc" / "scythe_zenodo_list_sets_00.xml").read_bytes())
    )
    assert len(sets) == 5
    assert token
    vufind, none = read_sets(
        Answer(url="u", body=(recorded / "oai-misc" / "vufindharvest_list_sets_response.xml").read_bytes())
    )
    assert ([one.spec for one in vufind], none) == (["Audio (Music)", "Audio (Non-Music)"], None)
