"""What is asked of a server: each case is the requests that every connection sends in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote_plus

from benchmarks.data import A_DAY, PASSWORD, SHOWN, TEAM
from benchmarks.load import Request, ask, request
from quart_app import periods

Plan = Sequence[Sequence[Request]]


@dataclass(frozen=True, slots=True)
class Signed:
    """A server's port, and the session's cookie of each of the team there."""

    port: int
    cookies: dict[str, str]

    def get(self, name: str, path: str) -> Request:
        return request(self.port, "GET", path, cookie=self.cookies[name], htmx=path != "/timer")

    def post(self, name: str, path: str, body: str = "") -> Request:
        return request(self.port, "POST", path, cookie=self.cookies[name], body=body, htmx=True)


@dataclass(frozen=True, slots=True)
class Case:
    """`steps` make one unit of what is counted; `share` is the target, a share of the floor's rate."""

    name: str
    words: str
    steps: Callable[[Signed, str], list[Request]]
    share: float | None
    people: tuple[str, ...] = (TEAM.resting,)
    most_connections: int = 1_000

    def plan(self, signed: Signed, connections: int) -> Plan:
        count = min(connections, self.most_connections)
        return [self.steps(signed, self.people[n % len(self.people)]) for n in range(count)]


def _getting(path: str) -> Callable[[Signed, str], list[Request]]:
    return lambda signed, name: [signed.get(name, path)]


START = f"description={quote_plus('Work on the matter 7')}&project=&tags="


def _pair(signed: Signed, name: str) -> list[Request]:
    return [signed.post(name, "/timer/start", START), signed.post(name, "/timer/stop")]


def _days(signed: Signed, name: str) -> list[Request]:
    """The days that the page shows, as it asks for them to refresh itself."""
    since = periods.now().date() - timedelta(days=SHOWN // A_DAY)
    return [signed.get(name, f"/entries/days?since={since}")]


def _change(signed: Signed, name: str) -> list[Request]:
    """What a tab sends when a timer is started, and again when it is discarded: all that was kept is out of date."""
    running, week = signed.get(name, "/timer/running"), signed.get(name, "/entries/week")
    looks = [running, *_days(signed, name), week]
    return [signed.post(name, "/timer/start", START), *looks, signed.post(name, "/timer/discard"), *looks]


def _sign_in(signed: Signed, name: str) -> list[Request]:
    body = f"username={name}&password={quote_plus(PASSWORD)}"
    return [request(signed.port, "POST", "/login", body=body, status=303)]


_TRACKING = (TEAM.tracking,)

CASES = (
    Case("page", "timer page, 60 entries", _getting("/timer"), 0.25),
    Case("page-running", "timer page, 60 entries, a timer runs", _getting("/timer"), 0.25, _TRACKING),
    Case("days", "day fragment", _days, 0.30),
    Case("days-running", "day fragment, a timer runs", _days, 0.30, _TRACKING),
    Case("bar", "bar fragment", _getting("/timer/bar"), 0.30),
    Case("bar-running", "bar fragment, a timer runs", _getting("/timer/bar"), 0.30, _TRACKING),
    Case("running", "what runs, alone", _getting("/timer/running"), 0.30, _TRACKING),
    Case("pair", "start and stop (a pair)", _pair, 0.08, TEAM.starters, len(TEAM.starters)),
    Case(
        "change",
        "start, discard, and what a tab then fetches",
        _change,
        None,
        TEAM.changers,
        len(TEAM.changers),
    ),
    # Few at once: each takes a core for some 25 ms, and so many tries from one address are let in.
    Case("sign-in", "sign-in", _sign_in, None, TEAM.starters, 4),
)


def floor_plan(port: int, case: Case, connections: int) -> Plan:
    """As many connections to the floor, where each answer has the size of the case's first."""
    count = min(connections, case.most_connections)
    return [[request(port, "GET", f"/{case.name}")]] * count


async def sign_in(port: int) -> Signed:
    """Everybody of the team, signed in as people are."""
    cookies = {}
    for name in TEAM.names:
        [wanted] = _sign_in(Signed(port, {}), name)
        head, _ = await ask(port, wanted)
        line = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie: chronos="))
        cookies[name] = line.split(b" ", 1)[1].split(b";")[0].decode()
    return Signed(port, cookies)


async def sizes(signed: Signed) -> dict[str, int]:
    """How many bytes the first step of each case answers with."""
    found = {}
    for case in CASES:
        steps = case.steps(signed, case.people[-1])
        first, *others = [(await ask(signed.port, step))[1] for step in steps]
        found[case.name] = max(len(first), *(len(other) for other in others), 1)
    return found
