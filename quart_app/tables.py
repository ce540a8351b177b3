"""Tables, columns, constraints and indexes: one schema for PostgreSQL and SQLite.

Every row of a workspace carries `workspace_id`, and every key to such a row is composite, so that a row can never
point into somebody else's workspace and the schema can be distributed by `workspace_id`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects import postgresql

from quart_app.kinds import Folded, Instant

ROLES = ("owner", "admin", "manager", "member", "viewer")
COLOURS = 12
MAX_NAME = 120
MAX_DESCRIPTION = 5000

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


def _id(name: str = "id", *, nullable: bool = False) -> Column[UUID]:
    return Column(name, Id, nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable)


def _text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, sa.Text, nullable=False, server_default=default)


def _flag(name: str) -> Column[bool]:
    return Column(name, sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false())


def _length(column: str, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) <= {most}", name=f"{column}_length")


def _within(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _points(column: str, target: str, ondelete: str) -> ForeignKeyConstraint:
    """A key to a row of the same workspace: `target` is its "table.column"."""
    table = target.partition(".")[0]
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", target], ondelete=ondelete
    )


users = Table(
    "users",
    metadata,
    _id(),
    _text("username"),
    Column("username_key", Folded, nullable=False),
    _text("email"),
    Column("email_key", Folded, nullable=False),
    _text("name", ""),
    _text("password_hash"),
    _text("time_zone", "UTC"),
    _text("locale", "en"),
    _text("hour_cycle", "24"),
    _text("date_order", "dmy"),
    Column("week_start", sa.SmallInteger, nullable=False, server_default="0"),
    _text("theme", "system"),
    _text("density", "comfortable"),
    _text("duration_format", "clock"),
    # Minutes of work that a day is meant to have; 0: no target.
    Column("day_target", sa.SmallInteger, nullable=False, server_default="480"),
    # Minutes after which a running timer is thought to be forgotten; 0: never.
    Column("timer_limit", sa.Integer, nullable=False, server_default="480"),
    Column(
        "is_warned_of_overlap", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true()
    ),
    # The person's latest request, and the last one before they were away: see queries/presence.py.
    _at("active_at", nullable=True),
    _at("away_since", nullable=True),
    # Counts this person's changes to what their pages show; what was rendered for a revision may be shown again.
    Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    _at("created_at"),
    _at("updated_at"),
    PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("username_key", name="uq_users_username"),
    sa.UniqueConstraint("email_key", name="uq_users_email"),
    sa.CheckConstraint("week_start BETWEEN 0 AND 6", name="week_start"),
    _within("hour_cycle", ("12", "24")),
    _within("date_order", ("dmy", "mdy", "ymd")),
    _within("theme", ("system", "light", "dark")),
    _within("density", ("comfortable", "compact")),
    _within("duration_format", ("clock", "decimal")),
    sa.CheckConstraint("day_target BETWEEN 0 AND 1440", name="day_target"),
    sa.CheckConstraint("timer_limit BETWEEN 0 AND 10080", name="timer_limit"),
    _length("username", MAX_NAME),
    _length("name", MAX_NAME),
)

workspaces = Table(
    "workspaces",
    metadata,
    _id(),
    _text("name"),
    # From then on nobody's entries may overlap here: what is written gets is_exclusive.
    _flag("forbids_overlap"),
    # Counts changes to the workspace's projects, clients and tags.
    Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    _at("created_at"),
    PrimaryKeyConstraint("id"),
    _length("name", MAX_NAME),
)

memberships = Table(
    "memberships",
    metadata,
    _id("workspace_id"),
    _id("user_id"),
    _text("role"),
    _at("created_at"),
    # Who has left is no member any more; the row stays for the sake of their entries, which are the workspace's.
    _at("left_at", nullable=True),
    PrimaryKeyConstraint("workspace_id", "user_id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="RESTRICT"),
    _within("role", ROLES),
    Index(None, "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _id("user_id"),
    # The workspace this session looks at. Leaving the workspace ends the session: its rights have changed.
    _id("workspace_id"),
    Column("token_hash", sa.LargeBinary, nullable=False),
    _text("user_agent", ""),
    _text("address", ""),
    _at("created_at"),
    _at("last_seen_at"),
    _at("expires_at"),
    PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("token_hash"),
    _points("user_id", "memberships.user_id", "CASCADE"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

# One row a throttled key (an address or an account, keyed by a hash): the theoretical arrival time of GCRA.
throttles = Table(
    "throttles",
    metadata,
    Column("key", sa.LargeBinary, nullable=False),
    _at("arrives_at"),
    PrimaryKeyConstraint("key"),
    Index(None, "arrives_at"),
)


def _named(table: str, *columns: Any) -> Table:
    """A table of things of a workspace that have a name of their own, unique whatever the case."""
    return Table(
        table,
        metadata,
        _id("workspace_id"),
        _id(),
        _text("name"),
        Column("name_key", Folded, nullable=False),
        *columns,
        _at("created_at"),
        _at("updated_at"),
        _at("archived_at", nullable=True),
        Column("version", sa.Integer, nullable=False, server_default="1"),
        PrimaryKeyConstraint("workspace_id", "id"),
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
        sa.UniqueConstraint("workspace_id", "name_key", name=f"uq_{table}_name"),
        _length("name", MAX_NAME),
        sa.CheckConstraint("length(name) > 0", name="name_given"),
    )


clients = _named("clients")
tags = _named("tags")
projects = _named(
    "projects",
    _text("description", ""),
    _id("client_id", nullable=True),
    Column("colour", sa.SmallInteger, nullable=False, server_default="1"),
    _flag("is_billable"),
    _points("client_id", "clients.id", "RESTRICT"),
    sa.CheckConstraint(f"colour BETWEEN 1 AND {COLOURS}", name="colour"),
    _length("description", MAX_DESCRIPTION),
    Index(None, "workspace_id", "client_id"),
)

entries = Table(
    "entries",
    metadata,
    _id("workspace_id"),
    _id(),
    _id("user_id"),
    _id("project_id", nullable=True),
    _text("description", ""),
    _at("started_at"),
    _at("ended_at", nullable=True),
    _flag("is_billable"),
    # Must not overlap another such entry of this person, once both have ended: the exclusion constraint
    # ex_entries_overlap on PostgreSQL, triggers on SQLite. Set by a trigger whenever its times are written, as its
    # workspace has it. The second migration makes all of these.
    _flag("is_exclusive"),
    # When somebody last said that this timer, which runs long, goes on rightly.
    _at("confirmed_at", nullable=True),
    _at("created_at"),
    _at("updated_at"),
    _at("deleted_at", nullable=True),
    Column("version", sa.Integer, nullable=False, server_default="1"),
    PrimaryKeyConstraint("workspace_id", "id"),
    _points("user_id", "memberships.user_id", "RESTRICT"),
    _points("project_id", "projects.id", "RESTRICT"),
    sa.CheckConstraint("ended_at >= started_at", name="ends_after_start"),
    _length("description", MAX_DESCRIPTION),
)

_LIVE = "deleted_at IS NULL"
_RUNNING = f"ended_at IS NULL AND {_LIVE}"
# A day: what an entry may last at most to be found by a look one day back. Longer ones are few and have an index.
LONG_SECONDS = 86_400
_LONG = {
    "postgresql": f"ended_at - started_at > interval '{LONG_SECONDS} seconds' AND {_LIVE}",
    "sqlite": f"ended_at - started_at > {LONG_SECONDS} AND {_LIVE}",
}


def _partial(name: str, *columns: Any, where: str | dict[str, str], unique: bool = False) -> Index:
    by_dialect = where if isinstance(where, dict) else {"postgresql": where, "sqlite": where}
    return Index(
        name,
        *columns,
        unique=unique,
        postgresql_where=sa.text(by_dialect["postgresql"]),
        sqlite_where=sa.text(by_dialect["sqlite"]),
    )


# The promise "one running timer a person" is this index, over all workspaces of that person.
_partial("uq_entries_one_running_per_user", entries.c.user_id, where=_RUNNING, unique=True)
_partial("ix_entries_running", entries.c.workspace_id, where=_RUNNING)
_partial("ix_entries_long", entries.c.workspace_id, entries.c.user_id, entries.c.ended_at, where=_LONG)
_partial(
    "ix_entries_of_user",
    entries.c.workspace_id,
    entries.c.user_id,
    entries.c.started_at.desc(),
    entries.c.id.desc(),
    where=_LIVE,
)
# Serves SQLite's triggers; PostgreSQL's constraint has an index of its own.
_partial(
    "ix_entries_exclusive",
    entries.c.workspace_id,
    entries.c.user_id,
    entries.c.ended_at,
    where=f"is_exclusive AND ended_at IS NOT NULL AND {_LIVE}",
)
_partial("ix_entries_trash", entries.c.deleted_at, where="deleted_at IS NOT NULL")
_partial("ix_entries_of_workspace", entries.c.workspace_id, entries.c.started_at.desc(), where=_LIVE)
Index("ix_entries_project", entries.c.workspace_id, entries.c.project_id, entries.c.started_at)

entry_tags = Table(
    "entry_tags",
    metadata,
    _id("workspace_id"),
    _id("entry_id"),
    _id("tag_id"),
    PrimaryKeyConstraint("workspace_id", "entry_id", "tag_id"),
    _points("entry_id", "entries.id", "CASCADE"),
    _points("tag_id", "tags.id", "RESTRICT"),
    Index(None, "workspace_id", "tag_id", "entry_id"),
)

# What a person starts again and again, kept at hand.
favourites = Table(
    "favourites",
    metadata,
    _id("workspace_id"),
    _id(),
    _id("user_id"),
    _id("project_id", nullable=True),
    _text("description", ""),
    Column("description_key", Folded, nullable=False),
    _flag("is_billable"),
    _at("created_at"),
    PrimaryKeyConstraint("workspace_id", "id"),
    _points("user_id", "memberships.user_id", "CASCADE"),
    _points("project_id", "projects.id", "RESTRICT"),
    _length("description", MAX_DESCRIPTION),
)
# Each text once for each project, and once without one: NULL never equals NULL.
_one_favourite = (favourites.c.workspace_id, favourites.c.user_id, favourites.c.description_key)
_partial(
    "uq_favourites_with_project",
    *_one_favourite,
    favourites.c.project_id,
    where="project_id IS NOT NULL",
    unique=True,
)
_partial("uq_favourites_without_project", *_one_favourite, where="project_id IS NULL", unique=True)

favourite_tags = Table(
    "favourite_tags",
    metadata,
    _id("workspace_id"),
    _id("favourite_id"),
    _id("tag_id"),
    PrimaryKeyConstraint("workspace_id", "favourite_id", "tag_id"),
    _points("favourite_id", "favourites.id", "CASCADE"),
    _points("tag_id", "tags.id", "CASCADE"),
)

# The journal. Append-only: triggers made by the first migration refuse every UPDATE and DELETE.
changes = Table(
    "changes",
    metadata,
    _id("workspace_id"),
    _id(),
    _id("user_id"),
    _text("subject"),
    _id("subject_id"),
    _text("action"),
    Column("before", Json, nullable=True),
    Column("after", Json, nullable=True),
    # What one action of a person did together, and the action that this one took back.
    _id("action_id", nullable=True),
    _id("undoes_action_id", nullable=True),
    _at("created_at"),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="RESTRICT"),
    Index(None, "workspace_id", "subject_id", "id"),
    Index(None, "workspace_id", "user_id", "id"),
)
