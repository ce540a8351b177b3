"""What is said to people, in their language and by their taste.

Messages stand in the code in English, as `_("Saved: %(length)s.", length=...)`, and are looked up in a catalogue of
`translations/` (GNU gettext, made by Babel). A message that is kept in a constant is marked by `N_` and looked up where
it is said. Whose language it is, `speak()` sets for the running task: web.py does so for each request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from quart_app import periods

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


# --- Durations and days ---


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


@lru_cache(maxsize=16)
def _decimal_sign(locale: str) -> str:
    if locale == "en":
        return "."
    from babel.numbers import get_decimal_symbol

    return get_decimal_symbol(locale)


def day_label(day: date, today: date, order: str) -> tuple[str, str]:
    """A day's heading and the small print beside it: see periods.day_label."""
    return periods.day_label(day, today, order)
