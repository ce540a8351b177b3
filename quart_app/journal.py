"""What every write leaves behind: a line in the journal, and a higher revision of what pages show."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.ids import new_id
from quart_app.tables import changes, users, workspaces

_CHANGE = sa.insert(changes)
_TOUCH_USER = sa.update(users).where(users.c.id == sa.bindparam("user")).values(revision=users.c.revision + 1)
_TOUCH_WORKSPACE = (
    sa.update(workspaces)
    .where(workspaces.c.id == sa.bindparam("workspace"))
    .values(revision=workspaces.c.revision + 1)
)


Values = dict[str, Any] | None
# (workspace_id, subject_id, action, before, after)
Line = tuple[UUID, UUID, str, Values, Values]


async def record(  # noqa: PLR0913 (a line of the journal has so many columns)
    db: Connection,
    viewer: Viewer,
    subject: str,
    subject_id: UUID,
    action: str,
    before: Values,
    after: Values,
    now: datetime,
    *,
    action_id: UUID | None = None,
) -> None:
    """Append to the journal. `before` and `after` are the changed columns as JSON values, None for no row."""
    lines: list[Line] = [(viewer.workspace_id, subject_id, action, before, after)]
    await record_all(db, viewer, subject, lines, now, action_id=action_id)


async def record_all(
    db: Connection,
    viewer: Viewer,
    subject: str,
    lines: Sequence[Line],
    now: datetime,
    *,
    action_id: UUID | None = None,
    undoes: UUID | None = None,
) -> None:
    """Append several lines in one statement; each says its own workspace.

    They are one action of this person, to be undone together: `action_id`, if several calls write it, else one of its
    own. `undoes` is the action that this one takes back.
    """
    action_id = action_id or new_id()
    await db.execute(
        _CHANGE,
        [
            {
                "workspace_id": workspace_id,
                "id": new_id(),
                "user_id": viewer.user_id,
                "subject": subject,
                "subject_id": subject_id,
                "action": action,
                "before": before,
                "after": after,
                "action_id": action_id,
                "undoes_action_id": undoes,
                "created_at": now,
            }
            for workspace_id, subject_id, action, before, after in lines
        ],
    )


def last_deleted(viewer: Viewer, subject: str, subject_id: UUID) -> sa.Select[Any]:
    """What stood there when somebody of the workspace deleted it last."""
    return (
        sa.select(changes.c.before)
        .where(
            changes.c.workspace_id == viewer.workspace_id,
            changes.c.subject_id == subject_id,
            changes.c.subject == subject,
            changes.c.action == "delete",
        )
        .order_by(changes.c.id.desc())
        .limit(1)
    )


async def find_deleted(db: Connection, viewer: Viewer, subject: str, subject_id: UUID) -> Values:
    """What the viewer deleted, as it was then; None where they did not."""
    statement = last_deleted(viewer, subject, subject_id).where(changes.c.user_id == viewer.user_id)
    found: Values = (await db.execute(statement)).scalar_one_or_none()
    return found


async def touch_user(db: Connection, viewer: Viewer) -> None:
    """Raise the viewer's revision. Until the transaction ends nobody else writes entries of theirs."""
    await touch_person(db, viewer.user_id)


async def touch_person(db: Connection, user_id: UUID) -> None:
    """The same of somebody else."""
    await db.execute(_TOUCH_USER, {"user": user_id})


async def touch_workspace(db: Connection, viewer: Viewer) -> None:
    await db.execute(_TOUCH_WORKSPACE, {"workspace": viewer.workspace_id})


def plain(row: Any, *columns: str) -> dict[str, Any]:
    """Columns of a row as JSON values: ids, instants and dates as text."""
    return {column: _plain(getattr(row, column)) for column in columns}


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON values."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value
