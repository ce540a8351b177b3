"""Whatever a person does with their entries: taking it all back in turn leaves these as they were."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quart_app import journal
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.places import Place
from quart_app.queries import entries, overlaps, parts, selection, tags, timer, undo
from quart_app.tables import changes
from tests.support.cast import Cast
from tests.support.catalogue import add_project, add_task

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAR = datetime(2300, 1, 1, tzinfo=UTC)


async def newest_action(database: Database) -> UUID | None:
    async with database.reading() as db:
        statement = sa.select(changes.c.action_id).where(changes.c.subject == "entry")
        found: UUID | None = (await db.execute(statement.order_by(changes.c.id.desc()).limit(1))).scalar()
        return found


async def seen(database: Database, viewer: Viewer) -> dict[UUID, tuple[object, ...]]:
    """The viewer's entries as they stand, without what merely counts changes."""
    async with database.reading() as db:
        found = await entries.list_entries(db, viewer, entries.BEGINNING, FAR)
    return {row.id: (*row[1:6], row.task_id, row.tags) for row in found}


STEPS = st.one_of(
    st.tuples(
        st.just("create"), st.integers(0, 20), st.booleans(), st.sets(st.sampled_from("abc"), max_size=2)
    ),
    st.tuples(
        st.just("update"), st.integers(0, 9), st.booleans(), st.sets(st.sampled_from("abc"), max_size=2)
    ),
    st.tuples(st.just("set"), st.integers(0, 9), st.booleans(), st.sets(st.sampled_from("abc"), max_size=2)),
    st.tuples(
        st.sampled_from(["delete", "delete two", "restore", "undo", "duplicate", "split", "cut"]),
        st.integers(0, 9),
        st.none(),
        st.none(),
    ),
    st.tuples(
        st.sampled_from(["start", "stop", "discard", "last", "late start", "late stop"]),
        st.none(),
        st.none(),
        st.none(),
    ),
)


class Doer:
    """Does one step of a drawn sequence after another, as time goes by."""

    def __init__(self, database: Database, viewer: Viewer, places: list[Place]) -> None:
        self.database, self.viewer, self.places = database, viewer, places
        self.now = NOW
        self.known: list[UUID] = []
        self.actions: list[UUID] = []

    async def do(self, step: tuple[str, Any, Any, Any]) -> UUID | None:
        """The action, where the step did something."""
        self.now += timedelta(minutes=1)
        before = await newest_action(self.database)
        try:
            await self.database.transaction(lambda db: self._work(db, *step))
        except (undo.Refused, Missing, Forbidden, entries.Stale, overlaps.Stale, Conflict):
            return None
        after = await newest_action(self.database)
        if after is None or after == before:
            return None
        self.actions.append(after)
        return after

    async def _work(self, db: Connection, kind: str, number: Any, flag: Any, names: Any) -> None:
        key = self.known[number % len(self.known)] if self.known and number is not None else new_id()
        if kind in ("create", "update"):
            await self._write(db, kind, key, number, flag, tuple(sorted(names)))
        elif kind in ("set", "delete two"):
            place = self.places[number % len(self.places)] if flag else None
            await self._select(db, kind, {key, self.known[0]}, place, tuple(sorted(names or ())))
        elif kind in ("start", "stop", "discard", "late start", "late stop"):
            await self._time(db, kind)
        elif kind in ("duplicate", "split", "cut"):
            await self._divide(db, kind, key)
        elif kind == "delete":
            await entries.delete_entry(db, self.viewer, key, self.now)
        elif kind == "restore":
            await entries.restore_entry(db, self.viewer, key, self.now)
        elif kind == "undo" and self.actions:
            await undo.undo_action(db, self.viewer, self.actions[number % len(self.actions)], self.now)
        elif kind == "last":
            await undo.undo_last(db, self.viewer, self.now)

    async def _write(
        self, db: Connection, kind: str, key: UUID, number: int, flag: bool, names: tuple[str, ...]
    ) -> None:
        start, place = NOW - number * HOUR, self.places[number % len(self.places)] if flag else None
        ids = await tags.resolve_tags(db, self.viewer, names, self.now)
        project, task = (place.project, place.task) if place else (None, None)
        times = (start, start + HOUR)
        values = entries.EntryValues(f"Work {number}", project, flag, *times, tuple(ids), names, task)
        if kind == "create":
            self.known.append(new_id())
            await entries.insert_entry(db, self.viewer, self.known[-1], values, self.now)
        else:
            await entries.update_entry(db, self.viewer, key, None, values, self.now)

    async def _select(
        self, db: Connection, kind: str, keys: set[UUID], place: Place | None, names: tuple[str, ...]
    ) -> None:
        if kind == "delete two":
            await selection.delete_entries(db, self.viewer, keys, self.now, new_id())
            return
        wanted = selection.Wanted(
            place=place,
            sets_project=place is not None,
            is_billable=None if place else True,
            tag_mode="remove" if place else "replace",
            tags=names,
        )
        await selection.update_entries(db, self.viewer, keys, wanted, self.now, new_id())

    async def _divide(self, db: Connection, kind: str, key: UUID) -> None:
        source, second, action = await entries.find_entry(db, self.viewer, key), new_id(), new_id()
        middle = source.started_at + timedelta(seconds=30)
        if kind == "duplicate":
            await parts.duplicate_entry(db, self.viewer, source, second, self.now, action_id=action)
        elif kind == "split":
            await parts.split_entry(db, self.viewer, source, middle, second, self.now, action_id=action)
        else:
            pieces = [(source.started_at, middle), (middle, source.ended_at)]
            await journal.touch_user(db, self.viewer)
            await overlaps.cut_entry(db, self.viewer, source, pieces, self.now, action)
        self.known.append(second)

    async def _time(self, db: Connection, kind: str) -> None:
        at = self.now - timedelta(seconds=90) if kind.startswith("late") else None
        if kind.endswith("start"):
            self.known.append(new_id())
            place = self.places[-1]
            new = timer.NewTimer(self.known[-1], "Timer", place.project, False, task_id=place.task)
            await timer.start_timer(db, self.viewer, new, self.now, at)
        elif kind.endswith("stop"):
            await timer.stop_timer(db, self.viewer, self.now, at)
        else:
            await timer.discard_timer(db, self.viewer, self.now)


async def drawn(strategy: Any, send: Callable[[Any], Awaitable[None]]) -> None:
    """Run `send` over what the strategy draws; hypothesis is synchronous and so has a thread of its own."""
    loop = asyncio.get_running_loop()

    async def awaited(value: Any) -> None:
        await send(value)

    @settings(max_examples=40, suppress_health_check=list(HealthCheck), database=None)
    @given(strategy)
    def draw(value: Any) -> None:
        asyncio.run_coroutine_threadsafe(awaited(value), loop).result()

    await asyncio.to_thread(draw)


async def test_undoing_all_in_turn_restores_what_was_there_before_each(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    places = []
    for name in ("Website", "Shop"):
        project = await add_project(database, alice, name)
        places += [
            Place(project),
            *[Place(project, await add_task(database, alice, project, task)) for task in ("Design", "Build")],
        ]
    doer = Doer(database, alice, places)
    await doer.do(("create", 0, False, {"a"}))
    doer.actions.clear()

    async def play(steps: list[tuple[str, Any, Any, Any]]) -> None:
        done: list[tuple[UUID, dict[UUID, tuple[object, ...]]]] = []
        for step in steps:
            before = await seen(database, alice)
            if (action := await doer.do(step)) is not None:
                done.append((action, before))
        for action, before in reversed(done):
            await database.transaction(
                partial(undo.undo_action, viewer=alice, action_id=action, now=doer.now)
            )
            assert await seen(database, alice) == before, steps
        # What is undone is forgotten, or the next example's undo would pick it.
        doer.actions.clear()

    await drawn(st.lists(STEPS, min_size=1, max_size=8), play)
