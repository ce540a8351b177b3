"""Pure reading of the time that people type: durations, times of day and dates.

What can't be read is a ValueError whose words are for the person: short, with an example.
"""

import re
import unicodedata
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from quart_app.periods import FIRST_DAY, LAST_DAY, LONGEST_SECONDS, MONTHS
from quart_app.words import N_, _, date_sign, month_names

_LONGEST_TEXT = 40
# Phones and copied pages bring marks that steer the layout (dropped) and signs of their own (replaced).
_MARKS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x2066, 0x206A)))
_SIGNS = str.maketrans("：．，／－‐‑–−٫", ":.,/-----.")
_DURATION_EXAMPLE = N_("Type a duration like 1:30, 1.5h or 90m.")
_CLOCK_EXAMPLE = N_("Type a time like 9:05, 905 or 9.05pm.")
_DATE_EXAMPLES = {"ymd": "2026-11-22", "dmy": "22/11/2026", "mdy": "11/22/2026"}
_UNITS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
}
_COLONS = re.compile(r"(\d{0,4}):(\d\d)(?::(\d\d))?(?: ?h)?")
_AMOUNT = re.compile(r"(\d*(?:[.,]\d+)?) ?([a-z]*)(?:(?<=[a-z])\.)? ?")
_CLOCK = re.compile(r"(\d\d?)(?:[:. ]?(\d\d)(?:[:. ]?(\d\d))?)?(?: ?([ap])(?:\.?m)?\.?)?")
_DATE = re.compile(r"(\w+)(?: ?[-./,] ?| )(\w+)(?:(?: ?[-./,] ?| )(\w+))?\.?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


def _plain(text: str) -> str:
    """Text in lower case, with single blanks and ASCII digits and signs; "" for what can't be a time."""
    if len(text) > _LONGEST_TEXT:
        return ""
    text = " ".join(text.translate(_MARKS).translate(_SIGNS).split()).lower()
    text = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    text = _unaccented(text)
    return text if text.isascii() else ""


def _unaccented(text: str) -> str:
    """ "märz" as "marz": whoever leaves the accents out means the same."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def _names(said: str, *others: str) -> set[str]:
    """Words to know something by: those of the reader's language, separated by blanks, and others."""
    return {*_unaccented(said.lower()).split(), *others}


def parse_duration(text: str) -> int:
    """Seconds of a typed duration, from 0 to 9999 hours: "1:30", "1:30:15", ":45", "1.5h", "1,5 h", "1h 30m",
    "1h30", "90m", "90 min", "45s"; in German also "1,5 Std", "90 Minuten".

    A number alone means minutes when it is whole ("90", and "2" is two minutes, as in Toggl Track and
    Clockify), and hours when it has a fraction ("1.5", "1,5", "2.0"). Its size never changes its unit.
    """
    text = _plain(text)
    if text.startswith("-"):
        raise ValueError(_("A duration can't be negative. %(example)s", example=_(_DURATION_EXAMPLE)))
    if colons := _COLONS.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in colons.groups())
        if minutes > 59 or seconds > 59:
            raise ValueError(_("After a colon numbers go up to 59. For ninety minutes type 90m."))
        total = Decimal(hours * 3600 + minutes * 60 + seconds)
    else:
        total = _sum_amounts(text)
    if total > LONGEST_SECONDS:
        raise ValueError(_("That is too long: a duration is at most 9999 hours."))
    return int(total.to_integral_value(ROUND_HALF_UP))


def _sum_amounts(text: str) -> Decimal:
    """Seconds of amounts with units, the largest first; the last may leave its unit out ("1h30")."""
    total, unit, place = Decimal(0), 0, 0
    while place < len(text) or not place:
        found = _AMOUNT.match(text, place)
        if not found or not found[1]:
            raise ValueError(_(_DURATION_EXAMPLE))
        amount, word, larger, place = found[1], found[2], unit, found.end()
        unit = _unit(word) if word else 0
        if not word and place == len(text):
            alone = 60 if amount.isdigit() else 3600
            unit = larger // 60 if larger else alone
        if not unit or (larger and unit >= larger):
            raise ValueError(_(_DURATION_EXAMPLE))
        total += Decimal(amount.replace(",", ".")) * unit
    return total


def _unit(word: str) -> int:
    """How many seconds it means, 0 for no unit."""
    if word in _UNITS:
        return _UNITS[word]
    units = {3600: _("hour hours"), 60: _("minute minutes"), 1: _("second seconds")}
    return next((unit for unit, said in units.items() if word in _names(said)), 0)


def parse_clock(text: str) -> time:
    """A typed time of day: "9", "09", "9:05", "905", "0905", "9.05", "9 05", "21:30:15", "9am", "9 p.m.",
    "9.05a", "noon", "midnight", "9 o'clock" (in German "9 Uhr"). Without am or pm it is on the 24-hour clock; 12am is
    midnight."""
    text = _plain(text)
    for name in _names(_("o'clock"), "o'clock"):
        text = text.removesuffix(name).rstrip() if text[:1].isdigit() else text
    if text in _names(_("noon"), "noon"):
        text = "12"
    elif text in _names(_("midnight"), "midnight"):
        text = "0"
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(_(_CLOCK_EXAMPLE))
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    half = found[4]
    if half and not 1 <= hour <= 12:
        raise ValueError(_("With am or pm the hour goes from 1 to 12, like 9.05pm."))
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour, minute, second) == (24, 0, 0):
        raise ValueError(_("For midnight type 0:00."))
    if hour > 23:
        raise ValueError(_("Hours go from 0 to 23, like 21:30."))
    if minute > 59 or second > 59:
        raise ValueError(_("Minutes and seconds go from 0 to 59, like 9:05."))
    return time(hour, minute, second)


def parse_date(text: str, order: str, *, today: date | None = None) -> date:
    """A typed date from 1970-01-01 to 2199-12-31.

    In every order: ISO ("2026-11-22", "20261122", "2026/11/22"). In the person's own order ("dmy", "mdy" or
    "ymd"): with . / - or a blank between, also with a two-digit year (70 to 99 are 19xx). Names of months, English
    or their own: "22 Nov 2026", "Nov 22, 2026", "22. März 2026". With today given, also "today", "yesterday",
    "tomorrow" (or in their own language), and a date without its year: the one nearest to today.
    """
    text = _plain(text)
    example = _("Type a date like %(example)s.", example=_DATE_EXAMPLES[order].replace("/", date_sign()))
    near = {-1: _names(_("yesterday"), "yesterday"), 0: _names(_("today"), "today")}
    near[1] = _names(_("tomorrow"), "tomorrow")
    if today and (days := [days for days, names in near.items() if text in names]):
        return today + timedelta(days=days[0])
    found = _COMPACT_DATE.fullmatch(text) or _DATE.fullmatch(text)
    year, month, day = _place([part for part in found.groups() if part] if found else [], order, example)
    if year is not None:
        made = _date_or_none(year, month, day)
    elif today:
        made = _nearest(month, day, today)
    else:
        raise ValueError(example)
    if made is None:
        raise ValueError(_("That day is not in the calendar. %(example)s", example=example))
    if not FIRST_DAY <= made <= LAST_DAY:
        raise ValueError(_("Dates go from 1970 to 2199."))
    return made


def _place(parts: list[str], order: str, example: str) -> tuple[int | None, int, int]:
    """Year, month and day of three words; None, month and day of two. Else ValueError(example)."""
    names = [part for part in parts if part.isalpha()]
    numbers = [part for part in parts if part.isdigit()]
    slots = order.replace("m", "") if names else order
    if len(parts) == 2:
        slots = slots.replace("y", "")
    elif numbers and len(numbers[0]) == 4:  # a year in front is ISO, whatever the person's own order
        slots = "yd" if names else "ymd"
    elif names and numbers and len(numbers[-1]) == 4:
        slots = "dy"
    placed = dict(zip(slots, numbers, strict=False))
    year = placed.pop("y", None)
    is_short = all(len(part) < 3 for part in placed.values())
    if len(names) > 1 or len(numbers) != len(slots) or not is_short or (year and len(year) not in (2, 4)):
        raise ValueError(example)
    month = int(placed["m"]) if "m" in placed else _month_number(names[0])
    return _full_year(year) if year else None, month, int(placed["d"])


def _month_number(name: str) -> int:
    """1 to 12 for a month's name, English or the reader's own, or its first three letters or more; else 0."""
    known = [*enumerate(month_names(), 1), *enumerate(MONTHS, 1)]
    fitting = (number for number, month in known if _unaccented(month.lower()).startswith(name))
    return next(fitting, 0) if len(name) > 2 else 0


def _full_year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if digits >= "70" else 2000)


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest(month: int, day: int, today: date) -> date | None:
    made = (_date_or_none(year, month, day) for year in range(today.year - 1, today.year + 2))
    return min((each for each in made if each), key=lambda each: abs(each - today), default=None)
