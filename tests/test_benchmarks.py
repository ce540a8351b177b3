"""The benchmarks run, and tell figures that can be. How fast anything is, no test says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.load import Tally
from benchmarks.report_cases import CASES as REPORTS

ROOT = Path(__file__).parents[1]
TINY = "--sizes=900 --workers=1 --rounds=1 --seconds=0.2 --connections=2 --streams=20 --idle=0.5"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_tiny_run_tells_every_figure(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    environ = {**os.environ, "PYTHONWARNINGS": ""}
    if kind == "postgresql":
        environ["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    told = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *TINY.split(), f"--databases={kind}", f"--json={told}"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(told.read_text())
    floor, contender = figures["figures"].values()
    assert set(floor) == set(contender) == {case.name for case in CASES}
    for name, found in contender.items():
        assert 0 < found["shares"][0] < 2, name
        assert found["p50"][0] <= found["p99"][0], name
        assert found["cpu"][0] >= 0, name
    for case in CASES:
        assert f"### {case.words[0].upper()}{case.words[1:]} (" in done.stdout
    assert all(target["is_met"] in (True, False) and target["found"] for target in figures["targets"])
    assert re.search(r"an event reaches 20 streams, median +\| +≤ 250 ms", done.stdout)


def test_a_share_of_the_latencies_is_told_in_milliseconds() -> None:
    tally = Tally(seconds=[n / 1000 for n in range(100, 0, -1)])
    assert (tally.latency(0.5), tally.latency(0.99)) == (51, 100)
    assert Tally().latency(0.5) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_tiny_run_of_reports_tells_every_figure(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    environ = {**os.environ, "PYTHONWARNINGS": ""}
    if kind == "postgresql":
        environ["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    told = tmp_path / "figures.json"
    tiny = "--entries=700 --rounds=1 --file-rounds=1 --files=csv"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.reports", *tiny.split()),
            *(f"--databases={kind}", f"--json={told}"),
        ],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(told.read_text())
    (found,) = figures["figures"].values()
    assert set(found["times"]) == set(found["floors"]) == {case.name for case in REPORTS}
    assert all(0 < times[0] < 60_000 for times in [*found["times"].values(), *found["floors"].values()])
    (made,), (idle,), (floor,) = (found["files"][name] for name in ("csv", "idle csv", "floor"))
    assert made["size"] > floor["size"] > 10_000 > idle["size"] > 0
    assert made["peak"] > 20
    for case in REPORTS:
        assert f"| {case.words} " in done.stdout
    wanted = sum((case.most is not None) + (case.most_ms is not None) + bool(case.beside) for case in REPORTS)
    assert len(figures["targets"]) == (wanted + 2 if kind == "postgresql" else 0)
