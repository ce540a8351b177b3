"""The timer: its page, its bar on every page, start, stop and discard."""

from quart import Blueprint, Response, request, url_for

from quart_app import periods, timer_page, web
from quart_app.access import EntryRow
from quart_app.db import Connection
from quart_app.fields import Errors, parse
from quart_app.forms.entries import StartForm
from quart_app.ids import new_id
from quart_app.queries import entries, tags, timer
from quart_app.web import chronos, signed_in, viewer

blueprint = Blueprint("timer", __name__)
CHANGED = ("timer-changed", "entries-changed")
SUGGESTIONS = 8


@blueprint.get("/timer")
@signed_in
async def index() -> Response:
    """The page. `before` shows older days, `edit` opens an entry's editor: so both work without script."""
    edit = request.args.get("edit")
    return await timer_page.timer_page(
        viewer(), before=web.day_argument("before"), edit=web.row_id(edit) if edit else None
    )


@blueprint.get("/timer/bar")
@signed_in
async def bar() -> Response:
    return await bar_fragment()


async def bar_fragment(status: int = 200, **context: object) -> Response:
    context = {**await web.bar_context(), **context}
    return await web.fragment("timer/_bar.html", status, running=await _running_now(), **context)


async def _running_now() -> EntryRow | None:
    """What runs: as the request found it, or asked anew by one that may have changed it."""
    if request.method == "GET":
        return web.running()
    async with chronos().database.reading() as db:
        return await timer.find_running(db, viewer())


@blueprint.get("/timer/running")
@signed_in
async def running() -> Response:
    return await web.fragment("timer/_running.html", running=await _running_now())


@blueprint.post("/timer/start")
@signed_in
async def start() -> Response:
    person, now = viewer(), periods.now()
    fields = await web.form_fields()
    form, errors = parse(StartForm, fields)
    if form is not None and form.project is not None:
        known = {project.id for project in (await web.pickers(person)).projects}
        if form.project not in known:
            errors = {"project": "This project is archived or gone. Choose another."}
    if form is None or errors:
        return await _refuse_start(dict(fields), errors)
    tags_made = await web.are_new(person, form.tags)

    async def work(db: Connection) -> None:
        tag_ids = await tags.resolve_tags(db, person, list(form.tags), now) if form.tags else []
        new = timer.NewTimer(
            form.id or new_id(), form.description, form.project, form.billable, tuple(tag_ids), form.tags
        )
        await timer.start_timer(db, person, new, now)

    await chronos().database.transaction(work)
    await web.publish_work(person, *CHANGED, tags_made=tags_made)
    return await web.respond(bar_fragment, url_for("timer.index"), *CHANGED)


async def _refuse_start(fields: dict[str, str], errors: Errors) -> Response:
    if web.wants_fragment():
        return await bar_fragment(422, start=fields, start_errors=errors)
    return await timer_page.timer_page(viewer(), start=fields, start_errors=errors, status=422)


@blueprint.post("/timer/stop")
@signed_in
async def stop() -> Response:
    """Stopping a stopped timer succeeds and changes nothing."""
    person, now = viewer(), periods.now()
    if await chronos().database.transaction(lambda db: timer.stop_timer(db, person, now)):
        await web.publish_work(person, *CHANGED)
    return await web.respond(running, url_for("timer.index"), *CHANGED)


@blueprint.post("/timer/discard")
@signed_in
async def discard() -> Response:
    person, now = viewer(), periods.now()
    entry_id = await chronos().database.transaction(lambda db: timer.discard_timer(db, person, now))
    if entry_id is None:
        return await web.respond(running, url_for("timer.index"), *CHANGED)
    await web.publish_work(person, *CHANGED)
    undo = url_for("entries.restore", entry_id=entry_id)
    toast = web.Toast("Timer discarded.", undo)
    return await web.respond(running, url_for("timer.index"), *CHANGED, toast=toast)


@blueprint.get("/timer/suggestions")
@signed_in
async def suggestions() -> Response:
    """What the viewer has tracked before that holds the typed words; empty text gives the latest."""
    typed = request.args.get("q", "")[:200]
    async with chronos().database.reading() as db:
        found = await entries.list_suggestions(db, viewer(), typed, SUGGESTIONS)
    return await web.fragment("timer/_suggestions.html", suggestions=found)
