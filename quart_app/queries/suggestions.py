"""What somebody may want to type again: what they tracked lately, and the names of the workspace's clients and tags."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app.access import OWN, EntryRow, Quick, Viewer, params, select_entry_rows
from quart_app.db import Connection
from quart_app.places import Place
from quart_app.tables import clients, entries, projects, tags, tasks

RECENT = 300


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something the viewer has tracked before, to be offered again: its latest entry, and how often it was."""

    entry_id: UUID
    description: str
    project_id: UUID | None
    project_name: str | None
    project_colour: int | None
    client_name: str | None
    is_billable: bool
    tags: tuple[str, ...]
    count: int = 1
    task_id: UUID | None = None
    task_name: str | None = None

    @property
    def place(self) -> Place | None:
        return Place.of(self.project_id, self.task_id)


@dataclass(frozen=True, slots=True)
class NamedRow:
    """An active client or tag."""

    id: UUID
    name: str


_RECENT = Quick(
    select_entry_rows()
    .where(
        OWN,
        entries.c.description != "",
        # Of what there is none of, nothing is archived.
        projects.c.archived_at.is_(None),
        tasks.c.archived_at.is_(None),
    )
    .order_by(entries.c.started_at.desc(), entries.c.id.desc())
    .limit(RECENT)
)


async def list_suggestions(db: Connection, viewer: Viewer) -> list[Suggestion]:
    """What the viewer's last 300 entries with words say, the latest first, each text once for each project and
    task."""
    found: dict[tuple[str, Place | None], Suggestion] = {}
    for values in await _RECENT.all(db, params(viewer)):
        row = EntryRow(*values)
        key = (row.description.casefold(), row.place)
        if (known := found.get(key)) is not None:
            found[key] = replace(known, count=known.count + 1)
            continue
        found[key] = Suggestion(
            row.id,
            row.description,
            row.project_id,
            row.project_name,
            row.project_colour,
            row.client_name,
            row.is_billable,
            row.tags,
            task_id=row.task_id,
            task_name=row.task_name,
        )
    return list(found.values())


def _active(table: sa.Table) -> sa.Select[Any]:
    return (
        sa.select(table.c.id, table.c.name)
        .where(table.c.workspace_id == sa.bindparam("viewer_workspace"), table.c.archived_at.is_(None))
        .order_by(table.c.name_key)
    )


_CLIENTS, _TAGS = _active(clients), _active(tags)


async def list_active_clients(db: Connection, viewer: Viewer) -> list[NamedRow]:
    """By name."""
    rows = await db.execute(_CLIENTS, {"viewer_workspace": viewer.workspace_id})
    return [NamedRow(*row) for row in rows]


async def list_active_tags(db: Connection, viewer: Viewer) -> list[NamedRow]:
    """By name."""
    rows = await db.execute(_TAGS, {"viewer_workspace": viewer.workspace_id})
    return [NamedRow(*row) for row in rows]
