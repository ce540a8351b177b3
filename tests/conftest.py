"""What every test may ask for: a fresh database of either kind, the application on it, and a browser.

Each run of pytest has one folder, shared by its workers: there the templates are made, and PostgreSQL lives.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TextIO

import hypothesis
import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from quart import Quart
from quart.typing import TestClientProtocol

from quart_app.db import Database
from quart_app.settings import Settings, load_settings
from tests.support import chromium, postgres
from tests.support.cast import cast as cast
from tests.support.machine import Missing

RUN = "PYTEST_CHRONOS_RUN"
RUNNING = pytest.StashKey[TextIO]()
SECRET_KEY = "a key for the tests, and for nothing else"
TEMPLATE = "chronos_template"


class CompiledTemplates(BytecodeCache):
    """Each process compiles each template once, not once a test: a fifth of the time of tests of pages."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED_TEMPLATES = CompiledTemplates()


# A busy machine is no fault of the code. Continuous integration tries the same examples every time.
hypothesis.settings.register_profile(
    "chronos",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("chronos")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    for name in [*os.environ]:
        if name.startswith("CHRONOS_") or name in {"DATABASE_URL", "PORT"}:
            del os.environ[name]
    # Not in TMPDIR, which may be too deep for the path of a socket.
    run = Path(tempfile.mkdtemp(prefix="chronos-tests-", dir="/tmp"))
    run.chmod(0o711)
    os.environ[RUN] = str(run)
    # Held until this process ends: then PostgreSQL is stopped and the folder removed.
    running = config.stash[RUNNING] = (run / "running").open("w")
    fcntl.flock(running, fcntl.LOCK_EX)


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUNNING in config.stash:
        config.stash[RUNNING].close()
        if not (_run() / "postgres/data/postmaster.pid").exists():
            shutil.rmtree(_run())


def _run() -> Path:
    """The folder of this run."""
    return Path(os.environ[RUN])


def settings_for(database_url: str, folder: Path, **environ: str) -> Settings:
    """Settings as an environment would give them, on this database, with a key and files of their own."""
    known = {"DATABASE_URL": database_url, "CHRONOS_SECRET_KEY": SECRET_KEY, "CHRONOS_DATA_DIR": str(folder)}
    return load_settings({**known, **environ})


async def migrate(database_url: str, folder: Path) -> None:
    """Bring the database of this URL to the newest schema."""
    from quart_app import migrations

    database = Database(settings_for(database_url, folder))
    try:
        await migrations.upgrade(database)
    finally:
        await database.dispose()


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The private server's maintenance database, as SQLAlchemy writes it."""
    try:
        return postgres.start_once(_run())
    except Missing as missing:
        words = str(missing)
    pytest.fail(words, pytrace=False)


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated SQLite file with no rows."""
    folder = _run()
    path = folder / "template.db"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            asyncio.run(migrate(f"sqlite+aiosqlite:///{path}", folder))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated PostgreSQL database with no rows."""
    folder = _run()
    done = folder / "template.done"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            asyncio.run(postgres.create(postgres_url, TEMPLATE))
            asyncio.run(migrate(postgres.on_database(postgres_url, TEMPLATE), folder))
            done.touch()
    return TEMPLATE


def _own_database() -> str:
    return f"chronos_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database with no rows, once of each kind."""
    if request.param == "sqlite":
        copy = tmp_path / "chronos.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), copy)
        return f"sqlite+aiosqlite:///{copy}"
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template")
    return asyncio.run(postgres.fresh(server, template, _own_database()))


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with not even tables in it, once of each kind: for tests of migrations."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'bare.db'}"
        return
    server, name = request.getfixturevalue("postgres_url"), f"{_own_database()}_bare"
    asyncio.run(postgres.create(server, name))
    yield postgres.on_database(server, name)
    asyncio.run(postgres.execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database as the application sees it, closed after the test."""
    database = Database(settings)
    yield database
    await database.dispose()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The application, started, and stopped after the test."""
    from quart_app.app import create_app

    app = create_app(settings)
    app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
    async with app.test_app():
        yield app


@pytest.fixture
def client(app: Quart) -> TestClientProtocol:
    """A browser without script: it keeps cookies and follows no redirect unless told."""
    return app.test_client()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser's program; start it with the arguments of tests.support.chromium.arguments()."""
    try:
        return chromium.provide()
    except Missing as missing:
        words = str(missing)
    pytest.fail(words, pytrace=False)
