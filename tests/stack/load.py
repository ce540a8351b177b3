"""People at work, and a ledger of it: each answer is noted, and afterwards each promise is looked up in the database.

A write that got no answer, or one that says that nobody was there (502, 503, 504), is sent again with the same id, as a
browser does that was offline. What was answered otherwise than expected is a fault.
"""

import asyncio
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2

from tests.stack.people import Person
from tests.stack.stack import Stack
from tests.stack.streams import Stream
from tests.stack.waiting import until

PER_SECOND = 40.0
LONGEST = 120.0  # seconds that a load lasts at most
AWAY = frozenset({502, 503, 504})
MISSED = (httpx2.TransportError,)


@dataclass(slots=True)
class Write:
    """One thing that somebody did: `key` is the entry's id, `words` what only this entry says."""

    kind: str
    key: str
    words: str
    is_acknowledged: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    at: float
    method: str
    path: str
    what: str
    retry_after: str | None = None


@dataclass(slots=True)
class Ledger:
    """`failures` has every request that was not answered as expected, the tries of one write each.

    `cold` are those before the trial began: webs that have just started open all their connections to the database at
    once, which a very busy machine may not do in the two seconds that they are given.
    """

    mark: str
    writes: list[Write] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    cold: list[Failure] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    answered_at: list[float] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.seconds) + len(self.failures) + len(self.cold)

    def kinds(self) -> str:
        """The failures, counted: "503 ×12, ReadError ×1"."""
        return (
            ", ".join(f"{what} ×{n}" for what, n in Counter(f.what for f in self.failures).items()) or "none"
        )

    def gaps(self) -> list[float]:
        """How long each interrupted stream was away, in seconds."""
        return [gap for stream in self.streams for gap in stream.gaps]

    def summary(self) -> str:
        ordered = sorted(self.seconds)
        p99 = ordered[int(len(ordered) * 0.99)] if ordered else 0
        writes = sum(write.is_acknowledged for write in self.writes)
        cold = f" (and {len(self.cold)} before the trial)" if self.cold else ""
        return (
            f"{self.requests} requests, {writes} writes acknowledged, failed: {self.kinds()}{cold}; "
            f"p99 {p99 * 1000:.0f} ms, slowest {max(self.seconds, default=0) * 1000:.0f} ms"
        )

    def verify(self, stack: Stack) -> str:
        """Look every write up. Fails where one that was acknowledged is not there, or anything is there twice."""
        rows = stack.sql(
            "SELECT e.id, e.description, e.ended_at IS NOT NULL, e.deleted_at IS NOT NULL,"
            " (SELECT count(*) FROM changes c WHERE c.workspace_id = e.workspace_id AND c.subject_id = e.id"
            f" AND c.action IN ('start', 'create')) FROM entries e WHERE e.description LIKE '{self.mark} %';"
        )
        found = {row[0]: row for row in rows}
        made = [write for write in self.writes if write.kind != "stop"]
        stopped = {write.key for write in self.writes if write.kind == "stop" and write.is_acknowledged}
        acknowledged = [write for write in made if write.is_acknowledged]
        assert acknowledged, "nothing was written at all"
        lost = [write for write in acknowledged if write.key not in found]
        assert not lost, f"{len(lost)} acknowledged writes are not in the database: {lost[:5]}"
        times = Counter(row[1] for row in rows)
        doubled = [words for words, count in times.items() if count != 1]
        assert not doubled, f"there several times: {doubled[:5]}"
        strange = found.keys() - {write.key for write in made}
        assert not strange, f"entries that nobody sent: {sorted(strange)[:5]}"
        again = [row for row in rows if row[4] != "1"]
        assert not again, f"made otherwise than once, says the journal: {again[:5]}"
        running = [key for key in stopped if found[key][2] != "t"]
        assert not running, f"stopped, and still running: {running[:5]}"
        assert not [row for row in rows if row[3] == "t"]
        return f"{len(acknowledged)} acknowledged and {len(stopped)} stops found, none lost, none doubled"


class Load:
    """Runs in a thread of its own, so that a trial may do things to the stack meanwhile."""

    def __init__(self, stack: Stack, people: Sequence[Person], per_second: float = PER_SECOND) -> None:
        self._url, self._people, self._pause = stack.url, people, len(people) / per_second
        self._trust: ssl.SSLContext = stack.trust()
        self.ledger = Ledger(f"load-{uuid4().hex[:8]}")
        self._ends = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="load")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), "the load did not end"
        if self._error is not None:
            raise self._error

    def is_in_swing(self) -> bool:
        return self.streams_open() == len(self._people) and self.requests() >= len(self._people)

    def streams_open(self) -> int:
        return sum(stream.is_open for stream in self.ledger.streams)

    def requests(self) -> int:
        """How many were answered as expected so far."""
        return len(self.ledger.seconds)

    def go_on(self, count: int, seconds: float = 30) -> None:
        """Wait until so many more have been."""
        goal = self.requests() + count
        until(lambda: self.requests() >= goal, f"{count} more requests are answered", seconds)

    def _work(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 (raised again where the trial is)
            self._error = error

    async def _run(self) -> None:
        headers = {"User-Agent": "Mozilla/5.0 (stack test)", "Origin": self._url}
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30)
        async with httpx2.AsyncClient(
            base_url=self._url,
            verify=self._trust,
            headers=headers,
            limits=limits,
            timeout=20,
            trust_env=False,
        ) as client:
            self.ledger.streams = [Stream() for _ in self._people]
            held = [
                asyncio.create_task(stream.hold(client, person.cookie))
                for stream, person in zip(self.ledger.streams, self._people, strict=True)
            ]
            deadline = time.perf_counter() + LONGEST
            await asyncio.gather(
                *(self._be(client, person, number, deadline) for number, person in enumerate(self._people))
            )
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)

    async def _be(self, client: httpx2.AsyncClient, person: Person, number: int, deadline: float) -> None:
        """One person, who does a thing at a time, each a moment after the one before."""
        due = time.perf_counter() + self._pause * number / len(self._people)
        deeds = self._deeds(person)
        while not self._ends.is_set() and due < deadline:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            due = max(due + self._pause, time.perf_counter())
            deed = next(deeds)
            if deed is None:
                await self._ask(client, person, "GET", "/timer", None, 200)
                continue
            write, path, fields = deed
            self.ledger.writes.append(write)
            while not write.is_acknowledged:
                write.tries += 1
                status = await self._ask(client, person, "POST", path, fields, 303)
                write.is_acknowledged = status == 303
                if status not in {0, *AWAY}:
                    break
                if self._ends.is_set() and time.perf_counter() > deadline:
                    break
                await asyncio.sleep(random.uniform(0.2, 0.4))

    def _deeds(self, person: Person) -> Iterator[tuple[Write, str, dict[str, str]] | None]:
        """Start, stop and add in turn, a look at the page after each."""
        day, count = datetime.now(UTC).date() - timedelta(days=2), 0
        while True:
            count += 1
            timer, words = str(uuid4()), f"{self.ledger.mark} {person.name} {count}"
            yield Write("start", timer, words), "/timer/start", {"id": timer, "description": words}
            yield None
            yield Write("stop", timer, words), "/timer/stop", {"id": timer}
            yield None
            entry, added = str(uuid4()), f"{words} by hand"
            # A minute each, one after the other: entries by hand that overlap lead to a question.
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(minutes=self._slot())
            yield (
                Write("add", entry, added),
                "/entries",
                {
                    "id": entry,
                    "description": added,
                    "date": begin.date().isoformat(),
                    "start": f"{begin:%H:%M}",
                    "end": f"{begin + timedelta(minutes=1):%H:%M}",
                },
            )
            yield None

    _next_slot = 0

    @classmethod
    def _slot(cls) -> int:
        cls._next_slot += 1
        return cls._next_slot

    async def _ask(
        self,
        client: httpx2.AsyncClient,
        person: Person,
        method: str,
        path: str,
        fields: dict[str, str] | None,
        expected: int,
    ) -> int:
        """The answer's status; 0 where none came."""
        began = time.perf_counter()
        try:
            answer = await client.request(method, path, data=fields, headers={"Cookie": person.cookie})
        except MISSED as error:
            self.ledger.failures.append(Failure(began, method, path, type(error).__name__))
            return 0
        now = time.perf_counter()
        if answer.status_code == expected:
            self.ledger.seconds.append(now - began)
            self.ledger.answered_at.append(now)
        else:
            again = answer.headers.get("retry-after")
            self.ledger.failures.append(Failure(began, method, path, str(answer.status_code), again))
        return answer.status_code


@contextmanager
def working(stack: Stack, people: Sequence[Person], per_second: float = PER_SECOND) -> Iterator[Load]:
    """Load while the block runs: from when every stream is open and the webs are warm until all writes are answered."""
    load = Load(stack, people, per_second)
    load.start()
    try:
        until(load.is_in_swing, "every stream is open, and answers come", 20)
        load.go_on(2 * len(people))
        load.ledger.cold, load.ledger.failures = load.ledger.failures, []
        for stream in load.ledger.streams:
            stream.refused.clear()
        yield load
    finally:
        load.stop()
