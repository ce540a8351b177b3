"""Projects and the entries on them, written straight into the tables, for the tests of lists and sums."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import projects, tasks
from quart_app.tables import changes, entries, entry_tags


async def add_project(database: Database, viewer: Viewer, name: str, **values: object) -> UUID:
    """A project of this name; the other columns as given."""
    known = {"description": "", "client_id": None, "colour": 1, "is_billable": False, **values}
    wanted = projects.ProjectValues(name, **known)  # type: ignore[arg-type]
    return await database.transaction(lambda db: projects.insert_project(db, viewer, wanted, periods.now()))


async def add_task(database: Database, viewer: Viewer, project_id: UUID, name: str) -> UUID:
    """A task of this project."""
    return await database.transaction(
        lambda db: tasks.insert_task(db, viewer, project_id, name, periods.now())
    )


async def track(
    database: Database,
    viewer: Viewer,
    project_id: UUID | None,
    start: datetime,
    end: datetime | None = None,
    *,
    is_trashed: bool = False,
    tags: tuple[UUID, ...] = (),
    task_id: UUID | None = None,
    description: str = "",
) -> UUID:
    """An entry of this person, running where it has no end."""
    key, now = new_id(), periods.now()
    row: dict[str, object] = {
        "workspace_id": viewer.workspace_id,
        "id": key,
        "user_id": viewer.user_id,
        "project_id": project_id,
        "task_id": task_id,
        "description": description,
    }
    row |= {"started_at": start, "ended_at": end, "created_at": now, "updated_at": now}
    row |= {"deleted_at": now if is_trashed else None}
    async with database.writing() as db:
        await db.execute(sa.insert(entries).values(row))
        for tag_id in tags:
            values = {"workspace_id": viewer.workspace_id, "entry_id": key, "tag_id": tag_id}
            await db.execute(sa.insert(entry_tags).values(values))
    return key


async def journal_of(database: Database, subject_id: UUID) -> list[tuple[str, str, object, object]]:
    """What the journal says of this row, in order: subject, action, before, after."""
    columns = (changes.c.subject, changes.c.action, changes.c.before, changes.c.after)
    statement = sa.select(*columns).where(changes.c.subject_id == subject_id).order_by(changes.c.id)
    async with database.reading() as db:
        return [tuple(row) for row in await db.execute(statement)]
