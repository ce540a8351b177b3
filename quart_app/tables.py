"""Tables, columns, constraints and indexes: one schema for PostgreSQL and SQLite.

Every row of a workspace carries `workspace_id`, and every key to such a row is composite, so that a row can never
point into somebody else's workspace and the schema can be distributed by `workspace_id`.
"""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from quart_app.columns import (
    MAX_NAME,
    Json,
    at,
    flag,
    key,
    length,
    named,
    of_task,
    partial,
    points,
    text,
    within,
)
from quart_app.columns import metadata as metadata  # noqa: PLC0414 (whoever takes it from here has all tables in it)
from quart_app.kinds import Folded

ROLES = ("owner", "admin", "manager", "member", "viewer")
COLOURS = 12
MAX_DESCRIPTION = 5000

users = Table(
    "users",
    metadata,
    key(),
    text("username"),
    Column("username_key", Folded, nullable=False),
    text("email"),
    Column("email_key", Folded, nullable=False),
    text("name", ""),
    text("password_hash"),
    text("time_zone", "UTC"),
    text("locale", "en"),
    text("hour_cycle", "24"),
    text("date_order", "dmy"),
    Column("week_start", sa.SmallInteger, nullable=False, server_default="0"),
    text("theme", "system"),
    text("density", "comfortable"),
    text("duration_format", "clock"),
    # Minutes of work that a day is meant to have; 0: no target.
    Column("day_target", sa.SmallInteger, nullable=False, server_default="480"),
    # Minutes after which a running timer is thought to be forgotten; 0: never.
    Column("timer_limit", sa.Integer, nullable=False, server_default="480"),
    Column(
        "is_warned_of_overlap", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true()
    ),
    # The person's latest request, and the last one before they were away: see queries/presence.py.
    at("active_at", nullable=True),
    at("away_since", nullable=True),
    # Counts this person's changes to what their pages show; what was rendered for a revision may be shown again.
    Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    at("created_at"),
    at("updated_at"),
    PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("username_key", name="uq_users_username"),
    sa.UniqueConstraint("email_key", name="uq_users_email"),
    sa.CheckConstraint("week_start BETWEEN 0 AND 6", name="week_start"),
    within("hour_cycle", ("12", "24")),
    within("date_order", ("dmy", "mdy", "ymd")),
    within("theme", ("system", "light", "dark")),
    within("density", ("comfortable", "compact")),
    within("duration_format", ("clock", "decimal")),
    sa.CheckConstraint("day_target BETWEEN 0 AND 1440", name="day_target"),
    sa.CheckConstraint("timer_limit BETWEEN 0 AND 10080", name="timer_limit"),
    length("username", MAX_NAME),
    length("name", MAX_NAME),
)

workspaces = Table(
    "workspaces",
    metadata,
    key(),
    text("name"),
    # From then on nobody's entries may overlap here: what is written gets is_exclusive.
    flag("forbids_overlap"),
    # ISO 4217, of all amounts here.
    text("currency", "EUR"),
    # Counts changes to the workspace's projects, clients and tags.
    Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    at("created_at"),
    PrimaryKeyConstraint("id"),
    length("name", MAX_NAME),
    sa.CheckConstraint("length(currency) = 3", name="currency"),
)

memberships = Table(
    "memberships",
    metadata,
    key("workspace_id"),
    key("user_id"),
    text("role"),
    at("created_at"),
    # Who has left is no member any more; the row stays for the sake of their entries, which are the workspace's.
    at("left_at", nullable=True),
    PrimaryKeyConstraint("workspace_id", "user_id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="RESTRICT"),
    within("role", ROLES),
    Index(None, "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    key(),
    key("user_id"),
    # The workspace this session looks at. Leaving the workspace ends the session: its rights have changed.
    key("workspace_id"),
    Column("token_hash", sa.LargeBinary, nullable=False),
    text("user_agent", ""),
    text("address", ""),
    at("created_at"),
    at("last_seen_at"),
    at("expires_at"),
    PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("token_hash"),
    points("user_id", "memberships.user_id", "CASCADE"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

# One row a throttled key (an address or an account, keyed by a hash): the theoretical arrival time of GCRA.
throttles = Table(
    "throttles",
    metadata,
    Column("key", sa.LargeBinary, nullable=False),
    at("arrives_at"),
    PrimaryKeyConstraint("key"),
    Index(None, "arrives_at"),
)


clients = named("clients")
tags = named("tags")
projects = named(
    "projects",
    text("description", ""),
    key("client_id", nullable=True),
    Column("colour", sa.SmallInteger, nullable=False, server_default="1"),
    flag("is_billable"),
    points("client_id", "clients.id", "RESTRICT"),
    sa.CheckConstraint(f"colour BETWEEN 1 AND {COLOURS}", name="colour"),
    length("description", MAX_DESCRIPTION),
    Index(None, "workspace_id", "client_id"),
)

# What is done for a project, by names that are unique within it.
tasks = Table(
    "tasks",
    metadata,
    key("workspace_id"),
    key(),
    key("project_id"),
    text("name"),
    Column("name_key", Folded, nullable=False),
    at("created_at"),
    at("updated_at"),
    at("archived_at", nullable=True),
    Column("version", sa.Integer, nullable=False, server_default="1"),
    PrimaryKeyConstraint("workspace_id", "id"),
    points("project_id", "projects.id", "RESTRICT"),
    sa.UniqueConstraint("workspace_id", "project_id", "name_key", name="uq_tasks_name"),
    # What the keys of those that have a task point at.
    sa.UniqueConstraint("workspace_id", "project_id", "id", name="uq_tasks_of_project"),
    length("name", MAX_NAME),
    sa.CheckConstraint("length(name) > 0", name="name_given"),
)


entries = Table(
    "entries",
    metadata,
    key("workspace_id"),
    key(),
    key("user_id"),
    key("project_id", nullable=True),
    text("description", ""),
    at("started_at"),
    at("ended_at", nullable=True),
    flag("is_billable"),
    # Must not overlap another such entry of this person, once both have ended: the exclusion constraint
    # ex_entries_overlap on PostgreSQL, triggers on SQLite. Set by a trigger whenever its times are written, as its
    # workspace has it. The second migration makes all of these.
    flag("is_exclusive"),
    # When somebody last said that this timer, which runs long, goes on rightly.
    at("confirmed_at", nullable=True),
    at("created_at"),
    at("updated_at"),
    at("deleted_at", nullable=True),
    Column("version", sa.Integer, nullable=False, server_default="1"),
    PrimaryKeyConstraint("workspace_id", "id"),
    points("user_id", "memberships.user_id", "RESTRICT"),
    points("project_id", "projects.id", "RESTRICT"),
    sa.CheckConstraint("ended_at >= started_at", name="ends_after_start"),
    length("description", MAX_DESCRIPTION),
    key("task_id", nullable=True),
    *of_task(),
)

_LIVE = "deleted_at IS NULL"
_RUNNING = f"ended_at IS NULL AND {_LIVE}"
# A day: what an entry may last at most to be found by a look one day back. Longer ones are few and have an index.
LONG_SECONDS = 86_400
_LONG = {
    "postgresql": f"ended_at - started_at > interval '{LONG_SECONDS} seconds' AND {_LIVE}",
    "sqlite": f"ended_at - started_at > {LONG_SECONDS} AND {_LIVE}",
}


# The promise "one running timer a person" is this index, over all workspaces of that person.
partial("uq_entries_one_running_per_user", entries.c.user_id, where=_RUNNING, unique=True)
partial("ix_entries_running", entries.c.workspace_id, where=_RUNNING)
partial("ix_entries_long", entries.c.workspace_id, entries.c.user_id, entries.c.ended_at, where=_LONG)
partial(
    "ix_entries_of_user",
    entries.c.workspace_id,
    entries.c.user_id,
    entries.c.started_at.desc(),
    entries.c.id.desc(),
    where=_LIVE,
)
# Serves SQLite's triggers; PostgreSQL's constraint has an index of its own.
partial(
    "ix_entries_exclusive",
    entries.c.workspace_id,
    entries.c.user_id,
    entries.c.ended_at,
    where=f"is_exclusive AND ended_at IS NOT NULL AND {_LIVE}",
)
partial("ix_entries_trash", entries.c.deleted_at, where="deleted_at IS NOT NULL")
# Answers every report by itself: all that is summed, grouped and asked for stands in it. (SQLite knows no INCLUDE.) The
# third migration adds ix_entries_words (trigrams of descriptions) where PostgreSQL has the extension.
partial(
    "ix_entries_report",
    entries.c.workspace_id,
    entries.c.started_at.desc(),
    entries.c.id.desc(),
    *(
        entries.c[name]
        for name in ("ended_at", "user_id", "project_id", "task_id", "is_billable", "deleted_at")
    ),
    where=_LIVE,
)
Index("ix_entries_project", entries.c.workspace_id, entries.c.project_id, entries.c.started_at)

entry_tags = Table(
    "entry_tags",
    metadata,
    key("workspace_id"),
    key("entry_id"),
    key("tag_id"),
    PrimaryKeyConstraint("workspace_id", "entry_id", "tag_id"),
    points("entry_id", "entries.id", "CASCADE"),
    points("tag_id", "tags.id", "RESTRICT"),
    Index(None, "workspace_id", "tag_id", "entry_id"),
)

# What a person starts again and again, kept at hand.
favourites = Table(
    "favourites",
    metadata,
    key("workspace_id"),
    key(),
    key("user_id"),
    key("project_id", nullable=True),
    text("description", ""),
    Column("description_key", Folded, nullable=False),
    flag("is_billable"),
    at("created_at"),
    PrimaryKeyConstraint("workspace_id", "id"),
    points("user_id", "memberships.user_id", "CASCADE"),
    points("project_id", "projects.id", "RESTRICT"),
    length("description", MAX_DESCRIPTION),
    key("task_id", nullable=True),
    *of_task(),
)
# Each text once for each project, and once without one: NULL never equals NULL.
_one_favourite = (favourites.c.workspace_id, favourites.c.user_id, favourites.c.description_key)
partial(
    "uq_favourites_with_project",
    *_one_favourite,
    favourites.c.project_id,
    where="project_id IS NOT NULL",
    unique=True,
)
partial("uq_favourites_without_project", *_one_favourite, where="project_id IS NULL", unique=True)

favourite_tags = Table(
    "favourite_tags",
    metadata,
    key("workspace_id"),
    key("favourite_id"),
    key("tag_id"),
    PrimaryKeyConstraint("workspace_id", "favourite_id", "tag_id"),
    points("favourite_id", "favourites.id", "CASCADE"),
    points("tag_id", "tags.id", "CASCADE"),
)

# What an hour costs, in minor units of the workspace's currency, from a local date on: of a project, or (project_id
# NULL) of all that have none of their own.
rates = Table(
    "rates",
    metadata,
    key("workspace_id"),
    key(),
    key("project_id", nullable=True),
    Column("starts_on", sa.Date, nullable=False),
    Column("rate_minor", sa.BigInteger, nullable=False),
    at("created_at"),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
    points("project_id", "projects.id", "RESTRICT"),
    sa.CheckConstraint("rate_minor BETWEEN 0 AND 100000000", name="rate_minor"),
)
partial(
    "uq_rates_of_project",
    rates.c.workspace_id,
    rates.c.project_id,
    rates.c.starts_on,
    where="project_id IS NOT NULL",
    unique=True,
)
partial(
    "uq_rates_of_workspace", rates.c.workspace_id, rates.c.starts_on, where="project_id IS NULL", unique=True
)

# A report under a name: `query` is its address's query, as forms/reports.py writes it.
saved_reports = Table(
    "saved_reports",
    metadata,
    key("workspace_id"),
    key(),
    key("user_id"),
    text("name"),
    Column("name_key", Folded, nullable=False),
    text("query"),
    flag("is_shared"),
    at("created_at"),
    at("updated_at"),
    Column("version", sa.Integer, nullable=False, server_default="1"),
    PrimaryKeyConstraint("workspace_id", "id"),
    points("user_id", "memberships.user_id", "CASCADE"),
    sa.UniqueConstraint("workspace_id", "user_id", "name_key", name="uq_saved_reports_name"),
    length("name", MAX_NAME),
    sa.CheckConstraint("length(name) > 0", name="name_given"),
    length("query", 5000),
)

# The one report that somebody has on their timer page.
report_pins = Table(
    "report_pins",
    metadata,
    key("workspace_id"),
    key("user_id"),
    key("report_id"),
    at("created_at"),
    PrimaryKeyConstraint("workspace_id", "user_id"),
    points("user_id", "memberships.user_id", "CASCADE"),
    points("report_id", "saved_reports.id", "CASCADE"),
)

# The journal. Append-only: triggers made by the first migration refuse every UPDATE and DELETE.
changes = Table(
    "changes",
    metadata,
    key("workspace_id"),
    key(),
    key("user_id"),
    text("subject"),
    key("subject_id"),
    text("action"),
    Column("before", Json, nullable=True),
    Column("after", Json, nullable=True),
    # What one action of a person did together, and the action that this one took back.
    key("action_id", nullable=True),
    key("undoes_action_id", nullable=True),
    at("created_at"),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="RESTRICT"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="RESTRICT"),
    Index(None, "workspace_id", "subject_id", "id"),
    Index(None, "workspace_id", "user_id", "id"),
)
