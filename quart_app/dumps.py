"""Backups of PostgreSQL, by its own programs: pg_dump, pg_restore and psql, told by their environment where to go."""

import os
import re
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import parse_qsl, unquote, urlsplit

from quart_app.database_url import DatabaseUrl
from quart_app.db import MIGRATION_LOCK
from quart_app.drafts import Refused

HEADER = b"PGDMP"
# Empties the schema of what Chronos makes in it, in the transaction that then fills it. DROP TABLE has all the names at
# once and no CASCADE: what others have hung on our tables is not thrown away unasked, but ends the restore.
CLEAR = """
BEGIN;
SET lock_timeout = '10s';
SELECT pg_advisory_xact_lock({lock});
DO $clear$ DECLARE names text; one text; BEGIN
  SELECT string_agg(oid::regclass::text, ', ') INTO names FROM pg_class
  WHERE relnamespace = {schema}::regnamespace AND relkind IN ('r', 'p') AND oid NOT IN ({extensions});
  IF names IS NOT NULL THEN EXECUTE 'DROP TABLE ' || names; END IF;
  FOR one IN SELECT oid::regtype FROM pg_type
  WHERE typnamespace = {schema}::regnamespace AND typtype IN ('r', 'e') AND oid NOT IN ({extensions})
  LOOP EXECUTE 'DROP TYPE ' || one; END LOOP;
  FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = {schema}::regnamespace
  AND prorettype = 'trigger'::regtype AND oid NOT IN ({extensions})
  LOOP EXECUTE 'DROP FUNCTION ' || one; END LOOP;
END $clear$;
"""
WORDS = 'CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA "{schema}";\n'
EXTENSIONS = "SELECT objid FROM pg_depend WHERE deptype = 'e'"
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace({schema})
AND relkind IN ('r', 'p') AND oid NOT IN ({extensions})
"""
SERVING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ({names})
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a dump, or in a database: the schema, its tables, and its revision (None: no Chronos yet)."""

    schema: str
    tables: frozenset[str]
    revision: str | None


def is_dump(path: Path) -> bool:
    """Whether the file begins as those of pg_dump --format=custom do. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def dump(url: DatabaseUrl, draft: Path) -> None:
    """Write one moment of the database into the draft. Raises Refused."""
    _run(url, "pg_dump", "--format=custom", "--lock-wait-timeout=60000", f"--file={draft}")
    read(draft)


def read(path: Path) -> Contents:
    """What stands in the dump. Raises Refused when that is no Chronos."""
    lines = _run(None, "pg_restore", "--list", str(path))
    tables = re.findall(r"^\d+; \d+ \d+ TABLE (\S+) (\S+) ", lines, re.MULTILINE)
    schema = next((schema for schema, name in tables if name == "alembic_version"), None)
    if schema is None:
        raise Refused(f"{path} holds no tables of Chronos.")
    only = ("--data-only", f"--schema={schema}", "--table=alembic_version", "--file=-")
    rows = re.search(
        r"^COPY .*alembic_version .*;\n(\S+)$", _run(None, "pg_restore", *only, str(path)), re.MULTILINE
    )
    if rows is None or rows[1] == r"\.":
        raise Refused(f"{path} is damaged: it does not say at which schema it is.")
    return Contents(schema, frozenset(name for where, name in tables if where == schema), rows[1])


def look_at(url: DatabaseUrl, schema: str, *, is_pooled: bool) -> Contents:
    """What stands in the database before a restore. Raises Refused, also while a Chronos is connected to it.

    A pooler keeps connections under our name long after we have gone, but not those that listen.
    """
    named = dict(url.server_settings).get("application_name")
    names = [named] if named else ["chronos-live"] if is_pooled else ["chronos-live", "chronos"]
    if _ask(url, SERVING.format(names=", ".join(map(_quoted, names)))) != "0":
        raise Refused(f"A Chronos is connected to {url.place}: stop it, then try again.")
    found = _ask(url, TABLES.format(schema=_quoted(schema), extensions=EXTENSIONS)).split("\n")
    tables = frozenset(name for name in found if name)
    revision = None
    if "alembic_version" in tables:
        revision = _ask(url, f'SELECT version_num FROM "{schema}".alembic_version') or None  # noqa: S608
    return Contents(schema, tables, revision)


def restore(url: DatabaseUrl, path: Path, schema: str) -> None:
    """Replace what stands in the schema by the dump, in one transaction: all of it, or nothing. Raises Refused.

    pg_restore --clean would drop only what the dump knows: not what a newer Chronos has made since, and then its
    migration, run again, finds its own work and fails.
    """
    has_words = bool(
        re.search(r" INDEX \S+ ix_entries_words ", _run(None, "pg_restore", "--list", str(path)))
    )
    reading = ("--file=-", "--no-owner", "--no-privileges", "--no-comments", f"--schema={schema}")
    writing = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
    with TemporaryFile("w+") as told, TemporaryFile("w+") as answered:
        with (
            _start(None, "pg_restore", *reading, str(path), stdout=subprocess.PIPE, stderr=told) as source,
            _start(
                url,
                *("psql", *writing),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=answered,
            ) as sink,
        ):
            try:
                _pump(source, sink, schema, has_words=has_words)
            except BrokenPipeError:
                source.kill()  # psql has ended, and says why
            except BaseException:
                source.kill()
                sink.kill()
                raise
        if sink.returncode:
            raise _refusal("psql", answered)
        if source.returncode:
            raise _refusal("pg_restore", told)


def _pump(
    source: "subprocess.Popen[bytes]", sink: "subprocess.Popen[bytes]", schema: str, *, has_words: bool
) -> None:
    """COMMIT is said only when pg_restore has ended well: a damaged dump ends early, and leaves no trace."""
    if source.stdout is None or sink.stdin is None:
        raise RuntimeError("both have a pipe")
    lines = CLEAR.format(schema=_quoted(f'"{schema}"'), lock=MIGRATION_LOCK, extensions=EXTENSIONS)
    # A dump of one schema holds no extensions, and the index of words hangs on one: see the third migration.
    lines = f"{lines}{WORDS.format(schema=schema)}" if has_words else lines
    if schema != "public":
        lines = f'CREATE SCHEMA IF NOT EXISTS "{schema}";{lines}'
    try:
        sink.stdin.write(lines.encode())
        # Programs of PostgreSQL 17 and later say this first, and servers before 17 do not know it.
        sink.stdin.write(source.stdout.read(4096).replace(b"\nSET transaction_timeout = 0;\n", b"\n"))
        shutil.copyfileobj(source.stdout, sink.stdin)
        if source.wait() == 0:
            sink.stdin.write(b"\nCOMMIT;\nANALYZE;\n")
    finally:
        sink.stdin.close()


def _ask(url: DatabaseUrl, statement: str) -> str:
    plain = ("--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1")
    return _run(url, "psql", *plain, f"--command={statement}").strip()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# ---- The programs


def _run(url: DatabaseUrl | None, program: str, *arguments: str) -> str:
    with TemporaryFile("w+") as told:
        with _start(url, program, *arguments, stdout=subprocess.PIPE, stderr=told) as process:
            try:
                answer, _ = process.communicate()
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise _refusal(program, told)
    return answer.decode(errors="replace")


def _start(
    url: DatabaseUrl | None, program: str, *arguments: str, **files: object
) -> "subprocess.Popen[bytes]":
    found = shutil.which(program)
    if found is None:
        raise Refused(
            f"{program} is not on this machine. Install PostgreSQL's client programs (Debian: postgresql-client), or, "
            "where they are, run: pg_dump --format=custom --file=chronos.dump DATABASE, to restore: "
            "pg_restore --clean --if-exists --single-transaction --no-owner --exit-on-error --dbname=DATABASE "
            "chronos.dump"
        )
    environ = {**os.environ, **environment(url)} if url else None
    connecting = ("--no-password",) if url else ()
    files.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([found, *connecting, *arguments], env=environ, **files)  # type: ignore[call-overload, no-any-return]  # noqa: S603


def _refusal(program: str, told: object) -> Refused:
    told.seek(0)  # type: ignore[attr-defined]
    lines = [line for line in told.read().splitlines() if line.strip()]  # type: ignore[attr-defined]
    return Refused(f"{program} failed: {' '.join(lines[-4:]) or 'it said nothing'}")


def environment(url: DatabaseUrl) -> dict[str, str]:
    """The variables by which libpq finds the database. The password stands in none that others could read."""
    parts = urlsplit(url.url)
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    query = parse_qsl(parts.query)
    places = [value for name, value in query if name == "host"] or ([place] if place else [])
    split = [_host_and_port(one) for one in places]
    given = {
        "PGHOST": ",".join(host for host, _ in split),
        "PGPORT": dict(query).get("port") or ",".join(port for _, port in split).strip(","),
        "PGUSER": unquote(user),
        "PGPASSWORD": unquote(password),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
        "PGTARGETSESSIONATTRS": dict(query).get("target_session_attrs", ""),
        "PGCONNECT_TIMEOUT": str(url.connect_seconds or 10),
        "PGAPPNAME": "chronos-backup",
        "PGOPTIONS": _options(url),
        **_tls(url),
    }
    return {name: value for name, value in given.items() if value}


def _host_and_port(place: str) -> tuple[str, str]:
    """libpq's host of /a/socket, [::1]:5432 or name:5432, and the port or ""."""
    found = None if place.startswith("/") else re.fullmatch(r"\[?(.*?)\]?(?::([0-9]+))?", place)
    return (found[1], found[2] or "") if found else (place, "")


def _options(url: DatabaseUrl) -> str:
    pairs = [(name, value) for name, value in url.server_settings if name != "application_name"]
    return " ".join(f"-c {name}=" + re.sub(r"([ \\])", r"\\\1", value) for name, value in pairs)


def _tls(url: DatabaseUrl) -> dict[str, str]:
    tls = url.tls
    if tls is None:
        return {}
    if tls.password:
        raise Refused(
            "sslpassword in the database's address is not handed to pg_dump: use a key without one."
        )
    root, own = tls.rootcert, Path("~/.postgresql/root.crt").expanduser()
    if root == "system" or (root is None and tls.is_checked and not own.exists()):
        root = ssl.get_default_verify_paths().cafile or "system"  # libpq before 16 knows no "system"
    files = {"PGSSLROOTCERT": root, "PGSSLCERT": tls.cert, "PGSSLKEY": tls.key}
    return {"PGSSLMODE": tls.mode, **{name: path for name, path in files.items() if path}}
