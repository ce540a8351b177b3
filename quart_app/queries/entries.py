"""Entries: the list by day, one entry, and every change to one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

import sqlalchemy as sa

from quart_app import exclusion, journal
from quart_app.access import (
    OWN,
    RUNNING,
    EntryRow,
    Forbidden,
    Missing,
    Quick,
    Viewer,
    changeable,
    is_open,
    may_track,
    names_of,
    own_entries,
    params,
    select_entry_rows,
    tag_text,
    visible,
)
from quart_app.columns import Id
from quart_app.db import Connection
from quart_app.dialects import earlier, greatest, is_long, least, upsert
from quart_app.kinds import Instant
from quart_app.places import Place
from quart_app.tables import LONG_SECONDS, entries, entry_tags

_UNTIL = sa.bindparam("until", type_=Instant)
_NOTHING: sa.ColumnElement[int] = sa.literal_column("0")
_DAY: sa.ColumnElement[int] = sa.literal_column(str(LONG_SECONDS))
# Longer than any local day (25 hours, where clocks go back): a look this far back from an instant covers its whole day.
_DAY_AND_MORE: sa.ColumnElement[int] = sa.literal_column(str(26 * 3600))
_COLUMNS = (
    "workspace_id",
    "id",
    "project_id",
    "description",
    "started_at",
    "ended_at",
    "is_billable",
    "version",
    "task_id",
)
_JOURNALLED = ("description", "project_id", "task_id", "is_billable", "started_at", "ended_at")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _overlapping(since: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Own entries that touch [since, :until), the latest first: three disjoint searches, each with an index of its own.

    An entry that began before `since` may still reach into it. Nearly all are shorter than a day, so a look one day
    back finds them; the few longer ones have an index by their end; a running one is found by its own.
    """
    day_before = earlier(since, _DAY)
    lasts_long: sa.ColumnElement[Any] = is_long(entries.c.started_at, entries.c.ended_at)
    # SQLite has no booleans: `… = 1` would no longer be the words of the index.
    lasts_long.type = sa.Integer()
    workspace = sa.bindparam("viewer_workspace", type_=Id)
    # SQLite prefers an index that serves more conditions, however many rows it finds by it: it must not see this one.
    here = sa.func.coalesce(entries.c.workspace_id, workspace) == workspace
    columns = [entries.c[name] for name in _COLUMNS]
    recent = sa.select(*columns).where(
        OWN,
        entries.c.started_at < _UNTIL,
        entries.c.started_at >= day_before,
        sa.or_(entries.c.started_at >= since, entries.c.ended_at > since, entries.c.ended_at.is_(None)),
    )
    # Nor the other way to find these: by their start it would look at all the years before.
    began = earlier(entries.c.started_at, _NOTHING)
    long = sa.select(*columns).where(OWN, lasts_long, began < day_before, entries.c.ended_at > since)
    running = sa.select(*columns).where(
        RUNNING, here, entries.c.started_at < day_before, entries.c.started_at < _UNTIL
    )
    found = sa.union_all(recent, long, running).subquery("found")
    return select_entry_rows(found).order_by(found.c.started_at.desc(), found.c.id.desc())


_BETWEEN = Quick(_overlapping(sa.bindparam("since", type_=Instant)))

_NTH = (
    sa.select(entries.c.started_at)
    # The version holds always: without it SQLite would find all there is to see in the index of reports, and look at
    # everybody's entries there.
    .where(OWN, entries.c.started_at < _UNTIL, entries.c.version > _NOTHING)
    .order_by(entries.c.started_at.desc(), entries.c.id.desc())
    .offset(sa.bindparam("count", type_=sa.Integer))
    .limit(1)
    .scalar_subquery()
)
_BOUNDS = sa.select(
    least(
        sa.bindparam("at_most", type_=Instant),
        earlier(sa.func.coalesce(_NTH, sa.bindparam("beginning", type_=Instant)), _DAY_AND_MORE),
    ).label("since")
).cte("bounds")
_LATEST = Quick(_overlapping(sa.select(_BOUNDS.c.since).scalar_subquery()))


async def list_entries(db: Connection, viewer: Viewer, since: datetime, until: datetime) -> list[EntryRow]:
    """Own entries that touch [since, until), the latest start first."""
    rows = await _BETWEEN.all(db, {**params(viewer), "since": since, "until": until})
    return [EntryRow(*row) for row in rows]


async def list_latest_entries(
    db: Connection, viewer: Viewer, until: datetime, count: int, at_most: datetime
) -> list[EntryRow]:
    """The latest `count` entries that start before `until`, all others since `at_most`, and enough before these that
    the local day of the last one is whole. The latest start first."""
    values = {"until": until, "count": count, "at_most": at_most, "beginning": BEGINNING}
    rows = await _LATEST.all(db, {**params(viewer), **values})
    return [EntryRow(*row) for row in rows]


_ONE = Quick(select_entry_rows().where(OWN, entries.c.id == sa.bindparam("id")))


async def find_entry(db: Connection, viewer: Viewer, entry_id: UUID) -> EntryRow:
    """One of the viewer's own entries. Raises Missing, or Forbidden for a team-mate's."""
    row = await _ONE.first(db, {**params(viewer), "id": entry_id})
    if row is None:
        await _refuse(db, viewer, entry_id)
    return EntryRow(*row)


async def _refuse(db: Connection, viewer: Viewer, entry_id: UUID) -> NoReturn:
    """Tell a team-mate's entry (403) from one that isn't there for this viewer (404). Always raises."""
    statement = sa.select(entries.c.user_id).where(
        visible(entries, viewer), entries.c.id == entry_id, entries.c.deleted_at.is_(None)
    )
    row = (await db.execute(statement)).first()
    raise Missing if row is None else Forbidden


@dataclass(frozen=True, slots=True)
class EntryValues:
    """What an entry says, as a form gives it; ended_at None leaves it running."""

    description: str
    project_id: UUID | None
    is_billable: bool
    started_at: datetime
    ended_at: datetime | None
    tag_ids: tuple[UUID, ...] = ()
    tags: tuple[str, ...] = ()  # their names, for the journal
    task_id: UUID | None = None

    @property
    def place(self) -> Place | None:
        return Place.of(self.project_id, self.task_id)

    def columns(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "project_id": self.project_id,
            "task_id": self.task_id,
            "is_billable": self.is_billable,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }


class Stale(Exception):
    """The entry was changed elsewhere since the form was opened."""


async def insert_entry(
    db: Connection,
    viewer: Viewer,
    entry_id: UUID,
    new: EntryValues,
    now: datetime,
    *,
    action_id: UUID | None = None,
) -> bool:
    """Add a finished entry; False, and nothing changes, where the same id was sent before. Raises Forbidden, Missing
    (the project or task)."""
    await journal.touch_user(db, viewer)
    row = {
        "workspace_id": viewer.workspace_id,
        "id": entry_id,
        "user_id": viewer.user_id,
        **new.columns(),
        "created_at": now,
        "updated_at": now,
    }
    values = [sa.literal(value, entries.c[name].type) for name, value in row.items()]
    done = await db.execute(
        upsert(db, entries)
        .from_select(
            list(row),
            sa.select(*values).where(may_track(viewer), is_open(viewer, new.place)),
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "id"])
        .returning(entries.c.id)
    )
    if done.first() is None:
        await _explain_insert(db, viewer, entry_id)
        return False
    await exclusion.refuse_beside_running(db, viewer, entry_id, now)
    await _set_tags(db, viewer, entry_id, new.tag_ids)
    await journal.record(db, viewer, "entry", entry_id, "create", None, _plain(new), now, action_id=action_id)
    return True


async def _explain_insert(db: Connection, viewer: Viewer, entry_id: UUID) -> None:
    repeated = sa.exists().where(own_entries(viewer), entries.c.id == entry_id)
    sent_before, allowed = (await db.execute(sa.select(repeated, may_track(viewer)))).one()
    if not sent_before:
        raise Missing if allowed else Forbidden


async def update_entry(
    db: Connection,
    viewer: Viewer,
    entry_id: UUID,
    version: int | None,
    new: EntryValues,
    now: datetime,
    *,
    action_id: UUID | None = None,
) -> None:
    """Change an entry that still is at `version` (any, if None).

    Raises Stale, Missing (the entry, or a project or task that isn't there or is archived), Forbidden.
    """
    await journal.touch_user(db, viewer)
    before = await find_entry(db, viewer, entry_id)
    condition = sa.and_(changeable(entries, viewer), entries.c.id == entry_id)
    if version is not None:
        condition = sa.and_(condition, entries.c.version == version)
    done = await db.execute(
        sa.update(entries)
        .where(condition, is_open(viewer, new.place, kept_by=entries))
        .values(**new.columns(), updated_at=now, version=entries.c.version + 1)
        .returning(entries.c.id)
    )
    if done.first() is None:
        if not viewer.may_track:
            raise Forbidden
        raise Stale if version is not None and before.version != version else Missing
    if (before.started_at, before.ended_at) != (new.started_at, new.ended_at):
        await exclusion.refuse_beside_running(db, viewer, entry_id, now)
    await _set_tags(db, viewer, entry_id, new.tag_ids)
    old = {**journal.plain(before, *_JOURNALLED), "tags": list(before.tags)}
    if old != _plain(new):  # or there is nothing to take back
        await journal.record(
            db, viewer, "entry", entry_id, "update", old, _plain(new), now, action_id=action_id
        )


async def delete_entry(
    db: Connection, viewer: Viewer, entry_id: UUID, now: datetime, *, action_id: UUID | None = None
) -> None:
    """Put an entry into the trash; doing it twice changes nothing more. Raises Missing, Forbidden."""
    done = await db.execute(
        sa.update(entries)
        .where(changeable(entries, viewer), entries.c.id == entry_id)
        .values(deleted_at=now, updated_at=now, version=entries.c.version + 1)
        .returning(*(entries.c[name] for name in _JOURNALLED))
    )
    if (row := done.first()) is None:
        if not await _is_in_trash(db, viewer, entry_id):
            await _refuse(db, viewer, entry_id)
        return
    await journal.touch_user(db, viewer)
    tags = await db.execute(sa.select(tag_text(entries)).where(_mine(viewer), entries.c.id == entry_id))
    before = {**journal.plain(row, *_JOURNALLED), "tags": list(names_of(tags.scalar_one()))}
    await journal.record(db, viewer, "entry", entry_id, "delete", before, None, now, action_id=action_id)


async def _is_in_trash(db: Connection, viewer: Viewer, entry_id: UUID) -> bool:
    statement = sa.select(entries.c.id).where(
        _mine(viewer), entries.c.id == entry_id, entries.c.deleted_at.is_not(None)
    )
    return (await db.execute(statement)).first() is not None


def _mine(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(entries.c.workspace_id == viewer.workspace_id, entries.c.user_id == viewer.user_id)


async def restore_entry(db: Connection, viewer: Viewer, entry_id: UUID, now: datetime) -> None:
    """Take an entry out of the trash, as it was. A timer that ran goes on running, unless another runs by now: then it
    ends when it was deleted. Raises Missing, Forbidden."""
    # The person's lock, as in start_timer: no timer may start between the look at what runs and this update.
    await journal.touch_user(db, viewer)
    in_trash = sa.and_(_mine(viewer), entries.c.id == entry_id, entries.c.deleted_at.is_not(None))
    was = (await db.execute(select_entry_rows().where(in_trash))).first()
    other = entries.alias("other")
    runs_by_now = sa.exists().where(
        other.c.user_id == viewer.user_id, other.c.ended_at.is_(None), other.c.deleted_at.is_(None)
    )
    ended_at = sa.case(
        (
            sa.and_(entries.c.ended_at.is_(None), runs_by_now),
            greatest(entries.c.deleted_at, entries.c.started_at),
        ),
        else_=entries.c.ended_at,
    )
    done = await db.execute(
        sa.update(entries)
        .where(in_trash, may_track(viewer))
        .values(deleted_at=None, ended_at=ended_at, updated_at=now, version=entries.c.version + 1)
        .returning(entries.c.ended_at)
    )
    if (row := done.first()) is None or was is None:
        await find_entry(db, viewer, entry_id)
        return
    await exclusion.refuse_beside_running(db, viewer, entry_id, now)
    old = {**journal.plain(was, *_JOURNALLED), "tags": list(names_of(was.tag_text))}
    lines: list[journal.Line] = [(viewer.workspace_id, entry_id, "restore", None, old)]
    if was.ended_at is None and row.ended_at is not None:
        after = journal.plain(row, "ended_at")
        lines.append((viewer.workspace_id, entry_id, "stop", {"ended_at": None}, after))
    await journal.record_all(db, viewer, "entry", lines, now)


async def _set_tags(db: Connection, viewer: Viewer, entry_id: UUID, tag_ids: Iterable[UUID]) -> None:
    wanted = list(tag_ids)
    here = sa.and_(entry_tags.c.workspace_id == viewer.workspace_id, entry_tags.c.entry_id == entry_id)
    await db.execute(sa.delete(entry_tags).where(here, entry_tags.c.tag_id.not_in(wanted)))
    if wanted:
        await db.execute(
            upsert(db, entry_tags).on_conflict_do_nothing(),
            [{"workspace_id": viewer.workspace_id, "entry_id": entry_id, "tag_id": tag} for tag in wanted],
        )


def _plain(new: EntryValues) -> dict[str, Any]:
    return {
        **journal.plain(new, *_JOURNALLED),
        "tags": list(new.tags),
    }
