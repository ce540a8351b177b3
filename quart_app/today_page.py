"""Today as the timer page shows it: its total and its strip as HTML, kept while it looks the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from quart_app import strip
from quart_app.access import EntryRow, Viewer
from quart_app.days_page import DaysPage, load_days, rendered
from quart_app.db import Connection
from quart_app.timesheet import Line

LANE_TOP, LANE_BOTTOM = 4, 30  # pixels: what the blocks take of the strip's 34

Lines = Sequence[Line[EntryRow]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What has ended, as HTML that knows nothing of now: the blocks and gaps, the hours with the gap to fill, and the
    rows of the table."""

    blocks: Markup
    hint: Markup
    rows: Markup


@dataclass(frozen=True, slots=True)
class Run:
    """What runs: its line, its block on the strip (per cent), and where that lies in it (pixels)."""

    line: Line[EntryRow]
    left: float
    width: float
    top: float
    height: float
    least: float = strip.NARROWEST


@dataclass(frozen=True, slots=True)
class Today:
    """The viewer's current day: seconds tracked until `now`, what the strip shows, where `now` stands on it (0 to 100),
    what has ended and what runs."""

    seconds: int
    window: strip.Window
    now: float
    drawing: Drawing
    run: Run | None


def today_of(page: DaysPage, person: Viewer, now: datetime) -> Today:
    """The current day out of the newest page, which holds it whole."""
    lines = next((day.lines for day in page.days if day.date == page.today), [])
    running = next((line for line in lines if line.is_running), None)
    window = strip.window_of(lines, page.today, person.zone, now)
    # What had ended when the running one began, or has ended now, looks the same for as long as the strip is no longer.
    settled = running.start if running else now
    is_still = settled <= now and all(line.end <= settled for line in lines if line is not running)
    drawing = page.kept.today.get(window) if is_still else None
    if drawing is None:
        drawing = _draw(lines, window, page, person, now)
        if is_still:
            page.kept.today[window] = drawing
    seconds = sum(line.seconds for line in lines)
    place = round(window.place(now), 2)
    run = None
    if running is not None:
        run = _run([running] if is_still else lines, window)
    return Today(seconds, window, place, drawing, run)


async def load_today(db: Connection, person: Viewer, now: datetime) -> Today:
    return today_of(await load_days(db, person, now), person, now)


def _run(lines: Lines, window: strip.Window) -> Run | None:
    """The block of the running one among these lines; those that it overlaps are there with it."""
    mark = next(mark for mark in strip.marks_of(lines, window) if mark.is_running)
    return Run(mark.lines[0], round(mark.left, 2), round(mark.width, 2), *_heights(mark))


def _draw(lines: Lines, window: strip.Window, page: DaysPage, person: Viewer, now: datetime) -> Drawing:
    gaps = [gap for gap in strip.gaps_of(lines, now) if gap.seconds >= strip.WORTH_DRAWING]
    ended = [line for line in lines if not line.is_running]
    rows: list[Line[EntryRow] | strip.Gap] = sorted([*ended, *gaps], key=lambda row: (row.start, row.end))
    blocks = rendered(
        "timer/today_blocks.html",
        viewer=person,
        window=window,
        gaps=gaps,
        marks=[mark for mark in strip.marks_of(lines, window) if not mark.is_running],
        heights=_heights,
        place_of=lambda line: next(place for place, row in enumerate(rows) if row is line),
    )
    hint = rendered(
        "timer/today_hint.html",
        viewer=person,
        hours=_written_hours(strip.hours_of(window, page.today, person.zone), person),
        gap=strip.gap_to_fill(gaps),
    )
    return Drawing(blocks, hint, rendered("timer/today_rows.html", viewer=person, rows=rows))


def _heights(mark: strip.Mark[EntryRow]) -> tuple[float, float]:
    """Top and height of a block in pixels, a pixel of air between lanes."""
    tall = (LANE_BOTTOM - LANE_TOP + 1) / mark.lanes
    return round(LANE_TOP + mark.lane * tall, 2), round(tall - 1, 2)


def _written_hours(hours: Sequence[strip.Hour], person: Viewer) -> list[tuple[float, str]]:
    """Where the hours stand and how they are written: on the 12-hour clock with am or pm where these begin."""
    if person.hour_cycle == "24":
        return [(hour.left, str(hour.hour)) for hour in hours]
    found, half = [], ""
    for left, hour in hours:
        name = "am" if hour % 24 < 12 else "pm"
        found.append((left, f"{hour % 12 or 12}{f' {name}' if name != half else ''}"))
        half = name
    return found
