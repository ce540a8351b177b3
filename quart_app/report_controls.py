"""The controls above a report: its period with a calendar, its filters, its lenses. All of them are one form's fields
and links, so they work without script."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from quart_app import clocks, periods, words
from quart_app.forms.reports import NONE, fields_of
from quart_app.report_page import NAMES, Report, days_words, period_words
from quart_app.report_spec import DIMENSIONS, MEMBERS_OWN, Days, shifted
from quart_app.rounding import STEPS
from quart_app.words import N_, _

_DAY = timedelta(days=1)
PERIODS = {
    "today": N_("Today"),
    "yesterday": N_("Yesterday"),
    "this-week": N_("This week"),
    "last-week": N_("Last week"),
    "this-month": N_("This month"),
    "last-month": N_("Last month"),
    "this-quarter": N_("This quarter"),
    "last-quarter": N_("Last quarter"),
    "this-year": N_("This year"),
    "last-year": N_("Last year"),
    "last-7-days": N_("Last 7 days"),
    "last-30-days": N_("Last 30 days"),
}
VIEWS = {"summary": N_("Summary"), "detailed": N_("Detailed"), "weekly": N_("Weekly")}
MOST_CHOICES = 500
MOST_TASKS = 100
_LISTS = ("member", "client", "project", "task", "tag")


class Link(NamedTuple):
    """A link, and whether it leads to what is shown."""

    text: str
    href: str
    is_current: bool = False


class Choice(NamedTuple):
    """A value that can be chosen."""

    value: str
    name: str
    colour: str
    detail: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter by a list: its field, its name, what can be chosen, how many are, the link that clears it. `more` are
    too many to be offered."""

    field: str
    name: str
    choices: Sequence[Choice]
    count: int
    clear: str
    error: str
    more: int = 0


class Cell(NamedTuple):
    """A day of the calendar: in its month, within the period, today, the one that is chosen as the first."""

    day: date
    href: str
    said: str
    marks: str
    is_today: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month. `picked` is the first day of the new period, where the second is still to be chosen."""

    title: str
    weekdays: Sequence[tuple[str, str]]
    weeks: Sequence[Sequence[Cell]]
    before: str
    after: str
    picked: str


@dataclass(frozen=True, slots=True)
class Controls:
    """All that templates/reports/period.html and filters.html show."""

    report: Report
    views: Sequence[Link]
    period: str  # "1 – 30 Nov 2026"
    periods: Sequence[Link]
    previous: Link
    next: Link
    typed: Mapping[str, str]
    shown: str
    calendar: Calendar
    is_picking: bool
    hidden: Sequence[tuple[str, str]]
    chips: Sequence[Chip]
    clear: str  # the link that clears all filters, "" where there are none
    selects: Mapping[str, Sequence[tuple[str, str]]]
    zone: str  # what was typed for a zone and is none
    is_wrong: bool  # a lens
    options: int  # how many of the lenses are not as they are at first


def controls_of(report: Report, arguments: Mapping[str, str]) -> Controls:
    """The controls of a report; of the arguments beside its address `cal` is the month that the calendar shows, and
    `pick` the first day chosen in it."""
    days, person, today = report.days, report.viewer, report.question.today
    before, after = (shifted(days, step, person.week_start) for step in (-1, 1))
    near = days.first.year
    shown = [words.format_date(day, person.date_order) for day in days]
    spec = report.spec
    has_typed = bool(report.errors.get("from") or report.errors.get("to"))
    return Controls(
        report=report,
        views=[Link(_(text), report.link(view=name), spec.view == name) for name, text in VIEWS.items()],
        period=days_words(days),
        periods=[
            Link(_(text), report.link(period=name, days=None), spec.period == name)
            for name, text in PERIODS.items()
        ],
        previous=Link(period_words(before, person, today, near=near), report.over(before)),
        next=Link(period_words(after, person, today, near=near), report.over(after)),
        typed=report.asked.typed if has_typed else dict(zip(("from", "to"), shown, strict=True)),
        shown="|".join(shown),
        calendar=_calendar(report, arguments),
        is_picking=bool(arguments.get("cal")) or has_typed,
        hidden=_hidden(report),
        chips=_chips(report),
        clear=_clear(report),
        selects=_selects(report),
        is_wrong=bool(report.errors.keys() & {"zone", "round", "step", "per", "show", "running"}),
        zone=arguments.get("zone_other", "") if report.errors.get("zone") else "",
        options=sum(
            (spec.zone != "", spec.rounding.is_on, spec.durations != "", spec.filters.running != "with")
        ),
    )


def _hidden(report: Report) -> list[tuple[str, str]]:
    """What the form sends along beside its fields."""
    kept = [pair for pair in fields_of(report.spec) if pair[0] in ("view", "chart", "sort", "open")]
    return [("period", report.spec.period), *kept]


# --- filters ---------------------------------------------------------------------------------------------------------


def _chips(report: Report) -> list[Chip]:
    found = []
    for kind in _LISTS:
        chosen = getattr(report.spec.filters, f"{kind}s")
        choices = _choices(report, kind, chosen)
        if len(choices) < 2 and not chosen:
            continue
        error = report.errors.get(kind) or (report.errors.get("tags") if kind == "tag" else "") or ""
        clear = report.filtered(**{f"{kind}s": ()})
        # Without projects chosen, many tasks are called the same and tell nobody anything.
        is_crowd = kind == "task" and not report.spec.filters.projects and len(choices) > MOST_TASKS
        most = 1 if is_crowd else MOST_CHOICES
        shown = [*choices[:most], *(one for one in choices[most:] if one.is_chosen)]
        more = len(choices) - len(shown)
        found.append(Chip(kind, _(NAMES[kind]), shown, len(chosen), clear, error, more))
    return found


def _choices(report: Report, kind: str, chosen: Sequence[UUID | None]) -> list[Choice]:
    ids: Iterable[UUID] = report.question.names[kind]
    if kind == "task" and report.spec.filters.projects:
        wanted = set(report.spec.filters.projects)
        ids = [key for key in ids if report.question.names[kind][key].parent in wanted or key in chosen]
    labelled = [(key, report.label(kind, key)) for key in ids]
    labelled.sort(key=lambda pair: (pair[1].name.casefold(), pair[1].detail.casefold()))
    found = [Choice(str(key), *label_parts(label), key in chosen) for key, label in labelled]
    if kind != "member" and found:
        found.insert(0, Choice(NONE, *label_parts(report.label(kind, None)), None in chosen))
    return found


def label_parts(label: Any) -> tuple[str, str, str]:
    return label.name, label.colour, label.detail


def _clear(report: Report) -> str:
    filters = report.spec.filters
    empty = type(filters)(running=filters.running)
    return "" if filters == empty else report.link(filters=empty)


def _selects(report: Report) -> dict[str, Sequence[tuple[str, str]]]:
    """What the selects offer."""
    dimensions = [(name, _(NAMES[name])) for name in DIMENSIONS]
    return {
        "by": dimensions,
        "then": [("", _("nothing else")), *(pair for pair in dimensions if pair[0] != report.spec.by)],
        "tags": [("any", _("any of these")), ("all", _("all of these")), ("none", _("none of these"))],
        "billable": [("", _("Billable")), ("yes", _("Billable only")), ("no", _("Not billable"))],
        "running": [
            ("with", _("Counted up to now")),
            ("without", _("Left out")),
            ("only", _("Nothing else")),
        ],
        "zone": _zones(report),
        "round": [
            ("", _("As measured")),
            ("up", _("Rounded up")),
            ("down", _("Rounded down")),
            ("nearest", _("To the nearest")),
        ],
        "step": [(str(step), _("%(n)s min", n=step)) for step in STEPS],
        "per": [("entry", _("each entry")), ("day", _("day and project")), ("line", _("each line"))],
        "show": [
            ("", _("As in your settings")),
            ("clock", "1:42"),
            ("decimal", words.format_decimal(6120)),
            ("both", f"1:42 · {words.format_decimal(6120)}"),
        ],
    }


def _zones(report: Report) -> list[tuple[str, str]]:
    own = report.viewer.time_zone
    first = [("", _("Yours: %(zone)s", zone=own))]
    if report.viewer.may_manage:
        first.append((MEMBERS_OWN, _("Each member's own")))
    zones = {named.text or "UTC" for named in report.question.names["member"].values()} | {"UTC"}
    zones |= {report.spec.zone} - {"", MEMBERS_OWN}
    return [*first, *((name, name.replace("_", " ")) for name in sorted(zones - {own}))]


# --- calendar --------------------------------------------------------------------------------------------------------


def _calendar(report: Report, arguments: Mapping[str, str]) -> Calendar:
    person, today = report.viewer, report.question.today
    picked = _date(arguments.get("pick", ""))
    shown = (
        _date(f"{arguments.get('cal', '')}-01")
        or picked
        or max(report.days.first, report.days.last.replace(day=1))
    )
    first = shown.replace(day=1)
    start = periods.week_start(first, person.week_start)
    names = list(zip(words.weekday_names("narrow"), words.weekday_names(), strict=True))
    cells = [_cell(report, start + _DAY * place, first, picked, today) for place in range(42)]
    weeks = [cells[place : place + 7] for place in range(0, 42, 7)]
    return Calendar(
        title=f"{words.month_names()[first.month - 1]} {first.year}",
        weekdays=names[person.week_start :] + names[: person.week_start],
        weeks=[week for week in weeks if any(cell.day.month == first.month for cell in week)],
        before=_turned(report, first - _DAY, picked),
        after=_turned(report, (first + _DAY * 31).replace(day=1), picked),
        picked=words.date_words(picked) if picked else "",
    )


def _cell(report: Report, day: date, month: date, picked: date | None, today: date) -> Cell:
    marks = ["out"] if day.month != month.month else []
    is_in = report.days.first <= day <= report.days.last and picked is None
    marks += ["in"] if is_in else []
    if not periods.FIRST_DAY <= day <= periods.LAST_DAY:
        href = ""
    elif picked is None:
        href = f"{_beside(report)}cal={month:%Y-%m}&pick={day}"
    else:
        href = report.over(Days(min(picked, day), max(picked, day)))
    said = f"{words.weekday_names()[day.weekday()]} {words.date_words(day)}"
    return Cell(day, href, said, " ".join(marks), day == today, day == picked or is_in)


def _turned(report: Report, month: date, picked: date | None) -> str:
    """The link that shows another month."""
    if not periods.FIRST_DAY <= month <= periods.LAST_DAY:
        return ""
    return f"{_beside(report)}cal={month:%Y-%m}" + (f"&pick={picked}" if picked else "")


def _beside(report: Report) -> str:
    link = report.link()
    return f"{link}&" if "?" in link else f"{link}?"


def _date(text: str) -> date | None:
    try:
        return clocks.parse_date(text, "ymd")
    except ValueError:
        return None
