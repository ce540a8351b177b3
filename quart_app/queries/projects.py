"""Projects: the list with its hours, those that can be picked for an entry, and every change to one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app import catalogue
from quart_app.access import Viewer, may_manage, visible
from quart_app.catalogue import Named
from quart_app.db import Connection
from quart_app.dialects import seconds_between
from quart_app.places import Place
from quart_app.tables import COLOURS, clients, entries, favourites, projects, rates, tasks


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its client's name; archived_at None while it is in use."""

    id: UUID
    name: str
    description: str
    colour: int
    is_billable: bool
    client_id: UUID | None
    client_name: str | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProjectHours(Project):
    """A project with the seconds that the viewer is shown of it (see catalogue.seen_entries)."""

    week_seconds: int
    total_seconds: int
    entry_count: int
    running_count: int


@dataclass(frozen=True, slots=True)
class PickableTask:
    """An active task of an active project."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A project, or one of its tasks: what the field says for it, and what it is called in a list."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class PickableProject:
    """An active project with its active tasks, by name, and what lists offer of it: itself and, beneath it, these."""

    id: UUID
    name: str
    colour: int
    client_name: str | None
    is_billable: bool
    tasks: tuple[PickableTask, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectValues:
    """What a project says, as a form gives it."""

    name: str
    description: str
    client_id: UUID | None
    colour: int
    is_billable: bool

    def columns(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": self.description,
            "client_id": self.client_id,
            "colour": self.colour,
            "is_billable": self.is_billable,
        }


@dataclass(frozen=True, slots=True)
class Uses:
    """What keeps a project from being deleted: everybody's entries, their seconds, those in the trash."""

    entries: int
    seconds: int
    trashed: int


_WITH_CLIENT = projects.outerjoin(
    clients, sa.and_(clients.c.workspace_id == projects.c.workspace_id, clients.c.id == projects.c.client_id)
)
_COLUMNS = (
    projects.c.id,
    projects.c.name,
    projects.c.description,
    projects.c.colour,
    projects.c.is_billable,
    projects.c.client_id,
    clients.c.name.label("client_name"),
    projects.c.archived_at,
)
# Stands on the timer's page, so it is made once.
_PICKABLE = (
    sa.select(
        projects.c.id,
        projects.c.name,
        projects.c.colour,
        clients.c.name.label("client_name"),
        projects.c.is_billable,
    )
    .select_from(_WITH_CLIENT)
    .where(projects.c.workspace_id == sa.bindparam("workspace_id"), projects.c.archived_at.is_(None))
    .order_by(projects.c.name_key)
)
_PICKABLE_TASKS = (
    sa.select(tasks.c.project_id, tasks.c.id, tasks.c.name)
    .where(tasks.c.workspace_id == sa.bindparam("workspace_id"), tasks.c.archived_at.is_(None))
    .order_by(tasks.c.name_key)
)


async def find_project(db: Connection, viewer: Viewer, project_id: UUID) -> Project | None:
    """A project of the viewer's workspace, archived or not."""
    statement = (
        sa.select(*_COLUMNS)
        .select_from(_WITH_CLIENT)
        .where(visible(projects, viewer), projects.c.id == project_id)
    )
    row = (await db.execute(statement)).first()
    return Project(*row) if row else None


async def list_projects(
    db: Connection, viewer: Viewer, now: datetime, *, only: UUID | None = None
) -> list[ProjectHours]:
    """The workspace's projects (or the one), by name, with the hours that the viewer is shown up to `now`."""
    of_these = sa.true() if only is None else entries.c.project_id == only
    hours = (
        sa.select(entries.c.project_id, *catalogue.hour_sums(viewer, now))
        .where(catalogue.seen_entries(viewer), entries.c.project_id.is_not(None), of_these)
        .group_by(entries.c.project_id)
        .subquery("hours")
    )
    sums = (hours.c.week_seconds, hours.c.total_seconds, hours.c.entry_count, hours.c.running_count)
    statement = (
        sa.select(*_COLUMNS, *(sa.func.coalesce(column, 0) for column in sums))
        .select_from(_WITH_CLIENT.outerjoin(hours, hours.c.project_id == projects.c.id))
        .where(visible(projects, viewer), sa.true() if only is None else projects.c.id == only)
        .order_by(projects.c.name_key)
    )
    return [ProjectHours(*row) for row in await db.execute(statement)]


async def list_pickable_projects(db: Connection, viewer: Viewer) -> list[PickableProject]:
    """The active projects with their active tasks, by name."""
    here = {"workspace_id": viewer.workspace_id}
    of_project: defaultdict[UUID, list[PickableTask]] = defaultdict(list)
    for project_id, *task in await db.execute(_PICKABLE_TASKS, here):
        of_project[project_id].append(PickableTask(*task))
    return [_pickable(row, of_project[row.id]) for row in await db.execute(_PICKABLE, here)]


def _pickable(row: Any, found: Iterable[PickableTask]) -> PickableProject:
    of_tasks = [Choice(str(Place(row.id, task.id)), f"{row.name} · {task.name}") for task in found]
    of_client = f" · {row.client_name}" if row.client_name else ""
    own = Choice(str(row.id), f"{row.name}{of_client}")
    said = (row.id, row.name, row.colour, row.client_name, row.is_billable)
    return PickableProject(*said, tuple(found), (own, *of_tasks))


async def find_spare_colour(db: Connection, viewer: Viewer) -> int:
    """The colour that the fewest active projects have, the first where several do: what a new project begins with."""
    statement = (
        sa.select(projects.c.colour, sa.func.count().label("uses"))
        .where(visible(projects, viewer), projects.c.archived_at.is_(None))
        .group_by(projects.c.colour)
    )
    used = {row.colour: row.uses for row in await db.execute(statement)}
    return min(range(1, COLOURS + 1), key=lambda colour: used.get(colour, 0))


async def find_taken_name(db: Connection, viewer: Viewer, name: str) -> Named | None:
    """Which project has this name, whatever its case."""
    return await catalogue.find_by_name(db, viewer, projects, name)


async def count_uses(db: Connection, viewer: Viewer, project_id: UUID, now: datetime) -> Uses:
    """Everybody's entries on the project, what runs counted up to `now`."""
    is_trashed = entries.c.deleted_at.is_not(None)
    end = sa.func.coalesce(entries.c.ended_at, sa.literal(now, entries.c.ended_at.type))
    seconds = sa.case((is_trashed, 0), else_=seconds_between(entries.c.started_at, end))
    statement = sa.select(
        sa.func.count(),
        sa.cast(sa.func.coalesce(sa.func.sum(seconds), 0), sa.BigInteger),
        sa.func.count(entries.c.deleted_at),
    ).where(visible(entries, viewer), entries.c.project_id == project_id)
    count, total, trashed = (await db.execute(statement)).one()
    return Uses(count - trashed, total, trashed)


async def insert_project(db: Connection, viewer: Viewer, values: ProjectValues, now: datetime) -> UUID:
    """Raises Forbidden; Conflict where the name is taken, or ("foreign_key") there is no such client."""
    return await catalogue.insert_named(db, viewer, projects, values.columns(), now)


async def resolve_project(db: Connection, viewer: Viewer, name: str, now: datetime) -> UUID:
    """The id of the project of this name, archived or not; where there is none it is made, in a spare colour.

    Raises Forbidden where it has to be made and the viewer may not.
    """
    more = {"colour": await find_spare_colour(db, viewer)}
    return (await catalogue.resolve_names(db, viewer, projects, [name], may_manage(viewer), now, more))[0]


async def update_project(
    db: Connection, viewer: Viewer, project_id: UUID, values: ProjectValues, now: datetime
) -> Named:
    """Raises Missing, Forbidden, and Conflict as insert_project does."""
    return await catalogue.update_named(db, viewer, projects, project_id, values.columns(), now)


async def archive_project(db: Connection, viewer: Viewer, project_id: UUID, now: datetime) -> Named:
    """Offer it for new entries no more; what runs on it goes on. Raises Missing and Forbidden."""
    return await catalogue.archive_named(db, viewer, projects, project_id, now)


async def restore_project(db: Connection, viewer: Viewer, project_id: UUID, now: datetime) -> Named:
    """Raises Missing and Forbidden."""
    return await catalogue.restore_named(db, viewer, projects, project_id, now)


async def delete_project(db: Connection, viewer: Viewer, project_id: UUID, now: datetime) -> Named:
    """Raises Missing, Forbidden, and Conflict ("foreign_key") where it has entries, in the trash or not.

    Its tasks, its rates and people's favourites on it go with it.
    """
    for table in (favourites, tasks, rates):
        its = sa.and_(visible(table, viewer), table.c.project_id == project_id)
        await db.execute(sa.delete(table).where(its, may_manage(viewer)))
    return await catalogue.delete_named(db, viewer, projects, project_id, now)
