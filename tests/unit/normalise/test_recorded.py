"""What real repositories sent, page by page."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from indexer.errors import UnusableRecordError
from indexer.models import Manifestation
from indexer.normalise.manifestation import normalise
from tests.unit.pages import cut, record

# Pages of other repositories whose metadata is Dublin Core: file, records that are not deleted.
OTHERS = {
    "scrapi_addis_ababa_00.xml": 8,
    "scrapi_arxiv_oai_00.xml": 897,
    "scrapi_calhoun_00.xml": 73,
    "scrapi_citeseerx_00.xml": 306,
    "scrapi_cogprints_00.xml": 45,
    "scrapi_csir_00.xml": 6,
    "scrapi_cyberleninka_00.xml": 54,
    "scrapi_dash_00.xml": 19,
    "scrapi_datacite_00.xml": 50,
    "scrapi_erudit_00.xml": 46,
    "scrapi_ghent_00.xml": 135,
    "scrapi_lshtm_00.xml": 97,
    "scrapi_pcurio_00.xml": 5,
    "scrapi_rcaap_00.xml": 100,
    "scrapi_sldr_00.xml": 1,
    "scrapi_spdataverse_01.xml": 3,
    "scrapi_udc_00.xml": 30,
    "scythe_zenodo_list_records_00.xml": 50,
}


@pytest.fixture(scope="session")
def doaj(recorded: Path) -> list[Manifestation]:
    page = recorded / "doaj" / "vufindharvest_oai_doaj_ListRecords.xml"
    return [normalise([one], "doaj") for one in cut(page, source="doaj", metadata_prefix="oai_doaj")]


@pytest.fixture(scope="session")
def pmc(recorded: Path) -> dict[str, Manifestation]:
    pages = sorted((recorded / "pmc").glob("scrapi_pubmedcentral_oai_dc_*.xml"))
    records = [one for page in pages for one in cut(page, source="pmc")]
    return {one.identifier.rpartition(":")[2]: normalise([one], "pmc") for one in records}


def test_all_hundred_doaj_titles_are_as_in_the_file(doaj: list[Manifestation], recorded: Path) -> None:
    root = etree.parse(recorded / "doaj" / "vufindharvest_oai_doaj_ListRecords.xml").getroot()
    written = [" ".join((one.text or "").split()) for one in root.iter("{*}title")]
    assert len(written) == 100
    for found, title in zip(doaj, written, strict=True):
        plain = re.sub(r"</?(?:i|b|em|sup|sub)>|\.$", "", title)
        if plain.isupper():
            assert found.title.value.casefold() == plain.casefold()
        else:
            assert found.title.value == plain


def test_the_doaj_page_has_seven_dois_and_sixty_eight_abstracts(doaj: list[Manifestation]) -> None:
    assert sum(one.identifier("doi") is not None for one in doaj) == 7
    assert sum(bool(one.abstracts) for one in doaj) == 68
    assert all(one.identifier("doaj") for one in doaj)
    assert all(one.container and one.container.title and one.published for one in doaj)
    assert all(one.published and one.published.day is None for one in doaj)
    assert Counter(one.container and one.container.issns for one in doaj)[("2529-850X",)] > 1


def test_doajs_first_article_is_read_whole(doaj: list[Manifestation]) -> None:
    first = doaj[0]
    assert [(one.family, one.given) for one in first.contributors] == [
        ("Oller-Arlandis", "Vanessa Esperanza"),
        ("Sanz-Valero", "Javier"),
    ]
    assert first.contributors[0].affiliations[0].startswith("Departamento de Salud Pública")
    assert first.keywords == (
        "Environmen", "Blogs", "Internet", "Web 2.0", "information dissemination", "quality control",
    )  # fmt: skip
    assert (str(first.published), first.volume, first.issue, first.pages) == ("2017-04", "4", "2", "129-134")
    assert first.language is not None
    assert first.language.code == "en"


def test_all_844_pmc_records_have_a_title_and_57_have_no_doi(pmc: dict[str, Manifestation]) -> None:
    assert len(pmc) == 844
    assert all(one.title.value for one in pmc.values())
    assert all(one.identifier("pmcid") for one in pmc.values())
    assert sum(one.identifier("doi") is None for one in pmc.values()) == 57
    assert sum(one.identifier("pmid") is None for one in pmc.values()) == 11
    assert sum(not one.contributors for one in pmc.values()) == 15
    assert not any(one.keywords for one in pmc.values())
    assert {subject.scheme for one in pmc.values() for subject in one.subjects} == {"PMC"}


def test_pmcs_blanket_english_does_not_hide_the_french_article(pmc: dict[str, Manifestation]) -> None:
    french = pmc["4272160"]
    assert french.language is not None
    assert (french.language.code, french.language.origin) == ("fr", "detected")
    assert french.language.declared == ("en",), "what PMC says of all its records is kept beside it"
    codes = Counter(one.language.code for one in pmc.values() if one.language)
    assert codes == {"en": 843, "fr": 1}


def test_pmc_titles_have_no_line_breaks_and_no_markup(pmc: dict[str, Manifestation]) -> None:
    for one in pmc.values():
        assert not re.search(r"\s\s|[\n\r]|</?\w+>|&\w+;", one.title.value)


@pytest.mark.parametrize(("name", "count"), OTHERS.items(), ids=OTHERS)
def test_other_repositories_give_manifestations(recorded: Path, name: str, count: int) -> None:
    found = [normalise([one], "x") for one in cut(recorded / "oai-misc" / name, source="x", recover=True)]
    assert len(found) == count
    assert all(one.title.value for one in found)


def test_every_recorded_page_gives_manifestations_or_a_named_reason(recorded: Path) -> None:
    usable = 0
    remedies = []
    for page in sorted((recorded / "oai-misc").glob("*.xml")):
        if "Broken" in page.name:
            continue
        for one in cut(page, source="x", recover=True):
            try:
                normalise([one], "x")
                usable += 1
            except UnusableRecordError as error:
                remedies.append(error.remedy)
    assert usable > 1900
    assert remedies  # for made-up formats
    assert all(remedies)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("scrapi_cyberleninka_00.xml", "ru"),
        ("scrapi_rcaap_00.xml", "pt"),
        ("scrapi_erudit_00.xml", "fr"),
        ("scrapi_arxiv_oai_00.xml", "en"),
    ],
)
def test_the_repositorys_language_is_heard(recorded: Path, name: str, language: str) -> None:
    found = [normalise([one], "x") for one in cut(recorded / "oai-misc" / name, source="x")]
    assert Counter(one.language and one.language.code for one in found).most_common(1)[0][0] == language


def test_zenodos_doubly_escaped_abstract_is_plain_text(recorded: Path) -> None:
    page = recorded / "oai-misc" / "scythe_zenodo_list_records_00.xml"
    found = {one.record_identifier: one for one in (normalise([one], "zenodo") for one in cut(page, source="zenodo"))}
    haemophilia = found["oai:zenodo.org:20568304"]
    assert haemophilia.abstracts[0].value.startswith("Hemophilia A is the most common hereditary coagulation disorder")
    assert haemophilia.container is not None
    assert haemophilia.container.issns == ("2583-1887",)
    for one in found.values():
        for text in one.abstracts:
            assert not re.search(r"</?(?:p|h\d|strong|em|li|ul|br)\b|&(?:lt|amp|nbsp);", text.value)


def test_every_recorded_jats_article_becomes_a_manifestation(recorded: Path) -> None:
    for pattern in ("*.nxml", "pubmedclient_*.xml", "scielo_sps_*.xml", "sibils_*.xml"):
        for path in (recorded / "pmc").glob(pattern):
            found = normalise([record(path.read_bytes(), metadata_prefix="pmc", identifier=path.name)], "pmc")
            assert found.identifier("doi") or path.name == "pubmedclient_PMC10000000.xml"
            assert found.published is not None
            assert found.container is not None
            assert found.container.title
            assert found.license is not None
            assert found.locations
            assert all(one.language for one in (found.title, *found.translated_titles, *found.abstracts))
