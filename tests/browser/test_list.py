"""The list under the hand: one click or key edits in place, alike entries fold, rows have a menu, and nothing that
comes from elsewhere takes away what somebody is at."""

from playwright.async_api import Locator, Page, expect

from tests.browser.people import (
    People,
    Person,
    choose,
    clock,
    count,
    day_total,
    editor,
    field,
    fold,
    row,
)
from tests.browser.server import Server


async def scrolled(page: Page) -> float:
    return float(await page.evaluate("scrollY"))


async def top_of(box: Locator) -> float:
    found = await box.bounding_box()
    assert found
    return found["y"]


async def syncs(ada: Person) -> None:
    """Two entries of today that say the same, an hour and a half together, and one that does not."""
    await ada.track("Weekly sync", "9:00", "10:00")
    await ada.track("Weekly sync", "11:00", "11:30")
    await ada.track("Another", "12:00", "12:15")


# --- editing in place


async def test_one_click_edits_the_field_that_was_clicked(ada: Person) -> None:
    project = await ada.add_project("Website Redesign")
    await ada.track("Settle on the grid", project=project, tags="design")
    page = await ada.open("/timer")
    line = row(page, "Settle on the grid")
    at = {
        "Description": line.locator(".desc"),
        "Project": line.locator(".proj"),
        "Tags": line.locator(".tags"),
        "$Billable": line.locator(".bill"),
        "Duration": line.locator(".dur"),
    }
    for label, cell in at.items():
        await cell.click(force=True)
        await expect(field(page, label)).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(editor(page)).to_have_count(0)
    span = await line.locator(".span").bounding_box()
    assert span
    for label, share in (("Start", 0.4), ("End", 0.9)):
        await page.mouse.click(span["x"] + span["width"] * share, span["y"] + span["height"] / 2)
        await expect(field(page, label)).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(editor(page)).to_have_count(0)


async def test_the_focus_returns_to_the_cell_after_saving_and_after_escape(ada: Person) -> None:
    await ada.track("Read the report", "9:00", "10:00")
    page = await ada.open("/timer")
    span = row(page, "Read the report").locator(".span")
    await span.click(force=True, position={"x": 10, "y": 8})
    await expect(field(page, "Start")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(span).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(field(page, "Start")).to_be_focused()
    # It is marked: typing replaces it.
    await page.keyboard.type("8:30")
    await page.keyboard.press("Enter")
    await expect(editor(page)).to_have_count(0)
    await expect(span).to_have_text("8:30 – 10:00")
    await expect(span).to_be_focused()
    await expect(day_total(page)).to_have_text("1:30")
    await expect(span).to_be_focused()


async def test_after_an_error_the_bad_field_has_the_focus_and_nothing_is_lost(
    ada: Person, people: People
) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await row(page, "Read the report").locator(".desc").click()
    await field(page, "Description").fill("Read all of it")
    await field(page, "End").fill("late")
    people.expect("422")
    await field(page, "Tags").fill("home, work")
    await page.keyboard.press("Enter")
    await expect(field(page, "End")).to_be_focused()
    await expect(field(page, "End")).to_have_attribute("aria-invalid", "true")
    await expect(field(page, "Description")).to_have_value("Read all of it")
    await expect(field(page, "Tags")).to_have_value("home, work")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("11:00")
    await page.keyboard.press("Enter")
    await expect(row(page, "Read all of it").locator(".dur")).to_have_text("2:00")
    await expect(row(page, "Read all of it").locator(".desc")).to_be_focused()


async def test_opening_saving_and_leaving_an_editor_scroll_nothing(ada: Person) -> None:
    await ada.track_days(20)
    page = await ada.open("/timer")
    line = row(page, "Work 9")
    await line.scroll_into_view_if_needed()
    await page.evaluate("scrollBy(0, 200)")
    before, top = await scrolled(page), await top_of(line)
    assert before > 0
    await line.locator(".desc").click()
    await expect(editor(page)).to_be_visible()
    assert await scrolled(page) == before
    assert abs(await top_of(page.locator(".editing")) - top) < 1
    await page.keyboard.press("Escape")
    await expect(editor(page)).to_have_count(0)
    assert (await scrolled(page), await top_of(line)) == (before, top)
    await page.keyboard.press("Enter")
    await expect(field(page, "Description")).to_be_focused()
    await page.keyboard.type(" more")
    await page.keyboard.press("Enter")
    line = row(page, "Work 9 more")
    await expect(line.locator(".desc")).to_be_focused()
    assert (await scrolled(page), await top_of(line)) == (before, top)


async def test_a_later_share_of_a_night_leads_to_the_one_editor(ada: Person) -> None:
    await ada.track("Night deploy", "23:00", "1:00", date=ada.day(2))
    page = await ada.open("/timer")
    lines = page.locator(".entries > li").filter(has_text="Night deploy")
    await expect(lines).to_have_count(2)
    await lines.first.locator(".desc").click()
    await expect(editor(page)).to_have_count(1)
    await expect(field(page, "Description")).to_be_focused()
    await field(page, "End").fill("2:00")
    await page.keyboard.press("Enter")
    await expect(lines.first.locator(".dur")).to_have_text("2:00")


async def test_an_editor_keeps_text_and_caret_while_the_list_changes_around_it(
    site: Server, people: People
) -> None:
    ada = await people.newcomer(site)
    await syncs(ada)
    await ada.track("Read the report", "8:00", "8:30")
    page = await ada.open("/timer")
    await row(page, "Read the report").locator(".desc").click()
    description = field(page, "Description")
    await description.fill("Read all of the report")
    await description.evaluate("field => field.setSelectionRange(5, 8)")

    other = await people.same(ada)
    await other.track("Answer letters", "13:00", "13:30")
    await expect(row(page, "Answer letters")).to_be_visible()
    await choose(other.page, "Another", "Delete")
    await expect(row(page, "Another")).to_have_count(0)
    await expect(description).to_be_focused()
    await expect(description).to_have_value("Read all of the report")
    assert await description.evaluate("field => [field.selectionStart, field.selectionEnd]") == [5, 8]

    # Alike ones would fold it away: what somebody is at stays in sight.
    await other.track("Read the report", "14:00", "14:30")
    await expect(count(page, "Read the report")).to_be_visible()
    await expect(description).to_be_focused()
    await expect(description).to_have_value("Read all of the report")
    await page.keyboard.press("Enter")
    await expect(row(page, "Read all of the report")).to_be_visible()


# --- folds


async def test_alike_entries_fold_and_unfold_in_place(ada: Person) -> None:
    await syncs(ada)
    page = await ada.open("/timer")
    parts = fold(page, "Weekly sync").locator(".parts > li")
    await expect(count(page, "Weekly sync")).to_contain_text("2")
    await expect(fold(page, "Weekly sync").locator(":scope > .dur")).to_have_text("1:30")
    await expect(fold(page, "Weekly sync").locator(":scope > .span")).to_have_text("9:00 – 11:30")
    await expect(parts.first).to_be_hidden()
    await expect(day_total(page)).to_have_text("1:45")
    await fold(page, "Weekly sync").locator(":scope > .dur").click(force=True)
    await expect(parts).to_have_count(2)
    await expect(parts.first).to_be_visible()
    await expect(day_total(page)).to_have_text("1:45")
    await count(page, "Weekly sync").focus()
    await page.keyboard.press("Enter")
    await expect(parts.first).to_be_hidden()


async def test_what_is_unfolded_stays_so_over_a_change_from_elsewhere(site: Server, people: People) -> None:
    ada = await people.newcomer(site)
    await syncs(ada)
    page = await ada.open("/timer")
    await count(page, "Weekly sync").click()
    other = await people.same(ada)
    await other.track("Weekly sync", "14:00", "14:30")
    parts = fold(page, "Weekly sync").locator(".parts > li")
    await expect(parts).to_have_count(3)
    await expect(parts.last).to_be_visible()
    await expect(count(page, "Weekly sync")).to_contain_text("3")
    await expect(day_total(page)).to_have_text("2:15")
    await expect(fold(other.page, "Weekly sync").locator(".parts > li").first).to_be_hidden()


async def test_a_fold_is_continued_by_its_latest_entry(ada: Person) -> None:
    await syncs(ada)
    page = await ada.open("/timer")
    await fold(page, "Weekly sync").get_by_role("button", name="Continue: Weekly sync").first.click()
    await expect(page.locator("#timer-running .what")).to_have_text("Weekly sync")


async def test_what_becomes_alike_under_the_hand_stays_in_sight(ada: Person) -> None:
    await ada.track("Weekly sync", "9:00", "10:00")
    await ada.track("Weekly", "11:00", "11:30")
    page = await ada.open("/timer")
    await row(page, "Weekly").locator(".desc").click()
    await expect(field(page, "Description")).to_be_focused()
    await page.keyboard.type(" sync")
    await page.keyboard.press("Enter")
    await expect(count(page, "Weekly sync")).to_be_visible()
    saved = fold(page, "Weekly sync").locator(".parts > li").filter(has_text="11:00").locator(".desc")
    await expect(saved).to_be_focused()


# --- keys


async def test_rows_are_walked_edited_continued_and_picked_by_keys(ada: Person) -> None:
    await syncs(ada)
    await ada.track("Read the report", "8:00", "8:30")
    page = await ada.open("/timer")
    await page.keyboard.press("j")
    await expect(row(page, "Another").locator(".desc")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(count(page, "Weekly sync")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    parts = fold(page, "Weekly sync").locator(".parts > li")
    await expect(parts.first.locator(".desc")).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    line = row(page, "Read the report")
    await expect(line.locator(".desc")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(line.locator(".desc")).to_be_focused()

    await page.keyboard.press("x")
    await expect(line.locator(".pick")).to_be_checked()
    await page.keyboard.press("x")
    await expect(line.locator(".pick")).not_to_be_checked()
    await page.keyboard.press("ArrowRight")
    await expect(line.locator(".span")).to_be_focused()
    await page.keyboard.press("e")
    await expect(field(page, "Description")).to_be_focused()
    await page.keyboard.type(" e x c j")
    await expect(field(page, "Description")).to_have_value("Read the report e x c j")
    await page.keyboard.press("Escape")
    await expect(line.locator(".desc")).to_be_focused()
    await page.keyboard.press("c")
    await expect(clock(page)).to_be_visible()
    await expect(page.locator("#timer-running .what")).to_have_text("Read the report")


async def test_all_rows_are_one_stop_of_tab(ada: Person) -> None:
    await ada.track_days(9)
    page = await ada.open("/timer")
    await page.keyboard.press("j")
    await page.keyboard.press("ArrowDown")
    stops = await page.locator(".entries :is(a, button, summary, input)").evaluate_all(
        "all => all.filter(one => one.tabIndex === 0).map(one => one.closest('li').id)"
    )
    assert len(stops) <= 4
    assert len(set(stops)) == 1
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Continue: Work 2")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="More: Work 2")).to_be_focused()


async def test_list_keys_are_off_where_single_keys_are(ada: Person) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await page.evaluate("localStorage.setItem('chronos-keys-off', '1')")
    await row(page, "Read the report").locator(".desc").focus()
    await page.keyboard.press("e")
    await page.keyboard.press("c")
    await page.keyboard.press("x")
    await expect(editor(page)).to_have_count(0)
    await expect(clock(page)).to_have_count(0)
    await expect(row(page, "Read the report").locator(".pick")).not_to_be_checked()
    await page.keyboard.press("Enter")
    await expect(editor(page)).to_have_count(1)
