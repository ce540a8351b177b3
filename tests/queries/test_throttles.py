"""How often something may be tried: a burst at once, then evenly."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from quart_app.db import Database
from quart_app.queries import throttles
from quart_app.queries.throttles import Limit, account_key, address_key
from quart_app.tables import throttles as table

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMIT = Limit(burst=3, seconds=60)
KEY = b"a key"


async def take(database: Database, seconds: int = 0, key: bytes = KEY) -> int:
    now = NOW + timedelta(seconds=seconds)
    return await database.transaction(lambda db: throttles.take_try(db, key, LIMIT, now))


async def keys(database: Database) -> list[bytes]:
    async with database.reading() as db:
        return list((await db.execute(sa.select(table.c.key).order_by(table.c.key))).scalars())


async def test_a_burst_is_admitted_and_the_next_is_told_how_long_to_wait(database: Database) -> None:
    assert [await take(database) for _ in range(4)] == [0, 0, 0, 60]


async def test_after_a_burst_one_try_is_admitted_each_interval(database: Database) -> None:
    for _ in range(3):
        await take(database)
    waits = [await take(database, seconds) for seconds in (1, 59, 60, 61, 119, 120)]
    assert waits == [59, 1, 0, 59, 1, 0]


async def test_a_refused_try_does_not_put_off_the_next(database: Database) -> None:
    for _ in range(3):
        await take(database)
    assert {await take(database) for _ in range(20)} == {60}
    assert await take(database, 60) == 0


async def test_a_key_left_alone_has_its_burst_back(database: Database) -> None:
    for _ in range(3):
        await take(database)
    assert [await take(database, 3 * 60) for _ in range(4)] == [0, 0, 0, 60]


async def test_keys_do_not_know_of_each_other(database: Database) -> None:
    for _ in range(4):
        await take(database)
    assert await take(database, key=b"another") == 0


async def test_twenty_tries_at_once_are_no_more_than_the_burst(database: Database) -> None:
    waits = await asyncio.gather(*(take(database) for _ in range(20)))
    assert sorted(waits) == [0, 0, 0, *[60] * 17]


async def test_a_try_that_is_given_back_was_never_taken(database: Database) -> None:
    for _ in range(10):
        assert await take(database) == 0
        await database.transaction(lambda db: throttles.return_try(db, KEY, LIMIT))
    assert [await take(database) for _ in range(4)] == [0, 0, 0, 60]


async def test_giving_back_saves_no_tries_for_later(database: Database) -> None:
    for _ in range(9):
        await database.transaction(lambda db: throttles.return_try(db, KEY, LIMIT))
    await take(database)
    for _ in range(9):
        await database.transaction(lambda db: throttles.return_try(db, KEY, LIMIT))
    assert [await take(database, 1) for _ in range(4)] == [0, 0, 0, 60]


async def test_what_is_forgotten_starts_afresh(database: Database) -> None:
    for _ in range(4):
        await take(database)
    await database.transaction(lambda db: throttles.forget_tries(db, KEY))
    assert await take(database) == 0


async def test_only_rows_that_say_nothing_any_more_are_cleaned(database: Database) -> None:
    await take(database, key=b"old")
    await take(database, 30, key=b"newer")
    await database.transaction(lambda db: throttles.delete_spent(db, NOW + timedelta(seconds=61)))
    assert await keys(database) == [b"newer"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses_of_one_client_share_a_key(one: str, other: str) -> None:
    assert address_key("secret", one) == address_key("secret", other)


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("", "<local>")]
)
def test_addresses_of_different_clients_do_not(one: str, other: str) -> None:
    assert address_key("secret", one) != address_key("secret", other)


def test_every_spelling_of_a_name_has_the_same_key() -> None:
    assert len({account_key("secret", name) for name in ("Žofie", "žofie", " ŽOFIE ", "Ｚ\u030cofie")}) == 1
    assert account_key("secret", "alice") != account_key("secret", "bob")
    assert account_key("secret", "alice") != account_key("other", "alice")
    assert account_key("secret", "192.0.2.1") != address_key("secret", "192.0.2.1")
