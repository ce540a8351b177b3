from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from quart_app import periods

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
APIA = ZoneInfo("Pacific/Apia")
BEIRUT = ZoneInfo("Asia/Beirut")
HAVANA = ZoneInfo("America/Havana")
ST_JOHNS = ZoneInfo("America/St_Johns")


def utc(*parts: int) -> datetime:
    year, month, day, *clock = parts
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def hours_of(day: date, zone: ZoneInfo) -> float:
    return periods.seconds_between(*periods.day_range(day, zone)) / 3600


# --- Instants ---


def test_now_is_in_utc_and_whole_seconds() -> None:
    moment = periods.now()
    assert moment.tzinfo is UTC
    assert moment.microsecond == 0
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=2)


def test_an_aware_moment_becomes_an_instant_of_whole_seconds() -> None:
    moment = datetime(2026, 11, 22, 9, 30, 15, 999_999, timezone(timedelta(hours=1)))
    assert periods.instant_of(moment) == utc(2026, 11, 22, 8, 30, 15)
    assert periods.instant_of(moment).tzinfo is UTC


def test_a_naive_moment_is_refused_everywhere() -> None:
    naive = datetime(2026, 11, 22, 9)  # noqa: DTZ001
    for call in (
        lambda: periods.instant_of(naive),
        lambda: periods.seconds_between(naive, naive),
        lambda: periods.local_day(naive, BERLIN),
        lambda: periods.split_days(naive, naive, BERLIN),
        lambda: periods.format_clock(naive, BERLIN, "24"),
    ):
        with pytest.raises(ValueError, match="naive"):
            call()


def test_seconds_between_local_moments_count_what_passed_not_what_the_clock_says() -> None:
    evening = datetime(2026, 10, 24, 22, tzinfo=BERLIN)
    morning = datetime(2026, 10, 25, 6, tzinfo=BERLIN)
    assert periods.seconds_between(evening, morning) == 9 * 3600
    assert periods.seconds_between(morning, evening) == -9 * 3600


# --- Days ---


def test_a_day_starts_at_local_midnight_by_the_rules_of_that_date() -> None:
    assert periods.day_start(date(2026, 7, 15), BERLIN) == utc(2026, 7, 14, 22)
    assert periods.day_start(date(2026, 11, 22), BERLIN) == utc(2026, 11, 21, 23)
    assert periods.day_start(date(1975, 7, 15), BERLIN) == utc(1975, 7, 14, 23)
    assert periods.day_start(date(1985, 6, 1), KATHMANDU) == utc(1985, 5, 31, 18, 30)
    assert periods.day_start(date(2026, 6, 1), KATHMANDU) == utc(2026, 5, 31, 18, 15)


def test_days_of_a_clock_change_are_shorter_or_longer() -> None:
    assert hours_of(date(2026, 3, 29), BERLIN) == 23
    assert hours_of(date(2026, 10, 25), BERLIN) == 25
    assert hours_of(date(2026, 4, 5), LORD_HOWE) == 24.5
    assert hours_of(date(2026, 10, 4), LORD_HOWE) == 23.5
    assert hours_of(date(2026, 11, 22), BERLIN) == 24


@pytest.mark.parametrize(
    ("name", "day", "start"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3)),
        ("Asia/Beirut", date(2024, 3, 31), utc(2024, 3, 30, 22)),
        ("Africa/Cairo", date(2024, 4, 26), utc(2024, 4, 25, 22)),
        ("America/Havana", date(2024, 3, 10), utc(2024, 3, 10, 5)),
    ],
)
def test_a_day_without_a_midnight_starts_at_its_first_moment(name: str, day: date, start: datetime) -> None:
    zone = ZoneInfo(name)
    assert periods.day_start(day, zone) == start
    assert start.astimezone(zone).strftime("%H:%M") == "01:00"
    assert periods.local_day(start, zone) == day
    assert periods.local_day(start - timedelta(seconds=1), zone) == day - timedelta(days=1)
    assert hours_of(day, zone) == 23


def test_a_day_whose_first_hour_comes_twice_starts_at_the_first_midnight() -> None:
    day = date(2024, 11, 3)
    assert periods.day_start(day, HAVANA) == utc(2024, 11, 3, 4)
    assert hours_of(day, HAVANA) == 25


def test_an_evening_hour_that_comes_twice_belongs_to_the_evening() -> None:
    day = date(2024, 10, 26)  # at midnight Beirut's clocks go back to 23:00
    assert hours_of(day, BEIRUT) == 25
    assert periods.local_day(utc(2024, 10, 26, 21, 59, 59), BEIRUT) == day
    assert periods.day_start(date(2024, 10, 27), BEIRUT) == utc(2024, 10, 26, 22)


def test_a_day_that_the_clocks_leave_again_starts_when_the_old_one_is_over() -> None:
    """On 7 Nov 2010 at 00:01 the clocks of St John's went back to 23:01 of 6 Nov."""
    first_midnight, second_midnight = utc(2010, 11, 7, 2, 30), utc(2010, 11, 7, 3, 30)
    assert periods.day_start(date(2010, 11, 7), ST_JOHNS) == second_midnight
    minute_that_comes_twice = first_midnight + timedelta(seconds=30)
    assert minute_that_comes_twice.astimezone(ST_JOHNS).date() == date(2010, 11, 7)
    assert periods.local_day(minute_that_comes_twice, ST_JOHNS) == date(2010, 11, 6)
    assert hours_of(date(2010, 11, 6), ST_JOHNS) == 25


def test_a_date_that_a_zone_skipped_is_an_empty_day() -> None:
    start, end = periods.day_range(date(2011, 12, 30), APIA)
    assert start == end == utc(2011, 12, 30, 10)
    assert periods.local_day(start, APIA) == date(2011, 12, 31)
    assert hours_of(date(2011, 12, 29), APIA) == 24
    assert hours_of(date(2011, 12, 31), APIA) == 24


def test_the_days_of_a_range_include_both_ends() -> None:
    first, last = date(2026, 2, 27), date(2026, 3, 2)
    assert [day.day for day in periods.each_day(first, last)] == [27, 28, 1, 2]
    assert list(periods.each_day(first, first)) == [first]
    assert list(periods.each_day(last, first)) == []
    assert periods.days_range(first, last, BERLIN) == (utc(2026, 2, 26, 23), utc(2026, 3, 2, 23))


# --- Weeks ---


def test_a_week_starts_on_the_weekday_that_a_person_chose() -> None:
    sunday = date(2026, 11, 22)
    assert periods.week_start(sunday, 0) == date(2026, 11, 16)
    assert periods.week_start(sunday, 6) == sunday
    assert periods.week_start(sunday, 5) == date(2026, 11, 21)
    assert periods.week_days(sunday, 0) == [date(2026, 11, number) for number in range(16, 23)]


def test_a_week_with_a_clock_change_has_an_hour_more_or_less() -> None:
    spring = periods.week_range(date(2026, 3, 25), 0, BERLIN)
    autumn = periods.week_range(date(2026, 10, 21), 0, BERLIN)
    assert periods.seconds_between(*spring) == (7 * 24 - 1) * 3600
    assert periods.seconds_between(*autumn) == (7 * 24 + 1) * 3600


# --- Splitting and clipping ---


def test_an_entry_within_a_day_is_one_part() -> None:
    start, end = utc(2026, 11, 22, 8), utc(2026, 11, 22, 9, 30)
    assert periods.split_days(start, end, BERLIN) == [(date(2026, 11, 22), start, end)]
    assert periods.split_days(start, end, BERLIN)[0].seconds == 5400


def test_a_night_shift_over_the_autumn_change_is_two_hours_and_seven() -> None:
    parts = periods.split_days(utc(2026, 10, 24, 20), utc(2026, 10, 25, 5), BERLIN)
    assert [(part.day.day, part.seconds) for part in parts] == [(24, 2 * 3600), (25, 7 * 3600)]


def test_an_entry_of_three_days_has_a_part_for_each() -> None:
    parts = periods.split_days(utc(2026, 11, 20, 12), utc(2026, 11, 22, 12), BERLIN)
    assert [(part.day.day, part.seconds / 3600) for part in parts] == [(20, 11), (21, 24), (22, 13)]


def test_an_entry_that_ends_at_midnight_has_no_part_on_the_next_day() -> None:
    parts = periods.split_days(utc(2026, 11, 21, 20), utc(2026, 11, 21, 23), BERLIN)
    assert [part.day for part in parts] == [date(2026, 11, 21)]


def test_an_entry_of_no_length_is_one_part_of_no_length() -> None:
    midnight = utc(2026, 11, 21, 23)
    assert periods.split_days(midnight, midnight, BERLIN) == [(date(2026, 11, 22), midnight, midnight)]


def test_an_entry_over_a_skipped_date_has_no_part_for_it() -> None:
    parts = periods.split_days(utc(2011, 12, 30, 8), utc(2011, 12, 30, 12), APIA)
    assert [(part.day, part.seconds) for part in parts] == [
        (date(2011, 12, 29), 7200),
        (date(2011, 12, 31), 7200),
    ]


def test_an_entry_that_ends_before_it_starts_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="can't end before it starts"):
        periods.split_days(utc(2026, 11, 22, 9), utc(2026, 11, 22, 8), BERLIN)


def test_fractions_of_a_second_are_cut_before_anything_is_summed() -> None:
    start = utc(2026, 11, 21, 22, 59, 59) + timedelta(milliseconds=700)
    end = utc(2026, 11, 21, 23, 0, 1) + timedelta(milliseconds=200)
    parts = periods.split_days(start, end, BERLIN)
    assert [part.seconds for part in parts] == [1, 1]
    assert periods.seconds_between(start, end) == 2


def test_clipping_keeps_what_lies_within_the_range() -> None:
    nine, ten, eleven, twelve = (utc(2026, 11, 22, hour) for hour in (9, 10, 11, 12))
    assert periods.clip(nine, eleven, ten, twelve) == (ten, eleven)
    assert periods.overlap_seconds(nine, twelve, ten, eleven) == 3600
    assert periods.overlap_seconds(ten, eleven, nine, twelve) == 3600
    assert periods.clip(nine, ten, ten, eleven) is None
    assert periods.overlap_seconds(nine, ten, eleven, twelve) == 0


# --- Writing ---


def test_a_clock_is_written_on_the_hour_cycle_of_the_person() -> None:
    morning, noon, night = utc(2026, 11, 22, 8, 5, 9), utc(2026, 11, 22, 11), utc(2026, 11, 22, 23, 30)
    assert periods.format_clock(morning, BERLIN, "24") == "9:05"
    assert periods.format_clock(morning, BERLIN, "24", seconds=True) == "9:05:09"
    assert periods.format_clock(morning, BERLIN, "12", seconds=True) == "9:05:09 am"
    assert periods.format_clock(noon, BERLIN, "12") == "12:00 pm"
    assert periods.format_clock(night, BERLIN, "12") == "12:30 am"
    assert periods.format_clock(night, BERLIN, "24") == "0:30"


def test_a_date_is_written_in_the_order_of_the_person() -> None:
    day = date(2026, 2, 3)
    assert [periods.format_date(day, order) for order in ("dmy", "mdy", "ymd")] == [
        "03/02/2026",
        "02/03/2026",
        "2026-02-03",
    ]


def test_a_duration_is_cut_to_the_minute_and_a_timer_shows_its_seconds() -> None:
    assert [periods.format_duration(s) for s in (0, 59, 60, 6179, 360_000)] == [
        "0:00",
        "0:00",
        "0:01",
        "1:42",
        "100:00",
    ]
    assert [periods.format_timer(s) for s in (0, 59, 6127, 360_000)] == [
        "0:00:00",
        "0:00:59",
        "1:42:07",
        "100:00:00",
    ]
    assert [periods.format_duration(s) for s in (-59, -60, -6179)] == ["0:00", "-0:01", "-1:42"]
    assert periods.format_timer(-7) == "-0:00:07"


def test_a_day_is_labelled_by_how_near_it_is() -> None:
    today = date(2026, 11, 22)
    assert periods.day_label(today, today, "dmy") == ("Today", "Sun 22 Nov")
    assert periods.day_label(date(2026, 11, 21), today, "dmy") == ("Yesterday", "Sat 21 Nov")
    assert periods.day_label(date(2026, 11, 23), today, "dmy") == ("Tomorrow", "Mon 23 Nov")
    assert periods.day_label(date(2026, 11, 20), today, "dmy") == ("Friday", "20 Nov")
    assert periods.day_label(date(2025, 11, 20), today, "dmy") == ("Thursday", "20 Nov 2025")


def test_a_label_follows_the_order_of_the_person() -> None:
    today = date(2026, 11, 22)
    assert periods.day_label(today, today, "mdy") == ("Today", "Sun, Nov 22")
    assert periods.day_label(date(2025, 1, 2), today, "mdy") == ("Thursday", "Jan 2, 2025")
    assert periods.day_label(today, today, "ymd") == ("Today", "Sun 2026-11-22")
