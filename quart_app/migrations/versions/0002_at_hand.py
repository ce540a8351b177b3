"""What the timer page asks for: settings of taste, no overlaps where a workspace says so, favourites, actions to undo.

Frozen, like all migrations. Columns are added without making a table anew: on SQLite that would empty the tables whose
rows hang on it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

ID = sa.Uuid()
AT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True, precision=0), "postgresql")
LIVE = "deleted_at IS NULL"


def upgrade() -> None:
    _settings()
    _team()
    _away()
    _favourites()
    _actions()
    _overlaps()


def _settings() -> None:
    _add_checked("users", "density", "TEXT DEFAULT 'comfortable'", "density IN ('comfortable', 'compact')")
    _add_checked(
        "users", "duration_format", "TEXT DEFAULT 'clock'", "duration_format IN ('clock', 'decimal')"
    )
    _add_checked("users", "day_target", "SMALLINT DEFAULT '480'", "day_target BETWEEN 0 AND 1440")
    _add_checked("users", "timer_limit", "INTEGER DEFAULT '480'", "timer_limit BETWEEN 0 AND 10080")
    _add_flag("users", "is_warned_of_overlap", sa.true())


def _add_checked(table: str, column: str, kind: str, check: str) -> None:
    """Alembic writes the check of a new column only where it makes the table anew."""
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} NOT NULL "
        f"CONSTRAINT ck_{table}_{column} CHECK ({check})"
    )


def _add_flag(table: str, column: str, default: sa.ColumnElement[bool]) -> None:
    kind = sa.Boolean(create_constraint=False)
    op.add_column(table, sa.Column(column, kind, nullable=False, server_default=default))


def _team() -> None:
    op.add_column("memberships", sa.Column("left_at", AT, nullable=True))


def _away() -> None:
    op.add_column("users", sa.Column("active_at", AT, nullable=True))
    op.add_column("users", sa.Column("away_since", AT, nullable=True))
    op.add_column("entries", sa.Column("confirmed_at", AT, nullable=True))


def _favourites() -> None:
    op.create_table(
        "favourites",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("description_key", sa.Text(), nullable=False),
        sa.Column(
            "is_billable", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()
        ),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_favourites"),
        _to("favourites", ["workspace_id", "user_id"], "memberships", ["workspace_id", "user_id"], "CASCADE"),
        _to("favourites", ["workspace_id", "project_id"], "projects", ["workspace_id", "id"], "RESTRICT"),
        sa.CheckConstraint("length(description) <= 5000", name=op.f("ck_favourites_description_length")),
    )
    text = ["workspace_id", "user_id", "description_key"]
    _create_unique("uq_favourites_with_project", [*text, "project_id"], "project_id IS NOT NULL")
    _create_unique("uq_favourites_without_project", text, "project_id IS NULL")
    op.create_table(
        "favourite_tags",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("favourite_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "favourite_id", "tag_id", name="pk_favourite_tags"),
        _to(
            "favourite_tags",
            ["workspace_id", "favourite_id"],
            "favourites",
            ["workspace_id", "id"],
            "CASCADE",
        ),
        _to("favourite_tags", ["workspace_id", "tag_id"], "tags", ["workspace_id", "id"], "CASCADE"),
    )


def _create_unique(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name, "favourites", columns, unique=True, postgresql_where=condition, sqlite_where=condition
    )


def _to(
    table: str, columns: list[str], other: str, keys: list[str], ondelete: str
) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{'_'.join(columns)}_{other}"
    return sa.ForeignKeyConstraint(columns, [f"{other}.{key}" for key in keys], name=name, ondelete=ondelete)


def _actions() -> None:
    op.add_column("changes", sa.Column("action_id", ID, nullable=True))
    op.add_column("changes", sa.Column("undoes_action_id", ID, nullable=True))
    op.create_index("ix_changes_workspace_id_user_id_id", "changes", ["workspace_id", "user_id", "id"])


def _overlaps() -> None:
    _add_flag("workspaces", "forbids_overlap", sa.false())
    _add_flag("entries", "is_exclusive", sa.false())
    ended = f"is_exclusive AND ended_at IS NOT NULL AND {LIVE}"
    op.create_index(
        "ix_entries_exclusive",
        "entries",
        ["workspace_id", "user_id", "ended_at"],
        postgresql_where=sa.text(ended),
        sqlite_where=sa.text(ended),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Equality by a range of one: an index of uuids beside ranges would need the extension btree_gist,
        # which not every server has.
        op.execute("CREATE TYPE uuid_range AS RANGE (subtype = uuid)")
        op.execute(
            "ALTER TABLE entries ADD CONSTRAINT ex_entries_overlap EXCLUDE USING gist ("
            "uuid_range(workspace_id, workspace_id, '[]') WITH &&, "
            "uuid_range(user_id, user_id, '[]') WITH &&, "
            f"tstzrange(started_at, ended_at) WITH &&) WHERE ({ended})"
        )
        _flag_on_postgresql()
        return
    refuse = (
        "WHEN NEW.is_exclusive AND NEW.deleted_at IS NULL AND NEW.ended_at > NEW.started_at "
        "BEGIN SELECT RAISE(ABORT, 'ex_entries_overlap') WHERE EXISTS ("
        "SELECT 1 FROM entries AS other WHERE other.is_exclusive AND other.deleted_at IS NULL "
        "AND other.ended_at IS NOT NULL AND other.workspace_id = NEW.workspace_id "
        "AND other.user_id = NEW.user_id AND other.id <> NEW.id AND other.ended_at > other.started_at "
        "AND other.ended_at > NEW.started_at AND other.started_at < NEW.ended_at); END"
    )
    op.execute(f"CREATE TRIGGER ex_entries_overlap_insert BEFORE INSERT ON entries {refuse}")
    columns = "workspace_id, user_id, started_at, ended_at, deleted_at, is_exclusive"
    op.execute(f"CREATE TRIGGER ex_entries_overlap_update BEFORE UPDATE OF {columns} ON entries {refuse}")
    _flag_on_sqlite()


# Whoever writes when an entry was need not know of the rule: its workspace says whether the entry is exclusive. A write
# that leaves its times alone leaves the flag alone, too: what overlapped before there was a rule can still be edited.
# And one that changes the flag itself means it: entries that change places put it back once all of them are there.
TIMES = ("started_at", "ended_at", "deleted_at")


def _flag_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION flag_exclusive() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "NEW.is_exclusive := coalesce("
        "(SELECT forbids_overlap FROM workspaces WHERE id = NEW.workspace_id), false); RETURN NEW; END $$"
    )
    change = "FOR EACH ROW {} EXECUTE FUNCTION flag_exclusive()"
    moved = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in TIMES)
    op.execute(f"CREATE TRIGGER entries_exclusive_insert BEFORE INSERT ON entries {change.format('')}")
    op.execute(
        f"CREATE TRIGGER entries_exclusive_update BEFORE UPDATE OF {', '.join(TIMES)} ON entries "
        + change.format(f"WHEN (OLD.is_exclusive = NEW.is_exclusive AND ({moved}))")
    )


def _flag_on_sqlite() -> None:
    forbids = "(SELECT forbids_overlap FROM workspaces WHERE id = NEW.workspace_id)"
    flag = (
        f"BEGIN UPDATE entries SET is_exclusive = {forbids} "  # noqa: S608 (no values from outside)
        "WHERE workspace_id = NEW.workspace_id AND id = NEW.id; END"
    )
    differs = f"WHEN NEW.is_exclusive <> {forbids}"
    moved = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in TIMES)
    op.execute(f"CREATE TRIGGER entries_exclusive_insert AFTER INSERT ON entries {differs} {flag}")
    op.execute(
        f"CREATE TRIGGER entries_exclusive_update AFTER UPDATE OF {', '.join(TIMES)} ON entries "
        f"{differs} AND OLD.is_exclusive = NEW.is_exclusive AND ({moved}) {flag}"
    )
