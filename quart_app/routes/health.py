"""Health: for probes whether this process lives and may be sent requests, for Prometheus how it does."""

import asyncio
import hmac
from collections.abc import Mapping
from ipaddress import ip_address

from quart import Blueprint, Response, abort, current_app, jsonify, request

from quart_app import metrics
from quart_app.db import Unavailable
from quart_app.migrations import schema_state
from quart_app.queries import health
from quart_app.settings import Settings
from quart_app.web import Chronos, chronos

blueprint = Blueprint("health", __name__)
NO_STORE = {"Cache-Control": "no-store"}
# All checks together: probes give up after a second.
CHECK_SECONDS = 0.9


@blueprint.get("/health")
@blueprint.get("/health/live")
async def live() -> Response:
    """200 as long as the process serves at all: whoever restarts it for another reason helps nobody."""
    return _answer({"status": "ok"})


@blueprint.get("/health/ready")
async def ready() -> Response:
    """200 if this process may be sent requests, else 503 with what fails: database, schema, listener or stopping."""
    state = chronos()
    failed = ["stopping"] if state.closing.is_set() else await _find_failures(state)
    if failed:
        return _answer({"status": "unavailable", "failed": failed}, 503)
    if (trouble := state.database.unwritable) is not None:
        # What there is can still be read: to send nobody here any more would not help anybody.
        return _answer({"status": "ok", "unwritable": trouble})
    return _answer({"status": "ok"})


async def _find_failures(state: Chronos) -> list[str]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            schema = await schema_state(state.database)
    except (Unavailable, TimeoutError):
        return ["database"]
    failed = [] if schema.is_current else ["schema"]
    return failed if state.live.is_listening else [*failed, "listener"]


def _answer(body: Mapping[str, object], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers.update(NO_STORE)
    return response


@blueprint.get("/metrics")
async def figures() -> Response:
    """Prometheus' text form; 404 where nobody may read it, 401 or 403 for those who may not."""
    state = chronos()
    if not state.settings.metrics_enabled:
        abort(404)
    if not _may_read(state.settings):
        if state.settings.metrics_token is None:
            return Response("This address may not read the metrics.\n", 403, NO_STORE)
        return Response("Send the token.\n", 401, {**NO_STORE, "WWW-Authenticate": "Bearer"})
    measured: metrics.Metrics = current_app.extensions[metrics.EXTENSION]
    return Response(
        measured.expose(await _ask_database(state)), 200, NO_STORE, content_type=metrics.CONTENT_TYPE
    )


def _may_read(settings: Settings) -> bool:
    """By token or by address: either is enough."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.metrics_token
    if wanted and kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), wanted.encode()):
        return True
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in settings.metrics_allow)


async def _ask_database(state: Chronos) -> dict[str, tuple[str, float]]:
    """Figures of the whole installation; without the database only that it is away."""
    up = "Whether this process reaches the database."
    try:
        async with asyncio.timeout(CHECK_SECONDS), state.database.reading() as db:
            running = await health.count_running(db)
    except (Unavailable, TimeoutError):
        return {"chronos_database_up": (up, 0)}
    return {
        "chronos_database_up": (up, 1),
        "chronos_running_timers": ("Timers that run now, of everybody.", running),
    }
