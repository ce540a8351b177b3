"""Whether a request is one that a person makes, and noting it while a timer of theirs runs."""

from contextlib import suppress
from datetime import datetime

from quart import request

from quart_app import forgotten
from quart_app.db import Database, Unavailable
from quart_app.queries import presence
from quart_app.queries.timer import Presence

# They end what runs, or start it: what was done before a timer's start tells nothing about it.
_NOT_NOTED = frozenset({"live.stream", "timer.start", "timer.stop", "timer.discard"})


async def note(database: Database, found: Presence, now: datetime) -> None:
    """One statement, once a minute at most, and none while nothing runs."""
    person, running = found.viewer, found.running
    if running is None or not _is_by_hand():
        return
    if person.active_at is not None and now - person.active_at < presence.STALE:
        return
    since = forgotten.counts_from(person, running.started_at)
    due = forgotten.due_at(person, running.started_at)
    overdue = due is not None and due <= now
    # A page must not fail for the sake of a note.
    with suppress(Unavailable):
        await database.transaction(
            lambda db: presence.note_activity(db, person, now, since, forgotten.ABSENCE, overdue=overdue)
        )


def _is_by_hand() -> bool:
    """Pages that are opened and forms that are sent. Not what a page fetches for itself: that goes on when its person
    has long gone home. While they read and type, static/js/active.js sends word."""
    if request.endpoint in _NOT_NOTED:
        return False
    if request.method == "POST":
        return True
    # Browsers tell the mode only by TLS or on this very machine.
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return request.method == "GET" and mode == "navigate" and "HX-Request" not in request.headers
