"""The entries behind a report: those behind one figure of it, with the parts that sum to it, and the list of all."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from quart_app import periods, words
from quart_app.db import Connection
from quart_app.forms.reports import key_of, narrowed
from quart_app.money import to_minor
from quart_app.queries.report_entries import BadCursor, PartRow, list_rows
from quart_app.queries.reports import Named
from quart_app.report import Sums, Value
from quart_app.report_page import Report
from quart_app.report_rows import Stretch
from quart_app.report_spec import BUCKETS, Days, bucket_days, bucket_start
from quart_app.reporting import (
    Question,
    dimensions_of,
    load_summary,
    load_total,
    load_weekly,
)
from quart_app.shares import Share
from quart_app.words import _

PAGE = 50
_DAY = timedelta(days=1)


class Unknown(LookupError):
    """There is no such figure, or none that this viewer may know of."""


@dataclass(frozen=True, slots=True)
class Part:
    """An entry with its share of a report. `rounded` is None where it is not each entry that is rounded; `amount` is
    in minor units, None where there is none to show; `also` are the other tags whose lines count it, too."""

    entry: PartRow
    share: Share
    day: str
    project: Named | None
    client: str
    task: str
    member: str
    rounded: int | None
    amount: int | None
    also: str
    is_own: bool

    @property
    def seconds(self) -> int:
        return self.share.seconds

    @property
    def is_running(self) -> bool:
        return self.entry.ended is None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of parts. `next` is the cursor of the one after it, "" where it is the last."""

    parts: Sequence[Part]
    is_first: bool
    next: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A figure that is open: what it says, and a page of what is behind it. The sums are those of all pages. `rounded`
    is None where nothing is rounded, or not here (bars show raw time). `close`, `first` and `older` are links."""

    key: str
    id: str
    title: str
    sums: Sums
    rounded: int | None
    page: Page
    close: str
    first: str
    older: str


@dataclass(frozen=True, slots=True)
class Detailed:
    """A page of the list of all entries, their sums, and what they are sorted by."""

    page: Page
    total: Sums
    sort: str

    def order(self, name: str) -> str:
        """What a column's head says: "ascending", "descending", "" for one that they are not sorted by."""
        if self.sort.removeprefix("-") != name:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    def sort_by(self, name: str) -> str:
        """What a press on the head sorts by: first the latest, the longest, or A to Z; then the other way round."""
        if order := self.order(name):
            return name if order == "descending" else f"-{name}"
        return f"-{name}" if name in ("start", "duration") else name


# --- figures ---------------------------------------------------------------------------------------------------------


def bucket_of(bucket: str, day: date, week_start: int) -> Days:
    """The dates of the day, week or month that holds this one. ValueError beyond the calendar."""
    try:
        first = bucket_start(bucket, day, week_start)
        return bucket_days(bucket, Days(first, first + _DAY * 31), week_start)[0]
    except OverflowError as error:
        raise ValueError(day) from error


def behind(asked: Question, key: str) -> Question:
    """The question whose answer a figure is. Raises Unknown."""
    week_start = asked.viewer.week_start
    try:
        spec, days = narrowed(
            asked.spec, key, asked.days, lambda bucket, day: bucket_of(bucket, day, week_start)
        )
    except ValueError as error:
        raise Unknown(key) from error
    found = replace(asked, spec=spec, days=days)
    for dimension, value in _values(found, key):
        is_nobody = dimension == "member" and value is None
        if is_nobody or (isinstance(value, UUID) and value not in asked.names[dimension]):
            raise Unknown(key)
    return found


def _values(asked: Question, key: str) -> list[tuple[str, Value]]:
    """What a key says, as `behind` has read it."""
    filters, found = asked.spec.filters, []
    for part in [] if key == "total" else key.split(","):
        dimension, _mark, text = part.partition(":")
        value: Value
        if dimension in BUCKETS:
            value = date.fromisoformat(text)
        elif dimension == "description":
            value = filters.description
        elif dimension == "billable":
            value = filters.billable == "yes"
        else:
            several = filters.tagged if dimension == "tag" else getattr(filters, f"{dimension}s")
            value = several[0] if several else None
        found.append((dimension, value))
    return found


def title_of(report: Report, values: Sequence[tuple[str, Value]]) -> str:
    """What a figure is of, in words: "Website Redesign · Mon 2 Nov 2026"."""
    names = [
        f"#{report.label(dimension, value).name}"
        if dimension == "tag" and value
        else report.label(dimension, value).name
        for dimension, value in values
    ]
    return " · ".join(names) or _("Total")


async def load_opened(db: Connection, report: Report) -> dict[str, Opened]:
    """The figures that the report's address opens, by their keys. Keys of no figure are left out. The address's `after`
    is that of the last of them, unless the list of all entries has it."""
    found: dict[str, Opened] = {}
    spec = report.spec
    for key in spec.opened:
        has_pages = spec.view != "detailed" and key == spec.opened[-1]
        try:
            found[key] = await load_figure(db, report, key, spec.after if has_pages else "")
        except Unknown:
            continue
    return found


async def load_figure(db: Connection, report: Report, key: str, after: str = "") -> Opened:
    """One figure, opened. Raises Unknown."""
    asked = report.question
    question = behind(asked, key)
    sums = await load_total(db, question)
    rounded = await _load_rounded(db, asked, question, key, sums)
    title = title_of(report, _values(question, key))
    page = await load_page(db, asked, question, after)

    others = tuple(one for one in report.spec.opened if one != key)
    is_list = report.spec.view == "detailed"

    def link(cursor: str) -> str:
        return f"{report.link(opened=(*others, key), after=cursor)}#reports-parts-{slug(key)}"

    close = report.link(opened=others, after=report.spec.after if is_list else "")
    older = link(page.next) if page.next and not is_list else ""
    first = "" if page.is_first else link("")
    return Opened(key, slug(key), title, sums, rounded, page, close, first, older)


def slug(key: str) -> str:
    """What the id of the element ends in that holds what is behind a figure: "reports-parts-…"."""
    return hashlib.blake2s(key.encode(), digest_size=5).hexdigest()


async def _load_rounded(
    db: Connection, asked: Question, question: Question, key: str, sums: Sums
) -> int | None:
    """What the report shows as this figure, rounded."""
    if not asked.spec.rounding.is_on:
        return None
    if not _rounds_entries(asked):
        return await _find_rounded(db, asked, key)
    return sums.rounded + (
        await _load_carried(db, asked, question) if question.days.first > asked.days.first else 0
    )


async def _load_carried(db: Connection, asked: Question, question: Question) -> int:
    """An entry is rounded as a whole: what those that reach over the start of these dates have before it counts."""
    stretches = question.stretches(question.days, [question.days])
    last = max((int(stretch.since.timestamp()) for stretch in stretches), default=0)
    carried, after = 0, ""
    while True:
        rows = await list_rows(
            db, asked.viewer, stretches, question.spec.filters, "start", asked.now, PAGE, after
        )
        for row in rows:
            if row.started >= last:
                return carried
            part = _part(asked, question, stretches[row.place], row)
            if part and part.rounded is not None:
                carried += part.rounded - asked.spec.rounding.round(part.seconds)
        if len(rows) < PAGE:
            return carried
        after = rows[-1].cursor


async def _find_rounded(db: Connection, asked: Question, key: str) -> int | None:
    """Units of a day or a line may have parts in several figures: only the report itself has shared them out."""
    load = _load_grid if asked.spec.view == "weekly" else _load_lines
    found = await load(db, asked, key)
    if key in found:
        return found[key].rounded
    above, _mark, last = key.rpartition(",")
    whole = found.get(above or "total") if last == "billable:yes" else None
    return whole.billable_rounded if whole else None


async def _load_lines(db: Connection, asked: Question, key: str) -> dict[str, Sums]:
    """The sums of a summary's lines, and of those within the one that the key is of."""
    summary, dimensions = await load_summary(db, asked), dimensions_of(asked.spec)
    found = {"total": summary.total}
    for line in summary.lines:
        own = [(dimensions[0], line.value)]
        found[key_of(own)] = line.sums
        if key.startswith(f"{key_of(own)},"):
            found |= {key_of([*own, (dimensions[1], one.value)]): one.sums for one in line.lines}
    return found


async def _load_grid(db: Connection, asked: Question, key: str) -> dict[str, Sums]:
    """The sums of the weekly grid, and the cells of the row that the key is of."""
    grid, by = await load_weekly(db, asked), asked.spec.by
    found = {"total": grid.total}
    for days, foot in zip(grid.columns, grid.feet, strict=True):
        found[key_of([(grid.bucket, days.first)])] = foot
    for row in grid.rows:
        own = (by, row.line.value)
        found[key_of([own])] = row.line.sums
        if key.startswith(f"{key_of([own])},"):
            for days, cell in zip(grid.columns, row.cells, strict=True):
                found[key_of([own, (grid.bucket, days.first)])] = cell
    return found


# --- entries ---------------------------------------------------------------------------------------------------------


async def load_page(db: Connection, asked: Question, question: Question, after: str = "") -> Page:
    """PAGE entries of the question, which is that of `asked` or of a figure of it, in the order of its spec. What is no
    cursor begins anew."""
    stretches = question.stretches(question.days, [question.days])
    spec = question.spec
    # The latest first, whatever the list of all is sorted by.
    sort = spec.sort if spec.view == "detailed" and question is asked else "-start"
    for cursor in dict.fromkeys((after, "")):
        try:
            rows = await list_rows(
                db, asked.viewer, stretches, spec.filters, sort, asked.now, PAGE + 1, cursor
            )
        except BadCursor:
            continue
        shown = rows[:PAGE]
        return Page(
            [part for row in shown if (part := _part(asked, question, stretches[row.place], row))],
            not cursor,
            shown[-1].cursor if len(rows) > PAGE else "",
        )
    raise AssertionError("no cursor is one")


async def load_detailed(db: Connection, asked: Question) -> Detailed:
    page = await load_page(db, asked, asked, asked.spec.after)
    return Detailed(page, await load_total(db, asked), asked.spec.sort)


def _part(asked: Question, question: Question, stretch: Stretch, row: PartRow) -> Part | None:
    """None where it has no share, as what runs has none of days to come."""
    start, end = _instant(row.started), _instant(row.ended) if row.ended is not None else asked.now
    end = max(start, end)
    low, high = max(start, stretch.since), min(end, stretch.until)
    if high < low or (high == low and start != end):
        return None
    share = Share(start, end, low, high, stretch.zone, asked.viewer.hour_cycle, is_running=row.ended is None)
    names, shown = asked.names, asked.spec.filters.tagged or question.spec.filters.tagged
    project = names["project"].get(row.project_id) if row.project_id else None
    tag = names["tag"].get(shown[0]) if shown and shown[0] else None
    return Part(
        row,
        share,
        _day_words(share.day, asked),
        project,
        _name(names["client"], project.parent if project else None),
        _name(names["task"], row.task_id),
        _name(names["member"], row.user_id),
        _rounded(asked, share) if _rounds_entries(asked) else None,
        _amount(asked, share, row),
        ", ".join(f"#{name}" for name in row.tags if tag and name != tag.name),
        row.user_id == asked.viewer.user_id,
    )


def _day_words(day: date, asked: Question) -> str:
    """ "Sun 22 Nov", and in another year "22 Nov 2025"."""
    if day.year != asked.today.year:
        return words.date_words(day)
    return words.day_label(day, day, asked.viewer.date_order)[1]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _name(names: Mapping[UUID, Named], key: UUID | None) -> str:
    found = names.get(key) if key else None
    return found.name if found else ""


def _rounds_entries(asked: Question) -> bool:
    return asked.spec.rounding.is_on and asked.spec.rounding.scope == "entry"


def _rounded(asked: Question, share: Share) -> int:
    """What the rounding of the whole entry gives this share: what it grows by here."""
    begin = max(share.start, periods.day_start(asked.days.first, share.zone))
    before, until = (periods.seconds_between(begin, edge) for edge in (share.low, share.high))
    return asked.spec.rounding.round(until) - asked.spec.rounding.round(max(before, 0))


def _amount(asked: Question, share: Share, row: PartRow) -> int | None:
    """Minor units for the share by the rates of its dates: of rounded time where each entry is rounded, else raw.
    None without a rate, or for what is not billable."""
    if not row.is_billable or asked.rates.is_empty:
        return None
    exact, is_rated = 0, False
    for day, piece in _pieces(asked, share):
        if (rate := asked.rates.rate_on(row.project_id, day)) is not None:
            seconds = _rounded(asked, piece) if _rounds_entries(asked) else piece.seconds
            exact, is_rated = exact + seconds * rate, True
    return to_minor(exact) if is_rated else None


def _pieces(asked: Question, share: Share) -> Iterable[tuple[date, Share]]:
    """The share, cut where a rate changes, each piece with a date whose rates hold for it."""
    day, low = share.day, share.low
    for change in asked.rates.changes(day, periods.local_day(share.high, share.zone)):
        edge = min(periods.day_start(change, share.zone), share.high)
        if low < edge:
            yield day, replace(share, low=low, high=edge)
        day, low = change, max(low, edge)
    if low < share.high:
        yield day, replace(share, low=low)
