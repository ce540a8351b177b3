"""PostgreSQL goes away for a while and comes back: pages say so meanwhile, and nobody restarts Chronos."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from quart import Quart
from sqlalchemy.engine import make_url

from quart_app.app import create_app
from tests.conftest import settings_for
from tests.support.cast import Cast, make_cast

HTMX = {"HX-Request": "true"}


class Line:
    """The line to the database, that can be cut and mended: a port that leads to the server."""

    def __init__(self, url: sa.URL) -> None:
        self.url, self.port = url, 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward, answer = await self._connect()
        self._writers |= {writer, answer}
        await asyncio.gather(_copy(reader, answer), _copy(onward, writer))
        self._writers -= {writer, answer}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = int(str(self.url.query.get("port") or self.url.port or 5432))
        if self.url.host:
            return await asyncio.open_connection(self.url.host, port)
        return await asyncio.open_unix_connection(f"{self.url.query['host']}/.s.PGSQL.{port}")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    line = Line(make_url(database_url))
    await line.mend()
    yield line
    await line.cut()


@pytest.fixture
async def app(database_url: str, line: Line, tmp_path: Path) -> AsyncIterator[Quart]:
    url = make_url(database_url)
    through = sa.URL.create(url.drivername, url.username, url.password, "127.0.0.1", line.port, url.database)
    app = create_app(settings_for(through.render_as_string(hide_password=False), tmp_path))
    async with app.test_app():
        yield app


async def eventually(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # type: ignore[misc]  # noqa: ASYNC110 (the other end tells nobody)
            await asyncio.sleep(0.05)


pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def test_without_its_database_every_page_says_so_and_all_is_well_after(app: Quart, line: Line) -> None:
    cast = await make_cast(app)
    client = cast.alice.client
    assert (await client.post("/timer/start", form={"description": "Before"})).status_code == 303
    await line.cut()
    for path in ("/timer", "/projects", "/account", "/entries/days"):
        response = await client.get(path)
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert "database" in await response.get_data(as_text=True)
    assert (await client.post("/timer/stop", headers=HTMX)).status_code == 503
    assert (await client.get("/health")).status_code == 200
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert "database" in (await ready.get_json())["failed"]
    await line.mend()
    await eventually(lambda: _is_ready(cast))
    page = await (await client.get("/timer")).get_data(as_text=True)
    assert "Before" in page
    assert ">Stop<" in page


async def _is_ready(cast: Cast) -> bool:
    return (await cast.alice.client.get("/health/ready")).status_code == 200


async def test_an_open_stream_outlives_the_outage_and_is_told_to_catch_up(app: Quart, line: Line) -> None:
    cast = await make_cast(app)
    async with cast.alice.client.request("/live") as stream:
        await stream.send_complete()
        assert b"open" in await stream.receive()
        await line.cut()
        await asyncio.sleep(0.1)
        await line.mend()
        heard = b""
        async with asyncio.timeout(10):
            while b"event: resync" not in heard:
                heard += await stream.receive()
        await stream.disconnect()
