"""Reports are answered by the one index that is made for them, whatever lies around in the table."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import reports
from quart_app.queries.report_entries import select_rows
from quart_app.report_rows import Stretch, conditions, reported
from quart_app.report_spec import Filters
from quart_app.rounding import PLAIN, Rounding
from quart_app.tables import entries
from tests.support.cast import Cast

COUNT = 3000  # entries, an hour apart
INDEX = "ix_entries_report"
# Ways to read a table that cost the least while it is small.
BY_TABLE = ["enable_seqscan", "enable_bitmapscan"]


async def fill(database: Database, viewer: Viewer, now: datetime) -> None:
    rows = [
        {
            "workspace_id": viewer.workspace_id,
            "id": new_id(),
            "user_id": viewer.user_id,
            "description": "Work on the matter, at some length, as people do",
            "started_at": now - timedelta(hours=n),
            "ended_at": now - timedelta(hours=n) + timedelta(days=2 if n % 500 == 0 else 0, minutes=30),
            "is_billable": n % 2 == 0,
            "created_at": now,
            "updated_at": now,
        }
        for n in range(1, COUNT)
    ]
    async with database.writing() as db:
        await db.execute(sa.insert(entries), rows)
        await db.exec_driver_sql("ANALYZE")


async def plan(
    database: Database, statement: sa.Select[Any] | sa.CompoundSelect[Any], *, as_if_big: bool = False
) -> str:
    """How the database would find the rows, in its own words; `as_if_big`: as if the table were too big to look at."""
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    async with database.snapshot() as db:
        if as_if_big and database.dialect == "postgresql":
            await db.exec_driver_sql(
                "SELECT set_config(name, 'off', true) FROM pg_settings WHERE name = ANY ($1)", (BY_TABLE,)
            )
        text: Any = statement.compile(dialect=db.dialect, compile_kwargs={"render_postcompile": True})
        values, binds = text.construct_params(), text.binds
        given = []
        for name in text.positiontup or ():
            # One of several values has the name of them all, and a number.
            kind = binds[name if name in binds else name.rpartition("_")[0]].type
            process = kind.dialect_impl(db.dialect).bind_processor(db.dialect)
            given.append(process(values[name]) if process else values[name])
        rows = await db.exec_driver_sql(explain + str(text), tuple(given))
        return "\n".join(str(row[-1]) for row in rows)


def month_of(viewer: Viewer, now: datetime, days: int = 1) -> Stretch:
    """The last four weeks, in buckets of so many days."""
    today = periods.local_day(now, viewer.zone)
    first = today - timedelta(days=28)
    edges = (periods.day_start(first + timedelta(days=n), viewer.zone) for n in range(0, 29, days))
    return Stretch(viewer.zone, tuple(edges))


def sums(
    viewer: Viewer, stretch: Stretch, by: Sequence[str], filters: Filters, rounding: Rounding
) -> sa.Select[Any]:
    where = [reported(viewer), *conditions(viewer, filters)]
    runs = stretch.runs()
    apart = len(runs) <= reports.FEW_RUNS and all(run.is_one for run in runs)
    return reports._whole(runs, where, by, reports._columns(by, None), rounding, apart=apart)


def answered_by_index_alone(found: str) -> bool:
    sqlite, postgresql = f"USING COVERING INDEX {INDEX}", f"Index Only Scan using {INDEX}"
    return (sqlite in found or postgresql in found) and not re.search(
        r"(Seq Scan on|SCAN|Heap Scan on|Index Scan using \w+ on) entries\b(?! USING COVERING)", found
    )


@pytest.mark.parametrize("days", [1, 28])
@pytest.mark.parametrize("by", [("project",), ("billable", "member"), ("task",), ()])
async def test_sums_for_a_manager_come_from_the_index_alone(
    database: Database, cast: Cast, by: tuple[str, ...], days: int
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await fill(database, alice, now)
    for rounding in (PLAIN, Rounding("up", 15, "entry")):
        statement = sums(alice, month_of(alice, now, days), by, Filters(), rounding)
        found = await plan(database, statement, as_if_big=True)
        assert answered_by_index_alone(found), found


async def test_filters_of_projects_people_and_billable_time_leave_it_so(
    database: Database, cast: Cast
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await fill(database, alice, now)
    filters = Filters(members=(alice.user_id,), projects=(None,), billable="yes")
    found = await plan(
        database, sums(alice, month_of(alice, now), ("project",), filters, PLAIN), as_if_big=True
    )
    assert answered_by_index_alone(found), found


async def test_what_reaches_into_the_period_is_found_by_indexes(database: Database, cast: Cast) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await fill(database, alice, now)
    stretch = month_of(alice, now)
    columns = reports._columns(("project",), None)
    edges = reports._edges(stretch, stretch.runs()[:1], [reported(alice)], ("project",), columns, "with", now)
    found = await plan(database, edges)
    assert not re.search(r"(Seq Scan on|SCAN) entries\b", found), found
    assert {"ix_entries_long", "ix_entries_running"} <= {*re.findall(r"\b[iu][xq]_entries_\w+", found)}, found


@pytest.mark.parametrize("sort", ["-start", "start"])
async def test_a_page_of_entries_is_found_in_its_order_by_an_index(
    database: Database, cast: Cast, sort: str
) -> None:
    alice, now = cast.alice.viewer, periods.now()
    await fill(database, alice, now)
    stretches, after = [month_of(alice, now, 28)], f"{new_id()}~{int(now.timestamp()) - 86_400}"
    found = await plan(database, select_rows(alice, stretches, Filters(), sort, now, 50, after))
    assert not re.search(r"(Seq Scan on|SCAN) entries\b", found), found
    assert INDEX in found, found


async def test_those_who_see_their_own_hours_only_have_an_index_too(database: Database, cast: Cast) -> None:
    bob, now = cast.bob.viewer, periods.now()
    await fill(database, cast.alice.viewer, now)
    found = await plan(database, sums(bob, month_of(bob, now), ("project",), Filters(), PLAIN))
    assert not re.search(r"(Seq Scan on|SCAN) entries\b", found), found
