"""The hub of names: who hears what, within a process and between processes."""

import asyncio

import pytest
import sqlalchemy as sa

from quart_app.db import Database
from quart_app.live import END, RESYNC, Live, Mailbox, events
from quart_app.settings import Settings


async def soon(mailbox: Mailbox) -> list[str]:
    """What arrives in the mailbox within two seconds."""
    async with asyncio.timeout(2):
        while not (names := await mailbox.take()):
            pass
        return names


@pytest.fixture
async def live(database: Database) -> Live:
    return Live(database)


async def test_a_name_reaches_its_audience_and_nobody_else(live: Live) -> None:
    with live.subscribe(["user:1", "workspace:9"]) as one, live.subscribe(["user:2", "workspace:9"]) as two:
        await live.publish(["user:1"], "timer-changed")
        await live.publish(["workspace:9"], "projects-changed")
        assert await soon(one) == ["timer-changed", "projects-changed"]
        assert await soon(two) == ["projects-changed"]


async def test_a_slow_reader_gets_each_name_once(live: Live) -> None:
    with live.subscribe(["user:1"]) as mailbox:
        for _ in range(1000):
            await live.publish(["user:1"], "timer-changed", "entries-changed")
        assert await soon(mailbox) == ["timer-changed", "entries-changed"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_news_for_many_goes_out_in_parts(live: Live) -> None:
    """A NOTIFY of more than 8000 bytes is refused."""
    audiences = [f"session:{number:036}" for number in range(500)]
    with live.subscribe(audiences[-1:]) as mailbox:
        await live.publish(audiences, END)
        assert await soon(mailbox) == [END]


async def test_a_stream_that_left_is_forgotten(live: Live) -> None:
    with live.subscribe(["user:1"]):
        assert live.open_streams == 1
    assert live.open_streams == 0
    assert not live._mailboxes


async def test_events_are_written_as_the_standard_says(live: Live) -> None:
    with live.subscribe(["user:1"]) as mailbox:
        stream = events(mailbox)
        assert (await anext(stream)).startswith("retry: ")
        mailbox.put("timer-changed")
        assert await anext(stream) == "event: timer-changed\ndata: timer-changed\n\n"
        mailbox.wake()
        mailbox.put(END)
        assert "session-ended" in [event async for event in stream][-1]


async def test_a_beat_tells_the_servers_time(live: Live) -> None:
    await live.start(heartbeat=0.05)
    try:
        with live.subscribe(["user:1"]) as mailbox:
            stream = events(mailbox)
            await anext(stream)
            async with asyncio.timeout(2):
                beat = await anext(stream)
            assert beat.startswith("event: beat\ndata: ")
            assert beat.split("data: ")[1].strip().isdigit()
    finally:
        await live.stop()


async def test_stopping_ends_every_stream(live: Live) -> None:
    await live.start()
    with live.subscribe(["user:1"]) as mailbox:
        stream = events(mailbox)
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await live.stop()
        async with asyncio.timeout(2):
            with pytest.raises(StopAsyncIteration):
                await waiting


@pytest.fixture
async def two(settings: Settings) -> tuple[Live, Live]:
    """The hubs of two processes on one database."""
    return Live(Database(settings)), Live(Database(settings))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_one_process_publishes_is_heard_in_the_other_once(two: tuple[Live, Live]) -> None:
    here, there = two
    await asyncio.gather(here.start(), there.start())
    try:
        assert here.is_listening
        with here.subscribe(["user:1"]) as near, there.subscribe(["user:1"]) as far:
            await here.publish(["user:1"], "timer-changed")
            assert await soon(near) == ["timer-changed"]
            assert await soon(far) == ["timer-changed"]
            await asyncio.sleep(0.2)
            assert not near._names
    finally:
        await _close(two)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lost_listener_comes_back_and_has_every_tab_resync(two: tuple[Live, Live]) -> None:
    here, there = two
    await asyncio.gather(here.start(), there.start())
    try:
        with there.subscribe(["user:1"]) as mailbox:
            async with here._database.reading() as db:
                await db.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chronos-live'"
                    )
                )
            assert RESYNC in await soon(mailbox)
            async with asyncio.timeout(3):
                while not here.is_listening:  # noqa: ASYNC110 (nothing tells of it)
                    await asyncio.sleep(0.02)
            await here.publish(["user:1"], "timer-changed")
            assert await soon(mailbox) == ["timer-changed"]
    finally:
        await _close(two)


async def _close(lives: tuple[Live, Live]) -> None:
    for live in lives:
        await live.stop()
        await live._database.dispose()
