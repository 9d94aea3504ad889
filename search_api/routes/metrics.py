"""Operators' numbers, for Prometheus; not for the public, whom they are none of the business."""

from __future__ import annotations

import ipaddress
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import Headers

from search_api.deps import LibraryDep, StrictParameters
from search_api.library import Library
from search_api.metrics import MEDIA_TYPE, Metrics
from search_api.problems import Problem, RequestProblem

router = APIRouter(tags=["service"])
#: What proxies say of whom they ask for.
_PASSED_ON = ("x-forwarded-for", "forwarded", "via", "x-real-ip")


async def _metrics(request: Request) -> Metrics:
    return cast(Metrics, request.app.state.metrics)


async def _require_operator(request: Request, library: LibraryDep) -> None:
    """Let in whom the settings name; what a proxy that nobody named passes on may be anybody's."""
    if not _may_ask(request, library):
        fix = "Ask from this machine, or let KAIJUAN_METRICS_FROM name the network of whoever asks."
        problem = Problem(title="Not for everybody", status=403, detail=f"These are the operators' numbers. {fix}")
        raise RequestProblem(problem)


def _may_ask(request: Request, library: Library) -> bool:
    settings = library.settings
    headers = Headers(scope=request.scope)
    if not settings.trusted_proxies and any(name in headers for name in _PASSED_ON):
        return False
    if request.client is None:  # a socket of this machine
        return True
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in settings.metrics_from)


@router.get(
    "/metrics",
    summary="Numbers for operators",
    dependencies=[Depends(StrictParameters()), Depends(_require_operator)],
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text format."},
        400: {"model": Problem},
        403: {"model": Problem},
    },
)
async def show_metrics(metrics: Annotated[Metrics, Depends(_metrics)]) -> Response:
    """Tell latencies, queues and lags, for all processes that serve here; only to the networks that settings name."""
    return Response(await metrics.text(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
