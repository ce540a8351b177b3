"""The routes of the favourites, with the cast."""

import re
import time
from uuid import uuid4

import pytest
from quart import Response
from quart.typing import TestClientProtocol as Client

from quart_app.access import EntryRow
from quart_app.db import Database
from quart_app.queries import favourites, projects, timer
from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}


async def send(person: Person, path: str, *, htmx: object = True, **fields: str) -> Response:
    return await person.client.post(path, form=fields, headers=HTMX if htmx else {})


async def running(database: Database, person: Person) -> EntryRow | None:
    async with database.reading() as db:
        return await timer.find_running(db, person.viewer)


async def pinned(person: Person, description: str = "Weekly sync", **fields: str) -> str:
    """Start it, pin what runs, stop it: the favourite's id."""
    await send(person, "/timer/start", description=description, **fields)
    response = await send(person, "/favourites")
    body = await response.get_data(as_text=True)
    await send(person, "/timer/stop")
    assert (response.status_code, "Pinned." in body) == (200, True)
    return str(re.findall(r"/favourites/([0-9a-f-]{36})/start", body)[-1])


async def test_what_runs_is_pinned_and_the_list_shows_it(cast: Cast) -> None:
    await pinned(cast.alice, tags="ops")
    for path in ("/timer", "/favourites/list"):
        body = await text_of(cast.alice, path)
        assert "Weekly sync" in body
        assert "#ops" in body
        assert re.search(r'id="favourites-list"[^>]*>', body)[0].endswith('outerMorph">')  # type: ignore[index]


async def test_an_entry_is_pinned_and_without_script_one_comes_back_to_the_page(cast: Cast) -> None:
    await send(cast.alice, "/entries", date="2026-11-20", start="9", end="10", description="Plan")
    entry = re.findall(r'data-entry="([0-9a-f-]{36})"', await text_of(cast.alice, "/timer"))[0]
    response = await send(cast.alice, "/favourites", htmx=False, entry=entry)
    assert (response.status_code, response.headers["Location"]) == (303, "/timer")
    assert "Pinned." in await text_of(cast.alice, "/timer")
    again = await send(cast.alice, "/favourites", entry=entry)
    assert "already" in await again.get_data(as_text=True)
    assert (await text_of(cast.alice, "/favourites/list")).count("/start") == 2, "action and hx-post of one"


async def test_where_nothing_runs_one_is_told(cast: Cast) -> None:
    response = await send(cast.alice, "/favourites")
    assert response.status_code == 200
    assert "Nothing runs" in await response.get_data(as_text=True)
    assert "hidden" in await text_of(cast.alice, "/favourites/list")


async def test_one_press_starts_it(cast: Cast, database: Database) -> None:
    key = await pinned(cast.alice, tags="ops", billable="1")
    response = await send(cast.alice, f"/favourites/{key}/start")
    assert response.status_code == 200
    assert response.headers["HX-Trigger"] == "timer-changed, entries-changed"
    found = await running(database, cast.alice)
    assert found is not None
    assert (found.description, found.tags, found.is_billable) == ("Weekly sync", ("ops",), True)
    assert (await send(cast.alice, f"/favourites/{key}/start", htmx=False)).status_code == 303


async def test_one_on_an_archived_project_says_so_and_starts_nothing(cast: Cast, database: Database) -> None:
    await send(cast.alice, "/projects", name="Website", colour="3")
    async with database.reading() as db:
        (project,) = await projects.list_pickable_projects(db, cast.alice.viewer)
    key = await pinned(cast.alice, project=str(project.id))
    await send(cast.alice, f"/projects/{project.id}/archive")
    body = await text_of(cast.alice, "/favourites/list")
    assert "archived" in body
    assert " disabled" in body
    response = await send(cast.alice, f"/favourites/{key}/start")
    assert "archived" in await response.get_data(as_text=True)
    assert await running(database, cast.alice) is None
    assert "Weekly" not in await text_of(cast.alice, "/timer/suggestions?q=weekly")


@pytest.mark.parametrize("htmx", [False, True])
async def test_unpinning_offers_an_undo(cast: Cast, htmx: bool) -> None:
    key = await pinned(cast.alice)
    response = await send(cast.alice, f"/favourites/{key}/delete", htmx=htmx)
    body = await response.get_data(as_text=True) if htmx else await text_of(cast.alice, "/timer")
    undo = re.search(r'action="(/favourites/[^"]+/restore)"', body)
    assert undo
    assert "Weekly sync" not in await text_of(cast.alice, "/favourites/list")
    assert (await send(cast.alice, undo[1])).status_code == 200
    assert key in await text_of(cast.alice, "/favourites/list")


@pytest.mark.parametrize("action", ["start", "delete", "restore"])
async def test_anothers_is_not_there_or_not_yours(cast: Cast, action: str) -> None:
    key = await pinned(cast.alice)
    for person, status in ((cast.bob, 403), (cast.dana, 403), (cast.charlie, 404)):
        assert (await send(person, f"/favourites/{key}/{action}")).status_code == status
        assert "Weekly sync" not in await text_of(person, "/favourites/list")
    assert "Weekly sync" in await text_of(cast.alice, "/favourites/list")


async def test_anothers_entry_is_not_pinned(cast: Cast) -> None:
    await send(cast.alice, "/timer/start", description="Secret")
    page = await text_of(cast.alice, "/timer")
    entry = re.findall(r'data-entry="([0-9a-f-]{36})"', page)[0]
    for person, status in ((cast.bob, 403), (cast.dana, 403), (cast.charlie, 404)):
        assert (await send(person, "/favourites", entry=entry)).status_code == status


@pytest.mark.parametrize("action", ["start", "delete", "restore"])
async def test_what_is_no_favourite_is_not_found(cast: Cast, action: str) -> None:
    for key in (str(uuid4()), "nonsense"):
        assert (await send(cast.alice, f"/favourites/{key}/{action}")).status_code == 404
    assert (await cast.alice.client.get(f"/favourites/{uuid4()}/{action}")).status_code == 405
    assert (await send(cast.alice, "/favourites", entry="nonsense")).status_code == 404


async def test_one_too_many_is_refused_in_words(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(favourites, "MOST", 1)
    await pinned(cast.alice)
    await send(cast.alice, "/timer/start", description="Another")
    response = await send(cast.alice, "/favourites")
    assert response.status_code == 409
    assert "Unpin one first" in await response.get_data(as_text=True)


async def test_strangers_to_the_house_are_sent_to_sign_in(client: Client) -> None:
    assert (await client.get("/favourites/list")).status_code == 303
    assert (await client.post("/favourites", form={})).status_code == 303


async def test_one_that_was_started_while_the_connection_was_away_has_its_true_time(
    cast: Cast, database: Database
) -> None:
    key, entry = await pinned(cast.alice), str(uuid4())
    at = int(time.time())
    for _ in range(2):
        response = await send(cast.alice, f"/favourites/{key}/start", id=entry, at=str(at))
        assert response.status_code == 200
    found = await running(database, cast.alice)
    assert found is not None
    assert (str(found.id), int(found.started_at.timestamp())) == (entry, at)
