"""The migrations make what tables.py says, once, whole or not at all, on both databases."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from quart_app import migrations
from quart_app.columns import BY_HAND
from quart_app.db import Database, SchemaState
from quart_app.tables import metadata
from tests.conftest import settings_for


@pytest.fixture
async def bare(bare_database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with no tables."""
    database = Database(settings_for(bare_database_url, tmp_path))
    yield database
    await database.dispose()


# ---- The schema


def _drift(connection: sa.Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = list(compare_metadata(context, metadata))
    return [one for one in found if not (one[0] == "remove_index" and one[1].name in BY_HAND)]


def _check(connection: sa.Connection) -> None:
    configuration = migrations.config()
    configuration.attributes["connection"] = connection
    command.check(configuration)


async def test_the_migrations_make_what_the_tables_say(bare: Database) -> None:
    state = await migrations.upgrade(bare)
    assert state.is_current
    assert not state.is_newer
    async with bare.writing() as db:
        assert await db.run_sync(_drift) == []
        await db.run_sync(_check)


# Alembic compares neither the conditions of indexes nor checks nor what a foreign key does on deletion.
SQLITE_SCHEMA = """
SELECT tbl_name, name, sql FROM sqlite_master
WHERE type IN ('table', 'index') AND tbl_name <> 'alembic_version'
"""
# What only migrations make.
BY_MIGRATION_ONLY = {"ex_entries_overlap", *BY_HAND}
POSTGRESQL_SCHEMA = """
WITH ours AS (
  SELECT oid, relname FROM pg_class
  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
)
SELECT relname, attname, concat_ws(
  ' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid)
)
FROM ours JOIN pg_attribute ON attrelid = ours.oid
LEFT JOIN pg_attrdef ON adrelid = ours.oid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
FROM ours JOIN pg_constraint ON conrelid = ours.oid
UNION ALL
SELECT relname, indexname, indexdef FROM ours JOIN pg_indexes ON tablename = relname
"""


async def _schema(database: Database) -> set[tuple[str, str, str]]:
    """Each column, constraint and index in the database's own words, in no order."""
    is_sqlite = database.dialect == "sqlite"
    async with database.reading() as db:
        found: Any = await db.exec_driver_sql(SQLITE_SCHEMA if is_sqlite else POSTGRESQL_SCHEMA)
    return {
        (table, name, words)
        for table, name, sql in found
        for words in (_parts(sql) if is_sqlite else [sql])
        if name not in BY_MIGRATION_ONLY
    }


def _parts(sql: str | None) -> list[str]:
    """The columns and rules of SQLite's CREATE TABLE, each in the same words, wherever it stands; an index as it is."""
    words = " ".join((sql or "").split())
    if not words.startswith("CREATE TABLE"):
        return [words]
    items, depth, item = [], 0, ""
    for sign in words[words.index("(") + 1 : words.rindex(")")]:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            items.append(item)
            item = ""
        else:
            item += sign
    parts = [part for each in [*items, item] for part in re.split(r"(?=CONSTRAINT )", each.strip())]
    return sorted(
        " ".join(re.sub(r" NOT NULL", "", part).split()) + " NOT NULL" * ("NOT NULL" in part)
        for part in parts
        if part.strip()
    )


async def test_every_rule_and_index_is_the_one_of_the_tables(bare: Database) -> None:
    async with bare.writing() as db:
        await db.run_sync(metadata.create_all)
    wanted = await _schema(bare)
    async with bare.writing() as db:
        await db.run_sync(metadata.drop_all)
    await migrations.upgrade(bare)
    made = await _schema(bare)
    assert sorted(made - wanted) == []
    assert sorted(wanted - made) == []


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    before = await _schema(database)
    assert (await migrations.upgrade(database)).is_current
    assert await _schema(database) == before


# ---- Several at once

MIGRATE = """
import asyncio, sys
from quart_app import migrations
from quart_app.db import Database
from quart_app.settings import load_settings

async def main():
    database = Database(load_settings())
    state = await migrations.upgrade(database)
    await database.dispose()
    assert state.is_current, state

asyncio.run(main())
"""


async def test_processes_that_start_at_once_migrate_once(bare_database_url: str, tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": bare_database_url,
        "CHRONOS_DATA_DIR": str(tmp_path),
        "PYTHONPATH": ":".join(sys.path),
    }
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", MIGRATE, env=environ, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(5)
    ]
    ends = await asyncio.gather(*(process.communicate() for process in started))
    assert [
        (process.returncode, error.decode()) for process, (_, error) in zip(started, ends, strict=True)
    ] == [(0, "")] * 5
    await _assert_migrated_once(bare_database_url, tmp_path)


async def test_tasks_that_start_at_once_migrate_once(bare_database_url: str, tmp_path: Path) -> None:
    databases = [Database(settings_for(bare_database_url, tmp_path)) for _ in range(5)]
    states = await asyncio.gather(*(migrations.upgrade(database) for database in databases))
    assert all(state.is_current for state in states)
    for database in databases:
        await database.dispose()
    await _assert_migrated_once(bare_database_url, tmp_path)


async def _assert_migrated_once(url: str, folder: Path) -> None:
    database = Database(settings_for(url, folder))
    async with database.reading() as db:
        assert (await db.exec_driver_sql("SELECT version_num FROM alembic_version")).scalars().all() == [
            "0003"
        ]
    await database.dispose()


async def test_a_migration_that_fails_leaves_nothing_behind(
    bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object, *_arguments: object) -> None:
        raise RuntimeError("halfway")

    monkeypatch.setattr(
        "alembic.operations.Operations.execute", fail
    )  # used for the triggers, which come last
    with pytest.raises(RuntimeError, match="halfway"):
        await migrations.upgrade(bare)
    assert await _schema(bare) == set()
    assert (await migrations.schema_state(bare)).current is None


# ---- A newer database


async def test_a_newer_database_is_refused_in_words(database: Database) -> None:
    async with database.writing() as db:
        await db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    state = await migrations.schema_state(database)
    assert state.is_newer
    assert not state.is_current
    with pytest.raises(migrations.SchemaTooNew, match=r"schema 9999, .* newer version .* backup"):
        await migrations.upgrade(database)


async def test_a_database_that_a_newer_version_migrates_meanwhile_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.writing() as db:
        await db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    async def state_before(_database: Database) -> SchemaState:
        return SchemaState(None, "0003", frozenset({"0001", "0002", "0003"}))

    monkeypatch.setattr(migrations, "schema_state", state_before)
    with pytest.raises(migrations.SchemaTooNew):
        await migrations.upgrade(database)


async def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    """Of twelve that open one, some were told "locked" in one round of twenty."""
    for number in range(40):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        databases = [Database(settings_for(url, tmp_path)) for _ in range(12)]
        assert await asyncio.gather(*(database.schema_revision() for database in databases)) == [None] * 12
        for database in databases:
            await database.dispose()
