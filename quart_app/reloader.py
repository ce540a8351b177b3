"""For development: runs a command, and runs it again whenever a file changes. Looks once a second."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_SUFFIXES = frozenset({".py", ".html", ".txt", ".svg", ".xml"})
_LOOK_SECONDS = 1.0
_STOP_SECONDS = 15.0


def run_reloading(command: Sequence[str], folders: Sequence[Path]) -> int:
    """Keep the command running until SIGINT or SIGTERM, or until its first run ends by itself. Its exit code.

    Later a run that ends by itself (an error just typed, say) waits for the next change.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    child = subprocess.Popen(command)  # noqa: S603 (our own program with our own arguments)
    try:
        known, is_first = _snapshot(folders), True
        while True:
            time.sleep(_LOOK_SECONDS)
            found = _snapshot(folders)
            if changed := sorted(path for path, _ in found.items() ^ known.items()):
                known, is_first = found, False
                print(f"{changed[0]} changed: starting again", file=sys.stderr, flush=True)  # noqa: T201
                _stop(child)
                child = subprocess.Popen(command)  # noqa: S603
            elif is_first and child.poll() is not None:
                return child.returncode
    finally:
        _stop(child)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _snapshot(folders: Iterable[Path]) -> dict[Path, float]:
    return dict(_times(folders))


def _times(folders: Iterable[Path]) -> Iterator[tuple[Path, float]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in _SUFFIXES:
                try:
                    yield path, path.stat().st_mtime
                except FileNotFoundError:  # removed while we looked
                    continue
