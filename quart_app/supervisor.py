"""Keeping several worker processes: starts them, starts again those that died, and ends them together."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLogger
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess

# A worker's whole work: (life, up) -> exit code. `life` is a file that ends when the supervisor is gone;
# something sent to `up` says that requests may come.
Work = Callable[[int, Connection], int]

STEADY_SECONDS = 10.0  # a worker that lived so long did not fail because of how it starts
LONGEST_PAUSE = 30.0
# A signal to the whole process group comes twice, by way of the parent too. Only a later one means "hurry".
AGAIN_SECONDS = 1.0
_STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_fork = get_context("fork")
_log = getLogger(__name__)


def run_apart(work: Callable[[], int]) -> int | None:
    """Run the work in a process of its own and return its exit code, so that this one stays fit to be forked.

    None when SIGTERM or SIGINT came and ended it; 1 when something else killed it.
    """
    process = _fork.Process(target=_work_apart, args=(work,))
    asked: list[int] = []

    def end(number: int, _frame: object) -> None:
        asked.append(number)
        process.terminate()

    with _without_stops():
        process.start()
        kept = {number: signal.signal(number, end) for number in _STOPS}
    process.join()
    for number, handler in kept.items():
        signal.signal(number, handler)
    if asked:
        return None
    code = process.exitcode or 0
    return code if code >= 0 else 1


def _work_apart(work: Callable[[], int]) -> None:
    _forget_stops()
    sys.exit(work())


@contextmanager
def _without_stops() -> Iterator[None]:
    """Keep stop signals waiting while a child is forked: until it has forgotten its parent's handlers."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


def _forget_stops() -> None:
    """In a child: stop signals end it, as they do any process."""
    signal.set_wakeup_fd(-1)
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


@dataclass(slots=True)
class _Slot:
    """The place of one worker, whichever process fills it now."""

    process: ForkProcess | None = None
    listening: Connection | None = None
    is_up: bool = False
    started_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0


class Supervisor:
    """Forks `count` workers from this process, which must have no threads and no running event loop."""

    def __init__(
        self,
        count: int,
        work: Work,
        graceful_seconds: float,
        announce: Callable[[], None],
        buried: Callable[[int], None] = lambda pid: None,
    ) -> None:
        self._slots = [_Slot() for _ in range(count)]
        self._work = work
        self._graceful_seconds = graceful_seconds
        self._announce = announce
        self._buried = buried
        self._is_announced = False
        self._asked_at: float | None = None
        self._forwarded = 0
        self._asked = 0
        self._code = 0

    def run(self) -> int:
        """Keep the workers until SIGTERM or SIGINT. Returns the exit code: 1 when they could not start."""
        self._life_read, self._life_write = os.pipe()
        waking, self._waker = socket.socketpair()
        waking.setblocking(False)
        self._waker.setblocking(False)
        kept = {number: signal.signal(number, self._ask) for number in _STOPS}
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._waking = waking
        try:
            while self._step():
                pass
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in kept.items():
                signal.signal(number, handler)
            os.close(self._life_read)
            os.close(self._life_write)
            waking.close()
            self._waker.close()
        return self._code

    def _ask(self, *_signal: object) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at, self._asked = now, 1
        elif now - self._asked_at > AGAIN_SECONDS:
            self._asked += 1

    def _step(self) -> bool:
        """One round: start what is due, wait for news, take note of it. False when all is over."""
        if self._asked_at is None:
            for slot in self._slots:
                if slot.process is None and slot.due_at <= time.monotonic():
                    self._start(slot)
        elif not self._end(self._asked_at + self._graceful_seconds + 1):
            return False
        self._wait()
        for slot in self._slots:
            self._look_at(slot)
        if not self._is_announced and all(slot.is_up for slot in self._slots):
            self._is_announced = True
            self._announce()
        return True

    def _end(self, deadline: float) -> bool:
        """Pass the stop on, each time it is asked for; kill who outstays. False when none is left."""
        living = [slot.process for slot in self._slots if slot.process is not None]
        while self._forwarded < self._asked:
            self._forwarded += 1
            for process in living:
                process.terminate()
        if time.monotonic() > deadline:
            for process in living:
                _log.warning("Worker %s did not stop in time and was killed.", process.pid)
                process.kill()
        return bool(living)

    def _wait(self) -> None:
        news: list[Connection | socket.socket | int] = [self._waking]
        for slot in self._slots:
            if slot.process is not None:
                news.append(slot.process.sentinel)
            if slot.listening is not None:
                news.append(slot.listening)
        due = [slot.due_at for slot in self._slots if slot.process is None]
        pause = min([*due, time.monotonic() + 1]) - time.monotonic()
        wait(news, max(pause, 0))
        try:
            while self._waking.recv(512):
                pass
        except BlockingIOError:
            pass

    def _look_at(self, slot: _Slot) -> None:
        if slot.listening is not None and slot.listening.poll():
            try:
                slot.is_up = bool(slot.listening.recv_bytes())
            except EOFError:
                slot.is_up = False
            slot.listening.close()
            slot.listening = None
        if slot.process is not None and slot.process.exitcode is not None:
            self._bury(slot, slot.process)

    def _bury(self, slot: _Slot, process: ForkProcess) -> None:
        now, pid, code = time.monotonic(), process.pid, process.exitcode
        was_up, slot.is_up, slot.process = slot.is_up, False, None
        process.close()
        self._buried(pid or 0)
        if self._asked_at is not None:
            return
        if not self._is_announced and not was_up and (code or 0) > 0:
            # It has said why. The others would fail alike: do not try for ever.
            self._code = 1
            self._ask()
            return
        slot.failures = 0 if now - slot.started_at >= STEADY_SECONDS else slot.failures + 1
        pause = min(0.25 * 2**slot.failures, LONGEST_PAUSE) if slot.failures else 0.0
        slot.due_at = now + pause
        reason = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        _log.error("Worker %s ended (%s); another starts in %g seconds.", pid, reason, pause)

    def _start(self, slot: _Slot) -> None:
        receiver, sender = _fork.Pipe(duplex=False)
        slot.process = _fork.Process(target=self._child, args=(sender,))
        slot.started_at = time.monotonic()
        with _without_stops():
            slot.process.start()
        sender.close()
        slot.listening = receiver

    def _child(self, listening: Connection) -> None:
        _forget_stops()
        os.close(self._life_write)
        sys.exit(self._work(self._life_read, listening))
