"""One journal's name in its many forms gives one key; names that tell journals apart stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.identity.journals import container_keys
from indexer.models import Container
from indexer.normalise.container_names import container_name_keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J. Biol. Chem.", "J Biol Chem"),
        ("The Lancet", "Lancet"),
        ("Cancers (Basel)", "Cancers"),
        ("Synthesis (La Plata)", "Synthesis"),  # DOAJ's journal list
        ("Materials & Design", "Materials and Design"),  # DOAJ's API
        ("Derecho & Sociedad", "Derecho y Sociedad"),
        ("Emerging Microbes & Infections", "EMERGING MICROBES AND INFECTIONS"),
        ("Journal of Health (JOH)", "Journal of Health"),
        ("JBN (Jurnal Bedah Nasional)", "Jurnal Bedah Nasional"),
        ("PLoS ONE", "PLOS ONE"),  # DOAJ and PMC
        ("Diversité et Identité Culturelle en Europe (DICE)", "Diversite et Identite Culturelle en Europe"),
        ("中國農業科學", "中国农业科学"),
        ("Ｎａｔｕｒｅ", "Nature"),
        ("中国科学 = Science in China", "中国科学"),
        ("中国科学 = Science in China", "Science in China"),
        ("地震科学进展 Progress in Earthquake Sciences", "地震科学进展"),
        ("Chinese Journal of Computers (计算机学报)", "计算机学报"),
        ("北京大学学报 (医学版)", "北京大学学报医学版"),
        ("Guoji Yanke Zazhi = 国际眼科杂志", "Guoji Yanke Zazhi"),
        (
            "Zbornik radova Ekonomskog fakulteta u Rijeci : časopis za ekonomsku teoriju i praksu",
            "Zbornik radova Ekonomskog fakulteta u Rijeci",
        ),
        # MEDLINE, as reference managers export it:
        ("Annals of oncology : official journal of the European Society for Medical Oncology / ESMO",
         "Annals of Oncology: official journal of the European Society for Medical Oncology"),
        ("Canadian respiratory journal : journal of the Canadian Thoracic Society", "Canadian Respiratory Journal"),
    ],
)  # fmt: skip
def test_one_name_in_two_forms_has_a_key_in_common(one: str, other: str) -> None:
    assert not set(container_name_keys(one)).isdisjoint(container_name_keys(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Studia Historica: Historia Antigua", "Studia Historica: Historia Moderna"),
        ("Fronteiras: Journal of Social Science", "Fronteiras: Revista de História"),
        ("北京大学学报(医学版)", "北京大学学报(自然科学版)"),
        ("Anales de Pediatría", "Anales de Pediatría (English Edition)"),
        ("Physical Review E", "Physical Review"),
        ("JIPI (Jurnal IPA dan Pembelajaran IPA)", "JIPI (Jurnal Ilmiah Penelitian dan Pembelajaran Informatika)"),
        ("计算机学报", "计算机研究"),
    ],
)
def test_what_tells_journals_apart_stays_in_the_key(one: str, other: str) -> None:
    assert set(container_name_keys(one)).isdisjoint(container_name_keys(other))


def test_two_journals_of_one_name_with_their_own_issns_share_no_key() -> None:
    one = Container(title="Redes", issns=("0328-3186",))
    other = Container(title="Redes", issns=("1414-7106",))
    assert set(container_keys(one)).isdisjoint(container_keys(other))
    assert {key.scheme for key in container_keys(one)} == {"issn"}


def test_an_issn_l_leads_to_the_same_container_as_its_other_issns() -> None:
    online = Container(title="A", issns=("2529-850X", "0210-5462"), issn_l="0210-5462")
    printed = Container(title="B", issns=("0210-5462",))
    assert not set(container_keys(online)).isdisjoint(container_keys(printed))


@pytest.mark.parametrize("title", ["", "()", "= / |", "—"])
def test_what_has_no_letters_has_no_key(title: str) -> None:
    assert container_name_keys(title) == ()


@settings(deadline=None)
@given(st.text())
def test_any_name_has_short_keys_each_once(title: str) -> None:
    keys = container_name_keys(title)
    assert len(set(keys)) == len(keys)
    assert all(0 < len(key) <= 200 for key in keys)
