"""A big believable history for measuring: years of work of many people, day by day, in bounded memory. Pure.

Ids are integers of 128 bits and instants are epoch seconds here: whoever writes them knows the database's own forms.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

DAYS = 3 * 365
PERSON_DAY = 5.8  # entries of a person who is at work
_FEWEST_PEOPLE = 8
_SMALL_WORKSPACE = 4  # people
_LEAVE = 4 * 3600  # the last finished entry ends before this, the running ones start after it
_HOUR = 3600

ZONES = (
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe"),
)
_ZONE_WEIGHTS = (60, 15, 10, 5, 2, 4, 1, 1, 1, 1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


_FIRST = _words("""
    Ada, Bo, Camille, Devi, Elif, Femi, Greta, Hugo, Ines, Jonas, Kofi, Lena, Mina, Noor, Otto, Priya, Quinn, Rosa, Tove
""")
_LAST = _words("""
    Abe, Brandt, Castro, Diallo, Eriksen, Fischer, Gruber, Haddad, Ito, Jansen, Kaya, Lopez, Meyer, Novak, Okoye, Patel
""")
_BRANDS = _words("""
    Acorn, Birch, Cedar, Delta, Ember, Falcon, Garnet, Harbor, Indigo, Juniper, Kestrel, Lumen, Maple, Nimbus, Orchid
""")
_KINDS = _words("Foods, Energy, Logistics, Insurance, Media, Health, Motors, Bank, Rail, Systems")
_WORK = _words(
    "Website, Mobile app, Platform, Reporting, Migration, Support, Brand, Checkout, Intranet, Data warehouse"
)
_VERBS = _words("""
    Plan, Design, Build, Review, Test, Fix, Document, Deploy, Measure, Discuss, Estimate, Refine, Clean up, Prepare,
    Present, Look into, Finish, Start on, Rework, Check
""")
_OBJECTS = _words("""
    the login, the search, the invoices, the calendar, the import, the export, the dashboard, the nightly job,
    the backups, the price list, the address form, the error pages, the newsletter, the on-call rota, the queue,
    the release notes, the permissions, the charts, the mobile menu, the test data, the contract, the roadmap,
    the accessibility report, the slow query, the payment page
""")
_TASKS = _words("Analysis, Design, Build, Test, Rollout, Support, Meetings, Documentation")
_TAGS = _words("""
    design, meeting, ops, admin, research, review, writing, support, travel, sales, planning, bug, feature, interview,
    training, on-call, workshop, call, email, release, security, data, mobile, web, backend, legal, finance, hiring,
    demo, retro, pairing, spike, test, docs, infra, urgent, internal, client, learning, cleanup
""")


@dataclass(slots=True)
class Space:
    """A workspace: projects are (id, name, client's id or None, colour, billable); clients and tags (id, name), and so
    are the tasks of a project, by its id."""

    id: int
    name: str
    clients: list[tuple[int, str]]
    projects: list[tuple[int, str, int | None, int, bool]]
    tags: list[tuple[int, str]]
    tasks: dict[int, list[tuple[int, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Worker:
    """One of the people, with the habits that their entries come from."""

    id: int
    username: str
    name: str
    role: str
    zone: ZoneInfo
    space: Space
    begins: int  # seconds after local midnight
    projects: list[tuple[int | None, bool]] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    busy_until: int = 0


@dataclass(slots=True)
class Day:
    """Rows of one day, in the order of ENTRY_COLUMNS and TAG_COLUMNS."""

    entries: list[tuple[Any, ...]]
    tags: list[tuple[int, int, int]]


ENTRY_COLUMNS = (
    *("workspace_id", "id", "user_id", "project_id", "description"),
    *("started_at", "ended_at", "is_billable", "created_at", "updated_at", "task_id"),
)
TAG_COLUMNS = ("workspace_id", "entry_id", "tag_id")


def id_at(second: int, rng: random.Random) -> int:
    """A UUIDv7 (RFC 9562) made in that second of the epoch."""
    milliseconds = second * 1000 + rng.randrange(1000)
    return (milliseconds << 80) | (7 << 76) | (rng.getrandbits(12) << 64) | (2 << 62) | rng.getrandbits(62)


@lru_cache(maxsize=64)
def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


class History:
    """So many entries up to now; days() yields them all, oldest first, the same for the same seed."""

    def __init__(self, entries: int, now: datetime, seed: int = 7) -> None:
        self.rng = random.Random(seed)  # noqa: S311 (made-up data, not secrets)
        # Of their own, so that the rest of a history is the same as without them.
        self.task_rng = random.Random(seed + 1)  # noqa: S311
        self.total = entries
        self.now = int(now.timestamp())
        people = max(_FEWEST_PEOPLE, round(entries / (DAYS * 5 / 7 * PERSON_DAY)))
        self.length = min(DAYS, round(entries / (people * PERSON_DAY) * 7 / 5) + 7)
        self.first = now.astimezone(UTC).date() - timedelta(days=self.length)
        self.since = _midnight(self.first, UTC) - 86_400
        small = max(1, min(5, people // 20))
        sizes = [people - small * _SMALL_WORKSPACE, *[_SMALL_WORKSPACE] * small]
        self.spaces = [self._space(number) for number in range(len(sizes))]
        places = [
            (space, place) for space, size in zip(self.spaces, sizes, strict=True) for place in range(size)
        ]
        self.workers = [self._worker(number, *place) for number, place in enumerate(places)]

    # ---- Who and where

    def _id(self) -> int:
        return id_at(self.since, self.rng)

    def _space(self, number: int) -> Space:
        rng, is_big = self.rng, number == 0
        brands = rng.sample([f"{brand} {kind}" for brand in _BRANDS for kind in _KINDS], 50 if is_big else 6)
        clients = [(self._id(), brand) for brand in brands]
        ideas = [(client, work) for client in clients for work in _WORK]
        projects = [
            (self._id(), f"{client[1]}: {work}", client[0], rng.randint(1, 12), rng.random() < 0.7)
            for client, work in rng.sample(ideas, 260 if is_big else 6)
        ]
        own = ["Internal", "Holidays", "Sales", "Hiring"] if is_big else ["Internal", "Back office"]
        tags = [(self._id(), tag) for tag in (_TAGS if is_big else _TAGS[:8])]
        space = Space(
            self._id(),
            "Meridian Works" if is_big else f"{_BRANDS[number]} Collective",
            clients,
            [*projects, *((self._id(), name, None, 7, False) for name in own)],
            tags,
        )
        for project in space.projects:
            names = self.task_rng.sample(_TASKS, 3)
            space.tasks[project[0]] = [(id_at(self.since, self.task_rng), name) for name in names]
        return space

    def _worker(self, number: int, space: Space, place: int) -> Worker:
        rng = self.rng
        role = "owner" if place == 0 else "admin" if place < 3 else "manager" if place % 12 == 0 else "member"
        # A few work at night, so their entries cross midnight. The first person keeps office hours in Berlin.
        begins = 22 * _HOUR if number and rng.random() < 0.04 else round(rng.gauss(8.7, 0.6) * _HOUR)
        worker = Worker(
            self._id(),
            f"person{number + 1:03}",
            f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]}",
            role,
            ZoneInfo(rng.choices(ZONES, _ZONE_WEIGHTS)[0] if number else ZONES[0]),
            space,
            begins,
        )
        chosen = rng.sample(space.projects, min(8, len(space.projects)))
        worker.projects = [(None, False), *((project[0], project[4]) for project in chosen)]
        worker.phrases = [f"{rng.choice(_VERBS)} {rng.choice(_OBJECTS)}" for _ in range(40)]
        worker.tags = rng.sample([tag[0] for tag in space.tags], len(space.tags))
        return worker

    # ---- Their days

    def days(self) -> Iterator[Day]:
        running = self._running()
        planned = self.total - len(running.entries)
        days = [self.first + timedelta(days=n) for n in range(self.length + 1)]
        shares = list(accumulate(self._share(day) for day in days))
        made = 0
        for day, share in zip(days, shares, strict=True):
            wanted = round(planned * share / shares[-1]) - made
            if wanted > 0:
                made += wanted
                yield self._day(day, wanted)
        yield running

    def _begin(self, worker: Worker, day: date) -> int:
        return max(worker.busy_until, _midnight(day, worker.zone) + worker.begins)

    def _share(self, day: date) -> float:
        """How much of the work of a full day is done on this one."""
        part = (1.0, 1.0, 1.0, 1.0, 0.9, 0.05, 0.03)[day.weekday()]
        if (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2):
            part *= 0.1
        elif day.month in {7, 8}:
            part *= 0.8
        if self.now - _midnight(day, UTC) > 3 * 86_400:
            return part
        limit = self.now - _LEAVE
        there = sum(
            min(1.0, max(0.0, (limit - self._begin(worker, day)) / (9 * _HOUR))) for worker in self.workers
        )
        return part * there / len(self.workers)

    def _day(self, day: date, wanted: int) -> Day:
        rng, limit = self.rng, self.now - _LEAVE
        begins = {worker.id: self._begin(worker, day) for worker in self.workers}
        there = [worker for worker in self.workers if begins[worker.id] < limit - _HOUR] or self.workers[:1]
        most = max(1, round(min(len(there) * 0.93, wanted / 4)))
        at_work = rng.sample(there, min(most, len(there)))
        done = Day([], [])
        for index, count in Counter(rng.choices(range(len(at_work)), k=wanted)).items():
            worker = at_work[index]
            begin = min(begins[worker.id] + rng.randint(-1200, 1800), limit - _HOUR)
            self._person_day(worker, max(begin, worker.busy_until), count, done)
        # Rows lie on the disk in the order in which they were made, people mixed.
        done.entries.sort(key=lambda entry: entry[5])
        return done

    def _person_day(self, worker: Worker, begin: int, count: int, into: Day) -> None:
        """`count` entries from `begin` on, with breaks and lunch, none after the limit."""
        random = self.rng.random
        lasts = (6.2 + 2.4 * random()) * _HOUR * min(1.0, 0.4 + count / 6)
        weights = [0.25 + random() for _ in range(count)]
        scale = lasts / sum(weights)
        at, spans, lunch = 0.0, [], count // 2 if count > 2 else -1
        for number, weight in enumerate(weights):
            spans.append((at, at + weight * scale))
            at += weight * scale + (2700.0 if number == lunch else 0.0)
            at += random() * 1200 if random() < 0.35 else 0.0
        room = self.now - _LEAVE - begin
        shrink = min(1.0, room / spans[-1][1])
        add = self._add
        for start, end in spans:
            add(worker, begin + int(start * shrink), begin + int(end * shrink), into)
        worker.busy_until = begin + int(spans[-1][1] * shrink)
        # Somebody forgets a timer, now and then, and finds it a day later.
        if (
            random() < 0.0004
            and (late := worker.busy_until + int((20 + 20 * random()) * _HOUR)) < self.now - _LEAVE
        ):
            entry = into.entries[-1]
            into.entries[-1] = (*entry[:6], late, *entry[7:9], late, *entry[10:])
            worker.busy_until = late

    def _add(self, worker: Worker, start: int, end: int | None, into: Day) -> None:
        random = self.rng.random
        chance = random()
        # The last project of the list is the favourite, the first phrase and the first tag are.
        project, is_billable = worker.projects[int((1 - chance**2) * 0.999 * len(worker.projects))]
        chance = random()
        text = worker.phrases[int(chance * chance * len(worker.phrases))]
        if chance < 0.05:
            text = ""
        elif chance > 0.85:
            text = f"{text} (#{int(random() * 90_000) + 10_000})"
        key, space = id_at(start, self.rng), worker.space.id
        made = (start, end, is_billable, start, start if end is None else end)
        task = None
        # About half of all entries are on a task, as one in nine has no project.
        if project is not None and (chance := self.task_rng.random()) < 0.54:
            task = worker.space.tasks[project][int(chance / 0.54 * 3)][0]
        into.entries.append((space, key, worker.id, project, text, *made, task))
        if (chance := random()) < 0.4:
            most = 1 if chance < 0.26 else 2 if chance < 0.37 else 3
            places = {int(random() ** 2 * len(worker.tags)) for _ in range(most)}
            into.tags.extend((space, key, worker.tags[place]) for place in places)

    def _running(self) -> Day:
        """Timers that run now; never that of the first person, with whom one signs in to measure."""
        running = Day([], [])
        for worker in self.workers[1 :: min(8, self.total)]:
            if len(running.entries) < self.total // 20:
                self._add(worker, self.now - self.rng.randint(60, _LEAVE - 60), None, running)
        running.entries.sort(key=lambda entry: entry[5])
        return running
