"""The door: who is asking, pages, fragments, and answers to forms."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache, wraps
from itertools import chain
from typing import Any, NoReturn, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from markupsafe import Markup
from quart import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import abort

from quart_app import activity, clocks, periods, words
from quart_app.access import EntryRow, Viewer
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.live import Live
from quart_app.queries import projects, sessions, tags, timer, workspaces
from quart_app.settings import Settings
from quart_app.shelf import Shelf

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Chronos:
    """What the process shares: one of each, made by create_app."""

    settings: Settings
    database: Database
    live: Live
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    # Of this database only, by revisions: pickers(), days_page.py, at_hand.py.
    kept_pickers: Shelf[Hashable, "Pickers"] = field(default_factory=Shelf)
    kept_days: Shelf[Hashable, Any] = field(default_factory=Shelf)
    kept_at_hand: Shelf[Hashable, Any] = field(default_factory=Shelf)
    # By what was heard: team_card.py.
    kept_teams: Shelf[Hashable, Any] = field(default_factory=Shelf)


def chronos() -> Chronos:
    return cast(Chronos, current_app.extensions["chronos"])


# --- who is asking -----------------------------------------------------------------------------------------------


def cookie_name() -> str:
    """`__Host-` where the request came by TLS; browsers drop such a cookie over plain HTTP."""
    return "__Host-chronos" if request.is_secure else "chronos"


def hash_token(token: str) -> bytes:
    """What the database keeps of a session's token. Keyed, so that a stolen database opens no session."""
    return hmac.digest(chronos().settings.secret_key.encode(), token.encode(), hashlib.sha256)


def new_token() -> str:
    return secrets.token_urlsafe(32)


async def find_viewer() -> Viewer | None:
    """The signed-in person of this request, None for a stranger. One query a request."""
    if "viewer" not in g:
        g.viewer = g.running = None
        token = request.cookies.get(cookie_name(), "")
        if token:
            state = chronos()
            now = periods.now()
            async with state.database.reading() as db:
                found = await timer.find_presence(db, hash_token(token), now)
            if found is not None:
                g.viewer, g.running, g.running_in = found.viewer, found.running, found.running_in
                if now - found.last_seen_at > sessions.STALE:
                    days = state.settings.session_days
                    await state.database.transaction(
                        lambda db: sessions.touch_session(db, found.viewer, now, days)
                    )
                    g.renew_cookie = token
                await activity.note(state.database, found, now)
        speak_to(g.viewer)
    return cast(Viewer | None, g.viewer)


async def find_viewer_again() -> Viewer | None:
    """The same person after a request that has changed who they are, or where they look."""
    g.pop("viewer", None)
    return await find_viewer()


def speak_to(person: Viewer | None) -> None:
    """In the language of who asks: their own, or what a stranger's browser prefers."""
    g.is_spoken_to = True
    if person is not None:
        locale = person.locale if person.locale in words.LANGUAGES else "en"
        words.speak(words.Taste(locale, person.duration_format))
    else:
        words.speak(words.Taste(words.language_of(request.accept_languages)))


def viewer() -> Viewer:
    """The signed-in person, in a route behind @signed_in."""
    return cast(Viewer, g.viewer)


def page_key(person: Viewer) -> str:
    """Whose page this is, and of which workspace: "<person>.<workspace>", the same for ever. static/js compares it, and
    keeps it with what waits for the connection."""
    return ".".join(_short_hash(key) for key in (person.user_id, person.workspace_id))


def page_revision(person: Viewer) -> str:
    """What a page of this person was made from: where the stream tells another as it begins, something has changed."""
    return f"{person.revision}.{person.workspace_revision}"


@lru_cache(maxsize=4096)
def _short_hash(key: UUID) -> str:
    return hashlib.sha256(key.bytes).hexdigest()[:12]


def running() -> EntryRow | None:
    """The viewer's timer that ran as this request began. A route that has written since asks the database again."""
    return cast(EntryRow | None, g.running)


def signed_in(route: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R | Response]]:
    """Let only signed-in people in; others go to the sign-in page and come back from there."""

    @wraps(route)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if await find_viewer() is None:
            return await _to_login()
        return await route(*args, **kwargs)

    return guarded


async def _to_login() -> Response:
    back = request.full_path.rstrip("?") if request.method == "GET" and not wants_fragment() else None
    target = url_for("account.login", next=back)
    if wants_fragment():
        return Response("", 401, {"HX-Redirect": target})
    return cast(Response, redirect(target, 303))


def set_session_cookie(response: Response, token: str) -> None:
    g.pop("renew_cookie", None)
    response.set_cookie(
        cookie_name(),
        token,
        max_age=chronos().settings.session_days * 86_400,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def clear_session_cookie(response: Response) -> None:
    g.pop("renew_cookie", None)
    response.delete_cookie(cookie_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def local_path(target: str | None, otherwise: str) -> str:
    """`target` if it is a path on this site, so that ?next= can't lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(target)
    return (
        otherwise if parts.scheme or parts.netloc or any(ord(c) < 32 or c == "\\" for c in target) else target
    )


async def way_back(otherwise: str) -> str:
    """Where a plain form wants to come back to (its field `next`), if that is a page of this site."""
    return local_path((await request.form).get("next"), otherwise)


# --- pages, fragments, answers -----------------------------------------------------------------------------------


def wants_fragment() -> bool:
    """Whether htmx asks. Only POSTs decide by it; a GET's URL says what it answers."""
    return request.headers.get("HX-Request") == "true"


async def page(template: str, status: int = 200, **context: Any) -> Response:
    """A whole page. Signed-in pages carry the timer bar, so what the bar shows is added here."""
    person = await find_viewer()
    if person is not None:
        context = {"running": running(), **await bar_context(), **context}
    return _rendered(template, status, viewer=person, **context)


async def fragment(template: str, status: int = 200, **context: Any) -> Response:
    """A fragment, to be swapped in."""
    return _rendered(template, status, viewer=await find_viewer(), **context)


async def nothing() -> Response:
    """The fragment of what is gone: no content of its own, a toast may ride along."""
    return cast(Response, await make_response("", 200))


def _rendered(template: str, status: int, **context: Any) -> Response:
    """Quart's own render_template adds the request, the session and g, which no template of ours asks for."""
    text = current_app.jinja_env.get_template(template).render(context, now=periods.now())
    response = Response(_with_placed(text.encode()), status, {"Cache-Control": "no-store"})
    if context["viewer"] is None:
        response.vary.add("Accept-Language")
    return response


_PLACE = f"\0{secrets.token_hex(8)}\0"


def place(html: bytes) -> Markup:
    """For a template: HTML that is encoded already. Encoding all of a long page anew costs more than rendering it."""
    if "placed" not in g:
        g.placed = []
    g.placed.append(html)
    return Markup(_PLACE)  # noqa: S704 (a mark that nobody can guess, and no HTML)


def _with_placed(text: bytes) -> bytes:
    placed = g.pop("placed", None)
    if placed is None:
        return text
    first, *others = text.split(_PLACE.encode())
    return b"".join([first, *chain.from_iterable(zip(placed, others, strict=True))])


@dataclass(frozen=True, slots=True)
class Pickers:
    """What a timer or an entry can be filed under: active projects and tags, as the workspace has them."""

    projects: Sequence[projects.PickableProject]
    tag_names: Sequence[str]
    member_count: int = 1
    _fields: dict[Any, Markup] = field(default_factory=dict)

    def fields(self, template: str, **values: str) -> Markup:
        """The fields of a form, rendered once for these choices and values: nothing else is there for the template."""
        key = (template, words.taste(), *values.items())
        if key not in self._fields:
            if len(self._fields) >= MOST_FIELDS:
                self._fields.clear()
            text = current_app.jinja_env.get_template(template).render(pickers=self, **values)
            self._fields[key] = Markup(text)  # noqa: S704 (a template's own output, escaped there)
        return self._fields[key]


MOST_PICKERS = 256  # workspaces, more or less
MOST_FIELDS = 16  # of one workspace: forms, and the few dates that are today somewhere


async def pickers(person: Viewer) -> Pickers:
    """Read once for each revision of the workspace: every change to a project, client, tag or member raises it."""
    kept, key = chronos().kept_pickers, (person.workspace_id, person.workspace_revision)
    if (known := kept.use(key)) is not None:
        return known
    async with chronos().database.reading() as db:
        found = Pickers(
            await projects.list_pickable_projects(db, person),
            await tags.list_tag_names(db, person),
            await workspaces.count_members(db, person),
        )
    kept.keep(key, found, MOST_PICKERS)
    return found


async def bar_context() -> dict[str, Any]:
    """What the timer bar needs beside the running timer; a route may override each."""
    return {"pickers": await pickers(viewer()), "start": {}, "start_errors": {}, "start_id": new_id()}


@dataclass(frozen=True, slots=True)
class Toast:
    """A passing message; `undo` is the address whose POST takes back what it tells of, `label` what its button says in
    the place of "Undo"."""

    text: str
    undo: str | None = None
    label: str | None = None


async def respond(
    make_fragment: Callable[[], Awaitable[Response]],
    otherwise: str,
    *changed: str,
    toast: Toast | None = None,
) -> Response:
    """The answer to a POST that succeeded: its fragment for htmx, else 303 to a page.

    `changed` are the live names that this tab, too, must hear at once. The toast rides along with the fragment, or is
    shown by the page that follows.
    """
    if not wants_fragment():
        if toast:
            await flash({"text": toast.text, "undo": toast.undo, "label": toast.label})  # type: ignore[arg-type]  # any JSON value goes
        return cast(Response, redirect(otherwise, 303))
    response = await make_fragment()
    if toast:
        body = await response.get_data(as_text=True)
        response.set_data(body + await render_template("toast.html", toast=toast))
    if changed:
        response.headers["HX-Trigger"] = ", ".join(changed)
    return response


async def publish(person: Viewer, *names: str) -> None:
    """Tell all of this person's tabs, here and in other processes. Call it after the commit."""
    await chronos().live.publish([f"user:{person.user_id}"], *names)


async def are_new(person: Viewer, tag_names: Iterable[str]) -> bool:
    """Whether one of these tags is not there yet. Ask before the write that makes it."""
    known = {name.casefold() for name in (await pickers(person)).tag_names}
    return any(name.casefold() not in known for name in tag_names)


async def publish_work(person: Viewer, *names: str, tags_made: bool = False) -> None:
    """Tell this person's tabs of a change to their timer or entries, and the workspace, whose lists add up the hours of
    all. Call it after the commit."""
    news = ["hours-changed", "tags-changed"] if tags_made else ["hours-changed"]
    audiences: dict[str, Sequence[str]] = {
        f"user:{person.user_id}": names,
        f"workspace:{person.workspace_id}": news,
    }
    # A timer of another workspace of theirs may have ended by it.
    if (elsewhere := g.get("running_in")) is not None:
        audiences.setdefault(f"workspace:{elsewhere}", ["hours-changed"])
    await chronos().live.publish_all(audiences)


async def publish_workspace(person: Viewer, *names: str) -> None:
    """Tell everybody who looks at this workspace."""
    await chronos().live.publish([f"workspace:{person.workspace_id}"], *names)


async def form_fields() -> Mapping[str, str]:
    """The posted fields; a field sent several times (checkboxes, a select of many) is joined by commas."""
    await find_viewer()  # in whose language a refusal of these fields will be
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        abort(415)
    form = await request.form
    return {name: ",".join(form.getlist(name)) for name in form}


def row_id(text: str) -> UUID:
    """The id in an address. What is no id is like a row that isn't there: 404."""
    try:
        return UUID(text)
    except ValueError:
        not_found()


def day_argument(name: str) -> date | None:
    """A day of the address, in ISO form, None where it isn't given; anything else is like a page that isn't there."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        return clocks.parse_date(text, "ymd")
    except ValueError:
        not_found()


def span_arguments() -> tuple[datetime, datetime] | None:
    """Two instants of the address, `from` and a later `until`, in seconds since 1970; None where neither is given. What
    can be no span of an entry is like a page that isn't there."""
    texts = request.args.get("from", ""), request.args.get("until", "")
    if texts == ("", ""):
        return None
    if not all(text.isascii() and text.isdigit() and len(text) < 12 for text in texts):
        not_found()
    start, end = (datetime.fromtimestamp(int(text), UTC) for text in texts)
    days = start.year >= periods.FIRST_DAY.year and end.year <= periods.LAST_DAY.year
    if not days or not 0 < periods.seconds_between(start, end) <= periods.LONGEST_SECONDS:
        not_found()
    return start, end


def not_found() -> NoReturn:
    abort(404)
