"""The real thing: `python -m quart_app serve`, its workers, and many requests at once over real connections."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.settings import Settings
from quart_app.tables import entries
from tests.conftest import SECRET_KEY

ROOT = Path(__file__).parents[1]
ALICE = {
    "username": "alice",
    "email": "alice@example.com",
    "password": "correct horse battery",
    "time_zone": "UTC",
}
Serve = Callable[[int], Awaitable[str]]


@pytest.fixture
async def serve(settings: Settings, database_url: str, tmp_path: Path) -> AsyncIterator[Serve]:
    """Start the command with so many workers; its address. It must end by itself when told to, with code 0."""
    started: list[asyncio.subprocess.Process] = []

    async def begin(workers: int) -> str:
        environ = {"DATABASE_URL": database_url, "PORT": "0", "CHRONOS_SECRET_KEY": SECRET_KEY}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", "quart_app", "serve", "--workers", str(workers)),
            cwd=ROOT,
            env={**os.environ, **environ, "CHRONOS_DATA_DIR": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout
        async with asyncio.timeout(30):
            while not (found := re.search(rb"http://\S+:\d+", await process.stdout.readline())):
                assert process.returncode is None
        return found[0].decode()

    yield begin
    for process in started:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await process.wait() == 0


async def register(address: str) -> str:
    """Alice, registered and signed in: her cookie."""
    async with httpx2.AsyncClient(base_url=address) as client:
        response = await client.post("/register", data=ALICE)
        assert response.status_code == 303, response.text
        return response.cookies["chronos"]


@pytest.mark.parametrize(
    ("database_url", "workers"), [("sqlite", 1), ("postgresql", 3)], indirect=["database_url"]
)
async def test_fifty_starts_at_once_leave_exactly_one_running(
    serve: Serve, database: Database, workers: int
) -> None:
    address = await serve(workers)
    cookies = {"chronos": await register(address)}

    async def start(number: int) -> int:
        # A client each: fifty connections, spread over the workers.
        async with httpx2.AsyncClient(base_url=address, cookies=cookies, timeout=30) as client:
            fields = {"description": f"number {number}", "id": str(new_id())}
            return (await client.post("/timer/start", data=fields)).status_code

    assert set(await asyncio.gather(*(start(number) for number in range(50)))) == {303}
    async with database.reading() as db:
        rows = list(await db.execute(sa.select(entries.c.started_at, entries.c.ended_at)))
    assert len(rows) == 50
    assert sum(row.ended_at is None for row in rows) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_every_worker_hears_what_one_has_changed(serve: Serve) -> None:
    address = await serve(3)
    cookies = {"chronos": await register(address)}
    limits = httpx2.Limits(max_keepalive_connections=0)
    opened = asyncio.Semaphore(0)

    async def listen() -> None:
        async with (
            httpx2.AsyncClient(base_url=address, cookies=cookies, timeout=30, limits=limits) as client,
            client.stream("GET", "/live") as stream,
        ):
            assert stream.status_code == 200
            lines = stream.aiter_lines()
            await anext(lines)
            opened.release()
            async for line in lines:
                if line == "event: timer-changed":
                    return
        raise AssertionError("the stream ended")

    streams = [asyncio.create_task(listen()) for _ in range(12)]
    for _ in streams:
        await opened.acquire()
    async with httpx2.AsyncClient(base_url=address, cookies=cookies) as client:
        assert (await client.post("/timer/start", data={"description": "News"})).status_code == 303
    await asyncio.wait_for(asyncio.gather(*streams), 10)
