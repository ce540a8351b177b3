"""The list of entries in the browser: adding by hand, the clock's tricks, undoing, older days."""

from datetime import timedelta

from playwright.async_api import Locator, Page, expect

from tests.browser.people import (
    People,
    Person,
    choose,
    clock,
    day_total,
    editor,
    row,
    start_field,
    toast,
    week_total,
)
from tests.browser.server import Server


async def by_hand(page: Page) -> Locator:
    """The form that adds time by hand, opened."""
    await page.get_by_text("Add time by hand").click()
    return page.get_by_role("form", name="Add time by hand")


async def test_an_end_before_its_start_is_said_to_be_the_next_day(ada: Person) -> None:
    page = ada.page
    form = await by_hand(page)
    await form.get_by_label("Description").fill("Night deploy")
    await form.get_by_label("Date").fill(ada.day(2))
    await form.get_by_label("Start").fill("23:10")
    await form.get_by_label("End").fill("1:10")
    await form.get_by_role("button", name="Add").click()
    await expect(toast(page, "Added: 2:00. It ends the next day")).to_be_visible()
    await expect(form).to_be_hidden()
    lines = page.locator(".entries > li").filter(has_text="Night deploy")
    await expect(lines.locator(".dur")).to_have_text(["1:10", "0:50"])
    await expect(lines.last).to_contain_text("+1")
    await expect(day_total(page, "Yesterday")).to_have_text("1:10")


async def test_a_time_that_comes_twice_offers_both_readings(site: Server, people: People) -> None:
    ada = await people.newcomer(site, zone="Europe/Berlin")
    page = ada.page
    form = await by_hand(page)
    await form.get_by_label("Description").fill("Watch the clocks go back")
    await form.get_by_label("Date").fill("2025-10-26")
    await form.get_by_label("Start").fill("2:30")
    await form.get_by_label("End").fill("4:00")
    people.expect("422")
    await form.get_by_role("button", name="Add").click()
    choice = form.get_by_role("group", name="Which start?")
    await expect(choice.get_by_role("radio")).to_have_count(2)
    await expect(form.get_by_label("Description")).to_have_value("Watch the clocks go back")
    await choice.locator("label").first.click()
    await form.get_by_role("button", name="Add").click()
    await expect(row(page, "Watch the clocks go back").locator(".dur")).to_have_text("2:30")

    await page.get_by_role("link", name="Watch the clocks go back").click()
    await editor(page).get_by_label("Start").fill("02:30")
    await editor(page).get_by_label("Duration").fill("")
    await editor(page).get_by_role("button", name="Save").click()
    await editor(page).get_by_role("group", name="Which start?").locator("label").last.click()
    await editor(page).get_by_role("button", name="Save").click()
    await expect(row(page, "Watch the clocks go back").locator(".dur")).to_have_text("1:30")


async def test_a_time_that_never_was_is_refused_in_words(site: Server, people: People) -> None:
    ada = await people.newcomer(site, zone="Europe/Berlin")
    form = await by_hand(ada.page)
    await form.get_by_label("Date").fill("2026-03-29")
    await form.get_by_label("Start").fill("2:30")
    await form.get_by_label("End").fill("4:00")
    people.expect("422")
    await form.get_by_role("button", name="Add").click()
    await expect(form.get_by_text("02:30 does not exist on 29 Mar 2026 in Europe/Berlin")).to_be_visible()
    await expect(form.get_by_label("Start")).to_be_focused()


async def test_a_deleted_entry_is_brought_back_by_its_toast(ada: Person) -> None:
    await ada.track("Read the report", "9:00", "10:00")
    await ada.track("Answer letters", "10:00", "11:30")
    page = await ada.open("/timer")
    await expect(day_total(page)).to_have_text("2:30")
    await choose(page, "Answer letters", "Delete")
    await expect(row(page, "Answer letters")).to_have_count(0)
    await expect(day_total(page)).to_have_text("1:00")
    await expect(week_total(page)).to_have_text("1:00")
    await toast(page, "Entry deleted").get_by_role("button", name="Undo").click()
    await expect(row(page, "Answer letters")).to_be_visible()
    await expect(day_total(page)).to_have_text("2:30")
    await expect(week_total(page)).to_have_text("2:30")


async def test_an_entry_is_deleted_from_its_editor(ada: Person) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await page.get_by_role("link", name="Read the report").click()
    await editor(page).locator("summary").click()
    await editor(page).get_by_role("button", name="Delete").click()
    await expect(editor(page)).to_have_count(0)
    await expect(page.get_by_text("No time tracked yet")).to_be_visible()
    await toast(page, "Entry deleted").get_by_role("button", name="Undo").click()
    await expect(row(page, "Read the report")).to_be_visible()


async def test_a_discarded_timer_is_brought_back_and_runs_on(ada: Person) -> None:
    page = ada.page
    await start_field(page).fill("Think")
    await page.get_by_role("button", name="Start").click()
    await expect(clock(page)).to_be_visible()
    since = await clock(page).get_attribute("data-since")
    await page.get_by_role("button", name="Discard this timer").click()
    await expect(clock(page)).to_have_count(0)
    await expect(row(page, "Think")).to_have_count(0)
    await toast(page, "Timer discarded").get_by_role("button", name="Undo").click()
    await expect(clock(page)).to_have_attribute("data-since", str(since))


async def test_continue_starts_the_same_again(ada: Person) -> None:
    project = await ada.add_project("Website Redesign")
    await ada.track("Settle on the grid", project=project, tags="design")
    page = await ada.open("/timer")
    await page.get_by_role("button", name="Continue: Settle on the grid").click()
    running = page.locator("#timer-running")
    await expect(running.locator(".what")).to_have_text("Settle on the grid")
    await expect(running).to_contain_text("Website Redesign")
    await expect(running).to_contain_text("#design")
    await expect(row(page, "Settle on the grid")).to_have_count(2)


async def test_a_running_timer_is_corrected_while_it_runs(ada: Person) -> None:
    page = ada.page
    await start_field(page).fill("Think")
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_be_visible()
    await row(page, "Think").locator(".desc").click()
    an_hour_ago = ada.now - timedelta(hours=1, seconds=2)
    await editor(page).get_by_label("Start").fill(f"{an_hour_ago:%H:%M:%S}")
    await editor(page).get_by_role("button", name="Save").click()
    await expect(clock(page)).to_contain_text("1:00:")
    await expect(row(page, "Think").locator(".dur")).to_have_text("1:00")
    await expect(day_total(page)).to_have_text("1:00")


async def test_older_days_load_on_scrolling(ada: Person) -> None:
    await ada.track_days(45)
    page = await ada.open("/timer")
    await expect(row(page, "Work 1")).to_be_visible()
    assert not await row(page, "Work 45").count()
    await page.locator(".day").last.scroll_into_view_if_needed()
    await expect(row(page, "Work 45")).to_be_visible()
    await expect(page.get_by_role("link", name="Older entries")).to_have_count(0)

    # What came later refreshes itself like the rest.
    await choose(page, "Work 45", "Delete")
    await expect(row(page, "Work 45")).to_have_count(0)
    other = await ada.tab("/timer")
    await toast(page, "Entry deleted").get_by_role("button", name="Undo").click()
    await expect(row(page, "Work 45")).to_be_visible()
    await expect(row(page, "Work 1")).to_have_count(1)
    await other.close()


async def test_an_unreadable_time_keeps_what_was_typed(ada: Person, people: People) -> None:
    form = await by_hand(ada.page)
    await form.get_by_label("Description").fill("Read the report")
    await form.get_by_label("Start").fill("half past")
    people.expect("422")
    await form.get_by_role("button", name="Add").click()
    await expect(form.get_by_label("Start")).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_label("Start")).to_have_value("half past")
    await expect(form.get_by_label("Description")).to_have_value("Read the report")
    await form.get_by_label("Start").fill("905")
    await form.get_by_label("Duration").fill("90m")
    await form.get_by_role("button", name="Add").click()
    await expect(row(ada.page, "Read the report")).to_contain_text("9:05 – 10:35")


async def test_a_double_click_on_start_starts_one_timer(ada: Person) -> None:
    page = ada.page
    await start_field(page).fill("Once only")
    await page.get_by_role("button", name="Start").dblclick()
    await expect(clock(page)).to_be_visible()
    await page.reload()
    await expect(row(page, "Once only")).to_have_count(1)
