from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from quart_app import periods


def test_a_zone_is_found_by_its_name_whatever_the_case() -> None:
    assert periods.zone("Europe/Berlin").key == "Europe/Berlin"
    assert periods.zone(" america/port-au-prince ").key == "America/Port-au-Prince"
    assert periods.zone("utc").key == "UTC"


@pytest.mark.parametrize(
    ("older", "current"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Katmandu", "Asia/Kathmandu"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("US/Eastern", "America/New_York"),
    ],
)
def test_an_older_name_becomes_the_one_that_replaced_it(older: str, current: str) -> None:
    assert periods.zone(older).key == current
    assert current in periods.ZONE_NAMES
    assert older not in periods.ZONE_NAMES


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Mars/Olympus",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin\0",
        "localtime",
        "x" * 9999,
    ],
)
def test_an_unknown_zone_is_refused_in_words(name: str) -> None:
    with pytest.raises(ValueError, match="Choose one from the list, such as Europe/Berlin"):
        periods.zone(name)


def test_every_name_of_the_tz_database_keeps_its_own_clock() -> None:
    moments = [datetime(year, month, 15, tzinfo=UTC) for year in (1971, 1996, 2026) for month in (1, 7)]
    for name in available_timezones() - {"Factory", "localtime"}:
        found, own = periods.zone(name), ZoneInfo(name)
        assert [m.astimezone(found).utcoffset() for m in moments] == [
            m.astimezone(own).utcoffset() for m in moments
        ]


def test_the_offered_zones_are_sorted_known_and_without_doubles() -> None:
    assert list(periods.ZONE_NAMES) == sorted(set(periods.ZONE_NAMES))
    assert {"UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"} <= set(
        periods.ZONE_NAMES
    )
    assert all(periods.zone(name).key == name for name in periods.ZONE_NAMES)


def test_the_tables_of_the_tz_database_come_from_the_package_where_the_system_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(periods, "TZPATH", ())
    assert ["DE", "+5230+01322", "Europe/Berlin", "most", "of", "Germany"] in periods._tz_table("zone.tab")
    assert ["L", "Asia/Kolkata", "Asia/Calcutta"] in periods._tz_table("tzdata.zi")
    assert periods._tz_table("no-such-table") == []
