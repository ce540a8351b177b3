"""Run beside the tests: waits until their main process is gone, then stops the server and removes the run's folder.

Waiting means asking for the lock that the main process holds: the system gives it up however that process ended.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path


def main(run: Path, server: int) -> None:
    with (run / "running").open() as running:
        fcntl.flock(running, fcntl.LOCK_EX)
    os.kill(server, signal.SIGQUIT)
    deadline = time.monotonic() + 10
    while (run / "postgres/data/postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    shutil.rmtree(run, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
