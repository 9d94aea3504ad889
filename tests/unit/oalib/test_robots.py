"""What robots.txt says to us and to others."""

from __future__ import annotations

import pytest

from harvesters.oalib.robots import Robots

HOST = "www.oalib.com"


@pytest.mark.parametrize(
    ("text", "path", "is_allowed"),
    [
        ("", "/paper/1", True),
        ("User-agent: *\nDisallow: /search", "/search?kw=a", False),
        ("User-agent: *\nDisallow: /\nAllow: /paper/", "/paper/1", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Kaijuan\nDisallow:", "/paper/1", True),
        ("User-agent: kaijuan\nDisallow: /\n\nUser-agent: *\nDisallow:", "/paper/1", False),
        ("User-agent: otherbot\nDisallow: /", "/paper/1", True),
        ("User-agent: *\nDisallow: /*/1$", "/paper/1", False),
        ("<html><body>Not found</body></html>", "/paper/1", True),
    ],
)
def test_its_rules_are_those_for_us(text: str, path: str, is_allowed: bool) -> None:  # noqa: FBT001
    assert Robots({HOST: text}).allows(f"https://{HOST}{path}") is is_allowed


def test_a_host_whose_rules_are_not_known_may_not_be_asked() -> None:
    assert not Robots({HOST: ""}).allows("https://elsewhere.example/paper/1")


def test_the_longest_delay_counts() -> None:
    robots = Robots({HOST: "User-agent: *\nCrawl-delay: 2.5", "oalib.com": "User-agent: kaijuan\nCrawl-delay: 10"})
    assert robots.delay == 10
    assert Robots({HOST: "User-agent: *\nCrawl-delay: soon"}).delay == 0
