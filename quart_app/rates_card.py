"""The rates of a project or of the workspace, as pages show them. Shared by these pages and the routes of rates."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quart_app import periods, words
from quart_app.access import Forbidden
from quart_app.fields import Errors
from quart_app.money import CURRENCIES
from quart_app.queries import rates
from quart_app.web import chronos, viewer


async def rates_card(
    project_id: UUID | None, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> dict[str, Any]:
    """What templates/rates/card.html shows of a project, or (None) of the workspace, with what was typed into the form
    and what is wrong with it. Raises Forbidden for those who may not see amounts."""
    person = viewer()
    if not person.may_manage:
        raise Forbidden
    async with chronos().database.reading() as db:
        listed = await rates.list_rates(db, person, project_id)
        card = await rates.load_rate_card(db, person)
    today = periods.local_day(periods.now(), person.zone)
    current = next((rate for rate in listed if rate.starts_on <= today), None)
    return {
        "rates": listed,
        "rate_current": current and current.id,
        "shared_rate": card.rate_on(None, today),
        "rates_of": project_id,
        "may_change_rates": may_change(project_id),
        "currency": card.currency,
        "rate_editing": None,
        "rate_is_fresh": False,
        "rate_values": values or {"starts_on": words.format_date(today, person.date_order)},
        "rate_errors": errors or {},
        **currency_fields(card.currency),
    }


def may_change(project_id: UUID | None) -> bool:
    """Of a project whoever manages projects may, of the workspace whoever leads it."""
    return viewer().may_lead if project_id is None else viewer().may_manage


def currency_fields(currency: str, chosen: str | None = None, errors: Errors | None = None) -> dict[str, Any]:
    """What the form of the workspace's currency shows, `chosen` in it."""
    codes = [*CURRENCIES, *({currency} - set(CURRENCIES))]
    return {
        "currencies": [(code, f"{code} · {words.currency_name(code)}") for code in codes],
        "chosen_currency": chosen or currency,
        "currency_errors": errors or {},
    }


def page_of(project_id: UUID | None) -> str:
    """The address of the page that the card stands on."""
    return "/workspace" if project_id is None else f"/projects/{project_id}/edit"
