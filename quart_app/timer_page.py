"""What the timer page is made of: the days, the week, an entry being edited or added. Shared by the routes that answer
with parts of it, so that page, POST reply and live refresh come from one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from quart import Response

from quart_app import periods, web
from quart_app.access import EntryRow, Viewer
from quart_app.days_page import DaysPage, find_newest, load_days, week_of
from quart_app.forms.entries import Refused, Way, written
from quart_app.ids import new_id
from quart_app.queries import entries, timer


@dataclass(frozen=True, slots=True)
class Editing:
    """An entry in its editor, or a new one (`entry` None): what the fields show, and what is wrong with them."""

    entry: EntryRow | None
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """A new one that nobody has written in yet."""
        return self.entry is None and not self.errors and self.values.keys() <= {"date", "id"}


def way_of(person: Viewer, now: datetime) -> Way:
    return Way(person.zone, person.hour_cycle, person.date_order, now)


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


async def _running_beside(person: Viewer, page: DaysPage) -> EntryRow | None:
    """What the bar shows is what runs in the list, if the list shows it."""
    for line in (line for day in page.days if day.date >= page.moving for line in day.lines):
        if line.is_running:
            return line.entry
    if web.running() is None:
        return None
    # It runs in another workspace or on a newer page, or it ended in this very moment.
    async with web.chronos().database.reading() as db:
        return await timer.find_running(db, person)


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
    page = find_newest(person, now) if not (before or edit or editing) else None
    if page is None:
        async with web.chronos().database.reading() as db:
            if edit is not None:
                editing = editing_of(await entries.find_entry(db, person, edit), person, now)
            page = await load_days(db, person, now, before)
            if editing and editing.entry and before is None:
                day = periods.local_day(editing.entry.started_at, person.zone)
                if day < page.since:
                    page = await load_days(db, person, now, day + timedelta(days=1))
            newest = page if page.before is None else await load_days(db, person, now)
    else:
        newest = page
    running = await _running_beside(person, page)
    return await web.page(
        "timer/index.html",
        status,
        running=running,
        page=page,
        week=week_of(newest, person),
        editing=editing,
        adding=adding or new_entry(person, now),
        start=start or {},
        start_errors=start_errors or {},
    )
