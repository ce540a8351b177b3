"""Reports as files: what is asked for, loaded from one snapshot and streamed in the format that is wanted."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from quart_app import words
from quart_app.access import Viewer
from quart_app.db import Connection, Database
from quart_app.exports import csv_file, ics_file, jsonl_file, pdf_file, xlsx_file
from quart_app.forms.reports import Asked
from quart_app.report_document import base, key_figures, notes, summary_table, weekly_table
from quart_app.report_page import Report, ask_report
from quart_app.report_stream import columns_of, load_entry_rows
from quart_app.report_table import Refused, Table
from quart_app.reporting import load_summary, load_total, load_weekly
from quart_app.words import _

# In one process at once: files that are made as they are read, and such as are made beforehand. A long PDF takes half a
# gigabyte while it is set, so there is one at a time.
MOST_STREAMS, MOST_WORKBOOKS, MOST_PDFS = 16, 2, 1
LONGEST_WAIT = 30.0  # seconds for a place among them

Writer = Callable[[Table], AsyncGenerator[bytes]]


class Format(NamedTuple):
    """`style`: see report_document.py. `is_made`: whole before its first byte goes out. `ending` is of file names."""

    media_type: str
    style: str
    write: Writer
    is_made: bool
    ending: str


def _with_semicolons(table: Table) -> AsyncGenerator[bytes]:
    return csv_file.write(table, semicolon=True)


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", "plain", csv_file.write, False, "csv"),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "sheet",
        xlsx_file.write,
        True,
        "xlsx",
    ),
    "pdf": Format("application/pdf", "paper", pdf_file.write, True, "pdf"),
    "jsonl": Format("application/jsonl; charset=utf-8", "plain", jsonl_file.write, False, "jsonl"),
    "ics": Format("text/calendar; charset=utf-8", "plain", ics_file.write, False, "ics"),
    "csv-semicolon": Format("text/csv; charset=utf-8", "sheet", _with_semicolons, False, "csv"),
}


class Busy(Refused):
    """As many files are being made as there can be: later."""


@dataclass(slots=True)
class Desk:
    """Keeps the files that are made at once few. One for a process."""

    _streams: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_STREAMS))
    _workbooks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_WORKBOOKS))
    _pdfs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_PDFS))
    wait: float = LONGEST_WAIT

    @asynccontextmanager
    async def seat(self, wanted: Format) -> AsyncIterator[None]:
        """Raises Busy."""
        places = {"pdf": self._pdfs, "xlsx": self._workbooks}.get(wanted.ending, self._streams)
        try:
            async with asyncio.timeout(self.wait):
                await places.acquire()
        except TimeoutError:
            raise Busy(_("Others export just now. Try again in a minute.")) from None
        try:
            yield
        finally:
            places.release()


class Body:
    """The pieces of a file, of which the first is there. Whoever has it closes it, begun or not."""

    def __init__(self, first: bytes = b"", others: AsyncGenerator[bytes] | None = None) -> None:
        self._first, self._others = first, others

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        if self._others is None:
            raise StopAsyncIteration
        return await anext(self._others)

    async def aclose(self) -> None:
        self._first = b""
        if self._others is not None:
            await self._others.aclose()


@dataclass(frozen=True, slots=True)
class File:
    """A file whose making has begun: what could be refused has been. `body` raises where it can't be ended."""

    name: str
    media_type: str
    body: Body


async def begin(
    database: Database, viewer: Viewer, asked: Asked, wanted: str, now: datetime, desk: Desk
) -> File:
    """Begin the file of a report in one of FORMATS, on a connection of its own. In the language that is spoken.

    Raises Refused with words for people, Missing and Forbidden as the page does, Unavailable.
    """
    pieces = _pieces(database, viewer, asked, FORMATS[wanted], now, desk)
    name = (await anext(pieces)).decode()
    return File(name, FORMATS[wanted].media_type, Body(await anext(pieces, b""), pieces))


async def _pieces(
    database: Database, viewer: Viewer, asked: Asked, wanted: Format, now: datetime, desk: Desk
) -> AsyncGenerator[bytes]:
    """The name of the file, then the pieces of it."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(desk.seat(wanted))
        db = await stack.enter_async_context(database.snapshot_apart())
        report = await ask_report(db, viewer, _as_asked(asked, wanted), now)
        yield file_name(report, wanted).encode()
        table = await _load_table(db, report, wanted)
        await stack.enter_async_context(aclosing(table.rows))
        async with aclosing(wanted.write(table)) as pieces:
            first = await anext(pieces, b"")
            if wanted.is_made:
                # All of it is there: neither a seat nor a connection waits for whoever reads it.
                await stack.aclose()
            yield first
            async for piece in pieces:
                yield piece


async def describe(database: Database, viewer: Viewer, asked: Asked, wanted: str, now: datetime) -> File:
    """The file without its body. Raises what begin does."""
    async with database.snapshot() as db:
        report = await ask_report(db, viewer, _as_asked(asked, FORMATS[wanted]), now)
    return File(file_name(report, FORMATS[wanted]), FORMATS[wanted].media_type, Body())


def _as_asked(asked: Asked, wanted: Format) -> Asked:
    """All of it, from its first entry on; a calendar is always of entries. Raises Refused for what can't be read: the
    file would be of another report than was meant."""
    if asked.errors:
        raise Refused(" ".join(dict.fromkeys(asked.errors.values())))
    view = "detailed" if wanted.ending == "ics" else asked.spec.view
    return replace(asked, spec=replace(asked.spec, view=view, after="", opened=()))


def file_name(report: Report, wanted: Format) -> str:
    """ "chronos-2026-11-01-to-2026-11-30-summary.csv": ASCII, whatever the report is about."""
    first, last = report.days
    days = first.isoformat() if first == last else f"{first.isoformat()}-to-{last.isoformat()}"
    what = "entries" if wanted.ending == "ics" else report.spec.view
    return f"chronos-{days}-{what}.{wanted.ending}"


# --- tables ----------------------------------------------------------------------------------------------------------


async def _load_table(db: Connection, report: Report, wanted: Format) -> Table:
    view, question = report.spec.view, report.question
    spoken = words.taste()
    said = words.Taste("en", spoken.duration_format) if wanted.style == "plain" else spoken
    if view == "summary":
        summary = await load_summary(db, question)
        with words.speaking(said):
            return summary_table(_anew(report), summary, wanted.style)
    if view == "weekly":
        weekly = await load_weekly(db, question)
        with words.speaking(said):
            return weekly_table(_anew(report), weekly, wanted.style)
    total = await load_total(db, question) if wanted.is_made else None
    if total is not None:
        _refuse_long(wanted, total.entries)
    with words.speaking(said):
        columns = columns_of(question, for_calendar=wanted.ending == "ics")
        return Table(
            **base(report),
            columns=columns,
            rows=load_entry_rows(db, question, columns),
            key_figures=key_figures(report, total) if total else (),
            notes=notes(report, total, overlaps=False) if total else (),
        )


def _refuse_long(wanted: Format, rows: int) -> None:
    """Before the first of them is read. Raises Refused."""
    if wanted.ending == "pdf" and rows > pdf_file.MOST_LINES:
        raise pdf_file.too_long(rows)
    if wanted.ending == "xlsx" and rows > xlsx_file.MOST_ROWS:
        raise xlsx_file.too_long(rows)


def _anew(report: Report) -> Report:
    """Without the words that it remembers: they may be in another language."""
    return Report(report.asked, report.question, report.path)
