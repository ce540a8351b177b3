"""Rates written past the pages, and what of them is stored."""

from datetime import date
from uuid import UUID

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.money import Rate
from quart_app.queries import rates

SPRING = date(2026, 3, 1)


async def add(
    database: Database, viewer: Viewer, project_id: UUID | None = None, day: date = SPRING, minor: int = 9500
) -> UUID:
    rate, now = Rate(day, minor), periods.now()
    return await database.transaction(lambda db: rates.insert_rate(db, viewer, project_id, rate, now))


async def stored(database: Database, viewer: Viewer, project_id: UUID | None = None) -> list[tuple[str, int]]:
    async with database.reading() as db:
        found = await rates.list_rates(db, viewer, project_id)
    return [(rate.starts_on.isoformat(), rate.rate_minor) for rate in found]


async def currency_of(database: Database, viewer: Viewer) -> str:
    async with database.reading() as db:
        return (await rates.load_rate_card(db, viewer)).currency


def plain(page: str) -> str:
    """The page with blanks that may break a line."""
    return page.replace("\N{NO-BREAK SPACE}", " ")
