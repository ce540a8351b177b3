"""The words of SQL that SQLite and PostgreSQL do not share, each under one name."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import Integer

from quart_app.kinds import Instant
from quart_app.tables import LONG_SECONDS


class seconds_between(FunctionElement[int]):  # noqa: N801 (reads as the SQL function that it is)
    """Whole seconds from the first instant to the second, as an integer on both databases."""

    type = Integer()
    inherit_cache = True
    name = "seconds_between"


@compiles(seconds_between, "postgresql")
def _postgresql_seconds(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(extract(epoch FROM ({end}) - ({start})) AS bigint)"


@compiles(seconds_between, "sqlite")
def _sqlite_seconds(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({end}) - ({start}))"


class earlier(FunctionElement[Any]):  # noqa: N801
    """The instant that lies so many seconds (a number written into the statement) before the given one."""

    type = Instant()
    inherit_cache = True
    name = "earlier"


@compiles(earlier, "postgresql")
def _postgresql_earlier(element: earlier, compiler: SQLCompiler, **kw: Any) -> str:
    instant, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({instant}) - make_interval(secs => {seconds}))"


@compiles(earlier, "sqlite")
def _sqlite_earlier(element: earlier, compiler: SQLCompiler, **kw: Any) -> str:
    instant, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({instant}) - {seconds})"


class is_long(FunctionElement[bool]):  # noqa: N801
    """Whether start and end lie more than a day apart, in the very words of the index ix_entries_long: only so is it
    used."""

    type = sa.Boolean()
    inherit_cache = True
    name = "is_long"


@compiles(is_long, "postgresql")
def _postgresql_long(element: is_long, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{end} - {start} > interval '{LONG_SECONDS} seconds'"


@compiles(is_long, "sqlite")
def _sqlite_long(element: is_long, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{end} - {start} > {LONG_SECONDS}"


class least(FunctionElement[Any]):  # noqa: N801
    """The smaller of two instants: LEAST, which SQLite calls min()."""

    type = Instant()
    inherit_cache = True
    name = "least"


class greatest(FunctionElement[Any]):  # noqa: N801
    """The later of two instants: GREATEST, which SQLite calls max()."""

    type = Instant()
    inherit_cache = True
    name = "greatest"


class joined_names(FunctionElement[str]):  # noqa: N801
    """The texts of a group as one, with a separator between: string_agg, which SQLite calls group_concat."""

    type = sa.Text()
    inherit_cache = True
    name = "joined_names"


def _renamed(element: type[FunctionElement[Any]], dialect: str, name: str) -> None:
    @compiles(element, dialect)
    def _compile(clause: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        return f"{name}({compiler.process(clause.clauses, **kw)})"


_renamed(least, "postgresql", "least")
_renamed(least, "sqlite", "min")
_renamed(greatest, "postgresql", "greatest")
_renamed(greatest, "sqlite", "max")
_renamed(joined_names, "postgresql", "string_agg")
_renamed(joined_names, "sqlite", "group_concat")


def insert_for(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, for statements made once for each dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(db: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT in this connection's dialect."""
    return insert_for(db.dialect.name, table)
