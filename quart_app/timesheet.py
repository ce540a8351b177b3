"""Entries laid out by local day: pure arithmetic over rows, for lists, totals and charts.

Every sum here is over the very parts that are shown, so a day's total is the sum of its lines, to the second.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
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
    @property
    def likeness(self) -> Hashable:
        """What alike entries have in common."""


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


@dataclass(frozen=True, slots=True)
class Fold(Generic[E]):
    """Alike entries of a day shown as one: two lines or more, the latest first."""

    lines: tuple[Line[E], ...]

    @property
    def start(self) -> datetime:
        return self.lines[-1].start

    @property
    def end(self) -> datetime:
        return max(line.end for line in self.lines)

    @property
    def seconds(self) -> int:
        return sum(line.seconds for line in self.lines)


def fold_alike(lines: Iterable[Line[E]]) -> list[Line[E] | Fold[E]]:
    """The lines, with the alike ones among them as one Fold each, where the latest of them stood.

    Only what has ended and lies whole within the day folds: the rest has something of its own to show.
    """
    alike: dict[Hashable, list[Line[E]]] = {}
    for place, line in enumerate(lines):
        is_alone = line.entry.ended_at is None or not line.is_whole
        alike.setdefault((place,) if is_alone else (None, line.entry.likeness), []).append(line)
    return [Fold(tuple(group)) if len(group) > 1 else group[0] for group in alike.values()]


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

    @property
    def items(self) -> list[Line[E] | Fold[E]]:
        """What a list shows: see fold_alike."""
        return fold_alike(self.lines)


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
    running: int = 0  # of these, the ones since `since`, where it runs
    since: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.since is not None


def shares_of(days: Iterable[Day[E]]) -> list[Share]:
    """Seconds by project over the days, the largest first."""
    found: dict[str | None, Share] = {}
    for day in days:
        for line in day.lines:
            share = found.setdefault(
                line.entry.project_name, Share(line.entry.project_name, line.entry.project_colour)
            )
            share.seconds += line.seconds
            if line.is_running:
                share.running, share.since = line.seconds, line.start
    return sorted(found.values(), key=lambda share: (-share.seconds, share.name or ""))


@dataclass(frozen=True, slots=True)
class Bar:
    """A block of a day's bar in a chart: top and height in the chart's units, from the top down. What runs has a block
    of its own, over the others, that has grown since `since`."""

    colour: int | None
    top: float
    height: float
    since: datetime | None = None
    foot: float = 0  # where one that grows stands


@dataclass(frozen=True, slots=True)
class Column:
    date: date
    seconds: int
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """A week's bars under a rule that stands at `rule` of the chart's height, for so many seconds of a day. An hour is
    `hour` high."""

    columns: Sequence[Column]
    rule: float
    rule_seconds: int
    hour: float


def chart_of(days: Sequence[Day[E]], week: Sequence[date], height: float, target: int = 0) -> Chart:
    """Stacked bars of a week's days by project. The rule stands for the seconds of the target, and where there is none
    for the chart's full height: 8 hours, or more where a day is longer."""
    by_date = {day.date: day for day in days}
    longest = max((day.seconds for day in days), default=0)
    full = max(target, longest) if target else 3600 * max(8, -(-longest // 3600))
    columns = [_column(day, by_date.get(day), height, full) for day in week]
    seconds = target or full
    return Chart(columns, round(height * (1 - seconds / full), 2), seconds, round(height * 3600 / full, 4))


def _column(date: date, day: Day[E] | None, height: float, full: int) -> Column:
    shares = shares_of([day]) if day else []
    stacked: list[tuple[int | None, int, datetime | None]] = [
        (share.colour, share.seconds - share.running, None)
        for share in shares
        if share.seconds > share.running or not share.is_running
    ]
    stacked += [(None, share.running, share.since) for share in shares if share.is_running]
    bars, bottom = [], height
    for colour, seconds, since in stacked:
        tall, foot = height * seconds / full, bottom
        bottom -= tall
        bar = Bar(colour, round(bottom, 2), round(max(tall - 1, 0.5), 2))
        bars.append(replace(bar, since=since, foot=round(foot, 2)) if since else bar)
    return Column(date, sum(share.seconds for share in shares), bars)
