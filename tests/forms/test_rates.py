"""The forms of a rate and of the currency: amounts and dates as people type them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import words
from quart_app.fields import parse
from quart_app.forms.rates import MOST, CurrencyForm, parse_amount, parse_rate
from quart_app.money import CURRENCIES, Rate, minor_digits

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("95", 9500),
        ("95.50", 9550),
        ("95,50", 9550),
        ("95.5", 9550),
        ("95.", 9500),
        (".5", 50),
        ("0", 0),
        ("0.00", 0),
        ("1,250.00", 125_000),
        ("1.250,00", 125_000),
        ("1,250", 125_000),
        ("1.250", 125_000),
        ("1 250,5", 125_050),
        ("1'250.00", 125_000),
        ("1,000,000.00", 100_000_000),
        ("1.000.000", 100_000_000),
        ("€ 95", 9500),
        ("95 €", 9500),
        ("95 eur", 9500),
        ("EUR 95", 9500),
        ("٩٥", 9500),
        (" 1\N{NARROW NO-BREAK SPACE}250,00 ", 125_000),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, minor: int) -> None:
    for locale in words.LANGUAGES:
        with words.speaking(words.Taste(locale)):
            assert parse_amount(text, "EUR") == minor


@pytest.mark.parametrize(
    "text", ["", ".", ",", "abc", "-5", "1e3", "95 USD", "$ 95", "€", "1,25,0", "1..5", "9 5", "95 an hour"]
)
def test_what_is_no_amount_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Type an amount like 95\.00\.$"):
        parse_amount(text, "EUR")


def test_the_example_is_in_the_readers_language_and_the_currencys_digits() -> None:
    with words.speaking(words.Taste("de")), pytest.raises(ValueError, match=r"95,000"):
        parse_amount("", "KWD")


def test_more_decimals_than_a_currency_has_are_not_dropped() -> None:
    with pytest.raises(ValueError, match="EUR has 2 decimals, no more"):
        parse_amount("95.5555", "EUR")
    with pytest.raises(ValueError, match="JPY has none"):
        parse_amount("95.50", "JPY")


def test_a_currency_without_decimals_has_thousands() -> None:
    assert parse_amount("1,250", "JPY") == parse_amount("1.250", "JPY") == parse_amount("1250", "JPY") == 1250


def test_where_three_digits_can_be_both_the_readers_own_sign_decides() -> None:
    assert parse_amount("1.250", "KWD") == 1250
    assert parse_amount("1,250", "KWD") == 1_250_000
    with words.speaking(words.Taste("de")):
        assert parse_amount("1,250", "KWD") == 1250
        assert parse_amount("1.250", "KWD") == 1_250_000


def test_too_much_is_refused_before_the_database_does() -> None:
    assert parse_amount("1000000", "EUR") == MOST
    with pytest.raises(ValueError, match=r"at most 1,000,000\.00 an hour"):
        parse_amount("1000000.01", "EUR")


@given(st.integers(0, MOST), st.sampled_from(CURRENCIES), st.sampled_from([*words.LANGUAGES]))
def test_what_a_field_shows_is_read_back_as_the_same(minor: int, currency: str, locale: str) -> None:
    with words.speaking(words.Taste(locale)):
        assert parse_amount(words.format_amount(minor, currency), currency) == minor
        assert parse_amount(words.format_money(minor, currency), currency) == minor


@given(st.text(max_size=40), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_whatever_is_typed_is_an_amount_or_refused_in_words(text: str, currency: str) -> None:
    fields = {"starts_on": "today", "rate": text}
    rate, errors = parse_rate(fields, currency, "dmy", TODAY)
    if rate is None:
        assert errors["rate"].endswith(".")
    else:
        assert 0 <= rate.rate_minor <= MOST


def test_a_rate_has_a_day_and_an_amount() -> None:
    rate, errors = parse_rate({"starts_on": "01/03/2026", "rate": "95"}, "EUR", "dmy", TODAY)
    assert (rate, errors) == (Rate(date(2026, 3, 1), 9500), {})
    assert parse_rate({"starts_on": "today", "rate": "95"}, "EUR", "mdy", TODAY)[0] == Rate(TODAY, 9500)


def test_each_field_has_its_own_words() -> None:
    rate, errors = parse_rate({"starts_on": "some day", "rate": "much"}, "EUR", "dmy", TODAY)
    assert rate is None
    assert errors.keys() == {"starts_on", "rate"}
    assert parse_rate({}, "EUR", "dmy", TODAY)[1].keys() == {"starts_on", "rate"}
    assert parse_rate({"starts_on": "today", "rate": "9" * 60}, "EUR", "dmy", TODAY)[1].keys() == {"rate"}


def test_a_currency_is_one_of_those_offered() -> None:
    form, _ = parse(CurrencyForm, {"currency": "CHF"})
    assert form is not None
    assert minor_digits(form.currency) == 2
    for wrong in ("", "chf", "XXX", "EURO"):
        assert parse(CurrencyForm, {"currency": wrong})[1].keys() == {"currency"}
    assert parse(CurrencyForm, {})[1].keys() == {"currency"}
