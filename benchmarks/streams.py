"""Open tabs: what a thousand live streams weigh while nothing happens, and how soon an event has reached them all."""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

from benchmarks.cases import START, Signed
from benchmarks.data import TEAM
from benchmarks.load import ask
from benchmarks.servers import Server

EVENT = b"event: timer-changed"
AT_ONCE = 100  # connections being opened
PATIENCE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Streams:
    """`median` to `worst` are milliseconds from sending the request that causes an event to its arrival."""

    count: int
    kib: float
    idle_percent: float
    median: float
    p99: float
    worst: float


class _Stream(asyncio.Protocol):
    """One open stream; notes when the event first arrived since the last look."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.arrived = 0.0
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.heard: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._raw)

    def data_received(self, data: bytes) -> None:
        if EVENT in data and not self.heard.done():
            self.arrived = time.perf_counter()
            self.heard.set_result(None)
        elif b": open" in data and not self.opened.done():
            self.opened.set_result(None)

    def expect(self) -> None:
        self.heard = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        self._transport.close()


async def measure(server: Server, signed: Signed, count: int, rounds: int, idle_seconds: float) -> Streams:
    """Open `count` streams of one person, let them be, then start and stop that person's timer in turn."""
    name = TEAM.starters[0]
    # One that comes and goes first: so what only the first stream costs is not counted as the others'.
    for stream in await _open(signed, name, 10):
        stream.close()
    await asyncio.sleep(1)
    before = server.worker_kib()
    opened = await _open(signed, name, count)
    await asyncio.sleep(1)
    kib = (server.worker_kib() - before) / count
    started, cpu = time.perf_counter(), server.cpu_seconds()
    await asyncio.sleep(idle_seconds)
    idle = 100 * (server.cpu_seconds() - cpu) / (time.perf_counter() - started)
    delays = []
    for number in range(rounds):
        delays += await _fan_out(signed, name, opened, number % 2 == 0)
    if rounds % 2:
        await ask(signed.port, signed.post(name, "/timer/stop"))
    for stream in opened:
        stream.close()
    delays.sort()
    at = [delays[min(len(delays) - 1, int(len(delays) * part))] * 1000 for part in (0.5, 0.99, 1.0)]
    return Streams(count, kib, idle, *at)


async def _open(signed: Signed, name: str, count: int) -> list[_Stream]:
    loop, raw = asyncio.get_running_loop(), signed.get(name, "/live").raw
    opened: list[_Stream] = []
    while len(opened) < count:
        wanted = range(min(AT_ONCE, count - len(opened)))
        made = [loop.create_connection(lambda: _Stream(raw), "127.0.0.1", signed.port) for _ in wanted]
        streams = [stream for _, stream in await asyncio.gather(*made)]
        await asyncio.wait_for(asyncio.gather(*(stream.opened for stream in streams)), PATIENCE)
        opened += streams
    return opened


async def _fan_out(signed: Signed, name: str, streams: list[_Stream], starts: bool) -> list[float]:
    for stream in streams:
        stream.expect()
    sent = time.perf_counter()
    posted = signed.post(name, "/timer/start", START) if starts else signed.post(name, "/timer/stop")
    await asyncio.gather(
        ask(signed.port, posted),
        asyncio.wait_for(asyncio.gather(*(stream.heard for stream in streams)), PATIENCE),
    )
    await asyncio.sleep(0.3)
    return [stream.arrived - sent for stream in streams]
