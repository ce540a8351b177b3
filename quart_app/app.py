"""create_app(settings): the one place that wires blueprints, errors, headers, start and stop."""

import asyncio
import time
from collections.abc import Iterator, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import jinja2
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from markupsafe import escape
from quart import Quart, Response, g, request
from quart.sessions import SecureCookieSession, SecureCookieSessionInterface
from quart.templating import Environment
from quart.wrappers import BaseRequestWebsocket

from quart_app import answers, errors, logs, metrics, outermost, periods, proxy, web, words
from quart_app import forgotten as forgotten_timer
from quart_app.assets import Assets
from quart_app.db import Database
from quart_app.housekeeping import keep_house
from quart_app.live import Live
from quart_app.routes import (
    account,
    clients,
    entries,
    exports,
    favourites,
    forgotten,
    health,
    live,
    overlaps,
    palette,
    parts,
    projects,
    rates,
    reports,
    saved_reports,
    selection,
    shell,
    tags,
    tasks,
    team,
    timer,
    undo,
    workspace,
)
from quart_app.settings import Settings

ROOT = Path(__file__).parent.parent
MAX_BODY = 1_000_000


class _SyncTemplate(jinja2.Template):
    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        return self.render(*args, **kwargs)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        """The macros of a file that another imports: made once, for ours use nothing but what they are given.

        Jinja looks at each import whether they might, and draws an icon anew each time; both cost more than the rest.
        """
        if self._module is None:
            self._module = self.make_module()
            if self.name == "macros/icons.html":
                for name, macro in [*vars(self._module).items()]:
                    if isinstance(macro, Macro):
                        setattr(self._module, name, lru_cache(maxsize=64)(macro))
        return self._module


class _Undefined(jinja2.Undefined):
    """A name that no one passed is a mistake and raises; a missing item of something passed is merely empty, so that
    templates can say `errors.email`."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        if self._undefined_obj is jinja2.utils.missing:
            self._fail_with_undefined_error()
        return ""

    def __str__(self) -> str:
        return str(self._refuse())

    def __bool__(self) -> bool:
        return bool(self._refuse())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._refuse())


class _Context(Context):
    def call(self, /, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Jinja asks each function at each call whether it wants the context. None of ours does."""
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return obj(*args, **kwargs)


class _SyncEnvironment(Environment):
    """Templates compiled without `async`: twice as quick, and nothing in ours awaits (docs/performance.md)."""

    context_class = _Context
    template_class = _SyncTemplate

    def __init__(self, app: Quart, **options: Any) -> None:
        options.setdefault("undefined", _Undefined)
        super().__init__(app, **options)
        self.is_async = False
        self.trim_blocks = self.lstrip_blocks = True

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Each rendering copies them, and Jinja's own ChainMap is slow to copy."""
        return super().make_globals(d) if d else self.globals


class _FlashCookie(SecureCookieSessionInterface):
    """Quart's own session: a signed cookie that carries messages from a plain form to the page after it, no more."""

    def get_cookie_secure(self, app: Quart) -> bool:
        return request.is_secure

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> SecureCookieSession | None:
        if self.get_cookie_name(app) in request.cookies:
            return await super().open_session(app, request)
        return self.session_class()


class _Chronos(Quart):
    jinja_environment = _SyncEnvironment
    session_interface = _FlashCookie()


def create_app(settings: Settings) -> Quart:
    """The application, ready to be served; nothing is opened before it starts."""
    app = _Chronos(
        "quart_app",
        root_path=str(ROOT / "quart_app"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path="/static",
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        BODY_TIMEOUT=30,
        SESSION_COOKIE_NAME="chronos_flash",
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        TEMPLATES_AUTO_RELOAD=settings.environment == "development",
    )
    database = Database(settings)
    app.extensions["chronos"] = web.Chronos(settings, database, Live(database))
    _wire_routes(app)
    _wire_templates(app)
    _wire_requests(app)
    _wire_lifetime(app)
    return app


def _wire_routes(app: Quart) -> None:
    for module in (
        timer,
        entries,
        exports,
        parts,
        projects,
        rates,
        reports,
        saved_reports,
        clients,
        tags,
        tasks,
        team,
        workspace,
        account,
        live,
        health,
        shell,
        selection,
        undo,
        overlaps,
        forgotten,
        favourites,
        palette,
    ):
        app.register_blueprint(module.blueprint)

    @app.get("/")
    async def home() -> Response:
        """The timer for those who are signed in, the sign-in page for those who are not."""
        if await web.find_viewer() is None:
            return await account.welcome()
        return await timer.index()


def _wire_templates(app: Quart) -> None:
    assets = Assets(changing=app.config["TEMPLATES_AUTO_RELOAD"])

    @app.after_request
    async def keep(response: Response) -> Response:
        """For ever, if it is what its address says; not at all, if a page of another version of Chronos asked."""
        version = request.args.get("v")
        if version and request.endpoint in ("static", "bundle") and response.status_code < 400:
            path = next(iter((request.view_args or {}).values()))
            is_current = assets.is_current(path, version)
            kept = "public, max-age=31536000, immutable" if is_current else "no-cache"
            response.headers["Cache-Control"] = kept
        return response

    @app.get("/static/<any('all.css', 'all.js'):name>")
    async def bundle(name: str) -> Response:
        """Our style sheets, and our scripts, each kind as one file."""
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(assets.bundle(name), content_type=f"{kind}; charset=utf-8")

    globals_: dict[str, Any] = {
        "asset": assets.address,
        "format_clock": periods.format_clock,
        "direction": words.direction,
        "format_date": words.format_date,
        "format_duration": words.format_duration,
        "format_money": words.format_money,
        "format_amount": words.format_amount,
        "spell_duration": words.spell_duration,
        "spellings": words.spellings,
        "format_timer": periods.format_timer,
        "day_label": words.day_label,
        "date_words": words.date_words,
        "currency_name": words.currency_name,
        "taste": words.taste,
        "forgotten": forgotten_timer.find,
        "time_words": answers.time_words,
        "initials": _initials,
        "_": _said,
        "ngettext": _counted,
        "page_key": web.page_key,
        "page_revision": web.page_revision,
        "server_time": lambda: int(time.time() * 1000),
    }
    app.jinja_env.globals.update(globals_)


def _initials(name: str) -> str:
    """ "AK" of "Ada King": what stands in the circle that is a person's picture."""
    return "".join(word[:1] for word in name.split()[:2]).upper()


def _said(message: str, /, **values: Any) -> str:
    """words._ for templates: the message and what is filled in are escaped, but for markup."""
    text = words._(message)
    return escape(text) % values if values else text


def _counted(one: str, many: str, n: int, /, **values: Any) -> str:
    """words.ngettext for templates: escaped likewise."""
    return escape(words.form_for(one, many, n)) % {"n": n, **values}


def _wire_requests(app: Quart) -> None:
    @app.before_request
    async def guard() -> None:
        errors.refuse_cross_site()

    @app.after_request
    async def finish(response: Response) -> Response:
        if token := g.get("renew_cookie"):
            web.set_session_cookie(response, token)
        return response

    errors.install(app)
    outermost.install(app)
    metrics.install(app)
    # From the inside out: the request's id and the true address of the caller are known before anything else.
    logs.install(app)
    proxy.install(app)


def _wire_lifetime(app: Quart) -> None:
    state = cast(web.Chronos, app.extensions["chronos"])

    keeping: list[asyncio.Task[None]] = []

    @app.before_serving
    async def start() -> None:
        words.prepare()
        await state.live.start()
        keeping.append(asyncio.create_task(keep_house(state.database)))

    @app.after_serving
    async def stop() -> None:
        state.closing.set()
        keeping[0].cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        await state.live.stop()
        await state.database.dispose()
