"""PMC's cloud bucket, over HTTP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from harvesters.errors import BadTokenError, HarvestError, PageError, ProtocolError, ThrottledError
from harvesters.pace import Pace
from harvesters.pmc.bucket import Bucket
from harvesters.pmc.listing import S3Client
from harvesters.records import Page, RawRecord, Window
from harvesters.sources.definition import Source
from tests.repository.faults import cut, html, status
from tests.repository.pmc_bucket import BucketServer, jats_article, s3_error

EVER = Window()


def lister(server: BucketServer, *prefixes: str) -> Bucket:
    """Return a lister that asks a server fast."""
    source = Source.of(
        {
            "id": "pmc-bucket",
            "name": "Bucket",
            "kind": "pmc-bucket",
            "endpoint": server.url,
            "queries": list(prefixes),
            "pace_seconds": 0,
            "attempts": 2,
            "retry_wait_seconds": 0.01,
            "timeout_seconds": 5,
        }
    )
    return Bucket(S3Client(source, Pace()))


def pages_of(bucket: Bucket, window: Window = EVER, token: str | None = None) -> list[Page]:
    """Return all pages of a list."""
    with closing(bucket):
        return list(bucket.list_records("jats", window, token=token))


def records_of(pages: list[Page]) -> list[RawRecord]:
    """Return all records of pages."""
    return [record for page in pages for record in page.records]


@pytest.fixture
def tides() -> Iterator[BucketServer]:
    """A bucket of 45 articles whose listing has 7 keys a page."""
    with BucketServer(page_size=7) as server:
        for number in range(90, 135):
            server.put_article(number, jats_article(number))
        yield server


def test_each_article_is_fetched_once_and_its_front_kept(tides: BucketServer) -> None:
    records = records_of(pages_of(lister(tides)))
    assert {record.identifier for record in records} == {f"oai:pubmedcentral.nih.gov:{n}" for n in range(90, 135)}
    assert len(records) == 45
    assert {record.datestamp for record in records} == {"2026-03-04T05:06:07Z"}
    assert all(b"<front>" in record.body and b"Long text" not in record.body for record in records)
    fetched = [request.path for request in tides.requests if request.path != "/"]
    assert len(fetched) == 45
    assert all(path.endswith(".xml") for path in fetched)


def test_only_the_latest_version_is_fetched_also_across_pages_of_the_listing() -> None:
    with BucketServer(page_size=2) as server:
        for version in (1, 2, 9, 10):
            server.put_article(5, jats_article(5, title=f"Version {version}"), version=version)
        server.put_article(51, jats_article(51))
        records = records_of(pages_of(lister(server)))
        assert [b"Version 10" in record.body for record in records] == [True, False]
        assert sum(request.path.startswith("/PMC5.") for request in server.requests) == 1


def test_a_list_goes_on_after_its_last_key_and_fetches_nothing_twice(tides: BucketServer) -> None:
    first = next(lister(tides).list_records("jats", EVER))
    fetched = len([request for request in tides.requests if request.path != "/"])
    assert fetched == len(first.records) == 20
    rest = pages_of(lister(tides), token=first.token)
    assert len({record.identifier for record in records_of([first, *rest])}) == 45
    assert len([request for request in tides.requests if request.path != "/"]) == 45
    assert next(iter(filter(None, tides.asked("start-after")))) == first.token


def test_a_window_fetches_only_what_was_stored_in_it(tides: BucketServer) -> None:
    tides.put_article(200, jats_article(200), modified="2026-10-05T00:00:00.000Z")
    records = records_of(pages_of(lister(tides), Window(since="2026-10-01T00:00:00Z")))
    assert [record.identifier for record in records] == ["oai:pubmedcentral.nih.gov:200"]
    assert pages_of(lister(tides), Window(since="2027-01-01"))[-1].token is None


def test_prefixes_choose_articles_and_an_inner_one_brings_nothing_twice(tides: BucketServer) -> None:
    records = records_of(pages_of(lister(tides, "PMC13", "PMC9", "PMC90.")))
    assert {record.identifier.rpartition(":")[2] for record in records} == {
        *map(str, range(90, 100)),
        *map(str, range(130, 135)),
    }
    assert len(records) == 15


def test_a_token_of_other_prefixes_begins_the_list_anew(tides: BucketServer) -> None:
    with pytest.raises(BadTokenError):
        pages_of(lister(tides, "PMC9"), token="PMC100.1/PMC100.1.xml")


def test_keys_with_other_characters_are_decoded_and_no_articles(tides: BucketServer) -> None:
    tides.objects["PMC99.1/a file & more+.xml"] = b"<x/>"
    tides.objects["PMC99.1/PMC98.1.xml"] = b"<x/>"
    assert len(records_of(pages_of(lister(tides)))) == 45


def test_what_cannot_be_read_is_named_and_the_others_stay(tides: BucketServer) -> None:
    tides.objects["PMC95.1/PMC95.1.xml"] = jats_article(95)[:-40]
    tides.objects["PMC96.1/PMC96.1.xml"] = b"<html>no article</html>"
    tides.spoil(lambda *_: s3_error(404, "NoSuchKey", "gone"), when=lambda request: "PMC97.1" in request.path)
    tides.denied.add("PMC98.1/PMC98.1.xml")
    pages = pages_of(lister(tides))
    damaged = {one.identifier: one.reason for page in pages for one in page.damaged}
    assert len(records_of(pages)) == 41
    assert {name.rpartition(":")[2] for name in damaged if name} == {"95", "96", "97", "98"}
    assert "not closed" in damaged["oai:pubmedcentral.nih.gov:95"]
    assert "NoSuchKey" in damaged["oai:pubmedcentral.nih.gov:97"]


def test_a_bucket_that_refuses_one_article_after_the_other_ends_the_run(tides: BucketServer) -> None:
    tides.denied.update(f"PMC{number}.1/PMC{number}.1.xml" for number in range(100, 120))
    with pytest.raises(ProtocolError, match="AccessDenied"):
        pages_of(lister(tides))


def test_an_article_cut_on_the_way_is_fetched_again(tides: BucketServer) -> None:
    tides.spoil(cut(0.5), when=lambda request: "PMC95.1" in request.path)
    assert len(records_of(pages_of(lister(tides)))) == 45


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (lambda *_: s3_error(403, "AccessDenied", "Access Denied"), ProtocolError, "AccessDenied"),
        (lambda *_: s3_error(404, "NoSuchBucket", "No such bucket"), ProtocolError, "NoSuchBucket"),
        (status(503, retry_after=7200, body=b"<Error><Code>SlowDown</Code></Error>"), ThrottledError, "503"),
        (html, PageError, "no listing"),
        (cut(0.5), PageError, "no listing"),
    ],
)
def test_a_listing_that_is_none_says_what_is_wrong(
    tides: BucketServer, fault: object, error: type[HarvestError], said: str
) -> None:
    tides.spoil(fault, when=lambda request: request.path == "/", times=None)  # type: ignore[arg-type]
    with pytest.raises(error, match=said):
        pages_of(lister(tides))


def test_a_passing_error_of_the_listing_is_waited_out(tides: BucketServer) -> None:
    tides.spoil(status(503, retry_after=0, body=b"<Error><Code>SlowDown</Code></Error>"))
    tides.spoil(status(500, body=b"<Error><Code>InternalError</Code></Error>"), when=lambda r: "PMC99" in r.path)
    assert len(records_of(pages_of(lister(tides)))) == 45
