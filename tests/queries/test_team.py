"""The team's queries: what only many at once, or many rows, would bring to light."""

import asyncio
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Connection, Database
from quart_app.ids import new_id
from quart_app.queries import team, workspaces
from quart_app.tables import entries, memberships
from tests.queries.test_plans import plan
from tests.support.cast import Cast


async def owners(database: Database, viewer: Viewer) -> int:
    async with database.reading() as db:
        return len([row for row in await team.list_members(db, viewer) if row.role == "owner"])


async def all_owners(database: Database) -> None:
    async with database.writing() as db:
        await db.execute(sa.update(memberships).values(role="owner"))


@pytest.mark.parametrize("leaving", [True, False])
async def test_owners_who_all_go_at_once_leave_one(database: Database, cast: Cast, leaving: bool) -> None:
    await all_owners(database)
    people = [cast.alice.viewer, cast.bob.viewer, cast.dana.viewer]
    now = periods.now()

    async def go(person: Viewer) -> None:
        async def work(db: Connection) -> None:
            if leaving:
                await team.remove_member(db, person, person.user_id, now)
            else:
                await team.update_role(db, person, person.user_id, "viewer", now)

        await database.transaction(work)

    results = await asyncio.gather(*(go(person) for person in people), return_exceptions=True)
    assert [type(result) for result in results if result] == [team.LastOwner]
    stayed = next(person for person, result in zip(people, results, strict=True) if result)
    assert await owners(database, stayed) == 1


async def test_somebody_who_is_taken_in_twice_at_once_is_there_once(database: Database, cast: Cast) -> None:
    now, viewer, charlie = periods.now(), cast.alice.viewer, cast.charlie.viewer.user_id

    async def take_in() -> bool:
        return await database.transaction(lambda db: team.insert_member(db, viewer, charlie, "member", now))

    assert sorted(await asyncio.gather(*(take_in() for _ in range(5)))) == [False] * 4 + [True]
    async with database.reading() as db:
        assert await workspaces.count_members(db, viewer) == 4


@pytest.fixture
async def crowd(database: Database, cast: Cast) -> Viewer:
    """Alice, in a workspace of many entries."""
    now, viewer = periods.now(), cast.alice.viewer
    rows = [
        {
            "workspace_id": viewer.workspace_id,
            "id": new_id(),
            "user_id": person.viewer.user_id,
            "started_at": now - timedelta(hours=n),
            "ended_at": now - timedelta(hours=n) + timedelta(days=2 if n % 500 == 0 else 0, minutes=30),
            "created_at": now,
            "updated_at": now,
        }
        for n in range(1, 5000)
        for person in (cast.alice, cast.bob)
    ]
    async with database.writing() as db:
        await db.execute(sa.insert(entries), rows)
    async with database.writing() as db:
        await db.exec_driver_sql("ANALYZE")
    return viewer


@pytest.mark.parametrize("which", ["_MEMBERS", "_WEEK"])
async def test_who_works_and_their_week_are_found_by_indexes(
    database: Database, crowd: Viewer, which: str
) -> None:
    now = periods.now()
    week = {"since": now - timedelta(days=3), "until": now, "now": now}
    found = await plan(database, getattr(team, which), {"viewer_workspace": crowd.workspace_id, **week})
    assert not re.search(r"(Seq Scan on|SCAN) (entries|running|stopped)\b", found), found
    if which == "_MEMBERS":
        assert "ix_entries_of_user" in found
        assert re.search("ix_entries_running|uq_entries_one_running_per_user", found)
