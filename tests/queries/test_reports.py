"""Reports sum what is there, to the second: held against entries that are added up one by one in plain Python."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from quart_app import reporting
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.forms.reports import key_of, narrowed
from quart_app.money import RateCard
from quart_app.queries import reports
from quart_app.report import MOST_SERIES, REST, Line, Sums, Value
from quart_app.report_spec import Days, Spec, bucket_days, bucket_start
from quart_app.reporting import Question
from tests.support.cast import Cast
from tests.support.catalogue import add_project
from tests.support.reckoning import (
    Made,
    Share,
    World,
    counts_of,
    drawn,
    lines_of,
    replace_entries,
    rounded_by_day,
    shares_of,
)
from tests.support.worlds import (
    ODD_DAYS,
    cases,
    effort,
    furnish,
    question,
    summary_of,
    total_of,
    weekly_of,
)

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def summed(parts: Any) -> Sums:
    found = Sums()
    for sums in parts:
        found.add(sums)
    return found


def leaves(lines: Any, above: tuple[Value, ...] = ()) -> dict[tuple[Value, ...], Sums]:
    """The sums of the innermost lines by their values."""
    found: dict[tuple[Value, ...], Sums] = {}
    for line in lines:
        key = (*above, line.value)
        inner = leaves(line.lines, key) if line.lines else {key: line.sums}
        assert not found.keys() & inner.keys()
        found |= inner
    return found


def nested_right(line: Line) -> bool:
    return not line.lines or (
        summed(each.sums for each in line.lines) == line.sums and all(map(nested_right, line.lines))
    )


def rounded_lines(spec: Spec, lines: dict[Any, tuple[int, int]]) -> dict[Any, tuple[int, int]] | None:
    """What lines sum to, raw and rounded; None where only the total is reckoned (by day and project)."""
    if not spec.rounding.is_on or spec.rounding.scope == "entry":
        return lines
    if spec.rounding.scope == "line":
        return {key: (raw, spec.rounding.round(raw)) for key, (raw, _) in lines.items()}
    return None


def rounded_total(spec: Spec, shares: list[Share], lines: dict[Any, tuple[int, int]], *, alone: bool) -> int:
    raw = sum(share.seconds for share in shares)
    if not spec.rounding.is_on:
        return raw
    if spec.rounding.scope == "day":
        return rounded_by_day(shares, spec.rounding)
    if spec.rounding.scope == "entry":
        return sum(share.rounded for share in shares)
    return spec.rounding.round(raw) if alone else sum(spec.rounding.round(line) for line, _ in lines.values())


def agree(lines: dict[Any, Sums], expected: dict[Any, tuple[int, int]], spec: Spec) -> None:
    assert {key: sums.seconds for key, sums in lines.items()} == {
        key: raw for key, (raw, _) in expected.items()
    }
    if (wanted := rounded_lines(spec, expected)) is not None:
        assert {key: sums.rounded for key, sums in lines.items()} == {
            key: rounded for key, (_, rounded) in wanted.items()
        }


# --- properties --------------------------------------------------------------------------------------------------


async def test_a_summary_is_what_its_entries_are_one_by_one(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_RUNS", 2)  # so that the longer periods take several statements
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, spec, world.now)
            summary = await summary_of(database, asked)
            shares = list(shares_of(world, viewer, spec, asked.days))
            dimensions = reporting.dimensions_of(spec)
            expected = lines_of(world, shares, dimensions, viewer.week_start)
            agree(leaves(summary.lines), expected, spec)
            counted = counts_of(world, shares, dimensions, viewer.week_start)
            assert {
                key: sums.entries for key, sums in leaves(summary.lines).items() if sums.entries
            } == counted
            assert all(map(nested_right, summary.lines))
            found, by_tag = summary.total, "tag" in dimensions
            assert found.seconds == sum(share.seconds for share in shares)
            assert found.entries == sum(share.is_first for share in shares)
            assert found.billable == sum(share.seconds for share in shares if share.made.is_billable)
            assert found.running == sum(share.seconds for share in shares if share.made.end is None)
            assert found.rounded == rounded_total(spec, shares, expected, alone=by_tag)
            assert summary.overlaps == any(len(share.made.tags) > 1 for share in shares) if by_tag else True
            if not by_tag:
                assert summed(line.sums for line in summary.lines) == found
                assert not summary.overlaps

    await drawn(cases(things), check, effort(database))


async def test_a_chart_is_the_raw_time_of_its_buckets(database: Database, cast: Cast) -> None:
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, spec, world.now)
            chart = (await summary_of(database, asked)).chart
            shares = list(shares_of(world, viewer, spec, asked.days))
            expected = lines_of(world, shares, [chart.bucket, chart.dimension], viewer.week_start)
            found = {
                (bucket_start(chart.bucket, bar.days.first, viewer.week_start), value): seconds
                for bar in chart.bars
                for value, seconds in bar.seconds.items()
            }
            assert found == {key: raw for key, (raw, _) in expected.items()}
            assert chart.bars[0].days.first == asked.days.first
            assert {value for (_, value), seconds in found.items() if seconds} == set(chart.series)

    await drawn(cases(things), check, effort(database) // 2)


async def test_a_weekly_grid_sums_both_ways(database: Database, cast: Cast) -> None:
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, spec, world.now)
            grid = await weekly_of(database, asked)
            shares = list(shares_of(world, viewer, spec, asked.days))
            expected = lines_of(world, shares, [spec.by], viewer.week_start)
            agree({(row.line.value,): row.line.sums for row in grid.rows}, expected, spec)
            for row in grid.rows:
                assert summed(row.cells) == row.line.sums
            assert summed(grid.feet) == grid.total
            if spec.by != "tag":
                assert [
                    summed(row.cells[n] for row in grid.rows) for n in range(len(grid.columns))
                ] == grid.feet
            starts = [bucket_start(grid.bucket, days.first, viewer.week_start) for days in grid.columns]
            by_day = lines_of(world, shares, [grid.bucket], viewer.week_start)
            raw = {(start,): foot.seconds for start, foot in zip(starts, grid.feet, strict=True)}
            assert raw == dict.fromkeys(raw, 0) | {key: seconds for key, (seconds, _) in by_day.items()}
            assert grid.total.entries == sum(share.is_first for share in shares)
            assert grid.total.rounded == rounded_total(spec, shares, expected, alone=spec.by == "tag")
            assert grid.overlaps == (spec.by == "tag" and any(len(share.made.tags) > 1 for share in shares))

    await drawn(cases(things), check, effort(database) // 2)


async def test_summary_grid_and_total_agree(database: Database, cast: Cast) -> None:
    things = await furnish(database, cast)
    rates: list[tuple[UUID | None, date, int]] = [
        (None, day - timedelta(days=2), 9500) for _, day in ODD_DAYS
    ]
    rates += [(project, day, 12_000) for _, day in ODD_DAYS for project in [*things.clients][:1]]
    card = RateCard("EUR", rates)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, replace(spec, then=""), world.now)
            asked = replace(asked, rates=card)
            summary, grid = await summary_of(database, asked), await weekly_of(database, asked)
            alone = await total_of(database, asked)
            # By line the lines are what is rounded, and a total is one line, unless it is theirs.
            assert summary.total == grid.total
            if spec.rounding.scope != "line" or spec.by == "tag":
                assert summary.total == alone
            assert (summary.total.seconds, summary.total.entries) == (alone.seconds, alone.entries)
            if not spec.rounding.is_on:
                shares = shares_of(world, viewer, spec, asked.days)
                due = [
                    (share, card.rate_on(share.made.project, share.day))
                    for share in shares
                    if share.made.is_billable
                ]
                assert alone.amount == sum(share.seconds * rate for share, rate in due if rate is not None)
                assert alone.unrated == sum(share.seconds for share, rate in due if rate is None)

    await drawn(cases(things), check, effort(database) // 2)


async def test_the_period_before_is_the_report_of_that_period(database: Database, cast: Cast) -> None:
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, spec, world.now)
            before = replace(spec, days=asked.before().days)
            then = await summary_of(database, await question(database, viewer, before, world.now))
            assert (await summary_of(database, asked)).before == then.total

    await drawn(cases(things), check, effort(database) // 2)


def bucket_of(week_start: int, bucket: str, day: date) -> Days:
    first = bucket_start(bucket, day, week_start)
    return bucket_days(bucket, Days(first, first + timedelta(days=31)), week_start)[0]


async def test_each_figure_opens_to_what_it_says(database: Database, cast: Cast) -> None:
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, spec, world.now)
            dimensions = reporting.dimensions_of(spec)
            lines = leaves((await summary_of(database, asked)).lines)
            for values, sums in [*lines.items()][:12]:
                key = key_of([*zip(dimensions, values, strict=True)])
                narrow, days = narrowed(spec, key, asked.days, partial(bucket_of, viewer.week_start))
                behind = await total_of(database, replace(asked, spec=narrow, days=days))
                assert (behind.seconds, behind.running) == (sums.seconds, sums.running), key
                assert behind.entries >= sums.entries

    await drawn(cases(things), check, effort(database) // 2)


async def test_a_chart_of_many_projects_lumps_the_small_ones_together(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    names = [f"Project {number:02}" for number in range(MOST_SERIES + 4)]
    projects = [await add_project(database, alice, name) for name in names]
    made = [
        Made(
            alice.workspace_id,
            alice.user_id,
            NOON - timedelta(hours=30 * number),
            NOON - timedelta(hours=30 * number) + timedelta(minutes=90 - number),
            project,
        )
        for number, project in enumerate(projects)
    ]
    await replace_entries(database, World(made, {}, dict.fromkeys(projects), NOON))
    for spec in (Spec(period="this-year"), Spec(period="this-year", by="project", then="member")):
        asked = await question(database, alice, replace(spec, chart="week"), NOON)
        found = await summary_of(database, asked)
        assert [*found.chart.series] == [*projects[:MOST_SERIES], REST]
        whole = sum(60 * (90 - number) for number in range(len(projects)))
        assert sum(bar.total for bar in found.chart.bars) == found.total.seconds == whole
        rest = sum(bar.seconds.get(REST, 0) for bar in found.chart.bars)
        assert rest == sum(60 * (90 - number) for number in range(MOST_SERIES, len(projects)))


async def test_working_days_are_mondays_to_fridays_up_to_today(cast: Cast) -> None:
    viewer = cast.alice.viewer
    for first in range(-20, 10):
        for length in (1, 2, 5, 7, 8, 30):
            start = NOON.date() + timedelta(days=first)
            days = Days(start, start + timedelta(days=length - 1))
            asked = Question(viewer, Spec().over(days), NOON, days, viewer.zone, {}, RateCard("EUR"))
            until = min(days.last, NOON.date())
            so_far = [start + timedelta(days=n) for n in range((until - start).days + 1)]
            expected = sum(day.weekday() < 5 for day in so_far) or len(so_far)
            assert reporting.working_days(asked) == expected
