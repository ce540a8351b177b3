"""Favourites in the database: one's own, each once, pinned and unpinned without harm."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Connection, Database
from quart_app.ids import new_id
from quart_app.queries import entries, favourites, projects, tags
from quart_app.queries.favourites import Favourite
from quart_app.tables import changes
from tests.support.cast import Cast

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def add(
    database: Database, viewer: Viewer, text: str, project: UUID | None = None, *names: str
) -> UUID:
    key = new_id()

    async def work(db: Connection) -> None:
        tag_ids = tuple(await tags.resolve_tags(db, viewer, names, NOW))
        new = entries.EntryValues(text, project, True, NOW, NOW + timedelta(hours=1), tag_ids, names)
        await entries.insert_entry(db, viewer, key, new, NOW)

    await database.transaction(work)
    return key


async def add_project(database: Database, viewer: Viewer, name: str) -> UUID:
    values = projects.ProjectValues(name, "", None, 3, False)
    return await database.transaction(lambda db: projects.insert_project(db, viewer, values, NOW))


async def pin(database: Database, viewer: Viewer, entry: UUID, now: datetime = NOW) -> bool:
    return await database.transaction(lambda db: favourites.pin_entry(db, viewer, entry, now))


async def unpin(database: Database, viewer: Viewer, key: UUID) -> None:
    await database.transaction(lambda db: favourites.unpin_favourite(db, viewer, key, NOW))


async def restore(database: Database, viewer: Viewer, key: UUID) -> None:
    await database.transaction(lambda db: favourites.restore_favourite(db, viewer, key, NOW))


async def listed(database: Database, viewer: Viewer) -> list[Favourite]:
    async with database.reading() as db:
        return await favourites.list_favourites(db, viewer)


async def test_all_that_an_entry_says_is_pinned(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    website = await add_project(database, alice, "Website")
    assert await pin(database, alice, await add(database, alice, "Weekly sync", website, "ops", "Design"))
    (found,) = await listed(database, alice)
    assert (found.description, found.project_name, found.project_colour) == ("Weekly sync", "Website", 3)
    assert (found.is_billable, found.tags, found.is_archived) == (True, ("Design", "ops"), False)


async def test_each_text_is_pinned_once_for_each_project_whatever_its_case(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    website = await add_project(database, alice, "Website")
    for text, project, is_new in (
        ("Sync", None, True),
        ("SYNC", None, False),
        ("Sync", website, True),
        ("sync", website, False),
    ):
        assert await pin(database, alice, await add(database, alice, text, project)) is is_new
    assert len(await listed(database, alice)) == 2


async def test_two_who_pin_the_same_at_once_pin_one(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    entry = await add(database, alice, "Sync", None, "ops")
    done = await asyncio.gather(*(pin(database, alice, entry) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    assert len(await listed(database, alice)) == 1


async def test_nobody_pins_or_sees_what_is_not_their_own(database: Database, cast: Cast) -> None:
    entry = await add(database, cast.alice.viewer, "Secret")
    await pin(database, cast.alice.viewer, entry)
    (mine,) = await listed(database, cast.alice.viewer)
    for person, refusal in ((cast.bob, Forbidden), (cast.dana, Forbidden), (cast.charlie, Missing)):
        assert await listed(database, person.viewer) == []
        with pytest.raises(refusal):
            await pin(database, person.viewer, entry)
        with pytest.raises(refusal):
            await unpin(database, person.viewer, mine.id)
        with pytest.raises(refusal):
            await restore(database, person.viewer, mine.id)
        async with database.reading() as db:
            with pytest.raises(refusal):
                await favourites.find_favourite(db, person.viewer, mine.id)
    assert await listed(database, cast.alice.viewer) == [mine]


async def test_what_is_unpinned_comes_back_as_it_was(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    website = await add_project(database, alice, "Website")
    await pin(database, alice, await add(database, alice, "Sync", website, "ops"))
    (before,) = await listed(database, alice)
    for _ in range(2):
        await unpin(database, alice, before.id)
        assert await listed(database, alice) == []
    for _ in range(2):
        await restore(database, alice, before.id)
        assert await listed(database, alice) == [before]
    async with database.reading() as db:
        lines = await db.execute(
            sa.select(changes.c.action).where(changes.c.subject == "favourite").order_by(changes.c.id)
        )
        assert list(lines.scalars()) == ["create", "delete", "restore"]


async def test_it_comes_back_without_what_is_gone_by_then(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    website = await add_project(database, alice, "Website")
    entry = await add(database, alice, "Sync", website, "ops")
    await pin(database, alice, entry)
    (before,) = await listed(database, alice)
    await unpin(database, alice, before.id)
    again = entries.EntryValues("Sync", None, True, NOW, NOW + timedelta(hours=1))
    await database.transaction(lambda db: entries.update_entry(db, alice, entry, None, again, NOW))
    await database.transaction(lambda db: projects.delete_project(db, alice, website, NOW))
    async with database.reading() as db:
        (ops,) = await tags.list_tags(db, alice)
    await database.transaction(lambda db: tags.delete_tag(db, alice, ops.id, NOW))
    await restore(database, alice, before.id)
    (after,) = await listed(database, alice)
    assert (after.description, after.project_id, after.tags) == ("Sync", None, ())


async def test_a_project_that_is_only_pinned_can_be_deleted_but_not_by_a_member(
    database: Database, cast: Cast
) -> None:
    alice, bob = cast.alice.viewer, cast.bob.viewer
    website = await add_project(database, alice, "Website")
    entry = await add(database, bob, "Sync", website)
    await pin(database, bob, entry)
    again = entries.EntryValues("Sync", None, True, NOW, NOW + timedelta(hours=1))
    await database.transaction(lambda db: entries.update_entry(db, bob, entry, None, again, NOW))
    with pytest.raises(Forbidden):
        await database.transaction(lambda db: projects.delete_project(db, bob, website, NOW))
    assert len(await listed(database, bob)) == 1
    await database.transaction(lambda db: projects.delete_project(db, alice, website, NOW))
    assert await listed(database, bob) == []


async def test_an_archived_project_is_told(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    website = await add_project(database, alice, "Website")
    await pin(database, alice, await add(database, alice, "Sync", website))
    await database.transaction(lambda db: projects.archive_project(db, alice, website, NOW))
    assert [one.is_archived for one in await listed(database, alice)] == [True]


async def test_there_is_an_end_to_pinning(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(favourites, "MOST", 2)
    alice = cast.alice.viewer
    keys = [await add(database, alice, text) for text in ("One", "Two", "Three")]
    assert [await pin(database, alice, key) for key in keys[:2]] == [True, True]
    with pytest.raises(favourites.TooMany):
        await pin(database, alice, keys[2])
    assert await pin(database, alice, keys[0]) is False
    assert [one.description for one in await listed(database, alice)] == ["One", "Two"]
