"""Sessions: opened, used, listed and ended. Whom one belongs to, queries/timer.py finds with what runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.ids import new_id
from quart_app.tables import sessions

# How old "last seen" may get before it is written again: a write every few minutes, not one a request.
STALE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it in the list."""

    id: UUID
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


async def touch_session(db: Connection, viewer: Viewer, now: datetime, days: int) -> None:
    """Note that the session is in use, which also puts off its end to `days` from now."""
    await db.execute(
        sa.update(sessions)
        .where(sessions.c.id == viewer.session_id, sessions.c.user_id == viewer.user_id)
        .values(last_seen_at=now, expires_at=now + timedelta(days=days))
    )


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to open, for `days` from its last use on; of its token only the hash."""

    user_id: UUID
    workspace_id: UUID
    token_hash: bytes
    user_agent: str
    address: str
    days: int


async def insert_session(db: Connection, new: NewSession, now: datetime) -> None:
    """Open the session, and forget those of this person that have run out."""
    await db.execute(
        sa.insert(sessions).values(
            id=new_id(),
            user_id=new.user_id,
            workspace_id=new.workspace_id,
            token_hash=new.token_hash,
            user_agent=new.user_agent[:300],
            address=new.address[:64],
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(days=new.days),
        )
    )
    await db.execute(
        sa.delete(sessions).where(sessions.c.user_id == new.user_id, sessions.c.expires_at <= now)
    )


async def list_sessions(db: Connection, viewer: Viewer, now: datetime) -> list[SessionRow]:
    """The viewer's open sessions, this one first, then the latest seen."""
    is_current = (sessions.c.id == viewer.session_id).label("is_current")
    rows = await db.execute(
        sa.select(
            sessions.c.id,
            sessions.c.user_agent,
            sessions.c.address,
            sessions.c.created_at,
            sessions.c.last_seen_at,
            is_current,
        )
        .where(sessions.c.user_id == viewer.user_id, sessions.c.expires_at > now)
        .order_by(is_current.desc(), sessions.c.last_seen_at.desc(), sessions.c.id)
    )
    return [SessionRow(*row) for row in rows]


async def delete_session(db: Connection, viewer: Viewer, session_id: UUID) -> bool:
    """End one of the viewer's own sessions; False where it is not theirs or has ended already."""
    done = await db.execute(
        sa.delete(sessions)
        .where(sessions.c.id == session_id, sessions.c.user_id == viewer.user_id)
        .returning(sessions.c.id)
    )
    return done.first() is not None


async def delete_sessions(db: Connection, viewer: Viewer, *, but_this: bool) -> list[UUID]:
    """End the viewer's sessions (all, or all others); their ids, so that their streams can be ended too."""
    condition = sessions.c.user_id == viewer.user_id
    if but_this:
        condition = sa.and_(condition, sessions.c.id != viewer.session_id)
    ended = await db.execute(sa.delete(sessions).where(condition).returning(sessions.c.id))
    return list(ended.scalars())
