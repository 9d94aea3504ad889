"""Pictures of counts by year: where bars, lines and labels stand; the templates only write them down.

Sizes are for a phone: 400 units wide, so that text stays readable on a narrow screen. What tells lines apart is not
colour alone but their marks and dashes too; colours and contrasts hold for colour-blind readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search_api.trends import Trends
from search_api.web.i18n import UiLanguage, Words
from search_api.web.rendering import fill

#: A picture is a document of its own when opened as one: nothing in it may run or be fetched.
SVG_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
WIDTH = 400
_LEFT, _RIGHT, _TOP, _PLOT = 46, 10, 14, 190
_AXIS, _LEGEND_ROW = 26, 20
_TICKS, _YEAR_LABELS = 4, 7
#: Half-width characters of a label that fit beside its mark.
_LABEL = 54
#: Okabe and Ito's, darkened where they were too faint on white.
COLOURS = ("#0072b2", "#c24e00", "#007a5a", "#a6447c", "#7a5c00", "#3b3b3b")
#: More marks than these on a line would run together.
_MARKS_APART = 25
_DASHES = ("", "6 3")
#: Outlines of marks around (0, 0): circle, square, triangle, diamond, cross.
MARKS = (
    "M3.5 0A3.5 3.5 0 1 1 -3.5 0A3.5 3.5 0 1 1 3.5 0Z",
    "M-3.2 -3.2H3.2V3.2H-3.2Z",
    "M0 -4.2L4 3H-4Z",
    "M0 -4.6L4.6 0L0 4.6L-4.6 0Z",
    "M-3.6 -1.2H-1.2V-3.6H1.2V-1.2H3.6V1.2H1.2V3.6H-1.2V1.2H-3.6Z",
)
#: Years a bar may stand for, and the most bars that a finger can tell apart beside a result list.
_INTERVALS = (1, 5, 10, 20, 50, 100)
MOST_BARS = 10
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Works of the years ``first`` to ``last``."""

    first: int
    last: int
    count: int

    @property
    def label(self) -> str:
        """Return the years as they are shown."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Works by equal spans of years, without a gap; all buckets and ``no_year`` come to ``count``."""

    buckets: tuple[Bucket, ...]
    no_year: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bucket's bar, from ``y`` down to the bottom of the plot."""

    bucket: Bucket
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label on an axis and where it stands."""

    label: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the picture, with its marks and its place in the legend."""

    label: str
    points: tuple[tuple[float, float], ...]
    marked: tuple[tuple[float, float], ...]
    colour: str
    style: int
    dash: str
    mark: str
    legend_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template writes down; ``bars`` or ``lines``."""

    title: str
    description: str
    height: float
    bottom: float
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    years: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    width: float = WIDTH


def histogram_of(counts: Mapping[int, int], count: int) -> Histogram:
    """Put works by year into at most ``MOST_BARS`` spans of 1, 5, 10 … years; ``count`` is all works."""
    no_year = count - sum(counts.values())
    if not counts:
        return Histogram(buckets=(), no_year=no_year, count=count)
    first, last = min(counts), max(counts)
    interval = next((one for one in _INTERVALS if last // one - first // one < MOST_BARS), None)
    interval = interval or (last - first) // (MOST_BARS - 1) + 1
    sums: dict[int, int] = {}
    for year, number in counts.items():
        sums[year // interval] = sums.get(year // interval, 0) + number
    buckets = tuple(
        Bucket(first=at * interval, last=at * interval + interval - 1, count=sums.get(at, 0))
        for at in range(first // interval, last // interval + 1)
    )
    return Histogram(buckets=buckets, no_year=no_year, count=count)


def bars_of(buckets: Sequence[Bucket], *, left: float, right: float, top: float, bottom: float) -> tuple[Bar, ...]:
    """Place bars side by side; what is not nothing is never too low to be seen."""
    if not buckets:
        return ()
    step = (right - left) / len(buckets)
    most = max(bucket.count for bucket in buckets) or 1
    gap = min(step * 0.2, 4)
    bars = []
    for at, bucket in enumerate(buckets):
        height = max((bottom - top) * bucket.count / most, 1.5) if bucket.count else 0.0
        x = left + at * step + gap / 2
        bars.append(
            Bar(
                bucket=bucket,
                x=round(x, 1),
                y=round(bottom - height, 1),
                width=round(step - gap, 1),
                height=round(height, 1),
            )
        )
    return tuple(bars)


def trend_chart(found: Trends, words: Words) -> Chart:
    """Place works by year: a line for each of a facet's values, or bars of all works."""
    years, bottom = found.years, float(_TOP + _PLOT)
    rows = [one.row.counts for one in found.series]
    highest = max((number for row in rows or [found.total.counts] for number in row), default=0)
    ticks = _nice(highest)
    top = max(ticks[-1], 1)
    step = (WIDTH - _LEFT - _RIGHT) / max(len(years), 1)
    middle = [round(_LEFT + (at + 0.5) * step, 1) for at in range(len(years))]

    def height_of(number: int) -> float:
        return round(bottom - _PLOT * number / top, 1)

    legend = bottom + _AXIS + 10
    apart = 1 if len(years) <= _MARKS_APART else -(-len(years) // _MARKS_APART)
    points = [tuple(zip(middle, map(height_of, row), strict=True)) for row in rows]
    lines = tuple(
        Line(
            label=shortened(one.label),
            points=points[at],
            marked=points[at][::-apart],
            colour=COLOURS[at % len(COLOURS)],
            style=at % len(COLOURS),
            dash=_DASHES[at // len(MARKS)],
            mark=MARKS[at % len(MARKS)],
            legend_y=legend + at * _LEGEND_ROW,
        )
        for at, one in enumerate(found.series)
    )
    buckets = [Bucket(first=year, last=year, count=n) for year, n in zip(years, found.total.counts, strict=True)]
    scaled_top = bottom - _PLOT * highest / top
    return Chart(
        title=words("trends_title"),
        description=words("trends_span", first=years[0], last=years[-1]) if years else words("trends_none"),
        height=legend + len(lines) * _LEGEND_ROW,
        bottom=bottom,
        bars=() if lines else bars_of(buckets, left=_LEFT, right=WIDTH - _RIGHT, top=scaled_top, bottom=bottom),
        lines=lines,
        years=tuple(Tick(label=str(years[at]), at=middle[at]) for at in _labelled(len(years))),
        counts=tuple(Tick(label=words.number(number), at=height_of(number)) for number in ticks),
    )


def trend_picture(found: Trends, ui: UiLanguage) -> str:
    """Draw works by year as an SVG document."""
    words = Words(ui)
    return fill("chart.svg", words, chart=trend_chart(found, words), alone=True)


def shortened(label: str) -> str:
    """Return a label that fits beside its mark: without control characters, wide characters counted twice."""
    label = " ".join(_CONTROL.sub(" ", label).split())
    used, kept = 0, list[str]()
    for character in label:
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > _LABEL:
            return "".join(kept).rstrip() + "…"
        kept.append(character)
    return label


def _nice(highest: int) -> list[int]:
    """Return round numbers from 0 to the first that is not less than the highest, some four steps."""
    rough = max(highest, 1) / _TICKS
    power = 1
    while power * 10 <= rough:
        power *= 10
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * at for at in range(-(-highest // step) + 1)]


def _labelled(years: int) -> list[int]:
    """Return which of the years have a label: evenly spaced, the last one always."""
    step = max(-(-years // _YEAR_LABELS), 1)
    return sorted(range(years - 1, -1, -step))
