"""Who may see and change rates: a mate without the right gets 403, a stranger 404, and so do wrong addresses."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.db import Database
from quart_app.tables import memberships
from tests.support.answers import get
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project
from tests.support.pricing import add, currency_of, plain, stored

HTMX = {"HX-Request": "true"}
UNKNOWN = "0193b9a0-0000-7000-8000-000000000000"
FRAGMENTS = ("/rates", "/rates/list", "/rates/form", "/rates/currency")


async def set_role(database: Database, person: Person, role: str) -> None:
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == person.viewer.user_id).values(role=role)
        )


async def refused(client: Client, key: UUID | str, status: int) -> None:
    for change in ("", "/delete", "/restore"):
        for headers in ({}, HTMX):
            form = {"starts_on": "2026-09-01", "rate": "1"}
            response = await client.post(f"/rates/{key}{change}", form=form, headers=headers)
            assert response.status_code == status, change
    for path in ("editor", "edit"):
        assert (await client.get(f"/rates/{key}/{path}")).status_code == status, path


async def test_members_and_viewers_see_no_amount_anywhere(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice.viewer, minor=12_345)
    for person in (cast.bob, cast.dana):
        page = await get(person.client, "/workspace")
        assert "123.45" not in page
        assert "Currency" not in page
        for path in (*FRAGMENTS, f"/rates/{key}/row", f"/rates/{key}/editor", f"/rates/{key}/edit"):
            assert "123.45" not in await get(person.client, path, 403)


async def test_a_manager_sees_the_workspaces_rates_and_changes_none(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice.viewer)
    await set_role(database, cast.bob, "manager")
    page = plain(await get(cast.bob.client, "/workspace"))
    assert "€ 95.00" in page
    assert "Currency: Euro" in page
    assert 'action="/rates' not in page
    assert f"/rates/{key}/edit" not in page
    await refused(cast.bob.client, key, 403)
    assert await stored(database, cast.alice.viewer) == [("2026-03-01", 9500)]
    site = await add_project(database, cast.alice.viewer, "Site")
    form = {"project": str(site), "starts_on": "2026-03-01", "rate": "110"}
    assert (await cast.bob.client.post("/rates", form=form)).status_code == 303
    assert await stored(database, cast.alice.viewer, site) == [("2026-03-01", 11_000)]


async def test_a_mate_without_the_right_is_refused(cast: Cast, database: Database) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    for owner in (None, site):
        key = await add(database, cast.alice.viewer, owner)
        for person in (cast.bob, cast.dana):
            await refused(person.client, key, 403)
            for headers in ({}, HTMX):
                form = {"project": str(owner or ""), "starts_on": "2026-09-01", "rate": "1"}
                response = await person.client.post("/rates", form=form, headers=headers)
                assert response.status_code == 403
                response = await person.client.post(
                    "/rates/currency", form={"currency": "USD"}, headers=headers
                )
                assert response.status_code == 403
        assert await stored(database, cast.alice.viewer, owner) == [("2026-03-01", 9500)]
    assert await currency_of(database, cast.alice.viewer) == "EUR"


async def test_a_stranger_finds_nothing(cast: Cast, database: Database) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    key = await add(database, cast.alice.viewer, site)
    await refused(cast.charlie.client, key, 404)
    for path in (f"/rates/{key}/row", *(f"{path}?project={site}" for path in FRAGMENTS[:3])):
        assert (await cast.charlie.client.get(path)).status_code == 404
    form = {"project": str(site), "starts_on": "2026-09-01", "rate": "1"}
    assert (await cast.charlie.client.post("/rates", form=form)).status_code == 404
    assert await stored(database, cast.alice.viewer, site) == [("2026-03-01", 9500)]


@pytest.mark.parametrize("key", ["nothing", "0", "%00", "0193b9a0-0000-7000-8000-00000000000g", UNKNOWN])
async def test_what_is_no_rate_is_not_found(cast: Cast, key: str) -> None:
    await refused(cast.alice.client, key, 404)
    assert (await cast.alice.client.get(f"/rates/{key}/row")).status_code == 404
    assert (await cast.alice.client.get(f"/rates/list?project={key}")).status_code == 404


async def test_the_wrong_method_is_refused(cast: Cast) -> None:
    for path in (f"/rates/{UNKNOWN}", f"/rates/{UNKNOWN}/delete", f"/rates/{UNKNOWN}/restore"):
        assert (await cast.alice.client.get(path)).status_code == 405
    for path in FRAGMENTS[1:3]:
        assert (await cast.alice.client.put(path)).status_code == 405


async def test_who_is_not_signed_in_goes_to_sign_in(app: Quart) -> None:
    client = app.test_client()
    for path in FRAGMENTS:
        assert (await client.get(path)).location.startswith("/login")
    for path in ("/rates", "/rates/currency", f"/rates/{UNKNOWN}", f"/rates/{UNKNOWN}/delete"):
        assert (await client.post(path, form={})).location == "/login"
