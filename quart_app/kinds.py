"""Kinds of columns of our own: instants in whole seconds, and names under which things must be unique."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware instant in whole seconds, UTC: `timestamptz(0)`, or epoch seconds as an integer on SQLite.

    A naive value is refused, and so is one with a fraction: PostgreSQL would round it up where SQLite cuts it.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            # Not by type_descriptor(): under asyncpg that loses the precision.
            return postgresql.TIMESTAMP(timezone=True, precision=0)
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        if value.microsecond:
            raise ValueError("An instant is stored in whole seconds.")
        return value if dialect.name == "postgresql" else int(value.timestamp())

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromtimestamp(value, UTC)


class Folded(TypeDecorator[str]):
    """The form of a name under which it must be unique: NFKC, case-folded, single blanks.

    Written from the name itself (`name_key=name`), compared with any spelling (`name_key == typed`). SQL's lower() will
    not do: SQLite's knows ASCII only, PostgreSQL's depends on the database's collation.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else fold(value)


def fold(name: str) -> str:
    """What Folded makes of a name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
