"""For any moments and any zone: days tile time, parts sum to the raw seconds, and what is written can be read."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from quart_app import clocks, periods, spans

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "America/Sao_Paulo",
        "America/Havana",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kiritimati",
    )
]
SECOND = timedelta(seconds=1)
FIRST = datetime(1971, 1, 1, tzinfo=UTC)
HORIZON = int((datetime(2060, 1, 1, tzinfo=UTC) - FIRST).total_seconds())
APIA, ST_JOHNS = ZoneInfo("Pacific/Apia"), ZoneInfo("America/St_Johns")


@cache
def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """Where the zone's offset changes between 1971 and 2060."""
    weeks = [FIRST + timedelta(days=7 * week) for week in range(HORIZON // (7 * 86400))]
    offsets = [week.astimezone(zone).utcoffset() for week in weeks]
    pairs = zip(pairwise(weeks), pairwise(offsets), strict=True)
    return [periods.change_between(*within, zone) for within, (before, after) in pairs if before != after]


@st.composite
def zoned_instants(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant: anywhere, or within two days of one of the zone's clock changes."""
    zone = draw(st.sampled_from(ZONES))
    changes = clock_changes(zone)
    if draw(st.booleans()) and changes:
        seconds = draw(st.integers(-2 * 86400, 2 * 86400))
        return zone, draw(st.sampled_from(changes)) + timedelta(seconds=seconds)
    return zone, FIRST + timedelta(seconds=draw(st.integers(0, HORIZON)))


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clocks show, without the zone."""
    return instant.astimezone(zone).replace(tzinfo=None)


LENGTHS = st.one_of(
    st.just(0), st.integers(1, 12 * 3600), st.integers(1, 5 * 86400), st.integers(1, 400 * 86400)
)
DATES = st.dates(periods.FIRST_DAY, periods.LAST_DAY)
ORDERS = st.sampled_from(["ymd", "dmy", "mdy"])


@given(zoned_instants(), LENGTHS)
@example((APIA, datetime(2011, 12, 29, 20, tzinfo=UTC)), 3 * 86400)
@example((ST_JOHNS, datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC)), 0)
@example((ST_JOHNS, datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC)), 7200)
def test_parts_sum_to_the_raw_seconds_and_touch_in_order(
    moment: tuple[ZoneInfo, datetime], length: int
) -> None:
    zone, start = moment
    end = start + timedelta(seconds=length)
    parts = periods.split_days(start, end, zone)
    assert sum(part.seconds for part in parts) == length == periods.seconds_between(start, end)
    assert (parts[0].start, parts[-1].end) == (start, end)
    assert all(one.end == other.start and one.day < other.day for one, other in pairwise(parts))
    assert all(part.seconds > 0 for part in parts) or len(parts) == 1


@given(zoned_instants(), LENGTHS)
def test_each_part_lies_within_its_day_and_names_the_day_of_its_start(
    moment: tuple[ZoneInfo, datetime], length: int
) -> None:
    zone, start = moment
    for part in periods.split_days(start, start + timedelta(seconds=length), zone):
        since, until = periods.day_range(part.day, zone)
        assert since <= part.start <= part.end <= until
        assert part.start < until
        assert part.day == periods.local_day(part.start, zone)
        assert part.seconds == periods.overlap_seconds(part.start, part.end, since, until)


@given(zoned_instants(), LENGTHS)
def test_clipping_to_each_day_gives_the_same_seconds_as_splitting(
    moment: tuple[ZoneInfo, datetime], length: int
) -> None:
    zone, start = moment
    end = start + timedelta(seconds=length)
    parts = {part.day: part.seconds for part in periods.split_days(start, end, zone) if part.seconds}
    first, last = periods.local_day(start, zone), periods.local_day(end, zone)
    clipped = {
        day: periods.overlap_seconds(start, end, *periods.day_range(day, zone))
        for day in periods.each_day(first, last)
    }
    assert parts == {day: seconds for day, seconds in clipped.items() if seconds}


@given(zoned_instants())
def test_days_tile_time_without_gap_or_overlap(moment: tuple[ZoneInfo, datetime]) -> None:
    zone, instant = moment
    day = periods.local_day(instant, zone)
    days = [day + timedelta(days=step) for step in range(-3, 4)]
    ranges = [periods.day_range(each, zone) for each in days]
    assert all(one[1] == other[0] for one, other in pairwise(ranges))
    assert [each for each, (start, end) in zip(days, ranges, strict=True) if start <= instant < end] == [day]
    assert all(end == start or end - start >= timedelta(hours=22) for start, end in ranges)


@given(zoned_instants(), st.integers(0, 6))
def test_weeks_tile_time_too(moment: tuple[ZoneInfo, datetime], first_weekday: int) -> None:
    zone, instant = moment
    day = periods.local_day(instant, zone)
    start, end = periods.week_range(day, first_weekday, zone)
    week = periods.week_days(day, first_weekday)
    assert start <= instant < end
    assert week[0].weekday() == first_weekday
    assert day in week
    assert (start, end) == periods.days_range(week[0], week[-1], zone)
    assert end == periods.week_range(week[-1] + timedelta(days=1), first_weekday, zone)[0]


@given(zoned_instants())
def test_a_day_starts_where_an_earlier_date_is_shown_for_the_last_time(
    moment: tuple[ZoneInfo, datetime],
) -> None:
    zone, instant = moment
    day = periods.local_day(instant, zone)
    start = periods.day_start(day, zone)
    assert (start - SECOND).astimezone(zone).date() < day
    shown = [(start + timedelta(minutes=quarter * 15)).astimezone(zone).date() for quarter in range(4 * 30)]
    assert all(each >= day for each in shown)


@given(zoned_instants())
@example((ST_JOHNS, datetime(2010, 11, 7, 2, 30, 59, tzinfo=UTC)))
def test_the_local_day_is_the_date_on_the_clock_unless_the_clock_returns_to_the_day_before(
    moment: tuple[ZoneInfo, datetime],
) -> None:
    """The one exception among these zones: before 2011 St John's showed a new date for a minute, then the old one."""
    zone, instant = moment
    shown, day = instant.astimezone(zone), periods.local_day(instant, zone)
    if shown.date() != day:
        assert zone is ST_JOHNS
        assert shown.time() < time(0, 1)
        assert (
            (instant + timedelta(minutes=1)).astimezone(zone).date()
            == day
            == shown.date() - timedelta(days=1)
        )


@given(zoned_instants())
def test_every_instant_is_a_reading_of_its_own_clock(moment: tuple[ZoneInfo, datetime]) -> None:
    zone, instant = moment
    shown = instant.astimezone(zone)
    found = spans.readings(shown.date(), shown.time(), zone)
    assert instant in [reading.instant for reading in found]
    assert spans.resolve_local(shown.date(), shown.time(), zone, shown.fold).instant == instant
    assert len({reading.words for reading in found}) == len(found)


@given(zoned_instants(), st.times())
@example((APIA, datetime(2011, 12, 30, 20, tzinfo=UTC)), time(12))
def test_every_reading_of_a_clock_shows_that_clock(moment: tuple[ZoneInfo, datetime], clock: time) -> None:
    zone, instant = moment
    day, clock = instant.astimezone(zone).date(), clock.replace(microsecond=0)
    found = [reading.instant for reading in spans.readings(day, clock, zone)]
    assert found == sorted(set(found))
    assert {wall(each, zone) for each in found} <= {datetime.combine(day, clock)}


@given(zoned_instants(), st.integers(-86400, 86400))
@example((APIA, datetime(2011, 12, 30, 10, tzinfo=UTC)), 3600)
def test_a_clock_without_a_reading_lies_in_a_gap_between_the_moments_offered(
    moment: tuple[ZoneInfo, datetime], shift: int
) -> None:
    zone, instant = moment
    typed = wall(instant, zone) + timedelta(seconds=shift)
    if spans.readings(typed.date(), typed.time(), zone):
        return
    with pytest.raises(spans.GapError) as refused:
        spans.resolve_local(typed.date(), typed.time(), zone)
    before, after = refused.value.before, refused.value.after
    assert wall(before, zone) < typed < wall(after, zone)
    assert (after - SECOND).astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()


@given(zoned_instants(), st.integers(0, 22 * 3600))
@example((ST_JOHNS, datetime(1987, 10, 25, 2, 30, 59, tzinfo=UTC)), 1)
def test_the_clocks_of_a_span_under_a_day_give_it_back(
    moment: tuple[ZoneInfo, datetime], length: int
) -> None:
    zone, start = moment
    end = start + timedelta(seconds=length)
    first, last = start.astimezone(zone), end.astimezone(zone)
    if (
        last.date() >= first.date()
    ):  # else St John's clocks returned to the old date: only end_day can say that
        span = spans.resolve_span(first.date(), first.time(), last.time(), zone, first.fold, last.fold)
        assert (span.start, span.end) == (start, end)
    with_date = spans.resolve_span(
        first.date(), first.time(), last.time(), zone, first.fold, last.fold, end_day=last.date()
    )
    assert (with_date.start, with_date.end) == (start, end)


@given(zoned_instants(), st.times(), st.times(), st.sampled_from([None, 0, 1]), st.sampled_from([None, 0, 1]))
def test_a_span_never_ends_before_it_starts_and_lasts_under_26_hours(
    moment: tuple[ZoneInfo, datetime],
    start_clock: time,
    end_clock: time,
    start_fold: int | None,
    end_fold: int | None,
) -> None:
    zone, instant = moment
    day = instant.astimezone(zone).date()
    try:
        span = spans.resolve_span(day, start_clock, end_clock, zone, start_fold, end_fold)
    except ValueError:
        assume(False)
    assert timedelta(0) <= span.end - span.start < timedelta(hours=26)
    assert span.next_day == (span.end.astimezone(zone).date() > day)


@given(zoned_instants(), st.sampled_from(["24", "12"]))
def test_a_written_clock_is_read_back(moment: tuple[ZoneInfo, datetime], hour_cycle: str) -> None:
    zone, instant = moment
    shown = instant.astimezone(zone).time()
    assert clocks.parse_clock(periods.format_clock(instant, zone, hour_cycle, seconds=True)) == shown
    assert clocks.parse_clock(periods.format_clock(instant, zone, hour_cycle)) == shown.replace(second=0)


@given(DATES, ORDERS, ORDERS)
def test_a_written_date_is_read_back(day: date, order: str, other: str) -> None:
    assert clocks.parse_date(periods.format_date(day, order), order) == day
    assert clocks.parse_date(day.isoformat(), other) == day
    assert clocks.parse_date(f"{day:%Y%m%d}", other) == day


@given(DATES, DATES, ORDERS)
def test_the_small_print_of_a_label_is_a_date_that_can_be_typed(day: date, today: date, order: str) -> None:
    name, written = periods.day_label(day, today, order)
    if name in periods.WEEKDAYS:
        assert clocks.parse_date(written, order, today=day) == day


@given(st.integers(0, periods.LONGEST_SECONDS))
def test_a_written_duration_is_read_back(seconds: int) -> None:
    assert clocks.parse_duration(periods.format_timer(seconds)) == seconds
    assert clocks.parse_duration(periods.format_duration(seconds)) == seconds // 60 * 60
    assert clocks.parse_duration(f"{seconds}s") == seconds
    hours, minutes = divmod(seconds // 60, 60)
    assert clocks.parse_duration(f"{hours}h {minutes}m {seconds % 60}s") == seconds


@given(
    st.one_of(st.text(max_size=60), st.text("0123456789:.,-/ hmsapnov\u0660\u0967\u200f\x00", max_size=45)),
    ORDERS,
)
def test_any_text_is_read_within_bounds_or_refused_in_words(text: str, order: str) -> None:
    duration, _, day = (
        value_or_words(parse, text)
        for parse in (clocks.parse_duration, clocks.parse_clock, partial(clocks.parse_date, order=order))
    )
    assert not isinstance(duration, int) or 0 <= duration <= periods.LONGEST_SECONDS
    assert not isinstance(day, date) or periods.FIRST_DAY <= day <= periods.LAST_DAY


def value_or_words(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except ValueError as refused:
        words = str(refused)
    assert words.endswith(".")
    assert len(words) < 90
    return words
