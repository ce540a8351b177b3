"""Database addresses as people paste them, turned into what SQLAlchemy and its drivers understand."""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

POSTGRESQL = "postgresql+asyncpg"
SQLITE = "sqlite+aiosqlite"

_POSTGRESQL_SCHEMES = {"postgres", "postgresql", POSTGRESQL}
_SQLITE_SCHEMES = {"sqlite", SQLITE}
_UNCHECKED = ("disable", "allow", "prefer", "require")
_CHECKED = ("verify-ca", "verify-full")
_FILES = ("sslrootcert", "sslcert", "sslkey")
_ENCODE = "In the password write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F."


@dataclass(frozen=True, slots=True)
class Tls:
    """How far a PostgreSQL server's certificate is checked, with paths of PEM files; names are libpq's."""

    mode: str
    rootcert: str | None = None
    cert: str | None = None
    key: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_checked(self) -> bool:
        """Whether the server must show a certificate that an authority has signed. libpq does so, too, where a root
        certificate is given with sslmode=require."""
        return self.mode in _CHECKED or self.rootcert not in (None, "system")

    def argument(self) -> str | ssl.SSLContext:
        """What asyncpg takes as `ssl`. Raises OSError (ssl.SSLError is one) for files that are no good."""
        if self.mode in _UNCHECKED and not (self.rootcert or self.cert):
            return self.mode
        context = (
            ssl.create_default_context(cafile=self._authorities())
            if self.is_checked
            else ssl.create_default_context()
        )
        # Python 3.13 asks for extensions that private authorities (and some clouds') do not write.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = self.mode == "verify-full"
        if not self.is_checked:
            context.verify_mode = ssl.CERT_NONE
        if self.cert:
            context.load_cert_chain(self.cert, self.key, self.password)
        return context

    def _authorities(self) -> str | None:
        if self.rootcert == "system":
            return None
        if self.rootcert:
            return self.rootcert
        own = Path("~/.postgresql/root.crt").expanduser()
        return str(own) if own.is_file() else None


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """One database: `url` in SQLAlchemy's form, and beside it what a URL cannot say to asyncpg."""

    url: str = field(repr=False)
    tls: Tls | None = None
    connect_seconds: int | None = None
    server_settings: tuple[tuple[str, str], ...] = ()
    statement_cache_size: int | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path | None:
        return Path(unquote(self.url.removeprefix(f"{SQLITE}:///"))) if self.is_sqlite else None

    @property
    def place(self) -> str:
        """Where it is, for people: the file, or host, port and name; never the user or the password."""
        if self.is_sqlite:
            return str(self.sqlite_path)
        parts = urlsplit(self.url)
        hosts = [value for name, value in parse_qsl(parts.query) if name == "host"]
        return f"{parts.netloc.rpartition('@')[2] or ', '.join(hosts) or 'localhost'}{unquote(parts.path)}"

    def connect_args(self, application_name: str, seconds: float) -> dict[str, Any]:
        """Keyword arguments of asyncpg.connect that go with the URL; {} for SQLite."""
        if self.is_sqlite:
            return {}
        arguments: dict[str, Any] = {
            "timeout": self.connect_seconds or seconds,
            "server_settings": {"application_name": application_name, **dict(self.server_settings)},
        }
        if self.tls is not None:
            arguments["ssl"] = self.tls.argument()
        if self.statement_cache_size is not None:
            arguments["statement_cache_size"] = self.statement_cache_size
        return arguments


def parse_database_url(text: str) -> DatabaseUrl:
    """Read an address. Raises ValueError in words that never repeat it: a password may stand in it."""
    scheme, mark, rest = text.strip().partition("://")
    if not mark or not re.fullmatch(r"[a-z0-9+]+", scheme):
        raise ValueError("is no address: it starts with postgresql:// or sqlite:///.")
    if scheme in _SQLITE_SCHEMES:
        return _sqlite(rest)
    if scheme in _POSTGRESQL_SCHEMES:
        return _postgresql(rest)
    if scheme.startswith(("postgres", "sqlite")):
        raise ValueError(
            f'names a driver that Chronos does not use ("{scheme}"): write postgresql:// or sqlite:///.'
        )
    raise ValueError(f'is for another kind of database ("{scheme}"): Chronos runs on PostgreSQL and SQLite.')


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file; a relative path counts from the current folder."""
    return f"{SQLITE}:///{quote(str(path.expanduser().absolute()), safe='/')}"


def _sqlite(rest: str) -> DatabaseUrl:
    path, _, query = rest.partition("?")
    if query:
        raise ValueError("has parameters after the ?, and SQLite takes none here: leave them out.")
    if not path.startswith("/"):
        raise ValueError("needs three slashes before a relative path and four before an absolute one.")
    path = unquote(path[1:])
    if path in ("", ":memory:"):
        raise ValueError("names no file: Chronos keeps its SQLite database in a file.")
    if path.endswith("/") or Path(path).is_dir():
        raise ValueError("names a folder: add the file's name.")
    return DatabaseUrl(sqlite_url(Path(path)))


def _postgresql(rest: str) -> DatabaseUrl:
    parts = urlsplit(f"postgresql://{rest}")
    if parts.fragment:
        raise ValueError(f"has a # in it. {_ENCODE}")
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    given = _parameters(parts.query)
    user, password = given.pop("user", unquote(user)), given.pop("password", unquote(password))
    database = given.pop("dbname", unquote(parts.path.removeprefix("/")))
    if not database or "/" in database:
        raise ValueError(
            f"names no database after the host. {_ENCODE}" if "/" in database else "names no database."
        )
    host, hosts = _hosts(place, given)
    tls, kept = _tls(given), _passed_on(given)
    seconds, cache = _number(given, "connect_timeout"), _number(given, "statement_cache_size")
    server = _server_settings(given)
    if given:
        if not all(re.fullmatch(r"[a-z_]+", name) for name in given):
            raise ValueError(f"has a ? in the wrong place. {_ENCODE}")
        raise ValueError(
            f"has a parameter that Chronos does not know: {', '.join(sorted(given))}. Leave it out."
        )
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    at = "@" if who else ""
    # Were connect_args() forgotten, the driver would still be told how far to trust the server.
    query = urlencode(hosts + kept + ([("ssl", tls.mode)] if tls else []))
    url = f"{POSTGRESQL}://{who}{at}{host}/{quote(database, safe='')}{'?' if query else ''}{query}"
    return DatabaseUrl(url, tls, seconds, server, cache)


def _parameters(query: str) -> dict[str, str]:
    """Parameters by name; a repeated `host` (SQLAlchemy's way) becomes a list with commas (libpq's)."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in given and name != "host":
            raise ValueError(f"has the parameter {name} twice.")
        given[name] = f"{given[name]},{value}" if name in given else value
    return {name: value for name, value in given.items() if value != ""}


def _hosts(place: str, given: dict[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """The part between @ and /, and, for sockets and several hosts, the query parameters that replace it."""
    given.pop("hostaddr", None)
    named, ports = given.pop("host", None), given.pop("port", None)
    places = [unquote(one) for one in (named or place).split(",")] if named or place else []
    if ports is not None:
        numbers = ports.split(",")
        numbers = numbers * len(places) if len(numbers) == 1 else numbers
        if not places or len(numbers) != len(places):
            raise ValueError("has another count of ports than of hosts.")
        places = [
            f"[{one}]:{n}" if _bare_ipv6(one) else f"{one}:{n}"
            for one, n in zip(places, numbers, strict=True)
        ]
    if len(places) == 1 and places[0].startswith("/"):
        socket, _, number = places[0].partition(":")
        return "", [("host", socket), *([("port", number)] if number else [])]
    split = [_host_port(one) for one in places]
    if len(split) == 1:
        return split[0][0] + (f":{split[0][1]}" if split[0][1] else ""), []
    return "", [("host", f"{host}:{port or 5432}") for host, port in split]


def _bare_ipv6(host: str) -> bool:
    return host.count(":") > 1 and not host.startswith("[")


def _host_port(place: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?", place)
    if match is None or (match[2] and not 0 < int(match[2]) < 65536):
        raise ValueError(f"has a host or port that is none. {_ENCODE}")
    return match[1], int(match[2]) if match[2] else None


def _tls(given: dict[str, str]) -> Tls | None:
    drivers = given.pop("ssl", None)  # SQLAlchemy's name; some providers write ssl=true
    mode = given.pop("sslmode", {"true": "require", "false": "disable"}.get(drivers or "", drivers))
    files = {name: given.pop(name) for name in _FILES if name in given}
    password = given.pop("sslpassword", None)
    _check_binding(given.pop("channel_binding", None), mode)
    if mode is None and not files:
        return None
    if mode not in _UNCHECKED + _CHECKED:
        if mode is None:
            raise ValueError(f"has {next(iter(files))} but no sslmode: add sslmode=verify-full.")
        raise ValueError(f'has an unknown sslmode ("{mode}"): {", ".join(_UNCHECKED + _CHECKED)} are known.')
    if files and mode in _UNCHECKED[:3]:
        raise ValueError(
            f"has {next(iter(files))}, which sslmode={mode} does not use: write sslmode=verify-full."
        )
    for name, path in files.items():
        if path != "system" and not Path(path).is_file():
            raise ValueError(f"names a file for {name} that is not there ({path}).")
    tls = Tls(mode, files.get("sslrootcert"), files.get("sslcert"), files.get("sslkey"), password)
    try:
        tls.argument()
    except OSError as error:
        raise ValueError(f"names certificate files that are no good ({error.strerror or error}).") from None
    return tls


def _check_binding(binding: str | None, mode: str | None) -> None:
    if binding == "require" and mode not in _CHECKED:
        raise ValueError(
            "asks for channel_binding=require, which the driver can't do. Write sslmode=verify-full instead: "
            "that, too, keeps others from listening in between."
        )


def _passed_on(given: dict[str, str]) -> list[tuple[str, str]]:
    """Parameters that the driver takes from the URL as they are."""
    names = ("target_session_attrs", "prepared_statement_cache_size")
    return [(name, given.pop(name)) for name in names if name in given]


def _number(given: dict[str, str], name: str) -> int | None:
    value = given.pop(name, None)
    if value is not None and not re.fullmatch(r"[0-9]{1,4}", value):
        raise ValueError(f"has {name} without a whole number.")
    return int(value) if value is not None else None


def _server_settings(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """`application_name`, and the `-c name=value` pairs of libpq's `options`."""
    settings: dict[str, str] = {}
    for name in ("application_name", "fallback_application_name"):
        if (value := given.pop(name, None)) is not None:
            settings.setdefault("application_name", value)
    given.pop("keepalives", None)
    options = given.pop("options", "").strip()
    pairs = re.findall(r"(?:-c\s*|--)([A-Za-z_.]+)=((?:\\.|\S)*)", options)
    if options and re.sub(r"(?:-c\s*|--)[A-Za-z_.]+=(?:\\.|\S)*", "", options).strip():
        raise ValueError("has options that are not of the form -c name=value.")
    settings.update({name: re.sub(r"\\(.)", r"\1", value) for name, value in pairs})
    return tuple(settings.items())
