"""What can be done with an entry beside editing it: by the menu of its row, without script, and on a phone."""

import re

from playwright.async_api import expect

from tests.browser.people import (
    People,
    Person,
    choose,
    count,
    day_total,
    editor,
    field,
    fold,
    is_live,
    row,
    toast,
)
from tests.browser.server import Server


async def syncs(ada: Person) -> None:
    """Two entries of today that say the same, an hour and a half together, and one that does not."""
    await ada.track("Weekly sync", "9:00", "10:00")
    await ada.track("Weekly sync", "11:00", "11:30")
    await ada.track("Another", "12:00", "12:15")


# --- the menu, duplicate, split


async def test_the_menu_opens_for_one_row_and_gives_the_focus_back(ada: Person) -> None:
    await syncs(ada)
    page = await ada.open("/timer")
    more = page.get_by_role("button", name="More: Another")
    menu = page.locator("#entries-menu")
    await expect(menu).to_be_hidden()
    await more.click()
    await expect(menu).to_be_visible()
    await expect(more).to_have_attribute("aria-expanded", "true")
    await expect(menu.get_by_role("button").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(more).to_be_focused()
    await expect(more).to_have_attribute("aria-expanded", "false")
    await more.click()
    await expect(menu).to_be_visible()
    await more.click()
    await expect(menu).to_be_hidden()
    await more.click()
    await expect(menu).to_be_visible()
    await page.mouse.click(700, 40)
    await expect(menu).to_be_hidden()


async def test_an_entry_is_duplicated_and_the_copy_taken_back(ada: Person) -> None:
    await syncs(ada)
    page = await ada.open("/timer")
    await choose(page, "Another", "Duplicate")
    await expect(count(page, "Another")).to_contain_text("2")
    await expect(day_total(page)).to_have_text("2:00")
    await toast(page, "Duplicated").get_by_role("button", name="Undo").click()
    await expect(row(page, "Another")).to_have_count(1)
    await expect(day_total(page)).to_have_text("1:45")


async def test_an_entry_is_split_and_made_whole_again(ada: Person) -> None:
    await ada.track("Read the report", "9:00", "11:00")
    page = await ada.open("/timer")
    await choose(page, "Read the report", "Split")
    at = page.get_by_role("form", name="Split entry").get_by_label("Split at")
    await expect(at).to_be_focused()
    await expect(at).to_have_value("10:00")
    await page.keyboard.type("9:30")
    await page.keyboard.press("Enter")
    await count(page, "Read the report").click()
    parts = fold(page, "Read the report").locator(".parts > li")
    await expect(parts.locator(".span")).to_have_text(["9:30 – 11:00", "9:00 – 9:30"])
    await expect(day_total(page)).to_have_text("2:00")
    await toast(page, "Split in two").get_by_role("button", name="Undo").click()
    await expect(row(page, "Read the report").locator(".span")).to_have_text("9:00 – 11:00")


async def test_a_wrong_clock_to_split_at_is_said_at_its_field(ada: Person, people: People) -> None:
    await ada.track("Read the report", "9:00", "11:00")
    page = await ada.open("/timer")
    await choose(page, "Read the report", "Split")
    form = page.get_by_role("form", name="Split entry")
    await form.get_by_label("Split at").fill("12:00")
    people.expect("422")
    await page.keyboard.press("Enter")
    await expect(form.get_by_text("Choose a time between 9:00 and 11:00.")).to_be_visible()
    await expect(form.get_by_label("Split at")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await expect(row(page, "Read the report").locator(".desc")).to_be_focused()


async def test_what_runs_is_split_and_runs_on(ada: Person) -> None:
    await ada.send("/timer/start", {"description": "Think"})
    page = await ada.open("/timer")
    more = page.get_by_role("button", name="More: Think")
    await more.click()
    menu = page.locator("#entries-menu")
    await expect(menu.get_by_role("button", name="Split")).to_be_visible()
    await expect(menu.get_by_role("button", name="Duplicate")).to_be_hidden()
    await expect(menu.get_by_role("button", name="Continue")).to_be_hidden()


# --- without script, on a phone


async def test_without_script_alike_entries_unfold_and_are_edited(plain_ada: Person) -> None:
    await syncs(plain_ada)
    page = plain_ada.page
    await page.reload()
    parts = fold(page, "Weekly sync").locator(".parts > li")
    await expect(parts.first).to_be_hidden()
    await count(page, "Weekly sync").click()
    await expect(parts.first).to_be_visible()
    await parts.first.locator(".desc").click()
    await expect(editor(page)).to_be_visible()
    await expect(field(page, "Start")).to_have_value("11:00")


async def test_without_script_an_entry_is_duplicated_and_split(plain_ada: Person, people: People) -> None:
    await plain_ada.track("Read the report", "9:00", "11:00")
    page = plain_ada.page
    await page.reload()
    await page.get_by_role("button", name="More: Read the report").click()
    await editor(page).locator("summary").click()
    await editor(page).get_by_role("link", name="Split").click()
    form = page.get_by_role("form", name="Split entry")
    await form.get_by_label("Split at").fill("later")
    people.expect("422")
    await form.get_by_role("button", name="Split").click()
    await expect(form.get_by_text("Type a time like")).to_be_visible()
    await form.get_by_label("Split at").fill("9:45")
    await form.get_by_role("button", name="Split").click()
    await expect(page.get_by_text("Split in two.")).to_be_visible()
    await expect(count(page, "Read the report")).to_contain_text("2")
    await count(page, "Read the report").click()
    await fold(page, "Read the report").locator(".parts > li").first.locator(".desc").click()
    await editor(page).locator("summary").click()
    await editor(page).get_by_role("button", name="Duplicate").click()
    await expect(count(page, "Read the report")).to_contain_text("3")
    await expect(day_total(page)).to_have_text("3:15")


async def test_on_a_phone_a_row_shows_what_fits_and_a_tap_edits(site: Server, people: People) -> None:
    ada = await people.newcomer(site, phone=True)
    project = await ada.add_project("Website Redesign")
    await ada.track("Settle on the grid", project=project, tags="design", billable="1")
    page = await ada.open("/timer")
    line = row(page, "Settle on the grid")
    for shown in (".desc", ".proj", ".dur", ".span"):
        await expect(line.locator(shown)).to_be_visible()
    await expect(line.get_by_role("button", name="Continue")).to_be_visible()
    for hidden in (".tags", ".bill", ".more"):
        await expect(line.locator(hidden)).to_be_hidden()
    play = await line.get_by_role("button", name="Continue").bounding_box()
    assert play
    assert min(play["width"], play["height"]) >= 44
    await line.locator(".desc").tap()
    await expect(field(page, "Description")).to_be_focused()
    boxes = [await box.bounding_box() for box in await editor(page).locator(".input").all()]
    assert all(box and box["height"] >= 44 and box["x"] + box["width"] <= 390 for box in boxes)


async def test_two_hundred_rows_stay_light(ada: Person) -> None:
    await ada.track("A description of a usual length", "9:00", "9:20", tags="design")
    page = await ada.open("/timer")
    html = await page.locator(".entries > li").first.evaluate("row => row.outerHTML")
    assert len(re.sub(r"\s+", " ", html)) < 2600
    await is_live(page)
