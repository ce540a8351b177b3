"""What exports ask for beside the entries: on whose behalf the command line reads, and the members' addresses."""

from uuid import UUID

import sqlalchemy as sa

from quart_app.access import MANAGING, Viewer, has_role
from quart_app.db import Connection
from quart_app.tables import memberships, users, workspaces

# What a viewer takes from the person's own row.
_PROFILE = (
    *("username", "name", "email", "time_zone", "locale", "hour_cycle", "date_order", "week_start", "theme"),
    *("density", "duration_format", "day_target", "timer_limit"),
)


async def find_viewers(db: Connection, name: str) -> list[Viewer]:
    """The person of this username or email, as a viewer of each workspace that they are in: their own ones first."""
    key = users.c.email_key if "@" in name else users.c.username_key
    statement = (
        sa.select(
            users.c.id.label("user_id"),
            memberships.c.workspace_id,
            users.c.id.label("session_id"),  # there is none: nothing that reads asks for it
            memberships.c.role,
            workspaces.c.name.label("workspace_name"),
            *(users.c[column] for column in _PROFILE),
        )
        .select_from(
            memberships.join(users, users.c.id == memberships.c.user_id).join(
                workspaces, workspaces.c.id == memberships.c.workspace_id
            )
        )
        .where(key == name, memberships.c.left_at.is_(None))
        .order_by(
            (memberships.c.role == "owner").desc(), memberships.c.created_at, memberships.c.workspace_id
        )
    )
    return [Viewer(**row) for row in (await db.execute(statement)).mappings()]


async def load_emails(db: Connection, viewer: Viewer) -> dict[UUID, str]:
    """The addresses of all who are or were members, for those who manage the workspace."""
    statement = (
        sa.select(users.c.id, users.c.email)
        .select_from(memberships.join(users, users.c.id == memberships.c.user_id))
        .where(memberships.c.workspace_id == viewer.workspace_id, has_role(viewer, MANAGING))
    )
    return {row[0]: row[1] for row in await db.execute(statement)}
