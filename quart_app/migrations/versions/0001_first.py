"""The first schema: people, workspaces, what they work on, their time, and the journal.

Frozen: it names plain types and never imports quart_app.tables, which goes on changing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.Uuid()
AT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True, precision=0), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _users()
    _workspaces()
    _sessions()
    _things()
    _entries()
    _entry_indexes()
    _entry_tags()
    _changes()
    _make_append_only("changes")


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False, server_default="UTC"),
        sa.Column("locale", sa.Text(), nullable=False, server_default="en"),
        sa.Column("hour_cycle", sa.Text(), nullable=False, server_default="24"),
        sa.Column("date_order", sa.Text(), nullable=False, server_default="dmy"),
        sa.Column("week_start", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("theme", sa.Text(), nullable=False, server_default="system"),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username"),
        sa.UniqueConstraint("email_key", name="uq_users_email"),
        sa.CheckConstraint("week_start BETWEEN 0 AND 6", name=op.f("ck_users_week_start")),
        sa.CheckConstraint("hour_cycle IN ('12', '24')", name=op.f("ck_users_hour_cycle")),
        sa.CheckConstraint("date_order IN ('dmy', 'mdy', 'ymd')", name=op.f("ck_users_date_order")),
        sa.CheckConstraint("theme IN ('system', 'light', 'dark')", name=op.f("ck_users_theme")),
        sa.CheckConstraint("length(username) <= 120", name=op.f("ck_users_username_length")),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_users_name_length")),
    )


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_workspaces_name_length")),
    )
    op.create_table(
        "memberships",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="pk_memberships"),
        _to_workspace("memberships"),
        _to_user("memberships"),
        sa.CheckConstraint(
            "role IN ('owner', 'admin', 'manager', 'member', 'viewer')", name=op.f("ck_memberships_role")
        ),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False, server_default=""),
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_seen_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        _to_membership("sessions", ondelete="CASCADE"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("arrives_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
    )
    op.create_index("ix_throttles_arrives_at", "throttles", ["arrives_at"])


def _things() -> None:
    _create_named("clients")
    _create_named("tags")
    _create_named(
        "projects",
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("colour", sa.SmallInteger(), nullable=False, server_default="1"),
        sa.Column("is_billable", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(
            ["workspace_id", "client_id"],
            ["clients.workspace_id", "clients.id"],
            name="fk_projects_workspace_id_client_id_clients",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("colour BETWEEN 1 AND 12", name=op.f("ck_projects_colour")),
        sa.CheckConstraint("length(description) <= 5000", name=op.f("ck_projects_description_length")),
    )
    op.create_index("ix_projects_workspace_id_client_id", "projects", ["workspace_id", "client_id"])


def _create_named(table: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        *columns,
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("archived_at", AT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=f"pk_{table}"),
        _to_workspace(table),
        sa.UniqueConstraint("workspace_id", "name_key", name=f"uq_{table}_name"),
        sa.CheckConstraint("length(name) <= 120", name=op.f(f"ck_{table}_name_length")),
        sa.CheckConstraint("length(name) > 0", name=op.f(f"ck_{table}_name_given")),
    )


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("is_billable", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("deleted_at", AT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_entries"),
        _to_membership("entries", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "project_id"],
            ["projects.workspace_id", "projects.id"],
            name="fk_entries_workspace_id_project_id_projects",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_entries_ends_after_start")),
        sa.CheckConstraint("length(description) <= 5000", name=op.f("ck_entries_description_length")),
    )


def _entry_indexes() -> None:
    live = "deleted_at IS NULL"
    running = f"ended_at IS NULL AND {live}"
    newest = sa.text("started_at DESC")
    _create_partial_index("uq_entries_one_running_per_user", ["user_id"], running, unique=True)
    _create_partial_index("ix_entries_running", ["workspace_id"], running)
    _create_partial_index(
        "ix_entries_long",
        ["workspace_id", "user_id", "ended_at"],
        f"ended_at - started_at > interval '86400 seconds' AND {live}",
        sqlite=f"ended_at - started_at > 86400 AND {live}",
    )
    _create_partial_index("ix_entries_of_user", ["workspace_id", "user_id", newest, sa.text("id DESC")], live)
    _create_partial_index("ix_entries_trash", ["deleted_at"], "deleted_at IS NOT NULL")
    _create_partial_index("ix_entries_of_workspace", ["workspace_id", newest], live)
    op.create_index("ix_entries_project", "entries", ["workspace_id", "project_id", "started_at"])


def _create_partial_index(
    name: str, columns: list[str | sa.TextClause], where: str, *, sqlite: str = "", unique: bool = False
) -> None:
    op.create_index(
        name,
        "entries",
        columns,
        unique=unique,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(sqlite or where),
    )


def _entry_tags() -> None:
    op.create_table(
        "entry_tags",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "entry_id", "tag_id", name="pk_entry_tags"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "entry_id"],
            ["entries.workspace_id", "entries.id"],
            name="fk_entry_tags_workspace_id_entry_id_entries",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "tag_id"],
            ["tags.workspace_id", "tags.id"],
            name="fk_entry_tags_workspace_id_tag_id_tags",
            ondelete="RESTRICT",
        ),
    )
    op.create_index(
        "ix_entry_tags_workspace_id_tag_id_entry_id", "entry_tags", ["workspace_id", "tag_id", "entry_id"]
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_changes"),
        _to_workspace("changes"),
        _to_user("changes"),
    )
    op.create_index("ix_changes_workspace_id_subject_id_id", "changes", ["workspace_id", "subject_id", "id"])


def _make_append_only(table: str) -> None:
    """Refuse every change and removal of the table's rows; on PostgreSQL even one that would touch none."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' "
            f"USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{table}_append_only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _to_workspace(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_workspace_id_workspaces"
    return sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=name, ondelete="RESTRICT")


def _to_user(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_user_id_users"
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="RESTRICT")


def _to_membership(table: str, *, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", "user_id"],
        ["memberships.workspace_id", "memberships.user_id"],
        name=f"fk_{table}_workspace_id_user_id_memberships",
        ondelete=ondelete,
    )
