"""Settings: what is read from the environment, and in which words a bad value is refused."""

import os
import re
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from quart_app.settings import VARIABLES, Settings, SettingsError, load_settings, unknown_variables

ROOT = Path(__file__).parents[1]
GOOD_KEY = "0123456789abcdef" * 4
ALL_NAMES = {name for variable in VARIABLES.values() for name in variable.all_names}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing in it but a folder for the data."""
    return {"CHRONOS_DATA_DIR": str(tmp_path / "data")}


def refusal(environ: dict[str, str], **more: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings({**environ, **more})
    return str(caught.value)


# ---- What comes without being asked for


def test_nothing_set_means_development_on_sqlite_in_the_data_folder(
    environ: dict[str, str], tmp_path: Path
) -> None:
    settings = load_settings(environ)
    assert settings.environment == "development"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/chronos.db"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.registration, settings.sample_data) == ("open", False)
    assert (settings.log_format, settings.log_level) == ("console", "info")
    assert not settings.metrics_enabled
    assert settings.trusted_proxies == ()


def test_production_logs_json_and_waits_for_its_database(environ: dict[str, str]) -> None:
    settings = load_settings({**environ, "CHRONOS_ENV": "production", "CHRONOS_SECRET_KEY": GOOD_KEY})
    assert settings.log_format == "json"
    assert settings.database_wait_seconds == 30


def test_an_empty_value_counts_as_none(environ: dict[str, str]) -> None:
    settings = load_settings({**environ, "CHRONOS_WORKERS": "", "DATABASE_URL": "", "PORT": ""})
    assert (settings.workers, settings.port, settings.is_sqlite) == (1, 8000, True)


def test_settings_cannot_be_changed_afterwards(environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_no_secret_stands_in_the_representation(environ: dict[str, str]) -> None:
    settings = load_settings(
        {**environ, "CHRONOS_SECRET_KEY": GOOD_KEY, "DATABASE_URL": "postgres://me:hunter2@h/d",
         "CHRONOS_METRICS_TOKEN": "a token for metrics"}
    )  # fmt: skip
    assert not re.search(rf"hunter2|{GOOD_KEY}|a token for", repr(settings) + str(settings))


# ---- Names


def test_port_and_database_url_have_a_second_name(environ: dict[str, str]) -> None:
    settings = load_settings({**environ, "CHRONOS_PORT": "81", "CHRONOS_DATABASE_URL": "postgres://h/d"})
    assert settings.port == 81
    assert settings.database_url == "postgresql+asyncpg://h/d"


def test_two_names_of_one_setting_may_agree_but_not_differ(environ: dict[str, str]) -> None:
    assert load_settings({**environ, "PORT": "81", "CHRONOS_PORT": "81"}).port == 81
    told = refusal(environ, PORT="81", CHRONOS_PORT="82")
    assert "PORT and CHRONOS_PORT are both set, and differ" in told


def test_the_command_line_wins_over_every_name(environ: dict[str, str]) -> None:
    settings = load_settings({**environ, "PORT": "81", "CHRONOS_PORT": "82"}, {"port": "83"})
    assert settings.port == 83


def test_a_slip_in_a_name_is_told_with_the_nearest_one() -> None:
    told = unknown_variables(
        {"CHRONOS_WORKER": "2", "CHRONOS_XYZZY": "1", "CHRONOS_WORKERS": "2", "PATH": "/"}
    )
    assert told == [
        "CHRONOS_WORKER is no setting of Chronos: did you mean CHRONOS_WORKERS?",
        "CHRONOS_XYZZY is no setting of Chronos.",
    ]


# ---- Bad values


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CHRONOS_ENV", "prod", '"prod" is not one of development or production.'),
        ("PORT", "http", '"http" is not a whole number.'),
        ("PORT", "65536", '"65536" is too big: the most is 65535.'),
        ("CHRONOS_WORKERS", "0", '"0" is too small: the least is 1.'),
        ("CHRONOS_WORKERS", "1.5", '"1.5" is not a whole number.'),
        ("CHRONOS_GRACEFUL_SECONDS", "0", '"0" is too small: more than 0 is needed.'),
        ("CHRONOS_GRACEFUL_SECONDS", "nan", '"nan"'),
        ("CHRONOS_SAMPLE_DATA", "maybe", '"maybe" is neither 0 nor 1.'),
        ("CHRONOS_REGISTRATION", "nobody", '"nobody" is not one of open, first-only or closed.'),
        ("CHRONOS_TRUSTED_PROXIES", "10.0.0.0/8, nginx", 'has "nginx" in it'),
        ("CHRONOS_HOST", "http://here", '"http://here" is no host'),
        ("CHRONOS_HOST", "localhost:80", '"localhost:80" is no host'),
        ("CHRONOS_METRICS_TOKEN", "short", "is too short: 16 characters are the least."),
        ("DATABASE_URL", "mysql://u:hunter2@h/d", 'is for another kind of database ("mysql")'),
        ("DATABASE_URL", "postgresql+psycopg://u:hunter2@h/d", "names a driver that Chronos does not use"),
        ("DATABASE_URL", "chronos.db", "is no address"),
        ("DATABASE_URL", "postgres://u:hunter2@h", "names no database."),
        ("DATABASE_URL", "postgres://u:hunter2/x@h/d", "write @ as %40"),
        ("DATABASE_URL", "postgres://u:hunter2#x@h/d", "has a # in it. In the password"),
        ("DATABASE_URL", "postgres://u:x?hunter2@h/d", "names no database."),
        ("DATABASE_URL", "postgres://u:x/hunter2?y@h/d", "In the password"),
        ("DATABASE_URL", "postgres://u:hunter2@h:0/d", "has a host or port that is none."),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?pgbouncer=true", "does not know: pgbouncer."),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?sslmode=on", 'has an unknown sslmode ("on")'),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?sslrootcert=/ca.pem", "add sslmode=verify-full"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?sslmode=prefer&sslcert=/c.pem", "does not use"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/nowhere.pem", "not there"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/etc/hosts", "no good"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?sslmode=require&channel_binding=require", "can't do"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?connect_timeout=soon", "without a whole number"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?options=--fast", "not of the form -c name=value"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d?port=1,2", "another count of ports"),
        ("DATABASE_URL", "sqlite://", "needs three slashes"),
        ("DATABASE_URL", "sqlite:///:memory:", "names no file"),
        ("DATABASE_URL", "sqlite:////tmp", "names a folder"),
        ("DATABASE_URL", "sqlite:///a.db?mode=ro", "has parameters after the ?"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_with_its_name_its_fault_and_an_example(
    environ: dict[str, str], name: str, value: str, words: str
) -> None:
    told = refusal(environ, **{name: value})
    assert told.startswith("Chronos can't start. One setting needs a change:")
    assert f"  {name} " in told
    assert words in told
    assert re.search(rf"^    Example: {name}=\S", told, re.MULTILINE)
    assert "hunter2" not in told


def test_all_faults_come_at_once(environ: dict[str, str]) -> None:
    told = refusal(
        environ, CHRONOS_ENV="prod", PORT="x", DATABASE_URL="x", CHRONOS_SECRET_KEY_FILE="/nowhere"
    )
    assert "4 settings need a change" in told
    named = re.findall(r"^  ([A-Z_]+)", told, re.MULTILINE)
    assert set(named) == {"CHRONOS_ENV", "PORT", "DATABASE_URL", "CHRONOS_SECRET_KEY_FILE"}


def test_several_workers_need_postgresql(environ: dict[str, str]) -> None:
    assert "needs PostgreSQL" in refusal(environ, CHRONOS_WORKERS="2")
    assert load_settings({**environ, "CHRONOS_WORKERS": "2", "DATABASE_URL": "postgres://h/d"}).workers == 2


def test_a_data_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "data"
    told = refusal({"CHRONOS_DATA_DIR": str(nowhere)})
    assert f'CHRONOS_DATA_DIR leads to "{nowhere}", which can\'t be written to' in told
    told = refusal({"DATABASE_URL": f"sqlite:///{nowhere}/chronos.db"})
    assert f'DATABASE_URL leads to "{nowhere}", which can\'t be written to' in told


# ---- Secrets


@pytest.mark.parametrize(
    "key", ["", "too short", "a" * 64, "CHANGE-ME-change-me-CHANGE-ME-0123456789", "ab" * 20]
)
def test_production_does_not_start_without_a_real_secret(environ: dict[str, str], key: str) -> None:
    told = refusal(environ, CHRONOS_ENV="production", CHRONOS_SECRET_KEY=key)
    assert "CHRONOS_SECRET_KEY is" in told
    assert not key or key not in told


def test_development_makes_a_secret_and_keeps_it_for_its_owner_only(
    environ: dict[str, str], tmp_path: Path
) -> None:
    first, second = load_settings(environ), load_settings(environ)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    file = tmp_path / "data" / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret_key"]


def test_the_secret_stands_beside_the_sqlite_file(tmp_path: Path) -> None:
    load_settings(
        {"DATABASE_URL": f"sqlite:///{tmp_path}/there/x.db", "CHRONOS_DATA_DIR": str(tmp_path / "data")}
    )
    assert (tmp_path / "there" / "secret_key").exists()
    assert not (tmp_path / "data").exists()


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    code = "from quart_app.settings import load_settings; print(load_settings().secret_key)"
    command = [sys.executable, "-c", code]
    environ = {**os.environ, "CHRONOS_DATA_DIR": str(tmp_path)}
    started = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(6)]
    keys = {process.communicate()[0] for process in started}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 64


@pytest.mark.parametrize(
    ("name", "value", "attribute"),
    [
        ("CHRONOS_SECRET_KEY", GOOD_KEY, "secret_key"),
        ("CHRONOS_METRICS_TOKEN", "a token for metrics", "metrics_token"),
        ("DATABASE_URL", "postgresql+asyncpg://u:p@h/d", "database_url"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_may_stand_in_a_file(
    environ: dict[str, str], tmp_path: Path, name: str, value: str, attribute: str, end: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(f"{value}{end}".encode())
    settings = load_settings({**environ, f"{name}_FILE": str(file)})
    assert getattr(settings, attribute) == value


def test_only_one_line_end_is_taken_from_a_file(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" kept \n\n")
    settings = load_settings({**environ, "CHRONOS_SECRET_KEY_FILE": str(tmp_path / "secret")})
    assert settings.secret_key == " kept \n"


def test_a_secret_and_its_file_exclude_each_other(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    told = refusal(environ, CHRONOS_SECRET_KEY="hunter2", CHRONOS_SECRET_KEY_FILE=str(tmp_path / "secret"))
    assert "CHRONOS_SECRET_KEY and CHRONOS_SECRET_KEY_FILE are both set: keep one." in told
    assert "hunter2" not in told


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(
    environ: dict[str, str], tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    told = refusal(environ, CHRONOS_SECRET_KEY_FILE=str(file))
    assert f'CHRONOS_SECRET_KEY_FILE names a file that can\'t be read: "{file}"' in told


# ---- Addresses of databases


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h:5433/d", "postgresql+asyncpg://u:p@h:5433/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("  postgres://u:p@h/d\n", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:a%40b%2F@h/d", "postgresql+asyncpg://u:a%40b%2F@h/d"),
        ("postgres://u:a@b@h/d", "postgresql+asyncpg://u:a%40b@h/d"),
        ("postgres://u:a:b@h/d", "postgresql+asyncpg://u:a%3Ab@h/d"),
        ("postgres://u@[::1]:5433/d", "postgresql+asyncpg://u@[::1]:5433/d"),
        ("postgres:///d?host=/run/pg", "postgresql+asyncpg:///d?host=%2Frun%2Fpg"),
        ("postgres://u@/d?host=/run/pg&port=5433", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpg&port=5433"),
        ("postgres://%2Frun%2Fpg/d", "postgresql+asyncpg:///d?host=%2Frun%2Fpg"),
        ("postgres://h?dbname=d&user=u", "postgresql+asyncpg://u@h/d"),
        ("postgres://u@a:1,b/d", "postgresql+asyncpg://u@/d?host=a%3A1&host=b%3A5432"),
        ("postgres://u@h/d?ssl=true", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgres://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgres://u@h/d?sslmode=require&channel_binding=prefer", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgres://u@h/d?target_session_attrs=read-write",
         "postgresql+asyncpg://u@h/d?target_session_attrs=read-write"),
        ("sqlite:////var/lib/c.db", "sqlite+aiosqlite:////var/lib/c.db"),
        ("sqlite+aiosqlite:////var/a b.db", "sqlite+aiosqlite:////var/a%20b.db"),
        ("sqlite:///c.db", f"sqlite+aiosqlite:///{Path.cwd()}/c.db"),
    ],
)  # fmt: skip
def test_an_address_works_as_people_paste_it(pasted: str, url: str) -> None:
    first = Settings(database_url=pasted)
    assert first.database_url == url
    assert Settings(database_url=url).database_url == url


def test_sqlalchemy_reads_what_was_pasted() -> None:
    settings = Settings(database_url="postgres://me:a@b%2F:c@db.example.org:5433/our%20hours")
    assert make_url(settings.database_url).translate_connect_args(username="user") == {
        "user": "me", "password": "a@b/:c", "host": "db.example.org", "port": 5433, "database": "our hours"
    }  # fmt: skip


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_tls_that_checks_nobody_is_left_to_the_driver(mode: str) -> None:
    settings = Settings(database_url=f"postgres://h/d?sslmode={mode}")
    assert settings.connect_args()["ssl"] == mode


@pytest.mark.parametrize(("mode", "checks_name"), [("verify-ca", False), ("verify-full", True)])
def test_tls_that_checks_whom_it_talks_to_has_a_context_for_it(mode: str, checks_name: bool) -> None:
    settings = Settings(
        database_url=f"postgres://h/d?sslmode={mode}&sslrootcert=system&channel_binding=require"
    )
    context = settings.connect_args()["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, checks_name)
    assert settings.database_url.endswith(f"?ssl={mode}"), (
        "even without connect_args() the driver would check"
    )


def test_what_a_url_cannot_say_to_the_driver_goes_beside_it() -> None:
    settings = Settings(
        database_url="postgres://h/d?connect_timeout=7&application_name=hours&statement_cache_size=0"
        "&options=-c%20search_path%3Dmine%20-c%20jit%3Doff"
    )
    assert settings.connect_args() == {
        "timeout": 7,
        "server_settings": {"application_name": "hours", "search_path": "mine", "jit": "off"},
        "statement_cache_size": 0,
    }
    assert Settings(database_url="postgres://h/d").connect_args("chronos-live") == {
        "timeout": 2.0,
        "server_settings": {"application_name": "chronos-live"},
    }
    assert Settings(database_url="sqlite:////tmp/c.db").connect_args() == {}


@pytest.mark.parametrize(
    ("pasted", "place"),
    [
        ("postgres://me:hunter2@h:5433/d", "h:5433/d"),
        ("postgres://me:hunter2@/d?host=/run/pg", "/run/pg/d"),
        ("sqlite:////var/c.db", "/var/c.db"),
    ],
)
def test_a_database_is_named_without_its_password(pasted: str, place: str) -> None:
    assert Settings(database_url=pasted).database.place == place


# ---- Documentation


def test_the_file_to_start_from_has_every_variable_and_no_other() -> None:
    written = re.findall(r"^#? ?([A-Z_]+)=", (ROOT / "docs" / "settings.env").read_text(), re.MULTILINE)
    assert sorted(written) == sorted(ALL_NAMES)


def test_every_example_is_a_value_that_loads(environ: dict[str, str]) -> None:
    lines = re.findall(r"^# ([A-Z_]+)=(.+)$", (ROOT / "docs" / "settings.env").read_text(), re.MULTILINE)
    for name, value in lines:
        if not name.endswith("_FILE"):
            beside = {"DATABASE_URL": "postgresql://localhost/chronos"} if "DIRECT" in name else {}
            load_settings({**environ, **beside, "CHRONOS_SECRET_KEY": GOOD_KEY, name: value})


def test_the_documentation_has_every_variable_and_no_other() -> None:
    rows = re.findall(
        r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE
    )
    written = [name for row in rows for name in re.findall(r"[A-Z_]+", row)]
    assert sorted(written) == sorted(ALL_NAMES)
