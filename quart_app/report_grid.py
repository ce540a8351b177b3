"""The Weekly view, ready for its template: a grid of rows by dates, whose figures open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import quote_plus

from quart_app import periods, reporting, words
from quart_app.db import Connection
from quart_app.forms.reports import key_of
from quart_app.report import Sums, Value
from quart_app.report_list import slug
from quart_app.report_page import NAMES, Label, Report
from quart_app.report_spec import Days
from quart_app.words import _


class Figure(NamedTuple):
    """A figure that opens: its text ("" for nothing), what was measured where that is not the same, its key, and its
    link."""

    text: str
    raw: str
    key: str
    href: str
    is_open: bool
    is_running: bool


_NOTHING = Figure("", "", "", "", is_open=False, is_running=False)
Keys = Sequence[tuple[str, Value]]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column: "Mon" over "2 Nov", or a week or month."""

    name: str
    small: str
    said: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`label` names it, `total` is the figure of the whole row. `id` is that of its element."""

    id: str
    label: Label
    cells: Sequence[Figure]
    total: Figure

    def opened(self, report: Report) -> list[str]:
        """The keys of its figures that are open."""
        return [figure.key for figure in (*self.cells, self.total) if report.is_open(figure.key)]


@dataclass(frozen=True, slots=True)
class Grid:
    """All that templates/reports/weekly.html shows."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    foot: Row
    overlaps: bool

    @property
    def is_empty(self) -> bool:
        return not self.rows


async def load(db: Connection, report: Report) -> Grid:
    """The view, from one snapshot."""
    found = await reporting.load_weekly(db, report.question)
    by, bucket = report.spec.by, found.bucket
    figure = _Figures(report)
    heads = [(bucket, days.first) for days in found.columns]

    def row(above: Keys, label: Label, cells: Sequence[Sums], whole: Sums) -> Row:
        key = f"row-{slug(key_of(above))}"
        shown = [figure(key, [*above, head], sums) for head, sums in zip(heads, cells, strict=True)]
        return Row(key, label, shown, figure(key, above, whole, has_raw=True))

    rows = [
        row([(by, each.line.value)], report.label(by, each.line.value), each.cells, each.line.sums)
        for each in found.rows
    ]
    return Grid(
        _(NAMES[by]),
        [_column(report, bucket, days) for days in found.columns],
        rows,
        row([], Label(_("Total")), found.feet, found.total),
        found.overlaps,
    )


class _Figures:
    """Makes figures. A grid has thousands: what their links have in common is written once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        link = report.link(opened=report.spec.opened)
        self.start = f"{link}{'&' if '?' in link else '?'}open="

    def __call__(self, row: str, values: Keys, sums: Sums, *, has_raw: bool = False) -> Figure:
        if not (sums.seconds or sums.rounded or sums.entries):
            return _NOTHING
        report, key = self.report, key_of(values)
        is_open = report.is_open(key)
        link = report.opening(key) if is_open else self.start + quote_plus(key, safe=":,")
        raw = report.duration(sums.seconds) if has_raw and report.is_rounded else ""
        return Figure(report.hours(sums), raw, key, f"{link}#{row}", is_open, sums.running > 0)


def _column(report: Report, bucket: str, days: Days) -> Column:
    first, today = days.first, report.question.today
    is_today = days.first <= today <= days.last
    said = report.bucket_words(bucket, first)
    if bucket == "month":
        return Column(words.month_names()[first.month - 1][:3], str(first.year), said, is_today)
    if bucket == "week":
        return Column(_short(first), _short(days.last), said, is_today)
    return Column(words.weekday_names("abbreviated")[first.weekday()], _short(first), said, is_today)


def _short(day: date) -> str:
    """ "2 Nov", "2. Nov."."""
    if words.taste().locale == "en":
        return f"{day.day} {periods.MONTHS[day.month - 1][:3]}"
    return words.date_words(day).removesuffix(f" {day.year}")
