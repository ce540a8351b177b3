"""A full disk, a wrong password, and the end: each in words, and in time."""

import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.stack.conftest import Record
from tests.stack.load import working
from tests.stack.people import Person, make_people
from tests.stack.stack import Stack
from tests.stack.waiting import Watch, until

SMALL_DISK = Path(__file__).with_name("small-disk.yml")
FILLER = "/var/lib/postgresql/data/filler"
URL_FILE = "/var/lib/chronos/secrets/database_url"


def test_a_full_disk_is_told_and_nothing_is_lost(
    new_stack: Callable[..., Stack], images: list[str], record: Record
) -> None:
    stack = new_stack("disk", overrides=(SMALL_DISK,))
    stack.up()
    [person] = make_people(stack, ["person"])
    with stack.client(headers={"Cookie": person.cookie}) as client:
        saved = [_add(client).is_redirect for _ in range(3)]
        assert saved == [True] * 3
        filled = stack.exec("db", "sh", "-c", f"cat /dev/zero > {FILLER}", check=False)
        assert "No space left on device" in filled
        answers: list[httpx2.Response] = []
        while len(answers) < 100 and (not answers or answers[-1].is_redirect):
            answers.append(_add(client))
        refused = answers.pop()
        assert refused.status_code == 503, "a hundred long entries fitted on a full disk"
        assert "<h1" in refused.text
        assert int(refused.headers["retry-after"]) > 0
        until(lambda: client.get("/timer").status_code == 200, "what is there can still be read", 20)
        assert client.get("/health/live").status_code == 200
        assert "No space left on device" in stack.logs("db")
        stack.exec("db", "rm", FILLER)
        watch = Watch()
        until(lambda: _add(client).is_redirect, "there is room again", 30)
        record("full disk: 503 while it is full, writes again after", watch)
    count = int(stack.value("SELECT count(*) FROM entries WHERE description LIKE 'x%'"))
    assert count == len(saved) + len(answers) + 1
    stack.down()


_minutes = iter(range(24 * 60))


def _add(client: httpx2.Client) -> httpx2.Response:
    """A long entry that can't be made small: it needs room soon."""
    minute = next(_minutes)
    fields = {
        "id": str(uuid4()),
        "description": "x" + secrets.token_hex(2400),
        "date": "2026-01-15",
        "start": f"{minute // 60}:{minute % 60:02}",
        "duration": "0:01",
    }
    return client.post("/entries", data=fields)


def test_a_wrong_password_is_told_without_being_shown(stack: Stack, record: Record) -> None:
    right = stack.exec("db", "cat", URL_FILE).strip()
    password = right.partition("//chronos:")[2].partition("@")[0]
    assert len(password) >= 32
    replace = f"cat > {URL_FILE}.new && chmod 444 {URL_FILE}.new && mv -f {URL_FILE}.new {URL_FILE}"
    stack.exec("db", "sh", "-c", replace, stdin=right.replace(password, "not-the-password"))
    since = len(stack.logs("web"))
    stack.compose("restart", "--timeout", "10", "web")
    told = until(
        lambda: [
            line
            for line in stack.logs("web")[since:].splitlines()
            if "password authentication failed" in line
        ],
        "the log says why",
        30,
    )
    assert not [line for line in told if password in line or "not-the-password" in line]
    with stack.client() as client:
        page = client.get("/login")
        assert (page.status_code, int(page.headers["retry-after"]) > 0) == (503, True)
    # The database's start writes the address anew, from the password that is there.
    watch = Watch()
    stack.compose("restart", "db")
    until(
        lambda: stack.exec("db", "cat", URL_FILE, check=False).strip() == right,
        "the right address is back",
        20,
    )
    stack.wait_healthy()
    record("wrong password: set right by a restart of the database, healthy after", watch)


@pytest.mark.parametrize("service", ["proxy", "web", "db"])
def test_a_service_ends_in_order_and_in_time(
    stack: Stack, people: list[Person], record: Record, service: str
) -> None:
    """While people work and every tab has its stream open."""
    stack.wait_healthy()
    with working(stack, people, per_second=10) as load:
        watch = Watch()
        stack.compose("stop", service)
        took, ended = watch.seconds, stack.inspect(service)
        stack.compose("start", service)
        stack.wait_healthy(service)
    assert [known["State"]["ExitCode"] for known in ended] == [0] * len(ended)
    load.ledger.verify(stack)
    grace = min(int(known["Config"]["StopTimeout"]) for known in ended)
    assert took < grace, f"it took {took:.1f} s of {grace} s"
    record(f"stop of {service} with streams open", f"{took:.2f} s of {grace} s, exit code 0")
