"""Forms of an entry: what, when and for how long, as people type it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from quart_app import clocks, periods, spans, words
from quart_app.fields import Description, Errors, Form, OptionalId, OptionalPlace, TagNames, Typed, parse
from quart_app.words import _

LONGEST_SECONDS = 9999 * 3600


class What(Form):
    """What is worked on: the fields that a timer and an entry share. An unticked checkbox isn't sent at all."""

    description: Description = ""
    project: OptionalPlace = None  # or one of its tasks
    tags: TagNames = ()
    billable: bool = False

    @property
    def project_id(self) -> UUID | None:
        return self.project.project if self.project else None

    @property
    def task_id(self) -> UUID | None:
        return self.project.task if self.project else None


class StartForm(What):
    """The timer bar. `id` makes sending it twice harmless."""

    id: OptionalId = None


class When(Form):
    """When, as typed; `version` is the one that the form was made from."""

    date: Typed = ""
    start: Typed = ""
    end: Typed = ""
    end_date: Typed = ""
    duration: Typed = ""
    start_fold: Typed = ""
    end_fold: Typed = ""
    version: Typed = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How the person reads and writes time, and the moment of asking."""

    zone: ZoneInfo
    hour_cycle: str
    date_order: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """The times of an entry as its form shows them. What comes back unchanged keeps its seconds."""

    date: str
    start: str
    end: str
    end_date: str
    duration: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two readings of a clock time that the zone shows twice."""

    fold: int
    words: str


@dataclass(frozen=True, slots=True)
class EntryForm:
    """A good form. `ends_next_day`: the end was read as on the day after the start."""

    what: What
    started_at: datetime
    ended_at: datetime | None
    version: int | None
    ends_next_day: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A form to show again: a message for each wrong field, readings to choose from where a time comes twice, and
    questions about names in the text (filing.py)."""

    errors: Errors
    choices: Mapping[str, tuple[Choice, ...]]
    questions: Sequence[Any] = ()


def written(started_at: datetime, ended_at: datetime | None, way: Way) -> Written:
    """An entry's times as its form shows them; `end_date` only where the end is further away than the next day."""
    day = periods.local_day(started_at, way.zone)
    start = periods.format_clock(started_at, way.zone, way.hour_cycle)
    shown = words.format_date(day, way.date_order)
    if ended_at is None:
        return Written(shown, start, "", "", "")
    last = periods.local_day(ended_at, way.zone)
    far = ended_at - started_at >= timedelta(days=1)
    return Written(
        shown,
        start,
        periods.format_clock(ended_at, way.zone, way.hour_cycle),
        words.format_date(last, way.date_order) if far else "",
        periods.format_duration(periods.seconds_between(started_at, ended_at)),
    )


def parse_entry(
    fields: Mapping[str, str], way: Way, times: tuple[datetime, datetime | None] | None
) -> EntryForm | Refused:
    """The form of a new entry (`times` None) or of one with these times."""
    what, errors = parse(What, fields)
    when, when_errors = parse(When, fields)
    errors |= when_errors
    if when is None:
        return Refused(errors, {})
    reader = _Reader(when, way, times, errors)
    started_at = reader.start()
    ended_at = reader.end(started_at) if started_at else None
    version = int(when.version) if when.version.isascii() and when.version.isdigit() else None
    if what is None or errors or started_at is None:
        return Refused(errors, reader.choices)
    return EntryForm(what, started_at, ended_at, version, reader.ends_next_day)


class _Reader:
    """Reads the times of one form. What the person left as it was shown keeps its instant, seconds and reading."""

    def __init__(
        self, when: When, way: Way, times: tuple[datetime, datetime | None] | None, errors: Errors
    ) -> None:
        self.when, self.way, self.errors = when, way, errors
        self.old = times
        self.was = written(*times, way) if times else Written("", "", "", "", "")
        self.choices: dict[str, tuple[Choice, ...]] = {}
        self.ends_next_day = False
        self.day: date | None = None

    @property
    def is_running(self) -> bool:
        return self.old is not None and self.old[1] is None

    def start(self) -> datetime | None:
        self.day = self._date("date", self.when.date)
        if self.day is None:
            return None
        if self.old and self._same("date", "start") and not self.when.start_fold:
            return self.old[0]
        clock = self._clock("start", self.old[0] if self.old else None)
        if clock is None:
            return None
        started_at = self._resolve("start", self.day, clock)
        runs_on = self.is_running and not self.when.end and not self.when.duration
        if started_at and runs_on and started_at > self.way.now:
            self.errors["start"] = _("A running timer can't start in the future.")
        return started_at

    def end(self, started_at: datetime) -> datetime | None:
        end_kept, duration_kept = self._same("end", "end_date"), self._same("duration")
        if self.is_running and not self.when.end and not self.when.duration:
            return None
        if self.when.duration and not duration_kept and (end_kept or not self.when.end):
            return self._end_by_duration(started_at)
        if not self.when.end:
            self.errors["end"] = _("Enter an end, or a duration.")
            return None
        ended_at = self._end_by_clock(started_at, keeps=end_kept and self._same("date", "start"))
        if ended_at and self.when.duration and not duration_kept:
            self._check_duration(started_at, ended_at)
        return ended_at

    def _end_by_duration(self, started_at: datetime) -> datetime | None:
        try:
            seconds = clocks.parse_duration(self.when.duration)
        except ValueError as error:
            self.errors["duration"] = str(error)
            return None
        ended_at = started_at + timedelta(seconds=seconds)
        self.ends_next_day = self._is_next_day(started_at, ended_at)
        return ended_at

    def _end_by_clock(self, started_at: datetime, *, keeps: bool) -> datetime | None:
        if keeps and self.old and self.old[1] and not self.when.end_fold:
            return self.old[1]
        clock = self._clock("end", self.old[1] if self.old else None)
        if clock is None or self.day is None:
            return None
        end_day = self._date("end_date", self.when.end_date) if self.when.end_date else None
        if self.errors.get("end_date"):
            return None
        ended_at = self._resolve_end(started_at, clock, end_day)
        if ended_at and periods.seconds_between(started_at, ended_at) > LONGEST_SECONDS:
            self.errors["end_date"] = _("That is longer than an entry can be. Change the end's date.")
        return ended_at

    def _resolve_end(self, started_at: datetime, clock: time, end_day: date | None) -> datetime | None:
        local = started_at.astimezone(self.way.zone)
        try:
            span = spans.resolve_span(
                local.date(),
                local.time(),
                clock,
                self.way.zone,
                local.fold,
                _fold(self.when.end_fold),
                end_day=end_day,
                hour_cycle=self.way.hour_cycle,
            )
        except spans.AmbiguousError as error:
            self._ask("end", error)
            return None
        except ValueError as error:
            self.errors["end"] = str(error)
            return None
        self.ends_next_day = span.next_day
        return span.end

    def _check_duration(self, started_at: datetime, ended_at: datetime) -> None:
        """Start, end and duration are all given: they must agree, for nobody can tell which one is meant."""
        try:
            typed = clocks.parse_duration(self.when.duration)
        except ValueError as error:
            self.errors["duration"] = str(error)
            return
        if abs(typed - periods.seconds_between(started_at, ended_at)) >= 60:
            makes = words.format_duration(periods.seconds_between(started_at, ended_at))
            self.errors["duration"] = _(
                "Start and end make %(length)s. Change one of the three, or clear the duration.", length=makes
            )

    def _is_next_day(self, started_at: datetime, ended_at: datetime) -> bool:
        zone = self.way.zone
        return periods.local_day(ended_at, zone) - periods.local_day(started_at, zone) == timedelta(days=1)

    def _same(self, *fields: str) -> bool:
        return self.old is not None and all(
            getattr(self.when, name) == getattr(self.was, name) for name in fields
        )

    def _date(self, field: str, typed: str) -> date | None:
        if not typed:
            self.errors[field] = _("Enter a date.")
            return None
        try:
            return clocks.parse_date(
                typed, self.way.date_order, today=periods.local_day(self.way.now, self.way.zone)
            )
        except ValueError as error:
            self.errors[field] = str(error)
            return None

    def _clock(self, field: str, old: datetime | None) -> time | None:
        """The clock typed; left as it was shown, it keeps the seconds that the form doesn't show."""
        typed = getattr(self.when, field)
        if not typed:
            self.errors[field] = _("Enter a time.")
            return None
        if old and typed == getattr(self.was, field):
            return old.astimezone(self.way.zone).time().replace(fold=0)
        try:
            return clocks.parse_clock(typed)
        except ValueError as error:
            self.errors[field] = str(error)
            return None

    def _resolve(self, field: str, day: date, clock: time) -> datetime | None:
        fold = _fold(getattr(self.when, f"{field}_fold"))
        try:
            return spans.resolve_local(
                day, clock, self.way.zone, fold, hour_cycle=self.way.hour_cycle
            ).instant
        except spans.AmbiguousError as error:
            self._ask(field, error)
        except ValueError as error:
            self.errors[field] = str(error)
        return None

    def _ask(self, field: str, error: spans.AmbiguousError) -> None:
        self.errors[field] = str(error)
        self.choices[field] = (Choice(0, error.first.words), Choice(1, error.second.words))


def _fold(text: str) -> int | None:
    return int(text) if text in ("0", "1") else None


def entry_id(fields: Mapping[str, str]) -> UUID | None:
    """The id that a form brings along for its new entry, so that sending it twice makes one."""
    form = parse(StartForm, {"id": fields.get("id", "")})[0]
    return form.id if form else None
