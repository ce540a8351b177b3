"""Reports, loaded: what a spec means for a viewer today, and its sums from one snapshot of the database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.money import RateCard
from quart_app.queries import rates as rate_queries
from quart_app.queries import reports as queries
from quart_app.queries.reports import Names
from quart_app.report import (
    MOST_SERIES,
    REST,
    Atom,
    Line,
    Summary,
    Sums,
    Value,
    Weekly,
    chart_of,
    lines_of,
    rounded_atoms,
    sorted_lines,
    total_of,
    unit_starts,
    value_of,
    weekly_of,
)
from quart_app.report_rows import Stretch
from quart_app.report_spec import (
    BUCKETS,
    MEMBERS_OWN,
    Days,
    Spec,
    bucket_days,
    chart_bucket,
    days_of,
    shifted,
)
from quart_app.rounding import PLAIN

_DAY = timedelta(days=1)
# A chart's bars are stacked by one of these: by project where lines are by something else.
STACKED = frozenset({"project", "client", "task", "member", "billable"})
MOST_COLUMNS = 31


@dataclass(frozen=True, slots=True)
class Question:
    """A spec as one viewer means it now: dates, zone, rates and names. `zone` is the one that dates are of where it is
    not each member's own."""

    viewer: Viewer
    spec: Spec
    now: datetime
    days: Days
    zone: ZoneInfo
    names: Names
    rates: RateCard

    @property
    def today(self) -> date:
        return periods.local_day(self.now, self.zone)

    @property
    def is_members_own(self) -> bool:
        return self.spec.zone == MEMBERS_OWN

    def before(self) -> "Question":
        """The same of the period before."""
        return replace(self, days=shifted(self.days, -1, self.viewer.week_start))

    def name_of(self, dimension: str, value: Value) -> str:
        """The plain name of a value, "" for none: for sorting, and for files."""
        if isinstance(value, UUID):
            found = self.names[dimension].get(value)
            return found.name if found else ""
        return "" if value is None else str(value)

    def stretches(self, days: Days, columns: Sequence[Days]) -> list[Stretch]:
        """The instants that columns of dates mean: in one zone, or in each that a member of the report lives in."""
        starts = [column.first for column in columns]

        def edges(zone: ZoneInfo) -> tuple[datetime, ...]:
            return (
                *(periods.day_start(day, zone) for day in starts),
                periods.day_start(days.last + _DAY, zone),
            )

        if not self.is_members_own:
            return [Stretch(self.zone, edges(self.zone))]
        by_zone: dict[str, list[UUID]] = {}
        wanted = self.spec.filters.members
        for member, named in self.names["member"].items():
            if not wanted or member in wanted:
                by_zone.setdefault(named.text or "UTC", []).append(member)
        return [
            Stretch(zone, edges(zone), tuple(members))
            for zone, members in ((periods.zone(name), members) for name, members in sorted(by_zone.items()))
        ]


async def ask(
    db: Connection, viewer: Viewer, spec: Spec, now: datetime, names: Names | None = None
) -> Question:
    """What the spec means to this viewer. `names` where they are known already (they change with the workspace's
    revision)."""
    zone = viewer.zone if spec.zone in ("", MEMBERS_OWN) else periods.zone(spec.zone)
    days = days_of(spec, periods.local_day(now, zone), viewer.week_start)
    found = names if names is not None else await queries.load_names(db, viewer)
    return Question(viewer, spec, now, days, zone, found, await rate_queries.load_rate_card(db, viewer))


# --- atoms -----------------------------------------------------------------------------------------------------------


async def load_atoms(
    db: Connection,
    asked: Question,
    dimensions: Sequence[str],
    columns: Sequence[Days],
    top: Sequence[UUID | None] | None = None,
) -> list[Atom]:
    """Sums by the dimensions (dates among them need columns that are fine enough), rounded as the spec says. With `top`
    the values of the one dimension that are told apart; the others are REST."""
    rounding, by = asked.spec.rounding, _columns(asked, dimensions)
    if top is not None:
        by = [*dimensions]
    each = rounding if rounding.scope == "entry" else PLAIN
    found: list[Atom] = []
    known: dict[tuple[Any, ...], dict[str, Value]] = {}
    clients = {project: named.parent for project, named in asked.names["project"].items()}
    for stretch in asked.stretches(asked.days, columns):
        first_days = {
            int(edge.timestamp()): days.first for edge, days in zip(stretch.edges, columns, strict=False)
        }
        cells = await queries.sum_cells(
            db, asked.viewer, stretch, asked.spec.filters, by, asked.now, each, top
        )
        for key, start, *sums in cells:
            if (values := known.get(key)) is None:
                told = (REST if value == queries.OTHER else value for value in key)
                values = known[key] = dict(zip(by, told, strict=True))
                if "project" in values:
                    project = values["project"]
                    values["client"] = clients.get(project) if isinstance(project, UUID) else None
            found.append(Atom(values, first_days[start], *sums))
    return found


def _columns(asked: Question, dimensions: Sequence[str]) -> list[str]:
    """What to group by for these dimensions: more than they are where amounts or rounding ask for it."""
    wanted = {"project" if name == "client" else name for name in dimensions if name not in BUCKETS}
    wanted.add("billable")
    if not asked.rates.is_empty:
        wanted.add("project")
    if asked.spec.rounding.is_on and asked.spec.rounding.scope == "day":
        wanted |= {"project", "member"}
    return sorted(wanted)


def _grid(asked: Question, *buckets: str) -> list[Days]:
    """The finest columns that these buckets, the rates and the rounding ask for."""
    rounding, week_start = asked.spec.rounding, asked.viewer.week_start
    by_day = rounding.is_on and rounding.scope == "day"
    wanted = {bucket for bucket in buckets if bucket}
    if by_day or "day" in wanted or len(wanted) > 1:
        return bucket_days("day", asked.days, week_start)
    columns = bucket_days(wanted.pop(), asked.days, week_start) if wanted else [asked.days]
    changes = asked.rates.changes(asked.days.first, asked.days.last)
    starts = sorted({*(column.first for column in columns), *changes})
    ends = [start - _DAY for start in starts[1:]] + [asked.days.last]
    return [Days(*pair) for pair in zip(starts, ends, strict=True)]


def _rounded(asked: Question, atoms: list[Atom], dimensions: Sequence[str]) -> list[Atom]:
    """Atoms rounded by day and project, or by line; those rounded by entry are already."""
    rounding, week_start = asked.spec.rounding, asked.viewer.week_start
    if not rounding.is_on or rounding.scope == "entry":
        return atoms
    if rounding.scope == "day":
        tagged = "tag" in dimensions

        def unit(atom: Atom) -> Any:
            tag = atom.values["tag"] if tagged else None
            return atom.values["member"], atom.values["project"], atom.day, tag
    else:

        def unit(atom: Atom) -> Any:
            return tuple(value_of(atom, dimension, week_start) for dimension in dimensions)

    return rounded_atoms(atoms, rounding, unit)


# --- reports ---------------------------------------------------------------------------------------------------------


def dimensions_of(spec: Spec) -> list[str]:
    """What a summary's lines are by: one dimension or two."""
    return [spec.by, spec.then] if spec.then and spec.then != spec.by else [spec.by]


async def load_summary(db: Connection, asked: Question) -> Summary:
    """Lines, total, chart and the sums of the period before."""
    spec, week_start = asked.spec, asked.viewer.week_start
    dimensions = dimensions_of(spec)
    bucket = chart_bucket(spec, asked.days)
    series = spec.by if spec.by in STACKED else "project"
    buckets = [name for name in dimensions if name in BUCKETS]
    atoms = _rounded(asked, await load_atoms(db, asked, dimensions, _grid(asked, *buckets)), dimensions)
    lines, total = lines_of(atoms, dimensions, asked.rates, week_start)
    drawn = await _load_drawn(db, asked, series, _grid(asked, bucket), lines)
    overlaps = False
    if "tag" in dimensions:
        alone = await load_atoms(db, asked, [], _grid(asked))
        overlaps = total.entries > sum(atom.entries for atom in alone)
        total = total_of(_rounded_alone(asked, alone), asked.rates)
    columns = bucket_days(bucket, asked.days, week_start)
    return Summary(
        total,
        await _load_before(db, asked, dimensions),
        sorted_lines(lines, lambda line: asked.name_of(line.dimension, line.value).casefold()),
        chart_of(drawn, bucket, series, columns, week_start, len(lines) if spec.by == series else 0),
        overlaps,
        working_days(asked),
    )


async def _load_drawn(
    db: Connection, asked: Question, series: str, columns: Sequence[Days], lines: Sequence[Line]
) -> list[Atom]:
    """What the chart is drawn from: raw seconds by series. Where the lines tell which are the longest, the others need
    not be told apart."""
    plain = replace(asked, spec=replace(asked.spec, rounding=PLAIN), rates=RateCard(asked.rates.currency))
    top = None
    if lines and lines[0].dimension == series and series != "client" and len(lines) > MOST_SERIES:
        ranked = sorted(lines, key=lambda line: (-line.sums.seconds, str(line.value)))[:MOST_SERIES]
        top = [line.value for line in ranked if line.value is None or isinstance(line.value, UUID)]
    return await load_atoms(db, plain, [series], columns, top)


def _rounded_alone(asked: Question, atoms: list[Atom]) -> list[Atom]:
    """A tag report's total: its lines overlap, so by line the total is a line of its own."""
    rounding = asked.spec.rounding
    if rounding.is_on and rounding.scope == "line":
        return rounded_atoms(atoms, rounding, lambda _atom: None)
    return _rounded(asked, atoms, [])


async def _load_before(db: Connection, asked: Question, dimensions: Sequence[str]) -> Sums:
    before = asked.before()
    if before.days.first < periods.FIRST_DAY:
        return Sums()
    rounds_lines = asked.spec.rounding.is_on and asked.spec.rounding.scope == "line"
    if not rounds_lines or "tag" in dimensions:
        return await load_total(db, before)
    buckets = [name for name in dimensions if name in BUCKETS]
    atoms = await load_atoms(db, before, dimensions, _grid(before, *buckets))
    return total_of(_rounded(before, atoms, dimensions), asked.rates)


def working_days(asked: Question) -> int:
    """Mondays to Fridays of the period up to today; all of its days so far where it has none."""
    last = min(asked.days.last, asked.today)
    so_far = (last - asked.days.first).days + 1
    if so_far <= 0:
        return 0
    weeks, rest = divmod(so_far, 7)
    ahead = sum((asked.days.first.weekday() + step) % 7 < 5 for step in range(rest))
    return weeks * 5 + ahead or so_far


def weekly_bucket(days: Days) -> str:
    """What a column of the grid is: a day, or in a long period a week or a month."""
    return "day" if days.length <= MOST_COLUMNS else "week" if days.length <= MOST_COLUMNS * 7 else "month"


async def load_weekly(db: Connection, asked: Question) -> Weekly:
    """The grid: rows by the spec's first grouping, columns by date."""
    spec, week_start = asked.spec, asked.viewer.week_start
    bucket = weekly_bucket(asked.days)
    columns = bucket_days(bucket, asked.days, week_start)
    grid = _grid(asked, bucket, *([spec.by] if spec.by in BUCKETS else []))
    atoms = _rounded(asked, await load_atoms(db, asked, [spec.by], grid), [spec.by])
    rows, feet, total = weekly_of(atoms, spec, bucket, columns, asked.rates, week_start)
    overlaps = False
    if spec.by == "tag":
        alone = await load_atoms(db, asked, [], _grid(asked, bucket))
        overlaps = total.entries > sum(atom.entries for atom in alone)
        feet, total = _feet(asked, _rounded_alone(asked, alone), bucket, columns)
    ordered = sorted_lines(
        (row.line for row in rows), lambda line: asked.name_of(spec.by, line.value).casefold()
    )
    places = {id(line): place for place, line in enumerate(ordered)}
    rows.sort(key=lambda row: places[id(row.line)])
    return Weekly(bucket, columns, rows, feet, total, overlaps)


def _feet(
    asked: Question, atoms: Sequence[Atom], bucket: str, columns: Sequence[Days]
) -> tuple[list[Sums], Sums]:
    everything = replace(asked.spec, by="all")
    whole = [atom._replace(values={**atom.values, "all": True}) for atom in atoms]
    _rows, feet, total = weekly_of(whole, everything, bucket, columns, asked.rates, asked.viewer.week_start)
    return feet, total


async def load_lines(db: Connection, asked: Question) -> tuple[list[Line], Sums]:
    """A report at a glance: a summary's lines, or what else would be by its first grouping, and its total."""
    spec = asked.spec
    dimensions = dimensions_of(spec) if spec.view == "summary" else [spec.by]
    buckets = [name for name in dimensions if name in BUCKETS]
    atoms = _rounded(asked, await load_atoms(db, asked, dimensions, _grid(asked, *buckets)), dimensions)
    lines, total = lines_of(atoms, dimensions, asked.rates, asked.viewer.week_start)
    if "tag" in dimensions or spec.view == "detailed":
        total = await load_total(db, asked)
    return sorted_lines(lines, lambda line: asked.name_of(line.dimension, line.value).casefold()), total


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is needed to share the total out over single entries: cut at the starts of `columns`, each piece is of the
    kind that its values of `dimensions` and its column make, and `starts` says where that kind's time begins within
    what is rounded at once. No starts: each entry is rounded by itself."""

    columns: Sequence[Days]
    dimensions: Sequence[str]
    starts: dict[Any, int]


async def load_sharing(db: Connection, asked: Question) -> Sharing:
    """How the sums of load_total are those of single entries."""
    rounding, columns, dimensions = asked.spec.rounding, _grid(asked), _columns(asked, [])
    if not rounding.is_on or rounding.scope == "entry":
        return Sharing(columns, dimensions, {})

    def unit(atom: Atom) -> Any:
        return (atom.values["member"], atom.values["project"], atom.day) if rounding.scope == "day" else None

    def kind(atom: Atom) -> Any:
        return (*(atom.values[name] for name in dimensions), atom.day)

    atoms = await load_atoms(db, asked, [], columns)
    return Sharing(columns, dimensions, unit_starts(atoms, unit, kind))


async def load_total(db: Connection, asked: Question) -> Sums:
    """The sums of all that the spec asks for: what an opened figure says."""
    atoms = await load_atoms(db, asked, [], _grid(asked))
    return total_of(_rounded_alone(asked, atoms), asked.rates)
