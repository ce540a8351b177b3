"""Logs: JSON in production, readable in development, with request ids, without secrets or query strings."""

import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any, Literal

import structlog
from structlog.contextvars import bind_contextvars, get_contextvars, merge_contextvars, reset_contextvars
from structlog.typing import EventDict, Processor

HIDDEN = "[hidden]"
_log = logging.getLogger("quart_app.requests")
_SECRET_KEY = re.compile(r"secret|passw|token|authorization|cookie|credential|api_?key", re.IGNORECASE)
# In running text (tracebacks, other libraries' messages): passwords in addresses, query strings, the values
# that SQLAlchemy adds to its errors, and what follows names of secrets.
_IN_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]*):\S+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*"), f"?{HIDDEN}"),
    (re.compile(r"\[parameters: .*\]", re.DOTALL), f"[parameters: {HIDDEN}]"),
    (
        re.compile(
            r"""(?ix) ( \b\w*(?:secret|passw(?:or)?d|token|authorization|cookie)\w*\b ["']? \s*[=:]\s* )
                (?: (?:bearer|basic)\s+ )? (?: b?"[^"]*" | b?'[^']*' | [^\s"',;&)}\]]+ )"""
        ),
        rf"\1{HIDDEN}",
    ),
)
# Libraries that say at info what only their authors want to know.
_QUIET = ("hypercorn", "alembic", "aiosqlite", "asyncio", "sqlalchemy")


def configure(log_format: Literal["console", "json"], log_level: str) -> None:
    """Set up structlog and the standard library's logging, both to standard error in the same form."""
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # so that tests may look at what is logged
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format, shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _formatter(log_format: str, shared: list[Processor]) -> logging.Formatter:
    """The last steps of every line, whoever logged it: structlog or the standard library."""
    # Tracebacks are plain text: the pretty ones print local variables, and with these passwords.
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Hide secrets: by the key's name, and within texts. A structlog processor."""
    return {key: HIDDEN if _SECRET_KEY.search(key) else _redacted(value) for key, value in event.items()}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _SECRET_KEY.search(str(key)) else _redacted(inner) for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redacted(inner) for inner in value]
    return value


def redact_text(text: str) -> str:
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def request_id() -> str:
    """The id of the request in hand, "" outside of one. It stands in the logs and on error pages."""
    return str(get_contextvars().get("request_id", ""))


def install(app: Any) -> None:
    """Give every request of the Quart application an id, in the logs and as X-Request-ID of its answer."""
    app.asgi_app = _RequestIds(app.asgi_app)


class _RequestIds:
    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        made = secrets.token_hex(8)
        started, status = time.perf_counter(), 500

        async def send_on(event: Any) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                event["headers"] = [*event.get("headers", ()), (b"x-request-id", made.encode())]
            await send(event)

        kept = bind_contextvars(request_id=made)
        try:
            await self._app(scope, receive, send_on)
        finally:
            if _log.isEnabledFor(logging.DEBUG):
                milliseconds = (time.perf_counter() - started) * 1000
                _log.debug("%s %s %d %.1f ms", scope["method"], scope["path"], status, milliseconds)
            reset_contextvars(**kept)
