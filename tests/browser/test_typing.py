"""What is offered while one types: by keys alone, by mouse, on a phone, for a screen reader; and favourites."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.people import People, Person, clock, editor, row, start_field, toast
from tests.browser.server import Server


def options(page: Page) -> Locator:
    return page.locator("#timer-start").get_by_role("listbox").get_by_role("option")


def heard(page: Page) -> Locator:
    return page.locator("#announcer")


async def a_studio(ada: Person) -> Page:
    website = await ada.add_project("Website Redesign", new_client="Acme", is_billable="1")
    await ada.add_project("Über uns")
    await ada.track("Settle on the grid", project=website, tags="design, grid", billable="1")
    await ada.track("Weekly sync", "10:00", "11:00")
    return await ada.open("/timer")


async def active(field: Locator, page: Page) -> str:
    """The text of the option that a screen reader reads."""
    name = await field.get_attribute("aria-activedescendant")
    assert name
    return (await page.locator(f"#{name}").inner_text()).split("\n")[0]


async def test_it_is_a_combobox_that_keys_alone_can_work(ada: Person) -> None:
    page = await a_studio(ada)
    field = start_field(page)
    await page.keyboard.press("n")
    await expect(field).to_have_role("combobox")
    await expect(field).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(options(page)).to_have_count(2)
    await expect(field).to_have_attribute("aria-expanded", "true")
    await expect(heard(page)).to_have_text("2 suggestions")
    assert await field.get_attribute("aria-activedescendant") is None
    await page.keyboard.press("ArrowDown")
    first = await active(field, page)
    await page.keyboard.press("End")
    last = await active(field, page)
    assert {first, last} == {"Settle on the grid", "Weekly sync"}
    await page.keyboard.press("ArrowDown")
    assert await active(field, page) == first
    await page.keyboard.press("ArrowUp")
    assert await active(field, page) == last
    await page.keyboard.press("Home")
    assert await active(field, page) == first
    await page.keyboard.press("Escape")
    await expect(options(page)).to_have_count(0)
    await expect(field).to_have_attribute("aria-expanded", "false")
    await expect(field).to_be_focused()


async def test_enter_starts_what_is_typed_where_nothing_is_active(ada: Person) -> None:
    page = await a_studio(ada)
    await page.keyboard.press("n")
    await page.keyboard.type("settle")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#timer-running .what")).to_have_text("settle")


async def test_tab_takes_what_is_active_and_goes_on(ada: Person) -> None:
    page = await a_studio(ada)
    form = page.locator("#timer-start")
    await page.keyboard.press("n")
    await page.keyboard.type("grid")
    await expect(options(page)).not_to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(start_field(page)).to_have_value("Settle on the grid")
    await expect(form.get_by_label("Project")).to_be_focused()
    await expect(form.get_by_label("Tags, separated")).to_have_value("design, grid")
    await expect(form.get_by_label("Billable")).to_be_checked()


async def test_an_at_sign_opens_projects_and_a_hash_opens_tags(ada: Person) -> None:
    page = await a_studio(ada)
    form, field = page.locator("#timer-start"), start_field(page)
    await page.keyboard.press("n")
    await page.keyboard.type("Fix  the login")
    for _ in range(len(" the login")):
        await page.keyboard.press("ArrowLeft")
    await page.keyboard.type("@wr")
    await expect(options(page)).to_have_text([re.compile("Website Redesign")])
    await expect(options(page).locator("mark")).to_have_text(["W", "R"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("Fix the login")
    await expect(form.get_by_label("Project").locator("option:checked")).to_contain_text("Website Redesign")
    await expect(form.get_by_label("Billable")).to_be_checked()
    await page.keyboard.press("End")
    await page.keyboard.type(" #gr")
    await expect(options(page)).to_have_text(["#grid"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(form.get_by_label("Tags, separated")).to_have_value("grid")
    await page.keyboard.press("Enter")
    running = page.locator("#timer-running")
    await expect(running.locator(".what")).to_have_text("Fix the login")
    await expect(running).to_contain_text("Website Redesign")
    await expect(running).to_contain_text("#grid")


async def test_typed_through_they_work_too(ada: Person) -> None:
    page = await a_studio(ada)
    await page.keyboard.press("n")
    await page.keyboard.type("Write it @uber #design")
    await page.keyboard.press("Enter")
    running = page.locator("#timer-running")
    await expect(running.locator(".what")).to_have_text("Write it")
    await expect(running).to_contain_text("Über uns")
    await expect(running).to_contain_text("#design")


async def test_what_is_not_there_is_asked_about_by_keys(ada: Person, people: People) -> None:
    page = await a_studio(ada)
    people.expect("422")
    await page.keyboard.press("n")
    await page.keyboard.type("Paint it @garden")
    await page.keyboard.press("Enter")
    asked = page.get_by_role("alert").filter(has_text="There is no project “garden” yet.")
    await expect(asked).to_be_visible()
    await expect(start_field(page)).to_have_value("Paint it @garden")
    await expect(start_field(page)).to_be_focused()
    # The question is there already: what is waited for is that it has been asked anew.
    async with page.expect_event("requestfinished", lambda sent: sent.url.endswith("/timer/start")):
        await page.keyboard.press("Enter")
    await expect(page.locator(".htmx-request")).to_have_count(0)
    await expect(asked).to_be_visible()
    await expect(clock(page)).to_have_count(0)
    create = asked.get_by_role("button", name="Create project “garden”")
    await create.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#timer-running")).to_contain_text("garden")
    await expect(page.locator("#timer-running .what")).to_have_text("Paint it")


async def test_a_mouse_and_a_finger_choose(site: Server, people: People) -> None:
    for phone in (False, True):
        ada = await people.newcomer(site, phone=phone)
        page = await a_studio(ada)
        await start_field(page).press_sequentially("settle")
        option = options(page).first
        await (option.tap() if phone else option.click())
        await expect(start_field(page)).to_have_value("Settle on the grid")
        await expect(start_field(page)).to_be_focused()
        await expect(options(page)).to_have_count(0)


async def test_what_is_composed_is_left_alone(ada: Person) -> None:
    """An input method sends keys that are its own: Enter ends a word there."""
    page = await a_studio(ada)
    field = start_field(page)
    await page.keyboard.press("n")
    await page.keyboard.type("sett")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    prevented = await field.evaluate(
        """field => !field.dispatchEvent(new KeyboardEvent("keydown",
            {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    assert not prevented
    await expect(field).to_have_value("sett")


async def test_in_the_editor_escape_closes_the_list_and_only_then_the_editor(ada: Person) -> None:
    page = await a_studio(ada)
    await page.get_by_role("link", name="Weekly sync").click()
    field = editor(page).get_by_label("Description")
    await expect(field).to_be_focused()
    await field.press_sequentially(" @wr")
    listed = editor(page).get_by_role("listbox").get_by_role("option")
    await expect(listed).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(listed).to_have_count(0)
    await expect(editor(page)).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(listed).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("Weekly sync ")
    await page.keyboard.press("Enter")
    await expect(row(page, "Weekly sync")).to_contain_text("Website Redesign")


async def test_it_is_there_within_a_blink_and_answers_the_last_letter_only(ada: Person) -> None:
    page = await a_studio(ada)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "suggestions" in request.url else None)
    await start_field(page).press_sequentially("settle", delay=5)
    await expect(options(page)).to_have_count(1)
    assert len(asked) < 6
    assert asked[-1].endswith("q=settle")


# ---- Favourites


async def test_a_favourite_is_pinned_started_unpinned_and_brought_back(ada: Person) -> None:
    page = await a_studio(ada)
    favourites = page.get_by_role("list", name="Favourites")
    await page.get_by_role("button", name="Continue: Settle").click()
    await page.get_by_role("button", name="Pin to the favourites").click()
    await expect(toast(page, "Pinned.")).to_be_visible()
    chip = favourites.get_by_role("button", name="Settle on the grid Website Redesign")
    await expect(chip).to_be_visible()
    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(clock(page)).to_have_count(0)
    await chip.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#timer-running .what")).to_have_text("Settle on the grid")
    await favourites.get_by_role("button", name="Unpin: Settle on the grid").click()
    await expect(favourites).to_be_hidden()
    await toast(page, "Unpinned.").get_by_role("button", name="Undo").click()
    await expect(chip).to_be_visible()


async def test_what_is_pinned_at_one_device_is_there_at_the_other(ada: Person, people: People) -> None:
    page = await a_studio(ada)
    other = await people.same(ada, phone=True)
    await page.get_by_role("button", name="Continue: Settle").click()
    await page.get_by_role("button", name="Pin to the favourites").click()
    await expect(other.page.get_by_role("list", name="Favourites")).to_contain_text("Settle on the grid")


async def test_a_favourite_works_without_script(plain_ada: Person) -> None:
    await plain_ada.send("/timer/start", {"description": "Weekly sync"})
    page = await plain_ada.open("/timer")
    await page.get_by_role("button", name="Pin to the favourites").click()
    await page.get_by_role("button", name="Stop", exact=True).first.click()
    await page.get_by_role("list", name="Favourites").get_by_role("button", name="Weekly sync").first.click()
    await expect(page.locator("#timer-running .what")).to_have_text("Weekly sync")
    await page.get_by_role("button", name="Unpin: Weekly sync").click()
    await page.get_by_role("main").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("list", name="Favourites")).to_contain_text("Weekly sync")


async def test_a_question_is_answered_without_script(plain_ada: Person, people: People) -> None:
    people.expect("422")
    page = plain_ada.page
    await start_field(page).fill("Paint it @garden #fun")
    await page.get_by_role("button", name="Start").click()
    await expect(start_field(page)).to_have_value("Paint it @garden #fun")
    await page.get_by_role("button", name="Create project “garden”").click()
    await page.get_by_role("button", name="Create tag “fun”").click()
    await expect(page.locator("#timer-running")).to_contain_text("garden")
    await expect(page.locator("#timer-running")).to_contain_text("#fun")
