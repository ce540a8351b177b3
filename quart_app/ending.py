"""SIGTERM ends a command. The first process of a container ignores it, unless it has said what is to be done."""

import os
import signal
import threading
from types import FrameType

CODE = 128 + signal.SIGTERM
LONGEST = 5.0  # seconds, for what a command does on its way out


def end_on_sigterm() -> None:
    """From now on SIGTERM raises SystemExit, so that drafts are removed and transactions rolled back; a second one, or
    LONGEST seconds, end the process wherever it is. `serve` puts its own orderly stop in this one's place."""
    signal.signal(signal.SIGTERM, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(CODE))
    timer = threading.Timer(LONGEST, os._exit, (CODE,))
    timer.daemon = True
    timer.start()
    raise SystemExit(CODE)
