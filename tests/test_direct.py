"""A pooler stands before PostgreSQL: what needs a session of its own goes past it, by another address."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from quart_app import migrations
from quart_app.db import Database, Unavailable
from quart_app.doctor import examine
from quart_app.live import CHANNEL, Live
from quart_app.settings import Settings, SettingsError
from tests.conftest import settings_for

AWAY = "postgresql://chronos:hunter2@127.0.0.1:1/pooled"
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def split(database_url: str, tmp_path: Path) -> Settings:
    """The pooler is away, the server behind it is there: what works now has gone past the pooler."""
    return settings_for(AWAY, tmp_path, CHRONOS_DIRECT_DATABASE_URL=database_url)


@on_postgresql
async def test_listening_goes_past_the_pooler(split: Settings, settings: Settings) -> None:
    database, teller = Database(split), Database(settings)
    live = Live(database)
    await live.start()
    try:
        assert live.is_listening
        with pytest.raises(Unavailable):
            await database.ping()
        with live.subscribe(["user:1"]) as mailbox:
            await teller.notify(CHANNEL, '["somebody", {"user:1": ["timer-changed"]}]')
            assert await asyncio.wait_for(mailbox.take(), 10) == ["timer-changed"]
    finally:
        await live.stop()
        await database.dispose()
        await teller.dispose()


@on_postgresql
async def test_migrations_go_past_the_pooler(split: Settings) -> None:
    database = Database(split)
    try:
        async with database.migrating() as db:
            assert await db.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 1
        with pytest.raises(Unavailable):
            await migrations.schema_state(database)
    finally:
        await database.dispose()


@on_postgresql
async def test_the_doctor_sees_whether_both_ways_lead_to_one_database(
    settings: Settings, database_url: str, postgres_url: str, tmp_path: Path
) -> None:
    for direct, level in ((database_url, "ok"), (postgres_url, "fault"), (AWAY, "fault")):
        both = settings_for(database_url, tmp_path, CHRONOS_DIRECT_DATABASE_URL=direct)
        found = {finding.name: finding for finding in await examine(both)}
        assert found["direct"].level == level
        assert found["tls"].level == "ok"
        assert "hunter2" not in str(found)


def test_without_it_the_one_address_serves(tmp_path: Path) -> None:
    settings = settings_for(AWAY, tmp_path)
    assert settings.direct is settings.database


def test_it_goes_with_postgresql_only(tmp_path: Path) -> None:
    for url, direct in (("sqlite:////tmp/x.db", AWAY), (AWAY, "sqlite:////tmp/x.db")):
        with pytest.raises(SettingsError, match="CHRONOS_DIRECT_DATABASE_URL") as caught:
            settings_for(url, tmp_path, CHRONOS_DIRECT_DATABASE_URL=direct)
        assert "hunter2" not in str(caught.value)


def test_it_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "direct_url"
    file.write_text(f"{AWAY}\n")
    settings = settings_for("postgresql://h/d", tmp_path, CHRONOS_DIRECT_DATABASE_URL_FILE=str(file))
    assert settings.direct.place == "127.0.0.1:1/pooled"
    assert "hunter2" not in repr(settings)
