"""Saved reports: those of one's own and of the team, saving, changing, sharing, deleting and pinning them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, flash, redirect, request, url_for

from quart_app import periods, web
from quart_app.db import Conflict
from quart_app.fields import Errors, parse
from quart_app.forms.reports import query_of
from quart_app.forms.saved_reports import MOST_SAVED, SaveForm, UpdateForm
from quart_app.queries import reports, saved_reports
from quart_app.queries.saved_reports import NewReport, SavedReport
from quart_app.report_spec import Spec
from quart_app.saved_card import fit, listed, pinned_card, read_query, spec_of
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _

blueprint = Blueprint("saved_reports", __name__)
CHANGED = "reports-changed"
Fields = Mapping[str, str]


def _address(query: str) -> str:
    """The page of the report."""
    return f"/reports?{query}" if query else "/reports"


def _sent(text: str) -> Spec:
    """The report of a query as a form sends it."""
    person = viewer()
    return read_query(text, person.date_order, periods.local_day(periods.now(), person.zone))


async def _publish(*, is_shared: bool) -> None:
    """After the commit: to everybody where the report is, or was, everybody's."""
    say = web.publish_workspace if is_shared else web.publish
    await say(viewer(), CHANGED)


# --- the list ----------------------------------------------------------------------------------------------------


@blueprint.get("/saved-reports")
@signed_in
async def index() -> Response:
    return await _page()


async def _page(status: int = 200, **saving: Any) -> Response:
    """`saving`: a report that could not be saved, for those without script."""
    return await web.page("saved_reports/index.html", status, **await _listed(), saving=saving)


@blueprint.get("/saved-reports/list", endpoint="list")
@signed_in
async def list_() -> Response:
    return await web.fragment("saved_reports/_list.html", **await _listed())


async def _listed() -> dict[str, Any]:
    person, now = viewer(), periods.now()
    async with chronos().database.reading() as db:
        found = await saved_reports.list_reports(db, person)
    return {"reports": [listed(report, person, now) for report in found], "editing": None, "is_fresh": False}


@blueprint.get("/saved-reports/menu")
@signed_in
async def menu() -> Response:
    """The list as a menu, on the page of reports."""
    return await web.fragment("saved_reports/_menu.html", **await _listed())


@blueprint.get("/saved-reports/<report_id>/row")
@signed_in
async def row(report_id: str) -> Response:
    return await _row(web.row_id(report_id))


async def _row(key: UUID) -> Response:
    async with chronos().database.reading() as db:
        found = await saved_reports.find_report(db, viewer(), key)
    one = listed(found, viewer(), periods.now())
    return await web.fragment("saved_reports/_row.html", one=one, editing=None, is_fresh=True)


# --- opening -----------------------------------------------------------------------------------------------------


@blueprint.get("/saved-reports/<report_id>")
@signed_in
async def show(report_id: str) -> Response:
    """Lead on to the report, as it is for whoever asks: with their rights, zone and week. Says what it lacks by now."""
    person, key = viewer(), web.row_id(report_id)
    async with chronos().database.reading() as db:
        found = await saved_reports.find_report(db, person, key)
        names = await reports.load_names(db, person)
    fitted = fit(spec_of(found, person, periods.now()), names, person)
    if fitted.words:
        await flash({"text": fitted.words, "undo": None, "label": None})  # type: ignore[arg-type]  # any JSON value goes
    response: Response = redirect(_address(fitted.query), 303)  # type: ignore[assignment]
    return response


# --- saving ------------------------------------------------------------------------------------------------------


@blueprint.get("/saved-reports/save")
@signed_in
async def save() -> Response:
    """The form that saves the report of the address."""
    return await _save(query_of(_sent(request.query_string.decode())))


async def _save(
    query: str, values: Fields | None = None, errors: Errors | None = None, taken: SavedReport | None = None
) -> Response:
    context = _saving(query, values or {}, errors or {}, taken)
    return await web.fragment("saved_reports/_save.html", 422 if errors else 200, **context)


def _saving(query: str, values: Fields, errors: Errors, taken: SavedReport | None) -> dict[str, Any]:
    spec = _sent(query)
    return {"spec": spec, "query": query, "save_values": values, "save_errors": errors, "save_taken": taken}


@blueprint.post("/saved-reports")
@signed_in
async def create() -> Response:
    person, now, fields = viewer(), periods.now(), await web.form_fields()
    form, errors = parse(SaveForm, fields)
    query = query_of(_sent(form.query if form else fields.get("query", "")[:MOST_SAVED]))
    taken = None
    if form is not None and not (errors := _too_long(query)):
        new = NewReport(form.name, query, form.is_shared)
        try:
            await chronos().database.transaction(lambda db: saved_reports.insert_report(db, person, new, now))
        except saved_reports.TooMany:
            errors = {"name": _too_many()}
        except Conflict as conflict:
            errors, taken = await _taken(conflict, form.name)
    if form is None or errors:
        if web.wants_fragment():
            return await _save(query, fields, errors, taken)
        return await _page(422, **_saving(query, fields, errors, taken))
    await _publish(is_shared=form.is_shared)
    toast = web.Toast(_("“%(name)s” saved.", name=form.name))
    return await web.respond(lambda: _save(query), _address(query), CHANGED, toast=toast)


def _too_long(query: str) -> Errors:
    if len(query) <= MOST_SAVED:
        return {}
    return {"query": _("This report asks for more than can be saved. Choose fewer filters.")}


def _too_many() -> str:
    return _("%(most)s reports are the most that you can save. Delete one first.", most=saved_reports.MOST)


async def _taken(conflict: Conflict, name: str) -> tuple[Errors, SavedReport | None]:
    """Which of one's own has the name."""
    if conflict.constraint != "uq_saved_reports_name":
        raise conflict
    async with chronos().database.reading() as db:
        found = await saved_reports.find_named_report(db, viewer(), name)
    words = _(
        "You have a report called “%(name)s” already. Choose another name.",
        name=found.name if found else name,
    )
    return {"name": words}, found


# --- changing ----------------------------------------------------------------------------------------------------


async def _find_own(text: str) -> SavedReport:
    """The report of the address, for its owner."""
    async with chronos().database.reading() as db:
        return await saved_reports.find_own_report(db, viewer(), web.row_id(text))


def _values_of(report: SavedReport) -> Fields:
    return {"name": report.name, "is_shared": "1" if report.is_shared else "0"}


@blueprint.get("/saved-reports/<report_id>/editor")
@signed_in
async def editor(report_id: str) -> Response:
    """The row with the form in it."""
    report = await _find_own(report_id)
    return await _editor(report, _values_of(report), {})


async def _editor(report: SavedReport, values: Fields, errors: Errors, status: int = 200) -> Response:
    one = listed(report, viewer(), periods.now())
    context = {"one": one, "editing": report.id, "values": values, "errors": errors}
    return await web.fragment("saved_reports/_row.html", status, **context)


@blueprint.get("/saved-reports/<report_id>/edit")
@signed_in
async def edit(report_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    report = await _find_own(report_id)
    return await _edit_page(report, _values_of(report), {})


async def _edit_page(report: SavedReport, values: Fields, errors: Errors, status: int = 200) -> Response:
    one = listed(report, viewer(), periods.now())
    return await web.page("saved_reports/edit.html", status, one=one, values=values, errors=errors)


@blueprint.post("/saved-reports/<report_id>")
@signed_in
async def update(report_id: str) -> Response:
    """Another name, shared or not, and with `query` another report. `from=save`: the form on the page of reports asks,
    to put the report that it shows in the place of this one."""
    report, person, now = await _find_own(report_id), viewer(), periods.now()
    fields = await web.form_fields()
    form, errors = parse(UpdateForm, fields)
    values = form.values if form else {}
    if "query" in values:
        values["query"] = query_of(_sent(str(values["query"])))
        errors = _too_long(str(values["query"]))
    done = report
    if not errors:
        try:
            done = await chronos().database.transaction(
                lambda db: saved_reports.update_report(db, person, report.id, values, now)
            )
        except Conflict as conflict:
            errors, _same = await _taken(conflict, str(values["name"]))
    if errors:
        return await _refuse_update(report, fields, errors)
    await _publish(is_shared=report.is_shared or done.is_shared)
    toast = web.Toast(_("“%(name)s” saved.", name=done.name))
    if fields.get("from") == "save":
        return await web.respond(lambda: _save(done.query), _address(done.query), CHANGED, toast=toast)
    return await web.respond(lambda: _row(report.id), url_for("saved_reports.index"), CHANGED, toast=toast)


async def _refuse_update(report: SavedReport, fields: Fields, errors: Errors) -> Response:
    if fields.get("from") == "save" and web.wants_fragment():
        query = query_of(_sent(fields.get("query", "")[:MOST_SAVED]))
        return await _save(query, fields, errors)
    refuse = _editor if web.wants_fragment() else _edit_page
    return await refuse(report, fields, errors, 422)


# --- deleting, pinning -------------------------------------------------------------------------------------------


async def _list_again(toast: web.Toast | None = None) -> Response:
    return await web.respond(list_, url_for("saved_reports.index"), CHANGED, toast=toast)


@blueprint.post("/saved-reports/<report_id>/delete")
@signed_in
async def delete(report_id: str) -> Response:
    key, person, now = web.row_id(report_id), viewer(), periods.now()
    gone = await chronos().database.transaction(lambda db: saved_reports.delete_report(db, person, key, now))
    if gone is None:
        return await _list_again()
    await _publish(is_shared=gone.is_shared)
    undo = url_for("saved_reports.restore", report_id=key)
    return await _list_again(web.Toast(_("“%(name)s” deleted.", name=gone.name), undo))


@blueprint.post("/saved-reports/<report_id>/restore")
@signed_in
async def restore(report_id: str) -> Response:
    """Undo a delete."""
    key, person, now = web.row_id(report_id), viewer(), periods.now()
    try:
        back = await chronos().database.transaction(
            lambda db: saved_reports.restore_report(db, person, key, now)
        )
    except saved_reports.TooMany:
        abort(409, _too_many())
    except Conflict as conflict:
        if conflict.kind != "unique":
            raise
        abort(409, _("You have another report of this name by now. Rename that one first."))
    await _publish(is_shared=back.is_shared)
    return await _list_again(web.Toast(_("“%(name)s” is back.", name=back.name)))


@blueprint.post("/saved-reports/<report_id>/pin")
@signed_in
async def pin(report_id: str) -> Response:
    """Put it on one's timer page, in the place of the one that is there."""
    key, person, now = web.row_id(report_id), viewer(), periods.now()
    await chronos().database.transaction(lambda db: saved_reports.pin_report(db, person, key, now))
    await _publish(is_shared=False)
    return await _list_again(web.Toast(_("Pinned. It stands beside the timer from now on.")))


@blueprint.post("/saved-reports/<report_id>/unpin")
@signed_in
async def unpin(report_id: str) -> Response:
    key, person, now = web.row_id(report_id), viewer(), periods.now()
    await chronos().database.transaction(lambda db: saved_reports.unpin_report(db, person, key, now))
    await _publish(is_shared=False)
    return await _list_again(web.Toast(_("Unpinned."), url_for("saved_reports.pin", report_id=key)))


@blueprint.get("/saved-reports/pinned")
@signed_in
async def pinned() -> Response:
    """The card on the timer page, with its sums."""
    return await web.fragment("saved_reports/_pinned.html", **await pinned_card(viewer()))
