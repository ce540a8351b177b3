"""The entries behind a report's figures: a page of them at a time, or all, one after the other."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from quart_app.access import Viewer, names_of, tag_text
from quart_app.columns import Id
from quart_app.db import Connection
from quart_app.dialects import earlier, epoch, greatest, joined_names, least, seconds_between
from quart_app.kinds import Instant
from quart_app.report_rows import Stretch, conditions, of_stretch, reaching_in, reported
from quart_app.report_spec import Filters
from quart_app.tables import entries, entry_tags, projects, users

NEAR = 5000


class PartRow(NamedTuple):
    """An entry, as reports show it. `place` tells in which of the stretches it was found; instants are epoch seconds,
    `ended` None while it runs. Project, task and member are named by Names (queries/reports.py)."""

    place: int
    id: UUID
    user_id: UUID
    project_id: UUID | None
    task_id: UUID | None
    description: str
    started: int
    ended: int | None
    is_billable: bool
    version: int
    sort_key: Any
    tag_text: str | None

    @property
    def tags(self) -> tuple[str, ...]:
        return names_of(self.tag_text)

    @property
    def cursor(self) -> str:
        """What list_rows takes to go on after this row."""
        key = self.started if isinstance(self.sort_key, datetime) else self.sort_key
        return f"{self.id}~{key}"


class BadCursor(ValueError):
    """It was not made by PartRow.cursor for this sort."""


async def list_rows(
    db: Connection,
    viewer: Viewer,
    stretches: Sequence[Stretch],
    filters: Filters,
    sort: str,
    now: datetime,
    limit: int,
    after: str = "",
) -> list[PartRow]:
    """Up to `limit` entries that have a share in the stretches (of no length, too), in the order of `sort` (one of
    SORTS, with "-" before it for descending), those after the cursor. Raises BadCursor."""
    if filters.text and stretches and db.dialect.name == "postgresql" and sort.removeprefix("-") == "start":
        # A common word is found among the nearest entries, a rare one by the index of words: PostgreSQL would gather
        # all that have the common one before it sorts them.
        bound = await _nearest(db, viewer, stretches, sort, after)
        near = select_rows(viewer, stretches, filters, sort, now, limit, after, bound)
        rows = [PartRow(*row) for row in await db.execute(near)]
        if len(rows) == limit:
            return rows
    statement = select_rows(viewer, stretches, filters, sort, now, limit, after)
    return [PartRow(*row) for row in await db.execute(statement)]


async def _nearest(
    db: Connection, viewer: Viewer, stretches: Sequence[Stretch], sort: str, after: str
) -> datetime:
    """The start of the entry that lies NEAR entries further on in the order of starts: nearer ones are looked at one by
    one."""
    is_down = sort.startswith("-")
    since = min(stretch.since for stretch in stretches)
    until = max(stretch.until for stretch in stretches)
    start = entries.c.started_at
    if after:
        place, _row = _cursor(after, "start")
        since, until = (since, place) if is_down else (place, until)
    statement = (
        sa.select(start)
        .where(reported(viewer), start >= sa.literal(since, Instant), start <= sa.literal(until, Instant))
        .order_by(start.desc() if is_down else start.asc())
        .offset(NEAR)
        .limit(1)
    )
    found: datetime | None = (await db.execute(statement)).scalar()
    return found or (since if is_down else until)


# Columns of stream_rows: (place, id, user_id, project_id, task_id, description, started, ended, is_billable, tag ids,
# as text with TAG_COMMA between them, or None).
_STREAMED = (
    *("place", "id", "user_id", "project_id", "task_id"),
    *("description", "started", "ended", "is_billable"),
)
TAG_COMMA = ","


async def stream_rows(
    db: Connection,
    viewer: Viewer,
    stretches: Sequence[Stretch],
    filters: Filters,
    sort: str,
    now: datetime,
    size: int,
) -> AsyncGenerator[Sequence[Any]]:
    """All that list_rows would find, so many at a time, as plain rows (see _STREAMED): a million of them takes no more
    memory than a few thousand. The snapshot of `db` stays open meanwhile."""
    every = select_rows(viewer, stretches, filters, sort, now)
    page: Any = every.selected_columns["id"].table
    of_row = (entry_tags.c.workspace_id == page.c.workspace_id, entry_tags.c.entry_id == page.c.id)
    tagged = sa.select(joined_names(sa.cast(entry_tags.c.tag_id, sa.Text), TAG_COMMA)).where(*of_row)
    tag_ids = tagged.correlate(page).scalar_subquery().label("tag_ids")
    # In the order of the rows, still.
    statement = every.with_only_columns(*(page.c[name] for name in _STREAMED), tag_ids)
    if db.dialect.name != "postgresql":
        async with db.stream(statement) as result:
            async for rows in result.partitions(size):
                yield rows
        return
    # The driver's own cursor: SQLAlchemy's rows take twice the time. Its rows are what the dialect would give.
    compiled = statement.compile(dialect=db.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params()
    raw: Any = await db.get_raw_connection()
    fetching: asyncio.Task[Any] | None = None
    try:
        cursor = await raw.driver_connection.cursor(
            str(compiled), *(values[name] for name in getattr(compiled, "positiontup", None) or ())
        )
        fetching = asyncio.ensure_future(cursor.fetch(size))
        while rows := await fetching:
            # The server gets the next ones ready while these are written.
            fetching = asyncio.ensure_future(cursor.fetch(size))
            await asyncio.sleep(0)
            yield rows
    except GeneratorExit:
        # Whoever read it has read enough: the cursor ends with the snapshot.
        await _ended(fetching)
        raise
    except BaseException:
        if fetching is not None:
            fetching.cancel()
        await _ended(fetching)
        # Broken off half way: nobody else shall have this connection.
        await db.invalidate()
        raise


async def _ended(work: "asyncio.Task[Any] | None") -> None:
    """Wait for the end of what nobody asks for any more; how it ended is all the same."""
    if work is not None:
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()


def select_rows(
    viewer: Viewer,
    stretches: Sequence[Stretch],
    filters: Filters,
    sort: str,
    now: datetime,
    limit: int | None = None,
    after: str = "",
    bound: datetime | None = None,
) -> sa.Select[Any]:
    """The statement of list_rows; with no limit all of them. With a `bound` only entries whose start lies before it in
    the order, none of them found by the index of words."""
    is_down, name = sort.startswith("-"), sort.removeprefix("-")
    branches = [
        branch
        for place, stretch in enumerate(stretches)
        if stretch.since < stretch.until
        for branch in _branches(viewer, place, stretch, filters, sort, now, after, by_words=bound is None)
    ]
    if bound is not None:
        start, at = entries.c.started_at, sa.literal(bound, Instant)
        branches = [branch.where(start >= at if is_down else start <= at) for branch in branches]
    if not branches:
        branches = [_select(0, sa.literal(0), now).where(sa.false())]
    narrowed = [_narrowed(branch, name, is_down, after) for branch in branches]
    if limit is not None:
        narrowed = [_first(branch, is_down, limit) for branch in narrowed]
    found = sa.union_all(*narrowed).subquery("found")
    page = (
        sa.select(found)
        .order_by(*_order(found.c.sort_key, found.c.id, is_down))
        .limit(limit)
        .subquery("page")
    )
    shown = [column for column in page.c if column.key != "workspace_id"]
    # The tags last: of the rows that are shown only.
    return sa.select(*shown, tag_text(page).label("tag_text")).order_by(
        *_order(page.c.sort_key, page.c.id, is_down)
    )


def _branches(
    viewer: Viewer,
    place: int,
    stretch: Stretch,
    filters: Filters,
    sort: str,
    now: datetime,
    after: str,
    *,
    by_words: bool,
) -> list[sa.Select[Any]]:
    """Searches that have no row in common: each finds its first rows by an index."""
    name = sort.removeprefix("-")
    since, until = (sa.literal(edge, Instant) for edge in _starts(stretch, sort, after))
    where = [reported(viewer), *conditions(viewer, filters, by_words=by_words), *of_stretch(stretch)]
    key = _sort_key(name, stretch, now)

    def select() -> sa.Select[Any]:
        return _select(place, key, now).where(*where)

    found = reaching_in(stretch, select, filters.running, now)
    if filters.running != "only":
        starts = (entries.c.started_at >= since, entries.c.started_at < until)
        within = select().where(*starts, entries.c.ended_at.is_not(None))
        found.insert(0, within.execution_options(many=True))
    return found


def _starts(stretch: Stretch, sort: str, after: str) -> tuple[datetime, datetime]:
    """Between which instants an entry that comes after the cursor can begin within the stretch."""
    if not after or sort.removeprefix("-") != "start":
        return stretch.since, stretch.until
    place, _row = _cursor(after, "start")
    if sort == "start":
        return max(stretch.since, place), stretch.until
    return stretch.since, min(stretch.until, place + timedelta(seconds=1))


def _select(place: int, key: sa.ColumnElement[Any], now: datetime) -> sa.Select[Any]:
    return sa.select(
        sa.literal_column(str(place)).label("place"),
        entries.c.id,
        entries.c.user_id,
        entries.c.project_id,
        entries.c.task_id,
        entries.c.description,
        epoch(entries.c.started_at).label("started"),
        epoch(entries.c.ended_at).label("ended"),
        entries.c.is_billable,
        entries.c.version,
        key.label("sort_key"),
        entries.c.workspace_id,
    )


def _sort_key(name: str, stretch: Stretch, now: datetime) -> sa.ColumnElement[Any]:
    if name == "start":
        return entries.c.started_at
    if name == "description":
        return entries.c.description
    if name == "project":
        of_project = (
            projects.c.workspace_id == entries.c.workspace_id,
            projects.c.id == entries.c.project_id,
        )
        named = sa.select(projects.c.name_key).where(*of_project).correlate(entries).scalar_subquery()
        return sa.func.coalesce(named, "")
    if name == "member":
        who = sa.select(users.c.username_key).where(users.c.id == entries.c.user_id)
        return sa.func.coalesce(who.correlate(entries).scalar_subquery(), "")
    start, at = entries.c.started_at, sa.literal(now, Instant)
    low = greatest(start, sa.literal(stretch.since, Instant))
    end = greatest(start, sa.func.coalesce(entries.c.ended_at, at))
    return seconds_between(low, greatest(low, least(end, sa.literal(stretch.until, Instant))))


def _order(
    key: sa.ColumnElement[Any], row: sa.ColumnElement[Any], is_down: bool
) -> list[sa.ColumnElement[Any]]:
    return [key.desc(), row.desc()] if is_down else [key.asc(), row.asc()]


def _narrowed(branch: sa.Select[Any], name: str, is_down: bool, after: str) -> sa.Select[Any]:
    """What comes after the cursor."""
    if not after:
        return branch
    key = branch.selected_columns["sort_key"]
    place, row = _cursor(after, name)
    kind: Any = {"start": Instant(), "duration": sa.BigInteger()}.get(name, sa.Text())
    at = sa.literal(place, kind)
    if name == "start" and not branch.get_execution_options().get("many"):
        key = earlier(
            key, sa.literal_column("0")
        )  # few rows: they have indexes of their own, see reaching_in()
    here, there = sa.tuple_(key, entries.c.id), sa.tuple_(at, sa.literal(row, Id))
    return branch.where(here < there if is_down else here > there)


def _first(branch: sa.Select[Any], is_down: bool, limit: int) -> sa.Select[Any]:
    """The first rows of a branch. Only what begins within the stretch is put in order: the other searches find few, and
    asked for an order PostgreSQL would take the index that has it, and look at everything."""
    if not branch.get_execution_options().get("many"):
        return branch
    key = branch.selected_columns["sort_key"]
    return sa.select(branch.order_by(*_order(key, entries.c.id, is_down)).limit(limit).subquery())


def _cursor(text: str, name: str) -> tuple[Any, UUID]:
    row, mark, key = text.partition("~")
    try:
        if not mark:
            raise BadCursor(text)
        if name == "start":
            return datetime.fromtimestamp(int(key), UTC), UUID(row)
        found = int(key) if name == "duration" else key
        if isinstance(found, int) and abs(found) >= 1 << 63:  # no database holds it
            raise BadCursor(text)
        return found, UUID(row)
    except (ValueError, OverflowError, OSError) as error:
        raise BadCursor(text) from error
