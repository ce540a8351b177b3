"""Pure time: named zones, local days and weeks, splitting at midnight, and how time is written.

An instant is an aware datetime in UTC of whole seconds, a duration an int of seconds, a range half-open.
Every rule asks the tz database about the date at hand, never about today. Beside this module, clocks.py
reads what people type, and spans.py finds the instants that a typed clock means.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from zoneinfo import TZPATH, ZoneInfo, available_timezones

# What people may enter: wide enough for any import, narrow enough that no typing slip costs a page.
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2199, 12, 31)
LONGEST_SECONDS = 9999 * 3600
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def _tz_table(name: str) -> list[list[str]]:
    """Words of each line of a table of the tz database: the system's, else the tzdata package's, else []."""
    for folder in TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return [line.split() for line in path.read_text("utf-8").splitlines()]
    try:
        text = resources.files("tzdata").joinpath("zoneinfo", name).read_text("utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return []
    return [line.split() for line in text.splitlines()]


# zone.tab lists one name for each place, without the older spellings that available_timezones() adds.
_PLACES = {line[2] for line in _tz_table("zone.tab") if len(line) > 2 and not line[0].startswith("#")}
ZONE_NAMES: tuple[str, ...] = tuple(sorted((_PLACES or available_timezones()) | {"UTC"}))


@lru_cache(maxsize=1)
def _known_zones() -> dict[str, str]:
    """Lower-case spelling -> name to use; an older name leads to the place that replaced it, if any."""
    links = {line[2]: line[1] for line in _tz_table("tzdata.zi") if len(line) == 3 and line[0] == "L"}
    known = {}
    for name in available_timezones() - {"Factory", "localtime"}:
        is_older = name not in _PLACES and links.get(name) in _PLACES
        known[name.lower()] = links[name] if is_older else name
    return known


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, whatever its case; ValueError in words when there is none.

    Older names, which browsers still send, become today's: "Asia/Calcutta" gives Asia/Kolkata. The rules are
    the same, and not every database server knows the old names.
    """
    known = _known_zones().get(name.strip().lower())
    if known is None:
        raise ValueError("That time zone isn't known here. Choose one from the list, such as Europe/Berlin.")
    return ZoneInfo(known)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def instant_of(moment: datetime) -> datetime:
    """Any aware datetime as an instant: UTC, cut to whole seconds. ValueError for a naive one."""
    if moment.tzinfo is UTC and not moment.microsecond:
        return moment
    if moment.utcoffset() is None:
        raise ValueError("A naive datetime names no instant.")
    return moment.astimezone(UTC).replace(microsecond=0)


def seconds_between(start: datetime, end: datetime) -> int:
    """Whole seconds from start to end; negative when end comes first."""
    gone = instant_of(end) - instant_of(start)
    return gone.days * 86400 + gone.seconds


# --- Days and weeks ---


def change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first instant in (low, high] at which the zone's offset is no longer the one it had at low."""
    before = low.astimezone(zone).utcoffset()
    steps = range(seconds_between(low, high))
    return low + _SECOND * bisect_left(
        steps, True, key=lambda step: (low + _SECOND * step).astimezone(zone).utcoffset() != before
    )


@lru_cache(maxsize=8192)
def _day_start(day: date, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, time(0), zone)
    first, second = midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC)
    if first == second:
        return first
    # PEP 495: in a gap fold=0 reads with the offset from before the change, so it comes out the later.
    if first > second:
        return change_between(second, first, zone)
    is_back_in_old_day = (second - _SECOND).astimezone(zone).date() < day
    return second if is_back_in_old_day else first


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local date begins: from then on the zone's clocks never show an earlier date.

    - Clocks skip midnight (Beirut in spring): the first moment that exists.
    - The zone skips the whole date (Apia, 2011-12-30): the start of the next, so the day is an empty range.
    - Midnight comes twice on one date (Havana goes 01:00 -> 00:00): the first of the two.
    - Midnight comes twice as clocks return to the old date (St John's went 00:01 -> 23:01 until 2010): the
      second, for only then is the old date over; the minute after the first belongs to the old date.

    So days tile time without gap or overlap in every zone.
    """
    return _day_start(day, zone)


def day_range(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, end) of a local date: 23 or 25 hours on most clock changes, empty for a skipped date."""
    return _day_start(day, zone), _day_start(day + _DAY, zone)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local date whose day_range holds the instant.

    This is the date on the zone's clocks, except just before these return to the old date (see day_start).
    Since 1970 that is a minute a year in St John's, Goose Bay (until 2010) and Moncton (until 2006), and two
    hours at Casey in 2010.
    """
    instant = instant_of(instant)
    day = instant.astimezone(zone).date()
    while instant < _day_start(day, zone):
        day -= _DAY
    return day


def each_day(first: date, last: date) -> Iterator[date]:
    """Every date from first to last, both included; none when last comes before first."""
    return (first + _DAY * step for step in range((last - first).days + 1))


def days_range(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, end) of the local dates from first to last, both included."""
    return _day_start(first, zone), _day_start(last + _DAY, zone)


def week_start(day: date, first_weekday: int) -> date:
    """The first date of the day's week; weeks begin on first_weekday, 0 = Monday ... 6 = Sunday."""
    return day - _DAY * ((day.weekday() - first_weekday) % 7)


def week_days(day: date, first_weekday: int) -> list[date]:
    """The seven dates of the day's week, in order."""
    first = week_start(day, first_weekday)
    return [first + _DAY * step for step in range(7)]


def week_range(day: date, first_weekday: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, end) of the day's week."""
    first = week_start(day, first_weekday)
    return _day_start(first, zone), _day_start(first + _DAY * 7, zone)


# --- Ranges ---


class Part(NamedTuple):
    """The share of a range that falls on one local date."""

    day: date
    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return seconds_between(self.start, self.end)


def split_days(start: datetime, end: datetime, zone: ZoneInfo) -> list[Part]:
    """[start, end) cut at each local midnight: ordered, touching, never empty, summing to the raw seconds.

    A range of no length is one part of no length; a date that the zone skipped has no part. ValueError when
    the end comes first.
    """
    start, end = instant_of(start), instant_of(end)
    if end < start:
        raise ValueError("A range can't end before it starts.")
    day = local_day(start, zone)
    parts = []
    while end > (midnight := _day_start(day + _DAY, zone)):
        if midnight > start:
            parts.append(Part(day, start, midnight))
            start = midnight
        day += _DAY
    parts.append(Part(day, start, end))
    return parts


def clip(
    start: datetime, end: datetime, since: datetime, until: datetime
) -> tuple[datetime, datetime] | None:
    """The share of [start, end) within [since, until); None when they have no second in common."""
    low, high = max(instant_of(start), instant_of(since)), min(instant_of(end), instant_of(until))
    return (low, high) if low < high else None


def overlap_seconds(start: datetime, end: datetime, since: datetime, until: datetime) -> int:
    """How many seconds of [start, end) lie within [since, until)."""
    shared = clip(start, end, since, until)
    return seconds_between(*shared) if shared else 0


# --- Writing ---


def format_clock(instant: datetime, zone: ZoneInfo, hour_cycle: str, seconds: bool = False) -> str:
    """ "9:05" (hour_cycle "24") or "9:05 am" ("12"): what parse_clock reads back."""
    clock = instant_of(instant).astimezone(zone)
    rest = f"{clock.minute:02}:{clock.second:02}" if seconds else f"{clock.minute:02}"
    if hour_cycle == "24":
        return f"{clock.hour}:{rest}"
    return f"{clock.hour % 12 or 12}:{rest} {'am' if clock.hour < 12 else 'pm'}"


def format_date(day: date, order: str) -> str:
    """ "22/11/2026" (dmy), "11/22/2026" (mdy) or "2026-11-22" (ymd): what parse_date reads back."""
    if order == "ymd":
        return day.isoformat()
    first, second = (day.day, day.month) if order == "dmy" else (day.month, day.day)
    return f"{first:02}/{second:02}/{day.year}"


def format_duration(seconds: int) -> str:
    """ "1:42": hours and minutes, cut to the minute."""
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 and minutes else ''}{minutes // 60}:{minutes % 60:02}"


def format_timer(seconds: int) -> str:
    """ "1:42:07": hours, minutes and seconds."""
    rest = abs(seconds)
    return f"{'-' if seconds < 0 else ''}{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"


def day_label(day: date, today: date, order: str) -> tuple[str, str]:
    """A day's heading and the small print beside it: ("Today", "Sun 22 Nov"), ("Yesterday", "Sat 21 Nov"),
    ("Friday", "20 Nov"); the year stands there when it is not today's."""
    weekday = WEEKDAYS[day.weekday()]
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((day - today).days)
    month = MONTHS[day.month - 1][:3]
    if order == "ymd":
        written = day.isoformat()
    elif order == "mdy":
        written = f"{month} {day.day}" + (f", {day.year}" if day.year != today.year else "")
    else:
        written = f"{day.day} {month}" + (f" {day.year}" if day.year != today.year else "")
    comma = "," if order == "mdy" else ""
    return (near, f"{weekday[:3]}{comma} {written}") if near else (weekday, written)
