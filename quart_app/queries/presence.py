"""When a person last did something here themself, for as long as a timer runs; and that it runs on rightly."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import RUNNING, Quick, Viewer
from quart_app.db import Connection
from quart_app.kinds import Instant
from quart_app.tables import entries, users

# How old the note may get before it is written again.
STALE = timedelta(minutes=1)

_NOW, _SINCE = sa.bindparam("now", type_=Instant), sa.bindparam("since", type_=Instant)
_IS_NOTED = sa.and_(users.c.away_since.is_not(None), users.c.away_since > _SINCE)
_NOTE = Quick(
    sa.update(users)
    .where(
        users.c.id == sa.bindparam("viewer_user"),
        sa.or_(users.c.active_at.is_(None), users.c.active_at <= sa.bindparam("stale", type_=Instant)),
    )
    .values(
        active_at=_NOW,
        away_since=sa.case(
            (
                sa.and_(
                    sa.bindparam("overdue", type_=sa.Boolean),
                    users.c.active_at > _SINCE,
                    users.c.active_at <= sa.bindparam("long_ago", type_=Instant),
                    sa.not_(_IS_NOTED),
                ),
                users.c.active_at,
            ),
            else_=users.c.away_since,
        ),
    )
    .returning(users.c.id)
)


async def note_activity(
    db: Connection, viewer: Viewer, now: datetime, since: datetime, absence: timedelta, *, overdue: bool
) -> None:
    """The viewer does something, at `now`; noted once a minute.

    Where they come back from an absence to a timer that is overdue, it is also noted when that absence began, if they
    had done something after `since`: so the question about the timer keeps offering that moment. Of several requests at
    once the first one notes it.
    """
    values = {"now": now, "since": since, "overdue": overdue}
    limits = {"stale": now - STALE, "long_ago": now - absence}
    await _NOTE.all(db, {"viewer_user": viewer.user_id, **values, **limits})


async def confirm_timer(db: Connection, viewer: Viewer, now: datetime) -> bool:
    """What runs goes on rightly: ask again only after as long again. False where nothing runs."""
    await journal.touch_user(db, viewer)
    confirmed = await db.execute(
        sa.update(entries).where(RUNNING).values(confirmed_at=now).returning(entries.c.id),
        {"viewer_user": viewer.user_id},
    )
    await db.execute(sa.update(users).where(users.c.id == viewer.user_id).values(away_since=None))
    return confirmed.first() is not None
