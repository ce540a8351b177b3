"""The list of entries finds its rows by indexes, however many others there are."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Quick, params
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries as queries
from quart_app.tables import entries
from tests.support.cast import Cast

BY_INDEX = {"ix_entries_of_user", "ix_entries_long", "uq_entries_one_running_per_user"}


async def plan(database: Database, statement: Quick, values: dict[str, Any]) -> str:
    """How the database would find the rows, in its own words."""
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    async with database.reading() as db:
        selected: Any = statement.statement
        text = selected.compile(dialect=db.dialect)
        given = []
        for bind in (text.binds[name] for name in text.positiontup):
            process = bind.type.dialect_impl(db.dialect).bind_processor(db.dialect)
            value = values.get(bind.key, bind.value)
            given.append(process(value) if process else value)
        rows = await db.exec_driver_sql(explain + str(text), tuple(given))
        return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("analyzed", [True, False])
@pytest.mark.parametrize("which", ["_BETWEEN", "_LATEST"])
async def test_each_of_the_three_searches_uses_an_index_of_its_own(
    database: Database, cast: Cast, which: str, analyzed: bool
) -> None:
    now, viewer = periods.now(), cast.alice.viewer
    rows = [
        {
            "workspace_id": viewer.workspace_id,
            "id": new_id(),
            "user_id": viewer.user_id,
            "started_at": now - timedelta(hours=n),
            "ended_at": now - timedelta(hours=n) + timedelta(days=2 if n % 500 == 0 else 0, minutes=30),
            "created_at": now,
            "updated_at": now,
        }
        for n in range(1, 3000)
    ]
    async with database.writing() as db:
        await db.execute(sa.insert(entries), rows)
    if analyzed:
        async with database.writing() as db:
            await db.exec_driver_sql("ANALYZE")
    since = now - timedelta(days=3)
    values = {"since": since, "until": now, "count": 50, "at_most": since, "beginning": queries.BEGINNING}
    found = await plan(database, getattr(queries, which), {**params(viewer), **values})
    assert not re.search(r"(Seq Scan on|SCAN) entries\b", found)
    if database.dialect == "sqlite":
        assert set(re.findall(r"\b(?:ix|uq)_entries_\w+", found)) == BY_INDEX
