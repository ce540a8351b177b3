"""The database: engine, reading(), writing(). What differs in SQL itself stands in dialects.py."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from quart_app.db_errors import UNWRITABLE, Conflict, Trouble, Unavailable, named_errors, sqlstate
from quart_app.settings import Settings

__all__ = ["MIGRATION_LOCK", "Conflict", "Connection", "Database", "SchemaState", "Trouble", "Unavailable"]

T = TypeVar("T")
Connection = AsyncConnection
_RETRY = {"40001", "40P01"}  # serialization failure, deadlock
_WAL_SECONDS = 5.0


def _keep_log(connection: Any) -> None:
    """PRAGMA journal_mode=WAL, tried until it is so: of several that open a new file at once, one changes it.

    SQLite may tell the others "locked", and at once: where two would wait for each other, busy_timeout does not count.
    """
    deadline = time.monotonic() + _WAL_SECONDS
    while True:
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            await_only(asyncio.sleep(0.01))
        else:
            return
        finally:
            cursor.close()


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Revisions of the database and of the code; `current` is None in an empty database."""

    current: str | None
    head: str
    known: frozenset[str]

    @property
    def is_current(self) -> bool:
        return self.current == self.head

    @property
    def is_newer(self) -> bool:
        return self.current is not None and self.current not in self.known


class Database:
    """One engine for the process. reading() and writing() are the only doors to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = make_url(settings.database_url)
        self.dialect = self.url.get_backend_name()
        # Why the last write failed, where the database itself can't take any; None since one has succeeded.
        self.unwritable: Trouble | None = None
        self._one_writer = asyncio.Lock()
        self._unfinished: set[asyncio.Task[Any]] = set()
        self.engine = self._make_engine()
        # Single statements need no transaction of their own: on PostgreSQL this saves two round trips a read. SQLite's
        # engine is like that anyway; to say so again for a connection would be a wait, in which a cancelled one leaks.
        self._reader = (
            self.engine
            if self.dialect == "sqlite"
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    def _make_engine(self, *, patient: bool = False) -> AsyncEngine:
        """The pool for serving, or (`patient`) one for long work, past any pooler, where no statement times out."""
        if self.dialect == "sqlite":
            return self._make_sqlite_engine(patient=patient)
        wait = self.settings.database_connect_seconds
        place = self.settings.direct if patient else self.settings.database
        return create_async_engine(
            place.url,
            pool_size=self.settings.pool_size,
            max_overflow=self.settings.pool_size,
            pool_timeout=wait,
            pool_recycle=1800,
            pool_use_lifo=True,
            skip_autocommit_rollback=True,
            hide_parameters=True,
            connect_args={**place.connect_args("chronos", wait), "command_timeout": None if patient else 60},
        )

    def _make_sqlite_engine(self, *, patient: bool) -> AsyncEngine:
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        # AUTOCOMMIT here means that transactions begin where writing() says so, and nowhere else: the driver's own
        # late BEGIN lets two read-then-write transactions lose updates without an error.
        engine = create_async_engine(
            self.url,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            hide_parameters=True,
            pool_size=self.settings.pool_size,
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _configure(connection: Any, _record: Any) -> None:
            _keep_log(connection)
            connection.create_function("casefold", 1, str.casefold, deterministic=True)
            cursor = connection.cursor()
            for pragma in (
                "synchronous=NORMAL",
                f"foreign_keys={'OFF' if patient else 'ON'}",
                f"busy_timeout={600_000 if patient else 5_000}",
                "mmap_size=268435456",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        return engine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for reads; each statement sees what is committed when it starts. Raises Unavailable."""
        with named_errors():
            async with self._opened(self._reader) as db:
                yield db

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection on which all statements see the same moment, for reads that must agree with each other.

        Each is planned for its own values: what serves a day does not serve ten years. Raises Unavailable.
        """
        with named_errors():
            async with self._opened(self._reader) as db, self._one_moment(db):
                yield db

    @asynccontextmanager
    async def snapshot_apart(self) -> AsyncIterator[Connection]:
        """snapshot() on a connection of its own, beside the pool: for what may take long, as whoever reads it does."""
        engine = self._make_engine(patient=True)
        if self.dialect != "sqlite":
            engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        try:
            with named_errors():
                async with self._opened(engine) as db, self._one_moment(db):
                    yield db
        finally:
            await asyncio.shield(self._finish(engine.dispose()))

    @asynccontextmanager
    async def _one_moment(self, db: Connection) -> AsyncIterator[None]:
        await db.exec_driver_sql(_SNAPSHOT if self.dialect == "postgresql" else "BEGIN")
        try:
            if self.dialect == "postgresql":
                await db.exec_driver_sql(_PLANNED)
            yield
        finally:
            if not db.invalidated:
                await db.exec_driver_sql("ROLLBACK")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """One transaction, committed at the end and rolled back on any error. Raises Conflict and Unavailable."""
        try:
            async with self._writing() as db:
                yield db
        except Unavailable as error:
            if error.trouble in UNWRITABLE:
                self.unwritable = error.trouble
            raise
        self.unwritable = None

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Connection]:
        with named_errors():
            if self.dialect != "sqlite":
                async with self._opened(self.engine) as db, db.begin():
                    yield db
                return
            # In this process writers queue in order; BEGIN IMMEDIATE keeps out those of other processes.
            async with self._one_writer, self._opened(self.engine) as db, _immediately(db):
                yield db

    async def transaction(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """`work(db)` in writing(), tried once more when PostgreSQL asks for it (serialization failure, deadlock).

        It runs to its end even where the request is cancelled, because its browser has gone: SQLite would keep the
        write lock of a statement cancelled half way until its cursor is collected.
        """
        return await asyncio.shield(self._finish(self._attempt(work)))

    async def _attempt(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            async with self.writing() as db:
                return await work(db)
        except exc.DBAPIError as error:
            if sqlstate(error) not in _RETRY:
                raise
        async with self.writing() as db:
            return await work(db)

    async def ping(self) -> None:
        """One trivial statement; raises Unavailable."""
        async with self.reading() as db:
            await db.execute(sa.select(1))

    async def schema_revision(self) -> str | None:
        """The Alembic revision of the database, None where there is none yet."""
        version = sa.table("alembic_version", sa.column("version_num", sa.String))
        async with self.reading() as db:
            if not await db.run_sync(lambda sync: sa.inspect(sync).has_table("alembic_version")):
                return None
            return (await db.execute(sa.select(version.c.version_num))).scalar_one_or_none()

    def pool_counts(self) -> dict[str, int]:
        """Connections of the pool: `size` at most kept, `used` now, `idle` now."""
        pool: Any = self.engine.pool
        return {"size": pool.size(), "used": pool.checkedout(), "idle": pool.checkedin()}

    async def connect_listener(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of its own, past pool and pooler, for LISTEN. PostgreSQL only."""
        direct = self.settings.direct
        _, options = self.engine.dialect.create_connect_args(make_url(direct.url))
        options.pop("prepared_statement_cache_size", None)  # SQLAlchemy's own
        options.update(direct.connect_args("chronos-live", self.settings.database_connect_seconds))
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(**options)
        return connection

    async def notify(self, channel: str, payload: str) -> None:
        """NOTIFY, as a statement of its own: it goes out at once. PostgreSQL only."""
        async with self.reading() as db:
            await db.execute(_NOTIFY, {"channel": channel, "payload": payload})

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[Connection]:
        """A transaction that only one process at a time may hold, for migrations; the others wait, as long as it takes.

        On SQLite foreign keys are checked at its end: rebuilding a table drops the old one, and that would cascade.
        """
        engine = self._make_engine(patient=True)
        try:
            with named_errors():
                async with engine.connect() as db:
                    if self.dialect == "sqlite":
                        async with _immediately(db):
                            yield db
                            if broken := (await db.exec_driver_sql("PRAGMA foreign_key_check")).first():
                                raise Conflict("foreign_key", str(broken[0]))
                    else:
                        async with db.begin():
                            await db.execute(
                                sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK}
                            )
                            yield db
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def _opened(self, engine: AsyncEngine) -> AsyncIterator[Connection]:
        """A connection of the pool, which goes back however the request ends: Quart cancels it whenever a browser goes
        away, in the middle of opening or closing a connection too."""
        pool: Any = engine.pool
        # One that lies in the pool comes without waiting, so nothing can cancel that.
        db = await (_open(engine) if pool.checkedin() else self._open_new(engine))
        try:
            yield db
        finally:
            await asyncio.shield(self._finish(db.close()))

    async def _open_new(self, engine: AsyncEngine) -> Connection:
        opening = self._finish(_open(engine))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._close_again)
            raise

    def _finish(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that dispose() waits for."""
        task = asyncio.ensure_future(work)
        self._unfinished.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it has seen it; where nobody did, nobody is there to be told

    def _close_again(self, opening: "asyncio.Task[Connection]") -> None:
        if not opening.cancelled() and opening.exception() is None:
            self._finish(opening.result().close())

    async def dispose(self) -> None:
        while self._unfinished:
            await asyncio.gather(*self._unfinished, return_exceptions=True)
        await self.engine.dispose()


_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PLANNED = (
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true), "
    "set_config('work_mem', '32MB', true)"
)
MIGRATION_LOCK = 0x43_48_52_4F_4E_4F_53  # "CHRONOS"
_NOTIFY = sa.select(sa.func.pg_notify(sa.bindparam("channel"), sa.bindparam("payload")))


async def _open(engine: AsyncEngine) -> Connection:
    return await engine.connect()


@asynccontextmanager
async def _immediately(db: Connection) -> AsyncIterator[None]:
    """A SQLite transaction that holds the write lock from its first moment."""
    await db.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # A statement that was cancelled half way took its connection along, and the transaction with it.
        if not db.invalidated:
            await db.exec_driver_sql("ROLLBACK")
        raise
    await db.exec_driver_sql("COMMIT")
