"""Tags: the list with their use, the names to suggest, ids for what people type, and every change to one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from quart_app import catalogue
from quart_app.access import Viewer, may_track, visible
from quart_app.catalogue import Named
from quart_app.db import Connection
from quart_app.tables import entries, entry_tags, tags


@dataclass(frozen=True, slots=True)
class TagUse:
    """A tag with the number of entries that the viewer is shown of it (see catalogue.seen_entries)."""

    id: UUID
    name: str
    archived_at: datetime | None
    entry_count: int


# Stands on the timer's page, so it is made once.
_NAMES = (
    sa.select(tags.c.name)
    .where(tags.c.workspace_id == sa.bindparam("workspace_id"), tags.c.archived_at.is_(None))
    .order_by(tags.c.name_key)
)


async def list_tag_names(db: Connection, viewer: Viewer) -> list[str]:
    """The names of the active tags, in order."""
    return list((await db.execute(_NAMES, {"workspace_id": viewer.workspace_id})).scalars())


async def list_tags(db: Connection, viewer: Viewer, *, only: UUID | None = None) -> list[TagUse]:
    """The workspace's tags (or the one), by name, with the number of entries that the viewer is shown."""
    uses = (
        sa.select(entry_tags.c.tag_id, sa.func.count().label("entry_count"))
        .join_from(
            entry_tags,
            entries,
            sa.and_(
                entries.c.workspace_id == entry_tags.c.workspace_id, entries.c.id == entry_tags.c.entry_id
            ),
        )
        .where(
            visible(entry_tags, viewer),
            catalogue.seen_entries(viewer),
            sa.true() if only is None else entry_tags.c.tag_id == only,
        )
        .group_by(entry_tags.c.tag_id)
        .subquery("uses")
    )
    statement = (
        sa.select(tags.c.id, tags.c.name, tags.c.archived_at, sa.func.coalesce(uses.c.entry_count, 0))
        .select_from(tags.outerjoin(uses, uses.c.tag_id == tags.c.id))
        .where(visible(tags, viewer), sa.true() if only is None else tags.c.id == only)
        .order_by(tags.c.name_key)
    )
    return [TagUse(*row) for row in await db.execute(statement)]


async def find_tag(db: Connection, viewer: Viewer, tag_id: UUID) -> TagUse | None:
    """A tag of the viewer's workspace, archived or not."""
    found = await list_tags(db, viewer, only=tag_id)
    return found[0] if found else None


async def resolve_tags(db: Connection, viewer: Viewer, names: Iterable[str], now: datetime) -> list[UUID]:
    """Ids of these names, whatever their case, in their order and each once; missing tags are made.

    Everyone who tracks time may make tags. Use the ids in the same transaction: until its end nobody can
    delete the tags. Raises Forbidden where one is missing and the viewer may not track.
    """
    return await catalogue.resolve_names(db, viewer, tags, names, may_track(viewer), now)


async def find_taken_name(db: Connection, viewer: Viewer, name: str) -> Named | None:
    """Which tag has this name, whatever its case."""
    return await catalogue.find_by_name(db, viewer, tags, name)


async def count_uses(db: Connection, viewer: Viewer, tag_id: UUID) -> int:
    """What keeps a tag from being deleted: everybody's entries that bear it, those in the trash too."""
    statement = sa.select(sa.func.count()).where(visible(entry_tags, viewer), entry_tags.c.tag_id == tag_id)
    return (await db.execute(statement)).scalar_one()


async def insert_tag(db: Connection, viewer: Viewer, name: str, now: datetime) -> UUID:
    """Raises Forbidden, and Conflict where the name is taken."""
    return await catalogue.insert_named(db, viewer, tags, {"name": name}, now)


async def update_tag(db: Connection, viewer: Viewer, tag_id: UUID, name: str, now: datetime) -> Named:
    """Raises Missing and Forbidden, and Conflict where the name is taken."""
    return await catalogue.update_named(db, viewer, tags, tag_id, {"name": name}, now)


async def archive_tag(db: Connection, viewer: Viewer, tag_id: UUID, now: datetime) -> Named:
    """Suggest it no more; entries keep it. Raises Missing and Forbidden."""
    return await catalogue.archive_named(db, viewer, tags, tag_id, now)


async def restore_tag(db: Connection, viewer: Viewer, tag_id: UUID, now: datetime) -> Named:
    """Raises Missing and Forbidden."""
    return await catalogue.restore_named(db, viewer, tags, tag_id, now)


async def delete_tag(db: Connection, viewer: Viewer, tag_id: UUID, now: datetime) -> Named:
    """Raises Missing, Forbidden, and Conflict ("foreign_key") where entries bear it, in the trash or not."""
    return await catalogue.delete_named(db, viewer, tags, tag_id, now)
