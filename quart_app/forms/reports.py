"""The address of a report, read and written: all that a report is asked for stands in it, and nothing else.

    ?view=summary&period=this-month&by=project&then=task&project=<id>&project=none&tag=<id>&tags=all&billable=yes&q=login
    &running=without&zone=Asia/Tokyo&round=up&step=15&per=day&show=both&chart=week&sort=-duration&open=project:<id>
    ?from=2026-11-01&to=2026-11-30

What can't be read is told beside its field, in words, and the report is that of the rest: nothing is lost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NoReturn
from urllib.parse import urlencode
from uuid import UUID

from quart_app import clocks, periods
from quart_app.report_spec import (
    BUCKETS,
    DIMENSIONS,
    DURATIONS,
    LONGEST_DAYS,
    MEMBERS_OWN,
    PERIODS,
    RUNNING,
    SORTS,
    TAG_MATCHES,
    VIEWS,
    Days,
    Filters,
    Spec,
)
from quart_app.rounding import SCOPES, STEPS, WAYS, Rounding
from quart_app.words import N_, _

NONE = "none"
MOST_VALUES = 200
MOST_TEXT = 200
MOST_OPENED = 20
MOST_CURSOR = 6000
_LISTS = {"member": "members", "client": "clients", "project": "projects", "task": "tasks", "tag": "tags"}
_UNKNOWN = N_("That isn't one of the choices here. Choose another.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A spec as far as it could be read, what was typed into the date fields, and what is wrong, by field."""

    spec: Spec
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = fields
        self.errors: dict[str, str] = {}

    def text(self, name: str, most: int = MOST_CURSOR) -> str:
        return _storable((self.fields.get(name) or [""])[0])[:most].strip()

    def one_of(self, name: str, choices: Iterable[str], default: str) -> str:
        found = self.text(name)
        if found and found not in choices:
            self.errors[name] = _(_UNKNOWN)
        return found if found in choices else default

    def ids(self, name: str, *, none: bool) -> tuple[UUID | None, ...]:
        found: dict[UUID | None, None] = {}
        for text in self.fields.get(name, [])[:MOST_VALUES]:
            if not text:
                continue
            if none and text == NONE:
                found[None] = None
                continue
            try:
                found[UUID(text)] = None
            except ValueError:
                self.errors[name] = _(_UNKNOWN)
        return tuple(found)


def parse_report(fields: Mapping[str, Sequence[str]], date_order: str, today: date) -> Asked:
    """Read an address: each field's values by its name. Dates may be typed as the person writes them."""
    reader = _Reader(fields)
    typed = {name: reader.text(name) for name in ("from", "to")}
    period = reader.one_of("period", PERIODS, "this-month")
    days = None
    if any(typed.values()) and period in ("this-month", "custom"):
        days = _days(reader, typed, date_order, today)
        period = "custom" if days else period
    period = "this-month" if period == "custom" and days is None else period
    way = reader.one_of("round", WAYS, "")
    step = reader.one_of("step", [str(step) for step in STEPS], "15")
    spec = Spec(
        view=reader.one_of("view", VIEWS, "summary"),
        period=period,
        days=days,
        by=reader.one_of("by", DIMENSIONS, "project"),
        then=reader.one_of("then", DIMENSIONS, ""),
        chart=reader.one_of("chart", BUCKETS, ""),
        zone=_zone(reader),
        filters=_filters(reader),
        rounding=Rounding(way, int(step), reader.one_of("per", SCOPES, "entry")) if way else Rounding(),
        durations=reader.one_of("show", DURATIONS, ""),
        sort=reader.one_of("sort", [*SORTS, *(f"-{name}" for name in SORTS)], "-start"),
        after=reader.text("after"),
        opened=_opened(fields.get("open", [])),
    )
    return Asked(spec, typed, reader.errors)


def _storable(text: str) -> str:
    """Without what no database can be asked for: a NUL, and halves of characters."""
    return "".join(char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff").strip()


def _opened(keys: Sequence[str]) -> tuple[str, ...]:
    found = dict.fromkeys(_storable(key)[:MOST_CURSOR].strip() for key in keys[:MOST_VALUES])
    return tuple(key for key in found if key)[:MOST_OPENED]


def _days(reader: _Reader, typed: Mapping[str, str], date_order: str, today: date) -> Days | None:
    found: dict[str, date] = {}
    for name, text in typed.items():
        try:
            found[name] = clocks.parse_date(text, date_order, today=today) if text else today
        except ValueError as error:
            reader.errors[name] = str(error)
    if len(found) < 2:
        return None
    if found["to"] < found["from"]:
        if not typed["to"]:
            return Days(found["from"], found["from"])
        reader.errors["to"] = _("The last day comes before the first. Change one of them.")
        return None
    if (found["to"] - found["from"]).days >= LONGEST_DAYS:
        reader.errors["to"] = _("A report goes over at most %(n)s years.", n=LONGEST_DAYS // 366)
        return None
    return Days(found["from"], found["to"])


def _zone(reader: _Reader) -> str:
    text = reader.text("zone")
    if text in ("", MEMBERS_OWN):
        return text
    try:
        return periods.zone(text).key
    except ValueError as error:
        reader.errors["zone"] = _(str(error))
        return ""


def _filters(reader: _Reader) -> Filters:
    text = reader.text("q")
    if len(text) > MOST_TEXT:
        reader.errors["q"] = _("Look for at most %(n)s characters.", n=MOST_TEXT)
    return Filters(
        members=tuple(member for member in reader.ids("member", none=False) if member),
        clients=reader.ids("client", none=True),
        projects=reader.ids("project", none=True),
        tasks=reader.ids("task", none=True),
        tags=reader.ids("tag", none=True),
        tag_match=reader.one_of("tags", TAG_MATCHES, "any"),
        billable=reader.one_of("billable", ("yes", "no"), ""),
        text=text[:MOST_TEXT].strip(),
        running=reader.one_of("running", RUNNING, "with"),
    )


# --- writing -----------------------------------------------------------------------------------------------------


def fields_of(spec: Spec) -> list[tuple[str, str]]:
    """Names and values of the spec's address, without those that are as they would be anyway, in one order."""
    found: list[tuple[str, str]] = []

    def put(name: str, value: str, usual: str = "") -> None:
        if value != usual:
            found.append((name, value))

    put("view", spec.view, "summary")
    if spec.period == "custom" and spec.days:
        found += [("from", spec.days.first.isoformat()), ("to", spec.days.last.isoformat())]
    else:
        put("period", spec.period, "this-month")
    put("by", spec.by, "project")
    put("then", spec.then)
    put("chart", spec.chart)
    put("zone", spec.zone)
    for name, attribute in _LISTS.items():
        values = getattr(spec.filters, attribute)
        found += [(name, NONE if value is None else str(value)) for value in values]
    put("tags", spec.filters.tag_match, "any")
    put("billable", spec.filters.billable)
    put("q", spec.filters.text)
    put("running", spec.filters.running, "with")
    if spec.rounding.is_on:
        found += [
            ("round", spec.rounding.way),
            ("step", str(spec.rounding.step)),
            ("per", spec.rounding.scope),
        ]
    put("show", spec.durations)
    put("sort", spec.sort, "-start")
    put("after", spec.after)
    found += [("open", key) for key in spec.opened]
    return found


def query_of(spec: Spec) -> str:
    """The query of the spec's address, without its "?": parse_report of it gives the spec again."""
    return urlencode(fields_of(spec))


# --- figures that open -------------------------------------------------------------------------------------------


def key_of(values: Sequence[tuple[str, Any]]) -> str:
    """What stands in the address for an opened figure: "project:<id>,day:2026-11-03"; "total" for the whole."""
    return ",".join(f"{dimension}:{_plain(value)}" for dimension, value in values) or "total"


def _plain(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text.encode().hex() if not isinstance(value, (UUID, date)) else text


def narrowed(spec: Spec, key: str, days: Days, bucket_of: Callable[[str, date], Days]) -> tuple[Spec, Days]:
    """The spec of what is behind an opened figure, and its dates: the same report of less. `bucket_of` gives the dates
    of a day, week or month. ValueError for what key_of never wrote."""
    filters = spec.filters
    for part in [] if key == "total" else key.split(","):
        dimension, mark, text = part.partition(":")
        if not mark or dimension not in DIMENSIONS:
            raise ValueError(key)
        if dimension in BUCKETS:
            try:
                bucket = bucket_of(dimension, date.fromisoformat(text))
            except OverflowError as error:  # no calendar goes that far
                raise ValueError(key) from error
            days = Days(max(days.first, bucket.first), min(days.last, bucket.last))
        else:
            filters = _with(filters, dimension, text)
    if days.last < days.first:
        raise ValueError(key)
    return replace(spec, filters=filters), days


def _with(filters: Filters, dimension: str, text: str) -> Filters:
    if dimension == "description":
        description = "" if text == NONE else bytes.fromhex(text).decode()
        if "\0" in description:
            raise ValueError(text)
        return replace(filters, description=description)
    if dimension == "billable":
        return replace(filters, billable={"yes": "yes", "no": "no"}.get(text) or _refuse(text))
    value = None if text == NONE else UUID(text)
    if dimension == "member":
        return replace(filters, members=(value or _refuse(text),))
    if dimension == "tag":
        return replace(filters, tagged=(value,))
    if dimension == "client":
        return replace(filters, clients=(value,))
    return replace(filters, projects=(value,)) if dimension == "project" else replace(filters, tasks=(value,))


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)
