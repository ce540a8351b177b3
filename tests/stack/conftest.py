"""The stack that the trials share, the figures they measure, and the logs of what failed."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.stack import engines
from tests.stack.engines import Engine
from tests.stack.people import Person, make_people
from tests.stack.stack import SERVICES, Stack, image_names
from tests.stack.waiting import Watch

FIGURES = pytest.StashKey[list[tuple[str, str]]]()
STACKS = pytest.StashKey[list[Stack]]()
LOG_LINES = 25
UNEVENTFUL = re.compile(r'"status":[23]')
Record = Callable[[str, object], None]


@pytest.fixture(scope="session", autouse=True)
def _stashes(pytestconfig: pytest.Config) -> None:
    pytestconfig.stash.setdefault(FIGURES, [])
    pytestconfig.stash.setdefault(STACKS, [])


@pytest.fixture(scope="session")
def record(pytestconfig: pytest.Config, _stashes: None) -> Record:
    """record("killed: restarted after", "0.6 s"): a line of the table at the end."""
    return lambda what, figure: pytestconfig.stash[FIGURES].append((what, str(figure)))


@pytest.fixture(scope="session")
def run_name() -> str:
    """What everything of this run is called, so that it can all be found again."""
    return f"chronos-stack-{os.getpid()}"


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="chronos-stack-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def engine(record: Record) -> Engine:
    watch = Watch()
    found = engines.start(os.environ.get("STACK_ENGINE", "docker"))
    version = found.run("version", "--format", "{{.Client.Version}}").stdout.strip()
    record("engine", f"{found.name} {version}, ready after {watch}")
    record("machine", f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    return found


@pytest.fixture(scope="session")
def new_stack(
    engine: Engine, run_name: str, pytestconfig: pytest.Config, _stashes: None
) -> Iterator[Callable[..., Stack]]:
    """new_stack("second", overrides=[...], CHRONOS_X="..."): a stack of its own, not yet up. It goes with the run."""
    made = pytestconfig.stash[STACKS]

    def make(name: str, *, overrides: tuple[Path, ...] = (), **settings: str) -> Stack:
        project = f"{run_name}-{name}"
        made.append(Stack(engine, project, run_name, overrides=overrides, **settings))
        return made[-1]

    yield make
    if "STACK_KEEP" in os.environ:
        return
    for stack in made:
        stack.down()
    # Only now: an image that is in use would lose its name, and stay.
    engine.run("rmi", "--force", *image_names(run_name), check=False)


@pytest.fixture(scope="session")
def images(new_stack: Callable[..., Stack], run_name: str, record: Record) -> list[str]:
    """The three images of this checkout, under a tag of this run: their names."""
    watch = Watch()
    new_stack("build").compose("build", seconds=900)
    record("images: built in", watch)
    return image_names(run_name)


@pytest.fixture(scope="session")
def stack(new_stack: Callable[..., Stack], images: list[str], record: Record) -> Stack:
    """The stack that most trials work on: up, healthy, with one web and an owner."""
    made = new_stack("main")
    watch = Watch()
    made.up()
    record("first start: all healthy after", watch)
    return made


@pytest.fixture(scope="module", autouse=True)
def _whole(stack: Stack) -> None:
    """What one module's trial left broken is no fault of the next."""
    if not stack.is_healthy():
        stack.up()


@pytest.fixture(scope="session")
def people(stack: Stack) -> list[Person]:
    """Ten people with a session each."""
    return make_people(stack, [f"person{number}" for number in range(10)])


@pytest.fixture
def three_webs(stack: Stack) -> list[str]:
    """The containers of three webs, all of them ready."""
    stack.set(CHRONOS_WEB_REPLICAS="3")
    if len(stack.containers("web")) != 3 or not stack.is_healthy():
        stack.up()
    return stack.containers("web")


# ---- What is said at the end


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for stack in item.config.stash.get(STACKS, []):
            report.sections += list(_logs(stack))
    return report


def _logs(stack: Stack) -> Iterator[tuple[str, str]]:
    """The ends of the logs of what runs, or has ended, in this stack."""
    for service in (*SERVICES, "backup"):
        found = stack.inspect(service)
        if found:
            states = ", ".join(str(one["State"]["Status"]) for one in found)
            lines = [line for line in stack.logs(service).splitlines() if not UNEVENTFUL.search(line)]
            yield f"{stack.name} {service} ({states})", "\n".join(lines[-LOG_LINES:])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
        width = max(len(what) for what, _ in figures)
        for what, figure in figures:
            terminalreporter.write_line(f"{what:<{width}}  {figure}")
    if "STACK_KEEP" in os.environ:
        for stack in config.stash.get(STACKS, []):
            terminalreporter.write_line(f"kept: {stack.url}, end it with `compose -p {stack.name} down -v`")
