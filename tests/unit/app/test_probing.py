"""Asking what may hang."""

from __future__ import annotations

import asyncio
import threading

import pytest

from search_api.probing import Probe


def test_what_hangs_takes_one_thread_however_many_ask_and_nobody_waits_for_long() -> None:
    asked, go_on = [], threading.Event()

    def look() -> str:
        asked.append(1)
        assert go_on.wait(60)
        return "seen"

    async def ask() -> str:
        probe = Probe(look, kept_seconds=60)
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await probe.ask(0.01)
        go_on.set()
        assert await probe.ask(60) == "seen"
        return await probe.ask(60)

    assert asyncio.run(ask()) == "seen"
    assert len(asked) == 1


def test_an_error_reaches_whoever_asked_and_is_asked_about_again() -> None:
    answers = iter((ValueError("no"), "yes"))

    def look() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask() -> str:
        probe = Probe(look, kept_seconds=0)
        with pytest.raises(ValueError, match="no"):
            await probe.ask(60)
        return await probe.ask(60)

    assert asyncio.run(ask()) == "yes"
