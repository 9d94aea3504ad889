"""The API's documentation as a page of our own: the usual one loads scripts from hosts that many cannot reach."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from search_api.routes.pages import PageRoute, frame_of
from search_api.web.rendering import render

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.api_route("/docs", methods=["GET", "HEAD"])
def show_docs(request: Request) -> Response:
    """Show every operation with its parameters and answers, from the OpenAPI description."""
    description = cast(FastAPI, request.app).openapi()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "description": operation.get("description", "").replace("``", ""),
            "parameters": [_parameter(one) for one in (*operation.get("parameters", ()), *_body(operation))],
            "answers": [(status, answer["description"]) for status, answer in operation["responses"].items()],
        }
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    return render("docs.html", frame_of(request), about=description["info"]["description"], operations=operations)


def _body(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of an operation's JSON body in the form of parameters; of several kinds of bodies, none."""
    content = operation.get("requestBody", {}).get("content", {})
    parts = content.get("application/json", {}).get("schema", {}).get("properties", {})
    return [{"name": name, "schema": part, "description": part.get("description", "")} for name, part in parts.items()]


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = parameter.get("schema", {})
    of = schema.get("items", schema)
    kinds = [one for one in (of, *of.get("anyOf", ())) if one.get("type") not in {None, "null"}]
    allowed = [str(value) for one in kinds for value in one.get("enum", ())]
    kind = " / ".join(dict.fromkeys(one["type"] for one in kinds))
    return {
        "name": parameter["name"],
        "kind": f"{kind} …" if schema.get("type") == "array" else kind,
        "allowed": ", ".join(allowed),
        "default": schema.get("default") or None,
        "description": parameter.get("description", ""),
    }
