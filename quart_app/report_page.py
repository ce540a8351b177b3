"""What every page of a report starts from: its address read, its rows allowed, its links, labels and durations.

Between the routes and reporting. Each view adds its own: report_summary.py, report_list.py, and the chips above them:
report_controls.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup

from quart_app import periods, reporting, words
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Connection
from quart_app.forms.reports import Asked, fields_of, key_of, narrowed, parse_report
from quart_app.queries import reports, team
from quart_app.report import Sums, Value
from quart_app.report_spec import (
    BUCKETS,
    PERIODS,
    Days,
    Spec,
    bucket_days,
    bucket_start,
    named_days,
    unit_of,
)
from quart_app.reporting import Question
from quart_app.words import N_, _

MOST_BARS = 400
# With script, what leads to another report swaps the page's own part, and pushes its address.
_SWAPPING = "target:#reports-page select:#reports-page swap:outerMorph"
_DAY = timedelta(days=1)
LINKS = Markup("hx-boost:inherited='{0}'").format(_SWAPPING)
LINK = Markup("hx-boost='{0}'").format(_SWAPPING)
NAMES = {
    "project": N_("Project"),
    "client": N_("Client"),
    "task": N_("Task"),
    "member": N_("Member"),
    "tag": N_("Tag"),
    "description": N_("Description"),
    "day": N_("Day"),
    "week": N_("Week"),
    "month": N_("Month"),
    "billable": N_("Billable"),
}
GROUPED = {
    "project": N_("By project"),
    "client": N_("By client"),
    "task": N_("By task"),
    "member": N_("By member"),
    "tag": N_("By tag"),
    "description": N_("By description"),
    "day": N_("By day"),
    "week": N_("By week"),
    "month": N_("By month"),
    "billable": N_("By billable"),
}
_WITHOUT = {
    "project": N_("Without a project"),
    "client": N_("Without a client"),
    "task": N_("Without a task"),
    "tag": N_("Without a tag"),
    "description": N_("Without a description"),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What stands for a value: its name, the class of its colour ("p4", "" for none), and what it belongs to."""

    name: str
    colour: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report as a page shows it: the address that was read, with what is wrong in it, and what it means to the
    viewer. `grows`: its figures are others in a minute, for something runs."""

    asked: Asked
    question: Question
    path: str = "/reports"
    grows: bool = False
    _labels: dict[tuple[str, Value], Label] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        return self.question.spec

    @property
    def days(self) -> Days:
        return self.question.days

    @property
    def viewer(self) -> Viewer:
        return self.question.viewer

    @property
    def errors(self) -> Mapping[str, str]:
        return self.asked.errors

    @property
    def has_amounts(self) -> bool:
        return not self.question.rates.is_empty

    @property
    def is_rounded(self) -> bool:
        return self.spec.rounding.is_on

    # --- links ---

    @property
    def links(self) -> Markup:
        """The attribute of an element around links to other reports."""
        return LINKS

    @property
    def as_link(self) -> Markup:
        """The same of a link."""
        return LINK

    @property
    def query(self) -> str:
        """The address' query as it is now, open figures and all."""
        return urlencode(fields_of(self.spec))

    @property
    def plain_query(self) -> str:
        """The same without what is open, and from its first page on: what can be saved, and sent to others."""
        return urlencode(fields_of(replace(self.spec, after="", opened=())))

    @property
    def address(self) -> str:
        """The report's own address, in the one way that it is written."""
        return self.link_to(self.spec)

    def link(self, **changes: Any) -> str:
        """The same report but for these parts of its spec: from its first page on, with nothing open."""
        return self.link_to(replace(self.spec, **{"after": "", "opened": (), **changes}))

    def link_to(self, spec: Spec) -> str:
        query = urlencode(fields_of(spec), safe=":,/")
        return f"{self.path}?{query}" if query else self.path

    def filtered(self, **filters: Any) -> str:
        """The same report with other filters."""
        return self.link(filters=replace(self.spec.filters, **filters))

    def over(self, days: Days, **changes: Any) -> str:
        """The same report over other dates: by name where they have one, so that it stays true tomorrow. "" beyond the
        calendar."""
        if days.first < periods.FIRST_DAY or days.last > periods.LAST_DAY:
            return ""
        today, week_start = self.question.today, self.viewer.week_start
        named = (name for name in PERIODS if name != "custom")
        for name in named:
            if named_days(name, today, week_start) == days:
                return self.link(period=name, days=None, **changes)
        return self.link(period="custom", days=days, **changes)

    def narrowed(self, values: Sequence[tuple[str, Value]], **changes: Any) -> str:
        """The same report of what one line or bar holds."""
        spec, days = narrowed(self.spec, key_of(values), self.days, self._bucket)
        return self.link(filters=spec.filters, period="custom", days=days, **changes)

    def opening(self, key: str) -> str:
        """The link of a figure: opens the entries behind it, or closes them where they are open."""
        opened = self.spec.opened
        found = tuple(one for one in opened if one != key) if key in opened else (*opened, key)
        # The list of all entries keeps its page; else the page is that of the figure opened last.
        return self.link(opened=found, after=self.spec.after if self.spec.view == "detailed" else "")

    def is_open(self, key: str) -> bool:
        return key in self.spec.opened

    def _bucket(self, bucket: str, day: date) -> Days:
        start = bucket_start(bucket, day, self.viewer.week_start)
        return next(iter(bucket_days(bucket, Days(start, start + _DAY * 31), self.viewer.week_start)))

    # --- words ---

    def duration(self, seconds: int) -> str:
        """As the report shows durations, or else as the viewer likes them: "1:42", "1.70", or "1:42 · 1.70"."""
        shown = self.spec.durations or words.taste().duration_format
        if shown == "decimal":
            return words.format_decimal(seconds)
        clock = periods.format_duration(seconds)
        return clock if shown == "clock" else f"{clock} · {words.format_decimal(seconds)}"

    def hours(self, sums: Sums) -> str:
        """The figure that counts: rounded where rounding is on."""
        return self.duration(sums.rounded)

    def money(self, amount: int) -> str:
        """An exact amount as money."""
        from quart_app.money import to_minor

        return words.format_money(to_minor(amount), self.question.rates.currency)

    def label(self, dimension: str, value: Value) -> Label:
        """What stands for a value of a dimension."""
        key = (dimension, value)
        if (known := self._labels.get(key)) is None:
            known = self._labels[key] = self._label(dimension, value)
        return known

    def _label(self, dimension: str, value: Value) -> Label:
        if dimension == "billable":
            return Label(_("Billable") if value else _("Not billable"))
        if value is None or value == "":
            return Label(_(_WITHOUT.get(dimension, N_("None"))))
        if isinstance(value, date):
            return Label(self.bucket_words(dimension, value))
        if not isinstance(value, UUID):
            return Label(str(value))
        names = self.question.names
        named = names[dimension].get(value)
        if named is None:
            return Label(_("Somebody who has left") if dimension == "member" else _("Deleted"))
        parent = {"project": "client", "task": "project"}.get(dimension)
        above = names[parent].get(named.parent) if parent and named.parent else None
        colour = f"p{named.colour}" if named.colour else ""
        if dimension == "task" and above is not None and above.colour:
            colour = f"p{above.colour}"
        return Label(named.name, colour, above.name if above else "")

    def bucket_words(self, bucket: str, first: date) -> str:
        """A day, week or month by its first date: "Mon 2 Nov 2026", "2 – 8 Nov 2026", "November 2026"."""
        if bucket == "day":
            return f"{words.weekday_names('abbreviated')[first.weekday()]} {words.date_words(first)}"
        if bucket == "week":
            return days_words(Days(first, first + _DAY * 6))
        return f"{words.month_names()[first.month - 1]} {first.year}"


# --- reading ---------------------------------------------------------------------------------------------------------


def read(fields: Mapping[str, Sequence[str]], person: Viewer, now: datetime) -> Asked:
    """The address, as forms/reports.py reads it. The form of the page sends the dates that it showed, too (`shown`): so
    a period by name stays one until somebody changes its dates; and dates that can't be read leave those that were."""
    today, order = periods.local_day(now, person.zone), person.date_order
    # A zone that isn't among those offered is typed into a field of its own.
    if any(other := fields.get("zone_other", [])):
        fields = {**fields, "zone": other}
    if not (shown := (fields.get("shown") or [""])[0]):
        return parse_report(fields, order, today)
    typed = [(fields.get(name) or [""])[0].strip() for name in ("from", "to")]
    others = {name: values for name, values in fields.items() if name not in ("from", "to")}
    was = shown.split("|")[:2]
    before = dict(zip(("from", "to"), ([text] for text in was), strict=False))
    is_custom = (fields.get("period") or [""])[0] == "custom"
    kept = {**others, **before} if is_custom else others
    if typed in (was, ["", ""]):
        return parse_report(kept, order, today)
    asked = parse_report({**fields, "period": ["custom"]}, order, today)
    if "from" in asked.errors or "to" in asked.errors:
        return Asked(parse_report(kept, order, today).spec, asked.typed, asked.errors)
    return asked


async def ask_report(db: Connection, person: Viewer, asked: Asked, now: datetime) -> Report:
    """What is asked for, for this viewer. Raises Missing for ids that their workspace has not, Forbidden for the hours
    of a team-mate that are not theirs to see."""
    question = await reporting.ask(db, person, asked.spec, now)
    await _check(db, question)
    spec = question.spec
    if spec.chart and len(_buckets(spec.chart, question)) > MOST_BARS:
        question = replace(question, spec=replace(spec, chart=""))
    is_now = question.days.first <= question.today <= question.days.last
    grows = is_now and spec.filters.running != "without" and await reports.has_running(db, person)
    return Report(asked, question, grows=grows)


def _buckets(bucket: str, question: Question) -> range:
    """As many as there would be bars, more or less."""
    return range(question.days.length // {"day": 1, "week": 7, "month": 28}[bucket])


def offered_buckets(question: Question) -> list[str]:
    """What a chart's bars can be of."""
    return [name for name in BUCKETS if len(_buckets(name, question)) <= MOST_BARS]


async def _check(db: Connection, question: Question) -> None:
    filters, names = question.spec.filters, question.names
    lists = {
        "client": filters.clients,
        "project": filters.projects,
        "task": filters.tasks,
        "tag": filters.tags,
    }
    for kind, values in lists.items():
        if any(value is not None and value not in names[kind] for value in values):
            raise Missing
    for member in filters.members:
        if member not in names["member"]:
            await team.find_member(db, question.viewer, member)
            raise Forbidden


# --- dates in words --------------------------------------------------------------------------------------------------


def days_words(days: Days, *, without_year: int = 0) -> str:
    """ "1 – 30 Nov 2026", "28 Sep – 4 Oct 2026", "22 Nov 2026"; the year is left out where it is `without_year`."""
    first, last = days
    if first == last:
        return _day_words(first, without_year)
    if words.taste().locale != "en":
        return f"{_day_words(first, without_year)} – {_day_words(last, without_year)}"
    month = periods.MONTHS[first.month - 1][:3]
    if first.year != last.year:
        begin = f"{first.day} {month} {first.year}"
    elif first.month != last.month:
        begin = f"{first.day} {month}"
    else:
        begin = str(first.day)
    return f"{begin} – {_day_words(last, without_year)}"


def _day_words(day: date, without_year: int) -> str:
    said = words.date_words(day)
    return said.removesuffix(f" {day.year}") if day.year == without_year else said


def period_words(days: Days, person: Viewer, today: date, *, near: int = 0) -> str:
    """A period by its shortest name: "October", "Q3", "2025", "last week", "yesterday", "1 – 15 Oct". Years are left
    out where they are `near`'s."""
    if days == named_days("yesterday", today, person.week_start):
        return _("yesterday")
    if days == named_days("today", today, person.week_start):
        return _("today")
    if days == named_days("last-week", today, person.week_start):
        return _("last week")
    unit, year = unit_of(days, person.week_start), days.first.year
    if unit == "year":
        return str(year)
    if unit == "quarter":
        said = _("Q%(n)s", n=(days.first.month + 2) // 3)
    elif unit == "month":
        said = words.month_names()[days.first.month - 1]
    else:
        return days_words(days, without_year=near)
    return said if year == near else f"{said} {year}"
