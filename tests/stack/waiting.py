"""Waiting for something to become so, with a deadline: nothing here sleeps and hopes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY = 0.1  # seconds


def until(found: Callable[[], T | None], words: str, seconds: float = 30) -> T:
    """The first value of found() that is neither None nor False; fails, saying the words, after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value is not None and value is not False:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {words}")
        time.sleep(LOOK_EVERY)


class Watch:
    """Seconds since it was made: watch.seconds."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._since

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s"
