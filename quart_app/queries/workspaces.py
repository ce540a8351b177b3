"""Workspaces: those of a person, making one, naming one, and which of them a session looks at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import Forbidden, Missing, Quick, Viewer, may_lead
from quart_app.db import Connection
from quart_app.ids import new_id
from quart_app.tables import memberships, sessions, workspaces


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A workspace as one of its members sees it in a list."""

    id: UUID
    name: str
    role: str
    is_current: bool


_COUNT = Quick(
    sa.select(sa.func.count()).where(
        memberships.c.workspace_id == sa.bindparam("viewer_workspace"), memberships.c.left_at.is_(None)
    )
)


async def count_members(db: Connection, viewer: Viewer) -> int:
    """How many people are in the viewer's workspace now."""
    row = await _COUNT.first(db, {"viewer_workspace": viewer.workspace_id})
    return int(row[0]) if row else 0


async def list_workspaces(db: Connection, viewer: Viewer) -> list[WorkspaceRow]:
    """The workspaces that the viewer is a member of, by name."""
    rows = await db.execute(
        sa.select(workspaces.c.id, workspaces.c.name, memberships.c.role)
        .join(memberships, memberships.c.workspace_id == workspaces.c.id)
        .where(memberships.c.user_id == viewer.user_id, memberships.c.left_at.is_(None))
    )
    found = [WorkspaceRow(key, name, role, key == viewer.workspace_id) for key, name, role in rows]
    return sorted(found, key=lambda row: (row.name.casefold(), row.id))


async def insert_workspace(db: Connection, viewer: Viewer, owner_id: UUID, name: str, now: datetime) -> UUID:
    """A new workspace with this owner, made by the viewer; its id."""
    key = new_id()
    await db.execute(sa.insert(workspaces).values(id=key, name=name, created_at=now))
    await db.execute(
        sa.insert(memberships).values(workspace_id=key, user_id=owner_id, role="owner", created_at=now)
    )
    await journal.record_all(db, viewer, "workspace", [(key, key, "create", None, {"name": name})], now)
    return key


async def update_name(db: Connection, viewer: Viewer, name: str, now: datetime) -> None:
    """Name the viewer's workspace. Raises Forbidden."""
    renamed = await db.execute(
        sa.update(workspaces)
        .where(workspaces.c.id == viewer.workspace_id, may_lead(viewer))
        .values(name=name)
        .returning(workspaces.c.id)
    )
    if renamed.first() is None:
        raise Forbidden
    if name != viewer.workspace_name:
        before, after = {"name": viewer.workspace_name}, {"name": name}
        await journal.record(db, viewer, "workspace", viewer.workspace_id, "update", before, after, now)
        await journal.touch_workspace(db, viewer)


async def update_session(db: Connection, viewer: Viewer, workspace_id: UUID) -> None:
    """From now on the viewer's session looks at this workspace. Raises Missing where they are no member of it."""
    is_member = sa.exists().where(
        memberships.c.workspace_id == workspace_id,
        memberships.c.user_id == viewer.user_id,
        memberships.c.left_at.is_(None),
    )
    switched = await db.execute(
        sa.update(sessions)
        .where(sessions.c.id == viewer.session_id, sessions.c.user_id == viewer.user_id, is_member)
        .values(workspace_id=workspace_id)
        .returning(sessions.c.id)
    )
    if switched.first() is None:
        raise Missing


async def find_home(db: Connection, user_id: UUID, but: UUID) -> UUID | None:
    """Where somebody goes who leaves the workspace `but`: one of their own, else the one they are in the longest."""
    of = memberships.c
    home: UUID | None = await db.scalar(
        sa.select(of.workspace_id)
        .where(of.user_id == user_id, of.left_at.is_(None), of.workspace_id != but)
        .order_by((of.role == "owner").desc(), of.created_at, of.workspace_id)
        .limit(1)
    )
    return home
