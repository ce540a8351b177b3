"""A report, put together from sums: pure. Lines, totals, the chart and the weekly grid, each figure raw and rounded.

Every figure here is the sum of what is beneath it, to the second, whatever the filters, the grouping and the rounding.
Seconds are whole; amounts are exact (money.Amount) until somebody shows them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from quart_app.money import Amount, RateCard
from quart_app.report_spec import BUCKETS, Days, Spec, bucket_start
from quart_app.rounding import Rounding

# One value of a dimension: an id, a description, a date (the first of its day, week or month), True or False for
# billable; None for "without".
Value = UUID | str | date | bool | None


class Atom(NamedTuple):
    """The smallest sum there is: of one key, on one bucket. `values` by dimension; `day` is the bucket's first date."""

    values: Mapping[str, Value]
    day: date
    seconds: int
    rounded: int
    entries: int
    running: int


@dataclass(slots=True)
class Sums:
    """What a figure says: raw and rounded seconds, those of them that are billable, how many of the raw ones still run,
    how many entries, and the exact amount. `unrated` are rounded billable seconds for which there is no rate."""

    seconds: int = 0
    rounded: int = 0
    billable: int = 0
    billable_rounded: int = 0
    running: int = 0
    entries: int = 0
    amount: Amount = 0
    unrated: int = 0

    def add(self, other: "Sums") -> None:
        self.seconds += other.seconds
        self.rounded += other.rounded
        self.billable += other.billable
        self.billable_rounded += other.billable_rounded
        self.running += other.running
        self.entries += other.entries
        self.amount += other.amount
        self.unrated += other.unrated


@dataclass(slots=True)
class Line:
    """A line of a report: the value of a dimension and its sums. Where there is a second grouping, `then` names it and
    `inner` holds the sums of its values."""

    dimension: str
    value: Value
    sums: Sums = field(default_factory=Sums)
    then: str = ""
    inner: Mapping[Value, Sums] = field(default_factory=dict)
    name: "Callable[[Line], str]" = str
    _lines: "list[Line] | None" = None

    @property
    def lines(self) -> "list[Line]":
        """Its own lines in order, made when somebody looks: a year by day and project has seventy thousand."""
        if self._lines is None:
            made = [Line(self.then, value, sums) for value, sums in self.inner.items()] if self.then else []
            self._lines = sorted_lines(made, self.name)
        return self._lines


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: raw seconds of each series over the dates."""

    days: Days
    seconds: Mapping[Value, int]

    @property
    def total(self) -> int:
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars, and what they are stacked by: values of `dimension`, the largest first, and REST as the last where
    there are many: it stands for so many `others`. The bars are raw time."""

    bucket: str
    dimension: str
    series: Sequence[Value]
    bars: Sequence[Bar]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """`before` are the sums of the period before. `overlaps`: the lines of a tag report sum to more than the total, as
    entries have several tags. `working_days`: Mondays to Fridays of the period so far."""

    total: Sums
    before: Sums
    lines: Sequence[Line]
    chart: Chart
    overlaps: bool
    working_days: int

    @property
    def day_average(self) -> int:
        """Rounded seconds a working day."""
        return self.total.rounded // self.working_days if self.working_days else self.total.rounded


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the weekly grid: a line, and its sums in each column."""

    line: Line
    cells: Sequence[Sums]


@dataclass(frozen=True, slots=True)
class Weekly:
    """Rows by columns (days; weeks or months where the period is long), with the sums of both."""

    bucket: str
    columns: Sequence[Days]
    rows: Sequence[Row]
    feet: Sequence[Sums]
    total: Sums
    overlaps: bool


# --- rounding --------------------------------------------------------------------------------------------------------


def rounded_atoms(atoms: Sequence[Atom], rounding: Rounding, unit: Callable[[Atom], Any]) -> list[Atom]:
    """The atoms with each unit's rounding spread over those that belong to it, in an order that is always the same."""
    units: dict[Any, list[Atom]] = {}
    for atom in atoms:
        units.setdefault(unit(atom), []).append(atom)
    found = []
    for members in units.values():
        if len(members) == 1:  # as nearly all are, of days and projects
            values, day, seconds, _rounded, entries, running = members[0]
            found.append(Atom(values, day, seconds, rounding.round(seconds), entries, running))
            continue
        members.sort(key=_order)
        made = rounding.spread(atom.seconds for atom in members)
        found += [atom._replace(rounded=seconds) for atom, seconds in zip(members, made, strict=True)]
    return found


def unit_starts(
    atoms: Iterable[Atom], unit: Callable[[Atom], Any], key: Callable[[Atom], Any]
) -> dict[Any, int]:
    """How many seconds of its unit come before those of each key: with that, entries that come one by one in any order
    share out their unit's rounding as rounded_atoms does. A key belongs to one unit, its atoms lie side by side."""
    units: dict[Any, list[Atom]] = {}
    for atom in atoms:
        units.setdefault(unit(atom), []).append(atom)
    found: dict[Any, int] = {}
    for members in units.values():
        before = 0
        for atom in sorted(members, key=_order):
            found.setdefault(key(atom), before)
            before += atom.seconds
    return found


def _order(atom: Atom) -> tuple[Any, ...]:
    """Billable time first, so that what is charged is what the line says; then by date and by what it is."""
    names = sorted((name, str(value)) for name, value in atom.values.items())
    return (not atom.values.get("billable", False), atom.day, names)


# --- lines -----------------------------------------------------------------------------------------------------------


def sums_of(atom: Atom, rates: RateCard) -> Sums:
    """An atom's sums; its amount by the rate of its project on its day."""
    values, day, seconds, rounded, entries, running = atom
    if not values.get("billable"):
        return Sums(seconds, rounded, 0, 0, running, entries)
    if rates.is_empty:
        return Sums(seconds, rounded, seconds, rounded, running, entries)
    project = values.get("project")
    rate = rates.rate_on(project if isinstance(project, UUID) else None, day)
    amount, unrated = (rounded * rate, 0) if rate is not None else (0, rounded)
    return Sums(seconds, rounded, seconds, rounded, running, entries, amount, unrated)


def total_of(atoms: Iterable[Atom], rates: RateCard) -> Sums:
    return _added(sums_of(atom, rates) for atom in atoms)


def _added(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.add(part)
    return total


def _valued(dimension: str, week_start: int) -> Callable[[Atom], Value]:
    """What an atom is under in a dimension."""
    if dimension not in BUCKETS:
        return lambda atom: atom.values[dimension]
    known: dict[date, date] = {}

    def start(atom: Atom) -> date:
        if (found := known.get(atom.day)) is None:
            found = known[atom.day] = bucket_start(dimension, atom.day, week_start)
        return found

    return start


def value_of(atom: Atom, dimension: str, week_start: int) -> Value:
    return _valued(dimension, week_start)(atom)


def lines_of(
    atoms: Iterable[Atom], dimensions: Sequence[str], rates: RateCard, week_start: int
) -> tuple[list[Line], Sums]:
    """Lines by one or two dimensions, in no order yet, and the sum of all."""
    by, then = dimensions[0], dimensions[1] if len(dimensions) > 1 else ""
    outer_of = _valued(by, week_start)
    inner_of: Callable[[Atom], Value] = _valued(then, week_start) if then else lambda _atom: None
    found: dict[Value, dict[Value, Sums]] = {}
    for atom in atoms:
        sums, inner = sums_of(atom, rates), found.setdefault(outer_of(atom), {})
        if (known := inner.setdefault(inner_of(atom), sums)) is not sums:
            known.add(sums)
    lines = [Line(by, value, _added(inner.values()), then, inner) for value, inner in found.items()]
    return lines, _added(line.sums for line in lines)


def sorted_lines(lines: Iterable[Line], name: Callable[[Line], str]) -> list[Line]:
    """Dates in their order, all else the longest first; their own lines, too."""
    found = list(lines)
    for line in found:
        line.name = name
    if found and found[0].dimension in BUCKETS:
        return sorted(found, key=lambda line: str(line.value))
    return sorted(
        found, key=lambda line: (-line.sums.rounded, -line.sums.seconds, line.value is None, name(line))
    )


# --- chart, grid -----------------------------------------------------------------------------------------------------


MOST_SERIES = 11
REST = "rest"


def chart_of(
    atoms: Iterable[Atom],
    bucket: str,
    dimension: str,
    columns: Sequence[Days],
    week_start: int,
    known: int = 0,
) -> Chart:
    """Raw seconds by bucket and series: the largest MOST_SERIES, and REST for all others together. `known`: how many
    series there are, where some of them come as REST."""
    start_of = _valued(bucket, week_start)
    bars: dict[Value, dict[Value, int]] = {
        bucket_start(bucket, days.first, week_start): {} for days in columns
    }
    totals: dict[Value, int] = {}
    for atom in atoms:
        bar, value, seconds = bars[start_of(atom)], atom.values[dimension], atom.seconds
        bar[value] = bar.get(value, 0) + seconds
        totals[value] = totals.get(value, 0) + seconds
    ranked = sorted(
        (value for value in totals if totals[value]), key=lambda value: (-totals[value], str(value))
    )
    series = [value for value in ranked if value != REST][
        : MOST_SERIES if len(ranked) > MOST_SERIES else None
    ]
    if len(series) < len(ranked):
        series.append(REST)
        bars = {start: _lumped(bar, set(series)) for start, bar in bars.items()}
    others = max(known, len(ranked)) - len(series) + 1 if REST in series else 0
    made = [Bar(*pair) for pair in zip(columns, bars.values(), strict=True)]
    return Chart(bucket, dimension, series, made, others)


def _lumped(bar: dict[Value, int], named: set[Value]) -> dict[Value, int]:
    found = {value: seconds for value, seconds in bar.items() if value in named and value != REST}
    if rest := sum(bar.values()) - sum(found.values()):
        found[REST] = rest
    return found


def weekly_of(
    atoms: Sequence[Atom], spec: Spec, bucket: str, columns: Sequence[Days], rates: RateCard, week_start: int
) -> tuple[list[Row], list[Sums], Sums]:
    """Rows by columns, the feet of the columns, and the total; in no order yet."""
    places = {bucket_start(bucket, days.first, week_start): place for place, days in enumerate(columns)}
    rows: dict[Value, Row] = {}
    row_of = _valued(spec.by, week_start)
    feet, total = [Sums() for _ in columns], Sums()
    for atom in atoms:
        value = row_of(atom)
        if (row := rows.get(value)) is None:
            row = rows[value] = Row(Line(spec.by, value), [Sums() for _ in columns])
        sums, place = sums_of(atom, rates), places[bucket_start(bucket, atom.day, week_start)]
        for each in (row.cells[place], row.line.sums, feet[place], total):
            each.add(sums)
    return list(rows.values()), feet, total
