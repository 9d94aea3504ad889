"""Pairs as sources really send them, of many kinds, scripts and customs (``realistic_pairs.jsonl``).

``is`` says what each pair must be: ``same``, a relation that the first or the second has to the other, or ``apart``:
anything but joined.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indexer.identity.blocking import blocks_of
from indexer.identity.judging import judge
from indexer.identity.portrait import Portrait
from tests.unit.identity.drawing import draw

_CASES = [
    json.loads(line) for line in Path(__file__).with_name("realistic_pairs.jsonl").read_text("utf-8").splitlines()
]


def _drawn(record: dict[str, Any]) -> Portrait:
    return draw(**{**record, "issns": tuple(record.get("issns", ()))})


@pytest.mark.parametrize("case", _CASES, ids=[case["case"] for case in _CASES])
def test_a_pair_is_judged_as_a_librarian_would(case: dict[str, Any]) -> None:
    one, other = _drawn(case["one"]), _drawn(case["other"])
    judgement = judge(one, other)
    if case["is"] == "apart":
        assert judgement.verdict != "same", judgement
    else:
        assert (judgement.relation or judgement.verdict) == case["is"], judgement
        assert blocks_of(one) & blocks_of(other), "they never meet"
