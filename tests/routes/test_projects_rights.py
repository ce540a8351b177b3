"""Who may see and change projects: a mate without the right gets 403, a stranger 404, and so do wrong addresses."""

from uuid import UUID

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app import periods
from quart_app.db import Database
from quart_app.queries import projects
from tests.support.cast import Cast
from tests.support.catalogue import add_project

HTMX = {"HX-Request": "true"}
UNKNOWN = "0193b9a0-0000-7000-8000-000000000000"
CHANGES = ("", "/archive", "/restore", "/delete")


async def stored(database: Database, cast: Cast) -> list[tuple[str, bool]]:
    """Alice's projects: name, and whether archived."""
    async with database.reading() as db:
        found = await projects.list_projects(db, cast.alice.viewer, periods.now())
    return [(project.name, project.archived_at is not None) for project in found]


async def refused(client: Client, key: UUID | str, status: int) -> None:
    for change in CHANGES:
        for headers in ({}, HTMX):
            response = await client.post(f"/projects/{key}{change}", form={"name": "Mine"}, headers=headers)
            assert response.status_code == status, change
    for path in ("editor", "edit"):
        assert (await client.get(f"/projects/{key}/{path}")).status_code == status, path


async def test_a_mate_without_the_right_is_refused(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    for person in (cast.bob, cast.dana):
        await refused(person.client, key, 403)
        assert (await person.client.post("/projects", form={"name": "New"})).status_code == 403
        assert (await person.client.get("/projects/form")).status_code == 403
        assert (await person.client.get(f"/projects/{key}/row")).status_code == 200
    assert await stored(database, cast) == [("Website", False)]


async def test_a_stranger_finds_nothing(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await refused(cast.charlie.client, key, 404)
    assert (await cast.charlie.client.get(f"/projects/{key}/row")).status_code == 404
    assert await stored(database, cast) == [("Website", False)]


@pytest.mark.parametrize("key", ["nothing", "0", "%00", "0193b9a0-0000-7000-8000-00000000000g", UNKNOWN])
async def test_what_is_no_project_is_not_found(cast: Cast, key: str) -> None:
    await refused(cast.alice.client, key, 404)
    assert (await cast.alice.client.get(f"/projects/{key}/row")).status_code == 404


async def test_the_wrong_method_is_refused(cast: Cast) -> None:
    for change in CHANGES:
        assert (await cast.alice.client.get(f"/projects/{UNKNOWN}{change}")).status_code == 405
    for path in ("/projects/list", f"/projects/{UNKNOWN}/edit"):
        response = await cast.alice.client.put(path)
        assert response.status_code == 405
