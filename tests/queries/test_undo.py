"""Undo by the journal: what is taken back, what stays, and whose it is."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import journal
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.queries import entries, projects, selection, tags, timer, undo
from quart_app.tables import changes, memberships
from quart_app.tables import entries as rows
from tests.support.cast import Cast
from tests.support.catalogue import add_project

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def add(
    database: Database, viewer: Viewer, text: str = "Work", names: tuple[str, ...] = (), **more: Any
) -> tuple[UUID, UUID]:
    """A finished entry of an hour: its id and that of the action."""
    key, action = new_id(), new_id()
    known = {"project_id": None, "started_at": NOW - 2 * HOUR, "ended_at": NOW - HOUR} | more

    async def work(db: Connection) -> None:
        ids = await tags.resolve_tags(db, viewer, names, NOW)
        values = entries.EntryValues(text, is_billable=False, tag_ids=tuple(ids), tags=names, **known)
        await entries.insert_entry(db, viewer, key, values, NOW, action_id=action)

    await database.transaction(work)
    return key, action


async def change(
    database: Database, viewer: Viewer, key: UUID, text: str, action: UUID | None = None, **more: Any
) -> UUID:
    action = action or new_id()
    known = {"project_id": None, "started_at": NOW - 2 * HOUR, "ended_at": NOW - HOUR} | more
    values = entries.EntryValues(text, is_billable=False, **known)
    await database.transaction(
        lambda db: entries.update_entry(db, viewer, key, None, values, NOW, action_id=action)
    )
    return action


async def take_back(database: Database, viewer: Viewer, action: UUID) -> undo.Undone:
    return await database.transaction(lambda db: undo.undo_action(db, viewer, action, NOW))


async def newest_action(database: Database) -> UUID:
    async with database.reading() as db:
        statement = sa.select(changes.c.action_id).where(changes.c.subject == "entry")
        found: UUID = (await db.execute(statement.order_by(changes.c.id.desc()).limit(1))).scalar_one()
        return found


async def seen(database: Database, viewer: Viewer) -> dict[UUID, tuple[object, ...]]:
    """The viewer's entries as they stand, without what merely counts changes."""
    async with database.reading() as db:
        found = await entries.list_entries(db, viewer, entries.BEGINNING, datetime(2300, 1, 1, tzinfo=UTC))
    return {row.id: (*row[1:6], row.tags) for row in found}


# --- back, and back again ---


async def test_undoing_an_undo_does_it_again(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key, _ = await add(database, alice, names=("ops",))
    before = await seen(database, alice)
    action = await change(database, alice, key, "Other", started_at=NOW - 3 * HOUR)
    after = await seen(database, alice)
    for again in range(3):
        undone = await take_back(database, alice, action)
        assert (undone.kind, undone.count, undone.is_redone) == ("update", 1, bool(again % 2))
        assert await seen(database, alice) == (after if again % 2 else before)
        action = undone.action_id


async def test_undoing_twice_changes_nothing(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    _, action = await add(database, alice)
    await take_back(database, alice, action)
    with pytest.raises(undo.Refused, match="again"):
        await take_back(database, alice, action)
    assert await seen(database, alice) == {}


async def test_two_who_undo_at_once_undo_once(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    _, action = await add(database, alice)
    outcomes = await asyncio.gather(
        *(take_back(database, alice, action) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused"] * 3 + ["Undone"]


# --- what stays as it is -----------------------------------------------------------------------------------------


async def test_an_entry_changed_since_stays_and_so_do_the_others_of_its_action(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    one, other = (await add(database, alice))[0], (await add(database, alice))[0]
    action = new_id()
    wanted = selection.Wanted(is_billable=True)
    await database.transaction(
        lambda db: selection.update_entries(db, alice, {one, other}, wanted, NOW, action)
    )
    await change(database, alice, other, "Meanwhile")
    before = await seen(database, alice)
    with pytest.raises(undo.Refused, match="changed"):
        await take_back(database, alice, action)
    assert await seen(database, alice) == before


async def test_what_was_taken_back_in_between_is_no_change_since(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key, action = await add(database, alice)
    await take_back(database, alice, await change(database, alice, key, "Meanwhile"))
    await take_back(database, alice, action)
    assert await seen(database, alice) == {}


async def test_another_part_of_an_entry_may_have_changed_since(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key, _ = await add(database, alice)
    action = new_id()
    wanted = selection.Wanted(is_billable=True)
    await database.transaction(lambda db: selection.update_entries(db, alice, {key}, wanted, NOW, action))
    other = new_id()
    tagged = selection.Wanted(tag_mode="add", tags=("ops",))
    await database.transaction(lambda db: selection.update_entries(db, alice, {key}, tagged, NOW, other))
    await take_back(database, alice, action)
    ((*_, billable, names),) = (await seen(database, alice)).values()
    assert (billable, names) == (False, ("ops",))


async def test_a_stop_does_not_run_on_beside_another_timer(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await database.transaction(
        lambda db: timer.start_timer(db, alice, timer.NewTimer(new_id(), "One", None, False), NOW)
    )
    await database.transaction(lambda db: timer.stop_timer(db, alice, NOW + HOUR))
    action = await newest_action(database)
    await database.transaction(
        lambda db: timer.start_timer(db, alice, timer.NewTimer(new_id(), "Two", None, False), NOW + HOUR)
    )
    with pytest.raises(undo.Refused, match="runs"):
        await take_back(database, alice, action)


async def test_a_start_that_is_taken_back_lets_the_timer_before_run_on(
    database: Database, cast: Cast
) -> None:
    alice, first, second = cast.alice.viewer, new_id(), new_id()
    for key, at in ((first, NOW), (second, NOW + HOUR)):
        new = timer.NewTimer(key, str(key), None, False)
        await database.transaction(partial(timer.start_timer, viewer=alice, new=new, now=at))
    undone = await take_back(database, alice, await newest_action(database))
    assert undone.kind == "start"
    async with database.reading() as db:
        running = await timer.find_running(db, alice)
    assert running is not None
    assert running.id == first
    await take_back(database, alice, undone.action_id)
    async with database.reading() as db:
        running = await timer.find_running(db, alice)
    assert running is not None
    assert running.id == second


async def test_a_discarded_timer_ends_where_another_runs_by_now(database: Database, cast: Cast) -> None:
    alice, key = cast.alice.viewer, new_id()
    await database.transaction(
        lambda db: timer.start_timer(db, alice, timer.NewTimer(key, "One", None, False), NOW)
    )
    action = new_id()
    await database.transaction(lambda db: timer.discard_timer(db, alice, NOW + HOUR, action_id=action))
    await database.transaction(
        lambda db: timer.start_timer(db, alice, timer.NewTimer(new_id(), "Two", None, False), NOW + 2 * HOUR)
    )
    undone = await take_back(database, alice, action)
    assert (await seen(database, alice))[key][3] == NOW + HOUR
    await take_back(database, alice, undone.action_id)
    assert key not in await seen(database, alice)


async def test_a_project_archived_meanwhile_comes_back_with_its_entry(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    project = await add_project(database, alice, "Website")
    key, _ = await add(database, alice, project_id=project)
    action = await change(database, alice, key, "Without")
    await database.transaction(lambda db: projects.archive_project(db, alice, project, NOW))
    await take_back(database, alice, action)
    assert (await seen(database, alice))[key][0] == project


async def test_a_project_deleted_meanwhile_is_said(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    project = await add_project(database, alice, "Website")
    key, _ = await add(database, alice, project_id=project)
    action = await change(database, alice, key, "Without")
    await database.transaction(lambda db: projects.delete_project(db, alice, project, NOW))
    before = await seen(database, alice)
    with pytest.raises(Conflict) as caught:
        await take_back(database, alice, action)
    assert caught.value.kind == "foreign_key"
    assert await seen(database, alice) == before


async def test_what_would_overlap_by_now_stays(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key, _ = await add(database, alice)
    await database.transaction(lambda db: entries.delete_entry(db, alice, key, NOW))
    action = await newest_action(database)
    other, _ = await add(database, alice)
    await _forbid_overlap(database, key, other)
    with pytest.raises(Conflict) as caught:
        await take_back(database, alice, action)
    assert caught.value.kind == "exclusion"
    assert set(await seen(database, alice)) == {other}


async def test_entries_that_may_not_overlap_change_places_at_once(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    one, _ = await add(database, alice, started_at=NOW, ended_at=NOW + HOUR)
    other, _ = await add(database, alice, started_at=NOW + HOUR, ended_at=NOW + 2 * HOUR)
    before = await seen(database, alice)
    action = new_id()
    for key, start in ((one, NOW + HOUR), (other, NOW)):
        await change(database, alice, key, "Work", action, started_at=start, ended_at=start + HOUR)
    await _forbid_overlap(database, one, other)
    await take_back(database, alice, action)
    assert await seen(database, alice) == before
    async with database.reading() as db:
        assert (await db.execute(sa.select(rows.c.is_exclusive).distinct())).scalars().all() == [True]


async def _forbid_overlap(database: Database, *keys: UUID) -> None:
    async with database.writing() as db:
        await db.execute(sa.update(rows).where(rows.c.id.in_(keys)).values(is_exclusive=True))


# --- the latest --------------------------------------------------------------------------------------------------


async def last(database: Database, viewer: Viewer, now: datetime | None = None) -> undo.Undone | None:
    at = now or datetime.now(UTC).replace(microsecond=0)
    return await database.transaction(lambda db: undo.undo_last(db, viewer, at))


async def test_the_latest_goes_first_then_the_one_before_then_nothing(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key, _ = await add(database, alice, "First")
    await change(database, alice, key, "Second")
    assert (first := await last(database, alice)) is not None
    assert first.kind == "update"
    assert (await seen(database, alice))[key][1] == "First"
    assert (second := await last(database, alice)) is not None
    assert second.kind == "create"
    assert await seen(database, alice) == {}
    assert await last(database, alice) is None


async def test_what_was_done_again_is_the_latest_again(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await add(database, alice)
    undone = await last(database, alice)
    assert undone is not None
    await take_back(database, alice, undone.action_id)
    assert len(await seen(database, alice)) == 1
    assert await last(database, alice) is not None
    assert await seen(database, alice) == {}


async def test_the_latest_is_none_of_last_week(database: Database, cast: Cast) -> None:
    await add(database, cast.alice.viewer)
    assert (
        await last(database, cast.alice.viewer, datetime.now(UTC).replace(microsecond=0) + 48 * HOUR) is None
    )


async def test_the_latest_is_ones_own(database: Database, cast: Cast) -> None:
    await add(database, cast.alice.viewer)
    assert await last(database, cast.bob.viewer) is None
    assert await last(database, cast.charlie.viewer) is None


# --- rights ------------------------------------------------------------------------------------------------------


async def test_an_action_of_somebody_else_is_missing(database: Database, cast: Cast) -> None:
    _, action = await add(database, cast.alice.viewer)
    for person in (cast.bob, cast.charlie):
        with pytest.raises(Missing):
            await take_back(database, person.viewer, action)
    with pytest.raises(Forbidden):
        await take_back(database, cast.dana.viewer, action)


async def test_who_may_only_look_on_by_now_takes_nothing_back(database: Database, cast: Cast) -> None:
    bob = cast.bob.viewer
    _, action = await add(database, bob)
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == bob.user_id).values(role="viewer")
        )
    with pytest.raises(Forbidden):
        await take_back(database, bob, action)
    assert len(await seen(database, bob)) == 1


async def test_what_was_done_to_the_entry_of_another_is_not_ones_own(database: Database, cast: Cast) -> None:
    alice, (key, _) = cast.alice.viewer, await add(database, cast.bob.viewer)
    action, line = new_id(), ("stop", {"ended_at": None}, {"ended_at": (NOW - HOUR).isoformat()})
    await database.transaction(
        lambda db: journal.record(db, alice, "entry", key, *line, NOW, action_id=action)
    )
    assert await last(database, alice) is None
    with pytest.raises(Missing):
        await take_back(database, alice, action)
    assert len(await seen(database, cast.bob.viewer)) == 1
