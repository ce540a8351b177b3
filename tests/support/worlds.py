"""Workspaces that hypothesis furnishes: any entries of the cast around odd days, and any reports of them."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import strategies as st

from quart_app import periods, reporting
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.report import Summary, Sums, Weekly
from quart_app.report_spec import BUCKETS, DIMENSIONS, MEMBERS_OWN, RUNNING, TAG_MATCHES, Days, Filters, Spec
from quart_app.reporting import Question
from quart_app.rounding import SCOPES, STEPS, WAYS, Rounding
from quart_app.tables import clients, memberships, tags, tasks
from tests.support.cast import Cast
from tests.support.catalogue import add_project
from tests.support.reckoning import Made, World

# Zones, each with a date around which its days are odd: clocks change by an hour or half of one, a date is skipped,
# midnight does not exist or comes twice.
ODD_DAYS = (
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/St_Johns", date(2010, 11, 7)),
)
ZONES = sorted({name for name, _ in ODD_DAYS})
_DAY = 86_400
LENGTHS = st.one_of(
    st.sampled_from([0, 1, 59, 3600, _DAY - 1, _DAY, _DAY + 1, 2 * _DAY]),
    st.integers(0, 10 * 3600),
    st.integers(0, 5 * _DAY),
    st.integers(0, 40 * _DAY),
)


@st.composite
def moments(draw: st.DrawFn, day: date, zone: ZoneInfo) -> datetime:
    """An instant near this date: just at the start of a day, or anywhere within ten days."""
    near = draw(st.integers(-10, 10))
    start = periods.day_start(day + timedelta(days=near), zone)
    return start + timedelta(seconds=draw(st.one_of(st.integers(-2, 2), st.integers(0, _DAY))))


@st.composite
def stretches_of_days(draw: st.DrawFn, day: date) -> Days:
    first = day + timedelta(days=draw(st.integers(-10, 6)))
    length = draw(st.one_of(st.sampled_from([1, 2, 7]), st.integers(1, 30), st.just(60)))
    return Days(first, first + timedelta(days=length - 1))


WORDS = ("", "Fix the login", "fix The Search", "100% _done_", "Ärger")


@dataclass(frozen=True, slots=True)
class Things:
    """What entries can be on: projects with their clients and tasks, and tags."""

    clients: dict[UUID, UUID | None]
    tasks: dict[UUID, UUID]  # task -> its project
    tags: tuple[UUID, ...]
    people: tuple[Viewer, ...]
    stranger: Viewer


async def furnish(database: Database, cast: Cast) -> Things:
    alice, now = cast.alice.viewer, periods.now()
    space = alice.workspace_id

    def named(name: str, **more: object) -> dict[str, Any]:
        made = {"name": name, "name_key": name, "created_at": now, "updated_at": now}
        return {"workspace_id": space, "id": new_id(), **made, **more}

    customer = named("Nimbus")
    async with database.writing() as db:
        await db.execute(sa.insert(clients), [customer])
    of_client = [
        await add_project(database, alice, name, client_id=customer["id"]) for name in ("App", "Web")
    ]
    alone = await add_project(database, alice, "Own")
    task_rows = [named("Build", project_id=of_client[0]), named("Test", project_id=of_client[0])]
    tag_rows = [named(name) for name in ("a", "b", "c")]
    async with database.writing() as db:
        await db.execute(sa.insert(tasks), task_rows)
        await db.execute(sa.insert(tags), tag_rows)
    return Things(
        {**dict.fromkeys(of_client, customer["id"]), alone: None},
        {row["id"]: row["project_id"] for row in task_rows},
        tuple(row["id"] for row in tag_rows),
        (alice, cast.bob.viewer, cast.dana.viewer),
        cast.charlie.viewer,
    )


# --- worlds and reports of any kind ------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn, things: Things) -> tuple[World, date, str]:
    """A world, and the date and the zone that its entries lie around."""
    zone_name, day = draw(st.sampled_from(ODD_DAYS))
    zone = periods.zone(zone_name)
    everybody = (*things.people, things.stranger)
    zones = {person.user_id: draw(st.sampled_from([zone_name, *ZONES])) for person in everybody}
    now = draw(moments(day, zone))
    made = draw(st.lists(entries_of(things, day, zone_name, now), max_size=14))
    runs: set[UUID] = set()
    for place, entry in enumerate(made):  # one timer a person
        if entry.end is None and not entry.is_trashed:
            if entry.user in runs:
                made[place] = replace(entry, end=entry.start)
            runs.add(entry.user)
    return World(made, zones, things.clients, now), day, zone_name


@st.composite
def entries_of(draw: st.DrawFn, things: Things, day: date, zone_name: str, now: datetime) -> Made:
    start = draw(moments(day, periods.zone(zone_name)))
    runs = draw(st.integers(0, 5)) == 0
    end = None if runs else start + timedelta(seconds=draw(LENGTHS))
    person = draw(st.sampled_from([*things.people, *things.people, things.stranger]))
    made = Made(
        person.workspace_id,
        person.user_id,
        start,
        end,
        description=draw(st.sampled_from(WORDS)),
        is_billable=draw(st.booleans()),
        is_trashed=draw(st.integers(0, 6)) == 0,
    )
    if person is things.stranger:
        return made
    project = draw(st.sampled_from([None, *things.clients]))
    tasks_there = [task for task, of in things.tasks.items() if of == project]
    return replace(
        made,
        project=project,
        task=draw(st.sampled_from([None, *tasks_there])),
        tags=draw(st.frozensets(st.sampled_from(things.tags))),
    )


def some(values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Often nothing, else one or two of the values."""
    return st.one_of(st.just(()), st.lists(st.sampled_from([*values]), max_size=2, unique=True).map(tuple))


def filters_of(things: Things) -> st.SearchStrategy[Filters]:
    return st.builds(
        Filters,
        members=some([person.user_id for person in things.people]),
        clients=some({*things.clients.values(), None}),
        projects=some([*things.clients, None]),
        tasks=some([*things.tasks, None]),
        tags=some([*things.tags, None]),
        tag_match=st.sampled_from(TAG_MATCHES),
        billable=st.sampled_from(["", "", "yes", "no"]),
        text=st.sampled_from(["", "", "FIX", "% _", "login"]),
        description=st.sampled_from([None, None, *WORDS]),
        tagged=some([*things.tags, None]),
        running=st.sampled_from(RUNNING),
    )


NO_FILTERS = st.builds(Filters, running=st.sampled_from(RUNNING))
ROUNDINGS = st.one_of(
    st.just(Rounding()),
    st.builds(Rounding, st.sampled_from(WAYS), st.sampled_from(STEPS), st.sampled_from(SCOPES)),
)


@st.composite
def specs(draw: st.DrawFn, things: Things, day: date, zone_name: str) -> Spec:
    by = draw(st.sampled_from(DIMENSIONS))
    return Spec(
        period="custom",
        days=draw(stretches_of_days(day)),
        by=by,
        then=draw(st.sampled_from(["", *DIMENSIONS])),
        chart=draw(st.sampled_from(["", *BUCKETS])),
        zone=draw(st.sampled_from(["", zone_name, MEMBERS_OWN, *ZONES])),
        filters=draw(st.one_of(NO_FILTERS, filters_of(things))),
        rounding=draw(ROUNDINGS),
    )


@st.composite
def cases(draw: st.DrawFn, things: Things) -> tuple[World, Viewer, list[Spec]]:
    world, day, zone_name = draw(worlds(things))
    person = draw(st.sampled_from([things.people[0], things.people[0], *things.people, things.stranger]))
    viewer = replace(
        person, time_zone=world.zones[person.user_id], week_start=draw(st.sampled_from([0, 5, 6]))
    )
    wanted = draw(st.lists(specs(things, day, zone_name), min_size=3, max_size=5))
    return world, viewer, wanted


# --- asking ------------------------------------------------------------------------------------------------------


def effort(database: Database) -> int:
    return 24 if database.dialect == "sqlite" else 10


async def question(database: Database, viewer: Viewer, spec: Spec, now: datetime) -> Question:
    async with database.reading() as db:
        return await reporting.ask(db, viewer, spec, now)


async def total_of(database: Database, asked: Question) -> Sums:
    async with database.snapshot() as db:
        return await reporting.load_total(db, asked)


async def summary_of(database: Database, asked: Question) -> Summary:
    async with database.snapshot() as db:
        return await reporting.load_summary(db, asked)


async def weekly_of(database: Database, asked: Question) -> Weekly:
    async with database.snapshot() as db:
        return await reporting.load_weekly(db, asked)


async def total(database: Database, viewer: Viewer, spec: Spec, now: datetime) -> Sums:
    return await total_of(database, await question(database, viewer, spec, now))


async def set_role(database: Database, viewer: Viewer, role: str) -> None:
    """Give the viewer this role; they are still taken for what they were when their request began."""
    mine = (
        memberships.c.user_id == viewer.user_id,
        memberships.c.workspace_id == viewer.workspace_id,
    )
    async with database.writing() as db:
        await db.execute(sa.update(memberships).where(*mine).values(role=role))
