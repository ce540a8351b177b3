"""Copies of entries, and entries split in two: nothing is lost and nothing is added, to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import EntryRow, Forbidden, Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.queries import entries, parts, tags, timer
from quart_app.tables import changes, memberships, workspaces
from tests.support.cast import Cast

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START, END = NOW - timedelta(hours=3), NOW - timedelta(hours=1)


@pytest.fixture
async def plan(database: Database, cast: Cast) -> EntryRow:
    """Two hours of alice's, with two tags."""
    return await add(database, cast.alice.viewer, START, END)


async def add(
    database: Database,
    viewer: Viewer,
    start: datetime,
    end: datetime | None,
    names: tuple[str, ...] = ("a", "b"),
) -> EntryRow:
    key = new_id()

    async def work(db: Connection) -> EntryRow:
        tag_ids = await tags.resolve_tags(db, viewer, list(names), NOW)
        new = entries.EntryValues("Plan", None, True, start, end, tuple(tag_ids), names)
        await entries.insert_entry(db, viewer, key, new, NOW)
        return await entries.find_entry(db, viewer, key)

    return await database.transaction(work)


async def find(database: Database, viewer: Viewer, key: UUID) -> EntryRow:
    async with database.reading() as db:
        return await entries.find_entry(db, viewer, key)


async def split(database: Database, viewer: Viewer, row: EntryRow, at: datetime, key: UUID) -> bool:
    return await database.transaction(
        lambda db: parts.split_entry(db, viewer, row, at, key, NOW, action_id=new_id())
    )


async def duplicate(database: Database, viewer: Viewer, row: EntryRow, key: UUID) -> bool:
    return await database.transaction(
        lambda db: parts.duplicate_entry(db, viewer, row, key, NOW, action_id=new_id())
    )


async def all_of(database: Database, viewer: Viewer) -> list[EntryRow]:
    async with database.reading() as db:
        return await entries.list_entries(db, viewer, START - timedelta(days=9), NOW + timedelta(days=9))


@pytest.mark.parametrize("seconds", [1, 59, 3600, 7199])
async def test_the_parts_are_the_whole(database: Database, cast: Cast, plan: EntryRow, seconds: int) -> None:
    alice, key = cast.alice.viewer, new_id()
    at = START + timedelta(seconds=seconds)
    assert await split(database, alice, plan, at, key)
    first, second = await find(database, alice, plan.id), await find(database, alice, key)
    assert (first.started_at, first.ended_at) == (START, at)
    assert (second.started_at, second.ended_at) == (at, END)
    assert first.likeness == second.likeness == plan.likeness
    lengths = [periods.seconds_between(row.started_at, row.ended_at or NOW) for row in (first, second)]
    assert sum(lengths) == 7200
    assert first.version == plan.version + 1


async def test_of_what_runs_the_second_part_runs_on(database: Database, cast: Cast) -> None:
    alice, key = cast.alice.viewer, new_id()
    await database.transaction(
        lambda db: timer.start_timer(db, alice, timer.NewTimer(new_id(), "Run", None, False), START)
    )
    async with database.reading() as db:
        runs = await timer.find_running(db, alice)
    assert runs is not None
    assert await split(database, alice, runs, END, key)
    first, second = await find(database, alice, runs.id), await find(database, alice, key)
    assert (first.ended_at, second.started_at, second.ended_at) == (END, END, None)


async def test_splitting_twice_by_the_same_form_splits_once(
    database: Database, cast: Cast, plan: EntryRow
) -> None:
    key = new_id()
    for _ in range(2):
        assert await split(database, cast.alice.viewer, plan, START + timedelta(hours=1), key)
    assert len(await all_of(database, cast.alice.viewer)) == 2


async def test_what_was_changed_meanwhile_is_not_split(
    database: Database, cast: Cast, plan: EntryRow
) -> None:
    old = plan._replace(version=plan.version - 1)
    assert not await split(database, cast.alice.viewer, old, START + timedelta(hours=1), new_id())
    assert await all_of(database, cast.alice.viewer) == [plan]


@pytest.mark.parametrize("who", ["bob", "charlie", "dana"])
async def test_nobody_else_splits_or_copies_it(
    database: Database, cast: Cast, plan: EntryRow, who: str
) -> None:
    other = getattr(cast, who).viewer
    assert not await split(database, other, plan, START + timedelta(hours=1), new_id())
    with pytest.raises(Forbidden):
        await duplicate(database, other, plan, new_id())
    assert await all_of(database, cast.alice.viewer) == [plan]


async def test_who_only_looks_on_by_now_changes_nothing(
    database: Database, cast: Cast, plan: EntryRow
) -> None:
    alice = cast.alice.viewer
    async with database.writing() as db:
        mine = sa.and_(
            memberships.c.user_id == alice.user_id, memberships.c.workspace_id == alice.workspace_id
        )
        await db.execute(sa.update(memberships).where(mine).values(role="viewer"))
    assert not await split(database, alice, plan, START + timedelta(hours=1), new_id())
    with pytest.raises(Forbidden):
        await duplicate(database, alice, plan, new_id())
    assert await all_of(database, alice) == [plan]


async def test_a_copy_says_the_same_at_the_same_time(database: Database, cast: Cast, plan: EntryRow) -> None:
    alice, key = cast.alice.viewer, new_id()
    assert await duplicate(database, alice, plan, key)
    assert not await duplicate(database, alice, plan, key)
    copy = await find(database, alice, key)
    assert (copy.started_at, copy.ended_at, copy.likeness) == (START, END, plan.likeness)
    assert len(await all_of(database, alice)) == 2


async def test_what_runs_is_not_copied(database: Database, cast: Cast, plan: EntryRow) -> None:
    alice = cast.alice.viewer
    runs = await add(database, alice, END, None)
    with pytest.raises(Forbidden):
        await duplicate(database, alice, runs, new_id())


async def test_where_overlaps_are_forbidden_an_entry_is_split_but_not_copied(
    database: Database, cast: Cast
) -> None:
    alice = replace(cast.alice.viewer, forbids_overlap=True)
    async with database.writing() as db:
        here = workspaces.c.id == alice.workspace_id
        await db.execute(sa.update(workspaces).where(here).values(forbids_overlap=True))
    plan = await add(database, alice, START, END)
    with pytest.raises(Conflict, match="exclusion"):
        await duplicate(database, alice, plan, new_id())
    assert await split(database, alice, plan, START + timedelta(hours=1), new_id())


async def test_the_journal_tells_both_parts_whole_and_as_one_action(
    database: Database, cast: Cast, plan: EntryRow
) -> None:
    key, at = new_id(), START + timedelta(hours=1)
    await split(database, cast.alice.viewer, plan, at, key)
    async with database.reading() as db:
        written = (
            await db.execute(sa.select(changes).where(changes.c.subject == "entry").order_by(changes.c.id))
        ).all()[-2:]
    update, create = written
    assert (update.action, create.action) == ("update", "create")
    assert update.action_id == create.action_id
    place = {"project_id": None, "task_id": None}
    whole = {"description": "Plan", **place, "is_billable": True, "tags": ["a", "b"]}
    times = {"started_at": START.isoformat(), "ended_at": END.isoformat()}
    assert update.before == {**whole, **times}
    assert update.after == {**whole, **times, "ended_at": at.isoformat()}
    assert create.before is None
    assert create.after == {**whole, **times, "started_at": at.isoformat()}
