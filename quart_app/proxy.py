"""Behind a proxy: who really asks, and whether by TLS. Only proxies of the operator's own are believed."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]
Network = IPv4Network | IPv6Network

_HOST = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)


def install(app: Any) -> None:
    """Wrap the Quart application's ASGI side, if it has trusted proxies at all."""
    app.asgi_app = trust(app.asgi_app, app.extensions["chronos"].settings.trusted_proxies)


def trust(app: App, networks: Sequence[Network]) -> App:
    """`app`, seeing client, scheme and host as proxies in these networks tell them. None: `app` itself."""
    return _TrustedProxies(app, tuple(networks)) if networks else app


class _TrustedProxies:
    """Takes the last value of X-Forwarded-For, -Proto and -Host: the one that our own proxy wrote.

    Those before it anybody may have made up.
    """

    def __init__(self, app: App, networks: tuple[Network, ...]) -> None:
        self._app = app
        self._networks = networks
        self._is_trusted = lru_cache(maxsize=1024)(self._belongs)

    def _belongs(self, address: str) -> bool:
        """Whether the address is one of a trusted proxy. An IPv4 address may come as ::ffff:10.0.0.1."""
        read = _address(address)
        if read is None:
            return False
        mapped = getattr(read, "ipv4_mapped", None) or read
        return any(mapped in network or read in network for network in self._networks)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        client = scope.get("client")
        if scope["type"] in ("http", "websocket") and client and self._is_trusted(client[0]):
            scope = _as_told(scope)
        await self._app(scope, receive, send)


def _as_told(scope: Any) -> Any:
    told: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name.startswith(b"x-forwarded-"):
            told[name] = value.decode("latin-1").rpartition(",")[2].strip()
    if not told:
        return scope
    scope = dict(scope)
    address = _address(told.get(b"x-forwarded-for", ""))
    if address is not None:
        scope["client"] = (str(address), 0)
    scheme = told.get(b"x-forwarded-proto", "").lower()
    if scheme in ("http", "https"):
        scope["scheme"] = scheme if scope["type"] == "http" else {"http": "ws", "https": "wss"}[scheme]
    host = told.get(b"x-forwarded-host", "")
    if _HOST.fullmatch(host):
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope["headers"] = [(b"host", host.encode("ascii")), *others]
    return scope


def _address(text: str) -> Any:
    """The address in "192.0.2.1", "192.0.2.1:4711", "2001:db8::1" or "[2001:db8::1]:4711", else None."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text)
    except ValueError:
        return None
