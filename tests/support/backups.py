"""What the tests of backups share: a folder for them, a full database, an empty one, and all that stands in one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from quart_app import backup
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.samples import fill_samples
from quart_app.settings import Settings
from quart_app.tables import changes, memberships, metadata
from tests.conftest import settings_for
from tests.support import postgres
from tests.support.machine import Missing

NOW = datetime(2026, 11, 22, 16, 0, 5, tzinfo=UTC)
Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(autouse=True)
def programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and its like, where PostgreSQL is asked for: a machine without them fails, in words."""
    if "postgres_url" in request.fixturenames or "postgresql" in request.node.name:
        try:
            folder = postgres.provide_clients()
        except Missing as missing:
            words = str(missing)
        else:
            monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
            return
        pytest.fail(words, pytrace=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kept"
    made.mkdir()
    return made


@pytest.fixture
async def empty(
    settings: Settings, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Settings]:
    """A database of the same kind with not even tables in it."""
    if settings.is_sqlite:
        yield settings_for(f"sqlite+aiosqlite:///{tmp_path / 'new' / 'empty.db'}", tmp_path)
        return
    server, name = (
        request.getfixturevalue("postgres_url"),
        f"{make_url(settings.database_url).database}_empty",
    )
    await postgres.execute(server, f"CREATE DATABASE {name}")
    yield settings_for(postgres.on_database(server, name), tmp_path)
    await postgres.execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def rows_of(database: Database) -> Rows:
    """Everything that stands in the database."""
    async with database.reading() as db:
        return {
            name: sorted((tuple(row) for row in await db.execute(sa.select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    try:
        yield database
    finally:
        await database.dispose()


async def filled(settings: Settings) -> Rows:
    """Fill the database with the samples, and close it: what stands in it then."""
    async with opened(settings) as database:
        await fill_samples(database, NOW)
        async with database.writing() as db:
            user = await db.scalar(sa.select(memberships.c.user_id).limit(1))
            workspace = await db.scalar(sa.select(memberships.c.workspace_id).limit(1))
            who = {"workspace_id": workspace, "user_id": user, "subject": "entry", "subject_id": new_id()}
            what = {
                "id": new_id(),
                "action": "updated",
                "before": {"a": "ä"},
                "after": None,
                "created_at": NOW,
            }
            await db.execute(sa.insert(changes).values(**who, **what))
        return await rows_of(database)


async def spoilt(settings: Settings) -> None:
    """Change and remove some of what stands in the database."""
    async with opened(settings) as database, database.writing() as db:
        await db.execute(sa.text("DELETE FROM entry_tags"))
        await db.execute(sa.text("UPDATE entries SET description = 'spoilt'"))


@pytest.fixture
def good(settings: Settings, folder: Path) -> Path:
    """A backup of the database of this test."""
    return backup.back_up(settings, str(folder), None, NOW).path
