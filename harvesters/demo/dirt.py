"""What goes wrong in real records, in small doses: each function soils one text as a named source was seen to do."""

from __future__ import annotations

from collections.abc import Callable

from harvesters.demo.draws import Draws
from harvesters.demo.prose import plain
from harvesters.demo.vocabulary import LANGUAGES, proses

_CASELESS = {"zh-Hans", "zh-Hant", "ar"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def mojibake(text: str) -> str:
    """Read UTF-8 as Windows-1252, as careless exports do; a text that does not survive it stays as it is."""
    try:
        return text.encode("utf-8").decode("cp1252")
    except UnicodeDecodeError:
        return text


def month_name(month: int) -> str:
    """Name a month in English."""
    return _MONTHS[month - 1]


_TITLES: tuple[tuple[float, Callable[[str], str]], ...] = (
    (0.02, mojibake),
    (0.24, lambda title: title.replace("<", "&lt;").replace(">", "&gt;")),  # escaped twice where it has tags
    (0.03, lambda title: title.replace(" ", "\n", 1)),
)
_ABSTRACTS: tuple[tuple[float, Callable[[str, str, str], str]], ...] = (
    # from an abstract, its label ("Abstract", "摘要") and an affiliation
    (0.06, lambda abstract, label, _: f"{label} {abstract}"),
    (0.04, lambda abstract, label, _: f"<h4>{label}</h4><p>{abstract.replace(' < ', ' &lt; ')}</p>"),
    (0.03, lambda abstract, *_: f"{abstract} R e $R_{{e}}$ = {100 + len(abstract)}."),  # LaTeX beside its plain text
    (0.02, lambda abstract, label, house: f"{house}\r\n{label}: {abstract}\r\n"),
    (0.02, lambda abstract, *_: mojibake(abstract)),
    (0.02, lambda abstract, *_: f"<p>{abstract}</p>&ast;&nbsp;"),
)
_DOIS: tuple[tuple[float, Callable[[str], str]], ...] = (
    (0.06, lambda doi: f"https://doi.org/{doi}"),
    (0.03, lambda doi: f"doi:{doi}"),
    (0.03, lambda doi: f"http://dx.doi.org/{doi}"),
    (0.04, str.upper),
    (0.02, lambda doi: f" {doi}. "),
)


def soil_title(title: str, language: str, draws: Draws) -> str:
    """Shout, mis-decode, escape twice or break a title now and then (DOAJ)."""
    if draws.chance(0.04) and language not in _CASELESS:
        return plain(title).upper()
    drawn = draws.below(1000) / 1000
    for share, soil in _TITLES:
        drawn -= share
        if drawn < 0:
            return soil(title)
    return title


def soil_abstract(abstract: str, language: str, affiliation: str, draws: Draws) -> str:
    """Soil one abstract of five (DOAJ): label or authors' block before it, HTML around it, a doubled formula."""
    label = proses()[LANGUAGES.index(language)].label
    drawn = draws.below(1000) / 1000
    for share, soil in _ABSTRACTS:
        drawn -= share
        if drawn < 0 and abstract:
            return soil(abstract, label, affiliation)
    return abstract


def soil_doi(doi: str, draws: Draws) -> str:
    """Write a DOI in one of the ways in which sources write it; bare in four of five."""
    drawn = draws.below(1000) / 1000
    for share, soil in _DOIS:
        drawn -= share
        if drawn < 0:
            return soil(doi)
    return doi


def soil_date(published: tuple[int, int, int], draws: Draws) -> str:
    """Write a date as DOAJ does: always with a day, a month "0" or in words where the publisher sent it so."""
    year, month, day = published
    if month == 0:
        return f"{year}-01-01" if draws.chance(0.5) else f"{year}-0-01"
    if draws.chance(0.03):
        return f"{year}-{month_name(month)}-01"
    return f"{year}-{month:02d}-{day or 1:02d}"
