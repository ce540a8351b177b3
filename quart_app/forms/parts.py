"""The form that splits an entry: the clock to split at, as people type it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from quart_app import clocks, periods, spans, words
from quart_app.fields import Errors, Form, Typed, parse
from quart_app.words import _


class SplitForm(Form):
    """As typed; `version` is the one that the form was made from."""

    at: Typed = ""
    date: Typed = ""
    at_fold: Typed = ""
    version: Typed = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The times of the entry to be split, `end` now where it runs, and how the person reads and writes time."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    hour_cycle: str
    date_order: str

    @property
    def days(self) -> tuple[date, date]:
        return periods.local_day(self.start, self.zone), periods.local_day(self.end, self.zone)

    @property
    def is_long(self) -> bool:
        """Whether a clock alone does not say which day it means."""
        return self.days[0] != self.days[1]

    @property
    def middle(self) -> datetime:
        """The instant to offer: the whole minute nearest before the middle, if that lies within."""
        middle = self.start + timedelta(seconds=periods.seconds_between(self.start, self.end) // 2)
        whole = middle - timedelta(seconds=middle.second)
        return whole if whole > self.start else middle

    def written(self, instant: datetime) -> str:
        """A clock as the person types it, with its seconds if it has any."""
        return periods.format_clock(instant, self.zone, self.hour_cycle, instant.second > 0)

    def __str__(self) -> str:
        return f"{self.written(self.start)} – {self.written(self.end)}"


@dataclass(frozen=True, slots=True)
class Split:
    """A good form. `at` lies strictly within the entry."""

    at: datetime
    version: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The form to show again. `choices` are the readings of a clock that comes twice: (fold, words)."""

    errors: Errors
    choices: tuple[tuple[int, str], ...] = field(default=())


def offered(span: Span) -> dict[str, str]:
    """What the untouched form shows: the middle."""
    middle = span.middle
    day = periods.local_day(middle, span.zone)
    return {"at": span.written(middle), "date": words.format_date(day, span.date_order)}


def parse_split(fields: Mapping[str, str], span: Span) -> Split | Refused:
    form, errors = parse(SplitForm, fields)
    if form is None:
        return Refused(errors)
    if periods.seconds_between(span.start, span.end) < 2:
        return Refused({"at": _("This entry is too short to be split.")})
    try:
        day, clock = _day(form, span), _clock(form, span)
        fold = int(form.at_fold) if form.at_fold in ("0", "1") else None
        at = _resolve(span, day, clock, fold)
    except _Wrong as wrong:
        return Refused({wrong.field: str(wrong)})
    except spans.AmbiguousError as error:
        return Refused({"at": str(error)}, ((0, error.first.words), (1, error.second.words)))
    except ValueError as error:
        return Refused({"at": str(error)})
    if not span.start < at < span.end:
        return Refused({"at": _("Choose a time between %(start)s and %(end)s.", **_ends(span))})
    version = int(form.version) if form.version.isascii() and form.version.isdigit() else None
    return Split(at, version)


class _Wrong(ValueError):
    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def _ends(span: Span) -> dict[str, str]:
    return {"start": span.written(span.start), "end": span.written(span.end)}


def _day(form: SplitForm, span: Span) -> date:
    if not form.date or not span.is_long:
        return span.days[0]
    try:
        return clocks.parse_date(form.date, span.date_order, today=span.days[1])
    except ValueError as error:
        raise _Wrong("date", str(error)) from error


def _clock(form: SplitForm, span: Span) -> time:
    if not form.at:
        raise _Wrong("at", _("Enter a time."))
    return clocks.parse_clock(form.at)


def _resolve(span: Span, day: date, clock: time, fold: int | None) -> datetime:
    """The instant that the clock means on this day. Of two readings the only one within the entry is meant."""
    found = [
        reading.instant
        for reading in spans.readings(day, clock, span.zone)
        if span.start < reading.instant < span.end
    ]
    if len(found) == 1:
        return found[0]
    return spans.resolve_local(day, clock, span.zone, fold, hour_cycle=span.hour_cycle).instant
