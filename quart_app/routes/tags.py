"""Tags: the list with their use, and adding, renaming, archiving, restoring and deleting each one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, url_for

from quart_app import periods, web
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict
from quart_app.fields import Errors, parse
from quart_app.forms.tags import TagForm
from quart_app.queries import tags
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _, ngettext

blueprint = Blueprint("tags", __name__)
CHANGED = "tags-changed"


# --- the list --------------------------------------------------------------------------------------------------


@blueprint.get("/tags")
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
    return await web.page("tags/index.html", status, **context)


@blueprint.get("/tags/list", endpoint="list")
@signed_in
async def list_() -> Response:
    return await web.fragment("tags/_list.html", **await _listed())


async def _listed() -> dict[str, Any]:
    async with chronos().database.reading() as db:
        found = await tags.list_tags(db, viewer())
    return {
        "active": [tag for tag in found if tag.archived_at is None],
        "archived": [tag for tag in found if tag.archived_at is not None],
        "editing": None,
        "is_fresh": False,
    }


@blueprint.get("/tags/<tag_id>/row")
@signed_in
async def row(tag_id: str) -> Response:
    return await _row(web.row_id(tag_id))


async def _row(tag_id: UUID) -> Response:
    async with chronos().database.reading() as db:
        found = await tags.list_tags(db, viewer(), only=tag_id)
    if not found:
        raise Missing
    return await web.fragment("tags/_row.html", tag=found[0], editing=None, is_fresh=True)


# --- adding and renaming ---------------------------------------------------------------------------------------


@blueprint.get("/tags/form")
@signed_in
async def form() -> Response:
    return await _form_fragment({}, {})


async def _form_fragment(values: Mapping[str, str], errors: Errors, status: int = 200) -> Response:
    if not viewer().may_manage:
        raise Forbidden
    return await web.fragment("tags/_form.html", status, values=values, errors=errors, is_fresh=True)


@blueprint.post("/tags")
@signed_in
async def create() -> Response:
    if not viewer().may_manage:
        raise Forbidden
    fields = await web.form_fields()
    form, errors = parse(TagForm, fields)
    if form is not None:
        errors = await _save(form, None)
    if form is None or errors:
        if web.wants_fragment():
            return await _form_fragment(fields, errors, 422)
        return await _page(422, values=fields, errors=errors)
    await _publish()
    toast = web.Toast(_("“%(name)s” added.", name=form.name))
    return await web.respond(lambda: _form_fragment({}, {}), url_for("tags.index"), CHANGED, toast=toast)


async def _save(form: TagForm, tag_id: UUID | None) -> Errors:
    """Write the form; what the database would not take comes back as errors."""
    person, now, database = viewer(), periods.now(), chronos().database
    try:
        if tag_id is None:
            await database.transaction(lambda db: tags.insert_tag(db, person, form.name, now))
        else:
            await database.transaction(lambda db: tags.update_tag(db, person, tag_id, form.name, now))
    except Conflict as conflict:
        if conflict.constraint != "uq_tags_name":
            raise
        return {"name": await _taken(form.name)}
    return {}


async def _taken(name: str) -> str:
    async with chronos().database.reading() as db:
        found = await tags.find_taken_name(db, viewer(), name)
    if found is not None and found.is_archived:
        return _(
            "The archived tag “%(name)s” has this name. Restore it, or choose another name.", name=found.name
        )
    return _(
        "There is a tag called “%(name)s” already. Choose another name.", name=found.name if found else name
    )


async def _publish() -> None:
    await web.publish_workspace(viewer(), CHANGED)


async def _find_mine(text: str) -> tags.TagUse:
    """The tag of the address, for one who may change it."""
    async with chronos().database.reading() as db:
        found = await tags.find_tag(db, viewer(), web.row_id(text))
    if found is None:
        raise Missing
    if not viewer().may_manage:
        raise Forbidden
    return found


@blueprint.get("/tags/<tag_id>/editor")
@signed_in
async def editor(tag_id: str) -> Response:
    """The row with the form in it."""
    tag = await _find_mine(tag_id)
    return await _editor(tag, {"name": tag.name}, {})


async def _editor(tag: tags.TagUse, values: Mapping[str, str], errors: Errors, status: int = 200) -> Response:
    context = {"tag": tag, "editing": tag.id, "values": values, "errors": errors}
    return await web.fragment("tags/_row.html", status, **context)


@blueprint.get("/tags/<tag_id>/edit")
@signed_in
async def edit(tag_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    tag = await _find_mine(tag_id)
    return await _edit_page(tag, {"name": tag.name}, {})


async def _edit_page(
    tag: tags.TagUse, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    return await web.page("tags/edit.html", status, tag=tag, values=values, errors=errors)


@blueprint.post("/tags/<tag_id>")
@signed_in
async def update(tag_id: str) -> Response:
    tag = await _find_mine(tag_id)
    fields = await web.form_fields()
    form, errors = parse(TagForm, fields)
    if form is not None:
        errors = await _save(form, tag.id)
    if errors:
        refuse = _editor if web.wants_fragment() else _edit_page
        return await refuse(tag, fields, errors, 422)
    await _publish()
    return await web.respond(lambda: _row(tag.id), url_for("tags.index"), CHANGED)


# --- archive, restore, delete ----------------------------------------------------------------------------------


@blueprint.post("/tags/<tag_id>/archive")
@signed_in
async def archive(tag_id: str) -> Response:
    key, person, now = web.row_id(tag_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: tags.archive_tag(db, person, key, now))
    await _publish()
    undo = url_for("tags.restore", tag_id=key)
    return await _list_again(web.Toast(_("“%(name)s” archived.", name=done.name), undo))


@blueprint.post("/tags/<tag_id>/restore")
@signed_in
async def restore(tag_id: str) -> Response:
    key, person, now = web.row_id(tag_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: tags.restore_tag(db, person, key, now))
    await _publish()
    return await _list_again(web.Toast(_("“%(name)s” is back.", name=done.name)))


@blueprint.post("/tags/<tag_id>/delete")
@signed_in
async def delete(tag_id: str) -> Response:
    """Delete a tag that no entry bears; whether one does, the database knows."""
    key, person, now = web.row_id(tag_id), viewer(), periods.now()
    try:
        done = await chronos().database.transaction(lambda db: tags.delete_tag(db, person, key, now))
    except Conflict as conflict:
        if conflict.kind != "foreign_key":
            raise
        return await _refuse_delete(key)
    await _publish()
    return await _list_again(web.Toast(_("“%(name)s” deleted.", name=done.name)))


async def _list_again(toast: web.Toast) -> Response:
    return await web.respond(list_, url_for("tags.index"), CHANGED, toast=toast)


async def _refuse_delete(tag_id: UUID) -> Response:
    async with chronos().database.reading() as db:
        count = await tags.count_uses(db, viewer(), tag_id)
    words = ngettext(
        "%(n)s entry bears it. Archive it instead.", "%(n)s entries bear it. Archive it instead.", count
    )
    if web.wants_fragment():
        abort(409, words)
    return await _page(409, problem=words)
