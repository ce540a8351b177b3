"""Chronos as its owner runs it, `chronos serve`, for a browser to look at."""

import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.conftest import SECRET_KEY

PATIENCE = 60  # seconds


class Server:
    """A serving process of its own on a free port. It may be stopped and started again: the address stays."""

    def __init__(
        self, folder: Path, database_url: str, workers: int = 1, module: str = "quart_app", **environ: str
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._log = folder / "log"
        self._port = _free_port()
        self._workers = workers
        self._module = module
        self.database_url = database_url
        self._environ = {
            **os.environ,
            "CHRONOS_ENV": "production",
            "DATABASE_URL": database_url,
            "CHRONOS_SECRET_KEY": SECRET_KEY,
            "CHRONOS_DATA_DIR": str(folder),
            "CHRONOS_GRACEFUL_SECONDS": "2",
            "CHRONOS_LOG_LEVEL": "warning",
            **environ,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> "Server":
        """Begin to serve, and return when requests are answered."""
        options = ["--host", "127.0.0.1", "--port", str(self._port), "--workers", str(self._workers)]
        command = [sys.executable, "-m", self._module, "serve", *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environ)
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"Chronos does not start: {self._log.read_text()}")
            time.sleep(0.05)
        return self

    def _is_ready(self) -> bool:
        probe = HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            probe.request("GET", "/health/ready")
            return probe.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            probe.close()

    def stop(self) -> None:
        """Tell it to stop, and return when it has."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def complaints(self) -> list[str]:
        """What it has written of faults of its own."""
        return [line for line in self._log.read_text().splitlines() if "Traceback" in line or "error" in line]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
