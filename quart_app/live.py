"""Live updates: names of what changed, never HTML. Every open tab listens and fetches with its own viewer's rights.

An audience is a key such as `user:<id>`, `workspace:<id>` or `session:<id>`. Within a process a name goes straight into
the mailboxes of the streams that listen; between processes it travels by PostgreSQL's NOTIFY, on one connection of
each process. SQLite is served by one process only.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import uuid4

import asyncpg
import structlog

from quart_app.db import Database, Unavailable

CHANNEL = "chronos_live"
RESYNC = "resync"
END = "session-ended"
# A NOTIFY carries at most 8000 bytes (PostgreSQL): a session's key with its names takes some 70 of them.
AUDIENCES_AT_ONCE = 50
MOST_TURNS = 1000
_log = structlog.get_logger(__name__)


class Mailbox:
    """The names one stream has still to send. A name that waits already is not put in twice, so the mailbox is as
    small as the list of names, however slow the reader."""

    __slots__ = ("_names", "_woken", "ended")

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._woken: asyncio.Future[None] | None = None
        self.ended = False

    def put(self, name: str) -> None:
        self._names[name] = None
        self.wake()

    def end(self) -> None:
        """End the stream without a word, so that the tab comes back: the server stops, the session does not."""
        self.ended = True
        self.wake()

    def wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def take(self) -> list[str]:
        """What has arrived, at once if something has, else when woken (then perhaps nothing)."""
        if not self._names and not self.ended:
            self._woken = asyncio.get_running_loop().create_future()
            try:
                await self._woken
            finally:
                self._woken = None
        names = list(self._names)
        self._names.clear()
        return names


class Live:
    """The hub of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mailboxes: defaultdict[str, set[Mailbox]] = defaultdict(set)
        self._all: set[Mailbox] = set()
        self._turn = 0
        self._turns: dict[str, int] = {}
        self._origin = uuid4().hex[:12]
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = database.dialect == "sqlite"
        self._tried = asyncio.Event()

    @property
    def open_streams(self) -> int:
        return len(self._all)

    @property
    def is_listening(self) -> bool:
        """Whether what other processes publish arrives here (always, where there are none)."""
        return self._listening

    def turn_of(self, audience: str) -> int | None:
        """A number that is another one as soon as this process hears of something for the audience: what is read from
        the database after this holds until then. None while something may be missed."""
        if not self._listening:
            return None
        if len(self._turns) >= MOST_TURNS:
            self._forget_turns()
        return self._turns.setdefault(audience, self._turn)

    def _forget_turns(self) -> None:
        self._turns.clear()
        self._turn += 1

    async def start(self, *, heartbeat: float = 25.0) -> None:
        self._tasks = [asyncio.create_task(self._beat(heartbeat))]
        if self._database.dialect == "postgresql":
            self._tasks.append(asyncio.create_task(self._listen()))
            # Whoever is served first must not miss what happens elsewhere; without a database there is no waiting.
            await self._tried.wait()

    async def stop(self) -> None:
        """End every stream and stop listening."""
        self.end_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._listening = False

    def end_all(self) -> None:
        for mailbox in list(self._all):
            mailbox.end()

    @contextmanager
    def subscribe(self, audiences: Iterable[str]) -> Iterator[Mailbox]:
        """A mailbox for what is published to any of these audiences while the block runs."""
        mailbox, keys = Mailbox(), tuple(audiences)
        for key in keys:
            self._mailboxes[key].add(mailbox)
        self._all.add(mailbox)
        try:
            yield mailbox
        finally:
            self._all.discard(mailbox)
            for key in keys:
                self._mailboxes[key].discard(mailbox)
                if not self._mailboxes[key]:
                    del self._mailboxes[key]

    async def publish(self, audiences: Iterable[str], *names: str) -> None:
        """Tell the audiences, in every process, that these things have changed. Call it after the commit."""
        await self.publish_all(dict.fromkeys(audiences, names))

    async def publish_all(self, news: Mapping[str, Sequence[str]]) -> None:
        """Tell each audience its own names, in one go.

        When the database is away just now, other processes are not told. Those that lost it too have their tabs resync
        when they listen again; the tabs of the others stay as they are until the next change.
        """
        self._deliver(news)
        if self._database.dialect != "postgresql":
            return
        audiences = list(news)
        try:
            for start in range(0, len(audiences), AUDIENCES_AT_ONCE):
                part = {audience: news[audience] for audience in audiences[start : start + AUDIENCES_AT_ONCE]}
                await self._database.notify(CHANNEL, json.dumps([self._origin, part], separators=(",", ":")))
        except Unavailable:
            _log.warning("live_publish_failed", audiences=len(audiences))

    def _deliver(self, news: Mapping[str, Sequence[str]]) -> None:
        for audience, names in news.items():
            if audience in self._turns:
                self._turn += 1
                self._turns[audience] = self._turn
            for mailbox in self._mailboxes.get(audience, ()):
                for name in names:
                    mailbox.put(name)

    def _received(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        origin, news = json.loads(str(payload))
        if origin != self._origin:
            self._deliver(news)

    async def _beat(self, seconds: float) -> None:
        """Wake every stream now and then, so that proxies see it alive: one timer for all, spread
        over the interval."""
        while True:
            boxes = list(self._all)
            for part in range(50):
                for mailbox in boxes[part::50]:
                    mailbox.wake()
                await asyncio.sleep(seconds / 50)

    async def _listen(self) -> None:
        """Hold the listening connection; on loss come back with growing pauses, then have every tab resync."""
        pause, first = 0.2, True
        while True:
            try:
                connection = await self._database.connect_listener()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("live_listener_failed", error=type(error).__name__)
            else:
                await self._hold(connection, resync=not first)
                pause, first = 0.2, False
            self._tried.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _hold(self, connection: "asyncpg.Connection[asyncpg.Record]", *, resync: bool) -> None:
        """Listen on the connection until it is lost; closes it."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._received)
            self._listening = True
            self._tried.set()
            if resync:
                self._forget_turns()
                for mailbox in self._all:
                    mailbox.put(RESYNC)
            await lost.wait()
            _log.warning("live_listener_lost")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("live_listener_lost", error=type(error).__name__)
        finally:
            self._listening = False
            connection.terminate()


async def events(mailbox: Mailbox, key: str = "") -> AsyncIterator[str]:
    """The stream as server-sent events: `open` with the key of whose stream it is, then each name as an event. At the
    beginning, and when nothing came, a `beat` with the server's time in milliseconds shows the line alive and sets the
    browser's clocks right."""
    yield f"retry: 1000\nevent: open\ndata: {key}\n\n{_beat()}"
    while True:
        names = await mailbox.take()
        for name in names:
            yield f"event: {name}\ndata: {name}\n\n"
            if name == END:
                return  # what comes after it is not for them any more
        if mailbox.ended and not names:
            return
        if not names:
            yield _beat()


def _beat() -> str:
    return f"event: beat\ndata: {time.time() * 1000:.0f}\n\n"
