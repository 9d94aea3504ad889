"""Progress as the command line shows it."""

from __future__ import annotations

import pytest

from search_api.cli import output


def test_work_beside_the_harvests_is_told_of_with_its_total(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "_PLAIN_SECONDS", 0.0)
    advance = output.HarvestWatch().counting("identify anew", 1_500)
    advance(500)
    advance(5_000)
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in told[:1]] == ["identify anew: 500 of 1"]
    assert told[1].startswith("identify anew: 1,500 of 1,500, ")
