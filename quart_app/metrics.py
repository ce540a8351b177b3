"""Measurements in Prometheus' form: requests, open streams, the pool. Off unless somebody may read them.

Several worker processes write to files of their own in one folder (prometheus_client's multiprocess mode), so
that whichever of them is asked tells the sums of all, those included that ended meanwhile.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client import values as prometheus_values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
EXTENSION = "chronos_metrics"  # where an application keeps its Metrics
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_FILE_SIZE = 1 << 16  # what the library begins with
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SAMPLE_SECONDS = 5.0
NO_ROUTE = "(none)"
# The endpoint of the request in hand, in a list: Quart answers in another task, with a copy of the context.
_endpoint: ContextVar[list[str | None]] = ContextVar("endpoint")


disable_created_metrics()  # type: ignore[no-untyped-call]  # second series that nobody reads


@contextmanager
def shared_between_processes(wanted: bool) -> Iterator[None]:
    """While this lasts, metrics made here and in processes forked from here add up."""
    if not wanted:
        yield
        return
    single = prometheus_values.ValueClass
    with tempfile.TemporaryDirectory(prefix="chronos-metrics-") as folder:
        os.environ[_FOLDER] = folder
        prometheus_values.ValueClass = prometheus_values.MultiProcessValue()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            prometheus_values.ValueClass = single
            del os.environ[_FOLDER]


def _make_files(folder: Path) -> None:
    """This process's files, empty, each at once: the library makes them in two steps, and a reader in between fails."""
    for kind in ("counter", "histogram", "gauge_livesum"):
        path = folder / f"{kind}_{os.getpid()}.db"
        draft = path.with_suffix(".new")
        draft.write_bytes(bytes(_FILE_SIZE))
        draft.replace(path)


def forget_process(pid: int) -> None:
    """Drop what was true of a process only while it lived (streams, connections); what it counted stays."""
    if _FOLDER in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def install(app: Any) -> None:
    """Measure the Quart application's requests, if its settings let anybody read the figures."""
    state = app.extensions["chronos"]
    if not state.settings.metrics_enabled:
        return
    metrics = Metrics(
        state.database.pool_counts, lambda: {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    )
    app.extensions[EXTENSION] = metrics
    app.asgi_app = metrics.wrap(app.asgi_app)
    app.url_value_preprocessor(note_endpoint)
    app.before_serving(metrics.start)
    app.after_serving(metrics.stop)


def note_endpoint(endpoint: str | None, _arguments: object) -> None:
    """Remember which route answers the request in hand."""
    _endpoint.get([None])[0] = endpoint


class Metrics:
    """The figures of one application. A route is named by its rule ("/projects/<id>"), never by a path."""

    def __init__(
        self, pool_counts: Callable[[], Mapping[str, int]], routes: Callable[[], Mapping[str, str]]
    ) -> None:
        self._pool_counts = pool_counts
        self._find_routes = routes
        self._routes: Mapping[str, str] = {}
        self._sampler: asyncio.Task[None] | None = None
        if _FOLDER in os.environ:
            _make_files(Path(os.environ[_FOLDER]))
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "chronos_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "chronos_request_seconds",
            "Time from a request's arrival to the end of its answer; streams are left out.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.streams = Gauge(
            "chronos_open_streams",
            "Live streams open now.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.pool = Gauge(
            "chronos_pool_connections",
            "Database connections: size of the pool, used and idle now.",
            ["state"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    async def start(self) -> None:
        """Other processes can't ask this one how its pool is: it tells every few seconds."""
        self._sample()
        if _FOLDER in os.environ:
            self._sampler = asyncio.create_task(self._keep_sampling())

    async def stop(self) -> None:
        if self._sampler is not None:
            self._sampler.cancel()

    async def _keep_sampling(self) -> None:
        while True:
            await asyncio.sleep(_SAMPLE_SECONDS)
            self._sample()

    def _sample(self) -> None:
        for name, count in self._pool_counts().items():
            self.pool.labels(name).set(count)

    def expose(self, now: Mapping[str, tuple[str, float]]) -> bytes:
        """All figures as text. `now` are gauges of the whole installation: name -> (meaning, value)."""
        self._sample()
        registry = self.registry
        if _FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        whole = CollectorRegistry()
        whole.register(_Now(now))
        return generate_latest(registry) + generate_latest(whole)

    def wrap(self, app: Any) -> Any:
        """The ASGI application, measured."""

        async def measured(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, streams = 500, False

            async def send_on(event: Any) -> None:
                nonlocal status, streams
                if event["type"] == "http.response.start":
                    status = event["status"]
                    if _is_stream(event.get("headers", ())):
                        streams = True
                        self.streams.inc()
                await send(event)

            endpoint: list[str | None] = [None]
            token = _endpoint.set(endpoint)
            started = time.perf_counter()
            try:
                await app(scope, receive, send_on)
            finally:
                _endpoint.reset(token)
                method = scope["method"] if scope["method"] in _METHODS else "other"
                route = self._route(endpoint[0])
                self.requests.labels(method, route, str(status)).inc()
                if streams:
                    self.streams.dec()
                else:
                    self.seconds.labels(method, route).observe(time.perf_counter() - started)

        return measured

    def _route(self, endpoint: str | None) -> str:
        if endpoint is None:
            return NO_ROUTE
        if endpoint not in self._routes:
            self._routes = self._find_routes()
        return self._routes.get(endpoint, NO_ROUTE)


class _Now(Collector):
    """Gauges that are not measured in this process but asked of the database when somebody looks."""

    def __init__(self, gauges: Mapping[str, tuple[str, float]]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        for name, (meaning, value) in self._gauges.items():
            yield GaugeMetricFamily(name, meaning, value=value)


def _is_stream(headers: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
    )
