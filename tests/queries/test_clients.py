"""Clients: their projects and hours, finding one by its name, and what the database holds to."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Database
from quart_app.queries import clients, projects
from tests.support.cast import Cast
from tests.support.catalogue import add_project, journal_of, track

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def listed(database: Database, viewer: Viewer) -> list[clients.ClientHours]:
    async with database.reading() as db:
        return await clients.list_clients(db, viewer, NOW)


async def add(database: Database, viewer: Viewer, name: str) -> UUID:
    return await database.transaction(lambda db: clients.insert_client(db, viewer, name, NOW))


async def test_a_client_has_the_hours_of_its_projects(database: Database, cast: Cast) -> None:
    alice, bob = cast.alice.viewer, cast.bob.viewer
    acme = await add(database, alice, "Acme")
    await database.transaction(lambda db: clients.insert_client(db, alice, "Beta", NOW))
    site = await add_project(database, alice, "Site", client_id=acme, colour=4)
    app = await add_project(database, alice, "App", client_id=acme)
    own = await add_project(database, alice, "Own")
    await track(database, alice, site, NOW - HOUR, NOW)
    await track(database, bob, app, NOW - 2 * HOUR)
    await track(database, bob, app, NOW - 300 * HOUR, NOW - 299 * HOUR)
    await track(database, alice, own, NOW - 3 * HOUR, NOW - 2 * HOUR)
    await database.transaction(lambda db: projects.archive_project(db, alice, app, NOW))
    first, second = await listed(database, alice)
    assert (first.name, first.week_seconds, first.total_seconds, first.entry_count) == (
        "Acme",
        3 * 3600,
        4 * 3600,
        3,
    )
    assert [(p.name, p.colour, p.is_archived) for p in first.projects] == [
        ("App", 1, True),
        ("Site", 4, False),
    ]
    assert (second.name, second.total_seconds, second.projects) == ("Beta", 0, ())
    assert [client.total_seconds for client in await listed(database, bob)] == [3 * 3600, 0]
    assert await listed(database, cast.charlie.viewer) == []


async def test_one_client_alone_is_the_same(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    for name in ("Acme", "Beta"):
        key = await add(database, alice, name)
        await track(database, alice, await add_project(database, alice, name, client_id=key), NOW - HOUR, NOW)
    everything = await listed(database, alice)
    async with database.reading() as db:
        assert await clients.list_clients(db, alice, NOW, only=everything[1].id) == [everything[1]]


async def test_a_client_is_found_by_its_name_whatever_the_case(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    first = await database.transaction(lambda db: clients.resolve_client(db, alice, "Acme GmbH", NOW))
    again = await database.transaction(lambda db: clients.resolve_client(db, alice, "ACME  gmbh", NOW))
    assert first == again
    assert len(await journal_of(database, first)) == 1
    theirs = await database.transaction(
        lambda db: clients.resolve_client(db, cast.charlie.viewer, "Acme GmbH", NOW)
    )
    assert theirs != first


async def test_a_client_made_by_many_at_once_is_one(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    found = await asyncio.gather(
        *(database.transaction(lambda db: clients.resolve_client(db, alice, "Acme", NOW)) for _ in range(10))
    )
    assert len(set(found)) == 1


async def test_archived_clients_are_offered_only_where_they_are_chosen(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    acme = await add(database, alice, "Acme")
    beta = await database.transaction(lambda db: clients.insert_client(db, alice, "beta", NOW))
    await database.transaction(lambda db: clients.archive_client(db, alice, acme, NOW))
    async with database.reading() as db:
        assert [choice.id for choice in await clients.list_client_choices(db, alice)] == [beta]
        offered = await clients.list_client_choices(db, alice, with_client=acme)
        assert [choice.name for choice in offered] == ["Acme", "beta"]
        assert await clients.list_client_choices(db, cast.charlie.viewer, with_client=acme) == []


async def test_a_client_with_projects_stays(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    acme = await add(database, alice, "Acme")
    await add_project(database, alice, "Site", client_id=acme)
    with pytest.raises(Conflict) as raised:
        await database.transaction(lambda db: clients.delete_client(db, alice, acme, NOW))
    assert raised.value.kind == "foreign_key"
    async with database.reading() as db:
        assert await clients.count_projects(db, alice, acme) == 1


async def test_names_are_unique_whatever_their_case(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await database.transaction(lambda db: clients.insert_client(db, alice, "Acme", NOW))
    beta = await database.transaction(lambda db: clients.insert_client(db, alice, "Beta", NOW))
    for change in (
        lambda db: clients.insert_client(db, alice, "ACME", NOW),
        lambda db: clients.update_client(db, alice, beta, "acme", NOW),
    ):
        with pytest.raises(Conflict) as raised:
            await database.transaction(change)
        assert raised.value.constraint == "uq_clients_name"


async def test_only_those_who_manage_may_change_a_client(database: Database, cast: Cast) -> None:
    acme = await add(database, cast.alice.viewer, "Acme")

    async def refuse(viewer: Viewer, refusal: type[Exception]) -> None:
        for change in (
            lambda db: clients.update_client(db, viewer, acme, "Mine", NOW),
            lambda db: clients.archive_client(db, viewer, acme, NOW),
            lambda db: clients.restore_client(db, viewer, acme, NOW),
            lambda db: clients.delete_client(db, viewer, acme, NOW),
        ):
            with pytest.raises(refusal):
                await database.transaction(change)

    await refuse(cast.charlie.viewer, Missing)
    for mate in (cast.bob.viewer, cast.dana.viewer):
        await refuse(mate, Forbidden)
        with pytest.raises(Forbidden):
            await add(database, mate, "New")
    with pytest.raises(Forbidden):
        await database.transaction(lambda db: clients.resolve_client(db, cast.bob.viewer, "New", NOW))
    assert len(await journal_of(database, acme)) == 1
