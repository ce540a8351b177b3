"""Saved reports read again: for whom they are opened, in words, and at a glance on the timer page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

from quart_app import at_hand, periods, reporting
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.forms.reports import Asked, parse_report, query_of
from quart_app.queries.reports import Names, load_names
from quart_app.queries.saved_reports import SavedReport
from quart_app.report_controls import PERIODS, VIEWS
from quart_app.report_page import Label, Report, days_words
from quart_app.report_spec import Spec
from quart_app.web import chronos
from quart_app.words import _, ngettext

MOST_FIELDS = 2000
MOST_LINES = 5
_LISTS = {"member": "members", "client": "clients", "project": "projects", "task": "tasks", "tag": "tags"}


# --- the query ---------------------------------------------------------------------------------------------------


def read_query(text: str, date_order: str, today: date) -> Spec:
    """The report of an address's query, as it is kept: without what is open in it. What can't be read is left out."""
    try:
        fields = parse_qs(text.lstrip("?"), max_num_fields=MOST_FIELDS)
    except ValueError:
        fields = {}
    return replace(parse_report(fields, date_order, today).spec, after="", opened=())


def spec_of(report: SavedReport, person: Viewer, now: datetime) -> Spec:
    """What a saved report asks for, whoever it was that saved it."""
    return read_query(report.query, "ymd", periods.local_day(now, person.zone))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A report as one may open it: how many things of a kind that it asks for are `gone`, and whether it asks for the
    hours of others, which are not for this viewer."""

    spec: Spec
    gone: Mapping[str, int] = field(default_factory=dict)
    asks_for_others: bool = False

    @property
    def query(self) -> str:
        return query_of(self.spec)

    @property
    def words(self) -> str:
        """What has become of the report, "" where all of it is there."""
        found = []
        if self.gone:
            what = ", ".join(_counted(kind, count) for kind, count in self.gone.items())
            found.append(_("No longer there: %(what)s. The report shows the rest.", what=what))
        if self.asks_for_others:
            found.append(_("It was made for the hours of others. You see your own."))
        return " ".join(found)


def fit(spec: Spec, names: Names, person: Viewer) -> Fitted:
    """The report without what has been deleted since, and without people whose hours the viewer may not see."""
    kept: dict[str, Any] = {}
    gone: dict[str, int] = {}
    for kind, attribute in _LISTS.items():
        wanted: Sequence[UUID | None] = getattr(spec.filters, attribute)
        kept[attribute] = tuple(value for value in wanted if value is None or value in names[kind])
        if len(kept[attribute]) < len(wanted):
            gone[kind] = len(wanted) - len(kept[attribute])
    others = not person.may_manage and bool(gone.pop("member", 0))
    return Fitted(replace(spec, filters=replace(spec.filters, **kept)), gone, others)


def _counted(kind: str, n: int) -> str:
    match kind:
        case "member":
            return ngettext("%(n)s member", "%(n)s members", n)
        case "client":
            return ngettext("%(n)s client", "%(n)s clients", n)
        case "project":
            return ngettext("%(n)s project", "%(n)s projects", n)
        case "task":
            return ngettext("%(n)s task", "%(n)s tasks", n)
        case _:
            return ngettext("%(n)s tag", "%(n)s tags", n)


# --- in words ----------------------------------------------------------------------------------------------------


def period_of(spec: Spec) -> str:
    """ "This month", or the dates that stay."""
    return days_words(spec.days) if spec.days else _(PERIODS[spec.period])


class Listed(NamedTuple):
    """A line of the list of saved reports."""

    report: SavedReport
    view: str
    period: str
    is_fixed: bool
    is_mine: bool


def listed(report: SavedReport, person: Viewer, now: datetime) -> Listed:
    spec = spec_of(report, person, now)
    is_mine = report.user_id == person.user_id
    return Listed(report, _(VIEWS[spec.view]), period_of(spec), spec.days is not None, is_mine)


# --- the card on the timer page ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Glance:
    """A report at a glance: labels with their hours, so many `more` left out; `words` say what is missing."""

    total: str
    period: str
    lines: Sequence[tuple[Label, str]]
    more: int
    is_running: bool
    words: str


async def pinned_card(person: Viewer, *, loaded: bool = True) -> dict[str, Any]:
    """What templates/saved_reports/_pinned.html shows. Not `loaded` it is only the report's name, for a page that must
    not wait for its sums."""
    found = await at_hand.pinned_report(person)
    glance = None
    if loaded and found is not None:
        async with chronos().database.snapshot() as db:
            glance = await _load_glance(db, person, found)
    return {"pin": found, "glance": glance}


async def _load_glance(db: Connection, person: Viewer, saved: SavedReport) -> Glance:
    now = periods.now()
    names = await load_names(db, person)
    fitted = fit(spec_of(saved, person, now), names, person)
    asked = await reporting.ask(db, person, fitted.spec, now, names)
    lines, total = await reporting.load_lines(db, asked)
    report = Report(Asked(asked.spec), asked)
    return Glance(
        report.hours(total),
        period_of(asked.spec),
        [(report.label(line.dimension, line.value), report.hours(line.sums)) for line in lines[:MOST_LINES]],
        max(len(lines) - MOST_LINES, 0),
        total.running > 0,
        fitted.words,
    )
