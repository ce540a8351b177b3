"""Tags: ids for what people type, made where they are missing, and what the database holds to."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Database
from quart_app.queries import tags
from quart_app.tables import tags as table
from quart_app.tables import workspaces
from tests.support.cast import Cast
from tests.support.catalogue import journal_of, track

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_missing_tags_are_made_and_known_ones_found(database: Database, cast: Cast) -> None:
    bob = cast.bob.viewer
    first = await database.transaction(lambda db: tags.resolve_tags(db, bob, ["ops", "Design"], NOW))
    again = await database.transaction(
        lambda db: tags.resolve_tags(db, bob, ["design", "new", "OPS", "Design"], NOW)
    )
    assert again == [first[1], again[1], first[0]]
    assert len(set(again)) == 3
    async with database.reading() as db:
        assert await tags.list_tag_names(db, cast.alice.viewer) == ["Design", "new", "ops"]
        assert await tags.list_tag_names(db, cast.charlie.viewer) == []
    assert await journal_of(database, again[1]) == [
        ("tag", "create", None, {"name": "new", "archived_at": None})
    ]


async def test_no_tags_need_no_statement(database: Database, cast: Cast) -> None:
    assert await database.transaction(lambda db: tags.resolve_tags(db, cast.dana.viewer, [], NOW)) == []


@pytest.mark.parametrize("name", ["Straße", "ΐ", "ŉ", "ﬃ", "ᾳ̈", "İstanbul", "ῼ", "ẞ", "𝔘𝔫𝔦", "ǅ", "ͅα"])
async def test_names_that_fold_oddly_are_found_again(database: Database, cast: Cast, name: str) -> None:
    alice = cast.alice.viewer
    found = [
        (await database.transaction(lambda db: tags.resolve_tags(db, alice, [name], NOW))) for _ in range(2)
    ]
    assert found[0] == found[1]


async def test_tags_made_by_many_at_once_are_made_once(database: Database, cast: Cast) -> None:
    names = ["a", "b", "c", "d"]
    people = [cast.alice.viewer, cast.bob.viewer]

    async def resolve(turn: int) -> list[object]:
        mine = names[turn % 4 :] + names[: turn % 4]
        ids = await database.transaction(lambda db: tags.resolve_tags(db, people[turn % 2], mine, NOW))
        return [key for _, key in sorted(zip(mine, ids, strict=True))]

    found = await asyncio.gather(*(resolve(turn) for turn in range(24)))
    assert all(ids == found[0] for ids in found)
    async with database.reading() as db:
        assert (await db.execute(sa.select(sa.func.count()).select_from(table))).scalar_one() == 4


async def test_who_only_looks_on_makes_no_tags(database: Database, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        await database.transaction(lambda db: tags.resolve_tags(db, cast.dana.viewer, ["ops"], NOW))
    async with database.reading() as db:
        assert await tags.list_tag_names(db, cast.dana.viewer) == []


async def test_making_a_tag_raises_the_workspaces_revision_and_finding_one_does_not(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer

    async def revision() -> int:
        async with database.reading() as db:
            statement = sa.select(workspaces.c.revision).where(workspaces.c.id == alice.workspace_id)
            return int((await db.execute(statement)).scalar_one())

    before = await revision()
    for _ in range(2):
        await database.transaction(lambda db: tags.resolve_tags(db, alice, ["ops"], NOW))
    assert await revision() == before + 1


async def test_an_archived_tag_is_not_suggested_and_still_found(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await database.transaction(lambda db: tags.insert_tag(db, alice, "ops", NOW))
    await database.transaction(lambda db: tags.archive_tag(db, alice, key, NOW))
    async with database.reading() as db:
        assert await tags.list_tag_names(db, alice) == []
    assert await database.transaction(lambda db: tags.resolve_tags(db, cast.bob.viewer, ["OPS"], NOW)) == [
        key
    ]


async def test_entries_are_counted_for_who_may_see_them(database: Database, cast: Cast) -> None:
    alice, bob = cast.alice.viewer, cast.bob.viewer
    ops, other = await database.transaction(lambda db: tags.resolve_tags(db, alice, ["ops", "x"], NOW))
    await track(database, alice, None, NOW - HOUR, NOW, tags=(ops,))
    await track(database, bob, None, NOW - HOUR, NOW, tags=(ops, other))
    await track(database, bob, None, NOW - HOUR, NOW, tags=(ops,), is_trashed=True)

    async def counts(viewer: Viewer) -> list[int]:
        async with database.reading() as db:
            return [tag.entry_count for tag in await tags.list_tags(db, viewer)]

    assert await counts(alice) == [2, 1]
    assert await counts(bob) == [1, 1]
    assert await counts(cast.dana.viewer) == [0, 0]
    assert await counts(cast.charlie.viewer) == []
    async with database.reading() as db:
        assert await tags.count_uses(db, alice, ops) == 3
        found = await tags.find_tag(db, alice, ops)
    assert found == tags.TagUse(ops, "ops", None, 2)


async def test_a_tag_that_entries_bear_stays(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    used, unused = await database.transaction(lambda db: tags.resolve_tags(db, alice, ["a", "b"], NOW))
    await track(database, alice, None, NOW - HOUR, NOW, tags=(used,))
    with pytest.raises(Conflict) as raised:
        await database.transaction(lambda db: tags.delete_tag(db, alice, used, NOW))
    assert raised.value.kind == "foreign_key"
    await database.transaction(lambda db: tags.delete_tag(db, alice, unused, NOW))
    async with database.reading() as db:
        assert await tags.list_tag_names(db, alice) == ["a"]


async def test_only_those_who_manage_may_change_a_tag(database: Database, cast: Cast) -> None:
    key = await database.transaction(lambda db: tags.insert_tag(db, cast.alice.viewer, "ops", NOW))

    async def refuse(viewer: Viewer, refusal: type[Exception]) -> None:
        for change in (
            lambda db: tags.update_tag(db, viewer, key, "mine", NOW),
            lambda db: tags.archive_tag(db, viewer, key, NOW),
            lambda db: tags.restore_tag(db, viewer, key, NOW),
            lambda db: tags.delete_tag(db, viewer, key, NOW),
        ):
            with pytest.raises(refusal):
                await database.transaction(change)

    await refuse(cast.bob.viewer, Forbidden)
    await refuse(cast.dana.viewer, Forbidden)
    await refuse(cast.charlie.viewer, Missing)
    assert len(await journal_of(database, key)) == 1


async def test_a_new_name_that_is_taken_is_refused(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    ops, _ = await database.transaction(lambda db: tags.resolve_tags(db, alice, ["ops", "dev"], NOW))
    with pytest.raises(Conflict) as raised:
        await database.transaction(lambda db: tags.update_tag(db, alice, ops, "DEV", NOW))
    assert raised.value.constraint == "uq_tags_name"
    renamed = await database.transaction(lambda db: tags.update_tag(db, alice, ops, "Ops", NOW))
    assert renamed.name == "Ops"
