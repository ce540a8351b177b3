"""The address that Chronos listens on: taking it, and saying in words why it can't be had."""

import errno
import resource
import socket
import sys

from quart_app.settings import Settings


class CannotListen(Exception):
    """The address to listen on can't be had. Its text is for people, in one line."""


def bind(settings: Settings) -> socket.socket:
    """A bound socket that does not listen yet. Raises CannotListen.

    With several workers it leaves room for their sockets on the same port. That would let in another Chronos
    as well, so this looks first whether somebody listens there.
    """
    several = settings.workers > 1
    if several and settings.port:
        with _bound(settings, settings.port, shared=False) as probe:
            try:
                probe.listen(1)
            except OSError as error:
                raise cannot_listen(settings, error) from error
    return _bound(settings, settings.port, shared=several)


def bind_again(settings: Settings, reserved: socket.socket) -> socket.socket:
    """A worker's own socket on the port of the first. Linux spreads connections over these evenly.

    Elsewhere all workers accept from the one socket that they inherit.
    """
    if sys.platform != "linux":
        return reserved
    return _bound(settings, reserved.getsockname()[1], shared=True)


def _bound(settings: Settings, port: int, *, shared: bool) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise cannot_listen(settings, error) from error
    sock = socket.socket(family, kind)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if shared and sys.platform == "linux":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if settings.host == "::":
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(address)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise cannot_listen(settings, error) from error
    return sock


def cannot_listen(settings: Settings, error: OSError) -> CannotListen:
    port, host = settings.port, settings.host
    other = port + 1 if port < 65535 else 8000
    if error.errno == errno.EADDRINUSE:
        return CannotListen(
            f"Port {port} is taken. Stop what uses it, or choose another: PORT={other} make run"
        )
    if error.errno == errno.EACCES:
        return CannotListen(f"You may not use port {port}. Choose one above 1023: PORT=8000 make run")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(
            f"{host} is no address of this machine. Choose another: CHRONOS_HOST=127.0.0.1 make run"
        )
    return CannotListen(f"Can't listen on {host}, port {port}: {error.strerror or error}.")


def local_url(settings: Settings, sock: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host = settings.host
    name = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104
    return f"http://{f'[{name}]' if ':' in name else name}:{sock.getsockname()[1]}"


def raise_file_limit() -> None:
    """Each open stream is a file, and many systems allow 1024 unless asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
