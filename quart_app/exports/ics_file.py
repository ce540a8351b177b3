"""iCalendar (RFC 5545): each entry an event, at the times that count in the report. Written event by event."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Event

from quart_app.report_table import Table, format_seconds
from quart_app.words import N_, _

_AT_ONCE = 50  # events: some milliseconds, in which nobody else is served
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), 127])
_NAMES = (
    (N_("Project"), "project"),
    (N_("Client"), "client"),
    (N_("Task"), "task"),
    (N_("Member"), "member"),
)


async def write(table: Table) -> AsyncGenerator[bytes]:
    """The file in pieces; the table is a list of entries."""
    calendar = Calendar()
    calendar.add("prodid", "-//Chronos//Chronos time tracker//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _plain(f"{table.workspace}: {table.title}"))
    head, end, _rest = calendar.to_ical().partition(b"END:VCALENDAR")
    made = datetime.fromisoformat(table.facts["made_at"])
    keys = [column.key for column in table.columns]
    async for rows in table.rows:
        for place in range(0, len(rows), _AT_ONCE):
            some = (dict(zip(keys, row, strict=True)) for row in rows[place : place + _AT_ONCE])
            # The head goes out with the first events, which may fail to come.
            yield head + b"".join(_event(entry, made).to_ical() for entry in some)
            head = b""
            await asyncio.sleep(0)
    yield head + end + b"\r\n"


def _event(entry: dict[str, Any], made: datetime) -> Event:
    """An event of the part of the entry that counts. What runs ends now, and says so."""
    start = datetime.fromtimestamp(entry["part_start"], UTC)
    event = Event()
    # A part of an entry is an event of its own: the other parts are in the files of other months.
    event.add("uid", f"{entry['id']}-{start:%Y%m%dT%H%M%SZ}" if entry["clipped"] else entry["id"])
    event.add("dtstamp", made)
    event.add("dtstart", start)
    if entry["seconds"]:
        event.add("dtend", datetime.fromtimestamp(entry["part_start"] + entry["seconds"], UTC))
    event.add("summary", _plain(entry["description"] or entry["task"] or entry["project"] or _("Time entry")))
    event.add("description", _plain(_told(entry)))
    if entry["tags"]:
        event.add("categories", [_plain(tag) for tag in entry["tags"]])
    if entry["running"]:
        event.add("status", "TENTATIVE")
        event.add("x-chronos-running", "TRUE")
    event.add("transp", "TRANSPARENT")
    return event


def _plain(text: str) -> str:
    """A text without the signs that no calendar may hold."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)


def _told(entry: dict[str, Any]) -> str:
    found = [f"{_(name)}: {entry[key]}" for name, key in _NAMES if entry[key]]
    length = format_seconds(entry["seconds"])
    if entry["running"]:
        found.append(_("Duration: %(length)s, still running", length=length))
    else:
        found.append(_("Duration: %(length)s", length=length))
    if entry["billable"]:
        found.append(_("Billable"))
    return "\n".join(found)
