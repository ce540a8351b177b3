"""Clients in the browser: the list, the forms with and without script, and who may do what."""

from datetime import timedelta
from uuid import UUID

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app import periods
from quart_app.db import Database
from quart_app.queries import clients
from tests.support.answers import get
from tests.support.cast import Cast
from tests.support.catalogue import add_project, track

HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)
UNKNOWN = "0193b9a0-0000-7000-8000-000000000000"
CHANGES = ("", "/archive", "/restore", "/delete")


async def post(client: Client, path: str, name: str = "Acme", **headers: str) -> tuple[int, str]:
    response = await client.post(path, form={"name": name}, headers=headers)
    return response.status_code, await response.get_data(as_text=True)


async def add(database: Database, cast: Cast, name: str = "Acme") -> UUID:
    alice = cast.alice.viewer
    return await database.transaction(lambda db: clients.insert_client(db, alice, name, periods.now()))


async def names(database: Database, cast: Cast) -> list[str]:
    async with database.reading() as db:
        found = await clients.list_clients(db, cast.alice.viewer, periods.now())
    return [f"{client.name} (archived)" if client.archived_at else client.name for client in found]


async def test_an_empty_list_says_what_to_do_next(cast: Cast) -> None:
    assert "No clients yet" in await get(cast.alice.client, "/clients")
    assert "An owner or manager" in await get(cast.bob.client, "/clients")


async def test_a_client_stands_with_its_projects_and_hours(cast: Cast, database: Database) -> None:
    acme, now = await add(database, cast), periods.now()
    site = await add_project(database, cast.alice.viewer, "Site", client_id=acme, colour=3)
    await track(database, cast.bob.viewer, site, now - 905 * HOUR, now - 900 * HOUR)
    for path in ("/clients", "/clients/list", f"/clients/{acme}/row"):
        page = await get(cast.alice.client, path)
        assert "Acme" in page
        assert "Site" in page
        assert 'class="dot p3"' in page
        assert "5:00" in page
    assert "5:00" not in await get(cast.dana.client, "/clients")
    assert "Acme" not in await get(cast.charlie.client, "/clients")


async def test_a_client_is_added_without_script(cast: Cast, database: Database) -> None:
    status, _ = await post(cast.alice.client, "/clients", " Acme  GmbH ")
    assert status == 303
    assert await names(database, cast) == ["Acme GmbH"]
    assert "added" in await get(cast.alice.client, "/clients")


async def test_with_script_a_fresh_form_comes_back(cast: Cast, database: Database) -> None:
    response = await cast.alice.client.post("/clients", form={"name": "Acme"}, headers=HTMX)
    assert response.headers["HX-Trigger"] == "clients-changed, projects-changed"
    fragment = await response.get_data(as_text=True)
    assert fragment.lstrip().startswith('<form id="clients-form"')
    assert 'value="Acme"' not in fragment
    assert await names(database, cast) == ["Acme"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_taken_name_is_told_at_its_field(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    await add(database, cast, "Acme")
    beta = await add(database, cast, "Beta")
    for path in ("/clients", f"/clients/{beta}"):
        status, page = await post(cast.alice.client, path, "ACME", **headers)
        assert status == 422
        assert ("<html" in page) is not bool(headers)
        assert "There is a client called “Acme” already. Choose another name." in page
        assert 'value="ACME"' in page
        assert 'aria-invalid="true"' in page
    await cast.alice.client.post(f"/clients/{beta}/archive", form={})
    assert "The archived client “Beta”" in (await post(cast.alice.client, "/clients", "beta"))[1]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Enter a name."),
        ("\u202e", "Enter a name."),
        ("x" * 121, "Keep this to 120 characters or fewer."),
    ],
)
async def test_bad_input_is_told_at_its_field(
    cast: Cast, database: Database, name: str, message: str
) -> None:
    for headers in ({}, HTMX):
        status, page = await post(cast.alice.client, "/clients", name, **headers)
        assert (status, message in page) == (422, True)
    assert (await cast.alice.client.post("/clients", form={})).status_code == 422
    assert await names(database, cast) == []


async def test_a_client_is_renamed_with_and_without_script(cast: Cast, database: Database) -> None:
    acme = await add(database, cast)
    assert 'value="Acme"' in await get(cast.alice.client, f"/clients/{acme}/edit")
    assert 'class="editing" hx-morph-skip' in await get(cast.alice.client, f"/clients/{acme}/editor")
    assert (await post(cast.alice.client, f"/clients/{acme}", "Acme AG"))[0] == 303
    status, row = await post(cast.alice.client, f"/clients/{acme}", "Acme SE", **HTMX)
    assert status == 200
    assert row.lstrip().startswith(f'<tr id="clients-row-{acme}">')
    assert await names(database, cast) == ["Acme SE"]


async def test_archive_restore_and_delete_come_back_to_the_list(cast: Cast, database: Database) -> None:
    acme = await add(database, cast)
    for change, left in (("archive", ["Acme (archived)"]), ("restore", ["Acme"]), ("delete", [])):
        assert (await post(cast.alice.client, f"/clients/{acme}/{change}"))[0] == 303
        assert await names(database, cast) == left
        assert "Acme" in await get(cast.alice.client, "/clients")


async def test_archiving_offers_to_undo(cast: Cast, database: Database) -> None:
    acme = await add(database, cast)
    status, fragment = await post(cast.alice.client, f"/clients/{acme}/archive", **HTMX)
    assert status == 200
    assert 'id="clients-list"' in fragment
    assert f'action="/clients/{acme}/restore"' in fragment[fragment.index("#toasts") :]


async def test_a_client_with_projects_is_not_deleted(cast: Cast, database: Database) -> None:
    acme = await add(database, cast)
    await add_project(database, cast.alice.viewer, "Site", client_id=acme)
    status, page = await post(cast.alice.client, f"/clients/{acme}/delete")
    assert (status, "It has 1 project. Archive it instead." in page) == (409, True)
    status, toast = await post(cast.alice.client, f"/clients/{acme}/delete", **HTMX)
    assert (status, "It has 1 project. Archive it instead." in toast) == (409, True)
    assert await names(database, cast) == ["Acme"]


async def refused(client: Client, key: UUID | str, status: int) -> None:
    for change in CHANGES:
        for headers in ({}, HTMX):
            assert (await post(client, f"/clients/{key}{change}", **headers))[0] == status, change
    for path in ("editor", "edit"):
        assert (await client.get(f"/clients/{key}/{path}")).status_code == status, path


async def test_a_mate_without_the_right_is_refused(cast: Cast, database: Database) -> None:
    acme = await add(database, cast)
    for person in (cast.bob, cast.dana):
        await refused(person.client, acme, 403)
        assert (await post(person.client, "/clients", "New"))[0] == 403
        assert (await person.client.get("/clients/form")).status_code == 403
        page = await get(person.client, "/clients")
        assert "<form" not in page[page.index("<main") : page.index("</main>")]
    assert await names(database, cast) == ["Acme"]


async def test_a_stranger_finds_nothing(cast: Cast, database: Database) -> None:
    acme = await add(database, cast)
    await refused(cast.charlie.client, acme, 404)
    assert (await cast.charlie.client.get(f"/clients/{acme}/row")).status_code == 404


@pytest.mark.parametrize("key", ["nothing", "%00", UNKNOWN])
async def test_what_is_no_client_is_not_found(cast: Cast, key: str) -> None:
    await refused(cast.alice.client, key, 404)


async def test_the_wrong_method_is_refused(cast: Cast) -> None:
    for change in CHANGES:
        assert (await cast.alice.client.get(f"/clients/{UNKNOWN}{change}")).status_code == 405


async def test_every_change_is_told_to_the_workspace(cast: Cast, app: Quart) -> None:
    audience = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([audience]) as mailbox:
        await post(cast.alice.client, "/clients")
        assert await mailbox.take() == ["clients-changed", "projects-changed"]
