"""Shares of entries, as a report writes them: where clocks tell another length than passed, it is said."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from quart_app import periods
from quart_app.shares import Share

BERLIN = "Europe/Berlin"


def at(text: str, zone: str, fold: int = 0) -> datetime:
    return periods.instant_of(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def share(
    start: str, end: str, zone: str, low: datetime | None = None, high: datetime | None = None
) -> Share:
    """An entry by the clocks of a zone, cut to [low, high)."""
    first, last = at(start, zone), at(end, zone)
    return Share(first, last, low or first, high or last, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "end", "zone", "note"),
    [
        ("2026-11-22T22:00", "2026-11-23T06:00", BERLIN, ""),
        (
            "2026-10-24T22:00",
            "2026-10-25T06:00",
            BERLIN,
            "22:00 to 6:00 = 9 h 00: clocks went back",
        ),
        (
            "2026-03-28T22:00",
            "2026-03-29T06:00",
            BERLIN,
            "22:00 to 6:00 = 7 h 00: clocks went forward",
        ),
        (
            "2026-04-04T22:00",
            "2026-04-05T06:00",
            "Australia/Lord_Howe",
            "22:00 to 6:00 = 8 h 30: clocks went back",
        ),
        (
            "2026-10-03T22:00",
            "2026-10-04T06:00",
            "Australia/Lord_Howe",
            "22:00 to 6:00 = 7 h 30: clocks went forward",
        ),
        (
            "2011-12-29T22:00",
            "2011-12-31T06:00",
            "Pacific/Apia",
            "29 Dec 2011 22:00 to 31 Dec 2011 6:00 = 8 h 00: there was no 30 Dec 2011 in this zone",
        ),
        (
            "2026-03-28T22:00",
            "2026-03-29T06:00",
            "Asia/Beirut",
            "22:00 to 6:00 = 7 h 00: clocks went forward",
        ),
        ("2026-10-25T02:59:50", "2026-10-25T03:00", BERLIN, "2:59 to 3:00 = 1:00:10: clocks went back"),
        ("2026-10-25T03:00", "2026-10-25T03:00", BERLIN, ""),
        # Back and forth again: what clocks show is what passed.
        ("2026-03-01T09:00", "2026-11-01T09:00", BERLIN, ""),
    ],
)
def test_a_night_with_a_clock_change_says_so(start: str, end: str, zone: str, note: str) -> None:
    assert share(start, end, zone).note == note


def test_a_share_that_ends_at_a_midnight_that_does_not_exist_ends_at_24() -> None:
    edge = at("2026-03-29T01:00", "Asia/Beirut")
    whole = ("2026-03-28T22:00", "2026-03-29T06:00", "Asia/Beirut")
    before, after = share(*whole, high=edge), share(*whole, low=edge)
    assert (before.span, before.seconds, before.note) == ("22:00 – 24:00", 2 * 3600, "")
    assert (after.span, after.seconds, after.note) == ("1:00 – 6:00", 5 * 3600, "")
    assert before.whole == "22:00 – 6:00 (+1)"
    assert after.whole == "22:00 (\N{MINUS SIGN}1) – 6:00"


def test_a_share_says_which_entry_it_is_of() -> None:
    midnight = at("2026-11-23T00:00", BERLIN)
    whole = ("2026-11-22T22:00", "2026-11-23T06:00", BERLIN)
    evening, morning, all_of_it = share(*whole, high=midnight), share(*whole, low=midnight), share(*whole)
    assert evening.is_cut
    assert morning.is_cut
    assert not all_of_it.is_cut
    assert (evening.span, evening.seconds) == ("22:00 – 24:00", 7200)
    assert (morning.span, morning.seconds) == ("0:00 – 6:00", 6 * 3600)
    assert all_of_it.span == "22:00 – 6:00 (+1)"
    assert evening.day < morning.day


def test_the_night_of_a_clock_change_has_its_note_in_the_share_that_holds_the_change() -> None:
    midnight = at("2026-10-25T00:00", BERLIN)
    whole = ("2026-10-24T22:00", "2026-10-25T06:00", BERLIN)
    assert share(*whole, high=midnight).note == ""
    assert share(*whole, low=midnight).note == "0:00 to 6:00 = 7 h 00: clocks went back"
    day_after = at("2026-10-26T00:00", BERLIN)
    long = share("2026-10-25T00:00", "2026-10-26T09:00", BERLIN, high=day_after)
    assert long.note == "0:00 to 24:00 = 25 h 00: clocks went back"


def test_what_runs_ends_now_and_twelve_hours_have_their_own_midnight() -> None:
    start, midnight = at("2026-11-22T22:00", BERLIN), at("2026-11-23T00:00", BERLIN)
    now = at("2026-11-23T01:30", BERLIN)
    running = Share(start, now, midnight, now, ZoneInfo(BERLIN), is_running=True)
    assert (running.span, running.whole) == ("0:00 – now", "22:00 (\N{MINUS SIGN}1) – now")
    evening = Share(start, now, start, midnight, ZoneInfo(BERLIN), "12", is_running=True)
    assert (evening.span, evening.whole) == ("10:00 pm – 12:00 am", "10:00 pm – now")
