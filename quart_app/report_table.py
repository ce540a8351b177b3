"""A report as a table that any kind of file can be made of: pure. Columns with kinds, rows in chunks, totals.

Cells are as plain as can be, for there may be millions: each kind says what its values are. exports/ writes them.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Any, NamedTuple

from quart_app.charts import Drawing
from quart_app.report_spec import Days


class Kind(Enum):
    """What a column's cells are. Any cell may be None: there is nothing to say."""

    TEXT = "text"  # a string
    TAGS = "tags"  # a tuple of names
    DATE = "date"  # "2026-11-22"
    CLOCK = "clock"  # "09:05:00"
    INSTANT = "instant"  # "2026-11-22T08:05:00Z"
    SECONDS = "seconds"  # whole seconds, read as a duration
    HOURS = "hours"  # whole seconds, read as decimal hours
    MONEY = "money"  # exact: minor units times seconds (money.Amount)
    COUNT = "count"  # a whole number
    FLAG = "flag"  # True or False


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is its name for programs, `name` its head. `is_summed`: the table's foot adds it up. `is_listed`: it has
    room on paper, too."""

    key: str
    name: str
    kind: Kind
    is_summed: bool = False
    is_listed: bool = True


Row = tuple[Any, ...]
Rows = AsyncGenerator[Sequence[Row]]


class Group(NamedTuple):
    """A line of a report with lines of its own: so many rows of the table, one after the other, and their sums."""

    name: str
    rows: int
    totals: Row


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart on paper: how it is drawn, names and colours ("p4", "rest") of its series, the label of each bar,
    and how the ticks are called."""

    title: str
    drawing: Drawing
    series: Sequence[tuple[str, str]]
    labels: Sequence[str]
    ticks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A report, ready to be written.

    `about` are the lines above it: ("Workspace", "Meridian Works"). `rows` can be read once. `totals` are cells for the
    columns, None where nothing is added up; they are known from the start, or None as a whole: then they are the sums
    of the rows. `overlaps`: the rows sum to more than the totals, as entries have several tags. `key_figures` are what
    stands large on paper. `total_seconds`: the whole report's, raw.
    """

    view: str
    title: str
    about: Sequence[tuple[str, str]]
    days: Days
    columns: Sequence[Column]
    rows: Rows
    totals: Row | None = None
    overlaps: bool = False
    groups: Sequence[Group] = ()
    currency: str = ""
    workspace: str = ""
    period: str = ""
    key_figures: Sequence[tuple[str, str]] = ()
    figure: Figure | None = None
    notes: Sequence[str] = ()
    durations: str = "clock"
    facts: dict[str, Any] = field(default_factory=dict)

    def place(self, key: str) -> int:
        """Where a column stands. ValueError where it doesn't."""
        return [column.key for column in self.columns].index(key)


class Refused(Exception):
    """This report can't be had as such a file. Its text is for people: why, and what to take instead."""


class Adder:
    """Adds up the summed columns of rows as they pass."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.places = [place for place, column in enumerate(columns) if column.is_summed]
        self.sums = [0 if column.is_summed else None for column in columns]
        self.rows = 0

    def add(self, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        for place in self.places:
            self.sums[place] += sum(row[place] or 0 for row in rows)  # type: ignore[operator]  # 0 at these places

    @property
    def totals(self) -> Row:
        return tuple(self.sums)


async def chunks_of(rows: Sequence[Row], size: int = 2000) -> Rows:
    """Rows that are there already, as a table takes them."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


# --- writing cells ---------------------------------------------------------------------------------------------------


class Cached(dict[Any, str]):
    """What a function of one value gives, remembered: as quick as a dictionary, and never bigger than `most`."""

    def __init__(self, make: Any, most: int = 20_000) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, key: Any) -> str:
        if len(self) >= self._most:
            self.clear()
        made: str = self._make(key)
        self[key] = made
        return made


_TWO = tuple(f"{number:02}" for number in range(60))
# "00:00" to "23:59", and ":00" to ":59".
MINUTES = tuple(f"{number // 60:02}:{number % 60:02}" for number in range(1440))
SECONDS = tuple(f":{number:02}" for number in range(60))
_FIRST = date(1970, 1, 1)


def iso_day(number: int) -> str:
    """The date so many days after 1970 began."""
    return (_FIRST + timedelta(number)).isoformat()


def format_seconds(seconds: int) -> str:
    """ "1:42:07"."""
    return f"{seconds // 3600}:{_TWO[seconds // 60 % 60]}:{_TWO[seconds % 60]}"


def format_hours(seconds: int) -> str:
    """ "1.7019": hours to four digits, so that adding thousands of them up still gives the minute."""
    whole = (seconds * 10_000 + 1800) // 3600
    return f"{whole // 10_000}.{whole % 10_000:04}"


def format_minor(minor: int, digits: int) -> str:
    """ "95.00": minor units of a currency with so many digits."""
    if not digits:
        return str(minor)
    return f"{minor // 10**digits}.{minor % 10**digits:0{digits}}"
