"""Accounts in the database: names unique whatever their case, the first one of all, passwords and profiles."""

import asyncio
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial

import pytest
import sqlalchemy as sa

from quart_app.access import Viewer
from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.queries import accounts, sessions, timer
from quart_app.queries.accounts import Credentials, NewAccount, Profile
from quart_app.tables import changes, memberships, users, workspaces

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE = NewAccount("alice", "alice@example.com", "a hash", "Europe/Berlin")


async def insert(database: Database, new: NewAccount = ALICE) -> Credentials:
    return await database.transaction(lambda db: accounts.insert_account(db, new, NOW))


async def sign_in(database: Database, known: Credentials) -> Viewer:
    token_hash = new_id().bytes

    async def work(db: Connection) -> None:
        new = sessions.NewSession(known.user_id, known.workspace_id, token_hash, "", "", 1)
        await sessions.insert_session(db, new, NOW)

    await database.transaction(work)
    async with database.reading() as db:
        found = await timer.find_presence(db, token_hash, NOW)
    assert found is not None
    return found.viewer


def profile_of(viewer: Viewer) -> Profile:
    return Profile(**{name: getattr(viewer, name) for name in Profile.__dataclass_fields__})


async def find(database: Database, name: str) -> Credentials | None:
    async with database.reading() as db:
        return await accounts.find_credentials(db, name)


async def count(database: Database, table: sa.Table) -> int:
    async with database.reading() as db:
        return int(await db.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


async def test_a_new_person_owns_a_workspace_of_their_own(database: Database) -> None:
    viewer = await sign_in(database, await insert(database))
    assert (viewer.username, viewer.role, viewer.workspace_name) == ("alice", "owner", "alice's workspace")
    assert (viewer.time_zone, viewer.hour_cycle, viewer.date_order, viewer.theme) == (
        *("Europe/Berlin", "24", "dmy"),
        "system",
    )


@pytest.mark.parametrize(
    "name", ["alice", "ALICE", " Alice ", "alice@example.com", "Alice@EXAMPLE.com", "ａlice"]
)
async def test_a_person_is_found_by_either_name_in_any_spelling(database: Database, name: str) -> None:
    made = await insert(database)
    assert await find(database, name) == made


@pytest.mark.parametrize("name", ["", "alic", "alice@", "@", "%", "bob", "alice@example.co"])
async def test_nobody_is_found_by_another_name(database: Database, name: str) -> None:
    await insert(database)
    assert await find(database, name) is None


@pytest.mark.parametrize(
    ("other", "constraint"),
    [
        (replace(ALICE, username="ALICE", email="b@example.com"), "uq_users_username"),
        (replace(ALICE, username="bob", email="ALICE@example.com"), "uq_users_email"),
    ],
)
async def test_names_are_taken_whatever_their_case(
    database: Database, other: NewAccount, constraint: str
) -> None:
    await insert(database)
    with pytest.raises(Conflict) as refused:
        await insert(database, other)
    assert (refused.value.kind, refused.value.constraint) == ("unique", constraint)
    assert [await count(database, table) for table in (users, workspaces, memberships)] == [1, 1, 1]


async def test_of_many_who_want_a_name_at_once_one_gets_it(database: Database) -> None:
    wanted = [replace(ALICE, email=f"{number}@example.com") for number in range(8)]
    done = await asyncio.gather(*(insert(database, new) for new in wanted), return_exceptions=True)
    refused = [error for error in done if isinstance(error, Conflict)]
    assert len(refused) == 7
    assert {error.constraint for error in refused} == {"uq_users_username"}
    assert [await count(database, table) for table in (users, workspaces, memberships)] == [1, 1, 1]


async def test_of_many_first_accounts_at_once_one_is_made(database: Database) -> None:
    wanted = [replace(ALICE, username=f"user{number}", email=f"{number}@example.com") for number in range(8)]
    first = [partial(accounts.insert_first_account, new=new, now=NOW) for new in wanted]
    done = await asyncio.gather(*map(database.transaction, first), return_exceptions=True)
    assert sum(isinstance(error, accounts.NotFirst) for error in done) == 7
    assert await count(database, users) == 1


async def test_there_are_accounts_once_one_was_made(database: Database) -> None:
    async with database.reading() as db:
        assert not await accounts.has_accounts(db)
        await insert(database)
        assert await accounts.has_accounts(db)


async def test_one_signs_in_to_the_workspace_of_ones_own(database: Database) -> None:
    bob = await insert(database, NewAccount("bob", "bob@example.com", "a hash"))
    alice = await insert(database)

    async def join(db: Connection) -> None:
        row = {"workspace_id": bob.workspace_id, "user_id": alice.user_id, "role": "admin"}
        await db.execute(sa.insert(memberships).values(**row, created_at=datetime(2020, 1, 1, tzinfo=UTC)))

    await database.transaction(join)
    assert await find(database, "alice") == alice


async def test_a_password_that_was_changed_meanwhile_opens_nothing(database: Database) -> None:
    known = await insert(database)
    viewer = await sign_in(database, known)
    assert await database.transaction(lambda db: accounts.confirm_password(db, known, None))
    assert await database.transaction(
        lambda db: accounts.update_password(db, viewer, "a hash", "another", NOW)
    )
    assert not await database.transaction(lambda db: accounts.confirm_password(db, known, None))
    assert not await database.transaction(lambda db: accounts.confirm_password(db, known, "a fresh hash"))
    assert not await database.transaction(
        lambda db: accounts.update_password(db, viewer, "a hash", "third", NOW)
    )
    async with database.reading() as db:
        assert await accounts.find_password_hash(db, viewer) == "another"


async def test_a_hash_is_renewed_where_it_still_is_the_same(database: Database) -> None:
    known = await insert(database)
    assert await database.transaction(lambda db: accounts.confirm_password(db, known, "a fresh hash"))
    assert await find(database, "alice") == replace(known, password_hash="a fresh hash")


async def test_a_profile_is_written_and_told_in_the_journal_but_for_the_email(database: Database) -> None:
    viewer = await sign_in(database, await insert(database))
    profile = replace(
        profile_of(viewer),
        username="Alicia",
        email="alicia@example.com",
        time_zone="Asia/Kathmandu",
        week_start=6,
    )
    await database.transaction(lambda db: accounts.update_profile(db, viewer, profile, NOW))
    assert await find(database, "alice") is None
    assert await find(database, "ALICIA") is not None
    async with database.reading() as db:
        told = (await db.execute(sa.select(changes))).one()
        person = (await db.execute(sa.select(users))).one()
    assert (told.subject, told.subject_id, told.action) == ("user", viewer.user_id, "update")
    assert told.before == {"username": "alice", "time_zone": "Europe/Berlin", "week_start": 0}
    assert told.after == {"username": "Alicia", "time_zone": "Asia/Kathmandu", "week_start": 6}
    assert (person.email, person.revision) == ("alicia@example.com", 1)


async def test_a_profile_saved_as_it_was_changes_nothing(database: Database) -> None:
    viewer = await sign_in(database, await insert(database))
    await database.transaction(lambda db: accounts.update_profile(db, viewer, profile_of(viewer), NOW))
    assert await count(database, changes) == 0


@pytest.mark.parametrize(("field", "value"), [("username", "BOB"), ("email", "Bob@example.com")])
async def test_a_profile_cannot_take_somebody_elses_name(database: Database, field: str, value: str) -> None:
    await insert(database, NewAccount("bob", "bob@example.com", "a hash"))
    viewer = await sign_in(database, await insert(database))
    profile = Profile(**asdict(profile_of(viewer)) | {"name": "Somebody", field: value})
    with pytest.raises(Conflict) as refused:
        await database.transaction(lambda db: accounts.update_profile(db, viewer, profile, NOW))
    assert refused.value.constraint == f"uq_users_{field}"
    async with database.reading() as db:
        assert "Somebody" not in (await db.execute(sa.select(users.c.name))).scalars().all()
