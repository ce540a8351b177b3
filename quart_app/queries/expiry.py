"""What is kept for a time only: the trash, sessions that have run out, throttles that hold nobody back any more."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from quart_app.db import Connection
from quart_app.tables import entries, sessions, throttles

TRASH = timedelta(days=30)


async def delete_expired(db: Connection, now: datetime, most: int = 1000) -> int:
    """Delete up to `most` rows of each kind whose time is over; how many went. The journal keeps what they said."""
    trash = entries.c.deleted_at < now - TRASH
    gone = 0
    for table, keys, is_over in (
        (entries, (entries.c.workspace_id, entries.c.id), trash),
        (sessions, (sessions.c.id,), sessions.c.expires_at < now),
        (throttles, (throttles.c.key,), throttles.c.arrives_at < now - timedelta(days=1)),
    ):
        some = sa.select(*keys).where(is_over).limit(most)
        done = await db.execute(
            sa.delete(table).where(sa.tuple_(*keys).in_(some) if len(keys) > 1 else keys[0].in_(some))
        )
        gone += done.rowcount
    return gone
