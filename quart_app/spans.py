"""Pure meaning of typed clocks: which instants a local clock names, and the span between two of them.

Clocks jump. A time that a zone skipped is refused in words (GapError); one that came twice is asked about
(AmbiguousError), and the answer comes back as its fold: 0 the first, 1 the second (PEP 495).
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from quart_app.periods import LONGEST_SECONDS, change_between, day_start, local_day, seconds_between
from quart_app.words import _, date_words


class Local(NamedTuple):
    """One reading of a local clock: its instant, fold (0 for the only one) and words, "02:30 CEST"."""

    instant: datetime
    fold: int
    words: str


class Span(NamedTuple):
    """What two typed clocks mean. next_day says that the end was found on the date after the start's."""

    start: datetime
    end: datetime
    next_day: bool


class GapError(ValueError):
    """The clocks skipped this time. before and after are the nearest instants to offer: the last minute ahead
    of the change, and the change itself. field is "start" or "end" from resolve_span, else ""."""

    def __init__(self, words: str, before: datetime, after: datetime, field: str) -> None:
        super().__init__(words)
        self.before, self.after, self.field = before, after, field


class AmbiguousError(ValueError):
    """The clocks showed this time twice: ask which, and pass its fold. field as in GapError."""

    def __init__(self, words: str, first: Local, second: Local, field: str) -> None:
        super().__init__(words)
        self.first, self.second, self.field = first, second, field


class _Typed(NamedTuple):
    """A clock as typed: for which date and zone, on which hour cycle the person reads, in which field."""

    day: date
    clock: time
    zone: ZoneInfo
    hour_cycle: str
    field: str

    def moment(self, fold: int) -> datetime:
        return datetime.combine(self.day, self.clock.replace(microsecond=0, fold=fold), self.zone)

    def written(self, moment: datetime) -> str:
        minutes = f"{moment:%M:%S}" if moment.second else f"{moment:%M}"
        if self.hour_cycle == "24":
            return f"{moment:%H}:{minutes}"
        return f"{moment.hour % 12 or 12}:{minutes} {'am' if moment.hour < 12 else 'pm'}"

    def where(self) -> str:
        return _("on %(date)s in %(zone)s", date=date_words(self.day), zone=self.zone.key)

    def readings(self) -> tuple[Local, ...]:
        moments = self.moment(0), self.moment(1)
        first, second = (
            Local(moment.astimezone(UTC), moment.fold, f"{self.written(moment)} {name}")
            for moment, name in zip(moments, _zone_words(*moments), strict=True)
        )
        if first.instant == second.instant:
            return (first,)
        return (first, second) if first.instant < second.instant else ()

    def choose(self, found: tuple[Local, ...], fold: int | None) -> Local:
        if len(found) == 2 and fold is None:
            first, second = found
            raise AmbiguousError(
                _(
                    "%(time)s happens twice %(where)s: first %(first)s, second %(second)s. Choose one.",
                    time=self.written(self.moment(0)),
                    where=self.where(),
                    first=first.words,
                    second=second.words,
                ),
                first,
                second,
                self.field,
            )
        return found[-1] if fold else found[0]

    def gap(self) -> GapError:
        def words(moment: datetime) -> str:
            if moment.date() == self.day:
                return self.written(moment)
            return _("%(time)s on %(date)s", time=self.written(moment), date=date_words(moment))

        change = change_between(self.moment(1).astimezone(UTC), self.moment(0).astimezone(UTC), self.zone)
        second = timedelta(seconds=1)
        # Where the clocks jumped from is no moment of the zone: it is a second after the last one that was.
        left = (change - second).astimezone(self.zone).replace(tzinfo=None) + second
        landed = change.astimezone(self.zone)
        before = change - timedelta(minutes=1)
        return GapError(
            _(
                "%(time)s does not exist %(where)s: clocks went from %(left)s to %(landed)s."
                " Choose %(before)s or %(landed)s.",
                time=self.written(self.moment(0)),
                where=self.where(),
                left=words(left),
                landed=words(landed),
                before=words(before.astimezone(self.zone)),
            ),
            before,
            change,
            self.field,
        )


def _zone_words(first: datetime, second: datetime) -> tuple[str, str]:
    """ "CEST", "CET"; "UTC+11:00", "UTC+10:30" where letters are missing or the same (Moscow in 2014)."""
    letters = first.tzname() or "", second.tzname() or ""
    is_fold = first.utcoffset() != second.utcoffset()
    if "".join(letters).isalpha() and not (is_fold and letters[0] == letters[1]):
        return letters
    return f"UTC{first.isoformat()[19:]}", f"UTC{second.isoformat()[19:]}"


def readings(day: date, clock: time, zone: ZoneInfo, *, hour_cycle: str = "24") -> tuple[Local, ...]:
    """Every instant at which the zone's clocks show this: one as a rule, () in a gap, two in a fold."""
    return _Typed(day, clock, zone, hour_cycle, "").readings()


def resolve_local(
    day: date, clock: time, zone: ZoneInfo, fold: int | None = None, *, hour_cycle: str = "24"
) -> Local:
    """The reading of a clock typed for a date. fold picks one where there are two, and nothing elsewhere.

    GapError when the zone skipped this time, AmbiguousError when it comes twice and fold is None.
    """
    return _resolve(_Typed(day, clock, zone, hour_cycle, ""), fold)


def _resolve(typed: _Typed, fold: int | None) -> Local:
    found = typed.readings()
    if not found:
        raise typed.gap()
    return typed.choose(found, fold)


def resolve_span(
    day: date,
    start_clock: time,
    end_clock: time,
    zone: ZoneInfo,
    start_fold: int | None = None,
    end_fold: int | None = None,
    *,
    end_day: date | None = None,
    hour_cycle: str = "24",
) -> Span:
    """The range that two clocks mean: it starts on day, and ends when the clocks next show end_clock.

    So an end before its start is on the next date (next_day=True), and equal clocks mean no length. Where
    clocks go back, 02:30 (first) to 02:10 is 40 minutes, to the second 02:10; when both readings of the end
    come after the start, AmbiguousError asks which. With end_day the end is on that date and no other; what
    began just before clocks return to the old date (see periods.day_start) needs it.

    GapError and AmbiguousError as in resolve_local, with their field; ValueError in words when the chosen end
    comes before the start or makes the span longer than LONGEST_SECONDS.
    """
    start = _resolve(_Typed(day, start_clock, zone, hour_cycle, "start"), start_fold).instant
    typed = _Typed(end_day or day, end_clock, zone, hour_cycle, "end")
    found = typed.readings()
    possible = tuple(reading for reading in found if reading.instant >= start)
    if possible:
        end = typed.choose(possible, end_fold)
        if end.fold and end_fold == 0:
            raise ValueError(
                _(
                    "%(time)s is before the start. Choose %(other)s, or change the start.",
                    time=found[0].words,
                    other=end.words,
                )
            )
        if seconds_between(start, end.instant) > LONGEST_SECONDS:
            raise ValueError(_("That is too long: an entry is at most 9999 hours."))
        return Span(start, end.instant, next_day=False)
    if not found and (end_day or typed.gap().after > start):
        raise typed.gap()
    if end_day:
        raise ValueError(_("The end is before the start. Change one of them."))
    # The date after, or the one after that where the zone skipped a date.
    following = local_day(day_start(day + timedelta(days=1), zone), zone)
    return Span(start, _resolve(typed._replace(day=following), end_fold).instant, next_day=True)
