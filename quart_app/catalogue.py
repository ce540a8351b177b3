"""What projects, tasks, clients and tags have in common: a name unique in their workspace, an archive, lines in the
journal, and the hours of the entries on them.

Every write is a statement that asks for the viewer's right itself, and leaves a line in the journal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from quart_app import journal, periods
from quart_app.access import Forbidden, Missing, Viewer, changeable, may_manage, own_entries, visible
from quart_app.db import Connection
from quart_app.dialects import greatest, least, seconds_between, upsert
from quart_app.ids import new_id
from quart_app.kinds import Folded, Instant
from quart_app.tables import entries

_FOLDED = Folded()
# Columns that say nothing to a reader of the journal.
_UNTOLD = {"workspace_id", "id", "name_key", "created_at", "updated_at", "version"}


@dataclass(frozen=True, slots=True)
class Named:
    """Who has a name: to say it, and whether it lies in the archive."""

    name: str
    is_archived: bool


# --- writes ---


async def insert_named(
    db: Connection, viewer: Viewer, table: sa.Table, values: Mapping[str, Any], now: datetime
) -> UUID:
    """Add a row of these columns, `name` among them; its id.

    Raises Forbidden, and Conflict where the name is taken.
    """
    created = await _insert(
        db, viewer, _new_rows(db, viewer, table, [values], may_manage(viewer), now), table, now
    )
    if not created:
        raise Forbidden
    return created[0]


async def resolve_names(
    db: Connection,
    viewer: Viewer,
    table: sa.Table,
    names: Iterable[str],
    allowed: sa.ColumnElement[bool],
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> list[UUID]:
    """Ids of these names, whatever their case, in their order and each once; those that are missing are made (with
    these `more` columns).

    The rows stay until this transaction ends. Safe against others who make the same names at the same time.
    Raises Forbidden where one has to be made and the viewer is not allowed to.
    """
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(_FOLDED.process_bind_param(name, db.dialect) or "", name)
    if not wanted:
        return []
    found = await _ids_by_key(db, viewer, table, wanted.values())
    # In one order everywhere: two who make the same names must not wait for each other.
    missing = [{**(more or {}), "name": wanted[key]} for key in sorted(wanted.keys() - found.keys())]
    if missing:
        rows = _new_rows(db, viewer, table, missing, allowed, now)
        rows = rows.on_conflict_do_nothing(index_elements=[table.c.workspace_id, table.c.name_key])
        await _insert(db, viewer, rows, table, now)
        found = await _ids_by_key(db, viewer, table, wanted.values())
    if len(found) < len(wanted):
        raise Forbidden
    return [found[key] for key in wanted]


def _new_rows(
    db: Connection,
    viewer: Viewer,
    table: sa.Table,
    rows: Iterable[Mapping[str, Any]],
    allowed: sa.ColumnElement[bool],
    now: datetime,
) -> postgresql.Insert | sqlite.Insert:
    made = [
        {**row, "workspace_id": viewer.workspace_id, "id": new_id(), "name_key": row["name"]}
        | {"created_at": now, "updated_at": now}
        for row in rows
    ]
    picked = [
        sa.select(*(sa.literal(value, table.c[name].type).label(name) for name, value in row.items())).where(
            allowed
        )
        for row in made
    ]
    source = picked[0] if len(picked) == 1 else sa.union_all(*picked)
    return upsert(db, table).from_select(list(made[0]), source)


async def _insert(
    db: Connection, viewer: Viewer, rows: postgresql.Insert | sqlite.Insert, table: sa.Table, now: datetime
) -> list[UUID]:
    created = (await db.execute(rows.returning(table))).all()
    if created:
        lines = [(viewer.workspace_id, row.id, "create", None, _told(row)) for row in created]
        await journal.record_all(db, viewer, _subject(table), lines, now)
        await journal.touch_workspace(db, viewer)
    return [row.id for row in created]


async def _ids_by_key(
    db: Connection, viewer: Viewer, table: sa.Table, names: Iterable[str]
) -> dict[str, UUID]:
    statement = (
        sa.select(table.c.name_key, table.c.id)
        .where(visible(table, viewer), table.c.name_key.in_(list(names)))
        .with_for_update(read=True, key_share=True)
    )
    return {row.name_key: row.id for row in await db.execute(statement)}


async def update_named(
    db: Connection, viewer: Viewer, table: sa.Table, row_id: UUID, values: Mapping[str, Any], now: datetime
) -> Named:
    """Give the row these values; where they are its own already, nothing changes.

    Raises Missing and Forbidden, and Conflict where the name is taken.
    """
    row = await _locked(db, viewer, table, row_id)
    await _write(db, viewer, table, row, values, "update", now)
    return Named(values.get("name", row.name), row.archived_at is not None)


async def archive_named(
    db: Connection, viewer: Viewer, table: sa.Table, row_id: UUID, now: datetime
) -> Named:
    """Put the row away. Once it is, doing so again changes nothing. Raises Missing and Forbidden."""
    row = await _locked(db, viewer, table, row_id)
    await _write(db, viewer, table, row, {"archived_at": row.archived_at or now}, "archive", now)
    return Named(row.name, True)


async def restore_named(
    db: Connection, viewer: Viewer, table: sa.Table, row_id: UUID, now: datetime
) -> Named:
    """Take the row out of the archive; one that isn't there stays as it is. Raises Missing and Forbidden."""
    row = await _locked(db, viewer, table, row_id)
    await _write(db, viewer, table, row, {"archived_at": None}, "restore", now)
    return Named(row.name, False)


async def delete_named(db: Connection, viewer: Viewer, table: sa.Table, row_id: UUID, now: datetime) -> Named:
    """Delete the row. Raises Missing, Forbidden, and Conflict ("foreign_key") where something hangs on it."""
    row = await _locked(db, viewer, table, row_id)
    statement = sa.delete(table).where(changeable(table, viewer), table.c.id == row_id).returning(table.c.id)
    if (await db.execute(statement)).first() is None:
        raise Forbidden
    await journal.record(db, viewer, _subject(table), row_id, "delete", _told(row), None, now)
    await journal.touch_workspace(db, viewer)
    return Named(row.name, row.archived_at is not None)


async def _locked(db: Connection, viewer: Viewer, table: sa.Table, row_id: UUID) -> Any:
    """The row as it is, held until the transaction ends, so that the journal tells what really was before."""
    statement = sa.select(table).where(visible(table, viewer), table.c.id == row_id).with_for_update()
    row = (await db.execute(statement)).first()
    if row is None:
        raise Missing
    return row


async def _write(
    db: Connection,
    viewer: Viewer,
    table: sa.Table,
    row: Any,
    values: Mapping[str, Any],
    action: str,
    now: datetime,
) -> None:
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    # Who may not change a thing is refused even where nothing would change.
    written: dict[str, Any] = {"version": table.c.version}
    if changed:
        written = {**changed, "version": table.c.version + 1, "updated_at": now}
    if "name" in changed:
        written["name_key"] = changed["name"]
    statement = (
        sa.update(table)
        .where(changeable(table, viewer), table.c.id == row.id)
        .values(written)
        .returning(*(table.c[name] for name in ("id", *changed)))
    )
    after = (await db.execute(statement)).first()
    if after is None:
        raise Forbidden
    if changed:
        before = journal.plain(row, *changed)
        await journal.record(
            db, viewer, _subject(table), row.id, action, before, journal.plain(after, *changed), now
        )
        await journal.touch_workspace(db, viewer)


def _subject(table: sa.Table) -> str:
    return table.name.removesuffix("s")


def _told(row: Any) -> dict[str, Any]:
    return journal.plain(row, *(name for name in row._fields if name not in _UNTOLD))


# --- names ---


async def find_by_name(db: Connection, viewer: Viewer, table: sa.Table, name: str) -> Named | None:
    """Who has this name, whatever its case."""
    statement = sa.select(table.c.name, table.c.archived_at).where(
        visible(table, viewer), table.c.name_key == name
    )
    row = (await db.execute(statement)).first()
    return Named(row.name, row.archived_at is not None) if row else None


# --- hours ---


def seen_entries(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The entries whose hours the viewer is shown: all where they manage the workspace, else their own."""
    if not viewer.may_manage:
        return own_entries(viewer)
    return sa.and_(visible(entries, viewer), entries.c.deleted_at.is_(None))


def hour_sums(viewer: Viewer, now: datetime) -> list[sa.Label[Any]]:
    """Sums over a group of entries: `week_seconds` within the viewer's week, `total_seconds`, `entry_count`,
    `running_count`. An entry over the week's edge counts with its share; what runs counts up to now."""
    since, until = periods.week_range(periods.local_day(now, viewer.zone), viewer.week_start, viewer.zone)
    at = {
        name: sa.literal(value, Instant) for name, value in (("now", now), ("since", since), ("until", until))
    }
    start = entries.c.started_at
    end = greatest(start, sa.func.coalesce(entries.c.ended_at, at["now"]))
    share_start = greatest(start, at["since"])
    share_end = greatest(share_start, least(end, at["until"]))
    return [
        _sum(seconds_between(share_start, share_end)).label("week_seconds"),
        _sum(seconds_between(start, end)).label("total_seconds"),
        sa.func.count().label("entry_count"),
        (sa.func.count() - sa.func.count(entries.c.ended_at)).label("running_count"),
    ]


def _sum(seconds: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    # PostgreSQL makes a numeric of a sum of bigints.
    return sa.cast(sa.func.coalesce(sa.func.sum(seconds), 0), sa.BigInteger)
