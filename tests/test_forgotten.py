"""When a running timer is thought forgotten, and which moment is offered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from quart_app import forgotten
from quart_app.access import EntryRow, Viewer
from quart_app.ids import new_id

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def person(zone: str = "UTC", limit: int = 480, **more: Any) -> Viewer:
    ids = (new_id(), new_id(), new_id())
    texts = ("member", "ada", "Ada", "ada@example.com", "Ada's", zone, "en", "24", "dmy")
    viewer = Viewer(*ids, *texts, week_start=0, theme="system", timer_limit=limit)
    return replace(viewer, **more)


def timer(started_at: datetime) -> EntryRow:
    return EntryRow(new_id(), None, "Work", started_at, None, False, 1, None, None, None, None)


def at(hour: int, minute: int = 0, day: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def local(zone: str, *parts: int) -> datetime:
    year, month, day, hour = parts
    return datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_nothing_is_asked_before_the_limit_and_it_is_from_then_on() -> None:
    running = timer(at(8, 55))
    before = forgotten.find(person(), running, at(16, 55) - SECOND)
    exactly = forgotten.find(person(), running, at(16, 55))
    assert before is not None
    assert exactly is not None
    assert (before.due, before.is_due, exactly.is_due) == (at(16, 55), False, True)


def test_who_has_no_limit_is_never_asked() -> None:
    assert forgotten.find(person(limit=0), timer(at(8)), at(8, day=20)) is None


def test_where_nothing_runs_nothing_is_asked() -> None:
    assert forgotten.find(person(), None, at(8)) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"])
def test_midnight_is_the_persons_own(zone: str) -> None:
    started = local(zone, 2026, 11, 10, 22)
    found = forgotten.find(person(zone), timer(started), started + HOUR)
    assert found is not None
    assert (found.due, found.is_due) == (local(zone, 2026, 11, 11, 0), False)


def test_the_night_on_which_clocks_go_back_is_counted_in_hours_that_pass() -> None:
    zone = "Europe/Berlin"
    started = local(zone, 2026, 10, 25, 1)
    assert forgotten.due_at(person(zone), started) == started + 8 * HOUR
    assert (started + 8 * HOUR).astimezone(ZoneInfo(zone)).hour == 8  # 2:00 came twice
    started = local(zone, 2026, 10, 24, 23)
    assert forgotten.due_at(person(zone), started) == started + HOUR


def test_the_last_activity_is_offered() -> None:
    found = forgotten.find(person(active_at=at(15, 25)), timer(at(8)), at(17))
    assert found is not None
    assert found.activity == at(15, 25)


def test_without_activity_since_the_start_none_is_offered() -> None:
    moments: list[dict[str, Any]] = [
        {},
        {"active_at": at(7, 59)},
        {"active_at": at(8)},
        {"away_since": at(7)},
    ]
    for known in moments:
        found = forgotten.find(person(**known), timer(at(8)), at(17))
        assert found is not None
        assert (found.is_due, found.activity) == (True, None)


def test_who_is_here_is_not_offered_the_moment_before() -> None:
    found = forgotten.find(person(active_at=at(16, 31)), timer(at(8)), at(17))
    assert found is not None
    assert found.activity is None


def test_after_an_absence_its_beginning_is_offered() -> None:
    known: dict[str, Any] = {"active_at": at(8, 55, day=11), "away_since": at(17, 25)}
    found = forgotten.find(person(**known), timer(at(8)), at(9, day=11))
    assert found is not None
    assert found.activity == at(17, 25)


def test_an_absence_before_the_start_tells_nothing() -> None:
    known: dict[str, Any] = {"active_at": at(12), "away_since": at(7)}
    found = forgotten.find(person(**known), timer(at(8)), at(17))
    assert found is not None
    assert found.activity == at(12)


def test_once_it_was_kept_it_is_asked_again_after_as_long_again() -> None:
    known: dict[str, Any] = {"confirmed_at": at(10), "active_at": at(9)}
    found = forgotten.find(person(**known), timer(at(1)), at(17))
    assert found is not None
    assert (found.due, found.is_due, found.activity) == (at(18), False, None)
    later = forgotten.find(person(**{**known, "confirmed_at": at(20)}), timer(at(1)), at(21))
    assert later is not None
    assert later.due == at(0, day=11)


def test_what_was_kept_of_an_earlier_timer_tells_nothing() -> None:
    assert forgotten.due_at(person(confirmed_at=at(6)), at(8)) == at(16)
