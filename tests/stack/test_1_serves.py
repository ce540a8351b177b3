"""One web behind the proxy: what people, browsers and strangers get."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx2
import pytest

from quart_app.errors import SECURITY_HEADERS
from tests.stack import certificates
from tests.stack.conftest import Record
from tests.stack.people import PASSWORD
from tests.stack.stack import Stack, cookies
from tests.stack.streams import Stream
from tests.stack.waiting import Watch, until

HSTS = "strict-transport-security"
EVERY_HEADER = {name.lower() for name in SECURITY_HEADERS} | {HSTS}


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Iterator[httpx2.Client]:
    """The one who registered first, over HTTP/2."""
    with stack.client() as client:
        assert "Register" in client.get("/").text or "account" in client.get("/").text
        fields = {
            "username": "owner",
            "email": "owner@example.com",
            "password": PASSWORD,
            "time_zone": "UTC",
        }
        answer = client.post("/register", data=fields)
        assert (answer.status_code, answer.http_version) == (303, "HTTP/2"), answer.text
        cookie = cookies(answer)["__Host-chronos"].lower()
        assert all(word in cookie for word in ("secure", "httponly", "samesite=lax", "path=/"))
        yield client


@pytest.fixture
def stranger(stack: Stack) -> Iterator[httpx2.Client]:
    with stack.client(http2=False) as client:
        yield client


def test_a_project_a_timer_and_the_dashboard(owner: httpx2.Client) -> None:
    assert owner.post("/projects", data={"name": "Lighthouse", "colour": "3"}).status_code == 303
    page = owner.get("/timer").text
    project = re.search(r'value="([0-9a-f-]{36})"[^>]*>\s*(?:<[^>]*>\s*)*Lighthouse', page)
    assert project, "the project can't be chosen"
    timer = str(uuid4())
    started = owner.post("/timer/start", data={"id": timer, "description": "Lamp", "project": project[1]})
    assert started.status_code == 303
    running = owner.get("/timer/running").text
    assert "Lamp" in running
    assert "Lighthouse" in running
    assert owner.post("/timer/stop", data={"id": timer}).status_code == 303
    assert "Lamp" not in owner.get("/timer/running").text
    dashboard = owner.get("/")
    assert dashboard.status_code == 200
    assert f'data-entry="{timer}"' in dashboard.text


def test_nobody_registers_after_the_first(
    owner: httpx2.Client, stranger: httpx2.Client, stack: Stack
) -> None:
    fields = {"username": "second", "email": "second@example.com", "password": PASSWORD, "time_zone": "UTC"}
    assert stranger.post("/register", data=fields).status_code in {403, 422}
    assert stack.value("SELECT count(*) FROM users WHERE username = 'second'") == "0"


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health(stranger: httpx2.Client, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_static_files_come_from_nginx_for_ever_and_compressed(
    owner: httpx2.Client, stranger: httpx2.Client, stack: Stack
) -> None:
    page = owner.get("/timer").text
    paths = sorted(set(re.findall(r'"(/static/[^"]+\?v=[0-9a-f]{12})"', page)))
    kinds = {".css": "text/css", ".js": "javascript", ".svg": "image/svg+xml", ".png": "image/png"}
    assert {".css", ".js"} <= {re.sub(r".*(\.\w+)\?.*", r"\1", path) for path in paths}
    for path in paths:
        answer = stranger.get(path, headers={"Accept-Encoding": "gzip"})
        suffix = re.sub(r".*(\.\w+)\?.*", r"\1", path)
        assert answer.status_code == 200, path
        assert answer.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"], path
        assert kinds.get(suffix, "") in answer.headers["content-type"], path
        if suffix in {".css", ".js"}:
            assert answer.headers["content-encoding"] == "gzip", path
            assert "accept-encoding" in answer.headers["vary"].lower(), path
    names = tuple(path.partition("?")[0] for path in paths)
    mine = [line for line in stack.answered() if line["path"].endswith(names)]
    assert len(mine) >= len(paths)
    assert {line["upstream"] for line in mine} == {""}, "a web was asked"


@pytest.mark.parametrize("path", ["/static/all.css", "/static/all.css?v=000000000000"])
def test_a_file_without_its_own_hash_is_not_kept_for_ever(stranger: httpx2.Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 200
    assert "immutable" not in answer.headers.get("cache-control", "")


async def test_an_event_arrives_at_once(owner: httpx2.Client, stack: Stack, record: Record) -> None:
    """From sending the form to hearing of it on the stream, the whole way over TLS and through the proxy."""
    stream, delays = Stream(), []
    cookie = {"Cookie": f"__Host-chronos={owner.cookies['__Host-chronos']}", "Origin": stack.url}
    browser = httpx2.AsyncClient(
        base_url=stack.url, verify=stack.trust(), http2=True, trust_env=False, headers=cookie
    )
    async with browser, asyncio.TaskGroup() as tasks:
        held = tasks.create_task(stream.hold(browser, cookie["Cookie"]))
        await stream.hear("open")
        for path in ("/timer/start", "/timer/stop") * 10:
            sent = time.perf_counter()
            answer = tasks.create_task(browser.post(path, data={"description": "Signal"}))
            delays.append(await stream.hear("timer-changed", sent) - sent)
            assert (await answer).status_code == 303
        held.cancel()
    assert (stream.opened, stream.cut, stream.refused) == (1, 0, [])
    record("event through the proxy (median, slowest of 20)", f"{ms(sorted(delays)[10])}, {ms(max(delays))}")


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


# ---- Headers


def single(answer: httpx2.Response, *, but: frozenset[str] = frozenset()) -> None:
    """Every security header is there, and just once."""
    counts = {name: len(answer.headers.get_list(name)) for name in sorted(EVERY_HEADER)}
    assert counts == {name: 0 if name in but else 1 for name in counts}, answer.url


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/login", 200),
        ("/timer", 303),
        ("/nowhere", 404),
        ("/live", 401),
        ("/metrics", 404),
        ("/health/ready", 200),
        ("/static/nowhere.css", 404),
        ("/static/all.js?v=000000000000", 200),
        (f"/{'x' * 9000}", 414),
    ],
)
def test_each_security_header_comes_once(stranger: httpx2.Client, path: str, status: int) -> None:
    answer = stranger.get(path)
    assert answer.status_code == status
    single(answer)


def test_each_security_header_comes_once_with_what_nginx_serves(stranger: httpx2.Client) -> None:
    found = re.search(r'"(/static/all\.css\?v=[0-9a-f]{12})"', stranger.get("/login").text)
    assert found
    single(stranger.get(found[1]))


def test_plain_http_is_sent_to_https(stack: Stack) -> None:
    with httpx2.Client(base_url=f"http://localhost:{stack.http}", trust_env=False) as client:
        answer = client.post("/timer/start?from=plain", data={"description": "x"})
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{stack.url}/timer/start?from=plain"
    # It means nothing on a connection that anybody may write on (RFC 6797, 7.2).
    single(answer, but=frozenset({HSTS}))


# ---- Strangers


def test_what_a_client_says_of_itself_is_not_believed(stack: Stack, owner: httpx2.Client) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=203.0.113.9;host=evil.example;proto=http",
    }
    with stack.client(headers=lies) as client:
        answer = client.post("/login", data={"username": "owner", "password": PASSWORD})
        assert answer.status_code == 303
        assert "__Host-chronos" in cookies(answer), "it was believed that this is plain HTTP"
        evil = client.post("/timer/stop", headers={"Origin": "https://evil.example"})
        assert evil.status_code == 403, "it was believed to be the same site"
        assert client.post("/timer/stop").status_code == 303
    addresses = {row[0] for row in stack.sql("SELECT address FROM sessions WHERE address <> ''")}
    assert addresses
    assert "203.0.113.9" not in addresses


def test_another_host_is_refused(stack: Stack, stranger: httpx2.Client) -> None:
    assert stranger.get("/login", headers={"Host": "evil.example"}).status_code == 421
    with stack.client() as other, pytest.raises(httpx2.ConnectError, match=r"(?i)unrecognized[_ ]name"):
        other.get("/login", extensions={"sni_hostname": "evil.example"})
    with (
        httpx2.Client(trust_env=False) as client,
        pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)),
    ):
        client.get(f"http://localhost:{stack.http}/", headers={"Host": "evil.example"})


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda client: client.post("/timer/start", data={"description": "x" * 1_100_000}), 413),
        (lambda client: client.post("/login", data={"username": "x" * 20_000}), 413),
        (lambda client: client.get(f"/login?next=/{'x' * 9_000}"), 414),
        (lambda client: client.get("/login", headers={"X-Long": "x" * 40_000}), 431),
    ],
    ids=["body", "sign-in body", "address", "headers"],
)
def test_what_is_too_much_is_refused(
    stranger: httpx2.Client, send: Callable[[httpx2.Client], httpx2.Response], status: int
) -> None:
    answer = send(stranger)
    assert answer.status_code == status
    single(answer)


def test_metrics_are_for_the_inside(stack: Stack, stranger: httpx2.Client) -> None:
    token = stack.exec("web", "cat", "/var/lib/chronos/secrets/metrics_token").strip()
    bearer = {"Authorization": f"Bearer {token}"}
    assert stranger.get("/metrics", headers=bearer).status_code == 404
    assert "chronos_" not in stranger.get("/metrics/", headers=bearer).text
    assert stack.metrics()["chronos_database_up"] == 1


# ---- Changes of the outside


def test_a_page_says_so_while_no_web_is_up(stack: Stack, stranger: httpx2.Client, record: Record) -> None:
    address = re.search(r'"(/static/all\.css\?v=[0-9a-f]{12})"', stranger.get("/login").text)
    assert address
    stack.compose("stop", "web")
    for language, words in (("en", "be back in a moment"), ("de-DE,de;q=0.9", "gleich")):
        answer = stranger.get("/timer", headers={"Accept-Language": language})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["cache-control"] == "no-store"
        assert words in answer.text
        single(answer)
    assert stranger.get(address[1]).status_code == 200
    watch = Watch()
    stack.compose("start", "web")
    until(lambda: stranger.get("/login").status_code == 200, "the web is found again")
    record("web stopped and started: answers after", watch)
    stack.wait_healthy("web")


def test_a_new_certificate_is_shown_without_a_restart(stack: Stack, record: Record) -> None:
    before, old = stack.state(stack.containers("proxy")[0]), certificates.shown(stack)
    certificates.put(stack)
    watch = Watch()
    until(lambda: certificates.is_shown(stack), "the new certificate is shown", 30)
    record("new certificate shown after", watch)
    assert certificates.shown(stack) != old
    with stack.client() as client:
        assert client.get("/login").status_code == 200
    after = stack.state(stack.containers("proxy")[0])
    assert (after["Pid"], after["StartedAt"]) == (before["Pid"], before["StartedAt"])


def test_tries_to_sign_in_are_limited(stack: Stack, stranger: httpx2.Client, record: Record) -> None:
    """By Chronos, and by the proxy before it for those who are quicker still."""
    wrong = {"username": "owner", "password": "not this one at all"}
    answers = [stranger.post("/login", data=wrong) for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} <= {422, 429}
    assert refused
    for answer in refused:
        assert int(answer.headers["retry-after"]) > 0
        assert re.search("(?i)(too )?many tries", answer.text)
        single(answer)
    limited = [line for line in stack.answered() if line["status"] == 429 and line["upstream"] == ""]
    assert limited, "the proxy let all of them through"
    assert stranger.get("/login").status_code == 200
    record("40 tries to sign in: refused", f"{len(refused)}, by the proxy {len(limited)}")
