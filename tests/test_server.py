"""The launcher, with real processes: spreading, restarting, and ending in good order."""

import contextlib
import http.client
import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.support.served import PATIENCE, Served

Start = Callable[..., Served]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Served] = []

    def begin(workers: int = 1, **environ: str) -> Served:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Served(folder, workers, **environ))
        return started[-1]

    yield begin
    for served in started:
        served.kill()


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """For requests that are in flight while something else happens."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def post_slowly(
    served: Served, aside: ThreadPoolExecutor, seconds: float, count: int = 1
) -> list[Future[str]]:
    """Requests that take so long; they are in flight when this returns."""
    path = f"/slow/{seconds:.1f}"
    asked = [aside.submit(served.ask, path, "POST", "kept") for _ in range(count)]
    served.wait_busy(count)
    return asked


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


one_and_two = pytest.mark.parametrize("workers", [1, 2])


# ---- Serving


@one_and_two
def test_answers_do_not_say_which_server_made_them(start: Start, workers: int) -> None:
    served = start(workers).wait_open()
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", "/ready")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ready")
        assert "server" not in response.headers


def test_requests_spread_over_the_workers(start: Start) -> None:
    served = start(2).wait_open()
    counts = Counter(served.worker() for _ in range(100))
    # By chance alone, one in a hundred million runs has a share under 22.
    assert len(counts) == 2
    assert min(counts.values()) > 20


def test_one_worker_needs_no_second_process(start: Start) -> None:
    served = start(1).wait_open()
    assert served.worker() == served.process.pid
    assert psutil.Process(served.process.pid).children() == []


def test_many_files_may_be_open(start: Start) -> None:
    served = start(1).wait_open()
    soft, hard = psutil.Process(served.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == min(hard, 65_536)


# ---- Ports


@one_and_two
def test_a_taken_port_is_said_in_one_line(start: Start, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, printed = start(workers, PORT=str(port)).wait_end()
    assert code == 1
    assert printed == (
        f"Port {port} is taken. Stop what uses it, or choose another: PORT={port + 1} make run\n"
    )


@one_and_two
def test_another_chronos_does_not_share_its_port(start: Start, workers: int) -> None:
    first = start(workers).wait_open()
    code, printed = start(2, PORT=str(first.port)).wait_end()
    assert code == 1
    assert f"Port {first.port} is taken." in printed


def test_an_address_of_another_machine_is_said_in_one_line(start: Start) -> None:
    code, printed = start(1, CHRONOS_HOST="192.0.2.1").wait_end()
    assert code == 1
    assert printed.startswith("192.0.2.1 is no address of this machine.")


# ---- Workers that die


def test_a_killed_worker_is_replaced_and_the_other_serves_on(start: Start) -> None:
    served = start(2).wait_open()
    before = {served.worker() for _ in range(40)}
    killed = before.pop()
    os.kill(killed, signal.SIGKILL)
    seen: set[int] = set()

    def replaced() -> bool:
        # A connection that the dead one had accepted is lost; all others are answered.
        with contextlib.suppress(ConnectionResetError, http.client.RemoteDisconnected):
            seen.add(served.worker())
        return len(seen - {killed}) == 2

    eventually(replaced)
    assert before < seen
    assert f"Worker {killed} ended (signal 9); another starts in 0.5 seconds." in served.told()
    served.stop()
    assert served.wait_end()[0] == 0


def test_workers_end_when_their_supervisor_is_killed(start: Start) -> None:
    served = start(2).wait_open()
    workers = psutil.Process(served.process.pid).children()
    assert len(workers) == 2
    served.process.kill()
    _, living = psutil.wait_procs(workers, timeout=PATIENCE)
    assert living == []


@one_and_two
def test_an_application_that_cannot_start_ends_it_with_exit_code_1(start: Start, workers: int) -> None:
    served = start(workers, FAIL="start")
    assert served.wait_end() == (1, "")
    assert "The cellar is flooded." in served.told()


# ---- What comes first


def test_nobody_is_let_in_before_all_is_prepared(start: Start) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = start(1, PORT=str(port), PREPARE_SECONDS="1.5")
    time.sleep(1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    served.wait_open()
    assert served.port == port


@pytest.mark.parametrize(("outcome", "code"), [("3", 3), ("killed", 1)])
def test_what_cannot_be_prepared_is_not_served(start: Start, outcome: str, code: int) -> None:
    assert start(2, PREPARE_CODE=outcome).wait_end() == (code, "")


def test_a_stop_while_it_prepares_is_obeyed(start: Start) -> None:
    served = start(1, PREPARE_SECONDS="60")
    eventually(lambda: bool(psutil.Process(served.process.pid).children()))
    served.stop()
    assert served.wait_end() == (0, "")


# ---- Stopping


@pytest.mark.parametrize(
    ("workers", "number", "is_group"),
    [
        (1, signal.SIGTERM, False),
        (1, signal.SIGINT, True),
        (2, signal.SIGTERM, False),
        (2, signal.SIGINT, False),
        (2, signal.SIGTERM, True),
    ],
)
def test_a_stop_ends_streams_and_finishes_what_is_in_flight(
    start: Start, aside: ThreadPoolExecutor, workers: int, number: signal.Signals, is_group: bool
) -> None:
    served = start(workers).wait_open()
    streams = [aside.submit(served.ask, "/stream") for _ in range(3)]
    served.wait_busy(3)
    slow = post_slowly(served, aside, 1.5, count=3)
    began = time.monotonic()
    if is_group:
        os.killpg(served.process.pid, number)
    else:
        served.stop(number)
    code, printed = served.wait_end()
    assert time.monotonic() - began < 8
    assert [stream.result() for stream in streams] == ["event: open\n\nevent: end\n\n"] * 3
    assert [answer.result() for answer in slow] == ["kept"] * 3
    assert code == 0
    assert printed.count("stopped") == workers
    assert served.told() == ""


def test_a_stop_turns_readiness_off_at_once_and_lets_nobody_in(
    start: Start, aside: ThreadPoolExecutor
) -> None:
    served = start(1).wait_open()
    with contextlib.closing(served.connect()) as kept:
        kept.request("GET", "/ready")
        assert kept.getresponse().read() == b"ready"
        (slow,) = post_slowly(served, aside, 3)
        served.stop()
        time.sleep(0.2)
        kept.request("GET", "/ready")
        response = kept.getresponse()
        assert (response.status, response.headers["Connection"]) == (503, "close")
        with pytest.raises(ConnectionRefusedError):
            served.worker()
        assert slow.result() == "kept"
    assert served.wait_end()[0] == 0


def test_a_request_that_is_on_its_way_when_the_stop_comes_is_answered(start: Start) -> None:
    served = start(1).wait_open()
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as early:
        time.sleep(0.2)
        served.stop()
        time.sleep(0.05)
        early.sendall(b"POST /slow/0.1 HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nkept")
        with early.makefile("rb") as answer:
            assert answer.read().endswith(b"\r\n\r\nkept")
    assert served.wait_end()[0] == 0


@one_and_two
def test_an_idle_stop_is_quick(start: Start, workers: int) -> None:
    served = start(workers).wait_open()
    began = time.monotonic()
    served.stop()
    assert served.wait_end()[0] == 0
    assert time.monotonic() - began < 3


@one_and_two
def test_what_outlasts_the_grace_is_cut_off_and_the_exit_is_clean(
    start: Start, aside: ThreadPoolExecutor, workers: int
) -> None:
    served = start(workers, CHRONOS_GRACEFUL_SECONDS="2").wait_open()
    (slow,) = post_slowly(served, aside, 60)
    began = time.monotonic()
    served.stop()
    code, printed = served.wait_end()
    assert time.monotonic() - began < 4
    assert code == 0
    assert printed.count("stopped") == workers
    assert "500" in str(slow.exception()), "cut off, and told so"
    assert "1 requests were cut off by the stop." in served.told()


@one_and_two
def test_a_second_signal_hurries_the_stop(start: Start, aside: ThreadPoolExecutor, workers: int) -> None:
    served = start(workers, CHRONOS_GRACEFUL_SECONDS="60").wait_open()
    (slow,) = post_slowly(served, aside, 60)
    began = time.monotonic()
    served.stop()
    time.sleep(2)
    served.stop()
    assert served.wait_end()[0] == 0
    assert time.monotonic() - began < 8
    assert "500" in str(slow.exception()), "cut off, and told so"


# ---- Measuring


def test_two_workers_tell_the_sum_of_both_even_when_one_has_died(start: Start) -> None:
    served = start(2, CHRONOS_METRICS_ALLOW="127.0.0.1").wait_open()
    workers = {served.worker() for _ in range(40)}
    assert figure(served, 'chronos_requests_total{method="GET",route="/pid",status="200"}') == 40
    assert figure(served, 'chronos_request_seconds_count{method="GET",route="/pid"}') == 40
    assert figure(served, 'chronos_pool_connections{state="used"}') == 2
    os.kill(workers.pop(), signal.SIGKILL)
    eventually(lambda: "another starts" in served.told())
    assert figure(served, 'chronos_requests_total{method="GET",route="/pid",status="200"}') == 40
    eventually(lambda: figure(served, 'chronos_pool_connections{state="used"}') == 2)


@one_and_two
def test_open_streams_are_counted_while_they_are_open(start: Start, workers: int) -> None:
    served = start(workers, CHRONOS_METRICS_ALLOW="127.0.0.1").wait_open()
    with contextlib.ExitStack() as streams:
        for _ in range(6):
            stream = streams.enter_context(
                socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE)
            )
            stream.sendall(b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n")
            assert stream.recv(1000).startswith(b"HTTP/1.1 200")
        assert figure(served, "chronos_open_streams") == 6
    eventually(lambda: figure(served, "chronos_open_streams") == 0)
    assert figure(served, 'chronos_requests_total{method="GET",route="/stream",status="200"}') == 6


def figure(served: Served, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", served.ask("/metrics"), re.MULTILINE)
    assert found, series
    return float(found[1])
