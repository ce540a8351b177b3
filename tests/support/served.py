"""A launcher in a process of its own, serving a small application: this file, run as a program."""

import asyncio
import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO

from quart import Quart, Response, request

from quart_app import logs, metrics, server
from quart_app.listening import CannotListen
from quart_app.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds; far more than anything here takes


def make_app(settings: Settings) -> Quart:
    """A small application with the parts that the launcher knows of."""
    app = Quart(__name__)
    closing = asyncio.Event()
    live = SimpleNamespace(end_all=lambda: None)
    database = SimpleNamespace(pool_counts=lambda: {"used": 1})
    app.extensions["chronos"] = SimpleNamespace(
        settings=settings, closing=closing, live=live, database=database
    )

    @app.get("/pid")
    async def pid() -> str:
        return str(os.getpid())

    @app.get("/ready")
    async def ready() -> tuple[str, int]:
        return ("stopping", 503) if closing.is_set() else ("ready", 200)

    @app.post("/slow/<float:seconds>")
    async def slow(seconds: float) -> Response:
        say("busy")
        await asyncio.sleep(seconds)
        return Response(await request.get_data())

    @app.get("/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[bytes]:
            say("busy")
            yield b"event: open\n\n"
            await closing.wait()
            yield b"event: end\n\n"

        response = Response(events(), content_type="text/event-stream")
        response.timeout = None
        return response

    @app.get("/metrics")
    async def figures() -> bytes:
        measured: metrics.Metrics = app.extensions[metrics.EXTENSION]
        return measured.expose({})

    @app.before_serving
    async def start() -> None:
        if os.environ.get("FAIL") == "start":
            raise RuntimeError("The cellar is flooded.")

    @app.after_serving
    async def stop() -> None:
        say("stopped")

    metrics.install(app)
    return app


def say(word: str) -> None:
    """A line on standard output, in one piece among those of other workers."""
    os.write(1, f"{word}\n".encode())


def prepare() -> int:
    time.sleep(float(os.environ.get("PREPARE_SECONDS", "0")))
    if os.environ.get("PREPARE_CODE") == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return int(os.environ.get("PREPARE_CODE", "0"))


def run() -> int:
    settings = load_settings()
    logs.configure(settings.log_format, settings.log_level)
    try:
        return server.serve(settings, make_app, prepare=prepare, announce=lambda url: say(f"open {url}"))
    except CannotListen as error:
        print(error, flush=True)
        return 1


class Served:
    """A running launcher, and what it prints."""

    def __init__(self, folder: Path, workers: int = 1, **environ: str) -> None:
        # Nobody ever connects to this database: it is only named because several workers need one.
        known = {
            "DATABASE_URL": "postgresql://127.0.0.1:1/none",
            "CHRONOS_DATA_DIR": str(folder),
            "PORT": "0",
        }
        self.errors = (folder / "errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.support.served"],
            env={**os.environ, **known, "CHRONOS_WORKERS": str(workers), **environ},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        self.port = 0

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout
        return self.process.stdout

    def wait_open(self) -> "Served":
        line = self.output.readline()
        found = re.fullmatch(r"open http://localhost:(\d+)\n", line)
        assert found, line + self.told()
        self.port = int(found[1])
        return self

    def wait_busy(self, count: int) -> None:
        """Until so many requests are in flight."""
        for _ in range(count):
            assert self.output.readline() == "busy\n", self.told()

    def told(self) -> str:
        return Path(self.errors.name).read_text()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> str:
        """The body of an answer, on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body)
            response = connection.getresponse()
            assert response.status == 200, f"{response.status}: {self.told()}"
            return response.read().decode()

    def worker(self) -> int:
        return int(self.ask("/pid"))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait_end(self) -> tuple[int, str]:
        """The exit code, and what was printed since it was open."""
        printed, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, printed

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        self.errors.close()


if __name__ == "__main__":
    sys.exit(run())
