"""The command line for those who run Chronos: backups, a database that refuses, and SIGTERM."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from socket import create_server

import pytest

from tests.support.backups import programs as programs
from tests.test_cli import KEY, PATIENCE, ROOT, Chronos, Serving, command
from tests.test_cli import chronos as chronos
from tests.test_cli import environ as environ

PRODUCTION = {"CHRONOS_ENV": "production", "CHRONOS_SECRET_KEY": KEY, "PORT": "0"}


# ---- Backups


def test_a_backup_and_a_restore_say_what_they_did(
    chronos: Chronos, bare_database_url: str, tmp_path: Path
) -> None:
    where = {"DATABASE_URL": bare_database_url}
    chronos("sample-data", **where)
    told = chronos("backup", f"{tmp_path}/kept/", "--keep", "1", **where)
    assert (told.returncode, told.stderr) == (0, "")
    made = re.search(r"is backed up in (\S+) \([0-9,]+ bytes\)\.\n$", told.stdout)
    assert made
    again = chronos("backup", f"{tmp_path}/kept", "--keep", "1", **where)
    assert f"Removed: {Path(made[1]).name}\n" in again.stdout
    (only,) = (tmp_path / "kept").iterdir()
    told = chronos("restore", str(only), **where)
    assert (told.returncode, told.stderr) == (0, "")
    assert f"is now as in {only}." in told.stdout
    assert "There are people here already" in chronos("sample-data", **where).stdout


def test_what_cannot_be_restored_is_said_in_words(chronos: Chronos, tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_text("Dear diary")
    for name, told in ((str(path), "is no backup of Chronos"), (str(tmp_path / "no.db"), "can't be read")):
        refused = chronos("restore", name)
        assert refused.returncode == 1
        assert told in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_chronos_that_serves_is_backed_up_but_not_restored(
    chronos: Chronos, environ: dict[str, str], tmp_path: Path
) -> None:
    with Serving(environ) as serving:
        assert serving.ask("/health/ready") == '{"status":"ok"}\n'
        assert chronos("backup", f"{tmp_path}/kept/").returncode == 0
        (made,) = (tmp_path / "kept").iterdir()
        refused = chronos("restore", str(made))
        assert refused.returncode == 1
        assert "is in use: stop Chronos" in refused.stderr
        assert serving.ask("/health/ready") == '{"status":"ok"}\n'
        assert serving.stop() == 0
    assert chronos("restore", str(made)).returncode == 0


# ---- A database that refuses


class Refusing:
    """A server that lets nobody in, and says why in PostgreSQL's protocol."""

    def __init__(self, state: str, words: str) -> None:
        fields = b"".join(
            kind + text.encode() + b"\0" for kind, text in ((b"S", "FATAL"), (b"C", state), (b"M", words))
        )
        self._answer = b"E" + (len(fields) + 5).to_bytes(4) + fields + b"\0"
        self.asked = 0

    def __enter__(self) -> "Refusing":
        self._listener = create_server(("127.0.0.1", 0))
        self.url = (
            f"postgresql://me:hunter2@127.0.0.1:{self._listener.getsockname()[1]}/hours?sslmode=disable"
        )
        threading.Thread(target=self._refuse, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.close()

    def _refuse(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                connection.recv(4096)
                self.asked += 1
                connection.sendall(self._answer)
                connection.close()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("28P01", 'password authentication failed for user "me"'),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.1"'),
        ("3D000", 'database "hours" does not exist'),
    ],
)
@pytest.mark.parametrize("name", ["serve", "migrate"])
def test_what_waiting_cannot_cure_ends_the_start_at_once(
    chronos: Chronos, name: str, state: str, words: str
) -> None:
    began = time.monotonic()
    with Refusing(state, words) as server:
        told = chronos(name, **PRODUCTION, DATABASE_URL=server.url, CHRONOS_DATABASE_WAIT_SECONDS="60")
    assert time.monotonic() - began < 30
    assert told.returncode == 1
    assert re.search(
        rf"^The database 127\.0\.0\.1:\d+/hours can't be reached: {re.escape(words)}$", told.stderr, re.M
    )
    assert "right host, name, user and password" in told.stderr
    assert not re.search("Traceback|hunter2|Waiting", told.stderr + told.stdout)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@nowhere.invalid/hours",
        "postgresql://me@127.0.0.1:1/hours",
        pytest.param("57P03", id="starting up"),
    ],
)
def test_what_may_come_is_waited_for(chronos: Chronos, url: str) -> None:
    began = time.monotonic()
    with Refusing("57P03", "the database system is starting up") as server:
        where = server.url if url == "57P03" else url
        told = chronos("serve", **PRODUCTION, DATABASE_URL=where, CHRONOS_DATABASE_WAIT_SECONDS="2")
    assert told.returncode == 1
    assert time.monotonic() - began > 1.5
    assert told.stderr.count("Waiting for the database") == 1
    if url == "57P03":
        assert server.asked > 1
        assert "the database system is starting up" in told.stderr
    assert "Traceback" not in told.stderr


# ---- SIGTERM


def test_sigterm_ends_a_command_that_waits(environ: dict[str, str]) -> None:
    """Python, as the first process of a container, would go on."""
    more = {**environ, **PRODUCTION, "DATABASE_URL": "postgresql://me@127.0.0.1:1/hours"}
    for name in ("migrate", "serve"):
        with subprocess.Popen(
            command(name),
            env={**more, "CHRONOS_DATABASE_WAIT_SECONDS": "60"},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr
            assert "Waiting for the database" in process.stderr.readline()
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=PATIENCE)
            assert time.monotonic() - began < 5
            assert process.returncode in (0, 128 + signal.SIGTERM)
            assert "Traceback" not in told


def test_sigterm_during_a_backup_leaves_no_draft(environ: dict[str, str], tmp_path: Path) -> None:
    program, folder = tmp_path / "pg_dump", tmp_path / "kept"
    program.write_text(
        "#!/bin/sh\necho begun > begun\nexec sleep 60\n".replace("> begun", f"> {tmp_path}/begun")
    )
    program.chmod(0o755)
    os.mkfifo(tmp_path / "begun")
    more = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "DATABASE_URL": "postgresql://me@h/hours"}
    with subprocess.Popen(command("backup", f"{folder}/"), env={**environ, **more}, cwd=ROOT) as process:
        assert (tmp_path / "begun").read_text() == "begun\n"
        assert len([*folder.iterdir()]) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert not [*folder.iterdir()]
