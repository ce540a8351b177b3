"""`make bench`: measure Chronos against a bare Quart application, in one run and as ratios. See README.md."""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import uvloop

from benchmarks import cases, data, report, servers, streams
from benchmarks.cases import CASES, Case, Signed
from benchmarks.load import Failed, drive
from benchmarks.report import Figures, Target
from benchmarks.servers import Server
from quart_app.database_url import parse_database_url
from quart_app.listening import raise_file_limit
from tests.support.machine import Missing

SMALL, LARGE = 1_000, 1_000_000


@dataclass(slots=True)
class Contender:
    """A server that takes part, and what was found of it, by the case's name."""

    is_sqlite: bool
    size: int
    workers: int
    server: Server
    signed: Signed
    found: dict[str, Figures] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "SQLite" if self.is_sqlite else "PostgreSQL"

    @property
    def words(self) -> str:
        plural = "s" if self.workers > 1 else ""
        return f"{self.kind}, {self.size:,} entries, {self.workers} worker{plural}"


@dataclass(slots=True)
class Floor:
    """The bare application with so many workers."""

    workers: int
    server: Server
    found: dict[str, Figures] = field(default_factory=dict)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="a million entries too, and more and longer rounds"
    )
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas (both)")
    parser.add_argument(
        "--sizes", help="entries in the database, with commas (1000; with --full 1000,1000000)"
    )
    parser.add_argument(
        "--workers", default="1,2", help="how many workers, with commas (1,2; SQLite has one)"
    )
    parser.add_argument("--cases", help=f"which, with commas ({','.join(case.name for case in CASES)})")
    parser.add_argument("--rounds", type=int, help="how often each is measured (3; with --full 7)")
    parser.add_argument("--seconds", type=float, help="how long each time (1; with --full 2)")
    parser.add_argument("--connections", type=int, default=16, help="keep-alive connections (16)")
    parser.add_argument("--streams", type=int, default=1_000, help="open streams (1000); 0 leaves them out")
    parser.add_argument("--idle", type=float, default=26.0, help="seconds that streams are watched idle (26)")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    given = parser.parse_args()
    given.rounds = given.rounds or (7 if given.full else 3)
    given.seconds = given.seconds or (2.0 if given.full else 1.0)
    given.sizes = _numbers(given.sizes) if given.sizes else [SMALL, LARGE] if given.full else [SMALL]
    given.workers = _numbers(given.workers)
    given.databases = given.databases.split(",")
    names = given.cases.split(",") if given.cases else [case.name for case in CASES]
    given.cases = [case for case in CASES if case.name in names]
    return given


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> int:
    given = _arguments()
    raise_file_limit()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_measure(given))
    except (Missing, Failed, servers.NotStarted) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _measure(given: argparse.Namespace) -> None:
    async with contextlib.AsyncExitStack() as stack:
        urls = await _databases(stack, given)
        contenders = [
            await _enter(stack, is_sqlite, size, workers, url)
            for (is_sqlite, size), url in urls.items()
            for workers in given.workers
            if workers == 1 or not is_sqlite
        ]
        sizes = await cases.sizes(contenders[0].signed)
        floors = [
            Floor(workers, await stack.enter_async_context(servers.floor(sizes, workers)))
            for workers in given.workers
        ]
        await _rounds(given, contenders, floors)
        print(machine(), "\n")
        for case in given.cases:
            _print_case(case, contenders, floors, sizes[case.name])
        targets = [*_rate_targets(given, contenders), *await _weigh(given, contenders)]
        print(report.target_table(targets))
        if given.json:
            given.json.write_text(json.dumps(_plain(contenders, floors, targets), indent=1))


# --- what takes part ---------------------------------------------------------------------------------------------


async def _databases(
    stack: contextlib.AsyncExitStack, given: argparse.Namespace
) -> dict[tuple[bool, int], str]:
    """A filled database of each kind and size, by (is SQLite, size); its URL."""
    urls = {}
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chronos-bench-")))
    server = ""
    for size in given.sizes:
        for kind in given.databases:
            if kind == "sqlite":
                url = f"sqlite+aiosqlite:///{folder / f'{size}.db'}"
            else:
                server = server or own_or_given_postgres(stack)
                url = await stack.enter_async_context(data.postgres_database(server, data.name_of(size)))
            _say(f"Filling {kind} with {size:,} entries")
            await data.fill(url, size, lambda *_: None)
            urls[kind == "sqlite", size] = url
    return urls


def own_or_given_postgres(stack: contextlib.AsyncExitStack) -> str:
    """The server of DATABASE_URL, where databases of ours are made; else a server of our own."""
    if given := os.environ.get("DATABASE_URL"):
        return parse_database_url(given).url
    return stack.enter_context(data.own_postgres())


async def _enter(
    stack: contextlib.AsyncExitStack, is_sqlite: bool, size: int, workers: int, url: str
) -> Contender:
    server = await stack.enter_async_context(servers.chronos(url, workers))
    return Contender(is_sqlite, size, workers, server, await cases.sign_in(server.port))


# --- rounds ------------------------------------------------------------------------------------------------------


async def _rounds(
    given: argparse.Namespace, contenders: Sequence[Contender], floors: Sequence[Floor]
) -> None:
    """Everything once a round, the floor beside what is held against it: what slows the machine slows both."""
    for number in range(-1, given.rounds):
        _say("Warming up" if number < 0 else f"Round {number + 1} of {given.rounds}")
        for case in given.cases:
            seconds = min(0.5, given.seconds) if number < 0 else given.seconds
            for floor in floors:
                plan = cases.floor_plan(floor.server.port, case, given.connections)
                await _once(floor.server, plan, 1, seconds, floor.found.setdefault(case.name, Figures()))
                rate, cpu = floor.found[case.name].rates[-1], floor.found[case.name].cpu[-1]
                for contender in contenders:
                    if contender.workers != floor.workers:
                        continue
                    found = contender.found.setdefault(case.name, Figures())
                    plan = case.plan(contender.signed, given.connections)
                    units = _units(case, contender.signed)
                    name = None if contender.is_sqlite else data.name_of(contender.size)
                    await _once(contender.server, plan, units, seconds, found, name)
                    found.shares.append(found.rates[-1] / rate)
                    found.cpu_shares.append(cpu / found.cpu[-1])
        if number < 0:
            for found_of in [each.found for each in contenders] + [each.found for each in floors]:
                found_of.clear()


def _units(case: Case, signed: Signed) -> int:
    return len(case.steps(signed, case.people[0]))


async def _once(
    server: Server, plan: cases.Plan, steps: int, seconds: float, found: Figures, database: str | None = None
) -> None:
    """One measurement, added to what was found. `steps` requests are one unit of the rate."""
    postgres = servers.postgres_of(database) if database else None
    database_cpu = servers.postgres_seconds(postgres) if postgres else 0.0
    cpu = server.cpu_seconds()
    tally = await drive(server.port, plan, seconds)
    units = len(tally.seconds) / steps
    found.rates.append(units / tally.elapsed)
    found.cpu.append(1e6 * (server.cpu_seconds() - cpu) / units)
    if postgres:
        found.database_cpu.append(1e6 * (servers.postgres_seconds(postgres) - database_cpu) / units)
    found.p50.append(tally.latency(0.50))
    found.p99.append(tally.latency(0.99))


# --- the report --------------------------------------------------------------------------------------------------


def machine() -> str:
    cores = psutil.cpu_count()
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores"


def _print_case(case: Case, contenders: Sequence[Contender], floors: Sequence[Floor], size: int) -> None:
    rows: list[tuple[str, Figures]] = []
    for floor in floors:
        rows.append(
            (f"floor, {floor.workers} worker{'s' if floor.workers > 1 else ''}", floor.found[case.name])
        )
        rows += [(each.words, each.found[case.name]) for each in contenders if each.workers == floor.workers]
    print(f"### {case.words[0].upper()}{case.words[1:]} ({size:,} bytes)\n\n{report.rate_table(rows)}\n")


def _rate_targets(given: argparse.Namespace, contenders: Sequence[Contender]) -> list[Target]:
    """Shares of the floor on PostgreSQL (on SQLite where nothing else is measured), growth on both. One worker each."""
    single = [each for each in contenders if each.workers == 1]
    if not single:
        return []
    held = next((each for each in single if not each.is_sqlite), single[0])
    targets = report.rate_targets(given.cases, held.found)
    for is_sqlite in (False, True):
        same = [each for each in single if each.is_sqlite == is_sqlite]
        for other in same[1:]:
            words = f"{other.size:,} entries, {other.kind}"
            targets += report.growth_targets(words, given.cases, same[0].found, other.found)
    return targets


async def _weigh(given: argparse.Namespace, contenders: Sequence[Contender]) -> list[Target]:
    """Memory, and open streams. Last: by now the workers have done all that they do."""
    held = ([each for each in contenders if each.workers == 1] or contenders)[-1]
    uss, pss = held.server.memory()
    print(f"Memory of a worker, warm: {uss:.0f} MiB of its own (USS), {pss:.0f} MiB with its share (PSS)\n")
    targets = [report.memory_target(uss)]
    if given.streams:
        _say(f"Opening {given.streams:,} streams")
        found = await streams.measure(held.server, held.signed, given.streams, 10, given.idle)
        targets += report.stream_targets(found)
    return targets


def _plain(
    contenders: Sequence[Contender], floors: Sequence[Floor], targets: Sequence[Target]
) -> dict[str, object]:
    named = [(f"floor, {floor.workers}", floor.found) for floor in floors]
    named += [(each.words, each.found) for each in contenders]
    return {
        "machine": machine(),
        "figures": {words: {name: asdict(one) for name, one in found.items()} for words, found in named},
        "targets": [asdict(target) for target in targets],
    }


if __name__ == "__main__":
    sys.exit(main())
