"""Whether an address opens: asked over real HTTP, of a site that answers in every odd way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from harvesters.linkcheck import LinkChecker
from harvesters.outward import Place, _is_public, _resolve
from harvesters.pace import Pace
from tests.unit.links.site import Site

#: What answers much later than anybody waits, or never to the end.
_ENDLESS = ("/slow", "/trickle", "/never-ends")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def checker(site: Site, *, answer_seconds: float = 10.0) -> LinkChecker:
    return LinkChecker(Pace(), private=[site.netloc], pace_seconds=0.0, answer_seconds=answer_seconds)


@pytest.mark.parametrize(
    ("path", "verdict", "status", "methods"),
    [
        ("/ok", "opens", 200, ["HEAD"]),
        ("/missing", "gone", 404, ["HEAD", "GET"]),
        ("/gone", "gone", 410, ["HEAD", "GET"]),
        ("/no-head", "opens", 200, ["HEAD", "GET"]),
        ("/head-405", "opens", 200, ["HEAD", "GET"]),
        ("/head-404", "opens", 200, ["HEAD", "GET"]),
        ("/head-reset", "opens", 200, ["HEAD", "GET"]),
        ("/no-ranges", "opens", 416, ["HEAD", "GET"]),
        ("/forbidden", "refused", 403, ["HEAD", "GET"]),
        ("/login", "refused", 401, ["HEAD", "GET"]),
        ("/broken", "trouble", 500, ["HEAD", "GET"]),
        ("/busy", "left", 429, ["HEAD"]),
        ("/circle", "trouble", 302, ["HEAD", "GET"]),
        ("/soft", "trouble", 200, ["HEAD", "GET"]),
        ("/needs-cookie", "opens", 200, ["HEAD", "HEAD"]),
        ("/huge", "opens", 200, ["HEAD", "GET"]),
        ("/never-ends", "opens", 200, ["HEAD", "GET"]),
        ("/reset", "trouble", None, ["HEAD", "GET"]),
        ("/garbage", "trouble", None, ["HEAD", "GET"]),
        ("/slow", "trouble", None, ["HEAD"]),
        ("/trickle", "trouble", None, ["HEAD"]),
    ],
)
def test_each_answer_is_taken_for_what_it_is(
    site: Site, path: str, verdict: str, status: int | None, methods: list[str]
) -> None:
    patience = 1.0 if path in _ENDLESS else 10.0
    began = time.monotonic()
    found = checker(site, answer_seconds=patience).check(site.url + path)
    assert (found.verdict, found.http_status) == (verdict, status), found.note
    assert site.methods(path) == methods
    assert time.monotonic() - began < 15, "nothing is waited for without end"


def test_redirects_are_followed_to_their_end_and_no_further_than_a_limit(site: Site) -> None:
    found = checker(site).check(f"{site.url}/moved")
    assert (found.verdict, found.final_url) == ("opens", f"{site.url}/ok")
    endless = checker(site).check(f"{site.url}/onward/1")
    assert endless.verdict == "trouble"
    assert len(site.asked) < 25


def test_a_target_in_any_script_is_asked_for_in_full(site: Site) -> None:
    found = checker(site).check(f"{site.url}/to-chinese")
    assert found.verdict == "opens"
    assert site.asked[-1] == ("HEAD", "/%E8%AE%BA%E6%96%87%201?%E9%A2%98=%E7%94%B2")


def test_an_article_that_leads_to_a_front_page_has_not_been_found(site: Site) -> None:
    found = checker(site).check(f"{site.url}/to-front")
    assert (found.verdict, found.http_status) == ("trouble", 200)
    assert checker(site).check(f"{site.url}/").verdict == "opens"


def test_a_redirect_into_a_private_network_is_not_followed(site: Site) -> None:
    found = checker(site).check(f"{site.url}/to-private")
    assert (found.verdict, found.http_status) == ("refused", None)
    assert found.final_url == "http://169.254.169.254/latest/meta-data/"
    other = checker(site).check(f"{site.url}/to-other-port")
    assert other.verdict == "refused", "another port of the same machine is another service"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_asked_by_whatever_name(site: Site, host: str) -> None:
    port = site.netloc.partition(":")[2]
    found = LinkChecker(Pace(), pace_seconds=0).check(f"http://{host}:{port}/ok")
    assert found.verdict in {"refused", "trouble"}  # where the machine has no IPv6, the name cannot be resolved
    assert site.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  # an address to be refused
        ("224.0.0.1", False),
        ("[2606:2800:21f:cb07:6820:80da:af6b:8b2c]", True),
        ("[fe80::1]", False),
        ("[fd00::1]", False),
        ("[::ffff:10.0.0.1]", False),
        ("[64:ff9b::a00:1]", False),
        ("[2002:a00:1::]", False),
    ],
)
def test_private_addresses_are_known_in_all_their_clothes(address: str, public: bool) -> None:  # noqa: FBT001
    assert all(map(_is_public, _resolve(Place.of(f"http://{address}/")))) is public


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://", "ftp://a.example/x", "http://[", "http://x:99999/"])
def test_what_is_no_web_address_is_not_asked_for(url: str) -> None:
    assert LinkChecker(Pace()).check(url).verdict == "gone"


def test_a_name_that_nobody_knows_is_trouble_and_not_the_end() -> None:
    found = LinkChecker(Pace()).check("http://nobody.invalid/x")
    assert (found.verdict, found.http_status) == ("trouble", None)


def test_a_secure_address_without_a_secure_server_is_trouble(site: Site) -> None:
    found = checker(site).check(site.url.replace("http:", "https:") + "/ok")
    assert (found.verdict, found.http_status) == ("trouble", None)
    assert "secure connection" in (found.note or "")


def test_a_host_is_asked_one_at_a_time_whoever_leads_to_it(site: Site) -> None:
    other = site.netloc.replace("127.0.0.1", "localhost")
    polite = LinkChecker(Pace(), private=[site.netloc, other], pace_seconds=0)
    urls = [f"{site.url}/pause/{number}" for number in range(5)]
    urls += [f"http://{other}/to-pause/{number}" for number in range(5)]
    assert [one.verdict for one in polite.check_all(urls)] == ["opens"] * 10
    assert site.most_at_once == 1


def test_other_hosts_wait_as_long_as_the_pace_says() -> None:
    paced = LinkChecker(Pace(), pace_seconds=0.2)
    began = time.monotonic()
    list(paced.check_all([f"http://nobody.invalid/{number}" for number in range(3)]))
    assert time.monotonic() - began >= 0.4


def test_a_host_that_turns_us_away_is_left_alone(site: Site) -> None:
    urls = [f"{site.url}/forbidden/{number}" for number in range(10)]
    found = list(checker(site).check_all(urls))
    assert [one.verdict for one in found] == ["refused"] * 3 + ["left"] * 7
    assert len(site.asked) == 6


def test_a_run_that_is_given_up_ends_at_once(site: Site) -> None:
    run = checker(site).check_all([f"{site.url}/ok/{number}" for number in range(1000)])
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert len(site.asked) < 1000


def test_a_pace_that_is_asked_to_stop_ends_the_run(site: Site) -> None:
    stop = threading.Event()
    stop.set()
    stopped = LinkChecker(Pace(stop), private=[site.netloc])
    assert list(stopped.check_all([f"{site.url}/ok"])) == []
    assert site.asked == []
