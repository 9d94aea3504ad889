"""``Idempotency-Key``: a write that is sent again, because its answer got lost, is answered again and not done twice.

After draft-ietf-httpapi-idempotency-key-header-07. The key belongs to whoever sends it (its token, or its address), and
to one request: the same key with another request is refused. Only what was done (2xx) is kept, for 24 hours, in the
store, so that any process knows it.
"""

from __future__ import annotations

import hashlib

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.library import Library
from search_api.manners.forwarded import client_key
from search_api.people.visits import visit_of
from search_api.problem_types import KEY_IN_USE, KEY_OF_ANOTHER
from search_api.problems import Problem, ProblemError, named_problem, respond

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
#: Longer bodies are no writes of ours; longer answers are not kept.
_LONGEST_BODY = 1024 * 1024
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Asked by POST because they are long, and done as often as they are sent.
_READS = frozenset({"/v1/works", "/v1/export"})
#: Answered with secrets, which nothing here keeps: done anew each time.
_SECRET = ("/v1/sign-in", "/v1/sign-up", "/v1/desk/people")
_REPLAYED = "Idempotency-Replayed"


class Idempotent:
    """Answers writes under a key that is known with what was answered before."""

    def __init__(self, app: ASGIApp, library: Library) -> None:
        self._app, self._answers = app, library.store.kept_answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it again."""
        key = Headers(scope=scope).get(HEADER) if _is_write(scope) else None
        if key is None:
            await self._app(scope, receive, send)
            return
        body = None if _is_odd(key) else await _whole(Request(scope, receive))
        if body is None:
            await _bad_key()(scope, receive, send)
            return
        digest, request = _digests(scope, key, body)
        visit = visit_of(Request(scope))
        person_key = visit.session.person_key if visit else None
        known = await run_in_threadpool(self._answers.claim, digest, request, person_key)
        if known is None:
            await self._do(digest, scope, body, send)
        elif known.request != request:
            await _refuse(KEY_OF_ANOTHER, "Send a new key with each new request.")(scope, receive, send)
        elif known.status is None:
            await _refuse(KEY_IN_USE, "Wait for its answer, then ask again.", {"Retry-After": "1"})(
                scope, receive, send
            )
        else:
            again = Response(known.body, known.status, {_REPLAYED: "true"}, known.media_type)
            await again(scope, receive, send)

    async def _do(self, digest: bytes, scope: Scope, body: bytes, send: Send) -> None:
        answer = _Answer()

        async def passed_on(message: Message) -> None:
            answer.take(message)
            await send(message)

        try:
            await self._app(scope, _once(body), passed_on)
        finally:
            if answer.is_done:
                await run_in_threadpool(
                    self._answers.keep, digest, answer.status, answer.media_type, bytes(answer.body)
                )
            else:
                await run_in_threadpool(self._answers.release, digest)


class _Answer:
    """An answer as it passes by."""

    def __init__(self) -> None:
        self.status, self.media_type, self.body = 0, "", bytearray()
        self._is_whole = False

    def take(self, message: Message) -> None:
        """Note a part."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.media_type = Headers(raw=message["headers"]).get("content-type", "")
        elif message["type"] == "http.response.body" and len(self.body) <= _LONGEST_BODY:
            self.body += message.get("body", b"")
            self._is_whole = not message.get("more_body", False)

    @property
    def is_done(self) -> bool:
        """Tell whether what was asked for was done and can be told again."""
        return self._is_whole and 200 <= self.status < 300 and len(self.body) <= _LONGEST_BODY  # noqa: PLR2004 (2xx)


def _is_write(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in _WRITES:
        return False
    path = scope["path"]
    return path.startswith("/v1/") and path not in _READS and not path.startswith(_SECRET)


def _is_odd(key: str) -> bool:
    return not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable())


async def _whole(request: Request) -> bytes | None:
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST_BODY:
                return None
    except ClientDisconnect:
        return None
    return body


def _digests(scope: Scope, key: str, body: bytes) -> tuple[bytes, bytes]:
    """Return what stands for who asks under which key, and for what is asked."""
    visit = visit_of(Request(scope))
    who = f"person:{visit.session.person_id}" if visit else Headers(scope=scope).get("authorization")
    who = who or client_key(scope)
    asked = [scope["method"].encode(), scope["path"].encode(), scope["query_string"], body]
    return (
        hashlib.sha256(b"\0".join([who.encode("utf-8", "replace"), key.encode()])).digest(),
        hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in asked)).digest(),
    )


def _once(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _bad_key() -> Response:
    fix = f"Send a key of 1 to {LONGEST_KEY} printable ASCII characters, such as a UUID, and at most 1 MiB of body."
    error = ProblemError(parameter=HEADER, detail="cannot be used with this request", fix=fix)
    return respond(Problem(title="The key cannot be used", status=400, detail=fix, errors=[error]))


def _refuse(kind: str, fix: str, headers: dict[str, str] | None = None) -> Response:
    error = ProblemError(parameter=HEADER, detail="was used before", fix=fix)
    return respond(named_problem(kind, detail=fix, errors=[error]), headers)
