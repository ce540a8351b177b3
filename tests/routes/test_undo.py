"""Undo over HTTP: the toast's button and the key, with and without script, for the owner of the action alone."""

import re
from uuid import uuid4

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
ENTRY = {"date": "2026-11-20", "start": "9:00", "end": "10:00"}


async def post(person: Person, path: str, fields: dict[str, str] | None = None, *, htmx: bool = True) -> str:
    """Send it; what comes back, or the page that follows."""
    response = await person.client.post(path, form=fields, headers=HTMX if htmx else {})
    if htmx:
        assert response.status_code == 200
        return await response.get_data(as_text=True)
    assert (response.status_code, response.headers["Location"]) == (303, "/timer")
    return await text_of(person)


def undo_in(text: str) -> str:
    """The address that a toast, or the notice of a page, offers."""
    found = re.search(r'action="(/undo/[0-9a-f-]{36})"', text)
    assert found, text
    return found[1]


async def add(person: Person, description: str = "Plan") -> tuple[str, str]:
    """An entry: its id, and the address that takes it back."""
    said = await post(person, "/entries", ENTRY | {"description": description})
    page = await text_of(person)
    keys = re.findall(rf'data-entry="([0-9a-f-]{{36}})"(?:(?!</li>).)*{description}', page, re.DOTALL)
    return keys[0], undo_in(said)


@pytest.mark.parametrize("htmx", [True, False])
async def test_what_was_added_goes_by_its_undo_and_comes_back_by_its_redo(cast: Cast, htmx: bool) -> None:
    said = await post(cast.alice, "/entries", ENTRY | {"description": "Plan"}, htmx=htmx)
    said = await post(cast.alice, undo_in(said), htmx=htmx)
    assert "Undone: 1 entry added." in said
    assert "Redo" in said
    assert ">Plan<" not in await text_of(cast.alice)
    said = await post(cast.alice, undo_in(said), htmx=htmx)
    assert "Done again: 1 entry added." in said
    assert ">Plan<" in await text_of(cast.alice)


async def test_an_edit_is_taken_back(cast: Cast) -> None:
    key, _ = await add(cast.alice)
    said = await post(cast.alice, f"/entries/{key}", ENTRY | {"description": "Other", "tags": "ops"})
    assert "Undone: 1 entry changed." in await post(cast.alice, undo_in(said))
    page = await text_of(cast.alice)
    assert ">Plan<" in page
    assert "#ops" not in page


async def test_a_save_that_changes_nothing_offers_no_undo(cast: Cast) -> None:
    key, _ = await add(cast.alice)
    assert "/undo/" not in await post(cast.alice, f"/entries/{key}", ENTRY | {"description": "Plan"})
    assert "Undone: 1 entry added." in await post(cast.alice, "/undo")


async def test_a_delete_is_taken_back(cast: Cast) -> None:
    key, _ = await add(cast.alice)
    said = await post(cast.alice, f"/entries/{key}/delete")
    assert "Undone: 1 entry deleted." in await post(cast.alice, undo_in(said))
    assert ">Plan<" in await text_of(cast.alice)


async def test_a_discard_is_taken_back_and_the_timer_runs_on(cast: Cast) -> None:
    await cast.alice.client.post("/timer/start", form={"description": "Think"})
    said = await post(cast.alice, "/timer/discard")
    await post(cast.alice, undo_in(said))
    assert ">Stop<" in await text_of(cast.alice)


async def test_undoing_twice_says_so_and_changes_nothing(cast: Cast) -> None:
    _, undo = await add(cast.alice)
    await post(cast.alice, undo)
    said = await post(cast.alice, undo)
    assert "That was taken back already." in said
    assert "/undo/" not in said
    assert "That was taken back already." in await post(cast.alice, undo, htmx=False)


async def test_what_has_changed_since_stays_as_it_is(cast: Cast) -> None:
    key, undo = await add(cast.alice)
    await post(cast.alice, f"/entries/{key}", ENTRY | {"description": "Other"})
    assert "That entry has changed since, so it stays as it is." in await post(cast.alice, undo)
    assert ">Other<" in await text_of(cast.alice)


async def test_a_stop_beside_another_timer_says_what_to_do(cast: Cast) -> None:
    await cast.alice.client.post("/timer/start", form={"description": "One"})
    await cast.alice.client.post("/timer/stop")
    await cast.alice.client.post("/timer/start", form={"description": "Two"})
    await cast.alice.client.post("/timer/discard")
    said = await post(cast.alice, "/undo")
    assert "Undone: 1 entry deleted." in said
    assert "Undone: timer started." in await post(cast.alice, "/undo")
    assert "Undone: timer stopped." in await post(cast.alice, "/undo")


async def test_the_key_takes_back_one_after_the_other_until_nothing_is_left(cast: Cast) -> None:
    key, _ = await add(cast.alice)
    await post(cast.alice, f"/entries/{key}", ENTRY | {"description": "Other"})
    assert "Undone: 1 entry changed." in await post(cast.alice, "/undo")
    assert "Undone: 1 entry added." in await post(cast.alice, "/undo", htmx=False)
    assert "Nothing to undo." in await post(cast.alice, "/undo")
    assert "Nothing to undo." in await post(cast.alice, "/undo", htmx=False)


async def test_a_project_archived_meanwhile_is_no_hindrance(cast: Cast) -> None:
    alice = cast.alice
    await alice.client.post("/projects", form={"name": "Website", "colour": "3"})
    found = re.search(r"/projects/([0-9a-f-]{36})/", await text_of(alice, "/projects"))
    assert found
    said = await post(alice, "/entries", ENTRY | {"description": "Plan", "project": found[1]})
    key, undo = re.findall(r'data-entry="([0-9a-f-]{36})"', await text_of(alice))[0], undo_in(said)
    said = await post(alice, f"/entries/{key}", ENTRY | {"description": "Plan"})
    await alice.client.post(f"/projects/{found[1]}/archive")
    await post(alice, undo_in(said))
    assert "Website" in await text_of(alice)
    await post(alice, undo)


async def test_a_project_deleted_meanwhile_is_said(cast: Cast) -> None:
    alice = cast.alice
    await alice.client.post("/projects", form={"name": "Website", "colour": "3"})
    found = re.search(r"/projects/([0-9a-f-]{36})/", await text_of(alice, "/projects"))
    assert found
    await post(alice, "/entries", ENTRY | {"description": "Plan", "project": found[1]})
    key = re.findall(r'data-entry="([0-9a-f-]{36})"', await text_of(alice))[0]
    said = await post(alice, f"/entries/{key}", ENTRY | {"description": "Plan"})
    assert (await alice.client.post(f"/projects/{found[1]}/delete")).status_code == 303
    assert "Its project or task is gone by now" in await post(alice, undo_in(said))


async def test_an_undo_names_what_changed(cast: Cast) -> None:
    _, undo = await add(cast.alice)
    response = await cast.alice.client.post(undo, headers=HTMX)
    assert response.headers["HX-Trigger"] == "timer-changed, entries-changed"


async def test_an_action_of_somebody_else_is_not_there(cast: Cast) -> None:
    _, undo = await add(cast.alice)
    for person, status in ((cast.bob, 404), (cast.charlie, 404), (cast.dana, 403)):
        for headers in (HTMX, {}):
            assert (await person.client.post(undo, headers=headers)).status_code == status
    assert ">Plan<" in await text_of(cast.alice)


async def test_who_only_looks_on_has_no_key(cast: Cast) -> None:
    assert (await cast.dana.client.post("/undo", headers=HTMX)).status_code == 403
    assert 'action="/undo"' not in await text_of(cast.dana)
    assert 'action="/undo"' in await text_of(cast.alice)


@pytest.mark.parametrize("key", ["x", "01a202be-ad6e-76d6-9f7c-3f9ace8d75f2", "0" * 32, "f" * 32])
async def test_what_is_no_action_is_not_there(cast: Cast, key: str) -> None:
    assert (await cast.alice.client.post(f"/undo/{key}", headers=HTMX)).status_code == 404


async def test_undo_is_posted(cast: Cast) -> None:
    assert (await cast.alice.client.get("/undo")).status_code == 405
    assert (await cast.alice.client.get(f"/undo/{uuid4()}")).status_code == 405


async def test_a_stranger_signs_in_first(app: Quart) -> None:
    client: Client = app.test_client()
    response = await client.post("/undo")
    assert (response.status_code, response.headers["Location"]) == (303, "/login")
