"""Reports of single cases: nights with a clock change, odd periods, three zones, what runs, and who may see what."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods, reporting
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.queries.reports import load_names
from quart_app.report import Summary, Sums
from quart_app.report_spec import MEMBERS_OWN, Days, Filters, Spec
from quart_app.rounding import Rounding
from quart_app.tables import memberships
from tests.support.cast import Cast
from tests.support.catalogue import add_project, track
from tests.support.worlds import furnish, question, set_role, summary_of, total_of, weekly_of

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
THIS_YEAR = Spec(period="this-year")
BY_DAY = replace(THIS_YEAR, by="day")


async def total(database: Database, viewer: Viewer, spec: Spec) -> Sums:
    return await total_of(database, await question(database, viewer, spec, NOON))


async def summary(database: Database, viewer: Viewer, spec: Spec) -> Summary:
    return await summary_of(database, await question(database, viewer, spec, NOON))


async def seconds_by_day(database: Database, viewer: Viewer, spec: Spec) -> dict[object, int]:
    found = await summary(database, viewer, spec)
    return {line.value: line.sums.seconds for line in found.lines}


def local(zone: str, *parts: int) -> datetime:
    """The instant of what clocks show there."""
    return datetime(*parts, tzinfo=periods.zone(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]


# --- days that are odd -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        # Clocks go back: nine hours. Clocks go forward: seven.
        ("Europe/Berlin", (2026, 10, 24, 22), (2026, 10, 25, 6), {"2026-10-24": 7200, "2026-10-25": 25_200}),
        ("Europe/Berlin", (2026, 3, 28, 22), (2026, 3, 29, 6), {"2026-03-28": 7200, "2026-03-29": 18_000}),
        # By half an hour only.
        (
            "Australia/Lord_Howe",
            (2026, 4, 4, 22),
            (2026, 4, 5, 6),
            {"2026-04-04": 7200, "2026-04-05": 23_400},
        ),
        # Midnight does not exist: the day begins at one.
        ("Asia/Beirut", (2026, 3, 28, 23), (2026, 3, 29, 2), {"2026-03-28": 3600, "2026-03-29": 3600}),
        ("America/Sao_Paulo", (2018, 11, 3, 23), (2018, 11, 4, 2), {"2018-11-03": 3600, "2018-11-04": 3600}),
        # The whole date does not exist.
        ("Pacific/Apia", (2011, 12, 29, 23), (2011, 12, 31, 1), {"2011-12-29": 3600, "2011-12-31": 3600}),
        # One minute past midnight clocks went back to the old date, whose last hour came twice.
        (
            "America/St_Johns",
            (2010, 11, 6, 23),
            (2010, 11, 7, 1),
            {"2010-11-06": 7260 - 60, "2010-11-07": 3600},
        ),
        ("Asia/Kathmandu", (1985, 12, 31, 23), (1986, 1, 1, 2), {"1985-12-31": 3600, "1986-01-01": 6300}),
    ],
)
async def test_a_night_is_split_by_the_rules_of_its_date(
    database: Database,
    cast: Cast,
    zone: str,
    start: tuple[int, ...],
    end: tuple[int, ...],
    expected: dict[str, int],
) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, local(zone, *start), local(zone, *end))
    first, last = date(*start[:3]) - 3 * DAY, date(*end[:3]) + 3 * DAY
    spec = replace(BY_DAY, zone=zone).over(Days(first, last))
    found = await seconds_by_day(database, alice, spec)
    assert {str(day): seconds for day, seconds in found.items()} == expected
    assert (await total(database, alice, spec)).seconds == sum(expected.values())


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 10, 25), 25.0),
        ("Europe/Berlin", date(2026, 3, 29), 23.0),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Beirut", date(2026, 3, 29), 23.0),
        ("America/Sao_Paulo", date(2018, 11, 4), 23.0),
        ("America/St_Johns", date(2010, 11, 7), 24.0),  # its extra hour belongs to the day before
        ("America/St_Johns", date(2010, 11, 6), 25.0),
        ("Asia/Kathmandu", date(1986, 1, 1), 23.75),
        ("Pacific/Apia", date(2011, 12, 30), 0.0),
    ],
)
async def test_a_report_of_one_day_is_as_long_as_that_day(
    database: Database, cast: Cast, zone: str, day: date, hours: float
) -> None:
    alice, noon = cast.alice.viewer, datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    await track(database, alice, None, noon - 5 * DAY, noon + 5 * DAY)
    for by in ("day", "project"):
        spec = Spec(by=by, zone=zone).over(Days(day, day))
        found = await summary(database, alice, spec)
        assert found.total.seconds == hours * 3600
        assert sum(line.sums.seconds for line in found.lines) == hours * 3600


async def test_three_zones_split_the_same_hours_differently_and_sum_to_the_same(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    for hours in range(0, 40 * 24, 7):
        start = NOON - timedelta(hours=hours)
        await track(database, alice, None, start - timedelta(hours=5, seconds=hours), start)
    days = Days(TODAY - 60 * DAY, TODAY + 5 * DAY)
    reports = {
        zone: await summary(database, alice, replace(BY_DAY, zone=zone).over(days))
        for zone in ("Asia/Tokyo", "America/New_York", "UTC")
    }
    splits = [{line.value: line.sums.seconds for line in report.lines} for report in reports.values()]
    assert all(one != other for one, other in zip(splits, splits[1:] + splits[:1], strict=True))
    totals = [report.total for report in reports.values()]
    assert totals[0] == totals[1] == totals[2]
    assert totals[0].seconds == sum(5 * 3600 + hours for hours in range(0, 40 * 24, 7))


async def test_each_members_own_zone_puts_their_time_on_their_own_day(database: Database, cast: Cast) -> None:
    evening = datetime(
        2026, 11, 17, 20, 0, tzinfo=UTC
    )  # 01:45 of the 18th in Kathmandu, afternoon in New York
    for person in (cast.bob.viewer, cast.dana.viewer):
        await track(database, person, None, evening, evening + HOUR)
    spec = replace(Spec(by="member", then="day"), zone=MEMBERS_OWN).over(Days(TODAY - DAY, TODAY))
    lines = (await summary(database, cast.alice.viewer, spec)).lines
    assert {line.value: [inner.value for inner in line.lines] for line in lines} == {
        cast.bob.viewer.user_id: [TODAY],
        cast.dana.viewer.user_id: [TODAY - DAY],
    }


# --- periods -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["project", "day", "tag", "description"])
async def test_a_report_of_an_empty_workspace_is_nothing_everywhere(
    database: Database, cast: Cast, by: str
) -> None:
    spec = replace(THIS_YEAR, by=by, then="member", rounding=Rounding("up", 15, "day"))
    found = await summary(database, cast.alice.viewer, spec)
    assert found.total == found.before == Sums()
    assert list(found.lines) == list(found.chart.series) == []
    assert len(found.chart.bars) == 12
    grid = await weekly_of(database, await question(database, cast.alice.viewer, spec, NOON))
    assert (list(grid.rows), grid.total) == ([], Sums())
    assert [*grid.feet] == [Sums()] * len(grid.columns)


async def test_a_report_of_one_second(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOON, NOON + SECOND)
    found = await summary(database, alice, replace(Spec(by="day"), period="today"))
    assert (found.total.seconds, found.total.entries) == (1, 1)
    assert [(line.value, line.sums.seconds) for line in found.lines] == [(TODAY, 1)]
    up = replace(Spec(), period="today", rounding=Rounding("up", 60, "entry"))
    assert (await total(database, alice, up)).rounded == 3600


@pytest.mark.parametrize(
    ("first", "last", "by"),
    [
        (date(1997, 1, 1), date(2026, 12, 31), "day"),
        (date(1997, 1, 1), date(2026, 12, 31), "project"),
        (date(1970, 1, 1), date(2069, 12, 1), "month"),
    ],
)
async def test_a_report_of_many_years_holds_them_all(
    database: Database, cast: Cast, by: str, first: date, last: date
) -> None:
    alice = cast.alice.viewer
    for day in (first, first + (last - first) / 2, last):
        start = periods.day_start(day, alice.zone) - HOUR
        await track(database, alice, None, start, start + 3 * HOUR)
    spec = Spec(by=by, zone="Europe/Berlin").over(Days(first, last))
    found, expected = await summary(database, alice, spec), (2 + 3 + 3) * 3600
    assert found.total.seconds == expected
    assert sum(line.sums.seconds for line in found.lines) == expected
    assert sum(bar.total for bar in found.chart.bars) == expected
    grid = await weekly_of(database, await question(database, alice, spec, NOON))
    assert sum(foot.seconds for foot in grid.feet) == expected


async def test_an_entry_over_the_periods_edge_counts_with_its_part_within(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOON - 10 * DAY, NOON + 10 * DAY)
    today = await total(database, alice, Spec(period="today"))
    assert (today.seconds, today.entries) == (86_400, 1)
    assert (await total(database, alice, Spec(period="this-month", zone="UTC"))).seconds == 20 * 86_400


# --- what runs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("running", "seconds", "runs"), [("with", 10_800, 7200), ("without", 3600, 0), ("only", 7200, 7200)]
)
async def test_what_runs_counts_up_to_now_or_not_at_all_or_alone(
    database: Database, cast: Cast, running: str, seconds: int, runs: int
) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOON - 4 * HOUR, NOON - 3 * HOUR)
    await track(database, alice, None, NOON - 2 * HOUR)
    found = await total(database, alice, Spec(period="today", filters=Filters(running=running)))
    assert (found.seconds, found.running) == (seconds, runs)


async def test_a_timer_that_starts_later_counts_as_an_entry_of_no_length(
    database: Database, cast: Cast
) -> None:
    await track(database, cast.alice.viewer, None, NOON + HOUR)
    found = await total(database, cast.alice.viewer, Spec(period="today"))
    assert (found.seconds, found.running, found.entries) == (0, 0, 1)


# --- who may see what --------------------------------------------------------------------------------------------


async def test_a_manager_sees_all_hours_and_all_others_their_own(database: Database, cast: Cast) -> None:
    people = (cast.alice.viewer, cast.bob.viewer, cast.dana.viewer, cast.charlie.viewer)
    for number, person in enumerate(people):
        await track(database, person, None, NOON - HOUR, NOON - HOUR + (2**number) * SECOND)
    for zone in ("", MEMBERS_OWN):
        spec = Spec(period="this-month", by="member", zone=zone)
        found = [await total(database, person, spec) for person in people]
        assert [sums.seconds for sums in found] == [1 + 2 + 4, 2, 4, 8]
        lines = (await summary(database, cast.dana.viewer, spec)).lines
        assert [line.value for line in lines] == [cast.dana.viewer.user_id]


@pytest.mark.parametrize("role", ["owner", "admin", "manager", "member", "viewer"])
async def test_roles_decide_whose_hours_are_seen_and_who_is_named(
    database: Database, cast: Cast, role: str
) -> None:
    await track(database, cast.alice.viewer, None, NOON - HOUR, NOON)
    await set_role(database, cast.bob.viewer, role)
    bob = replace(cast.bob.viewer, role=role)
    sees = role in ("owner", "admin", "manager")
    assert (await total(database, bob, THIS_YEAR)).seconds == (3600 if sees else 0)
    async with database.reading() as db:
        assert len((await load_names(db, bob))["member"]) == (3 if sees else 1)


async def test_who_no_longer_manages_sees_nothing_of_others_from_then_on(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    await track(database, cast.bob.viewer, None, NOON - HOUR, NOON)
    asked = await question(database, alice, replace(THIS_YEAR, by="member"), NOON)
    assert (await total_of(database, asked)).seconds == 3600
    await set_role(database, alice, "member")
    assert (await total_of(database, asked)).seconds == 0
    assert (await summary_of(database, asked)).total == Sums()
    assert (await weekly_of(database, asked)).total == Sums()
    async with database.reading() as db:
        assert [*(await load_names(db, alice))["member"]] == [alice.user_id]


async def test_hours_of_who_has_left_stay_in_the_report(database: Database, cast: Cast) -> None:
    bob = cast.bob.viewer
    await track(database, bob, None, NOON - HOUR, NOON)
    async with database.writing() as db:
        mine = memberships.c.user_id == bob.user_id
        await db.execute(sa.update(memberships).where(mine).values(left_at=NOON))
    for zone in ("", MEMBERS_OWN):
        assert (await total(database, cast.alice.viewer, replace(THIS_YEAR, zone=zone))).seconds == 3600


# --- filters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ÜBER", "über", "Über"])
async def test_a_text_is_found_whatever_its_case(database: Database, cast: Cast, text: str) -> None:
    await track(database, cast.alice.viewer, None, NOON - HOUR, NOON, description="Über die Brücke")
    spec = replace(THIS_YEAR, filters=Filters(text=text))
    assert (await total(database, cast.alice.viewer, spec)).seconds == 3600


@pytest.mark.parametrize("text", ["%", "_", "\\", "a%b", "'"])
async def test_signs_of_patterns_stand_for_themselves(database: Database, cast: Cast, text: str) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOON - HOUR, NOON, description=f"x {text} y")
    await track(database, alice, None, NOON - HOUR, NOON, description="a x b")
    assert (await total(database, alice, replace(THIS_YEAR, filters=Filters(text=text)))).entries == 1


@pytest.mark.parametrize(
    ("match", "wanted", "found"),
    [
        ("any", "a", {"a", "ab"}),
        ("any", "ab", {"a", "b", "ab"}),
        ("any", "-", {""}),
        ("any", "a-", {"", "a", "ab"}),
        ("all", "ab", {"ab"}),
        ("all", "a", {"a", "ab"}),
        ("all", "a-", set()),
        ("none", "a", {"", "b"}),
        ("none", "ab", {""}),
        ("none", "-", {"a", "b", "ab"}),
        ("none", "a-", {"b"}),
    ],
)
async def test_tags_are_asked_for_by_any_all_or_none_of_them(
    database: Database, cast: Cast, match: str, wanted: str, found: set[str]
) -> None:
    alice, tags = cast.alice.viewer, dict(zip("abc", (await furnish(database, cast)).tags, strict=True))
    for names in ("", "a", "b", "ab"):
        here = tuple(tags[name] for name in names)
        await track(database, alice, None, NOON - HOUR, NOON, tags=here, description=names)
    asked = Filters(tags=tuple(tags.get(name) for name in wanted), tag_match=match)
    lines = (await summary(database, alice, replace(THIS_YEAR, by="description", filters=asked))).lines
    assert {line.value for line in lines} == found


async def test_many_projects_and_people_can_be_asked_for_at_once(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    project = await add_project(database, alice, "Website")
    await track(database, alice, project, NOON - HOUR, NOON)
    wanted = (*(UUID(int=number) for number in range(199)), project)
    people = (*wanted[:199], alice.user_id)
    many = Filters(projects=wanted, members=people, clients=(*wanted[:199], None))
    years = Spec(filters=many, by="month").over(Days(date(1990, 1, 1), TODAY))
    for spec in (replace(THIS_YEAR, by="day", filters=Filters(projects=wanted)), years):
        asked = await question(database, alice, spec, NOON)
        async with database.snapshot() as db:
            if database.dialect == "sqlite":
                driver: Any = (await db.get_raw_connection()).driver_connection
                await driver._execute(driver._conn.setlimit, sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
            assert (await reporting.load_summary(db, asked)).total.seconds == 3600


async def test_a_report_is_of_one_moment(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    asked = await question(database, alice, THIS_YEAR, NOON)
    async with database.snapshot() as db:
        before = await reporting.load_total(db, asked)
        await track(database, alice, None, NOON - HOUR, NOON)
        assert await reporting.load_total(db, asked) == before == Sums()
    assert (await total_of(database, asked)).seconds == 3600
