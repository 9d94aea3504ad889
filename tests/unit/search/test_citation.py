"""References as they stand in bibliographies find their record; queries of one's own are left alone."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import Container, Contributor, Identifier, Location, Text, Work
from indexer.search.citation import read_citation
from indexer.search.document import document_of
from indexer.search.query import Match, Query, View
from indexer.search.searching import search
from indexer.storage.memory import MemoryIndex

VITAMIN = "Effects of vitamin D on bone density: a randomized trial in older women"
SEGMENTATION = "基于深度学习的医学图像分割方法研究"


def _work(key: int, title: str, journal: str, *names: str, doi: str | None = None, url: str | None = None) -> Work:
    return Work(
        key=key,
        id=f"w{key}",
        version=1,
        first_indexed=datetime(2026, 1, 1, tzinfo=UTC),
        title=Text(value=title),
        container=Container(title=journal, issns=("1932-6203",), id="c1"),
        contributors=tuple(Contributor(name=name) for name in names),
        identifiers=(Identifier(scheme="doi", value=doi),) if doi else (),
        locations=(Location(url=url),) if url else (),
    )


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    """The two works that are cited, and others that share words with them."""
    memory = MemoryIndex()
    works = [
        _work(1, VITAMIN, "Journal of Bone Research", "John Smith", "Ann Doe", doi="10.1234/abc.5"),
        _work(2, SEGMENTATION, "计算机学报", "张三", "李四", url="https://www.oalib.com/paper/1657334"),
        _work(3, "Vitamin D in children", "Journal of Nutrition", "John Smith"),
        _work(4, "图像分割综述", "软件学报", "王五"),
        _work(5, "A tool, at https://github.com/some/tool, for trials", "Journal of Tools", "Li Li"),
    ]
    with memory.writer() as writer:
        writer.upsert(document_of(work) for work in works)
        writer.commit(1)
    return memory


def find(index: MemoryIndex, text: str) -> tuple[list[int], Match]:
    found = search(index, Query(text=text), View())
    return [hit.key for hit in found.hits.hits], found.match


@pytest.mark.parametrize(
    "text",
    [
        f"Smith J, Doe A. {VITAMIN}. J Bone Res. 2019;12(3):45-67.",
        f"Smith, J., & Doe, A. B. (2019). {VITAMIN}. Journal of Bone Research, 12(3), 45–67.",
        f"Smith, John, and Ann Doe. “{VITAMIN}.” J. of Bone Research, vol. 12, no. 3, 2019, pp. 45-67.",
        f"SMITH J, DOE A, et al. {VITAMIN}[J]. Journal of Bone Research, 2019, 12(3): 45-67.",
        f"[12] J. Smith and A. Doe, {VITAMIN}, J. Bone Res. 12 (2019) 45–67. Available from: https://www.x.org/12/3/45",
    ],
)
def test_a_whole_reference_finds_its_record(index: MemoryIndex, text: str) -> None:
    assert find(index, text) == ([1], "citation")


@pytest.mark.parametrize(
    "text",
    [
        f"张三, 李四. {SEGMENTATION}[J]. 计算机学报, 2019, 42(3): 45-67.",
        f"张三，李四，等．{SEGMENTATION}［J］．计算机学报，2019，42(3)：45-67．",
        "赵六. 基于深度学习的医学图像分割方法[J]. 计算机学报(增刊), 2019, 42(3): 45-67.",
        f"张三等. 《{SEGMENTATION}》, 计算机学报, 2019年第3期, 45-67页.",
    ],
)
def test_a_chinese_reference_finds_its_record(index: MemoryIndex, text: str) -> None:
    assert find(index, text)[0][0] == 2


@pytest.mark.parametrize(
    "text",
    [
        "Schmidt K. Vitamin-D-Wirkung auf die Knochendichte. Z Knochen. 2019;12(3):45-67. doi:10.1234/abc.5.",
        "Schmidt, K. (2019). Vitamin-D-Wirkung auf die Knochendichte. Z Knochen. https://doi.org/10.1234/ABC.5",
        "Nature 2019;574(7779):505-510.doi:10.1234/abc.5",
    ],
)
def test_what_a_reference_names_decides_whatever_its_words_are(index: MemoryIndex, text: str) -> None:
    assert find(index, text) == ([1], "identifier")


def test_the_words_decide_where_the_identifier_is_not_here(index: MemoryIndex) -> None:
    assert find(index, f"Smith J. {VITAMIN}. J Bone Res. 2019. doi:10.9999/unknown") == ([1], "citation")


def test_a_reference_of_what_is_not_here_finds_nothing(index: MemoryIndex) -> None:
    assert find(index, "Brown K. Corrosion of steel bridges in winter. J Steel. 2011;1(2):3-4.")[0] == []


@pytest.mark.parametrize(
    "text",
    [
        "machine learning for climate models 2020-2021 review phase 3",
        "COVID-19 vaccines in children 2020 trial (phase 2)",
        "how does vitamin D affect bone density in women over 65 in 2019",
        "title:bone Smith J 2019;12(3):45-67 vitamin density trial women",
        "smith j 2019 12(3) 45-67 bone OR density trial women",
        "smith j 2019 12(3) 45-67 bone -density trial women",
        "10.1234/abc.5",
        "",
    ],
)
def test_queries_of_ones_own_are_no_references(text: str) -> None:
    assert read_citation(text) is None


def test_an_address_finds_the_work_that_has_a_copy_there(index: MemoryIndex) -> None:
    assert find(index, "https://www.oalib.com/paper/1657334#.Xyz") == ([2], "all")
    assert find(index, "“http://oalib.com/paper/1657334/”") == ([2], "all")
    assert find(index, "https://www.oalib.com/paper/1")[0] == []


def test_an_address_finds_the_work_whose_text_names_it(index: MemoryIndex) -> None:
    assert find(index, "https://github.com/some/tool")[0] == [5]


@given(st.text(max_size=300) | st.text(alphabet="a A.1(-)[J]doi:/,;等\n", max_size=300))
def test_no_text_breaks_the_reading_of_references(text: str) -> None:
    citation = read_citation(text)
    assert citation is None or citation.words or citation.identifiers


@pytest.mark.parametrize(
    "piece", ["a", "A. ", "Ab, C. ", "1-", "10.1/", "et al. ", "doi:", "[J]", "978 ", "2019 ", "("]
)
def test_the_time_stays_in_proportion_to_the_length(piece: str) -> None:
    started = time.process_time()
    read_citation(piece * (40_000 // len(piece)))
    assert time.process_time() - started < 10  # about 0.05 s; in proportion to the square it would be a minute
