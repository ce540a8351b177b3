"""Tasks: the list with its hours, and who may add, rename, archive, restore and delete one."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Database
from quart_app.queries import favourites, projects, tasks
from quart_app.tables import memberships, workspaces
from tests.support.cast import Cast
from tests.support.catalogue import add_project, add_task, journal_of, track

HOUR = timedelta(hours=1)


@pytest.fixture
async def website(database: Database, cast: Cast) -> UUID:
    return await add_project(database, cast.alice.viewer, "Website")


@pytest.fixture
async def design(database: Database, cast: Cast, website: UUID) -> UUID:
    return await add_task(database, cast.alice.viewer, website, "Design")


async def listed(database: Database, viewer: Viewer, project: UUID) -> list[tuple[str, bool]]:
    """The project's tasks: name, and whether archived."""
    async with database.reading() as db:
        found = await tasks.list_tasks(db, viewer, project, periods.now())
    return [(task.name, task.archived_at is not None) for task in found]


async def revision(database: Database, viewer: Viewer) -> int:
    statement = sa.select(workspaces.c.revision).where(workspaces.c.id == viewer.workspace_id)
    async with database.reading() as db:
        return int((await db.execute(statement)).scalar_one())


async def test_tasks_stand_by_name_and_are_the_projects_own(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice.viewer
    await add_task(database, alice, website, "analysis")
    other = await add_project(database, alice, "Shop")
    await add_task(database, alice, other, "Design")
    for person in (cast.alice, cast.bob, cast.dana):
        assert await listed(database, person.viewer, website) == [("analysis", False), ("Design", False)]
    assert await listed(database, cast.charlie.viewer, website) == []
    async with database.reading() as db:
        assert await tasks.find_task(db, cast.charlie.viewer, design) is None


async def test_hours_are_everybodys_for_those_who_manage_and_ones_own_for_others(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    now = periods.now()
    build = await add_task(database, cast.alice.viewer, website, "Build")
    for person, task in ((cast.alice, design), (cast.bob, design), (cast.bob, build), (cast.bob, None)):
        await track(database, person.viewer, website, now - HOUR, now, task_id=task)
    await track(database, cast.bob.viewer, website, now - HOUR, now, task_id=design, is_trashed=True)
    await track(database, cast.bob.viewer, website, now - HOUR / 2, task_id=design)

    async def hours(viewer: Viewer) -> dict[str, tuple[int, int, int]]:
        async with database.reading() as db:
            found = await tasks.list_tasks(db, viewer, website, now)
            assert found[1:] == await tasks.list_tasks(db, viewer, website, now, only=design)
        return {task.name: (task.total_seconds, task.entry_count, task.running_count) for task in found}

    assert await hours(cast.alice.viewer) == {"Build": (3600, 1, 0), "Design": (9000, 3, 1)}
    assert await hours(cast.bob.viewer) == {"Build": (3600, 1, 0), "Design": (5400, 2, 1)}
    assert await hours(cast.dana.viewer) == {"Build": (0, 0, 0), "Design": (0, 0, 0)}


async def test_a_name_is_unique_within_its_project_whatever_the_case(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    with pytest.raises(Conflict) as refused:
        await add_task(database, alice, website, "DESIGN")
    assert refused.value.constraint == "uq_tasks_name"
    build = await add_task(database, alice, website, "Build")
    with pytest.raises(Conflict):
        await database.transaction(lambda db: tasks.update_task(db, alice, build, "design", now))
    await database.transaction(lambda db: tasks.archive_task(db, alice, design, now))
    async with database.reading() as db:
        taken = await tasks.find_taken_name(db, alice, website, "dEsign")
        assert taken is not None
        assert (taken.name, taken.is_archived) == ("Design", True)
        assert await tasks.find_taken_name(db, alice, website, "Support") is None


async def test_every_change_is_in_the_journal_and_raises_the_revision(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    before = await revision(database, alice)
    await database.transaction(lambda db: tasks.update_task(db, alice, design, "Look", now))
    await database.transaction(lambda db: tasks.archive_task(db, alice, design, now))
    await database.transaction(lambda db: tasks.restore_task(db, alice, design, now))
    await database.transaction(lambda db: tasks.delete_task(db, alice, design, now))
    lines = await journal_of(database, design)
    assert [line[:2] for line in lines] == [
        ("task", action) for action in ("create", "update", "archive", "restore", "delete")
    ]
    assert lines[0][3] == {"name": "Design", "project_id": str(website), "archived_at": None}
    assert lines[1][2:] == ({"name": "Design"}, {"name": "Look"})
    assert await revision(database, alice) == before + 4


async def test_doing_it_twice_changes_nothing_more(database: Database, cast: Cast, design: UUID) -> None:
    alice, now = cast.alice.viewer, periods.now()
    for _ in range(2):
        await database.transaction(lambda db: tasks.archive_task(db, alice, design, now))
    for _ in range(2):
        await database.transaction(lambda db: tasks.restore_task(db, alice, design, now))
    assert [line[1] for line in await journal_of(database, design)] == ["create", "archive", "restore"]


@pytest.mark.parametrize("is_trashed", [False, True])
async def test_a_task_with_entries_stays_and_so_does_its_project(
    database: Database, cast: Cast, website: UUID, design: UUID, is_trashed: bool
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await track(database, cast.bob.viewer, website, now - HOUR, now, task_id=design, is_trashed=is_trashed)
    with pytest.raises(Conflict) as refused:
        await database.transaction(lambda db: tasks.delete_task(db, alice, design, now))
    assert refused.value.kind == "foreign_key"
    with pytest.raises(Conflict) as refused:
        await database.transaction(lambda db: projects.delete_project(db, alice, website, now))
    assert refused.value.kind == "foreign_key"
    assert await listed(database, alice, website) == [("Design", False)]
    async with database.reading() as db:
        assert await tasks.count_uses(db, alice, design) == 1


async def test_a_project_without_entries_takes_its_tasks_along(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    with pytest.raises(Forbidden):
        await database.transaction(lambda db: projects.delete_project(db, cast.bob.viewer, website, now))
    assert await listed(database, alice, website) == [("Design", False)]
    await database.transaction(lambda db: projects.delete_project(db, alice, website, now))
    async with database.reading() as db:
        assert await tasks.find_task(db, alice, design) is None


async def test_a_favourite_outlives_its_task_on_the_project(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice, bob, now = cast.alice.viewer, cast.bob.viewer, periods.now()
    entry = await track(database, bob, website, now - HOUR, now, task_id=design)
    assert await database.transaction(lambda db: favourites.pin_entry(db, bob, entry, now))
    async with database.reading() as db:
        [pinned] = await favourites.list_favourites(db, bob)
    assert (pinned.project_name, pinned.task_id, pinned.task_name) == ("Website", design, "Design")
    async with database.writing() as db:
        await db.execute(sa.text("UPDATE entries SET task_id = NULL"))
    with pytest.raises(Forbidden):
        await database.transaction(lambda db: tasks.delete_task(db, bob, design, now))
    await database.transaction(lambda db: tasks.delete_task(db, alice, design, now))
    async with database.reading() as db:
        [pinned] = await favourites.list_favourites(db, bob)
    assert (pinned.project_name, pinned.task_id) == ("Website", None)


async def test_only_those_who_manage_may_change_tasks(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    now = periods.now()
    for viewer, error in (
        (cast.bob.viewer, Forbidden),
        (cast.dana.viewer, Forbidden),
        (cast.charlie.viewer, Missing),
    ):
        for change in (tasks.archive_task, tasks.restore_task, tasks.delete_task):
            with pytest.raises(error):
                await database.transaction(lambda db, do=change, who=viewer: do(db, who, design, now))  # type: ignore[misc]
        with pytest.raises(error):
            await database.transaction(lambda db, who=viewer: tasks.update_task(db, who, design, "Mine", now))  # type: ignore[misc]
    for viewer in (cast.bob.viewer, cast.dana.viewer):
        with pytest.raises(Forbidden):
            await add_task(database, viewer, website, "Mine")
    with pytest.raises(Conflict):  # somebody else's project is none of theirs
        await add_task(database, cast.charlie.viewer, website, "Mine")
    assert await listed(database, cast.alice.viewer, website) == [("Design", False)]


async def test_the_role_is_asked_of_the_database(database: Database, cast: Cast, design: UUID) -> None:
    alice, now = cast.alice.viewer, periods.now()
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == alice.user_id).values(role="member")
        )
    with pytest.raises(Forbidden):
        await database.transaction(lambda db: tasks.archive_task(db, alice, design, now))


async def test_only_active_tasks_of_active_projects_are_offered(
    database: Database, cast: Cast, website: UUID, design: UUID
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await add_task(database, alice, website, "Build")
    old = await add_task(database, alice, website, "Old")
    await database.transaction(lambda db: tasks.archive_task(db, alice, old, now))
    gone = await add_project(database, alice, "Gone")
    await add_task(database, alice, gone, "Design")
    await database.transaction(lambda db: projects.archive_project(db, alice, gone, now))
    async with database.reading() as db:
        [project] = await projects.list_pickable_projects(db, cast.dana.viewer)
        assert await projects.list_pickable_projects(db, cast.charlie.viewer) == []
    assert [task.name for task in project.tasks] == ["Build", "Design"]
    assert [choice.name for choice in project.choices] == ["Website", "Website · Build", "Website · Design"]
    assert [choice.value for choice in project.choices][0::2] == [str(website), f"{website}/{design}"]
