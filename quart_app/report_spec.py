"""What a report is asked for: pure values, and the dates that a period's name means on a given day.

Everything that is in a report's address is here, so a report can be asked for again: by a link, a saved report, the
command line. forms/reports.py reads and writes the address.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from quart_app import periods
from quart_app.rounding import PLAIN, Rounding

VIEWS = ("summary", "detailed", "weekly")
DIMENSIONS = (
    *("project", "client", "task", "member", "tag", "description"),
    *("day", "week", "month", "billable"),
)
BUCKETS = ("day", "week", "month")
PERIODS = (
    *(
        "today",
        "yesterday",
        "this-week",
        "last-week",
        "this-month",
        "last-month",
        "this-quarter",
        "last-quarter",
    ),
    *("this-year", "last-year", "last-7-days", "last-30-days", "custom"),
)
SORTS = ("start", "duration", "description", "project", "member")
TAG_MATCHES = ("any", "all", "none")
RUNNING = ("with", "without", "only")
DURATIONS = ("clock", "decimal", "both")
MEMBERS_OWN = "members"
LONGEST_DAYS = 366 * 100
_DAY = timedelta(days=1)


class Days(NamedTuple):
    """Local dates from first to last, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries count. An empty tuple asks for all; None within one means "without any".

    `tag_match`: entries with any of the tags, with all of them, or with none of them. `billable`: "", "yes" or "no".
    `text` is looked for in descriptions, whatever its case. `running`: what runs counts up to now ("with"), not at all
    ("without"), or alone ("only").
    """

    members: tuple[UUID, ...] = ()
    clients: tuple[UUID | None, ...] = ()
    projects: tuple[UUID | None, ...] = ()
    tasks: tuple[UUID | None, ...] = ()
    tags: tuple[UUID | None, ...] = ()
    tag_match: str = "any"
    billable: str = ""
    text: str = ""
    # What an opened figure asks for beside the rest: this very description, and this tag.
    description: str | None = None
    tagged: tuple[UUID | None, ...] = ()
    running: str = "with"


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole report. `zone` is "" for the viewer's, "members" for each member's own, or an IANA name. `then` and
    `chart` may be "": no second grouping, and bars that fit the period. `sort` has a "-" before it for descending.
    `opened` are the figures that are open, as forms/reports.py writes them."""

    view: str = "summary"
    period: str = "this-month"
    days: Days | None = None  # of a custom period only
    by: str = "project"
    then: str = ""
    chart: str = ""
    zone: str = ""
    filters: Filters = field(default_factory=Filters)
    rounding: Rounding = PLAIN
    durations: str = ""
    sort: str = "-start"
    after: str = ""
    opened: tuple[str, ...] = ()

    def over(self, days: Days) -> "Spec":
        """The same report of other dates."""
        return replace(self, period="custom", days=days, after="", opened=())


def days_of(spec: Spec, today: date, week_start: int) -> Days:
    """The dates that the spec's period means today."""
    if spec.period == "custom" and spec.days is not None:
        return spec.days
    return named_days(spec.period, today, week_start)


def named_days(name: str, today: date, week_start: int) -> Days:
    """The dates of a period by its name (one of PERIODS but "custom")."""
    if name in ("today", "yesterday"):
        day = today if name == "today" else today - _DAY
        return Days(day, day)
    if name.endswith("-days"):
        return Days(today - _DAY * (int(name.split("-")[1]) - 1), today)
    which, _, unit = name.partition("-")
    days = _around(unit, today, week_start)
    return days if which == "this" else _around(unit, days.first - _DAY, week_start)


def _around(unit: str, day: date, week_start: int) -> Days:
    """The week, month, quarter or year that holds the day."""
    if unit == "week":
        first = periods.week_start(day, week_start)
        return Days(first, first + _DAY * 6)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    start = (day.month - 1) // months * months + 1
    first = date(day.year, start, 1)
    return Days(first, _months_later(first, months) - _DAY)


def _months_later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def unit_of(days: Days, week_start: int) -> str:
    """ "week", "month", "quarter" or "year" where the dates are just one of these, else ""."""
    for unit in ("month", "quarter", "year", "week"):
        if _around(unit, days.first, week_start) == days:
            return unit
    return ""


def shifted(days: Days, step: int, week_start: int) -> Days:
    """The period before (step -1) or after (1): a whole month gives a whole month, other dates as many days."""
    unit = unit_of(days, week_start)
    if unit and unit != "week":
        day = days.last + _DAY if step > 0 else days.first - _DAY
        return _around(unit, day, week_start)
    return Days(days.first + _DAY * days.length * step, days.last + _DAY * days.length * step)


def chart_bucket(spec: Spec, days: Days) -> str:
    """Bars by day up to some six weeks, by week up to some half a year, by month beyond, unless it is said."""
    if spec.chart:
        return spec.chart
    return "day" if days.length <= 45 else "week" if days.length <= 200 else "month"


def bucket_start(bucket: str, day: date, week_start: int) -> date:
    """The first date of the day's bucket."""
    return day if bucket == "day" else _around(bucket, day, week_start).first


def bucket_days(bucket: str, days: Days, week_start: int) -> list[Days]:
    """The buckets that the dates fall into, in order, the first and the last cut off at the dates."""
    found, first = [], days.first
    while first <= days.last:
        last = first if bucket == "day" else min(_around(bucket, first, week_start).last, days.last)
        found.append(Days(first, last))
        first = last + _DAY
    return found
