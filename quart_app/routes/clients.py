"""Clients: the list with their projects and hours, and adding, renaming, archiving and deleting each one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, url_for

from quart_app import periods, web
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict
from quart_app.fields import Errors, parse
from quart_app.forms.clients import ClientForm
from quart_app.queries import clients
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _, ngettext

blueprint = Blueprint("clients", __name__)
# A client's name stands beside its projects, wherever these are shown.
CHANGED = ("clients-changed", "projects-changed")


# --- the list --------------------------------------------------------------------------------------------------


@blueprint.get("/clients")
@signed_in
async def index() -> Response:
    return await _page()


async def _page(
    status: int = 200,
    *,
    values: Mapping[str, str] | None = None,
    errors: Errors | None = None,
    problem: str = "",
) -> Response:
    """The page, with what was typed into its form and what is wrong with it, or a problem over the list."""
    context = {**await _listed(), "values": values or {}, "errors": errors or {}, "problem": problem}
    return await web.page("clients/index.html", status, **context)


@blueprint.get("/clients/list", endpoint="list")
@signed_in
async def list_() -> Response:
    return await web.fragment("clients/_list.html", **await _listed())


async def _listed() -> dict[str, Any]:
    async with chronos().database.reading() as db:
        found = await clients.list_clients(db, viewer(), periods.now())
    return {
        "active": [client for client in found if client.archived_at is None],
        "archived": [client for client in found if client.archived_at is not None],
        "is_running": any(client.running_count for client in found),
        "editing": None,
        "is_fresh": False,
    }


@blueprint.get("/clients/<client_id>/row")
@signed_in
async def row(client_id: str) -> Response:
    return await _row(web.row_id(client_id))


async def _row(client_id: UUID) -> Response:
    async with chronos().database.reading() as db:
        found = await clients.list_clients(db, viewer(), periods.now(), only=client_id)
    if not found:
        raise Missing
    return await web.fragment("clients/_row.html", client=found[0], editing=None, is_fresh=True)


# --- adding and renaming ---------------------------------------------------------------------------------------


@blueprint.get("/clients/form")
@signed_in
async def form() -> Response:
    return await _form_fragment({}, {})


async def _form_fragment(values: Mapping[str, str], errors: Errors, status: int = 200) -> Response:
    if not viewer().may_manage:
        raise Forbidden
    return await web.fragment("clients/_form.html", status, values=values, errors=errors, is_fresh=True)


@blueprint.post("/clients")
@signed_in
async def create() -> Response:
    if not viewer().may_manage:
        raise Forbidden
    fields = await web.form_fields()
    form, errors = parse(ClientForm, fields)
    if form is not None:
        errors = await _save(form, None)
    if form is None or errors:
        if web.wants_fragment():
            return await _form_fragment(fields, errors, 422)
        return await _page(422, values=fields, errors=errors)
    await _publish()
    toast = web.Toast(_("“%(name)s” added.", name=form.name))
    return await web.respond(lambda: _form_fragment({}, {}), url_for("clients.index"), *CHANGED, toast=toast)


async def _save(form: ClientForm, client_id: UUID | None) -> Errors:
    """Write the form; what the database would not take comes back as errors."""
    person, now, database = viewer(), periods.now(), chronos().database
    try:
        if client_id is None:
            await database.transaction(lambda db: clients.insert_client(db, person, form.name, now))
        else:
            await database.transaction(
                lambda db: clients.update_client(db, person, client_id, form.name, now)
            )
    except Conflict as conflict:
        if conflict.constraint != "uq_clients_name":
            raise
        return {"name": await _taken(form.name)}
    return {}


async def _taken(name: str) -> str:
    async with chronos().database.reading() as db:
        found = await clients.find_taken_name(db, viewer(), name)
    if found is not None and found.is_archived:
        return _(
            "The archived client “%(name)s” has this name. Restore it, or choose another name.",
            name=found.name,
        )
    return _(
        "There is a client called “%(name)s” already. Choose another name.",
        name=found.name if found else name,
    )


async def _publish() -> None:
    await web.publish_workspace(viewer(), *CHANGED)


async def _find_mine(text: str) -> clients.ClientChoice:
    """The client of the address, for one who may change it."""
    async with chronos().database.reading() as db:
        found = await clients.find_client(db, viewer(), web.row_id(text))
    if found is None:
        raise Missing
    if not viewer().may_manage:
        raise Forbidden
    return found


@blueprint.get("/clients/<client_id>/editor")
@signed_in
async def editor(client_id: str) -> Response:
    """The row with the form in it."""
    client = await _find_mine(client_id)
    return await _editor(client, {"name": client.name}, {})


async def _editor(
    client: clients.ClientChoice, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    context = {"client": client, "editing": client.id, "values": values, "errors": errors}
    return await web.fragment("clients/_row.html", status, **context)


@blueprint.get("/clients/<client_id>/edit")
@signed_in
async def edit(client_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    client = await _find_mine(client_id)
    return await _edit_page(client, {"name": client.name}, {})


async def _edit_page(
    client: clients.ClientChoice, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    return await web.page("clients/edit.html", status, client=client, values=values, errors=errors)


@blueprint.post("/clients/<client_id>")
@signed_in
async def update(client_id: str) -> Response:
    client = await _find_mine(client_id)
    fields = await web.form_fields()
    form, errors = parse(ClientForm, fields)
    if form is not None:
        errors = await _save(form, client.id)
    if errors:
        refuse = _editor if web.wants_fragment() else _edit_page
        return await refuse(client, fields, errors, 422)
    await _publish()
    return await web.respond(lambda: _row(client.id), url_for("clients.index"), *CHANGED)


# --- archive, restore, delete ----------------------------------------------------------------------------------


@blueprint.post("/clients/<client_id>/archive")
@signed_in
async def archive(client_id: str) -> Response:
    key, person, now = web.row_id(client_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: clients.archive_client(db, person, key, now))
    await _publish()
    undo = url_for("clients.restore", client_id=key)
    return await _list_again(web.Toast(_("“%(name)s” archived.", name=done.name), undo))


@blueprint.post("/clients/<client_id>/restore")
@signed_in
async def restore(client_id: str) -> Response:
    key, person, now = web.row_id(client_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: clients.restore_client(db, person, key, now))
    await _publish()
    return await _list_again(web.Toast(_("“%(name)s” is back.", name=done.name)))


@blueprint.post("/clients/<client_id>/delete")
@signed_in
async def delete(client_id: str) -> Response:
    """Delete a client without projects; whether it has any, the database knows."""
    key, person, now = web.row_id(client_id), viewer(), periods.now()
    try:
        done = await chronos().database.transaction(lambda db: clients.delete_client(db, person, key, now))
    except Conflict as conflict:
        if conflict.kind != "foreign_key":
            raise
        return await _refuse_delete(key)
    await _publish()
    return await _list_again(web.Toast(_("“%(name)s” deleted.", name=done.name)))


async def _list_again(toast: web.Toast) -> Response:
    return await web.respond(list_, url_for("clients.index"), *CHANGED, toast=toast)


async def _refuse_delete(client_id: UUID) -> Response:
    async with chronos().database.reading() as db:
        count = await clients.count_projects(db, viewer(), client_id)
    words = ngettext(
        "It has %(n)s project. Archive it instead.", "It has %(n)s projects. Archive it instead.", count
    )
    if web.wants_fragment():
        abort(409, words)
    return await _page(409, problem=words)
