"""Every figure of a report opens: what is listed behind it sums to it, to the second."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from quart_app import report_list
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.forms.reports import Asked, key_of
from quart_app.report import Line, Sums, Value
from quart_app.report_list import Opened, Part, Unknown, load_figure
from quart_app.report_page import Report
from quart_app.report_spec import Days, Spec
from quart_app.reporting import Question, dimensions_of
from quart_app.rounding import Rounding
from tests.support.cast import Cast
from tests.support.catalogue import add_project, track
from tests.support.reckoning import World, drawn, replace_entries
from tests.support.worlds import cases, effort, furnish, question, summary_of, weekly_of

Key = list[tuple[str, Value]]
STRANGER = "00000000-0000-7000-8000-000000000001"


async def opened(database: Database, asked: Question, key: str) -> tuple[Opened, list[Part]]:
    """A figure, and what all of its pages list."""
    report, after = Report(Asked(asked.spec), asked), ""
    parts: list[Part] = []
    while True:
        async with database.snapshot() as db:
            found = await load_figure(db, report, key, after)
        parts += found.page.parts
        if not (after := found.page.next):
            return found, parts


def lines_of(lines: list[Line], above: Key) -> Iterator[tuple[Key, Sums]]:
    for line in lines:
        here = [*above, (line.dimension, line.value)]
        yield here, line.sums
        yield from lines_of([*line.lines], here)


def agrees(figure: Opened, parts: list[Part], sums: Sums, spec: Spec) -> None:
    assert sum(part.seconds for part in parts) == figure.sums.seconds == sums.seconds
    assert sum(part.seconds for part in parts if part.is_running) == sums.running
    assert len(parts) == figure.sums.entries
    assert len({part.entry.id for part in parts}) == len(parts)
    if not spec.rounding.is_on:
        assert figure.rounded is None
        return
    assert figure.rounded == sums.rounded
    if spec.rounding.scope == "entry":
        assert sum(part.rounded or 0 for part in parts) == figure.rounded
    else:
        assert {part.rounded for part in parts} <= {None}


async def test_what_is_behind_each_figure_sums_to_it(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_list, "PAGE", 3)
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for drawn_spec in wanted[:2]:
            # What an opened figure alone asks for is never in a report's address.
            filters = replace(drawn_spec.filters, tagged=(), description=None)
            spec = replace(drawn_spec, filters=filters)
            asked = await question(database, viewer, spec, world.now)
            summary = await summary_of(database, asked)
            found = [*lines_of([*summary.lines], [])]
            assert [*{len(key) for key, _ in found}] == (
                [*range(1, len(dimensions_of(spec)) + 1)] if found else []
            )
            for key, sums in [([], summary.total), *found[-6:]]:
                agrees(*await opened(database, asked, key_of(key)), sums, spec)

    await drawn(cases(things), check, effort(database) // 2)


async def test_what_is_behind_each_cell_of_the_grid_sums_to_it(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_list, "PAGE", 3)
    things = await furnish(database, cast)

    async def check(case: tuple[World, Viewer, list[Spec]]) -> None:
        world, viewer, wanted = case
        await replace_entries(database, world)
        for drawn_spec in wanted[:2]:
            filters = replace(drawn_spec.filters, tagged=(), description=None)
            spec = replace(drawn_spec, filters=filters, view="weekly")
            asked = await question(database, viewer, spec, world.now)
            grid = await weekly_of(database, asked)
            figures: list[tuple[Key, Sums]] = [([], grid.total)]
            for days, foot in zip(grid.columns, grid.feet, strict=True):
                figures.append(([(grid.bucket, days.first)], foot))
            for row in grid.rows:
                own = (spec.by, row.line.value)
                figures.append(([own], row.line.sums))
                for days, cell in zip(grid.columns, row.cells, strict=True):
                    figures.append(([own, (grid.bucket, days.first)], cell))
            some = [figure for figure in figures if figure[1].seconds]
            for key, sums in [figures[0], *some[-4:], *some[1:4]]:
                figure, parts = await opened(database, asked, key_of(key))
                # A cell counts an entry where it begins; opened, it tells of each that has a part in it.
                agrees(figure, parts, replace(sums, entries=len(parts)), spec)

    await drawn(cases(things), check, effort(database) // 2)


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOVEMBER = Spec(period="custom", days=Days(date(2026, 11, 1), date(2026, 11, 30)))


async def test_a_night_before_counts_when_an_entry_is_rounded(database: Database, cast: Cast) -> None:
    """22:07 to 0:08, to the nearest quarter: 2:00 in all, of which all are of the first day."""
    alice = cast.alice.viewer
    start = datetime(2026, 11, 9, 21, 7, tzinfo=UTC)
    await track(database, alice, None, start, start + 2 * HOUR + timedelta(minutes=1))
    spec = replace(NOVEMBER, view="weekly", rounding=Rounding("nearest", 15, "entry"))
    asked = await question(database, alice, spec, NOW)
    figure, parts = await opened(database, asked, "day:2026-11-10")
    assert (figure.sums.seconds, figure.rounded, parts[0].rounded) == (8 * 60, 0, 0)
    figure, parts = await opened(database, asked, "day:2026-11-09")
    assert (figure.sums.seconds, figure.rounded, parts[0].rounded) == (113 * 60, 7200, 7200)


@pytest.mark.parametrize("scope", ["day", "line"])
async def test_what_is_rounded_together_is_told_as_the_report_shows_it(
    database: Database, cast: Cast, scope: str
) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    for hour in (8, 10):
        start = datetime(2026, 11, 9, hour, tzinfo=UTC)
        await track(database, alice, site, start, start + timedelta(minutes=50))
    spec = replace(NOVEMBER, rounding=Rounding("up", 60, scope))
    asked = await question(database, alice, spec, NOW)
    figure, parts = await opened(database, asked, key_of([("project", site)]))
    assert (figure.sums.seconds, figure.rounded) == (100 * 60, 2 * 3600)
    assert [part.rounded for part in parts] == [None, None]
    figure, _parts = await opened(database, asked, key_of([("day", date(2026, 11, 9)), ("project", site)]))
    assert figure.rounded is None  # a bar shows raw time


async def test_amounts_are_by_the_rates_of_the_days_and_of_what_is_rounded(
    database: Database, cast: Cast
) -> None:
    from quart_app.money import RateCard

    alice = cast.alice.viewer
    start = datetime(2026, 11, 9, 22, 0, tzinfo=UTC)  # 23:00 in Berlin
    await track(database, alice, None, start, start + 2 * HOUR)
    asked = await question(database, alice, NOVEMBER, NOW)
    card = RateCard("EUR", [(None, date(2026, 1, 1), 6000), (None, date(2026, 11, 10), 12_000)])
    rated = replace(asked, rates=card)
    assert [part.amount for part in (await opened(database, rated, "total"))[1]] == [None]  # not billable
    async with database.writing() as db:
        await db.exec_driver_sql("UPDATE entries SET is_billable = true")
    assert [part.amount for part in (await opened(database, rated, "total"))[1]] == [18_000]
    assert [part.amount for part in (await opened(database, rated, "day:2026-11-10"))[1]] == [12_000]
    rounded = replace(rated, spec=replace(rated.spec, rounding=Rounding("up", 60, "entry")))
    assert [part.amount for part in (await opened(database, rounded, "total"))[1]] == [18_000]
    unrated = replace(asked, rates=RateCard("EUR", [(None, date(2026, 12, 1), 6000)]))
    assert [part.amount for part in (await opened(database, unrated, "total"))[1]] == [None]


async def test_a_running_timer_is_not_behind_days_to_come(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOW - HOUR)
    spec = replace(NOVEMBER, days=Days(date(2026, 11, 24), date(2026, 11, 30)))
    figure, parts = await opened(database, await question(database, alice, spec, NOW), "total")
    assert (figure.sums, parts) == (Sums(), [])


@pytest.mark.parametrize(
    "key",
    [
        *("", "nonsense", "project", "project:1", "day:2026-13-01", "day:2026-10-31", "week:0001-01-01"),
        *(
            "month:9999-12-31",
            "description:zz",
            "member:none",
            f"project:{STRANGER}",
            f"tag:{STRANGER}",
            "day:",
        ),
        *("total,total", "project:none,", "tag:rest", "description:ff"),
    ],
)
async def test_what_is_no_figure_is_not_there(database: Database, cast: Cast, key: str) -> None:
    asked = await question(database, cast.alice.viewer, NOVEMBER, NOW)
    with pytest.raises(Unknown):
        await opened(database, asked, key)


async def test_a_page_that_can_not_be_read_is_the_first(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOW - HOUR, NOW)
    asked = await question(database, alice, NOVEMBER, NOW)
    report = Report(Asked(asked.spec), asked)
    for after in ("nonsense", f"{STRANGER}~x", f"{STRANGER}~{10**30}", f"x~{NOW.timestamp()}"):
        async with database.snapshot() as db:
            page = (await load_figure(db, report, "total", after)).page
        assert (len(page.parts), page.is_first) == (1, True)
