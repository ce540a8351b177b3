"""When somebody was last active, as noted while a timer runs."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import presence, timer
from quart_app.tables import entries, users
from tests.support.cast import Cast

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ABSENCE = 30 * MINUTE
NOW = periods.now()


async def note(
    database: Database, viewer: Viewer, now: datetime, since: datetime = NOW, *, overdue: bool = True
) -> None:
    await database.transaction(
        lambda db: presence.note_activity(db, viewer, now, since, ABSENCE, overdue=overdue)
    )


async def noted(database: Database, viewer: Viewer) -> tuple[datetime | None, datetime | None]:
    columns = sa.select(users.c.active_at, users.c.away_since).where(users.c.id == viewer.user_id)
    async with database.reading() as db:
        active_at, away_since = (await db.execute(columns)).one()
        return active_at, away_since


async def test_activity_is_noted_once_a_minute(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await note(database, alice, NOW)
    await note(database, alice, NOW + timedelta(seconds=59))
    assert await noted(database, alice) == (NOW, None)
    await note(database, alice, NOW + MINUTE)
    assert await noted(database, alice) == (NOW + MINUTE, None)
    assert await noted(database, cast.bob.viewer) == (None, None)


async def test_who_comes_back_to_an_overdue_timer_had_left_then(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await note(database, alice, NOW + HOUR)
    await note(database, alice, NOW + 15 * HOUR)
    assert await noted(database, alice) == (NOW + 15 * HOUR, NOW + HOUR)
    # It stays, however long they look at the question.
    await note(database, alice, NOW + 16 * HOUR)
    await note(database, alice, NOW + 20 * HOUR)
    assert await noted(database, alice) == (NOW + 20 * HOUR, NOW + HOUR)


@pytest.mark.parametrize(
    ("back", "since", "overdue"),
    [
        (29 * MINUTE, NOW - HOUR, True),  # no absence
        (5 * HOUR, NOW - HOUR, False),  # nothing is asked
        (5 * HOUR, NOW, True),  # the timer began after it
    ],
)
async def test_other_returns_are_not_noted(
    database: Database, cast: Cast, back: timedelta, since: datetime, overdue: bool
) -> None:
    alice = cast.alice.viewer
    await note(database, alice, NOW)
    await note(database, alice, NOW + back, since, overdue=overdue)
    assert await noted(database, alice) == (NOW + back, None)


async def test_an_absence_from_an_earlier_timer_gives_way(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await note(database, alice, NOW + MINUTE)
    await note(database, alice, NOW + 2 * HOUR)
    assert (await noted(database, alice))[1] == NOW + MINUTE
    await note(database, alice, NOW + 9 * HOUR, NOW + HOUR)
    assert (await noted(database, alice))[1] == NOW + 2 * HOUR


async def test_two_devices_at_once_note_one_return(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await note(database, alice, NOW + HOUR)
    back = NOW + 10 * HOUR
    await asyncio.gather(*(note(database, alice, back) for _ in range(5)))
    assert await noted(database, alice) == (back, NOW + HOUR)


async def test_to_keep_a_timer_is_noted_with_it(database: Database, cast: Cast) -> None:
    alice, bob = cast.alice.viewer, cast.bob.viewer
    for viewer in (alice, bob):
        new = timer.NewTimer(new_id(), "Run", None, False)
        await database.transaction(partial(timer.start_timer, viewer=viewer, new=new, now=NOW))
    await note(database, alice, NOW + HOUR)
    await note(database, alice, NOW + 9 * HOUR)
    assert await database.transaction(lambda db: presence.confirm_timer(db, alice, NOW + 9 * HOUR))
    assert (await noted(database, alice))[1] is None
    async with database.reading() as db:
        rows = await db.execute(sa.select(entries.c.user_id, entries.c.confirmed_at, entries.c.version))
        assert {tuple(row) for row in rows} == {
            (alice.user_id, NOW + 9 * HOUR, 1),
            (bob.user_id, None, 1),
        }


async def test_where_nothing_runs_nothing_is_kept(database: Database, cast: Cast) -> None:
    assert not await database.transaction(lambda db: presence.confirm_timer(db, cast.dana.viewer, NOW))
