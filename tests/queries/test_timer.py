"""Start, stop and discard: what the database holds to, however the requests come."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries, timer
from quart_app.tables import changes
from quart_app.tables import entries as table
from tests.support.cast import Cast

MINUTE = timedelta(minutes=1)


def new_timer(
    description: str = "Think", project_id: UUID | None = None, key: UUID | None = None
) -> timer.NewTimer:
    return timer.NewTimer(key or new_id(), description, project_id, False)


async def start(database: Database, viewer: Viewer, new: timer.NewTimer, at: object = None) -> None:
    now = at or periods.now()
    await database.transaction(lambda db: timer.start_timer(db, viewer, new, now))  # type: ignore[arg-type]


async def rows(database: Database) -> list[sa.Row[object]]:
    async with database.reading() as db:
        return list(await db.execute(sa.select(table).order_by(table.c.started_at, table.c.id)))


async def test_a_started_timer_is_found_running(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await start(database, alice, new_timer("Think"))
    async with database.reading() as db:
        running = await timer.find_running(db, alice)
        assert running is not None
        assert running.description == "Think"
        assert running.ended_at is None
        assert await timer.find_running(db, cast.bob.viewer) is None


async def test_starting_stops_what_runs_at_the_same_instant(database: Database, cast: Cast) -> None:
    now = periods.now()
    await start(database, cast.alice.viewer, new_timer("One"), now - MINUTE)
    await start(database, cast.alice.viewer, new_timer("Two"), now)
    first, second = await rows(database)
    assert (first.ended_at, second.started_at, second.ended_at) == (now, now, None)


async def test_fifty_starts_at_once_leave_exactly_one_running(database: Database, cast: Cast) -> None:
    now = periods.now()
    await asyncio.gather(*(start(database, cast.alice.viewer, new_timer(f"{n}"), now) for n in range(50)))
    found = await rows(database)
    assert len(found) == 50
    assert sum(row.ended_at is None for row in found) == 1
    assert all(row.ended_at in {None, now} for row in found)


async def test_starting_twice_with_one_id_starts_one_timer(database: Database, cast: Cast) -> None:
    new, now = new_timer(), periods.now()
    await start(database, cast.alice.viewer, new, now - MINUTE)
    await start(database, cast.alice.viewer, new, now)
    (row,) = await rows(database)
    assert row.ended_at is None
    assert row.started_at == now - MINUTE


async def test_a_late_repeat_of_a_start_leaves_the_running_timer_alone(
    database: Database, cast: Cast
) -> None:
    first, now = new_timer("First"), periods.now()
    await start(database, cast.alice.viewer, first, now - 2 * MINUTE)
    await start(database, cast.alice.viewer, new_timer("Second"), now - MINUTE)
    await start(database, cast.alice.viewer, first, now)
    one, two = await rows(database)
    assert one.ended_at == now - MINUTE
    assert two.ended_at is None


async def test_stopping_twice_changes_nothing(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await start(database, alice, new_timer(), now - MINUTE)
    assert await database.transaction(lambda db: timer.stop_timer(db, alice, now)) is True
    before = await rows(database)
    assert await database.transaction(lambda db: timer.stop_timer(db, alice, now + MINUTE)) is False
    assert await rows(database) == before


async def test_a_timer_stopped_before_its_start_has_no_length(database: Database, cast: Cast) -> None:
    """The clock of one server may be behind another's."""
    alice, now = cast.alice.viewer, periods.now()
    await start(database, alice, new_timer(), now)
    await database.transaction(lambda db: timer.stop_timer(db, alice, now - MINUTE))
    (row,) = await rows(database)
    assert row.ended_at == row.started_at


async def test_nobody_stops_the_timer_of_another(database: Database, cast: Cast) -> None:
    now = periods.now()
    await start(database, cast.alice.viewer, new_timer(), now)
    for person in (cast.bob, cast.charlie, cast.dana):
        stop = partial(timer.stop_timer, viewer=person.viewer, now=now)
        assert await database.transaction(stop) is False
    (row,) = await rows(database)
    assert row.ended_at is None


async def test_who_only_looks_on_starts_nothing(database: Database, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        await start(database, cast.dana.viewer, new_timer())
    assert await rows(database) == []


async def test_a_project_of_nobody_starts_nothing_and_stops_nothing(database: Database, cast: Cast) -> None:
    await start(database, cast.alice.viewer, new_timer("Runs"))
    with pytest.raises(Missing):
        await start(database, cast.alice.viewer, new_timer("No", project_id=new_id()))
    (row,) = await rows(database)
    assert row.ended_at is None


async def test_a_discarded_timer_comes_back_running(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await start(database, alice, new_timer(), now - MINUTE)
    key = await database.transaction(lambda db: timer.discard_timer(db, alice, now))
    assert key is not None
    assert await database.transaction(lambda db: timer.discard_timer(db, alice, now)) is None
    await database.transaction(lambda db: entries.restore_entry(db, alice, key, now + MINUTE))
    (row,) = await rows(database)
    assert (row.ended_at, row.deleted_at) == (None, None)


async def test_a_discarded_timer_comes_back_ended_where_another_runs_by_then(
    database: Database, cast: Cast
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await start(database, alice, new_timer("Old"), now - 2 * MINUTE)
    key = await database.transaction(lambda db: timer.discard_timer(db, alice, now - MINUTE))
    assert key is not None
    await start(database, alice, new_timer("New"), now)
    await database.transaction(lambda db: entries.restore_entry(db, alice, key, now))
    old, new = await rows(database)
    assert (old.ended_at, old.deleted_at, new.ended_at) == (now - MINUTE, None, None)


async def test_every_step_is_in_the_journal(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await start(database, alice, new_timer("One"), now)
    await start(database, alice, new_timer("Two"), now)
    await database.transaction(lambda db: timer.stop_timer(db, alice, now))
    async with database.reading() as db:
        lines = list(await db.execute(sa.select(changes.c.action, changes.c.after).order_by(changes.c.id)))
    assert sorted(line.action for line in lines) == ["start", "start", "stop", "stop"]
    assert {line.after.get("description") for line in lines if line.action == "start"} == {"One", "Two"}
