"""Reports reckoned in plain Python, from the entries one by one: what the sums of the database are held against."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.report import Value
from quart_app.report_spec import BUCKETS, MEMBERS_OWN, Days, Filters, Spec, bucket_start
from quart_app.rounding import Rounding
from quart_app.tables import entries, entry_tags, users


@dataclass(frozen=True, slots=True)
class Made:
    """An entry as it was made; `end` is None while it runs."""

    workspace: UUID
    user: UUID
    start: datetime
    end: datetime | None = None
    project: UUID | None = None
    task: UUID | None = None
    description: str = ""
    is_billable: bool = False
    is_trashed: bool = False
    tags: frozenset[UUID] = frozenset()
    id: UUID = field(default_factory=new_id)

    def shares(self, days: Days, zone: ZoneInfo, now: datetime) -> list[tuple[date, int]]:
        """The seconds on each local date that it has a share in."""
        end = max(self.start, now) if self.end is None else self.end
        parts = periods.split_days(self.start, end, zone)
        return [(part.day, part.seconds) for part in parts if days.first <= part.day <= days.last]


@dataclass(frozen=True, slots=True)
class World:
    """Entries, and what there is to know of what they are on."""

    made: Sequence[Made]
    zones: Mapping[UUID, str]
    clients: Mapping[UUID, UUID | None]  # of projects
    now: datetime


class Share(NamedTuple):
    made: Made
    day: date
    seconds: int
    rounded: int  # by the entry's own rounding
    is_first: bool


def _has_tags(made: Made, wanted: Iterable[UUID | None], match: str) -> bool:
    each = [not made.tags if tag is None else tag in made.tags for tag in wanted]
    return {"any": any, "all": all}[match](each) if match != "none" else not any(each)


def fits(world: World, made: Made, filters: Filters) -> bool:
    """Whether the filters let an entry through."""
    client = world.clients.get(made.project) if made.project else None
    asked = (
        (filters.members, made.user),
        (filters.projects, made.project),
        (filters.tasks, made.task),
        (filters.clients, client),
    )
    return (
        all(not wanted or value in wanted for wanted, value in asked)
        and (not filters.tags or _has_tags(made, filters.tags, filters.tag_match))
        and (not filters.tagged or _has_tags(made, filters.tagged, "all"))
        and (not filters.billable or made.is_billable == (filters.billable == "yes"))
        and filters.text.lower() in made.description.lower()
        and (filters.description is None or filters.description == made.description)
        and {"with": True, "without": made.end is not None, "only": made.end is None}[filters.running]
    )


def shares_of(world: World, viewer: Viewer, spec: Spec, days: Days) -> Iterator[Share]:
    """The parts of entries that a report of this viewer is made of, rounded where that is by entry."""
    for made in world.made:
        is_theirs = made.workspace == viewer.workspace_id and (
            viewer.may_manage or made.user == viewer.user_id
        )
        if not is_theirs or made.is_trashed or not fits(world, made, spec.filters):
            continue
        name = world.zones[made.user] if spec.zone == MEMBERS_OWN else spec.zone or viewer.time_zone
        found = made.shares(days, periods.zone(name), world.now)
        by_entry = spec.rounding if spec.rounding.scope == "entry" else Rounding()
        spread = by_entry.spread(seconds for _, seconds in found)
        for place, ((day, seconds), rounded) in enumerate(zip(found, spread, strict=True)):
            yield Share(made, day, seconds, rounded, place == 0)


def values_of(world: World, share: Share, dimension: str, week_start: int) -> list[Value]:
    """What a part is under in a dimension: several values where that is tags."""
    made = share.made
    if dimension in BUCKETS:
        return [bucket_start(dimension, share.day, week_start)]
    if dimension == "tag":
        return [*made.tags] or [None]
    return [
        {
            "project": made.project,
            "client": world.clients.get(made.project) if made.project else None,
            "task": made.task,
            "member": made.user,
            "description": made.description,
            "billable": made.is_billable,
        }[dimension]
    ]


def lines_of(
    world: World, shares: Iterable[Share], dimensions: Sequence[str], week_start: int
) -> dict[tuple[Value, ...], tuple[int, int]]:
    """Raw and by-entry rounded seconds by the values of one dimension or two."""
    raw: Counter[tuple[Value, ...]] = Counter()
    rounded: Counter[tuple[Value, ...]] = Counter()
    for share in shares:
        for key in _keys(world, share, dimensions, week_start):
            raw[key] += share.seconds
            rounded[key] += share.rounded
    return {key: (raw[key], rounded[key]) for key in raw}


def counts_of(
    world: World, shares: Iterable[Share], dimensions: Sequence[str], week_start: int
) -> Counter[tuple[Value, ...]]:
    """Entries by the values of one dimension or two: each where its first part is."""
    firsts = (share for share in shares if share.is_first)
    return Counter(key for share in firsts for key in _keys(world, share, dimensions, week_start))


def _keys(
    world: World, share: Share, dimensions: Sequence[str], week_start: int
) -> Iterator[tuple[Value, ...]]:
    first, *rest = [values_of(world, share, dimension, week_start) for dimension in dimensions]
    for value in first:
        yield from ((value, other) for other in rest[0]) if rest else [(value,)]


def rounded_by_day(shares: Iterable[Share], rounding: Rounding) -> int:
    """The total where each person's day on a project is rounded."""
    units: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for share in shares:
        units[share.made.user, share.made.project, share.day] += share.seconds
    return sum(rounding.round(seconds) for seconds in units.values())


# --- into the database -------------------------------------------------------------------------------------------


async def replace_entries(database: Database, world: World) -> None:
    """Make the world's entries the only ones, and its zones those of its people."""
    async with database.writing() as db:
        await db.execute(sa.delete(entry_tags))
        await db.execute(sa.delete(entries))
        for user, zone in world.zones.items():
            await db.execute(sa.update(users).where(users.c.id == user).values(time_zone=zone))
        if rows := [_row(made, world.now) for made in world.made]:
            await db.execute(sa.insert(entries), rows)
        if tagged := [
            {"workspace_id": made.workspace, "entry_id": made.id, "tag_id": tag}
            for made in world.made
            for tag in made.tags
        ]:
            await db.execute(sa.insert(entry_tags), tagged)


def _row(made: Made, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": made.workspace,
        "id": made.id,
        "user_id": made.user,
        "project_id": made.project,
        "task_id": made.task,
        "description": made.description,
        "is_billable": made.is_billable,
        "started_at": made.start,
        "ended_at": made.end,
        "deleted_at": now if made.is_trashed else None,
        "created_at": now,
        "updated_at": now,
    }


async def drawn(strategy: Any, send: Callable[[Any], Awaitable[None]], examples: int) -> None:
    """Run `send` over what the strategy draws; hypothesis is synchronous and so has a thread of its own."""
    loop = asyncio.get_running_loop()

    async def awaited(value: Any) -> None:
        await send(value)

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(strategy)
    def draw(value: Any) -> None:
        asyncio.run_coroutine_threadsafe(awaited(value), loop).result()

    await asyncio.to_thread(draw)
