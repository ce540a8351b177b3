"""A timer that was forgotten: when to ask about it, and what to offer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from quart_app import periods
from quart_app.access import EntryRow, Viewer

# So long without a sign of the person is an absence. What is shorter is not worth a question.
ABSENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A running timer, seen with this question: it is asked from `due` on.

    `activity` is the last moment at which the person did something in Chronos while it ran, if that is some time ago.
    """

    entry: EntryRow
    due: datetime
    is_due: bool
    activity: datetime | None


def due_at(person: Viewer, started_at: datetime) -> datetime | None:
    """When to ask about what has run since then: after the person's limit, or at their midnight; None for never.

    Once they have said that it goes on rightly, that moment counts in the place of the start.
    """
    if not person.timer_limit:
        return None
    since = counts_from(person, started_at)
    day = periods.local_day(since, person.zone)
    midnight = periods.day_range(day, person.zone)[1]
    return min(since + timedelta(minutes=person.timer_limit), midnight)


def counts_from(person: Viewer, started_at: datetime) -> datetime:
    return max(started_at, person.confirmed_at or started_at)


def find(person: Viewer, running: EntryRow | None, now: datetime) -> Forgotten | None:
    """The question about what runs, whether it is due or not; None where none will ever be."""
    if running is None or (due := due_at(person, running.started_at)) is None:
        return None
    since = counts_from(person, running.started_at)
    # Where they came back after an absence, the time before it is the last activity that counts.
    seen = (moment for moment in (person.away_since, person.active_at) if moment and moment > since)
    activity = next(seen, None)
    if activity is not None and now - activity < ABSENCE:
        activity = None
    return Forgotten(running, due, due <= now, activity)
