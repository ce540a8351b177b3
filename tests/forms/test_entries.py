"""The form of an entry: times as people type them, in zones whose clocks change."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.forms.entries import EntryForm, Refused, Way, parse_entry, written

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WAY = Way(BERLIN, "24", "dmy", NOW)
START = datetime(2026, 11, 20, 9, 0, 23, tzinfo=BERLIN).astimezone(UTC)
END = datetime(2026, 11, 20, 10, 30, 41, tzinfo=BERLIN).astimezone(UTC)


def good(
    fields: Mapping[str, str], times: tuple[datetime, datetime | None] | None = None, way: Way = WAY
) -> EntryForm:
    form = parse_entry(fields, way, times)
    assert isinstance(form, EntryForm), form
    return form


def bad(
    fields: Mapping[str, str], times: tuple[datetime, datetime | None] | None = None, way: Way = WAY
) -> Refused:
    form = parse_entry(fields, way, times)
    assert isinstance(form, Refused), form
    return form


def shown(times: tuple[datetime, datetime | None], **changes: str) -> dict[str, str]:
    """The form of an entry as it was shown, with some fields changed."""
    was = written(*times, WAY)
    fields = {name: getattr(was, name) for name in ("date", "start", "end", "end_date", "duration")}
    return {**fields, **changes}


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def test_a_form_sent_back_unchanged_keeps_its_seconds() -> None:
    form = good(shown((START, END)), (START, END))
    assert (form.started_at, form.ended_at) == (START, END)


def test_only_the_start_changed_keeps_the_end_to_the_second() -> None:
    form = good(shown((START, END), start="9:10"), (START, END))
    assert form.started_at == local("2026-11-20 09:10")
    assert form.ended_at == END


def test_a_new_duration_moves_the_end() -> None:
    form = good(shown((START, END), duration="2h"), (START, END))
    assert form.ended_at == START + timedelta(hours=2)


def test_a_new_date_moves_both_ends() -> None:
    form = good(shown((START, END), date="19/11/2026"), (START, END))
    assert form.started_at == START - timedelta(days=1)
    assert form.ended_at == END - timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end"), [("9", "10:30"), ("905", "9.45am"), ("9:05", "1:30 pm"), ("21:30", "22")]
)
def test_times_are_read_as_people_type_them(start: str, end: str) -> None:
    form = good({"date": "20/11/2026", "start": start, "end": end})
    assert form.ended_at is not None
    assert form.started_at < form.ended_at
    assert not form.ends_next_day


@pytest.mark.parametrize(("typed", "minutes"), [("1:30", 90), ("1.5h", 90), ("90m", 90), ("45 min", 45)])
def test_a_duration_stands_in_for_the_end(typed: str, minutes: int) -> None:
    form = good({"date": "2026-11-20", "start": "9", "duration": typed})
    assert form.ended_at == form.started_at + timedelta(minutes=minutes)


def test_an_end_before_its_start_is_on_the_next_day_and_says_so() -> None:
    form = good({"date": "20/11/2026", "start": "23:10", "end": "1:10"})
    assert form.ends_next_day
    assert form.ended_at == local("2026-11-21 01:10")


def test_start_end_and_duration_must_agree() -> None:
    form = bad({"date": "20/11/2026", "start": "9", "end": "10", "duration": "2h"})
    assert form.errors == {
        "duration": "Start and end make 1:00. Change one of the three, or clear the duration."
    }


def test_an_entry_of_no_length_is_allowed() -> None:
    form = good({"date": "20/11/2026", "start": "9", "end": "9"})
    assert form.ended_at == form.started_at


def test_a_night_with_a_clock_change_has_its_true_length() -> None:
    form = good({"date": "24/10/2026", "start": "22:00", "end": "6:00"})
    assert form.ended_at is not None
    assert form.ended_at - form.started_at == timedelta(hours=9)


def test_a_time_that_the_clocks_skip_is_refused_in_words() -> None:
    form = bad({"date": "29/03/2026", "start": "2:30", "end": "4:00"})
    assert "does not exist" in form.errors["start"]


def test_a_time_that_comes_twice_offers_both_readings() -> None:
    fields = {"date": "25/10/2026", "start": "2:30", "end": "5:00"}
    form = bad(fields)
    assert [choice.fold for choice in form.choices["start"]] == [0, 1]
    first, second = (good({**fields, "start_fold": fold}) for fold in "01")
    assert second.started_at - first.started_at == timedelta(hours=1)


def test_a_running_entry_stays_running_while_its_end_is_empty() -> None:
    fields = shown((START, None), start="8:30")
    form = good(fields, (START, None))
    assert form.ended_at is None
    assert form.started_at == local("2026-11-20 08:30")


def test_an_end_stops_a_running_entry() -> None:
    form = good(shown((START, None), end="11:00"), (START, None))
    assert form.ended_at == local("2026-11-20 11:00")


def test_a_running_timer_does_not_start_in_the_future() -> None:
    form = bad(shown((START, None), date="23/11/2026"), (START, None))
    assert form.errors == {"start": "A running timer can't start in the future."}


def test_an_entry_of_several_days_shows_and_keeps_its_end_date() -> None:
    end = START + timedelta(days=3, hours=2)
    assert written(START, end, WAY).end_date == "23/11/2026"
    form = good(shown((START, end), end="12:00"), (START, end))
    assert form.ended_at == local("2026-11-23 12:00")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"date"}),
        ({"date": "20/11/2026"}, {"start"}),
        ({"date": "20/11/2026", "start": "9"}, {"end"}),
        ({"date": "31/02/2026", "start": "9", "end": "10"}, {"date"}),
        ({"date": "0000-01-01", "start": "9", "end": "10"}, {"date"}),
        ({"date": "9999-12-31", "start": "9", "end": "10"}, {"date"}),
        ({"date": "20/11/2026", "start": "25:00", "end": "10"}, {"start"}),
        ({"date": "20/11/2026", "start": "\x00", "end": "10"}, {"start"}),
        ({"date": "20/11/2026", "start": "9", "end": "x" * 500}, {"end"}),
        ({"date": "20/11/2026", "start": "9", "end": "10", "project": "nonsense"}, {"project"}),
        ({"date": "20/11/2026", "start": "9", "end": "10", "description": "x" * 5001}, {"description"}),
        ({"date": "20/11/2026", "start": "9", "end": "10", "tags": "y" * 61}, {"tags"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields: dict[str, str], wrong: set[str]) -> None:
    assert wrong <= set(bad(fields).errors)


ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo", "UTC"]
INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 (hypothesis wants naive bounds)
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(
    start=INSTANTS,
    seconds=st.integers(0, 5 * 86_400),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    cycle=st.sampled_from(["12", "24"]),
    order=st.sampled_from(["dmy", "mdy", "ymd"]),
)
def test_any_entry_sent_back_as_shown_stays_as_it_is(
    start: datetime, seconds: int, zone: ZoneInfo, cycle: str, order: str
) -> None:
    way = Way(zone, cycle, order, NOW)
    end = start + timedelta(seconds=seconds)
    was = written(start, end, way)
    fields = {name: getattr(was, name) for name in ("date", "start", "end", "end_date", "duration")}
    form = good(fields, (start, end), way)
    assert (form.started_at, form.ended_at) == (start, end)


@given(
    st.dictionaries(
        st.sampled_from(["date", "start", "end", "end_date", "duration", "tags", "project"]), st.text()
    )
)
def test_no_text_breaks_the_form(fields: dict[str, str]) -> None:
    assert isinstance(parse_entry(fields, WAY, None), EntryForm | Refused)
