from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from quart_app.spans import AmbiguousError, GapError, readings, resolve_local, resolve_span

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
APIA = ZoneInfo("Pacific/Apia")
PLAIN_DAY = date(2026, 11, 20)
SPRING_DAY = date(2026, 3, 29)
AUTUMN_DAY = date(2026, 10, 25)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def minutes(span: tuple[datetime, datetime, bool]) -> float:
    start, end, _ = span
    return (end - start) / timedelta(minutes=1)


# --- One clock ---


def test_a_clock_is_read_by_the_rules_of_its_date() -> None:
    assert resolve_local(PLAIN_DAY, time(9, 5), BERLIN) == (utc(2026, 11, 20, 8, 5), 0, "09:05 CET")
    assert resolve_local(date(2026, 7, 1), time(9, 5), BERLIN).instant == utc(2026, 7, 1, 7, 5)
    assert resolve_local(PLAIN_DAY, time(9, 5), BERLIN, 1).instant == utc(2026, 11, 20, 8, 5)


def test_a_clock_in_a_gap_is_refused_in_words_with_the_nearest_moments() -> None:
    with pytest.raises(GapError) as refused:
        resolve_local(SPRING_DAY, time(2, 30), BERLIN)
    assert str(refused.value) == (
        "02:30 does not exist on 29 Mar 2026 in Europe/Berlin: clocks went from 02:00 to 03:00."
        " Choose 01:59 or 03:00."
    )
    assert (refused.value.before, refused.value.after) == (utc(2026, 3, 29, 0, 59), utc(2026, 3, 29, 1))


def test_the_words_keep_the_hour_cycle_of_the_person() -> None:
    with pytest.raises(
        GapError, match=r"^2:30 am does not .* from 2:00 am to 3:00 am\. Choose 1:59 am or 3:00 am\.$"
    ):
        resolve_local(SPRING_DAY, time(2, 30), BERLIN, hour_cycle="12")
    with pytest.raises(AmbiguousError, match="first 2:30 am CEST, second 2:30 am CET"):
        resolve_local(AUTUMN_DAY, time(2, 30), BERLIN, hour_cycle="12")


def test_a_gap_has_its_first_second_but_not_its_last() -> None:
    with pytest.raises(GapError):
        resolve_local(SPRING_DAY, time(2), BERLIN)
    with pytest.raises(GapError, match="02:59:59 does not exist"):
        resolve_local(SPRING_DAY, time(2, 59, 59), BERLIN)
    assert resolve_local(SPRING_DAY, time(3), BERLIN).instant == utc(2026, 3, 29, 1)
    assert resolve_local(SPRING_DAY, time(1, 59), BERLIN).instant == utc(2026, 3, 29, 0, 59)


def test_a_gap_at_midnight_names_the_date_of_the_moment_before() -> None:
    with pytest.raises(GapError, match=r"from 00:00 to 01:00\. Choose 23:59 on 3 Nov 2018 or 01:00\.$"):
        resolve_local(date(2018, 11, 4), time(0, 30), ZoneInfo("America/Sao_Paulo"))


def test_a_clock_on_a_skipped_date_is_refused_in_words() -> None:
    with pytest.raises(GapError) as refused:
        resolve_local(date(2011, 12, 30), time(10), APIA)
    assert str(refused.value) == (
        "10:00 does not exist on 30 Dec 2011 in Pacific/Apia: clocks went from 00:00 to 00:00 on 31 Dec 2011."
        " Choose 23:59 on 29 Dec 2011 or 00:00 on 31 Dec 2011."
    )


def test_a_clock_in_a_fold_is_asked_about_with_both_readings() -> None:
    with pytest.raises(AmbiguousError) as asked:
        resolve_local(AUTUMN_DAY, time(2, 30), BERLIN)
    assert str(asked.value) == (
        "02:30 happens twice on 25 Oct 2026 in Europe/Berlin: first 02:30 CEST, second 02:30 CET. Choose one."
    )
    assert asked.value.first == (utc(2026, 10, 25, 0, 30), 0, "02:30 CEST")
    assert asked.value.second == (utc(2026, 10, 25, 1, 30), 1, "02:30 CET")


def test_a_chosen_fold_picks_its_reading() -> None:
    assert resolve_local(AUTUMN_DAY, time(2, 30), BERLIN, 0).words == "02:30 CEST"
    assert resolve_local(AUTUMN_DAY, time(2, 30), BERLIN, 1).words == "02:30 CET"
    assert resolve_local(AUTUMN_DAY, time(3), BERLIN).instant == utc(2026, 10, 25, 2)


@pytest.mark.parametrize(
    ("zone", "day", "clock", "words"),
    [
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            time(1, 45),
            "first 01:45 UTC+11:00, second 01:45 UTC+10:30",
        ),
        ("Europe/Moscow", date(2014, 10, 26), time(1, 30), "first 01:30 UTC+04:00, second 01:30 UTC+03:00"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "first 01:30 EDT, second 01:30 EST"),
    ],
)
def test_both_readings_can_be_told_apart_by_their_words(
    zone: str, day: date, clock: time, words: str
) -> None:
    with pytest.raises(AmbiguousError, match=words.replace("+", r"\+")):
        resolve_local(day, clock, ZoneInfo(zone))


def test_readings_are_none_one_or_two() -> None:
    assert readings(SPRING_DAY, time(2, 30), BERLIN) == ()
    assert [each.instant for each in readings(PLAIN_DAY, time(2, 30), BERLIN)] == [utc(2026, 11, 20, 1, 30)]
    assert [each.fold for each in readings(AUTUMN_DAY, time(2, 30), BERLIN)] == [0, 1]


# --- Two clocks ---


def test_two_clocks_in_order_are_a_span_of_one_day() -> None:
    span = resolve_span(PLAIN_DAY, time(9), time(10, 30), BERLIN)
    assert span == (utc(2026, 11, 20, 8), utc(2026, 11, 20, 9, 30), False)


def test_an_end_before_its_start_is_on_the_next_day_and_says_so() -> None:
    span = resolve_span(PLAIN_DAY, time(23), time(1), BERLIN)
    assert span == (utc(2026, 11, 20, 22), utc(2026, 11, 21, 0), True)


def test_midnight_as_an_end_is_the_end_of_the_day() -> None:
    assert resolve_span(PLAIN_DAY, time(22), time(0), BERLIN) == (
        utc(2026, 11, 20, 21),
        utc(2026, 11, 20, 23),
        True,
    )


def test_equal_clocks_mean_no_length() -> None:
    span = resolve_span(PLAIN_DAY, time(9), time(9), BERLIN)
    assert span.start == span.end
    assert not span.next_day


def test_a_night_over_a_clock_change_has_its_true_length() -> None:
    assert minutes(resolve_span(SPRING_DAY - timedelta(days=1), time(22), time(6), BERLIN)) == 7 * 60
    assert minutes(resolve_span(AUTUMN_DAY - timedelta(days=1), time(22), time(6), BERLIN)) == 9 * 60


def test_within_a_fold_an_earlier_clock_is_the_second_reading_of_the_same_day() -> None:
    for end_fold in (None, 1):
        span = resolve_span(AUTUMN_DAY, time(2, 30), time(2, 10), BERLIN, 0, end_fold)
        assert minutes(span) == 40
        assert not span.next_day


def test_an_end_that_fits_only_once_is_not_asked_about() -> None:
    span = resolve_span(AUTUMN_DAY, time(2, 10), time(2, 30), BERLIN, 1)
    assert minutes(span) == 20


def test_an_end_that_fits_twice_is_asked_about() -> None:
    for start in (time(1), time(2, 10), time(2, 30)):
        with pytest.raises(AmbiguousError) as asked:
            resolve_span(AUTUMN_DAY, start, time(2, 30), BERLIN, 0)
        assert asked.value.field == "end"
    assert minutes(resolve_span(AUTUMN_DAY, time(2, 30), time(2, 30), BERLIN, 0, 0)) == 0
    assert minutes(resolve_span(AUTUMN_DAY, time(2, 30), time(2, 30), BERLIN, 0, 1)) == 60


def test_an_ambiguous_start_is_asked_about_first() -> None:
    with pytest.raises(AmbiguousError) as asked:
        resolve_span(AUTUMN_DAY, time(2, 30), time(2, 40), BERLIN)
    assert asked.value.field == "start"


def test_an_end_before_a_start_after_the_fold_is_on_the_next_day() -> None:
    for end_fold in (None, 0, 1):
        span = resolve_span(AUTUMN_DAY, time(3, 30), time(2, 30), BERLIN, None, end_fold)
        assert span.next_day
        assert minutes(span) == 23 * 60
    assert resolve_span(AUTUMN_DAY, time(2, 30), time(2, 10), BERLIN, 1).next_day


def test_a_chosen_end_before_the_start_is_refused_in_words() -> None:
    with pytest.raises(
        ValueError, match=r"02:30 CEST is before the start\. Choose 02:30 CET, or change the start\.$"
    ):
        resolve_span(AUTUMN_DAY, time(2, 10), time(2, 30), BERLIN, 1, 0)


def test_an_end_in_the_fold_of_the_next_day_is_asked_about() -> None:
    evening = AUTUMN_DAY - timedelta(days=1)
    with pytest.raises(AmbiguousError, match="25 Oct 2026") as asked:
        resolve_span(evening, time(22), time(2, 30), BERLIN)
    assert asked.value.field == "end"
    assert minutes(resolve_span(evening, time(22), time(2, 30), BERLIN, None, 1)) == 5.5 * 60


def test_an_end_in_a_gap_is_refused_on_its_day() -> None:
    for day, start in ((SPRING_DAY, time(1)), (SPRING_DAY - timedelta(days=1), time(22))):
        with pytest.raises(GapError, match="02:30 does not exist on 29 Mar 2026") as refused:
            resolve_span(day, start, time(2, 30), BERLIN)
        assert refused.value.field == "end"


def test_an_end_in_a_gap_before_the_start_is_on_the_next_day() -> None:
    for start in (time(3), time(5)):
        assert resolve_span(SPRING_DAY, start, time(2, 30), BERLIN).next_day
    assert resolve_span(SPRING_DAY, time(3), time(2, 30), BERLIN).end == utc(2026, 3, 30, 0, 30)


def test_a_start_in_a_gap_is_refused() -> None:
    with pytest.raises(GapError) as refused:
        resolve_span(SPRING_DAY, time(2, 30), time(5), BERLIN)
    assert refused.value.field == "start"


def test_the_day_after_a_skipped_date_is_the_next_that_exists() -> None:
    span = resolve_span(date(2011, 12, 29), time(22), time(2), APIA)
    assert minutes(span) == 4 * 60
    assert span.next_day


def test_an_end_with_its_own_date_may_be_days_away() -> None:
    span = resolve_span(PLAIN_DAY, time(9), time(8), BERLIN, end_day=date(2026, 11, 23))
    assert minutes(span) == (3 * 24 - 1) * 60
    assert not span.next_day


def test_an_end_with_its_own_date_is_never_moved_to_another() -> None:
    with pytest.raises(ValueError, match="The end is before the start"):
        resolve_span(PLAIN_DAY, time(9), time(8), BERLIN, end_day=PLAIN_DAY)
    with pytest.raises(GapError):
        resolve_span(SPRING_DAY, time(5), time(2, 30), BERLIN, end_day=SPRING_DAY)


def test_a_span_is_at_most_9999_hours() -> None:
    with pytest.raises(ValueError, match="at most 9999 hours"):
        resolve_span(PLAIN_DAY, time(9), time(9), BERLIN, end_day=date(2199, 12, 31))
