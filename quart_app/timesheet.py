"""Entries laid out by local day: pure arithmetic over rows, for lists, totals and charts.

Every sum here is over the very parts that are shown, so a day's total is the sum of its lines, to the second.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from quart_app import periods


class Entry(Protocol):
    """What the layout needs to know of an entry; ended_at None while it runs."""

    @property
    def started_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def project_name(self) -> str | None: ...
    @property
    def project_colour(self) -> int | None: ...


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Line(Generic[E]):
    """The share of an entry that falls on one day. `index` counts the entry's days from 0."""

    entry: E
    start: datetime
    end: datetime
    index: int
    is_last: bool

    @property
    def is_running(self) -> bool:
        return self.is_last and self.entry.ended_at is None

    @property
    def is_whole(self) -> bool:
        return self.index == 0 and self.is_last

    @property
    def seconds(self) -> int:
        return periods.seconds_between(self.start, self.end)


@dataclass(slots=True)
class Day(Generic[E]):
    """A local day and its lines, the latest first."""

    date: date
    lines: list[Line[E]] = field(default_factory=list)

    @property
    def seconds(self) -> int:
        return sum(line.seconds for line in self.lines)

    @property
    def is_running(self) -> bool:
        return any(line.is_running for line in self.lines)


def lines_of(entry: E, zone: ZoneInfo, now: datetime) -> list[tuple[date, Line[E]]]:
    """The entry's lines by day. A running entry reaches up to `now`, and has no length if it starts later."""
    end = entry.ended_at if entry.ended_at is not None else max(now, entry.started_at)
    parts = periods.split_days(entry.started_at, end, zone)
    last = len(parts) - 1
    return [(part.day, Line(entry, part.start, part.end, i, i == last)) for i, part in enumerate(parts)]


def days_of(
    entries: Iterable[E], zone: ZoneInfo, now: datetime, since: date, until: date | None = None
) -> list[Day[E]]:
    """The days from `since` on (and before `until`) that have entries, the latest first."""
    days: dict[date, Day[E]] = {}
    for entry in entries:
        for day, line in lines_of(entry, zone, now):
            if since <= day and (until is None or day < until):
                days.setdefault(day, Day(day)).lines.append(line)
    for found in days.values():
        found.lines.sort(key=lambda line: line.start, reverse=True)
    return [days[day] for day in sorted(days, reverse=True)]


@dataclass(slots=True)
class Share:
    """The seconds of one project (name None: entries without one)."""

    name: str | None
    colour: int | None
    seconds: int = 0
    is_running: bool = False


def shares_of(days: Iterable[Day[E]]) -> list[Share]:
    """Seconds by project over the days, the largest first."""
    found: dict[str | None, Share] = {}
    for day in days:
        for line in day.lines:
            share = found.setdefault(
                line.entry.project_name, Share(line.entry.project_name, line.entry.project_colour)
            )
            share.seconds += line.seconds
            share.is_running = share.is_running or line.is_running
    return sorted(found.values(), key=lambda share: (-share.seconds, share.name or ""))


@dataclass(frozen=True, slots=True)
class Bar:
    """A block of a day's bar in a chart: top and height in the chart's units, from the top down."""

    colour: int | None
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    date: date
    seconds: int
    bars: Sequence[Bar]


def chart_of(days: Sequence[Day[E]], week: Sequence[date], height: float) -> tuple[list[Column], int]:
    """Stacked bars of a week's days by project, and the hours that the chart's full height stands for (8 or more)."""
    by_date = {day.date: day for day in days}
    top_hours = max(8, *(-(-day.seconds // 3600) for day in by_date.values()), 0)
    columns = []
    for day in week:
        shares = shares_of([by_date[day]]) if day in by_date else []
        bars, bottom = [], height
        for share in shares:
            tall = height * share.seconds / (top_hours * 3600)
            bottom -= tall
            bars.append(Bar(share.colour, round(bottom, 2), round(max(tall - 1, 0.5), 2)))
        columns.append(Column(day, sum(share.seconds for share in shares), bars))
    return columns, top_hours
