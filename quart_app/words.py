"""What is said to people, in their language and by their taste.

Messages stand in the code in English, as `_("Saved: %(length)s.", length=...)`, and are looked up in a catalogue of
`translations/` (GNU gettext, made by Babel). A message that is kept in a constant is marked by `N_` and looked up where
it is said. Whose language it is, `speak()` sets for the running task: web.py does so for each request.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from quart_app import money, periods

# The languages that are complete, by their own names.
LANGUAGES = {"en": "English", "de": "Deutsch"}
_FOLDER = Path(__file__).parent / "translations"


@dataclass(frozen=True, slots=True)
class Taste:
    """How one person reads: the language (a key of LANGUAGES), and durations as "clock" (1:42) or "decimal" (1.70)."""

    locale: str = "en"
    duration_format: str = "clock"


PLAIN = Taste()
_taste: ContextVar[Taste] = ContextVar("taste", default=PLAIN)


def taste() -> Taste:
    return _taste.get()


def language_of(wanted: Iterable[tuple[str, float]]) -> str:
    """The first that there is of the languages that a browser asks for, each with its quality, the best first: "de" for
    de-AT and for de."""
    for tag, quality in wanted:
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return language
    return "en"


def speak(wanted: Taste) -> None:
    """From here on this task speaks so."""
    _taste.set(wanted)


@contextmanager
def speaking(wanted: Taste) -> Iterator[None]:
    """Speak so within the block."""
    token = _taste.set(wanted)
    try:
        yield
    finally:
        _taste.reset(token)


def N_(message: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a message for the catalogues, to be looked up later."""
    return message


@cache
def _catalogue(locale: str) -> NullTranslations:
    """Compiled from its text when the first one asks for it: so no compiled file can be out of date."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    path = _FOLDER / locale / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return GNUTranslations(compiled)


def prepare() -> None:
    """Read the catalogues and the calendars now: else the first one who asks for a language waits for it, and all
    others with them."""
    for locale in LANGUAGES:
        with speaking(Taste(locale)):
            _("Today")
            day_label(date(2026, 1, 1), date(2026, 1, 1), "dmy")
            format_money(0, "EUR")


def _(message: str, /, **values: Any) -> str:
    """The message in the reader's language, with its %(name)s filled in. Then a percent sign is written twice."""
    locale = _taste.get().locale
    text = message if locale == "en" else _catalogue(locale).gettext(message)
    return text % values if values else text


def form_for(one: str, many: str, n: int) -> str:
    """The form of the message that goes with the number `n`, not filled in yet."""
    locale = _taste.get().locale
    if locale == "en":
        return one if n == 1 else many
    return _catalogue(locale).ngettext(one, many, n)


def ngettext(one: str, many: str, n: int, /, **values: Any) -> str:
    """The form that goes with the number `n`, which is there as %(n)s beside the values."""
    return form_for(one, many, n) % {"n": n, **values}


# --- Durations ---


def format_duration(seconds: int) -> str:
    """ "1:42", or "1.70 h" for those who count in decimals; cut to the minute, or to the hundredth of an hour."""
    chosen = _taste.get()
    if chosen.duration_format == "clock":
        return periods.format_duration(seconds)
    return f"{format_decimal(seconds)} h"


def format_decimal(seconds: int) -> str:
    """ "1.70": hours to the hundredth, cut, with the language's own decimal sign."""
    hundredths = abs(seconds) // 36
    sign = "-" if seconds < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}{_decimal_sign(_taste.get().locale)}{hundredths % 100:02}"


def spellings() -> tuple[str, ...]:
    """How durations are spelled out, {h}, {m} and {f} (hundredths of an hour) to be filled in: with hours and minutes,
    with whole hours, with minutes alone. In decimals there is one way for all."""
    if _taste.get().duration_format == "decimal":
        return (f"{{h}}{_decimal_sign(_taste.get().locale)}{{f}} h",)
    hours, minutes = _("%(n)s h", n="{h}"), _("%(n)s min", n="{m}")
    return f"{hours} {minutes}", hours, minutes


def spell_duration(seconds: int) -> str:
    """ "5 h 42 min", "8 h", "42 min"; or "5.70 h" for those who count in decimals. Not for negative ones."""
    hours, minutes, ways = seconds // 3600, seconds // 60 % 60, spellings()
    way = ways[0] if len(ways) == 1 or (hours and minutes) else ways[1] if hours else ways[2]
    return way.format(h=hours, m=minutes, f=f"{seconds % 3600 // 36:02}")


def decimal_sign() -> str:
    """What stands before the tenths of a number."""
    return _decimal_sign(_taste.get().locale)


@lru_cache(maxsize=16)
def _decimal_sign(locale: str) -> str:
    if locale == "en":
        return "."
    from babel.numbers import get_decimal_symbol

    return get_decimal_symbol(locale)


# --- Money ---


def format_money(minor: int, currency: str) -> str:
    """ "€ 11,423.50" in English, "11.423,50 €" in German: minor units of a currency, with its sign and its digits."""
    return _money(minor, currency, _taste.get().locale)


def format_amount(minor: int, currency: str) -> str:
    """ "11,423.50": the same without the sign, as fields show it."""
    return _money(minor, currency, _taste.get().locale, has_sign=False)


def currency_name(currency: str) -> str:
    """ "Euro", "Swiss Franc", in the reader's language."""
    return _currency_name(currency, _taste.get().locale)


def currency_sign(currency: str) -> str:
    """ "€", "CHF": what stands beside an amount, in the reader's language."""
    return _currency_sign(currency, _taste.get().locale)


# In English a sign stands before its number: without a blank a currency that has but a code would run into it (CHF95).
_SIGN_FIRST = "\N{CURRENCY SIGN}\N{NO-BREAK SPACE}#,##0.00"


@lru_cache(maxsize=4096)
def _money(minor: int, currency: str, locale: str, *, has_sign: bool = True) -> str:
    from babel.numbers import format_currency

    pattern = "#,##0.00" if not has_sign else _SIGN_FIRST if locale == "en" else None
    value = Decimal(minor).scaleb(-money.minor_digits(currency))
    return format_currency(value, currency, pattern, locale=locale)


@lru_cache(maxsize=256)
def _currency_name(currency: str, locale: str) -> str:
    from babel.numbers import get_currency_name

    return get_currency_name(currency, locale=locale)


@lru_cache(maxsize=256)
def _currency_sign(currency: str, locale: str) -> str:
    from babel.numbers import get_currency_symbol

    return get_currency_symbol(currency, locale)


# --- Days ---


def day_label(day: date, today: date, order: str) -> tuple[str, str]:
    """A day's heading and the small print beside it: ("Today", "Sun 22 Nov"), ("Friday", "20 Nov"); in German
    ("Heute", "So., 22. Nov."). Where the month has a name, every language but English has one order only."""
    locale = _taste.get().locale
    near = _NEAR.get((day - today).days)
    if locale == "en":
        heading, written = periods.day_label(day, today, order)
        return heading, written
    year = "y" if day.year != today.year else ""
    if order == "ymd":
        written = f"{_written(day, locale, 'ccc')} {day.isoformat()}" if near else day.isoformat()
    else:
        written = _written(day, locale, f"{year}MMMEd" if near else f"{year}MMMd")
    return (_(near), written) if near else (_written(day, locale, "cccc"), written)


def date_words(day: date) -> str:
    """ "22 Nov 2026", "22. Nov. 2026"."""
    locale = _taste.get().locale
    if locale == "en":
        return f"{day.day} {periods.MONTHS[day.month - 1][:3]} {day.year}"
    return _written(date(day.year, day.month, day.day), locale, "yMMMd")


def format_date(day: date, order: str) -> str:
    """In digits, as date fields show it: "22/11/2026" (dmy), "11/22/2026" (mdy), "2026-11-22" (ymd); in German
    "22.11.2026"."""
    return periods.format_date(day, order).replace("/", date_sign())


def date_sign() -> str:
    """What stands between the numbers of a date."""
    return _date_sign(_taste.get().locale)


def weekday_names(width: str = "wide") -> list[str]:
    """Monday to Sunday: "wide", "abbreviated" (Mon, Mo) or "narrow" (M)."""
    return _weekday_names(_taste.get().locale, width)


def month_names() -> list[str]:
    """January to December."""
    return _month_names(_taste.get().locale)


_NEAR = {-1: N_("Yesterday"), 0: N_("Today"), 1: N_("Tomorrow")}


@lru_cache(maxsize=2048)
def _written(day: date, locale: str, skeleton: str) -> str:
    """A date by a skeleton of the Unicode CLDR, as the language orders and punctuates it."""
    from babel.dates import format_date, format_skeleton

    if skeleton in ("ccc", "cccc"):  # a weekday that stands alone
        return format_date(day, skeleton, locale)
    return format_skeleton(skeleton, day, locale=locale)


@lru_cache(maxsize=64)
def _weekday_names(locale: str, width: str) -> list[str]:
    if locale == "en":
        letters = {"wide": None, "abbreviated": 3, "narrow": 1}[width]
        return [name[:letters] for name in periods.WEEKDAYS]
    from babel.dates import get_day_names

    names = get_day_names(width, "stand-alone", locale)  # type: ignore[arg-type]  # babel names the three widths
    return [names[number] for number in range(7)]


@lru_cache(maxsize=16)
def _month_names(locale: str) -> list[str]:
    if locale == "en":
        return list(periods.MONTHS)
    from babel.dates import get_month_names

    names = get_month_names("wide", "stand-alone", locale)
    return [names[number] for number in range(1, 13)]


@lru_cache(maxsize=16)
def _date_sign(locale: str) -> str:
    if locale == "en":
        return "/"
    from babel import Locale

    pattern = Locale.parse(locale).date_formats["short"].pattern
    return next((sign for sign in pattern if sign in "./-"), "/")


def direction() -> str:
    """ "ltr" or "rtl": where the lines of the reader's language begin."""
    return _direction(_taste.get().locale)


@lru_cache(maxsize=16)
def _direction(locale: str) -> str:
    if locale == "en":
        return "ltr"
    from babel import Locale

    return Locale.parse(locale).text_direction
