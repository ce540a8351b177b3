"""Who is looking, and which rows they may see or change: what every query starts from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import sqlalchemy as sa
from sqlalchemy import exc

from quart_app.db import Connection
from quart_app.dialects import joined_names
from quart_app.kinds import Instant
from quart_app.places import Place
from quart_app.tables import clients, entries, entry_tags, memberships, projects, rates, tags, tasks

# Who may change what belongs to the whole workspace: projects, tasks, clients, tags.
MANAGING = frozenset({"owner", "admin", "manager"})
# Who may change the workspace itself: its name, its rules, its people.
LEADING = frozenset({"owner", "admin"})
# Who may track time of their own: all but those who only look on.
TRACKING: frozenset[str] = MANAGING | {"member"}


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person behind a request, in the workspace that their session looks at."""

    user_id: UUID
    workspace_id: UUID
    session_id: UUID
    role: str
    username: str
    name: str
    email: str
    workspace_name: str
    time_zone: str
    locale: str
    hour_cycle: str
    date_order: str
    week_start: int
    theme: str
    density: str = "comfortable"
    duration_format: str = "clock"
    day_target: int = 480  # minutes, 0 for none
    timer_limit: int = 480  # minutes, 0 for none
    is_warned_of_overlap: bool = True
    forbids_overlap: bool = False  # the workspace
    active_at: datetime | None = None
    away_since: datetime | None = None
    revision: int = 0
    workspace_revision: int = 0
    confirmed_at: datetime | None = None  # of the timer that runs

    @property
    def zone(self) -> ZoneInfo:
        return _zone(self.time_zone)

    @property
    def looks(self) -> tuple[str | int | bool, ...]:
        """All that the same rows may look different by: what is kept ready-made is found by it."""
        return (
            self.locale,
            self.time_zone,
            self.hour_cycle,
            self.date_order,
            self.duration_format,
            self.week_start,
            self.day_target,
            self.may_track,
        )

    @property
    def display_name(self) -> str:
        return self.name or self.username

    @property
    def may_manage(self) -> bool:
        return self.role in MANAGING

    @property
    def may_lead(self) -> bool:
        return self.role in LEADING

    @property
    def may_track(self) -> bool:
        return self.role in TRACKING


class Forbidden(Exception):
    """The row is there for this viewer to know of, but this is not theirs to do: 403."""


class Missing(Exception):
    """There is no such row, or none that this viewer may know of: 404."""


def own_entries(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Rows of entries that belong to the viewer, in their workspace, and are not in the trash."""
    return sa.and_(
        entries.c.workspace_id == viewer.workspace_id,
        entries.c.user_id == viewer.user_id,
        entries.c.deleted_at.is_(None),
    )


def visible(table: sa.Table, viewer: Viewer) -> sa.ColumnElement[bool]:
    """Rows of a workspace's table (projects, tasks, clients, tags, entries) that the viewer may know of."""
    return table.c.workspace_id == viewer.workspace_id


# By a name of its own, so that statements about memberships can ask, too.
_MINE = memberships.alias("mine")


def has_role(viewer: Viewer, roles: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether the viewer has one of these roles. Asked of the database, in the statement itself: the role may have
    changed since the request began."""
    return (
        sa.select(sa.literal(1))
        .select_from(_MINE)
        .where(
            _MINE.c.workspace_id == viewer.workspace_id,
            _MINE.c.user_id == viewer.user_id,
            _MINE.c.left_at.is_(None),
            _MINE.c.role.in_(sorted(roles)),
        )
        .exists()
    )


def may_track(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Whether the viewer may add time of their own to this workspace."""
    return has_role(viewer, TRACKING)


def may_manage(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Whether the viewer may add to, and change, what belongs to the whole workspace."""
    return has_role(viewer, MANAGING)


def may_lead(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Whether the viewer may change the workspace itself: its name, its rules, its people."""
    return has_role(viewer, LEADING)


def changeable(table: sa.Table, viewer: Viewer) -> sa.ColumnElement[bool]:
    """Rows that the viewer may change."""
    if table is entries:
        return sa.and_(own_entries(viewer), may_track(viewer))
    if table is rates:
        of_project = sa.and_(rates.c.project_id.is_not(None), may_manage(viewer))
        return sa.and_(visible(rates, viewer), sa.or_(of_project, may_lead(viewer)))
    if table not in (clients, projects, tags, tasks):
        raise ValueError(f"No rule says who may change {table.name}.")
    return sa.and_(visible(table, viewer), may_manage(viewer))


def is_open(
    viewer: Viewer, place: Place | None, *, kept_by: sa.Table | None = None
) -> sa.ColumnElement[bool]:
    """Whether an entry may be put there: to an active project, and an active task of it. One that is there already
    (`kept_by`: its table) may stay."""
    if place is None:
        return sa.true()
    is_active = sa.exists().where(
        visible(projects, viewer), projects.c.id == place.project, projects.c.archived_at.is_(None)
    )
    stays = sa.false() if kept_by is None else kept_by.c.project_id == place.project
    if place.task is None:
        return sa.or_(stays, is_active)
    is_task_active = sa.exists().where(
        visible(tasks, viewer),
        tasks.c.id == place.task,
        tasks.c.project_id == place.project,
        tasks.c.archived_at.is_(None),
    )
    stays_on_task = sa.false() if kept_by is None else kept_by.c.task_id == place.task
    return sa.and_(sa.or_(stays, is_active), sa.or_(sa.and_(stays, stays_on_task), is_task_active))


def seen_rates(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Rates that the viewer may see, and the amounts that come of them: all of the workspace, or none."""
    return sa.and_(visible(rates, viewer), may_manage(viewer))


# --- entries ---------------------------------------------------------------------------------------------------------

# For statements made once: their parameters come from params(viewer).
OWN = sa.and_(
    entries.c.workspace_id == sa.bindparam("viewer_workspace"),
    entries.c.user_id == sa.bindparam("viewer_user"),
    entries.c.deleted_at.is_(None),
)
# What runs for the viewer, in whichever of their workspaces: one at most.
RUNNING = sa.and_(
    entries.c.user_id == sa.bindparam("viewer_user"),
    entries.c.ended_at.is_(None),
    entries.c.deleted_at.is_(None),
)
_TAG_SEPARATOR = "\x1f"


def params(viewer: Viewer) -> dict[str, Any]:
    return {"viewer_workspace": viewer.workspace_id, "viewer_user": viewer.user_id}


class EntryRow(NamedTuple):
    """An entry with what is shown of its project, task and tags. Hashable: what was rendered of it is found by it."""

    id: UUID
    project_id: UUID | None
    description: str
    started_at: datetime
    ended_at: datetime | None
    is_billable: bool
    version: int
    project_name: str | None
    project_colour: int | None
    client_name: str | None
    tag_text: str | None
    task_id: UUID | None = None
    task_name: str | None = None

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def likeness(self) -> tuple[object, ...]:
        """What entries have in common that say the same."""
        return self.description, self.project_id, self.task_id, self.is_billable, self.tags

    @property
    def place(self) -> Place | None:
        return Place.of(self.project_id, self.task_id)

    @property
    def tags(self) -> tuple[str, ...]:
        return names_of(self.tag_text)


def names_of(tag_text: str | None) -> tuple[str, ...]:
    """What stands in a column of tag_text(), in order."""
    return tuple(sorted(tag_text.split(_TAG_SEPARATOR), key=str.casefold)) if tag_text else ()


def tag_text(source: sa.FromClause, links: sa.Table = entry_tags) -> sa.ScalarSelect[str]:
    """The names of the tags of an entry (or a favourite, by its `links`), as one text: see names_of."""
    tagged = links.c.entry_id if links is entry_tags else links.c.favourite_id
    return (
        sa.select(joined_names(tags.c.name, _TAG_SEPARATOR))
        .select_from(
            sa.join(
                links,
                tags,
                sa.and_(tags.c.workspace_id == links.c.workspace_id, tags.c.id == links.c.tag_id),
            )
        )
        .where(links.c.workspace_id == source.c.workspace_id, tagged == source.c.id)
        .correlate(source)
        .scalar_subquery()
    )


def entry_columns(source: sa.FromClause = entries) -> list[sa.ColumnElement[Any]]:
    """The columns of EntryRow; they stand in a statement over with_names()."""
    return [
        source.c.id,
        source.c.project_id,
        source.c.description,
        source.c.started_at,
        source.c.ended_at,
        source.c.is_billable,
        source.c.version,
        projects.c.name.label("project_name"),
        projects.c.colour.label("project_colour"),
        clients.c.name.label("client_name"),
        tag_text(source).label("tag_text"),
        source.c.task_id,
        tasks.c.name.label("task_name"),
    ]


def with_names(rows: sa.FromClause, source: sa.FromClause = entries) -> sa.Join:
    """`rows`, which hold those of `source`, beside the projects, clients and tasks that these belong to."""
    of_project = sa.and_(
        projects.c.workspace_id == source.c.workspace_id, projects.c.id == source.c.project_id
    )
    of_client = sa.and_(
        clients.c.workspace_id == projects.c.workspace_id, clients.c.id == projects.c.client_id
    )
    of_task = sa.and_(tasks.c.workspace_id == source.c.workspace_id, tasks.c.id == source.c.task_id)
    return rows.outerjoin(projects, of_project).outerjoin(clients, of_client).outerjoin(tasks, of_task)


def select_entry_rows(source: sa.FromClause = entries) -> sa.Select[Any]:
    """Columns of EntryRow, from the table or from a subquery of its rows. The caller says whose."""
    return sa.select(*entry_columns(source)).select_from(with_names(source, source))


# --- statements that are asked often ---------------------------------------------------------------------------------


class Quick:
    """A statement made once, run past SQLAlchemy's execution. Its results are all rows, in the order of its columns.

    On PostgreSQL the driver itself is given the compiled text and the values, on the very connection and within the
    very transaction that `db` stands for: that takes a tenth of the processor's time (docs/performance.md). Elsewhere,
    and as the first statement of a transaction, which has yet to begin, it is executed like any other.
    """

    def __init__(self, statement: sa.Executable) -> None:
        self.statement = statement
        self._text = ""
        self._binds: list[tuple[sa.BindParameter[Any], Callable[[Any], Any] | None]] = []

    async def all(self, db: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Raises what `db.execute` does."""
        driver = _free_driver(db)
        if driver is None:
            return (await db.execute(self.statement, values)).all()
        if not self._text:
            self._compile(db)
        given = []
        for bind, process in self._binds:
            value = values[bind.key] if bind.required else bind.effective_value
            given.append(process(value) if process else value)
        try:
            rows: list[Any] = await driver.fetch(self._text, *given)
        except BaseException as error:
            if driver.is_closed() and isinstance(error, Exception):
                # SQLAlchemy shall find out by itself: then it takes all others of the pool for lost, too.
                await db.exec_driver_sql("SELECT 1")
            if not isinstance(error, asyncpg.PostgresError):
                await db.invalidate()
            if isinstance(error, asyncpg.PostgresError):
                raise _as_sqlalchemy(self._text, error) from error
            if isinstance(error, asyncpg.InternalClientError):
                # What the driver says when the server's farewell comes in just now.
                raise asyncpg.InterfaceError("The connection was lost.") from error
            raise
        return rows

    async def first(self, db: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        rows = await self.all(db, values)
        return rows[0] if rows else None

    def _compile(self, db: Connection) -> None:
        dialect, statement = db.dialect, cast(Any, self.statement)
        compiled = statement.compile(dialect=dialect)
        # Instants come as they should be; lists of values would be written out only by SQLAlchemy.
        kinds = [column.type.dialect_impl(dialect) for column in compiled._result_columns]
        work = [
            kind for kind in kinds if kind.result_processor(dialect, None) and not isinstance(kind, Instant)
        ]
        if work or compiled.post_compile_params:
            raise TypeError(f"This statement needs work that only SQLAlchemy does: {compiled}")
        binds = [compiled.binds[name] for name in compiled.positiontup]
        self._binds = [(bind, bind.type.dialect_impl(dialect).bind_processor(dialect)) for bind in binds]
        self._text = str(compiled)


def _free_driver(db: Connection) -> "asyncpg.Connection[asyncpg.Record] | None":
    """The driver's connection where it may be given a statement: in autocommit, or in a transaction that has begun."""
    if db.dialect.name != "postgresql" or (sync := db.sync_connection) is None:
        return None
    driver: Any = sync.connection.driver_connection
    alone = sync.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    return driver if alone or driver.is_in_transaction() else None


def _as_sqlalchemy(text: str, error: asyncpg.PostgresError) -> exc.DBAPIError:
    """The driver's error in the form that db.py knows."""
    broken = isinstance(error, asyncpg.IntegrityConstraintViolationError)
    return (exc.IntegrityError if broken else exc.DBAPIError)(text, None, _Original(error))


class _Original(Exception):
    """Takes the place of the driver's error, as in SQLAlchemy's own: its state, and the error itself as the cause."""

    def __init__(self, error: asyncpg.PostgresError) -> None:
        super().__init__(str(error))
        self.sqlstate = error.sqlstate
        self.__cause__ = error
