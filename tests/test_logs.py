"""Logs: their form, the request's id on every line, and what never stands in them."""

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from quart_app import logs

Configure = Callable[..., None]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """logs.configure, with everything as it was after the test."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield logs.configure
    root.handlers[:], level = kept
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


# ---- Form


def test_production_writes_one_json_object_a_line(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", "info")
    structlog.get_logger("quart_app.web").info("Timer started", project="Straße")
    logging.getLogger("quart_app.server").warning("%d requests were cut off", 3)
    ours, theirs = lines(capsys)
    assert ours["event"] == "Timer started"
    assert ours["project"] == "Straße"
    assert (ours["level"], ours["logger"]) == ("info", "quart_app.web")
    assert ours["timestamp"].endswith("Z")
    assert theirs["event"] == "3 requests were cut off"
    assert (theirs["level"], theirs["logger"]) == ("warning", "quart_app.server")


def test_development_writes_for_people(configure: Configure, capsys: pytest.CaptureFixture[str]) -> None:
    configure("console", "info")
    structlog.get_logger("here").warning("Timer started", project="Website")
    written = capsys.readouterr().err
    assert "Timer started" in written
    assert "project=Website" in written
    assert "\x1b" not in written, "no colours where nobody looks"


def test_the_level_is_the_one_that_was_asked_for(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", "warning")
    structlog.get_logger("here").info("quiet")
    logging.getLogger("there").info("quiet")
    structlog.get_logger("here").error("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_local_variables(
    configure: Configure, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure(log_format, "info")
    password = "hunter2"
    try:
        raise ValueError(f"wrong length {len(password)}")
    except ValueError as error:
        structlog.get_logger("here").exception("failed", exc_info=error)
        logging.getLogger("there").exception("failed too")
    written = capsys.readouterr().err
    assert written.count("ValueError: wrong length 7") == 2
    assert "Traceback" in written
    assert "hunter2" not in written


def test_warnings_of_python_are_logged(configure: Configure, capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    (line,) = lines(capsys)
    assert "old ways" in line["event"]


# ---- Secrets


@pytest.mark.parametrize(
    "key",
    ["password", "new_password", "secret_key", "token", "Authorization", "cookie", "Set-Cookie", "api_key"],
)
def test_values_are_hidden_by_their_names(key: str) -> None:
    hidden = logs.redact(
        None, "info", {"event": "x", key: "hunter2", "form": {key: "hunter2", "name": "kept"}}
    )
    assert "hunter2" not in str(hidden)
    assert hidden["form"]["name"] == "kept"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GET /login?next=/timer&token=hunter2 HTTP/1.1", "GET /login?[hidden] HTTP/1.1"),
        ("https://me:hunter2@db:5432/x is away", "https://me:[hidden]@db:5432/x is away"),
        ("postgresql+asyncpg://me:hun@ter2@db/x", "postgresql+asyncpg://me:[hidden]@db/x"),
        ("{'username': 'joe', 'password': 'hunter2'}", "{'username': 'joe', 'password': [hidden]}"),
        ('{"token": "hunter2", "n": 1}', '{"token": [hidden], "n": 1}'),
        ("password=hunter2&name=joe", "password=[hidden]&name=joe"),
        ("Authorization: Bearer hunter2", "Authorization: [hidden]"),
        ("[SQL: SELECT 1]\n[parameters: ('joe', 'hunter2')]", "[SQL: SELECT 1]\n[parameters: [hidden]]"),
        ("Why? Because a = b.", "Why? Because a = b."),
        ("Chronos is open at http://localhost:8000", "Chronos is open at http://localhost:8000"),
    ],
)
def test_secrets_within_texts_are_hidden(text: str, told: str) -> None:
    assert logs.redact_text(text) == told


def test_what_other_libraries_say_is_redacted_too(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", "info")
    logging.getLogger("hypercorn.error").error("failed: %s", "/reset?token=hunter2")
    logging.getLogger("other").error("login", extra={"password": "hunter2"})
    try:
        raise ValueError("postgresql://me:hunter2@db/x")
    except ValueError:
        logging.getLogger("other").exception("failed")
    written = capsys.readouterr().err
    assert written.count("\n") == 3
    assert "hunter2" not in written


# ---- The request's id


class Wrapped:
    """An application whose ASGI side can be wrapped, as Quart's."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def asgi_app(self, scope: dict[str, Any], _receive: object, send: Any) -> None:
        self.seen.append(logs.request_id())
        structlog.get_logger("here").info("answering")
        if send:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})


async def ask(app: Wrapped, *headers: tuple[bytes, bytes]) -> dict[bytes, bytes]:
    """The headers of the answer."""
    answered: list[tuple[bytes, bytes]] = []

    async def send(event: dict[str, Any]) -> None:
        answered.extend(event.get("headers", ()))

    about = {"type": "http", "method": "GET", "path": "/timer", "query_string": b"token=hunter2"}
    await app.asgi_app({**about, "headers": [*headers]}, None, send)
    return dict(answered)


async def test_each_request_has_its_own_id_in_the_log_and_in_its_answer(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", "info")
    app = Wrapped()
    logs.install(app)
    answered = [(await ask(app))[b"x-request-id"].decode() for _ in range(2)]
    assert answered == app.seen == [line["request_id"] for line in lines(capsys)]
    assert len(set(answered)) == 2
    assert logs.request_id() == ""


async def test_what_a_client_calls_its_request_is_not_taken_over() -> None:
    app = Wrapped()
    logs.install(app)
    assert (await ask(app, (b"x-request-id", b"forged")))[b"x-request-id"] != b"forged"


async def test_requests_are_logged_only_for_who_debugs_and_without_their_query(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    app = Wrapped()
    logs.install(app)
    configure("json", "info")
    await ask(app)
    assert [line["event"] for line in lines(capsys)] == ["answering"]
    configure("json", "debug")
    await ask(app)
    _, line = lines(capsys)
    assert line["event"].startswith("GET /timer 200 ")
    assert "hunter2" not in str(line)


async def test_what_is_no_request_passes_as_it_is() -> None:
    app = Wrapped()
    logs.install(app)
    await app.asgi_app({"type": "lifespan"}, None, None)
    assert app.seen == [""]
