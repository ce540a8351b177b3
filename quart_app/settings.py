"""Settings: one frozen object read from the environment at start. A bad value stops the start, in words."""

import fcntl
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from quart_app.database_url import DatabaseUrl, parse_database_url, sqlite_url
from quart_app.variables import (
    EnvironmentSource,
    Fault,
    Network,
    Variable,
    add_faults,
    message,
    networks,
    strangers,
    variables_of,
)

SECRET_KEY_LENGTH = 32  # characters, in production; `openssl rand -hex 32` makes 64
_PLACEHOLDERS = ("change", "example", "replace", "secret", "placeholder")

Networks = Annotated[tuple[Network, ...], BeforeValidator(networks)]
Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


def _env(*names: str, example: str, secret: bool = False) -> Variable:
    return Variable(names, example, secret)


def _database(value: object) -> object:
    return parse_database_url(value) if isinstance(value, str) else value


class SettingsError(Exception):
    """Settings that Chronos can't start with. Its text is for people: every fault at once, and no secrets."""


class Settings(BaseSettings):
    """Everything an operator may choose. Built directly it reads no environment and makes no file."""

    model_config = SettingsConfigDict(
        frozen=True,
        validate_default=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    environment: Annotated[
        Literal["development", "production"], _env("CHRONOS_ENV", example="production")
    ] = "development"
    data_dir: Annotated[Path, _env("CHRONOS_DATA_DIR", example="/var/lib/chronos")] = Path("data")
    database: Annotated[
        DatabaseUrl,
        BeforeValidator(_database),
        _env(
            "DATABASE_URL",
            "CHRONOS_DATABASE_URL",
            example="postgresql://chronos:password@localhost:5432/chronos",
            secret=True,
        ),
    ] = Field(
        default_factory=lambda known: parse_database_url(sqlite_url(known["data_dir"] / "chronos.db")),
        alias="database_url",
    )
    direct_database: Annotated[
        DatabaseUrl | None,
        BeforeValidator(_database),
        _env(
            "CHRONOS_DIRECT_DATABASE_URL",
            example="postgresql://chronos:password@localhost:5432/chronos",
            secret=True,
        ),
    ] = Field(default=None, alias="direct_database_url")
    database_connect_seconds: Annotated[Seconds, _env("CHRONOS_DATABASE_CONNECT_SECONDS", example="2")] = 2.0
    database_wait_seconds: Annotated[float, _env("CHRONOS_DATABASE_WAIT_SECONDS", example="30")] = Field(
        default_factory=lambda known: 30.0 if known["environment"] == "production" else 0.0, ge=0, le=600
    )
    pool_size: Annotated[int, Field(ge=1, le=100), _env("CHRONOS_POOL_SIZE", example="5")] = 5
    secret_key: Annotated[
        str, Field(repr=False), _env("CHRONOS_SECRET_KEY", example="$(openssl rand -hex 32)", secret=True)
    ] = ""
    host: Annotated[str, Field(min_length=1), _env("CHRONOS_HOST", example="0.0.0.0")] = "127.0.0.1"  # noqa: S104
    port: Annotated[int, Field(ge=0, le=65535), _env("PORT", "CHRONOS_PORT", example="8001")] = 8000
    workers: Annotated[int, Field(ge=1, le=64), _env("CHRONOS_WORKERS", example="2")] = 1
    graceful_seconds: Annotated[Seconds, _env("CHRONOS_GRACEFUL_SECONDS", example="10")] = 10.0
    trusted_proxies: Annotated[Networks, _env("CHRONOS_TRUSTED_PROXIES", example="10.0.0.0/8,::1")] = ()
    registration: Annotated[
        Literal["open", "first-only", "closed"], _env("CHRONOS_REGISTRATION", example="first-only")
    ] = "open"
    session_days: Annotated[int, Field(ge=1, le=400), _env("CHRONOS_SESSION_DAYS", example="30")] = 30
    sample_data: Annotated[bool, _env("CHRONOS_SAMPLE_DATA", example="1")] = False
    metrics_token: Annotated[
        str | None,
        Field(min_length=16, repr=False),
        _env("CHRONOS_METRICS_TOKEN", example="$(openssl rand -hex 32)", secret=True),
    ] = None
    metrics_allow: Annotated[Networks, _env("CHRONOS_METRICS_ALLOW", example="127.0.0.1,10.0.0.0/8")] = ()
    log_format: Annotated[Literal["console", "json"], _env("CHRONOS_LOG_FORMAT", example="json")] = Field(
        default_factory=lambda known: "json" if known["environment"] == "production" else "console"
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _env("CHRONOS_LOG_LEVEL", example="info")
    ] = "info"

    @property
    def database_url(self) -> str:
        """SQLAlchemy's form. It needs connect_args() beside it: certificates can't stand in a URL."""
        return self.database.url

    @property
    def direct(self) -> DatabaseUrl:
        """The address for what needs a session of its own: LISTEN, migrations, backups. No pooler may stand there."""
        return self.direct_database or self.database

    @property
    def is_sqlite(self) -> bool:
        return self.database.is_sqlite

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def metrics_enabled(self) -> bool:
        return self.metrics_token is not None or bool(self.metrics_allow)

    @property
    def keep_dir(self) -> Path:
        """The folder for files of our own: the SQLite file's, else data_dir."""
        path = self.database.sqlite_path
        return path.parent if path is not None else self.data_dir

    def connect_args(self, application_name: str = "chronos") -> dict[str, Any]:
        """What asyncpg.connect takes beside the URL (timeout, server_settings, ssl); {} for SQLite."""
        return self.database.connect_args(application_name, self.database_connect_seconds)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """load_settings() reads the environment by its own source, so that all faults come out together."""
        return (init_settings,)

    @field_validator("direct_database")
    @classmethod
    def _directly_to_postgresql(cls, value: DatabaseUrl | None, info: ValidationInfo) -> DatabaseUrl | None:
        database = info.data.get("database")
        if value is not None and value.is_sqlite:
            raise ValueError("is for SQLite: it is of use only with PostgreSQL.")
        if value is not None and database is not None and database.is_sqlite:
            raise ValueError("goes only with DATABASE_URL, and that leads to SQLite: leave it out.")
        return value

    @field_validator("secret_key")
    @classmethod
    def _production_has_a_secret(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("environment") != "production":
            return value
        if not value:
            raise ValueError("is missing, and production does not start without it.")
        if len(value) < SECRET_KEY_LENGTH or len(set(value)) < 8:
            raise ValueError(f"is too easy to guess: production needs {SECRET_KEY_LENGTH} random characters.")
        if any(word in value.lower() for word in _PLACEHOLDERS):
            raise ValueError("is a placeholder, and no secret.")
        return value

    @field_validator("host")
    @classmethod
    def _host_is_bare(cls, value: str) -> str:
        if "/" in value or " " in value or value.count(":") == 1:
            raise ValueError(
                f'"{value}" is no host: write an address or a name, with no port and no http://.'
            )
        return value.strip("[]")

    @field_validator("workers")
    @classmethod
    def _sqlite_has_one_worker(cls, value: int, info: ValidationInfo) -> int:
        database = info.data.get("database")
        if value > 1 and database is not None and database.is_sqlite:
            raise ValueError(
                f'"{value}" needs PostgreSQL: on SQLite one worker serves. Set DATABASE_URL, or 1 worker.'
            )
        return value


VARIABLES: dict[str, Variable] = variables_of(Settings)


def load_settings(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """Read the environment; `overrides` (texts by the settings' own names) win over it.

    Makes the data's folder, and in development the secret key that nobody gave. Raises SettingsError.
    """
    merged = dict(os.environ if environ is None else environ)
    for name, value in (overrides or {}).items():
        for known in VARIABLES[name].all_names:
            merged.pop(known, None)
        merged[VARIABLES[name].names[0]] = value
    source = EnvironmentSource(Settings, merged)
    values = source()
    faults = source.faults
    settings = None
    try:
        settings = Settings(**values)
    except ValidationError as error:
        add_faults(faults, error, source)
    if settings is None or faults:
        raise SettingsError(message(faults, VARIABLES))
    return _with_files(settings)


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """A line for each CHRONOS_ variable that belongs to no setting: most likely a slip of the pen."""
    return strangers(os.environ if environ is None else environ, VARIABLES)


def _with_files(settings: Settings) -> Settings:
    try:
        settings.keep_dir.mkdir(parents=True, exist_ok=True)
        if settings.secret_key:
            return settings
        return settings.model_copy(update={"secret_key": _kept_secret(settings.keep_dir)})
    except OSError as error:
        is_default = settings.keep_dir.absolute() == settings.data_dir.absolute()
        field = "data_dir" if is_default else "database"
        words = f'leads to "{settings.keep_dir}", which can\'t be written to ({error.strerror or error}).'
        raise SettingsError(message({field: Fault(VARIABLES[field].names[0], words)}, VARIABLES)) from error


def _kept_secret(folder: Path) -> str:
    """The key in the folder's file, made by the first who asks: processes that start together agree."""
    path = folder / "secret_key"
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists() and (kept := path.read_text("ascii").strip()):
            return kept
        made = secrets.token_hex(32)
        draft = folder / f".secret_key.{os.getpid()}"
        with open(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(made + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return made
    finally:
        os.close(lock)
