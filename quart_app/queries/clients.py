"""Clients: the list with their projects and hours, the names to choose from, and every change to one."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa

from quart_app import catalogue
from quart_app.access import Viewer, may_manage, visible
from quart_app.catalogue import Named
from quart_app.db import Connection
from quart_app.tables import clients, entries, projects


@dataclass(frozen=True, slots=True)
class ClientProject:
    """A project of a client, as far as the client's row shows it."""

    id: UUID
    name: str
    colour: int
    is_archived: bool


@dataclass(frozen=True, slots=True)
class ClientHours:
    """A client with its projects by name, and the seconds that the viewer is shown of them."""

    id: UUID
    name: str
    archived_at: datetime | None
    week_seconds: int
    total_seconds: int
    entry_count: int
    running_count: int
    projects: tuple[ClientProject, ...]


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """A client as a form offers it."""

    id: UUID
    name: str
    archived_at: datetime | None


_CHOICE = (clients.c.id, clients.c.name, clients.c.archived_at)


async def find_client(db: Connection, viewer: Viewer, client_id: UUID) -> ClientChoice | None:
    """A client of the viewer's workspace, archived or not."""
    statement = sa.select(*_CHOICE).where(visible(clients, viewer), clients.c.id == client_id)
    row = (await db.execute(statement)).first()
    return ClientChoice(*row) if row else None


async def list_clients(
    db: Connection, viewer: Viewer, now: datetime, *, only: UUID | None = None
) -> list[ClientHours]:
    """The workspace's clients (or the one), by name, with the hours that the viewer is shown up to `now`."""
    hours = (
        sa.select(projects.c.client_id, *catalogue.hour_sums(viewer, now))
        .select_from(entries)
        .join(
            projects,
            sa.and_(projects.c.workspace_id == entries.c.workspace_id, projects.c.id == entries.c.project_id),
        )
        .where(catalogue.seen_entries(viewer), projects.c.client_id.is_not(None))
        .where(sa.true() if only is None else projects.c.client_id == only)
        .group_by(projects.c.client_id)
        .subquery("hours")
    )
    sums = (hours.c.week_seconds, hours.c.total_seconds, hours.c.entry_count, hours.c.running_count)
    statement = (
        sa.select(
            clients.c.id,
            clients.c.name,
            clients.c.archived_at,
            *(sa.func.coalesce(column, 0).label(column.name) for column in sums),
        )
        .select_from(clients.outerjoin(hours, hours.c.client_id == clients.c.id))
        .where(visible(clients, viewer), sa.true() if only is None else clients.c.id == only)
        .order_by(clients.c.name_key)
    )
    rows = (await db.execute(statement)).all()
    theirs = await _list_projects(db, viewer)
    return [ClientHours(**row._mapping, projects=theirs.get(row.id, ())) for row in rows]


async def _list_projects(db: Connection, viewer: Viewer) -> dict[UUID, tuple[ClientProject, ...]]:
    statement = (
        sa.select(
            projects.c.client_id,
            projects.c.id,
            projects.c.name,
            projects.c.colour,
            projects.c.archived_at.is_not(None).label("is_archived"),
        )
        .where(visible(projects, viewer), projects.c.client_id.is_not(None))
        .order_by(projects.c.client_id, projects.c.name_key)
    )
    rows = (await db.execute(statement)).all()
    return {
        client_id: tuple(ClientProject(*row[1:]) for row in group)
        for client_id, group in groupby(rows, key=lambda row: row.client_id)
    }


async def list_client_choices(
    db: Connection, viewer: Viewer, *, with_client: UUID | None = None
) -> list[ClientChoice]:
    """The active clients, by name, and the one of this id even if it is archived."""
    statement = (
        sa.select(*_CHOICE)
        .where(
            visible(clients, viewer),
            sa.or_(
                clients.c.archived_at.is_(None), clients.c.id == sa.literal(with_client, clients.c.id.type)
            ),
        )
        .order_by(clients.c.name_key)
    )
    return [ClientChoice(*row) for row in await db.execute(statement)]


async def resolve_client(db: Connection, viewer: Viewer, name: str, now: datetime) -> UUID:
    """The client of this name, whatever its case, made where there is none. Raises Forbidden."""
    return (await catalogue.resolve_names(db, viewer, clients, [name], may_manage(viewer), now))[0]


async def find_taken_name(db: Connection, viewer: Viewer, name: str) -> Named | None:
    """Which client has this name, whatever its case."""
    return await catalogue.find_by_name(db, viewer, clients, name)


async def count_projects(db: Connection, viewer: Viewer, client_id: UUID) -> int:
    """What keeps a client from being deleted: its projects, archived ones too."""
    statement = sa.select(sa.func.count()).where(visible(projects, viewer), projects.c.client_id == client_id)
    return (await db.execute(statement)).scalar_one()


async def insert_client(db: Connection, viewer: Viewer, name: str, now: datetime) -> UUID:
    """Raises Forbidden, and Conflict where the name is taken."""
    return await catalogue.insert_named(db, viewer, clients, {"name": name}, now)


async def update_client(db: Connection, viewer: Viewer, client_id: UUID, name: str, now: datetime) -> Named:
    """Raises Missing and Forbidden, and Conflict where the name is taken."""
    return await catalogue.update_named(db, viewer, clients, client_id, {"name": name}, now)


async def archive_client(db: Connection, viewer: Viewer, client_id: UUID, now: datetime) -> Named:
    """Offer it for projects no more; those it has stay with it. Raises Missing and Forbidden."""
    return await catalogue.archive_named(db, viewer, clients, client_id, now)


async def restore_client(db: Connection, viewer: Viewer, client_id: UUID, now: datetime) -> Named:
    """Raises Missing and Forbidden."""
    return await catalogue.restore_named(db, viewer, clients, client_id, now)


async def delete_client(db: Connection, viewer: Viewer, client_id: UUID, now: datetime) -> Named:
    """Raises Missing, Forbidden, and Conflict ("foreign_key") where it has projects."""
    return await catalogue.delete_named(db, viewer, clients, client_id, now)
