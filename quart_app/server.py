"""The launcher round hypercorn.asyncio.serve: one serving process, and its orderly end.

Hypercorn's own workers do not end streams when told to stop, and one of them killed takes all others along.
So the processes are ours (supervisor.py keeps several), and Hypercorn serves inside of each.
"""

import asyncio
import contextlib
import ctypes
import errno
import gc
import importlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from logging import getLogger
from multiprocessing.connection import Connection
from typing import Any, cast

import hypercorn.asyncio
from hypercorn.config import Config, Sockets
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from hypercorn.utils import LifespanFailureError, LifespanTimeoutError

from quart_app import listening, metrics
from quart_app.settings import Settings
from quart_app.supervisor import AGAIN_SECONDS, Supervisor, run_apart

try:
    from uvloop import Loop as _EventLoop
except ImportError:  # where uvloop has no wheel, asyncio's own loop serves as well, somewhat slower
    from asyncio import SelectorEventLoop as _EventLoop  # type: ignore[assignment]

AppMaker = Callable[[Settings], ASGIFramework]
_log = getLogger(__name__)

# A connection may be accepted just before the stop, its request still on the way: that long it may take.
SETTLE_SECONDS = 0.5
BACKLOG = 4096


def serve(
    settings: Settings,
    make_app: AppMaker | None = None,
    *,
    prepare: Callable[[], int] | None = None,
    announce: Callable[[str], None] = lambda url: None,
) -> int:
    """Serve until told to stop, and return the exit code. Raises CannotListen.

    `prepare` runs apart, when the port is ours and nobody is let in yet; with another exit code than 0 that is all.
    `announce` gets the URL once all listen.
    SIGTERM and SIGINT begin the stop; once more, a second later or more, and requests in flight are cut off.
    """
    _return_big_memory()
    with listening.bind(settings) as reserved:
        if make_app is None:
            # Once, for all processes: they share the memory and start at once.
            importlib.import_module("quart_app.app")
        # In a process of its own: threads left over from it, of SQLite or of password hashing, must not be forked.
        if prepare is not None and (code := run_apart(prepare)) != 0:
            return code or 0
        listening.raise_file_limit()
        url = listening.local_url(settings, reserved)
        if settings.workers == 1:
            return _Worker(settings, make_app or _make_app, reserved).run(lambda: announce(url))
        return _serve_several(settings, make_app, reserved, lambda: announce(url))


def _make_app(settings: Settings) -> ASGIFramework:
    from quart_app.app import create_app

    return cast(ASGIFramework, create_app(settings))


def _serve_several(
    settings: Settings, make_app: AppMaker | None, reserved: socket.socket, announce: Callable[[], None]
) -> int:
    def work(life: int, up: Connection) -> int:
        try:
            own = listening.bind_again(settings, reserved)
            return _Worker(settings, make_app or _make_app, own, life).run(lambda: up.send_bytes(b"up"))
        except listening.CannotListen as error:
            _log.error("%s", error)
            return 1

    _tune_garbage_collection()  # before the forks: a collection in a worker would copy all that it walks through
    with metrics.shared_between_processes(settings.metrics_enabled):
        keeper = Supervisor(
            settings.workers, work, settings.graceful_seconds, announce, metrics.forget_process
        )
        return keeper.run()


class _Listener:
    """What Hypercorn holds as its server. We close it, before Hypercorn's turn comes, and only once."""

    def __init__(self, server: asyncio.AbstractServer, sock: socket.socket) -> None:
        self._server = server
        self._socket: socket.socket | None = sock

    def close(self) -> list[socket.socket]:
        """Stop listening; returns the connections that waited to be accepted, which would be reset otherwise."""
        late: list[socket.socket] = []
        if self._socket is not None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    late.append(self._socket.accept()[0])
            self._server.close()
            self._socket = None
        return late

    async def wait_closed(self) -> None:
        """At once: on Python 3.12 and later asyncio's own waits for every connection, for ever if need be."""


class _Loop(_EventLoop):
    """An event loop that can end its listening without losing a connection."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[tuple[_Listener, Callable[[], Any]]] = []

    async def create_server(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        listener = _Listener(await super().create_server(protocol_factory, *args, **kwargs), kwargs["sock"])
        self._listeners.append((listener, protocol_factory))
        return listener

    async def stop_listening(self) -> None:
        for listener, make_protocol in self._listeners:
            for connection in listener.close():
                with contextlib.suppress(OSError):
                    await self.connect_accepted_socket(make_protocol, connection)


class _Config(Config):
    """Hypercorn's configuration, with our socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.accesslog = None
        self.errorlog = getLogger("hypercorn.error")
        self.backlog = BACKLOG
        self.include_server_header = False
        self.keep_alive_timeout = 75  # longer than a proxy's 60, so that the proxy is the one to close
        self.keep_alive_max_requests = 100_000
        self.h11_max_incomplete_size = 32 * 1024  # one request's line and headers
        self.startup_timeout = 120

    def create_sockets(self) -> Sockets:
        return Sockets([], [self._socket], [])


class _Worker:
    """One process that serves. `life` is a pipe that closes when the supervisor is gone."""

    def __init__(
        self, settings: Settings, make_app: AppMaker, sock: socket.socket, life: int | None = None
    ) -> None:
        self._settings = settings
        self._make_app = make_app
        self._config = _Config(sock)
        self._life = life
        self._active = 0
        self._asked_at: float | None = None

    def run(self, announce: Callable[[], None]) -> int:
        """Serve until told to stop; `announce` is called once requests may come. Returns the exit code."""
        self._announce = announce
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                runner.run(self._serve())
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise listening.cannot_listen(self._settings, error) from error
        except (LifespanFailureError, LifespanTimeoutError) as error:
            _log.error("Chronos could not start: %s", error)
            return 1
        return 0

    async def _serve(self) -> None:
        self._loop = cast(_Loop, asyncio.get_running_loop())
        self._loop.set_exception_handler(_report)
        self._told, self._hurry, self._idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._ask_to_stop)
        if self._life is not None:
            self._loop.add_reader(self._life, self._orphaned, self._life)
        self._app = self._make_app(self._settings)
        await hypercorn.asyncio.serve(
            self._tracked, self._config, shutdown_trigger=self._until_stopped, mode="asgi"
        )

    def _ask_to_stop(self) -> None:
        now = self._loop.time()
        if self._asked_at is None:
            self._asked_at = now
            self._told.set()
        elif now - self._asked_at > AGAIN_SECONDS:
            self._hurry.set()

    def _orphaned(self, life: int) -> None:
        self._loop.remove_reader(life)
        self._ask_to_stop()

    async def _tracked(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """The application, its requests in flight counted; at the end each answer closes its connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_on(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start" and self._told.is_set() and scope["http_version"] < "2":
                event["headers"] = [*event["headers"], (b"connection", b"close")]
            await send(event)

        self._active += 1
        try:
            await self._app(scope, receive, send_on)
        finally:
            self._active -= 1
            if not self._active:
                self._idle.set()

    async def _until_stopped(self) -> None:
        """Hypercorn's shutdown trigger: it is called when it listens, and when it returns the end begins."""
        _tune_garbage_collection()
        self._announce()
        await self._told.wait()
        seconds = self._settings.graceful_seconds
        _end_process_after(seconds)
        deadline = self._loop.time() + max(seconds - 1, seconds / 2)
        self._begin_closing()
        await self._loop.stop_listening()
        await self._wait(self._hurry, min(SETTLE_SECONDS, seconds / 4))
        while self._active and not self._hurry.is_set() and (left := deadline - self._loop.time()) > 0:
            self._idle.clear()
            await self._wait(self._idle, left, self._hurry)
        if self._active:
            _log.warning("%d requests were cut off by the stop.", self._active)
        self._config.graceful_timeout = 0.2 if self._active else min(0.5, seconds / 4)

    def _begin_closing(self) -> None:
        """From here on the application is not ready, and streams end."""
        state = getattr(self._app, "extensions", {}).get("chronos")
        if state is not None:
            state.closing.set()
            state.live.end_all()

    async def _wait(self, event: asyncio.Event, seconds: float, other: asyncio.Event | None = None) -> None:
        """Until one of the events is set, or the time is up."""
        waits = [asyncio.ensure_future(one.wait()) for one in (event, other) if one is not None]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What no task took care of. A connection cut off by the stop is no error."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _tune_garbage_collection() -> None:
    """What is loaded stays, and need never be searched: pauses of 50 ms (99th percentile) become 3."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


# mallopt's M_MMAP_THRESHOLD (glibc, malloc.h), and a size between what pages take and what argon2 does.
M_MMAP_THRESHOLD, BIG = -3, 1 << 20


def _return_big_memory() -> None:
    """Have big blocks mapped, so that freeing one gives it back to the system.

    Hashing a password takes 19 MiB. glibc takes the first such block for a habit and keeps the memory of later ones: 38
    MiB in every process that has let somebody sign in. Elsewhere there is no such call, and no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, BIG)


def _end_process_after(seconds: float) -> None:
    """The last resort, for code that neither ends nor lets itself be cancelled (a thread, say)."""

    def end() -> None:
        _log.warning("The stop took longer than %g seconds, and is over now.", seconds)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
