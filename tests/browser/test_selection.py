"""Several entries are selected, changed together and deleted together; and all of it is taken back."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.looks import everybody_can_use
from tests.browser.people import People, Person, row, toast
from tests.browser.server import Server


async def three(ada: Person) -> Page:
    """Entries of today: Three at the top, One at the bottom."""
    for at, name in enumerate(("One", "Two", "Three")):
        await ada.track(name, f"{6 + at}:00", f"{7 + at}:00")
    return await ada.open("/timer")


def box(page: Page, description: str) -> Locator:
    return row(page, description).locator("> .pick")


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="What to do with the selected entries")


async def selects(page: Page, count: int) -> None:
    """Wait until so many are selected, and the bar says so."""
    await expect(page.locator(".pick[name]:checked")).to_have_count(count)
    if count:
        await expect(bar(page).locator("[data-count]")).to_have_text(str(count))
        await expect(bar(page).get_by_role("button", name="Delete")).to_be_visible()
    else:
        await expect(bar(page)).to_be_hidden()


async def test_several_are_changed_by_mouse_and_changed_back(ada: Person) -> None:
    await ada.add_project("Website")
    page = await three(ada)
    await expect(bar(page)).to_be_hidden()
    await row(page, "Three").hover()
    await box(page, "Three").click()
    await selects(page, 1)
    await box(page, "One").click(modifiers=["Shift"])
    await selects(page, 3)
    await expect(page.locator("#announcer")).to_have_text("Selected: 3")

    await bar(page).get_by_label("Project").select_option("Website")
    await bar(page).get_by_label("Names of tags").fill("ops, late")
    await bar(page).get_by_label("Billable").select_option("Yes")
    await bar(page).get_by_role("button", name="Change").click()
    await expect(toast(page, "3 entries changed.")).to_be_visible()
    for name in ("One", "Two", "Three"):
        await expect(row(page, name)).to_contain_text("Website")
        await expect(row(page, name)).to_contain_text("#late #ops")
        await expect(row(page, name).locator(".bill.on")).to_be_visible()
    await selects(page, 0)

    await toast(page, "3 entries changed.").get_by_role("button", name="Undo").click()
    await expect(toast(page, "Undone: 3 entries changed.")).to_be_visible()
    for name in ("One", "Two", "Three"):
        await expect(row(page, name)).not_to_contain_text("Website")
    await toast(page, "Undone").get_by_role("button", name="Redo").click()
    await expect(toast(page, "Done again: 3 entries changed.")).to_be_visible()
    await expect(row(page, "Two")).to_contain_text("Website")


async def test_several_are_deleted_by_keys_alone_and_come_back_by_one(ada: Person) -> None:
    page = await three(ada)
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await selects(page, 1)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(row(page, "One").get_by_role("link", name="One", exact=True)).to_be_focused()
    await page.keyboard.press("Shift+X")
    await selects(page, 3)
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("x")
    await selects(page, 2)
    delete = bar(page).get_by_role("button", name="Delete")
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await delete.evaluate("element => element === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(toast(page, "2 entries deleted.")).to_be_visible()
    await expect(page.locator(".entries > li")).to_have_count(1)
    await expect(page.locator("body")).not_to_be_focused()

    await page.keyboard.press("u")
    await expect(toast(page, "Undone: 2 entries deleted.")).to_be_visible()
    await expect(toast(page, re.compile("^2 entries"))).to_have_count(0)  # type: ignore[arg-type]
    await expect(page.locator(".entries > li")).to_have_count(3)
    for _ in range(3):
        await page.keyboard.press("u")
        await expect(toast(page, "Undone: 1 entry added.")).to_have_count(1)
    await expect(page.locator(".entries > li")).to_have_count(0)
    await page.keyboard.press("u")
    await expect(toast(page, "Nothing to undo.")).to_be_visible()


async def test_control_picks_rows_and_escape_lets_them_go(ada: Person) -> None:
    page = await three(ada)
    await row(page, "Three").locator(".desc").click(modifiers=["ControlOrMeta"])
    await row(page, "One").locator(".desc").click(modifiers=["ControlOrMeta"])
    await selects(page, 2)
    await row(page, "Three").locator(".desc").click(modifiers=["ControlOrMeta"])
    await selects(page, 1)
    await row(page, "Two").locator(".desc").click(modifiers=["Shift"])
    await selects(page, 3)
    assert len(ada.context.pages) == 1
    await bar(page).get_by_label("Names of tags").focus()
    await page.keyboard.press("Escape")
    await selects(page, 0)
    await expect(box(page, "Two")).to_be_focused()


async def test_a_day_and_a_fold_are_selected_at_once(ada: Person) -> None:
    await ada.track("Alike", "6:00", "6:30")
    await ada.track("Alike", "7:00", "7:30")
    await ada.track("Long ago", date=ada.day(2))
    page = await three(ada)
    fold = page.get_by_role("checkbox", name="Select all: Alike")
    today = page.get_by_role("checkbox", name="Select all: Today")
    await fold.check()
    await selects(page, 2)
    assert await today.evaluate("one => one.indeterminate")
    await today.check()
    await selects(page, 5)
    await box(page, "Two").uncheck()
    assert await today.evaluate("one => one.indeterminate")
    await expect(fold).to_be_checked()
    await bar(page).get_by_role("button", name="Clear").click()
    await selects(page, 0)
    await expect(fold).not_to_be_checked()


async def test_what_is_selected_stays_so_while_others_change_the_list(
    each_site: Server, people: People
) -> None:
    ada = await people.newcomer(each_site)
    page = await three(ada)
    await box(page, "Three").check()
    await box(page, "One").check()
    await bar(page).get_by_label("Names of tags").fill("half type")
    await ada.track("Four", "10:00", "11:00")
    await expect(row(page, "Four")).to_be_visible()
    await selects(page, 2)
    await expect(bar(page).get_by_label("Names of tags")).to_have_value("half type")
    await expect(bar(page).get_by_label("Names of tags")).to_be_focused()
    key = await row(page, "One").get_attribute("data-entry")
    await ada.send(f"/entries/{key}/delete", {})
    await expect(row(page, "One")).to_have_count(0)
    await selects(page, 1)


async def test_an_undo_shows_in_every_tab(each_site: Server, people: People) -> None:
    ada = await people.newcomer(each_site)
    page = await three(ada)
    other = (await people.same(ada)).page
    await box(page, "Two").check()
    await bar(page).get_by_role("button", name="Delete").click()
    await expect(row(other, "Two")).to_have_count(0)
    await other.keyboard.press("u")
    await expect(toast(other, "Undone: 1 entry deleted.")).to_be_visible()
    await expect(row(page, "Two")).to_be_visible()
    await toast(page, "1 entry deleted.").get_by_role("button", name="Undo").click()
    await expect(toast(page, "That was taken back already.")).to_be_visible()


async def test_u_writes_a_letter_where_one_types(ada: Person) -> None:
    page = await three(ada)
    await page.keyboard.press("n")
    await page.keyboard.type("u")
    await expect(page.get_by_placeholder("What are you working on?")).to_have_value("u")
    await expect(page.locator(".entries > li")).to_have_count(3)


async def test_what_cannot_be_done_is_said_and_the_selection_stays(ada: Person, people: People) -> None:
    people.expect("422")
    page = await three(ada)
    await box(page, "Two").check()
    await bar(page).get_by_role("button", name="Change").click()
    await expect(bar(page).get_by_role("alert")).to_contain_text("Choose what they shall have in common")
    await selects(page, 1)
    await bar(page).get_by_label("Names of tags").fill("ops")
    await bar(page).get_by_role("button", name="Change").click()
    await expect(toast(page, "1 entry changed.")).to_be_visible()
    await selects(page, 0)


async def test_on_a_phone_the_boxes_stand_in_the_rows_and_the_fields_unfold(
    site: Server, people: People
) -> None:
    ada = await people.newcomer(site, phone=True)
    page = await three(ada)
    await box(page, "Three").tap()
    await selects(page, 1)
    await expect(bar(page).get_by_label("Billable")).to_be_hidden()
    await bar(page).get_by_text("Project, billable, tags").tap()
    await bar(page).get_by_label("Billable").select_option("Yes")
    await bar(page).get_by_role("button", name="Change").tap()
    await expect(toast(page, "1 entry changed.")).to_be_visible()


async def test_several_are_changed_deleted_and_brought_back_without_script(
    plain_ada: Person, people: People
) -> None:
    people.expect("422")
    page = await three(plain_ada)
    await expect(bar(page)).to_be_hidden()
    await box(page, "One").check()
    await box(page, "Two").check()
    await bar(page).get_by_role("button", name="Change").click()
    await expect(bar(page).get_by_role("alert")).to_contain_text("Choose what they shall have in common")
    await expect(bar(page)).to_contain_text("2 entries stay selected.")
    await bar(page).get_by_label("Names of tags").fill("ops")
    await bar(page).get_by_role("button", name="Change").click()
    await plain_ada.arrives("/timer")
    await expect(page.get_by_role("status").filter(has_text="2 entries changed.")).to_be_visible()
    await expect(row(page, "Two")).to_contain_text("#ops")
    await page.get_by_role("status").get_by_role("button", name="Undo").click()
    await expect(row(page, "Two")).not_to_contain_text("#ops")

    await box(page, "Three").check()
    await bar(page).get_by_role("button", name="Delete").click()
    await expect(row(page, "Three")).to_have_count(0)
    await page.get_by_role("button", name="Undo what I did last").click()
    await expect(page.get_by_role("status").filter(has_text="Undone: 1 entry deleted.")).to_be_visible()
    await expect(row(page, "Three")).to_be_visible()


async def test_everybody_can_read_and_press_the_bar(ada: Person, people: People) -> None:
    people.expect("422")
    await ada.track("Alike", "6:00", "6:30")
    await ada.track("Alike", "7:00", "7:30")
    page = await three(ada)
    await box(page, "Two").check()
    await page.get_by_role("checkbox", name="Select all: Alike").check()
    await bar(page).get_by_role("button", name="Change").click()
    await expect(bar(page).get_by_role("alert")).to_be_visible()
    await everybody_can_use(page, widths=(390, 360, 320))
