"""A timer that was forgotten: the question, and two of its answers. Stop now and discard are those of the timer."""

from quart import Blueprint, Response, request, url_for

from quart_app import answers, forgotten, periods, questions, web
from quart_app.db import Conflict
from quart_app.ids import new_id
from quart_app.queries import presence, timer
from quart_app.trimming import Span
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("forgotten", __name__)
CHANGED = ("timer-changed", "entries-changed")


@blueprint.get("/forgotten/question")
@signed_in
async def question() -> Response:
    return await _fragment()


async def _fragment(status: int = 200) -> Response:
    if request.method == "POST":
        await web.find_viewer_again()
    return await web.fragment("forgotten/_question.html", status, running=web.running())


@blueprint.post("/forgotten/stop")
@signed_in
async def stop() -> Response:
    """Stop at the last activity: the server's own note of it. The field `moment` only says which one was shown."""
    person, now = viewer(), periods.now()
    fields = await web.form_fields()
    asked = forgotten.find(person, web.running(), now)
    if asked is None:
        return await web.respond(_fragment, url_for("timer.index"), *CHANGED)
    if asked.activity is None or fields.get("moment") != str(int(asked.activity.timestamp())):
        return await _ask_again()
    entry, at, action_id = asked.entry, asked.activity, new_id()

    try:
        await chronos().database.transaction(
            lambda db: timer.stop_timer(db, person, now, at, entry.id, action_id=action_id)
        )
    except Conflict as error:
        return await questions.refuse_stop(error, entry, at, now, _fragment)
    await web.publish_work(person, *CHANGED)
    words = _("Stopped at %(time)s.", time=answers.time_words(person, at, now))
    toast = web.Toast(words, url_for("undo.undo", action_id=action_id))
    written = questions.Mine(entry.id, Span(entry.started_at, at))
    return await questions.respond(person, written, _fragment, *CHANGED, toast=toast)


async def _ask_again() -> Response:
    toast = web.Toast(_("Something has changed meanwhile. Look again, then choose."))
    if not web.wants_fragment():
        return await web.respond(_fragment, url_for("timer.index"), toast=toast)
    response = await web.respond(_fragment, "", *CHANGED, toast=toast)
    response.status_code = 409
    return response


@blueprint.post("/forgotten/keep")
@signed_in
async def keep() -> Response:
    """It goes on rightly: ask again after as long again, or at another midnight."""
    person, now = viewer(), periods.now()
    if await chronos().database.transaction(lambda db: presence.confirm_timer(db, person, now)):
        await web.publish(person, "timer-changed")
    return await web.respond(_fragment, url_for("timer.index"), "timer-changed")


@blueprint.post("/forgotten/active")
@signed_in
async def active() -> Response:
    """Somebody reads or types in a page. To have asked is all: see activity.py."""
    return Response("", 204)
