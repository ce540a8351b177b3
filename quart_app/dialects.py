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


class epoch(FunctionElement[int]):  # noqa: N801
    """An instant as seconds since 1970, an integer on both databases: what costs the least to read."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "epoch"


@compiles(epoch, "postgresql")
def _postgresql_epoch(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    # date_part() and not extract(): a float holds whole seconds exactly, and costs a fraction of a numeric.
    return f"CAST(date_part('epoch', {compiler.process(element.clauses, **kw)}) AS bigint)"


@compiles(epoch, "sqlite")
def _sqlite_epoch(element: epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


class bin_start(FunctionElement[Any]):  # noqa: N801
    """The start of the bin that the first instant lies in: bins of so many seconds (the third, a number written into
    the statement), counted from the second instant."""

    type = Instant()
    inherit_cache = True
    name = "bin_start"


@compiles(bin_start, "postgresql")
def _postgresql_bin(element: bin_start, compiler: SQLCompiler, **kw: Any) -> str:
    instant, origin, step = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"date_bin(make_interval(secs => {step}), {instant}, {origin})"


@compiles(bin_start, "sqlite")
def _sqlite_bin(element: bin_start, compiler: SQLCompiler, **kw: Any) -> str:
    instant, origin, step = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({instant} - ({instant} - {origin}) % {step})"


class total_seconds(FunctionElement[int]):  # noqa: N801
    """The seconds from the first instant to the second, summed over a group."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "total_seconds"


@compiles(total_seconds, "postgresql")
def _postgresql_total(element: total_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(extract(epoch FROM sum({end} - {start})) AS bigint)"


@compiles(total_seconds, "sqlite")
def _sqlite_total(element: total_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"sum({end} - {start})"


class whole_seconds(FunctionElement[int]):  # noqa: N801
    """Whole seconds from the first instant to the second, the quicker way: see epoch."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "whole_seconds"


@compiles(whole_seconds, "postgresql")
def _postgresql_whole(element: whole_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(date_part('epoch', {end} - {start}) AS bigint)"


@compiles(whole_seconds, "sqlite")
def _sqlite_whole(element: whole_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({end} - {start})"


class matches(FunctionElement[bool]):  # noqa: N801
    """Whether a text is like a pattern, whatever the case, in words that PostgreSQL's index of trigrams serves. SQLite
    knows the cases of ASCII only: see matches_any_case."""

    type = sa.Boolean()
    inherit_cache = True
    name = "matches"


class matches_any_case(FunctionElement[bool]):  # noqa: N801
    """The same for patterns with letters beyond ASCII: SQLite asks Python (casefold, see db.py) about each text."""

    type = sa.Boolean()
    inherit_cache = True
    name = "matches_any_case"


def _like(element: type[FunctionElement[Any]], dialect: str, form: str) -> None:
    @compiles(element, dialect)
    def _compile(clause: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        return form.format(*(compiler.process(part, **kw) for part in clause.clauses))


_like(matches, "postgresql", "({} ILIKE {} ESCAPE '\\')")
_like(matches, "sqlite", "({} LIKE {} ESCAPE '\\')")
_like(matches_any_case, "postgresql", "({} ILIKE {} ESCAPE '\\')")
_like(matches_any_case, "sqlite", "(casefold({}) LIKE casefold({}) ESCAPE '\\')")


def containing(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether the column's text holds these very words somewhere, whatever the case."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    like = matches if text.isascii() else matches_any_case
    found: sa.ColumnElement[bool] = like(column, sa.literal(f"%{text}%", sa.Text))
    return found
