"""Overlaps: the workspace's rule, and entries that give way to another."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import EntryRow, Forbidden, Viewer, changeable, may_lead
from quart_app.columns import Id
from quart_app.db import Connection
from quart_app.ids import new_id
from quart_app.tables import entries, entry_tags, memberships, users, workspaces

# (started_at, ended_at or None while it runs)
Times = tuple[datetime, datetime | None]
# What an entry says beside its times, for the journal.
_SAID = ("description", "project_id", "task_id", "is_billable", "tags")


class Stale(Exception):
    """The entry is no longer as it was when the question was asked."""


async def cut_entry(
    db: Connection, viewer: Viewer, entry: EntryRow, pieces: Sequence[Times], now: datetime, action_id: UUID
) -> None:
    """Leave of an entry, which still is as `entry` says, no more than these pieces of its time: none puts it into the
    trash, several make copies of it.

    Hold the person's lock (journal.touch_user). What runs on stays the timer that it is. Raises Stale.
    """
    first = next((piece for piece in pieces if piece[1] is None), pieces[0] if pieces else None)
    change = {"deleted_at": now} if first is None else {"started_at": first[0], "ended_at": first[1]}
    done = await db.execute(
        sa.update(entries)
        .where(changeable(entries, viewer), entries.c.id == entry.id, entries.c.version == entry.version)
        .values(**change, updated_at=now, version=entries.c.version + 1)
        .returning(entries.c.id)
    )
    if done.first() is None:
        raise Stale
    old = journal.plain_values({"started_at": entry.started_at, "ended_at": entry.ended_at})
    if first is None:
        whole = old | journal.plain(entry, *_SAID)
        lines: list[journal.Line] = [(viewer.workspace_id, entry.id, "delete", whole, None)]
    else:
        lines = [(viewer.workspace_id, entry.id, "update", old, journal.plain_values(change))]
    lines += [await _copy(db, viewer, entry, piece, now) for piece in pieces if piece is not first]
    await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)


async def copy_entry(
    db: Connection, viewer: Viewer, entry: EntryRow, pieces: Sequence[Times], now: datetime, action_id: UUID
) -> None:
    """Add entries that say the same as this one of the viewer's, which is there, of other times."""
    if pieces:
        lines = [await _copy(db, viewer, entry, piece, now) for piece in pieces]
        await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)


async def _copy(db: Connection, viewer: Viewer, entry: EntryRow, piece: Times, now: datetime) -> journal.Line:
    """Another entry that says the same of another time."""
    key = new_id()
    of_entry = sa.and_(entries.c.workspace_id == viewer.workspace_id, entries.c.id == entry.id)
    same = ("workspace_id", "user_id", "project_id", "task_id", "description", "is_billable")
    new = {"id": key, "started_at": piece[0], "ended_at": piece[1], "created_at": now, "updated_at": now}
    values = [sa.literal(value, entries.c[name].type) for name, value in new.items()]
    await db.execute(
        sa.insert(entries).from_select(
            [*same, *new], sa.select(*(entries.c[name] for name in same), *values).where(of_entry)
        )
    )
    tagged = sa.and_(entry_tags.c.workspace_id == viewer.workspace_id, entry_tags.c.entry_id == entry.id)
    columns = sa.select(entry_tags.c.workspace_id, sa.literal(key, Id), entry_tags.c.tag_id).where(tagged)
    await db.execute(sa.insert(entry_tags).from_select(["workspace_id", "entry_id", "tag_id"], columns))
    after = journal.plain(entry, *_SAID)
    after |= journal.plain_values({"started_at": piece[0], "ended_at": piece[1]})
    return viewer.workspace_id, key, "create", None, after


# --- the rule --------------------------------------------------------------------------------------------------------


async def set_overlap_rule(db: Connection, viewer: Viewer, forbids: bool, now: datetime) -> bool:
    """Let entries overlap in this workspace, or from now on not; False, and nothing changes, where it is so already.

    What overlaps already when the rule comes stays as it is, until somebody changes its times. Raises Forbidden.
    """
    await _lock_writers(db, viewer)
    here = workspaces.c.id == viewer.workspace_id
    done = await db.execute(
        sa.update(workspaces)
        .where(here, may_lead(viewer), workspaces.c.forbids_overlap != forbids)
        .values(forbids_overlap=forbids)
        .returning(workspaces.c.id)
    )
    if done.first() is None:
        if not (await db.execute(sa.select(may_lead(viewer)))).scalar():
            raise Forbidden
        return False
    in_workspace = entries.c.workspace_id == viewer.workspace_id
    if forbids:
        which = sa.and_(in_workspace, entries.c.id.in_(_alone(viewer)))
    else:
        which = sa.and_(in_workspace, entries.c.is_exclusive)
    await db.execute(sa.update(entries).where(which).values(is_exclusive=forbids))
    await journal.touch_workspace(db, viewer)
    lines: list[journal.Line] = [
        (
            viewer.workspace_id,
            viewer.workspace_id,
            "update",
            {"forbids_overlap": not forbids},
            {"forbids_overlap": forbids},
        )
    ]
    await journal.record_all(db, viewer, "workspace", lines, now)
    return True


async def _lock_writers(db: Connection, viewer: Viewer) -> None:
    """Wait for all who are writing entries in this workspace, and let the next ones wait.

    Each of them holds the lock of their own row (journal.touch_user), and then asks for a share of the workspace's, to
    which their rows point: so people come first here, too, or two would wait for each other. Nobody can become a member
    once the workspace is locked; whoever has meanwhile comes after it.
    """
    theirs = sa.select(memberships.c.user_id).where(memberships.c.workspace_id == viewer.workspace_id)
    people = sa.select(users.c.id).where(users.c.id.in_(theirs)).order_by(users.c.id).with_for_update()
    await db.execute(people)
    await db.execute(
        sa.select(workspaces.c.id).where(workspaces.c.id == viewer.workspace_id).with_for_update()
    )
    await db.execute(people)


def _alone(viewer: Viewer) -> sa.Select[tuple[UUID]]:
    """Entries of the workspace that have ended and overlap none of their person's."""
    ended = sa.and_(
        entries.c.workspace_id == viewer.workspace_id,
        entries.c.deleted_at.is_(None),
        entries.c.ended_at.is_not(None),
    )
    by, order = entries.c.user_id, (entries.c.started_at, entries.c.id)
    rows = (
        sa.select(
            entries.c.id,
            entries.c.started_at,
            entries.c.ended_at,
            sa.func.max(entries.c.ended_at)
            .over(partition_by=by, order_by=order, rows=(None, -1))
            .label("reached"),
            sa.func.lead(entries.c.started_at).over(partition_by=by, order_by=order).label("next_start"),
        )
        .where(ended, entries.c.ended_at > entries.c.started_at)
        .subquery()
    )
    alone = sa.select(rows.c.id).where(
        sa.or_(rows.c.reached.is_(None), rows.c.reached <= rows.c.started_at),
        sa.or_(rows.c.next_start.is_(None), rows.c.next_start >= rows.c.ended_at),
    )
    # What has no length overlaps nothing.
    empty = sa.select(entries.c.id).where(ended, entries.c.ended_at == entries.c.started_at)
    return sa.select(sa.union_all(alone, empty).subquery().c.id)
