"""Entries: the days they fall on, and adding, editing, continuing, deleting and bringing back each one."""

from quart import Blueprint, Response, url_for

from quart_app import days_page, periods, timer_page, web
from quart_app.access import EntryRow, Missing
from quart_app.db import Connection
from quart_app.forms.entries import EntryForm, Refused, entry_id, parse_entry
from quart_app.ids import new_id
from quart_app.queries import entries, tags, timer
from quart_app.web import chronos, signed_in, viewer

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
    return await web.fragment("entries/_days.html", page=page, editing=None, line_html=days_page.line_html)


@blueprint.get("/entries/older")
@signed_in
async def older() -> Response:
    """The next page of older days, and the link to the one after it."""
    async with chronos().database.reading() as db:
        page = await days_page.load_days(db, viewer(), periods.now(), web.day_argument("before"))
    return await web.fragment("entries/_older.html", page=page, editing=None, line_html=days_page.line_html)


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
    return await _new_fragment(timer_page.new_entry(viewer(), periods.now()))


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
        form = await _check_project(form, None)
    if isinstance(form, Refused):
        return await _refuse_new(timer_page.refused(None, fields, form))
    key = entry_id(fields) or new_id()
    good, tags_made = form, await web.are_new(person, form.what.tags)

    async def work(db: Connection) -> None:
        await entries.insert_entry(db, person, key, await _values(db, good), now)

    await chronos().database.transaction(work)
    await web.publish_work(person, "entries-changed", tags_made=tags_made)
    return await web.respond(
        new, url_for("timer.index"), "entries-changed", toast=web.Toast(_said("Added", good))
    )


async def _refuse_new(adding: timer_page.Editing) -> Response:
    if web.wants_fragment():
        return await _new_fragment(adding, 422)
    return await timer_page.timer_page(viewer(), adding=adding, status=422)


@blueprint.get("/entries/<entry_id>/editor")
@signed_in
async def editor(entry_id: str) -> Response:
    return await _editor_fragment(timer_page.editing_of(await _find(entry_id), viewer(), periods.now()))


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
        form = await _check_project(form, entry)
    if isinstance(form, Refused):
        return await _refuse_update(timer_page.refused(entry, fields, form))
    good, tags_made = form, await web.are_new(person, form.what.tags)

    async def work(db: Connection) -> EntryRow:
        await entries.update_entry(db, person, entry.id, good.version, await _values(db, good), now)
        return await entries.find_entry(db, person, entry.id)

    try:
        saved = await chronos().database.transaction(work)
    except entries.Stale:
        return await _refuse_stale(entry, dict(fields))
    await web.publish_work(person, *CHANGED, tags_made=tags_made)
    toast = web.Toast(_said("Saved", good)) if good.ends_next_day else None
    return await web.respond(lambda: _row(saved), url_for("timer.index"), *CHANGED, toast=toast)


async def _refuse_stale(entry: EntryRow, fields: dict[str, str]) -> Response:
    """Another tab was quicker. What was typed stays; saving once more, at the new version, means it."""
    fields["version"] = str(entry.version)
    words = "This entry was changed elsewhere meanwhile. Save again to keep what stands here, or cancel."
    return await _refuse_update(timer_page.Editing(entry, fields, {"form": words}), 409)


async def _refuse_update(editing: timer_page.Editing, status: int = 422) -> Response:
    if web.wants_fragment():
        return await _editor_fragment(editing, status)
    return await timer_page.timer_page(viewer(), editing=editing, status=status)


async def _check_project(form: EntryForm, entry: EntryRow | None) -> EntryForm | Refused:
    """A project must be one that is offered, or the one the entry has already (it may be archived by now)."""
    wanted = form.what.project
    if wanted is None or (entry is not None and entry.project_id == wanted):
        return form
    if any(project.id == wanted for project in (await web.pickers(viewer())).projects):
        return form
    return Refused({"project": "This project is archived or gone. Choose another."}, {})


async def _values(db: Connection, form: EntryForm) -> entries.EntryValues:
    what, now = form.what, periods.now()
    tag_ids = await tags.resolve_tags(db, viewer(), list(what.tags), now) if what.tags else []
    return entries.EntryValues(
        what.description,
        what.project,
        what.billable,
        form.started_at,
        form.ended_at,
        tuple(tag_ids),
        what.tags,
    )


def _said(done: str, form: EntryForm) -> str:
    """What was done; an end that was taken to be on the next day is said in so many words."""
    person = viewer()
    if form.ended_at is None:
        return f"{done}."
    length = periods.format_duration(periods.seconds_between(form.started_at, form.ended_at))
    if not form.ends_next_day:
        return f"{done}: {length}."
    today = periods.local_day(periods.now(), person.zone)
    label = periods.day_label(periods.local_day(form.ended_at, person.zone), today, person.date_order)
    return f"{done}: {length}. It ends the next day, {label[1]}."


# --- continue, delete, bring back --------------------------------------------------------------------------------


@blueprint.post("/entries/<entry_id>/continue", endpoint="continue")
@signed_in
async def continue_(entry_id: str) -> Response:
    """Start a timer that says the same as this entry; what runs is stopped."""
    person, now = viewer(), periods.now()
    entry = await _find(entry_id)

    async def work(db: Connection) -> None:
        tag_ids = await tags.resolve_tags(db, person, list(entry.tags), now) if entry.tags else []
        new = timer.NewTimer(
            new_id(), entry.description, entry.project_id, entry.is_billable, tuple(tag_ids), entry.tags
        )
        await timer.start_timer(db, person, new, now)

    try:
        await chronos().database.transaction(work)
    except Missing:
        toast = web.Toast("Its project is archived. Restore the project first, or start a new timer.")
        return await web.respond(lambda: _row(entry), url_for("timer.index"), toast=toast)
    await web.publish_work(person, *CHANGED)
    return await web.respond(lambda: _row(entry), url_for("timer.index"), *CHANGED)


@blueprint.post("/entries/<entry_id>/delete")
@signed_in
async def delete(entry_id: str) -> Response:
    person, now, key = viewer(), periods.now(), web.row_id(entry_id)
    await chronos().database.transaction(lambda db: entries.delete_entry(db, person, key, now))
    await web.publish_work(person, *CHANGED)
    toast = web.Toast("Entry deleted.", url_for("entries.restore", entry_id=key))
    return await web.respond(web.nothing, url_for("timer.index"), *CHANGED, toast=toast)


@blueprint.post("/entries/<entry_id>/restore")
@signed_in
async def restore(entry_id: str) -> Response:
    """Undo a delete or a discard."""
    person, now, key = viewer(), periods.now(), web.row_id(entry_id)
    await chronos().database.transaction(lambda db: entries.restore_entry(db, person, key, now))
    await web.publish_work(person, *CHANGED)
    return await web.respond(web.nothing, url_for("timer.index"), *CHANGED, toast=web.Toast("It is back."))
