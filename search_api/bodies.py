"""Bodies of requests: JSON of a bounded size, read into a model, with problems that say what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from search_api.problems import (
    MOST_ERRORS,
    Problem,
    ProblemError,
    RequestProblem,
    in_short,
    refused_value,
    unknown_parameter,
)

_T = TypeVar("_T")


def limited_body(longest: int) -> Callable[[Request], Awaitable[bytes]]:
    """Return a dependency that gives a request's JSON body; it stops reading where that is longer than any may be."""

    async def read(request: Request) -> bytes:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _problem(415, "Not JSON", "Send the body as JSON, with Content-Type application/json.")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            # A few bytes may be gigabytes when they are unpacked, and no body is so long that packing it would help.
            raise _problem(415, "Compressed", "Send the body as it is, without Content-Encoding.")
        body = await whole_body(request, longest)
        if body is None:
            raise _problem(413, "Too long", f"The body is longer than {longest:,} bytes. Send less at a time.")
        return body

    return read


async def whole_body(request: Request, longest: int) -> bytes | None:
    """Return a request's body, or ``None`` where it is longer than that; no more of it is read then.

    Raises:
        RequestProblem: 400 where the client left before the body was whole; nobody will read it.
    """
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > longest:
                return None
    except ClientDisconnect as error:
        raise _problem(400, "Broke off", "The body ended before it was whole. Send it again.") from error
    return body


def read_body(body: bytes, model: TypeAdapter[_T], *, fix: str) -> _T:
    """Read a body; raise a 400 problem that names each wrong part."""
    try:
        return model.validate_json(body)
    except ValidationError as error:
        errors = [_error(item, fix) for item in error.errors(include_url=False, include_input=False)[:MOST_ERRORS]]
        detail = " ".join(map(in_short, errors))
        raise RequestProblem(
            Problem(title="The body cannot be read", status=400, detail=detail, errors=errors)
        ) from error


def json_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Return how the OpenAPI description tells of a body that is read by :func:`read_body`."""
    schema = model.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


def _with_other_writings(schema: dict[str, Any]) -> None:
    """Describe that a JSON object may have lists of names, and single values where several may stand."""
    for name, told in schema["properties"].items():
        if name in {"facets", "fields"}:
            told.pop("type", None)
            told["anyOf"] = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
        elif told.get("type") == "array":
            told["anyOf"] = [{key: told.pop(key) for key in ("type", "items", "maxItems") if key in told}]
            told["anyOf"].append(told["anyOf"][0]["items"])


#: Of models that are read from a JSON object.
OF_JSON = ConfigDict(json_schema_extra=_with_other_writings)


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """Put a model's parts where they are meant: within the API's description a ``#/$defs/…`` leads nowhere."""
    if isinstance(schema, list):
        return [_inlined(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    beside = {name: _inlined(value, parts) for name, value in schema.items() if name != "$ref"}
    if "$ref" in schema:
        return {**_inlined(parts[str(schema["$ref"]).removeprefix("#/$defs/")], parts), **beside}
    return beside


def _error(item: Any, fix: str) -> ProblemError:
    # Of a union the first part is the kind that was chosen, which is no name of the body's.
    named = [str(part) for part in item["loc"] if isinstance(part, str)]
    name = named[-1] if named else "body"
    if item["type"] == "extra_forbidden":
        return unknown_parameter(name)
    return refused_value(item) or ProblemError(
        parameter=name, detail=str(item["msg"]).removeprefix("Value error, "), fix=fix
    )


def _problem(status: int, title: str, detail: str) -> RequestProblem:
    return RequestProblem(Problem(title=title, status=status, detail=detail))
