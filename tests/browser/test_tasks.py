"""Tasks in the browser: made beside their project, picked beneath it, seen in the row."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.looks import everybody_can_use
from tests.browser.people import Person, clock, editor, field, row, start_field, toast


async def with_tasks(ada: Person, *names: str) -> str:
    """A project with these tasks; its id."""
    project = await ada.add_project("Website", new_client="Acme", is_billable="1")
    for name in names:
        await ada.send(f"/projects/{project}/tasks", {"name": name})
    return project


async def test_a_task_is_made_picked_and_seen(ada: Person) -> None:
    project = await ada.add_project("Website")
    page = await ada.open("/projects")
    await page.get_by_role("link", name="Edit Website").click()
    await page.get_by_role("link", name="Tasks").click()
    await ada.arrives(f"/projects/{project}/edit#tasks-list")
    for name in ("Design", "Build"):
        await page.get_by_label("New task").fill(name)
        await page.get_by_label("New task").press("Enter")
        await expect(page.locator("#tasks-list")).to_contain_text(name)
        await expect(page.get_by_label("New task")).to_be_focused()
        await expect(page.get_by_label("New task")).to_have_value("")

    page = await ada.open("/timer")
    await start_field(page).fill("Sketch the start page")
    form = page.get_by_role("form", name="Start a timer")
    await form.get_by_label("Project").select_option("Website · Design")
    await start_field(page).press("Enter")
    await expect(clock(page)).to_be_visible()
    await expect(page.locator("#timer-running")).to_contain_text("Website · Design")
    await expect(row(page, "Sketch the start page").locator(".proj")).to_have_text("Website · Design")


async def test_another_task_is_picked_in_the_editor_and_taken_back(ada: Person) -> None:
    project = await with_tasks(ada, "Design", "Build")
    await ada.track("Sketch", project=project, billable="1")
    page = await ada.open("/timer")
    place = row(page, "Sketch").locator(".proj")
    await place.click(force=True)  # the row's link lies over it, and leads to the field
    await expect(field(page, "Project")).to_be_focused()
    await field(page, "Project").select_option("Website · Build")
    await expect(editor(page).get_by_label("Billable")).to_be_checked()
    await editor(page).get_by_role("button", name="Save").click()
    await expect(place).to_have_text("Website · Build Acme")
    await toast(page, "Saved").get_by_role("button", name="Undo").click()
    await expect(place).to_have_text("Website Acme")


async def test_several_entries_are_put_on_a_task(ada: Person) -> None:
    await with_tasks(ada, "Design")
    for hour in (9, 11):
        await ada.track(f"At {hour}", f"{hour}:00", f"{hour}:30")
    page = await ada.open("/timer")
    for hour in (9, 11):
        await page.get_by_role("checkbox", name=f"Select: At {hour}").check()
    bar = page.locator("#selection-bar")
    await bar.get_by_label("Project").select_option("Website · Design")
    await bar.get_by_role("button", name="Change").click()
    for hour in (9, 11):
        await expect(row(page, f"At {hour}").locator(".proj")).to_contain_text("Website · Design")


async def test_a_suggestion_brings_its_task(ada: Person) -> None:
    project = await with_tasks(ada, "Design")
    page = await ada.open("/timer")
    await (
        page.get_by_role("form", name="Start a timer")
        .get_by_label("Project")
        .select_option("Website · Design")
    )
    value = await page.locator("#timer-start select").input_value()
    assert value.startswith(f"{project}/")
    await ada.track("Sketch the start page", project=value)
    page = await ada.open("/timer")
    await start_field(page).press_sequentially("sketch")
    await page.get_by_role("option", name="Sketch the start page").click()
    await expect(page.locator("#timer-start select")).to_have_value(value)


async def test_a_task_is_renamed_archived_and_brought_back_in_the_list(ada: Person) -> None:
    project = await with_tasks(ada, "Design", "Build")
    page = await ada.open(f"/projects/{project}/edit")
    await page.get_by_role("link", name="Edit Design").click()
    name = page.locator("#tasks-list").get_by_role("textbox", name="Name")
    await expect(name).to_be_focused()
    await name.fill("build")
    ada.people.expect("422")
    await name.press("Enter")
    await expect(page.locator("#tasks-list .error")).to_contain_text("a task called “Build” already")
    await name.fill("Look and feel")
    await name.press("Enter")
    await expect(page.get_by_role("link", name="Edit Look and feel")).to_be_focused()
    await page.get_by_role("button", name="Archive Look and feel").click()
    await expect(page.locator("#tasks-archived")).to_have_count(1)
    await toast(page, "archived").get_by_role("button", name="Undo").click()
    await expect(page.locator("#tasks-archived")).to_have_count(0)
    await expect(page.locator("#tasks-list")).to_contain_text("Look and feel")


async def test_a_task_made_elsewhere_comes_by_itself(ada: Person) -> None:
    project = await with_tasks(ada)
    page = await ada.open(f"/projects/{project}/edit")
    await page.get_by_label("New task").fill("Half a na")
    await ada.send(f"/projects/{project}/tasks", {"name": "Design"})
    await expect(page.locator("#tasks-list")).to_contain_text("Design")
    await expect(page.get_by_label("New task")).to_have_value("Half a na")


async def test_all_of_it_works_without_script(plain_ada: Person) -> None:
    project = await with_tasks(plain_ada)
    page = await plain_ada.open(f"/projects/{project}/edit")
    for name in ("Design", "Build"):
        await page.get_by_label("New task").fill(name)
        await page.get_by_role("button", name="Add task").click()
        await plain_ada.arrives(f"/projects/{project}/edit#tasks-list")
    await page.get_by_role("link", name="Edit Build").click()
    await page.get_by_label("Name").fill("Development")
    await page.get_by_role("button", name="Save").click()
    await plain_ada.arrives(f"/projects/{project}/edit#tasks-list")
    plain_ada.people.expect("422")
    await page.get_by_label("New task").fill("design")
    await page.get_by_role("button", name="Add task").click()
    await expect(page.get_by_role("textbox", name="New task")).to_have_value("design")
    await expect(page.locator("#tasks-form .error")).to_be_visible()

    page = await plain_ada.open("/timer")
    await start_field(page).fill("Plain work")
    await page.locator("#timer-start").get_by_label("Project").select_option("Website · Development")
    await page.get_by_role("button", name="Start").click()
    await expect(row(page, "Plain work").locator(".proj")).to_contain_text("Website · Development")


async def on_the_projects_page(ada: Person) -> None:
    """Some of them in use and one in the archive, while one runs."""
    names = ("Design", "A task with quite a long name, as they come")
    project = await with_tasks(ada, *names)
    page = await ada.open(f"/projects/{project}/edit")
    value = await page.locator("#timer-start option").nth(2).get_attribute("value")
    await ada.send("/timer/start", {"description": "On a task", "project": str(value)})
    await page.get_by_role("button", name="Archive Design").click()
    await page.locator("#tasks-archived summary").click()
    await page.get_by_role("link", name="Edit A task").click()
    await expect(page.locator("#tasks-list").get_by_role("textbox", name="Name")).to_be_focused()


async def on_their_own_page(ada: Person) -> None:
    await ada.open(f"/projects/{await with_tasks(ada, 'Design')}/tasks")


async def none_yet(ada: Person) -> None:
    await ada.open(f"/projects/{await with_tasks(ada)}/edit")


async def a_row_on_a_task(ada: Person) -> None:
    await on_the_projects_page(ada)
    await ada.open("/timer")


STATES = [on_the_projects_page, on_their_own_page, none_yet, a_row_on_a_task]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_everybody_can_use_it(ada: Person, state: Callable[[Person], Awaitable[None]]) -> None:
    await state(ada)
    await everybody_can_use(ada.page)
