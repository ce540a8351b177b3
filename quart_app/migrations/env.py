"""Alembic's environment: on a connection handed in, else (the alembic command) on the settings' database."""

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from alembic import context

from quart_app.columns import BY_HAND
from quart_app.kinds import Folded, Instant
from quart_app.tables import metadata

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy.engine import Connection

_PLAIN = {
    Instant: 'sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True, precision=0), "postgresql")',
    Folded: "sa.Text()",
}


def _render(kind: str, item: Any, autogen: "AutogenContext") -> str | Literal[False]:
    """A drafted migration names plain types: it must not change when ours do."""
    if kind != "type" or type(item) not in _PLAIN:
        return False
    autogen.imports.add("from sqlalchemy.dialects import postgresql")
    return _PLAIN[type(item)]


def _run(connection: "Connection") -> None:
    # The caller holds the transaction: one for all migrations, so that a failing one leaves nothing behind.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        compare_type=True,
        compare_server_default=False,
        include_name=lambda name, kind, _parents: kind != "index" or name not in BY_HAND,
    )
    context.run_migrations()


async def _connect_and_run() -> None:
    from quart_app.db import Database
    from quart_app.settings import load_settings

    database = Database(load_settings())
    try:
        async with database.migrating() as db:
            await db.run_sync(_run)
    finally:
        await database.dispose()


if "connection" in context.config.attributes:
    _run(context.config.attributes["connection"])
else:
    asyncio.run(_connect_and_run())
