"""Splitting an entry by a typed clock: it lies strictly within, whatever the clocks did that day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.forms.parts import Refused, Span, Split, offered, parse_split

BERLIN = ZoneInfo("Europe/Berlin")


def span(start: str, end: str, *, zone: ZoneInfo = BERLIN, hour_cycle: str = "24") -> Span:
    """Of instants in UTC."""
    first, last = (datetime.fromisoformat(f"{text}+00:00") for text in (start, end))
    return Span(first, last, zone, hour_cycle, "dmy")


MORNING = span("2026-11-20 08:00", "2026-11-20 10:00")  # 9:00 – 11:00 in Berlin
NIGHT = span("2026-11-20 22:00", "2026-11-21 02:00")  # 23:00 – 3:00


def at(fields: dict[str, str], within: Span = MORNING) -> datetime:
    found = parse_split(fields, within)
    assert isinstance(found, Split)
    return found.at


def errors(fields: dict[str, str], within: Span = MORNING) -> dict[str, str]:
    found = parse_split(fields, within)
    assert isinstance(found, Refused)
    return found.errors


@pytest.mark.parametrize("typed", ["9:30", "930", "9.30am", "09 30"])
def test_the_clock_is_read_as_in_the_editor(typed: str) -> None:
    assert at({"at": typed}) == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["9:00", "11:00", "8:59", "11:01", "0:00"])
def test_it_lies_strictly_within(typed: str) -> None:
    assert errors({"at": typed}) == {"at": "Choose a time between 9:00 and 11:00."}


@pytest.mark.parametrize(("typed", "words"), [("", "Enter a time."), ("soon", "Type a time like")])
def test_what_cannot_be_read_is_said_in_words(typed: str, words: str) -> None:
    assert words in errors({"at": typed})["at"]


def test_over_midnight_the_date_says_which_day_is_meant() -> None:
    assert NIGHT.is_long
    assert not MORNING.is_long
    assert at({"at": "23:30", "date": "20/11/2026"}, NIGHT) == datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    assert at({"at": "1:30", "date": "21/11/2026"}, NIGHT) == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert "date" in errors({"at": "1:30", "date": "someday"}, NIGHT)
    assert "at" in errors({"at": "1:30", "date": "20/11/2026"}, NIGHT)


def test_where_clocks_go_back_both_readings_are_offered_if_both_lie_within() -> None:
    whole = span("2026-10-25 00:00", "2026-10-25 03:00")  # 2:00 CEST – 4:00 CET
    found = parse_split({"at": "2:30"}, whole)
    assert isinstance(found, Refused)
    assert [fold for fold, _ in found.choices] == [0, 1]
    assert at({"at": "2:30", "at_fold": "0"}, whole) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert at({"at": "2:30", "at_fold": "1"}, whole) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    half = span("2026-10-25 00:00", "2026-10-25 01:00")  # 2:00 CEST – 2:00 CET
    assert at({"at": "2:30"}, half) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_clock_that_was_skipped_is_refused() -> None:
    assert "does not exist" in errors({"at": "2:30"}, span("2026-03-29 00:00", "2026-03-29 03:00"))["at"]


def test_a_second_cannot_be_split() -> None:
    assert "too short" in errors({"at": "9:00"}, span("2026-11-20 08:00:00", "2026-11-20 08:00:01"))["at"]


@pytest.mark.parametrize("hour_cycle", ["12", "24"])
@given(began=st.integers(0, 4_000_000_000), seconds=st.integers(2, 400_000))
def test_the_middle_that_is_offered_can_be_taken(hour_cycle: str, began: int, seconds: int) -> None:
    start = datetime.fromtimestamp(began, UTC)
    # A zone without clock changes: these are asked about, above.
    within = Span(start, start + timedelta(seconds=seconds), ZoneInfo("UTC"), hour_cycle, "dmy")
    found = parse_split(offered(within), within)
    assert isinstance(found, Split)
    assert found.at == within.middle
    assert within.start < found.at < within.end
