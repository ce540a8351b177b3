"""@project and #tag in a description, and what is offered while typing, by the forms of timer and entries."""

import re
import time
from html import unescape

import pytest
from quart import Response

from quart_app.access import EntryRow
from quart_app.db import Database
from quart_app.queries import projects, tags, timer
from tests.support.answers import body_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
WHEN = {"date": "2026-11-20", "start": "9", "end": "10"}


async def send(person: Person, path: str, *, htmx: object = True, **fields: str) -> Response:
    return await person.client.post(path, form=fields, headers=HTMX if htmx else {})


async def suggested(person: Person, q: str) -> str:
    response = await person.client.get("/timer/suggestions", query_string={"q": q})
    assert response.status_code == 200
    return re.sub(r"</?mark>", "", await body_of(response))


async def running(database: Database, person: Person) -> EntryRow:
    async with database.reading() as db:
        found = await timer.find_running(db, person.viewer)
    assert found is not None
    return found


async def runs(database: Database, person: Person) -> bool:
    async with database.reading() as db:
        return await timer.find_running(db, person.viewer) is not None


async def names(database: Database, person: Person) -> tuple[list[str], list[str]]:
    """The workspace's active projects and tags."""
    async with database.reading() as db:
        found = await projects.list_pickable_projects(db, person.viewer)
        return [one.name for one in found], await tags.list_tag_names(db, person.viewer)


def button(body: str, words: str) -> dict[str, str]:
    """What a button of the question sends, with the answers that its form carries on."""
    found = re.search(rf'<button[^>]* name="(\w+)" value="([^"]*)">{re.escape(words)}<', body)
    assert found, body
    carried = dict(re.findall(r'type="hidden" name="(create|plain|which)" value="([^"]*)"', body))
    sent = {**carried, found[1]: ",".join(filter(None, (carried.get(found[1], ""), found[2])))}
    return {name: unescape(value) for name, value in sent.items()}


@pytest.fixture
async def studio(cast: Cast) -> Cast:
    for name in ("Website Redesign", "Web shop", "Platform"):
        billable = {"is_billable": "1"} if name == "Platform" else {}
        await send(cast.alice, "/projects", name=name, colour="3", **billable)
    await send(cast.alice, "/tags", name="urgent")
    return cast


@pytest.mark.parametrize("htmx", [False, True])
async def test_project_and_tags_in_the_text_are_taken(studio: Cast, database: Database, htmx: bool) -> None:
    text = "Fix login @plat #urgent"
    response = await send(studio.bob, "/timer/start", htmx=htmx, description=text, tags="ops")
    assert response.status_code == (200 if htmx else 303)
    found = await running(database, studio.bob)
    assert (found.description, found.project_name, found.tags) == ("Fix login", "Platform", ("ops", "urgent"))
    assert found.is_billable, "as if the project had been chosen"


async def test_addresses_numbers_and_escaped_signs_stay(studio: Cast, database: Database) -> None:
    text = r"Answer ada@platform.example on C# #12 \@platform"
    await send(studio.alice, "/timer/start", description=text)
    found = await running(database, studio.alice)
    assert found.description == "Answer ada@platform.example on C# #12 @platform"
    assert (found.project_name, found.tags) == (None, ())


@pytest.mark.parametrize("htmx", [False, True])
async def test_two_projects_that_may_be_meant_are_asked_about(
    studio: Cast, database: Database, htmx: bool
) -> None:
    typed = {"description": "Fix login @web", "billable": "1"}
    response = await send(studio.alice, "/timer/start", htmx=htmx, **typed)
    body = await body_of(response)
    assert response.status_code == 422
    assert "Which project is “@web”?" in body
    assert 'value="Fix login @web"' in body
    assert 'name="billable" value="1" checked' in body
    assert not await runs(database, studio.alice)
    answer = button(body, "Web shop")
    assert (await send(studio.alice, "/timer/start", htmx=htmx, **typed, **answer)).status_code < 400
    found = await running(database, studio.alice)
    assert (found.description, found.project_name) == ("Fix login", "Web shop")


async def test_the_chosen_project_is_the_one_of_several_that_is_meant(
    studio: Cast, database: Database
) -> None:
    async with database.reading() as db:
        found = await projects.list_pickable_projects(db, studio.alice.viewer)
    shop = next(str(one.id) for one in found if one.name == "Web shop")
    await send(studio.alice, "/timer/start", description="Fix @web", project=shop)
    assert (await running(database, studio.alice)).project_name == "Web shop"
    await send(studio.alice, "/timer/start", description="Fix @platform", project=shop)
    assert (await running(database, studio.alice)).project_name == "Platform", "what is typed counts"


@pytest.mark.parametrize("htmx", [False, True])
async def test_what_is_not_there_is_made_only_when_confirmed(
    studio: Cast, database: Database, htmx: bool
) -> None:
    typed = {"description": "Paint it @garden #fun"}
    before = await names(database, studio.alice)
    response = await send(studio.alice, "/timer/start", htmx=htmx, **typed)
    body = await body_of(response)
    assert response.status_code == 422
    assert 'value="Paint it @garden #fun"' in body
    assert await names(database, studio.alice) == before
    # One answer after the other.
    first = button(body, "Create project “garden”")
    response = await send(studio.alice, "/timer/start", htmx=htmx, **typed, **first)
    body = await body_of(response)
    assert response.status_code == 422
    assert "garden”" not in re.sub(r'value="[^"]*"', "", body)
    assert await names(database, studio.alice) == before
    second = button(body, "Create tag “fun”")
    assert (await send(studio.alice, "/timer/start", htmx=htmx, **typed, **second)).status_code < 400
    found = await running(database, studio.alice)
    assert (found.description, found.project_name, found.tags) == ("Paint it", "garden", ("fun",))


async def test_all_that_is_not_there_is_made_by_one_press(studio: Cast, database: Database) -> None:
    typed = {"description": "Paint it @garden #fun"}
    body = await body_of(await send(studio.alice, "/timer/start", **typed))
    response = await send(studio.alice, "/timer/start", **typed, **button(body, "Create “garden”, “fun”"))
    assert response.status_code == 200
    assert "garden" in await body_of(response), "the form offers it at once"
    assert (await running(database, studio.alice)).project_name == "garden"


async def test_it_stays_in_the_text_where_that_is_wanted(studio: Cast, database: Database) -> None:
    typed = {"description": "Thank @anna"}
    body = await body_of(await send(studio.alice, "/timer/start", **typed))
    await send(studio.alice, "/timer/start", **typed, **button(body, "Keep it as text"))
    assert (await running(database, studio.alice)).description == "Thank @anna"
    offered = await suggested(studio.alice, "thank")
    assert r'data-description="Thank \@anna"' in offered, "chosen again, it is not asked about again"


async def test_members_make_tags_but_no_projects(studio: Cast, database: Database) -> None:
    body = await body_of(await send(studio.bob, "/timer/start", description="Paint @garden #fun"))
    assert "An owner or manager can add it." in body
    assert "Create project" not in body
    assert "Create tag “fun”" in body
    forged = {"description": "Paint @garden", "create": '@"garden"'}
    assert (await send(studio.bob, "/timer/start", **forged)).status_code == 422
    assert "garden" not in (await names(database, studio.alice))[0]


async def test_an_archived_project_is_not_made_again(studio: Cast, database: Database) -> None:
    async with database.reading() as db:
        found = await projects.list_pickable_projects(db, studio.alice.viewer)
    await send(studio.alice, f"/projects/{next(one.id for one in found if one.name == 'Platform')}/archive")
    forged = {"description": "Fix @platform", "create": '@"platform"'}
    for fields in ({"description": "Fix @platform"}, forged):
        body = await body_of(await send(studio.alice, "/timer/start", **fields))
        assert "is in the archive" in body
        assert "Create project" not in body


async def test_who_only_looks_on_makes_nothing(studio: Cast, database: Database) -> None:
    before = await names(database, studio.alice)
    forged = {"description": "Paint @garden #fun", "create": '@"garden",#"fun"'}
    assert (await send(studio.dana, "/timer/start", **forged)).status_code in (403, 422)
    assert await names(database, studio.alice) == before


async def test_what_comes_late_is_not_asked_about(studio: Cast, database: Database) -> None:
    """It was typed while the connection was away: nobody is there to answer."""
    fields = {"description": "Fix @plat #nowhere", "at": str(int(time.time()) - 60)}
    assert (await send(studio.alice, "/timer/start", **fields)).status_code == 200
    found = await running(database, studio.alice)
    assert (found.description, found.project_name) == ("Fix #nowhere", "Platform")


# --- the forms of an entry ---


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_entry_by_hand_takes_them_too(studio: Cast, htmx: bool) -> None:
    fields = {**WHEN, "description": "Fix @plat #urgent"}
    assert (await send(studio.alice, "/entries", htmx=htmx, **fields)).status_code < 400
    page = await body_of(await studio.alice.client.get("/timer"))
    assert "Platform" in page
    assert "#urgent" in page
    assert "@plat" not in page


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_entry_asks_as_the_timer_does(studio: Cast, database: Database, htmx: bool) -> None:
    fields = {**WHEN, "description": "Paint @garden"}
    response = await send(studio.alice, "/entries", htmx=htmx, **fields)
    body = await body_of(response)
    assert response.status_code == 422
    assert 'value="Paint @garden"' in body
    assert 'value="9"' in body
    done = await send(
        studio.alice, "/entries", htmx=htmx, **fields, **button(body, "Create project “garden”")
    )
    assert done.status_code < 400
    assert "garden" in (await names(database, studio.alice))[0]


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_editor_asks_about_what_is_new_in_the_text(studio: Cast, htmx: bool) -> None:
    body = await body_of(await send(studio.alice, "/entries", **WHEN, description="Thank @anna"))
    kept = button(body, "Keep it as text")
    await send(studio.alice, "/entries", **WHEN, description="Thank @anna", **kept)
    page = await body_of(await studio.alice.client.get("/timer"))
    path = f"/entries/{re.findall(r'data-entry=.([0-9a-f-]{36})', page)[0]}"
    saved = await send(studio.alice, path, htmx=htmx, **WHEN, description="Thank @anna again")
    assert saved.status_code < 400
    response = await send(studio.alice, path, htmx=htmx, **WHEN, description="Thank @bert")
    body = await body_of(response)
    assert response.status_code == 422
    assert "There is no project “bert” yet." in body


# --- what is offered while typing ---


async def test_after_an_at_sign_projects_are_offered_and_after_a_hash_tags(studio: Cast) -> None:
    body = await suggested(studio.bob, "Fix login @we")
    assert re.findall(r'data-name="([^"]+)" data-cut="3"', body) == ["Web shop", "Website Redesign"]
    assert "data-description" not in body
    body = await suggested(studio.bob, "Fix login #urg")
    assert re.findall(r'data-tag="([^"]+)" data-cut="4"', body) == ["urgent"]
    assert 'role="option"' not in await suggested(studio.bob, "Fix login #zzz")


async def test_accents_and_slips_still_find(cast: Cast) -> None:
    await send(cast.alice, "/projects", name="Über uns", colour="3")
    for typed in ("@uber", "@UBER", "uber"):
        assert "Über uns" in await suggested(cast.alice, typed)


async def test_favourites_come_first_and_the_number_is_told(studio: Cast) -> None:
    for text in ("Write the plan", "Weekly sync"):
        await send(studio.alice, "/timer/start", description=text)
    await send(studio.alice, "/favourites")
    await send(studio.alice, "/timer/start", description="Write the report")
    body = await suggested(studio.alice, "w")
    assert re.findall(r'data-description="([^"]+)"', body) == [
        "Weekly sync",
        "Write the report",
        "Write the plan",
    ]
    assert 'data-said="3 suggestions"' in body
    assert re.findall(r'role="group" aria-label="([^"]+)"', body) == ["Favourites", "Lately"]


async def test_what_fits_is_marked_and_nothing_typed_is_markup(studio: Cast) -> None:
    await send(studio.alice, "/timer/start", description="<b>Bold</b> work")
    response = await studio.alice.client.get("/timer/suggestions", query_string={"q": "bold"})
    assert "&lt;b&gt;<mark>Bold</mark>&lt;/b&gt; work" in await body_of(response)


async def test_a_stranger_is_offered_nothing_of_ours(studio: Cast) -> None:
    await send(studio.alice, "/timer/start", description="Web secret #urgent")
    for q in ("", "web", "@web", "#urgent"):
        assert 'role="option"' not in await suggested(studio.charlie, q)
    assert "secret" not in await suggested(studio.bob, "web")
