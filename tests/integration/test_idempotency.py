"""``Idempotency-Key``: a write that is sent again is answered again and done once; on both deployments."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from indexer import clock
from search_api.app import make_app
from search_api.library import Library
from search_api.problem_types import KEY_IN_USE, KEY_OF_ANOTHER, address_of

_TOKEN = "a-desk-token-of-the-tests"
_ENTRY = {
    "kind": "synonym",
    "terms": [{"text": "solar cell"}, {"text": "photovoltaic cell"}],
    "reason": "r",
    "who": "w",
}


@pytest.fixture
def client(library: Library) -> TestClient:
    library.settings.desk_token = SecretStr(_TOKEN)
    return TestClient(make_app(library), headers={"Authorization": f"Bearer {_TOKEN}"}, raise_server_exceptions=False)


def _add(client: TestClient, key: str, **changes: Any) -> Any:
    return client.post("/v1/desk/thesaurus", json=_ENTRY | changes, headers={"Idempotency-Key": key})


def _entries(client: TestClient) -> int:
    return len(client.get("/v1/desk/thesaurus", params={"origin": "library"}).json()["results"])


def test_a_write_sent_again_is_answered_as_before(client: TestClient) -> None:
    first, again = _add(client, "one"), _add(client, "one")
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")


def test_another_request_may_not_use_the_key(client: TestClient) -> None:
    assert _add(client, "two").status_code == 201
    other = _add(client, "two", reason="another reason")
    assert (other.status_code, other.json()["type"]) == (422, address_of(KEY_OF_ANOTHER))
    assert other.json()["errors"][0]["fix"]


def test_what_was_refused_may_be_tried_again(client: TestClient) -> None:
    assert _add(client, "three", terms=[]).status_code == 400
    assert _add(client, "three").status_code == 201


def test_a_key_belongs_to_its_caller(client: TestClient, library: Library) -> None:
    assert _add(client, "four").status_code == 201
    stranger = TestClient(make_app(library), headers={"Authorization": "Bearer someone-else-entirely-x"})
    assert _add(stranger, "four").status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_odd_keys_are_refused(client: TestClient, key: str) -> None:
    answer = _add(client, key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_reading_by_post_is_done_as_often_as_it_is_sent(client: TestClient) -> None:
    answers = [client.post("/v1/works", json={"q": "x"}, headers={"Idempotency-Key": "five"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert "idempotency-replayed" not in answers[1].headers


def test_one_of_many_at_once_is_done_and_the_others_hear_of_it(client: TestClient, library: Library) -> None:
    answers: list[Any] = []

    def send() -> None:
        one = TestClient(make_app(library), headers={"Authorization": f"Bearer {_TOKEN}"})
        answers.append(_add(one, "six"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [one for one in answers if one.status_code == 201 and "idempotency-replayed" not in one.headers]
    assert len(done) == 1
    for one in answers:
        assert one.status_code == 201 or one.json()["type"] == address_of(KEY_IN_USE)
    assert _add(client, "six").content == done[0].content


def test_a_request_whose_process_died_may_be_sent_again_after_a_while(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = library.store.kept_answers
    assert answers.claim(b"k", b"r") is None
    known = answers.claim(b"k", b"r")
    assert known is not None
    assert known.status is None

    later = clock.now() + timedelta(seconds=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert answers.claim(b"k", b"r") is None
    answers.keep(b"k", 200, "text/plain", b"done")
    much_later = later + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: much_later)
    assert answers.claim(b"k", b"r") is None
