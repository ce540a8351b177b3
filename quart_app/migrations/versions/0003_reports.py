"""What reports ask for: tasks of projects, rates with their dates, saved reports, and indexes that answer them.

Frozen, like all migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ID = sa.Uuid()
AT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True, precision=0), "postgresql")
LIVE = "deleted_at IS NULL"
TASK_KEY = "fk_entries_workspace_id_project_id_task_id_tasks"


def upgrade() -> None:
    _tasks()
    _entry_tasks()
    _rates()
    _saved_reports()
    _indexes()


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("archived_at", AT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_tasks"),
        _to("tasks", ["project_id"], "projects", "RESTRICT"),
        sa.UniqueConstraint("workspace_id", "project_id", "name_key", name="uq_tasks_name"),
        sa.UniqueConstraint("workspace_id", "project_id", "id", name="uq_tasks_of_project"),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_tasks_name_length")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_tasks_name_given")),
    )


def _to(
    table: str, columns: list[str], other: str, ondelete: str, key: str = "id"
) -> sa.ForeignKeyConstraint:
    mine = ["workspace_id", *columns]
    theirs = [f"{other}.workspace_id", f"{other}.{key}"]
    return sa.ForeignKeyConstraint(
        mine, theirs, name=f"fk_{table}_{'_'.join(mine)}_{other}", ondelete=ondelete
    )


def _entry_tasks() -> None:
    """An entry's task is one of its project: a key over three columns says so, where both are given."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in ("entries", "favourites"):
        rules = (
            f"CONSTRAINT fk_{table}_workspace_id_project_id_task_id_tasks "
            "FOREIGN KEY(workspace_id, project_id, task_id) "
            "REFERENCES tasks (workspace_id, project_id, id) ON DELETE RESTRICT",
            f"CONSTRAINT ck_{table}_task_of_project CHECK (task_id IS NULL OR project_id IS NOT NULL)",
        )
        if is_sqlite:
            _make_anew(table, "task_id CHAR(32)", rules)
            continue
        op.execute(f"ALTER TABLE {table} ADD COLUMN task_id UUID")
        for rule in rules:
            op.execute(f"ALTER TABLE {table} ADD {rule}")


def _make_anew(table: str, column: str, rules: tuple[str, ...]) -> None:
    """SQLite adds no rules to a table that is there: it is made anew, with all that hangs on it, as SQLite's manual has
    it ("Making Other Kinds Of Table Schema Changes"). Keys are not enforced meanwhile: see Database.migrating."""
    bind = op.get_bind()
    kept = bind.exec_driver_sql(
        f"SELECT type, sql FROM sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL"  # noqa: S608 (our names)
    ).all()
    made = next(sql for kind, sql in kept if kind == "table")
    inner = made[made.index("(") + 1 : made.rindex(")")]
    # Columns stand before rules, and the primary key is the first of these.
    place = inner.index("CONSTRAINT pk_")
    columns = ", ".join(row[1] for row in bind.exec_driver_sql(f"PRAGMA table_info({table})"))
    op.execute(f"CREATE TABLE {table}_anew ({inner[:place]}{column}, {inner[place:]}, {', '.join(rules)})")
    op.execute(f"INSERT INTO {table}_anew ({columns}) SELECT {columns} FROM {table}")  # noqa: S608
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_anew RENAME TO {table}")
    for kind, sql in kept:
        if kind != "table":
            bind.exec_driver_sql(sql)


def _rates() -> None:
    op.execute(
        "ALTER TABLE workspaces ADD COLUMN currency TEXT DEFAULT 'EUR' NOT NULL "
        "CONSTRAINT ck_workspaces_currency CHECK (length(currency) = 3)"
    )
    op.create_table(
        "rates",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("rate_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_rates"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_rates_workspace_id_workspaces", ondelete="RESTRICT"
        ),
        _to("rates", ["project_id"], "projects", "RESTRICT"),
        sa.CheckConstraint("rate_minor BETWEEN 0 AND 100000000", name=op.f("ck_rates_rate_minor")),
    )
    _create_index(
        "uq_rates_of_project",
        "rates",
        ["workspace_id", "project_id", "starts_on"],
        "project_id IS NOT NULL",
        unique=True,
    )
    _create_index(
        "uq_rates_of_workspace", "rates", ["workspace_id", "starts_on"], "project_id IS NULL", unique=True
    )


def _create_index(
    name: str, table: str, columns: list[str | sa.TextClause], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


def _saved_reports() -> None:
    op.create_table(
        "saved_reports",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column(
            "is_shared", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()
        ),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_saved_reports"),
        _to("saved_reports", ["user_id"], "memberships", "CASCADE", "user_id"),
        sa.UniqueConstraint("workspace_id", "user_id", "name_key", name="uq_saved_reports_name"),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_saved_reports_name_length")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_saved_reports_name_given")),
        sa.CheckConstraint("length(query) <= 5000", name=op.f("ck_saved_reports_query_length")),
    )
    op.create_table(
        "report_pins",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="pk_report_pins"),
        _to("report_pins", ["user_id"], "memberships", "CASCADE", "user_id"),
        _to("report_pins", ["report_id"], "saved_reports", "CASCADE"),
    )


def _indexes() -> None:
    """One index answers every report without a look at the table: all that is summed and grouped stands in it."""
    op.drop_index("ix_entries_of_workspace", "entries")
    latest: list[str | sa.TextClause] = [sa.text("started_at DESC"), sa.text("id DESC")]
    summed = ["ended_at", "user_id", "project_id", "task_id", "is_billable", "deleted_at"]
    _create_index("ix_entries_report", "entries", ["workspace_id", *latest, *summed], LIVE)
    if op.get_bind().dialect.name == "postgresql":
        # Few entries last longer than a day: without this PostgreSQL takes them for a third of all.
        op.execute("CREATE STATISTICS st_entries_length ON (ended_at - started_at) FROM entries")
        _search_by_words()


def _search_by_words() -> None:
    """The text filter's index, where the server has the extension: else a rare word takes a look at each entry."""
    bind = op.get_bind()
    may = bind.exec_driver_sql(
        "SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') "
        "AND (EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm') "
        "OR has_database_privilege(current_database(), 'CREATE'))"
    ).scalar_one()
    if may:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute(
            f"CREATE INDEX ix_entries_words ON entries USING gin (description gin_trgm_ops) WHERE {LIVE}"
        )
