"""Entries laid out by day: the parts are the whole, to the second, in any zone."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import periods
from quart_app.timesheet import Fold, Line, chart_of, days_of, fold_alike, shares_of

EVER = date(1969, 12, 1)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Row(NamedTuple):
    started_at: datetime
    ended_at: datetime | None
    project_name: str | None = None
    project_colour: int | None = None

    @property
    def likeness(self) -> str | None:
        return self.project_name


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


zones = st.sampled_from(
    [
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "America/Havana",
    ]
).map(ZoneInfo)
starts = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
rows = st.builds(
    lambda start, seconds, project: Row(start, start + timedelta(seconds=seconds), project),
    starts,
    st.one_of(st.just(0), st.integers(1, 90_000), st.integers(1, 900_000)),
    st.sampled_from([None, "Website", "Platform"]),
)


@given(st.lists(rows, max_size=12), zones)
def test_the_days_sum_to_the_raw_seconds(entries: list[Row], zone: ZoneInfo) -> None:
    days = days_of(entries, zone, NOW, EVER)
    raw = sum(periods.seconds_between(row.started_at, row.ended_at) for row in entries if row.ended_at)
    assert sum(day.seconds for day in days) == raw
    assert sum(share.seconds for share in shares_of(days)) == raw
    assert sum(line.is_last for day in days for line in day.lines) == len(entries)


@given(st.lists(rows, max_size=12), zones, st.dates(date(1970, 1, 2), date(2096, 1, 1)), st.integers(0, 400))
def test_pages_of_days_share_nothing_and_leave_nothing_out(
    entries: list[Row], zone: ZoneInfo, cut: date, width: int
) -> None:
    lower = cut - timedelta(days=min(width, (cut - EVER).days))
    whole = days_of(entries, zone, NOW, EVER)
    pages = [
        days_of(entries, zone, NOW, cut),
        days_of(entries, zone, NOW, lower, cut),
        days_of(entries, zone, NOW, EVER, lower),
    ]
    assert [(day.date, day.seconds) for page in pages for day in page] == [(d.date, d.seconds) for d in whole]


def test_a_night_over_the_clock_change_is_split_truthfully() -> None:
    night = Row(at("2026-10-24 22:00"), at("2026-10-25 06:00"))
    after, before = days_of([night], BERLIN, NOW, EVER)
    assert (before.date, before.seconds) == (date(2026, 10, 24), 2 * 3600)
    assert (after.date, after.seconds) == (date(2026, 10, 25), 7 * 3600)


def test_a_running_entry_counts_up_to_now_on_each_of_its_days() -> None:
    days = days_of([Row(at("2026-11-21 23:00"), None)], BERLIN, NOW, EVER)
    assert [(day.date.day, day.seconds, day.is_running) for day in days] == [
        (22, 13 * 3600, True),
        (21, 3600, False),
    ]


def test_one_that_starts_in_the_future_has_no_length_yet() -> None:
    (day,) = days_of([Row(NOW + timedelta(hours=1), None)], BERLIN, NOW, EVER)
    assert day.seconds == 0


@pytest.mark.parametrize("fold", [0, 1])
def test_the_hour_that_comes_twice_counts_once_for_each_reading(fold: int) -> None:
    start = at("2026-10-25 02:30", fold=fold)
    (day,) = days_of([Row(start, at("2026-10-25 03:00"))], BERLIN, NOW, EVER)
    assert day.seconds == (5400 if fold == 0 else 1800)


def test_the_bars_of_a_day_are_as_high_as_its_hours() -> None:
    entries = [
        Row(at("2026-11-20 08:00"), at("2026-11-20 12:00"), "Website", 1),
        Row(at("2026-11-20 13:00"), at("2026-11-20 15:00"), "Platform", 2),
    ]
    week = periods.week_days(date(2026, 11, 20), 0)
    chart = chart_of(days_of(entries, BERLIN, NOW, EVER), week, 80)
    assert (chart.rule, chart.rule_seconds) == (0, 8 * 3600)
    friday = chart.columns[4]
    assert friday.seconds == 6 * 3600
    assert [bar.colour for bar in friday.bars] == [1, 2]
    assert friday.bars[-1].top == pytest.approx(20)
    assert all(not column.bars for column in chart.columns if column.date != friday.date)


def test_a_long_day_raises_the_chart() -> None:
    entries = [Row(at("2026-11-20 00:00"), at("2026-11-20 20:30"))]
    chart = chart_of(days_of(entries, BERLIN, NOW, EVER), periods.week_days(date(2026, 11, 20), 0), 80)
    assert (chart.rule, chart.rule_seconds) == (0, 21 * 3600)


@pytest.mark.parametrize(("hours", "rule", "top"), [(4, 0, 40), (8, 0, 0), (16, 40, 0)])
def test_the_rule_of_the_chart_stands_at_the_target(hours: int, rule: float, top: float) -> None:
    """Over the bars, or where a longer day passes it."""
    entries = [Row(at("2026-11-20 00:00"), at("2026-11-20 00:00") + timedelta(hours=hours))]
    week = periods.week_days(date(2026, 11, 20), 0)
    chart = chart_of(days_of(entries, BERLIN, NOW, EVER), week, 80, target=8 * 3600)
    assert (chart.rule, chart.rule_seconds) == (rule, 8 * 3600)
    assert chart.columns[4].bars[0].top == top
    assert chart.hour == pytest.approx(80 / max(8, hours))


def test_what_runs_has_a_bar_of_its_own_over_the_others() -> None:
    start = NOW - timedelta(hours=1)
    entries = [Row(start, None, "Website", 1), Row(start - timedelta(hours=2), start, "Website", 1)]
    week = periods.week_days(periods.local_day(NOW, BERLIN), 0)
    chart = chart_of(days_of(entries, BERLIN, NOW, EVER), week, 80)
    bars = [bar for column in chart.columns for bar in column.bars]
    assert [(bar.colour, bar.top, bar.since) for bar in bars] == [(1, 60, None), (None, 50, start)]


def lines_in(items: list[Line[Row] | Fold[Row]]) -> list[Line[Row]]:
    return [line for item in items for line in (item.lines if isinstance(item, Fold) else (item,))]


@given(st.lists(rows, max_size=12), zones)
def test_folds_sum_to_their_day_and_leave_no_line_out(entries: list[Row], zone: ZoneInfo) -> None:
    for day in days_of(entries, zone, NOW, EVER):
        assert sum(item.seconds for item in day.items) == day.seconds
        assert sorted(map(id, lines_in(day.items))) == sorted(map(id, day.lines))


@given(st.lists(rows, max_size=12), zones)
def test_folding_keeps_the_order(entries: list[Row], zone: ZoneInfo) -> None:
    for day in days_of(entries, zone, NOW, EVER):
        heads = [item.lines[0] if isinstance(item, Fold) else item for item in day.items]
        places = [[id(line) for line in day.lines].index(id(head)) for head in heads]
        assert places == sorted(places)
        for fold in day.items:
            if isinstance(fold, Fold):
                assert list(fold.lines) == [line for line in day.lines if line in fold.lines]
                assert fold.start == min(line.start for line in fold.lines)
                assert fold.end == max(line.end for line in fold.lines)


@given(st.lists(rows, max_size=12), zones)
def test_only_alike_whole_entries_fold_and_all_of_these(entries: list[Row], zone: ZoneInfo) -> None:
    for day in days_of(entries, zone, NOW, EVER):
        folds = [item for item in day.items if isinstance(item, Fold)]
        for fold in folds:
            assert len(fold.lines) > 1
            assert all(line.is_whole and line.entry.ended_at for line in fold.lines)
            assert len({line.entry.likeness for line in fold.lines}) == 1
        alone = [item.entry.likeness for item in day.items if isinstance(item, Line) and item.is_whole]
        assert len({*alone, *(fold.lines[0].entry.likeness for fold in folds)}) == len(alone) + len(folds)


def test_a_running_entry_stays_by_itself() -> None:
    start = at("2026-11-22 10:00")
    ended = Row(start - timedelta(hours=1), start, "Website")
    lines = [Line(Row(start, None, "Website"), start, NOW, 0, True)]
    lines += [Line(ended, ended.started_at, start, 0, True)] * 2
    found = fold_alike(lines)
    assert [type(item) for item in found] == [Line, Fold]
    assert found[0] is lines[0]
