"""The words of SQL that SQLite and PostgreSQL do not share, each under one name."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from quart_app.kinds import Instant
from quart_app.tables import LONG_SECONDS


def _says(element: type[FunctionElement[Any]], *, postgresql: str, sqlite: str) -> None:
    """Write the element so in each dialect: {} or {0}, {1} … stand for what it is given, {all} for all of it."""
    for dialect, form in (("postgresql", postgresql), ("sqlite", sqlite)):

        @compiles(element, dialect)
        def _compile(clause: FunctionElement[Any], compiler: SQLCompiler, form: str = form, **kw: Any) -> str:
            parts = [compiler.process(part, **kw) for part in clause.clauses]
            return form.format(*parts, all=", ".join(parts))


class seconds_between(FunctionElement[int]):  # noqa: N801 (reads as the SQL function that it is)
    """Whole seconds from the first instant to the second, as an integer on both databases."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "seconds_between"


# date_part() and not extract(), here and below: a float holds whole seconds exactly, and costs a fraction of a numeric.
_says(
    seconds_between,
    postgresql="CAST(date_part('epoch', ({1}) - ({0})) AS bigint)",
    sqlite="(({1}) - ({0}))",
)


class total_seconds(FunctionElement[int]):  # noqa: N801
    """The seconds from the first instant to the second, summed over a group."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "total_seconds"


_says(
    total_seconds,
    postgresql="CAST(extract(epoch FROM sum({1} - {0})) AS bigint)",
    sqlite="sum({1} - {0})",
)


class epoch(FunctionElement[int]):  # noqa: N801
    """An instant as seconds since 1970, an integer on both databases: what costs the least to read."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "epoch"


_says(epoch, postgresql="CAST(date_part('epoch', {}) AS bigint)", sqlite="{}")


class earlier(FunctionElement[Any]):  # noqa: N801
    """The instant that lies so many seconds (a number written into the statement) before the given one."""

    type = Instant()
    inherit_cache = True
    name = "earlier"


_says(earlier, postgresql="(({}) - make_interval(secs => {}))", sqlite="(({}) - {})")


class bin_start(FunctionElement[Any]):  # noqa: N801
    """The start of the bin that the first instant lies in: bins of so many seconds (the third, a number written into
    the statement), counted from the second instant."""

    type = Instant()
    inherit_cache = True
    name = "bin_start"


_says(
    bin_start,
    postgresql="date_bin(make_interval(secs => {2}), {0}, {1})",
    sqlite="({0} - ({0} - {1}) % {2})",
)


class is_long(FunctionElement[bool]):  # noqa: N801
    """Whether start and end lie more than a day apart, in the very words of the index ix_entries_long: only so is it
    used."""

    type = sa.Boolean()
    inherit_cache = True
    name = "is_long"


_says(
    is_long,
    postgresql=f"{{1}} - {{0}} > interval '{LONG_SECONDS} seconds'",
    sqlite=f"{{1}} - {{0}} > {LONG_SECONDS}",
)


class least(FunctionElement[Any]):  # noqa: N801
    """The smaller of two instants: LEAST, which SQLite calls min()."""

    type = Instant()
    inherit_cache = True
    name = "least"


_says(least, postgresql="least({all})", sqlite="min({all})")


class greatest(FunctionElement[Any]):  # noqa: N801
    """The later of two instants: GREATEST, which SQLite calls max()."""

    type = Instant()
    inherit_cache = True
    name = "greatest"


_says(greatest, postgresql="greatest({all})", sqlite="max({all})")


class joined_names(FunctionElement[str]):  # noqa: N801
    """The texts of a group as one, with a separator between: string_agg, which SQLite calls group_concat."""

    type = sa.Text()
    inherit_cache = True
    name = "joined_names"


_says(joined_names, postgresql="string_agg({all})", sqlite="group_concat({all})")


class matches(FunctionElement[bool]):  # noqa: N801
    """Whether a text is like a pattern, whatever the case, in words that PostgreSQL's index of trigrams serves. SQLite
    knows the cases of ASCII only: see matches_any_case."""

    type = sa.Boolean()
    inherit_cache = True
    name = "matches"


_says(matches, postgresql="({} ILIKE {} ESCAPE '\\')", sqlite="({} LIKE {} ESCAPE '\\')")


class matches_any_case(FunctionElement[bool]):  # noqa: N801
    """The same for patterns with letters beyond ASCII: SQLite asks Python (casefold, see db.py) about each text."""

    type = sa.Boolean()
    inherit_cache = True
    name = "matches_any_case"


_says(
    matches_any_case,
    postgresql="({} ILIKE {} ESCAPE '\\')",
    sqlite="(casefold({}) LIKE casefold({}) ESCAPE '\\')",
)


def insert_for(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, for statements made once for each dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(db: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT in this connection's dialect."""
    return insert_for(db.dialect.name, table)


def containing(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether the column's text holds these very words somewhere, whatever the case."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    like = matches if text.isascii() else matches_any_case
    found: sa.ColumnElement[bool] = like(column, sa.literal(f"%{text}%", sa.Text))
    return found
