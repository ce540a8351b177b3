"""What the schema promises by itself, whoever writes to it, and the names under which it refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app.db import Conflict, Connection, Database
from quart_app.ids import new_id
from quart_app.tables import changes, clients, entries, memberships, projects, tags, users, workspaces

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Cast:
    """Two people, each with a workspace that has a project, as rows to insert."""

    def __init__(self) -> None:
        self.people = [new_id(), new_id()]
        self.workspaces = [new_id(), new_id()]
        self.projects = [new_id(), new_id()]

    def rows(self) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
        for number in range(2):
            person, workspace = self.people[number], self.workspaces[number]
            yield users, user(person, f"person{number}", f"person{number}@example.com")
            yield workspaces, {"id": workspace, "name": "Somewhere", "created_at": NOW}
            yield (
                memberships,
                {"workspace_id": workspace, "user_id": person, "role": "owner", "created_at": NOW},
            )
            yield projects, thing(workspace, self.projects[number], "Website")

    def entry(self, **values: Any) -> dict[str, Any]:
        known = {"workspace_id": self.workspaces[0], "user_id": self.people[0], "id": new_id()}
        times = {"started_at": NOW, "ended_at": NOW + HOUR, "created_at": NOW, "updated_at": NOW}
        return {**known, **times, **values}

    def change(self) -> dict[str, Any]:
        who = {"workspace_id": self.workspaces[0], "user_id": self.people[0], "id": new_id()}
        return {
            **who,
            "subject": "project",
            "subject_id": self.projects[0],
            "action": "create",
            "created_at": NOW,
        }


def user(key: UUID, username: str, email: str, **values: Any) -> dict[str, Any]:
    names = {"username": username, "username_key": username, "email": email, "email_key": email}
    return {"id": key, **names, "password_hash": "x", "created_at": NOW, "updated_at": NOW, **values}


def thing(workspace: UUID, key: UUID, name: str, **values: Any) -> dict[str, Any]:
    named = {"workspace_id": workspace, "id": key, "name": name, "name_key": name}
    return {**named, "created_at": NOW, "updated_at": NOW, **values}


@pytest.fixture
async def cast(database: Database) -> Cast:
    cast = Cast()
    async with database.writing() as db:
        for table, row in cast.rows():
            await db.execute(sa.insert(table), row)
    return cast


async def insert(database: Database, table: sa.Table, *rows: dict[str, Any]) -> None:
    async with database.writing() as db:
        for row in rows:
            await db.execute(sa.insert(table), row)


async def refusal(database: Database, table: sa.Table, *rows: dict[str, Any]) -> tuple[str, str | None]:
    """The rule that refuses the last of the rows. SQLite never tells the name of a foreign key."""
    await insert(database, table, *rows[:-1])
    with pytest.raises(Conflict) as caught:
        await insert(database, table, rows[-1])
    return caught.value.kind, caught.value.constraint


async def test_nobody_runs_two_timers(database: Database, cast: Cast) -> None:
    running = [cast.entry(ended_at=None), cast.entry(ended_at=None, started_at=NOW + HOUR)]
    assert await refusal(database, entries, *running) == ("unique", "uq_entries_one_running_per_user")


async def test_nobody_runs_timers_in_two_workspaces(database: Database, cast: Cast) -> None:
    member = {
        "workspace_id": cast.workspaces[1],
        "user_id": cast.people[0],
        "role": "member",
        "created_at": NOW,
    }
    await insert(database, memberships, member)
    running = [cast.entry(ended_at=None), cast.entry(ended_at=None, workspace_id=cast.workspaces[1])]
    assert await refusal(database, entries, *running) == ("unique", "uq_entries_one_running_per_user")


async def test_a_running_timer_in_the_trash_does_not_count(database: Database, cast: Cast) -> None:
    await insert(database, entries, cast.entry(ended_at=None, deleted_at=NOW), cast.entry(ended_at=None))


async def test_an_entry_does_not_end_before_it_starts(database: Database, cast: Cast) -> None:
    backwards = cast.entry(ended_at=NOW - timedelta(seconds=1))
    rule = ("check", "ck_entries_ends_after_start")
    assert await refusal(database, entries, cast.entry(ended_at=NOW), backwards) == rule


@pytest.mark.parametrize(
    ("table", "values", "rule"),
    [
        (entries, {"description": "x" * 5001}, "ck_entries_description_length"),
        (projects, {"description": "x" * 5001}, "ck_projects_description_length"),
        (projects, {"colour": 13}, "ck_projects_colour"),
        (projects, {"name": ""}, "ck_projects_name_given"),
        (tags, {"name": "x" * 121}, "ck_tags_name_length"),
        (clients, {"name": ""}, "ck_clients_name_given"),
        (users, {"week_start": 7}, "ck_users_week_start"),
        (users, {"theme": "pink"}, "ck_users_theme"),
        (users, {"hour_cycle": "36"}, "ck_users_hour_cycle"),
        (users, {"date_order": "dym"}, "ck_users_date_order"),
    ],
)
async def test_values_out_of_bounds_are_refused(
    database: Database, cast: Cast, table: sa.Table, values: dict[str, Any], rule: str
) -> None:
    if table is entries:
        row = cast.entry(**values)
    elif table is users:
        row = user(new_id(), "someone", "someone@example.com", **values)
    else:
        row = {**thing(cast.workspaces[0], new_id(), "Something"), **values}
    assert await refusal(database, table, row) == ("check", rule)


async def test_an_entry_has_no_project_of_another_workspace(database: Database, cast: Cast) -> None:
    kind, name = await refusal(database, entries, cast.entry(project_id=cast.projects[1]))
    assert kind == "foreign_key"
    assert name in {None, "fk_entries_workspace_id_project_id_projects"}
    assert (name is None) == (database.dialect == "sqlite")


async def test_nobody_tracks_time_where_they_are_no_member(database: Database, cast: Cast) -> None:
    kind, _ = await refusal(database, entries, cast.entry(workspace_id=cast.workspaces[1]))
    assert kind == "foreign_key"


async def test_a_project_with_entries_stays(database: Database, cast: Cast) -> None:
    await insert(database, entries, cast.entry(project_id=cast.projects[0]))
    with pytest.raises(Conflict) as caught:
        async with database.writing() as db:
            await db.execute(sa.delete(projects).where(projects.c.id == cast.projects[0]))
    assert caught.value.kind == "foreign_key"


@pytest.mark.parametrize("table", [clients, projects, tags], ids=str)
async def test_names_are_unique_whatever_their_case(database: Database, cast: Cast, table: sa.Table) -> None:
    first, second = cast.workspaces
    await insert(database, table, thing(second, new_id(), "Straße  Nº 1"))
    rows = [thing(first, new_id(), "Straße  Nº 1"), thing(first, new_id(), "STRASSE no 1")]
    assert await refusal(database, table, *rows) == ("unique", f"uq_{table.name}_name")


async def test_usernames_and_addresses_are_unique_whatever_their_case(database: Database, cast: Cast) -> None:
    username = user(new_id(), "PERSON0", "other@example.com")
    assert await refusal(database, users, username) == ("unique", "uq_users_username")
    email = user(new_id(), "other", "Person0@Example.COM")
    assert await refusal(database, users, email) == ("unique", "uq_users_email")


REWRITES: list[sa.Update | sa.Delete] = [sa.update(changes).values(action="other"), sa.delete(changes)]


@pytest.mark.parametrize("rewrite", REWRITES, ids=["update", "delete"])
async def test_the_journal_is_append_only(
    database: Database, cast: Cast, rewrite: sa.Update | sa.Delete
) -> None:
    await insert(database, changes, cast.change(), cast.change())
    with pytest.raises(Conflict) as caught:
        async with database.writing() as db:
            await db.execute(rewrite)
    assert caught.value.kind == "other"
    assert "changes is append-only" in str(caught.value.__cause__)
    async with database.reading() as db:
        assert await _actions(db) == ["create", "create"]


async def _actions(db: Connection) -> list[str]:
    return list((await db.execute(sa.select(changes.c.action))).scalars())
