"""Sample data looks like real work, obeys the rules of real work, and goes only where it is wanted."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app import passwords, periods, samples
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.money import RateCard
from quart_app.samples import history, prices, studio
from quart_app.settings import Settings
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

NOW = datetime(2026, 11, 22, 14, 40, 33, tzinfo=UTC)  # a Sunday
ALICE, BOB = studio.PEOPLE
MOMENTS = st.integers(1_704_067_200, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def ignore(_done: int, _total: int) -> None: ...


async def rows(database: Database, statement: sa.Select[*tuple[Any, ...]]) -> Sequence[Any]:
    async with database.reading() as db:
        return (await db.execute(statement)).all()


async def count(database: Database, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    found = await rows(database, sa.select(sa.func.count()).select_from(table).where(*which))
    return int(found[0][0])


async def entries_of(database: Database, username: str) -> Sequence[Any]:
    """A person's entries, oldest first, with the names of their projects."""
    project = sa.and_(
        projects.c.workspace_id == entries.c.workspace_id, projects.c.id == entries.c.project_id
    )
    return await rows(
        database,
        sa.select(entries, projects.c.name.label("project"))
        .join(users, users.c.id == entries.c.user_id)
        .outerjoin(projects, project)
        .where(users.c.username_key == username)
        .order_by(entries.c.started_at),
    )


def hours_by_day(stints: Sequence[Any], person: studio.Person) -> dict[date, float]:
    hours: dict[date, float] = defaultdict(float)
    for stint in stints:
        for part in periods.split_days(stint.started_at, stint.ended_at or NOW, person.zone):
            hours[part.day] += periods.seconds_between(part.start, part.end) / 3600
    return hours


# ---- The studio


@pytest.mark.parametrize("person", studio.PEOPLE, ids=lambda person: person.username)
@given(now=MOMENTS)
@settings(max_examples=40, deadline=None)
def test_at_any_time_nobody_is_in_two_places_or_in_the_future(person: studio.Person, now: datetime) -> None:
    *done, running = studio.stints(person, now)
    ends = [one.ended_at or now for one in done]
    assert all(one.started_at < end for one, end in zip(done, ends, strict=True))
    assert all(end <= later.started_at for end, later in zip(ends, [*done[1:], running], strict=True))
    assert running.ended_at is None
    assert periods.seconds_between(running.started_at, now) in person.running[2]
    assert running.started_at - done[0].started_at > timedelta(weeks=studio.WEEKS - 1)
    assert not any(one.started_at.microsecond or end.microsecond for one, end in zip(done, ends, strict=True))


@pytest.mark.parametrize("person", studio.PEOPLE, ids=lambda person: person.username)
def test_days_are_those_of_somebody_who_works(person: studio.Person) -> None:
    hours = hours_by_day(studio.stints(person, NOW), person)
    past = {day: sum_ for day, sum_ in hours.items() if day < NOW.date()}
    assert all(5.5 < sum_ < 11 for day, sum_ in past.items() if day.weekday() < 5)
    assert all(sum_ < 8 for day, sum_ in past.items() if day.weekday() > 4)
    assert 34 <= sum(day.weekday() < 5 for day in past) <= 40
    assert sum(day.weekday() > 4 for day in past) >= 2
    assert 3 < hours[NOW.date()] < 9


def test_every_day_has_a_stand_up_and_a_lunch() -> None:
    by_day: dict[date, list[studio.Stint]] = defaultdict(list)
    for stint in studio.stints(ALICE, NOW)[:-1]:
        by_day[periods.local_day(stint.started_at, ALICE.zone)].append(stint)
    full = [stints for day, stints in by_day.items() if day.weekday() < 5]
    assert all("Stand-up" in [stint.description for stint in stints] for stints in full)
    for stints in full:
        gaps = [later.started_at - (one.ended_at or NOW) for one, later in pairwise(stints)]
        assert max(gaps) >= timedelta(minutes=30)


def test_a_night_over_midnight_is_within_the_last_days() -> None:
    for back in range(14):
        now = NOW - timedelta(days=back)
        nights = [one for one in studio.stints(ALICE, now) if one.description.startswith("Night deploy")]
        assert now - nights[-1].started_at < timedelta(days=5)
        assert all(periods.local_day(one.started_at, ALICE.zone) < _last_day(one) for one in nights)


def _last_day(stint: studio.Stint) -> date:
    assert stint.ended_at
    return periods.local_day(stint.ended_at, ALICE.zone)


@pytest.mark.parametrize(
    "change", [datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)]
)
def test_a_night_goes_over_the_change_of_the_clocks(change: datetime) -> None:
    now = change + timedelta(weeks=3, hours=13)
    [night] = [one for one in studio.stints(ALICE, now) if one.started_at < change < (one.ended_at or now)]
    assert night.project == "Database Migration"
    assert _last_day(night) == change.date()


def test_the_same_moment_gives_the_same_studio() -> None:
    for person in studio.PEOPLE:
        assert studio.stints(person, NOW) == studio.stints(person, NOW)


async def test_visitors_find_a_studio_with_two_people_at_work(database: Database) -> None:
    accounts = await samples.fill_samples(database, NOW)
    assert [account.username for account in accounts] == ["alice", "bob"]
    for account, person in zip(accounts, studio.PEOPLE, strict=True):
        [user] = await rows(database, sa.select(users).where(users.c.username_key == account.username))
        assert (await passwords.verify_password(account.password, user.password_hash))[0]
        assert (user.name, user.time_zone) == (account.name, person.time_zone)
    members = await rows(
        database, sa.select(workspaces.c.name, memberships.c.role).join_from(memberships, workspaces)
    )
    assert sorted(tuple(member) for member in members) == [
        ("Northwind Studio", "member"),
        ("Northwind Studio", "owner"),
    ]
    names = {row.name for row in await rows(database, sa.select(projects.c.name))}
    assert {"Website Redesign", "Database Migration", "Platform", "Internal", "Back office"} <= names
    assert await count(database, projects, projects.c.archived_at.is_not(None)) == 1
    assert await count(database, clients) == len(studio.CLIENTS)
    assert await count(database, tags) == len(studio.TAGS)


async def test_entries_are_stored_as_they_were_planned(database: Database) -> None:
    await samples.fill_samples(database, NOW)
    for person in studio.PEOPLE:
        stored = await entries_of(database, person.username)
        planned = studio.stints(person, NOW)
        assert [
            (row.started_at, row.ended_at, row.project or "", row.description, row.is_billable)
            for row in stored
        ] == [
            (one.started_at, one.ended_at, one.project, one.description, one.is_billable) for one in planned
        ]
        assert all(row.updated_at <= NOW and row.created_at == row.started_at for row in stored)
        assert all(_second_of(row.id) == row.started_at for row in stored)
    tagged = sum(len(one.tags) for person in studio.PEOPLE for one in studio.stints(person, NOW))
    assert await count(database, entry_tags) == tagged
    assert await count(database, entries, entries.c.ended_at.is_(None)) == 2


async def test_the_studio_has_tasks_on_two_projects_and_entries_on_each(database: Database) -> None:
    await samples.fill_samples(database, NOW)
    on_task = (
        sa.select(projects.c.name, tasks.c.name, sa.func.count(entries.c.id))
        .select_from(
            tasks.join(projects, projects.c.id == tasks.c.project_id).outerjoin(
                entries, entries.c.task_id == tasks.c.id
            )
        )
        .group_by(projects.c.name, tasks.c.name)
    )
    stored = {(project, task): found for project, task, found in await rows(database, on_task)}
    planned = [one for person in studio.PEOPLE for one in studio.stints(person, NOW)]
    assert stored == Counter((one.project, one.task) for one in planned if one.task)
    assert {project for project, _ in stored} == set(studio.TASKS)
    assert len(stored) == sum(map(len, studio.TASKS.values()))


def _second_of(key: Any) -> datetime:
    assert key.version == 7
    return datetime.fromtimestamp((key.int >> 80) // 1000, UTC)


def test_the_studio_has_a_rate_and_one_project_with_its_own_that_changed_within_its_weeks() -> None:
    opened = (NOW - timedelta(weeks=studio.WEEKS + 1)).date()
    card = RateCard("EUR", prices.of_studio(opened, NOW.date()))  # type: ignore[arg-type]  # names for ids
    assert card.rate_on(None, opened) == card.rate_on(None, NOW.date()) == 9500
    names = {name for name, _, _ in prices.of_studio(opened, NOW.date())} - {None}
    assert names < {project.name for project in studio.PROJECTS}
    assert [day for day in card.changes(opened, NOW.date()) if NOW.date() - day < timedelta(weeks=8)]


@given(MOMENTS)
def test_no_two_rates_of_the_samples_begin_on_one_day(now: datetime) -> None:
    first, today = (now - timedelta(days=history.DAYS)).date(), now.date()
    for found in (prices.of_studio(first, today), prices.of_history(range(1, 265), first, today)):
        rates = list(found)
        assert len({rate[:2] for rate in rates}) == len(rates)
        assert all(0 < minor <= 100_000_000 for _, _, minor in rates)


async def test_the_samples_have_their_rates(database: Database) -> None:
    await samples.fill_samples(database, NOW)
    await samples.fill_history(database, 200, ignore, NOW)
    with_project = sa.func.count(rates.c.project_id.distinct())
    found = await rows(
        database,
        sa.select(workspaces.c.name, with_project, sa.func.count() - sa.func.count(rates.c.project_id))
        .join(rates, rates.c.workspace_id == workspaces.c.id)
        .group_by(workspaces.c.name),
    )
    by_name = {name: (own, shared) for name, own, shared in found}
    assert by_name["Northwind Studio"] == (1, 1)
    projects_of_big = await count(
        database,
        projects,
        projects.c.workspace_id
        == sa.select(workspaces.c.id).where(workspaces.c.name == "Meridian Works").scalar_subquery(),
    )
    own, shared = by_name["Meridian Works"]
    assert own == -(-projects_of_big // 3)
    assert shared >= 1


async def test_filling_twice_changes_nothing(database: Database) -> None:
    await samples.fill_samples(database, NOW)
    before = await rows(database, sa.select(entries).order_by(entries.c.id))
    assert await samples.fill_samples(database, NOW + timedelta(days=1)) == []
    assert await rows(database, sa.select(entries).order_by(entries.c.id)) == before


async def test_a_database_with_one_person_is_left_alone(database: Database) -> None:
    await insert_person(database, "carol@somewhere.org")
    assert await samples.fill_samples(database, NOW) == []
    assert await count(database, users) == 1
    assert await count(database, workspaces) == 0


async def insert_person(database: Database, email: str) -> None:
    names = {"username": "carol", "username_key": "carol", "email": email, "email_key": email}
    async with database.writing() as db:
        made = {"password_hash": "x", "created_at": NOW, "updated_at": NOW}
        await db.execute(sa.insert(users), {"id": new_id(), **names, **made})


async def test_processes_that_fill_at_once_fill_once(settings: Settings) -> None:
    databases = [Database(settings) for _ in range(3)]
    made = await asyncio.gather(*(samples.fill_samples(database, NOW) for database in databases))
    assert sorted(len(accounts) for accounts in made) == [0, 0, 2]
    assert await count(databases[0], users) == 2
    for database in databases:
        await database.dispose()


# ---- The history


def entries_by_person(made: history.History) -> Iterator[list[tuple[int, int | None]]]:
    spans: dict[int, list[tuple[int, int | None]]] = defaultdict(list)
    for day in made.days():
        for entry in day.entries:
            row = dict(zip(history.ENTRY_COLUMNS, entry, strict=True))
            spans[row["user_id"]].append((row["started_at"], row["ended_at"]))
    yield from spans.values()


@pytest.mark.parametrize("size", [1, 2, 23, 500, 20_000])
@pytest.mark.parametrize("hour", [0, 5, 14, 23])
def test_a_history_has_as_many_entries_as_asked_and_no_overlap(size: int, hour: int) -> None:
    now = datetime(2026, 11, 19 + hour // 6, hour, tzinfo=UTC)
    people = [
        sorted(spans, key=lambda span: span[0]) for spans in entries_by_person(history.History(size, now))
    ]
    assert sum(map(len, people)) == size
    for spans in people:
        assert all(end is not None and start <= end <= later for (start, end), (later, _) in pairwise(spans))
        assert spans[-1][0] < now.timestamp()
        assert (spans[-1][1] or spans[-1][0]) < now.timestamp()


def test_a_big_history_is_one_big_workspace_over_years_and_some_small_ones() -> None:
    made = history.History(1_000_000, NOW)
    sizes = [sum(worker.space is space for worker in made.workers) for space in made.spaces]
    assert sizes == [200, 4, 4, 4, 4, 4]
    assert made.length == 3 * 365
    assert 250 < sum(len(space.projects) for space in made.spaces) < 350
    assert (len(made.spaces[0].clients), len(made.spaces[0].tags)) == (50, 40)
    assert len({worker.zone.key for worker in made.workers}) >= 8
    assert len({worker.username for worker in made.workers}) == len(made.workers)
    assert [worker.role for worker in made.workers].count("owner") == len(made.spaces)


def test_the_same_moment_gives_the_same_history() -> None:
    def all_rows() -> list[history.Day]:
        return list(history.History(1000, NOW).days())

    assert all_rows() == all_rows()


async def test_a_history_is_stored_whole_and_one_can_sign_in(database: Database) -> None:
    told: list[tuple[int, int]] = []
    account = await samples.fill_history(database, 3000, lambda *state: told.append(state), NOW)
    assert await count(database, entries) == 3000
    assert told == sorted(told)
    assert told[-1] == (3000, 3000)
    assert account.username == "person001"
    [user] = await rows(database, sa.select(users).where(users.c.username_key == account.username))
    assert (await passwords.verify_password(account.password, user.password_hash))[0]
    tagged = await count(database, entries, entries.c.id.in_(sa.select(entry_tags.c.entry_id)))
    assert 0.35 < tagged / 3000 < 0.45
    assert 0.4 < await count(database, entries, entries.c.task_id.is_not(None)) / 3000 < 0.6
    assert await count(database, tasks) == 3 * await count(database, projects)
    kept = await rows(database, sa.select(entries.c.id, entries.c.started_at, entries.c.ended_at))
    assert all(_second_of(row.id) == row.started_at for row in kept)
    planned = sorted(
        (entry[5], entry[6]) for day in history.History(3000, NOW).days() for entry in day.entries if entry[6]
    )
    assert planned == sorted(
        (int(row.started_at.timestamp()), int(row.ended_at.timestamp())) for row in kept if row.ended_at
    )


async def test_a_history_goes_beside_the_studio_but_not_twice(database: Database) -> None:
    await samples.fill_samples(database, NOW)
    await samples.fill_history(database, 50, ignore, NOW)
    before = await count(database, entries)
    with pytest.raises(samples.Refused, match="already has a big history"):
        await samples.fill_history(database, 50, ignore, NOW)
    assert await count(database, entries) == before


async def test_a_history_does_not_go_among_real_people(database: Database) -> None:
    await insert_person(database, "carol@example.com")
    with pytest.raises(samples.Refused, match="real people"):
        await samples.fill_history(database, 50, ignore, NOW)
    assert await count(database, users) == 1


async def test_a_history_that_stops_halfway_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "_CHUNK", 100)

    def stop(done: int, _total: int) -> None:
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await samples.fill_history(database, 1000, stop, NOW)
    assert await count(database, entries) == 0
    assert await count(database, users) == 0
