"""What reports are asked for, and the floor of each: the plain SQL aggregate of the same rows, by the same driver, that
knows no days, no zones and no rights."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from quart_app import periods, reporting
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.dialects import total_seconds
from quart_app.forms.reports import key_of, narrowed
from quart_app.queries.report_entries import list_rows
from quart_app.report_spec import Days, Filters, Spec, named_days, shifted
from quart_app.reporting import Question
from quart_app.tables import entries

PAGE = 51  # entries, and one more tells that there are others
DEEP = 1000  # pages
RARE, COMMON, ABSENT = "zanzibar", "login", "xylophone"
_DAY = timedelta(days=1)

Work = Callable[[Connection], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class World:
    """Who asks, when, and what their cases need to know beforehand: the cursor of a page far down, and the project that
    most was done for."""

    viewer: Viewer
    now: datetime
    deep: str
    project: Any

    @property
    def everything(self) -> Days:
        """All three years, and what is planned."""
        return Days(self.now.date() - 1200 * _DAY, self.now.date() + 30 * _DAY)


@dataclass(frozen=True, slots=True)
class Case:
    """`most`: times its floor at most on PostgreSQL; `most_ms`: milliseconds at most; `beside`: the case that it may
    take no longer than (with a tenth for noise)."""

    name: str
    words: str
    work: Callable[[World], Work]
    floor: Callable[[World], Work]
    most: float | None = None
    most_ms: float | None = None
    beside: str = ""


async def prepare(db: Connection, viewer: Viewer, now: datetime) -> World:
    known = World(viewer, now, "", None)
    asked = await _ask(db, known, _all(known))
    stretches = asked.stretches(asked.days, [asked.days])
    above = (DEEP - 1) * (PAGE - 1)
    rows = await list_rows(db, viewer, stretches, asked.spec.filters, "-start", now, above)
    month = replace(asked, spec=Spec(period="last-month"), days=_days("last-month", known))
    lines, _total = await reporting.load_lines(db, month)
    project = next((line.value for line in lines if line.value is not None), None)
    return World(viewer, now, rows[-1].cursor if len(rows) == above else "", project)


# --- reports -----------------------------------------------------------------------------------------------------


async def _ask(db: Connection, world: World, spec: Spec) -> Question:
    return await reporting.ask(db, world.viewer, spec, world.now)


def _summary(spec: Spec) -> Callable[[World], Work]:
    def of(world: World) -> Work:
        async def work(db: Connection) -> object:
            return await reporting.load_summary(db, await _ask(db, world, spec))

        return work

    return of


def _lines(spec: Spec) -> Callable[[World], Work]:
    def of(world: World) -> Work:
        async def work(db: Connection) -> object:
            return await reporting.load_lines(db, await _ask(db, world, spec))

        return work

    return of


def _weekly(spec: Spec) -> Callable[[World], Work]:
    def of(world: World) -> Work:
        async def work(db: Connection) -> object:
            return await reporting.load_weekly(db, await _ask(db, world, spec))

        return work

    return of


def _all(world: World, text: str = "") -> Spec:
    return Spec(view="detailed", filters=Filters(text=text)).over(world.everything)


def _page(text: str = "", *, deep: bool = False) -> Callable[[World], Work]:
    def of(world: World) -> Work:
        async def work(db: Connection) -> object:
            asked = await _ask(db, world, _all(world, text))
            stretches = asked.stretches(asked.days, [asked.days])
            after = world.deep if deep else ""
            return await list_rows(
                db, world.viewer, stretches, asked.spec.filters, "-start", world.now, PAGE, after
            )

        return work

    return of


def _explained(world: World) -> Work:
    """The entries behind a project's hours of a month, and what they sum to."""

    async def work(db: Connection) -> object:
        asked = await _ask(db, world, Spec(period="last-month"))
        key = key_of([("project", world.project)])
        spec, days = narrowed(asked.spec, key, asked.days, lambda _bucket, day: Days(day, day))
        figure = replace(asked, spec=spec, days=days)
        stretches = figure.stretches(days, [days])
        total = await reporting.load_total(db, figure)
        return total, await list_rows(db, world.viewer, stretches, spec.filters, "-start", world.now, PAGE)

    return work


# --- floors ------------------------------------------------------------------------------------------------------


def _days(period: str, world: World) -> Days:
    return named_days(period, periods.local_day(world.now, world.viewer.zone), world.viewer.week_start)


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _rows(world: World, days: Days) -> list[sa.ColumnElement[bool]]:
    return [
        entries.c.workspace_id == world.viewer.workspace_id,
        entries.c.deleted_at.is_(None),
        entries.c.started_at >= _instant(days.first),
        entries.c.started_at < _instant(days.last + _DAY),
    ]


def _sums(period: str, *, before: bool) -> Callable[[World], Work]:
    """Seconds and counts by project of the period's rows, and with `before` of those of the period before, too."""

    def of(world: World) -> Work:
        days = _days(period, world)
        if before:
            earlier = shifted(days, -1, world.viewer.week_start)
            days = Days(earlier.first, days.last)
        seconds = total_seconds(entries.c.started_at, entries.c.ended_at)
        statement = (
            sa.select(entries.c.project_id, seconds, sa.func.count())
            .where(*_rows(world, days))
            .group_by(entries.c.project_id)
        )

        async def work(db: Connection) -> object:
            return (await db.execute(statement)).all()

        return work

    return of


def _listed(text: str = "", *, deep: bool = False) -> Callable[[World], Work]:
    def of(world: World) -> Work:
        statement = sa.select(entries).where(*_rows(world, world.everything))
        if text:
            statement = statement.where(entries.c.description.icontains(text))
        if deep and world.deep:
            start = datetime.fromtimestamp(int(world.deep.partition("~")[2]), UTC)
            statement = statement.where(entries.c.started_at < start)
        statement = statement.order_by(entries.c.started_at.desc(), entries.c.id.desc()).limit(PAGE)

        async def work(db: Connection) -> object:
            return (await db.execute(statement)).all()

        return work

    return of


def _explained_floor(world: World) -> Work:
    here = [*_rows(world, _days("last-month", world)), entries.c.project_id == world.project]
    seconds = total_seconds(entries.c.started_at, entries.c.ended_at)
    total = sa.select(seconds, sa.func.count()).where(*here)
    page = sa.select(entries).where(*here).order_by(entries.c.started_at.desc()).limit(PAGE)

    async def work(db: Connection) -> object:
        return (await db.execute(total)).all(), (await db.execute(page)).all()

    return work


YEAR_BY_DAY = Spec(period="last-year", by="day", then="project")
CASES = (
    Case(
        "month",
        "summary of a month, with the month before",
        _summary(Spec(period="last-month")),
        _sums("last-month", before=True),
        most=2.5,
    ),
    Case(
        "year",
        "summary of a year, with the year before",
        _summary(Spec(period="last-year")),
        _sums("last-year", before=True),
    ),
    Case(
        "year-totals",
        "totals of a year by project",
        _lines(Spec(period="last-year")),
        _sums("last-year", before=False),
        most=2.0,
    ),
    Case(
        "year-days",
        "a year by day and project",
        _lines(YEAR_BY_DAY),
        _sums("last-year", before=False),
        most=5.0,
    ),
    Case(
        "year-days-page",
        "the same with chart and the year before",
        _summary(YEAR_BY_DAY),
        _sums("last-year", before=True),
    ),
    Case("weekly", "weekly grid", _weekly(Spec(period="last-week")), _sums("last-week", before=False)),
    Case("first-page", "detailed, first page", _page(), _listed()),
    Case(
        "deep-page",
        f"detailed, page {DEEP:,}",
        _page(deep=True),
        _listed(deep=True),
        beside="first-page",
    ),
    Case("explain", "explain: a figure's parts and sum", _explained, _explained_floor, most_ms=50),
    Case("common", f"search: a common word ({COMMON})", _page(COMMON), _listed(COMMON), most_ms=50),
    Case("rare", f"search: a rare word ({RARE})", _page(RARE), _listed(RARE), most_ms=50),
    Case("absent", "search: a word that is nowhere", _page(ABSENT), _listed(ABSENT), most_ms=50),
)
