"""The table of real dirt (``cases.py``): each row comes out as it says, and its example is really where it says."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from harvesters.formats.description import RawContributor, RawDate, RawIdentifier, RawText
from harvesters.formats.oai_doaj import DATE_KIND
from indexer.normalise.containers import number, read_citation
from indexer.normalise.dates import choose_date, parse_date
from indexer.normalise.identifiers import identify, issns
from indexer.normalise.manifestation import normalise
from indexer.normalise.names import affiliation, contributors
from indexer.normalise.terms import keywords_of
from indexer.normalise.text import clean_abstract, clean_title, strip_glued_digit
from indexer.normalise.types import type_of
from tests.unit.normalise.cases import CASES, Case, as_markdown
from tests.unit.pages import article, dublin_core, record


def _titles(written: str) -> str:
    found = normalise([dublin_core(f"<dc:title>{html.escape(written)}</dc:title>")], "x")
    return " | ".join(one.value for one in (found.title, *found.translated_titles))


def _names(written: str) -> str:
    found = contributors([RawContributor(name=written)])
    return "; ".join(f"{one.family or ''}|{one.given or ''}|{one.name}" for one in found)


def _doaj_month(written: str) -> str:
    body = {"id": "0" * 32, "bibjson": {"title": "T", "year": "2019", "month": written or None}}
    found = normalise([record(json.dumps(body).encode(), metadata_prefix="doaj_json")], "doaj")
    return str(found.published)


def _citation(written: str) -> str:
    found = read_citation(written)
    parts = (found.journal, found.volume, found.issue, found.pages, found.year)
    return " | ".join(one or "" for one in parts) if any(parts) else ""


def _identified(scheme: str | None) -> Callable[[str], str]:
    return lambda written: "; ".join(map(str, identify(RawIdentifier(value=written, scheme=scheme))))


READERS: dict[str, Callable[[str], str]] = {
    "title": lambda written: strip_glued_digit(clean_title(written), "p62 and Twist1"),
    "titles": _titles,
    "abstract": clean_abstract,
    "names": _names,
    "affiliation": affiliation,
    "date": lambda written: str(parse_date(written) or ""),
    "dates": lambda written: str(choose_date([RawDate(value=one) for one in written.split("; ")])),
    "doaj_date": lambda written: str(choose_date([RawDate(value=written, kind=DATE_KIND)])),
    "doaj_month": _doaj_month,
    "number": lambda written: number(written) or "",
    "citation": _citation,
    "identifier": _identified(None),
    "pmc": _identified("pmc"),
    "pmcid": _identified("pmcid"),
    "issns": lambda written: "; ".join(issns(written.split("; "))),
    "keyword": lambda written: "; ".join(keywords_of([RawText(value=written)])),
    "type": lambda written: type_of([written], ""),
}
RECORDED = [case for case in CASES if "/" in case.origin]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.part}:{case.written[:30]}")
def test_real_dirt_comes_out_as_the_table_says(case: Case) -> None:
    assert READERS[case.part](case.written) == case.clean


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case.part}:{case.written[:30]}")
def test_the_example_is_in_the_recorded_file(case: Case, recorded: Path) -> None:
    wanted = " ".join(case.written.split())
    assert any(wanted in _text(path) for path in sorted(recorded.glob(case.origin))), case.origin


@cache
def _text(path: Path) -> str:
    """Return a recorded file with its escapes undone and its white space as single blanks."""
    text = path.read_text(errors="replace")
    if path.suffix in {".json", ".jsonl", ".ldj"}:
        text = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text).replace('\\"', '"')
    return " ".join(html.unescape(text).split())


def test_doves_authors_and_affiliations_before_an_abstract_go(recorded: Path) -> None:
    lines = (recorded / "doaj" / "fatcat_example_doaj_articles.jsonl").read_text().splitlines()
    line = next(one for one in lines if "biosurfactant-based" in one)
    (abstract,) = normalise([record(line.encode(), metadata_prefix="doaj_json")], "doaj").abstracts
    assert abstract.value.startswith("Background: Biosurfactants are amphipathic molecules of microbial origin")


@pytest.mark.parametrize(
    "abstract",
    [
        "Interleukin 1 is a cytokine. Background: We know it.",
        "Jane Roe 1 met John Doe. Background: It is a story.",  # no author of it
        "Ann Bansal,1 of Oslo, has no heading behind",
    ],
)
def test_what_only_looks_like_authors_stays(abstract: str) -> None:
    inner = f"<dc:title>T</dc:title><dc:creator>Bansal S</dc:creator><dc:description>{abstract}</dc:description>"
    assert [one.value for one in normalise([dublin_core(inner)], "x").abstracts] == [abstract]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("scielo_sps_0034-7094-rba-69-03-0227.xml", "doi:10.1016/j.bjan.2019.01.002"),
        ("scielo_sps_2176-4573-bak-p59099.xml", "doi:10.1590/2176-4573e59099"),
    ],
)
def test_a_translation_with_its_own_doi_is_another_article_related_to_this(
    recorded: Path, name: str, target: str
) -> None:
    found = normalise([record((recorded / "pmc" / name).read_bytes(), metadata_prefix="pmc")], "scielo")
    assert [(one.kind, str(one.target)) for one in found.relations] == [("translated_by", target)]
    assert target not in map(str, found.identifiers)


def test_a_translation_under_the_articles_own_doi_is_no_relation() -> None:
    doi = '<article-id pub-id-type="doi">10.5555/One</article-id>'
    title = "<title-group><article-title>T</article-title></title-group>"
    sub = f'<sub-article article-type="translation" xml:lang="pt"><front-stub>{doi}{title}</front-stub></sub-article>'
    assert normalise([article(doi + title, after=sub)], "x").relations == ()


def test_a_name_in_chinese_and_latin_letters_keeps_both() -> None:
    people = (
        "<contrib-group><contrib><name-alternatives><name name-style='western'><surname>Zhang</surname><given-names>Wei"
        "</given-names></name><name name-style='eastern' xml:lang='zh'><surname>张</surname><given-names>伟"
        "</given-names></name></name-alternatives></contrib></contrib-group>"
    )
    title = "<title-group><article-title>T</article-title></title-group>"
    (found,) = normalise([article(title + people)], "x").contributors
    assert (found.family, found.given, found.name) == ("Zhang", "Wei", "Wei Zhang (张伟)")


def test_an_embargos_end_is_no_date_of_publication() -> None:
    dates = "<dc:date>info:eu-repo/date/embargoEnd/2016-01-01</dc:date>"
    assert normalise([dublin_core(f"<dc:title>T</dc:title>{dates}")], "x").published is None
    both = f"<dc:title>T</dc:title>{dates}<dc:date>2018</dc:date>"
    assert str(normalise([dublin_core(both)], "x").published) == "2018"


def test_the_page_of_the_documentation_has_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "normalising.md").read_text()
    assert as_markdown().rstrip() in page, "write it anew: python -m tests.unit.normalise.cases"
