"""Librarians at work: what they say through the API while servers die, and whether all of it is there afterwards."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from search_api.library import Library
from tests.cluster.asking import UNAVAILABLE, Answer, Api

CREATED = frozenset((200, 201))
_TOO_MANY, _IN_USE = 429, 409
_BEFORE = 4
_REASON = {"reason": "Said while servers die.", "who": "Li Ming"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that was acknowledged: in which list, and what is unique in it there."""

    path: str
    sign: str


class People:
    """Says something every half second, to each API in turn, again under the same key until it is acknowledged.

    So each is to be there once: at least, because it was acknowledged, and at most, because it was the same.
    """

    def __init__(self, library: Library, apis: Sequence[Api], works: Sequence[str], *, name: str) -> None:
        self._library, self._apis, self._works, self._name = library, apis, works, name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._say_all, name="people", daemon=True)
        self.said: list[Said] = []
        self.tokens = [library.store.tokens.add(f"{name} {number}")[1] for number in range(2)]
        self.wrong: list[str] = []
        self._all = self._everything()
        for _ in range(_BEFORE):
            self._say(*next(self._all))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(90)
        assert not self._thread.is_alive(), "an API has not answered a librarian for 90 s"

    def _everything(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        makers: tuple[Callable[[str, int], tuple[str, dict[str, Any]]], ...] = (_term, _mapping, self._correction)
        for number, make in enumerate(itertools.cycle(makers)):
            sign = f"{self._name}x{number}"
            path, body = make(sign, number)
            yield path, sign, {**body, **_REASON, "reason": f"{_REASON['reason']} {sign}."}

    def _correction(self, sign: str, number: int) -> tuple[str, dict[str, Any]]:
        work = self._works[number % len(self._works)]
        return "/v1/desk/judgements", {"kind": "correct", "work": work, "field": "title", "value": f"Corrected {sign}"}

    def _say_all(self) -> None:
        while not self._stop.wait(0.6):
            self._say(*next(self._all))

    def _say(self, path: str, sign: str, body: dict[str, Any]) -> None:
        """Say it until it is acknowledged, or until there is no time left: then nobody was promised anything."""
        for api in itertools.cycle(self._apis):
            answer = api.post(path, body, key=sign)
            if answer.status in CREATED:
                self.said.append(Said(path=path, sign=sign))
                return
            if not _may_be(answer):
                self.wrong.append(f"{api.name}: {path} {sign} → {answer}")
                return
            if self._stop.wait(0.5):
                return

    def what_is_missing(self) -> list[str]:
        """Return what was acknowledged and is not there once; empty is right."""
        listed = {path: _listed(self._apis[0], path) for path in _LISTS}
        missing = [f"{one.path} {one.sign}: {count} times" for one in self.said if (count := _count(listed, one)) != 1]
        return missing + [secret[:4] for secret in self.tokens if self._library.store.tokens.find(secret) is None]


#: Where a list is found, by where its parts are sent to.
_LISTS = {
    "/v1/desk/thesaurus": "/v1/desk/thesaurus",
    "/v1/desk/subjects/mappings": "/v1/desk/subjects/changes",
    "/v1/desk/judgements": "/v1/desk/judgements",
}


def _term(sign: str, _: int) -> tuple[str, dict[str, Any]]:
    terms = [{"text": f"one {sign}", "language": "en"}, {"text": f"another {sign}", "language": "en"}]
    return "/v1/desk/thesaurus", {"kind": "synonym", "terms": terms}


def _mapping(sign: str, _: int) -> tuple[str, dict[str, Any]]:
    mapping = {"scheme": "keyword", "value": f"keyword {sign}", "code": "TP3"}
    return "/v1/desk/subjects/mappings", {"mappings": [mapping]}


def _may_be(answer: Answer) -> bool:
    """Tell whether an answer leaves it open: try again, later."""
    return answer.status in {UNAVAILABLE, _TOO_MANY, _IN_USE} and "retry-after" in answer.headers


def _listed(api: Api, path: str) -> list[str]:
    """Return the reasons of all that stands in a list: each carries its sign."""
    reasons: list[str] = []
    before: dict[str, Any] = {}
    while True:
        answer = api.get(_LISTS[path], limit=200, **before)
        assert answer.status == 200, answer
        reasons += [one["reason"] for one in answer.body["results"]]
        following = answer.body["meta"]["next_before"]
        if following is None:
            return reasons
        before = {"before": following}


def _count(listed: dict[str, list[str]], one: Said) -> int:
    return sum(reason.endswith(f" {one.sign}.") for reason in listed[one.path])
