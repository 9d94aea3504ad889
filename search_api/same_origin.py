"""Whether a request comes from a page of our own, as browsers tell; programs tell nothing."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request


def is_foreign(request: Request) -> bool:
    """Tell whether a browser says that another site's page sends this; programs say nothing."""
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return True
    origin = request.headers.get("origin")
    return origin is not None and not _is_own(request, origin)


def is_own_page(request: Request) -> bool:
    """Tell whether a form comes from our own page: browsers name the sender of every form, in one header or another."""
    sender = request.headers.get("origin") or request.headers.get("referer")
    return not is_foreign(request) and sender is not None and _is_own(request, sender)


def _is_own(request: Request, sender: str) -> bool:
    try:
        return urlsplit(sender).netloc == request.url.netloc != ""
    except ValueError:
        return False
