"""Tasks in the browser: those of a project, the forms with and without script, and who may do what."""

from datetime import timedelta
from uuid import UUID

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.queries import tasks
from tests.support.answers import get
from tests.support.cast import Cast
from tests.support.catalogue import add_project, add_task, track

HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)
UNKNOWN = "0193b9a0-0000-7000-8000-000000000000"
CHANGES = ("", "/archive", "/restore", "/delete")


@pytest.fixture
async def website(database: Database, cast: Cast) -> UUID:
    return await add_project(database, cast.alice.viewer, "Website")


@pytest.fixture
async def design(database: Database, cast: Cast, website: UUID) -> UUID:
    return await add_task(database, cast.alice.viewer, website, "Design")


async def post(client: Client, path: str, name: str = "Build", **headers: str) -> tuple[int, str]:
    response = await client.post(path, form={"name": name}, headers=headers)
    return response.status_code, await response.get_data(as_text=True)


async def names(database: Database, viewer: Viewer, project: UUID) -> list[str]:
    async with database.reading() as db:
        found = await tasks.list_tasks(db, viewer, project, periods.now())
    return [f"{task.name} (archived)" if task.archived_at else task.name for task in found]


async def test_an_empty_list_says_what_tasks_are_for(cast: Cast, website: UUID) -> None:
    for path in (f"/projects/{website}/edit", f"/projects/{website}/tasks"):
        page = await get(cast.alice.client, path)
        assert "Tasks tell apart what is done for a project" in page
        assert 'id="tasks-form"' in page
    assert 'id="tasks-form"' not in await get(cast.bob.client, f"/projects/{website}/tasks")


async def test_a_task_stands_with_its_hours(
    cast: Cast, database: Database, website: UUID, design: UUID
) -> None:
    now = periods.now()
    await track(database, cast.bob.viewer, website, now - HOUR, now, task_id=design)
    for path in (
        f"/projects/{website}/edit",
        f"/projects/{website}/tasks",
        f"/projects/{website}/tasks/list",
        f"/tasks/{design}/row",
    ):
        row = (await get(cast.alice.client, path)).split(f'<tr id="tasks-row-{design}"')[1].split("</tr>")[0]
        assert "<td>Design</td>" in row
        assert '<td class="r num">1:00</td>' in row
    assert '<td class="r num">1:00</td>' not in await get(cast.dana.client, f"/projects/{website}/tasks")


async def test_projects_are_listed_with_their_tasks_for_everybody(
    cast: Cast, website: UUID, design: UUID
) -> None:
    for person in (cast.alice, cast.bob, cast.dana):
        for path in ("/projects", "/projects/list", f"/projects/{website}/row"):
            assert "Tasks: Design" in await get(person.client, path), path
    await post(cast.alice.client, f"/tasks/{design}/archive")
    assert "Tasks: Design" not in await get(cast.bob.client, "/projects")
    editor = await get(cast.alice.client, f"/projects/{website}/editor")
    assert f'href="/projects/{website}/edit#tasks-list"' in editor


async def test_a_task_is_added_without_script(cast: Cast, database: Database, website: UUID) -> None:
    response = await cast.alice.client.post(f"/projects/{website}/tasks", form={"name": "Design"})
    assert response.status_code == 303
    assert response.headers["Location"] == f"/projects/{website}/edit#tasks-list"
    assert await names(database, cast.alice.viewer, website) == ["Design"]


async def test_with_script_a_fresh_form_comes_back(cast: Cast, database: Database, website: UUID) -> None:
    path = f"/projects/{website}/tasks"
    response = await cast.alice.client.post(path, form={"name": "Design"}, headers=HTMX)
    assert response.headers["HX-Trigger"] == "projects-changed"
    fragment = await response.get_data(as_text=True)
    assert fragment.lstrip().startswith('<form id="tasks-form"')
    assert 'value="Design"' not in fragment
    assert await get(cast.alice.client, f"{path}/form") in fragment
    assert await names(database, cast.alice.viewer, website) == ["Design"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_taken_name_is_told_at_its_field(
    cast: Cast, database: Database, website: UUID, design: UUID, headers: dict[str, str]
) -> None:
    alice = cast.alice
    build = await add_task(database, alice.viewer, website, "Build")
    for path in (f"/projects/{website}/tasks", f"/tasks/{build}"):
        status, page = await post(alice.client, path, "DESIGN", **headers)
        assert status == 422
        assert ("<html" in page) is not bool(headers)
        assert "The project has a task called “Design” already. Choose another name." in page
        assert 'value="DESIGN"' in page
        assert 'aria-invalid="true"' in page
    await post(alice.client, f"/tasks/{design}/archive")
    status, page = await post(alice.client, f"/projects/{website}/tasks", "design", **headers)
    assert "The archived task “Design” has this name." in page
    other = await add_project(database, alice.viewer, "Shop")
    assert (await post(alice.client, f"/projects/{other}/tasks", "Design"))[0] == 303


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "Enter a name."), ("x" * 121, "Keep this to 120 characters or fewer.")],
)
async def test_bad_input_is_told_at_its_field(
    cast: Cast, database: Database, website: UUID, design: UUID, name: str, message: str
) -> None:
    for path in (f"/projects/{website}/tasks", f"/tasks/{design}"):
        for headers in ({}, HTMX):
            status, page = await post(cast.alice.client, path, name, **headers)
            assert (status, message in page, f'value="{name}"' in page) == (422, True, True)
        assert (await cast.alice.client.post(path, form={})).status_code == 422
    assert await names(database, cast.alice.viewer, website) == ["Design"]


async def test_a_task_is_renamed_with_and_without_script(
    cast: Cast, database: Database, website: UUID, design: UUID
) -> None:
    alice = cast.alice.client
    assert 'value="Design"' in await get(alice, f"/tasks/{design}/edit")
    assert 'class="editing" hx-morph-skip' in await get(alice, f"/tasks/{design}/editor")
    response = await alice.post(f"/tasks/{design}", form={"name": "Look"})
    assert (response.status_code, response.headers["Location"]) == (
        303,
        f"/projects/{website}/edit#tasks-list",
    )
    status, row = await post(alice, f"/tasks/{design}", "Look and feel", **HTMX)
    assert status == 200
    assert row.lstrip().startswith(f'<tr id="tasks-row-{design}">')
    assert await names(database, cast.alice.viewer, website) == ["Look and feel"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_archive_restore_and_delete_come_back_to_the_list(
    cast: Cast, database: Database, website: UUID, design: UUID, headers: dict[str, str]
) -> None:
    for change, left in (("archive", ["Design (archived)"]), ("restore", ["Design"]), ("delete", [])):
        status, answer = await post(cast.alice.client, f"/tasks/{design}/{change}", **headers)
        assert status == (200 if headers else 303)
        assert answer.lstrip().startswith('<section id="tasks-list"') is bool(headers)
        assert await names(database, cast.alice.viewer, website) == left


async def test_archiving_offers_to_undo(cast: Cast, design: UUID) -> None:
    fragment = (await post(cast.alice.client, f"/tasks/{design}/archive", **HTMX))[1]
    assert f'action="/tasks/{design}/restore"' in fragment[fragment.index("#toasts") :]


async def test_a_task_with_entries_is_not_deleted_and_the_answer_says_why(
    cast: Cast, database: Database, website: UUID, design: UUID
) -> None:
    now = periods.now()
    for is_trashed in (False, True):
        await track(
            database, cast.bob.viewer, website, now - HOUR, now, task_id=design, is_trashed=is_trashed
        )
    for headers in ({}, HTMX):
        status, page = await post(cast.alice.client, f"/tasks/{design}/delete", **headers)
        assert (status, "2 entries are on it, in the trash or not." in page) == (409, True)
    assert await names(database, cast.alice.viewer, website) == ["Design"]


async def refused(client: Client, project: UUID | str, task: UUID | str, status: int) -> None:
    for path in (f"/projects/{project}/tasks", *(f"/tasks/{task}{change}" for change in CHANGES)):
        for headers in ({}, HTMX):
            assert (await post(client, path, **headers))[0] == status, path
    for path in (f"/projects/{project}/tasks/form", f"/tasks/{task}/editor", f"/tasks/{task}/edit"):
        assert (await client.get(path)).status_code == status, path


async def test_a_mate_without_the_right_sees_tasks_and_changes_none(
    cast: Cast, database: Database, website: UUID, design: UUID
) -> None:
    for person in (cast.bob, cast.dana):
        await refused(person.client, website, design, 403)
        page = await get(person.client, f"/projects/{website}/tasks")
        assert "Design" in page
        assert "<form" not in page[page.index("<main") : page.index("</main>")]
    assert await names(database, cast.alice.viewer, website) == ["Design"]


async def test_a_stranger_finds_nothing(cast: Cast, database: Database, website: UUID, design: UUID) -> None:
    await refused(cast.charlie.client, website, design, 404)
    for path in (
        f"/projects/{website}/tasks",
        f"/projects/{website}/tasks/list",
        f"/tasks/{design}/row",
    ):
        assert (await cast.charlie.client.get(path)).status_code == 404, path
    assert await names(database, cast.alice.viewer, website) == ["Design"]


@pytest.mark.parametrize("key", ["nothing", "%00", UNKNOWN])
async def test_what_is_no_task_is_not_found(cast: Cast, key: str) -> None:
    await refused(cast.alice.client, key, key, 404)


async def test_the_wrong_method_is_refused(cast: Cast) -> None:
    for change in CHANGES:
        assert (await cast.alice.client.get(f"/tasks/{UNKNOWN}{change}")).status_code == 405
    for path in (f"/tasks/{UNKNOWN}/row", f"/projects/{UNKNOWN}/tasks"):
        assert (await cast.alice.client.put(path)).status_code == 405


async def test_every_change_is_told_to_the_workspace(
    cast: Cast, app: Quart, website: UUID, design: UUID
) -> None:
    audience = f"workspace:{cast.alice.viewer.workspace_id}"
    for path in (f"/projects/{website}/tasks", *(f"/tasks/{design}{change}" for change in CHANGES)):
        with app.extensions["chronos"].live.subscribe([audience]) as mailbox:
            assert (await post(cast.alice.client, path, f"For {path[-6:]}"))[0] == 303
            assert await mailbox.take() == ["projects-changed"], path


async def test_a_project_with_tasks_alone_is_deleted_with_them(
    cast: Cast, website: UUID, design: UUID
) -> None:
    assert (await post(cast.alice.client, f"/projects/{website}/delete"))[0] == 303
    assert (await cast.alice.client.get(f"/tasks/{design}/row")).status_code == 404
