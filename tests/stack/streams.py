"""/live as a browser holds it: one stream, opened again as static/js/live-worker.js does when it ends."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2

PATIENCE = httpx2.Timeout(20, read=60)
LONGEST_PAUSE = 10.0


@dataclass(slots=True)
class Stream:
    """What one stream saw. `ended`: by the server, in order. `cut`: in mid-word. `refused`: tries that were answered
    otherwise than by a stream, or not at all."""

    opened: int = 0
    ended: int = 0
    cut: int = 0
    refused: list[str] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)
    is_open: bool = False
    gaps: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, name: str, since: float) -> float | None:
        """When an event of this name first came after that moment of time.perf_counter()."""
        return next((at for at, found in self.events if found == name and at >= since), None)

    async def hear(self, name: str, since: float = 0.0, seconds: float = 10) -> float:
        """The same, once it has come."""
        async with asyncio.timeout(seconds):
            while (at := self.heard(name, since)) is None:
                self.news.clear()
                await self.news.wait()
        return at

    async def hold(self, client: httpx2.AsyncClient, cookie: str) -> None:
        """Until it is cancelled."""
        failures, lost = 0, 0.0
        while True:
            try:
                async for name in self._read(client, cookie):
                    if name == "open":
                        failures = 0
                        if lost:
                            self.gaps.append(time.perf_counter() - lost)
            except httpx2.TransportError as error:
                if self.is_open:
                    self.cut += 1
                else:
                    self.refused.append(type(error).__name__)
            lost, failures, self.is_open = time.perf_counter(), failures + 1, False
            await asyncio.sleep(min(LONGEST_PAUSE, 0.25 * 2**failures) * random.uniform(0.7, 1.3))

    async def _read(self, client: httpx2.AsyncClient, cookie: str) -> AsyncIterator[str]:
        async with client.stream("GET", "/live", headers={"Cookie": cookie}, timeout=PATIENCE) as answer:
            if answer.status_code != 200:
                self.refused.append(str(answer.status_code))
                return
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                    if name == "open":
                        self.opened += 1
                        self.is_open = True
                    self.events.append((time.perf_counter(), name))
                    self.news.set()
                    yield name
            self.ended += 1
