"""Behind a proxy: whom to believe about who asks, and by which way."""

from ipaddress import ip_network
from typing import Any

import pytest

from quart_app.proxy import trust

NETWORKS = [ip_network("10.0.0.0/8"), ip_network("::1/128")]
TOLD = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "hours.example.org",
}


async def seen(
    headers: dict[str, str], client: str | None = "10.1.2.3", kind: str = "http"
) -> dict[str, Any]:
    """The scope that an application behind the trusted proxies gets to see."""
    scopes: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        scopes.append(scope)

    given = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "client": (client, 4711) if client else None,
        "headers": [
            (b"host", b"web:8000"),
            *((k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()),
        ],
    }
    before = {**given, "headers": [*given["headers"]]}  # type: ignore[misc]
    await trust(app, NETWORKS)(given, None, None)
    assert given == before, "the server's own scope stays as it was"
    return scopes[0]


def host(scope: dict[str, Any]) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"host"]


async def test_a_trusted_proxy_is_believed() -> None:
    scope = await seen(TOLD)
    assert scope["client"] == ("203.0.113.9", 0)
    assert scope["scheme"] == "https"
    assert host(scope) == [b"hours.example.org"]


@pytest.mark.parametrize("client", ["192.0.2.1", "11.0.0.1", "::2", "unix:", "", None])
async def test_nobody_else_is(client: str | None) -> None:
    scope = await seen(TOLD, client)
    assert scope["client"] == ((client, 4711) if client else None)
    assert scope["scheme"] == "http"
    assert host(scope) == [b"web:8000"]


@pytest.mark.parametrize("client", ["::1", "::ffff:10.1.2.3"])
async def test_a_proxy_may_come_by_ipv6(client: str) -> None:
    assert (await seen(TOLD, client))["scheme"] == "https"


async def test_only_the_last_hop_counts() -> None:
    forged = {
        "X-Forwarded-For": "10.0.0.1, 127.0.0.1 , 203.0.113.9",
        "X-Forwarded-Proto": "http, https",
        "X-Forwarded-Host": "evil.example, hours.example.org",
    }
    scope = await seen(forged)
    assert scope["client"] == ("203.0.113.9", 0)
    assert scope["scheme"] == "https"
    assert host(scope) == [b"hours.example.org"]


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("unknown", "10.1.2.3"),
        ("", "10.1.2.3"),
        ("203.0.113.9,", "10.1.2.3"),
    ],
)
async def test_what_is_no_address_changes_nobody(value: str, client: str) -> None:
    assert (await seen({"X-Forwarded-For": value}))["client"][0] == client


@pytest.mark.parametrize("value", ["ftp", "javascript", "", "https x"])
async def test_only_http_and_https_are_schemes(value: str) -> None:
    assert (await seen({"X-Forwarded-Proto": value}))["scheme"] == "http"


@pytest.mark.parametrize("value", ["a b", "evil/path", "x@y", "<b>", "", "a\r\nX: y", "h:123456"])
async def test_what_is_no_host_changes_nothing(value: str) -> None:
    assert host(await seen({"X-Forwarded-Host": value})) == [b"web:8000"]


@pytest.mark.parametrize("value", ["hours.example.org:8443", "[2001:db8::9]:8443", "localhost"])
async def test_a_host_may_have_a_port(value: str) -> None:
    assert host(await seen({"X-Forwarded-Host": value})) == [value.encode()]


async def test_a_websocket_keeps_its_own_scheme() -> None:
    assert (await seen(TOLD, kind="websocket"))["scheme"] == "wss"


async def test_without_forwarded_headers_nothing_is_copied() -> None:
    assert (await seen({"Accept": "*/*"}))["client"] == ("10.1.2.3", 4711)


def test_without_trusted_proxies_nothing_stands_between() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError

    assert trust(app, []) is app
