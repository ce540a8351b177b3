"""Rates: what an hour costs from which day on, in which currency, and who may see that and change it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import (
    Forbidden,
    Missing,
    Viewer,
    changeable,
    may_lead,
    may_manage,
    seen_rates,
    visible,
)
from quart_app.db import Connection
from quart_app.ids import new_id
from quart_app.money import Rate, RateCard, minor_digits, rescale
from quart_app.tables import rates, workspaces


class RateRow(NamedTuple):
    """A rate of a project, or (project_id None) of the workspace."""

    id: UUID
    project_id: UUID | None
    starts_on: date
    rate_minor: int


class Uneven(Exception):
    """A rate has digits that the other currency has not: 95.50 in yen."""

    def __init__(self, rate_minor: int) -> None:
        super().__init__(rate_minor)
        self.rate_minor = rate_minor


_COLUMNS = (rates.c.id, rates.c.project_id, rates.c.starts_on, rates.c.rate_minor)


# --- what is there ---


async def load_rate_card(db: Connection, viewer: Viewer) -> RateCard:
    """All rates of the workspace, in its currency; none for those who may not see amounts."""
    statement = (
        sa.select(workspaces.c.currency, rates.c.project_id, rates.c.starts_on, rates.c.rate_minor)
        .select_from(workspaces.outerjoin(rates, seen_rates(viewer)))
        .where(workspaces.c.id == viewer.workspace_id)
    )
    found = (await db.execute(statement)).all()
    if not found:
        raise Missing
    return RateCard(found[0][0], ((row[1], row[2], row[3]) for row in found if row[2] is not None))


async def list_rates(db: Connection, viewer: Viewer, project_id: UUID | None) -> list[RateRow]:
    """The rates of this project, or (None) of the workspace, the latest first; none for those who may not see them."""
    its = rates.c.project_id.is_(None) if project_id is None else rates.c.project_id == project_id
    statement = (
        sa.select(*_COLUMNS).where(seen_rates(viewer), its).order_by(rates.c.starts_on.desc(), rates.c.id)
    )
    return [RateRow(*row) for row in await db.execute(statement)]


async def find_rate(db: Connection, viewer: Viewer, rate_id: UUID) -> RateRow | None:
    """One of the workspace's rates. Raises Forbidden where the viewer may not see it."""
    statement = sa.select(*_COLUMNS, may_manage(viewer)).where(visible(rates, viewer), rates.c.id == rate_id)
    row = (await db.execute(statement)).first()
    if row is not None and not row[-1]:
        raise Forbidden
    return RateRow(*row[:-1]) if row else None


# --- writes ---


async def insert_rate(
    db: Connection, viewer: Viewer, project_id: UUID | None, rate: Rate, now: datetime
) -> UUID:
    """From this day on an hour of the project, or (None) of all that have no rate of their own, costs so much; its id.

    Raises Forbidden; Conflict where a rate begins on that day already, or ("foreign_key") there is no such project.
    """
    key = new_id()
    await _insert(db, viewer, {"id": key, "project_id": project_id, **rate._asdict()}, "create", now)
    return key


async def _insert(db: Connection, viewer: Viewer, row: Mapping[str, Any], action: str, now: datetime) -> None:
    currency = await hold_currency(db, viewer)
    allowed = may_lead(viewer) if row["project_id"] is None else may_manage(viewer)
    values = {"workspace_id": viewer.workspace_id, **row, "created_at": now}
    source = sa.select(
        *(sa.literal(value, rates.c[name].type).label(name) for name, value in values.items())
    ).where(allowed)
    statement = sa.insert(rates).from_select(list(values), source).returning(rates.c.id)
    if (await db.execute(statement)).first() is None:
        raise Forbidden
    await journal.record(db, viewer, "rate", row["id"], action, None, _told(row, currency), now)
    await journal.touch_workspace(db, viewer)


async def update_rate(db: Connection, viewer: Viewer, rate_id: UUID, rate: Rate, now: datetime) -> None:
    """Raises Missing, Forbidden, and Conflict where another rate begins on that day."""
    row = await _locked(db, viewer, rate_id)
    changed = {name: value for name, value in rate._asdict().items() if getattr(row, name) != value}
    statement = (
        sa.update(rates)
        .where(changeable(rates, viewer), rates.c.id == rate_id)
        .values(**(changed or {"rate_minor": rates.c.rate_minor}))
        .returning(rates.c.id)
    )
    if (await db.execute(statement)).first() is None:
        raise Forbidden
    if changed:
        before, after = journal.plain(row, *changed), journal.plain_values(changed)
        await journal.record(db, viewer, "rate", rate_id, "update", before, after, now)
        await journal.touch_workspace(db, viewer)


async def delete_rate(db: Connection, viewer: Viewer, rate_id: UUID, now: datetime) -> RateRow:
    """What the rate before it said holds on. Raises Missing and Forbidden."""
    currency = await hold_currency(db, viewer)
    row = await _locked(db, viewer, rate_id)
    statement = sa.delete(rates).where(changeable(rates, viewer), rates.c.id == rate_id).returning(rates.c.id)
    if (await db.execute(statement)).first() is None:
        raise Forbidden
    told = _told(row._asdict(), currency)
    await journal.record(db, viewer, "rate", rate_id, "delete", told, None, now)
    await journal.touch_workspace(db, viewer)
    return row


async def restore_rate(db: Connection, viewer: Viewer, rate_id: UUID, now: datetime) -> RateRow:
    """Bring back, out of the journal, a rate that was removed; one that is there stays as it is.

    Raises Missing (also where the currency of today has not the digits that it had), Forbidden, and Conflict where
    another rate begins on that day by now, or ("foreign_key") its project is gone.
    """
    there = sa.select(*_COLUMNS, changeable(rates, viewer)).where(
        visible(rates, viewer), rates.c.id == rate_id
    )
    if known := (await db.execute(there)).first():
        if not known[-1]:
            raise Forbidden
        return RateRow(*known[:-1])
    statement = journal.last_deleted(viewer, "rate", rate_id).add_columns(may_manage(viewer))
    line = (await db.execute(statement)).first()
    if line is None:
        raise Missing
    told, may = line
    if not may:
        raise Forbidden
    currency = await hold_currency(db, viewer)
    rate_minor = rescale(told["rate_minor"], minor_digits(told["currency"]), minor_digits(currency))
    if rate_minor is None:
        raise Missing
    project_id = UUID(told["project_id"]) if told["project_id"] else None
    row = RateRow(rate_id, project_id, date.fromisoformat(told["starts_on"]), rate_minor)
    await _insert(db, viewer, row._asdict(), "restore", now)
    return row


async def _locked(db: Connection, viewer: Viewer, rate_id: UUID) -> RateRow:
    """The rate as it is, held until the transaction ends. Raises Missing."""
    statement = sa.select(*_COLUMNS).where(visible(rates, viewer), rates.c.id == rate_id).with_for_update()
    row = (await db.execute(statement)).first()
    if row is None:
        raise Missing
    return RateRow(*row)


def _told(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """What the journal keeps of a rate: minor units mean something in their currency only."""
    kept = {name: row[name] for name in ("project_id", "starts_on", "rate_minor")}
    return journal.plain_values({**kept, "currency": currency})


# --- the currency ---


async def hold_currency(db: Connection, viewer: Viewer) -> str:
    """The workspace's currency, which stays so until the transaction ends: amounts that are read in it stay true. Ask
    before locking a rate, as set_currency does."""
    statement = sa.select(workspaces.c.currency).where(workspaces.c.id == viewer.workspace_id)
    return str((await db.execute(statement.with_for_update())).scalar_one())


async def set_currency(db: Connection, viewer: Viewer, currency: str, now: datetime) -> None:
    """Count in this currency (ISO 4217) from now on, in all rates: 95.00 stays 95, whatever the digits of a currency.

    Raises Forbidden; Uneven where a rate would lose digits; Conflict ("check") where one would become too large.
    """
    before = await hold_currency(db, viewer)
    statement = (
        sa.update(workspaces)
        .where(workspaces.c.id == viewer.workspace_id, may_lead(viewer))
        .values(currency=currency)
        .returning(workspaces.c.id)
    )
    if (await db.execute(statement)).first() is None:
        raise Forbidden
    if before == currency:
        return
    subject = viewer.workspace_id
    said = {"currency": before}, {"currency": currency}
    await journal.record(db, viewer, "workspace", subject, "update", *said, now)
    if minor_digits(before) != minor_digits(currency):
        await _rescale(db, viewer, minor_digits(before), minor_digits(currency), now)
    await journal.touch_workspace(db, viewer)


async def _rescale(db: Connection, viewer: Viewer, digits: int, wanted: int, now: datetime) -> None:
    here = visible(rates, viewer)
    lines: list[journal.Line] = []
    for row in await db.execute(sa.select(*_COLUMNS).where(here).with_for_update()):
        rate_minor = rescale(row.rate_minor, digits, wanted)
        if rate_minor is None:
            raise Uneven(row.rate_minor)
        said = {"rate_minor": row.rate_minor}, {"rate_minor": rate_minor}
        lines.append((viewer.workspace_id, row.id, "update", *said))
    if lines:
        step = 10 ** abs(wanted - digits)
        is_finer = wanted > digits
        rescaled = rates.c.rate_minor * step if is_finer else rates.c.rate_minor // step
        await db.execute(sa.update(rates).where(here).values(rate_minor=rescaled))
        await journal.record_all(db, viewer, "rate", lines, now)
