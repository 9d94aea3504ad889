"""Works become documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.models import (
    Container,
    Contributor,
    Identifier,
    LanguageTag,
    License,
    Location,
    PartialDate,
    Subject,
    Text,
    Work,
)
from indexer.search.analysis import index_values
from indexer.search.document import MOST_SUBJECTS, UNSAID, address_value, document_of
from indexer.search.names import name_forms
from indexer.search.suggesting import suggest_values
from indexer.search.titles import title_key

EN, ZH = LanguageTag(code="en", origin="declared"), LanguageTag(code="zh", origin="detected")
WORK = Work(
    key=7,
    id="w7",
    version=3,
    first_indexed=datetime(2026, 1, 2, tzinfo=UTC),
    title=Text(value="Neural networks", language=EN),
    translated_titles=(Text(value="神經網絡", language=ZH),),
    abstracts=(Text(value="Methods of computation."),),
    contributors=(Contributor(name="José A. Müller", family="Müller", given="José A."), Contributor(name="王小明")),
    container=Container(title="Methods Today", issns=("1932-620x",), issn_l="1932-620X", id="c1"),
    published=PartialDate(year=2026, month=3),
    identifiers=(Identifier(scheme="doi", value="10.1000/ABC"), Identifier(scheme="pmcid", value="PMC12")),
    subjects=(Subject(term="Medicine"), Subject(term="medicine"), Subject(term="Networks")),
    keywords=("Deep　Learning", "deep learning"),
    license=License(code="cc-by", name="CC BY 4.0"),
    locations=(Location(url="https://x.org/1", pdf_url="https://x.org/1.pdf"),),
    languages=(EN,),
    sources=("doaj", "pmc"),
)


def test_texts_are_stemmed_by_their_language_and_names_are_not() -> None:
    text = document_of(WORK).text
    assert text["title"] == ("neural network", "神经 经网 网络", "络 神经网络")
    assert text["journal"] == ("methods today",)
    assert text["subject"] == ("medicin", "medicin", "network", "deep learn", "=learning", "deep learn", "=learning")
    assert {"method of comput", "=computation", "jose a muller", "methods today", "pmc 12", "pmc12"} <= set(text["all"])


def test_names_are_found_in_both_orders_and_with_initials() -> None:
    author = document_of(WORK).text["author"]
    assert author[:4] == ("jose a muller", "mueller", "muller jose a", "muller j a")
    assert author[4:] == ("王小 小明", "明 王小明", "wang xiaoming", "xiaoming wang", "wang x m")


@pytest.mark.parametrize(
    ("person", "forms"),
    [
        (Contributor(name="John Smith", family="Smith", given="John"), {"john smith", "smith john", "smith j"}),
        (Contributor(name="Smith JA", family="Smith", given="JA"), {"smith ja", "ja smith", "smith j a"}),
        (
            Contributor(name="Xiao-Ming Wang", family="Wang", given="Xiao-Ming"),
            {"wang xiao ming", "xiao ming wang", "wang xiaoming", "xiaoming wang", "wang x m"},
        ),
        (Contributor(name="欧阳修"), {"ouyang xiu", "xiu ouyang", "ouyang x"}),
        (Contributor(name="歐陽娜娜"), {"ouyang nana", "ouyang n n"}),
        (Contributor(name="单雄信"), {"shan xiongxin"}),
        (Contributor(name="吕布"), {"lu bu"}),
        (Contributor(name="Иван Петров", family="Петров", given="Иван"), {"петров иван", "иван петров", "петров и"}),
    ],
)
def test_a_name_has_the_forms_that_people_ask_for(person: Contributor, forms: set[str]) -> None:
    assert forms <= set(document_of(replace(WORK, contributors=(person,))).text["author"])


def test_groups_and_long_chinese_names_have_no_pinyin() -> None:
    names = (Contributor(name="卫生部", is_group=True), Contributor(name="国家自然科学基金委员会"))
    text = document_of(replace(WORK, contributors=names)).text
    assert not [value for value in text["author"] if value.isascii()]


def test_chinese_names_are_found_everywhere_by_their_pinyin() -> None:
    assert "wang xiaoming" in document_of(WORK).text["all"]


def test_keywords_are_whole_and_canonical() -> None:
    keywords = document_of(WORK).keywords
    assert keywords == {
        "identifier": (
            *("doi:10.1000/abc", "pmcid:PMC12"),
            *(address_value(address) for address in ("x.org/1", "x.org/1.pdf")),
        ),
        "issn": ("1932-620X",),
        "source": ("doaj", "pmc"),
        "lang": ("en",),
        "license": ("cc-by",),
        "subject_facet": ("Medicine", "Networks"),
        "keyword": ("deep learning",),
        "clc": (),
        "subject_key": (),
        "unmapped": (),
        "container": ("c1",),
        "type": ("article",),
        "article_version": (),
        "has": ("pdf", "abstract", "doi", "license", "fulltext"),
        "status": (),
        "title_key": (title_key("Neural networks"), title_key("神经网络")),
        "suggest": suggest_values(WORK),
    }


def test_addresses_that_are_identifiers_are_not_kept_twice() -> None:
    places = (Location(url="https://doi.org/10.1000/abc"), Location(url="https://arxiv.org/abs/2101.00001"))
    assert document_of(replace(WORK, locations=places)).keywords["identifier"] == ("doi:10.1000/abc", "pmcid:PMC12")


def test_identifiers_that_are_read_without_case_are_kept_so() -> None:
    preprint = replace(WORK, identifiers=(Identifier(scheme="arxiv", value="math.GT/0309136"),), locations=())
    assert document_of(preprint).keywords["identifier"] == ("arxiv:math.gt/0309136",)


def test_numbers_tell_the_dates() -> None:
    document = document_of(WORK)
    assert (document.key, document.id, document.version) == (7, "w7", 3)
    assert (document.year, document.published, document.first_indexed) == (2026, 20260300, 1767312000)
    undated = document_of(replace(WORK, published=None))
    assert (undated.year, undated.published) == (None, 0)


def test_a_bare_work_has_nothing() -> None:
    bare = Work(key=1, id="w1", version=1, first_indexed=datetime(2026, 1, 2, tzinfo=UTC), title=Text(value="X"))
    document = document_of(bare)
    assert document.text == {"all": ("x", UNSAID), "title": ("x",), "author": (), "journal": (), "subject": ()}
    assert document.keywords["has"] == ()
    assert document.keywords["license"] == ("none",), "that no source states a licence can be searched for"


def test_subject_terms_are_limited() -> None:
    many = replace(WORK, subjects=tuple(Subject(term=f"S{number}") for number in range(99)))
    assert len(document_of(many).keywords["subject_facet"]) == MOST_SUBJECTS


@given(family=st.text(min_size=1, max_size=12), given_name=st.text(min_size=1, max_size=12))
@example(family="d'Arc", given_name="Jean-Luc")
@example(family="王", given_name="小明")
@example(family="e\u0301", given_name="\u0301a")
@example(family="Müller", given_name="2nd")
def test_names_put_together_from_their_parts_give_what_whole_names_give(family: str, given_name: str) -> None:
    person = Contributor(name="A", family=family, given=given_name)
    forms = ["A", *(f"{first} {second}" for first, second in name_forms(person))]
    expected = dict.fromkeys(value for form in forms for value in index_values(form, None))
    assert document_of(replace(WORK, contributors=(person,))).text["author"] == tuple(expected)
