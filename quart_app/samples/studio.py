"""Northwind Studio: eight believable weeks of two people's work, as plain values. Pure, the same for the same now."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from quart_app.periods import MONTHS

WEEKS = 8
CLIENTS = ("Acme", "Northwind", "Fjord Bikes", "Lindgren & Daughters")
TAGS = ("design", "meeting", "ops", "admin", "research", "review", "writing", "support", "travel")

_DAY = timedelta(days=1)
_SHORTEST = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Project:
    """One project; each task is what people write, then a # and the tags that go with it."""

    name: str
    client: str | None
    colour: int
    is_billable: bool
    description: str
    tasks: tuple[str, ...] = ()
    is_archived: bool = False


PROJECTS = (
    Project(
        *("Website Redesign", "Acme", 1, True, "The shop on every screen, ready for the spring season."),
        (
            "Settle on the calendar grid #design",
            "Wireframes of the landing page #design",
            "Navigation on small screens #design",
            "Contrast of buttons and links #design #review",
            "Interview with three shop managers #research",
            "Prototype of the checkout #design",
            "Copy review #writing #review",
            "Icons for the product pages #design",
            "Forms that say what to do next #design",
            "Crop and compress the hero images",
            "Notes from the usability test #research #writing",
        ),
    ),
    Project(
        *(
            "Database Migration",
            "Acme",
            5,
            True,
            "From the old shop's tables to PostgreSQL, with no lost order.",
        ),
        (
            "Write the cut-over plan #writing",
            "Map the old tables to the new ones",
            "Copy the order history #ops",
            "Compare row counts, old and new #review",
            "Indexes for the order lines",
            "Rehearse the cut-over #ops",
            "Umlauts in the customer names",
            "Script for the way back #ops",
        ),
    ),
    Project(
        *("Platform", "Northwind", 4, True, "What all shops share: payments, accounts, servers."),
        (
            "Payment retries",
            "Rate limits at the gateway #ops",
            "Alerts that wake nobody for nothing #ops",
            "Keep logs for thirty days #ops",
            "Review the queue consumer #review",
            "Smaller container images #ops",
            "The slow query of the week #research",
            "Rotate the signing keys #ops",
            "Answer Northwind's tickets #support",
        ),
    ),
    Project(
        *("Mobile App", "Fjord Bikes", 6, True, "Book a bike, unlock it, bring it back."),
        (
            "Unlock by Bluetooth #research",
            "Map of the stations #design",
            "Sign in without a password",
            "Crash when the network comes back #support",
            "Screens for the app stores #design #writing",
        ),
    ),
    Project(
        *("Brand Guide", "Lindgren & Daughters", 8, True, "Type, colours and tone of a family bakery."),
        (
            "Type specimens #design",
            "Tone of voice #writing",
            "Packaging mock-ups #design",
            "Visit the bakery #travel",
        ),
    ),
    Project(
        *("Internal", None, 7, False, "What we do for each other."),
        (
            "Read applications",
            "Tidy the wiki #writing",
            "Set up the new laptop #ops",
            "Plan the winter outing",
        ),
    ),
    Project(
        *("Back office", None, 3, False, "Invoices, receipts and the rest."),
        (
            "Receipts and travel costs #admin",
            "Answer the accountant #admin",
            "Inbox #admin",
            "Offer for Fjord Bikes",
        ),
    ),
    Project(
        *("Old Shop", "Acme", 9, True, "Kept alive until the new one opened."),
        ("Fix the basket in Safari #support", "Last backup of the old shop #ops"),
        is_archived=True,
    ),
)
_BY_NAME = {project.name: project for project in PROJECTS}
# Tasks of projects by name: work that bears one of these tags is on the task.
TASKS = {
    "Website Redesign": {"design": "Design", "research": "Research", "writing": "Content"},
    "Database Migration": {"ops": "Cut-over", "writing": "Planning", "review": "Checks"},
}


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    name: str
    email: str
    password: str
    role: str
    time_zone: str
    hour_cycle: str
    seed: int
    begins: time
    favourites: dict[str, int]
    running: tuple[str, str, range]  # project, task, started so many seconds ago
    days_off: range  # counted back from today

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


PEOPLE = (
    Person(
        *("alice", "Alice Keller", "alice@northwind.example", "alice-sample", "owner", "Europe/Berlin", "24"),
        seed=1,
        begins=time(8, 50),
        favourites={
            "Website Redesign": 10,
            "Database Migration": 5,
            "Platform": 4,
            "Brand Guide": 2,
            "Back office": 1,
        },
        running=("Website Redesign", "Settle on the calendar grid #design", range(41 * 60, 99 * 60)),
        days_off=range(19, 21),
    ),
    Person(
        *("bob", "Bob Osei", "bob@northwind.example", "bob-sample", "member", "Europe/London", "12"),
        seed=2,
        begins=time(8, 35),
        favourites={"Platform": 10, "Database Migration": 6, "Mobile App": 5, "Internal": 1},
        running=("Platform", "Payment retries", range(11 * 60, 34 * 60)),
        days_off=range(30, 35),
    ),
)

# Clock in Berlin, minutes, project, task, by weekday (0 is Monday). Both come to the same meetings.
_EVERY_DAY = (time(10), 15, "Internal", "Stand-up #meeting")
_MEETINGS = {
    0: (time(11, 5), 60, "Internal", "Weekly sync #meeting"),
    2: (time(15), 45, "Website Redesign", "Call with Acme #meeting"),
    3: (time(14), 30, "Internal", "One-to-one #meeting"),
    4: (time(14), 50, "Internal", "Demo and looking back #meeting"),
}


@dataclass(frozen=True, slots=True)
class Stint:
    """An entry to be: instants in UTC; `ended_at` is None while it runs; an empty `project` is none."""

    started_at: datetime
    ended_at: datetime | None
    project: str
    description: str
    tags: tuple[str, ...]
    is_billable: bool

    @property
    def task(self) -> str | None:
        known = TASKS.get(self.project, {})
        return next((known[tag] for tag in self.tags if tag in known), None)


def stints(person: Person, now: datetime) -> list[Stint]:
    """Eight weeks of a person's entries up to now, oldest first, the last one running; no two overlap."""
    rng = random.Random(person.seed)  # noqa: S311 (a story, not a secret)
    project, task, ago = person.running
    since = now - timedelta(seconds=rng.choice(ago))
    today = since.astimezone(person.zone).date()
    first = today - WEEKS * 7 * _DAY
    planned = sorted(_Plan(person, today, rng).stints(first), key=lambda stint: stint.started_at)
    ends = [stint.started_at for stint in planned[1:]] + [since]
    done = [
        replace(stint, ended_at=min(stint.ended_at or until, until, since))
        for stint, until in zip(planned, ends, strict=True)
        if stint.started_at + _SHORTEST <= min(until, since)
    ]
    return [*done, _stint(since, None, project, task)]


def _stint(start: datetime, end: datetime | None, project: str, task: str) -> Stint:
    description, *tags = task.split(" #")
    return Stint(
        start, end, project, description, tuple(tags), bool(project) and _BY_NAME[project].is_billable
    )


class _Plan:
    """How one person's days go, told in local time."""

    def __init__(self, person: Person, today: date, rng: random.Random) -> None:
        self.person = person
        self.today = today
        self.rng = rng
        self.tasks: dict[str, str] = {}
        self.last = ""

    def stints(self, first: date) -> Iterator[Stint]:
        nights = (
            {self._last_night() - n * 14 * _DAY for n in range(WEEKS // 2 + 1)}
            if self.person.seed == 1
            else set()
        )
        day = first
        while day <= self.today:
            back = (self.today - day).days
            is_worked = (day.weekday() < 5 and back not in self.person.days_off) or back == 0
            changes = self._offset(day + _DAY) != self._offset(day + 2 * _DAY)
            if is_worked:
                yield from self._workday(day, late=day - _DAY in nights)
            elif day.weekday() == 5 and (back < 7 or self.rng.random() < 0.4):
                yield self._saturday(day)
            if changes and self.person.seed == 1:
                # Over midnight and over the change of the clocks: 4:45 by the clock are one hour more, or less.
                yield self._block(
                    day, time(23, 30), 285, "Database Migration", "Cut-over of the order tables #ops"
                )
            elif day in nights:
                yield self._block(day, time(23, 10), 120, "Platform", "Night deploy, watch the graphs #ops")
            day += _DAY

    def _offset(self, day: date) -> timedelta | None:
        return datetime.combine(day, time(0), self.person.zone).utcoffset()

    def _last_night(self) -> date:
        """The latest Tuesday, Thursday or Saturday before today."""
        return next(day for n in range(1, 8) if (day := self.today - n * _DAY).weekday() in {1, 3, 5})

    def _saturday(self, day: date) -> Stint:
        last_month = MONTHS[(day.replace(day=1) - _DAY).month - 1]
        task = (
            f"Invoice run for {last_month} #admin"
            if self.person.role == "owner"
            else "Read about queues #research"
        )
        project = "Back office" if self.person.role == "owner" else "Internal"
        return self._block(day, time(10), self.rng.randint(60, 150), project, task)

    def _workday(self, day: date, *, late: bool) -> Iterator[Stint]:
        """Meetings at their times, work in what is left of the day around lunch."""
        rng = self.rng
        begin = self._at(day, self.person.begins, rng.randint(-15, 25) + (80 if late else 0))
        end = self._at(day, time(16, 20) if day.weekday() == 4 else time(17, 25), rng.randint(-25, 50))
        lunch = self._at(day, time(12, 30), rng.randint(-20, 20))
        busy = [(lunch, lunch + timedelta(minutes=rng.randint(32, 58)))]
        for meeting in self._meetings(day):
            busy.append((meeting.started_at, meeting.ended_at or meeting.started_at))
            yield meeting
        for start, until in [*sorted(busy), (end, end)]:
            yield from self._work(begin, min(start, end))
            begin = max(begin, until)

    def _meetings(self, day: date) -> Iterator[Stint]:
        if day.weekday() > 4:
            return
        zone = ZoneInfo("Europe/Berlin")
        for clock, minutes, project, task in filter(None, (_EVERY_DAY, _MEETINGS.get(day.weekday()))):
            start = datetime.combine(day, clock, zone).astimezone(UTC) + timedelta(
                seconds=self.rng.randint(0, 150)
            )
            lasts = timedelta(minutes=minutes, seconds=self.rng.randint(-180, 420))
            yield _stint(start, start + lasts, project, task)

    def _work(self, begin: datetime, until: datetime) -> Iterator[Stint]:
        """Blocks of work that fill the time, some back to back, some with a break between."""
        while until - begin > timedelta(minutes=12):
            end = min(until, begin + timedelta(seconds=self.rng.randint(38 * 60, 115 * 60)))
            if until - end < timedelta(minutes=20):
                end = until
            yield self._task(begin, end)
            begin = end + (
                timedelta(seconds=self.rng.randint(90, 900)) if self.rng.random() < 0.4 else timedelta()
            )

    def _task(self, start: datetime, end: datetime) -> Stint:
        """Another project than just before, or another task; often the one that was last done there."""
        rng = self.rng
        favourites = self.person.favourites
        name = rng.choices([*favourites], [*favourites.values()])[0]
        if name == self.last:
            name = rng.choices([*favourites], [*favourites.values()])[0]
        if (self.today - start.date()).days > 5 * 7 and rng.random() < 0.15:
            name = "Old Shop"
        if name == self.last or rng.random() < 0.5:
            self.tasks[name] = rng.choice(_BY_NAME[name].tasks)
        self.last = name
        stint = _stint(start, end, name, self.tasks.setdefault(name, _BY_NAME[name].tasks[0]))
        chance = rng.random()
        if chance < 0.03:
            return replace(stint, description="")
        if chance < 0.05:
            return replace(stint, project="", tags=(), is_billable=False)
        return replace(stint, is_billable=False) if chance < 0.08 else stint

    def _block(self, day: date, clock: time, minutes: int, project: str, task: str) -> Stint:
        start = self._at(day, clock, 0)
        return _stint(
            start, start + timedelta(minutes=minutes, seconds=self.rng.randint(0, 299)), project, task
        )

    def _at(self, day: date, clock: time, minutes: int) -> datetime:
        """The instant of a local time, so many minutes and some seconds later."""
        local = datetime.combine(day, clock, self.person.zone)
        return local.astimezone(UTC) + timedelta(minutes=minutes, seconds=self.rng.randrange(60))
