"""Pictures of years: nothing is lost between counts and bars, and labels cannot break them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from search_api.trends import Row, Series, Trends, log_likelihood, shares
from search_api.web.charts import MOST_BARS, histogram_of, shortened, trend_chart, trend_picture
from search_api.web.i18n import Words

_COUNTS = st.dictionaries(st.integers(0, 9_999), st.integers(1, 10**6), max_size=40)


def trends(*series: tuple[str, tuple[int, ...]], first: int = 2000, total: tuple[int, ...] = (4, 0, 9)) -> Trends:
    def row(counts: tuple[int, ...]) -> Row:
        return Row(count=sum(counts), counts=counts, before=0, no_year=0)

    rows = tuple(Series(value=label, label=label, row=row(counts)) for label, counts in series)
    return Trends(years=range(first, first + len(total)), total=row(total), series=rows, match="all")


@given(counts=_COUNTS, no_year=st.integers(0, 10**6))
def test_spans_of_years_add_up_to_all_works(counts: dict[int, int], no_year: int) -> None:
    histogram = histogram_of(counts, sum(counts.values()) + no_year)
    assert sum(bucket.count for bucket in histogram.buckets) + histogram.no_year == histogram.count
    assert histogram.no_year == no_year
    assert len(histogram.buckets) <= MOST_BARS
    ends = [(bucket.first, bucket.last) for bucket in histogram.buckets]
    assert all(following[0] == before[1] + 1 for before, following in pairwise(ends))
    assert all(any(first <= year <= last for first, last in ends) for year in counts)


@pytest.mark.parametrize(
    ("years", "labels"),
    [
        ([2024], ["2024"]),
        ([2017, 2026], [str(year) for year in range(2017, 2027)]),
        ([2016, 2026], ["2015–2019", "2020–2024", "2025–2029"]),
        ([1951, 2026], [f"{decade}–{decade + 9}" for decade in range(1950, 2030, 10)]),
        ([1500, 2026], [f"{at}–{at + 99}" for at in range(1500, 2100, 100)]),
    ],
)
def test_spans_are_single_years_fives_or_decades(years: list[int], labels: list[str]) -> None:
    histogram = histogram_of(dict.fromkeys(years, 1), len(years))
    assert [bucket.label for bucket in histogram.buckets] == labels


def test_lines_stand_as_high_as_their_counts_and_differ_by_more_than_colour() -> None:
    chart = trend_chart(trends(*((f"v{at}", (0, at, 10)) for at in range(10))), Words("en"))
    top = chart.counts[-1].at
    assert [tick.label for tick in chart.counts] == ["0", "5", "10"]
    assert [y for _, y in chart.lines[5].points] == [chart.bottom, (chart.bottom + top) / 2, top]
    assert len({(line.mark, line.dash) for line in chart.lines}) == len(chart.lines)
    assert all(line.legend_y < chart.height for line in chart.lines)


def test_without_values_all_works_are_bars_on_the_scale_of_the_axis() -> None:
    chart = trend_chart(trends(total=(7, 0, 4)), Words("en"))
    assert [tick.label for tick in chart.counts] == ["0", "2", "4", "6", "8"]
    heights = [bar.height for bar in chart.bars]
    assert heights[1] == 0
    assert heights[0] / heights[2] == pytest.approx(7 / 4, rel=0.01)
    assert heights[0] == pytest.approx((chart.bottom - chart.counts[-1].at) * 7 / 8, abs=0.1)


@given(label=st.text(max_size=80), ui=st.sampled_from(["zh", "en"]))
def test_no_label_breaks_the_picture(label: str, ui: str) -> None:
    picture = trend_picture(trends((label, (1, 2, 3))), "zh" if ui == "zh" else "en")
    root = etree.fromstring(picture.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    (legend,) = root.findall(".//{*}g/{*}text")
    assert (legend.text or "") == shortened(label)


def test_long_labels_are_cut_by_the_width_of_their_letters() -> None:
    assert shortened("x" * 54) == "x" * 54
    assert shortened("x" * 55) == "x" * 54 + "…"
    assert shortened("深" * 40) == "深" * 27 + "…"


def test_nothing_at_all_can_be_drawn() -> None:
    assert "</svg>" in trend_picture(trends(total=()), "en")
    assert "</svg>" in trend_picture(trends(("a", (0, 0, 0)), total=(0, 0, 0)), "zh")


def test_log_likelihood_is_dunnings() -> None:
    # 2 × (60 ln 2.5 + 40 ln (40/76) + 180 ln (180/216) + 720 ln (720/684))
    assert log_likelihood(60, 100, 240, 1_000) == pytest.approx(66.83, abs=0.01)
    assert log_likelihood(24, 100, 240, 1_000) == pytest.approx(0, abs=1e-9)
    assert log_likelihood(100, 100, 100, 100) == 0


def test_a_share_of_nothing_is_not_told() -> None:
    assert shares([0, 1, 3], [0, 4, 3]) == [None, 0.25, 1.0]
