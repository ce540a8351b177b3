"""Stacked bars, as geometry: where bars, ticks and labels of a chart stand. Pure.

Across, places are shares of the width in per cent, so that a chart is as wide as its page; upright they are pixels of a
plot that is HEIGHT high.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quart_app.report import REST, Bar, Chart, Value
from quart_app.report_spec import Days

HEIGHT = 208  # of the plot, from its top line to its bottom line
MOST_TICKS = 5
MOST_SERIES = 11  # beside them the rest is one
MOST_LABELS = 12
GAP = 0.22  # of a bar's place stay free
# What a tick may stand for, in seconds: nice minutes, then nice hours.
_MINUTES = [60 * minutes for minutes in (1, 2, 5, 10, 15, 30)]
_HOURS = [3600 * hours for hours in (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 80)]


class Tick(NamedTuple):
    """A line across the plot: what it stands for, and where."""

    seconds: int
    y: float


class Block(NamedTuple):
    """A series' share of a bar. `series` is its place among the chart's series; MOST_SERIES is the rest."""

    series: int
    seconds: int
    y: float
    height: float


class Column(NamedTuple):
    """A bar: the place of its bucket (left, width) and of itself in it (x, bar), in per cent."""

    days: Days
    seconds: int
    blocks: Sequence[Block]
    left: float
    width: float
    x: float
    bar: float
    is_labelled: bool
    is_minor: bool  # its label gives way on narrow screens


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, laid out. `series` are those that have a colour of their own, `others` how many are in the rest."""

    bucket: str
    dimension: str
    series: Sequence[Value]
    others: int
    ticks: Sequence[Tick]
    columns: Sequence[Column]

    @property
    def total(self) -> int:
        return sum(column.seconds for column in self.columns)


def tick_step(most: int) -> int:
    """Seconds between ticks, so that MOST_TICKS of them reach to `most` seconds."""
    for step in [*_MINUTES, *_HOURS]:
        if step * MOST_TICKS >= most:
            return step
    step = 100 * 3600
    while True:
        for factor in (1, 2, 5):
            if step * factor * MOST_TICKS >= most:
                return step * factor
        step *= 10


def draw(chart: Chart) -> Drawing:
    """Lay a chart out."""
    most = max((bar.total for bar in chart.bars), default=0)
    step = tick_step(max(most, 1))
    count = max(-(-most // step), 1)
    top = count * step
    named = [value for value in chart.series if value != REST]
    is_lumped = len(named) < len(chart.series)
    # One more than the most is no rest: it has a place.
    shown = len(named) if is_lumped or len(named) <= MOST_SERIES + 1 else MOST_SERIES
    others = chart.others if is_lumped else len(named) - shown
    places = {value: min(place, shown) for place, value in enumerate([*named, REST])}
    width = 100 / max(len(chart.bars), 1)
    labelled = labels(chart.bucket, [bar.days for bar in chart.bars])
    columns = []
    for place, bar in enumerate(chart.bars):
        left = width * place
        columns.append(
            Column(
                bar.days,
                bar.total,
                _blocks(bar, places, top),
                round(left, 3),
                round(width, 3),
                round(left + width * GAP / 2, 3),
                round(width * (1 - GAP), 3),
                place in labelled,
                labelled.get(place, False),
            )
        )
    ticks = [Tick(step * number, round(HEIGHT * (1 - number / count), 1)) for number in range(count + 1)]
    return Drawing(chart.bucket, chart.dimension, named[:shown], others, ticks, columns)


def _blocks(bar: Bar, places: dict[Value, int], top: int) -> list[Block]:
    sums: dict[int, int] = {}
    for value, seconds in bar.seconds.items():
        if seconds:
            sums[places[value]] = sums.get(places[value], 0) + seconds
    found, below = [], 0
    for series in sorted(sums):
        high = HEIGHT * (below + sums[series]) / top
        low = HEIGHT * below / top
        found.append(Block(series, sums[series], round(HEIGHT - high, 2), round(high - low, 2)))
        below += sums[series]
    return found


def labels(bucket: str, days: Sequence[Days]) -> dict[int, bool]:
    """The places that have a label, and whether it is one that gives way on narrow screens."""
    count = len(days)
    if bucket == "day" and count > 45:
        firsts = [place for place, one in enumerate(days) if one.first.day == 1]
        each = -(-len(firsts) // MOST_LABELS) or 1
        chosen = firsts[::each] or [0]
    else:
        each = 1 if count <= MOST_LABELS + 2 else max(5 if bucket == "day" else 1, -(-count // MOST_LABELS))
        chosen = list(range(0, count, each))
    # Some five fit on a phone.
    apart = -(-len(chosen) // 6) or 1
    return {place: bool(number % apart) for number, place in enumerate(chosen)}
