"""What a query may have been meant to say, by what an index has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import Container, Contributor, LanguageTag, Text, Work
from indexer.search.document import document_of
from indexer.search.spelling import corrections
from indexer.storage.memory import MemoryIndex

EN, ZH, RU = (LanguageTag(code=code, origin="declared") for code in ("en", "zh", "ru"))
TITLES = (
    "Deep learning of membrane proteins",
    "Studies of the microbiome and its methods",
    "Fermentation in bioreactors",
)


def work(key: int, title: str, language: LanguageTag, *keywords: str) -> Work:
    return Work(
        key=key,
        id=f"w{key}",
        version=1,
        first_indexed=datetime(2026, 1, 2, tzinfo=UTC),
        title=Text(value=title, language=language),
        languages=(language,),
        keywords=keywords,
        contributors=(Contributor(name="Ann Smith", family="Smith", given="Ann"),),
        container=Container(title="Membrane Letters", id="c1"),
        sources=("doaj",),
    )


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    works = [work(key, TITLES[key % 3], EN, "electrochemistry") for key in range(1, 16)]
    works += [work(key, "神经网络与深度学习", ZH, "神经网络", "深度学习") for key in range(16, 20)]
    works.append(work(20, "Исследование белков", RU))
    filled = MemoryIndex()
    with filled.writer() as writer:
        writer.upsert(map(document_of, works))
        writer.commit(1)
    return filled


def meant(text: str, index: MemoryIndex) -> list[tuple[str, str]]:
    return [(one.query, one.reason) for one in corrections(text, index)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("membrnae", ("membrane", "spelling")),
        ("mebrane", ("membrane", "spelling")),
        ("membranne", ("membrane", "spelling")),
        ("wembrane", ("membrane", "spelling")),
        ("protiens", ("proteins", "spelling")),
        ("studeis", ("studies", "spelling")),
        ("elektrochemestry", ("electrochemistry", "spelling")),
        ("deap lerning", ("deep learning", "spelling")),
        ("deeplearning", ("deep learning", "split")),
        ("micro biome", ("microbiome", "joined")),
        ("ьуьикфту", ("membrane", "keyboard")),
        ("Bccktljdfybt", ("исследование", "keyboard")),
        ("神经网洛", ("神经网络", "sound")),
        ("基于深度学系的", ("基于深度学习的", "sound")),
        ("shenduxuexi", ("深度学习", "pinyin")),
        ("shen du xue xi", ("深度学习", "pinyin")),
        ("author:smiht", ("author:smith", "spelling")),
        ("title:membrnae x", ("title:membrane x", "spelling")),
        ("(membrnae OR heart)", ("(membrane OR heart)", "spelling")),
        ("исследовавние", ("исследование", "spelling")),
    ],
)
def test_what_was_meant_comes_first(text: str, expected: tuple[str, str], index: MemoryIndex) -> None:
    assert expected in meant(text, index)[:2]


@pytest.mark.parametrize(
    "text",
    [
        "membrane",
        '"membrnae"',
        "membrnae*",
        "membrane -protiens",
        "doi:10.1000/membrnae",
        "lang:xx",
        "zzzzzzzz",
        "神经网络",
        "x",
        "",
        '"never closed',
        "12345 67890",
        " ".join(["membrnae"] * 40),
    ],
)
def test_what_is_right_quoted_excluded_or_hopeless_stays(text: str, index: MemoryIndex) -> None:
    assert meant(text, index) == []


def test_only_a_much_commoner_word_is_offered(index: MemoryIndex) -> None:
    rare = replace(work(30, "A membrana", EN), key=30)
    other = MemoryIndex()
    with other.writer() as writer:
        writer.upsert([document_of(rare), document_of(work(31, "A membrane", EN))])
        writer.commit(1)
    assert meant("membrana", other) == []


def test_a_word_of_several_works_is_no_slip() -> None:
    other = MemoryIndex()
    works = [work(key, "A podium" if key < 4 else "A sodium", EN) for key in range(1, 60)]
    with other.writer() as writer:
        writer.upsert(map(document_of, works))
        writer.commit(1)
    assert meant("podium", other) == []
    assert meant("qodium", other)


@given(st.text(max_size=60))
def test_whatever_is_typed_gets_queries_that_differ(text: str) -> None:
    for one in corrections(text, MemoryIndex()):
        assert one.query != text
