"""The Chromium that the browser tests drive: the system's, else Debian's package, else Playwright's own."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.machine import Missing, apt_install, is_root, report

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)


def provide() -> Path:
    """The browser's program, installed first where this machine has none. Raises Missing."""
    _provide_driver()
    if found := next(_candidates(), None):
        return found
    if apt_install("chromium") and (found := next(_candidates(), None)):
        return found
    _playwright("install", "chromium")
    if found := next(_playwrights(), None):
        return found
    raise Missing(
        "The browser tests need Chromium or Chrome, found none and could not install one: "
        "install your system's (on Debian: apt install chromium)."
    )


def arguments() -> list[str]:
    """What Chromium is started with: no talk with the outside, and for root no sandbox, which it can't have."""
    return [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--disable-gpu",
        "--no-first-run",
        *(["--no-sandbox"] if is_root() else []),
    ]


def _provide_driver() -> None:
    """Playwright's own Node, which lacks one library on a very small Debian."""
    words = _playwright("--version")
    if words and apt_install("libatomic1"):
        words = _playwright("--version")
    if words:
        raise Missing(f"The browser tests need Playwright, which does not start: {words}")


def _playwright(*arguments: str) -> str:
    """Run Playwright's command line: nothing, or the words that it failed with."""
    command = [sys.executable, "-m", "playwright", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return " ".join(done.stderr.split())[-500:] or "it says nothing" if done.returncode else ""


def _candidates() -> Iterator[Path]:
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
    yield from (path for path in MACOS if path.exists())
    yield from _playwrights()


def _playwrights() -> Iterator[Path]:
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    if path.exists():
        yield path


if __name__ == "__main__":
    sys.exit(report("Chromium", provide))
