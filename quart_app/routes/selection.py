"""Several entries at once: what they have in common, and into the trash with them."""

from uuid import UUID

from quart import Blueprint, Response, url_for

from quart_app import filing, periods, timer_page, web
from quart_app.fields import MAX_TAGS, Errors
from quart_app.forms.selection import KEEP, SelectionForm, count_error, parse_selection, too_many_tags
from quart_app.ids import new_id
from quart_app.queries import selection
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _, ngettext

blueprint = Blueprint("selection", __name__)
CHANGED = ("timer-changed", "entries-changed")


@blueprint.get("/selection/bar")
@signed_in
async def bar() -> Response:
    """The form for what is selected. It holds fields, so it does not refresh itself."""
    return await _bar(timer_page.Selecting())


async def _bar(selecting: timer_page.Selecting, status: int = 200) -> Response:
    context = {"selecting": selecting, "pickers": await web.pickers(viewer())}
    return await web.fragment("selection/_bar.html", status, **context)


@blueprint.post("/selection/update")
@signed_in
async def update() -> Response:
    """Give all of them the project, tags or billability of the form; the rest of each stays."""
    person, now, action = viewer(), periods.now(), new_id()
    fields = dict(await web.form_fields())
    ids = _ids(fields)
    form, errors = parse_selection(fields, len(ids))
    if form is None:
        return await _refuse(fields, errors)
    if form.place and (wrong := await filing.refuse_place(person, form.place)):
        return await _refuse(fields, {"project": wrong})
    wanted, tags_made = _wanted(form), await web.are_new(person, form.tags)
    try:
        count = await chronos().database.transaction(
            lambda db: selection.update_entries(db, person, ids, wanted, now, action)
        )
    except selection.TooManyTags:
        return await _refuse(fields, {"tags": too_many_tags()})
    if not count:
        toast = web.Toast(_("They are all like that already."))
        return await web.respond(bar, await web.way_back(url_for("timer.index")), toast=toast)
    await web.publish_work(person, *CHANGED, tags_made=tags_made)
    text = ngettext("%(n)s entry changed.", "%(n)s entries changed.", count)
    toast = web.Toast(text, url_for("undo.undo", action_id=action))
    return await web.respond(bar, await web.way_back(url_for("timer.index")), *CHANGED, toast=toast)


@blueprint.post("/selection/delete")
@signed_in
async def delete() -> Response:
    """Put all of them into the trash."""
    person, now, action = viewer(), periods.now(), new_id()
    fields = dict(await web.form_fields())
    ids = _ids(fields)
    if wrong := count_error(len(ids)):
        return await _refuse(fields, {"form": wrong})
    count = await chronos().database.transaction(
        lambda db: selection.delete_entries(db, person, ids, now, action)
    )
    await web.publish_work(person, *CHANGED)
    text = ngettext("%(n)s entry deleted.", "%(n)s entries deleted.", count)
    toast = web.Toast(text, url_for("undo.undo", action_id=action))
    return await web.respond(bar, await web.way_back(url_for("timer.index")), *CHANGED, toast=toast)


def _ids(fields: dict[str, str]) -> set[UUID]:
    """What is selected. What is no id is like an entry that isn't there: 404."""
    return {web.row_id(text) for text in fields.get("entry", "").split(",") if text}


def _wanted(form: SelectionForm) -> selection.Wanted:
    return selection.Wanted(
        sets_project=form.project != KEEP,
        place=form.place,
        is_billable=None if form.billable == KEEP else form.billable == "yes",
        tag_mode=form.tag_mode,
        tags=form.tags,
        most_tags=MAX_TAGS,
    )


async def _refuse(fields: dict[str, str], errors: Errors) -> Response:
    """The bar again, with what was typed. Without script the page is a new one: what was selected stays so in it."""
    if web.wants_fragment():
        return await _bar(timer_page.Selecting(fields, errors), 422)
    kept = [str(key) for key in sorted(_ids(fields))]
    return await timer_page.timer_page(
        viewer(), selecting=timer_page.Selecting(fields, errors, kept), status=422
    )
