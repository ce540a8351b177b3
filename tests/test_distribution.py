"""The schema can be distributed by `workspace_id` over several servers (docs/deploy.md): every key of a workspace's
rows holds it. What does not is named here, each with its reason, and nothing else may join it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from quart_app.db import Database
from quart_app.tables import metadata

# Of the whole installation: people, and what is looked for before anybody knows of which workspace it is.
EVERYWHERE = frozenset({"users", "sessions", "throttles"})
# A person runs one timer over all their workspaces: no server that holds only some of them could see that.
EXCEPTIONS = frozenset({"uq_entries_one_running_per_user"})
TENANT = [table for name, table in sorted(metadata.tables.items()) if name not in {*EVERYWHERE, "workspaces"}]
each_table = pytest.mark.parametrize("table", TENANT, ids=str)


def columns(rule: sa.PrimaryKeyConstraint | sa.UniqueConstraint | sa.Index) -> list[str]:
    return [column.name for column in rule.columns]


def unique_rules(table: sa.Table) -> Iterator[sa.UniqueConstraint | sa.Index]:
    yield from (rule for rule in table.constraints if isinstance(rule, sa.UniqueConstraint))
    yield from (index for index in table.indexes if index.unique)


def test_every_other_table_has_the_workspace() -> None:
    assert metadata.tables.keys() >= EVERYWHERE
    assert {str(table) for table in TENANT} >= {"entries", "projects", "changes", "memberships"}
    assert not [str(table) for table in TENANT if "workspace_id" not in table.columns]


@each_table
def test_every_primary_key_begins_with_the_workspace(table: sa.Table) -> None:
    assert columns(table.primary_key)[0] == "workspace_id"


@each_table
def test_every_key_to_rows_of_a_workspace_stays_in_it(table: sa.Table) -> None:
    for rule in table.foreign_key_constraints:
        pairs = {(element.parent.name, element.column.name) for element in rule.elements}
        match rule.referred_table.name:
            case "workspaces":
                assert pairs == {("workspace_id", "id")}, rule.name
            case name if name in EVERYWHERE:
                assert name == "users", f"{rule.name}: only people are had everywhere to be pointed at"
            case _:
                assert ("workspace_id", "workspace_id") in pairs, rule.name


@each_table
def test_every_unique_rule_holds_the_workspace_but_those_named(table: sa.Table) -> None:
    for rule in unique_rules(table):
        assert "workspace_id" in columns(rule) or rule.name in EXCEPTIONS, rule.name


def test_each_exception_is_there_and_is_still_one() -> None:
    rules = {rule.name: columns(rule) for table in TENANT for rule in unique_rules(table)}
    assert not [name for name in EXCEPTIONS if "workspace_id" in rules[name]]


def test_of_what_is_had_everywhere_only_a_session_hangs_on_a_workspaces_rows() -> None:
    """It ends with its membership. Who distributes the schema ends it in another way (docs/deploy.md)."""
    assert {
        (name, rule.referred_table.name)
        for name in EVERYWHERE
        for rule in metadata.tables[name].foreign_key_constraints
        if rule.referred_table.name not in EVERYWHERE
    } == {("sessions", "memberships")}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_migrated_database_says_the_same(database: Database) -> None:
    """Past tables.py migrations make rules by hand: the exclusion constraint is one."""
    query = """
        SELECT t.relname, i.relname, split_part(pg_get_indexdef(i.oid), ' WHERE ', 1) AS definition
        FROM pg_index x
        JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_class i ON i.oid = x.indexrelid
        WHERE (x.indisunique OR x.indisexclusion) AND t.relnamespace = current_schema()::regnamespace
    """
    async with database.reading() as db:
        rules = [tuple(row) for row in await db.execute(sa.text(query))]
    tenants = {str(table) for table in TENANT}
    held = {name: "workspace_id" in definition for table, name, definition in rules if table in tenants}
    assert held["ex_entries_overlap"]
    assert held["pk_entries"]
    assert {name for name, holds in held.items() if not holds} == EXCEPTIONS


def test_the_exceptions_are_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "deploy.md").read_text()
    assert not [name for name in [*EXCEPTIONS, *EVERYWHERE] if f"`{name}`" not in page]
