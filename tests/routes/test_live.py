"""The stream of a tab, through the application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.support.cast import Cast, Person


@asynccontextmanager
async def listening(person: Person) -> AsyncIterator[Any]:
    """An open stream of this person, past its greeting."""
    async with person.client.request("/live") as connection:
        await connection.send_complete()
        assert b"open" in await heard(connection)
        try:
            yield connection
        finally:
            await connection.disconnect()


async def heard(connection: Any) -> bytes:
    async with asyncio.timeout(3):
        return bytes(await connection.receive())


async def test_what_one_tab_does_the_other_hears(cast: Cast) -> None:
    async with listening(cast.alice) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        await cast.alice.client.post("/timer/start", form={"description": "Think"})
        both = await heard(stream)
        if b"entries-changed" not in both:
            both += await heard(stream)
        assert b"event: timer-changed\n" in both
        assert b"event: entries-changed\n" in both
        assert b"Think" not in both


async def test_the_team_hears_only_that_hours_have_changed_and_strangers_nothing(cast: Cast) -> None:
    async with listening(cast.bob) as team, listening(cast.charlie) as stranger:
        await cast.alice.client.post("/timer/start", form={"description": "Think"})
        assert await heard(team) == b"event: hours-changed\ndata: hours-changed\n\n"
        await cast.charlie.client.post("/timer/start", form={"description": "Mine"})
        assert await heard(stranger) == b"event: timer-changed\ndata: timer-changed\n\n"


async def test_a_tag_made_on_the_way_is_heard_by_the_team(cast: Cast) -> None:
    for form, expected in (({"tags": "ops"}, True), ({"tags": "OPS"}, False)):
        async with listening(cast.bob) as team:
            await cast.alice.client.post("/timer/start", form=form)
            news = await heard(team)
            news += await heard(team) if expected else b""
            assert (b"tags-changed" in news) == expected


async def test_a_project_made_by_one_is_heard_by_the_team_only(cast: Cast) -> None:
    async with listening(cast.bob) as team, listening(cast.charlie) as stranger:
        await cast.alice.client.post("/projects", form={"name": "New", "colour": "1"})
        assert b"projects-changed" in await heard(team)
        await cast.charlie.client.post("/timer/start", form={})
        assert b"projects-changed" not in await heard(stranger)


async def test_signing_out_ends_the_stream(cast: Cast) -> None:
    async with listening(cast.alice) as stream:
        await cast.alice.client.post("/logout")
        received = b""
        while b"session-ended" not in received:
            received += await heard(stream)


async def test_closing_ends_every_stream(app: Quart, cast: Cast) -> None:
    async with listening(cast.alice) as stream:
        app.extensions["chronos"].live.end_all()
        async with asyncio.timeout(3):
            # Without a word: the tab is to come back, and hears of a session's end only when it has ended.
            assert await stream.receive() == b""


async def test_strangers_hear_nothing(client: Client) -> None:
    assert (await client.get("/live")).status_code == 401


async def test_the_stream_is_not_to_be_kept_or_changed_on_its_way(cast: Cast) -> None:
    async with listening(cast.alice) as stream:
        assert stream.headers["Cache-Control"] == "no-cache, no-transform"
        assert stream.headers["X-Accel-Buffering"] == "no"
