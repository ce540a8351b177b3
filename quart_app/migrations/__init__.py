"""One Alembic history for both databases, applied at start under a lock: replicas may start at once."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from quart_app.db import Database, SchemaState
from quart_app.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class SchemaTooNew(Exception):
    """The database was written by a newer Chronos than this one."""

    def __init__(self, current: str) -> None:
        super().__init__(
            f"This database is at schema {current}, which this version of Chronos does not know. "
            "A newer version has migrated it. Start that version again, or restore a backup made before it."
        )


def config() -> Config:
    """Alembic's configuration, with no file beside it."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    return made


@lru_cache(maxsize=1)
def _history() -> tuple[str, frozenset[str]]:
    script = ScriptDirectory.from_config(config())
    head = script.get_current_head()
    if head is None:
        raise RuntimeError("The migrations are missing from this installation.")
    return head, frozenset(revision.revision for revision in script.walk_revisions())


async def schema_state(database: Database) -> SchemaState:
    """Where the database's schema stands against this code. Raises Unavailable."""
    head, known = _history()
    return SchemaState(await database.schema_revision(), head, known)


async def upgrade(database: Database) -> SchemaState:
    """Bring the schema to this code's head; a second process waits, then finds nothing to do.

    Raises SchemaTooNew, and Unavailable.
    """
    state = await schema_state(database)
    refuse_newer(state.current)
    if not state.is_current:
        async with database.migrating() as db:
            await db.run_sync(_upgrade)
        state = await schema_state(database)
    return state


def is_known(revision: str) -> bool:
    """Whether this code knows the revision; a newer Chronos has more."""
    return revision in _history()[1]


def refuse_newer(current: str | None) -> None:
    """Raises SchemaTooNew."""
    if current is not None and not is_known(current):
        raise SchemaTooNew(current)


def tables() -> frozenset[str]:
    """The names of all tables that Chronos has in its database."""
    return frozenset(metadata.tables) | {"alembic_version"}


def _upgrade(connection: "Connection") -> None:
    # Asked again under the lock: while this process waited for it, a newer Chronos may have migrated.
    refuse_newer(MigrationContext.configure(connection).get_current_revision())
    configuration = config()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")
