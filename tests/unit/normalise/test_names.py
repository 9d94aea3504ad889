from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.formats.description import RawContributor
from indexer.normalise.names import affiliation, contributor, contributors


@pytest.mark.parametrize(
    ("written", "family", "given", "name"),
    [
        ("Fruehwirth, Jane Cooley", "Fruehwirth", "Jane Cooley", "Jane Cooley Fruehwirth"),
        ("Jane Cooley Fruehwirth", "Fruehwirth", "Jane Cooley", "Jane Cooley Fruehwirth"),
        ("Vanessa Esperanza Oller-Arlandis", "Oller-Arlandis", "Vanessa Esperanza", "Vanessa Esperanza Oller-Arlandis"),
        ("Chico, RM", "Chico", "RM", "RM Chico"),
        ("Smith JA", "Smith", "JA", "JA Smith"),
        ("Smith J. A.", "Smith", "J. A.", "J. A. Smith"),
        ("J. A. Smith", "Smith", "J. A.", "J. A. Smith"),
        ("Wei XU", "XU", "Wei", "Wei XU"),
        ("Ludwig van Beethoven", "van Beethoven", "Ludwig", "Ludwig van Beethoven"),
        ("van der Berg, Jan", "van der Berg", "Jan", "Jan van der Berg"),
        ("Maria da Silva", "da Silva", "Maria", "Maria da Silva"),
        ("José Pereira Júnior", "Pereira Júnior", "José", "José Pereira Júnior"),
        ("Moraes, Anaelena Bragança de", "Moraes", "Anaelena Bragança de", "Anaelena Bragança de Moraes"),
        ("John Smith, MD, PhD", "Smith", "John", "John Smith"),
        ("Smith, John, Jr.", "Smith", "John", "John Smith"),
        ("Prof. Wani Lokitari", "Lokitari", "Wani", "Wani Lokitari"),
        ("DIOGO SPAZZAFUMO REINOSO", "Reinoso", "Diogo Spazzafumo", "Diogo Spazzafumo Reinoso"),
        ("А.В. ГЛУШАК", "Глушак", "А.В.", "А.В. Глушак"),
        ("张三", "张", "三", "张三"),
        ("欧阳修文", "欧阳", "修文", "欧阳修文"),
        ("张 三丰", "张", "三丰", "张三丰"),
        ("김철수", "김", "철수", "철수 김"),
        ("András Gyárfás  ", "Gyárfás", "András", "András Gyárfás"),
        ("Roe, Jane1,*", "Roe", "Jane", "Jane Roe"),
        ("Jane Roe (jane@x.org)", "Roe", "Jane", "Jane Roe"),
        ("G&uuml;nter Lepperdinger", "Lepperdinger", "Günter", "Günter Lepperdinger"),
        ("Plato", "Plato", None, "Plato"),
    ],
)
def test_names_come_apart_in_family_and_given(written: str, family: str, given: str | None, name: str) -> None:
    found = contributor(RawContributor(name=written))
    assert found is not None
    assert (found.family, found.given, found.name, found.is_group) == (family, given, name, False)


@pytest.mark.parametrize(
    "written",
    [
        "The COVID-19 Host Genetics Initiative",
        "Naval Postgraduate School (U.S.)",
        "Universidade do Porto. Faculdade de Engenharia",
        "ATLAS Collaboration",
        "中华医学会感染病学分会",
        "Environmental Sciences Division, Oak Ridge National Laboratory",
    ],
)
def test_groups_stay_whole(written: str) -> None:
    found = contributor(RawContributor(name=written))
    assert found is not None
    assert (found.is_group, found.family, found.name) == (True, None, written)


@pytest.mark.parametrize("written", ["", "  ", "port0228@umn.edu", "1", "*", ";", None])
def test_what_is_no_name_is_nobody(written: str | None) -> None:
    assert contributor(RawContributor(name=written)) is None


def test_parts_given_apart_are_kept_apart() -> None:
    found = contributor(
        RawContributor(family="ARAÚJO", given="Paula Carina de", suffix="Jr", orcid="0000-0002-1825-0098")
    )
    assert found is not None
    assert (found.family, found.given, found.orcid) == ("Araújo", "Paula Carina de", None)
    assert found.name == "Paula Carina de Araújo Jr"


def test_a_list_sent_three_times_counts_once_but_namesakes_both_stay() -> None:
    names = [RawContributor(name=name) for name in ("Ann Roe", "Bo Li", "Cy Wu")]
    assert [one.name for one in contributors(names * 3)] == ["Ann Roe", "Bo Li", "Cy Wu"]
    assert [one.name for one in contributors([names[0], names[1], names[0]])] == ["Ann Roe", "Bo Li", "Ann Roe"]


def test_names_joined_by_semicolons_come_apart() -> None:
    found = contributors([RawContributor(name="Roe, Ann; Li, Bo;")])
    assert [(one.family, one.given) for one in found] == [("Roe", "Ann"), ("Li", "Bo")]


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("Departamento  de Salud Pública,\n España.", "Departamento de Salud Pública, España."),
        ("1Dept of X, Oslo", "Dept of X, Oslo"),
        ("(PROFLETRAS), Maringá, Brasil; prof@gmail.com", "(PROFLETRAS), Maringá, Brasil"),
        ("*; ", ""),
    ],
)
def test_affiliations_lose_labels_and_addresses(written: str, clean: str) -> None:
    assert affiliation(written) == clean


@pytest.mark.parametrize(
    "hostile",
    [",", ";", " ,", "; ", " and ", "(A.)", "A. ", "A B, ", "张 ", "et al", "a;", "Dr. ", " (", "等"],
)
def test_a_hostile_name_costs_no_more_than_its_length(hostile: str) -> None:
    start = time.process_time()
    for text in (hostile * 50_000, hostile * 50_000 + "x", "Roe, Jane" + hostile * 50_000 + "é"):
        contributor(RawContributor(name=text))
        contributors([RawContributor(name=text)])
        affiliation(text)
    assert time.process_time() - start < 10


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_any_text_is_somebody_with_a_name_or_nobody(text: str, group: bool) -> None:  # noqa: FBT001
    found = contributor(RawContributor(name=text, is_group=group))
    assert found is None or found.name
    affiliation(text)
