"""How the share of an entry that a report counts is written: its clocks, the entry it is of, and what the clocks did in
between. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from quart_app import periods, words
from quart_app.words import _

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_HOUR = 3600
# A change of clocks is shorter; what is longer is a date that the zone left out, or had twice.
_MOST_CHANGED = 12 * _HOUR


@dataclass(frozen=True, slots=True)
class Share:
    """[low, high) of an entry [start, end); `end` is the moment of the report where `is_running`."""

    start: datetime
    end: datetime
    low: datetime
    high: datetime
    zone: ZoneInfo
    hour_cycle: str = "24"
    is_running: bool = False

    @property
    def seconds(self) -> int:
        return periods.seconds_between(self.low, self.high)

    @property
    def day(self) -> date:
        """The date that it begins on."""
        return periods.local_day(self.low, self.zone)

    @property
    def is_cut(self) -> bool:
        """Whether it is less than the entry."""
        return self.low > self.start or self.is_cut_off

    @property
    def is_cut_off(self) -> bool:
        """Whether the entry goes on after it."""
        return self.high < self.end

    @property
    def span(self) -> str:
        """ "22:00 – 24:00", "22:00 – 6:00 (+1)", "9:00 – now"."""
        if self.is_running and not self.is_cut_off:
            return f"{self._clock(self.low)} – {_('now')}"
        days = (_last_day(self.low, self.high, self.zone, is_cut_off=self.is_cut_off) - self.day).days
        return f"{self._clock(self.low)} – {self._end()}{_later(days)}"

    @property
    def whole(self) -> str:
        """The entry that it is a share of, "22:00 – 6:00 (+1)": its dates as seen from the share's."""
        begins = self._clock(self.start) + _later((self._day(self.start) - self.day).days)
        if self.is_running:
            return f"{begins} – {_('now')}"
        return f"{begins} – {self._clock(self.end)}{_later((self._day(self.end) - self.day).days)}"

    @property
    def whole_seconds(self) -> int:
        return periods.seconds_between(self.start, self.end)

    @property
    def note(self) -> str:
        """ "22:00 to 6:00 = 9 h 00: clocks went back", where the clocks tell another length than it has; else ""."""
        low, high = _wall(self.low, self.zone), self._wall_end()
        shown, length = int((high - low).total_seconds()), self.seconds
        if shown == length or not length:
            return ""
        is_long = (high.date() - low.date()).days > 1 or shown > 24 * _HOUR
        ends = (self._clock(self.low), self._end())
        if is_long:
            last = (high - _SECOND).date() if self.is_cut_off else high.date()
            ends = (
                f"{words.date_words(low.date())} {ends[0]}",
                f"{words.date_words(last)} {ends[1]}",
            )
        told = {"start": ends[0], "end": ends[1], "length": _spelled(length)}
        if shown - length > _MOST_CHANGED and (skipped := self._skipped_day()):
            day = words.date_words(skipped)
            return _("%(start)s to %(end)s = %(length)s: there was no %(day)s in this zone", **told, day=day)
        if shown > length:
            return _("%(start)s to %(end)s = %(length)s: clocks went forward", **told)
        return _("%(start)s to %(end)s = %(length)s: clocks went back", **told)

    def _skipped_day(self) -> date | None:
        for day in periods.each_day(self.day, self._day(self.high)):
            start, end = periods.day_range(day, self.zone)
            if start == end:
                return day
        return None

    def _day(self, instant: datetime) -> date:
        return periods.local_day(instant, self.zone)

    def _clock(self, instant: datetime) -> str:
        return periods.format_clock(instant, self.zone, self.hour_cycle)

    def _end(self) -> str:
        """Where it is cut off at midnight it ends at 24:00, whatever the clocks do then."""
        wall = self._wall_end()
        if not self.is_cut_off or (wall.hour, wall.minute) != (0, 0):
            return self._clock(self.high)
        return "24:00" if self.hour_cycle == "24" else "12:00 am"

    def _wall_end(self) -> datetime:
        """What the clocks show as it ends. At an edge of the report that is what they come to, not what they are put
        to at that moment."""
        if self.is_cut_off:
            return _wall(self.high - _SECOND, self.zone) + _SECOND
        return _wall(self.high, self.zone)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _last_day(low: datetime, high: datetime, zone: ZoneInfo, *, is_cut_off: bool) -> date:
    return periods.local_day(high - _SECOND if is_cut_off and high > low else high, zone)


def _later(days: int) -> str:
    return f" ({days:+})".replace("-", "\N{MINUS SIGN}") if days else ""


def _spelled(seconds: int) -> str:
    """ "9 h 00", and with seconds "9:00:13"."""
    if seconds % 60:
        return periods.format_timer(seconds)
    return _("%(hours)s h %(minutes)s", hours=seconds // _HOUR, minutes=f"{seconds // 60 % 60:02}")
