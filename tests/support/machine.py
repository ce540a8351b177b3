"""What the tests' helpers share: the words for a missing program, and how packages are installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


class Missing(Exception):
    """A program that the tests need is not here and could not be got; the text says which, and what to do."""


def is_root() -> bool:
    return os.geteuid() == 0


def apt_install(package: str) -> bool:
    """Install a Debian package; whether that worked. Only root on Debian or a child of it can."""
    if not is_root() or not shutil.which("apt-get"):
        return False
    print(f"Installing Debian's package {package} for the tests", file=sys.stderr, flush=True)
    # Stale lists name packages that are gone. Where a foreign source is broken the others still count.
    _quietly(["apt-get", "-qq", "update"])
    return _quietly(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package])


def pip_install(lock: Path) -> bool:
    """Install just the packages that a lock file names, beside this Python; whether that worked."""
    print(f"Installing {lock.name} for the tests", file=sys.stderr, flush=True)
    rules = ("--no-input", "--no-deps", "--require-hashes")
    return _quietly([sys.executable, "-m", "pip", "install", *rules, "-r", str(lock)])


def _quietly(command: list[str]) -> bool:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, env=environ)
    return done.returncode == 0


def report(name: str, provide: Callable[[], Path]) -> int:
    """For `python -m tests.support.x`: say in one line what is used, or what is missing (exit status 1)."""
    try:
        path = provide()
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"{name} for the tests: {path}")
    return 0
