"""`chronos export`: to a file, to standard output, and in words where it can't be."""

import csv
import io
import subprocess
from pathlib import Path

import pytest

from tests.exports.reading import read_csv, read_jsonl, read_xlsx
from tests.test_cli import ROOT, Chronos, command, spoiled
from tests.test_cli import chronos as chronos
from tests.test_cli import environ as environ

EVERYTHING = ("--view", "detailed", "--from", "2020-01-01", "--to", "2099-12-31")


@pytest.fixture
def filled(chronos: Chronos, bare_database_url: str) -> dict[str, str]:
    """Where the sample data is: alice, who owns a studio, and bob, who works there."""
    where = {"DATABASE_URL": bare_database_url}
    assert chronos("sample-data", **where).returncode == 0
    return where


def rows_of(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))]


def test_a_report_goes_to_a_file_a_folder_and_standard_output(
    chronos: Chronos, filled: dict[str, str], tmp_path: Path
) -> None:
    told = chronos("export", "--user", "ALICE", *EVERYTHING, "--output", f"{tmp_path}/all.csv", **filled)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"{tmp_path}/all.csv (")
    rows = read_csv((tmp_path / "all.csv").read_bytes())
    assert {row["Member"] for row in rows} == {"Alice King", "Bob Sato"} or len(rows) > 100
    said = chronos("export", "--user", "alice@example.com", *EVERYTHING, "--running", **filled)
    assert said.returncode == 2
    folder = tmp_path / "reports"
    folder.mkdir()
    query = "view=weekly&period=last-week&by=member"
    told = chronos(
        *("export", "--user", "alice", "--query", query, "--format", "xlsx", "--output", str(folder)),
        **filled,
    )
    assert told.returncode == 0
    (made,) = folder.iterdir()
    assert made.name.startswith("chronos-")
    assert made.name.endswith("-weekly.xlsx")
    assert made.stat().st_mode & 0o777 == 0o600
    assert read_xlsx(made.read_bytes()).rows


def test_what_goes_to_standard_output_is_the_file_and_nothing_else(
    chronos: Chronos, filled: dict[str, str], environ: dict[str, str]
) -> None:
    done = subprocess.run(
        command("export", "--user", "bob", *EVERYTHING, "--format", "jsonl"),
        env={**environ, **filled},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    facts, rows, _end = read_jsonl(done.stdout)
    assert done.stderr == b""
    assert facts["view"] == "detailed"
    assert len({row["member"] for row in rows}) == 1
    assert not [row for row in rows if "amount" in row or "email" in row]


def test_a_reader_that_leaves_early_is_no_fault(filled: dict[str, str], environ: dict[str, str]) -> None:
    with subprocess.Popen(
        command("export", "--user", "alice", *EVERYTHING),
        env={**environ, **filled},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_what_cannot_be_is_said_in_words(chronos: Chronos, filled: dict[str, str], tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "all.csv"
    for options, words in (
        (("--user", "zoe"), "There is no account with the name zoe."),
        (
            ("--user", "alice", "--workspace", "Elsewhere"),
            "alice is in no workspace Elsewhere, but in these: ",
        ),
        (("--user", "alice", "--period", "someday"), "That isn't one of the choices here."),
        (("--user", "alice", "--from", "31.31.2026", "--to", "2026-01-01"), "date"),
        (("--user", "alice", "--zone", "Mars/Base"), "zone"),
        (
            ("--user", "alice", "--query", "project=01a202ca-6d9c-7769-b89c-218a9727db65"),
            "The report asks for something that alice may not see.",
        ),
        (("--user", "alice", "--output", str(nowhere)), f"{nowhere} can't be written: "),
    ):
        told = chronos("export", *options, **filled)
        assert told.returncode == 1, options
        assert words in told.stderr
        assert "Traceback" not in told.stderr
        assert told.stdout == ""
    assert not nowhere.exists()


def test_a_database_of_another_version_is_left_alone(
    chronos: Chronos, environ: dict[str, str], bare_database_url: str
) -> None:
    told = chronos("export", "--user", "alice", DATABASE_URL=bare_database_url)
    assert told.returncode == 1
    assert "Run: chronos migrate" in told.stderr
    assert chronos("migrate").returncode == 0
    spoiled(environ)
    told = chronos("export", "--user", "alice")
    assert told.returncode == 1
    assert "This database is at schema 9999" in told.stderr
