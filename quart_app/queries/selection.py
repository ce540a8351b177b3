"""Several entries changed at once: each change is one statement over all of them, and one action in the journal."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app import catalogue, journal
from quart_app.access import (
    Forbidden,
    Missing,
    Viewer,
    changeable,
    is_open,
    may_track,
    names_of,
    tag_text,
    visible,
)
from quart_app.db import Connection
from quart_app.dialects import upsert
from quart_app.kinds import fold
from quart_app.places import Place
from quart_app.tables import entries, entry_tags, projects, tags

MOST = 500
_JOURNALLED = ("description", "project_id", "task_id", "is_billable", "started_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all of them shall have in common; the rest of each stays. To set the project sets the task, or takes it
    away: it would be another project's. `tag_mode` is "add", "replace" or "remove"."""

    sets_project: bool = False
    place: Place | None = None
    is_billable: bool | None = None
    tag_mode: str = "add"
    tags: tuple[str, ...] = ()
    most_tags: int = 20  # on one entry

    def columns(self) -> dict[str, UUID | None]:
        """Of the place, if it is set."""
        return {
            "project_id": self.place.project if self.place else None,
            "task_id": self.place.task if self.place else None,
        }

    @property
    def sets_tags(self) -> bool:
        return bool(self.tags) or self.tag_mode == "replace"


class TooManyTags(Exception):
    """One of them would bear more tags than an entry may."""


async def update_entries(
    db: Connection, viewer: Viewer, ids: Collection[UUID], wanted: Wanted, now: datetime, action_id: UUID
) -> int:
    """Change them all, or none; how many are not as they were.

    Raises Missing where one (or the project or task, or it is archived) isn't there, Forbidden where one is not theirs,
    TooManyTags.
    """
    await journal.touch_user(db, viewer)
    rows = await _lock_rows(db, viewer, ids)
    if wanted.sets_project and wanted.place is not None:
        await _check_place(db, viewer, wanted.place)
    lines: list[journal.Line] = []
    after_tags = {row.id: _tags_after(names_of(row.tags), wanted) for row in rows}
    if wanted.tag_mode == "add" and any(len(names) > wanted.most_tags for names in after_tags.values()):
        raise TooManyTags
    for row in rows:
        borne = names_of(row.tags)
        before = {**journal.plain(row, "project_id", "task_id", "is_billable"), "tags": list(borne)}
        after = {
            **journal.plain_values(wanted.columns()),
            "is_billable": wanted.is_billable,
            "tags": list(after_tags[row.id]),
        }
        is_there = not wanted.sets_project or Place.of(row.project_id, row.task_id) == wanted.place
        kept = {
            "project_id": is_there,
            "task_id": is_there,
            "is_billable": wanted.is_billable is None or before["is_billable"] == after["is_billable"],
            "tags": _folded(borne) == _folded(after_tags[row.id]),
        }
        changed = [name for name, is_kept in kept.items() if not is_kept]
        if changed:
            line = {name: before[name] for name in changed}, {name: after[name] for name in changed}
            lines.append((viewer.workspace_id, row.id, "update", *line))
    if not lines:
        return 0
    changing = [line[1] for line in lines]
    await _write(db, viewer, changing, wanted, now)
    await _write_tags(db, viewer, changing, wanted, now)
    await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)
    return len(lines)


async def delete_entries(
    db: Connection, viewer: Viewer, ids: Collection[UUID], now: datetime, action_id: UUID
) -> int:
    """Put them all into the trash, or none; how many. Raises Missing, Forbidden."""
    await journal.touch_user(db, viewer)
    rows = await _lock_rows(db, viewer, ids)
    done = await db.execute(
        sa.update(entries)
        .where(changeable(entries, viewer), entries.c.id.in_([row.id for row in rows]))
        .values(deleted_at=now, updated_at=now, version=entries.c.version + 1)
        .returning(entries.c.id)
    )
    if len(done.all()) != len(rows):
        raise Forbidden
    lines: list[journal.Line] = []
    for row in rows:
        before = {**journal.plain(row, *_JOURNALLED), "tags": list(names_of(row.tags))}
        lines.append((viewer.workspace_id, row.id, "delete", before, None))
    await journal.record_all(db, viewer, "entry", lines, now, action_id=action_id)
    return len(lines)


async def _lock_rows(db: Connection, viewer: Viewer, ids: Collection[UUID]) -> list[Any]:
    """The viewer's own entries of these ids, all of them, held until the transaction ends."""
    wanted = set(ids)
    here = sa.and_(changeable(entries, viewer), entries.c.id.in_(wanted))
    locking = sa.select(entries.c.id).where(here).order_by(entries.c.id).with_for_update()
    if len((await db.execute(locking)).all()) != len(wanted):
        await _refuse(db, viewer, wanted)
    columns = [entries.c[name] for name in ("id", *_JOURNALLED)]
    statement = sa.select(*columns, tag_text(entries).label("tags")).where(here)
    return list(await db.execute(statement))


async def _refuse(db: Connection, viewer: Viewer, ids: Collection[UUID]) -> None:
    """Forbidden where each is there for the viewer to know of, else Missing. Always raises."""
    known = sa.select(sa.func.count()).where(
        visible(entries, viewer), entries.c.id.in_(ids), entries.c.deleted_at.is_(None)
    )
    raise Forbidden if (await db.execute(known)).scalar_one() == len(ids) else Missing


async def _check_place(db: Connection, viewer: Viewer, place: Place) -> None:
    here = sa.and_(visible(projects, viewer), projects.c.id == place.project)
    held = sa.select(projects.c.id).where(here).with_for_update(read=True, key_share=True)
    await db.execute(held)
    if not (await db.execute(sa.select(is_open(viewer, place)))).scalar_one():
        raise Missing


async def _write(
    db: Connection, viewer: Viewer, ids: Collection[UUID], wanted: Wanted, now: datetime
) -> None:
    values: dict[str, Any] = {"updated_at": now, "version": entries.c.version + 1}
    if wanted.sets_project:
        values |= wanted.columns()
    if wanted.is_billable is not None:
        values["is_billable"] = wanted.is_billable
    await db.execute(
        sa.update(entries).where(changeable(entries, viewer), entries.c.id.in_(ids)).values(values)
    )


async def _write_tags(
    db: Connection, viewer: Viewer, ids: Collection[UUID], wanted: Wanted, now: datetime
) -> None:
    if not wanted.sets_tags:
        return
    here = sa.and_(entry_tags.c.workspace_id == viewer.workspace_id, entry_tags.c.entry_id.in_(ids))
    if wanted.tag_mode == "remove":
        # What no tag is called, no entry bears: none is made for that.
        named = sa.select(tags.c.id).where(visible(tags, viewer), tags.c.name_key.in_(wanted.tags))
        await db.execute(sa.delete(entry_tags).where(here, entry_tags.c.tag_id.in_(named)))
        return
    found = await catalogue.resolve_names(db, viewer, tags, wanted.tags, may_track(viewer), now)
    if wanted.tag_mode == "replace":
        await db.execute(sa.delete(entry_tags).where(here, entry_tags.c.tag_id.not_in(found)))
    if found:
        pairs = (
            sa.select(entries.c.workspace_id, entries.c.id, tags.c.id)
            .join_from(entries, tags, tags.c.workspace_id == entries.c.workspace_id)
            .where(changeable(entries, viewer), entries.c.id.in_(ids), tags.c.id.in_(found))
        )
        names = ["workspace_id", "entry_id", "tag_id"]
        await db.execute(upsert(db, entry_tags).from_select(names, pairs).on_conflict_do_nothing())


def _tags_after(borne: tuple[str, ...], wanted: Wanted) -> tuple[str, ...]:
    if not wanted.sets_tags:
        return borne
    if wanted.tag_mode == "replace":
        return wanted.tags
    if wanted.tag_mode == "remove":
        return tuple(name for name in borne if fold(name) not in _folded(wanted.tags))
    return (*borne, *(name for name in wanted.tags if fold(name) not in _folded(borne)))


def _folded(names: Iterable[str]) -> set[str]:
    return {fold(name) for name in names}
