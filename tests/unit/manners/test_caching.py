"""Validators: what they are made of, and how clients name them."""

from __future__ import annotations

import pytest

from search_api.manners.caching import is_named, validator_of


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (['W/"a"'], True),
        (['"a"'], True),
        (['"x", W/"a" , "y"'], True),
        (['"x"', 'W/"a"'], True),
        (["*"], True),
        ([" * "], True),
        (['"x"'], False),
        (["a"], False),
        (['W/"A"'], False),
        (['"x,W/"a"'], False),
        ([""], False),
        ([], False),
        (['"' * 20_000], False),
    ],
)
def test_a_client_may_name_many_or_any(lines: list[str], named: bool) -> None:  # noqa: FBT001
    assert is_named('W/"a"', lines) is named
    assert is_named('"a"', lines) is named


def test_the_time_that_an_answer_took_is_no_part_of_it() -> None:
    body = b'{"meta":{"count":1,"took_ms":%s},"results":[{"title":"\\"took_ms\\":%s"}]}'
    assert validator_of(body % (b"1.5", b"7")) == validator_of(body % (b"12", b"7"))
    assert validator_of(body % (b"1.5", b"7")) != validator_of(body % (b"1.5", b"8"))
    assert validator_of(b'{"count":1}') != validator_of(b'{"count":2}')
