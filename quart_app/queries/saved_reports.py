"""Saved reports: a report's address under a name, of one person, maybe shared; and the one that is pinned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import TRACKING, Forbidden, Missing, Viewer, has_role, may_track, visible
from quart_app.db import Connection
from quart_app.dialects import upsert
from quart_app.ids import new_id
from quart_app.tables import memberships, report_pins, saved_reports, users

# Of one person in a workspace: so that the lists can be taken in.
MOST = 100
_EVERYBODY = TRACKING | {"viewer"}
_TOLD = ("name", "query", "is_shared")


class SavedReport(NamedTuple):
    """A report as its viewer sees it. `query` is that of its address; `owner` is what its owner is called."""

    id: UUID
    name: str
    query: str
    is_shared: bool
    user_id: UUID
    owner: str
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class NewReport:
    """What is saved: `query` is canonical, as forms/reports.py writes it."""

    name: str
    query: str
    is_shared: bool


class TooMany(Exception):
    """The person has MOST saved reports already."""


def _own(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(visible(saved_reports, viewer), saved_reports.c.user_id == viewer.user_id)


def _seen(viewer: Viewer) -> sa.ColumnElement[bool]:
    """One's own, and those shared with the workspace."""
    mine = saved_reports.c.user_id == viewer.user_id
    return sa.and_(visible(saved_reports, viewer), sa.or_(mine, saved_reports.c.is_shared))


def _pin(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(visible(report_pins, viewer), report_pins.c.user_id == viewer.user_id)


def _select(viewer: Viewer) -> sa.Select[Any]:
    pinned = sa.and_(_pin(viewer), report_pins.c.report_id == saved_reports.c.id)
    return (
        sa.select(
            saved_reports.c.id,
            saved_reports.c.name,
            saved_reports.c.query,
            saved_reports.c.is_shared,
            saved_reports.c.user_id,
            sa.case((users.c.name != "", users.c.name), else_=users.c.username),
            report_pins.c.report_id.is_not(None),
        )
        .select_from(
            saved_reports.join(users, users.c.id == saved_reports.c.user_id).outerjoin(report_pins, pinned)
        )
        .where(_seen(viewer))
    )


# --- looking -----------------------------------------------------------------------------------------------------


async def list_reports(db: Connection, viewer: Viewer) -> list[SavedReport]:
    """The viewer's own by name, then those that others share by name."""
    mine = sa.case((saved_reports.c.user_id == viewer.user_id, 0), else_=1)
    statement = _select(viewer).order_by(mine, saved_reports.c.name_key, saved_reports.c.id)
    return [SavedReport(*row) for row in await db.execute(statement)]


async def find_report(db: Connection, viewer: Viewer, report_id: UUID) -> SavedReport:
    """One of the viewer's own, or a shared one. Raises Missing."""
    row = (await db.execute(_select(viewer).where(saved_reports.c.id == report_id))).first()
    if row is None:
        raise Missing
    return SavedReport(*row)


async def find_own_report(db: Connection, viewer: Viewer, report_id: UUID) -> SavedReport:
    """One of the viewer's own. Raises Missing, or Forbidden for one that a team-mate shares."""
    found = await find_report(db, viewer, report_id)
    if found.user_id != viewer.user_id:
        raise Forbidden
    return found


async def find_named_report(db: Connection, viewer: Viewer, name: str) -> SavedReport | None:
    """The viewer's own of this name, whatever its case."""
    statement = _select(viewer).where(_own(viewer), saved_reports.c.name_key == name)
    row = (await db.execute(statement)).first()
    return SavedReport(*row) if row else None


async def list_pinned_reports(db: Connection, viewer: Viewer) -> list[SavedReport]:
    """The one on the viewer's timer page, if there is one that they may see."""
    statement = _select(viewer).where(report_pins.c.report_id.is_not(None))
    return [SavedReport(*row) for row in await db.execute(statement)]


# --- writing -----------------------------------------------------------------------------------------------------


async def _touch(db: Connection, viewer: Viewer, *, is_shared: bool) -> None:
    await journal.touch_user(db, viewer)
    if is_shared:
        await journal.touch_workspace(db, viewer)


async def _refuse(db: Connection, viewer: Viewer, report_id: UUID) -> NoReturn:
    """The report of a team-mate: there where it is shared."""
    statement = sa.select(saved_reports.c.id).where(_seen(viewer), saved_reports.c.id == report_id)
    raise Missing if (await db.execute(statement)).first() is None else Forbidden


async def insert_report(db: Connection, viewer: Viewer, new: NewReport, now: datetime) -> UUID:
    """Raises Forbidden (viewers share nothing), TooMany, and Conflict where the person has a report of this name."""
    key = new_id()
    await _insert(db, viewer, key, new, "create", now)
    return key


async def _insert(
    db: Connection, viewer: Viewer, key: UUID, new: NewReport, action: str, now: datetime
) -> None:
    # The person's lock: of two that save at once, the second counts what the first has saved.
    await _touch(db, viewer, is_shared=new.is_shared)
    row = {
        "workspace_id": viewer.workspace_id,
        "id": key,
        "user_id": viewer.user_id,
        "name": new.name,
        "name_key": new.name,
        "query": new.query,
        "is_shared": new.is_shared,
        "created_at": now,
        "updated_at": now,
    }
    allowed = may_track(viewer) if new.is_shared else has_role(viewer, _EVERYBODY)
    has_room = sa.select(sa.func.count()).where(_own(viewer)).scalar_subquery() < MOST
    picked = [sa.literal(value, saved_reports.c[name].type) for name, value in row.items()]
    done = await db.execute(
        sa.insert(saved_reports)
        .from_select(list(row), sa.select(*picked).where(allowed, has_room))
        .returning(saved_reports.c.id)
    )
    if done.first() is None:
        is_allowed = (await db.execute(sa.select(allowed))).scalar_one()
        raise TooMany if is_allowed else Forbidden
    told = {"name": new.name, "query": new.query, "is_shared": new.is_shared}
    await journal.record(db, viewer, "saved_report", key, action, None, told, now)


async def update_report(
    db: Connection, viewer: Viewer, report_id: UUID, values: Mapping[str, Any], now: datetime
) -> SavedReport:
    """Give one of the viewer's own some of `name`, `query`, `is_shared`; where they are its own, nothing changes.

    Raises Missing, Forbidden (a team-mate's; a viewer who shares), and Conflict where another has this name.
    """
    locking = sa.select(saved_reports.c.id).where(_own(viewer), saved_reports.c.id == report_id)
    if (await db.execute(locking.with_for_update())).first() is None:
        await _refuse(db, viewer, report_id)
    before = await find_own_report(db, viewer, report_id)
    changed = {name: value for name, value in values.items() if getattr(before, name) != value}
    if not changed:
        return before
    written = {**changed, "version": saved_reports.c.version + 1, "updated_at": now}
    if "name" in changed:
        written["name_key"] = changed["name"]
    allowed = may_track(viewer) if changed.get("is_shared") else sa.true()
    statement = sa.update(saved_reports).where(_own(viewer), saved_reports.c.id == report_id, allowed)
    done = await db.execute(statement.values(written).returning(saved_reports.c.id))
    if done.first() is None:
        raise Forbidden
    after = before._replace(**changed)
    old, new = (journal.plain(each, *changed) for each in (before, after))
    await journal.record(db, viewer, "saved_report", report_id, "update", old, new, now)
    await _touch(db, viewer, is_shared=before.is_shared or after.is_shared)
    return after


async def delete_report(db: Connection, viewer: Viewer, report_id: UUID, now: datetime) -> NewReport | None:
    """Delete one of the viewer's own, and take it off everybody's timer page; None where it is deleted already.

    Raises Missing, Forbidden.
    """
    pins = sa.select(report_pins.c.user_id).where(
        visible(report_pins, viewer), report_pins.c.report_id == report_id
    )
    pinned_by = [str(user) for user in (await db.execute(pins)).scalars()]
    told = [saved_reports.c[name] for name in _TOLD]
    done = await db.execute(
        sa.delete(saved_reports).where(_own(viewer), saved_reports.c.id == report_id).returning(*told)
    )
    if (row := done.first()) is None:
        if await journal.find_deleted(db, viewer, "saved_report", report_id) is None:
            await _refuse(db, viewer, report_id)
        return None
    before = {**journal.plain(row, *_TOLD), "pinned_by": pinned_by}
    await journal.record(db, viewer, "saved_report", report_id, "delete", before, None, now)
    await _touch(db, viewer, is_shared=row.is_shared)
    return NewReport(row.name, row.query, row.is_shared)


async def restore_report(db: Connection, viewer: Viewer, report_id: UUID, now: datetime) -> SavedReport:
    """Bring back what was deleted, for whoever had it pinned and has pinned nothing else; once it is, nothing changes.

    Raises Missing, Forbidden, TooMany, and Conflict where another report has its name by now.
    """
    statement = sa.select(saved_reports.c.id).where(_own(viewer), saved_reports.c.id == report_id)
    is_there = (await db.execute(statement)).first() is not None
    before = None if is_there else await journal.find_deleted(db, viewer, "saved_report", report_id)
    if before is not None:
        new = NewReport(before["name"], before["query"], bool(before["is_shared"]))
        await _insert(db, viewer, report_id, new, "restore", now)
        await _pin_again(db, viewer, report_id, [UUID(user) for user in before["pinned_by"]], now)
    return await find_own_report(db, viewer, report_id)


async def _pin_again(
    db: Connection, viewer: Viewer, report_id: UUID, people: Sequence[UUID], now: datetime
) -> None:
    """Only for who is a member still: a pin goes with its membership."""
    there = sa.select(memberships.c.user_id).where(
        memberships.c.workspace_id == viewer.workspace_id,
        memberships.c.user_id.in_(people),
        memberships.c.left_at.is_(None),
    )
    rows = [
        {"workspace_id": viewer.workspace_id, "user_id": user, "report_id": report_id, "created_at": now}
        for user in (await db.execute(there)).scalars()
    ]
    if rows:
        await db.execute(upsert(db, report_pins).on_conflict_do_nothing(), rows)


# --- the pin -----------------------------------------------------------------------------------------------------


async def pin_report(db: Connection, viewer: Viewer, report_id: UUID, now: datetime) -> None:
    """Put it on the viewer's timer page, in the place of the one that is there. Raises Missing."""
    values = {
        "workspace_id": sa.literal(viewer.workspace_id, report_pins.c.workspace_id.type),
        "user_id": sa.literal(viewer.user_id, report_pins.c.user_id.type),
        "report_id": saved_reports.c.id,
        "created_at": sa.literal(now, report_pins.c.created_at.type),
    }
    source = sa.select(*values.values()).where(_seen(viewer), saved_reports.c.id == report_id)
    insert = upsert(db, report_pins).from_select(list(values), source)
    done = await db.execute(
        insert.on_conflict_do_update(
            index_elements=[report_pins.c.workspace_id, report_pins.c.user_id],
            set_={"report_id": insert.excluded.report_id, "created_at": insert.excluded.created_at},
        ).returning(report_pins.c.report_id)
    )
    if done.first() is None:
        raise Missing
    await journal.touch_user(db, viewer)
    await journal.record(db, viewer, "saved_report", report_id, "pin", None, None, now)


async def unpin_report(db: Connection, viewer: Viewer, report_id: UUID, now: datetime) -> None:
    """Take it off the viewer's timer page; where it isn't there, nothing changes. Raises Missing."""
    done = await db.execute(
        sa.delete(report_pins)
        .where(_pin(viewer), report_pins.c.report_id == report_id)
        .returning(report_pins.c.report_id)
    )
    if done.first() is None:
        await find_report(db, viewer, report_id)
        return
    await journal.touch_user(db, viewer)
    await journal.record(db, viewer, "saved_report", report_id, "unpin", None, None, now)
