"""Favourites: pinned from an entry or from what runs, started by one press, unpinned with an undo."""

from typing import NoReturn

from quart import Blueprint, Response, abort, url_for

from quart_app import at_hand, periods, web
from quart_app.again import start_same
from quart_app.late import read_late
from quart_app.queries import favourites
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("favourites", __name__)
CHANGED = "favourites-changed"


@blueprint.get("/favourites/list", endpoint="list")
@signed_in
async def list_() -> Response:
    """The list under the form that starts the timer."""
    person = await web.find_viewer_again() or viewer()
    return await web.fragment("favourites/_list.html", favourites=await at_hand.pinned(person))


@blueprint.post("/favourites")
@signed_in
async def create() -> Response:
    """Pin what an own entry says, or what runs where none is named."""
    person, now = viewer(), periods.now()
    named = (await web.form_fields()).get("entry", "")
    running = web.running()
    if not named and running is None:
        return await _answer(_("Nothing runs that could be pinned. Start something first."))
    key = web.row_id(named) if named or running is None else running.id
    try:
        is_new = await chronos().database.transaction(lambda db: favourites.pin_entry(db, person, key, now))
    except favourites.TooMany:
        _refuse_more()
    if not is_new:
        return await _answer(_("It is among your favourites already."))
    return await _answer(_("Pinned. It waits under the timer from now on."), changed=True)


def _refuse_more() -> NoReturn:
    abort(409, _("%(most)s favourites are the most there can be. Unpin one first.", most=favourites.MOST))


async def _answer(words: str, undo: str | None = None, *, changed: bool = False) -> Response:
    if changed:
        await web.publish(viewer(), CHANGED)
    return await web.respond(list_, url_for("timer.index"), CHANGED, toast=web.Toast(words, undo))


@blueprint.post("/favourites/<favourite_id>/start")
@signed_in
async def start(favourite_id: str) -> Response:
    """Start a timer that says the same; what runs is stopped."""
    now, key = periods.now(), web.row_id(favourite_id)
    late = await read_late(now)
    async with chronos().database.reading() as db:
        wanted = await favourites.find_favourite(db, viewer(), key)
    return await start_same(wanted, now, late, list_)


@blueprint.post("/favourites/<favourite_id>/delete")
@signed_in
async def delete(favourite_id: str) -> Response:
    person, now, key = viewer(), periods.now(), web.row_id(favourite_id)
    await chronos().database.transaction(lambda db: favourites.unpin_favourite(db, person, key, now))
    return await _answer(_("Unpinned."), url_for("favourites.restore", favourite_id=key), changed=True)


@blueprint.post("/favourites/<favourite_id>/restore")
@signed_in
async def restore(favourite_id: str) -> Response:
    """Undo a delete: pin it again, as it was."""
    person, now, key = viewer(), periods.now(), web.row_id(favourite_id)
    try:
        await chronos().database.transaction(lambda db: favourites.restore_favourite(db, person, key, now))
    except favourites.TooMany:
        _refuse_more()
    return await _answer(_("Pinned again."), changed=True)
