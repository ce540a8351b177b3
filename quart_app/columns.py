"""The columns and rules that tables are made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects import postgresql

from quart_app.kinds import Folded, Instant

MAX_NAME = 120
# Indexes that a migration makes where the server can, and that no table knows of.
BY_HAND = frozenset({"ix_entries_words"})

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


Id = sa.Uuid(as_uuid=True)
# JSONB is what later indexes and diffs want on PostgreSQL; SQLite keeps JSON as text.
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def key(name: str = "id", *, nullable: bool = False) -> Column[UUID]:
    return Column(name, Id, nullable=nullable)


def at(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable)


def text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, sa.Text, nullable=False, server_default=default)


def flag(name: str) -> Column[bool]:
    return Column(name, sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false())


def length(column: str, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) <= {most}", name=f"{column}_length")


def within(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def points(column: str, target: str, ondelete: str) -> ForeignKeyConstraint:
    """A key to a row of the same workspace: `target` is its "table.column"."""
    table = target.partition(".")[0]
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", target], ondelete=ondelete
    )


def partial(name: str, *columns: Any, where: str | dict[str, str], unique: bool = False) -> Index:
    by_dialect = where if isinstance(where, dict) else {"postgresql": where, "sqlite": where}
    return Index(
        name,
        *columns,
        unique=unique,
        postgresql_where=sa.text(by_dialect["postgresql"]),
        sqlite_where=sa.text(by_dialect["sqlite"]),
    )


def named(table: str, *columns: Any) -> Table:
    """A table of things of a workspace that have a name of their own, unique whatever the case."""
    return Table(
        table,
        metadata,
        key("workspace_id"),
        key(),
        text("name"),
        Column("name_key", Folded, nullable=False),
        *columns,
        at("created_at"),
        at("updated_at"),
        at("archived_at", nullable=True),
        Column("version", sa.Integer, nullable=False, server_default="1"),
        PrimaryKeyConstraint("workspace_id", "id"),
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
        sa.UniqueConstraint("workspace_id", "name_key", name=f"uq_{table}_name"),
        length("name", MAX_NAME),
        sa.CheckConstraint("length(name) > 0", name="name_given"),
    )


def of_task() -> tuple[ForeignKeyConstraint, sa.CheckConstraint]:
    """A task is one of the row's own project."""
    mine = ["workspace_id", "project_id", "task_id"]
    theirs = ["tasks.workspace_id", "tasks.project_id", "tasks.id"]
    return (
        ForeignKeyConstraint(mine, theirs, ondelete="RESTRICT"),
        sa.CheckConstraint("task_id IS NULL OR project_id IS NOT NULL", name="task_of_project"),
    )
