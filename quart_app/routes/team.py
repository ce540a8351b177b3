"""The team: who is in the workspace, what they work on now, and who joins, leaves and may do what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, url_for

from quart_app import live, periods, sign_in, team_card, web, words
from quart_app.access import Forbidden
from quart_app.db import Connection
from quart_app.fields import Errors, parse
from quart_app.forms.team import ROLES, MemberForm, RoleForm
from quart_app.queries import team, throttles, workspaces
from quart_app.queries.throttles import PER_ACCOUNT
from quart_app.sign_in import Refused
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("team", __name__)
CHANGED = "team-changed"
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A member as the list shows them: `week_seconds` for those who may know, `last_day` where it is long ago."""

    member: team.MemberRow
    week_seconds: int | None
    last_day: str
    may_change: bool

    @property
    def id(self) -> UUID:
        return self.member.user_id


# --- the list ----------------------------------------------------------------------------------------------------


@blueprint.get("/team")
@signed_in
async def index() -> Response:
    return await _page()


async def _page(status: int = 200, *, values: Fields | None = None, **context: Any) -> Response:
    shown = {**await _listed(), **_form_context(values or {}, {}), "problem": "", **context}
    return await web.page("team/index.html", status, **shown)


@blueprint.get("/team/list", endpoint="list")
@signed_in
async def list_() -> Response:
    return await web.fragment("team/_list.html", **await _listed())


async def _listed() -> dict[str, Any]:
    person, now = viewer(), periods.now()
    async with chronos().database.reading() as db:
        found = await team.list_members(db, person)
        weeks = await team.sum_weeks(db, person, now)
    return {"members": [_shown(row, weeks) for row in found], "editing": None, "is_fresh": False}


def _shown(row: team.MemberRow, weeks: Mapping[UUID, int]) -> _Shown:
    person, now = viewer(), periods.now()
    last_day = ""
    if row.stopped_at is not None and row.stopped_at < now - team_card.RECENTLY:
        last_day = words.date_words(periods.local_day(row.stopped_at, person.zone))
    seconds = weeks.get(row.user_id, 0) if person.may_manage else None
    return _Shown(row, seconds, last_day, _may_change(row))


def _may_change(row: team.MemberRow) -> bool:
    """For buttons that are there or not; the statements ask the database."""
    return viewer().may_lead and (viewer().role == "owner" or row.role != "owner")


@blueprint.get("/team/now")
@signed_in
async def now() -> Response:
    """The card beside the timer: who works now, and who has just stopped."""
    return await web.fragment("team/_now.html", **await team_card.team_now(viewer(), periods.now()))


@blueprint.get("/team/<user_id>/row")
@signed_in
async def row(user_id: str) -> Response:
    return await _row(web.row_id(user_id))


async def _row(user_id: UUID) -> Response:
    person = viewer()
    async with chronos().database.reading() as db:
        found = await team.find_member(db, person, user_id)
        weeks = await team.sum_weeks(db, person, periods.now())
    return await web.fragment("team/_row.html", shown=_shown(found, weeks), editing=None, is_fresh=True)


# --- joining -----------------------------------------------------------------------------------------------------


def _roles() -> list[tuple[str, str]]:
    """The roles that the viewer may give, each with what it may do."""
    offered = ROLES if viewer().role == "owner" else {role: ROLES[role] for role in ROLES if role != "owner"}
    return [(role, f"{_(name)}: {_(about)}") for role, (name, about) in offered.items()]


def _form_context(values: Fields, errors: Errors) -> dict[str, Any]:
    return {"values": values, "errors": errors, "roles": _roles(), "is_fresh": False}


@blueprint.get("/team/form")
@signed_in
async def form() -> Response:
    return await _form_fragment({}, {})


async def _form_fragment(values: Fields, errors: Errors, status: int = 200) -> Response:
    if not viewer().may_lead:
        raise Forbidden
    context = {**_form_context(values, errors), "is_fresh": True}
    return await web.fragment("team/_form.html", status, **context)


@blueprint.post("/team")
@signed_in
async def create() -> Response:
    """Take in somebody who has an account here."""
    if not viewer().may_lead:
        raise Forbidden
    fields = await web.form_fields()
    form, errors = parse(MemberForm, fields)
    name, wait = "", 0
    if form is not None:
        try:
            name = await _take_in(form)
        except Refused as refused:
            errors, wait = {"who": refused.words}, refused.wait
    if form is None or errors:
        status = 429 if wait else 422
        if web.wants_fragment():
            response = await _form_fragment(fields, errors, status)
        else:
            response = await _page(status, values=fields, errors=errors)
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response
    toast = web.Toast(_("“%(name)s” is in the team now.", name=name))
    return await web.respond(lambda: _form_fragment({}, {}), url_for("team.index"), CHANGED, toast=toast)


async def _take_in(form: MemberForm) -> str:
    """The new member's name. Raises Refused: whoever tries name after name would learn who has an account here, so
    what leads nowhere counts as a try, as it does in registering and in signing in."""
    person, now, database = viewer(), periods.now(), chronos().database
    key = throttles.account_key(chronos().settings.secret_key, f"team {person.user_id}")
    await sign_in.take_tries(now, (key, PER_ACCOUNT))

    async def work(db: Connection) -> team.MemberRow:
        found = await team.find_account(db, form.who)
        if found is None:
            raise Refused(
                _("Nobody here has this username or email. Check it, or ask them to create an account first.")
            )
        await throttles.return_try(db, key, PER_ACCOUNT)
        is_new = await team.insert_member(db, person, found, form.role, now)
        member = await team.find_member(db, person, found)
        if not is_new:
            raise Refused(_("“%(name)s” is in the team already.", name=member.display_name))
        return member

    member = await database.transaction(work)
    await _tell(member.user_id)
    return member.display_name


async def _tell(user_id: UUID) -> None:
    """Tell the workspace, and whom it is about: what they may do, or where they may go, is another now."""
    await web.publish_workspace(viewer(), CHANGED)
    await chronos().live.publish([f"user:{user_id}"], live.RESYNC)


# --- roles -------------------------------------------------------------------------------------------------------


async def _find_mine(text: str) -> team.MemberRow:
    """The member of the address, for one who may change them."""
    async with chronos().database.reading() as db:
        found = await team.find_member(db, viewer(), web.row_id(text))
    if not _may_change(found):
        raise Forbidden
    return found


@blueprint.get("/team/<user_id>/editor")
@signed_in
async def editor(user_id: str) -> Response:
    """The row with the form in it."""
    found = await _find_mine(user_id)
    return await _editor(found, {"role": found.role}, {})


async def _editor(member: team.MemberRow, values: Fields, errors: Errors, status: int = 200) -> Response:
    context = {**_form_context(values, errors), "shown": _shown(member, {}), "editing": member.user_id}
    return await web.fragment("team/_row.html", status, **context)


@blueprint.get("/team/<user_id>/edit")
@signed_in
async def edit(user_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    found = await _find_mine(user_id)
    return await _edit_page(found, {"role": found.role}, {})


async def _edit_page(member: team.MemberRow, values: Fields, errors: Errors, status: int = 200) -> Response:
    return await web.page("team/edit.html", status, member=member, **_form_context(values, errors))


@blueprint.post("/team/<user_id>")
@signed_in
async def update(user_id: str) -> Response:
    member, person, now = await _find_mine(user_id), viewer(), periods.now()
    fields = await web.form_fields()
    form, errors = parse(RoleForm, fields)
    if form is not None:
        try:
            await chronos().database.transaction(
                lambda db: team.update_role(db, person, member.user_id, form.role, now)
            )
        except team.LastOwner:
            errors = {"role": _only_owner()}
    if errors:
        refuse = _editor if web.wants_fragment() else _edit_page
        return await refuse(member, fields, errors, 422)
    await _tell(member.user_id)
    await web.find_viewer_again()
    return await web.respond(lambda: _row(member.user_id), url_for("team.index"), CHANGED)


def _only_owner() -> str:
    return _("A workspace needs an owner. Make somebody else an owner first.")


# --- leaving -----------------------------------------------------------------------------------------------------


@blueprint.post("/team/<user_id>/remove")
@signed_in
async def remove(user_id: str) -> Response:
    """Let a member go, or leave by oneself. They go on in another workspace; who has none gets one."""
    person, key, now = viewer(), web.row_id(user_id), periods.now()
    is_self = key == person.user_id

    async def work(db: Connection) -> tuple[team.MemberRow, team.Departure]:
        member = await team.find_member(db, person, key)
        home = await workspaces.find_home(db, key, person.workspace_id)
        if home is None:
            name = _("%(name)s's workspace", name=member.username)
            home = await workspaces.insert_workspace(db, person, key, name, now)
        if is_self:
            await workspaces.update_session(db, person, home)
        return member, await team.remove_member(db, person, key, now)

    try:
        member, gone = await chronos().database.transaction(work)
    except team.LastOwner:
        return await _refuse_remove()
    over = [*gone.session_ids, person.session_id] if is_self else gone.session_ids
    await chronos().live.publish([f"session:{each}" for each in over], live.END)
    await web.publish_workspace(person, CHANGED, *(["hours-changed"] if gone.has_stopped else []))
    if is_self:
        await web.find_viewer_again()
        toast = web.Toast(_("You have left “%(workspace)s”.", workspace=person.workspace_name))
        return await web.respond(web.nothing, url_for("workspace.index"), toast=toast)
    undo = url_for("team.restore", user_id=key)
    toast = web.Toast(_("“%(name)s” is no longer in the team.", name=member.display_name), undo)
    return await web.respond(list_, url_for("team.index"), CHANGED, toast=toast)


async def _refuse_remove() -> Response:
    if web.wants_fragment():
        abort(409, _only_owner())
    return await _page(409, problem=_only_owner())


@blueprint.post("/team/<user_id>/restore")
@signed_in
async def restore(user_id: str) -> Response:
    person, key, now = viewer(), web.row_id(user_id), periods.now()
    await chronos().database.transaction(lambda db: team.restore_member(db, person, key, now))
    await _tell(key)
    toast = web.Toast(_("They are back in the team."))
    return await web.respond(list_, url_for("team.index"), CHANGED, toast=toast)
