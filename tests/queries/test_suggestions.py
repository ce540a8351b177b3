"""What somebody may want to type again: their own, each once, and only what can be used."""

from datetime import UTC, datetime, timedelta
from functools import partial

from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import clients, entries, projects, suggestions, tags
from tests.support.cast import Cast

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def add(database: Database, viewer: Viewer, hours_ago: int, text: str, project: object = None) -> None:
    start = NOW - hours_ago * HOUR
    new = entries.EntryValues(text, project, False, start, start + HOUR)  # type: ignore[arg-type]
    await database.transaction(lambda db: entries.insert_entry(db, viewer, new_id(), new, NOW))


async def listed(database: Database, viewer: Viewer) -> list[tuple[str, int]]:
    async with database.reading() as db:
        return [(one.description, one.count) for one in await suggestions.list_suggestions(db, viewer)]


async def test_each_text_comes_once_the_latest_first_with_its_count(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    for hours, text in enumerate(
        ["Write the plan", "Weekly sync", "Write the report", "write the plan", ""], 1
    ):
        await add(database, alice, hours, text)
    assert await listed(database, alice) == [
        ("Write the plan", 2),
        ("Weekly sync", 1),
        ("Write the report", 1),
    ]


async def test_they_are_ones_own_alone(database: Database, cast: Cast) -> None:
    await add(database, cast.alice.viewer, 1, "Alice's secret")
    for person in (cast.bob, cast.dana, cast.charlie):
        assert await listed(database, person.viewer) == []


async def test_what_is_in_an_archived_project_or_the_trash_is_not_offered(
    database: Database, cast: Cast
) -> None:
    alice, values = cast.alice.viewer, projects.ProjectValues("Old", "", None, 1, False)
    old = await database.transaction(lambda db: projects.insert_project(db, alice, values, NOW))
    await add(database, alice, 1, "Old work", old)
    assert await listed(database, alice) == [("Old work", 1)]
    await database.transaction(lambda db: projects.archive_project(db, alice, old, NOW))
    assert await listed(database, alice) == []


async def test_clients_and_tags_are_the_workspaces_active_ones(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    for name in ("Beta", "acme", "Gone"):
        await database.transaction(partial(clients.insert_client, viewer=alice, name=name, now=NOW))
        await database.transaction(partial(tags.insert_tag, viewer=alice, name=name, now=NOW))
    async with database.reading() as db:
        gone = {row.name: row.id for row in await suggestions.list_active_tags(db, alice)}["Gone"]
    await database.transaction(lambda db: tags.archive_tag(db, alice, gone, NOW))
    async with database.reading() as db:
        assert [row.name for row in await suggestions.list_active_clients(db, alice)] == [
            "acme",
            "Beta",
            "Gone",
        ]
        for person in (cast.alice, cast.bob, cast.dana):
            found = await suggestions.list_active_tags(db, person.viewer)
            assert [row.name for row in found] == ["acme", "Beta"]
        assert await suggestions.list_active_clients(db, cast.charlie.viewer) == []
        assert await suggestions.list_active_tags(db, cast.charlie.viewer) == []
