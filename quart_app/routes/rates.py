"""Rates: what an hour of a project, or of the workspace, costs from which day on, and the workspace's currency."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, request, url_for

from quart_app import periods, web
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict, Connection
from quart_app.fields import Errors, parse
from quart_app.forms.rates import CurrencyForm, parse_rate
from quart_app.money import Rate
from quart_app.queries import projects, rates
from quart_app.rates_card import currency_fields, may_change, page_of, rates_card
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _, date_words, format_amount, format_date, format_money

blueprint = Blueprint("rates", __name__)
CHANGED = "rates-changed"
Fields = Mapping[str, str]


# --- the list --------------------------------------------------------------------------------------------------


@blueprint.get("/rates")
@signed_in
async def index() -> Response:
    """The rates on a page of their own: of the project of the address, or of the workspace."""
    return await _page(await _owner())


async def _owner() -> projects.Project | None:
    """The project whose rates the address means, None for the workspace's own."""
    return await _find_project(request.args.get("project", ""))


async def _find_project(text: str) -> projects.Project | None:
    if not text:
        return None
    async with chronos().database.reading() as db:
        found = await projects.find_project(db, viewer(), web.row_id(text))
    if found is None:
        raise Missing
    return found


async def _page(project: projects.Project | None, status: int = 200, **more: Any) -> Response:
    context = await rates_card(project.id if project else None)
    return await web.page("rates/index.html", status, project=project, **{**context, **more})


@blueprint.get("/rates/list", endpoint="list")
@signed_in
async def list_() -> Response:
    project = await _owner()
    return await _list(project.id if project else None)


async def _list(project_id: UUID | None) -> Response:
    return await web.fragment("rates/_list.html", **await rates_card(project_id))


@blueprint.get("/rates/<rate_id>/row")
@signed_in
async def row(rate_id: str) -> Response:
    return await _row(web.row_id(rate_id))


async def _row(rate_id: UUID) -> Response:
    rate = await _find(rate_id)
    context = await rates_card(rate.project_id)
    return await web.fragment("rates/_row.html", rate=rate, **{**context, "rate_is_fresh": True})


async def _find(rate_id: UUID) -> rates.RateRow:
    async with chronos().database.reading() as db:
        found = await rates.find_rate(db, viewer(), rate_id)
    if found is None:
        raise Missing
    return found


# --- adding ----------------------------------------------------------------------------------------------------


@blueprint.get("/rates/form")
@signed_in
async def form() -> Response:
    project = await _owner()
    return await _form(project.id if project else None)


async def _form(
    project_id: UUID | None, fields: Fields | None = None, errors: Errors | None = None, status: int = 200
) -> Response:
    if not may_change(project_id):
        raise Forbidden
    context = await rates_card(project_id, fields, errors)
    return await web.fragment("rates/_form.html", status, **{**context, "rate_is_fresh": True})


@blueprint.post("/rates")
@signed_in
async def create() -> Response:
    fields, person, now = await web.form_fields(), viewer(), periods.now()
    project = await _find_project(fields.get("project", ""))
    project_id = project.id if project else None
    if not may_change(project_id):
        raise Forbidden
    rate, errors = await _save(fields, lambda db, rate: rates.insert_rate(db, person, project_id, rate, now))
    if rate is None:
        if web.wants_fragment():
            return await _form(project_id, fields, errors, 422)
        return await _page(project, 422, rate_values=fields, rate_errors=errors)
    await web.publish_workspace(person, CHANGED)
    said = web.Toast(_("Rate added, from %(date)s on.", date=date_words(rate.starts_on)))
    return await web.respond(lambda: _form(project_id), page_of(project_id), CHANGED, toast=said)


async def _save(
    fields: Fields, write: Callable[[Connection, Rate], Awaitable[object]]
) -> tuple[Rate | None, Errors]:
    """Read the form and write it while the currency stays what it is; what the database would not take comes back as
    errors."""
    person = viewer()
    today = periods.local_day(periods.now(), person.zone)
    read: list[Rate] = []

    async def work(db: Connection) -> tuple[Rate | None, Errors]:
        currency = await rates.hold_currency(db, person)
        rate, errors = parse_rate(fields, currency, person.date_order, today)
        if rate is not None:
            read[:] = [rate]
            await write(db, rate)
        return rate, errors

    try:
        return await chronos().database.transaction(work)
    except Conflict as conflict:
        return None, _refused(conflict, read[0])


async def _currency() -> str:
    async with chronos().database.reading() as db:
        return (await rates.load_rate_card(db, viewer())).currency


def _refused(conflict: Conflict, rate: Rate) -> Errors:
    """What the database would not take, at its field."""
    if conflict.kind == "foreign_key":
        raise Missing
    if conflict.kind != "unique":
        raise conflict
    day = date_words(rate.starts_on)
    return {
        "starts_on": _(
            "There is a rate from %(date)s on already. Change that one, or choose another day.", date=day
        )
    }


# --- changing --------------------------------------------------------------------------------------------------


async def _find_mine(text: str) -> rates.RateRow:
    """The rate of the address, for one who may change it."""
    rate = await _find(web.row_id(text))
    if not may_change(rate.project_id):
        raise Forbidden
    return rate


async def _values_of(rate: rates.RateRow) -> Fields:
    return {
        "starts_on": format_date(rate.starts_on, viewer().date_order),
        "rate": format_amount(rate.rate_minor, await _currency()),
    }


@blueprint.get("/rates/<rate_id>/editor")
@signed_in
async def editor(rate_id: str) -> Response:
    """The row with the form in it."""
    rate = await _find_mine(rate_id)
    return await _editor(rate, await _values_of(rate), {})


async def _editor(rate: rates.RateRow, values: Fields, errors: Errors, status: int = 200) -> Response:
    context = {**await rates_card(rate.project_id, values, errors), "rate": rate, "rate_editing": rate.id}
    return await web.fragment("rates/_row.html", status, **context)


@blueprint.get("/rates/<rate_id>/edit")
@signed_in
async def edit(rate_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    rate = await _find_mine(rate_id)
    return await _edit_page(rate, await _values_of(rate), {})


async def _edit_page(rate: rates.RateRow, values: Fields, errors: Errors, status: int = 200) -> Response:
    project = await _find_project(str(rate.project_id or ""))
    context = await rates_card(rate.project_id, values, errors)
    back = f"{page_of(rate.project_id)}#rates"
    return await web.page("rates/edit.html", status, rate=rate, project=project, back=back, **context)


@blueprint.post("/rates/<rate_id>")
@signed_in
async def update(rate_id: str) -> Response:
    row, person, now = await _find_mine(rate_id), viewer(), periods.now()
    fields = await web.form_fields()
    rate, errors = await _save(fields, lambda db, rate: rates.update_rate(db, person, row.id, rate, now))
    if rate is None:
        refuse = _editor if web.wants_fragment() else _edit_page
        return await refuse(row, fields, errors, 422)
    await web.publish_workspace(person, CHANGED)
    return await web.respond(lambda: _row(row.id), f"{page_of(row.project_id)}#rates", CHANGED)


@blueprint.post("/rates/<rate_id>/delete")
@signed_in
async def delete(rate_id: str) -> Response:
    key, person, now = web.row_id(rate_id), viewer(), periods.now()
    gone = await chronos().database.transaction(lambda db: rates.delete_rate(db, person, key, now))
    await web.publish_workspace(person, CHANGED)
    said = _("Rate from %(date)s on removed.", date=date_words(gone.starts_on))
    return await _list_again(gone, web.Toast(said, url_for("rates.restore", rate_id=key)))


@blueprint.post("/rates/<rate_id>/restore")
@signed_in
async def restore(rate_id: str) -> Response:
    """Bring back a rate that was removed."""
    key, person, now = web.row_id(rate_id), viewer(), periods.now()
    try:
        back = await chronos().database.transaction(lambda db: rates.restore_rate(db, person, key, now))
    except Conflict as conflict:
        if conflict.kind == "unique":
            abort(409, _("There is another rate from that day on by now."))
        if conflict.kind == "foreign_key":
            raise Missing from conflict
        raise
    await web.publish_workspace(person, CHANGED)
    return await _list_again(
        back, web.Toast(_("Rate from %(date)s on is back.", date=date_words(back.starts_on)))
    )


async def _list_again(rate: rates.RateRow, toast: web.Toast) -> Response:
    return await web.respond(lambda: _list(rate.project_id), page_of(rate.project_id), CHANGED, toast=toast)


# --- the currency ----------------------------------------------------------------------------------------------


@blueprint.get("/rates/currency")
@signed_in
async def currency() -> Response:
    return await web.fragment("rates/_currency.html", **await rates_card(None))


@blueprint.post("/rates/currency")
@signed_in
async def change_currency() -> Response:
    person, fields, now = viewer(), await web.form_fields(), periods.now()
    if not person.may_lead:
        raise Forbidden
    form, errors = parse(CurrencyForm, fields)
    if form is not None:
        try:
            await chronos().database.transaction(
                lambda db: rates.set_currency(db, person, form.currency, now)
            )
        except rates.Uneven as uneven:
            rate = format_money(uneven.rate_minor, await _currency())
            errors = {
                "currency": _(
                    "The rate of %(rate)s has decimals that %(currency)s has not. Change that rate first.",
                    rate=rate,
                    currency=form.currency,
                )
            }
        except Conflict as conflict:
            if conflict.kind != "check":
                raise
            errors = {"currency": _("A rate would become too large in it. Change that rate first.")}
    if errors:
        shown = currency_fields(await _currency(), fields.get("currency", ""), errors)
        if web.wants_fragment():
            context = {**await rates_card(None), **shown}
            return await web.fragment("rates/_currency.html", 422, **context)
        return await _page(None, 422, **shown)
    await web.publish_workspace(person, CHANGED)
    return await web.respond(currency, page_of(None), CHANGED, toast=web.Toast(_("Saved.")))
