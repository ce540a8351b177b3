import time as stopwatch
from collections.abc import Callable
from datetime import date, time
from functools import partial

import pytest

from quart_app.clocks import parse_clock, parse_date, parse_duration

PARSERS: list[Callable[[str], object]] = [
    parse_duration,
    parse_clock,
    *(partial(parse_date, order=order, today=date(2026, 11, 22)) for order in ("ymd", "dmy", "mdy")),
]


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("1:30", 5400),
        ("01:30", 5400),
        ("1:30:15", 5415),
        ("1:30 h", 5400),
        (":45", 2700),
        ("0:00", 0),
        ("1.5h", 5400),
        ("1,5 h", 5400),
        (".5h", 1800),
        ("2h", 7200),
        ("2 Hours", 7200),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("1h30", 5400),
        ("1 h 30", 5400),
        ("1 hr 30 mins", 5400),
        ("1h 30m 15s", 5415),
        ("1h30m15", 5415),
        ("1h 90m", 9000),
        ("1h 15s", 3615),
        ("90m", 5400),
        ("90 min", 5400),
        ("1.5m", 90),
        ("45s", 45),
        ("130s", 130),
        ("9999h", 9999 * 3600),
        ("9999:00", 9999 * 3600),
        ("  1:30  ", 5400),
    ],
)
def test_a_duration_is_read_as_people_type_it(typed: str, seconds: int) -> None:
    assert parse_duration(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "seconds"), [("0", 0), ("2", 120), ("12", 720), ("90", 5400), ("480", 28800)]
)
def test_a_whole_number_alone_means_minutes_whatever_its_size(typed: str, seconds: int) -> None:
    assert parse_duration(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "seconds"), [("1.5", 5400), ("1,5", 5400), (".25", 900), ("2.0", 7200), ("12.5", 45000)]
)
def test_a_number_with_a_fraction_alone_means_hours(typed: str, seconds: int) -> None:
    assert parse_duration(typed) == seconds


def test_a_fraction_is_rounded_to_the_nearest_second() -> None:
    assert parse_duration("0.33h") == 1188
    assert parse_duration("0.333333h") == 1200
    assert parse_duration("0.5s") == 1


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "h",
        "abc",
        "1d",
        "1:5",
        "1::30",
        "1:30:",
        "30m 1h",
        "1h 1h",
        "30 15s",
        "1 30",
        "1.5.5",
        "1e3",
        "+5",
        "1h-30m",
        "45s 10",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Type a duration like 1:30, 1\.5h or 90m\.$"):
        parse_duration(typed)


def test_a_refused_duration_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="can't be negative"):
        parse_duration("-1:30")
    with pytest.raises(ValueError, match=r"go up to 59\. For ninety minutes type 90m"):
        parse_duration("0:90")
    for typed in ("9999:01", "9999.1h", "600000", "9" * 40):
        with pytest.raises(ValueError, match="at most 9999 hours"):
            parse_duration(typed)


@pytest.mark.parametrize(
    ("typed", "clock"),
    [
        ("9", time(9)),
        ("09", time(9)),
        ("0", time(0)),
        ("21", time(21)),
        ("9:05", time(9, 5)),
        ("905", time(9, 5)),
        ("0905", time(9, 5)),
        ("9.05", time(9, 5)),
        ("9 05", time(9, 5)),
        ("1230", time(12, 30)),
        ("130", time(1, 30)),
        ("21:30:15", time(21, 30, 15)),
        ("090530", time(9, 5, 30)),
        ("9am", time(9)),
        ("9 am", time(9)),
        ("9a", time(9)),
        ("9.05am", time(9, 5)),
        ("905pm", time(21, 5)),
        ("9 PM", time(21)),
        ("9:05 p.m.", time(21, 5)),
        ("12am", time(0)),
        ("12:30 am", time(0, 30)),
        ("12pm", time(12)),
        ("noon", time(12)),
        ("Midnight", time(0)),
    ],
)
def test_a_time_of_day_is_read_as_people_type_it(typed: str, clock: time) -> None:
    assert parse_clock(typed) == clock


@pytest.mark.parametrize(
    "typed", ["", "abc", "9:5", "9h", "2h", "9:05:", ":30", "-9", "9:05xm", "9:05 amp", "1234567", "1.5h"]
)
def test_what_is_no_time_of_day_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Type a time like 9:05, 905 or 9\.05pm\.$"):
        parse_clock(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("25", "Hours go from 0 to 23"),
        ("24:30", "Hours go from 0 to 23"),
        ("9:60", "Minutes and seconds go from 0 to 59"),
        ("9:05:60", "Minutes and seconds go from 0 to 59"),
        ("24:00", "For midnight type 0:00"),
        ("13pm", "With am or pm the hour goes from 1 to 12"),
        ("0am", "With am or pm the hour goes from 1 to 12"),
    ],
)
def test_a_refused_time_of_day_says_what_is_wrong(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_clock(typed)


@pytest.mark.parametrize("order", ["ymd", "dmy", "mdy"])
@pytest.mark.parametrize(
    "typed", ["2026-02-03", "2026/2/3", "2026.02.03", "2026 2 3", "20260203", " 2026-02-03 "]
)
def test_an_iso_date_is_read_in_every_order(typed: str, order: str) -> None:
    assert parse_date(typed, order) == date(2026, 2, 3)


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ("3.2.2026", "dmy"),
        ("03/02/2026", "dmy"),
        ("3-2-26", "dmy"),
        ("3 2 2026", "dmy"),
        ("3. 2. 2026", "dmy"),
        ("2/3/2026", "mdy"),
        ("02.03.26", "mdy"),
        ("26-2-3", "ymd"),
        ("3 Feb 2026", "dmy"),
        ("3 feb 26", "mdy"),
        ("3-Feb-2026", "ymd"),
        ("Feb 3, 2026", "mdy"),
        ("february 3 2026", "dmy"),
        ("2026 Feb 3", "dmy"),
        ("26 Feb 3", "ymd"),
    ],
)
def test_a_date_is_read_in_the_order_of_the_person(typed: str, order: str) -> None:
    assert parse_date(typed, order) == date(2026, 2, 3)


def test_two_digits_of_a_year_stand_for_1970_to_2069() -> None:
    assert parse_date("1.1.70", "dmy").year == 1970
    assert parse_date("1.1.99", "dmy").year == 1999
    assert parse_date("1.1.00", "dmy").year == 2000
    assert parse_date("1.1.69", "dmy").year == 2069


def test_words_and_dates_without_a_year_are_read_near_today() -> None:
    today = date(2026, 1, 2)
    assert parse_date("Yesterday", "dmy", today=today) == date(2026, 1, 1)
    assert parse_date("today", "mdy", today=today) == today
    assert parse_date("tomorrow", "ymd", today=today) == date(2026, 1, 3)
    assert parse_date("31.12.", "dmy", today=today) == date(2025, 12, 31)
    assert parse_date("12/31", "mdy", today=today) == date(2025, 12, 31)
    assert parse_date("3 Jan", "dmy", today=today) == date(2026, 1, 3)
    assert parse_date("29 Feb", "dmy", today=date(2027, 3, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "22",
        "1.2.3.4",
        "3.2.026",
        "2026-02",
        "Feb 2026",
        "3 Feb Mar",
        "today",
        "31.12.",
        "1_2_2026",
    ],
)
def test_what_is_no_date_is_refused_with_an_example_in_the_order_of_the_person(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Type a date like 22/11/2026\.$"):
        parse_date(typed, "dmy")


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ("30.2.2026", "dmy"),
        ("11/22/2026", "dmy"),
        ("22/11/2026", "mdy"),
        ("2026-00-10", "ymd"),
        ("3 Foo 2026", "dmy"),
    ],
)
def test_a_day_outside_the_calendar_is_refused_and_never_swapped(typed: str, order: str) -> None:
    with pytest.raises(ValueError, match=r"not in the calendar\. Type a date like"):
        parse_date(typed, order)


def test_dates_go_from_1970_to_2199() -> None:
    assert parse_date("1970-01-01", "ymd") == date(1970, 1, 1)
    assert parse_date("2199-12-31", "ymd") == date(2199, 12, 31)
    for typed in ("1969-12-31", "2200-01-01", "9999-12-31", "0001-01-01"):
        with pytest.raises(ValueError, match="from 1970 to 2199"):
            parse_date(typed, "ymd")
    with pytest.raises(ValueError, match="not in the calendar"):
        parse_date("0000-01-01", "ymd")


def test_digits_and_signs_of_other_scripts_are_read() -> None:
    assert parse_clock("९:०५") == time(9, 5)
    assert parse_clock("９：０５") == time(9, 5)
    assert parse_clock("9:05\u202fAM") == time(9, 5)
    assert parse_duration("١٫٥") == 5400
    assert parse_date("\u200e22\u200f/\u200e11\u200f/2026", "dmy") == date(2026, 11, 22)
    assert parse_date("2026–11–22", "ymd") == date(2026, 11, 22)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "typed", ["9\0", "\0", "9\u202e", "9²", "½", "Ⅸ", "9:05🙂", "九", "\ud800", "NaN", "inf", "1_000"]
)
def test_other_signs_are_refused_in_words(parse: Callable[[str], object], typed: str) -> None:
    with pytest.raises(ValueError, match="Type a"):
        parse(typed)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("piece", ["9", "1h", " ", "1:", "9 ", "1.", "a", "٣", "1 h 1 ", "\u200e"])
def test_a_huge_text_is_refused_at_once(parse: Callable[[str], object], piece: str) -> None:
    began = stopwatch.perf_counter()
    for typed in (piece * 1_000_000, (piece * 40)[:40]):
        with pytest.raises(ValueError, match=r"Type a|too long|Hours go"):
            parse(typed)
    assert stopwatch.perf_counter() - began < 0.5
