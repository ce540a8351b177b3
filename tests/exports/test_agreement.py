"""Page, CSV, XLSX, JSON Lines and iCalendar say the same of any report: any entries, zones, filters, rounding."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Database
from quart_app.forms.reports import Asked
from quart_app.money import to_minor
from quart_app.report_page import ask_report
from quart_app.report_spec import Days, Filters, Spec
from quart_app.rounding import Rounding
from tests.exports.reading import (
    length_of,
    make,
    minor_of,
    read_csv,
    read_ics,
    read_jsonl,
    read_xlsx,
    seconds_of,
)
from tests.support import pricing
from tests.support.cast import Cast
from tests.support.catalogue import track
from tests.support.reckoning import World, drawn, replace_entries
from tests.support.worlds import Things, cases, furnish, question, summary_of, total_of, weekly_of

Case = tuple[World, Viewer, list[Spec]]


def effort(database: Database) -> int:
    return 10 if database.dialect == "sqlite" else 5


async def permitted(database: Database, case: Case) -> AsyncIterator[Spec]:
    """Those reports of a case that the viewer may ask for."""
    world, viewer, wanted = case
    await replace_entries(database, world)
    for spec in wanted:
        async with database.snapshot() as db:
            try:
                await ask_report(db, viewer, Asked(spec), world.now)
            except (Missing, Forbidden):
                continue
        yield spec


async def priced(database: Database, cast: Cast) -> Things:
    """A workspace with rates that change on some of the days that entries lie around."""
    things = await furnish(database, cast)
    project = next(iter(things.clients))
    await pricing.add(database, cast.alice.viewer, None, date(1980, 1, 1), 9500)
    await pricing.add(database, cast.alice.viewer, project, date(2011, 12, 31), 12345)
    await pricing.add(database, cast.alice.viewer, project, date(2026, 3, 29), 7001)
    return things


async def test_a_list_of_entries_sums_to_the_page(database: Database, cast: Cast) -> None:
    things = await priced(database, cast)

    async def check(case: Case) -> None:
        world, viewer, _wanted = case
        async for asked_for in permitted(database, case):
            spec = replace(asked_for, view="detailed", sort="start")
            asked = await question(database, viewer, spec, world.now)
            sums = await total_of(database, asked)
            rounded = sums.rounded if spec.rounding.is_on else None
            rows = read_csv(await make(database, viewer, spec, "csv", world.now))
            assert len(rows) == sums.entries
            assert sum(seconds_of(row["Duration"]) for row in rows) == sums.seconds
            if rounded is not None:
                assert sum(seconds_of(row["Rounded"]) for row in rows) == rounded
            facts, lines, end = read_jsonl(await make(database, viewer, spec, "jsonl", world.now))
            assert facts["view"] == "detailed"
            assert (end["seconds"], sum(line["seconds"] for line in lines)) == (sums.seconds, sums.seconds)
            assert end.get("rounded_seconds") == rounded
            running = sum(line["seconds"] for line in lines if line["running"])
            assert running == sums.running
            if asked.rates.is_empty:
                assert "amount" not in end
            else:
                assert minor_of(end["amount"]) == to_minor(sums.amount)
                billable = "rounded_seconds" if rounded is not None else "seconds"
                assert sum(line[billable] for line in lines if line["billable"]) == sums.billable_rounded
            events = read_ics(await make(database, viewer, spec, "ics", world.now))
            assert [length_of(event) for event in events] == [line["seconds"] for line in lines]

    await drawn(cases(things), check, effort(database))


async def test_a_workbook_holds_the_same_as_numbers(database: Database, cast: Cast) -> None:
    things = await priced(database, cast)

    async def check(case: Case) -> None:
        world, viewer, _wanted = case
        specs = [spec async for spec in permitted(database, case)]
        if not specs:
            return
        spec = replace(specs[0], view="detailed", sort="start")
        asked = await question(database, viewer, spec, world.now)
        sums = await total_of(database, asked)
        sheet = read_xlsx(await make(database, viewer, spec, "xlsx", world.now))
        rows = read_csv(await make(database, viewer, spec, "csv", world.now))
        assert len(sheet.rows) == len(rows)
        assert sheet.sum("Duration") == sheet.foot["Duration"] == sums.seconds
        assert [row["Duration"] for row in sheet.rows] == [seconds_of(row["Duration"]) for row in rows]
        assert [row["Start"] for row in sheet.rows] == [seconds_of(row["Start"]) for row in rows]
        assert [row["Date"] for row in sheet.rows] == [row["Date"] for row in rows]
        assert round(sheet.foot["Duration (decimal)"] * 3600) == sums.seconds
        if spec.rounding.is_on:
            assert sheet.sum("Rounded") == sheet.foot["Rounded"] == sums.rounded
        if not asked.rates.is_empty:
            assert to_minor(round(sheet.foot["Amount (EUR)"] * 360_000)) == to_minor(sums.amount)

    await drawn(cases(things), check, effort(database))


async def test_a_summary_says_what_its_page_says(database: Database, cast: Cast) -> None:
    things = await priced(database, cast)

    async def check(case: Case) -> None:
        world, viewer, _wanted = case
        async for spec in permitted(database, case):
            asked = await question(database, viewer, spec, world.now)
            page = await summary_of(database, asked)
            lines = [one for line in page.lines for one in (line.lines or [line])]
            rows = read_csv(await make(database, viewer, spec, "csv", world.now))
            assert [seconds_of(row["Duration"]) for row in rows] == [line.sums.seconds for line in lines]
            assert [int(row["Entries"]) for row in rows] == [line.sums.entries for line in lines]
            _facts, objects, end = read_jsonl(await make(database, viewer, spec, "jsonl", world.now))
            assert [one["billable_seconds"] for one in objects] == [line.sums.billable for line in lines]
            assert (end["seconds"], end["entries"]) == (page.total.seconds, page.total.entries)
            if spec.rounding.is_on:
                told = [seconds_of(row["Rounded"]) for row in rows]
                assert told == [line.sums.rounded for line in lines]
                assert end["rounded_seconds"] == page.total.rounded
            sheet = read_xlsx(await make(database, viewer, spec, "xlsx", world.now))
            assert sheet.foot["Duration"] == page.total.seconds
            assert sheet.sum("Duration") == sum(line.sums.seconds for line in lines)

    await drawn(cases(things), check, effort(database))


async def test_a_grid_says_what_its_page_says(database: Database, cast: Cast) -> None:
    things = await priced(database, cast)

    async def check(case: Case) -> None:
        world, viewer, _wanted = case
        async for asked_for in permitted(database, case):
            spec = replace(asked_for, view="weekly")
            page = await weekly_of(database, await question(database, viewer, spec, world.now))
            rows = read_csv(await make(database, viewer, spec, "csv", world.now))
            days = [column.first.isoformat() for column in page.columns]
            for row, line in zip(rows, page.rows, strict=True):
                rounded = spec.rounding.is_on
                told = [seconds_of(row[f"{day}, rounded" if rounded else day]) for day in days]
                assert told == [cell.rounded for cell in line.cells]
                if rounded:
                    assert [seconds_of(row[day]) for day in days] == [cell.seconds for cell in line.cells]
                assert seconds_of(row["Duration"]) == line.line.sums.seconds
            sheet = read_xlsx(await make(database, viewer, spec, "xlsx", world.now))
            assert sheet.foot["Duration"] == page.total.seconds

    await drawn(cases(things), check, effort(database))


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
async def test_the_files_of_two_months_hold_each_second_once(
    database: Database, cast: Cast, zone: str
) -> None:
    alice = cast.alice.viewer
    start, end = datetime(2026, 9, 29, 1, tzinfo=UTC), datetime(2026, 10, 3, 5, 0, 7, tzinfo=UTC)
    key = await track(database, alice, None, start, end)
    found = []
    for first, last in ((date(2026, 9, 1), date(2026, 9, 30)), (date(2026, 10, 1), date(2026, 10, 31))):
        spec = Spec(view="detailed", period="custom", days=Days(first, last), zone=zone)
        (row,) = read_csv(await make(database, alice, spec, "csv", end))
        (event,) = read_ics(await make(database, alice, spec, "ics", end))
        assert row["Clipped"] == "yes"
        assert (row["Start (UTC)"], row["End (UTC)"]) == ("2026-09-29T01:00:00Z", "2026-10-03T05:00:07Z")
        assert length_of(event) == seconds_of(row["Duration"])
        found.append((row, event))
    (before, one), (after, other) = found
    assert before["End"] == after["Start"] == "00:00:00"
    assert after["Date"] == "2026-10-01"
    whole = int((end - start).total_seconds())
    assert seconds_of(before["Duration"]) + seconds_of(after["Duration"]) == whole
    assert one.decoded("DTEND") == other.decoded("DTSTART")
    assert str(one["UID"]) != str(other["UID"])
    assert all(str(event["UID"]).startswith(str(key)) for event in (one, other))


async def test_rounding_of_the_whole_is_shared_out_over_entries(database: Database, cast: Cast) -> None:
    alice, begin = cast.alice.viewer, datetime(2026, 11, 2, 8, tzinfo=UTC)
    for hour in range(3):
        start = begin + timedelta(hours=hour)
        await track(database, alice, None, start, start + timedelta(minutes=10))
    spec = Spec(view="detailed", period="custom", days=Days(date(2026, 11, 1), date(2026, 11, 30)))
    told = {}
    for scope in ("entry", "day", "line"):
        rounded = replace(spec, rounding=Rounding("up", 15, scope), filters=Filters())
        rows = read_csv(await make(database, alice, rounded, "csv", begin + timedelta(days=1)))
        told[scope] = sum(seconds_of(row["Rounded"]) for row in rows) // 60
        assert sum(seconds_of(row["Duration"]) for row in rows) == 30 * 60
        hours = sum(Decimal(row["Rounded (decimal)"]) for row in rows)
        assert hours == Decimal(told[scope]) / 60
    assert told == {"entry": 45, "day": 30, "line": 30}
