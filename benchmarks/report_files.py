"""Exports, each in a process of its own: how long it takes, how many bytes it makes, and its peak memory.

    python -m benchmarks.report_files <url> <what> <user> <query> <epoch second>

`what` is a format of report_files.FORMATS, or "floor": a plain COPY of the entries' own columns as CSV (on SQLite the
same by the driver's cursor and Python's csv). Prints a line of JSON.
"""

import asyncio
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvloop

from benchmarks.servers import ROOT, SECRET
from quart_app import words
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.forms.reports import parse_report
from quart_app.queries.exports import find_viewers
from quart_app.report_files import Desk, begin
from quart_app.server import _tune_garbage_collection
from quart_app.settings import load_settings

USER = "person001"
FLOOR = "floor"
NOTHING = "view=detailed&from=2190-01-01&to=2190-01-01"
_COLUMNS = (
    *("id", "user_id", "project_id", "task_id", "description"),
    *("started_at", "ended_at", "is_billable"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """Seconds that a file took, its bytes, and the most memory that its process had, in MiB."""

    seconds: float
    size: int
    peak: float


def open_database(url: str, folder: str) -> Database:
    known = {"DATABASE_URL": url, "CHRONOS_SECRET_KEY": SECRET, "CHRONOS_DATA_DIR": folder}
    return Database(load_settings({**known, "CHRONOS_DATABASE_CONNECT_SECONDS": "20"}))


async def find_viewer(database: Database, user: str) -> Viewer:
    async with database.reading() as db:
        return (await find_viewers(db, user))[0]


def make_apart(url: str, what: str, query: str, now: datetime) -> Made:
    """One file, made in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.report_files", url, what, USER, query, str(int(now.timestamp()))],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise RuntimeError(told.stderr)
    return Made(**json.loads(told.stdout))


# --- within that process -----------------------------------------------------------------------------------------


def _peak() -> float:
    """Most memory that this process has had, in MiB. Not ru_maxrss, which holds what the parent had at the fork."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("Linux tells the peak in /proc, and nothing else does here.")


async def _export(database: Database, viewer: Viewer, what: str, query: str, now: datetime) -> int:
    words.speak(words.Taste("en", "clock"))
    asked = parse_report(parse_qs(query), "ymd", now.date())
    file = await begin(database, viewer, asked, what, now, Desk())
    return await _count(file.body)


async def _count(pieces: AsyncIterator[bytes]) -> int:
    size = 0
    async for piece in pieces:
        size += len(piece)
    return size


async def _copy(database: Database, viewer: Viewer) -> int:
    size = 0

    async def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    columns = ", ".join(_COLUMNS)
    async with database.reading() as db:
        driver: Any = (await db.get_raw_connection()).driver_connection
        rows = f"SELECT {columns} FROM entries WHERE workspace_id = $1 AND deleted_at IS NULL"
        await driver.copy_from_query(rows, viewer.workspace_id, output=take, format="csv", timeout=3600)
    return size


class _Counted:
    """A file that only counts."""

    size = 0

    def write(self, text: str) -> None:
        self.size += len(text)


def _write_plainly(path: str, viewer: Viewer) -> int:
    out = _Counted()
    rows = f"SELECT {', '.join(_COLUMNS)} FROM entries WHERE workspace_id = ? AND deleted_at IS NULL"
    with sqlite3.connect(path) as db:
        csv.writer(out).writerows(db.execute(rows, (viewer.workspace_id.hex,)))
    return out.size


async def _make(url: str, what: str, user: str, query: str, now: datetime) -> Made:
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        database = open_database(url, folder)
        try:
            viewer = await find_viewer(database, user)
            # What is loaded once for all files is no part of any.
            await _export(database, viewer, "csv" if what == FLOOR else what, NOTHING, now)
            _tune_garbage_collection()
            began = time.perf_counter()
            if what != FLOOR:
                size = await _export(database, viewer, what, query, now)
            elif database.dialect == "sqlite":
                size = _write_plainly(str(database.url.database), viewer)
            else:
                size = await _copy(database, viewer)
            return Made(time.perf_counter() - began, size, _peak())
        finally:
            await database.dispose()


def main() -> int:
    url, what, user, query, second = sys.argv[1:]
    now = datetime.fromtimestamp(int(second), UTC)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        made = runner.run(_make(url, what, user, query, now))
    print(json.dumps({"seconds": made.seconds, "size": made.size, "peak": made.peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
