from __future__ import annotations

import gzip
import hashlib
import re
import threading
import tracemalloc
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from lxml import etree
from sickle import Sickle
from sickle.oaiexceptions import NoRecordsMatch

from harvesters.demo.oai import answer
from harvesters.demo.repository import PRESENT, DemoRepositories
from harvesters.demo.sources import demo_sources
from harvesters.formats import describe
from harvesters.records import RawRecord

NAMES = ("demo-doaj", "demo-pmc", "demo-university")
FORMATS = [
    ("demo-doaj", "oai_doaj"), ("demo-doaj", "oai_dc"), ("demo-pmc", "pmc_fm"), ("demo-pmc", "oai_dc"),
    ("demo-university", "oai_dc"),
]  # fmt: skip
OAI = "{http://www.openarchives.org/OAI/2.0/}"


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoRepositories]:
    with DemoRepositories() as served:
        yield served


def fetch(url: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read(), dict(response.headers)


def ask(demo: DemoRepositories, name: str, *arguments: tuple[str, str]) -> etree._Element:
    body, _ = fetch(f"{demo.endpoints[name]}?{urlencode(arguments)}")
    return etree.fromstring(body)


def code(demo: DemoRepositories, name: str, *arguments: tuple[str, str]) -> str | None:
    found = ask(demo, name, *arguments).find(f"{OAI}error")
    return None if found is None else found.get("code")


def pages(demo: DemoRepositories, name: str, prefix: str, **more: str) -> Iterator[etree._Element]:
    arguments = {"verb": "ListRecords", "metadataPrefix": prefix, **more}
    while True:
        root = ask(demo, name, *arguments.items())
        yield root
        token = root.findtext(f".//{OAI}resumptionToken")
        if not token:
            return
        arguments = {"verb": "ListRecords", "resumptionToken": token}


@pytest.mark.parametrize(("name", "prefix"), FORMATS)
def test_each_repository_is_harvested_to_the_end_by_sickle(demo: DemoRepositories, name: str, prefix: str) -> None:
    records = list(Sickle(demo.endpoints[name]).ListRecords(metadataPrefix=prefix))
    size = demo.repositories[name].size
    assert len({record.header.identifier for record in records}) == len(records) == size
    deleted = sum(record.deleted for record in records)
    assert deleted == 0 if name == "demo-pmc" else 0.01 < deleted / size < 0.06


@pytest.mark.parametrize(("name", "prefix"), FORMATS)
def test_every_record_can_be_read_by_the_format_parsers(demo: DemoRepositories, name: str, prefix: str) -> None:
    repository = demo.repositories[name]
    for place in range(0, repository.size, 7):
        number = repository.work(place)
        made = repository.article(number)
        record = RawRecord(
            source=name,
            identifier=repository.identifier(number),
            metadata_prefix=prefix,
            datestamp=repository.datestamp(place),
            body=f"<metadata{repository.header_attributes}>{repository.metadata(number, prefix)}</metadata>".encode(),
            head=b'<OAI-PMH xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
            received_at=PRESENT,
        )
        read = describe(record)
        assert read.titles[0].value
        assert read.dates
        assert len(read.contributors) in {len(made.authors), 3 * len(made.authors)}
        assert any("10.5555/" in one.value for one in read.identifiers) == (made.doi is not None)


@pytest.mark.parametrize(("name", "prefix"), FORMATS)
def test_every_page_is_well_formed_and_states_the_size_its_source_states(
    demo: DemoRepositories, name: str, prefix: str
) -> None:
    tokens = [root.find(f".//{OAI}resumptionToken") for root in pages(demo, name, prefix)]
    if name == "demo-pmc":
        assert tokens[-1] is None
        assert not any(token is not None and token.attrib for token in tokens)
    else:
        sizes = {token.get("completeListSize") for token in tokens if token is not None}
        assert sizes == {str(demo.repositories[name].size)}
        assert tokens[-1] is not None
        assert not tokens[-1].text


def test_there_are_3500_records_by_default_and_over_400_works_in_two_or_more(demo: DemoRepositories) -> None:
    assert [demo.repositories[name].size for name in NAMES] == [1600, 1000, 900]
    assert demo.size == 3500
    holders = Counter(
        repository.work(place) for repository in demo.repositories.values() for place in range(repository.size)
    )
    assert len(holders) == 2900
    assert sum(held >= 2 for held in holders.values()) == 500
    assert sum(held == 3 for held in holders.values()) == 100


def test_two_percent_of_all_records_are_deleted(demo: DemoRepositories) -> None:
    deleted = sum(
        repository.is_deleted(repository.work(place))
        for repository in demo.repositories.values()
        for place in range(repository.size)
    )
    assert 0.015 < deleted / demo.size < 0.035


def test_overlapping_records_share_a_doi_that_is_written_in_several_ways(demo: DemoRepositories) -> None:
    written: dict[str, set[str]] = {}
    shapes: Counter[str] = Counter()
    for name, prefix in (("demo-doaj", "oai_doaj"), ("demo-pmc", "pmc_fm"), ("demo-university", "oai_dc")):
        for root in pages(demo, name, prefix):
            for record in root.iter(f"{OAI}record"):
                for shape, doi in re.findall(
                    r">([^<\n]{0,20})(10\.5555/kaijuan\.demo\.[\d.]*\d)", etree.tostring(record).decode(), re.IGNORECASE
                ):
                    written.setdefault(doi.lower(), set()).add(name)
                    shapes[shape] += 1
    assert sum(len(names) > 1 for names in written.values()) >= 400
    assert {"", "https://doi.org/", "doi:", "http://dx.doi.org/"} <= set(shapes)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    def digest(seed: int) -> str:
        made = DemoRepositories(count=400, seed=seed)
        told = hashlib.sha256()
        for name, prefix in FORMATS:
            arguments = [("verb", "ListRecords"), ("metadataPrefix", prefix)]
            told.update(answer(made.repositories[name], arguments, "http://here/oai").encode())
        return told.hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_records_look_right_to_a_reader_of_the_recorded_namespaces(demo: DemoRepositories) -> None:
    body, _ = fetch(f"{demo.endpoints['demo-doaj']}?verb=ListRecords&metadataPrefix=oai_doaj")
    text = body.decode()
    assert '<header xmlns:oai_doaj="http://doaj.org/features/oai_doaj/1.0/"' in text
    assert '<metadata xmlns:oai_doaj="http://doaj.org/features/oai_doaj/1.0/"><oai_doaj:doajArticle xsi:' in text
    assert text.count("xmlns:xsi=") == 1


def test_doaj_lists_the_newest_first_and_the_others_the_oldest(demo: DemoRepositories) -> None:
    for name in NAMES:
        stamps = [stamp.text or "" for root in pages(demo, name, "oai_dc") for stamp in root.iter(f"{OAI}datestamp")]
        assert stamps == sorted(stamps, reverse=name == "demo-doaj")
        assert stamps[0] != stamps[-1]


def test_doaj_holds_two_weeks_that_end_31_days_ago_and_nothing_newer_than_30_days(demo: DemoRepositories) -> None:
    sickle = Sickle(demo.endpoints["demo-doaj"])
    window = {"from": "2026-09-17", "until": "2026-09-30"}
    stamps = [record.header.datestamp for record in sickle.ListRecords(metadataPrefix="oai_doaj", **window)]
    assert len(stamps) > 50
    assert all("2026-09-17" <= stamp < "2026-10-01" for stamp in stamps)
    with pytest.raises(NoRecordsMatch):
        sickle.ListRecords(metadataPrefix="oai_doaj", **{"from": "2026-10-03"})


@pytest.mark.parametrize("name", NAMES)
def test_windows_of_one_day_add_up_to_the_whole(demo: DemoRepositories, name: str) -> None:
    sickle = Sickle(demo.endpoints[name])
    headers = list(sickle.ListIdentifiers(metadataPrefix="oai_dc"))
    days = sorted({header.datestamp[:10] for header in headers})
    found: Counter[str] = Counter()
    for day in (days[0], days[len(days) // 2], days[-1]):
        window = {"from": day, "until": day}
        listed = list(sickle.ListIdentifiers(metadataPrefix="oai_dc", **window))
        assert {header.datestamp[:10] for header in listed} == {day}
        found[day] = len(listed)
    assert found == Counter(h.datestamp[:10] for h in headers if h.datestamp[:10] in found)


@pytest.mark.parametrize("name", ["demo-doaj", "demo-university"])
def test_a_window_of_one_second_holds_that_second(demo: DemoRepositories, name: str) -> None:
    stamp = demo.repositories[name].datestamp(500)
    listed = Sickle(demo.endpoints[name]).ListIdentifiers(metadataPrefix="oai_dc", **{"from": stamp, "until": stamp})
    assert {header.datestamp for header in listed} == {stamp}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_lists_its_records_only_and_sets_cover_the_repository(demo: DemoRepositories, name: str) -> None:
    sickle = Sickle(demo.endpoints[name])
    everything = list(sickle.ListIdentifiers(metadataPrefix="oai_dc"))
    sets = {each.setSpec for each in sickle.ListSets()}
    assert {spec for header in everything for spec in header.setSpecs} <= sets
    spec = everything[0].setSpecs[-1]
    listed = list(sickle.ListIdentifiers(metadataPrefix="oai_dc", set=spec))
    assert [h.identifier for h in listed] == [h.identifier for h in everything if spec in h.setSpecs]
    assert code(demo, name, ("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("set", "none")) == "noRecordsMatch"


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_the_same_alone_as_in_the_list(demo: DemoRepositories, name: str) -> None:
    sickle = Sickle(demo.endpoints[name])
    for listed in list(sickle.ListRecords(metadataPrefix="oai_dc"))[::97]:
        alone = sickle.GetRecord(identifier=listed.header.identifier, metadataPrefix="oai_dc")
        assert alone.raw == listed.raw


@pytest.mark.parametrize("name", NAMES)
def test_errors_have_the_codes_of_the_protocol(demo: DemoRepositories, name: str) -> None:
    listing, prefix = ("verb", "ListRecords"), ("metadataPrefix", "oai_dc")
    get = ("verb", "GetRecord")
    assert code(demo, name) == "badVerb"
    assert code(demo, name, ("verb", "Steal")) == "badVerb"
    assert code(demo, name, listing) == "badArgument"
    assert code(demo, name, listing, prefix, prefix) == "badArgument"
    assert code(demo, name, listing, prefix, ("colour", "red")) == "badArgument"
    assert code(demo, name, listing, prefix, ("from", "2026-13-01")) == "badArgument"
    assert code(demo, name, listing, prefix, ("from", "yesterday")) == "badArgument"
    assert code(demo, name, listing, prefix, ("from", "2026-09-01"), ("until", "2026-08-01")) == "badArgument"
    mixed = (("from", "2026-01-01"), ("until", "2026-08-01T00:00:00Z"))
    assert code(demo, name, listing, prefix, *mixed) == "badArgument"
    assert code(demo, name, listing, prefix, ("until", "1999-01-01")) == "noRecordsMatch"
    assert code(demo, name, listing, ("metadataPrefix", "marc21")) == "cannotDisseminateFormat"
    for token in ("", "x", "é", "eyJtIjogIm9haV9kb2FqIiwgIm4iOiAxMDB9", "oai_dc////9999999/0", "W10="):
        assert code(demo, name, listing, ("resumptionToken", token)) == "badResumptionToken", token
    assert code(demo, name, listing, prefix, ("resumptionToken", "x")) == "badArgument"
    for identifier in ("", "oai:nowhere:1", "oai:demo-doaj.example/article:zz", "oai:demo-pmc.example:1"):
        assert code(demo, name, get, prefix, ("identifier", identifier)) == "idDoesNotExist"


def test_pmc_refuses_seconds_in_dates(demo: DemoRepositories) -> None:
    arguments = (("verb", "ListRecords"), ("metadataPrefix", "pmc_fm"), ("from", "2026-01-01T00:00:00Z"))
    assert code(demo, "demo-pmc", *arguments) == "badArgument"


def test_answers_are_compressed_when_the_client_asks(demo: DemoRepositories) -> None:
    url = f"{demo.endpoints['demo-pmc']}?verb=ListRecords&metadataPrefix=pmc_fm"
    whole, _ = fetch(url)
    packed, headers = fetch(url, **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert len(packed) < len(whole) / 3
    assert gzip.decompress(packed) == whole


def test_a_request_may_be_posted(demo: DemoRepositories) -> None:
    with urllib.request.urlopen(demo.endpoints["demo-doaj"], data=b"verb=Identify", timeout=30) as response:
        assert b"<deletedRecord>transient</deletedRecord>" in response.read()


def test_an_unknown_path_is_404(demo: DemoRepositories) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(demo.endpoints["demo-pmc"] + "/nowhere")
    caught.value.close()
    assert caught.value.code == 404


def test_many_clients_are_served_at_once(demo: DemoRepositories) -> None:
    url = f"{demo.endpoints['demo-university']}?verb=ListRecords&metadataPrefix=oai_dc"
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(fetch(url)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 8
    assert len(set(bodies)) == 1


def test_the_dirt_of_real_sources_is_there(demo: DemoRepositories) -> None:
    doaj = "".join(etree.tostring(page, encoding="unicode") for page in pages(demo, "demo-doaj", "oai_doaj"))
    for pattern in (
        r":title>[A-ZÁÉÍÓÚÇÃÕ0-9 :,?.'¿-]{25,}<",  # shouted
        "&amp;lt;i&amp;gt;|&amp;lt;sub&amp;gt;",  # escaped twice
        "&lt;i&gt;",
        r"R e \$R_\{e\}\$",
        "&#13;|\r",
        "Ã³|Ã©|Ã¡",
        r":title>[^<]*\n",
        ":abstract>(Abstract|Resumen|摘要|Аннотация)",
        "&lt;h4&gt;",
        r"publicationDate>\d{4}-(0|[A-Z][a-z]+)-",
        ":volume>Volume ",
        ":keyword>; ",
    ):
        assert re.search(pattern, doaj), pattern
    authors = [
        [a.text for a in record.iter("{*}name")]
        for page in pages(demo, "demo-doaj", "oai_doaj")
        for record in page.iter(f"{OAI}record")
    ]
    assert any(len(names) >= 3 and len(set(names)) * 3 == len(names) for names in authors)


def test_pmc_says_english_for_everything_and_empties_half_of_its_descriptions(demo: DemoRepositories) -> None:
    records = [record for page in pages(demo, "demo-pmc", "oai_dc") for record in page.iter(f"{OAI}record")]
    assert {record.findtext(".//{*}language") for record in records} == {"en"}
    empty = sum(not record.findtext(".//{*}description") for record in records) / len(records)
    assert 0.4 < empty < 0.6


def test_the_clock_moves_the_datestamps_and_nothing_else() -> None:
    later = datetime(2027, 1, 1, 12, tzinfo=UTC)
    early, late = DemoRepositories(count=350), DemoRepositories(count=350, now=later)
    assert early.repositories["demo-pmc"].now == PRESENT
    for name in NAMES:
        old, new = early.repositories[name], late.repositories[name]
        assert new.changed_at(5) - old.changed_at(5) == later - PRESENT
        assert new.identifier(29) == old.identifier(29)


def test_a_million_records_need_no_memory() -> None:
    made = DemoRepositories(count=1_000_000).repositories["demo-doaj"]
    assert made.size > 450_000
    tracemalloc.start()
    text = answer(made, [("verb", "ListRecords"), ("metadataPrefix", "oai_doaj"), ("until", "2026-05-01")], "http://x")
    token = re.search("<resumptionToken[^>]*>([^<]+)<", text)
    assert token
    text = answer(made, [("verb", "ListRecords"), ("resumptionToken", token.group(1))], "http://x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert text.count("<record>") == 100
    assert peak < 8_000_000


def test_tokens_survive_as_percent_encoded_and_stop_and_start_again(demo: DemoRepositories) -> None:
    first = ask(demo, "demo-doaj", ("verb", "ListRecords"), ("metadataPrefix", "oai_dc"))
    token = first.findtext(f".//{OAI}resumptionToken") or ""
    body, _ = fetch(f"{demo.endpoints['demo-doaj']}?verb=ListRecords&resumptionToken={quote(token, safe='')}")
    with DemoRepositories() as again:
        other, _ = fetch(f"{again.endpoints['demo-doaj']}?verb=ListRecords&resumptionToken={quote(token, safe='')}")
        assert other.replace(again.endpoints["demo-doaj"].encode(), demo.endpoints["demo-doaj"].encode()) == body


def test_sources_describe_the_three_repositories(demo: DemoRepositories) -> None:
    sources = demo_sources(demo.endpoints)
    assert [source["id"] for source in sources] == list(NAMES)
    for source in sources:
        known = {each.metadataPrefix for each in Sickle(source["endpoint"]).ListMetadataFormats()}
        assert set(source["metadata_prefixes"]) <= known
        assert source["pace_seconds"] == 0
