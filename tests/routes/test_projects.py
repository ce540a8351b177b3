"""Projects in the browser: the list, the forms with and without script, and who may do what."""

import re
from datetime import timedelta

import pytest
from quart import Quart

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.queries import clients, projects
from tests.support.answers import body_of, get
from tests.support.cast import Cast
from tests.support.catalogue import add_project, track

HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)
UNKNOWN = "0193b9a0-0000-7000-8000-000000000000"


async def stored(database: Database, viewer: Viewer) -> list[projects.ProjectHours]:
    async with database.reading() as db:
        return await projects.list_projects(db, viewer, periods.now())


def fields(**given: str) -> dict[str, str]:
    return {"name": "Website", "description": "", "client": "", "new_client": "", "colour": "1", **given}


# --- the list --------------------------------------------------------------------------------------------------


async def test_an_empty_list_says_what_to_do_next(cast: Cast) -> None:
    assert "No projects yet" in await get(cast.alice.client, "/projects")
    page = await get(cast.dana.client, "/projects")
    assert "No projects yet" in page
    assert "An owner or manager" in page


async def test_the_list_shows_the_hours_of_the_week_and_in_all(cast: Cast, database: Database) -> None:
    alice, now = cast.alice.viewer, periods.now()
    key = await add_project(database, alice, "Website", colour=7, is_billable=True)
    await track(database, alice, key, now - 700 * HOUR, now - 690 * HOUR)
    await track(database, cast.bob.viewer, key, now)
    for path in ("/projects", "/projects/list", f"/projects/{key}/row"):
        page = await get(cast.alice.client, path)
        assert "Website" in page
        assert 'class="dot p7"' in page
        assert "Billable" in page
        assert re.findall(r'<td class="r num">([^<]*)</td>', page) == ["0:00", "10:00"]


async def test_the_page_says_whose_hours_it_shows(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    now = periods.now()
    await track(database, cast.bob.viewer, key, now - 2 * HOUR, now - HOUR)
    managed = await get(cast.alice.client, "/projects")
    assert "Hours of everybody in Alice&#39;s workspace." in managed
    assert "1:00" in managed
    assert "Your own hours." in await get(cast.bob.client, "/projects")
    assert "1:00" not in await get(cast.dana.client, "/projects/list")


async def test_archived_projects_are_folded_away(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await cast.alice.client.post(f"/projects/{key}/archive", form={})
    page = await get(cast.alice.client, "/projects")
    assert "No active projects" in page
    assert page.index("<details") < page.index(f"projects-row-{key}")
    assert f"/projects/{key}/restore" in page


async def test_the_list_listens_to_what_changes_it(cast: Cast, database: Database) -> None:
    fragment = await get(cast.alice.client, "/projects/list")
    for name in ("projects-changed", "hours-changed", "resync"):
        assert f"{name} from:body" in fragment
    assert "every 60s" not in fragment
    key = await add_project(database, cast.alice.viewer, "Website")
    await track(database, cast.alice.viewer, key, periods.now())
    assert "every 60s" in await get(cast.alice.client, "/projects/list")


async def test_who_may_not_change_projects_is_not_offered_to(cast: Cast, database: Database) -> None:
    await add_project(database, cast.alice.viewer, "Website")
    for person in (cast.bob, cast.dana):
        page = await get(person.client, "/projects")
        assert "Website" in page
        main = page[page.index("<main") : page.index("</main>")]
        assert "<form" not in main
        assert "/edit" not in main


async def test_a_stranger_sees_projects_of_their_own_only(cast: Cast, database: Database) -> None:
    await add_project(database, cast.alice.viewer, "Website")
    assert "Website" not in await get(cast.charlie.client, "/projects")


async def test_who_is_not_signed_in_goes_to_sign_in(app: Quart) -> None:
    response = await app.test_client().get("/projects")
    assert response.status_code == 303
    assert response.headers["Location"] == "/login?next=/projects"


async def test_a_name_is_text_and_nothing_else(cast: Cast, database: Database) -> None:
    name = '<script>alert("x")</script> & {{ 7 * 7 }}'
    key = await add_project(database, cast.alice.viewer, name, description=name)
    for path in ("/projects", f"/projects/{key}/edit", f"/projects/{key}/editor"):
        page = await get(cast.alice.client, path)
        assert "<script>alert" not in page
        assert "{{ 7 * 7 }}" in page


# --- adding ----------------------------------------------------------------------------------------------------


async def test_a_project_is_added_without_script(cast: Cast, database: Database) -> None:
    form = fields(description="All of it\r\nand more", colour="4", is_billable="1")
    response = await cast.alice.client.post("/projects", form=form)
    assert (response.status_code, response.headers["Location"]) == (303, "/projects")
    (project,) = await stored(database, cast.alice.viewer)
    assert (project.name, project.description, project.colour, project.is_billable) == (
        "Website",
        "All of it\nand more",
        4,
        True,
    )
    assert "added" in await get(cast.alice.client, "/projects")


async def test_with_script_a_fresh_form_comes_back(cast: Cast, database: Database) -> None:
    response = await cast.alice.client.post("/projects", form=fields(), headers=HTMX)
    assert response.status_code == 200
    assert response.headers["HX-Trigger"] == "projects-changed"
    fragment = await body_of(response)
    assert fragment.lstrip().startswith('<form id="projects-form"')
    assert 'value="Website"' not in fragment
    assert "“Website” added." in fragment
    assert len(await stored(database, cast.alice.viewer)) == 1


async def test_a_name_alone_is_enough(cast: Cast, database: Database) -> None:
    await cast.alice.client.post("/projects", form={"name": "  Website  "})
    (project,) = await stored(database, cast.alice.viewer)
    assert (project.name, project.colour, project.is_billable) == ("Website", 1, False)


async def test_a_new_client_can_be_typed(cast: Cast, database: Database) -> None:
    alice = cast.alice.viewer
    for name in ("Website", "App"):
        await cast.alice.client.post("/projects", form=fields(name=name, new_client="Acme"))
    app, website = await stored(database, alice)
    assert app.client_name == website.client_name == "Acme"
    assert app.client_id == website.client_id
    other = await database.transaction(lambda db: clients.insert_client(db, alice, "Beta", periods.now()))
    await cast.alice.client.post("/projects", form=fields(name="Third", client=str(other)))
    assert [project.client_name for project in await stored(database, alice)] == ["Acme", "Beta", "Acme"]


async def test_a_refused_project_leaves_no_client_behind(cast: Cast, database: Database) -> None:
    await add_project(database, cast.alice.viewer, "Website")
    response = await cast.alice.client.post("/projects", form=fields(new_client="Acme"))
    assert response.status_code == 422
    async with database.reading() as db:
        assert await clients.list_client_choices(db, cast.alice.viewer) == []


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_taken_name_is_told_at_its_field(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    await add_project(database, cast.alice.viewer, "Website")
    form = fields(name="WEBSITE", description="typed", colour="9", is_billable="1")
    response = await cast.alice.client.post("/projects", form=form, headers=headers)
    assert response.status_code == 422
    page = await body_of(response)
    assert ("<html" in page) is not bool(headers)
    assert "There is a project called “Website” already. Choose another name." in page
    assert re.search(r'name="name"[^>]* value="WEBSITE"[^>]* aria-invalid="true"', page)
    assert "typed</textarea>" in page
    assert re.search(r'name="colour" value="9" checked', page)
    assert re.search(r'name="is_billable"[^>]* checked', page)
    assert len(await stored(database, cast.alice.viewer)) == 1


async def test_a_name_that_only_the_archive_has_is_told_apart(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    await cast.alice.client.post(f"/projects/{key}/archive", form={})
    response = await cast.alice.client.post("/projects", form=fields(name="website"))
    assert "The archived project “Website” has this name." in await body_of(response)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": " \t\x00 "}, "Enter a name."),
        ({"name": "x" * 121}, "Keep this to 120 characters or fewer."),
        ({"description": "x" * 5001}, "Keep this to 5000 characters or fewer."),
        ({"colour": "13"}, "Choose one of the colours."),
        ({"colour": "blue"}, "Choose one of the offered values."),
        ({"colour": "9" * 400}, "Choose one of the"),
        ({"client": "acme"}, "Choose one from the list."),
        ({"client": UNKNOWN}, "Choose one from the list."),
        ({"new_client": "x" * 121}, "aria-invalid"),
        ({"is_billable": "perhaps"}, "Choose one of the offered values."),
    ],
)
async def test_bad_input_is_told_at_its_field(
    cast: Cast, database: Database, wrong: dict[str, str], message: str
) -> None:
    for headers in ({}, HTMX):
        response = await cast.alice.client.post("/projects", form=fields(**wrong), headers=headers)
        assert response.status_code == 422
        assert message in await body_of(response)
    assert await stored(database, cast.alice.viewer) == []


async def test_a_wrong_content_type_is_refused(cast: Cast) -> None:
    response = await cast.alice.client.post("/projects", json={"name": "Website"})
    assert response.status_code == 415


async def test_marks_that_reorder_text_are_left_out_and_emoji_kept(cast: Cast, database: Database) -> None:
    await cast.alice.client.post("/projects", form=fields(name="a\u202eb\x00 👩🏽‍🚀 שלום"))
    assert [project.name for project in await stored(database, cast.alice.viewer)] == ["ab 👩🏽‍🚀 שלום"]


# --- editing ---------------------------------------------------------------------------------------------------


async def test_a_project_is_edited_on_a_page_without_script(cast: Cast, database: Database) -> None:
    alice = cast.alice.viewer
    acme = await database.transaction(lambda db: clients.insert_client(db, alice, "Acme", periods.now()))
    key = await add_project(database, alice, "Website", client_id=acme, colour=6, description="Old")
    page = await get(cast.alice.client, f"/projects/{key}/edit")
    assert 'value="Website"' in page
    assert f'value="{acme}" selected' in page
    assert 'value="6" checked' in page
    response = await cast.alice.client.post(f"/projects/{key}", form=fields(name="Site", colour="2"))
    assert (response.status_code, response.headers["Location"]) == (303, "/projects")
    (project,) = await stored(database, alice)
    assert (project.name, project.description, project.client_id, project.colour) == ("Site", "", None, 2)


async def test_a_project_is_edited_in_its_row_with_script(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    editor = await get(cast.alice.client, f"/projects/{key}/editor")
    assert editor.lstrip().startswith(f'<tr id="projects-row-{key}" class="editing" hx-morph-skip>')
    response = await cast.alice.client.post(f"/projects/{key}", form=fields(name="Site"), headers=HTMX)
    assert response.status_code == 200
    assert response.headers["HX-Trigger"] == "projects-changed"
    row = await body_of(response)
    assert row.lstrip().startswith(f'<tr id="projects-row-{key}">')
    assert "Site" in row


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_refused_edit_keeps_what_was_typed(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    await add_project(database, cast.alice.viewer, "App")
    key = await add_project(database, cast.alice.viewer, "Website")
    form = fields(name="app", description="typed")
    response = await cast.alice.client.post(f"/projects/{key}", form=form, headers=headers)
    assert response.status_code == 422
    page = await body_of(response)
    assert ("<html" in page) is not bool(headers)
    assert "There is a project called “App” already." in page
    assert 'value="app"' in page
    assert "typed</textarea>" in page


async def test_an_archived_client_stays_with_its_project(cast: Cast, database: Database) -> None:
    alice, now = cast.alice.viewer, periods.now()
    acme = await database.transaction(lambda db: clients.insert_client(db, alice, "Acme", now))
    key = await add_project(database, alice, "Website", client_id=acme)
    await database.transaction(lambda db: clients.archive_client(db, alice, acme, now))
    assert f'value="{acme}" selected' in await get(cast.alice.client, f"/projects/{key}/edit")
    assert str(acme) not in await get(cast.alice.client, "/projects/form")


# --- archive, restore, delete ----------------------------------------------------------------------------------


async def test_archiving_offers_to_undo(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    response = await cast.alice.client.post(f"/projects/{key}/archive", form={}, headers=HTMX)
    assert response.status_code == 200
    fragment = await body_of(response)
    assert 'id="projects-list"' in fragment
    assert "“Website” archived." in fragment
    assert f'action="/projects/{key}/restore"' in fragment[fragment.index("#toasts") :]
    response = await cast.alice.client.post(f"/projects/{key}/restore", form={}, headers=HTMX)
    assert response.headers["HX-Trigger"] == "projects-changed"
    (project,) = await stored(database, cast.alice.viewer)
    assert project.archived_at is None


@pytest.mark.parametrize("change", ["/archive", "/restore", "/delete"])
async def test_without_script_one_comes_back_to_the_list(cast: Cast, database: Database, change: str) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    response = await cast.alice.client.post(f"/projects/{key}{change}", form={})
    assert (response.status_code, response.headers["Location"]) == (303, "/projects")
    assert "Website" in await get(cast.alice.client, "/projects")


async def test_a_project_with_entries_is_not_deleted(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    now = periods.now()
    words = "It has 1 entry, 34:10 in all. Archive it instead."
    await track(database, cast.bob.viewer, key, now - timedelta(hours=34, minutes=10), now)
    response = await cast.alice.client.post(f"/projects/{key}/delete", form={})
    assert response.status_code == 409
    page = await body_of(response)
    assert words in page
    assert f"projects-row-{key}" in page
    response = await cast.alice.client.post(f"/projects/{key}/delete", form={}, headers=HTMX)
    assert response.status_code == 409
    assert response.headers["HX-Retarget"] == "#toasts"
    assert words in await body_of(response)


async def test_entries_in_the_trash_keep_their_project_too(cast: Cast, database: Database) -> None:
    key = await add_project(database, cast.alice.viewer, "Website")
    now = periods.now()
    for _ in range(2):
        await track(database, cast.bob.viewer, key, now - HOUR, now, is_trashed=True)
    response = await cast.alice.client.post(f"/projects/{key}/delete", form={})
    assert response.status_code == 409
    assert "2 of its entries lie in the trash. Archive it instead." in await body_of(response)


# --- other sites, other tabs ---------------------------------------------------------------------


async def test_another_sites_form_is_refused(cast: Cast, database: Database) -> None:
    response = await cast.alice.client.post(
        "/projects", form=fields(), headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403
    assert await stored(database, cast.alice.viewer) == []


async def test_every_change_is_told_to_the_workspace(cast: Cast, app: Quart) -> None:
    audience = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([audience]) as mailbox:
        await cast.alice.client.post("/projects", form=fields())
        assert await mailbox.take() == ["projects-changed"]
        await cast.alice.client.post("/projects", form=fields(name="App", new_client="Acme"))
        assert await mailbox.take() == ["projects-changed", "clients-changed"]
