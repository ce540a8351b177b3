"""Rounding is a lens: units are rounded once, and what they are made of sums to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.rounding import PLAIN, SCOPES, STEPS, WAYS, Rounding

MINUTE, HOUR = 60, 3600
SECONDS = st.integers(0, 400 * 86_400)
ROUNDINGS = st.builds(Rounding, st.sampled_from(WAYS), st.sampled_from(STEPS), st.sampled_from(SCOPES))
ANY = st.one_of(st.just(PLAIN), ROUNDINGS)


@pytest.mark.parametrize(
    ("way", "step", "seconds", "rounded"),
    [
        ("up", 15, 1, 15 * MINUTE),
        ("up", 15, 15 * MINUTE, 15 * MINUTE),
        ("up", 15, 15 * MINUTE + 1, 30 * MINUTE),
        ("down", 15, 15 * MINUTE - 1, 0),
        ("down", 6, 13 * MINUTE, 12 * MINUTE),
        ("nearest", 15, 7 * MINUTE + 29, 0),
        ("nearest", 15, 7 * MINUTE + 30, 15 * MINUTE),
        ("nearest", 1, 29, 0),
        ("nearest", 1, 30, MINUTE),
        ("nearest", 5, 150, 5 * MINUTE),
        ("up", 60, HOUR + 1, 2 * HOUR),
        ("", 15, 61, 61),
    ],
)
def test_durations_are_rounded_as_people_reckon(way: str, step: int, seconds: int, rounded: int) -> None:
    assert Rounding(way, step).round(seconds) == rounded


@given(ANY)
def test_nothing_stays_nothing(rounding: Rounding) -> None:
    assert rounding.round(0) == 0
    assert list(rounding.spread([])) == []
    assert list(rounding.spread([0, 0])) == [0, 0]


@given(ROUNDINGS, SECONDS)
def test_what_is_rounded_is_whole_steps_less_than_one_away(rounding: Rounding, seconds: int) -> None:
    made = rounding.round(seconds)
    assert made % rounding.seconds == 0
    assert abs(made - seconds) < rounding.seconds
    if rounding.way == "up":
        assert made >= seconds
    elif rounding.way == "down":
        assert made <= seconds
    else:
        assert abs(made - seconds) <= rounding.seconds // 2


@given(ROUNDINGS, SECONDS)
def test_rounding_again_changes_nothing(rounding: Rounding, seconds: int) -> None:
    assert rounding.round(rounding.round(seconds)) == rounding.round(seconds)


@given(ROUNDINGS, SECONDS, SECONDS)
def test_longer_never_becomes_shorter(rounding: Rounding, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert rounding.round(low) <= rounding.round(high)


@given(SECONDS)
def test_no_rounding_leaves_every_second(seconds: int) -> None:
    assert PLAIN.round(seconds) == seconds
    assert list(PLAIN.spread([seconds, 1])) == [seconds, 1]


@given(ANY, st.lists(SECONDS))
def test_parts_sum_to_the_rounding_of_their_whole(rounding: Rounding, parts: list[int]) -> None:
    spread = list(rounding.spread(parts))
    assert len(spread) == len(parts)
    assert sum(spread) == rounding.round(sum(parts))
    assert all(part >= 0 for part in spread)


@given(ROUNDINGS, st.lists(SECONDS, min_size=1), st.data())
def test_the_first_parts_are_rounded_as_if_they_were_all(
    rounding: Rounding, parts: list[int], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(parts)))
    assert sum(list(rounding.spread(parts))[:count]) == rounding.round(sum(parts[:count]))
