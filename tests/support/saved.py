"""Saved reports, made by the people of the tests."""

import re

from quart import Response

from tests.support.answers import body_of, text_of
from tests.support.cast import Person

HTMX = {"HX-Request": "true"}


async def send(person: Person, path: str, *, htmx: object = True, **fields: str) -> Response:
    return await person.client.post(path, form=fields, headers=HTMX if htmx else {})


async def save(person: Person, name: str = "Client", query: str = "period=last-month", **fields: str) -> str:
    """Save it; its id."""
    response = await send(person, "/saved-reports", name=name, query=query, **fields)
    assert response.status_code == 200, await body_of(response)
    page = await text_of(person, "/saved-reports")
    found = re.search(rf'href="/saved-reports/([0-9a-f-]{{36}})">{re.escape(name)}<', page)
    assert found
    return found[1]
