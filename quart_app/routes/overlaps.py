"""Overlaps: the question about one, and its answers."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from quart import Blueprint, Response, request, url_for

from quart_app import answers, journal, periods, questions, web
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict, Connection
from quart_app.ids import new_id
from quart_app.queries import entries, overlaps
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("overlaps", __name__)
CHANGED = ("timer-changed", "entries-changed")


@blueprint.get("/overlaps")
@signed_in
async def index() -> Response:
    """The question as a page of its own, for those without script."""
    return await questions.page(await _asked())


@blueprint.get("/overlaps/question")
@signed_in
async def question() -> Response:
    """What overlaps `entry`; without one, or where that is gone, nothing is asked. `until` is when it shall stop."""
    with suppress(Missing):
        return await questions.fragment(await _asked())
    return await questions.fragment(None)


async def _asked() -> questions.Question | None:
    text, now = request.args.get("entry"), periods.now()
    if not text:
        return None
    return await questions.ask_about(viewer(), web.row_id(text), now, _instant(request.args, now))


@blueprint.post("/overlaps/<entry_id>")
@signed_in
async def answer(entry_id: str) -> Response:
    """One of the entries gives way. With `until` it is a timer that shall stop then, and could not."""
    person, now, action_id = viewer(), periods.now(), new_id()
    key, fields = web.row_id(entry_id), await web.form_fields()
    until = _instant(fields, now)

    async def work(db: Connection) -> str:
        await journal.touch_user(db, person)
        entry = await entries.find_entry(db, person, key)
        if not person.may_track:
            raise Forbidden
        if (until is not None and not entry.is_running) or not fields.get(questions.WAY):
            raise overlaps.Stale
        mine = questions.mine_of(entry, until)
        effect = await questions.effect_of(db, person, mine, fields, now)
        pieces = await questions.settle(db, person, mine, fields, now, action_id)
        if pieces != (answers.row_span(entry),):
            await overlaps.cut_entry(db, person, entry, questions.times_of(pieces), now, action_id)
        return effect

    try:
        effect = await chronos().database.transaction(work)
    except (Conflict, overlaps.Stale) as error:
        if questions.reason(error) is None:
            raise
        return await _ask_again(key, until)
    await web.publish_work(person, *CHANGED)
    toast = web.Toast(effect, url_for("undo.undo", action_id=action_id))
    return await web.respond(_nothing_asked, url_for("timer.index"), *CHANGED, toast=toast)


async def _nothing_asked() -> Response:
    return await questions.fragment(None)


async def _ask_again(key: UUID, until: datetime | None) -> Response:
    asked = await questions.ask_about(viewer(), key, periods.now(), until)
    toast = web.Toast(_("Something has changed meanwhile. Look again, then choose."))
    if asked is None:
        toast = web.Toast(_("Something has changed meanwhile: nothing overlaps any more."))
    if web.wants_fragment():
        response = await web.respond(lambda: questions.fragment(asked, 409), "", *CHANGED, toast=toast)
        response.status_code = 409
        return response
    return await questions.page(asked, 409)


def _instant(fields: Mapping[str, str], now: datetime) -> datetime | None:
    """The field `until`, an epoch in seconds, no later than now; None where there is none."""
    text = fields.get("until", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    return min(datetime.fromtimestamp(int(text), UTC), now)
