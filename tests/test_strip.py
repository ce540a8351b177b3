"""Today's strip: blocks and gaps tile the time, and stand where they truly happened, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import periods, strip, words
from quart_app.timesheet import Line, days_of

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
DAY = date(2026, 11, 20)
# Zones, and days on which their clocks change: an hour less and more, half an hour less and more, no midnight, midnight
# twice; and a day like any other.
DAYS = [
    (BERLIN, date(2026, 3, 29)),
    (BERLIN, date(2026, 10, 25)),
    (LORD_HOWE, date(2026, 10, 4)),
    (LORD_HOWE, date(2026, 4, 5)),
    (ZoneInfo("Asia/Beirut"), date(2026, 3, 29)),
    (ZoneInfo("America/Havana"), date(2026, 11, 1)),
    (ZoneInfo("Asia/Kathmandu"), DAY),
]


class Row(NamedTuple):
    started_at: datetime
    ended_at: datetime | None
    project_name: str | None = None
    project_colour: int | None = None
    likeness: int = 0


def at(text: str, zone: ZoneInfo = BERLIN, day: date = DAY, fold: int = 0) -> datetime:
    clock = datetime.fromisoformat(f"{day} {text:0>5}")
    return clock.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def lines_on(rows: list[Row], day: date, zone: ZoneInfo, now: datetime) -> list[Line[Row]]:
    return next((found.lines for found in days_of(rows, zone, now, day) if found.date == day), [])


def today(*spans: str, now: str = "15:00") -> tuple[list[Line[Row]], strip.Window]:
    """Lines of a plain day, "9:10-11:05", and the window to see them in."""
    rows = [Row(at(start), at(end)) for start, end in (span.split("-") for span in spans)]
    lines = lines_on(rows, DAY, BERLIN, at(now))
    return lines, strip.window_of(lines, DAY, BERLIN, at(now))


def clocks(window: strip.Window, zone: ZoneInfo = BERLIN) -> tuple[str, str]:
    return periods.format_clock(window.since, zone, "24"), periods.format_clock(window.until, zone, "24")


# ---- For any entries of any day


class Scene(NamedTuple):
    zone: ZoneInfo
    day: date
    now: datetime
    lines: list[Line[Row]]
    window: strip.Window


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A day with entries that may begin before it, end after it, overlap, have no length, or run."""
    zone, day = draw(st.sampled_from(DAYS))
    start, end = periods.day_range(day, zone)
    length = periods.seconds_between(start, end)
    now = start + timedelta(seconds=draw(st.integers(0, length - 1)))
    moments = st.integers(-40_000, length).map(lambda seconds: start + timedelta(seconds=seconds))
    lengths = st.sampled_from([0, 1, 30, 60, 300, 900, 3600, 7200]) | st.integers(0, 50_000)
    rows = [
        Row(begun, begun + timedelta(seconds=seconds), None, seconds % 3)
        for begun, seconds in draw(st.lists(st.tuples(moments, lengths), max_size=25))
    ]
    if draw(st.booleans()):
        rows.append(Row(draw(moments), None))
    lines = lines_on(rows, day, zone, now)
    return Scene(zone, day, now, lines, strip.window_of(lines, day, zone, now))


@given(scenes())
def test_the_window_holds_the_lines_and_now_and_ends_at_whole_hours(scene: Scene) -> None:
    since, until = scene.window
    start, end = periods.day_range(scene.day, scene.zone)
    assert start <= since <= scene.now < until <= end
    assert all(since <= line.start <= line.end <= until for line in scene.lines)
    assert since == start or since.astimezone(scene.zone).minute == 0
    assert until == end or until.astimezone(scene.zone).minute == 0


@given(scenes())
def test_blocks_and_gaps_tile_the_time_from_the_first_block_to_the_last_or_now(scene: Scene) -> None:
    gaps = strip.gaps_of(scene.lines, scene.now)
    assert all(gap.seconds > 0 and gap.end <= scene.now for gap in gaps)
    for gap in gaps:
        assert not any(periods.overlap_seconds(line.start, line.end, *gap) for line in scene.lines)
        assert not any(gap.start < line.start < gap.end for line in scene.lines), "even one of no length"
    if not scene.lines:
        assert not gaps
        return
    pieces = sorted([*((line.start, line.end) for line in scene.lines), *gaps])
    reached = first = pieces[0][0]
    for start, end in pieces:
        assert min(start, scene.now) <= reached, "nothing is left out"
        reached = max(reached, end)
    assert all(gap.start >= first for gap in gaps)
    assert reached == max(line.end for line in scene.lines) or reached == scene.now


@given(scenes())
def test_every_line_has_its_block_where_it_happened(scene: Scene) -> None:
    window, marks = scene.window, strip.marks_of(scene.lines, scene.window)
    shown = [id(line) for mark in marks for line in mark.lines]
    assert sorted(shown) == sorted(id(line) for line in scene.lines), "each once"
    for mark in marks:
        assert mark.left >= 0
        assert mark.left + mark.width <= 100 + 1e-9
        assert mark.width >= strip.NARROWEST
        assert 0 <= mark.lane < mark.lanes <= strip.MOST_LANES
        true_end = max(window.place(line.end) for line in mark.lines)
        if true_end - window.place(mark.lines[0].start) >= strip.NARROWEST:
            assert mark.left == pytest.approx(window.place(mark.lines[0].start))
            assert mark.left + mark.width == pytest.approx(true_end)
        if len(mark.lines) > 1:
            assert not any(line.is_running for line in mark.lines)
            assert all(
                window.place(line.end) - window.place(line.start) < strip.NARROWEST for line in mark.lines
            )


@given(scenes())
def test_blocks_of_one_lane_do_not_cover_each_other_in_time(scene: Scene) -> None:
    marks = [mark for mark in strip.marks_of(scene.lines, scene.window) if mark.lanes < strip.MOST_LANES]
    spans = [(mark, line) for mark in marks for line in mark.lines]
    for mark, line in spans:
        for other_mark, other in spans:
            if other is not line and (mark.lane, mark.lanes) == (other_mark.lane, other_mark.lanes):
                assert not periods.overlap_seconds(line.start, line.end, other.start, other.end)


@given(scenes())
def test_the_hours_are_those_of_the_clocks(scene: Scene) -> None:
    hours = strip.hours_of(scene.window, scene.day, scene.zone)
    lefts = [hour.left for hour in hours]
    assert lefts == sorted(set(lefts))
    assert 2 <= len(hours) <= 10
    end = periods.day_range(scene.day, scene.zone)[1]
    length = periods.seconds_between(*scene.window)
    for left, hour in hours:
        instant = scene.window.since + timedelta(seconds=round(left * length / 100))
        clock = instant.astimezone(scene.zone)
        assert (clock.minute, clock.second) == (0, 0)
        assert hour == (24 if instant == end else clock.hour)


# ---- Single cases


def test_a_plain_day_is_seen_from_8_to_18() -> None:
    lines, window = today("9:10-11:05")
    assert clocks(window) == ("8:00", "18:00")
    (mark,) = strip.marks_of(lines, window)
    assert (mark.left, mark.width) == pytest.approx((100 * 70 / 600, 100 * 115 / 600))
    assert strip.hours_of(window, DAY, BERLIN) == [
        *((0, 8), (20, 10), (40, 12), (60, 14), (80, 16), (100, 18))
    ]


def test_an_early_start_and_a_late_end_widen_it() -> None:
    _, window = today("5:20-6:00", "17:00-20:01")
    assert clocks(window) == ("5:00", "21:00")
    _, window = today(now="18:00")
    assert clocks(window) == ("8:00", "19:00"), "now is within"
    _, window = today(now="23:59")
    assert window.until == at("00:00", day=DAY + timedelta(days=1))


def test_the_gap_to_fill_is_the_longest() -> None:
    lines, _ = today("9:00-10:00", "10:06-11:00", "12:00-13:00", "13:02-14:00")
    gaps = strip.gaps_of(lines, at("15:00"))
    assert [gap.seconds for gap in gaps] == [360, 3600, 120], "nothing after the last"
    assert strip.gap_to_fill(gaps) == (at("11:00"), at("12:00"))
    assert strip.gap_to_fill(gaps[2:]) is None, "two minutes are not worth a word"


def test_a_night_is_not_what_is_to_be_filled_but_where_there_is_nothing_else() -> None:
    lines, _ = today("0:00-1:00", "9:00-10:00", "10:30-11:00")
    gaps = strip.gaps_of(lines, at("15:00"))
    assert strip.gap_to_fill(gaps) == (at("10:00"), at("10:30"))
    assert strip.gap_to_fill(gaps[:1]) == (at("1:00"), at("9:00"))


def test_of_equal_gaps_the_latest_is_to_be_filled() -> None:
    lines, _ = today("9:00-10:00", "11:00-12:00", "13:00-14:00")
    assert strip.gap_to_fill(strip.gaps_of(lines, at("15:00"))) == (at("12:00"), at("13:00"))


def test_a_gap_ends_now_at_the_latest() -> None:
    lines, _ = today("9:00-10:00", "16:00-17:00")
    assert strip.gaps_of(lines, at("15:00")) == [(at("10:00"), at("15:00"))]


def test_what_overlaps_lies_in_two_lanes() -> None:
    lines, window = today("9:00-11:00", "10:00-12:00", "13:00-14:00")
    lanes = {mark.lines[0].start: (mark.lane, mark.lanes) for mark in strip.marks_of(lines, window)}
    assert lanes == {at("9:00"): (0, 2), at("10:00"): (1, 2), at("13:00"): (0, 1)}


def test_short_ones_beside_each_other_share_a_mark() -> None:
    lines, window = today("9:00-9:01", "9:01-9:02", "9:03-9:03", "12:00-12:01")
    first, second = strip.marks_of(lines, window)
    assert [len(first.lines), len(second.lines)] == [3, 1]
    assert first.width == second.width == strip.NARROWEST


def test_yesterdays_share_is_cut_off_at_midnight() -> None:
    row = Row(at("22:00", day=DAY - timedelta(days=1)), at("1:00"))
    lines = lines_on([row], DAY, BERLIN, at("9:00"))
    window = strip.window_of(lines, DAY, BERLIN, at("9:00"))
    assert clocks(window) == ("0:00", "18:00")
    (mark,) = strip.marks_of(lines, window)
    assert (mark.left, mark.width) == pytest.approx((0, 100 / 18))


@pytest.mark.parametrize(
    ("zone", "day", "count", "written"),
    [
        (BERLIN, date(2026, 10, 25), 25, [0, 2, 2, 4, 8, 12, 16, 20, 24]),
        (BERLIN, date(2026, 3, 29), 23, [0, 4, 8, 12, 16, 20, 24]),
        (LORD_HOWE, date(2026, 4, 5), 24, [0, 4, 8, 12, 16, 20, 24]),
        (ZoneInfo("Asia/Beirut"), date(2026, 3, 29), 23, [4, 8, 12, 16, 20, 24]),
    ],
)
def test_a_day_of_a_clock_change_has_as_many_hours_as_it_has(
    zone: ZoneInfo, day: date, count: int, written: list[int]
) -> None:
    assert len(strip.whole_hours(day, zone)) == count + 1
    hours = strip.hours_of(strip.Window(*periods.day_range(day, zone)), day, zone)
    assert [hour.hour for hour in hours] == written


def test_an_hour_is_as_wide_as_any_other() -> None:
    day = date(2026, 10, 25)
    row = Row(at("02:00", day=day), at("02:00", day=day, fold=1))
    lines = lines_on([row], day, BERLIN, at("12:00", day=day))
    window = strip.window_of(lines, day, BERLIN, at("12:00", day=day))
    assert clocks(window) == ("2:00", "18:00")
    (mark,) = strip.marks_of(lines, window)
    assert (mark.left, mark.width) == pytest.approx((0, 100 / 17))


# ---- Its words


@pytest.mark.parametrize(
    ("seconds", "clock", "decimal"),
    [
        (0, "0 min", "0.00 h"),
        (59, "0 min", "0.01 h"),
        (50 * 60, "50 min", "0.83 h"),
        (8 * 3600, "8 h", "8.00 h"),
        (5 * 3600 + 42 * 60 + 59, "5 h 42 min", "5.71 h"),
    ],
)
def test_durations_are_spelled_out_to_everybodys_taste(seconds: int, clock: str, decimal: str) -> None:
    assert words.spell_duration(seconds) == clock
    with words.speaking(words.Taste(duration_format="decimal")):
        assert words.spell_duration(seconds) == decimal
    with words.speaking(words.Taste("de", "decimal")):
        assert words.spell_duration(seconds) == decimal.replace(".", ",")
