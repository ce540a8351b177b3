"""The Summary view, ready for its template: key figures beside those of the period before, the lines."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from quart_app import reporting, words
from quart_app.db import Connection
from quart_app.forms.reports import key_of
from quart_app.money import to_minor
from quart_app.report import Line, Summary, Sums, Value
from quart_app.report_chart import ChartView, Segment, chart_of
from quart_app.report_page import GROUPED, MOST_BARS, NAMES, Report, period_words
from quart_app.report_spec import Filters
from quart_app.words import N_, _, ngettext

MOST_LINES = 500
MOST_AT_ALL = 5000
UNFOLDED = 40  # as many inner lines are shown at once


class Change(NamedTuple):
    """A figure compared with the one before: "up", "down" or "same", by how much ("+6 %"), what with, and all of it in
    words."""

    way: str
    points: str
    shown: str
    said: str


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key figure: `raw` is the measured one where rounding is on, `notes` what stands under it."""

    title: str
    figure: str
    key: str
    raw: str = ""
    change: Change | None = None
    notes: Sequence[str] = ()
    running: str = ""


class Figure(NamedTuple):
    """A figure that opens: its text ("" for nothing), what was measured where that is not the same, its key."""

    text: str
    raw: str
    key: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, or an inner one. `share` is in per cent of the total; `hidden` are inner lines that are only
    told of, with the link that shows them."""

    id: str
    name: str
    colour: str
    detail: str
    share: float
    figures: Sequence[Figure]
    is_running: bool
    rows: Sequence["Row"] = ()
    hidden: int = 0
    href: str = ""

    def opened(self, report: Report) -> list[str]:
        """The keys of its figures that are open."""
        found = dict.fromkeys(figure.key for figure in self.figures if figure.text)
        return [key for key in found if report.is_open(key)]


@dataclass(frozen=True, slots=True)
class SummaryView:
    """All that templates/reports/summary.html shows. `notes` are told above it; `clear` and `previous` are where to go
    where nothing is found; `more` lines are not shown, `all_href` shows them."""

    kpis: Sequence[Kpi]
    notes: Sequence[str]
    chart: ChartView | None  # None where its bars are too many
    title: str
    heads: Sequence[str]  # of the columns: the name, then the figures
    rows: Sequence[Row]
    feet: Sequence[str]
    more: int
    all_href: str
    total: Sums
    overlaps: bool
    groupings: Sequence[Segment]
    clear: str
    previous: str

    @property
    def is_empty(self) -> bool:
        return not self.total.entries and not self.total.seconds

    @property
    def has_dots(self) -> bool:
        """Whether lines have colours, so that those without one stand in line with the others."""
        return any(row.colour for row in self.rows)

    @property
    def is_nested(self) -> bool:
        return any(row.rows for row in self.rows)

    @property
    def is_unfolded(self) -> bool:
        """Whether inner lines are few enough to be shown at once."""
        return sum(len(row.rows) for row in self.rows) <= UNFOLDED

    @property
    def keys(self) -> list[str]:
        """Of the key figures."""
        return list(dict.fromkeys(kpi.key for kpi in self.kpis if kpi.key))


async def load(db: Connection, report: Report, *, everything: bool = False) -> SummaryView:
    """The view from one snapshot. `everything` shows all lines, up to MOST_AT_ALL."""
    summary = await reporting.load_summary(db, report.question)
    chart = chart_of(report, summary.chart)
    rows = _rows(report, summary, MOST_AT_ALL if everything else MOST_LINES, chart)
    total, by, link = summary.total, report.spec.by, report.link()
    money = [_("Amount")] if report.has_amounts else []
    filters = Filters(running=report.spec.filters.running)
    return SummaryView(
        kpis=_kpis(report, summary),
        notes=[note for note in (rounding_words(report, total), _zone_words(report)) if note],
        chart=chart if len(chart.bars) <= MOST_BARS else None,
        title=_(GROUPED[by]),
        heads=[_(NAMES[by]), _("Hours"), _("Billable"), *money],
        rows=rows,
        feet=[
            report.hours(total),
            report.duration(total.billable_rounded),
            *([report.money(total.amount)] if money else []),
        ],
        more=len(summary.lines) - len(rows),
        all_href="" if everything else f"{link}{'&' if '?' in link else '?'}all=1",
        total=total,
        overlaps=summary.overlaps,
        groupings=[
            Segment(_(NAMES[name]), report.link(by=name, then=""), by == name)
            for name in ("project", "client", "task", "member", "tag")
        ],
        clear="" if report.spec.filters == filters else report.link(filters=filters),
        previous=report.over(report.question.before().days),
    )


def _zone_words(report: Report) -> str:
    """Where days begin, if that is not where the viewer is."""
    if report.question.is_members_own:
        return _("Days begin and end where each member is.")
    zone = report.question.zone.key
    return "" if zone == report.viewer.time_zone else _("Days begin and end in %(zone)s.", zone=zone)


# --- key figures -----------------------------------------------------------------------------------------------------


def _kpis(report: Report, summary: Summary) -> list[Kpi]:
    total, before = summary.total, summary.before
    question = report.question
    then = question.before().days
    near = question.days.first.year if question.days.first.year == question.days.last.year else 0
    named = period_words(then, report.viewer, question.today, near=near)
    found = [
        Kpi(
            _("Total"),
            report.hours(total),
            "total",
            raw=_measured(report, total.seconds, total.rounded),
            change=change(total.rounded, before.rounded, named),
            running=_("with %(time)s running", time=report.duration(total.running)) if total.running else "",
        ),
        Kpi(
            _("Billable"),
            report.duration(total.billable_rounded),
            key_of([("billable", True)]),
            raw=_measured(report, total.billable, total.billable_rounded),
            change=change(total.billable_rounded, before.billable_rounded, named),
            notes=[_("%(n)s %% of the total", n=percent(total.billable_rounded, total.rounded))]
            if total.rounded
            else (),
        ),
    ]
    if report.has_amounts:
        found.append(_amount(report, total, before, named))
    days = reporting.working_days(question)
    ago = reporting.working_days(question.before())
    found.append(
        Kpi(
            _("Day on average"),
            report.duration(summary.day_average),
            "",
            change=change(summary.day_average, before.rounded // ago if ago else before.rounded, named),
            notes=[ngettext("%(n)s working day", "%(n)s working days", days)],
        )
    )
    return found


def _amount(report: Report, total: Sums, before: Sums, named: str) -> Kpi:
    notes, currency = [], report.question.rates.currency
    rated = total.billable_rounded - total.unrated
    if rated:
        average = words.format_amount(to_minor(total.amount * 3600 // rated), currency)
        notes.append(_("at %(rate)s an hour on average", rate=average))
    if total.unrated:
        notes.append(_("%(time)s h without a rate", time=report.duration(total.unrated)))
    return Kpi(
        _("Amount"),
        report.money(total.amount),
        key_of([("billable", True)]),
        change=change(total.amount, before.amount, named),
        notes=notes,
    )


def percent(part: int, whole: int) -> int:
    """Rounded to the nearest, and 100 or 0 only where it is all or nothing."""
    if not whole:
        return 0
    found = (200 * part + whole) // (2 * whole)
    return found if part in (0, whole) or whole < part else min(max(found, 1), 99)


def change(now: int, before: int, named: str) -> Change | None:
    """How a figure differs from the one before, whose period is `named`; None where there was nothing."""
    if before <= 0:
        return None
    points = round(100 * (now - before) / before)
    if not points:
        return Change("same", "", _("as %(period)s", period=named), _("as much as %(period)s", period=named))
    shown = _("on %(period)s", period=named)
    if points > 0:
        said = _("%(n)s %% more than %(period)s", n=points, period=named)
        return Change("up", f"+{points} %", shown, said)
    return Change("down", f"−{-points} %", shown, _("%(n)s %% less than %(period)s", n=-points, period=named))


def _measured(report: Report, raw: int, rounded: int) -> str:
    return report.duration(raw) if report.is_rounded else ""


# --- lines -----------------------------------------------------------------------------------------------------------


def _rows(report: Report, summary: Summary, most: int, chart: ChartView) -> list[Row]:
    """Lines up to `most` in all; where inner ones are too many, some lines only tell how many they have."""
    lines = summary.lines[:most]
    left = most - len(lines)
    found = []
    for line in lines:
        shown = line.lines if len(line.lines) <= left else ()
        left -= len(shown)
        row = _row(report, line, [], summary.total, shown)
        found.append(replace(row, colour=row.colour or chart.colour(line.dimension, line.value)))
    return found


def _row(
    report: Report, line: Line, above: Sequence[tuple[str, Value]], total: Sums, inner: Sequence[Line]
) -> Row:
    values = [*above, (line.dimension, line.value)]
    key, sums, label = key_of(values), line.sums, report.label(line.dimension, line.value)
    hidden = len(line.lines) - len(inner)
    return Row(
        id=f"l-{hashlib.blake2s(key.encode(), digest_size=5).hexdigest()}",
        name=label.name,
        colour=label.colour,
        detail=label.detail,
        share=min(round(100 * sums.rounded / total.rounded, 1), 100) if total.rounded else 0,
        figures=_figures(report, sums, values),
        is_running=sums.running > 0,
        rows=[_row(report, each, values, total, ()) for each in inner],
        hidden=hidden,
        href=report.narrowed(values) if hidden else "",
    )


def _figures(report: Report, sums: Sums, values: Sequence[tuple[str, Value]]) -> list[Figure]:
    key, billed = key_of(values), key_of([*values, ("billable", True)])
    raw = [
        _measured(report, *pair)
        for pair in ((sums.seconds, sums.rounded), (sums.billable, sums.billable_rounded))
    ]
    found = [
        Figure(report.hours(sums), raw[0], key),
        Figure(report.duration(sums.billable_rounded) if sums.billable else "", raw[1], billed),
    ]
    if report.has_amounts:
        found.append(Figure(report.money(sums.amount) if sums.amount else "", "", billed))
    return found


def rounding_words(report: Report, total: Sums) -> str:
    """What rounding does, and what was measured: "Each entry rounded up to 15 minutes; measured: 149:03"."""
    rounding = report.spec.rounding
    if not rounding.is_on:
        return ""
    said = {
        ("up", "entry"): N_("Each entry rounded up to %(n)s minutes; measured: %(time)s"),
        ("down", "entry"): N_("Each entry rounded down to %(n)s minutes; measured: %(time)s"),
        ("nearest", "entry"): N_("Each entry rounded to the nearest %(n)s minutes; measured: %(time)s"),
        ("up", "day"): N_("Each person's day on a project rounded up to %(n)s minutes; measured: %(time)s"),
        ("down", "day"): N_(
            "Each person's day on a project rounded down to %(n)s minutes; measured: %(time)s"
        ),
        ("nearest", "day"): N_(
            "Each person's day on a project rounded to the nearest %(n)s minutes; measured: %(time)s"
        ),
        ("up", "line"): N_("Each line rounded up to %(n)s minutes; measured: %(time)s"),
        ("down", "line"): N_("Each line rounded down to %(n)s minutes; measured: %(time)s"),
        ("nearest", "line"): N_("Each line rounded to the nearest %(n)s minutes; measured: %(time)s"),
    }[rounding.way, rounding.scope]
    return _(said, n=rounding.step, time=report.duration(total.seconds))
