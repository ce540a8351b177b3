"""Overlaps: a workspace's rule, held whatever writes, and entries that give way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import exclusion, journal, periods
from quart_app.access import EntryRow, Forbidden, Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.queries import entries, overlaps, timer
from quart_app.tables import changes, workspaces
from quart_app.tables import entries as table
from tests.support.cast import Cast

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOON = periods.now().replace(hour=12, minute=0, second=0) - timedelta(days=1)


def values(start: datetime, end: datetime | None, description: str = "Plan") -> entries.EntryValues:
    return entries.EntryValues(description, None, False, start, end)


async def add(
    database: Database, viewer: Viewer, start: datetime, end: datetime, now: datetime | None = None
) -> UUID:
    key = new_id()
    work = partial(entries.insert_entry, viewer=viewer, entry_id=key, new=values(start, end), now=now or end)
    await database.transaction(work)
    return key


async def start(database: Database, viewer: Viewer, now: datetime, at: datetime | None = None) -> UUID:
    new = timer.NewTimer(new_id(), "Run", None, False)
    await database.transaction(lambda db: timer.start_timer(db, viewer, new, now, at))
    return new.id


async def find(database: Database, viewer: Viewer, key: UUID) -> EntryRow:
    async with database.reading() as db:
        return await entries.find_entry(db, viewer, key)


async def rows(database: Database) -> list[sa.Row[tuple[object, ...]]]:
    async with database.reading() as db:
        return list(await db.execute(sa.select(table).order_by(table.c.started_at, table.c.id)))


async def flags(database: Database) -> dict[UUID, bool]:
    return {row.id: row.is_exclusive for row in await rows(database)}


async def rule(database: Database, viewer: Viewer, forbids: bool = True) -> Viewer:
    await database.transaction(lambda db: overlaps.set_overlap_rule(db, viewer, forbids, periods.now()))
    return replace(viewer, forbids_overlap=forbids)


async def refused(work: Awaitable[object]) -> None:
    with pytest.raises(Conflict) as caught:
        await work
    assert exclusion.is_overlap(caught.value)


# ---- The rule


async def test_the_rule_takes_in_what_overlaps_nothing(database: Database, cast: Cast) -> None:
    alice, bob = cast.alice.viewer, cast.bob.viewer
    alone = await add(database, alice, NOON, NOON + HOUR)
    touching = await add(database, alice, NOON + HOUR, NOON + 2 * HOUR)
    first = await add(database, alice, NOON + 3 * HOUR, NOON + 6 * HOUR)
    within = await add(database, alice, NOON + 4 * HOUR, NOON + 5 * HOUR)
    last = await add(database, alice, NOON + 5 * HOUR, NOON + 7 * HOUR)
    empty = await add(database, alice, NOON + 4 * HOUR, NOON + 4 * HOUR)
    his = await add(database, bob, NOON, NOON + HOUR)
    deleted = await add(database, alice, NOON, NOON + HOUR)
    await database.transaction(lambda db: entries.delete_entry(db, alice, deleted, NOON))
    await rule(database, alice)
    found = await flags(database)
    assert {key for key in found if found[key]} == {alone, touching, empty, his}
    assert not {first, within, last, deleted} & {key for key in found if found[key]}
    await rule(database, alice, False)
    assert not any((await flags(database)).values())


async def test_the_rule_holds_in_its_workspace_alone(database: Database, cast: Cast) -> None:
    charlie = cast.charlie.viewer
    await rule(database, cast.alice.viewer)
    await add(database, charlie, NOON, NOON + HOUR)
    await add(database, charlie, NOON, NOON + HOUR)
    assert not any((await flags(database)).values())


async def test_setting_the_rule_as_it_is_changes_nothing(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    assert await database.transaction(lambda db: overlaps.set_overlap_rule(db, alice, True, now))
    assert not await database.transaction(lambda db: overlaps.set_overlap_rule(db, alice, True, now))
    async with database.reading() as db:
        lines = list(await db.execute(sa.select(changes).where(changes.c.subject == "workspace")))
    assert [line.after for line in lines] == [{"forbids_overlap": True}]


async def test_members_and_viewers_do_not_make_rules(database: Database, cast: Cast) -> None:
    for person in (cast.bob, cast.dana):
        with pytest.raises(Forbidden):
            await rule(database, person.viewer)
    async with database.reading() as db:
        found = await db.execute(sa.select(workspaces.c.forbids_overlap))
        assert not any(found.scalars())


# ---- Each write


async def insert(db: Connection, alice: Viewer, key: UUID) -> None:
    await entries.insert_entry(
        db, alice, new_id(), values(NOON + 30 * MINUTE, NOON + 2 * HOUR), NOON + 2 * HOUR
    )


async def update(db: Connection, alice: Viewer, key: UUID) -> None:
    await entries.update_entry(db, alice, key, None, values(NOON - HOUR, NOON + MINUTE), NOON)


async def restore(db: Connection, alice: Viewer, key: UUID) -> None:
    gone = new_id()
    await db.execute(sa.update(table).where(table.c.id == key).values(deleted_at=NOON))
    await entries.insert_entry(db, alice, gone, values(NOON, NOON + HOUR), NOON + HOUR)
    await entries.restore_entry(db, alice, key, NOON + 2 * HOUR)


async def move_many(db: Connection, alice: Viewer, key: UUID) -> None:
    await db.execute(
        sa.update(table).where(table.c.user_id == alice.user_id).values(started_at=NOON - 2 * HOUR)
    )


async def unnoticed(db: Connection, alice: Viewer, key: UUID) -> None:
    """A statement that has never heard of the rule."""
    row = {"workspace_id": alice.workspace_id, "id": new_id(), "user_id": alice.user_id}
    times = {"started_at": NOON, "ended_at": NOON + HOUR, "created_at": NOON, "updated_at": NOON}
    await db.execute(sa.insert(table).values(**row, **times, description="Import"))


@pytest.mark.parametrize("write", [insert, update, restore, move_many, unnoticed])
async def test_whatever_writes_nothing_overlaps(
    database: Database, cast: Cast, write: Callable[[Connection, Viewer, UUID], Awaitable[None]]
) -> None:
    alice = await rule(database, cast.alice.viewer)
    await add(database, alice, NOON, NOON + HOUR)
    key = await add(database, alice, NOON - 2 * HOUR, NOON - HOUR)
    before = await rows(database)
    await refused(database.transaction(lambda db: write(db, alice, key)))
    assert await rows(database) == before
    assert all(row.is_exclusive for row in before)


async def test_what_touches_is_saved(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    await add(database, alice, NOON, NOON + HOUR)
    await add(database, alice, NOON + HOUR, NOON + 2 * HOUR)
    await add(database, alice, NOON - HOUR, NOON)
    await add(database, alice, NOON + 30 * MINUTE, NOON + 30 * MINUTE)
    assert len(await rows(database)) == 4


async def test_others_may_work_at_the_same_time(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    await add(database, alice, NOON, NOON + HOUR)
    await add(database, replace(cast.bob.viewer, forbids_overlap=True), NOON, NOON + HOUR)
    assert all((await flags(database)).values())


async def test_what_overlapped_before_the_rule_can_be_renamed_but_not_moved(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    await add(database, alice, NOON, NOON + HOUR)
    key = await add(database, alice, NOON, NOON + HOUR)
    third = await add(database, alice, NOON + 2 * HOUR, NOON + 3 * HOUR)
    alice = await rule(database, alice)
    new = values(NOON, NOON + HOUR, "Renamed")
    await database.transaction(lambda db: entries.update_entry(db, alice, key, None, new, NOON))
    assert (await find(database, alice, key)).description == "Renamed"
    later = values(NOON, NOON + 150 * MINUTE)
    await refused(database.transaction(lambda db: entries.update_entry(db, alice, key, None, later, NOON)))
    assert (await flags(database))[third]


async def test_of_two_that_overlap_at_once_one_is_saved(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    for hour in range(5):
        at = NOON + timedelta(days=hour)
        answers = await asyncio.gather(
            add(database, alice, at, at + HOUR),
            add(database, alice, at + 30 * MINUTE, at + 2 * HOUR),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert len(await rows(database)) == 5


async def test_the_rule_and_what_is_written_meanwhile_come_one_after_the_other(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    writes = [add(database, alice, NOON + n * HOUR, NOON + n * HOUR + 90 * MINUTE) for n in range(6)]
    await asyncio.gather(*writes[:3], rule(database, alice), *writes[3:], return_exceptions=True)
    found = await rows(database)
    exclusive = [row for row in found if row.is_exclusive]
    assert all(one.ended_at <= other.started_at for one, other in pairwise(exclusive))
    # Whatever came after the rule is under it: nothing that is alone was left out.
    for row in found:
        others = [other for other in found if other is not row]
        alone = all(o.ended_at <= row.started_at or o.started_at >= row.ended_at for o in others)
        assert row.is_exclusive or not alone


# ---- What runs


async def test_a_stop_that_meets_a_later_entry_is_refused_and_the_timer_runs_on(
    database: Database, cast: Cast
) -> None:
    alice = await rule(database, cast.alice.viewer)
    key = await start(database, alice, NOON)
    async with database.writing() as db:  # planned before, reached by the timer
        await db.execute(sa.update(table).where(table.c.id == key).values(started_at=NOON - 3 * HOUR))
    await add(database, alice, NOON + 2 * HOUR, NOON + 3 * HOUR, now=NOON)
    await refused(database.transaction(lambda db: timer.stop_timer(db, alice, NOON + 150 * MINUTE)))
    assert (await find(database, alice, key)).is_running


async def test_an_entry_over_the_time_of_a_running_timer_is_refused(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    await start(database, alice, NOON)
    now = NOON + 2 * HOUR
    await refused(add(database, alice, NOON - HOUR, NOON + MINUTE, now=now))
    await refused(add(database, alice, NOON + HOUR, NOON + 90 * MINUTE, now=now))
    await add(database, alice, NOON - HOUR, NOON, now=now)
    await add(database, alice, now, now + HOUR, now=now)
    key = await add(database, alice, NOON - 3 * HOUR, NOON - 2 * HOUR, now=now)
    new = values(NOON - 3 * HOUR, NOON + HOUR)
    await refused(database.transaction(lambda db: entries.update_entry(db, alice, key, None, new, now)))


async def test_a_running_timer_is_not_moved_over_an_entry(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    await add(database, alice, NOON - HOUR, NOON)
    key = await start(database, alice, NOON + HOUR)
    new = values(NOON - 30 * MINUTE, None)
    move = partial(entries.update_entry, viewer=alice, entry_id=key, version=None, now=NOON + 2 * HOUR)
    await refused(database.transaction(lambda db: move(db, new=new)))
    await database.transaction(lambda db: move(db, new=values(NOON, None)))


async def test_a_start_within_an_entry_is_refused(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    await add(database, alice, NOON, NOON + HOUR, now=NOON)
    await refused(start(database, alice, NOON))
    await refused(start(database, alice, NOON + 30 * MINUTE))
    await start(database, alice, NOON + HOUR)
    assert len(await rows(database)) == 2


async def test_a_start_and_an_entry_at_once_leave_no_overlap(database: Database, cast: Cast) -> None:
    alice = await rule(database, cast.alice.viewer)
    answers = await asyncio.gather(
        start(database, alice, NOON + 30 * MINUTE),
        add(database, alice, NOON, NOON + HOUR, now=NOON + 30 * MINUTE),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1


async def test_where_overlaps_are_allowed_nothing_is_refused(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await start(database, alice, NOON)
    await add(database, alice, NOON, NOON + HOUR, now=NOON + HOUR)
    await database.transaction(lambda db: timer.stop_timer(db, alice, NOON + 2 * HOUR))
    assert [row.is_exclusive for row in await rows(database)] == [False, False]


# ---- Giving way


async def cut(
    database: Database, viewer: Viewer, row: EntryRow, *pieces: tuple[datetime, datetime | None]
) -> UUID:
    action = new_id()
    await database.transaction(
        lambda db: overlaps.cut_entry(db, viewer, row, pieces, NOON + 9 * HOUR, action)
    )
    return action


async def test_an_entry_that_is_split_keeps_its_first_piece_and_copies_say_the_same(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, NOON, NOON + 3 * HOUR)
    row = await find(database, alice, key)
    action = await cut(database, alice, row, (NOON, NOON + HOUR), (NOON + 2 * HOUR, NOON + 3 * HOUR))
    first, second = await rows(database)
    assert (first.id, first.ended_at) == (key, NOON + HOUR)
    assert (second.description, second.started_at, second.ended_at) == (
        "Plan",
        NOON + 2 * HOUR,
        NOON + 3 * HOUR,
    )
    async with database.reading() as db:
        lines = list(await db.execute(sa.select(changes).where(changes.c.action_id == action)))
    assert [line.action for line in lines] == ["update", "create"]


async def test_what_runs_stays_the_timer_that_it_is(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await start(database, alice, NOON)
    await cut(database, alice, await find(database, alice, key), (NOON, NOON + HOUR), (NOON + 2 * HOUR, None))
    first, second = await rows(database)
    assert (second.id, second.ended_at) == (key, None)
    assert (first.started_at, first.ended_at) == (NOON, NOON + HOUR)


async def test_an_entry_of_which_nothing_is_left_goes_to_the_trash(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, NOON, NOON + HOUR)
    await cut(database, alice, await find(database, alice, key))
    (row,) = await rows(database)
    assert row.deleted_at is not None


async def test_what_was_changed_meanwhile_is_not_cut(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, NOON, NOON + HOUR)
    row = await find(database, alice, key)
    with pytest.raises(overlaps.Stale):
        await cut(database, alice, row._replace(version=row.version + 1), (NOON, NOON + MINUTE))
    with pytest.raises(overlaps.Stale):
        await cut(database, cast.bob.viewer, row, (NOON, NOON + MINUTE))
    assert (await find(database, alice, key)) == row


async def test_a_write_raises_the_revision_of_its_person(database: Database, cast: Cast) -> None:
    from quart_app.tables import users

    async def revision() -> int:
        async with database.reading() as db:
            statement = sa.select(users.c.revision).where(users.c.id == cast.alice.viewer.user_id)
            return int((await db.execute(statement)).scalar_one())

    before = await revision()
    await database.transaction(lambda db: journal.touch_user(db, cast.alice.viewer))
    assert await revision() == before + 1
