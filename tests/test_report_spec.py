"""The dates that a report's period means: by its name, before and after it, and cut into buckets."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quart_app import periods
from quart_app.report_spec import (
    BUCKETS,
    PERIODS,
    Days,
    Filters,
    Spec,
    bucket_days,
    bucket_start,
    chart_bucket,
    days_of,
    named_days,
    shifted,
    unit_of,
)

DAY = timedelta(days=1)
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
LEAP, NEW_YEAR, OLD_YEAR = date(2024, 2, 29), date(2026, 1, 1), date(2025, 12, 31)
DATES = st.dates(periods.FIRST_DAY + timedelta(days=800), periods.LAST_DAY)
WEEK_STARTS = st.integers(0, 6)
NAMES = [name for name in PERIODS if name != "custom"]
UNITS = ("week", "month", "quarter", "year")


def days(first: str, last: str) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("today", "name", "week_start", "expected"),
    [
        (LEAP, "today", MONDAY, days("2024-02-29", "2024-02-29")),
        (LEAP, "this-month", MONDAY, days("2024-02-01", "2024-02-29")),
        (date(2025, 3, 31), "last-month", MONDAY, days("2025-02-01", "2025-02-28")),
        (date(2024, 3, 31), "last-month", MONDAY, days("2024-02-01", "2024-02-29")),
        (LEAP, "last-year", MONDAY, days("2023-01-01", "2023-12-31")),
        (LEAP, "this-year", MONDAY, days("2024-01-01", "2024-12-31")),
        (LEAP, "this-quarter", MONDAY, days("2024-01-01", "2024-03-31")),
        (LEAP, "last-quarter", MONDAY, days("2023-10-01", "2023-12-31")),
        (LEAP + DAY, "yesterday", MONDAY, days("2024-02-29", "2024-02-29")),
        (LEAP, "last-7-days", MONDAY, days("2024-02-23", "2024-02-29")),
        (NEW_YEAR, "last-30-days", MONDAY, days("2025-12-03", "2026-01-01")),
        (NEW_YEAR, "yesterday", MONDAY, days("2025-12-31", "2025-12-31")),
        (NEW_YEAR, "last-month", MONDAY, days("2025-12-01", "2025-12-31")),
        (NEW_YEAR, "this-week", MONDAY, days("2025-12-29", "2026-01-04")),
        (NEW_YEAR, "this-week", SUNDAY, days("2025-12-28", "2026-01-03")),
        (NEW_YEAR, "this-week", SATURDAY, days("2025-12-27", "2026-01-02")),
        (NEW_YEAR, "last-week", SUNDAY, days("2025-12-21", "2025-12-27")),
        (OLD_YEAR, "this-month", MONDAY, days("2025-12-01", "2025-12-31")),
        (OLD_YEAR, "this-quarter", MONDAY, days("2025-10-01", "2025-12-31")),
        (OLD_YEAR, "last-quarter", MONDAY, days("2025-07-01", "2025-09-30")),
        (OLD_YEAR, "this-year", MONDAY, days("2025-01-01", "2025-12-31")),
    ],
)
def test_a_named_period_is_what_a_calendar_says(
    today: date, name: str, week_start: int, expected: Days
) -> None:
    assert named_days(name, today, week_start) == expected
    assert days_of(Spec(period=name), today, week_start) == expected


@pytest.mark.parametrize("name", NAMES)
@given(today=DATES, week_start=WEEK_STARTS)
def test_a_named_period_holds_today_or_lies_just_before(name: str, today: date, week_start: int) -> None:
    found = named_days(name, today, week_start)
    assert found.first <= found.last <= today + timedelta(days=366)
    if name in ("today", "last-7-days", "last-30-days"):
        assert found.last == today
    elif name.startswith("this-"):
        assert found.first <= today <= found.last
    else:
        now = named_days(name.replace("last-", "this-").replace("yesterday", "today"), today, week_start)
        assert found.last + DAY == now.first
    if name.endswith("-days"):
        assert found.length == int(name.split("-")[1])


@pytest.mark.parametrize("unit", UNITS)
@given(today=DATES, week_start=WEEK_STARTS)
def test_this_unit_is_one_and_shifts_to_the_last_one_and_back(
    unit: str, today: date, week_start: int
) -> None:
    found = named_days(f"this-{unit}", today, week_start)
    assert unit_of(found, week_start) == unit
    before = shifted(found, -1, week_start)
    assert before == named_days(f"last-{unit}", today, week_start)
    assert shifted(before, 1, week_start) == found


@given(first=DATES, length=st.integers(1, 800), week_start=WEEK_STARTS)
def test_any_days_shift_there_and_back(first: date, length: int, week_start: int) -> None:
    found = Days(first, first + DAY * (length - 1))
    for step in (-1, 1):
        there = shifted(found, step, week_start)
        assert there.last + DAY == found.first if step < 0 else there.first == found.last + DAY
        # Days of their own that land on a whole month, quarter or year are that one from then on.
        assume(unit_of(found, week_start) or unit_of(there, week_start) in ("", "week"))
        assert shifted(there, -step, week_start) == found


def test_a_month_shifts_to_a_month_whatever_its_length() -> None:
    march = days("2025-03-01", "2025-03-31")
    assert shifted(march, -1, MONDAY) == days("2025-02-01", "2025-02-28")
    assert shifted(days("2023-12-01", "2023-12-31"), 1, MONDAY) == days("2024-01-01", "2024-01-31")
    assert shifted(days("2025-03-02", "2025-03-31"), -1, MONDAY) == days("2025-01-31", "2025-03-01")


@given(first=DATES, length=st.integers(1, 800), week_start=WEEK_STARTS, bucket=st.sampled_from(BUCKETS))
def test_buckets_tile_the_days(first: date, length: int, week_start: int, bucket: str) -> None:
    whole = Days(first, first + DAY * (length - 1))
    found = bucket_days(bucket, whole, week_start)
    assert (found[0].first, found[-1].last) == whole
    assert all(one.last + DAY == other.first for one, other in pairwise(found))
    assert sum(each.length for each in found) == length
    starts = [bucket_start(bucket, each.first, week_start) for each in found]
    assert len({*starts}) == len(starts)
    assert starts[1:] == [each.first for each in found[1:]]
    assert all(
        bucket_start(bucket, each.last, week_start) == start
        for each, start in zip(found, starts, strict=True)
    )


@given(day=DATES, week_start=WEEK_STARTS)
def test_a_week_starts_on_the_chosen_weekday(day: date, week_start: int) -> None:
    start = bucket_start("week", day, week_start)
    assert start.weekday() == week_start
    assert timedelta() <= day - start < timedelta(days=7)


@pytest.mark.parametrize(
    ("length", "bucket"),
    [(1, "day"), (31, "day"), (45, "day"), (46, "week"), (200, "week"), (201, "month"), (11_000, "month")],
)
def test_bars_fit_the_period_unless_it_is_said(length: int, bucket: str) -> None:
    whole = Days(NEW_YEAR, NEW_YEAR + DAY * (length - 1))
    assert chart_bucket(Spec(), whole) == bucket
    assert chart_bucket(Spec(chart="week"), whole) == "week"


def test_a_custom_period_is_its_days_whatever_today_is() -> None:
    found = days("1999-02-03", "2001-01-01")
    assert days_of(Spec(period="custom", days=found), LEAP, MONDAY) == found


def test_a_spec_over_other_days_forgets_its_page_and_what_was_open() -> None:
    spec = Spec(filters=Filters(text="login"), after="x~1", opened=("total",), sort="duration")
    moved = spec.over(days("2026-01-01", "2026-01-02"))
    assert (moved.period, moved.after, moved.opened) == ("custom", "", ())
    assert (moved.filters, moved.sort) == (spec.filters, "duration")


def test_the_calendars_last_and_first_days_have_periods_beside_them() -> None:
    for day in (periods.FIRST_DAY, periods.LAST_DAY):
        for name in NAMES:
            for step in (-1, 1):
                assert shifted(named_days(name, day, SUNDAY), step, SUNDAY).length > 0
