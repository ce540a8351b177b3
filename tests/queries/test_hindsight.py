"""Starts and stops that arrive late: whatever the order, the entries tell what happened, as it happened."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quart_app.access import Missing, Viewer
from quart_app.db import Connection, Database
from quart_app.ids import new_id
from quart_app.queries import entries, timer
from quart_app.tables import changes
from quart_app.tables import entries as table
from tests.support.cast import Cast

BASE = datetime(2026, 11, 20, 8, tzinfo=UTC)


def at(minute: int) -> datetime:
    return BASE + timedelta(minutes=minute)


async def start(
    database: Database, viewer: Viewer, key: UUID, began: int, *, now: int, project: UUID | None = None
) -> None:
    new = timer.NewTimer(key, f"From {began}", project, is_billable=False)
    await database.transaction(lambda db: timer.start_timer(db, viewer, new, at(now), at(began)))


async def stop(database: Database, viewer: Viewer, key: UUID | None, ended: int, *, now: int) -> bool:
    done: bool = await database.transaction(lambda db: timer.stop_timer(db, viewer, at(now), at(ended), key))
    return done


async def spans(database: Database) -> dict[UUID, tuple[int, int | None]]:
    """The entries by their ids, in minutes."""
    async with database.reading() as db:
        found = await db.execute(
            sa.select(table.c.id, table.c.started_at, table.c.ended_at).where(table.c.deleted_at.is_(None))
        )
        return {row.id: (_minute(row.started_at), row.ended_at and _minute(row.ended_at)) for row in found}


def _minute(instant: datetime) -> int:
    return int((instant - BASE).total_seconds() // 60)


# ---- One case each


async def test_a_late_start_stops_what_ran_then(database: Database, cast: Cast) -> None:
    alice, one, two = cast.alice.viewer, new_id(), new_id()
    await start(database, alice, one, 0, now=0)
    await start(database, alice, two, 30, now=60)
    assert await spans(database) == {one: (0, 30), two: (30, None)}


async def test_a_late_start_ends_where_another_device_began_the_next(database: Database, cast: Cast) -> None:
    alice, late, other = cast.alice.viewer, new_id(), new_id()
    await start(database, alice, other, 30, now=30)
    await start(database, alice, late, 10, now=60)
    assert await spans(database) == {late: (10, 30), other: (30, None)}


async def test_a_late_start_takes_back_the_time_that_another_device_gave_to_the_one_before(
    database: Database, cast: Cast
) -> None:
    alice, one, late = cast.alice.viewer, new_id(), new_id()
    await start(database, alice, one, 0, now=0)
    await stop(database, alice, one, 45, now=45)
    await start(database, alice, late, 30, now=60)
    assert await spans(database) == {one: (0, 30), late: (30, None)}


async def test_a_late_stop_comes_before_the_start_that_ended_its_timer(
    database: Database, cast: Cast
) -> None:
    alice, one, two = cast.alice.viewer, new_id(), new_id()
    await start(database, alice, one, 0, now=0)
    await start(database, alice, two, 30, now=30)
    assert await stop(database, alice, one, 20, now=60)
    assert await spans(database) == {one: (0, 20), two: (30, None)}


async def test_sent_again_they_change_nothing(database: Database, cast: Cast) -> None:
    alice, one = cast.alice.viewer, new_id()
    await start(database, alice, one, 0, now=10)
    await stop(database, alice, one, 5, now=10)
    before = await spans(database)
    await start(database, alice, one, 0, now=20)
    assert not await stop(database, alice, one, 5, now=20)
    assert await spans(database) == before == {one: (0, 5)}
    async with database.reading() as db:
        assert (await db.execute(sa.select(sa.func.count()).select_from(changes))).scalar() == 2


async def test_a_stop_before_the_start_leaves_no_time(database: Database, cast: Cast) -> None:
    alice, one = cast.alice.viewer, new_id()
    await start(database, alice, one, 10, now=10)
    await stop(database, alice, None, 5, now=20)
    assert await spans(database) == {one: (10, 10)}


async def test_a_stop_that_means_another_timer_stops_nothing(database: Database, cast: Cast) -> None:
    alice, one = cast.alice.viewer, new_id()
    await start(database, alice, one, 0, now=0)
    assert not await stop(database, alice, new_id(), 5, now=20)
    stop_now = partial(timer.stop_timer, viewer=alice, now=at(20), entry_id=new_id())
    assert not await database.transaction(stop_now)
    assert await spans(database) == {one: (0, None)}


async def test_nobody_elses_timer_gives_way(database: Database, cast: Cast) -> None:
    theirs, mine = new_id(), new_id()
    await start(database, cast.bob.viewer, theirs, 0, now=0)
    await start(database, cast.alice.viewer, mine, 10, now=60)
    assert not await stop(database, cast.alice.viewer, theirs, 20, now=60)
    assert await spans(database) == {theirs: (0, None), mine: (10, None)}


async def test_what_was_edited_or_written_by_hand_is_left_alone(database: Database, cast: Cast) -> None:
    alice, edited, planned, late = cast.alice.viewer, new_id(), new_id(), new_id()
    await start(database, alice, edited, 0, now=0)
    await stop(database, alice, edited, 20, now=20)

    async def by_hand(db: Connection) -> None:
        await entries.update_entry(db, alice, edited, None, _values(0, 40), at(40))
        await entries.insert_entry(db, alice, planned, _values(50, 55), at(41))

    await database.transaction(by_hand)
    await stop(database, alice, edited, 10, now=60)
    await start(database, alice, late, 30, now=60)
    assert await spans(database) == {edited: (0, 40), planned: (50, 55), late: (30, None)}


def _values(since: int, until: int) -> entries.EntryValues:
    return entries.EntryValues("By hand", None, is_billable=False, started_at=at(since), ended_at=at(until))


async def test_a_refused_start_changes_nothing_before_it(database: Database, cast: Cast) -> None:
    alice, one = cast.alice.viewer, new_id()
    await start(database, alice, one, 0, now=0)
    with pytest.raises(Missing):
        await start(database, alice, new_id(), 10, now=60, project=new_id())
    assert await spans(database) == {one: (0, None)}


# ---- All of them


@dataclass(frozen=True)
class Timer:
    """A timer of one device, and when it was stopped, by which device; None: never."""

    began: int
    device: int
    stopped: int | None
    stopped_by: int


@dataclass(frozen=True)
class Story:
    """What two devices do. Each is away until a minute of its own: then what it did arrives, in its order."""

    timers: tuple[Timer, ...]
    back: tuple[int, int]

    def arrivals(self) -> list[tuple[int, int, str, int]]:
        """(when it arrives, when it was done, what, the timer's number), as they arrive."""
        news = []
        for number, each in enumerate(self.timers):
            begun = max(each.began, self.back[each.device])
            news.append((begun, each.began, "start", number))
            if each.stopped is not None:
                # The other device can stop only what it has heard of.
                knows = each.stopped_by != each.device and begun <= each.stopped
                by = each.stopped_by if knows else each.device
                news.append((max(each.stopped, self.back[by]), each.stopped, "stop", number))
        return sorted(news)

    def truth(self) -> list[tuple[int, int | None]]:
        """Each timer ends at its stop or where the next began, whichever came first."""
        ends: list[tuple[int, int | None]] = []
        for each in self.timers:
            later = [other.began for other in self.timers if other.began > each.began]
            ended = [*later, *([] if each.stopped is None else [each.stopped])]
            ends.append((each.began, min(ended, default=None)))
        return ends


@st.composite
def stories(draw: st.DrawFn) -> Story:
    count = draw(st.integers(1, 5))
    minutes = draw(st.lists(st.integers(0, 200), min_size=2 * count, max_size=2 * count, unique=True))
    timers = []
    for number in range(count):
        began, stopped = sorted(minutes[2 * number : 2 * number + 2])
        device, stopped_by = draw(st.integers(0, 1)), draw(st.integers(0, 1))
        timers.append(Timer(began, device, stopped if draw(st.booleans()) else None, stopped_by))
    return Story(tuple(timers), (draw(st.integers(0, 250)), draw(st.integers(0, 250))))


async def test_however_the_news_of_two_devices_cross_the_entries_tell_the_truth(
    database: Database, cast: Cast
) -> None:
    loop, alice = asyncio.get_running_loop(), cast.alice.viewer

    async def tell(story: Story) -> None:
        await database.transaction(lambda db: db.execute(sa.delete(table)))
        keys = [new_id() for _ in story.timers]
        for arrives, done, what, number in story.arrivals():
            if what == "start":
                await start(database, alice, keys[number], done, now=arrives)
            else:
                await stop(database, alice, keys[number], done, now=arrives)
        found = await spans(database)
        assert [found[key] for key in keys] == story.truth()
        assert len([1 for _, ended in found.values() if ended is None]) <= 1
        inorder = sorted(found.values())
        assert all(one[1] is not None and one[1] <= two[0] for one, two in pairwise(inorder))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(stories())
    def check(story: Story) -> None:
        asyncio.run_coroutine_threadsafe(tell(story), loop).result()

    await asyncio.to_thread(check)
