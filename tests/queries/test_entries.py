"""Entries in the database: which are found, and what changes to them hold to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import EntryRow, Forbidden, Missing, Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.queries import entries, tags
from quart_app.tables import changes
from tests.support.cast import Cast

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAR = datetime(2300, 1, 1, tzinfo=UTC)


def values(
    start: datetime, end: datetime | None, description: str = "Work", **more: object
) -> entries.EntryValues:
    return entries.EntryValues(description, None, False, start, end, **more)  # type: ignore[arg-type]


async def add(
    database: Database, viewer: Viewer, start: datetime, end: datetime | None, text: str = "Work"
) -> UUID:
    key = new_id()
    await database.transaction(
        lambda db: entries.insert_entry(db, viewer, key, values(start, end, text), NOW)
    )
    return key


async def between(database: Database, viewer: Viewer, since: datetime, until: datetime) -> list[str]:
    async with database.reading() as db:
        return [row.description for row in await entries.list_entries(db, viewer, since, until)]


async def latest(database: Database, viewer: Viewer, count: int, until: datetime = FAR) -> Sequence[EntryRow]:
    async with database.reading() as db:
        return await entries.list_latest_entries(db, viewer, until, count, until)


async def test_what_touches_the_range_is_found_and_nothing_else(database: Database, cast: Cast) -> None:
    alice, day = cast.alice.viewer, timedelta(days=1)
    since, until = NOW, NOW + day
    await add(database, alice, since - 2 * HOUR, since, "ends as it begins")
    await add(database, alice, since - HOUR, since + HOUR, "reaches in")
    await add(database, alice, since, since, "no length, at its edge")
    await add(database, alice, since + HOUR, since + 2 * HOUR, "within")
    await add(database, alice, until - HOUR, until + HOUR, "reaches out")
    await add(database, alice, until, until + HOUR, "starts as it ends")
    await add(database, alice, since - 9 * day, until + 9 * day, "long, all over it")
    await add(database, alice, since - 9 * day, since + HOUR, "long, reaches in")
    await add(database, alice, since - 9 * day, since, "long, ends as it begins")
    await add(database, cast.bob.viewer, since, until, "bob's")
    found = await between(database, alice, since, until)
    assert set(found) == {
        "reaches in",
        "no length, at its edge",
        "within",
        "reaches out",
        "long, all over it",
        "long, reaches in",
    }
    assert len(found) == 6


@pytest.mark.parametrize("ago", [HOUR, timedelta(days=20)])
async def test_a_running_entry_is_found_however_long_it_runs(
    database: Database, cast: Cast, ago: timedelta
) -> None:
    await add(database, cast.alice.viewer, NOW - ago, None, "runs")
    assert await between(database, cast.alice.viewer, NOW, NOW + HOUR) == ["runs"]
    assert await between(database, cast.alice.viewer, NOW - 2 * ago, NOW - ago) == []


async def test_the_latest_come_with_the_whole_day_of_the_last(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    for hours in range(0, 100, 5):
        await add(database, alice, NOW - (hours + 1) * HOUR, NOW - hours * HOUR, f"{hours}")
    found = await latest(database, alice, 3)
    assert [row.description for row in found[:4]] == ["0", "5", "10", "15"]
    assert found[-1].started_at <= NOW - 16 * HOUR - timedelta(hours=20)
    assert len(await latest(database, alice, 50)) == 20


async def test_pages_by_their_last_day_show_every_entry_once(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    for hours in range(0, 400, 7):
        await add(database, alice, NOW - (hours + 1) * HOUR, NOW - hours * HOUR, f"{hours}")
    seen: list[str] = []
    until = FAR
    while found := await latest(database, alice, 10, until):
        last = periods.local_day(found[min(10, len(found) - 1)].started_at, alice.zone)
        edge = periods.day_start(last, alice.zone)
        seen += [row.description for row in found if row.started_at >= edge]
        until = edge
    assert sorted(seen, key=int) == [str(hours) for hours in range(0, 400, 7)]


async def test_tags_and_their_order_come_with_the_row(database: Database, cast: Cast) -> None:
    alice, key = cast.alice.viewer, new_id()

    async def work(db: Connection) -> None:
        ids = await tags.resolve_tags(db, alice, ["ops", "Design"], NOW)
        await entries.insert_entry(db, alice, key, values(NOW, NOW + HOUR, tag_ids=tuple(ids)), NOW)

    await database.transaction(work)
    async with database.reading() as db:
        assert (await entries.find_entry(db, alice, key)).tags == ("Design", "ops")


async def test_a_strangers_entry_is_missing_and_a_team_mates_is_forbidden(
    database: Database, cast: Cast
) -> None:
    key = await add(database, cast.alice.viewer, NOW, NOW + HOUR)
    for person, refusal in ((cast.bob, Forbidden), (cast.dana, Forbidden), (cast.charlie, Missing)):
        viewer, new = person.viewer, values(NOW, NOW)
        with pytest.raises(refusal):
            await database.transaction(
                partial(entries.update_entry, viewer=viewer, entry_id=key, version=None, new=new, now=NOW)
            )
        with pytest.raises(refusal):
            await database.transaction(partial(entries.delete_entry, viewer=viewer, entry_id=key, now=NOW))
        with pytest.raises(refusal):
            await database.transaction(partial(entries.restore_entry, viewer=viewer, entry_id=key, now=NOW))
        async with database.reading() as db:
            with pytest.raises(refusal):
                await entries.find_entry(db, viewer, key)
    assert await between(database, cast.alice.viewer, NOW, NOW + HOUR) == ["Work"]


async def test_an_entry_changed_meanwhile_is_not_overwritten(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, NOW, NOW + HOUR)
    first, second = values(NOW, NOW + HOUR, "First"), values(NOW, NOW + HOUR, "Second")
    await database.transaction(lambda db: entries.update_entry(db, alice, key, 1, first, NOW))
    with pytest.raises(entries.Stale):
        await database.transaction(lambda db: entries.update_entry(db, alice, key, 1, second, NOW))
    assert await between(database, alice, NOW, NOW + HOUR) == ["First"]


async def test_deleting_twice_changes_nothing_and_undo_brings_it_back_as_it_was(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, NOW, NOW + HOUR)
    for _ in range(2):
        await database.transaction(lambda db: entries.delete_entry(db, alice, key, NOW))
    assert await between(database, alice, NOW, NOW + HOUR) == []
    for _ in range(2):
        await database.transaction(lambda db: entries.restore_entry(db, alice, key, NOW))
    assert await between(database, alice, NOW, NOW + HOUR) == ["Work"]
    async with database.reading() as db:
        actions = (await db.execute(sa.select(changes.c.action).order_by(changes.c.id))).scalars().all()
    assert actions == ["create", "delete", "restore"]


async def test_the_database_refuses_an_end_before_its_start(database: Database, cast: Cast) -> None:
    with pytest.raises(Conflict) as refusal:
        await add(database, cast.alice.viewer, NOW, NOW - HOUR)
    assert refusal.value.kind == "check"
    assert refusal.value.constraint == "ck_entries_ends_after_start"


async def test_adding_twice_with_one_id_adds_one(database: Database, cast: Cast) -> None:
    alice, key = cast.alice.viewer, new_id()
    for _ in range(2):
        new = values(NOW, NOW + HOUR)
        await database.transaction(
            partial(entries.insert_entry, viewer=alice, entry_id=key, new=new, now=NOW)
        )
    assert await between(database, alice, NOW, NOW + HOUR) == ["Work"]
