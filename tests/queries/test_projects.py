"""Projects: their hours, who sees which, and what the database holds to when they change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from quart_app import periods
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Database
from quart_app.ids import new_id
from quart_app.queries import clients, projects
from tests.support.cast import Cast
from tests.support.catalogue import add_project, journal_of, track

# A Wednesday; Alice's week began on Monday the 16th at midnight in Berlin, which is 23:00 UTC on Sunday.
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
WEEK = datetime(2026, 11, 15, 23, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def hours(database: Database, viewer: Viewer) -> dict[str, tuple[float, float, int]]:
    """Name: hours this week, hours in all, entries."""
    async with database.reading() as db:
        found = await projects.list_projects(db, viewer, NOW)
    return {p.name: (p.week_seconds / 3600, p.total_seconds / 3600, p.entry_count) for p in found}


async def find(database: Database, viewer: Viewer, project_id: UUID) -> projects.Project | None:
    async with database.reading() as db:
        return await projects.find_project(db, viewer, project_id)


def values(name: str, **given: object) -> projects.ProjectValues:
    known = {"description": "", "client_id": None, "colour": 1, "is_billable": False, **given}
    return projects.ProjectValues(name, **known)  # type: ignore[arg-type]


# --- hours -----------------------------------------------------------------------------------------------------


async def test_a_new_project_has_no_hours(database: Database, cast: Cast) -> None:
    await add_project(database, cast.alice.viewer, "Website")
    assert await hours(database, cast.alice.viewer) == {"Website": (0, 0, 0)}


async def test_an_entry_over_the_weeks_edge_counts_with_its_share(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, WEEK - HOUR, WEEK + 2 * HOUR)
    await track(database, cast.alice.viewer, key, WEEK - 9 * HOUR, WEEK - 8 * HOUR)
    assert await hours(database, cast.alice.viewer) == {"Website": (2, 4, 2)}


async def test_time_after_the_week_is_not_of_the_week(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    end = WEEK + 7 * 24 * HOUR
    await track(database, cast.alice.viewer, key, end - HOUR, end + HOUR)
    await track(database, cast.alice.viewer, key, end, end + HOUR)
    assert await hours(database, cast.alice.viewer) == {"Website": (1, 3, 2)}


async def test_the_week_is_the_viewers_own(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, WEEK - 2 * HOUR, WEEK + 2 * HOUR)
    sunday_first = replace(cast.alice.viewer, week_start=6)
    in_new_york = replace(cast.alice.viewer, time_zone="America/New_York")
    assert (await hours(database, sunday_first))["Website"] == (4, 4, 1)
    assert (await hours(database, in_new_york))["Website"] == (0, 4, 1)


async def test_running_time_counts_up_to_now(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, NOW - 3 * HOUR)
    assert await hours(database, cast.alice.viewer) == {"Website": (3, 3, 1)}
    async with database.reading() as db:
        assert (await projects.list_projects(db, cast.alice.viewer, NOW))[0].running_count == 1


async def test_a_timer_started_by_a_faster_clock_takes_nothing_away(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, NOW + HOUR)
    assert await hours(database, cast.alice.viewer) == {"Website": (0, 0, 1)}


async def test_the_trash_does_not_count(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, NOW - HOUR, NOW, is_trashed=True)
    assert await hours(database, cast.alice.viewer) == {"Website": (0, 0, 0)}


async def test_who_manages_sees_everybodys_hours_and_others_their_own(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, NOW - HOUR, NOW)
    await track(database, cast.bob.viewer, key, NOW - 2 * HOUR, NOW)
    await track(database, cast.bob.viewer, None, NOW - 4 * HOUR, NOW - 3 * HOUR)
    assert await hours(database, cast.alice.viewer) == {"Website": (3, 3, 2)}
    assert await hours(database, cast.bob.viewer) == {"Website": (2, 2, 1)}
    assert await hours(database, cast.dana.viewer) == {"Website": (0, 0, 0)}
    assert await hours(database, cast.charlie.viewer) == {}


async def test_one_project_alone_has_the_same_hours(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "Website")
    other = await add_project(database, alice, "Other")
    for project in (key, other):
        await track(database, alice, project, NOW - HOUR, NOW)
    async with database.reading() as db:
        everything = await projects.list_projects(db, alice, NOW)
        assert await projects.list_projects(db, alice, NOW, only=key) == [everything[1]]


async def test_projects_come_by_name_whatever_its_case(database: Database, cast: Cast) -> None:
    for name in ("beta", "Alpha", "Gamma"):
        await add_project(database, cast.alice.viewer, name)
    assert list(await hours(database, cast.alice.viewer)) == ["Alpha", "beta", "Gamma"]


# --- picking ---------------------------------------------------------------------------------------------------


async def test_active_projects_can_be_picked_with_their_client(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    client_id = await database.transaction(lambda db: clients.resolve_client(db, alice, "Acme", now))
    key = await add_project(database, alice, "Website", client_id=client_id, colour=5, is_billable=True)
    gone = await add_project(database, alice, "Gone")
    await database.transaction(lambda db: projects.archive_project(db, alice, gone, now))
    async with database.reading() as db:
        for viewer in (alice, cast.bob.viewer, cast.dana.viewer):
            [found] = await projects.list_pickable_projects(db, viewer)
            assert (found.id, found.name, found.colour) == (key, "Website", 5)
            assert (found.client_name, found.is_billable, found.tasks) == ("Acme", True, ())
            assert found.choices == (projects.Choice(str(key), "Website · Acme"),)
        assert await projects.list_pickable_projects(db, cast.charlie.viewer) == []


async def test_a_new_project_begins_with_the_colour_that_fewest_have(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer

    async def spare() -> int:
        async with database.reading() as db:
            return await projects.find_spare_colour(db, alice)

    assert await spare() == 1
    keys = [await add_project(database, alice, f"{colour}", colour=colour) for colour in range(1, 13)]
    assert await spare() == 1
    await add_project(database, alice, "Another", colour=1)
    assert await spare() == 2
    await database.transaction(lambda db: projects.archive_project(db, alice, keys[6], NOW))
    assert await spare() == 7


# --- changes ---------------------------------------------------------------------------------------------------


async def test_names_are_unique_in_the_workspace_whatever_their_case(database: Database, cast: Cast) -> None:
    await add_project(database, cast.alice.viewer, "Straße nach Süden")
    with pytest.raises(Conflict) as raised:
        await add_project(database, cast.alice.viewer, "STRASSE  NACH SÜDEN")
    assert (raised.value.kind, raised.value.constraint) == ("unique", "uq_projects_name")
    await add_project(database, cast.charlie.viewer, "Straße nach Süden")


async def test_a_project_may_change_the_case_of_its_own_name(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "website")
    await database.transaction(lambda db: projects.update_project(db, alice, key, values("Website"), NOW))
    found = await find(database, alice, key)
    assert found is not None
    assert found.name == "Website"


async def test_an_update_leaves_before_and_after_in_the_journal(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "Website")
    for _ in range(2):
        await database.transaction(
            lambda db: projects.update_project(db, alice, key, values("Site", colour=3), NOW)
        )
    created, updated = await journal_of(database, key)
    assert created[:3] == ("project", "create", None)
    assert isinstance(created[3], dict)
    assert created[3]["name"] == "Website"
    assert updated == ("project", "update", {"name": "Website", "colour": 1}, {"name": "Site", "colour": 3})


async def test_archiving_twice_changes_nothing(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "Website")
    await database.transaction(lambda db: projects.archive_project(db, alice, key, NOW))
    await database.transaction(lambda db: projects.archive_project(db, alice, key, NOW + HOUR))
    found = await find(database, alice, key)
    assert found is not None
    assert found.archived_at == NOW
    await database.transaction(lambda db: projects.restore_project(db, alice, key, NOW))
    found = await find(database, alice, key)
    assert found is not None
    assert found.archived_at is None
    assert [line[1] for line in await journal_of(database, key)] == ["create", "archive", "restore"]


async def test_a_project_with_a_running_timer_can_be_archived(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "Website")
    await track(database, cast.bob.viewer, key, NOW - HOUR)
    done = await database.transaction(lambda db: projects.archive_project(db, alice, key, NOW))
    assert done.is_archived
    assert await hours(database, alice) == {"Website": (1, 1, 1)}


async def test_a_project_without_entries_can_be_deleted(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "Website")
    await database.transaction(lambda db: projects.delete_project(db, alice, key, NOW))
    assert await find(database, alice, key) is None
    assert [line[1] for line in await journal_of(database, key)] == ["create", "delete"]
    with pytest.raises(Missing):
        await database.transaction(lambda db: projects.delete_project(db, alice, key, NOW))


@pytest.mark.parametrize("is_trashed", [False, True])
async def test_a_project_with_entries_stays(database: Database, cast: Cast, is_trashed: bool) -> None:
    alice = cast.alice.viewer
    key = await add_project(database, alice, "Website")
    await track(database, cast.bob.viewer, key, NOW - HOUR, NOW, is_trashed=is_trashed)
    with pytest.raises(Conflict) as raised:
        await database.transaction(lambda db: projects.delete_project(db, alice, key, NOW))
    assert raised.value.kind == "foreign_key"
    assert [line[1] for line in await journal_of(database, key)] == ["create"]
    async with database.reading() as db:
        uses = await projects.count_uses(db, alice, key, NOW)
    assert uses == (projects.Uses(0, 0, 1) if is_trashed else projects.Uses(1, 3600, 0))


async def test_somebody_elses_client_is_refused(database: Database, cast: Cast) -> None:
    charlie = cast.charlie.viewer
    theirs = await database.transaction(lambda db: clients.insert_client(db, charlie, "Acme", NOW))
    for client_id in (theirs, new_id()):
        with pytest.raises(Conflict) as raised:
            await add_project(database, cast.alice.viewer, "Website", client_id=client_id)
        assert raised.value.kind == "foreign_key"


async def change_everything(database: Database, viewer: Viewer, key: UUID) -> list[type[Exception] | None]:
    """What each way to change a project raises for this viewer."""
    outcomes: list[type[Exception] | None] = []
    for change in (
        lambda db: projects.update_project(db, viewer, key, values("Mine"), NOW),
        lambda db: projects.update_project(db, viewer, key, values("Website"), NOW),
        lambda db: projects.archive_project(db, viewer, key, NOW),
        lambda db: projects.restore_project(db, viewer, key, NOW),
        lambda db: projects.delete_project(db, viewer, key, NOW),
    ):
        try:
            await database.transaction(change)
            outcomes.append(None)
        except (Missing, Forbidden) as refusal:
            outcomes.append(type(refusal))
    return outcomes


async def test_only_those_who_manage_may_change_a_project(database: Database, cast: Cast) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    before = await find(database, cast.alice.viewer, key)
    for mate in (cast.bob.viewer, cast.dana.viewer):
        assert await change_everything(database, mate, key) == [Forbidden] * 5
        with pytest.raises(Forbidden):
            await add_project(database, mate, "Another")
    assert await change_everything(database, cast.charlie.viewer, key) == [Missing] * 5
    assert await find(database, cast.charlie.viewer, key) is None
    assert await find(database, cast.alice.viewer, key) == before
    assert len(await journal_of(database, key)) == 1


async def test_the_role_is_asked_of_the_database(database: Database, cast: Cast) -> None:
    """A role lost since the request began is lost."""
    pretender = replace(cast.bob.viewer, role="owner")
    with pytest.raises(Forbidden):
        await add_project(database, pretender, "Website")
    key = await add_project(database, cast.alice.viewer, "Website")
    assert await change_everything(database, pretender, key) == [Forbidden] * 5
