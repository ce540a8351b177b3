"""The timer: its page, its bar on every page, start, stop and discard."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, request, url_for

from quart_app import at_hand, filing, periods, questions, timer_page, today_page, web
from quart_app.access import EntryRow, Missing
from quart_app.db import Conflict, Connection
from quart_app.fields import Errors, parse
from quart_app.forms.entries import Refused, StartForm
from quart_app.forms.late import parse_late
from quart_app.ids import new_id
from quart_app.late import check_who, read_late
from quart_app.queries import tags, timer
from quart_app.trimming import Span
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("timer", __name__)
CHANGED = ("timer-changed", "entries-changed")


@blueprint.get("/timer")
@signed_in
async def index() -> Response:
    """The page. `before` shows older days, `edit` opens an entry's editor (at `field`), `split` asks where to split it,
    `from` and `until` open the form to add an entry of that time: so all of them work without script."""
    edit, split, span = request.args.get("edit"), request.args.get("split"), web.span_arguments()
    return await timer_page.timer_page(
        viewer(),
        before=web.day_argument("before"),
        edit=_asked(edit, timer_page.field_argument()) or _asked(split, "at"),
        adding=timer_page.filled_entry(viewer(), periods.now(), span, {}) if span else None,
    )


def _asked(entry_id: str | None, field: str) -> tuple[UUID, str] | None:
    return (web.row_id(entry_id), field) if entry_id else None


@blueprint.get("/timer/today")
@signed_in
async def today() -> Response:
    async with chronos().database.reading() as db:
        found = await today_page.load_today(db, viewer(), periods.now())
    return await web.fragment("timer/_today.html", today=found)


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
    late, late_errors = parse_late(fields, now)
    errors |= late_errors
    if late is not None:
        check_who(late)
    if form is not None and (wrong := await filing.refuse_place(person, form.project)):
        errors = {"project": wrong}
    if form is None or late is None or errors:
        return await _refuse_start(dict(fields), errors)
    what = await filing.file_typed(person, form, fields, asks=late.at is None)
    if isinstance(what, Refused):
        return await _refuse_start(dict(fields), what.errors, what.questions)
    key, tags_made = form.id or new_id(), await web.are_new(person, what.tags)

    mine, action = questions.Mine(key, Span(late.at or now, None)), new_id()

    async def save(db: Connection, span: Span) -> bool:
        tag_ids = await tags.resolve_tags(db, person, list(what.tags), now) if what.tags else []
        said = (what.description, what.project_id, what.billable, tuple(tag_ids), what.tags, what.task_id)
        new = timer.NewTimer(key, *said)
        await timer.start_timer(db, person, new, now, late.at if span == mine.span else span.start)
        return True

    async def work(db: Connection) -> str:
        return (await questions.write(db, person, mine, fields, now, action, partial(save, db)))[1]

    try:
        effect = await chronos().database.transaction(work)
    except questions.REFUSALS as error:
        return await _ask_start(error, mine, dict(fields), now)
    await web.publish_work(person, *CHANGED, tags_made=tags_made)
    toast = web.Toast(effect, url_for("undo.undo", action_id=action)) if effect else None
    response = await web.respond(bar_fragment, url_for("timer.index"), *CHANGED, toast=toast)
    return await questions.beside(response, None, clears=bool(effect))


async def _ask_start(
    error: Exception, mine: questions.Mine, fields: dict[str, str], now: datetime
) -> Response:
    """What runs can't end now, or what shall run can't begin, for another entry is in the way."""
    asked, runs = None, web.running()
    if questions.reason(error) and runs is not None:
        with suppress(Missing):
            asked = await questions.ask_about(viewer(), runs.id, now, mine.span.start)
    if questions.reason(error) and asked is None:
        asked = await questions.ask_start(viewer(), mine, fields, now)
    if asked is None and isinstance(error, Conflict):
        raise error
    if asked is None:
        words = _("Nothing is in the way any more. Press Start again.")
        return await _refuse_start(fields, {"description": words})
    return await questions.refuse(asked, partial(bar_fragment, 409, start=fields))


async def _refuse_start(fields: dict[str, str], errors: Errors, asked: Sequence[Any] = ()) -> Response:
    typed = {**fields, "questions": asked}
    if web.wants_fragment():
        return await bar_fragment(422, start=typed, start_errors=errors)
    return await timer_page.timer_page(viewer(), start=typed, start_errors=errors, status=422)


@blueprint.post("/timer/stop")
@signed_in
async def stop() -> Response:
    """Stopping a stopped timer succeeds and changes nothing."""
    person, now = viewer(), periods.now()
    late = await read_late(now)
    runs, at = web.running(), late.at or now
    try:
        stopped = await chronos().database.transaction(
            lambda db: timer.stop_timer(db, person, now, late.at, late.id)
        )
    except Conflict as error:
        return await questions.refuse_stop(error, runs, at, now, running)
    if stopped:
        await web.publish_work(person, *CHANGED)
    written = questions.Mine(runs.id, Span(runs.started_at, at)) if runs and stopped else None
    return await questions.respond(person, written, running, *CHANGED)


@blueprint.post("/timer/discard")
@signed_in
async def discard() -> Response:
    person, now = viewer(), periods.now()
    action = new_id()
    entry_id = await chronos().database.transaction(
        lambda db: timer.discard_timer(db, person, now, action_id=action)
    )
    if entry_id is None:
        return await web.respond(running, url_for("timer.index"), *CHANGED)
    await web.publish_work(person, *CHANGED)
    toast = web.Toast(_("Timer discarded."), url_for("undo.undo", action_id=action))
    return await web.respond(running, url_for("timer.index"), *CHANGED, toast=toast)


@blueprint.get("/timer/suggestions")
@signed_in
async def suggestions() -> Response:
    """What may be meant by the text before the caret; nothing typed gives favourites and the latest."""
    found = await at_hand.suggest(viewer(), request.args.get("q", "")[-at_hand.MOST_TYPED :])
    return await web.fragment("timer/_suggestions.html", groups=found)
