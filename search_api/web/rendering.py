"""Writing pages: the templates, the static files under their content's hash, and the headers of every page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from search_api.web.i18n import HTML_LANG, UiLanguage, Words
from search_api.web.texts import language_of

_MEDIA = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: What every page is sent with. Addresses hold queries, so other sites are told no referrer.
PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Language, Cookie",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A static file as it is sent."""

    body: bytes
    media_type: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page needs to know of the request."""

    ui: UiLanguage
    switch_url: str
    carried: tuple[tuple[str, str], ...] = ()
    is_demonstration: bool = False

    def link(self, path: str) -> str:
        """Return one of our own paths, with the language in it where no cookie carries it yet."""
        return f"{path}?{urlencode(self.carried)}" if self.carried else path

    @property
    def other(self) -> UiLanguage:
        """Return the other interface language."""
        return "en" if self.ui == "zh" else "zh"


@lru_cache(maxsize=1)
def static_files() -> dict[str, StaticFile]:
    """Read the static files, once."""
    files = {}
    for entry in resources.files("search_api.web").joinpath("static").iterdir():
        suffix = entry.name.rpartition(".")[2]
        if suffix in _MEDIA:
            body = entry.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:12]
            files[entry.name] = StaticFile(body=body, media_type=_MEDIA[suffix], digest=digest)
    return files


def static_address(name: str) -> str:
    """Return a static file's address; it changes with the content, so browsers may keep the file for a year."""
    return f"/static/{name}?v={static_files()[name].digest}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("search_api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(static=static_address, language_of=language_of)
    return environment


def fill(template: str, words: Words, **values: Any) -> str:
    """Fill in a template that is no page."""
    return _templates().get_template(template).render(t=words, **values)


def render(template: str, frame: Frame, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Write a page in the reader's language."""
    words = Words(frame.ui)
    body = (
        _templates()
        .get_template(template)
        .render(
            t=words,
            frame=frame,
            html_lang=HTML_LANG[frame.ui],
            other_lang=HTML_LANG[frame.other],
            **({"q": "", "hidden": frame.carried} | values),
        )
    )
    return HTMLResponse(body, status_code=status, headers=PAGE_HEADERS)
