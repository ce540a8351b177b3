"""Starting again when a file changes, for those who develop."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0

RELOADING = """
import sys
from pathlib import Path
from quart_app.reloader import run_reloading
child = "import sys, time; print('started', flush=True); time.sleep(float(sys.argv[1])); sys.exit(4)"
sys.exit(run_reloading([sys.executable, "-c", child, sys.argv[2]], [Path(sys.argv[1])]))
"""


@pytest.fixture
def reloading(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def begin(seconds: str) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", RELOADING, str(tmp_path), seconds]
        started.append(
            subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_a_changed_file_starts_the_program_again(
    reloading: Callable[[str], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = reloading("60")
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "started\n"
    (tmp_path / "new.html").write_text("<p>")
    assert process.stdout.readline() == "started\n"
    assert process.stderr.readline() == f"{tmp_path}/new.html changed: starting again\n"
    (tmp_path / "notes.db").touch()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 0


def test_a_program_that_ends_by_itself_at_first_is_not_waited_for(
    reloading: Callable[[str], subprocess.Popen[str]],
) -> None:
    process = reloading("0")
    assert process.communicate(timeout=PATIENCE) == ("started\n", "")
    assert process.returncode == 4
