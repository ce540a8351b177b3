"""What the browser tests stand on: one Chromium and a few running servers, shared, and people with browsers.

Everybody registers anew, so tests on the same server do not see each other. Whatever goes wrong in a page fails the
test, even where it looks at something else: errors in the console, a refusal of the content security policy, a
request that fails.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.people import People, Person
from tests.browser.server import Server
from tests.support import chromium, postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all tests of this folder: the browser that they share lives on it."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    """Chromium, started once."""
    async with async_playwright() as playwright:
        program = await playwright.chromium.launch(
            executable_path=str(chromium_path), args=chromium.arguments()
        )
        yield program
        await program.close()


def _serving(server: Server) -> Iterator[Server]:
    yield server.start()
    server.stop()
    if complaints := server.complaints():
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Chronos on SQLite."""
    folder = tmp_path_factory.mktemp("site")
    yield from _serving(Server(folder, f"sqlite:///{folder / 'chronos.db'}"))


def _fresh(request: pytest.FixtureRequest, name: str) -> str:
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template")
    own = f"chronos_{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    return asyncio.run(postgres.fresh(server, template, own))


@pytest.fixture(scope="session")
def postgresql_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Chronos on PostgreSQL."""
    yield from _serving(Server(tmp_path_factory.mktemp("postgresql"), _fresh(request, "browser")))


@pytest.fixture(scope="session")
def workers_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Chronos on PostgreSQL in two processes, each with its share of the streams."""
    yield from _serving(Server(tmp_path_factory.mktemp("workers"), _fresh(request, "workers"), workers=2))


@pytest.fixture(params=["site", "postgresql_site"], ids=["sqlite", "postgresql"])
def each_site(request: pytest.FixtureRequest) -> Server:
    """Chronos on either database."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(
    params=["site", "postgresql_site", "workers_site"], ids=["sqlite", "postgresql", "two workers"]
)
def every_site(request: pytest.FixtureRequest) -> Server:
    """Chronos on either database, and in two processes."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Server]:
    """Chronos on SQLite for one test alone, which may stop it and start it again."""
    yield from _serving(Server(tmp_path, f"sqlite:///{tmp_path / 'chronos.db'}"))


@pytest_asyncio.fixture(loop_scope="session")
async def people(browser: Browser) -> AsyncIterator[People]:
    """People with browsers, which are closed after the test; it fails where one of them met with trouble."""
    found = People(browser)
    yield found
    await found.leave()
    if found.troubles:
        pytest.fail("\n".join(found.troubles), pytrace=False)


@pytest_asyncio.fixture(loop_scope="session")
async def ada(site: Server, people: People) -> Person:
    """Somebody who has just registered, on their timer page."""
    return await people.newcomer(site)


@pytest_asyncio.fixture(loop_scope="session")
async def plain_ada(site: Server, people: People) -> Person:
    """The same, with JavaScript off."""
    return await people.newcomer(site, script=False)
