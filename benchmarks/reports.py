"""`python -m benchmarks.reports`: the time of each report beside its floor, over a big history. See README.md."""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
import uvloop

from benchmarks import data, report, report_files
from benchmarks.__main__ import machine, own_or_given_postgres
from benchmarks.report import Target
from benchmarks.report_cases import CASES, RARE, Case, Work, World, prepare
from benchmarks.report_files import FLOOR, NOTHING, Made
from quart_app import migrations, periods, samples
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.server import _tune_garbage_collection
from quart_app.tables import entries
from tests.support.machine import Missing

SOME = 20  # entries that have the rare word
MOST_SQLITE = 10.0  # times PostgreSQL
NOISE = 1.1
MOST_COPY, MOST_MEMORY = 4.0, 40.0  # times COPY, MiB more than an idle process
WARM, MOST_AT_ONCE = 0.1, 20  # seconds that a case is repeated for in a round, times at most
ALL = "view=detailed&from={first}&to={last}"
FILES = {
    "csv": ("CSV of all entries", "csv", ALL),
    "jsonl": ("JSON Lines of all entries", "jsonl", ALL),
    "xlsx": ("XLSX of a month's entries", "xlsx", "view=detailed&period=last-month"),
    "pdf": ("PDF of a month's summary", "pdf", "period=last-month&then=member"),
}


@dataclass(slots=True)
class Contender:
    """A database that takes part, and the milliseconds of each round: of each case and of its floor."""

    url: str
    database: Database
    world: World
    times: dict[str, list[float]] = field(default_factory=dict)
    floors: dict[str, list[float]] = field(default_factory=dict)
    files: dict[str, list[Made]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "SQLite" if self.database.dialect == "sqlite" else "PostgreSQL"

    def share(self, case: Case) -> float:
        """How many times its floor a case takes: the median of the rounds."""
        pairs = zip(self.times[case.name], self.floors[case.name], strict=True)
        return median(one / floor for one, floor in pairs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="in each database (1000000)")
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas (both)")
    parser.add_argument(
        "--given", help="URLs of databases that sample-data has filled, with commas: read only"
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (7)")
    parser.add_argument("--cases", help=f"which, with commas ({','.join(each.name for each in CASES)})")
    parser.add_argument("--files", help=f"which, with commas ({','.join(FILES)}); - for none")
    parser.add_argument("--file-rounds", type=int, default=3, help="how often files are made (3)")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    given = parser.parse_args()
    names = given.cases.split(",") if given.cases else [each.name for each in CASES]
    given.cases = [each for each in CASES if each.name in names]
    wanted = given.files.split(",") if given.files else [*FILES]
    given.files = [name for name in FILES if name in wanted]
    return given


def main() -> int:
    given = _arguments()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_measure(given))
    except Missing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def _measure(given: argparse.Namespace) -> None:
    now = periods.now()
    async with contextlib.AsyncExitStack() as stack:
        contenders = []
        for url in await _urls(stack, given, now):
            contenders.append(await stack.enter_async_context(_opened(url, now)))
        _tune_garbage_collection()
        await _rounds(given, contenders)
        for number in range(given.file_rounds if given.files else 0):
            _say(f"Files, round {number + 1} of {given.file_rounds}")
            for contender in contenders:
                _make_files(contender, given.files, now)
        print(machine(), f"{given.entries:,} entries\n", sep=", ")
        for contender in contenders:
            print(f"### {contender.kind}\n\n{_case_table(given.cases, contender)}\n")
            if given.files:
                print(f"{_file_table(given.files, contender)}\n")
        targets = _targets(given, contenders)
        print(report.target_table(targets))
        if given.json:
            given.json.write_text(json.dumps(_plain(contenders, targets), indent=1))


# --- databases ---------------------------------------------------------------------------------------------------


async def _urls(stack: contextlib.AsyncExitStack, given: argparse.Namespace, now: datetime) -> list[str]:
    if given.given:
        return [str(url) for url in given.given.split(",")]
    found = []
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chronos-bench-")))
    for kind in given.databases.split(","):
        if kind == "sqlite":
            url = f"sqlite+aiosqlite:///{folder / 'reports.db'}"
        else:
            name = data.name_of(given.entries)
            url = await stack.enter_async_context(data.postgres_database(own_or_given_postgres(stack), name))
        _say(f"Filling {kind} with {given.entries:,} entries")
        await _fill(url, given.entries, now)
        found.append(url)
    return found


async def _fill(url: str, size: int, now: datetime) -> None:
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        database = report_files.open_database(url, folder)
        try:
            await migrations.upgrade(database)
            await samples.fill_history(database, max(size - SOME, 1), lambda *_: None, now)
            await _insert_rare(database, await report_files.find_viewer(database, report_files.USER), now)
        finally:
            await database.dispose()


async def _insert_rare(database: Database, viewer: Viewer, now: datetime) -> None:
    """Entries with a word that no other has, all over the years."""
    starts = [now - timedelta(days=7 + 50 * number) for number in range(SOME)]
    rows = [
        {
            "workspace_id": viewer.workspace_id,
            "id": new_id(),
            "user_id": viewer.user_id,
            "description": f"Plan the {RARE.capitalize()} trip",
            "started_at": start,
            "ended_at": start + timedelta(minutes=20),
            "created_at": start,
            "updated_at": start,
        }
        for start in starts
    ]
    async with database.writing() as db:
        await db.execute(sa.insert(entries), rows)
    async with database.reading() as db:
        is_sqlite = database.dialect == "sqlite"
        await db.exec_driver_sql("ANALYZE entries" if is_sqlite else "VACUUM ANALYZE entries")


@contextlib.asynccontextmanager
async def _opened(url: str, now: datetime) -> AsyncIterator[Contender]:
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        database = report_files.open_database(url, folder)
        try:
            viewer = await report_files.find_viewer(database, report_files.USER)
            async with database.snapshot() as db:
                world = await prepare(db, viewer, now)
            yield Contender(url, database, world)
        finally:
            await database.dispose()


# --- rounds ------------------------------------------------------------------------------------------------------


async def _rounds(given: argparse.Namespace, contenders: Sequence[Contender]) -> None:
    """Everything once a round, the floor beside what is held against it: what slows the machine slows both."""
    for number in range(-1, given.rounds):
        _say("Warming up" if number < 0 else f"Round {number + 1} of {given.rounds}")
        for case in given.cases:
            for contender in contenders:
                made = (
                    (contender.floors, case.floor(contender.world)),
                    (contender.times, case.work(contender.world)),
                )
                for times, work in made if number % 2 else made[::-1]:
                    found = await _timed(contender.database, work, times.setdefault(case.name, []))
                    times[case.name] = [found] if number <= 0 else [*times[case.name], found]


async def _timed(database: Database, work: Work, before: Sequence[float]) -> float:
    """Milliseconds, of several in a row where it is quick."""
    count = min(MOST_AT_ONCE, max(1, int(1000 * WARM / before[0]))) if before else 1
    began = time.perf_counter()
    for _ in range(count):
        async with database.snapshot() as db:
            await work(db)
    return (time.perf_counter() - began) * 1000 / count


def _make_files(contender: Contender, names: Sequence[str], now: datetime) -> None:
    first, last = contender.world.everything
    dates = {"first": first.isoformat(), "last": last.isoformat()}
    wanted = {name: FILES[name][1:] for name in names}
    # Each format loads what it needs: its own idle process is one that has made an empty file of it.
    idle = {f"idle {name}": (wanted[name][0], NOTHING) for name in names}
    for name, (what, query) in {FLOOR: (FLOOR, ""), **idle, **wanted}.items():
        made = report_files.make_apart(contender.url, what, query.format(**dates), now)
        contender.files.setdefault(name, []).append(made)


# --- the report --------------------------------------------------------------------------------------------------


def _case_table(cases: Sequence[Case], contender: Contender) -> str:
    rows = [
        (
            case.words,
            f"{median(contender.times[case.name]):.1f}",
            f"{median(contender.floors[case.name]):.1f}",
            f"{contender.share(case):.2f}",
        )
        for case in cases
    ]
    return report.table(("report", "ms", "floor ms", "times floor"), rows)


def _file_table(names: Sequence[str], contender: Contender) -> str:
    floor = contender.files[FLOOR]
    copied = "plain COPY of all entries" if contender.kind == "PostgreSQL" else "plain SELECT, by csv.writer"
    rows = [(copied, f"{_seconds(floor):.2f}", f"{floor[0].size:,}", "")]
    rows += [
        (
            FILES[name][0],
            f"{_seconds(contender.files[name]):.2f}",
            f"{contender.files[name][0].size:,}",
            f"{_extra(contender, name):.1f}",
        )
        for name in names
    ]
    return report.table(("file", "s", "bytes", "extra MiB at most"), rows)


def _seconds(made: Sequence[Made]) -> float:
    return median(one.seconds for one in made)


def _extra(contender: Contender, name: str) -> float:
    """MiB at the peak, more than an idle process has."""
    peaks, idle = contender.files[name], contender.files[f"idle {name}"]
    return median(one.peak for one in peaks) - median(one.peak for one in idle)


def _targets(given: argparse.Namespace, contenders: Sequence[Contender]) -> list[Target]:
    by_kind = {each.kind: each for each in contenders}
    held, other = by_kind.get("PostgreSQL"), by_kind.get("SQLite")
    found = [target for case in given.cases for target in _case_targets(case, held)] if held else []
    if held and "csv" in given.files:
        found += _csv_targets(held)
    if held and other:
        for case in given.cases:
            pairs = zip(other.times[case.name], held.times[case.name], strict=True)
            times = median(one / theirs for one, theirs in pairs)
            words = f"{case.words}: SQLite"
            found.append(
                Target(words, f"≤ {MOST_SQLITE:.0f} × PostgreSQL", f"{times:.1f} ×", times <= MOST_SQLITE)
            )
    return found


def _case_targets(case: Case, held: Contender) -> list[Target]:
    found = []
    ms, share = median(held.times[case.name]), held.share(case)
    if case.most is not None:
        found.append(Target(case.words, f"≤ {case.most} × its floor", f"{share:.2f} ×", share <= case.most))
    if case.most_ms is not None:
        found.append(Target(case.words, f"≤ {case.most_ms:.0f} ms", f"{ms:.1f} ms", ms <= case.most_ms))
    if case.beside in held.times:
        times = median(
            one / theirs for one, theirs in zip(held.times[case.name], held.times[case.beside], strict=True)
        )
        found.append(Target(case.words, f"≤ {NOISE} × the first", f"{times:.2f} ×", times <= NOISE))
    return found


def _csv_targets(held: Contender) -> list[Target]:
    pairs = zip(held.files["csv"], held.files[FLOOR], strict=True)
    times, extra = median(one.seconds / floor.seconds for one, floor in pairs), _extra(held, "csv")
    words = FILES["csv"][0]
    return [
        Target(words, f"≤ {MOST_COPY:.0f} × a plain COPY", f"{times:.2f} ×", times <= MOST_COPY),
        Target(words, f"< {MOST_MEMORY:.0f} MiB extra", f"{extra:.1f} MiB", extra < MOST_MEMORY),
    ]


def _plain(contenders: Sequence[Contender], targets: Sequence[Target]) -> dict[str, object]:
    return {
        "machine": machine(),
        "figures": {
            each.kind: {
                "times": each.times,
                "floors": each.floors,
                "files": {name: [asdict(one) for one in made] for name, made in each.files.items()},
            }
            for each in contenders
        },
        "targets": [asdict(target) for target in targets],
    }


if __name__ == "__main__":
    sys.exit(main())
