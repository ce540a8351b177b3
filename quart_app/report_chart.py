"""The chart of a report, ready for its template: bars with their words and links, series with their colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from quart_app import charts, reporting, words
from quart_app.charts import Column, Drawing
from quart_app.forms.reports import key_of
from quart_app.report import Chart, Value
from quart_app.report_page import GROUPED, NAMES, Report, days_words, offered_buckets
from quart_app.words import N_, _, ngettext

MOST_OPENABLE = 500  # cells of the table that open beside its totals
DAYS_BY_NUMBER = 45  # up to as many, days are told by their number
_COLOURS = 12
TITLES = {"day": N_("Hours a day"), "week": N_("Hours a week"), "month": N_("Hours a month")}


class Segment(NamedTuple):
    """A link of a group of which one is current."""

    text: str
    href: str
    is_current: bool


class Bar(NamedTuple):
    """A bar of the chart: what it is of in words, the link that narrows the report to it, what stands under it, and how
    its place is marked ("weekend", "today")."""

    column: Column
    said: str
    href: str
    label: str
    marks: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """The chart: its drawing, in words what it shows, and the name and the colour of each series, the rest last."""

    drawing: Drawing
    title: str
    said: str
    bucket_name: str
    series: Sequence[tuple[str, str]]
    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str]]
    buckets: Sequence[Segment]

    def colour(self, dimension: str, value: Value) -> str:
        """The colour that a value has here, "" where the bars are stacked by something else."""
        drawing = self.drawing
        if dimension != drawing.dimension or not self.series:
            return ""
        return self.series[drawing.series.index(value) if value in drawing.series else -1][1]

    def cells(self, column: Column) -> list[int]:
        """Seconds of each series in a bar."""
        found = [0] * len(self.series)
        for block in column.blocks:
            found[block.series] = block.seconds
        return found

    def key(self, bar: Bar | None = None, series: int | None = None) -> str:
        """What opens the entries behind a cell of the table: of a bar (None: of all) and of a series (None: of all); ""
        where there is no such key."""
        values: list[tuple[str, Value]] = []
        if bar is not None:
            values.append((self.drawing.bucket, bar.column.days.first))
        if series is not None:
            if series >= len(self.drawing.series) or len(self.bars) * len(self.series) > MOST_OPENABLE:
                return ""
            values.append((self.drawing.dimension, self.drawing.series[series]))
        return key_of(values)

    def opened(self, report: Report, bar: Bar | None) -> list[str]:
        """The keys of a row that are open, but for those of lines, which open there."""
        dimensions = reporting.dimensions_of(report.spec)
        parts = (self.drawing.bucket, self.drawing.dimension) if bar else (self.drawing.dimension,)
        found = [] if bar is None or [self.drawing.bucket] == dimensions[:1] else [self.key(bar)]
        if dimensions[: len(parts)] != [*parts]:
            found += [self.key(bar, series) for series in range(len(self.series))]
        return [key for key in found if key and report.is_open(key)]

    def has_opened(self, report: Report) -> bool:
        """Whether the table has to be seen, for what is open of it."""
        return bool(report.spec.opened) and any(self.opened(report, bar) for bar in (*self.bars, None))

    @property
    def feet(self) -> list[int]:
        return [sum(sums) for sums in zip(*(self.cells(bar.column) for bar in self.bars), strict=True)]


def chart_of(report: Report, chart: Chart) -> ChartView:
    """The chart of a report, ready for its template."""
    drawing = charts.draw(chart)
    title = _(TITLES[drawing.bucket])
    said = f"{title}, {days_words(report.days)}. {_(GROUPED[drawing.dimension])}"
    is_long = len(drawing.columns) > DAYS_BY_NUMBER
    return ChartView(
        drawing,
        title,
        said,
        _(NAMES[drawing.bucket]),
        _series(report, drawing),
        [_bar(report, drawing, column, is_long=is_long) for column in drawing.columns],
        [(tick.y, tick_label(tick.seconds, drawing.ticks[1].seconds)) for tick in drawing.ticks],
        [
            Segment(_(NAMES[name]), report.link(chart=name), drawing.bucket == name)
            for name in offered_buckets(report.question)
        ],
    )


def tick_label(seconds: int, step: int) -> str:
    """ "0", "2" in hours; "0:30" where the ticks are minutes apart."""
    return str(seconds // 3600) if step % 3600 == 0 else f"{seconds // 3600}:{seconds // 60 % 60:02}"


def _series(report: Report, drawing: Drawing) -> list[tuple[str, str]]:
    """Projects and tasks have colours of their own; of others the largest is the first of the twelve."""
    found = []
    for place, value in enumerate(drawing.series):
        label = report.label(drawing.dimension, value)
        own = drawing.dimension in ("project", "task") or value is None or value is False
        found.append((label.name, label.colour if own else f"p{place % _COLOURS + 1}"))
    if drawing.others:
        found.append((ngettext("%(n)s other", "%(n)s others", drawing.others), "rest"))
    return found


def _bar(report: Report, drawing: Drawing, column: Column, *, is_long: bool) -> Bar:
    bucket, first = drawing.bucket, column.days.first
    said = days_words(column.days) if bucket == "week" else report.bucket_words(bucket, first)
    label = axis_label(bucket, first, is_long=is_long) if column.is_labelled else ""
    marks = ["weekend"] if bucket == "day" and first.weekday() > 4 else []
    marks += ["today"] if first <= report.question.today <= column.days.last else []
    return Bar(column, said, report.over(column.days, chart=""), label, " ".join(marks))


def axis_label(bucket: str, first: date, *, is_long: bool) -> str:
    """What stands under a bar: "1", "2 Nov", "Nov"."""
    month = words.month_names()[first.month - 1][:3]
    if bucket == "week":
        return f"{first.day} {month}"
    if bucket == "month" or is_long:
        return f"{month} {first.year}" if first.month == 1 else month
    return str(first.day)
