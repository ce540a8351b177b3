"""Copies of a SQLite database: made while others write to it, looked through, put in the place of the present one."""

import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from quart_app.drafts import Refused, drafted, settle

HEADER = b"SQLite format 3\0"
# The bytes of a database on which every connection to it holds its locks (sqlite.org/src/file/src/os.h).
LOCKS_AT, LOCKS = 0x40000000, 512
PATIENCE = 30.0  # seconds, for a lock of somebody who writes


def is_database(path: Path) -> bool:
    """Whether the file begins as SQLite's do. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def copy_to(source: Path, draft: Path) -> None:
    """Write one moment of the database into the draft, as a single file; writers go on meanwhile. Raises Refused."""
    try:
        with closing(_open(source)) as live, closing(sqlite3.connect(draft)) as copy:
            live.backup(copy)  # all of it in one step: in pieces it would begin anew at every write of others
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise Refused(f"{source} can't be copied into {draft.parent}: {error}.") from error


def _open(path: Path) -> sqlite3.Connection:
    """For reading only. A file in a folder that can't be written to, with no log beside it, is read as it stands."""
    place = f"file:{quote(str(path.absolute()))}"
    for rule in ("mode=ro", "mode=ro&immutable=1"):
        connection = sqlite3.connect(f"{place}?{rule}", uri=True, timeout=PATIENCE)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError:
            connection.close()
            if rule != "mode=ro" or path.with_name(f"{path.name}-wal").exists():
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError  # pragma: no cover


def find_revision(path: Path, name: Path) -> str:
    """The schema's revision, of a database with nothing wrong in it. Raises Refused, in words about `name`."""
    try:
        with closing(_open(path)) as db:
            names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"alembic_version", "users", "entries"} <= names:
                raise Refused(f"{name} holds no tables of Chronos.")
            if (faults := db.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise Refused(f"{name} is damaged ({str(faults).partition(chr(10))[0]}).")
            if broken := db.execute("PRAGMA foreign_key_check").fetchone():
                raise Refused(f"{name} is damaged (rows of {broken[0]} lead nowhere).")
            return str(db.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.Error, TypeError) as error:
        raise Refused(f"{name} is damaged ({error}).") from error


def put_in_place(draft: Path, live: Path, aside: Path) -> bool:
    """Make the draft the database; what was there before is kept aside. Whether there was anything.

    Raises Refused while anybody has the database open, and OSError.
    """
    if not live.exists():
        settle(draft, live)
        return False
    log, log_aside = (path.with_name(f"{path.name}-wal") for path in (live, aside))
    if log.exists():
        shutil.copy(log, log_aside)
    try:
        with closing(sqlite3.connect(live, timeout=0)) as db:
            db.execute("PRAGMA journal_mode=DELETE")  # what stands in the log comes into the file
        log_aside.unlink(missing_ok=True)
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):  # else it is damaged, and the log stays beside what is kept
            log_aside.unlink(missing_ok=True)
            raise Refused(_in_use(live)) from error
    with alone_with(live):
        try:
            os.link(live, aside)
        except OSError:  # a file system without links: for a moment the database has no file
            live.rename(aside)
        log.unlink(missing_ok=True)
        live.with_name(f"{live.name}-shm").unlink(missing_ok=True)
        settle(draft, live)
    return True


@contextmanager
def alone_with(live: Path) -> Iterator[None]:
    """Keep everybody else from opening the database. Raises Refused if somebody has."""
    with live.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCKS, LOCKS_AT)
        except OSError as error:
            raise Refused(_in_use(live)) from error
        yield


def _in_use(live: Path) -> str:
    return f"{live} is in use: stop Chronos, and whatever else has it open, then try again."


def restore(file: Path, live: Path, aside: Path, check: Callable[[str], None]) -> bool:
    """Put a copy of the file in the database's place. Whether there was one before, which is then kept aside.

    `check` may refuse the schema's revision by raising. Raises Refused, too, and leaves all as it was.
    """
    if live.exists():
        with alone_with(live):
            pass  # known before a long copy is made
    with drafted(live) as draft:
        copy_to(file, draft)
        check(find_revision(draft, file))
        owner = (live if live.exists() else live.parent).stat()
        if live.exists():
            draft.chmod(stat.S_IMODE(owner.st_mode))
        if os.geteuid() == 0:  # root must not leave a file that Chronos, another user, can't write to
            os.chown(draft, owner.st_uid, owner.st_gid)
        return put_in_place(draft, live, aside)
