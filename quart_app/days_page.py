"""Days of entries and the current week, as the timer page and its fragments show them.

What has been made of them is kept for as long as nothing changes."""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from typing import Any, Self, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup
from quart import Response, current_app, request

from quart_app import periods, web, words
from quart_app.access import EntryRow, Viewer
from quart_app.db import Connection
from quart_app.queries import entries
from quart_app.timesheet import Bar, Column, Day, Fold, Line, chart_of, days_of, lines_of, shares_of

PAGE = 25
FOREVER = datetime(2300, 1, 1, tzinfo=UTC)
CHART_HEIGHT = 84


@dataclass(frozen=True, slots=True)
class Week:
    """The viewer's current week: its total, and its bars and legend as HTML."""

    seconds: int
    is_running: bool
    drawing: Markup


@dataclass(slots=True)
class Kept:
    """What has been made of days, for all pages that show the same: see find_newest."""

    sections: dict[date, bytes] = field(default_factory=dict)
    week: Week | None = None
    today: dict[Hashable, Any] = field(
        default_factory=dict
    )  # drawings, by where they begin and end: today_page.py


@dataclass(frozen=True, slots=True)
class DaysPage:
    """Whole days, the latest first: from `since` on, and before `before` (None: the newest page).

    From `moving` on days look different each minute, because a timer runs in them.
    """

    days: list[Day[EntryRow]]
    since: date
    before: date | None
    has_older: bool
    today: date
    day_end: int
    kept: Kept = field(default_factory=Kept)
    moving: date = date.max

    def section(
        self, day: Day[EntryRow], person: Viewer, edited: UUID | None = None, editor: Markup | None = None
    ) -> Markup:
        """A day as HTML. What has ended looks the same until a revision changes: see find_newest. The entry that is
        edited has its editor in its place."""
        is_kept = day.date < self.moving and edited is None
        if is_kept and (found := self.kept.sections.get(day.date)) is not None:
            return web.place(found)
        label = words.day_label(day.date, self.today, person.date_order)
        item_html = partial(_item_html, person=person, edited=edited, editor=editor)
        made = rendered(
            "entries/_day.html", day=day, label=label, item_html=item_html, may_track=person.may_track
        )
        if is_kept:
            self.kept.sections[day.date] = made.encode()
        return made

    def first_screen(self) -> Self:
        """The latest days of it, PAGE lines or a few more: the week may hold hundreds, and the rest comes as one
        scrolls."""
        lines = 0
        for count, day in enumerate(self.days[:-1], 1):
            lines += len(day.lines)
            if lines >= PAGE:
                return replace(self, days=self.days[:count], since=day.date, has_older=True)
        return self


# --- days --------------------------------------------------------------------------------------------------------


async def load_days(
    db: Connection, person: Viewer, now: datetime, before: date | None = None, since: date | None = None
) -> DaysPage:
    """A page of days: about PAGE entries and, on the newest page, at least the current week.

    With `since` exactly the days from there on.
    """
    if before is None:
        return find_newest(person, now, since) or await _read_newest(db, person, now, since)
    zone = person.zone
    today = periods.local_day(now, zone)
    rows, since, has_older = await _load_rows(db, person, today, before, since)
    days = days_of(rows, zone, now, since, before)
    return DaysPage(days, since, before, has_older, today, _day_end(today, zone))


async def _load_rows(
    db: Connection, person: Viewer, today: date, before: date | None, since: date | None
) -> tuple[list[EntryRow], date, bool]:
    """The entries of a page of days, the first day of the page, and whether there are older ones."""
    zone = person.zone
    until = periods.day_start(before, zone) if before else FOREVER
    if since is not None:
        return await entries.list_entries(db, person, periods.day_start(since, zone), until), since, True
    week = periods.week_start(today, person.week_start)
    at_most = periods.day_start(week, zone) if before is None else until
    rows = await entries.list_latest_entries(db, person, until, PAGE, at_most)
    has_older = len(rows) > PAGE
    return rows, _first_day(rows, zone, has_older, week if before is None else None), has_older


def _day_end(day: date, zone: ZoneInfo) -> int:
    return int(periods.day_range(day, zone)[1].timestamp())


def _first_day(rows: list[EntryRow], zone: Any, has_older: bool, week: date | None) -> date:
    """Where the page ends: the day of its last entry, so that no day is cut in two. With nothing older it has no end,
    so that an old entry added later shows up, too."""
    if not has_older:
        return date(1970, 1, 1)
    first = periods.local_day(rows[PAGE].started_at, zone)
    return min(first, week) if week else first


# --- what is kept ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Newest:
    """The newest page of somebody's days with what runs left out, for it looks different each minute."""

    days: list[Day[EntryRow]]
    running: EntryRow | None
    since: date
    has_older: bool
    kept: Kept = field(default_factory=Kept)

    def page_at(self, now: datetime, zone: ZoneInfo, today: date) -> DaysPage:
        """The page as it is at this moment: what days_of() makes of all its entries together."""
        days, moving = self.days, date.max
        if self.running is not None:
            by_date = {day.date: day for day in days}
            for day, line in lines_of(self.running, zone, now):
                if day >= self.since:
                    moving = min(moving, day)
                    lines = [*(by_date[day].lines if day in by_date else ()), line]
                    by_date[day] = Day(day, sorted(lines, key=_place, reverse=True))
            days = [by_date[day] for day in sorted(by_date, reverse=True)]
        end = _day_end(today, zone)
        return DaysPage(days, self.since, None, self.has_older, today, end, self.kept, moving)


def _place(line: Line[EntryRow]) -> tuple[datetime, datetime, UUID]:
    return line.start, line.entry.started_at, line.entry.id


MOST_KEPT = 100  # people, more or less: each takes some 150 kB, of their latest revision
MOST_ROWS = 300  # of one of them


def find_newest(person: Viewer, now: datetime, since: date | None = None) -> DaysPage | None:
    """The newest page (or the days since then), where it is kept.

    Every write that changes what somebody's pages show raises their revision, or that of the workspace, in the same
    transaction (journal.py), and both were read before the rows: so what is found under them is as new as they are.
    Beside them the key is all that the days are laid out and rendered by. A request that writes looks for itself.
    """
    kept, today = web.chronos().kept_days, periods.local_day(now, person.zone)
    if request.method == "GET":
        for place in (_place_of(person, since), _place_of(person, None)):
            key, found = kept.get(place, (None, None))
            if found is not None and key == _key(person, today) and since in (None, found.since):
                kept.move_to_end(place)
                return cast(DaysPage, found.page_at(now, person.zone, today))
    return None


def _place_of(person: Viewer, since: date | None) -> Hashable:
    return person.user_id, person.workspace_id, since


def _key(person: Viewer, today: date) -> Hashable:
    return person.revision, person.workspace_revision, person.looks, today


async def _read_newest(db: Connection, person: Viewer, now: datetime, since: date | None) -> DaysPage:
    """The same from the database, to be kept."""
    zone, today = person.zone, periods.local_day(now, person.zone)
    rows, first, has_older = await _load_rows(db, person, today, None, since)
    running = next((row for row in rows if row.is_running), None)
    ended = days_of([row for row in rows if row is not running], zone, FOREVER, first)
    made = _Newest(ended, running, first, has_older)
    if request.method == "GET" and len(rows) <= MOST_ROWS:
        place, value = _place_of(person, since), (_key(person, today), made)
        web.chronos().kept_days.keep(place, value, MOST_KEPT)
    return made.page_at(now, zone, today)


# --- the week ----------------------------------------------------------------------------------------------------


def week_of(page: DaysPage, person: Viewer) -> Week:
    """The current week out of the newest page, which holds it whole."""
    if page.kept.week is not None and page.moving == date.max:
        return page.kept.week
    week = periods.week_days(page.today, person.week_start)
    days = [day for day in page.days if week[0] <= day.date <= week[-1]]
    chart = chart_of(days, week, CHART_HEIGHT, person.day_target * 60)
    short, letters = words.weekday_names("abbreviated"), words.weekday_names("narrow")
    names = [(short[each.date.weekday()], letters[each.date.weekday()]) for each in chart.columns]
    shown = {"chart": chart, "height": CHART_HEIGHT, "names": names, "shares": shares_of(days)}
    drawing = rendered("entries/week_drawing.html", column_html=_column_html, **shown)
    made = Week(sum(day.seconds for day in days), any(day.is_running for day in days), drawing)
    if page.moving == date.max:
        page.kept.week = made
    return made


def _column_html(index: int, name: str, letter: str, column: Column) -> Markup:
    """A day's bars. While a timer runs they are drawn anew each time; those of the other days stay."""
    title = f"{name} {words.format_duration(column.seconds)}"
    return _kept_column(index, title, letter, tuple(column.bars))


@lru_cache(maxsize=2048)
def _kept_column(index: int, title: str, letter: str, bars: tuple[Bar, ...]) -> Markup:
    return rendered("entries/week_column.html", index=index, title=title, letter=letter, bars=bars)


async def load_week(db: Connection, person: Viewer, now: datetime) -> Week:
    return week_of(await load_days(db, person, now), person)


# --- rows --------------------------------------------------------------------------------------------------------


def rendered(template: str, **context: Any) -> Markup:
    """A template that shows nothing but what it is given: neither the request nor who asks is there for it."""
    text = current_app.jinja_env.get_template(template).render(context).strip()
    return Markup(text)  # noqa: S704 (a template's own output, escaped there)


def _item_html(
    item: Line[EntryRow] | Fold[EntryRow], person: Viewer, edited: UUID | None, editor: Markup | None
) -> Markup:
    """What a day's list holds: a line, a fold of lines, or the editor in its entry's place."""
    if isinstance(item, Line):
        return editor if editor and _is(item, edited) else line_html(item, person)
    if not any(_is(line, edited) for line in item.lines):
        return _kept_fold(item, *_looks(person))
    return _fold_html(item, partial(_item_html, person=person, edited=edited, editor=editor), *_looks(person))


def _is(line: Line[EntryRow], edited: UUID | None) -> bool:
    return line.index == 0 and line.entry.id == edited


def _looks(person: Viewer) -> tuple[str, str, bool, words.Taste]:
    return person.time_zone, person.hour_cycle, person.may_track, words.taste()


def line_html(line: Line[EntryRow], person: Viewer) -> Markup:
    """A row. What has ended looks the same until it changes, so it is kept by all that it is made of."""
    return _render_line(line, *_looks(person)) if line.is_running else _kept_line(line, *_looks(person))


def _render_line(
    line: Line[EntryRow], zone_name: str, hour_cycle: str, may_track: bool, _taste: words.Taste
) -> Markup:
    zone = periods.zone(zone_name)
    entry = line.entry
    days_later = 0
    if entry.ended_at is not None:
        days_later = (
            periods.local_day(entry.ended_at, zone) - periods.local_day(entry.started_at, zone)
        ).days
    return rendered(
        "entries/_row.html",
        line=line,
        entry=entry,
        name=entry.description or words._("No description"),
        zone=zone,
        hour_cycle=hour_cycle,
        may_track=may_track,
        days_later=days_later,
    )


_kept_line = lru_cache(maxsize=2048)(_render_line)


def _fold_html(
    fold: Fold[EntryRow],
    line_html: Callable[[Line[EntryRow]], Markup] | None,
    zone_name: str,
    hour_cycle: str,
    may_track: bool,
    taste: words.Taste,
) -> Markup:
    """Alike entries as one. Without `line_html` its lines are as they always are, and it is folded."""
    zone = periods.zone(zone_name)
    entry = fold.lines[0].entry
    likeness = hashlib.blake2s(repr(entry.likeness).encode(), digest_size=6).hexdigest()
    return rendered(
        "entries/fold.html",
        fold=fold,
        # As long as two remain that are alike it is the same fold, whatever is added to it or taken away.
        key=f"{periods.local_day(fold.start, zone)}-{likeness}",
        entry=entry,
        name=entry.description or words._("No description"),
        is_open=line_html is not None,
        line_html=line_html or (lambda line: _kept_line(line, zone_name, hour_cycle, may_track, taste)),
        zone=zone,
        hour_cycle=hour_cycle,
        may_track=may_track,
    )


@lru_cache(maxsize=1024)
def _kept_fold(fold: Fold[EntryRow], *looks: Any) -> Markup:
    return _fold_html(fold, None, *looks)


async def row_fragment(person: Viewer, entry: EntryRow) -> Response:
    """The row of an entry: its first day's line."""
    now = periods.now()
    line = next(iter(days_of([entry], person.zone, now, date.min)[-1:])).lines[-1]
    return await web.fragment("entries/_line.html", html=line_html(line, person))
