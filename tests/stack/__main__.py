"""`make stack-test`: the real images and compose.yml, brought up on this machine and tried (docs/development.md).

The trials are tests of pytest. This starts them, and removes what they leave behind, however they end.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tests.stack import engines
from tests.stack.stack import image_names

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make stack-test", description="Bring the container stack up and try it."
    )
    parser.add_argument("trials", nargs="*", help="only these: the numbers or words of tests/stack/test_*.py")
    parser.add_argument("--engine", choices=["docker", "podman"], default="docker")
    parser.add_argument("--keep", action="store_true", help="leave the stacks up, to look at")
    parser.add_argument("-k", dest="only", default="", help="only tests whose names match, as with pytest")
    parser.add_argument("-x", dest="first", action="store_true", help="end at the first failure")
    given = parser.parse_args()
    files = [str(path) for path in sorted(HERE.glob("test_*.py")) if chosen(path, given.trials)]
    if not files:
        parser.error(f"no trial is called {' or '.join(given.trials)}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:xdist",
        "-o",
        "faulthandler_timeout=900",
        "--tb=short",
        "-v",
    ]
    command += ["-x"] * given.first + ["-k", given.only] * bool(given.only)
    environ = {**os.environ, "STACK_ENGINE": given.engine} | ({"STACK_KEEP": "1"} if given.keep else {})
    try:
        engine = engines.start(given.engine)
    except engines.Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    with subprocess.Popen([*engine.clients, *command, *files], env=environ, cwd=HERE.parents[1]) as tests:
        pass_on(tests)
        code = tests.wait()
    if not given.keep:
        clear(engine, f"chronos-stack-{tests.pid}")
    return code


def chosen(path: Path, trials: list[str]) -> bool:
    number, _, words = path.stem.removeprefix("test_").partition("_")
    return not trials or any(trial in (number, words, path.stem) for trial in trials)


def pass_on(tests: "subprocess.Popen[bytes]") -> None:
    """Whoever ends this ends the tests, as Ctrl+C does: they then take their stacks down."""

    def end(_number: int, _frame: FrameType | None) -> None:
        tests.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, lambda _number, _frame: None)  # the terminal has sent it to the tests, too


def clear(engine: engines.Engine, name: str) -> None:
    """Remove what is still there of a run that was killed."""
    for what, column, every, force in (
        ("container", "{{.Names}}", ["--all"], ["--force"]),
        ("network", "{{.Name}}", [], []),
        ("volume", "{{.Name}}", [], ["--force"]),
    ):
        there = engine.run(what, "ls", *every, "--format", column).stdout.split()
        if left := [found for found in there if found.startswith(f"{name}-")]:
            engine.run(what, "rm", *force, *left, check=False)
    for image in (*image_names(name), *image_names(f"{name}-next")):
        if engine.has_image(image):
            engine.run("rmi", "--force", image, check=False)


if __name__ == "__main__":
    sys.exit(main())
