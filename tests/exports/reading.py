"""Files of reports, made and read back by libraries that others wrote."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from icalendar import Calendar
from python_calamine import CalamineWorkbook

from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.forms.reports import Asked
from quart_app.report_files import Desk, begin
from quart_app.report_spec import Spec


async def make(database: Database, viewer: Viewer, spec: Spec, wanted: str, now: datetime) -> bytes:
    """The whole file."""
    file = await begin(database, viewer, Asked(spec), wanted, now, Desk())
    return b"".join([piece async for piece in file.body])


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows by the names of their columns, and what stands below them."""

    rows: list[dict[str, Any]]
    foot: dict[str, Any]

    def sum(self, name: str) -> Any:
        return sum(row[name] for row in self.rows)


def seconds_of(text: str) -> int:
    """Of "1:42:07"."""
    hours, minutes, seconds = text.split(":")
    assert len(minutes) == len(seconds) == 2
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def read_csv(made: bytes, mark: str = ",") -> list[dict[str, str]]:
    text = made.decode("utf-8")
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return [*csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=mark, strict=True)]


def read_xlsx(made: bytes) -> Sheet:
    """The sheet with the rows; times are seconds."""
    lines = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_index(0).to_python()
    heads = [str(head) for head in lines[0]]
    rows = [dict(zip(heads, map(_plain, line), strict=True)) for line in lines[1:]]
    foot = rows.pop()
    assert next(iter(foot.values())) == "Total"
    return Sheet([row for row in rows if any(cell != "" for cell in row.values())], foot)


def _plain(cell: Any) -> Any:
    if isinstance(cell, timedelta):
        return round(cell.total_seconds())
    if isinstance(cell, time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second
    if isinstance(cell, datetime):
        return round((cell - datetime(1899, 12, 31)).total_seconds())  # noqa: DTZ001 (Excel knows no zones)
    return cell.isoformat() if isinstance(cell, date) else cell


def read_jsonl(made: bytes) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """What the first line says, the rows, and the last line."""
    first, *rows, last = [json.loads(line) for line in made.decode().removesuffix("\n").split("\n")]
    assert made.endswith(b"\n")
    assert last["end"] is True
    assert last["rows"] == len(rows)
    return first["report"], rows, last


def read_ics(made: bytes) -> list[Any]:
    """The events."""
    assert made.endswith(b"END:VCALENDAR\r\n")
    calendar = Calendar.from_ical(made)
    return [*calendar.walk("VEVENT")]


def length_of(event: Any) -> int:
    """Seconds of an event."""
    if "DTEND" not in event:
        return 0
    return int((event.decoded("DTEND") - event.decoded("DTSTART")).total_seconds())


def minor_of(text: str) -> int:
    """Minor units of "95.00"."""
    return int(Decimal(text.replace(",", ".")) * 100)
