"""The command line, run as people run it."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from quart_app.samples import studio
from tests.support import postgres

ROOT = Path(__file__).parents[1]
KEY = "0123456789abcdef" * 4
PATIENCE = 60.0
Chronos = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "quart_app", *arguments]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A data folder of one's own, and no colours."""
    return {**os.environ, "CHRONOS_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1"}


@pytest.fixture
def chronos(environ: dict[str, str]) -> Chronos:
    """Runs a command to its end; `typed` is its standard input, names are variables of the environment."""

    def run(*arguments: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            env={**environ, **more},
            cwd=ROOT,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


def spoiled(environ: dict[str, str]) -> None:
    """Leave the schema as a newer version of Chronos would."""
    with contextlib.closing(sqlite3.connect(f"{environ['CHRONOS_DATA_DIR']}/chronos.db")) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()


# ---- Help and settings


def test_help_names_every_command(chronos: Chronos) -> None:
    told = chronos("--help")
    assert told.returncode == 0
    for name in ("serve", "migrate", "sample-data", "create-user", "backup", "restore", "doctor"):
        assert re.search(rf"^  {name} ", told.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ["serve", "migrate", "sample-data", "doctor"])
def test_bad_settings_stop_every_command_in_words(chronos: Chronos, name: str) -> None:
    told = chronos(name, CHRONOS_POOL_SIZE="many", DATABASE_URL="postgres://me:hunter2@h")
    assert told.returncode == 1
    assert told.stdout == ""
    assert "2 settings need a change:" in told.stderr
    assert 'CHRONOS_POOL_SIZE "many" is not a whole number.' in told.stderr
    assert not re.search("Traceback|hunter2", told.stderr)


def test_a_slip_in_a_variables_name_is_told_and_no_more(chronos: Chronos) -> None:
    told = chronos("migrate", CHRONOS_WORKER="2")
    assert told.returncode == 0
    assert told.stderr == "Warning: CHRONOS_WORKER is no setting of Chronos: did you mean CHRONOS_WORKERS?\n"


def test_production_refuses_to_start_without_a_secret(chronos: Chronos) -> None:
    told = chronos("serve", CHRONOS_ENV="production", PORT="0")
    assert told.returncode == 1
    assert "CHRONOS_SECRET_KEY is missing" in told.stderr


def test_options_win_over_the_environment(chronos: Chronos) -> None:
    told = chronos("serve", "--port", "99999", "--host", "http://x", "--workers", "2", PORT="8000")
    assert told.returncode == 1
    assert 'PORT "99999" is too big' in told.stderr
    assert 'CHRONOS_HOST "http://x" is no host' in told.stderr
    assert "CHRONOS_WORKERS" in told.stderr


# ---- Migrating


def test_migrating_twice_changes_nothing(chronos: Chronos, bare_database_url: str) -> None:
    told = [chronos("migrate", DATABASE_URL=bare_database_url) for _ in range(2)]
    assert [one.returncode for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout
    assert re.fullmatch(r"The schema of \S+ is current \(\d+\)\.\n", told[0].stdout)
    assert told[0].stderr == ""


@pytest.mark.parametrize("name", ["serve", "migrate", "sample-data"])
def test_a_newer_database_is_refused_in_words(chronos: Chronos, environ: dict[str, str], name: str) -> None:
    chronos("migrate")
    spoiled(environ)
    told = chronos(name, PORT="0")
    assert told.returncode == 1
    assert "This database is at schema 9999" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("name", ["serve", "migrate", "sample-data"])
def test_a_database_that_is_away_is_said_in_words(chronos: Chronos, name: str) -> None:
    began = time.monotonic()
    told = chronos(name, PORT="0", DATABASE_URL="postgres://me:hunter2@127.0.0.1:1/hours")
    assert told.returncode == 1
    assert "The database 127.0.0.1:1/hours can't be reached" in told.stderr
    assert "Is PostgreSQL running there" in told.stderr
    assert not re.search("Traceback|hunter2", told.stderr)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", ["serve", "migrate", "doctor"])
def test_a_database_that_does_not_exist_is_said_in_words(
    chronos: Chronos, postgres_url: str, name: str
) -> None:
    told = chronos(name, PORT="0", DATABASE_URL=postgres.on_database(postgres_url, "nowhere"))
    assert told.returncode == 1
    assert 'database "nowhere" does not exist' in told.stdout + told.stderr
    assert "does DATABASE_URL have the right" in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_production_waits_for_a_database_that_is_starting(chronos: Chronos) -> None:
    began = time.monotonic()
    told = chronos(
        "serve",
        PORT="0",
        CHRONOS_ENV="production",
        CHRONOS_SECRET_KEY=KEY,
        CHRONOS_DATABASE_WAIT_SECONDS="2",
        DATABASE_URL="postgres://me@127.0.0.1:1/hours",
    )
    assert told.returncode == 1
    assert time.monotonic() - began > 1.5
    assert told.stderr.count("Waiting for the database 127.0.0.1:1/hours") == 1
    assert "can't be reached" in told.stderr


# ---- Serving


class Serving:
    """`chronos serve` in the background, until it is open."""

    def __init__(self, environ: dict[str, str], *arguments: str, **more: str) -> None:
        self.process = subprocess.Popen(
            command("serve", *arguments),
            env={**environ, "PORT": "0", **more},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.url = ""

    def __enter__(self) -> "Serving":
        assert self.process.stdout
        while not self.url:
            line = self.process.stdout.readline()
            assert line, self.lines
            self.lines.append(line)
            self.url = next(iter(re.findall(r"http://\S+", line)), "")
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, path: str) -> str:
        with urlopen(self.url + path, timeout=PATIENCE) as response:  # noqa: S310 (our own server)
            body: bytes = response.read()
        return body.decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


def test_serve_migrates_and_says_where_it_is_open(environ: dict[str, str]) -> None:
    with Serving(environ) as serving:
        assert serving.lines == [f"Chronos is open at {serving.url} (Ctrl+C stops it).\n"]
        assert serving.ask("/health/ready") == '{"status":"ok"}\n'
        assert "<html" in serving.ask("/login")
        assert serving.stop() == 0


def test_sample_data_comes_once_and_both_starts_say_as_whom_to_sign_in(environ: dict[str, str]) -> None:
    told = [
        f"Sign in as {person.username} with the password: {person.password}\n" for person in studio.PEOPLE
    ]
    counts = []
    for _ in range(2):
        with Serving(environ, CHRONOS_SAMPLE_DATA="1") as serving:
            assert serving.lines[:-1] == told
            assert serving.stop() == 0
        with contextlib.closing(sqlite3.connect(f"{environ['CHRONOS_DATA_DIR']}/chronos.db")) as db:
            counts += db.execute("SELECT count(*) FROM entries").fetchone()
    assert counts[0] == counts[1] > 100


@pytest.mark.parametrize("bare_database_url", ["postgresql"], indirect=True)
def test_several_workers_serve_from_one_command(environ: dict[str, str], bare_database_url: str) -> None:
    environ = {**environ, "DATABASE_URL": bare_database_url}
    with Serving(environ, "--workers", "2", CHRONOS_SAMPLE_DATA="1") as serving:
        for _ in range(10):
            assert serving.ask("/health/ready") == '{"status":"ok"}\n'
        assert serving.stop() == 0


# ---- People


def create(chronos: Chronos, username: str, email: str, password: str, **more: str) -> tuple[int, str]:
    told = chronos(
        *("create-user", "--username", username, "--email", email, "--password-stdin"),
        typed=f"{password}\n",
        **more,
    )
    assert "Traceback" not in told.stderr
    return told.returncode, told.stdout + told.stderr


def test_an_account_can_be_made_even_where_registration_is_closed(
    chronos: Chronos, bare_database_url: str
) -> None:
    more = {"DATABASE_URL": bare_database_url, "CHRONOS_REGISTRATION": "closed"}
    assert create(chronos, "Joe", "joe@example.com", "a good long one", **more) == (0, "Joe may sign in.\n")
    assert create(chronos, "joe", "other@example.com", "a good long one", **more) == (
        1,
        "There is an account with this username already. Choose another username.\n",
    )
    assert create(chronos, "other", "JOE@example.com", "a good long one", **more) == (
        1,
        "There is an account with this email already. Choose another email.\n",
    )


def test_a_bad_account_is_refused_field_by_field(chronos: Chronos) -> None:
    code, told = create(chronos, "j", "joe", "hunter2")
    assert code == 1
    assert [line.partition(":")[0] for line in told.splitlines()] == ["Username", "Email", "Password"]
    assert "hunter2" not in told


# ---- Sample data


def test_sample_data_goes_only_into_an_empty_database(chronos: Chronos) -> None:
    first, second = chronos("sample-data"), chronos("sample-data")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("Sign in as alice with the password: ")
    assert second.stdout == f"There are people here already, so nothing was added.\n{first.stdout}"


def test_a_big_history_says_as_whom_to_look_at_it(chronos: Chronos) -> None:
    told = chronos("sample-data", "--entries", "1500")
    assert told.returncode == 0
    assert re.search(r"^Sign in as person001 with the password: \S+$", told.stdout, re.MULTILINE)


def test_a_big_history_does_not_go_among_real_people(chronos: Chronos) -> None:
    create(chronos, "joe", "joe@example.com", "a good long one")
    told = chronos("sample-data", "--entries", "1500")
    assert told.returncode == 1
    assert "real people" in told.stderr


# ---- The doctor


def findings(told: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The mark of each thing looked at."""
    assert "Traceback" not in told.stderr
    return {name: mark for mark, name in re.findall(r"^([✓!✗]) ([a-z ]+):", told.stdout, re.MULTILINE)}


def test_the_doctor_finds_a_well_kept_chronos_well(chronos: Chronos, bare_database_url: str) -> None:
    chronos("migrate", DATABASE_URL=bare_database_url)
    told = chronos("doctor", DATABASE_URL=bare_database_url)
    assert told.returncode == 0
    found = findings(told)
    assert {"database", "schema", "clock", "secret", "proxy", "workers"} <= found.keys()
    assert set(found.values()) == {"✓"}


def test_the_doctor_says_what_to_do_about_each_fault(chronos: Chronos, environ: dict[str, str]) -> None:
    chronos("migrate")
    spoiled(environ)
    Path(environ["CHRONOS_DATA_DIR"], "secret_key").chmod(0o644)
    told = chronos("doctor", CHRONOS_TRUSTED_PROXIES="0.0.0.0/0", CHRONOS_WORKER="2")
    assert told.returncode == 1
    marks = {"settings": "!", "secret": "✗", "proxy": "✗", "schema": "✗"}
    assert marks.items() <= findings(told).items()
    advice = re.findall(r"^  (\S.*)$", told.stdout, re.MULTILINE)
    assert len(advice) == 4
    assert any(line.startswith("Run: chmod 600 ") for line in advice)


def test_the_doctor_asks_for_a_migration(chronos: Chronos) -> None:
    told = chronos("doctor")
    assert told.returncode == 1
    assert findings(told)["schema"] == "✗"
    assert "Run: chronos migrate" in told.stdout


def test_the_doctor_names_a_database_that_is_away_without_its_password(chronos: Chronos) -> None:
    told = chronos("doctor", DATABASE_URL="postgres://me:hunter2@127.0.0.1:1/hours")
    assert told.returncode == 1
    assert findings(told)["database"] == "✗"
    assert "database: 127.0.0.1:1/hours: " in told.stdout
    assert "  Is PostgreSQL running there" in told.stdout
    assert "hunter2" not in told.stdout


def test_the_doctor_warns_of_what_production_would_regret(chronos: Chronos) -> None:
    told = chronos("doctor", CHRONOS_ENV="production", CHRONOS_SECRET_KEY=KEY, CHRONOS_SAMPLE_DATA="1")
    found = findings(told)
    assert (found["proxy"], found["sample data"]) == ("!", "!")


@pytest.mark.parametrize("bare_database_url", ["postgresql"], indirect=True)
def test_the_doctor_counts_the_connections(chronos: Chronos, bare_database_url: str) -> None:
    many = {"CHRONOS_WORKERS": "64", "CHRONOS_POOL_SIZE": "100"}
    told = chronos("doctor", DATABASE_URL=bare_database_url, **many)
    assert findings(told)["connections"] == "!"
    assert findings(told)["workers"] == "!"
