"""What the timer page is made of: days of entries, the week, an entry being edited. Shared by the routes that answer
with parts of it, so that page, POST reply and live refresh come from one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from markupsafe import Markup
from quart import Response, current_app

from quart_app import periods, web
from quart_app.access import EntryRow, Viewer
from quart_app.db import Connection
from quart_app.forms.entries import Refused, Way, written
from quart_app.ids import new_id
from quart_app.queries import entries, timer
from quart_app.timesheet import Column, Day, Line, Share, chart_of, days_of, shares_of

PAGE = 50
FOREVER = datetime(2300, 1, 1, tzinfo=UTC)
CHART_HEIGHT = 84


@dataclass(frozen=True, slots=True)
class DaysPage:
    """Whole days, the latest first: from `since` on, and before `before` (None: the newest page)."""

    days: list[Day[EntryRow]]
    since: date
    before: date | None
    has_older: bool
    today: date
    day_end: int


@dataclass(frozen=True, slots=True)
class Week:
    """The viewer's current week."""

    seconds: int
    is_running: bool
    shares: list[Share]
    columns: list[Column]
    top_hours: int


@dataclass(frozen=True, slots=True)
class Editing:
    """An entry in its editor, or a new one (`entry` None): what the fields show, and what is wrong with them."""

    entry: EntryRow | None
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)


def way_of(person: Viewer, now: datetime) -> Way:
    return Way(person.zone, person.hour_cycle, person.date_order, now)


# --- days --------------------------------------------------------------------------------------------------------


async def load_days(
    db: Connection, person: Viewer, now: datetime, before: date | None = None, since: date | None = None
) -> DaysPage:
    """A page of days: about PAGE entries and, on the newest page, at least the current week.

    With `since` exactly the days from there on.
    """
    zone = person.zone
    today = periods.local_day(now, zone)
    until = periods.day_start(before, zone) if before else FOREVER
    if since is not None:
        rows = await entries.list_entries(db, person, periods.day_start(since, zone), until)
        has_older = True
    else:
        week = periods.week_start(today, person.week_start)
        at_most = periods.day_start(week, zone) if before is None else until
        rows = await entries.list_latest_entries(db, person, until, PAGE, at_most)
        has_older = len(rows) > PAGE
        since = _first_day(rows, zone, has_older, week if before is None else None)
    return DaysPage(
        days_of(rows, zone, now, since, before),
        since,
        before,
        has_older,
        today,
        int(periods.day_range(today, zone)[1].timestamp()),
    )


def _first_day(rows: list[EntryRow], zone: Any, has_older: bool, week: date | None) -> date:
    """Where the page ends: the day of its last entry, so that no day is cut in two. With nothing older it has no end,
    so that an old entry added later shows up, too."""
    if not has_older:
        return date(1970, 1, 1)
    first = periods.local_day(rows[PAGE].started_at, zone)
    return min(first, week) if week else first


def week_of(page: DaysPage, person: Viewer) -> Week:
    """The current week out of a page that holds it whole."""
    week = periods.week_days(page.today, person.week_start)
    days = [day for day in page.days if week[0] <= day.date <= week[-1]]
    columns, top_hours = chart_of(days, week, CHART_HEIGHT)
    return Week(
        sum(day.seconds for day in days),
        any(day.is_running for day in days),
        shares_of(days),
        columns,
        top_hours,
    )


async def load_week(db: Connection, person: Viewer, now: datetime) -> Week:
    today = periods.local_day(now, person.zone)
    start, end = periods.week_range(today, person.week_start, person.zone)
    rows = await entries.list_entries(db, person, start, end)
    week = periods.week_start(today, person.week_start)
    page = DaysPage(
        days_of(rows, person.zone, now, week, week + timedelta(days=7)), week, None, False, today, 0
    )
    return week_of(page, person)


# --- rows --------------------------------------------------------------------------------------------------------


def line_html(line: Line[EntryRow], person: Viewer) -> Markup:
    """A row. What has ended looks the same until it changes, so it is kept by all that it is made of."""
    if line.is_running:
        return _render_line(line, person.time_zone, person.hour_cycle, person.may_track)
    return _kept_line(line, person.time_zone, person.hour_cycle, person.may_track)


def _render_line(line: Line[EntryRow], zone_name: str, hour_cycle: str, may_track: bool) -> Markup:
    template = current_app.jinja_env.get_template("entries/_row.html")
    zone = periods.zone(zone_name)
    entry = line.entry
    days_later = 0
    if entry.ended_at is not None:
        days_later = (
            periods.local_day(entry.ended_at, zone) - periods.local_day(entry.started_at, zone)
        ).days
    return Markup(  # noqa: S704 (a template's own output, escaped there)
        template.render(
            line=line,
            entry=entry,
            zone=zone,
            hour_cycle=hour_cycle,
            may_track=may_track,
            days_later=days_later,
        ).strip()
    )


_kept_line = lru_cache(maxsize=4096)(_render_line)


async def row_fragment(person: Viewer, entry: EntryRow) -> Response:
    """The row of an entry: its first day's line."""
    now = periods.now()
    line = next(iter(days_of([entry], person.zone, now, date(1970, 1, 1))[-1:])).lines[-1]
    return await web.fragment("entries/_line.html", html=line_html(line, person))


# --- editing -----------------------------------------------------------------------------------------------------


def editing_of(entry: EntryRow, person: Viewer, now: datetime) -> Editing:
    """The editor of an entry, as it is."""
    times = written(entry.started_at, entry.ended_at, way_of(person, now))
    return Editing(
        entry,
        {
            "description": entry.description,
            "project": str(entry.project_id or ""),
            "tags": ", ".join(entry.tags),
            "billable": "1" if entry.is_billable else "",
            "date": times.date,
            "start": times.start,
            "end": times.end,
            "end_date": times.end_date,
            "duration": times.duration,
            "version": str(entry.version),
        },
    )


def refused(entry: EntryRow | None, fields: Mapping[str, str], refusal: Refused) -> Editing:
    """The editor again, with what was typed and what is wrong with it."""
    return Editing(entry, fields, refusal.errors, refusal.choices)


def new_entry(person: Viewer, now: datetime) -> Editing:
    """The empty form of an entry by hand: today, with an id that makes sending it twice harmless."""
    today = periods.format_date(periods.local_day(now, person.zone), person.date_order)
    return Editing(None, {"date": today, "id": str(new_id())})


async def timer_page(
    person: Viewer,
    *,
    before: date | None = None,
    edit: UUID | None = None,
    editing: Editing | None = None,
    adding: Editing | None = None,
    start: Mapping[str, str] | None = None,
    start_errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The whole page; without script it is also where forms come back to, with their errors."""
    now = periods.now()
    async with web.chronos().database.reading() as db:
        if edit is not None:
            editing = editing_of(await entries.find_entry(db, person, edit), person, now)
        page = await load_days(db, person, now, before)
        if editing and editing.entry and before is None:
            day = periods.local_day(editing.entry.started_at, person.zone)
            if day < page.since:
                page = await load_days(db, person, now, day + timedelta(days=1))
        week = week_of(page, person) if page.before is None else await load_week(db, person, now)
        running = next(
            (day.lines[0].entry for day in page.days if day.is_running and day.lines[0].is_running), None
        )
        if running is None:
            running = await timer.find_running(db, person)
    return await web.page(
        "timer/index.html",
        status,
        running=running,
        page=page,
        week=week,
        editing=editing,
        adding=adding or new_entry(person, now),
        start=start or {},
        start_errors=start_errors or {},
        line_html=line_html,
    )
