"""Sample data: a small studio for visitors, and a big history for measuring. Only where somebody asks for it."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from asyncpg.pgproto import pgproto

from quart_app import passwords, periods
from quart_app.db import Connection, Database
from quart_app.samples import history, prices, studio
from quart_app.tables import (
    clients,
    entries,
    entry_tags,
    memberships,
    projects,
    rates,
    tags,
    tasks,
    users,
    workspaces,
)

HISTORY_PASSWORD = "chronos-sample"  # noqa: S105 (it is printed, and opens nothing but made-up data)
# Nobody can own an address under this name (RFC 2606): so sample people are told from real ones.
DOMAIN = ".example"
_CHUNK = 20_000  # rows
_LONGEST_STATEMENT = 3600.0  # seconds; a page's statement may take far less


@dataclass(frozen=True, slots=True)
class Account:
    """Whom one can sign in as."""

    username: str
    password: str
    name: str


class Refused(Exception):
    """Sample data was asked for where it must not go; the text is for people."""


async def fill_samples(database: Database, now: datetime) -> list[Account]:
    """Northwind Studio with alice and bob, into a database with no people; else nothing happens, and [] comes back.

    Raises Unavailable.
    """
    async with database.reading() as db:
        if await _count_people(db):
            return []
    hashes = {person.username: await passwords.hash_password(person.password) for person in studio.PEOPLE}
    async with database.migrating() as db:
        if await _count_people(db):  # another process was quicker
            return []
        await _insert_studio(db, now, hashes)
    return [Account(person.username, person.password, person.name) for person in studio.PEOPLE]


async def fill_history(
    database: Database, entries: int, progress: Callable[[int, int], None], now: datetime | None = None
) -> Account:
    """Years of many people's entries, in one transaction; progress(done, total) is called now and then.

    Returns one of the people; all share a password. Raises Refused where real people are, and Unavailable.
    """
    if entries < 1:
        raise Refused("Ask for one entry or more, such as --entries 1000000.")
    made = history.History(entries, now or periods.now())
    password_hash = await passwords.hash_password(HISTORY_PASSWORD)
    async with database.migrating() as db:
        await _refuse_real_people(db)
        await _insert_history(db, made, password_hash, progress)
    await _analyze(database)
    return Account(made.workers[0].username, HISTORY_PASSWORD, made.workers[0].name)


async def _count_people(db: Connection, *which: sa.ColumnElement[bool]) -> int:
    return (await db.execute(sa.select(sa.func.count()).select_from(users).where(*which))).scalar_one()


async def _refuse_real_people(db: Connection) -> None:
    if await _count_people(db, users.c.email_key.not_like(f"%{DOMAIN}")):
        raise Refused(
            "This database has real people in it, and sample data must not get among them. "
            "Give an empty database: DATABASE_URL=sqlite:///measure.db, for one."
        )
    if await _count_people(db, users.c.username_key == "person001"):
        raise Refused("This database already has a big history. Give an empty one to make another.")


# ---- The studio


async def _insert_studio(db: Connection, now: datetime, hashes: dict[str, str]) -> None:
    rng = random.Random(0)  # noqa: S311 (ids of made-up rows, not secrets)
    opened = now - timedelta(weeks=studio.WEEKS + 1)

    def key(at: datetime = opened) -> UUID:
        return UUID(int=history.id_at(int(at.timestamp()), rng))

    workspace = key()
    people = {person.username: key() for person in studio.PEOPLE}
    named = [*studio.CLIENTS, *studio.TAGS, *(project.name for project in studio.PROJECTS)]
    ids = {name: key() for name in named}
    await db.execute(
        sa.insert(workspaces), {"id": workspace, "name": "Northwind Studio", "created_at": opened}
    )
    await _insert_people(db, workspace, people, hashes, opened)
    await _insert_things(db, workspace, ids, opened)
    ids |= {f"{project}/{name}": key() for project, names in studio.TASKS.items() for name in names.values()}
    found = [
        (ids[project], ids[f"{project}/{name}"], name)
        for project, names in studio.TASKS.items()
        for name in names.values()
    ]
    await _insert_tasks(db, workspace, found, opened)
    await _insert_rates(
        db,
        workspace,
        (
            (ids[name] if name else None, day, rate_minor)
            for name, day, rate_minor in prices.of_studio(opened.date(), now.date())
        ),
        opened,
    )
    for person in studio.PEOPLE:
        stints = studio.stints(person, now)
        keys = [key(stint.started_at) for stint in stints]
        made = zip(keys, stints, strict=True)
        await db.execute(
            sa.insert(entries), [_entry(workspace, people[person.username], ids, *one) for one in made]
        )
        tagged = [(entry, tag) for entry, stint in zip(keys, stints, strict=True) for tag in stint.tags]
        await db.execute(
            sa.insert(entry_tags),
            [{"workspace_id": workspace, "entry_id": entry, "tag_id": ids[tag]} for entry, tag in tagged],
        )


async def _insert_people(
    db: Connection, workspace: UUID, people: dict[str, UUID], hashes: dict[str, str], at: datetime
) -> None:
    for person in studio.PEOPLE:
        names = {"username": person.username, "username_key": person.username, "name": person.name}
        address = {"email": person.email, "email_key": person.email}
        clock = {"time_zone": person.time_zone, "hour_cycle": person.hour_cycle}
        made = {"password_hash": hashes[person.username], "created_at": at, "updated_at": at}
        member = {"workspace_id": workspace, "user_id": people[person.username], "role": person.role}
        await db.execute(
            sa.insert(users), {"id": people[person.username], **names, **address, **clock, **made}
        )
        await db.execute(sa.insert(memberships), member | {"created_at": at})


async def _insert_things(db: Connection, workspace: UUID, ids: dict[str, UUID], at: datetime) -> None:
    def thing(name: str) -> dict[str, Any]:
        key = {"workspace_id": workspace, "id": ids[name], "name": name, "name_key": name}
        return {**key, "created_at": at, "updated_at": at}

    await db.execute(sa.insert(clients), [thing(name) for name in studio.CLIENTS])
    await db.execute(sa.insert(tags), [thing(name) for name in studio.TAGS])
    for project in studio.PROJECTS:
        about = {
            "description": project.description,
            "colour": project.colour,
            "is_billable": project.is_billable,
        }
        client = {"client_id": ids[project.client] if project.client else None}
        archived = {"archived_at": at + timedelta(weeks=5) if project.is_archived else None}
        await db.execute(sa.insert(projects), {**thing(project.name), **about, **client, **archived})


async def _insert_tasks(
    db: Connection, workspace: UUID, found: Iterable[tuple[UUID, UUID, str]], at: datetime
) -> None:
    """Tasks as (project, id, name)."""
    rows = [
        {"workspace_id": workspace, "project_id": project, "id": key, "name": name, "name_key": name}
        | {"created_at": at, "updated_at": at}
        for project, key, name in found
    ]
    await db.execute(sa.insert(tasks), rows)


async def _insert_rates(
    db: Connection, workspace: UUID, found: Iterable[tuple[UUID | None, date, int]], at: datetime
) -> None:
    rng = random.Random(workspace.int)  # noqa: S311 (ids of made-up rows, not secrets)
    rows = [
        {
            "workspace_id": workspace,
            "id": UUID(int=history.id_at(int(at.timestamp()), rng)),
            "project_id": project,
            "starts_on": day,
            "rate_minor": rate_minor,
            "created_at": at,
        }
        for project, day, rate_minor in found
    ]
    await db.execute(sa.insert(rates), rows)


def _entry(
    workspace: UUID, person: UUID, ids: dict[str, UUID], key: UUID, stint: studio.Stint
) -> dict[str, Any]:
    where = {"workspace_id": workspace, "user_id": person, "id": key}
    what = {"description": stint.description, "is_billable": stint.is_billable}
    when = {"started_at": stint.started_at, "ended_at": stint.ended_at}
    made = {"created_at": stint.started_at, "updated_at": stint.ended_at or stint.started_at}
    place = {
        "project_id": ids[stint.project] if stint.project else None,
        "task_id": ids[f"{stint.project}/{stint.task}"] if stint.task else None,
    }
    return {**where, **place, **what, **when, **made}


# ---- The history


async def _insert_history(
    db: Connection, made: history.History, password_hash: str, progress: Callable[[int, int], None]
) -> None:
    for space in made.spaces:
        at = datetime.fromtimestamp(made.since, UTC)
        await _insert_space(db, space, at)
        ours = [project[0] for project in space.projects]
        priced = prices.of_history(ours, made.first, datetime.fromtimestamp(made.now, UTC).date())
        found = [
            (UUID(int=project) if project else None, day, rate_minor) for project, day, rate_minor in priced
        ]
        await _insert_rates(db, UUID(int=space.id), found, at)
    for worker in made.workers:
        await _insert_worker(db, worker, password_hash, datetime.fromtimestamp(made.since, UTC))
    bulk = _Bulk((await db.get_raw_connection()).driver_connection)
    progress(0, made.total)
    done = 0
    waiting = history.Day([], [])
    for day in made.days():
        waiting.entries += day.entries
        waiting.tags += day.tags
        if len(waiting.entries) >= _CHUNK:
            await bulk.insert(waiting)
            done += len(waiting.entries)
            progress(done, made.total)
            waiting = history.Day([], [])
    await bulk.insert(waiting)
    progress(made.total, made.total)


async def _insert_space(db: Connection, space: history.Space, at: datetime) -> None:
    workspace = UUID(int=space.id)

    def thing(key: int, name: str) -> dict[str, Any]:
        known = {"workspace_id": workspace, "id": UUID(int=key), "name": name, "name_key": name}
        return {**known, "created_at": at, "updated_at": at}

    await db.execute(sa.insert(workspaces), {"id": workspace, "name": space.name, "created_at": at})
    await db.execute(sa.insert(clients), [thing(*client) for client in space.clients])
    await db.execute(sa.insert(tags), [thing(*tag) for tag in space.tags])
    rows = [
        {
            **thing(key, name),
            "client_id": client and UUID(int=client),
            "colour": colour,
            "is_billable": billable,
        }
        for key, name, client, colour, billable in space.projects
    ]
    await db.execute(sa.insert(projects), rows)
    of_projects = [
        (UUID(int=project), UUID(int=key), name)
        for project, found in space.tasks.items()
        for key, name in found
    ]
    await _insert_tasks(db, workspace, of_projects, at)


async def _insert_worker(db: Connection, worker: history.Worker, password_hash: str, at: datetime) -> None:
    key, email = UUID(int=worker.id), f"{worker.username}@history{DOMAIN}"
    names = {"username": worker.username, "username_key": worker.username, "name": worker.name}
    made = {"password_hash": password_hash, "created_at": at, "updated_at": at}
    place = {"email": email, "email_key": email, "time_zone": worker.zone.key}
    await db.execute(sa.insert(users), {"id": key, **names, **place, **made})
    member = {
        "workspace_id": UUID(int=worker.space.id),
        "user_id": key,
        "role": worker.role,
        "created_at": at,
    }
    await db.execute(sa.insert(memberships), member)


class _Bulk:
    """Entries and their tags, many at once, past SQLAlchemy: COPY on PostgreSQL, one prepared statement on SQLite."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.is_postgresql = isinstance(driver, asyncpg.Connection)
        # The same few workspaces, people, projects and tags come again and again; entries do not.
        self.known = lru_cache(maxsize=10_000)(self.key)

    def key(self, value: int) -> Any:
        return pgproto.UUID(value.to_bytes(16, "big")) if self.is_postgresql else f"{value:032x}"

    def at(self, second: int) -> Any:
        return datetime.fromtimestamp(second, UTC) if self.is_postgresql else second

    async def insert(self, day: history.Day) -> None:
        key, at, known = self.key, self.at, self.known
        rows = [
            (
                *(
                    known(workspace),
                    key(entry),
                    known(user),
                    None if project is None else known(project),
                    text,
                ),
                *(at(start), None if end is None else at(end), billable, at(created), at(updated)),
                None if task is None else known(task),
            )
            for workspace, entry, user, project, text, start, end, billable, created, updated, task in day.entries
        ]
        await self._append(entries, history.ENTRY_COLUMNS, rows)
        tagged = [(known(workspace), key(entry), known(tag)) for workspace, entry, tag in day.tags]
        await self._append(entry_tags, history.TAG_COLUMNS, tagged)

    async def _append(self, table: sa.Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        if self.is_postgresql:
            await self.driver.copy_records_to_table(
                table.name, columns=columns, records=rows, timeout=_LONGEST_STATEMENT
            )
            return
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 (names of ours)
        await self.driver.executemany(statement, rows)


async def _analyze(database: Database) -> None:
    """Tell the planner what is there now; on PostgreSQL also mark the new rows as seen by all."""
    async with database.reading() as db:
        driver: Any = (await db.get_raw_connection()).driver_connection
        for table in (users, memberships, clients, tags, projects, tasks, rates, entries, entry_tags):
            if database.dialect == "postgresql":
                await driver.execute(f"VACUUM (ANALYZE) {table.name}", timeout=_LONGEST_STATEMENT)
            else:
                await driver.execute(f"ANALYZE {table.name}")
