"""What an hour costs in the sample data, as plain values: (project, None for the workspace; from which day on; minor
units). Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

_YEAR = timedelta(days=365)


def of_studio(opened: date, today: date) -> Iterator[tuple[str | None, date, int]]:
    """95.00 for all; the migration, by its project's name, costs more since the month before this one."""
    begin = opened.replace(month=1, day=1)
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    yield None, begin, 9500
    yield "Database Migration", begin, 10_500
    yield "Database Migration", last_month, 11_000


def of_history(projects: Sequence[int], first: date, today: date) -> Iterator[tuple[int | None, date, int]]:
    """A rate for all, another each year, and rates of its own for every third project, half of which change once."""
    begin = first.replace(month=1, day=1)
    for years in range(today.year - begin.year + 1):
        yield None, begin.replace(year=begin.year + years), 8500 + 300 * years
    for place, project in enumerate(projects[::3]):
        rate_minor = 7000 + place % 13 * 450
        yield project, begin, rate_minor
        if place % 2:
            yield project, begin + _YEAR + timedelta(days=31 * (place % 12)), rate_minor + 600
