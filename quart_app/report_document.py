"""Summary and weekly reports as tables for files, and what every file says about itself: what is asked for, in words.

Three styles: "plain" for programs (names as they are, no word for what is not there), "sheet" for spreadsheets, "paper"
for people, as the page reads. All are in the language that is spoken; for programs that is English.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from quart_app import periods, words
from quart_app.forms.reports import query_of
from quart_app.report import Chart, Summary, Sums, Value, Weekly
from quart_app.report_chart import chart_of
from quart_app.report_page import NAMES, Report, days_words
from quart_app.report_spec import BUCKETS, Days
from quart_app.report_table import Column, Figure, Group, Kind, Row, Table, chunks_of
from quart_app.reporting import dimensions_of
from quart_app.words import N_, _

_PARENTS = {"project": "client", "task": "project"}
_WAYS = {
    "up": N_("Up to %(n)s min"),
    "down": N_("Down to %(n)s min"),
    "nearest": N_("To the nearest %(n)s min"),
}
_SCOPES = {
    "entry": N_("each entry"),
    "day": N_("each day and project of a person"),
    "line": N_("each line of the report"),
}
_MATCHES = {"any": N_("any of %(names)s"), "all": N_("all of %(names)s"), "none": N_("none of %(names)s")}


# --- what it is about ------------------------------------------------------------------------------------------------


def title_of(report: Report) -> str:
    """ "Summary by project and task"."""
    spec = report.spec
    if spec.view == "detailed":
        return _("Detailed report")
    first = _(NAMES[spec.by]).lower() if words.taste().locale == "en" else _(NAMES[spec.by])
    if spec.view == "weekly":
        return _("Weekly report by %(name)s", name=first)
    if len(dimensions_of(spec)) == 1:
        return _("Summary by %(name)s", name=first)
    second = _(NAMES[spec.then]).lower() if words.taste().locale == "en" else _(NAMES[spec.then])
    return _("Summary by %(first)s and %(second)s", first=first, second=second)


def about(report: Report) -> list[tuple[str, str]]:
    """The lines above a report: what is in it, and what is not."""
    question, viewer = report.question, report.viewer
    found = [
        (_("Workspace"), viewer.workspace_name),
        (_("Period"), days_words(report.days)),
        (_("Time zone"), _("Each member's own") if question.is_members_own else question.zone.key),
        *_filters(report),
    ]
    if not viewer.may_manage:
        found.append((_("Member"), viewer.display_name))
    if report.is_rounded:
        rounding = report.spec.rounding
        way = _(_WAYS[rounding.way], n=rounding.step)
        found.append((_("Rounding"), f"{way}, {_(_SCOPES[rounding.scope])}"))
    if not question.rates.is_empty:
        found.append((_("Currency"), question.rates.currency))
    made = periods.format_clock(question.now, viewer.zone, viewer.hour_cycle)
    day = words.date_words(periods.local_day(question.now, viewer.zone))
    found.append((_("Made"), f"{day}, {made} ({viewer.time_zone})"))
    return found


def _filters(report: Report) -> Iterator[tuple[str, str]]:
    filters = report.spec.filters
    lists: dict[str, Sequence[UUID | None]] = {
        "member": filters.members,
        "client": filters.clients,
        "project": filters.projects,
        "task": filters.tasks,
    }
    for dimension, values in lists.items():
        if values:
            names = [report.label(dimension, value).name for value in values]
            yield _(NAMES[dimension]), ", ".join(names)
    if filters.tags:
        names = [report.label("tag", value).name for value in filters.tags]
        said = _(_MATCHES[filters.tag_match], names=", ".join(names)) if len(names) > 1 else names[0]
        if len(names) == 1 and filters.tag_match == "none":
            said = _(_MATCHES["none"], names=names[0])
        yield _(NAMES["tag"]), said
    if filters.billable:
        yield _(NAMES["billable"]), _("yes") if filters.billable == "yes" else _("no")
    if filters.text:
        yield _("Text"), filters.text
    if filters.running != "with":
        yield _("Running"), _("left out") if filters.running == "without" else _("alone")


def facts(report: Report) -> dict[str, Any]:
    """The same for programs."""
    spec, question = report.spec, report.question
    rounding = spec.rounding
    return {
        "workspace": report.viewer.workspace_name,
        "view": spec.view,
        "by": dimensions_of(spec) if spec.view == "summary" else [spec.by] if spec.view == "weekly" else [],
        "from": report.days.first.isoformat(),
        "to": report.days.last.isoformat(),
        "zone": spec.zone if question.is_members_own else question.zone.key,
        "rounding": {"way": rounding.way, "minutes": rounding.step, "scope": rounding.scope}
        if rounding.is_on
        else None,
        "currency": None if question.rates.is_empty else question.rates.currency,
        "query": query_of(replace(spec, after="", opened=())),
        "made_at": question.now.isoformat(),
    }


def notes(report: Report, total: Sums, *, overlaps: bool) -> list[str]:
    """What one should know who reads the sums."""
    found = []
    if overlaps:
        found.append(
            _("Entries with several tags are in each of their rows: the rows sum to more than the total.")
        )
    if total.running:
        found.append(
            _("%(length)s of it still run, counted up to now.", length=report.duration(total.running))
        )
    if total.unrated:
        found.append(_("%(length)s of billable time have no rate.", length=report.duration(total.unrated)))
    return found


def key_figures(report: Report, total: Sums) -> list[tuple[str, str]]:
    found = [
        (_("Total"), report.hours(total)),
        (_("Billable"), report.duration(total.billable_rounded)),
    ]
    if report.has_amounts:
        found.append((_("Amount"), report.money(total.amount)))
    return found


def base(report: Report, **more: Any) -> dict[str, Any]:
    """What tables of every view have in common."""
    return {
        "view": report.spec.view,
        "title": title_of(report),
        "about": about(report),
        "days": report.days,
        "currency": "" if report.question.rates.is_empty else report.question.rates.currency,
        "workspace": report.viewer.workspace_name,
        "period": days_words(report.days),
        "durations": report.spec.durations or words.taste().duration_format,
        "facts": facts(report),
        **more,
    }


# --- columns ---------------------------------------------------------------------------------------------------------


def _parent(dimension: str, beside: Sequence[str], style: str) -> str:
    """What a value belongs to, where a file says so in a column of its own; else ""."""
    parent = _PARENTS.get(dimension, "")
    return parent if style != "paper" and parent not in beside else ""


def name_columns(dimension: str, beside: Sequence[str], style: str) -> list[Column]:
    """The columns that say what a line is of: its name, and in files what that belongs to. `beside`: the dimensions
    that have columns of their own."""
    is_date = dimension in BUCKETS and style != "paper"
    kind = Kind.DATE if is_date else Kind.TEXT
    if dimension == "billable" and style == "plain":
        kind = Kind.FLAG
    found = [Column(dimension, _(NAMES[dimension]), kind)]
    if parent := _parent(dimension, beside, style):
        found.append(Column(f"{dimension}_{parent}", _(NAMES[parent]), Kind.TEXT))
    return found


def name_cells(report: Report, dimension: str, value: Value, beside: Sequence[str], style: str) -> list[Any]:
    """The cells of name_columns."""
    if style == "paper":
        label = report.label(dimension, value)
        is_alone = label.detail and _PARENTS.get(dimension) not in beside
        return [f"{label.name} ({label.detail})" if is_alone else label.name]
    if isinstance(value, date):
        return [value.isoformat()]
    if dimension == "billable" and style == "plain":
        return [bool(value)]
    plain = report.question.name_of(dimension, value)
    name = plain if plain or style == "plain" else report.label(dimension, value).name
    if not (parent := _parent(dimension, beside, style)):
        return [name]
    named = report.question.names[dimension].get(value) if isinstance(value, UUID) else None
    above = named.parent if named else None
    return [name, report.question.name_of(parent, above)]


def sum_columns(report: Report) -> list[Column]:
    """Columns for Sums, raw and, where rounding is on, rounded."""
    found = [
        Column("seconds", _("Duration"), Kind.SECONDS, is_summed=True),
        Column("hours", _("Duration (decimal)"), Kind.HOURS, is_summed=True, is_listed=False),
    ]
    rounded = [
        Column("rounded_seconds", _("Rounded"), Kind.SECONDS, is_summed=True),
        Column("rounded_hours", _("Rounded (decimal)"), Kind.HOURS, is_summed=True, is_listed=False),
    ]
    found += rounded if report.is_rounded else []
    found.append(Column("billable_seconds", _("Billable time"), Kind.SECONDS, True, not report.is_rounded))
    if report.is_rounded:
        found.append(
            Column("billable_rounded_seconds", _("Billable time, rounded"), Kind.SECONDS, is_summed=True)
        )
    if report.has_amounts:
        found.append(Column("amount", amount_name(report), Kind.MONEY, is_summed=True))
    found.append(Column("running_seconds", _("Running"), Kind.SECONDS, True, False))
    found.append(Column("entries", _("Entries"), Kind.COUNT, True, False))
    return found


def amount_name(report: Report) -> str:
    return _("Amount (%(currency)s)", currency=report.question.rates.currency)


def sum_cells(report: Report, sums: Sums) -> list[Any]:
    """The cells of sum_columns."""
    found = [sums.seconds, sums.seconds]
    found += [sums.rounded, sums.rounded] if report.is_rounded else []
    found.append(sums.billable)
    found += [sums.billable_rounded] if report.is_rounded else []
    found += [sums.amount] if report.has_amounts else []
    return [*found, sums.running, sums.entries]


# --- summary ---------------------------------------------------------------------------------------------------------


def summary_table(report: Report, summary: Summary, style: str) -> Table:
    """A row for each line: of the second grouping, where there is one, beside the first that it is under."""
    dimensions = dimensions_of(report.spec)
    names = [column for dimension in dimensions for column in name_columns(dimension, dimensions, style)]
    rows: list[Row] = []
    groups: list[Group] = []
    for line in summary.lines:
        own = name_cells(report, line.dimension, line.value, dimensions, style)
        if len(dimensions) == 1:
            rows.append((*own, *sum_cells(report, line.sums)))
            continue
        for one in line.lines:
            beneath = name_cells(report, one.dimension, one.value, dimensions, style)
            rows.append((*own, *beneath, *sum_cells(report, one.sums)))
        blank = [None] * len(names)
        groups.append(Group(own[0], len(line.lines), (*blank, *sum_cells(report, line.sums))))
    totals = (*[None] * len(names), *sum_cells(report, summary.total))
    return Table(
        **base(report),
        columns=[*names, *sum_columns(report)],
        rows=chunks_of(rows),
        totals=totals,
        overlaps=summary.overlaps,
        groups=groups if style == "paper" else (),
        key_figures=key_figures(report, summary.total),
        figure=figure_of(report, summary.chart) if style == "paper" else None,
        notes=notes(report, summary.total, overlaps=summary.overlaps),
    )


def figure_of(report: Report, chart: Chart) -> Figure | None:
    """The chart as the page draws it, for paper. None where there is nothing to draw."""
    view = chart_of(report, chart)
    if not view.drawing.total:
        return None
    labels = [bar.label for bar in view.bars]
    return Figure(view.title, view.drawing, view.series, labels, [label for _y, label in view.ticks])


# --- weekly ----------------------------------------------------------------------------------------------------------


def weekly_table(report: Report, weekly: Weekly, style: str) -> Table:
    """A row for each line, a column for each day (week, month), and the sums of the row at its end."""
    names = name_columns(report.spec.by, [], style)
    both = report.is_rounded and style != "paper"
    columns = [*names]
    for days in weekly.columns:
        head = _head(weekly.bucket, days, style)
        key = days.first.isoformat()
        columns.append(Column(f"seconds_{key}", head, Kind.SECONDS, is_summed=True))
        if both:
            columns.append(
                Column(f"rounded_{key}", _("%(day)s, rounded", day=head), Kind.SECONDS, is_summed=True)
            )
    rows = [
        (
            *name_cells(report, report.spec.by, row.line.value, [], style),
            *(cell for sums in row.cells for cell in _cells(sums, both=both)),
            *sum_cells(report, row.line.sums),
        )
        for row in weekly.rows
    ]
    feet = [cell for sums in weekly.feet for cell in _cells(sums, both=both)]
    ends = sum_columns(report)
    if style == "paper":
        ends = [
            replace(column, is_listed=column.key == ("rounded_seconds" if report.is_rounded else "seconds"))
            for column in ends
        ]
    return Table(
        **base(report),
        columns=[*columns, *ends],
        rows=chunks_of(rows),
        totals=(*[None] * len(names), *feet, *sum_cells(report, weekly.total)),
        overlaps=weekly.overlaps,
        key_figures=key_figures(report, weekly.total),
        notes=notes(report, weekly.total, overlaps=weekly.overlaps),
    )


def _cells(sums: Sums, *, both: bool) -> list[int]:
    """A day's cells: raw and rounded in files, what counts on paper."""
    return [sums.seconds, sums.rounded] if both else [sums.rounded]


def _head(bucket: str, days: Days, style: str) -> str:
    day = days.first
    if style == "plain":
        return day.isoformat()
    if bucket == "month":
        return f"{words.month_names()[day.month - 1][:3]} {day.year}"
    is_english = words.taste().locale == "en"
    mark = f"{day.day} {periods.MONTHS[day.month - 1][:3]}" if is_english else f"{day.day}.{day.month}."
    between = "\n" if style == "paper" else " "
    weekday = words.weekday_names("abbreviated")[day.weekday()]
    return f"{weekday}{between}{mark}" if bucket == "day" else mark
