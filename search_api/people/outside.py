"""Asking WeChat or the campus for a JSON document: within limits of size and time, and nowhere else than told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

import orjson
import requests

_MOST_BYTES = 256 * 1024
_CONNECT_SECONDS, _READ_SECONDS, _TOTAL_SECONDS = 3.0, 5.0, 10.0


class OutsideError(Exception):
    """Nobody answered in time, or not with a JSON object. It never tells the address, which has secrets."""


def ask_json(
    method: Literal["GET", "POST"],
    url: str,
    *,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON object that an address answers with; redirects are not followed.

    Raises:
        OutsideError: there is none.
    """
    deadline = time.monotonic() + _TOTAL_SECONDS
    try:
        with (
            requests.Session() as session,
            session.request(
                method,
                url,
                params=query,
                data=form,
                auth=auth,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            body = b""
            for piece in answer.raw.stream(16 * 1024, decode_content=False):
                body += piece
                if len(body) > _MOST_BYTES or time.monotonic() > deadline:
                    raise OutsideError("The answer is too long, or takes too long.")
            read = orjson.loads(body)
    except (requests.RequestException, OSError, ValueError) as error:
        raise OutsideError(f"There is no answer that can be read ({type(error).__name__}).") from None
    if not isinstance(read, dict):
        raise OutsideError("The answer is no JSON object.")
    return answer.status_code, read
