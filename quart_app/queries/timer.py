"""The one running timer of a person: find, start, stop, discard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app import exclusion, hindsight, journal
from quart_app.access import (
    RUNNING,
    TRACKING,
    EntryRow,
    Forbidden,
    Missing,
    Quick,
    Viewer,
    entry_columns,
    params,
    select_entry_rows,
    with_names,
)
from quart_app.columns import Id
from quart_app.db import Connection
from quart_app.dialects import greatest, insert_for
from quart_app.kinds import Instant
from quart_app.tables import entries, entry_tags, memberships, projects, sessions, tasks, users, workspaces

_FIND = Quick(select_entry_rows().where(RUNNING))
_VIEWER = (
    sessions.c.user_id,
    sessions.c.workspace_id,
    sessions.c.id,
    memberships.c.role,
    users.c.username,
    users.c.name,
    users.c.email,
    workspaces.c.name,
    users.c.time_zone,
    users.c.locale,
    users.c.hour_cycle,
    users.c.date_order,
    users.c.week_start,
    users.c.theme,
    users.c.density,
    users.c.duration_format,
    users.c.day_target,
    users.c.timer_limit,
    users.c.is_warned_of_overlap,
    workspaces.c.forbids_overlap,
    users.c.active_at,
    users.c.away_since,
    users.c.revision,
    workspaces.c.revision,
    entries.c.confirmed_at,
)
_IN_THEIR_WORKSPACE = sa.and_(
    memberships.c.workspace_id == sessions.c.workspace_id,
    memberships.c.user_id == sessions.c.user_id,
    memberships.c.left_at.is_(None),
)
_THEIRS_THAT_RUNS = sa.and_(
    entries.c.user_id == sessions.c.user_id, entries.c.ended_at.is_(None), entries.c.deleted_at.is_(None)
)
_PRESENCE = Quick(
    sa.select(sessions.c.last_seen_at, entries.c.workspace_id, *_VIEWER, *entry_columns())
    .select_from(
        with_names(
            sessions.join(memberships, _IN_THEIR_WORKSPACE)
            .join(users, users.c.id == sessions.c.user_id)
            .join(workspaces, workspaces.c.id == sessions.c.workspace_id)
            .outerjoin(entries, _THEIRS_THAT_RUNS)
        )
    )
    .where(sessions.c.token_hash == sa.bindparam("token_hash"), sessions.c.expires_at > sa.bindparam("now"))
)
_NOW = sa.bindparam("now", type_=Instant)

# The timer's own id is left alone: a form sent twice must not stop what its first sending started, nor anything else.
_STOP = (
    sa.update(entries)
    .where(RUNNING)
    .values(ended_at=greatest(_NOW, entries.c.started_at), updated_at=_NOW, version=entries.c.version + 1)
    .returning(entries.c.workspace_id, entries.c.id, entries.c.ended_at)
)
_SENT_BEFORE = sa.exists().where(
    entries.c.workspace_id == sa.bindparam("viewer_workspace"), entries.c.id == sa.bindparam("new_id")
)
_STOP_FOR_START = Quick(_STOP.where(~_SENT_BEFORE.correlate(None)))
_STOP_ONLY = Quick(_STOP)
_STOP_MEANT = Quick(_STOP.where(entries.c.id == sa.bindparam("meant", type_=Id)))
_DISCARD = Quick(
    sa.update(entries)
    .where(RUNNING)
    .values(deleted_at=_NOW, updated_at=_NOW, version=entries.c.version + 1)
    .returning(entries.c.workspace_id, entries.c.id, entries.c.started_at)
)

_MAY_TRACK = sa.exists().where(
    memberships.c.workspace_id == sa.bindparam("viewer_workspace"),
    memberships.c.user_id == sa.bindparam("viewer_user"),
    memberships.c.left_at.is_(None),
    memberships.c.role.in_([sa.literal(role) for role in sorted(TRACKING)]),
)


_PROJECT = sa.bindparam("new_project", type_=entries.c.project_id.type)
_TASK = sa.bindparam("new_task", type_=entries.c.task_id.type)
_PROJECT_IS_OPEN = sa.or_(
    _PROJECT.is_(None),
    sa.exists().where(
        projects.c.workspace_id == sa.bindparam("viewer_workspace"),
        projects.c.id == _PROJECT,
        projects.c.archived_at.is_(None),
    ),
)
_TASK_IS_OPEN = sa.or_(
    _TASK.is_(None),
    sa.exists().where(
        tasks.c.workspace_id == sa.bindparam("viewer_workspace"),
        tasks.c.id == _TASK,
        tasks.c.project_id == _PROJECT,
        tasks.c.archived_at.is_(None),
    ),
)


@lru_cache(maxsize=2)
def _insert(dialect: str) -> Quick:
    """The new timer, if the person may track and project and task are open; nothing where the id is there already."""
    values = {
        "workspace_id": sa.bindparam("viewer_workspace", type_=Id),
        "id": sa.bindparam("new_id", type_=Id),
        "user_id": sa.bindparam("viewer_user", type_=Id),
        "project_id": _PROJECT,
        "task_id": _TASK,
        "description": sa.bindparam("new_description", type_=sa.Text),
        "is_billable": sa.bindparam("new_billable", type_=sa.Boolean),
        "started_at": sa.bindparam("new_start", type_=Instant),
        "ended_at": sa.bindparam("new_end", type_=Instant),
        "created_at": _NOW,
        "updated_at": _NOW,
    }
    return Quick(
        insert_for(dialect, entries)
        .from_select(
            list(values), sa.select(*values.values()).where(_MAY_TRACK, _PROJECT_IS_OPEN, _TASK_IS_OPEN)
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "id"])
        .returning(entries.c.id)
    )


@dataclass(frozen=True, slots=True)
class NewTimer:
    """A timer to start. `id` comes from the form: sending the form twice starts one timer."""

    id: UUID
    description: str
    project_id: UUID | None
    is_billable: bool
    tag_ids: tuple[UUID, ...] = ()
    tags: tuple[str, ...] = ()  # their names, for the journal
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Who asks, when their session was last noted as used, what runs for them, and in which of their workspaces."""

    viewer: Viewer
    last_seen_at: datetime
    running: EntryRow | None
    running_in: UUID | None


async def find_presence(db: Connection, token_hash: bytes, now: datetime) -> Presence | None:
    """Whom an open session belongs to, and their running timer: one round trip, which nearly every request makes."""
    row = await _PRESENCE.first(db, {"token_hash": token_hash, "now": now})
    if row is None:
        return None
    after = 2 + len(_VIEWER)
    running = EntryRow(*row[after:]) if row[after] is not None else None
    return Presence(Viewer(*row[2:after]), row[0], running, row[1])


async def find_running(db: Connection, viewer: Viewer) -> EntryRow | None:
    """The viewer's running timer, in whichever of their workspaces it runs."""
    row = await _FIND.first(db, {"viewer_user": viewer.user_id})
    return EntryRow(*row) if row else None


async def start_timer(
    db: Connection, viewer: Viewer, new: NewTimer, now: datetime, at: datetime | None = None
) -> None:
    """Start it and stop, at the same instant, the one that runs. In one transaction.

    `at` is when, if that was before `now`: then it ends where another began since, and stops what ran then.
    Raises Forbidden where the viewer may not track, Missing where the project or task is not there or is archived.
    """
    # This row is the person's lock: of many starts at once each waits here, and then sees the one before it.
    await journal.touch_user(db, viewer)
    known = {**params(viewer), "new_id": new.id}
    started_at, ended_at = at or now, None
    if started_at < now:
        if (await db.execute(sa.select(_SENT_BEFORE), known)).scalar():
            return
        lines = await hindsight.end_what_ran(db, viewer, started_at, now)
        ended_at = await hindsight.find_next_start(db, viewer, started_at)
    else:
        lines = [_stop_change(row) for row in await _STOP_FOR_START.all(db, {**known, "now": now})]
    values = {
        "new_start": started_at,
        "new_end": ended_at,
        "new_project": new.project_id,
        "new_task": new.task_id,
        "new_description": new.description,
        "new_billable": new.is_billable,
        "now": now,
    }
    if await _insert(db.dialect.name).first(db, {**known, **values}) is None:
        await _explain_refusal(db, viewer, new)
        return
    await exclusion.refuse_beside_running(db, viewer, new.id, now)
    if new.tag_ids:
        await db.execute(
            sa.insert(entry_tags),
            [{"workspace_id": viewer.workspace_id, "entry_id": new.id, "tag_id": tag} for tag in new.tag_ids],
        )
    after = {
        **journal.plain(new, "description", "project_id", "task_id", "is_billable"),
        "tags": list(new.tags),
    }
    after["started_at"] = started_at.isoformat()
    after["ended_at"] = ended_at.isoformat() if ended_at else None
    await journal.record_all(
        db, viewer, "entry", [*lines, (viewer.workspace_id, new.id, "start", None, after)], now
    )


async def _explain_refusal(db: Connection, viewer: Viewer, new: NewTimer) -> None:
    """Why nothing was inserted: a repeat is fine, the rest is not."""
    known = {**params(viewer), "new_id": new.id}
    repeated, may_track = (await db.execute(sa.select(_SENT_BEFORE, _MAY_TRACK), known)).one()
    if repeated:
        return
    raise Missing if may_track else Forbidden


async def stop_timer(
    db: Connection,
    viewer: Viewer,
    now: datetime,
    at: datetime | None = None,
    entry_id: UUID | None = None,
    *,
    action_id: UUID | None = None,
) -> bool:
    """Stop what runs; False, and nothing changes, where nothing does.

    `at` is when, if that was before `now`. `entry_id` says which timer was meant: no other is stopped, and one that
    was stopped after that moment ends at it, unless somebody has edited it since.
    """
    if at is not None and at < now:
        return await _stop_late(db, viewer, now, at, entry_id, action_id)
    values = {"viewer_user": viewer.user_id, "now": now, "meant": entry_id}
    stopped = await (_STOP_MEANT if entry_id else _STOP_ONLY).all(db, values)
    if stopped:
        await journal.touch_user(db, viewer)
        lines = [_stop_change(row) for row in stopped]
        await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)
    return bool(stopped)


async def _stop_late(
    db: Connection,
    viewer: Viewer,
    now: datetime,
    at: datetime,
    entry_id: UUID | None,
    action_id: UUID | None,
) -> bool:
    await journal.touch_user(db, viewer)
    if entry_id is None and (runs := await find_running(db, viewer)) is not None:
        entry_id = runs.id
    lines = await hindsight.end_timer(db, viewer, entry_id, at, now) if entry_id else []
    if lines:
        await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)
    return bool(lines)


async def discard_timer(
    db: Connection, viewer: Viewer, now: datetime, *, action_id: UUID | None = None
) -> UUID | None:
    """Put what runs into the trash, to be brought back by undoing this action; the entry's id."""
    row = await _DISCARD.first(db, {"viewer_user": viewer.user_id, "now": now})
    if row is None:
        return None
    await journal.touch_user(db, viewer)
    workspace_id, entry_id, started_at = row
    before = {"started_at": started_at.isoformat(), "ended_at": None}
    line: journal.Line = (workspace_id, entry_id, "delete", before, None)
    await journal.record_all(db, viewer, "entry", [line], now, action_id=action_id)
    return UUID(str(entry_id))


def _stop_change(row: Sequence[Any]) -> journal.Line:
    workspace_id, entry_id, ended_at = row
    return workspace_id, entry_id, "stop", {"ended_at": None}, {"ended_at": ended_at.isoformat()}
