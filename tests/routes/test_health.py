"""The probes and the metrics: what they answer, how soon, and to whom."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from quart import Quart
from quart.typing import TestClientProtocol

from quart_app.app import create_app
from quart_app.db import Unavailable
from quart_app.routes import health
from tests.conftest import settings_for
from tests.support.cast import make_cast

TOKEN = "a token for those who measure"
MakeApp = Callable[..., Awaitable[Quart]]


@pytest.fixture
async def make_app(database_url: str, tmp_path: Path) -> AsyncIterator[MakeApp]:
    """The application with settings of one's own, started."""
    async with AsyncExitStack() as stack:

        async def make(url: str = database_url, **environ: str) -> Quart:
            app = create_app(settings_for(url, tmp_path, **environ))
            await app.startup()
            stack.push_async_callback(app.shutdown)
            return app

        yield make


async def ready(client: TestClientProtocol) -> tuple[int, Any]:
    response = await client.get("/health/ready")
    return response.status_code, await response.get_json()


def failing(*names: str) -> tuple[int, dict[str, object]]:
    return 503, {"status": "unavailable", "failed": [*names]}


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110 (it happens in the database)
            await asyncio.sleep(0.005)


# ---- Probes


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_a_process_that_serves_is_well(client: TestClientProtocol, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert await response.get_json() == {"status": "ok"}
    assert response.headers["Cache-Control"] == "no-store"


async def test_readiness_ends_when_the_shutdown_begins_and_life_goes_on(app: Quart) -> None:
    app.extensions["chronos"].closing.set()
    assert await ready(app.test_client()) == failing("stopping")
    assert (await app.test_client().get("/health")).status_code == 200


async def test_a_schema_of_another_version_is_not_ready(app: Quart) -> None:
    async with app.extensions["chronos"].database.writing() as db:
        await db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert await ready(app.test_client()) == failing("schema")


async def test_an_empty_database_is_not_ready(make_app: MakeApp, bare_database_url: str) -> None:
    app = await make_app(bare_database_url)
    assert await ready(app.test_client()) == failing("schema")


async def test_a_database_that_refuses_connections_is_not_ready(make_app: MakeApp) -> None:
    app = await make_app("postgresql://somebody:hunter2@127.0.0.1:1/none")
    assert await ready(app.test_client()) == failing("database")
    assert (await app.test_client().get("/health/live")).status_code == 200


@pytest.mark.parametrize("trouble", ["away", "silent"])
async def test_a_database_in_trouble_is_told_within_a_second_and_forgotten_when_it_is_over(
    app: Quart, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    async def ask() -> str:
        if trouble == "away":
            raise Unavailable("OSError")
        await asyncio.sleep(60)
        raise AssertionError

    client, began = app.test_client(), time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(app.extensions["chronos"].database, "schema_revision", ask)
        assert await ready(client) == failing("database")
    # Far less than the minute that the database is silent; how busy this machine is must not decide.
    assert health.CHECK_SECONDS <= 1
    assert time.monotonic() - began < 30
    assert await ready(client) == (200, {"status": "ok"})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lost_listening_connection_is_told_until_there_is_a_new_one(app: Quart) -> None:
    state, client = app.extensions["chronos"], app.test_client()

    async def is_ready() -> bool:
        return (await ready(client))[0] == 200

    async def has_lost_it() -> bool:
        return await ready(client) == failing("listener")

    await eventually(is_ready)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chronos-live'"
    async with state.database.reading() as db:
        await db.execute(sa.text(f"{end} AND datname = current_database()"))
    await eventually(has_lost_it)
    await eventually(is_ready)


async def test_probes_leave_no_cookie_and_need_none(client: TestClientProtocol) -> None:
    response = await client.get("/health/ready")
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
async def test_only_reading_is_understood(client: TestClientProtocol, path: str) -> None:
    assert (await client.post(path)).status_code == 405


# ---- Metrics


async def measured(app: Quart, token: str = TOKEN) -> str:
    response = await app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    text: str = await response.get_data(as_text=True)
    return text


def figure(text: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


async def test_there_are_no_metrics_unless_somebody_asks_for_them(client: TestClientProtocol) -> None:
    assert (await client.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    "header", [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x"]
)
async def test_metrics_are_closed_to_whoever_has_not_the_token(make_app: MakeApp, header: str | None) -> None:
    app = await make_app(CHRONOS_METRICS_TOKEN=TOKEN)
    headers = {} if header is None else {"Authorization": header}
    response = await app.test_client().get("/metrics", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "chronos_" not in await response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("10.9.8.7", 200),
        ("::ffff:10.9.8.7", 200),
        ("11.9.8.7", 403),
        ("::1", 403),
        ("", 403),
    ],
)
async def test_metrics_are_open_to_the_addresses_allowed(
    make_app: MakeApp, address: str, status: int
) -> None:
    app = await make_app(CHRONOS_METRICS_ALLOW="127.0.0.1, 10.0.0.0/8")
    response = await app.test_client().get("/metrics", scope_base={"client": (address, 4711)})
    assert response.status_code == status


async def test_a_forged_address_opens_nothing(make_app: MakeApp) -> None:
    app = await make_app(CHRONOS_METRICS_ALLOW="10.0.0.0/8")
    response = await app.test_client().get(
        "/metrics", headers={"X-Forwarded-For": "10.1.1.1"}, scope_base={"client": ("192.0.2.1", 4711)}
    )
    assert response.status_code == 403


async def test_requests_are_counted_by_their_route_and_status(make_app: MakeApp) -> None:
    app = await make_app(CHRONOS_METRICS_TOKEN=TOKEN)
    client = app.test_client()
    for path in ("/login", "/login", "/projects/one", "/nowhere/secret-7", "/static/nothing.css"):
        await client.get(path)
    await client.post("/login")
    text = await measured(app)
    assert figure(text, 'chronos_requests_total{method="GET",route="/login",status="200"}') == 2
    assert figure(text, 'chronos_requests_total{method="POST",route="/login",status="415"}') == 1
    assert figure(text, 'chronos_requests_total{method="GET",route="(none)",status="404"}') >= 1
    assert figure(text, 'chronos_request_seconds_count{method="GET",route="/login"}') == 2
    assert 0 < figure(text, 'chronos_request_seconds_sum{method="GET",route="/login"}') < 10
    assert "secret-7" not in text


async def test_a_made_up_method_makes_no_new_series(make_app: MakeApp) -> None:
    app = await make_app(CHRONOS_METRICS_TOKEN=TOKEN)
    await app.test_client().open("/login", method="HUNTER2", json=None)
    text = await measured(app)
    assert figure(text, 'chronos_requests_total{method="other",route="(none)",status="405"}') == 1
    assert "HUNTER2" not in text


async def test_running_timers_and_the_pool_are_told(make_app: MakeApp) -> None:
    app = await make_app(CHRONOS_METRICS_TOKEN=TOKEN)
    people = await make_cast(app)
    for person in (people.alice, people.bob, people.charlie):
        await person.client.post("/timer/start", form={"description": "Count me"})
    await people.bob.client.post("/timer/stop")
    text = await measured(app)
    assert figure(text, "chronos_running_timers") == 2
    assert figure(text, "chronos_database_up") == 1
    assert figure(text, 'chronos_pool_connections{state="size"}') == 5
    assert figure(text, "chronos_open_streams") == 0


async def test_without_the_database_the_other_figures_remain(make_app: MakeApp) -> None:
    app = await make_app("postgresql://somebody:hunter2@127.0.0.1:1/none", CHRONOS_METRICS_TOKEN=TOKEN)
    text = await measured(app)
    assert figure(text, "chronos_database_up") == 0
    assert "chronos_running_timers" not in text
    assert "hunter2" not in text
