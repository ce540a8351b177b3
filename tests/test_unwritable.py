"""A database that can be read but takes nothing: a full disk, a standby. Pages say so, and nothing typed is lost."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from html import unescape

import pytest
import sqlalchemy as sa
from quart import Quart
from sqlalchemy import event
from structlog.testing import capture_logs

from quart_app.web import Chronos
from tests.support import postgres
from tests.support.cast import Cast

HTMX = {"HX-Request": "true"}
LONG = 'a "long" <story>\nof änd ' + "x" * 4000
Mend = Callable[[], Awaitable[None]]


def state_of(app: Quart) -> Chronos:
    state = app.extensions["chronos"]
    assert isinstance(state, Chronos)
    return state


@pytest.fixture
async def full(app: Quart, cast: Cast, database_url: str) -> AsyncIterator[Mend]:
    """From now on the disk is full: on SQLite the file may not grow by a page, on PostgreSQL a trigger says so."""
    if database_url.startswith("sqlite"):
        async for mend in _full_file(app):
            yield mend
        return
    await _raise_on_write(database_url, "53100", "could not extend file: No space left on device")
    yield lambda: _mended(database_url)


async def _full_file(app: Quart) -> AsyncIterator[Mend]:
    pages, pool = 1, state_of(app).database.engine.sync_engine.pool

    def limit(connection: sa.engine.interfaces.DBAPIConnection, *_: object) -> None:
        connection.cursor().execute(f"PRAGMA max_page_count = {pages}")  # never less than there are

    async def mend() -> None:
        nonlocal pages
        pages = 1_000_000

    event.listen(pool, "checkout", limit)
    yield mend
    event.remove(pool, "checkout", limit)


async def _raise_on_write(url: str, state: str, words: str) -> None:
    await postgres.execute(
        url,
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{state}'; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON entries EXECUTE FUNCTION fail()",
    )


async def _mended(url: str) -> None:
    await postgres.execute(url, "DROP TRIGGER fail ON entries", "DROP FUNCTION fail")


async def test_a_full_disk_is_said_and_the_form_can_be_sent_again(cast: Cast, full: Mend) -> None:
    client = cast.alice.client
    with capture_logs() as lines:
        response = await client.post("/timer/start", form={"description": LONG, "tags": "one, two"})
    page = await response.get_data(as_text=True)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert "disk is full" in unescape(page)
    told = [line for line in lines if line["event"] == "database_unavailable"]
    assert [(line["log_level"], line["reason"]) for line in told] == [
        ("error", "the database's disk is full")
    ]
    action = re.search(r'<form class="actions" method="post" action="([^"]+)">', page)
    assert action
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    kept = {unescape(name): unescape(value) for name, value in fields}
    assert kept == {"description": LONG, "tags": "one, two"}
    again = await client.post(action[1], form=kept)
    assert again.status_code == 503
    await full()
    assert (await client.post(action[1], form=kept)).status_code == 303
    assert "a &#34;long&#34; &lt;story&gt;" in await (await client.get("/timer")).get_data(as_text=True)


async def test_htmx_is_told_beside_the_form_which_stays(cast: Cast, full: Mend) -> None:
    response = await cast.alice.client.post("/timer/start", form={"description": LONG}, headers=HTMX)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert (response.headers["HX-Retarget"], response.headers["HX-Reswap"]) == ("#toasts", "beforeend")
    toast = await response.get_data(as_text=True)
    assert "disk is full" in unescape(toast)
    assert "xxxx" not in toast


async def test_what_there_is_can_still_be_read(cast: Cast, full: Mend) -> None:
    client = cast.alice.client
    await client.post("/timer/start", form={"description": LONG})
    assert (await client.get("/timer")).status_code == 200
    ready = await client.get("/health/ready")
    assert (ready.status_code, await ready.get_json()) == (200, {"status": "ok", "unwritable": "full"})
    await full()
    await client.post("/timer/start", form={"description": LONG})
    assert await (await client.get("/health/ready")).get_json() == {"status": "ok"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("state", "title", "reason"),
    [
        ("25006", "Nothing can be saved", "the database can only be read"),
        ("58030", "Nothing can be saved", "the database's disk does not work"),
        ("53300", "catching its breath", "the database has no connection left for us"),
        ("53200", "catching its breath", "the database can't be reached"),
        ("57P03", "catching its breath", "the database can't be reached"),
    ],
)
async def test_each_state_of_the_server_has_its_words(
    cast: Cast, database_url: str, state: str, title: str, reason: str
) -> None:
    await _raise_on_write(database_url, state, "secret words of the server")
    with capture_logs() as lines:
        response = await cast.alice.client.post("/timer/start", form={"description": "A"})
    page = await response.get_data(as_text=True)
    assert response.status_code == 503
    assert title in page
    assert "secret words" not in page
    assert [line["reason"] for line in lines if line["event"] == "database_unavailable"] == [reason]
    await _mended(database_url)


@pytest.fixture
def only_read(app: Quart, cast: Cast) -> Iterator[None]:
    """From now on SQLite takes no write."""
    pool = state_of(app).database.engine.sync_engine.pool

    def forbid(connection: sa.engine.interfaces.DBAPIConnection, *_: object) -> None:
        connection.cursor().execute("PRAGMA query_only = ON")

    event.listen(pool, "checkout", forbid)
    yield
    event.remove(pool, "checkout", forbid)


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.usefixtures("only_read")
async def test_a_file_that_may_only_be_read_has_its_words(cast: Cast) -> None:
    response = await cast.alice.client.post("/timer/start", form={"description": "A"})
    assert response.status_code == 503
    assert "takes no changes" in await response.get_data(as_text=True)


@on_sqlite
@pytest.mark.usefixtures("only_read")
async def test_a_form_with_a_password_is_not_put_into_the_page(app: Quart) -> None:
    fields = {
        "username": "eve",
        "email": "eve@example.com",
        "password": "hunter2 hunter2",
        "time_zone": "UTC",
    }
    response = await app.test_client().post("/register", form=fields)
    page = await response.get_data(as_text=True)
    assert response.status_code == 503
    assert "takes no changes" in page
    assert "hunter2" not in page
    assert 'method="post"' not in page
