"""Statements that run past SQLAlchemy: they behave as if they did not."""

from datetime import timedelta

import asyncpg
import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Quick
from quart_app.db import Conflict, Database
from quart_app.ids import new_id
from quart_app.kinds import Instant
from quart_app.tables import throttles, users, workspaces
from tests.support.cast import Cast

ADD = Quick(
    sa.insert(workspaces)
    .values(id=sa.bindparam("id"), name=sa.bindparam("name"), created_at=sa.bindparam("at", type_=Instant))
    .returning(workspaces.c.name)
)
NAMES = Quick(sa.select(workspaces.c.name).where(workspaces.c.id == sa.bindparam("id")))
RENAME = Quick(
    sa.update(users)
    .where(users.c.id == sa.bindparam("user"))
    .values(username_key=sa.bindparam("new_name"))
    .returning(users.c.id)
)


async def names(database: Database, key: object) -> list[str]:
    async with database.reading() as db:
        return [row[0] for row in await NAMES.all(db, {"id": key})]


class Broken(Exception):
    """Something that goes wrong in a transaction."""


@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_transaction_that_fails_takes_back_what_they_wrote(
    database: Database, comes_first: bool
) -> None:
    key = new_id()

    async def fail() -> None:
        async with database.writing() as db:
            if not comes_first:
                await db.execute(sa.select(1))
            await ADD.all(db, {"id": key, "name": "Never", "at": periods.now()})
            raise Broken

    with pytest.raises(Broken):
        await fail()
    assert await names(database, key) == []


async def test_a_transaction_that_succeeds_keeps_what_they_wrote(database: Database) -> None:
    one, two = new_id(), new_id()
    async with database.writing() as db:
        await ADD.all(db, {"id": one, "name": "One", "at": periods.now()})
        assert await ADD.first(db, {"id": two, "name": "Two", "at": periods.now()}) == ("Two",)
    assert await names(database, one) == ["One"]
    assert await names(database, two) == ["Two"]


async def test_a_broken_rule_is_a_conflict_with_its_name(database: Database, cast: Cast) -> None:
    async def take_bobs_name() -> None:
        async with database.writing() as db:
            await db.execute(sa.select(1))
            await RENAME.all(db, {"user": cast.alice.viewer.user_id, "new_name": "bob"})

    with pytest.raises(Conflict) as caught:
        await take_bobs_name()
    assert (caught.value.kind, caught.value.constraint) == ("unique", "uq_users_username")


async def test_values_are_judged_as_ever(database: Database) -> None:
    naive = periods.now().replace(tzinfo=None)
    async with database.reading() as db:
        with pytest.raises((ValueError, sa.exc.StatementError)):
            await ADD.all(db, {"id": new_id(), "name": "Naive", "at": naive})
        with pytest.raises((KeyError, sa.exc.StatementError)):
            await NAMES.all(db, {})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_only_sqlalchemy_can_do_is_refused(database: Database) -> None:
    async with database.reading() as db:
        with pytest.raises(TypeError):
            await Quick(sa.select(sa.literal_column("1", sa.PickleType()))).all(db, {})
        with pytest.raises(TypeError):
            await Quick(sa.select(users.c.id).where(users.c.username.in_(["a", "b"]))).all(db, {})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lost_connection_is_not_used_again(database: Database) -> None:
    end_others = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'chronos'"
    )
    key = new_id()
    async with database.reading() as lost:
        await NAMES.all(lost, {"id": key})
        async with database.reading() as db, database.reading():
            await db.execute(end_others)
        with pytest.raises((asyncpg.InterfaceError, sa.exc.DBAPIError, OSError)):
            await NAMES.all(lost, {"id": key})
        assert lost.invalidated
    for _ in range(10):
        assert await names(database, key) == []


async def test_instants_come_back_as_they_went(database: Database) -> None:
    at = periods.now() + timedelta(days=1)
    put = Quick(
        sa.insert(throttles)
        .values(key=sa.bindparam("key"), arrives_at=sa.bindparam("at", type_=Instant))
        .returning(throttles.c.arrives_at)
    )
    async with database.writing() as db:
        await db.execute(sa.select(1))
        assert await put.first(db, {"key": b"k", "at": at}) == (at,)
