"""Charts: bars, ticks and labels stand where the figures say, whatever these are."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import charts
from quart_app.report import REST, Atom, Bar, Chart, Value, chart_of
from quart_app.report_spec import Days, bucket_days

HOUR = 3600
FIRST = date(2026, 11, 1)


def chart(*bars: dict[Value, int], bucket: str = "day") -> Chart:
    days = [FIRST + timedelta(days=number) for number in range(len(bars))]
    series: dict[Value, int] = {}
    for bar in bars:
        for value, seconds in bar.items():
            series[value] = series.get(value, 0) + seconds
    ordered = sorted(series, key=lambda value: -series[value])
    pairs = zip(days, bars, strict=True)
    return Chart(bucket, "project", ordered, [Bar(Days(day, day), bar) for day, bar in pairs])


def test_a_bar_stands_on_the_line_and_its_blocks_on_each_other() -> None:
    drawing = charts.draw(chart({"a": 4 * HOUR, "b": 2 * HOUR}))
    (column,) = drawing.columns
    assert [tick.seconds // HOUR for tick in drawing.ticks] == [0, 2, 4, 6]
    low, high = column.blocks
    assert (low.series, high.series) == (0, 1)
    assert low.y + low.height == pytest.approx(charts.HEIGHT)
    assert high.y + high.height == pytest.approx(low.y)
    assert high.y == pytest.approx(0)
    assert low.height == pytest.approx(2 * high.height, abs=0.02)


@pytest.mark.parametrize(
    ("most", "step"),
    [
        (1, 60),
        (5 * 60, 60),
        (11 * 60, 300),
        (2 * HOUR, 1800),
        (8 * HOUR, 2 * HOUR),
        (18 * HOUR, 4 * HOUR),
        (39 * HOUR, 8 * HOUR),
        (499 * HOUR, 100 * HOUR),
        (2_000_000 * HOUR, 500_000 * HOUR),
    ],
)
def test_ticks_are_round_numbers_and_few(most: int, step: int) -> None:
    assert charts.tick_step(most) == step


@given(st.integers(1, 10**10))
def test_ticks_reach_to_the_highest_bar_and_never_are_many(most: int) -> None:
    drawing = charts.draw(chart({"a": most}))
    assert 1 < len(drawing.ticks) <= charts.MOST_TICKS + 1
    assert drawing.ticks[-1].seconds >= most
    assert drawing.ticks[0].y == charts.HEIGHT
    assert drawing.ticks[-1].y == 0


@given(
    st.lists(
        st.dictionaries(st.integers(0, 40).map(str), st.integers(0, 40 * HOUR), max_size=20),
        min_size=1,
        max_size=40,
    )
)
def test_nothing_is_lost_and_nothing_runs_out_of_the_plot(bars: list[dict[Value, int]]) -> None:
    found = chart(*bars)
    drawing = charts.draw(found)
    for column, bar in zip(drawing.columns, found.bars, strict=True):
        assert sum(block.seconds for block in column.blocks) == bar.total == column.seconds
        assert all(
            block.y >= -0.02 and block.y + block.height <= charts.HEIGHT + 0.02 for block in column.blocks
        )
        assert (
            0
            <= column.left
            <= column.x
            < column.x + column.bar
            <= column.left + column.width + 0.002
            <= 100.01
        )
        assert all(block.series < len(drawing.series) + bool(drawing.others) for block in column.blocks)
    assert len(drawing.series) + drawing.others == len(found.series)
    assert len(drawing.series) + bool(drawing.others) <= charts.MOST_SERIES + 1


def test_twelve_series_have_their_colours_and_of_thirteen_two_are_the_rest() -> None:
    twelve = charts.draw(chart({str(number): 100 - number for number in range(12)}))
    assert (len(twelve.series), twelve.others) == (12, 0)
    thirteen = charts.draw(chart({str(number): 100 - number for number in range(13)}))
    assert (len(thirteen.series), thirteen.others) == (11, 2)
    assert thirteen.columns[0].blocks[-1] == charts.Block(11, 89 + 88, *thirteen.columns[0].blocks[-1][2:])


def test_a_chart_of_nothing_has_its_lines() -> None:
    drawing = charts.draw(chart({}, {}))
    assert [column.blocks for column in drawing.columns] == [[], []]
    assert len(drawing.ticks) == 2


@pytest.mark.parametrize(
    ("bucket", "days", "labelled"),
    [
        ("day", Days(FIRST, date(2026, 11, 7)), [0, 1, 2, 3, 4, 5, 6]),
        ("day", Days(FIRST, date(2026, 11, 30)), [0, 5, 10, 15, 20, 25]),
        ("day", Days(date(2026, 9, 15), date(2026, 11, 20)), [16, 47]),
        ("week", Days(date(2026, 1, 1), date(2026, 12, 31)), [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]),
        ("month", Days(date(2026, 1, 1), date(2026, 12, 31)), list(range(12))),
    ],
)
def test_labels_have_room(bucket: str, days: Days, labelled: list[int]) -> None:
    found = charts.labels(bucket, bucket_days(bucket, days, 0))
    assert list(found) == labelled
    assert sum(not is_minor for is_minor in found.values()) <= 7


def test_what_the_report_put_together_is_the_rest() -> None:
    """A report of many projects tells only the longest apart: the others come as one, and are no project."""
    days = [Days(date(2026, 11, 2), date(2026, 11, 2))]
    atoms = [Atom({"project": f"p{n}"}, days[0].first, 60 + n, 60 + n, 1, 0) for n in range(20)]
    chart = chart_of(atoms, "day", "project", days, 0)
    drawing = charts.draw(chart)
    assert (len(drawing.series), drawing.others) == (11, 9)
    assert REST not in drawing.series
    assert drawing.total == sum(atom.seconds for atom in atoms)
    told = [*atoms[9:], Atom({"project": REST}, days[0].first, 500, 500, 9, 0)]
    assert charts.draw(chart_of(told, "day", "project", days, 0, known=20)).others == 9
