"""Load for a server on this machine: keep-alive connections that each send the next request when the last is answered.

The requests are bytes made beforehand, and of an answer only status and length are read: so the client costs little of
the processor that it shares with what it measures.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Failed(Exception):
    """A server gave another answer than the one asked for; a measurement of that would mean nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request's bytes, and the status that its answer must have."""

    raw: bytes
    status: int = 200


@dataclass(slots=True)
class Tally:
    """What came back: the seconds that each answer took, and how long all of it lasted."""

    elapsed: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def latency(self, part: float) -> float:
        """The latency in milliseconds that this part of the answers stayed below."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def request(
    port: int,
    method: str,
    path: str,
    *,
    cookie: str = "",
    body: str = "",
    status: int = 200,
    htmx: bool = False,
) -> Request:
    """A request as a browser would send it, as far as the server looks at it."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) chronos-benchmark",
        "Accept: text/html",
        "Accept-Encoding: gzip, deflate",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if htmx:
        lines += ["HX-Request: true", "Sec-Fetch-Site: same-origin"]
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return Request("\r\n".join([*lines, "", body]).encode(), status)


class Connection(asyncio.Protocol):
    """One connection: its requests in turn, again and again, until the deadline."""

    def __init__(self, steps: Sequence[Request], tally: Tally, deadline: float) -> None:
        self._steps = steps
        self._tally = tally
        self._deadline = deadline
        self._turn = 0
        self._sent_at = 0.0
        self._missing = -1  # bytes of the answer still to come; -1: its head is not whole yet
        self._head = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._steps[self._turn].raw)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._head += data
            end = self._head.find(HEAD_END)
            if end < 0:
                return
            head, body = self._head[:end].lower(), len(self._head) - end - len(HEAD_END)
            self._head = b""
            at = head.find(LENGTH)
            if at < 0 or int(head[9:12]) != self._steps[self._turn].status:
                self._fail(head.split(b"\r\n")[0].decode())
                return
            self._missing = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) - body
        else:
            self._missing -= len(data)
        if self._missing <= 0:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self._missing = -1
        self._tally.seconds.append(now - self._sent_at)
        self._turn = (self._turn + 1) % len(self._steps)
        # A pair that was begun is finished, so that the next run finds things as this one did.
        if now < self._deadline or self._turn:
            self._send()
        else:
            self._transport.close()

    def _fail(self, words: str) -> None:
        path = self._steps[self._turn].raw.split(b" ", 2)[1].decode()
        self._tally.failures.append(f"{path}: {words}")
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._tally.failures.append(repr(error))
        if not self.done.done():
            self.done.set_result(None)


async def drive(port: int, connections: Sequence[Sequence[Request]], seconds: float) -> Tally:
    """Send each connection's requests in turn for so long. Raises Failed."""
    tally, loop = Tally(), asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        await loop.create_connection(
            lambda steps=steps: Connection(steps, tally, started + seconds),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        for steps in connections
    ]
    await asyncio.wait_for(asyncio.gather(*(protocol.done for _, protocol in opened)), seconds + 60)
    tally.elapsed = time.perf_counter() - started
    if tally.failures:
        raise Failed(f"{len(tally.failures)} answers were not as they should be: {tally.failures[0]}")
    return tally


async def ask(port: int, wanted: Request) -> tuple[bytes, bytes]:
    """One request on a connection of its own: the answer's head and body. Raises Failed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(wanted.raw)
        head = await reader.readuntil(HEAD_END)
        if int(head[9:12]) != wanted.status:
            raise Failed(f"{wanted.raw.split(b' ', 2)[1].decode()}: {head.splitlines()[0].decode()}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(LENGTH))
        return head, await reader.readexactly(int(length.split(b":")[1]))
    finally:
        writer.close()
