"""What reports add up: sums of entries by whatever they are grouped by, each with its part within the dates.

Most entries lie within one bucket (a day, a week, a month, or the whole period): these are summed by the database, from
one index. Those that reach over the edge of one come by themselves, with their start and end, and are cut in Python.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from quart_app.access import MANAGING, Viewer, has_role, visible
from quart_app.columns import Id
from quart_app.db import Connection
from quart_app.dialects import bin_start, earlier, epoch, seconds_between, total_seconds
from quart_app.kinds import Instant
from quart_app.report_rows import Run, Stretch, conditions, of_stretch, reaching_in, reaching_over, reported
from quart_app.report_spec import Filters
from quart_app.rounding import PLAIN, Rounding
from quart_app.tables import (
    clients,
    entries,
    entry_tags,
    memberships,
    projects,
    tags,
    tasks,
    users,
)

# What entries can be grouped by here; a client is known by the project, a day by the bucket.
COLUMNS = ("project", "task", "member", "tag", "description", "billable")
_BY = {
    "project": entries.c.project_id,
    "task": entries.c.task_id,
    "member": entries.c.user_id,
    "description": entries.c.description,
    "billable": entries.c.is_billable,
}
# A sum: (key, start, seconds, rounded, entries, running). `key` holds the values of the columns asked for, `start` is
# the epoch second at which its bucket begins. `seconds` are raw, `rounded` what each entry's own rounding makes of
# them, `running` those of them that still run. A plain tuple: a year of a big workspace by day has eighty thousand.
Cell = tuple[tuple[Any, ...], int, int, int, int, int]
# What a column holds where only some of its values are told apart.
OTHER = UUID(int=0)
# As many runs are asked for in one statement: SQLite puts 500 searches together at most, and many years by month have
# more, as hardly two months in a row are equally long.
MOST_RUNS = 100
# So few buckets: what reaches over the end of one is searched for by itself, which costs less than to ask each entry.
FEW_RUNS = 3
# Values of a statement: SQLite takes 32,766 unless it was built to take more.
MOST_PARAMETERS = 30_000


# --- sums ------------------------------------------------------------------------------------------------------------


async def sum_cells(
    db: Connection,
    viewer: Viewer,
    stretch: Stretch,
    filters: Filters,
    by: Sequence[str],
    now: datetime,
    rounding: Rounding = PLAIN,
    top: Sequence[UUID | None] | None = None,
) -> list[Cell]:
    """Sums by the columns `by` (of COLUMNS) and by bucket. Several cells may have one key and bucket.

    What runs is counted up to `now`. With "tag", an entry is in the cell of each of its tags. `rounding` is that of
    each entry; other scopes are not for here. `top`: values of the first column that are told apart, all others are
    OTHER.
    """
    columns = _columns(by, top)
    found: list[Cell] = []
    edges = [int(edge.timestamp()) for edge in stretch.edges]
    if stretch.since >= stretch.until:
        return found
    where = [reported(viewer), *conditions(viewer, filters), *of_stretch(stretch)]
    runs = stretch.runs() if filters.running != "only" else []
    apart = len(runs) <= FEW_RUNS and all(run.is_one for run in runs)
    at_once = _runs_at_once(stretch, filters)
    for place in range(0, len(runs), at_once):
        whole = _whole(runs[place : place + at_once], where, by, columns, rounding, apart=apart)
        for key, sums in await _load(db, whole, len(by)):
            for start, low, high, seconds, count, rounded in sums:
                if low is None:
                    found.append((key, start, seconds, rounded, count, 0))
                else:
                    found += cut(key, low, high, edges, rounding, count)
    until = int(now.timestamp())
    reaching = _edges(stretch, runs if apart else [], where, by, columns, filters.running, now)
    for low, high, *key in await db.execute(reaching):
        if high is None:
            found += cut(tuple(key), low, max(low, until), edges, rounding, is_running=True)
        else:
            found += cut(tuple(key), low, high, edges, rounding)
    return found


def _runs_at_once(stretch: Stretch, filters: Filters) -> int:
    """How many runs one statement may hold: each asks for all that is filtered by, and its values are counted."""
    wanted = (filters.members, filters.clients, filters.projects, filters.tasks, stretch.members or ())
    values = 20 + sum(map(len, wanted)) + 3 * len(filters.tags)
    return max(1, min(MOST_RUNS, MOST_PARAMETERS // values))


async def _load(
    db: Connection, statement: sa.Select[Any], keys: int
) -> list[tuple[tuple[Any, ...], Iterable[tuple[Any, ...]]]]:
    """The rows of _whole() by their first `keys` columns. PostgreSQL packs the others into arrays: the driver reads one
    row of them in a fraction of the time that as many rows take."""
    if db.dialect.name != "postgresql":
        return [(row[:keys], (row[keys:],)) for row in (await db.execute(statement)).all()]
    cells = statement.subquery("cells")
    by, sums = list(cells.c)[:keys], list(cells.c)[keys:]
    packed = sa.select(*by, *(sa.func.array_agg(each) for each in sums)).group_by(*by)
    rows = (await db.execute(packed)).all()
    return [(row[:keys], zip(*row[keys:], strict=True)) for row in rows if row[keys] is not None]


def cut(
    key: tuple[Any, ...],
    low: int,
    high: int,
    edges: Sequence[int],
    rounding: Rounding,
    count: int = 1,
    *,
    is_running: bool = False,
) -> list[Cell]:
    """One entry (or `count` alike) of the epoch seconds [low, high), cut at the edges, without what lies outside."""
    place, last = max(bisect_right(edges, low) - 1, 0), len(edges) - 1
    parts: list[tuple[int, int]] = []
    while place < last and (edges[place] < high or edges[place] <= low == high):
        start, end = edges[place], edges[place + 1]
        if start < end:  # a date that the zone skipped has no part
            parts.append((start, (high if high < end else end) - (low if low > start else start)))
        place += 1
    if not rounding.is_on:
        made: Iterable[int] = [part for _, part in parts]
    else:
        made = rounding.spread(part for _, part in parts)
    cells = [
        (key, start, part * count, done * count, 0, part * count if is_running else 0)
        for (start, part), done in zip(parts, made, strict=True)
    ]
    if cells:
        cells[0] = (*cells[0][:4], count, cells[0][5])
    return cells


def _columns(by: Sequence[str], top: Sequence[UUID | None] | None) -> list[sa.ColumnElement[Any]]:
    found: list[sa.ColumnElement[Any]] = [entry_tags.c.tag_id if name == "tag" else _BY[name] for name in by]
    if top is not None:
        first, other = found[0], sa.literal(OTHER, Id)
        told = [(first.in_([value for value in top if value is not None]), first)]
        nothing = [(first.is_(None), sa.null())] if None in top else []
        found[0] = sa.case(*told, *nothing, else_=other)
    return found


def _from(by: Sequence[str]) -> sa.FromClause:
    """Entries, each as often as it has tags where these are asked for, and once where it has none."""
    if "tag" not in by:
        return entries
    of_entry = sa.and_(
        entry_tags.c.workspace_id == entries.c.workspace_id, entry_tags.c.entry_id == entries.c.id
    )
    return entries.outerjoin(entry_tags, of_entry)


def _whole(
    runs: Sequence[Run],
    where: Sequence[sa.ColumnElement[bool]],
    by: Sequence[str],
    columns: Sequence[sa.ColumnElement[Any]],
    rounding: Rounding,
    *,
    apart: bool,
) -> sa.Select[Any]:
    """Sums of what begins within the runs and has ended. What reaches over its bucket's end is not summed: it stands
    alone (or beside others of the very same times), with its start and end; or it is left out, where it is searched for
    `apart`."""
    each = [_run(run, where, by, columns, apart=apart) for run in runs]
    found = (sa.union_all(*each) if len(each) > 1 else each[0]).subquery("found")
    keys = [found.c[f"by{place}"] for place in range(len(by))]
    start, low, high = found.c.bucket, found.c.low, found.c.high
    seconds = total_seconds(found.c.started_at, found.c.ended_at)
    rounded = sa.cast(sa.func.sum(_rounded(found, rounding)), sa.BigInteger) if rounding.is_on else seconds
    times = (epoch(start), epoch(low), epoch(high))
    return sa.select(*keys, *times, seconds, sa.func.count(), rounded).group_by(*keys, start, low, high)


def _rounded(found: sa.Subquery, rounding: Rounding) -> sa.ColumnElement[int]:
    """rounding.round() of each entry."""
    step: sa.ColumnElement[int] = sa.literal_column(str(rounding.seconds))
    more: sa.ColumnElement[int] = sa.literal_column(str(rounding.more))
    return (seconds_between(found.c.started_at, found.c.ended_at) + more) // step * step


def _run(
    run: Run,
    where: Sequence[sa.ColumnElement[bool]],
    by: Sequence[str],
    columns: Sequence[sa.ColumnElement[Any]],
    *,
    apart: bool,
) -> sa.Select[Any]:
    begins, ends = sa.literal(run.start, Instant), sa.literal(run.end, Instant)
    step: sa.ColumnElement[int] = sa.literal_column(str(run.step))
    bucket = begins if run.is_one else bin_start(entries.c.started_at, begins, step)
    crosses = entries.c.ended_at > ends if run.is_one else earlier(entries.c.ended_at, step) > bucket
    nothing = sa.cast(sa.null(), Instant)
    low, high = (
        nothing if apart else sa.case((crosses, column), else_=nothing)
        for column in (entries.c.started_at, entries.c.ended_at)
    )
    return (
        sa.select(
            *(column.label(f"by{place}") for place, column in enumerate(columns)),
            bucket.label("bucket"),
            low.label("low"),
            high.label("high"),
            entries.c.started_at,
            entries.c.ended_at,
        )
        .select_from(_from(by))
        .where(
            *where,
            entries.c.ended_at <= ends if apart else entries.c.ended_at.is_not(None),
            entries.c.started_at >= begins,
            entries.c.started_at < ends,
        )
    )


def _edges(
    stretch: Stretch,
    runs: Sequence[Run],
    where: Sequence[sa.ColumnElement[bool]],
    by: Sequence[str],
    columns: Sequence[sa.ColumnElement[Any]],
    running: str,
    now: datetime,
) -> sa.CompoundSelect[Any]:
    def select() -> sa.Select[Any]:
        times = epoch(entries.c.started_at), epoch(entries.c.ended_at)
        return sa.select(*times, *columns).select_from(_from(by)).where(*where)

    over = (search for run in runs for search in reaching_over(run, select))
    return sa.union_all(*reaching_in(stretch, select, running, now), *over)


async def has_running(db: Connection, viewer: Viewer) -> bool:
    """Whether anything runs of what the viewer's reports are made of."""
    runs = sa.select(entries.c.id).where(reported(viewer), entries.c.ended_at.is_(None)).exists()
    return bool((await db.execute(sa.select(runs))).scalar())


# --- names -----------------------------------------------------------------------------------------------------------


class Named(NamedTuple):
    """A project, client, task, tag or member. `parent` is a project's client, or a task's project; `text` a member's
    zone."""

    name: str
    colour: int | None = None
    parent: UUID | None = None
    text: str = ""


Names = dict[str, dict[UUID, Named]]


async def load_names(db: Connection, viewer: Viewer) -> Names:
    """All that reports of this viewer name, by kind ("project", "client", "task", "tag", "member") and id."""
    nothing: sa.ColumnElement[Any] = sa.null()

    def of(kind: str, table: sa.Table, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
        key, name = sa.literal(kind).label("kind"), table.c.name
        return sa.select(key, table.c.id, name, *more).where(visible(table, viewer))

    colour, parent, text = sa.cast(nothing, sa.SmallInteger), sa.cast(nothing, Id), sa.cast(nothing, sa.Text)
    who = sa.case((users.c.name != "", users.c.name), else_=users.c.username)
    people = (
        sa.select(sa.literal("member"), users.c.id, who, colour, parent, users.c.time_zone)
        .select_from(memberships.join(users, users.c.id == memberships.c.user_id))
        .where(memberships.c.workspace_id == viewer.workspace_id, _seen(viewer))
    )
    statement = sa.union_all(
        of("project", projects, projects.c.colour, projects.c.client_id, text),
        of("client", clients, colour, parent, text),
        of("task", tasks, colour, tasks.c.project_id, text),
        of("tag", tags, colour, parent, text),
        people,
    )
    found: Names = {kind: {} for kind in ("project", "client", "task", "tag", "member")}
    for kind, key, name, *rest in await db.execute(statement):
        found[kind][key] = Named(name, rest[0], rest[1], rest[2] or "")
    return found


def _seen(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Members whose hours the viewer's reports may hold."""
    if not viewer.may_manage:
        return memberships.c.user_id == viewer.user_id
    return sa.or_(memberships.c.user_id == viewer.user_id, has_role(viewer, MANAGING))
