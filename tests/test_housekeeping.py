"""What is kept for a time only goes when its time is over, and nothing else does."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from quart import Quart

from quart_app import periods
from quart_app.db import Connection, Database
from quart_app.housekeeping import keep_house, tidy
from quart_app.ids import new_id
from quart_app.queries import entries, tags
from quart_app.tables import changes, entry_tags, sessions, throttles
from quart_app.tables import entries as table
from tests.support.cast import Cast

DAY = timedelta(days=1)


@pytest.fixture
def database(app: Quart) -> Database:
    found: Database = app.extensions["chronos"].database
    return found


async def test_the_trash_is_emptied_after_thirty_days(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    kept, fresh, old = new_id(), new_id(), new_id()

    async def work(db: Connection) -> None:
        ids = tuple(await tags.resolve_tags(db, alice, ["ops"], now))
        for key in (kept, fresh, old):
            await entries.insert_entry(
                db, alice, key, entries.EntryValues("x", None, False, now, now, ids), now
            )
        await entries.delete_entry(db, alice, fresh, now - 29 * DAY)
        await entries.delete_entry(db, alice, old, now - 31 * DAY)

    await database.transaction(work)
    assert await tidy(database) == 1
    async with database.reading() as db:
        assert set((await db.execute(sa.select(table.c.id))).scalars()) == {kept, fresh}
        assert set((await db.execute(sa.select(entry_tags.c.entry_id))).scalars()) == {kept, fresh}
        about_old = sa.select(sa.func.count()).where(changes.c.subject_id == old)
        assert (await db.execute(about_old)).scalar_one() == 2


async def test_sessions_and_throttles_go_when_they_are_over(database: Database, cast: Cast) -> None:
    now = periods.now()

    async def work(db: Connection) -> None:
        over = sa.update(sessions).where(sessions.c.id == cast.bob.viewer.session_id)
        await db.execute(over.values(expires_at=now - DAY))
        await db.execute(sa.insert(throttles).values(key=b"old", arrives_at=now - 2 * DAY))
        await db.execute(sa.insert(throttles).values(key=b"new", arrives_at=now))

    await database.transaction(work)
    assert await tidy(database) == 2
    assert (await cast.bob.client.get("/timer")).status_code == 303
    assert (await cast.alice.client.get("/timer")).status_code == 200


async def test_it_is_done_again_and_again(database: Database, cast: Cast) -> None:
    keeping = asyncio.create_task(keep_house(database, every=0.01))
    gone = sa.select(sa.func.count()).where(throttles.c.key == b"old")
    for _ in range(2):
        late = sa.insert(throttles).values(key=b"old", arrives_at=periods.now() - 2 * DAY)
        async with database.writing() as db:
            await db.execute(late)
        async with asyncio.timeout(5):
            while True:
                async with database.reading() as db:
                    if (await db.execute(gone)).scalar_one() == 0:
                        break
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
