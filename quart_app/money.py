"""Pure money: rates with dates, amounts that are exact until they are shown, and the currencies there are."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import NamedTuple
from uuid import UUID

# An exact amount: seconds times rate_minor, summed over as many parts as there are. Only to_minor() makes money of it,
# once for each figure that is shown.
Amount = int
_HOUR = 3600

# What a workspace can choose from (ISO 4217), the most usual first.
CURRENCIES = (
    *("EUR", "USD", "GBP", "CHF"),
    *(
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BHD",
        "BRL",
        "CAD",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "GEL",
        "HKD",
    ),
    *(
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JOD",
        "JPY",
        "KES",
        "KRW",
        "KWD",
        "KZT",
        "LKR",
        "MAD",
        "MXN",
        "MYR",
    ),
    *(
        "NGN",
        "NOK",
        "NZD",
        "OMR",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "SAR",
        "SEK",
        "SGD",
        "THB",
    ),
    *("TND", "TRY", "TWD", "UAH", "UYU", "VND", "ZAR"),
)


class Rate(NamedTuple):
    """What an hour costs from a local date on, in minor units of the workspace's currency."""

    starts_on: date
    rate_minor: int


class RateCard:
    """All rates of a workspace: what an hour of a project costs on a day.

    `rates` are (project_id, starts_on, rate_minor) in any order; a project_id of None is the workspace's own rate.
    """

    __slots__ = ("_by_project", "_starts", "currency")

    def __init__(self, currency: str, rates: Iterable[tuple[UUID | None, date, int]] = ()) -> None:
        self.currency = currency
        self._by_project: dict[UUID | None, list[Rate]] = {}
        for project_id, starts_on, rate_minor in rates:
            self._by_project.setdefault(project_id, []).append(Rate(starts_on, rate_minor))
        for found in self._by_project.values():
            found.sort()
        self._starts = sorted({rate.starts_on for found in self._by_project.values() for rate in found})

    @property
    def is_empty(self) -> bool:
        return not self._starts

    def rate_on(self, project_id: UUID | None, day: date) -> int | None:
        """The project's rate that holds on this day; until its first begins, and for time without a project, the
        workspace's. None where no rate holds: 0 is one, an hour that costs nothing."""
        own = None if project_id is None else self._in_force(project_id, day)
        return self._in_force(None, day) if own is None else own

    def _in_force(self, project_id: UUID | None, day: date) -> int | None:
        # Few, the last of them first: most days are of now.
        for starts_on, rate_minor in reversed(self._by_project.get(project_id, ())):
            if starts_on <= day:
                return rate_minor
        return None

    def changes(self, first: date, last: date) -> list[date]:
        """The days after `first`, up to and with `last`, on which any rate begins, in order. Between two of them no
        rate changes."""
        return self._starts[bisect_right(self._starts, first) : bisect_right(self._starts, last)]


def to_minor(minor_seconds: Amount) -> int:
    """An amount in whole minor units, half of one rounded up."""
    return (minor_seconds + _HOUR // 2) // _HOUR


def rescale(minor: int, digits: int, wanted: int) -> int | None:
    """The same amount in a currency with `wanted` digits behind its sign in the place of `digits`: 95.00 stays 95. None
    where something of it would be lost."""
    factor: int = 10 ** abs(wanted - digits)
    if wanted >= digits:
        return minor * factor
    whole, lost = divmod(minor, factor)
    return None if lost else whole


@cache
def minor_digits(currency: str) -> int:
    """How many digits stand behind the decimal sign: EUR 2, JPY 0, KWD 3."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)
