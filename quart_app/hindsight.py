"""Starts and stops that arrive late: what they do to the timers that began or ended in the meantime.

However the news of several devices cross, the result is as if each had come at its time: a timer ends at its own stop
or where the next one began, whichever came first. What somebody has edited since, or wrote by hand, is left as it is.
"""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.tables import changes, entries, memberships

# A timer that began longer before than this is not looked for, unless it still runs.
LONGEST = timedelta(days=31)

_ITS = sa.and_(changes.c.workspace_id == entries.c.workspace_id, changes.c.subject_id == entries.c.id)
_BEGAN_AS_TIMER = sa.exists().where(_ITS, changes.c.action == "start")
_IS_UNEDITED = (
    sa.select(changes.c.action)
    .where(_ITS)
    .order_by(changes.c.id.desc())
    .limit(1)
    .scalar_subquery()
    .in_(["start", "stop"])
)


def _theirs(viewer: Viewer) -> sa.ColumnElement[bool]:
    """This person's entries, in whichever of their workspaces: one timer runs over all of them."""
    workspaces = sa.select(memberships.c.workspace_id).where(
        memberships.c.user_id == viewer.user_id, memberships.c.left_at.is_(None)
    )
    return sa.and_(
        entries.c.user_id == viewer.user_id,
        entries.c.workspace_id.in_(workspaces),
        entries.c.deleted_at.is_(None),
    )


async def end_what_ran(db: Connection, viewer: Viewer, at: datetime, now: datetime) -> list[journal.Line]:
    """End, at this moment of the past, the timer that ran then. Hold the person's lock."""
    ran_then = sa.and_(
        entries.c.started_at <= at,
        sa.or_(
            entries.c.ended_at.is_(None),
            sa.and_(entries.c.ended_at > at, entries.c.started_at > at - LONGEST, _IS_UNEDITED),
        ),
    )
    return await _end(db, sa.and_(_theirs(viewer), ran_then), at, now)


async def find_next_start(db: Connection, viewer: Viewer, at: datetime) -> datetime | None:
    """When the first timer after this moment began; None where there was none since."""
    next_one = sa.select(sa.func.min(entries.c.started_at)).where(
        _theirs(viewer), entries.c.started_at > at, sa.or_(_BEGAN_AS_TIMER, entries.c.ended_at.is_(None))
    )
    began: datetime | None = (await db.execute(next_one)).scalar()
    return began


async def end_timer(
    db: Connection, viewer: Viewer, entry_id: UUID, at: datetime, now: datetime
) -> list[journal.Line]:
    """End this timer then (or at its start), if it runs or was ended later. Hold the person's lock."""
    ends_later = sa.or_(entries.c.ended_at.is_(None), sa.and_(entries.c.ended_at > at, _IS_UNEDITED))
    return await _end(db, sa.and_(_theirs(viewer), entries.c.id == entry_id, ends_later), at, now)


async def _end(
    db: Connection, which: sa.ColumnElement[bool], at: datetime, now: datetime
) -> list[journal.Line]:
    columns = (entries.c.workspace_id, entries.c.id, entries.c.started_at, entries.c.ended_at)
    lines: list[journal.Line] = []
    for workspace_id, entry_id, started_at, ended_at in (
        await db.execute(sa.select(*columns).where(which))
    ).all():
        end = max(at, started_at)
        if end == ended_at:
            continue
        await db.execute(
            sa.update(entries)
            .where(entries.c.workspace_id == workspace_id, entries.c.id == entry_id)
            .values(ended_at=end, updated_at=now, version=entries.c.version + 1)
        )
        was = None if ended_at is None else ended_at.isoformat()
        lines.append((workspace_id, entry_id, "stop", {"ended_at": was}, {"ended_at": end.isoformat()}))
    return lines
