"""What the timer page is made of: the days, the week, an entry being edited or added. Shared by the routes that answer
with parts of it, so that page, POST reply and live refresh come from one place."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from quart import Response, request

from quart_app import at_hand, periods, spans, web, words
from quart_app.access import EntryRow, Viewer
from quart_app.days_page import DaysPage, find_newest, load_days, week_of
from quart_app.forms.entries import Choice, Refused, Way, written
from quart_app.forms.parts import Refused as SplitRefused
from quart_app.forms.parts import Span, offered
from quart_app.ids import new_id
from quart_app.queries import entries, timer
from quart_app.questions import Question
from quart_app.saved_card import pinned_card
from quart_app.team_card import team_now
from quart_app.today_page import today_of


@dataclass(frozen=True, slots=True)
class Editing:
    """An entry in its editor, or a new one (`entry` None): what the fields show, and what is wrong with them."""

    entry: EntryRow | None
    values: Mapping[str, str]
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    choices: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    field: str = ""  # where the focus goes, if it is to be moved
    copy_id: UUID = dataclasses.field(default_factory=new_id)
    questions: Sequence[Any] = ()  # about names in the text: filing.py
    overlap: Question | None = None

    @property
    def is_blank(self) -> bool:
        """A new one that nobody has written in yet."""
        return self.entry is None and not self.errors and self.values.keys() <= {"date", "id"}


@dataclass(frozen=True, slots=True)
class Selecting:
    """The bar of the selected entries: what its fields show, what is wrong with them, and the entries that a plain form
    sent along."""

    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kept: Sequence[str] = ()

    @property
    def is_blank(self) -> bool:
        return not (self.values or self.errors or self.kept)


def way_of(person: Viewer, now: datetime) -> Way:
    return Way(person.zone, person.hour_cycle, person.date_order, now)


def back_argument() -> dict[str, str]:
    """The page that an editor is to come back to, as a field of its form; {} for this one."""
    back = web.local_path(request.args.get("next"), "")
    return {"next": back} if back else {}


def field_argument() -> str:
    """The field that the focus goes to. Only its templates know which there are; an unknown one does nothing."""
    return request.args.get("field", "description")


# --- editing -----------------------------------------------------------------------------------------------------


def editing_of(entry: EntryRow, person: Viewer, now: datetime, field: str = "description") -> Editing:
    """The editor of an entry, as it is."""
    times = written(entry.started_at, entry.ended_at, way_of(person, now))
    return Editing(
        entry,
        {
            "description": entry.description,
            "project": str(entry.place or ""),
            "tags": ", ".join(entry.tags),
            "billable": "1" if entry.is_billable else "",
            "date": times.date,
            "start": times.start,
            "end": times.end,
            "end_date": times.end_date,
            "duration": times.duration,
            "version": str(entry.version),
        },
        field=field,
    )


@dataclass(frozen=True, slots=True)
class Splitting:
    """An entry to be split: its times, what the fields show, and what is wrong with them."""

    entry: EntryRow
    span: Span
    values: Mapping[str, str]
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    choices: Sequence[tuple[int, str]] = ()


def span_of(entry: EntryRow, person: Viewer, now: datetime) -> Span:
    end = entry.ended_at or max(now, entry.started_at)
    return Span(entry.started_at, end, person.zone, person.hour_cycle, person.date_order)


def splitting_of(entry: EntryRow, person: Viewer, now: datetime) -> Splitting:
    """The form that splits an entry, in its middle unless another time is typed."""
    span = span_of(entry, person, now)
    known = {"version": str(entry.version), "id": str(new_id())}
    return Splitting(entry, span, {**offered(span), **known})


def split_refused(
    entry: EntryRow, person: Viewer, now: datetime, fields: Mapping[str, str], refusal: SplitRefused
) -> Splitting:
    """The same form again, with what was typed and what is wrong with it."""
    known = {"at": "", "date": "", "at_fold": "", "version": "", "id": str(new_id())}
    span = span_of(entry, person, now)
    return Splitting(entry, span, {**known, **fields}, refusal.errors, refusal.choices)


def refused(entry: EntryRow | None, fields: Mapping[str, str], refusal: Refused) -> Editing:
    """The editor again, with what was typed and what is wrong with it."""
    return Editing(entry, fields, refusal.errors, refusal.choices, questions=refusal.questions)


def new_entry(person: Viewer, now: datetime) -> Editing:
    """The empty form of an entry by hand: today, with an id that makes sending it twice harmless."""
    today = words.format_date(periods.local_day(now, person.zone), person.date_order)
    return Editing(None, {"date": today, "id": str(new_id())})


def filled_entry(
    person: Viewer, now: datetime, span: tuple[datetime, datetime], typed: Mapping[str, str]
) -> Editing:
    """The form of an entry by hand that fills a span to the second; what else was typed in it already stays."""
    way = way_of(person, now)
    times, choices = written(*span, way), {}
    values = {name: typed.get(name, "")[:5000] for name in ("description", "project", "tags", "billable")}
    values |= {"date": times.date, "end_date": times.end_date, "id": str(new_id())}
    is_exact = any(instant.second for instant in span)
    for name, instant in zip(("start", "end"), span, strict=True):
        values[name] = periods.format_clock(instant, way.zone, way.hour_cycle, seconds=is_exact)
        local = instant.astimezone(way.zone)
        found = spans.readings(local.date(), local.time(), way.zone, hour_cycle=way.hour_cycle)
        if len(found) > 1:
            choices[name] = tuple(Choice(reading.fold, reading.words) for reading in found)
            values[f"{name}_fold"] = str(local.fold)
    return Editing(None, values, choices=choices, field="description")


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


async def timer_page(  # noqa: PLR0913 (each form of the page may come back to it)
    person: Viewer,
    *,
    before: date | None = None,
    edit: tuple[UUID, str] | None = None,
    editing: Editing | Splitting | None = None,
    adding: Editing | None = None,
    start: Mapping[str, Any] | None = None,
    start_errors: Mapping[str, str] | None = None,
    selecting: Selecting | None = None,
    status: int = 200,
) -> Response:
    """The whole page; without script it is also where forms come back to, with their errors.

    `edit` is an entry that is asked about and the field that the focus goes to: one of its editor, or "at", where to
    split it.
    """
    now = periods.now()
    page = find_newest(person, now) if not (before or edit or editing) else None
    if page is None:
        async with web.chronos().database.reading() as db:
            if edit is not None:
                found = await entries.find_entry(db, person, edit[0])
                is_split = edit[1] == "at"
                editing = (
                    splitting_of(found, person, now) if is_split else editing_of(found, person, now, edit[1])
                )
                editing = dataclasses.replace(editing, values={**editing.values, **back_argument()})
            page = newest = await load_days(db, person, now, before)
            if before is None:
                page = newest.first_screen()
            if editing and editing.entry and before is None:
                day = periods.local_day(editing.entry.started_at, person.zone)
                if day < page.since:
                    page = await load_days(db, person, now, day + timedelta(days=1))
            if before is not None:
                newest = await load_days(db, person, now)
    else:
        newest, page = page, page.first_screen()
    running = await _running_beside(person, page)
    return await web.page(
        "timer/index.html",
        status,
        running=running,
        page=page,
        today=today_of(newest, person, now) if page.before is None else None,
        week=week_of(newest, person),
        editing=editing,
        adding=adding or new_entry(person, now),
        start=start or {},
        start_errors=start_errors or {},
        selecting=selecting or Selecting(),
        **await team_now(person, now, kept=True),
        favourites=await at_hand.pinned(person),
        **await pinned_card(person, loaded=False),
    )
