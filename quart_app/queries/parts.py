"""Entries made of entries: a copy, and the two parts of one that is split."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app import exclusion, journal
from quart_app.access import EntryRow, Forbidden, Viewer, changeable
from quart_app.db import Connection
from quart_app.dialects import upsert
from quart_app.tables import entries, entry_tags

_JOURNALLED = ("description", "project_id", "task_id", "is_billable", "started_at", "ended_at")
# What a new entry has in common with the one that it is made of.
_SHARED = ("workspace_id", "user_id", "project_id", "task_id", "description", "is_billable")


async def duplicate_entry(
    db: Connection, viewer: Viewer, source: EntryRow, copy_id: UUID, now: datetime, *, action_id: UUID
) -> bool:
    """Add a copy of a finished entry: the same times, an id of its own. Sending the same id again changes nothing.

    Whether it is new. Raises Forbidden where the source, which the viewer has found, may not be copied (it runs, or
    the viewer may not track any more), and Conflict where the workspace forbids overlaps.
    """
    await journal.touch_user(db, viewer)
    values = {"started_at": entries.c.started_at, "ended_at": entries.c.ended_at}
    if await _insert_from(db, viewer, source, copy_id, values, now):
        await exclusion.refuse_beside_running(db, viewer, copy_id, now)
        await journal.record(
            db, viewer, "entry", copy_id, "create", None, _plain(source), now, action_id=action_id
        )
        return True
    if not await is_made(db, viewer, copy_id):
        raise Forbidden
    return False


async def split_entry(
    db: Connection,
    viewer: Viewer,
    source: EntryRow,
    at: datetime,
    second_id: UUID,
    now: datetime,
    *,
    action_id: UUID,
) -> bool:
    """Split an entry at an instant strictly within it: the first part keeps its id and ends there, the second part is
    new and says the same. Of one that runs the second part runs on.

    False, and nothing changes, where the entry no longer is at the version of `source`, which the viewer has found in
    this transaction. Sending the same id again changes nothing.
    """
    await journal.touch_user(db, viewer)
    if await is_made(db, viewer, second_id):
        return True
    still = sa.and_(
        changeable(entries, viewer), entries.c.id == source.id, entries.c.version == source.version
    )
    first = await db.execute(
        sa.update(entries)
        .where(still, entries.c.started_at < at)
        .values(ended_at=at, updated_at=now, version=entries.c.version + 1)
        .returning(entries.c.id)
    )
    if first.first() is None:
        return False
    instant = entries.c.ended_at.type
    values = {"started_at": sa.literal(at, instant), "ended_at": sa.literal(source.ended_at, instant)}
    await _insert_from(db, viewer, source, second_id, values, now)
    before = _plain(source)
    lines: list[journal.Line] = [
        (viewer.workspace_id, source.id, "update", before, {**before, "ended_at": at.isoformat()}),
        (viewer.workspace_id, second_id, "create", None, {**before, "started_at": at.isoformat()}),
    ]
    await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)
    return True


async def _insert_from(
    db: Connection,
    viewer: Viewer,
    source: EntryRow,
    new_id: UUID,
    times: dict[str, Any],
    now: datetime,
) -> bool:
    """Add a finished entry, or the rest of one, that says the same as `source` and bears its tags."""
    moment = sa.literal(now, entries.c.created_at.type)
    columns: dict[str, Any] = {name: entries.c[name] for name in _SHARED}
    columns |= {"id": sa.literal(new_id, entries.c.id.type), **times}
    columns |= {"created_at": moment, "updated_at": moment}
    is_whole = entries.c.ended_at.is_not(None)
    done = await db.execute(
        upsert(db, entries)
        .from_select(
            list(columns),
            sa.select(*columns.values()).where(
                changeable(entries, viewer), entries.c.id == source.id, is_whole
            ),
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "id"])
        .returning(entries.c.id)
    )
    if done.first() is None:
        return False
    of_source = sa.and_(entry_tags.c.workspace_id == viewer.workspace_id, entry_tags.c.entry_id == source.id)
    theirs = sa.select(
        entry_tags.c.workspace_id, sa.literal(new_id, entry_tags.c.entry_id.type), entry_tags.c.tag_id
    ).where(of_source)
    await db.execute(sa.insert(entry_tags).from_select(["workspace_id", "entry_id", "tag_id"], theirs))
    return True


async def is_made(db: Connection, viewer: Viewer, entry_id: UUID) -> bool:
    """Whether the viewer has made this entry before, in the trash or not."""
    mine = sa.and_(
        entries.c.workspace_id == viewer.workspace_id,
        entries.c.user_id == viewer.user_id,
        entries.c.id == entry_id,
    )
    return (await db.execute(sa.select(entries.c.id).where(mine))).first() is not None


def _plain(row: EntryRow) -> dict[str, Any]:
    return {**journal.plain(row, *_JOURNALLED), "tags": list(row.tags)}
