"""Where a repository's base URL is: out of what people paste, and around a home page."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

#: Where repositories keep their base URL (OJS, DSpace, DSpace 7, Invenio, EPrints, others).
_PATHS = ("/oai", "/oai/request", "/server/oai/request", "/oai2d", "/cgi/oai2", "/oai2")
_MAX_GUESSES = 6
_OAI_ARGUMENTS = frozenset(("verb", "metadataPrefix", "identifier", "from", "until", "set", "resumptionToken"))


def base_url(address: str) -> str:
    """Return an address without OAI-PMH arguments and fragment: people paste ``…/oai?verb=Identify``."""
    parts = urlsplit(address.strip())
    if not parts.query and not parts.fragment:
        return address.strip()
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if name not in _OAI_ARGUMENTS]  # fmt: skip
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def well_known(address: str) -> list[str]:
    """Return the addresses on the same host where a repository may be, at most six; below the given path first."""
    path = urlsplit(address).path.rstrip("/")
    tried = [urljoin(address, f"{path}/oai")] if path else []
    tried += [urljoin(address, place) for place in _PATHS]
    return [url for url in dict.fromkeys(tried) if url != address][:_MAX_GUESSES]


def same_place(address: str) -> str:
    """Return what two spellings of one base URL have in common: no scheme, no final slash, host in lower case."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:  # such as an unclosed [
        return address
    host = parts.netloc.lower().removesuffix(":80").removesuffix(":443").removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"
