"""Today as a strip: where its blocks, gaps and hours stand. Pure arithmetic over a day's lines.

Places and widths are shares of the strip in per cent, of the seconds that truly pass between its ends: so an hour is as
wide as any other, and a day of 23 or 25 hours has so many of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Generic, NamedTuple
from zoneinfo import ZoneInfo

from quart_app import periods
from quart_app.timesheet import E, Line

OPENS, CLOSES = 8, 18  # hours that the strip shows even where nothing happened
NARROWEST = 1.0  # per cent: what is shorter is drawn this wide, and together with what it would hide
MOST_LANES = 4
WORTH_DRAWING, WORTH_SAYING = 120, 300  # seconds of a gap
A_NIGHT = 6 * 3600  # what is as long is rest more likely than work

_SECOND = timedelta(seconds=1)


class Window(NamedTuple):
    """The share of the day that the strip shows, [since, until)."""

    since: datetime
    until: datetime

    def place(self, instant: datetime) -> float:
        """Where an instant stands, 0 to 100."""
        gone = periods.seconds_between(self.since, instant)
        return 100 * gone / periods.seconds_between(self.since, self.until)


class Gap(NamedTuple):
    """Time without an entry between two that have one."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return periods.seconds_between(self.start, self.end)


class Hour(NamedTuple):
    """A mark of the scale: what the clocks show there, 24 at the end of the day."""

    left: float
    hour: int


@dataclass(frozen=True, slots=True)
class Mark(Generic[E]):
    """A block of the strip, in one of as many lanes as overlap there: one line, or several too short to stand alone."""

    left: float
    width: float
    lane: int
    lanes: int
    lines: tuple[Line[E], ...]

    @property
    def is_running(self) -> bool:
        return self.lines[0].is_running

    @property
    def colour(self) -> int | None:
        """The project's, where all lines have the same."""
        colours = {line.entry.project_colour for line in self.lines}
        return colours.pop() if len(colours) == 1 else None


# --- the scale ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def whole_hours(day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants of a day at which its clocks show a whole hour, with its beginning and its end. An hour that the
    clocks repeat comes twice, one that they skip doesn't come."""
    start, end = periods.day_range(day, zone)
    found = {start, end}
    for hour in range(24):
        for fold in (0, 1):
            clock = datetime.combine(day, time(hour, fold=fold), zone)
            instant = periods.instant_of(clock)
            exists = instant.astimezone(zone).replace(tzinfo=None, fold=0) == clock.replace(
                tzinfo=None, fold=0
            )
            if exists and start < instant < end:
                found.add(instant)
    return tuple(sorted(found))


def window_of(lines: Iterable[Line[E]], day: date, zone: ZoneInfo, now: datetime) -> Window:
    """From 8 to 18 o'clock, or further where there are lines or it is now: whole hours within the day."""
    marks = whole_hours(day, zone)
    clocks = [(mark.astimezone(zone).hour, mark) for mark in marks[:-1]]
    first = next((mark for hour, mark in clocks if hour >= OPENS), marks[0])
    last = next((mark for hour, mark in clocks if hour >= CLOSES), marks[-1])
    low, high = min(first, now), max(last, now + _SECOND)
    for line in lines:
        low, high = min(low, line.start), max(high, line.end)
    since = max((mark for mark in marks if mark <= low), default=marks[0])
    return Window(since, next((mark for mark in marks if mark >= high), marks[-1]))


def hours_of(window: Window, day: date, zone: ZoneInfo) -> list[Hour]:
    """The hours to write under the strip: as many as there is room for, and each that the clocks repeat."""
    marks = [mark for mark in whole_hours(day, zone) if window.since <= mark <= window.until]
    step = next((step for step in (1, 2, 3) if len(marks) <= step * 6 + 1), 4)
    end = periods.day_range(day, zone)[1]
    found: list[Hour] = []
    last: tuple[datetime, int] | None = None
    for mark in marks:
        clock = mark.astimezone(zone)
        hour = 24 if mark == end else clock.hour
        if clock.minute:
            continue
        if last and last[1] == hour:  # again
            if not found or found[-1].left != window.place(last[0]):
                found.append(Hour(window.place(last[0]), hour))
            found.append(Hour(window.place(mark), hour))
        elif hour % step == 0:
            found.append(Hour(window.place(mark), hour))
        last = mark, hour
    return found


# --- blocks and gaps ---------------------------------------------------------------------------------------------


def gaps_of(lines: Iterable[Line[E]], now: datetime) -> list[Gap]:
    """What lies between the lines and before now, in order: with them it tiles the day from the first on."""
    gaps: list[Gap] = []
    reached: datetime | None = None
    for line in _in_order(lines):
        start = min(line.start, now)
        if reached is not None and start > reached:
            gaps.append(Gap(reached, start))
        reached = line.end if reached is None else max(reached, line.end)
    return gaps


def gap_to_fill(gaps: Sequence[Gap]) -> Gap | None:
    """The one to speak of: the longest but for a night, of equal ones the latest; None where all are but moments."""
    found = max(gaps, key=lambda gap: (gap.seconds < A_NIGHT, gap.seconds, gap.start), default=None)
    return found if found and found.seconds >= WORTH_SAYING else None


def marks_of(lines: Iterable[Line[E]], window: Window) -> list[Mark[E]]:
    """The blocks, in the order to draw them in: short ones over long ones."""
    made: list[Mark[E]] = []
    open_groups: dict[tuple[int, int], int] = {}  # the last short mark of each lane, as an index into `made`
    for line, lane, lanes in _in_lanes(_in_order(lines)):
        left, end = window.place(line.start), window.place(line.end)
        is_short = end - left < NARROWEST
        at = open_groups.get((lane, lanes))
        if is_short and at is not None and not line.is_running:
            group = made[at]
            if left < group.left + group.width:
                width = max(group.width, end - group.left)
                made[at] = Mark(group.left, width, lane, lanes, (*group.lines, line))
                continue
        if is_short:  # what runs ends now, whatever its width
            left = max(end - NARROWEST, 0) if line.is_running else min(left, 100 - NARROWEST)
        made.append(Mark(left, max(end - left, NARROWEST), lane, lanes, (line,)))
        if is_short and not line.is_running:
            open_groups[lane, lanes] = len(made) - 1
        else:
            open_groups.pop((lane, lanes), None)
    return sorted(made, key=lambda mark: (-mark.width, mark.left))


def _in_order(lines: Iterable[Line[E]]) -> list[Line[E]]:
    return sorted(lines, key=lambda line: (line.start, line.end))


def _in_lanes(lines: Iterable[Line[E]]) -> list[tuple[Line[E], int, int]]:
    """Each line with its lane, and how many lanes there are where it stands: lines of one lane don't overlap, unless
    there are more of them than lanes."""
    found: list[tuple[Line[E], int, int]] = []
    together: list[tuple[Line[E], int]] = []
    ends: list[datetime] = []  # of the lanes

    def close() -> None:
        found.extend((line, lane, len(ends)) for line, lane in together)
        together.clear()
        ends.clear()

    for line in lines:
        if ends and line.start >= max(ends):
            close()
        lane = next((number for number, end in enumerate(ends) if end <= line.start), len(ends))
        if lane == MOST_LANES:
            lane = min(range(MOST_LANES), key=lambda number: ends[number])
        if lane == len(ends):
            ends.append(line.end)
        ends[lane] = max(ends[lane], line.end)
        together.append((line, lane))
    close()
    return found
