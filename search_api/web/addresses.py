"""Addresses: the page's own links that add and remove filters, and the only way a record's address becomes a link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode, urlsplit

from search_api.schemas import WorksParameters

FILTERS = (
    "year", "source", "lang", "type", "version", "license", "has", "clc", "subject", "keyword", "container"
)  # fmt: skip
BOUNDS = ("year_from", "year_to")
_OPERATORS = re.compile(r"\b(?:OR|NOT|AND)\b|\b[a-z_]+:|\d{4}\.\.\d{4}|(?<!\w)-(?=\S)|[\"“”„«»()*~:]")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_RESOLVERS = {
    "doi": "https://doi.org/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "arxiv": "https://arxiv.org/abs/{}",
    "handle": "https://hdl.handle.net/{}",
    "doaj": "https://doaj.org/article/{}",
}


def web_address(url: str | None) -> str | None:
    """Return an address that may stand in a link, or ``None``: only http and https with a host pass.

    Records come from anywhere; ``javascript:``, ``data:`` and addresses with white space in them do not become links.
    """
    if not url or _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in {"http", "https"} and parts.hostname else None


def identifier_address(scheme: str, value: str) -> str | None:
    """Return where an identifier is resolved, or ``None`` where it is not an address of anything."""
    if scheme == "url":
        return web_address(value)
    resolver = _RESOLVERS.get(scheme)
    return web_address(resolver.format(quote(value, safe="/:;().-_"))) if resolver else None


def plain_words(q: str) -> str:
    """Return a query without anything that the query language gives a meaning to."""
    return " ".join(_OPERATORS.sub(" ", q).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAddress:
    """The address of a search as name and value pairs; every change goes back to the first page."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, parameters: WorksParameters, ui: str | None = None) -> SearchAddress:
        """Write down a search; ``ui`` only where the address must carry the language because nothing else does."""
        pairs = [("q", parameters.q)] if parameters.q else []
        for name in FILTERS:
            pairs += [(name, str(value)) for value in getattr(parameters, name)]
        pairs += [(name, str(getattr(parameters, name))) for name in BOUNDS if getattr(parameters, name) is not None]
        for name, usual in (("match", "auto"), ("sort", "relevance"), ("limit", 20), ("rules", "on"), ("expand", "on")):
            if getattr(parameters, name) != usual:
                pairs.append((name, str(getattr(parameters, name))))
        if ui:
            pairs.append(("ui", ui))
        return cls(pairs=tuple(pairs))

    def adding(self, name: str, value: str) -> SearchAddress:
        """Add one pair."""
        return self if (name, value) in self.pairs else replace(self, pairs=(*self.pairs, (name, value)))

    def removing(self, name: str, value: str) -> SearchAddress:
        """Take one pair away."""
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair != (name, value)))

    def setting(self, name: str, value: str | None) -> SearchAddress:
        """Give a name this one value; ``None`` takes it away."""
        kept = self.without((name,))
        return kept if value is None else kept.adding(name, value)

    def without(self, names: Iterable[str]) -> SearchAddress:
        """Take all pairs of these names away."""
        unwanted = set(names)
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair[0] not in unwanted))

    def __str__(self) -> str:
        """Write the address."""
        return f"/?{urlencode(self.pairs)}" if self.pairs else "/"
