"""Three webs: what one of them does, all hear of, and the requests are shared out."""

import asyncio
import time
from collections import Counter

import httpx2

from tests.stack.conftest import Record
from tests.stack.people import Person
from tests.stack.stack import Stack
from tests.stack.streams import Stream
from tests.stack.waiting import until

STREAMS = 12


async def test_an_event_of_one_web_reaches_streams_of_the_others(
    stack: Stack, three_webs: list[str], people: list[Person], record: Record
) -> None:
    seen, person, trust = len(stack.answered()), people[0], stack.trust()
    streams = [Stream() for _ in range(STREAMS)]
    clients = [
        httpx2.AsyncClient(base_url=stack.url, verify=trust, trust_env=False, timeout=20)
        for _ in range(STREAMS + 1)
    ]
    held = [
        asyncio.create_task(stream.hold(client, person.cookie))
        for stream, client in zip(streams, clients[1:], strict=True)
    ]
    try:
        await asyncio.gather(*(stream.hear("open") for stream in streams))
        sent = time.perf_counter()
        answer = await clients[0].post(
            "/timer/start", data={"description": "To all"}, headers={"Cookie": person.cookie}
        )
        assert answer.status_code == 303
        arrived = await asyncio.gather(*(stream.hear("timer-changed", sent, 5) for stream in streams))
    finally:
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        for client in clients:
            await client.aclose()
    # The proxy notes a stream when it ends.
    until(lambda: len(upstreams(stack, seen, "/live")) >= STREAMS, "every stream is in the proxy's log")
    [writer] = upstreams(stack, seen, "/timer/start")
    others = set(upstreams(stack, seen, "/live")) - {writer}
    assert others, f"all streams were at {writer}, which wrote"
    slowest = max(arrived) - sent
    record(f"event to {STREAMS} streams at {len(others) + 1} webs: the slowest", f"{slowest * 1000:.0f} ms")


def upstreams(stack: Stack, seen: int, path: str) -> list[str]:
    """Which web answered each request for this path, since so many lines of the log."""
    return [line["upstream"] for line in stack.answered()[seen:] if line["path"] == path]


def test_requests_are_shared_out(stack: Stack, three_webs: list[str], record: Record) -> None:
    seen = len(stack.answered())
    with stack.client() as client:
        for _ in range(90):
            assert client.get("/health/live").status_code == 200
    shares = Counter(upstreams(stack, seen, "/health/live"))
    assert len(shares) == 3
    assert min(shares.values()) >= 10, shares
    record("90 requests shared out", " + ".join(str(count) for count in shares.values()))
