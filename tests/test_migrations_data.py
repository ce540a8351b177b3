"""A database that is in use is migrated with all that stands in it, and its rules go on holding."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from quart_app import migrations
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.kinds import Instant
from tests.conftest import settings_for

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PERSON, WORKSPACE, PROJECT, TAG, FAVOURITE = (new_id() for _ in range(5))
ENTRIES = [new_id() for _ in range(3)]
KINDS: dict[str, sa.types.TypeEngine[Any]] = {"_id": sa.Uuid(), "_at": Instant(), "id": sa.Uuid()}


@pytest.fixture
async def older(bare_database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A database as the release before reports left it: a person, an entry in the trash, two others, one of them with a
    tag, and a favourite. Its workspace forbids overlaps."""
    database = Database(settings_for(bare_database_url, tmp_path))
    async with database.migrating() as db:
        await db.run_sync(_upgrade, "0002")
    async with database.writing() as db:
        await _fill(db)
    yield database
    await database.dispose()


def _upgrade(connection: sa.Connection, revision: str) -> None:
    configuration = migrations.config()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, revision)


async def insert(db: Connection, table: str, **values: Any) -> None:
    """By the columns alone: the tables of today are not those of then."""
    columns = [sa.column(name, _kind(name)) for name in values]
    await db.execute(sa.insert(sa.table(table, *columns)).values(**values))


def _kind(name: str) -> sa.types.TypeEngine[Any]:
    found = next((kind for end, kind in KINDS.items() if name.endswith(end)), None)
    if found is None:
        found = sa.Boolean() if name.startswith(("is_", "forbids_")) else sa.Text()
    return found


async def _fill(db: Connection) -> None:
    made, here = {"created_at": NOW, "updated_at": NOW}, {"workspace_id": WORKSPACE}
    named = {"username": "ada", "username_key": "ada", "email": "a@example.com", "email_key": "a@example.com"}
    await insert(db, "users", id=PERSON, password_hash="x", **named, **made)
    await insert(db, "workspaces", id=WORKSPACE, name="Ours", forbids_overlap=True, created_at=NOW)
    await insert(db, "memberships", **here, user_id=PERSON, role="owner", created_at=NOW)
    await insert(db, "projects", **here, id=PROJECT, name="Web", name_key="web", **made)
    await insert(db, "tags", **here, id=TAG, name="bug", name_key="bug", **made)
    for place, key in enumerate(ENTRIES):
        start = NOW + timedelta(hours=place)
        times = {"started_at": start, "ended_at": start + timedelta(minutes=30)}
        gone = {"deleted_at": NOW} if place == 2 else {}
        text = {"project_id": PROJECT, "description": f"Entry {place}"}
        await insert(db, "entries", **here, id=key, user_id=PERSON, **text, **times, **gone, **made)
    await insert(db, "entry_tags", **here, entry_id=ENTRIES[0], tag_id=TAG)
    words = {"description": "Again", "description_key": "again", "project_id": PROJECT}
    await insert(db, "favourites", **here, id=FAVOURITE, user_id=PERSON, **words, created_at=NOW)


async def count(database: Database, table: str, where: str = "1 = 1") -> int:
    async with database.reading() as db:
        found = await db.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {where}"))
    return int(found or 0)


async def test_what_was_tracked_is_still_there(older: Database) -> None:
    before = {table: await count(older, table) for table in ("entries", "entry_tags", "favourites")}
    assert (await migrations.upgrade(older)).is_current
    assert before == {table: await count(older, table) for table in before}
    assert await count(older, "entries", "task_id IS NULL AND description LIKE 'Entry %'") == 3
    assert await count(older, "entries", "is_exclusive") == 3
    assert await count(older, "workspaces", "currency = 'EUR'") == 1


async def test_the_rules_of_entries_go_on_holding(older: Database) -> None:
    await migrations.upgrade(older)
    here = {"workspace_id": WORKSPACE, "user_id": PERSON, "created_at": NOW, "updated_at": NOW}

    async def add(**values: Any) -> None:
        async with older.writing() as db:
            await insert(db, "entries", **here, id=new_id(), **values)

    hour = timedelta(hours=1)
    with pytest.raises(Conflict):  # overlaps the first, and its workspace forbids that
        await add(started_at=NOW, ended_at=NOW + timedelta(minutes=5))
    with pytest.raises(Conflict):
        await add(started_at=NOW + hour * 9, ended_at=NOW + hour * 8)
    with pytest.raises(Conflict):  # a task of no project
        await add(started_at=NOW + hour * 9, ended_at=NOW + hour * 10, task_id=new_id())
    await add(started_at=NOW + hour * 9, ended_at=None)
    with pytest.raises(Conflict):  # a second timer
        await add(started_at=NOW + hour * 9, ended_at=None)
    async with older.writing() as db:  # a removed entry takes its tags along
        await db.execute(sa.text("DELETE FROM entries WHERE description = 'Entry 0'"))
    assert await count(older, "entry_tags") == 0


async def test_a_task_is_one_of_the_entrys_project(older: Database) -> None:
    await migrations.upgrade(older)
    task, other = new_id(), new_id()
    made = {"workspace_id": WORKSPACE, "created_at": NOW, "updated_at": NOW}
    async with older.writing() as db:
        await insert(db, "projects", id=other, name="Shop", name_key="shop", **made)
        await insert(db, "tasks", id=task, project_id=other, name="Design", name_key="design", **made)

    async def give(project: Any) -> None:
        table = sa.table("entries", *(sa.column(name, sa.Uuid()) for name in ("id", "task_id", "project_id")))
        async with older.writing() as db:
            where = table.c.id == ENTRIES[0]
            await db.execute(sa.update(table).where(where).values(task_id=task, project_id=project))

    for wrong in (PROJECT, None):
        with pytest.raises(Conflict):
            await give(wrong)
    await give(other)
    assert await count(older, "entries", "task_id IS NOT NULL") == 1
