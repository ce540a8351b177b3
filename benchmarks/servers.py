"""The servers that are measured: starting and ending them, and what they cost the machine."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil

ROOT = Path(__file__).parents[1]
SECRET = "5f0c7a1e93b84d26bb1f4c8e07d29a63"  # noqa: S105 (of databases that are thrown away)
KIB = 1024


class NotStarted(Exception):
    """A server did not come up; the text is what it said."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A server on 127.0.0.1 with all its processes."""

    port: int
    process: psutil.Process

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Processor time that all of it has used so far."""
        return cpu_seconds(self._processes())

    def memory(self) -> tuple[float, float]:
        """Memory of its largest process in MiB: what is its own alone (USS), and with its share of the rest (PSS)."""
        found = [each.memory_full_info() for each in self._processes()]
        largest = max(found, key=lambda info: info.pss)
        return largest.uss / KIB**2, largest.pss / KIB**2

    def worker_kib(self) -> float:
        """Memory (PSS) of all its processes together, in KiB."""
        return sum(float(each.memory_full_info().pss) for each in self._processes()) / KIB


def postgres_of(mark: str) -> psutil.Process | None:
    """The main process of the PostgreSQL server here that serves the database of this name, if it can be seen."""
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and f" {mark} " in " ".join(process.info["cmdline"] or ()):
            return process.parent()
    return None


def postgres_seconds(server: psutil.Process) -> float:
    """Processor time of a PostgreSQL server with all its processes, those that have ended among them."""
    gone = server.cpu_times()
    return float(gone.children_user + gone.children_system) + cpu_seconds(server.children())


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


@contextlib.asynccontextmanager
async def chronos(database_url: str, workers: int = 1) -> AsyncIterator[Server]:
    """Chronos as it runs in production, on this database."""
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        environ = {"DATABASE_URL": database_url, "CHRONOS_DATA_DIR": folder}
        async with _run(["quart_app", "serve"], environ, workers) as server:
            yield server


@contextlib.asynccontextmanager
async def floor(sizes: dict[str, int], workers: int = 1) -> AsyncIterator[Server]:
    """The bare application, with answers of these sizes."""
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        words = [f"{name}={size}" for name, size in sizes.items()]
        # No database is opened; PostgreSQL's URL only lets the settings have several workers.
        environ = {"DATABASE_URL": "postgresql://nobody@127.0.0.1/none", "CHRONOS_DATA_DIR": folder}
        async with _run(["benchmarks.floor", *words], environ, workers) as server:
            yield server


@contextlib.asynccontextmanager
async def _run(command: list[str], environ: dict[str, str], workers: int) -> AsyncIterator[Server]:
    port = free_port()
    foreign = {name for name in os.environ if name.startswith("CHRONOS_")} - {"CHRONOS_POOL_SIZE"}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    given = {
        "CHRONOS_ENV": "production",
        "CHRONOS_SECRET_KEY": SECRET,
        "CHRONOS_LOG_LEVEL": "warning",
        "CHRONOS_WORKERS": str(workers),
        "PORT": str(port),
    }
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(  # noqa: ASYNC220 (it takes a millisecond, and nothing is measured meanwhile)
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**kept, **given, **environ},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            await _answers(port, process, said)
            yield Server(port, psutil.Process(process.pid))
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()


async def _answers(port: int, process: "subprocess.Popen[bytes]", said: TextIO) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    said.seek(0)
    raise NotStarted(said.read())
