"""Errors of the database by name: what a rule refused, and what can't work just now, and why."""

import re
import sqlite3
import ssl
from collections.abc import Callable
from typing import Any, Literal

import asyncpg
import sqlalchemy as sa
from sqlalchemy import exc

from quart_app.tables import metadata


class Conflict(Exception):
    """The database refused a write that breaks one of its rules.

    `kind` is "unique", "foreign_key", "check", "exclusion" or "other"; `constraint` is the rule's name where the
    database tells it (SQLite does not name foreign keys).
    """

    def __init__(self, kind: str, constraint: str | None) -> None:
        super().__init__(f"{kind}: {constraint}")
        self.kind = kind
        self.constraint = constraint


Trouble = Literal["away", "crowded", "refused", "full", "read-only", "broken"]
# What each means, for whoever runs Chronos.
MEANINGS: dict[Trouble, str] = {
    "away": "the database can't be reached",
    "crowded": "the database has no connection left for us",
    "refused": "the database does not let us in",
    "full": "the database's disk is full",
    "read-only": "the database can only be read",
    "broken": "the database's disk does not work",
}
# In which of them it can still be read.
UNWRITABLE: frozenset[Trouble] = frozenset({"full", "read-only", "broken"})
# SQLSTATE classes and codes which say that the server, not the statement, is at fault (PostgreSQL, appendix A):
# 08 connection, 28 wrong password, 3D no such database, 53 out of resources, 57 operator intervention, 58 system
# error, 25006 read-only (a standby).
_SERVER_FAULTS: tuple[tuple[str, Trouble], ...] = (
    ("53100", "full"),
    ("53300", "crowded"),
    ("25006", "read-only"),
    ("28", "refused"),
    ("3D", "refused"),
    ("58", "broken"),
    *((state, "away") for state in ("08", "53", "57")),
)
_SQLITE_FAULTS: tuple[tuple[str, Trouble], ...] = (
    ("is full", "full"),
    ("readonly", "read-only"),
    ("disk I/O error", "broken"),
    ("malformed", "broken"),
    ("not a database", "broken"),
    *((words, "away") for words in ("locked", "busy", "disk", "unable to open")),
)


class Unavailable(Exception):
    """The database can't be reached, or can't work, just now; trying again later may succeed."""

    def __init__(self, told: str, trouble: Trouble = "away") -> None:
        super().__init__(told)
        self.trouble = trouble

    @property
    def meaning(self) -> str:
        """What is the matter, for whoever runs Chronos. No secret stands in it."""
        return MEANINGS[self.trouble]


class named_errors:  # noqa: N801 (used as a with statement)
    """Turns the drivers' errors into Conflict and Unavailable; what is neither passes as it is."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, exc.IntegrityError):
            raise _conflict(error) from error
        if error is not None and (trouble := trouble_of(error)) is not None:
            raise Unavailable(type(error).__name__, trouble) from error


def trouble_of(error: BaseException) -> Trouble | None:
    """What this error of a driver says about the database; None where a statement is wrong, rather."""
    if isinstance(error, exc.TimeoutError):
        return "crowded"
    if isinstance(error, exc.DBAPIError):
        cause: object = error.orig
        if isinstance(cause, sqlite3.DatabaseError):
            found = _first(_SQLITE_FAULTS, lambda words: words in str(cause))
        else:
            found = _by_state(sqlstate(error))
        return found or ("away" if error.connection_invalidated else None)
    if isinstance(error, asyncpg.PostgresError):
        return _by_state(getattr(error, "sqlstate", None))
    if isinstance(error, ssl.SSLCertVerificationError):
        return "refused"
    return "away" if isinstance(error, OSError | asyncpg.InterfaceError) else None


def _by_state(state: str | None) -> Trouble | None:
    return _first(_SERVER_FAULTS, (state or "").startswith)


def _first(faults: tuple[tuple[str, Trouble], ...], fits: Callable[[str], bool]) -> Trouble | None:
    return next((trouble for sign, trouble in faults if fits(sign)), None)


def sqlstate(error: exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)


def _conflict(error: exc.IntegrityError) -> Conflict:
    state = sqlstate(error)
    if state is not None:
        kinds = {
            "23505": "unique",
            "23503": "foreign_key",
            "23001": "foreign_key",
            "23514": "check",
            "23P01": "exclusion",
        }
        cause = getattr(error.orig, "__cause__", None)
        return Conflict(kinds.get(state, "other"), getattr(cause, "constraint_name", None))
    text = str(error.orig)
    if match := re.match(r"UNIQUE constraint failed: (.+)", text):
        return Conflict("unique", _unique_names().get(match[1], match[1]))
    if match := re.match(r"CHECK constraint failed: (\w+)", text):
        return Conflict("check", match[1])
    if match := re.match(r"ex_\w+$", text):  # raised by a trigger of ours
        return Conflict("exclusion", match[0])
    return Conflict("foreign_key" if "FOREIGN KEY" in text else "other", None)


def _unique_names() -> dict[str, str]:
    """SQLite names the columns of a broken unique rule; this finds the rule's own name again."""
    names = {}
    for table in metadata.tables.values():
        rules: list[Any] = [
            c for c in table.constraints if isinstance(c, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
        ]
        rules += [index for index in table.indexes if index.unique]
        for rule in rules:
            names[", ".join(f"{table.name}.{column.name}" for column in rule.columns)] = str(rule.name)
    return names
