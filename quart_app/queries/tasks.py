"""Tasks: what is done for a project, by names that are unique within it. The list with its hours, and every change."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from quart_app import catalogue
from quart_app.access import Viewer, may_manage, visible
from quart_app.catalogue import Named
from quart_app.db import Connection
from quart_app.tables import entries, favourites, tasks


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a project; archived_at None while it is in use."""

    id: UUID
    project_id: UUID
    name: str
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskHours(Task):
    """A task with the seconds that the viewer is shown of it (see catalogue.seen_entries)."""

    week_seconds: int
    total_seconds: int
    entry_count: int
    running_count: int


_COLUMNS = (tasks.c.id, tasks.c.project_id, tasks.c.name, tasks.c.archived_at)


async def find_task(db: Connection, viewer: Viewer, task_id: UUID) -> Task | None:
    """A task of the viewer's workspace, archived or not."""
    statement = sa.select(*_COLUMNS).where(visible(tasks, viewer), tasks.c.id == task_id)
    row = (await db.execute(statement)).first()
    return Task(*row) if row else None


async def list_tasks(
    db: Connection, viewer: Viewer, project_id: UUID, now: datetime, *, only: UUID | None = None
) -> list[TaskHours]:
    """The project's tasks (or the one), by name, with the hours that the viewer is shown up to `now`."""
    hours = (
        sa.select(entries.c.task_id, *catalogue.hour_sums(viewer, now))
        .where(
            catalogue.seen_entries(viewer),
            entries.c.project_id == project_id,
            entries.c.task_id.is_not(None) if only is None else entries.c.task_id == only,
        )
        .group_by(entries.c.task_id)
        .subquery("hours")
    )
    sums = (hours.c.week_seconds, hours.c.total_seconds, hours.c.entry_count, hours.c.running_count)
    statement = (
        sa.select(*_COLUMNS, *(sa.func.coalesce(column, 0) for column in sums))
        .select_from(tasks.outerjoin(hours, hours.c.task_id == tasks.c.id))
        .where(visible(tasks, viewer), tasks.c.project_id == project_id)
        .where(sa.true() if only is None else tasks.c.id == only)
        .order_by(tasks.c.name_key)
    )
    return [TaskHours(*row) for row in await db.execute(statement)]


async def find_taken_name(db: Connection, viewer: Viewer, project_id: UUID, name: str) -> Named | None:
    """Which task of the project has this name, whatever its case."""
    statement = sa.select(tasks.c.name, tasks.c.archived_at).where(
        visible(tasks, viewer), tasks.c.project_id == project_id, tasks.c.name_key == name
    )
    row = (await db.execute(statement)).first()
    return Named(row.name, row.archived_at is not None) if row else None


async def count_uses(db: Connection, viewer: Viewer, task_id: UUID) -> int:
    """What keeps a task from being deleted: everybody's entries on it, those in the trash too."""
    statement = sa.select(sa.func.count()).where(visible(entries, viewer), entries.c.task_id == task_id)
    return (await db.execute(statement)).scalar_one()


async def insert_task(db: Connection, viewer: Viewer, project_id: UUID, name: str, now: datetime) -> UUID:
    """Raises Forbidden; Conflict where the project has a task of this name, or ("foreign_key") there is no such
    project."""
    values = {"project_id": project_id, "name": name}
    return await catalogue.insert_named(db, viewer, tasks, values, now)


async def update_task(db: Connection, viewer: Viewer, task_id: UUID, name: str, now: datetime) -> Named:
    """Raises Missing and Forbidden, and Conflict where the project has another task of this name."""
    return await catalogue.update_named(db, viewer, tasks, task_id, {"name": name}, now)


async def archive_task(db: Connection, viewer: Viewer, task_id: UUID, now: datetime) -> Named:
    """Offer it for new entries no more; what runs on it goes on. Raises Missing and Forbidden."""
    return await catalogue.archive_named(db, viewer, tasks, task_id, now)


async def restore_task(db: Connection, viewer: Viewer, task_id: UUID, now: datetime) -> Named:
    """Raises Missing and Forbidden."""
    return await catalogue.restore_named(db, viewer, tasks, task_id, now)


async def delete_task(db: Connection, viewer: Viewer, task_id: UUID, now: datetime) -> Named:
    """Raises Missing, Forbidden, and Conflict ("foreign_key") where it has entries, in the trash or not.

    People's favourites on it stay, on its project.
    """
    pinned = sa.and_(visible(favourites, viewer), favourites.c.task_id == task_id)
    await db.execute(sa.update(favourites).where(pinned, may_manage(viewer)).values(task_id=None))
    return await catalogue.delete_named(db, viewer, tasks, task_id, now)
