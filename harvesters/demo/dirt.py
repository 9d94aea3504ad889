"""What goes wrong in real records, in small doses: each function soils one text as a named source was seen to do."""

from __future__ import annotations

from harvesters.demo.draws import Draws
from harvesters.demo.prose import plain
from harvesters.demo.vocabulary import LANGUAGES, proses

_CASELESS = {"zh-Hans", "zh-Hant", "ar"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def soil_title(title: str, language: str, draws: Draws) -> str:
    """Shout, escape twice, break or mis-decode a title now and then (DOAJ)."""
    kind = draws.below(200)
    if kind < 8 and language not in _CASELESS:  # noqa: PLR2004
        return plain(title).upper()
    if kind < 12:  # noqa: PLR2004
        return mojibake(title)
    if kind < 60 and "<" in title:  # noqa: PLR2004
        return title.replace("<", "&lt;").replace(">", "&gt;")
    if kind < 66 and " " in title:  # noqa: PLR2004
        return title.replace(" ", "\n", 1)
    return title


def soil_abstract(abstract: str, language: str, affiliation: str, draws: Draws) -> str:
    """Begin an abstract with its own label, wrap it in HTML, double a formula, or put the authors' block before it (DOAJ)."""
    if not abstract:
        return abstract
    label = proses()[LANGUAGES.index(language)].label
    kind = draws.below(100)
    if kind < 6:  # noqa: PLR2004
        return f"{label} {abstract}"
    if kind < 10:  # noqa: PLR2004
        return f"<h4>{label}</h4><p>{abstract.replace(' < ', ' &lt; ')}</p>"
    if kind < 13:  # noqa: PLR2004
        return f"{abstract} R e $R_{{e}}$ = {draws.between(100, 9000)}."
    if kind < 15:  # noqa: PLR2004
        return f"{affiliation}\r\n{label}: {abstract}\r\n"
    if kind < 17:  # noqa: PLR2004
        return mojibake(abstract)
    if kind < 19:  # noqa: PLR2004
        return f"<p>{abstract}</p>&ast;&nbsp;"
    return abstract


def mojibake(text: str) -> str:
    """Read UTF-8 as Windows-1252, as careless exports do; a text that does not survive it stays as it is."""
    try:
        return text.encode("utf-8").decode("cp1252")
    except UnicodeDecodeError:
        return text


def soil_doi(doi: str, draws: Draws) -> str:
    """Write a DOI in one of the ways in which sources write it."""
    kind = draws.below(100)
    if kind < 6:  # noqa: PLR2004
        return f"https://doi.org/{doi}"
    if kind < 9:  # noqa: PLR2004
        return f"doi:{doi}"
    if kind < 12:  # noqa: PLR2004
        return f"http://dx.doi.org/{doi}"
    if kind < 16:  # noqa: PLR2004
        return doi.upper()
    if kind < 18:  # noqa: PLR2004
        return f" {doi}. "
    return doi


def soil_date(published: tuple[int, int, int], draws: Draws) -> str:
    """Write a date as DOAJ does: always with a day, a month "0" or in words where the publisher sent it so."""
    year, month, day = published
    kind = draws.below(100)
    if month == 0:
        return f"{year}-01-01" if kind < 50 else f"{year}-0-01"  # noqa: PLR2004
    if kind < 3:  # noqa: PLR2004
        return f"{year}-{_MONTHS[month - 1]}-01"
    return f"{year}-{month:02d}-{day or 1:02d}"


def month_name(month: int) -> str:
    """Name a month in English."""
    return _MONTHS[month - 1]
