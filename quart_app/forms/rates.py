"""The forms of a rate, and of the currency it is in."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import AfterValidator

from quart_app import clocks, words
from quart_app.fields import Errors, Form, OptionalId, Typed, parse
from quart_app.money import CURRENCIES, Rate, minor_digits
from quart_app.words import _

MOST = 100_000_000  # minor units an hour, as the database has it
_NUMBER = re.compile(r"\d+|\d{1,3}(?P<sign>[., '’])\d{2,3}(?:(?P=sign)\d{2,3})*(?<=\d{3})")


class RateForm(Form):
    """A rate as typed. `project` is whose it is, none for the workspace's: it counts where a rate is added."""

    project: OptionalId = None
    starts_on: Typed = ""
    rate: Typed = ""


def _known(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError(_("Choose one from the list."))
    return value


class CurrencyForm(Form):
    currency: Annotated[str, AfterValidator(_known)]


def parse_rate(
    fields: Mapping[str, str], currency: str, date_order: str, today: date
) -> tuple[Rate | None, Errors]:
    """The rate that is typed, or None and a message for each field that is wrong."""
    form, errors = parse(RateForm, fields)
    if form is None:
        return None, errors
    starts_on = rate_minor = None
    try:
        starts_on = clocks.parse_date(form.starts_on, date_order, today=today)
    except ValueError as error:
        errors["starts_on"] = str(error)
    try:
        rate_minor = parse_amount(form.rate, currency)
    except ValueError as error:
        errors["rate"] = str(error)
    return (None, errors) if starts_on is None or rate_minor is None else (Rate(starts_on, rate_minor), {})


def parse_amount(text: str, currency: str) -> int:
    """Minor units of an amount as people type it: "95", "95.50", "95,50", "1,250.00", "1.250,00", "1 250", "€ 95".

    A point or a comma that comes once, before as many digits as the currency can have, is the decimal sign; the
    reader's own decides where three digits can be both. Raises ValueError in words.
    """
    digits = minor_digits(currency)
    whole, fraction = _split(_plain(text, currency), digits)
    if not _NUMBER.fullmatch(whole or "0") or not (whole or fraction) or not re.fullmatch(r"\d*", fraction):
        raise ValueError(_("Type an amount like %(example)s.", example=_written(95 * 10**digits, currency)))
    if len(fraction) > digits:
        if not digits:
            raise ValueError(_("Leave out the decimals: %(currency)s has none.", currency=currency))
        raise ValueError(_("%(currency)s has %(n)s decimals, no more.", currency=currency, n=digits))
    minor = int(re.sub(r"\D", "", whole) + fraction.ljust(digits, "0") or "0")
    if minor > MOST:
        raise ValueError(_("That is too much: at most %(most)s an hour.", most=_written(MOST, currency)))
    return minor


def _plain(text: str, currency: str) -> str:
    """Without the currency's own sign or code, and with ASCII digits."""
    text = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    text = " ".join(text.split()).upper()
    for sign in (words.currency_sign(currency).upper(), currency):
        if text.startswith(sign) or text.endswith(sign):
            return text.removeprefix(sign).removesuffix(sign).strip()
    return text


def _split(text: str, digits: int) -> tuple[str, str]:
    """The whole part, with the signs between its thousands, and the decimals."""
    places = [place for place, sign in enumerate(text) if sign in ".,"]
    if not places:
        return text, ""
    last = places[-1]
    whole, fraction = text[:last], text[last + 1 :]
    others = {text[place] for place in places[:-1]}
    if text[last] in others:  # 1,250,000: between thousands
        return text, ""
    can_be_both = not others and len(fraction) == 3 and len(whole) <= 3 and whole.strip("0") != ""
    if can_be_both and (digits < 3 or text[last] != words.decimal_sign()):
        return text, ""
    return whole, fraction


def _written(minor: int, currency: str) -> str:
    return words.format_amount(minor, currency)
