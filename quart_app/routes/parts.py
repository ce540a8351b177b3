"""Entries made of entries: an entry is duplicated, or split in two."""

from quart import Blueprint, Response, request, url_for

from quart_app import days_page, periods, timer_page, web
from quart_app.access import EntryRow, Forbidden
from quart_app.db import Conflict, Connection
from quart_app.forms.entries import entry_id as form_id
from quart_app.forms.parts import Refused, Split, parse_split
from quart_app.ids import new_id
from quart_app.queries import entries, parts
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("parts", __name__)
CHANGED = ("timer-changed", "entries-changed")


async def _find(text: str) -> EntryRow:
    async with chronos().database.reading() as db:
        return await entries.find_entry(db, viewer(), web.row_id(text))


async def _row(entry: EntryRow) -> Response:
    return await days_page.row_fragment(viewer(), entry)


@blueprint.post("/entries/<entry_id>/duplicate")
@signed_in
async def duplicate(entry_id: str) -> Response:
    """Add a copy of a finished entry; the form's `id` makes sending it twice harmless."""
    person, now, action = viewer(), periods.now(), new_id()
    fields = await web.form_fields() if request.mimetype else {}
    entry, key = await _find(entry_id), form_id(fields) or new_id()
    if entry.is_running:
        return await _stays(entry, _("This timer still runs. Stop it first, then duplicate it."))

    async def work(db: Connection) -> bool:
        return await parts.duplicate_entry(db, person, entry, key, now, action_id=action)

    try:
        is_new = await chronos().database.transaction(work)
    except Conflict as conflict:
        if conflict.kind != "exclusion":
            raise
        return await _stays(
            entry, _("Entries must not overlap here, so there can be no copy at the same time.")
        )
    await web.publish_work(person, *CHANGED)
    toast = web.Toast(_("Duplicated."), url_for("undo.undo", action_id=action) if is_new else None)
    return await web.respond(lambda: _row(entry), url_for("timer.index"), *CHANGED, toast=toast)


async def _stays(entry: EntryRow, words: str) -> Response:
    """Nothing was done, and why."""
    return await web.respond(lambda: _row(entry), url_for("timer.index"), toast=web.Toast(words))


@blueprint.get("/entries/<entry_id>/split")
@signed_in
async def split(entry_id: str) -> Response:
    """The form that splits an entry, in the place of its row."""
    return await _split_fragment(timer_page.splitting_of(await _find(entry_id), viewer(), periods.now()))


async def _split_fragment(splitting: timer_page.Splitting, status: int = 200) -> Response:
    return await web.fragment("entries/_split.html", status, splitting=splitting)


@blueprint.post("/entries/<entry_id>/split")
@signed_in
async def split_at(entry_id: str) -> Response:
    """Make two entries of one, which meet at the instant typed."""
    person, now, action = viewer(), periods.now(), new_id()
    fields = dict(await web.form_fields())
    entry, second = await _find(entry_id), form_id(fields) or new_id()
    async with chronos().database.reading() as db:
        if await parts.is_made(db, person, second):
            return await web.respond(lambda: _row(entry), url_for("timer.index"), *CHANGED)
    form = parse_split(fields, timer_page.span_of(entry, person, now))
    if not isinstance(form, Split):
        return await _refuse_split(timer_page.split_refused(entry, person, now, fields, form))
    at = form.at

    async def work(db: Connection) -> bool:
        return await parts.split_entry(db, person, entry, at, second, now, action_id=action)

    if not person.may_track:
        raise Forbidden
    if form.version not in (None, entry.version) or not await chronos().database.transaction(work):
        return await _refuse_stale_split(await _find(entry_id), fields)
    await web.publish_work(person, *CHANGED)
    toast = web.Toast(_("Split in two."), url_for("undo.undo", action_id=action))
    saved = await _find(entry_id)
    return await web.respond(lambda: _row(saved), url_for("timer.index"), *CHANGED, toast=toast)


async def _refuse_stale_split(entry: EntryRow, fields: dict[str, str]) -> Response:
    """Another tab was quicker. Splitting once more, at the new version, means it."""
    fields["version"] = str(entry.version)
    words = _("This entry was changed elsewhere meanwhile. Split again if that is still right, or cancel.")
    refusal = Refused({"form": words})
    refused = timer_page.split_refused(entry, viewer(), periods.now(), fields, refusal)
    return await _refuse_split(refused, 409)


async def _refuse_split(splitting: timer_page.Splitting, status: int = 422) -> Response:
    if web.wants_fragment():
        return await _split_fragment(splitting, status)
    return await timer_page.timer_page(viewer(), editing=splitting, status=status)
