"""Favourites: what a person starts again and again, pinned, so that one press starts it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import (
    Forbidden,
    Missing,
    Viewer,
    may_track,
    names_of,
    own_entries,
    tag_text,
    visible,
    with_names,
)
from quart_app.db import Connection
from quart_app.dialects import upsert
from quart_app.ids import new_id
from quart_app.places import Place
from quart_app.tables import (
    clients,
    entries,
    entry_tags,
    favourite_tags,
    favourites,
    projects,
    tags,
    tasks,
)

# So that the list can be taken in at a glance.
MOST = 30


class Favourite(NamedTuple):
    """A favourite with what is shown of its project, task and tags. Where one of the first two is archived, since
    `archived_at`, it can't be started."""

    id: UUID
    description: str
    project_id: UUID | None
    is_billable: bool
    project_name: str | None
    project_colour: int | None
    client_name: str | None
    archived_at: datetime | None
    tag_text: str | None
    task_id: UUID | None = None
    task_name: str | None = None

    @property
    def place(self) -> Place | None:
        return Place.of(self.project_id, self.task_id)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def tags(self) -> tuple[str, ...]:
        return names_of(self.tag_text)


class TooMany(Exception):
    """The person has MOST favourites already."""


def _own(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(visible(favourites, viewer), favourites.c.user_id == viewer.user_id)


def _select(viewer: Viewer) -> sa.Select[Any]:
    return (
        sa.select(
            favourites.c.id,
            favourites.c.description,
            favourites.c.project_id,
            favourites.c.is_billable,
            projects.c.name,
            projects.c.colour,
            clients.c.name,
            sa.func.coalesce(projects.c.archived_at, tasks.c.archived_at),
            tag_text(favourites, favourite_tags),
            favourites.c.task_id,
            tasks.c.name,
        )
        .select_from(with_names(favourites, favourites))
        .where(_own(viewer))
    )


async def list_favourites(db: Connection, viewer: Viewer) -> list[Favourite]:
    """The viewer's own, the first that was pinned first."""
    statement = _select(viewer).order_by(favourites.c.created_at, favourites.c.id)
    return [Favourite(*row) for row in await db.execute(statement)]


async def find_favourite(db: Connection, viewer: Viewer, favourite_id: UUID) -> Favourite:
    """One of the viewer's own. Raises Missing, or Forbidden for a team-mate's."""
    row = (await db.execute(_select(viewer).where(favourites.c.id == favourite_id))).first()
    if row is None:
        await _refuse(db, viewer, favourite_id)
    return Favourite(*row)


async def _refuse(db: Connection, viewer: Viewer, favourite_id: UUID) -> NoReturn:
    statement = sa.select(favourites.c.id).where(visible(favourites, viewer), favourites.c.id == favourite_id)
    raise Missing if (await db.execute(statement)).first() is None else Forbidden


async def pin_entry(db: Connection, viewer: Viewer, entry_id: UUID, now: datetime) -> bool:
    """Pin what one of the viewer's own entries says; False where it is pinned already, and nothing changes.

    Raises Missing, Forbidden, TooMany.
    """
    said = (entries.c.description, entries.c.project_id, entries.c.task_id, entries.c.is_billable)
    own = sa.select(*said).where(own_entries(viewer), entries.c.id == entry_id)
    row = (await db.execute(own)).first()
    if row is None:
        theirs = sa.exists().where(visible(entries, viewer), entries.c.id == entry_id)
        raise Forbidden if (await db.execute(sa.select(theirs))).scalar_one() else Missing
    borne = sa.select(entry_tags.c.tag_id).where(
        entry_tags.c.workspace_id == viewer.workspace_id, entry_tags.c.entry_id == entry_id
    )
    tag_ids = list((await db.execute(borne)).scalars())
    return await _insert(db, viewer, new_id(), row._asdict(), tag_ids, "create", now)


async def _insert(
    db: Connection,
    viewer: Viewer,
    favourite_id: UUID,
    values: Mapping[str, Any],
    tag_ids: Sequence[UUID],
    action: str,
    now: datetime,
) -> bool:
    # The person's lock: of two that pin at once, the second counts what the first has pinned.
    await journal.touch_user(db, viewer)
    row = {
        "workspace_id": viewer.workspace_id,
        "id": favourite_id,
        "user_id": viewer.user_id,
        **values,
        "description_key": values["description"],
        "created_at": now,
    }
    has_room = sa.select(sa.func.count()).where(_own(viewer)).scalar_subquery() < MOST
    picked = [sa.literal(value, favourites.c[name].type) for name, value in row.items()]
    done = await db.execute(
        upsert(db, favourites)
        .from_select(list(row), sa.select(*picked).where(may_track(viewer), has_room))
        .on_conflict_do_nothing()
        .returning(favourites.c.id)
    )
    if done.first() is None:
        await _explain(db, viewer, values)
        return False
    if tag_ids:
        links = [
            {"workspace_id": viewer.workspace_id, "favourite_id": favourite_id, "tag_id": tag}
            for tag in tag_ids
        ]
        await db.execute(sa.insert(favourite_tags), links)
    after = {**_told(values), "tag_ids": [str(tag) for tag in tag_ids]}
    await journal.record(db, viewer, "favourite", favourite_id, action, None, after, now)
    return True


async def _explain(db: Connection, viewer: Viewer, values: Mapping[str, Any]) -> None:
    """Why nothing was inserted: that it is there already is fine, the rest is not."""
    project = favourites.c.project_id
    same = sa.exists().where(
        _own(viewer),
        favourites.c.description_key == values["description"],
        project.is_(None) if values["project_id"] is None else project == values["project_id"],
    )
    is_there, allowed = (await db.execute(sa.select(same, may_track(viewer)))).one()
    if not allowed:
        raise Forbidden
    if not is_there:
        raise TooMany


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns for the journal; restore_favourite reads them again."""
    told = journal.plain_values({name: values[name] for name in ("description", "project_id", "task_id")})
    return {
        **told,
        "is_billable": bool(values["is_billable"]),
    }


async def unpin_favourite(db: Connection, viewer: Viewer, favourite_id: UUID, now: datetime) -> None:
    """Take it from the list; doing it twice changes nothing more. Raises Missing, Forbidden."""
    borne = sa.select(favourite_tags.c.tag_id).where(
        favourite_tags.c.workspace_id == viewer.workspace_id, favourite_tags.c.favourite_id == favourite_id
    )
    tag_ids = [str(tag) for tag in (await db.execute(borne)).scalars()]
    done = await db.execute(
        sa.delete(favourites)
        .where(_own(viewer), favourites.c.id == favourite_id)
        .returning(
            favourites.c.description, favourites.c.project_id, favourites.c.task_id, favourites.c.is_billable
        )
    )
    if (row := done.first()) is None:
        if await journal.find_deleted(db, viewer, "favourite", favourite_id) is None:
            await _refuse(db, viewer, favourite_id)
        return
    await journal.touch_user(db, viewer)
    before = {**_told(row._asdict()), "tag_ids": tag_ids}
    await journal.record(db, viewer, "favourite", favourite_id, "delete", before, None, now)


async def restore_favourite(db: Connection, viewer: Viewer, favourite_id: UUID, now: datetime) -> None:
    """Pin again what was unpinned, with what is left of its project, task and tags; once it is, nothing changes.

    Raises Missing, Forbidden, TooMany.
    """
    before = await journal.find_deleted(db, viewer, "favourite", favourite_id)
    if before is None:
        await find_favourite(db, viewer, favourite_id)
        return
    project_id, task_id = (
        UUID(key) if (key := before.get(name)) else None for name in ("project_id", "task_id")
    )
    values = {**before, "project_id": project_id, "task_id": task_id}
    wanted = [UUID(tag) for tag in values.pop("tag_ids")]
    for table, name in ((tasks, "task_id"), (projects, "project_id")):
        there = sa.exists().where(visible(table, viewer), table.c.id == values[name])
        if values[name] is not None and not (await db.execute(sa.select(there))).scalar_one():
            values[name] = None
    left = sa.select(tags.c.id).where(visible(tags, viewer), tags.c.id.in_(wanted))
    tag_ids = list((await db.execute(left.with_for_update(read=True, key_share=True))).scalars())
    await _insert(db, viewer, favourite_id, values, tag_ids, "restore", now)
