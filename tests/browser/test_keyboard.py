"""Chronos with a keyboard and nothing else: all can be done, and the focus is where one expects it."""

from playwright.async_api import Locator, Page, expect

from tests.browser.people import (
    PASSWORD,
    People,
    Person,
    clock,
    day_total,
    editor,
    row,
    start_field,
    toast,
)
from tests.browser.server import Server


async def tab_to(page: Page, goal: Locator, *, most: int = 40) -> None:
    """Press Tab until the goal has the focus."""
    await expect(goal).to_be_visible()
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await goal.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{goal} is not within {most} presses of Tab")


async def test_one_signs_in_starts_and_stops_by_keys(site: Server, people: People) -> None:
    ada = await people.newcomer(site)
    other = await people.stranger(site, zone=ada.zone)
    page = other.page
    await page.goto("/timer")
    await expect(page.get_by_label("Username or email")).to_be_focused()
    await page.keyboard.type(ada.name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await other.arrives("/timer")

    await page.keyboard.press("n")
    await expect(start_field(page)).to_be_focused()
    await page.keyboard.type("Press no mouse button")
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_be_visible()
    await expect(page.locator("#timer-running .what")).to_have_text("Press no mouse button")
    await page.keyboard.press("s")
    await expect(clock(page)).to_have_count(0)
    await page.keyboard.press("s")
    await expect(clock(page)).to_be_visible()


async def test_starting_and_stopping_keep_the_focus_at_the_timer(ada: Person) -> None:
    page = ada.page
    bar = page.get_by_role("region", name="Timer", exact=True)
    stop = bar.get_by_role("button", name="Stop")
    await page.keyboard.press("n")
    await page.keyboard.type("Once")
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_be_visible()
    await expect(bar).to_be_focused()
    await tab_to(page, stop, most=3)
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_have_count(0)
    await expect(bar).to_be_focused()
    await tab_to(page, start_field(page), most=1)


async def test_an_entry_is_edited_saved_and_left_by_keys(ada: Person) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    link = page.get_by_role("link", name="Read the report")
    await tab_to(page, link)
    await page.keyboard.press("Enter")
    await expect(editor(page).get_by_label("Description")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(editor(page)).to_have_count(0)
    await expect(link).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(editor(page).get_by_label("Description")).to_be_focused()
    await tab_to(page, editor(page).get_by_label("Duration"))
    await page.keyboard.type("45m")
    await page.keyboard.press("Enter")
    await expect(row(page, "Read the report").locator(".dur")).to_have_text("0:45")
    await expect(link).to_be_focused()
    await expect(day_total(page)).to_have_text("0:45")
    await expect(link).to_be_focused()


async def test_cancel_gives_the_focus_back_to_the_row(ada: Person) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await tab_to(page, page.get_by_role("link", name="Read the report"))
    await page.keyboard.press("Enter")
    await expect(editor(page).get_by_label("Description")).to_be_focused()
    await tab_to(page, editor(page).get_by_role("link", name="Cancel"))
    await page.keyboard.press("Enter")
    await expect(editor(page)).to_have_count(0)
    await expect(page.get_by_role("link", name="Read the report")).to_be_focused()


async def test_an_error_in_the_editor_takes_the_focus_to_its_field(ada: Person, people: People) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await page.get_by_role("link", name="Read the report").click()
    people.expect("422")
    await editor(page).get_by_label("End").fill("late")
    await page.keyboard.press("Enter")
    await expect(editor(page).get_by_label("End")).to_have_attribute("aria-invalid", "true")
    await expect(editor(page).get_by_label("End")).to_be_focused()
    await expect(editor(page).get_by_label("End")).to_have_value("late")


async def test_an_entry_is_deleted_and_brought_back_by_keys(ada: Person) -> None:
    await ada.track("Read the report", "9:00", "10:00")
    await ada.track("Answer letters", "10:00", "11:00")
    page = await ada.open("/timer")
    await tab_to(page, page.get_by_role("button", name="More: Answer letters"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Continue", exact=True)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("button", name="Delete", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row(page, "Answer letters")).to_have_count(0)
    undo = toast(page, "Entry deleted").get_by_role("button", name="Undo")
    await tab_to(page, undo)
    await page.keyboard.press("Enter")
    await expect(row(page, "Answer letters")).to_be_visible()
    await expect(toast(page, "Entry deleted")).to_contain_text("Undone")


async def test_suggestions_fill_project_and_tags_by_keys(ada: Person) -> None:
    project = await ada.add_project("Website Redesign")
    await ada.track("Settle on the grid", project=project, tags="design, grid", billable="1")
    await ada.track("Settle the bill", "10:00", "11:00")
    page = await ada.open("/timer")
    form = page.locator("#timer-start")
    field = start_field(page)

    await page.keyboard.press("n")
    await page.keyboard.type("settle")
    options = page.get_by_role("option").and_(page.locator("[data-description]"))
    await expect(options).to_have_count(2)
    await expect(field).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await expect(field).to_have_value("settle")

    await page.keyboard.press("ArrowDown")
    await expect(options).to_have_count(2)
    grid = options.filter(has_text="Settle on the grid")
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
        if await grid.get_attribute("aria-selected") == "true":
            break
    await expect(field).to_have_attribute("aria-activedescendant", str(await grid.get_attribute("id")))
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("Settle on the grid")
    await expect(form.get_by_label("Project")).to_have_value(project)
    await expect(form.get_by_label("Tags")).to_have_value("design, grid")
    await expect(form.get_by_label("Billable")).to_be_checked()
    await expect(field).to_be_focused()

    await page.keyboard.press("Enter")
    running = page.locator("#timer-running")
    await expect(running).to_contain_text("Website Redesign")
    await expect(running).to_contain_text("#grid")


async def test_keys_lead_to_the_pages_and_a_list_tells_of_them(ada: Person) -> None:
    page = ada.page
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await ada.arrives("/projects")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await ada.arrives("/timer")


async def test_single_keys_can_be_switched_off(ada: Person) -> None:
    page = ada.page
    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await page.get_by_label("Use these keys in this browser").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(start_field(page)).not_to_be_focused()
    await page.keyboard.press("s")
    await expect(clock(page)).to_have_count(0)


async def test_the_first_tab_stop_skips_to_the_content(ada: Person) -> None:
    page = ada.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()


async def test_a_project_is_renamed_by_keys_and_the_focus_returns(ada: Person) -> None:
    await ada.add_project("Garden")
    page = await ada.open("/projects")
    await tab_to(page, page.get_by_role("link", name="Edit Garden"))
    await page.keyboard.press("Enter")
    name = page.get_by_role("form", name="Garden").get_by_label("Name", exact=True)
    await expect(name).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Edit Garden")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(name).to_be_focused()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("Orchard")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Edit Orchard")).to_be_focused()
