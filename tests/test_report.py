"""Reports are put together from small sums, and nothing is lost or made up on the way. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.money import RateCard
from quart_app.report import (
    MOST_SERIES,
    REST,
    Atom,
    Line,
    Summary,
    Sums,
    chart_of,
    lines_of,
    rounded_atoms,
    sorted_lines,
    sums_of,
    total_of,
    unit_starts,
    value_of,
    weekly_of,
)
from quart_app.report_spec import BUCKETS, Days, Spec, bucket_days
from quart_app.rounding import SCOPES, STEPS, WAYS, Rounding

MONDAY = 0
FIRST = date(2026, 10, 26)  # a Monday
DAYS = Days(FIRST, FIRST + timedelta(days=20))
PROJECTS = [UUID(int=number) for number in range(1, 4)]
NO_RATES = RateCard("EUR")
RATES = RateCard("EUR", [(None, FIRST, 6000), (PROJECTS[0], FIRST + timedelta(days=5), 9000)])
NAMED = ("project", "description")
ROUNDINGS = st.builds(Rounding, st.sampled_from(WAYS), st.sampled_from(STEPS), st.sampled_from(SCOPES))


@st.composite
def atoms(draw: st.DrawFn) -> Atom:
    seconds = draw(st.integers(0, 200_000))
    return Atom(
        {
            "project": draw(st.sampled_from([None, *PROJECTS])),
            "description": draw(st.sampled_from(["", "a", "b"])),
            "billable": draw(st.booleans()),
        },
        FIRST + timedelta(days=draw(st.integers(0, 20))),
        seconds,
        draw(st.integers(0, 200_000)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, seconds)),
    )


ATOMS = st.lists(atoms(), max_size=30)
GROUPINGS = st.sampled_from(
    [[one] for one in (*NAMED, "day", "week", "month")]
    + [["project", "day"], ["week", "project"], ["description", "billable"], ["month", "week"]]
)


def added(parts: Sequence[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.add(part)
    return total


def plain_name(line: Line) -> str:
    return str(line.value)


# --- lines -------------------------------------------------------------------------------------------------------


@given(ATOMS, GROUPINGS)
def test_each_line_is_the_sum_of_its_own_lines_and_the_total_of_all(
    found: list[Atom], dimensions: list[str]
) -> None:
    lines, total = lines_of(found, dimensions, RATES, MONDAY)
    assert total == added([line.sums for line in lines]) == total_of(found, RATES)
    assert total.seconds == sum(atom.seconds for atom in found)
    assert total.entries == sum(atom.entries for atom in found)
    for line in sorted_lines(lines, plain_name):
        if len(dimensions) > 1:
            assert added([inner.sums for inner in line.lines]) == line.sums
            assert {inner.dimension for inner in line.lines} == {dimensions[1]}
        else:
            assert line.lines == []
        here = [atom for atom in found if value_of(atom, dimensions[0], MONDAY) == line.value]
        assert line.sums == total_of(here, RATES)


@given(ATOMS, GROUPINGS)
def test_looking_at_the_lines_twice_changes_nothing(found: list[Atom], dimensions: list[str]) -> None:
    lines, _total = lines_of(found, dimensions, RATES, MONDAY)
    first = [(line.value, [inner.value for inner in line.lines]) for line in sorted_lines(lines, plain_name)]
    assert first == [
        (line.value, [inner.value for inner in line.lines]) for line in sorted_lines(lines, plain_name)
    ]


def atom(seconds: int, day: int = 0, *, billable: bool = False, **values: object) -> Atom:
    known = {"project": None, "billable": billable, **values}
    return Atom(known, FIRST + timedelta(days=day), seconds, seconds, 1, 0)  # type: ignore[arg-type]


def test_lines_are_the_longest_first_and_what_has_no_name_last_of_equals() -> None:
    found = [
        atom(10, project=PROJECTS[0]),
        atom(30, project=PROJECTS[1]),
        atom(30),
        atom(20, project=PROJECTS[2]),
    ]
    lines, _total = lines_of(found, ["project"], NO_RATES, MONDAY)
    ordered = [line.value for line in sorted_lines(lines, plain_name)]
    assert ordered == [PROJECTS[1], None, PROJECTS[2], PROJECTS[0]]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_dates_stand_in_their_order(bucket: str) -> None:
    found = [atom(day, day) for day in (20, 3, 11, 0)]
    lines, _total = lines_of(found, [bucket], NO_RATES, MONDAY)
    values = [line.value for line in sorted_lines(lines, plain_name)]
    assert values == sorted(values, key=str)


# --- money -------------------------------------------------------------------------------------------------------


def test_an_amount_is_rounded_time_by_the_rate_of_its_day() -> None:
    early = sums_of(atom(3600, 0, billable=True, project=PROJECTS[0])._replace(rounded=7200), RATES)
    late = sums_of(atom(3600, 5, billable=True, project=PROJECTS[0])._replace(rounded=7200), RATES)
    assert (early.amount, late.amount) == (7200 * 6000, 7200 * 9000)
    assert (early.billable, early.billable_rounded, early.unrated) == (3600, 7200, 0)


def test_time_without_a_rate_is_told_apart_and_other_time_costs_nothing() -> None:
    dear = RateCard("EUR", [(PROJECTS[0], FIRST, 9000)])
    unrated = sums_of(atom(60, billable=True, project=PROJECTS[1]), dear)
    assert (unrated.amount, unrated.unrated) == (0, 60)
    free = sums_of(atom(60, project=PROJECTS[0]), dear)
    assert (free.amount, free.unrated, free.billable) == (0, 0, 0)
    assert sums_of(atom(60, billable=True), NO_RATES).unrated == 0


# --- rounding ----------------------------------------------------------------------------------------------------


@given(ATOMS, ROUNDINGS)
def test_a_units_parts_sum_to_its_rounding_and_raw_time_stays(found: list[Atom], rounding: Rounding) -> None:
    made = rounded_atoms(found, rounding, lambda each: each.values["project"])
    assert sorted(each.seconds for each in made) == sorted(each.seconds for each in found)
    for project in (None, *PROJECTS):
        here = [each for each in made if each.values["project"] == project]
        assert sum(each.rounded for each in here) == rounding.round(sum(each.seconds for each in here))
        assert all(each.rounded >= 0 for each in here)


@given(ATOMS, ROUNDINGS, st.randoms())
def test_rounding_knows_no_order_of_arrival(found: list[Atom], rounding: Rounding, random: object) -> None:
    def by_kind(made: list[Atom]) -> dict[object, int]:
        sums: dict[object, int] = {}
        for each in made:
            kind = (tuple(each.values.values()), each.day)
            sums[kind] = sums.get(kind, 0) + each.rounded
        return sums

    shuffled = [*found]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    made = rounded_atoms(found, rounding, lambda _atom: None)
    assert by_kind(made) == by_kind(rounded_atoms(shuffled, rounding, lambda _atom: None))


@given(ATOMS, ROUNDINGS)
def test_what_is_billed_is_billable_time_rounded_by_itself(found: list[Atom], rounding: Rounding) -> None:
    made = rounded_atoms(found, rounding, lambda _atom: None)
    billed = [each for each in made if each.values["billable"]]
    assert sum(each.rounded for each in billed) == rounding.round(sum(each.seconds for each in billed))


@given(ATOMS, ROUNDINGS)
def test_kinds_that_know_where_they_start_share_out_the_same(found: list[Atom], rounding: Rounding) -> None:
    def kind(each: Atom) -> tuple[object, ...]:
        return (*each.values.values(), each.day)

    starts = unit_starts(found, lambda _atom: None, kind)
    made = rounded_atoms(found, rounding, lambda _atom: None)
    for each, start in starts.items():
        here = [one for one in made if kind(one) == each]
        raw = sum(one.seconds for one in here)
        shared = rounding.round(start + raw) - rounding.round(start)
        assert shared == sum(one.rounded for one in here)


# --- chart, grid, averages ---------------------------------------------------------------------------------------


@given(ATOMS, st.sampled_from(BUCKETS))
def test_bars_hold_all_raw_time(found: list[Atom], bucket: str) -> None:
    columns = bucket_days(bucket, DAYS, MONDAY)
    chart = chart_of(found, bucket, "project", columns, MONDAY)
    assert [bar.days for bar in chart.bars] == columns
    assert sum(bar.total for bar in chart.bars) == sum(each.seconds for each in found)
    totals = [sum(bar.seconds.get(value, 0) for bar in chart.bars) for value in chart.series]
    assert totals == sorted(totals, reverse=True)
    assert all(totals)


@pytest.mark.parametrize("count", [MOST_SERIES - 1, MOST_SERIES, MOST_SERIES + 1, MOST_SERIES + 5])
def test_the_small_ones_of_many_series_are_one(count: int) -> None:
    found = [atom(100 - number, number % 20, project=UUID(int=number + 1)) for number in range(count)]
    chart = chart_of(found, "week", "project", bucket_days("week", DAYS, MONDAY), MONDAY)
    assert (REST in chart.series) == (count > MOST_SERIES)
    assert len(chart.series) <= MOST_SERIES + 1
    assert sum(bar.total for bar in chart.bars) == sum(each.seconds for each in found)
    if count > MOST_SERIES:
        assert chart.series[-1] == REST
        rest = sum(bar.seconds.get(REST, 0) for bar in chart.bars)
        assert rest == sum(each.seconds for each in found[MOST_SERIES:])


@given(ATOMS, st.sampled_from(["project", "description", "billable", "day", "week", "month"]))
def test_a_grid_sums_along_its_rows_and_down_its_columns(found: list[Atom], by: str) -> None:
    columns = bucket_days("day", DAYS, MONDAY)
    rows, feet, total = weekly_of(found, Spec(by=by), "day", columns, RATES, MONDAY)
    assert total == total_of(found, RATES) == added(feet) == added([row.line.sums for row in rows])
    for row in rows:
        assert added(row.cells) == row.line.sums
    for place in range(len(columns)):
        assert added([row.cells[place] for row in rows]) == feet[place]


@pytest.mark.parametrize(("days", "average"), [(0, 7200), (1, 7200), (2, 3600), (7, 1028)])
def test_an_average_is_of_the_working_days_that_there_were(days: int, average: int) -> None:
    chart = chart_of([], "day", "project", [], MONDAY)
    summary = Summary(Sums(7000, 7200), Sums(), [], chart, overlaps=False, working_days=days)
    assert summary.day_average == average
