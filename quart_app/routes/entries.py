"""Entries: the days they fall on, and adding, editing, continuing, deleting and bringing back each one."""

from dataclasses import replace

from quart import Blueprint, Response, request, url_for

from quart_app import answers, days_page, filing, periods, questions, timer_page, web
from quart_app.access import EntryRow
from quart_app.again import start_same
from quart_app.db import Connection
from quart_app.forms.entries import EntryForm, Refused, parse_entry
from quart_app.forms.entries import entry_id as form_id
from quart_app.ids import new_id
from quart_app.late import read_late
from quart_app.queries import entries, tags
from quart_app.trimming import Span
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import N_, _, day_label, format_duration

blueprint = Blueprint("entries", __name__)
CHANGED = ("timer-changed", "entries-changed")


# --- the list ----------------------------------------------------------------------------------------------------


@blueprint.get("/entries/days")
@signed_in
async def days() -> Response:
    """Days of entries; with `since` exactly the days that a page shows already, so that it can refresh itself."""
    async with chronos().database.reading() as db:
        before, since = web.day_argument("before"), web.day_argument("since")
        page = await days_page.load_days(db, viewer(), periods.now(), before, since)
    return await web.fragment("entries/_days.html", page=page, editing=None)


@blueprint.get("/entries/older")
@signed_in
async def older() -> Response:
    """The next page of older days, and the link to the one after it."""
    async with chronos().database.reading() as db:
        page = await days_page.load_days(db, viewer(), periods.now(), web.day_argument("before"))
    return await web.fragment("entries/_older.html", page=page, editing=None)


@blueprint.get("/entries/week")
@signed_in
async def week() -> Response:
    async with chronos().database.reading() as db:
        found = await days_page.load_week(db, viewer(), periods.now())
    return await web.fragment("entries/_week.html", week=found)


@blueprint.get("/entries/<entry_id>/row")
@signed_in
async def row(entry_id: str) -> Response:
    return await _row(await _find(entry_id))


async def _find(text: str) -> EntryRow:
    async with chronos().database.reading() as db:
        return await entries.find_entry(db, viewer(), web.row_id(text))


async def _row(entry: EntryRow) -> Response:
    return await days_page.row_fragment(viewer(), entry)


# --- adding and editing ------------------------------------------------------------------------------------------


@blueprint.get("/entries/new")
@signed_in
async def new() -> Response:
    """The form to add an entry by hand: empty, or of the time from `from` to `until`."""
    if span := web.span_arguments():
        adding = timer_page.filled_entry(viewer(), periods.now(), span, request.args)
    else:
        adding = timer_page.new_entry(viewer(), periods.now())
    return await _new_fragment(adding)


async def _new_fragment(adding: timer_page.Editing, status: int = 200) -> Response:
    context = {"adding": adding, "pickers": await web.pickers(viewer())}
    return await web.fragment("entries/_new.html", status, **context)


@blueprint.post("/entries")
@signed_in
async def create() -> Response:
    """Add a finished entry by hand."""
    person, now = viewer(), periods.now()
    fields = await web.form_fields()
    form = parse_entry(fields, timer_page.way_of(person, now), None)
    if isinstance(form, EntryForm):
        form = await filing.file_entry(person, form, fields, None)
    if isinstance(form, Refused):
        return await _refuse_new(timer_page.refused(None, fields, form))
    key = form_id(fields) or new_id()
    good, tags_made = form, await web.are_new(person, form.what.tags)

    action, mine = new_id(), questions.Mine(key, Span(form.started_at, form.ended_at))

    async def work(db: Connection) -> tuple[bool, str]:
        async def save(span: Span) -> bool:
            values = replace(await _values(db, good), started_at=span.start, ended_at=span.end)
            return await entries.insert_entry(db, person, key, values, now, action_id=action)

        return await questions.write(db, person, mine, fields, now, action, save)

    try:
        is_new, effect = await chronos().database.transaction(work)
    except questions.REFUSALS as error:
        return await _refuse_new(
            await _ask(error, mine, timer_page.Editing(None, {**fields, "id": str(key)})), 409
        )
    changed = CHANGED if effect else ("entries-changed",)
    await web.publish_work(person, *changed, tags_made=tags_made)
    undo = url_for("undo.undo", action_id=action) if is_new else None
    toast = web.Toast(effect or _said(ADDED, good), undo)
    return await questions.respond(person, mine, new, *changed, toast=toast)


async def _refuse_new(adding: timer_page.Editing, status: int = 422) -> Response:
    if web.wants_fragment():
        return await _new_fragment(adding, status)
    return await timer_page.timer_page(viewer(), adding=adding, status=status)


async def _ask(error: Exception, mine: questions.Mine, editing: timer_page.Editing) -> timer_page.Editing:
    """What could not be saved because something is in its way: the form again, and what shall give way."""
    if questions.reason(error) is None:
        raise error
    asked = await questions.ask_anew(viewer(), mine, periods.now())
    errors = {} if asked else {"form": _("Something came in between. Save again to keep what stands here.")}
    return replace(editing, errors=errors, overlap=asked)


@blueprint.get("/entries/<entry_id>/editor")
@signed_in
async def editor(entry_id: str) -> Response:
    """The editor in the place of a row, with the focus in the field that the address names."""
    entry = await _find(entry_id)
    return await _editor_fragment(
        timer_page.editing_of(entry, viewer(), periods.now(), timer_page.field_argument())
    )


async def _editor_fragment(editing: timer_page.Editing, status: int = 200) -> Response:
    context = {"editing": editing, "pickers": await web.pickers(viewer())}
    return await web.fragment("entries/_editor.html", status, **context)


@blueprint.post("/entries/<entry_id>")
@signed_in
async def update(entry_id: str) -> Response:
    person, now = viewer(), periods.now()
    fields = await web.form_fields()
    entry = await _find(entry_id)
    form = parse_entry(fields, timer_page.way_of(person, now), (entry.started_at, entry.ended_at))
    if isinstance(form, EntryForm):
        form = await filing.file_entry(person, form, fields, entry)
    if isinstance(form, Refused):
        return await _refuse_update(timer_page.refused(entry, fields, form))
    good, tags_made, action = form, await web.are_new(person, form.what.tags), new_id()

    mine = questions.Mine(entry.id, Span(form.started_at, form.ended_at))

    async def work(db: Connection) -> tuple[EntryRow, str]:
        async def save(span: Span) -> bool:
            values = replace(await _values(db, good), started_at=span.start, ended_at=span.end)
            await entries.update_entry(db, person, entry.id, good.version, values, now, action_id=action)
            return True

        effect = (await questions.write(db, person, mine, fields, now, action, save))[1]
        return await entries.find_entry(db, person, entry.id), effect

    try:
        saved, effect = await chronos().database.transaction(work)
    except entries.Stale:
        return await _refuse_stale(entry, dict(fields))
    except questions.REFUSALS as error:
        return await _refuse_update(await _ask(error, mine, timer_page.Editing(entry, fields)), 409)
    await web.publish_work(person, *CHANGED, tags_made=tags_made)
    is_changed = entry != saved._replace(version=entry.version)
    undo = url_for("undo.undo", action_id=action)
    toast = web.Toast(effect or _said(SAVED, good), undo) if is_changed else None
    written = mine if answers.row_span(saved) != answers.row_span(entry) else None
    return await questions.respond(person, written, lambda: _row(saved), *CHANGED, toast=toast)


async def _refuse_stale(entry: EntryRow, fields: dict[str, str]) -> Response:
    """Another tab was quicker. What was typed stays; saving once more, at the new version, means it."""
    fields["version"] = str(entry.version)
    words = _("This entry was changed elsewhere meanwhile. Save again to keep what stands here, or cancel.")
    return await _refuse_update(timer_page.Editing(entry, fields, {"form": words}), 409)


async def _refuse_update(editing: timer_page.Editing, status: int = 422) -> Response:
    if web.wants_fragment():
        return await _editor_fragment(editing, status)
    return await timer_page.timer_page(viewer(), editing=editing, status=status)


async def _values(db: Connection, form: EntryForm) -> entries.EntryValues:
    what, now = form.what, periods.now()
    tag_ids = await tags.resolve_tags(db, viewer(), list(what.tags), now) if what.tags else []
    return entries.EntryValues(
        what.description,
        what.project_id,
        what.billable,
        form.started_at,
        form.ended_at,
        tuple(tag_ids),
        what.tags,
        what.task_id,
    )


ADDED = (
    N_("Added."),
    N_("Added: %(length)s."),
    N_("Added: %(length)s. It ends the next day, %(day)s."),
)
SAVED = (
    N_("Saved."),
    N_("Saved: %(length)s."),
    N_("Saved: %(length)s. It ends the next day, %(day)s."),
)


def _said(ways: tuple[str, str, str], form: EntryForm) -> str:
    """What was done; an end that was taken to be on the next day is said in so many words."""
    plain, measured, overnight = ways
    person = viewer()
    if form.ended_at is None:
        return _(plain)
    length = format_duration(periods.seconds_between(form.started_at, form.ended_at))
    if not form.ends_next_day:
        return _(measured, length=length)
    today = periods.local_day(periods.now(), person.zone)
    label = day_label(periods.local_day(form.ended_at, person.zone), today, person.date_order)
    return _(overnight, length=length, day=label[1])


# --- continue, delete, bring back --------------------------------------------------------------------------------


@blueprint.post("/entries/<entry_id>/continue", endpoint="continue")
@signed_in
async def continue_(entry_id: str) -> Response:
    """Start a timer that says the same as this entry; what runs is stopped."""
    now = periods.now()
    entry, late = await _find(entry_id), await read_late(now)
    return await start_same(entry, now, late, lambda: _row(entry))


@blueprint.post("/entries/<entry_id>/delete")
@signed_in
async def delete(entry_id: str) -> Response:
    person, now, key, action = viewer(), periods.now(), web.row_id(entry_id), new_id()
    await chronos().database.transaction(
        lambda db: entries.delete_entry(db, person, key, now, action_id=action)
    )
    await web.publish_work(person, *CHANGED)
    toast = web.Toast(_("Entry deleted."), url_for("undo.undo", action_id=action))
    back = await web.way_back(url_for("timer.index"))
    return await web.respond(web.nothing, back, *CHANGED, toast=toast)


@blueprint.post("/entries/<entry_id>/restore")
@signed_in
async def restore(entry_id: str) -> Response:
    """Undo a delete or a discard."""
    person, now, key = viewer(), periods.now(), web.row_id(entry_id)
    await chronos().database.transaction(lambda db: entries.restore_entry(db, person, key, now))
    await web.publish_work(person, *CHANGED)
    return await web.respond(web.nothing, url_for("timer.index"), *CHANGED, toast=web.Toast(_("It is back.")))
