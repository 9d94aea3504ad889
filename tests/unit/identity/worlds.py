"""Small worlds of records that look alike, for properties: slips, notices, parts, shared identifiers."""

from __future__ import annotations

from hypothesis import strategies as st

from indexer.identity.portrait import Portrait
from tests.unit.identity.drawing import draw

_TITLES = (
    "Effects of nitrogen on lake ecosystems in temperate regions",
    "Efects of nitrogen on lake ecosystems in temperate regions",
    "Effects of nitrogen on lake ecosystems",
    "Corrigendum: Effects of nitrogen on lake ecosystems in temperate regions",
    "Comment on “Effects of nitrogen on lake ecosystems in temperate regions”",
    "Lakes of the north, part I",
    "Lakes of the north, part II",
    "中国近代农业经济发展史研究",
    "中國近代農業經濟發展史研究（上）",
    "Effects of nitrogen on lake ecosystems 中国近代农业经济发展史研究",
    "Editorial",
    "",
)
_PEOPLE = (("Smith, John", "Doe, Jane"), ("J. Smith",), ("Doe, J.", "Smith, J."), ("张三",), ("Poe, Mary",), ())
_IDS = ((), ("doi:10.1/a",), ("doi:10.1/b",), ("doi:10.1/a", "pmid:1"), ("pmid:1",), ("doi:10.1/c.pub2",))
_RELATIONS = ((), (("corrects", "doi:10.1/a"),), (("published_from", "doi:10.1/b"),), (("translation_of", "pmid:1"),))


@st.composite
def portraits(draw_: st.DrawFn, identifier: str | None = None) -> Portrait:
    """Draw a portrait out of few values, so that pairs often agree in some of them."""
    return draw(
        draw_(st.sampled_from(_TITLES)),
        draw_(st.sampled_from(_PEOPLE)),
        year=draw_(st.sampled_from((None, 2019, 2020, 2024))),
        journal=draw_(st.sampled_from((None, "Journal of Hydrology", "J Hydrol", "Nature"))),
        ids=draw_(st.sampled_from(_IDS)),
        relations=draw_(st.sampled_from(_RELATIONS)),
        volume=draw_(st.sampled_from((None, "3", "4"))),
        pages=draw_(st.sampled_from((None, "3-9", "3", "40-49", "S12"))),
        type=draw_(st.sampled_from(("article", "article", "preprint", "thesis"))),
        identifier=identifier or str(draw_(st.integers(0, 10**9))),
    )
