"""Entries carry a task: it is one of their project's and in use, and whatever makes an entry of another keeps it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app.access import EntryRow, Missing, Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.places import Place
from quart_app.queries import (
    entries,
    favourites,
    overlaps,
    parts,
    projects,
    selection,
    suggestions,
    tasks,
    timer,
    undo,
)
from quart_app.tables import entries as entries_table
from tests.support.cast import Cast
from tests.support.catalogue import add_project, add_task, journal_of, track

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def website(database: Database, cast: Cast) -> UUID:
    return await add_project(database, cast.alice.viewer, "Website")


@pytest.fixture
async def design(database: Database, cast: Cast, website: UUID) -> UUID:
    return await add_task(database, cast.alice.viewer, website, "Design")


@pytest.fixture
async def shop(database: Database, cast: Cast) -> UUID:
    return await add_project(database, cast.alice.viewer, "Shop")


def values(project: UUID | None, task: UUID | None = None, text: str = "Plan") -> entries.EntryValues:
    return entries.EntryValues(text, project, False, NOW - HOUR, NOW, task_id=task)


async def add(database: Database, viewer: Viewer, project: UUID | None, task: UUID | None = None) -> UUID:
    key, new = new_id(), values(project, task)
    await database.transaction(lambda db: entries.insert_entry(db, viewer, key, new, NOW, action_id=new_id()))
    return key


async def change(
    database: Database, viewer: Viewer, key: UUID, project: UUID | None, task: UUID | None = None
) -> UUID:
    """Save the entry there; the action."""
    action, new = new_id(), values(project, task)
    await database.transaction(
        lambda db: entries.update_entry(db, viewer, key, None, new, NOW, action_id=action)
    )
    return action


async def find(database: Database, viewer: Viewer, key: UUID) -> EntryRow:
    async with database.reading() as db:
        return await entries.find_entry(db, viewer, key)


async def archive(database: Database, viewer: Viewer, task: UUID) -> None:
    await database.transaction(lambda db: tasks.archive_task(db, viewer, task, NOW))


async def start(database: Database, viewer: Viewer, project: UUID | None, task: UUID | None) -> UUID:
    new = timer.NewTimer(new_id(), "Plan", project, False, task_id=task)
    await database.transaction(lambda db: timer.start_timer(db, viewer, new, NOW))
    return new.id


async def test_an_entry_says_its_task(database: Database, cast: Cast, website: UUID, design: UUID) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website, design)
    row = await find(database, alice, key)
    assert (row.project_name, row.task_id, row.task_name) == ("Website", design, "Design")
    assert row.place == Place(website, design)
    async with database.reading() as db:
        assert await entries.list_entries(db, alice, NOW - HOUR, NOW) == [row]
    assert (await journal_of(database, key))[0][3] == {
        "description": "Plan",
        "project_id": str(website),
        "task_id": str(design),
        "is_billable": False,
        "started_at": (NOW - HOUR).isoformat(),
        "ended_at": NOW.isoformat(),
        "tags": [],
    }


async def test_entries_on_different_tasks_are_not_alike(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    one, same, other = [
        await find(database, alice, await add(database, alice, website, task))
        for task in (design, design, None)
    ]
    assert one.likeness == same.likeness
    assert one.likeness != other.likeness


async def test_what_runs_says_its_task(database: Database, cast: Cast, website: UUID, design: UUID) -> None:
    alice = cast.alice.viewer
    key = await start(database, alice, website, design)
    async with database.reading() as db:
        running = await timer.find_running(db, alice)
    assert running is not None
    assert (running.id, running.task_name) == (key, "Design")


async def test_the_database_keeps_a_task_with_its_project(
    database: Database, cast: Cast, design: UUID, shop: UUID
) -> None:
    alice = cast.alice.viewer
    for project in (shop, None):
        with pytest.raises(Conflict):
            await track(database, alice, project, NOW - HOUR, NOW, task_id=design)
    key = await track(database, alice, shop, NOW - HOUR, NOW)
    with pytest.raises(Conflict):
        async with database.writing() as db:
            await db.execute(sa.update(entries_table).where(entries_table.c.id == key).values(task_id=design))


async def test_a_task_of_another_project_is_missing_there(
    database: Database, cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website)
    with pytest.raises(Missing):
        await add(database, alice, shop, design)
    with pytest.raises(Missing):
        await change(database, alice, key, shop, design)
    with pytest.raises(Missing):
        await start(database, alice, shop, design)
    with pytest.raises(Missing):
        await select(database, alice, [key], Place(shop, design))
    assert (await find(database, alice, key)).place == Place(website)


async def test_a_task_of_strangers_is_missing(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    charlie = cast.charlie.viewer
    own = await add_project(database, charlie, "Own")
    for project in (website, own):
        with pytest.raises(Missing):
            await add(database, charlie, project, design)
        with pytest.raises(Missing):
            await start(database, charlie, project, design)


async def test_an_archived_task_is_taken_no_more_but_kept(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    key, other = await add(database, alice, website, design), await add(database, alice, website)
    await archive(database, alice, design)
    await change(database, alice, key, website, design)
    assert (await find(database, alice, key)).task_name == "Design"
    for attempt in (
        add(database, alice, website, design),
        change(database, alice, other, website, design),
        start(database, alice, website, design),
        select(database, alice, [key, other], Place(website, design)),
    ):
        with pytest.raises(Missing):
            await attempt


async def test_an_entry_keeps_project_and_task_in_the_archive(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    build = await add_task(database, alice, website, "Build")
    key = await add(database, alice, website, design)
    await database.transaction(lambda db: projects.archive_project(db, alice, website, NOW))
    await change(database, alice, key, website, design)
    await change(database, alice, key, website, build)  # the project stays, and the task is in use
    await change(database, alice, key, website)
    assert (await find(database, alice, key)).place == Place(website)


async def test_another_project_without_a_task_clears_the_task(
    database: Database, cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website, design)
    await change(database, alice, key, shop)
    assert (await find(database, alice, key)).place == Place(shop)


async def test_copies_and_parts_keep_the_task(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    row = await find(database, alice, await add(database, alice, website, design))
    copy, second, third = new_id(), new_id(), [(NOW, NOW + HOUR)]
    await archive(database, alice, design)

    async def work(db: Connection) -> None:
        await parts.duplicate_entry(db, alice, row, copy, NOW, action_id=new_id())
        await overlaps.copy_entry(db, alice, row, third, NOW, new_id())
        await parts.split_entry(db, alice, row, NOW - HOUR / 2, second, NOW, action_id=new_id())

    await database.transaction(work)
    async with database.reading() as db:
        found = await entries.list_entries(db, alice, NOW - HOUR, NOW + HOUR)
    assert [one.task_name for one in found] == ["Design"] * 4


# ---- Several at once


async def select(database: Database, viewer: Viewer, keys: list[UUID], place: Place | None) -> UUID:
    """Put them all there; the action."""
    action, wanted = new_id(), selection.Wanted(sets_project=True, place=place)
    await database.transaction(lambda db: selection.update_entries(db, viewer, keys, wanted, NOW, action))
    return action


async def test_several_are_put_on_a_task_and_back(
    database: Database, cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice = cast.alice.viewer
    build = await add_task(database, alice, shop, "Build")
    places = [Place(website, design), Place(shop, build), Place(shop), None]
    keys = [
        await add(database, alice, *((place.project, place.task) if place else (None, None)))
        for place in places
    ]

    async def now_there() -> list[Place | None]:
        return [(await find(database, alice, key)).place for key in keys]

    for place in (Place(shop, build), Place(shop), None, Place(website, design)):
        action = await select(database, alice, keys, place)
        assert await now_there() == [place] * 4
        await database.transaction(lambda db, it=action: undo.undo_action(db, alice, it, NOW))  # type: ignore[misc]
        assert await now_there() == places


# ---- Undo


async def test_an_undo_brings_back_the_task_with_its_project(
    database: Database, cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website, design)
    action = await change(database, alice, key, shop)
    done = await database.transaction(lambda db: undo.undo_action(db, alice, action, NOW))
    assert (await find(database, alice, key)).place == Place(website, design)
    await database.transaction(lambda db: undo.undo_action(db, alice, done.action_id, NOW))
    assert (await find(database, alice, key)).place == Place(shop)


async def test_a_changed_task_is_in_the_way_of_an_undo(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website)
    action = await change(database, alice, key, website, design)
    await change(database, alice, key, website)
    with pytest.raises(undo.Refused):
        await database.transaction(lambda db: undo.undo_action(db, alice, action, NOW))


async def test_a_task_deleted_meanwhile_is_in_the_way_of_an_undo(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website, design)
    action = await change(database, alice, key, website)
    await database.transaction(lambda db: tasks.delete_task(db, alice, design, NOW))
    with pytest.raises(Conflict) as refused:
        await database.transaction(lambda db: undo.undo_action(db, alice, action, NOW))
    assert refused.value.kind == "foreign_key"


async def test_what_was_written_before_there_were_tasks_is_undone_without_one(
    database: Database, cast: Cast, website: UUID, shop: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = cast.alice.viewer
    build = await add_task(database, alice, shop, "Build")
    key = await add(database, alice, website)
    with monkeypatch.context() as then:
        then.setattr(entries, "_JOURNALLED", ("description", "project_id", "started_at", "ended_at"))
        action = await change(database, alice, key, shop)
    on_task = await change(database, alice, key, shop, build)
    with pytest.raises(undo.Refused):
        await database.transaction(lambda db: undo.undo_action(db, alice, action, NOW))
    await database.transaction(lambda db: undo.undo_action(db, alice, on_task, NOW))
    await database.transaction(lambda db: undo.undo_action(db, alice, action, NOW))
    assert (await find(database, alice, key)).place == Place(website)


async def test_what_is_deleted_comes_back_on_its_task(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice, action = cast.alice.viewer, new_id()
    key = await add(database, alice, website, design)
    await database.transaction(lambda db: entries.delete_entry(db, alice, key, NOW, action_id=action))
    await database.transaction(lambda db: undo.undo_action(db, alice, action, NOW))
    assert (await find(database, alice, key)).place == Place(website, design)


# ---- At hand


async def test_suggestions_tell_tasks_apart_and_leave_out_archived_ones(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    for task in (design, None, design):
        await add(database, alice, website, task)

    async def offered() -> set[tuple[str | None, int]]:
        async with database.reading() as db:
            return {(one.task_name, one.count) for one in await suggestions.list_suggestions(db, alice)}

    assert await offered() == {("Design", 2), (None, 1)}
    await archive(database, alice, design)
    assert await offered() == {(None, 1)}


async def test_a_favourite_keeps_its_task_and_waits_while_that_is_archived(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, website, design)
    await database.transaction(lambda db: favourites.pin_entry(db, alice, key, NOW))

    async def pinned() -> favourites.Favourite:
        async with database.reading() as db:
            return (await favourites.list_favourites(db, alice))[0]

    assert ((await pinned()).place, (await pinned()).is_archived) == (Place(website, design), False)
    first = (await pinned()).id
    await database.transaction(lambda db: favourites.unpin_favourite(db, alice, first, NOW))
    await database.transaction(lambda db: favourites.restore_favourite(db, alice, first, NOW))
    await archive(database, alice, design)
    assert ((await pinned()).place, (await pinned()).is_archived) == (Place(website, design), True)
    await database.transaction(lambda db: favourites.unpin_favourite(db, alice, first, NOW))
    await change(database, alice, key, website)
    await database.transaction(lambda db: tasks.delete_task(db, alice, design, NOW))
    await database.transaction(lambda db: favourites.restore_favourite(db, alice, first, NOW))
    assert (await pinned()).place == Place(website)
