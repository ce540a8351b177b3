"""The databases that are measured: a big history of many people, and a team of ours whose pages are asked for.

The team is the same in a small database and in a big one, and so are its last days: what a page shows is the same, only
how much lies around it differs.
"""

import contextlib
import fcntl
import os
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from benchmarks.servers import SECRET
from quart_app import migrations, passwords, periods, samples
from quart_app.db import Connection, Database
from quart_app.ids import new_id
from quart_app.settings import load_settings
from quart_app.tables import clients, entries, entry_tags, memberships, projects, tags, users, workspaces
from tests.support import postgres

PASSWORD = "a password for measuring"  # noqa: S105 (it opens nothing but made-up data)
SHOWN = 60  # entries on the timer page
A_FEW = 10
A_DAY = 60  # all on one day: a page never cuts a day in two
BIG = 100_000  # from so many entries in the database on, each of the team has years behind them
YEARS = 4_000
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Team:
    """Whom one can sign in as. The first two only look: one rests, for the other a timer runs.

    Starters gather entries; what changers start they discard, so that their pages stay as they are.
    """

    resting: str = "resting"
    tracking: str = "tracking"
    starters: tuple[str, ...] = tuple(f"starter{number:02}" for number in range(16))
    changers: tuple[str, ...] = tuple(f"changer{number:02}" for number in range(8))

    @property
    def names(self) -> tuple[str, ...]:
        return (self.resting, self.tracking, *self.starters, *self.changers)

    def recent(self, name: str) -> int:
        """How many entries of the last days somebody has: as many as the page shows, where it is looked at."""
        return A_FEW if name in self.starters else SHOWN


TEAM = Team()


def name_of(size: int) -> str:
    """The PostgreSQL database of this size."""
    return f"chronos_bench_{size}"


@contextlib.contextmanager
def own_postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own (see tests/support/postgres.py), gone afterwards."""
    # Not in TMPDIR, which may be too deep for the path of a socket.
    run = Path(tempfile.mkdtemp(prefix="chronos-bench-", dir="/tmp"))
    run.chmod(0o711)
    with (run / "running").open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        yield postgres.start_once(run)


@contextlib.asynccontextmanager
async def postgres_database(server: str, name: str) -> AsyncIterator[str]:
    """A database of this name, made anew, gone afterwards; its URL."""
    await postgres.execute(server, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    try:
        yield postgres.on_database(server, name)
    finally:
        await postgres.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def fill(database_url: str, size: int, progress: Callable[[int, int], None]) -> None:
    """Migrate an empty database and put `size` entries into it, those of the team among them."""
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        known = {"DATABASE_URL": database_url, "CHRONOS_SECRET_KEY": SECRET, "CHRONOS_DATA_DIR": folder}
        database = Database(load_settings({**known, "CHRONOS_DATABASE_CONNECT_SECONDS": "20"}))
        try:
            await migrations.upgrade(database)
            older = YEARS if size >= BIG else 0
            ours = sum(TEAM.recent(name) + older for name in TEAM.names)
            hashed = await passwords.hash_password(PASSWORD)
            async with database.writing() as db:
                await _insert_team(db, hashed, older, periods.now())
            # Last, for it also has the database gather its statistics.
            await samples.fill_history(database, max(size - ours, 1), progress)
        finally:
            await database.dispose()


async def _insert_team(db: Connection, hashed: str, older: int, now: datetime) -> None:
    rng, began = random.Random(1), now - timedelta(days=1500)
    space = new_id()
    await db.execute(sa.insert(workspaces), {"id": space, "name": "Measured", "created_at": began})
    client_ids = await _insert_named(db, clients, space, [f"Client {n}" for n in range(8)], began)
    tag_ids = await _insert_named(db, tags, space, [f"tag{n}" for n in range(12)], began)
    project_ids = await _insert_named(
        db,
        projects,
        space,
        [f"Project {n:02}" for n in range(24)],
        began,
        lambda n: {"client_id": client_ids[n % 8], "colour": n % 12 + 1},
    )
    for name in TEAM.names:
        person = await _insert_person(db, space, name, hashed, began)
        theirs = rng.sample(project_ids, 6)
        spans = _recent(now)[: TEAM.recent(name)] + _long_ago(now, older)
        rows = [
            {
                "workspace_id": space,
                "id": new_id(),
                "user_id": person,
                "project_id": rng.choice(theirs),
                "description": f"Work on the matter {rng.randrange(100)}",
                "started_at": start,
                "ended_at": end,
                "is_billable": rng.random() < 0.5,
                "created_at": start,
                "updated_at": end,
            }
            for start, end in spans
        ]
        if name == TEAM.tracking:
            rows[0].update(started_at=now - timedelta(minutes=20), ended_at=None)
        for chunk in range(0, len(rows), _CHUNK):
            await db.execute(sa.insert(entries), rows[chunk : chunk + _CHUNK])
        tagged = [
            {"workspace_id": space, "entry_id": row["id"], "tag_id": rng.choice(tag_ids)} for row in rows[::2]
        ]
        for chunk in range(0, len(tagged), _CHUNK):
            await db.execute(sa.insert(entry_tags), tagged[chunk : chunk + _CHUNK])


def _recent(now: datetime) -> list[tuple[datetime, datetime]]:
    """As many entries as the page shows, on whole days up to yesterday: the page ends with a day's first entry."""
    midnight = now.replace(hour=0, minute=0, second=0)
    days = [midnight - timedelta(days=day) for day in range(1, SHOWN // A_DAY + 1)]
    starts = [day + timedelta(hours=8, minutes=12 * n) for day in days for n in reversed(range(A_DAY))]
    return [(start, start + timedelta(minutes=10, seconds=start.minute)) for start in starts]


def _long_ago(now: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """Older entries, three a day, the latest three weeks ago."""
    first = now.replace(hour=9, minute=0, second=0) - timedelta(days=21)
    starts = [first - timedelta(days=n // 3, hours=-3 * (n % 3)) for n in range(count)]
    return [(start, start + timedelta(hours=2)) for start in starts]


async def _insert_named(
    db: Connection,
    table: sa.Table,
    space: UUID,
    names: list[str],
    at: datetime,
    more: Callable[[int], dict[str, object]] = lambda _: {},
) -> list[UUID]:
    rows = [
        {
            "workspace_id": space,
            "id": new_id(),
            "name": name,
            "name_key": name,
            "created_at": at,
            "updated_at": at,
            **more(number),
        }
        for number, name in enumerate(names)
    ]
    await db.execute(sa.insert(table), rows)
    return [row["id"] for row in rows if isinstance(row["id"], UUID)]


async def _insert_person(db: Connection, space: UUID, name: str, hashed: str, at: datetime) -> UUID:
    person, email = new_id(), f"{name}@measured{samples.DOMAIN}"
    row = {"id": person, "username": name, "username_key": name, "email": email, "email_key": email}
    made = {"password_hash": hashed, "created_at": at, "updated_at": at}
    await db.execute(sa.insert(users), {**row, **made})
    member = {"workspace_id": space, "user_id": person, "role": "member", "created_at": at}
    await db.execute(sa.insert(memberships), member)
    return person


def sqlite_size(path: Path) -> int:
    """Bytes of a SQLite database with the log beside it."""
    return sum(os.path.getsize(each) for each in (path, path.with_name(path.name + "-wal")) if each.exists())
