"""The account: registering, signing in and out, the profile, the password and the open sessions."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, cast

from quart import Blueprint, Response, flash, g, redirect, request, url_for

from quart_app import periods, sign_in, web, words
from quart_app.access import Missing
from quart_app.db import Conflict
from quart_app.fields import Errors, parse
from quart_app.forms.account import (
    LoginForm,
    PasswordForm,
    ProfileForm,
    RegisterForm,
    password_fault,
    written_hours,
)
from quart_app.queries import accounts, workspaces
from quart_app.queries import sessions as open_sessions
from quart_app.sign_in import Caller, Refused
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import N_, _

blueprint = Blueprint("account", __name__)
CHANGED = "profile-changed"
Fields = Mapping[str, str]
TAKEN = {
    "uq_users_username": ("username", N_("This username is taken. Choose another.")),
    "uq_users_email": ("email", N_("This email has an account already. Sign in, or use another.")),
}


async def welcome() -> Response:
    """What a stranger finds at "/": the sign-in page, or the form for the first account of all."""
    is_open, is_first = await _registration()
    return await _register_page() if is_open and is_first else await _login_page()


# --- registering -------------------------------------------------------------------------------------------------


async def _registration() -> tuple[bool, bool]:
    """Whether an account may be made here now, and whether it would be the first."""
    async with chronos().database.reading() as db:
        is_first = not await accounts.has_accounts(db)
    mode = chronos().settings.registration
    return mode == "open" or (mode == "first-only" and is_first), is_first


@blueprint.get("/register")
async def register() -> Response:
    if await web.find_viewer() is not None:
        return _to(url_for("timer.index"))
    return await _register_page()


async def _register_page(
    status: int = 200, fields: Fields | None = None, errors: Errors | None = None
) -> Response:
    is_open, is_first = await _registration()
    if not is_open:
        return await web.page("account/closed.html", 403 if fields is not None else 200)
    return await web.page(
        "account/register.html",
        status,
        fields=fields,
        errors=errors or {},
        is_first=is_first,
        zones=_zones("UTC"),
    )


@blueprint.post("/register")
async def create() -> Response:
    fields, now = await web.form_fields(), periods.now()
    form, errors = parse(RegisterForm, fields)
    if form is None or not (await _registration())[0]:
        return await _register_page(422, fields, errors)
    try:
        token = await sign_in.register(form, _caller(), now)
    except Refused as refused:
        return _refused(await _register_page(refused.status, fields, {"": refused.words}), refused)
    except accounts.NotFirst:
        return await _register_page(403, fields)
    except Conflict as conflict:
        return await _register_page(422, fields, _taken(conflict))
    return await _enter(token, url_for("timer.index"))


def _zones(chosen: str) -> list[tuple[str, str]]:
    """Zones to choose from; one that is no longer offered still may be somebody's."""
    return [(name, name.replace("_", " ")) for name in sorted({*periods.ZONE_NAMES, chosen})]


def _taken(conflict: Conflict) -> Errors:
    """The message for the field whose value somebody else has; any other conflict goes on its way."""
    if conflict.constraint not in TAKEN:
        raise conflict
    field, message = TAKEN[conflict.constraint]
    return {field: _(message)}


# --- signing in and out ------------------------------------------------------------------------------------------


@blueprint.get("/login")
async def login() -> Response:
    if await web.find_viewer() is not None:
        return _to(web.local_path(request.args.get("next"), url_for("timer.index")))
    return await _login_page()


async def _login_page(
    status: int = 200, fields: Fields | None = None, errors: Errors | None = None
) -> Response:
    is_open, _is_first = await _registration()
    sent = fields if fields is not None else request.args
    return await web.page(
        "account/login.html",
        status,
        fields=fields or {},
        errors=errors or {},
        may_register=is_open,
        next=web.local_path(sent.get("next"), ""),
    )


@blueprint.post("/login")
async def enter() -> Response:
    fields, now = await web.form_fields(), periods.now()
    form, errors = parse(LoginForm, fields)
    if form is None:
        return await _login_page(422, fields, errors)
    try:
        token = await sign_in.sign_in(form.username, form.password, _caller(), now)
    except Refused as refused:
        return _refused(await _login_page(refused.status, fields, {"": refused.words}), refused)
    return await _enter(token, web.local_path(form.next, url_for("timer.index")))


def _caller() -> Caller:
    return Caller(request.remote_addr or "", request.headers.get("User-Agent", ""))


def _refused(response: Response, refused: Refused) -> Response:
    if refused.wait:
        response.headers["Retry-After"] = str(refused.wait)
    return response


async def _enter(token: str, target: str) -> Response:
    """Go on as the person of this new session. A session that this browser had before ends."""
    if (before := await web.find_viewer()) is not None:
        await sign_in.end_session(before, before.session_id)
    g.pop("renew_cookie", None)
    response = _to(target)
    web.set_session_cookie(response, token)
    return response


@blueprint.post("/logout")
async def logout() -> Response:
    """Signing out when signed out already succeeds, too."""
    if (person := await web.find_viewer()) is not None:
        await sign_in.end_session(person, person.session_id)
    return _leave()


@blueprint.post("/logout/everywhere")
@signed_in
async def logout_everywhere() -> Response:
    await sign_in.end_all_sessions(viewer())
    return _leave()


def _leave() -> Response:
    g.pop("renew_cookie", None)
    response = _to(url_for("account.login"))
    web.clear_session_cookie(response)
    return response


def _to(target: str) -> Response:
    if web.wants_fragment():
        return Response("", 200, {"HX-Redirect": target})
    return cast(Response, redirect(target, 303))


# --- the account page --------------------------------------------------------------------------------------------


@blueprint.get("/account")
@signed_in
async def index() -> Response:
    return await _account_page()


async def _account_page(status: int = 200, **context: Any) -> Response:
    shown = {"password_errors": {}, **_profile_context(), **await _sessions_context(), **context}
    return await web.page("account/index.html", status, **shown)


def _profile_context(fields: Fields | None = None, errors: Errors | None = None) -> dict[str, Any]:
    """The profile's form, as it was typed or else as it is."""
    person = viewer()
    example = date(periods.local_day(periods.now(), person.zone).year, 12, 31)
    hours = {name: written_hours(getattr(person, name)) for name in ("day_target", "timer_limit")}
    known = {**asdict(person), **hours}
    if fields is not None:  # a box without its tick is not sent
        known = {**known, "is_warned_of_overlap": False, **fields}
    return {
        "profile": known,
        "profile_errors": errors or {},
        "zones": _zones(person.time_zone),
        "weekdays": list(enumerate(words.weekday_names())),
        "languages": list(words.LANGUAGES.items()),
        "date_orders": [(order, words.format_date(example, order)) for order in ("dmy", "mdy", "ymd")],
        "decimal_example": f"{words.format_decimal(102 * 60)} h",
    }


@blueprint.post("/account")
@signed_in
async def save_profile() -> Response:
    person, fields, now = viewer(), await web.form_fields(), periods.now()
    form, errors = parse(ProfileForm, fields)
    if form is None:
        return await _profile_again(422, fields, errors)
    profile = accounts.Profile(**form.model_dump(exclude={"current_password"}))
    try:
        if form.email.casefold() != person.email.casefold():
            if not form.current_password:
                raise Refused(_("To change your email, enter your current password, too."))
            await sign_in.check_password(person, form.current_password, now)
        await chronos().database.transaction(lambda db: accounts.update_profile(db, person, profile, now))
    except Refused as refused:
        again = await _profile_again(refused.status, fields, {"current_password": refused.words})
        return _refused(again, refused)
    except Conflict as conflict:
        return await _profile_again(422, fields, _taken(conflict))
    await web.publish(person, CHANGED)
    if (person.name, person.username) != (form.name, form.username):
        async with chronos().database.reading() as db:
            theirs = await workspaces.list_workspaces(db, person)
        await chronos().live.publish([f"workspace:{each.id}" for each in theirs], "team-changed")
    await web.find_viewer_again()
    toast = web.Toast(_("Saved."))
    if person.locale == form.locale or not web.wants_fragment():
        return await web.respond(_saved_profile, url_for("account.index"), CHANGED, toast=toast)
    # Every word of the page is another.
    await flash({"text": toast.text, "undo": None})  # type: ignore[arg-type]  # any JSON value goes
    return Response("", 200, {"HX-Refresh": "true"})


async def _profile_again(status: int, fields: Fields, errors: Errors) -> Response:
    context = _profile_context(fields, errors)
    if web.wants_fragment():
        return await web.fragment("account/_profile.html", status, **context)
    return await _account_page(status, **context)


async def _saved_profile() -> Response:
    return await web.fragment("account/_profile.html", **_profile_context())


@blueprint.get("/account/me")
@signed_in
async def me() -> Response:
    """Who one is, in the rail, and how one likes things: static/js/taste.js gives the page that look."""
    return await web.fragment("account/_me.html")


@blueprint.get("/account/password")
@signed_in
async def password() -> Response:
    return await web.fragment("account/_password.html", password_errors={})


@blueprint.post("/account/password")
@signed_in
async def change_password() -> Response:
    """All other sessions end: they may be why the password is changed."""
    person, fields, now = viewer(), await web.form_fields(), periods.now()
    form, errors = parse(PasswordForm, fields)
    if form and (fault := password_fault(form.new_password, person.username, person.email)):
        errors = {"new_password": fault}
    if form is None or errors:
        return await _password_again(422, errors)
    try:
        known = await sign_in.check_password(person, form.current_password, now)
        await sign_in.change_password(person, known, form.new_password, now)
    except Refused as refused:
        return _refused(await _password_again(refused.status, {"current_password": refused.words}), refused)
    toast = web.Toast(_("Password changed. Your other sessions are signed out."))
    return await web.respond(password, url_for("account.index"), "sessions-changed", toast=toast)


async def _password_again(status: int, errors: Errors) -> Response:
    if web.wants_fragment():
        return await web.fragment("account/_password.html", status, password_errors=errors)
    return await _account_page(status, password_errors=errors)


# --- sessions ----------------------------------------------------------------------------------------------------


@blueprint.get("/account/sessions")
@signed_in
async def sessions() -> Response:
    return await web.fragment("account/_sessions.html", **await _sessions_context())


async def _sessions_context() -> dict[str, Any]:
    now = periods.now()
    async with chronos().database.reading() as db:
        rows = await open_sessions.list_sessions(db, viewer(), now)
    return {"sessions": rows, "device": sign_in.device_words, "seen": _seen}


def _seen(row: open_sessions.SessionRow) -> str:
    """When a session was last used, as its owner writes time; the minutes in between are not written down."""
    person, now = viewer(), periods.now()
    if row.is_current or now - row.last_seen_at < open_sessions.STALE:
        return _("Now")
    day, today = periods.local_day(row.last_seen_at, person.zone), periods.local_day(now, person.zone)
    name, written = words.day_label(day, today, person.date_order)
    clock = periods.format_clock(row.last_seen_at, person.zone, person.hour_cycle)
    return f"{name} {clock}" if (today - day).days < 2 else f"{written}, {clock}"


@blueprint.post("/account/sessions/<session_id>/end")
@signed_in
async def end_session(session_id: str) -> Response:
    person, found = viewer(), web.row_id(session_id)
    if not await sign_in.end_session(person, found):
        raise Missing
    if found == person.session_id:
        return _leave()
    toast = web.Toast(_("Signed out there."))
    return await web.respond(sessions, url_for("account.index"), "sessions-changed", toast=toast)
