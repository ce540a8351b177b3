"""Backups of PostgreSQL: what its programs are told, and what a restore refuses or leaves alone."""

import os
import ssl
from pathlib import Path

import pytest

from quart_app import backup, dumps, migrations
from quart_app.drafts import Refused
from quart_app.settings import Settings
from tests.conftest import migrate, settings_for
from tests.support import postgres
from tests.support.backups import NOW, filled, opened, rows_of
from tests.support.backups import folder as folder
from tests.support.backups import good as good
from tests.support.backups import programs as programs

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_postgresql
def test_a_backup_of_the_other_kind_is_refused(
    settings: Settings, good: Path, tmp_path: Path, sqlite_template: Path
) -> None:
    with pytest.raises(Refused, match=r"is a backup of SQLite, and .* is PostgreSQL"):
        backup.restore(settings, sqlite_template, NOW)
    sqlite = settings_for(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}", tmp_path)
    with pytest.raises(Refused, match=r"is a backup of PostgreSQL, and .* is SQLite"):
        backup.restore(sqlite, good, NOW)


@on_postgresql
async def test_a_server_that_chronos_uses_is_left_alone(settings: Settings, good: Path) -> None:
    async with opened(settings) as database:
        await database.ping()
        with pytest.raises(Refused, match="A Chronos is connected"):
            backup.restore(settings, good, NOW)


@on_postgresql
async def test_what_a_pooler_keeps_open_is_no_chronos_but_a_listener_is(
    settings: Settings, database_url: str, good: Path, tmp_path: Path
) -> None:
    pooled = settings_for(database_url, tmp_path, CHRONOS_DIRECT_DATABASE_URL=database_url)
    async with opened(settings) as database:
        await database.ping()
        listener = await database.connect_listener()
        with pytest.raises(Refused, match="A Chronos is connected"):
            backup.restore(pooled, good, NOW)
        await listener.close()
        backup.restore(pooled, good, NOW)


@on_postgresql
async def test_a_damaged_dump_changes_nothing(settings: Settings, folder: Path) -> None:
    before = await filled(settings)
    path = backup.back_up(settings, str(folder), None, NOW).path
    whole = path.read_bytes()
    for part in (0.5, 0.7, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(Refused):
            backup.restore(settings, path, NOW)
    async with opened(settings) as database:
        assert await rows_of(database) == before


@on_postgresql
async def test_a_dump_of_an_older_schema_replaces_a_newer_one(
    settings: Settings, database_url: str, good: Path, tmp_path: Path
) -> None:
    """What the newer schema added goes too, so that the migration can run again."""
    await postgres.execute(
        database_url,
        "CREATE TABLE inventions (id uuid PRIMARY KEY, user_id uuid REFERENCES users)",
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE FUNCTION invent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "UPDATE alembic_version SET version_num = '9999'",
    )
    backup.restore(settings, good, NOW)
    await migrate(database_url, tmp_path)
    await postgres.execute(
        database_url,
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE TABLE inventions (id mood)",
        "DROP TABLE inventions",
        "DROP TYPE mood",
    )


@on_postgresql
async def test_tables_of_others_are_not_thrown_away(
    settings: Settings, database_url: str, good: Path
) -> None:
    await postgres.execute(database_url, "CREATE TABLE invoices (id int)")
    with pytest.raises(Refused, match="tables that are not Chronos': invoices"):
        backup.restore(settings, good, NOW)
    await postgres.execute(database_url, "DROP TABLE invoices", "CREATE VIEW hours AS SELECT id FROM entries")
    with pytest.raises(Refused, match=r"psql failed: .*depend"):
        backup.restore(settings, good, NOW)
    await postgres.execute(database_url, "DROP VIEW hours")


@on_postgresql
async def test_a_dump_of_a_newer_chronos_or_of_something_else_is_refused(
    settings: Settings, database_url: str, folder: Path
) -> None:
    await postgres.execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    made = backup.back_up(settings, str(folder), None, NOW)
    with pytest.raises(migrations.SchemaTooNew, match="is at schema 9999"):
        backup.restore(settings, made.path, NOW)
    await postgres.execute(database_url, "DROP TABLE alembic_version")
    with pytest.raises(Refused, match="holds no tables of Chronos"):
        backup.back_up(settings, str(folder), None, NOW)
    assert os.listdir(folder) == [made.path.name]


@on_postgresql
def test_without_the_programs_the_command_is_told(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(Refused, match=r"pg_dump is not on this machine.*pg_dump --format=custom"):
        backup.back_up(settings, str(folder), None, NOW)
    assert not [*folder.iterdir()]


def test_the_password_stands_in_the_environment_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, heard = tmp_path / "pg_dump", tmp_path / "heard"
    program.write_text(f'#!/bin/sh\necho "$PGPASSWORD: $*" > {heard}\necho no such host >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    wrong = settings_for("postgresql://me:hunter2@nowhere/hours", tmp_path)
    with pytest.raises(Refused, match="pg_dump failed: no such host") as caught:
        backup.back_up(wrong, str(folder), None, NOW)
    assert "hunter2" not in str(caught.value)
    assert heard.read_text().startswith("hunter2: --no-password --format=custom ")
    assert heard.read_text().count("hunter2") == 1


# ---- The address, as libpq's variables


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        (
            "postgresql://me:p%40ss@h:5433/hours",
            {"PGHOST": "h", "PGPORT": "5433", "PGUSER": "me", "PGPASSWORD": "p@ss", "PGDATABASE": "hours"},
        ),
        ("postgresql://me@/hours?host=/run/pg&port=5433", {"PGHOST": "/run/pg", "PGPORT": "5433"}),
        ("postgresql://me@[::1]:5433/hours", {"PGHOST": "::1", "PGPORT": "5433"}),
        (
            "postgresql://me@one,two:5433/hours?target_session_attrs=read-write",
            {"PGHOST": "one,two", "PGPORT": "5432,5433", "PGTARGETSESSIONATTRS": "read-write"},
        ),
        ("postgresql://me@h/hours?sslmode=require&connect_timeout=3",
         {"PGSSLMODE": "require", "PGCONNECT_TIMEOUT": "3"}),
        ("postgresql://me@h/hours?options=-c%20search_path=a%5C%20b", {"PGOPTIONS": "-c search_path=a\\ b"}),
    ],
)  # fmt: skip
def test_the_programs_are_told_by_their_environment(
    url: str, variables: dict[str, str], tmp_path: Path
) -> None:
    told = dumps.environment(settings_for(url, tmp_path).direct)
    assert variables.items() <= told.items()
    assert told["PGAPPNAME"] == "chronos-backup"


def test_certificates_are_handed_on(tmp_path: Path) -> None:
    authorities = ssl.get_default_verify_paths().cafile
    assert authorities, "This machine has no certificates of authorities: install ca-certificates."
    given = f"postgresql://me@h/hours?sslmode=verify-full&sslrootcert={authorities}"
    told = dumps.environment(settings_for(given, tmp_path).direct)
    assert (told["PGSSLMODE"], told["PGSSLROOTCERT"]) == ("verify-full", authorities)
