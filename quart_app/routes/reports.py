"""Reports: the page with all of its views, and the fragment of it that refreshes itself."""

from typing import Any

from quart import Blueprint, Response, request

from quart_app import periods, report_controls, report_grid, report_list, report_page, report_summary, web
from quart_app.db import Connection
from quart_app.report_page import Report
from quart_app.web import chronos, signed_in, viewer

blueprint = Blueprint("reports", __name__)


def fields() -> dict[str, list[str]]:
    """The values of each name in the address."""
    return {name: request.args.getlist(name) for name in request.args}


@blueprint.get("/reports")
@signed_in
async def index() -> Response:
    """The page. Its address holds all that the report is asked for (forms/reports.py): what can't be read there is told
    beside its field."""
    context = await _load()
    report: Report = context["report"]
    controls = report_controls.controls_of(report, request.args)
    response = await web.page("reports/index.html", controls=controls, **context)
    if web.wants_fragment():
        # What the form sends is more than the address needs.
        response.headers["HX-Push-Url"] = report.address if not report.errors else request.full_path
    return response


@blueprint.get("/reports/figures")
@signed_in
async def figures() -> Response:
    """What an open report refreshes: all but its controls."""
    return await web.fragment("reports/_figures.html", **await _load())


@blueprint.get("/reports/parts")
@signed_in
async def parts() -> Response:
    """The entries behind one `figure`, a page of them from `after` on; what is no figure is like a page that isn't
    there."""
    person, now = viewer(), periods.now()
    asked = report_page.read(fields(), person, now)
    async with chronos().database.snapshot() as db:
        report = await report_page.ask_report(db, person, asked, now)
        try:
            key = request.args.get("figure", "")
            opened = await report_list.load_figure(db, report, key, report.spec.after)
        except report_list.Unknown:
            web.not_found()
    return await web.fragment("reports/_parts.html", report=report, opened=opened)


async def _load() -> dict[str, Any]:
    """The report of this address, from one snapshot."""
    person, now = viewer(), periods.now()
    asked = report_page.read(fields(), person, now)
    async with chronos().database.snapshot() as db:
        report = await report_page.ask_report(db, person, asked, now)
        view = await _load_view(db, report)
        opened = await report_list.load_opened(db, report)
    return {"report": report, "view": view, "opened_figures": opened}


async def _load_view(db: Connection, report: Report) -> Any:
    match report.spec.view:
        case "detailed":
            return await report_list.load_detailed(db, report.question)
        case "weekly":
            return await report_grid.load(db, report)
        case _:
            return await report_summary.load(db, report, everything=bool(request.args.get("all")))
