"""What the people who run Chronos ask of the whole database: no viewer, and no rows of anybody's."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from quart_app.db import Connection
from quart_app.tables import entries


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A PostgreSQL server: its version as it writes it, its clock, how many connections it lets in at all, whether the
    one that asked is encrypted, whether it may write, and a name that no other database has."""

    version: str
    clock: datetime
    connections: int
    is_encrypted: bool
    is_read_only: bool
    identity: str


async def count_running(db: Connection) -> int:
    """Timers that run now, of everybody."""
    running = sa.and_(entries.c.ended_at.is_(None), entries.c.deleted_at.is_(None))
    return int(await db.scalar(sa.select(sa.func.count()).where(running)) or 0)


async def find_server_facts(db: Connection) -> ServerFacts | None:
    """None for SQLite, which has no server: its clock is this machine's."""
    if db.dialect.name == "sqlite":
        return None
    row = await db.execute(
        sa.text(
            "SELECT current_setting('server_version'), clock_timestamp(),"
            " current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
            " coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),"
            " current_setting('transaction_read_only')::bool OR pg_is_in_recovery(),"
            " concat_ws(' ', pg_postmaster_start_time(),"
            " (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
    )
    return ServerFacts(*row.one())
