"""What speaks for and against one work in a pair of portraits, weighed.

Weights are natural logarithms of odds, set by hand from what such records are like: how much likelier an agreement is
between two records of one work than between two works that met in a block. None depends on other records, so that a
judgement stays what it is when more arrive.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz.fuzz import token_set_ratio

from indexer.identity.people import compare_authors, is_full_name
from indexer.identity.places import compare_containers, compare_pages, is_abstract_page
from indexer.identity.portrait import Portrait
from indexer.identity.titles import Likeness, TitleComparison, compare_titles


class Reason(NamedTuple):
    """One thing that speaks for (positive) or against; ``judging.words`` says it in a sentence."""

    code: str
    weight: float
    detail: str = ""


TRUSTED = frozenset(("equal", "near", "head"))
"""Titles that may be one work's for all they say."""
_TITLES: dict[Likeness, float] = {
    "equal": 5.0, "near": 4.5, "head": 2.5, "longer": 1.5, "edged": 0.5, "close": -2.5, "numbered": -6.0, "other": -6.0,
    "incomparable": 0.0,
}  # fmt: skip
_FULL_LETTERS, _BASE_LETTERS = 48, 12
_REWORDED = 60.0
_IDENTIFIER = 6.0
_OTHER_IDENTIFIER = {"doi": -5.0, "pmid": -4.0, "pmcid": -4.0, "arxiv": -4.0, "doaj": -1.0}
_AUTHORS = {"some": -1.0, "none": -4.0}
_LARGE_TEAM = 3
_PAGES = {"same": 2.5, "first": 1.5, "different": -3.0}
_MANY_ALIKE = -10.0
_OTHER_TYPE = -5.0
_ABSTRACTS_APART = -5.0
_OTHER_VOLUME = -6.0
_ITEMS = frozenset(("other", "dataset", "journal"))
"""What is named rather than titled: photographs, letters of an archive, files of data, issues."""
_TEXTS = frozenset(
    ("article", "review", "editorial", "letter", "preprint", "conference-paper", "correction", "retraction")
)
_EDITED = frozenset((*_ITEMS, "report", "book"))
"""What comes out again under its title, year by year or in editions."""
_YEARLY = re.compile(
    r"annual|yearly|quarterly|monthly|weekly|anual|trimestral|mensual|mensal|annuel|trimestriel|mensuel|jahres|"
    r"ежегодн|годово[йг]|квартальн|年度|年报|年報|年鉴|年鑑|季报|季報|季度|月报|月報|月度|周报|週報"
)
_APART = (frozenset(("book", "chapter")), frozenset(("book", "review")), frozenset(("chapter", "review")))
"""Types of two texts of which one is in the other, or about it."""
_BESIDE_TITLES = frozenset(
    ("authors_most", "authors_some", "container_same", "volume_same", "pages_same", "pages_first", "identifier_same")
)
_NOTICES = frozenset(("correction", "retraction", "concern", "comment", "reply"))
_PREPRINT_DOI = re.compile(
    r"doi:10\.(?:1101/\d|2139/ssrn|48550/|21203/rs|3121[9]/|3123[1245]/|20944/preprints|26434/chemrxiv|22541/|36227/|"
    r"5281/zenodo|6084/m9\.figshare|1002/essoar|33774/|31222/|35542/|31223/|32942/|2196/preprints|14293/)"
)
_PREPRINT_SERVER = re.compile(
    r"(?:arxiv|biorxiv|medrxiv|chemrxiv|ssrn|preprints|research square|psyarxiv|socarxiv|osf preprints|zenodo|chinaxiv|"
    r"techrxiv|eartharxiv|corr|repec|nber working|iza discussion)\b"
)


def share_identifier(left: Portrait, right: Portrait) -> bool:
    """Tell whether both carry an identifier of one article."""
    return bool(left.identifiers and right.identifiers) and not set(left.identifiers).isdisjoint(right.identifiers)


def likeness_of(left: Portrait, right: Portrait) -> TitleComparison:
    """Compare the titles of what the two are about."""
    if not left.titles or not right.titles:
        return TitleComparison("incomparable", 0)
    first = left.titles[0]
    if first == right.titles[0]:
        return TitleComparison("equal", first.letters)
    return compare_titles(left.titles, right.titles)


def is_one_place(left: Portrait, right: Portrait) -> bool:
    """Tell whether both stand on the same pages of the same volume, so that another title may be a translation."""
    return (
        bool(left.volume)
        and left.volume == right.volume
        and left.pages == right.pages
        and left.pages[0] not in {"", "1"}
    )


def reasons_for(left: Portrait, right: Portrait, titles: TitleComparison) -> list[Reason]:
    """Weigh everything that both state."""
    is_generic = left.is_generic or right.is_generic
    reasons = [
        _generic_reason(titles) if is_generic else title_reason(titles),
        *_identifier_reasons(left, right),
        *_author_reasons(left, right),
        *_place_reasons(left, right),
    ]
    if left.type != right.type and frozenset((left.type, right.type)) in _APART:
        reasons.append(Reason("types_differ", _OTHER_TYPE, f"{left.type}/{right.type}"))
    if _are_items_alike(left, right, reasons):
        reasons.append(Reason("items_alike", _MANY_ALIKE if left.source == right.source else 0.0))
    if left.kind in _NOTICES:
        reasons.append(Reason("notice", -2.0))
    if titles.likeness in {"other", "numbered"} and not is_generic and _is_one_text(left, reasons):
        is_alike = token_set_ratio(left.titles[0].text, right.titles[0].text) >= _REWORDED
        reasons[0] = Reason("title_translated", -0.5 if is_alike else -1.5)
    return reasons


def _are_items_alike(left: Portrait, right: Portrait, reasons: list[Reason]) -> bool:
    """Tell whether a pair is of things of which repositories hold many under one title.

    Photographs and files of data of one author are such, and whatever is no paper where nothing but titles agrees.
    """
    if left.type in _TEXTS and right.type in _TEXTS and left.kind != "dataset":
        return False
    codes = {reason.code for reason in reasons}
    if not codes.isdisjoint(("identifier_same", "pages_same", "authors_none")):
        return False
    return (_is_item(left) and _is_item(right)) or codes.isdisjoint(_BESIDE_TITLES)


def _is_item(portrait: Portrait) -> bool:
    return portrait.type in _ITEMS or portrait.kind == "dataset"


def title_reason(titles: TitleComparison) -> Reason:
    """Weigh the titles: a short one says less, because many texts may have it."""
    weight = _TITLES[titles.likeness]
    if weight > 0:
        weight *= min(1.0, (titles.letters + _BASE_LETTERS) / (_FULL_LETTERS + _BASE_LETTERS))
    return Reason(f"title_{titles.likeness}", weight)


def _generic_reason(titles: TitleComparison) -> Reason:
    is_apart = titles.likeness not in TRUSTED and titles.likeness != "incomparable"
    return Reason("title_generic", _TITLES["other"] if is_apart else 0.0)


def _is_one_text(portrait: Portrait, reasons: list[Reason]) -> bool:
    """Tell whether a pair is on the very same pages by the same people; several letters may be on one page."""
    codes = {reason.code for reason in reasons}
    return (
        codes >= {"authors_most", "pages_same", "volume_same"}
        and codes.isdisjoint(("container_different", "identifier_different", "issue_different"))
        and portrait.pages[0] != portrait.pages[1]
    )


def _identifier_reasons(left: Portrait, right: Portrait) -> list[Reason]:
    if not left.identifiers or not right.identifiers:
        return []
    shared = [one for one in left.identifiers if one in right.identifiers]
    reasons = [Reason("identifier_same", _IDENTIFIER, one) for one in shared[:1]]
    same = {scheme_of(one) for one in shared}
    mine, theirs = _by_scheme(left), _by_scheme(right)
    for scheme in sorted((mine.keys() & theirs.keys()) - same):
        a, b = mine[scheme], theirs[scheme]
        if (_PREPRINT_DOI.match(a) is None) != (_PREPRINT_DOI.match(b) is None):
            reasons.append(Reason("identifier_of_preprint", 0.0, f"{a}, {b}"))
        else:
            reasons.append(Reason("identifier_different", _OTHER_IDENTIFIER[scheme], f"{a}, {b}"))
    return reasons


def scheme_of(identifier: str) -> str:
    """Return the scheme of ``scheme:value``."""
    return identifier.partition(":")[0]


def _by_scheme(portrait: Portrait) -> dict[str, str]:
    return {scheme_of(one): one for one in reversed(portrait.identifiers)}


def _author_reasons(left: Portrait, right: Portrait) -> list[Reason]:
    overlap, shared = compare_authors(left.authors, right.authors)
    if overlap == "unknown":
        return []
    if overlap != "most":
        return [Reason(f"authors_{overlap}", _AUTHORS[overlap], str(shared))]
    weight = min(1.0 + shared * 0.75, 3.0) + 0.5 * (shared > _LARGE_TEAM)
    if shared < _LARGE_TEAM and any(one in right.authors for one in left.authors if is_full_name(one)):
        weight += 0.5
    return [Reason("authors_most", weight, str(shared))]


def _place_reasons(left: Portrait, right: Portrait) -> list[Reason]:
    is_early = is_preprint(left) != is_preprint(right)
    pages = compare_pages(left.pages, right.pages)
    containers = compare_containers(left.issns, left.container, right.issns, right.container)
    is_elsewhere = bool(left.container and right.container) and containers != "same" and not is_early
    is_there = is_early or pages in {"same", "first"}
    comes_again = left.year != right.year and _comes_again(left, right)
    reasons = _year_reasons(left, right, is_there=is_there, is_elsewhere=is_elsewhere or comes_again)
    if containers == "same":
        reasons.append(Reason("container_same", 1.0))
    elif is_elsewhere and containers == "different":
        reasons.append(Reason("container_different", -3.0))
    if is_early:
        return [*reasons, Reason("preprint", -1.0)]
    if left.volume and right.volume:
        is_same = left.volume == right.volume
        apart = _OTHER_VOLUME if left.type in _EDITED and right.type in _EDITED else -2.5
        reasons.append(Reason("volume_same", 0.5) if is_same else Reason("volume_different", apart))
    if pages in _PAGES:
        are_abstracts = pages == "different" and is_abstract_page(left.pages) and is_abstract_page(right.pages)
        reasons.append(Reason(f"pages_{pages}", _ABSTRACTS_APART if are_abstracts else _PAGES[pages]))
    if pages != "first" and _is_other_issue(left, right):
        reasons.append(Reason("issue_different", -5.5 if pages == "unknown" else 0.0, f"{left.issue}/{right.issue}"))
    return reasons


def _year_reasons(left: Portrait, right: Portrait, *, is_there: bool, is_elsewhere: bool) -> list[Reason]:
    """Weigh the years; one between them is nothing where the pages agree (first online in December).

    Where the containers are not known to be one, another year speaks for a conference paper and its journal article;
    what comes out every year is another one each year.
    """
    if not left.year or not right.year:
        return []
    gap = abs(left.year - right.year)
    detail = f"{left.year}/{right.year}"
    if not gap:
        return [Reason("year_same", 0.5, detail)]
    if gap == 1:
        return [Reason("year_near", 0.0 if is_there else -3.5 if is_elsewhere else -2.0, detail)]
    return [Reason("year_far", -3.0 if gap == 2 and not is_elsewhere else -4.5, detail)]  # noqa: PLR2004 - two years


def _comes_again(left: Portrait, right: Portrait) -> bool:
    """Tell whether both come out every year, or in editions, under one title."""
    if left.type in _EDITED and right.type in _EDITED:
        return True
    return any(_YEARLY.search(title.text) for title in left.titles[:1])


def is_preprint(portrait: Portrait) -> bool:
    """Tell whether a record is a preprint's: by its type, its server, or an arXiv number without a journal."""
    if portrait.type == "preprint" or _PREPRINT_SERVER.match(portrait.container):
        return True
    return any(
        _PREPRINT_DOI.match(one) or (not portrait.container and one.startswith("arxiv:"))
        for one in portrait.identifiers
    )


def _is_other_issue(left: Portrait, right: Portrait) -> bool:
    """Tell whether both state an issue and not the same; large numbers are serial ones of exports, not issues."""
    a, b = left.issue, right.issue
    return a != b and a.isdigit() and b.isdigit() and max(len(a), len(b)) <= 2 and left.volume == right.volume  # noqa: PLR2004
