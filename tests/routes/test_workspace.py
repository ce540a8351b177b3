"""The workspace: its name and rule, the person's other ones, and which of them this browser looks at."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from quart import Quart

from quart_app.db import Database
from quart_app.live import END
from quart_app.tables import memberships, sessions, workspaces
from tests.support.answers import words_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}


async def page_of(person: Person, path: str = "/workspace") -> str:
    response = await person.client.get(path)
    assert response.status_code == 200
    return await words_of(response)


async def make_workspace(person: Person, name: str = "Side business") -> UUID:
    """A second workspace of theirs, which their browser then looks at; its id."""
    response = await person.client.post("/workspace/new", form={"name": name})
    assert (response.status_code, response.location) == (303, "/workspace")
    database: Database = person.client.app.extensions["chronos"].database
    async with database.reading() as db:
        found = await db.scalar(
            sa.select(sessions.c.workspace_id).where(sessions.c.id == person.viewer.session_id)
        )
    assert found
    return UUID(str(found))


async def set_role(database: Database, person: Person, role: str) -> None:
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == person.viewer.user_id).values(role=role)
        )


# --- the page ----------------------------------------------------------------------------------------------------


async def test_everybody_sees_the_name_the_rule_and_who_is_there(cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.dana):
        page = await page_of(person)
        assert "Alice's workspace" in page
        assert "may overlap here" in page
        assert "3 members" in page
        assert "Charlie" not in page


async def test_only_owners_and_admins_are_offered_to_change_it(cast: Cast, database: Database) -> None:
    for role, offered in (("member", False), ("viewer", False), ("manager", False), ("admin", True)):
        await set_role(database, cast.bob, role)
        page = await page_of(cast.bob)
        assert ('action="/workspace"' in page) == offered
        assert ('action="/workspace/rule"' in page) == offered


async def test_strangers_to_the_house_are_sent_to_sign_in(app: Quart) -> None:
    client = app.test_client()
    for path in ("/workspace", "/workspace/menu", "/workspace/list", "/workspace/name", "/workspace/rule"):
        assert (await client.get(path)).location.startswith("/login")
    for path in ("/workspace", "/workspace/rule", "/workspace/new", "/workspace/switch"):
        assert (await client.post(path, form={})).location == "/login"


async def test_what_is_done_is_done_by_posts(cast: Cast) -> None:
    for path in ("/workspace/new", "/workspace/switch"):
        assert (await cast.alice.client.get(path)).status_code == 405


# --- its name ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["owner", "admin"])
async def test_whoever_leads_it_names_it_and_all_hear_of_it(
    app: Quart, cast: Cast, database: Database, role: str
) -> None:
    await set_role(database, cast.bob, role)
    key = f"workspace:{cast.bob.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([key]) as mailbox:
        response = await cast.bob.client.post("/workspace", form={"name": "Northwind"})
        assert (response.status_code, response.location) == (303, "/workspace")
        assert await mailbox.take() == ["workspace-changed"]
    for person in (cast.alice, cast.bob, cast.dana):
        assert "Northwind" in await page_of(person, "/workspace/menu")
    assert "Northwind" not in await page_of(cast.charlie, "/workspace/menu")


async def test_with_htmx_the_form_comes_back_with_the_new_name(cast: Cast) -> None:
    response = await cast.alice.client.post("/workspace", form={"name": "Northwind"}, headers=HTMX)
    body = await words_of(response)
    assert (response.status_code, response.headers["HX-Trigger"]) == (200, "workspace-changed")
    assert body.startswith('<section id="workspace-name"')
    assert 'value="Northwind"' in body


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_nobody_else_names_it(cast: Cast, headers: dict[str, str]) -> None:
    for person in (cast.bob, cast.dana):
        for path, form in (("/workspace", {"name": "Mine"}), ("/workspace/rule", {"forbids": "1"})):
            response = await person.client.post(path, form=form, headers=headers)
            assert response.status_code == 403
    assert "may overlap here" in await page_of(cast.alice)
    assert "Mine" not in await page_of(cast.alice)


@pytest.mark.parametrize(("typed", "words"), [("", "Enter a name."), ("x" * 121, "120 characters")])
async def test_a_name_that_is_none_is_told_at_its_field(cast: Cast, typed: str, words: str) -> None:
    for headers in ({}, HTMX):
        response = await cast.alice.client.post("/workspace", form={"name": typed}, headers=headers)
        page = await words_of(response)
        assert response.status_code == 422
        assert words in page
        assert f'value="{typed}"' in page
        assert page.startswith("<section") == bool(headers)


# --- its rule ----------------------------------------------------------------------------------------------------


async def test_overlaps_are_forbidden_and_allowed_again(cast: Cast, database: Database) -> None:
    for forbids, words in (("1", "No two entries"), ("0", "may overlap here")):
        response = await cast.alice.client.post("/workspace/rule", form={"forbids": forbids})
        assert (response.status_code, response.location) == (303, "/workspace")
        async with database.reading() as db:
            kept = await db.scalar(
                sa.select(workspaces.c.forbids_overlap).where(
                    workspaces.c.id == cast.alice.viewer.workspace_id
                )
            )
        assert kept == (forbids == "1")
        assert words in await page_of(cast.bob, "/workspace/rule")
        assert "may overlap here" in await page_of(cast.charlie, "/workspace/rule")


async def test_with_htmx_the_rule_answers_itself(cast: Cast) -> None:
    response = await cast.alice.client.post("/workspace/rule", form={"forbids": "1"}, headers=HTMX)
    body = await words_of(response)
    assert response.headers["HX-Trigger"] == "workspace-changed"
    assert body.startswith('<section id="workspace-rule"')
    assert "Allow overlaps" in body


# --- other ones --------------------------------------------------------------------------------------------------


async def test_one_makes_another_and_is_in_it(app: Quart, cast: Cast) -> None:
    await cast.bob.client.post("/projects", form={"name": "Secret", "colour": "1"})
    with app.extensions["chronos"].live.subscribe([f"session:{cast.bob.viewer.session_id}"]) as mailbox:
        made = await make_workspace(cast.bob)
        assert END in await mailbox.take()
    page = await page_of(cast.bob)
    assert "You are in “Side business” now." in page
    assert 'action="/workspace"' in page  # its owner
    assert "1 member<" in page
    assert "Secret" not in await page_of(cast.bob, "/projects")
    assert made != cast.bob.viewer.workspace_id
    assert "3 members" in await page_of(cast.alice)


async def test_a_workspace_without_a_name_is_not_made(cast: Cast) -> None:
    response = await cast.bob.client.post("/workspace/new", form={"name": " "})
    assert response.status_code == 422
    assert "Enter a name." in await words_of(response)
    assert "Alice's workspace" in await page_of(cast.bob, "/workspace/menu")


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_one_switches_back_and_what_runs_goes_on(
    app: Quart, cast: Cast, headers: dict[str, str]
) -> None:
    await cast.bob.client.post("/timer/start", form={"description": "Long work"})
    await make_workspace(cast.bob)
    menu = await page_of(cast.bob, "/workspace/menu")
    assert menu.index("Alice's workspace") < menu.rindex("Side business")
    assert "Long work" in await page_of(cast.bob, "/timer/running")
    home = str(cast.bob.viewer.workspace_id)
    with app.extensions["chronos"].live.subscribe([f"session:{cast.bob.viewer.session_id}"]) as mailbox:
        response = await cast.bob.client.post("/workspace/switch", form={"workspace": home}, headers=headers)
        assert END in await mailbox.take()
    if headers:
        assert response.headers["HX-Redirect"] == "/timer"
    else:
        assert (response.status_code, response.location) == (303, "/timer")
    page = await page_of(cast.bob, "/timer")
    assert "You are in “Alice's workspace” now." in page
    assert "Long work" in page


async def test_nobody_switches_to_where_they_are_no_member(cast: Cast) -> None:
    for person, other in ((cast.charlie, cast.alice), (cast.bob, cast.charlie)):
        for wanted in (str(other.viewer.workspace_id), str(uuid4()), "nonsense", ""):
            response = await person.client.post("/workspace/switch", form={"workspace": wanted})
            assert response.status_code == 404
    assert "Charlie's workspace" in await page_of(cast.charlie, "/workspace/menu")


async def test_another_browser_of_the_same_person_stays_where_it_is(app: Quart, cast: Cast) -> None:
    other = app.test_client()
    await other.post("/login", form={"username": "bob", "password": "correct horse battery"})
    await make_workspace(cast.bob)
    assert "Alice's workspace</" not in await page_of(cast.bob, "/workspace/name")
    assert "Alice's workspace" in await words_of(await other.get("/workspace/name"))


async def test_a_timer_that_ends_by_a_start_elsewhere_is_told_where_it_ran(app: Quart, cast: Cast) -> None:
    await cast.bob.client.post("/timer/start", form={"description": "Long work"})
    await make_workspace(cast.bob)
    key = f"workspace:{cast.bob.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([key]) as mailbox:
        await cast.bob.client.post("/timer/start", form={"description": "Side work"})
        assert "hours-changed" in await mailbox.take()
