"""Money: which rate holds on a day, sums that are exact until they are shown, digits that are never lost."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import money, words
from quart_app.money import RateCard, rescale, to_minor

ONE, TWO = UUID(int=1), UUID(int=2)
DAYS = st.dates(date(2020, 1, 1), date(2022, 12, 31))
MINORS = st.integers(0, 100_000_000)
# One for each project and day, as the database keeps them; in any order.
RATES = st.lists(
    st.tuples(st.sampled_from([None, ONE, TWO]), DAYS, MINORS), max_size=12, unique_by=lambda rate: rate[:2]
)


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- rates -------------------------------------------------------------------------------------------------------


def test_a_rate_holds_from_its_day_until_the_next() -> None:
    card = RateCard("EUR", [(ONE, day("2026-03-01"), 11_000), (ONE, day("2026-01-01"), 9500)])
    found = [card.rate_on(ONE, day(f"2026-{text}")) for text in ("01-01", "02-28", "03-01", "12-31")]
    assert found == [9500, 9500, 11_000, 11_000]
    assert card.rate_on(ONE, day("2025-12-31")) is None


def test_until_its_first_rate_a_project_has_the_workspaces() -> None:
    card = RateCard("EUR", [(None, day("2026-01-01"), 9500), (ONE, day("2026-06-01"), 11_000)])
    assert card.rate_on(ONE, day("2026-05-31")) == 9500
    assert card.rate_on(ONE, day("2026-06-01")) == 11_000
    assert card.rate_on(TWO, day("2026-06-01")) == 9500
    assert card.rate_on(None, day("2026-06-01")) == 9500


def test_a_rate_of_nothing_is_a_rate() -> None:
    card = RateCard("EUR", [(None, day("2026-01-01"), 9500), (ONE, day("2026-01-01"), 0)])
    assert card.rate_on(ONE, day("2026-02-01")) == 0
    assert RateCard("EUR").rate_on(ONE, day("2026-02-01")) is None


def test_an_empty_card_knows_its_currency() -> None:
    card = RateCard("CHF")
    assert (card.is_empty, card.currency, card.changes(date.min, date.max)) == (True, "CHF", [])
    assert not RateCard("CHF", [(None, day("2026-01-01"), 0)]).is_empty


@given(RATES, st.sampled_from([None, ONE, TWO]), DAYS)
def test_the_rate_of_a_day_is_the_latest_that_has_begun(
    rates: list[tuple[UUID | None, date, int]], project: UUID | None, at: date
) -> None:
    def latest(of: UUID | None) -> int | None:
        begun = [(start, rate) for owner, start, rate in rates if owner == of and start <= at]
        return max(begun)[1] if begun else None

    own = latest(project)
    assert RateCard("EUR", rates).rate_on(project, at) == (latest(None) if own is None else own)


@given(RATES, DAYS, DAYS)
def test_between_two_changes_no_rate_changes(
    rates: list[tuple[UUID | None, date, int]], one: date, other: date
) -> None:
    card, (first, last) = RateCard("EUR", rates), sorted([one, other])
    changes = card.changes(first, last)
    assert changes == sorted({start for _, start, _ in rates if first < start <= last})
    edges = [first, *changes, last + timedelta(days=1)]
    for begin, end in pairwise(edges):
        for project in (None, ONE, TWO):
            # The last day of a stretch, and one in the middle, cost what its first one does.
            middle = begin + (end - begin) // 2
            days = [begin, min(middle, end - timedelta(days=1)), end - timedelta(days=1)]
            assert len({card.rate_on(project, at) for at in days if at >= begin}) == 1


# --- amounts -----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 400 * 86_400), MINORS), max_size=30))
def test_a_sum_of_parts_is_exact_and_rounded_once(parts: list[tuple[int, int]]) -> None:
    exact = sum((Fraction(seconds * rate, 3600) for seconds, rate in parts), Fraction())
    total: money.Amount = sum(seconds * rate for seconds, rate in parts)
    assert Fraction(total, 3600) == exact
    halves = Decimal(exact.numerator) / Decimal(exact.denominator)
    shown = to_minor(total)
    assert abs(shown - exact) <= Fraction(1, 2)
    if halves == halves.to_integral_value() + Decimal("0.5"):
        assert shown == halves.to_integral_value(ROUND_HALF_UP)


def test_half_a_cent_is_rounded_up() -> None:
    assert [to_minor(halves * 1800) for halves in (0, 1, 2, 3, 4)] == [0, 1, 1, 2, 2]
    assert to_minor(1799) == 0
    assert to_minor(3600 * 9500) == 9500


def test_thousand_parts_of_a_third_of_a_cent_are_no_thousand_roundings() -> None:
    parts = [1200] * 1000  # twenty minutes at a cent an hour
    assert sum(to_minor(part) for part in parts) == 0
    assert to_minor(sum(parts)) == 333


# --- currencies --------------------------------------------------------------------------------------------------


def test_currencies_have_their_own_digits() -> None:
    assert [money.minor_digits(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]
    assert all(0 <= money.minor_digits(code) <= 3 for code in money.CURRENCIES)


def test_every_currency_that_is_offered_has_a_name_and_is_offered_once() -> None:
    assert len(set(money.CURRENCIES)) == len(money.CURRENCIES)
    for locale in words.LANGUAGES:
        with words.speaking(words.Taste(locale)):
            assert not [code for code in money.CURRENCIES if words.currency_name(code) == code]


def test_another_currency_keeps_the_number() -> None:
    assert rescale(9500, 2, 0) == 95
    assert rescale(95, 0, 2) == 9500
    assert rescale(9500, 2, 3) == 95_000
    assert rescale(9500, 2, 2) == 9500


def test_what_would_lose_digits_is_refused() -> None:
    assert rescale(9550, 2, 0) is None


@given(MINORS, st.sampled_from([0, 2, 3]), st.sampled_from([0, 2, 3]))
def test_there_and_back_is_the_same(minor: int, digits: int, wanted: int) -> None:
    there = rescale(minor, digits, wanted)
    assert there is None or rescale(there, wanted, digits) == minor


# --- how it is written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "minor", "currency", "written", "plain"),
    [
        ("en", 1_142_350, "EUR", "€ 11,423.50", "11,423.50"),
        ("de", 1_142_350, "EUR", "11.423,50 €", "11.423,50"),
        ("en", 9500, "CHF", "CHF 95.00", "95.00"),
        ("en", 95, "JPY", "¥ 95", "95"),
        ("de", 95_250, "KWD", "95,250 KWD", "95,250"),
        ("en", 0, "EUR", "€ 0.00", "0.00"),
    ],
)
def test_money_is_written_as_the_reader_writes_it(
    locale: str, minor: int, currency: str, written: str, plain: str
) -> None:
    with words.speaking(words.Taste(locale)):
        assert words.format_money(minor, currency).replace("\N{NO-BREAK SPACE}", " ") == written
        assert words.format_amount(minor, currency) == plain


def test_an_amount_and_its_sign_stay_on_one_line() -> None:
    for locale in words.LANGUAGES:
        with words.speaking(words.Taste(locale)):
            assert " " not in words.format_money(1_142_350, "EUR")


@given(st.integers(0, 10**15))
def test_large_amounts_lose_no_cent(minor: int) -> None:
    digits = "".join(sign for sign in words.format_amount(minor, "EUR") if sign.isdigit())
    assert int(digits) == minor
