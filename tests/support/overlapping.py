"""Overlaps in tests: entries of the 20th of November 2026, and the question as it comes back."""

import html
import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from quart import Response

from quart_app import periods
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries, overlaps
from quart_app.tables import entries as table
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
ZONE_HOURS = 1  # Berlin in November


def at(hour: int, minute: int = 0) -> datetime:
    """A time of alice's 20th of November 2026."""
    return datetime.fromisoformat(f"2026-11-20T{hour - ZONE_HOURS:02}:{minute:02}:00+00:00")


async def add(
    database: Database, person: Person, start: datetime, end: datetime, words: str = "Standup"
) -> UUID:
    key = new_id()
    new = entries.EntryValues(words, None, False, start, end)
    viewer = person.viewer
    await database.transaction(lambda db: entries.insert_entry(db, viewer, key, new, end))
    return key


async def forbid(database: Database, cast: Cast) -> None:
    viewer = cast.alice.viewer
    await database.transaction(lambda db: overlaps.set_overlap_rule(db, viewer, True, periods.now()))


async def spans(database: Database) -> list[tuple[str, datetime, datetime | None]]:
    statement = (
        sa.select(table.c.description, table.c.started_at, table.c.ended_at)
        .where(table.c.deleted_at.is_(None))
        .order_by(table.c.started_at, table.c.id)
    )
    async with database.reading() as db:
        return [tuple(row) for row in await db.execute(statement)]


async def send(person: Person, path: str, form: Mapping[str, str], htmx: bool = True) -> tuple[Response, str]:
    response = await person.client.post(path, form=dict(form), headers=HTMX if htmx else {})
    return response, await response.get_data(as_text=True)


def answers(body: str) -> dict[str, str]:
    """The buttons of the question: which way, and what it says."""
    found = re.findall(r'name="overlap" value="(\w+)"[^>]*><span>(.*?)</span></button>', body)
    return {way: html.unescape(re.sub(r"<small>", ": ", text).replace("</small>", "")) for way, text in found}


def facts(body: str) -> str:
    found = re.search(r'name="overlapped" value="([^"]*)"', body)
    assert found
    return found[1]
