"""chronos doctor: what is well, what is not, and what to do about it."""

import os
import re
import shutil
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from quart_app.db import Database, Unavailable
from quart_app.db_errors import MEANINGS
from quart_app.migrations import schema_state
from quart_app.queries import health
from quart_app.settings import SECRET_KEY_LENGTH, Settings, unknown_variables

Level = Literal["ok", "warning", "fault"]
CLOCK_FAULT_SECONDS = 30.0
LITTLE_SPACE = 200_000_000  # bytes
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
        return [Finding("database", "fault", f"{place}: {reason_of(error)}", advice_for(settings, error))]
    if facts is None:
        return [
            Finding("database", "ok", f"SQLite, {place}."),
            schema,
            Finding("clock", "ok", "This machine's."),
            _space(settings),
        ]
    return [
        Finding("database", "ok", f"PostgreSQL {facts.version}, {place}."),
        _connections(settings, facts),
        schema,
        _clock((facts.clock - before - (after - before) / 2).total_seconds()),
        _tls(settings, facts),
        *([_read_only()] if facts.is_read_only else []),
        *([await _direct(settings, facts)] if settings.direct_database else []),
    ]


def _read_only() -> Finding:
    return Finding("writing", "fault", f"{MEANINGS['read-only'].capitalize()}.", _ADVICE["read-only"])


def _tls(settings: Settings, facts: health.ServerFacts) -> Finding:
    tls, here = settings.database.tls, ("/", "localhost", "127.", "[::1]")
    if facts.is_encrypted and tls is not None and tls.is_checked:
        return Finding("tls", "ok", "The way to the database is encrypted, and its certificate checked.")
    if settings.database.place.startswith(here):
        return Finding("tls", "ok", "The database is on this machine.")
    if facts.is_encrypted:
        words = "The way to the database is encrypted, but nobody checks to whom it leads."
    else:
        words = "The way to the database is not encrypted."
    advice = "Add sslmode=verify-full to DATABASE_URL, and sslrootcert if its authority is your own."
    return Finding("tls", "warning", words, advice)


async def _direct(settings: Settings, facts: health.ServerFacts) -> Finding:
    """The way past the pooler must lead to the very same database: else LISTEN hears nothing, and backups are of
    something else."""
    database = Database(settings.model_copy(update={"database": settings.direct, "direct_database": None}))
    place = settings.direct.place
    try:
        async with database.reading() as db:
            found = await health.find_server_facts(db)
    except Unavailable as error:
        return Finding("direct", "fault", f"{place}: {reason_of(error)}", advice_for(settings, error))
    finally:
        await database.dispose()
    if found is None or found.identity != facts.identity:
        words = f"{place} is another database than {settings.database.place}."
        return Finding(
            "direct", "fault", words, "Set CHRONOS_DIRECT_DATABASE_URL to the server behind the pooler."
        )
    return Finding("direct", "ok", f"{place} leads to the same database.")


def _space(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.keep_dir).free
    words = f"{free / 1e9:.1f} GB are free on the disk of {settings.keep_dir}."
    if free < LITTLE_SPACE:
        level: Level = "warning" if free > LITTLE_SPACE / 20 else "fault"
        return Finding(
            "space", level, words, "Make room there before the disk is full: then nothing can be saved."
        )
    return Finding("space", "ok", words)


def advice_for(settings: Settings, error: Unavailable) -> str:
    """What to do about a database that can't be reached, or can't work."""
    if error.trouble in _ADVICE:
        return _ADVICE[error.trouble]
    if isinstance(error.__cause__, ssl.SSLError):
        return (
            "Is sslrootcert the authority that signed the server's certificate, and the host the name in it?"
        )
    if settings.is_sqlite:
        return "May this user write to the file and its folder, and is there space left on the disk?"
    return "Is PostgreSQL running there, and does DATABASE_URL have the right host, name, user and password?"


_ADVICE = {
    "full": "The disk of the database is full: make room there. Nothing needs to be started again after that.",
    "read-only": "Nobody may write there: is it a standby, a file or folder of another user, a disk mounted read-only?",
    "broken": "The disk of the database, or its file, is damaged: look at the system's log, and have a backup at hand.",
    "crowded": "Raise max_connections on the server, or lower CHRONOS_POOL_SIZE and CHRONOS_WORKERS.",
}


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
