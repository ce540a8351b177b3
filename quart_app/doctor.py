"""chronos doctor: what is well, what is not, and what to do about it."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from quart_app.db import Database, Unavailable
from quart_app.migrations import schema_state
from quart_app.queries import health
from quart_app.settings import SECRET_KEY_LENGTH, Settings, unknown_variables

Level = Literal["ok", "warning", "fault"]
CLOCK_FAULT_SECONDS = 30.0
CLOCK_WARNING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` says what to do, "" where nothing is to be done."""

    name: str
    level: Level
    words: str
    advice: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything. Nothing in the words is secret."""
    findings = list(_look_at_settings(settings))
    database = Database(settings)
    try:
        findings += await _look_at_database(settings, database)
    finally:
        await database.dispose()
    return findings


def _look_at_settings(settings: Settings) -> Iterator[Finding]:
    for line in unknown_variables():
        yield Finding("settings", "warning", line, "Correct its name, or remove it.")
    yield _secret(settings)
    yield _proxy(settings)
    yield _workers(settings)
    if settings.is_production and settings.sample_data:
        yield Finding(
            *(
                "sample data",
                "warning",
                "An empty database would be filled with accounts of known passwords.",
            ),
            "Remove CHRONOS_SAMPLE_DATA where others can reach this Chronos.",
        )


def _secret(settings: Settings) -> Finding:
    file = settings.keep_dir / "secret_key"
    if settings.is_production:
        return Finding("secret", "ok", "CHRONOS_SECRET_KEY is set.")
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        return Finding(
            "secret", "fault", f"Others on this machine can read {file}.", f"Run: chmod 600 {file}"
        )
    if len(settings.secret_key) < SECRET_KEY_LENGTH:
        words = (
            f"CHRONOS_SECRET_KEY has fewer than {SECRET_KEY_LENGTH} characters; production will refuse it."
        )
        return Finding("secret", "warning", words, "Make a better one: openssl rand -hex 32")
    return Finding("secret", "ok", "Sessions are keyed by a secret that only this installation has.")


def _proxy(settings: Settings) -> Finding:
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        words = "CHRONOS_TRUSTED_PROXIES lets anybody say where a request comes from."
        return Finding("proxy", "fault", words, "Name the proxy's own address or network in it.")
    if settings.trusted_proxies:
        names = ", ".join(str(network) for network in settings.trusted_proxies)
        return Finding("proxy", "ok", f"X-Forwarded-For, -Proto and -Host are believed from {names}.")
    if settings.is_production:
        words = "No proxy is trusted: all requests seem to come from the proxy, and none by TLS."
        return Finding("proxy", "warning", words, "Set CHRONOS_TRUSTED_PROXIES to the address of your proxy.")
    return Finding("proxy", "ok", "No proxy is trusted, which is right without one.")


def _workers(settings: Settings) -> Finding:
    cores = os.cpu_count() or 1
    if settings.is_sqlite:
        return Finding("workers", "ok", "One worker, which is what SQLite allows.")
    if settings.workers > 2 * cores:
        words = f"{settings.workers} workers on {cores} cores only take memory."
        return Finding("workers", "warning", words, f"Set CHRONOS_WORKERS to {cores} or less.")
    return Finding("workers", "ok", f"Workers: {settings.workers}, on cores: {cores}.")


async def _look_at_database(settings: Settings, database: Database) -> list[Finding]:
    place = settings.database.place
    try:
        before = datetime.now(UTC)
        async with database.reading() as db:
            facts = await health.find_server_facts(db)
        after = datetime.now(UTC)
        schema = await _schema(database)
    except Unavailable as error:
        return [Finding("database", "fault", f"{place}: {reason_of(error)}", advice_for(settings))]
    if facts is None:
        return [
            Finding("database", "ok", f"SQLite, {place}."),
            schema,
            Finding("clock", "ok", "This machine's."),
        ]
    return [
        Finding("database", "ok", f"PostgreSQL {facts.version}, {place}."),
        _connections(settings, facts),
        schema,
        _clock((facts.clock - before - (after - before) / 2).total_seconds()),
    ]


def advice_for(settings: Settings) -> str:
    """What to do about a database that can't be reached."""
    if settings.is_sqlite:
        return "May this user write to the file and its folder, and is there space left on the disk?"
    return "Is PostgreSQL running there, and does DATABASE_URL have the right host, name, user and password?"


def reason_of(error: Unavailable) -> str:
    """Why the database can't be reached, in the words of its driver or the system; no password is in them."""
    cause = error.__cause__
    told = str(getattr(cause, "orig", None) or cause or error).strip()
    return re.sub(r"^<class '[\w.]+'>: ", "", told).partition("\n")[0] or str(error)


def _connections(settings: Settings, facts: health.ServerFacts) -> Finding:
    """Each worker keeps `pool_size` connections, doubles them when pressed, and listens on one more."""
    most = settings.workers * (2 * settings.pool_size + 1)
    words = f"Workers: {settings.workers}. They use at most {most} of the server's {facts.connections} connections."
    if most > facts.connections:
        return Finding(
            "connections", "warning", words, "Lower CHRONOS_POOL_SIZE, or raise max_connections there."
        )
    return Finding("connections", "ok", words)


async def _schema(database: Database) -> Finding:
    state = await schema_state(database)
    if state.is_current:
        return Finding("schema", "ok", f"At {state.head}, as this version of Chronos wants it.")
    if state.is_newer:
        words = f"At {state.current}, which this version of Chronos does not know."
        return Finding("schema", "fault", words, "Run the newer version of Chronos that was here before.")
    words = f"At {state.current or 'nothing'}; this version of Chronos wants {state.head}."
    return Finding("schema", "fault", words, "Run: chronos migrate (serve does so too).")


def _clock(ahead: float) -> Finding:
    words = (
        f"The database's clock is {abs(ahead):.1f} seconds {'ahead of' if ahead > 0 else 'behind'} this one."
    )
    if abs(ahead) < CLOCK_WARNING_SECONDS:
        return Finding("clock", "ok", "The database's clock and this one agree.")
    level: Level = "warning" if abs(ahead) < CLOCK_FAULT_SECONDS else "fault"
    return Finding("clock", level, words, "Keep both by NTP: hours are only as right as the clocks.")
