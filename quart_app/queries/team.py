"""The people of a workspace: who they are, what they work on now, their hours this week, and who may join and leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal, periods
from quart_app.access import Forbidden, Missing, Quick, Viewer, has_role, may_lead
from quart_app.columns import Id
from quart_app.db import Connection
from quart_app.dialects import earlier, greatest, is_long, least, seconds_between, upsert
from quart_app.kinds import Instant
from quart_app.tables import LONG_SECONDS, entries, memberships, projects, sessions, users

_OWNER = "owner"


class LastOwner(Exception):
    """A workspace always has an owner: the last one neither leaves nor becomes something else."""


class MemberRow(NamedTuple):
    """Somebody of the workspace: what runs for them in it, and when they last stopped there."""

    user_id: UUID
    name: str
    username: str
    role: str
    started_at: datetime | None
    description: str | None
    project_name: str | None
    project_colour: int | None
    stopped_at: datetime | None

    @property
    def display_name(self) -> str:
        return self.name or self.username

    @property
    def is_running(self) -> bool:
        return self.started_at is not None


# --- who is there ---------------------------------------------------------------------------------------------------

_HERE = sa.bindparam("viewer_workspace", type_=Id)
_running = entries.alias("running")
_RUNS = sa.and_(
    _running.c.user_id == memberships.c.user_id,
    # Written so that SQLite does not look for it among all entries of the person here: of what runs there is one.
    sa.func.coalesce(_running.c.workspace_id, memberships.c.workspace_id) == memberships.c.workspace_id,
    _running.c.ended_at.is_(None),
    _running.c.deleted_at.is_(None),
)
# Of the entry that began last: what began earlier and ended later is rare, and to look for it would take all of them.
_stopped = entries.alias("stopped")
_STOPPED_AT = (
    sa.select(_stopped.c.ended_at)
    .where(
        _stopped.c.workspace_id == memberships.c.workspace_id,
        _stopped.c.user_id == memberships.c.user_id,
        _stopped.c.ended_at.is_not(None),
        _stopped.c.deleted_at.is_(None),
    )
    .order_by(_stopped.c.started_at.desc(), _stopped.c.id.desc())
    .limit(1)
    .correlate(memberships)
    .scalar_subquery()
)


def _members(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    of_project = sa.and_(
        projects.c.workspace_id == _running.c.workspace_id, projects.c.id == _running.c.project_id
    )
    return (
        sa.select(
            users.c.id,
            users.c.name,
            users.c.username,
            memberships.c.role,
            _running.c.started_at,
            _running.c.description,
            projects.c.name.label("project_name"),
            projects.c.colour,
            sa.case((_running.c.id.is_(None), _STOPPED_AT), else_=None).label("stopped_at"),
        )
        .select_from(
            memberships.join(users, users.c.id == memberships.c.user_id)
            .outerjoin(_running, _RUNS)
            .outerjoin(projects, of_project)
        )
        .where(memberships.c.workspace_id == _HERE, memberships.c.left_at.is_(None), *conditions)
    )


_MEMBERS = Quick(_members())
_MEMBER = Quick(_members(memberships.c.user_id == sa.bindparam("member", type_=Id)))


async def list_members(db: Connection, viewer: Viewer) -> list[MemberRow]:
    """Everybody of the viewer's workspace, by name."""
    rows = await _MEMBERS.all(db, {"viewer_workspace": viewer.workspace_id})
    return sorted(
        (MemberRow(*row) for row in rows), key=lambda row: (row.display_name.casefold(), row.user_id)
    )


async def find_member(db: Connection, viewer: Viewer, user_id: UUID) -> MemberRow:
    """Raises Missing."""
    row = await _MEMBER.first(db, {"viewer_workspace": viewer.workspace_id, "member": user_id})
    if row is None:
        raise Missing
    return MemberRow(*row)


def at_work(members: Sequence[MemberRow], since: datetime) -> list[MemberRow]:
    """Those who work now, the latest start first, then those who stopped since `since`, the latest first."""
    running = [row for row in members if row.started_at is not None]
    stopped = [row for row in members if row.stopped_at is not None and row.stopped_at >= since]
    running.sort(key=lambda row: row.started_at or since, reverse=True)
    stopped.sort(key=lambda row: row.stopped_at or since, reverse=True)
    return [*running, *stopped]


# --- their hours ----------------------------------------------------------------------------------------------------

_SINCE, _UNTIL, _NOW = (sa.bindparam(name, type_=Instant) for name in ("since", "until", "now"))
_DAY: sa.ColumnElement[int] = sa.literal_column(str(LONG_SECONDS))


def _week_sums() -> Quick:
    """Seconds of each member within [:since, :until), of what began in it or a day before, lasts longer, or runs."""
    day_before = earlier(_SINCE, _DAY)
    lasts_long: sa.ColumnElement[Any] = is_long(entries.c.started_at, entries.c.ended_at)
    lasts_long.type = sa.Integer()  # as in queries/entries.py: else SQLite would not find the index
    columns = (entries.c.user_id, entries.c.started_at, entries.c.ended_at)
    here = sa.and_(entries.c.workspace_id == _HERE, entries.c.deleted_at.is_(None))
    recent = sa.select(*columns).where(
        here, entries.c.started_at >= day_before, entries.c.started_at < _UNTIL
    )
    long = sa.select(*columns).where(
        here, lasts_long, entries.c.ended_at > _SINCE, entries.c.started_at < day_before
    )
    running = sa.select(*columns).where(here, entries.c.ended_at.is_(None), entries.c.started_at < day_before)
    found = sa.union_all(recent, long, running).subquery("found")
    start = greatest(found.c.started_at, _SINCE)
    end = greatest(start, least(sa.func.coalesce(found.c.ended_at, _NOW, type_=Instant), _UNTIL))
    seconds = sa.cast(sa.func.sum(seconds_between(start, end)), sa.BigInteger)
    return Quick(sa.select(found.c.user_id, seconds).group_by(found.c.user_id))


_WEEK = _week_sums()


async def sum_weeks(db: Connection, viewer: Viewer, now: datetime) -> dict[UUID, int]:
    """Seconds of each person in the viewer's current week, running time up to now; only for who manages."""
    if not viewer.may_manage:
        return {}
    since, until = periods.week_range(periods.local_day(now, viewer.zone), viewer.week_start, viewer.zone)
    known = {"viewer_workspace": viewer.workspace_id, "since": since, "until": until, "now": now}
    return {UUID(str(user_id)): int(seconds) for user_id, seconds in await _WEEK.all(db, known)}


# --- joining and leaving --------------------------------------------------------------------------------------------


async def find_account(db: Connection, typed: str) -> UUID | None:
    """Whose username or email this is, whatever the case."""
    key = users.c.email_key if "@" in typed else users.c.username_key
    found: UUID | None = await db.scalar(sa.select(users.c.id).where(key == typed))
    return found


def _may_give(viewer: Viewer, role: str) -> sa.ColumnElement[bool]:
    """Owners are made by owners; all else admins may do as well."""
    return has_role(viewer, [_OWNER]) if role == _OWNER else may_lead(viewer)


def _may_touch(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Rows of members that the viewer may change: an admin those of all but owners."""
    return sa.or_(has_role(viewer, [_OWNER]), sa.and_(memberships.c.role != _OWNER, may_lead(viewer)))


def _member(viewer: Viewer, user_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(memberships.c.workspace_id == viewer.workspace_id, memberships.c.user_id == user_id)


def _not_the_last_owner(viewer: Viewer, user_id: UUID) -> sa.ColumnElement[bool]:
    other = memberships.alias("other")
    another = (
        sa.select(sa.literal(1))
        .select_from(other)
        .where(
            other.c.workspace_id == viewer.workspace_id,
            other.c.user_id != user_id,
            other.c.left_at.is_(None),
            other.c.role == _OWNER,
        )
        .exists()
    )
    return sa.or_(memberships.c.role != _OWNER, another)


async def insert_member(db: Connection, viewer: Viewer, user_id: UUID, role: str, now: datetime) -> bool:
    """Take somebody in, again where they have left; False where they are there already. Raises Forbidden."""
    values = {"workspace_id": viewer.workspace_id, "user_id": user_id, "role": role, "created_at": now}
    picked = [sa.literal(value, memberships.c[name].type).label(name) for name, value in values.items()]
    added = upsert(db, memberships).from_select(
        list(values), sa.select(*picked).where(_may_give(viewer, role))
    )
    added = added.on_conflict_do_update(
        index_elements=[memberships.c.workspace_id, memberships.c.user_id],
        set_={"role": role, "left_at": None},
        where=memberships.c.left_at.is_not(None),
    )
    done = await db.execute(added.returning(memberships.c.user_id))
    if done.first() is None:
        if not await db.scalar(sa.select(_may_give(viewer, role))):
            raise Forbidden
        return False
    await journal.record(db, viewer, "member", user_id, "join", None, {"role": role}, now)
    await journal.touch_workspace(db, viewer)
    return True


async def update_role(db: Connection, viewer: Viewer, user_id: UUID, role: str, now: datetime) -> bool:
    """Give a member this role; False where it is theirs already. Raises Missing, Forbidden and LastOwner."""
    before = await _locked_role(db, viewer, user_id)
    rule = _not_the_last_owner(viewer, user_id) if role != _OWNER else sa.true()
    changed = await db.execute(
        sa.update(memberships)
        .where(
            _member(viewer, user_id),
            memberships.c.left_at.is_(None),
            _may_touch(viewer),
            _may_give(viewer, role),
            rule,
        )
        .values(role=role)
        .returning(memberships.c.user_id)
    )
    if changed.first() is None:
        await _refuse(db, viewer, user_id, role)
    if before == role:
        return False
    await journal.record(db, viewer, "member", user_id, "update", {"role": before}, {"role": role}, now)
    return True


async def _locked_role(db: Connection, viewer: Viewer, user_id: UUID) -> str:
    """A member's role. From here on nobody else changes who is who in this workspace until the transaction ends: of two
    owners who make each other something else, the second finds that there is no other."""
    await journal.touch_workspace(db, viewer)
    role = await db.scalar(
        sa.select(memberships.c.role).where(_member(viewer, user_id), memberships.c.left_at.is_(None))
    )
    if role is None:
        raise Missing
    return str(role)


async def _refuse(db: Connection, viewer: Viewer, user_id: UUID, role: str | None) -> None:
    may = sa.or_(_may_touch(viewer), sa.literal(role is None and user_id == viewer.user_id))
    if role is not None:
        may = sa.and_(may, _may_give(viewer, role))
    if await db.scalar(sa.select(memberships.c.user_id).where(_member(viewer, user_id), may)):
        raise LastOwner
    raise Forbidden


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody who has left: their sessions there, which are over, and whether a timer of theirs was stopped."""

    session_ids: list[UUID]
    has_stopped: bool


async def remove_member(db: Connection, viewer: Viewer, user_id: UUID, now: datetime) -> Departure:
    """Let a member go, or the viewer go by themselves. What they tracked stays with the workspace; what runs there
    is stopped; their sessions there end. Raises Missing, Forbidden and LastOwner."""
    role = await _locked_role(db, viewer, user_id)
    may = sa.true() if user_id == viewer.user_id else _may_touch(viewer)
    gone = await db.execute(
        sa.update(memberships)
        .where(
            _member(viewer, user_id),
            memberships.c.left_at.is_(None),
            may,
            _not_the_last_owner(viewer, user_id),
        )
        .values(left_at=now)
        .returning(memberships.c.user_id)
    )
    if gone.first() is None:
        await _refuse(db, viewer, user_id, None)
    has_stopped = await _stop(db, viewer, user_id, now)
    ended = await db.execute(
        sa.delete(sessions)
        .where(sessions.c.workspace_id == viewer.workspace_id, sessions.c.user_id == user_id)
        .returning(sessions.c.id)
    )
    await journal.record(db, viewer, "member", user_id, "leave", {"role": role}, None, now)
    return Departure(list(ended.scalars()), has_stopped)


def _in_the_way(now: datetime) -> sa.ColumnElement[bool]:
    """Whether what runs has run into an entry that lay ahead. Then it ends without the workspace's rule: it may be no
    reason why somebody can't be let go."""
    ahead = entries.alias("ahead")
    return (
        sa.select(sa.literal(1))
        .select_from(ahead)
        .where(
            ahead.c.workspace_id == entries.c.workspace_id,
            ahead.c.user_id == entries.c.user_id,
            ahead.c.is_exclusive,
            ahead.c.deleted_at.is_(None),
            ahead.c.ended_at > entries.c.started_at,
            ahead.c.started_at < now,
        )
        .correlate(entries)
        .exists()
    )


async def _stop(db: Connection, viewer: Viewer, user_id: UUID, now: datetime) -> bool:
    """End what runs for them here. Holds their lock, as every write to somebody's entries does."""
    await journal.touch_person(db, user_id)
    stopped = await db.execute(
        sa.update(entries)
        .where(
            entries.c.workspace_id == viewer.workspace_id,
            entries.c.user_id == user_id,
            entries.c.ended_at.is_(None),
            entries.c.deleted_at.is_(None),
        )
        .values(
            ended_at=greatest(sa.literal(now, Instant), entries.c.started_at),
            is_exclusive=sa.and_(entries.c.is_exclusive, ~_in_the_way(now)),
            updated_at=now,
            version=entries.c.version + 1,
        )
        .returning(entries.c.id, entries.c.ended_at)
    )
    for key, ended_at in stopped.all():
        after = {"ended_at": ended_at.isoformat()}
        await journal.record(db, viewer, "entry", key, "stop", {"ended_at": None}, after, now)
        return True
    return False


async def restore_member(db: Connection, viewer: Viewer, user_id: UUID, now: datetime) -> None:
    """Take back somebody who has left, in the role that they had; who is there stays. Raises Missing and Forbidden."""
    back = await db.execute(
        sa.update(memberships)
        .where(_member(viewer, user_id), memberships.c.left_at.is_not(None), _may_touch(viewer))
        .values(left_at=None)
        .returning(memberships.c.role)
    )
    row = back.first()
    if row is None:
        known = sa.select(memberships.c.left_at, _may_touch(viewer)).where(_member(viewer, user_id))
        found = (await db.execute(known)).first()
        if found is None:
            raise Missing
        if not found[1]:
            raise Forbidden
        return
    await journal.record(db, viewer, "member", user_id, "join", None, {"role": row[0]}, now)
    await journal.touch_workspace(db, viewer)
