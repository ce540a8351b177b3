"""The workspace: its name and its rules, the person's other ones, and which of them to look at."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from quart import Blueprint, Response, flash, redirect, url_for

from quart_app import live, periods, web
from quart_app.access import Forbidden
from quart_app.db import Connection
from quart_app.fields import Errors, parse
from quart_app.forms.workspace import RuleForm, SwitchForm, WorkspaceForm
from quart_app.queries import overlaps, workspaces
from quart_app.rates_card import rates_card
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("workspace", __name__)
CHANGED = "workspace-changed"
Fields = Mapping[str, str]


@blueprint.get("/workspace")
@signed_in
async def index() -> Response:
    return await _page()


async def _page(status: int = 200, **context: Any) -> Response:
    priced = await rates_card(None) if viewer().may_manage else {}
    shown = {**_name_context(), **await _listed(), **priced, "new_name": "", "new_errors": {}, **context}
    return await web.page("workspace/index.html", status, **shown)


async def _listed() -> dict[str, Any]:
    async with chronos().database.reading() as db:
        return {"workspaces": await workspaces.list_workspaces(db, viewer())}


@blueprint.get("/workspace/menu")
@signed_in
async def menu() -> Response:
    """The button in the rail, with the person's workspaces in its menu."""
    person = viewer()
    return await web.fragment("workspace/_menu.html", pickers=await web.pickers(person), **await _listed())


@blueprint.get("/workspace/list", endpoint="list")
@signed_in
async def list_() -> Response:
    return await web.fragment("workspace/_list.html", **await _listed())


# --- its name and its rules --------------------------------------------------------------------------------------


def _name_context(fields: Fields | None = None, errors: Errors | None = None) -> dict[str, Any]:
    name = viewer().workspace_name if fields is None else fields.get("name", "")
    return {"name": name, "name_errors": errors or {}}


@blueprint.get("/workspace/name")
@signed_in
async def name() -> Response:
    return await web.fragment("workspace/_name.html", **_name_context())


@blueprint.post("/workspace")
@signed_in
async def update() -> Response:
    person, fields, now = viewer(), await web.form_fields(), periods.now()
    if not person.may_lead:
        raise Forbidden
    form, errors = parse(WorkspaceForm, fields)
    if form is None:
        shown = _name_context(fields, errors)
        if web.wants_fragment():
            return await web.fragment("workspace/_name.html", 422, **shown)
        return await _page(422, **shown)
    await chronos().database.transaction(lambda db: workspaces.update_name(db, person, form.name, now))
    await web.publish_workspace(person, CHANGED)
    await web.find_viewer_again()
    return await web.respond(name, url_for("workspace.index"), CHANGED, toast=web.Toast(_("Saved.")))


@blueprint.get("/workspace/rule")
@signed_in
async def rule() -> Response:
    return await web.fragment("workspace/_rule.html")


@blueprint.post("/workspace/rule")
@signed_in
async def change_rule() -> Response:
    person, fields, now = viewer(), await web.form_fields(), periods.now()
    if not person.may_lead:
        raise Forbidden
    form, _errors = parse(RuleForm, fields)
    forbids = form is not None and form.forbids
    await chronos().database.transaction(lambda db: overlaps.set_overlap_rule(db, person, forbids, now))
    await web.publish_workspace(person, CHANGED)
    await web.find_viewer_again()
    said = _("From now on no two entries of a person may overlap.") if forbids else _("Entries may overlap.")
    return await web.respond(rule, url_for("workspace.index"), CHANGED, toast=web.Toast(said))


# --- another one -------------------------------------------------------------------------------------------------


@blueprint.post("/workspace/new")
@signed_in
async def create() -> Response:
    """Make a workspace of one's own, and look at it."""
    person, fields, now = viewer(), await web.form_fields(), periods.now()
    form, errors = parse(WorkspaceForm, fields)
    if form is None:
        return await _page(422, new_name=fields.get("name", ""), new_errors=errors)

    async def work(db: Connection) -> UUID:
        made = await workspaces.insert_workspace(db, person, person.user_id, form.name, now)
        await workspaces.update_session(db, person, made)
        return made

    await chronos().database.transaction(work)
    await web.publish(person, CHANGED)
    return await _look(form.name, url_for("workspace.index"))


@blueprint.post("/workspace/switch")
@signed_in
async def switch() -> Response:
    """Look at another workspace of one's own, in this browser. What runs goes on: it is the person's."""
    person, fields = viewer(), await web.form_fields()
    form, _errors = parse(SwitchForm, fields)
    chosen = web.row_id(form.workspace if form else "")
    await chronos().database.transaction(lambda db: workspaces.update_session(db, person, chosen))
    found = await web.find_viewer_again()
    return await _look(found.workspace_name if found else "", url_for("timer.index"))


async def _look(name: str, target: str) -> Response:
    """Go on in the workspace that the session looks at now. Its streams still listen to the one before: they end, and
    each tab comes back and finds itself elsewhere (static/js/taste.js)."""
    await chronos().live.publish([f"session:{viewer().session_id}"], live.END)
    await flash({"text": _("You are in “%(workspace)s” now.", workspace=name), "undo": None})  # type: ignore[arg-type]
    if web.wants_fragment():
        return Response("", 200, {"HX-Redirect": target})
    return cast(Response, redirect(target, 303))
