"""No overlaps, where a workspace forbids them: the share of the rule that the database's own constraint can't hold, for
what runs has no end yet."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from quart_app.access import Quick, Viewer, params
from quart_app.columns import Id
from quart_app.db import Conflict, Connection
from quart_app.kinds import Instant
from quart_app.tables import entries

RULE = "ex_entries_overlap"
_running, _ended = entries.alias("running"), entries.alias("ended")
_NOW = sa.bindparam("now", type_=Instant)
_ID = sa.bindparam("entry", type_=Id)


def _mine(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        rows.c.workspace_id == sa.bindparam("viewer_workspace"),
        rows.c.user_id == sa.bindparam("viewer_user"),
        rows.c.deleted_at.is_(None),
    )


_CLASH = Quick(
    sa.select(_ended.c.id)
    .select_from(_running.join(_ended, _ended.c.workspace_id == _running.c.workspace_id))
    .where(
        _mine(_running),
        _running.c.ended_at.is_(None),
        _mine(_ended),
        _ended.c.is_exclusive,
        _ended.c.ended_at.is_not(None),
        _ended.c.ended_at > _running.c.started_at,
        _ended.c.ended_at > _ended.c.started_at,
        # What runs takes up at least the second that it began in.
        sa.or_(_ended.c.started_at < _NOW, _ended.c.started_at <= _running.c.started_at),
        sa.or_(_running.c.id == _ID, _ended.c.id == _ID),
    )
    .limit(1)
)


async def refuse_beside_running(db: Connection, viewer: Viewer, entry_id: UUID, now: datetime) -> None:
    """Raise Conflict where this entry, just written, and another overlap of which one runs.

    To be asked in the transaction that wrote it, once that holds the person's lock (journal.touch_user): then nothing
    can come between.
    """
    if not viewer.forbids_overlap:
        return
    if await _CLASH.first(db, {**params(viewer), "entry": entry_id, "now": now}) is not None:
        raise Conflict("exclusion", RULE)


def is_overlap(error: Conflict) -> bool:
    return error.kind == "exclusion" and error.constraint == RULE
