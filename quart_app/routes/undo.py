"""Undo: taking back what was done with entries, by the journal. Taking that back does it again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

from quart import Blueprint, Response, url_for

from quart_app import periods, web
from quart_app.access import Viewer
from quart_app.db import Conflict, Connection
from quart_app.queries import undo as undoing
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import N_, _, ngettext

blueprint = Blueprint("undo", __name__)
CHANGED = ("timer-changed", "entries-changed")
_REFUSALS = {
    "again": N_("That was taken back already."),
    "changed": N_("That entry has changed since, so it stays as it is."),
    "runs": N_("Another timer runs by now. Stop it first, then undo."),
    "unique": N_("Another timer runs by now. Stop it first, then undo."),
    "exclusion": N_("It would overlap another entry by now, so it stays as it is."),
    "foreign_key": N_("Its project or task is gone by now, so it stays as it is."),
}


@blueprint.post("/undo/<action_id>")
@signed_in
async def undo(action_id: str) -> Response:
    """Take back one action of one's own, all of it or nothing; twice changes nothing more."""
    person, now, key = viewer(), periods.now(), web.row_id(action_id)
    return await _answer(lambda db: undoing.undo_action(db, person, key, now))


@blueprint.post("/undo")
@signed_in
async def last() -> Response:
    """Take back what one did last, and what one did before that the next time."""
    person, now = viewer(), periods.now()
    return await _answer(lambda db: undoing.undo_last(db, person, now))


async def _answer(work: Callable[[Connection], Awaitable[undoing.Undone | None]]) -> Response:
    """A toast tells what was taken back, or why nothing was: then nothing has changed, and nothing is swapped."""
    try:
        undone = await chronos().database.transaction(work)
    except undoing.Refused as refused:
        return await _say(_(_REFUSALS[refused.reason]))
    except Conflict as conflict:
        if conflict.kind not in _REFUSALS:
            raise
        return await _say(_(_REFUSALS[conflict.kind]))
    if undone is None:
        return await _say(_("Nothing to undo."))
    for workspace in undone.workspaces:
        await web.publish_work(_in(workspace), *CHANGED, tags_made=bool(undone.tags))
    back = url_for("undo.undo", action_id=undone.action_id)
    toast = web.Toast(_told(undone), back, None if undone.is_redone else _("Redo"))
    return await web.respond(web.nothing, await web.way_back(url_for("timer.index")), *CHANGED, toast=toast)


def _in(workspace: UUID) -> Viewer:
    return replace(viewer(), workspace_id=workspace)


async def _say(text: str) -> Response:
    return await web.respond(web.nothing, await web.way_back(url_for("timer.index")), toast=web.Toast(text))


def _told(undone: undoing.Undone) -> str:
    n = undone.count
    match undone.kind:
        case "create":
            done = ngettext("%(n)s entry added", "%(n)s entries added", n)
        case "delete":
            done = ngettext("%(n)s entry deleted", "%(n)s entries deleted", n)
        case "restore":
            done = ngettext("%(n)s entry brought back", "%(n)s entries brought back", n)
        case "start":
            done = _("timer started")
        case "stop":
            done = _("timer stopped")
        case _:
            done = ngettext("%(n)s entry changed", "%(n)s entries changed", n)
    return _("Done again: %(done)s.", done=done) if undone.is_redone else _("Undone: %(done)s.", done=done)
