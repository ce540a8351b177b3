"""Chronos with JavaScript off: plain pages and forms, and nothing is out of reach."""

import re

from playwright.async_api import expect

from tests.browser.people import PASSWORD, People, Person, day_total, editor, row, start_field
from tests.browser.server import Server


async def test_one_registers_signs_out_and_in_without_script(site: Server, people: People) -> None:
    ada = await people.stranger(site, script=False)
    page = ada.page
    await page.goto("/login")
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Username").fill(ada.name)
    await page.get_by_label("Email").fill(f"{ada.name}@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Time zone").select_option(ada.zone)
    await page.get_by_role("button", name="Create account").click()
    await ada.arrives("/timer")

    await page.get_by_role("link", name=f"Account of {ada.name}").click()
    await page.get_by_role("main").get_by_role("button", name="Sign out").click()
    await page.get_by_label("Username or email").fill(ada.name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await ada.arrives("/timer")


async def test_a_timer_is_started_stopped_and_corrected_without_script(plain_ada: Person) -> None:
    page = plain_ada.page
    await page.get_by_role("link", name="Projects").click()
    await page.get_by_label("Name", exact=True).fill("Website Redesign")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.locator("#projects-list").get_by_text("Website Redesign")).to_be_visible()

    await page.get_by_role("link", name="Timer").click()
    await start_field(page).fill("Settle on the grid")
    await page.locator("#timer-start").get_by_label("Project").select_option("Website Redesign")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#timer-running .clock")).to_have_text(re.compile(r"^0:00:0\d$"))
    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(page.locator("#timer-running .clock")).to_have_count(0)

    await page.get_by_role("link", name="Settle on the grid").click()
    await editor(page).get_by_label("Start").fill("9")
    await editor(page).get_by_label("End").fill("10:15")
    await editor(page).get_by_role("button", name="Save").click()
    await expect(row(page, "Settle on the grid").locator(".dur")).to_have_text("1:15")
    await expect(day_total(page)).to_have_text("1:15")


async def test_what_is_wrong_in_the_editor_is_said_without_script(plain_ada: Person, people: People) -> None:
    page = plain_ada.page
    await plain_ada.track("Read the report")
    await page.reload()
    await page.get_by_role("link", name="Read the report").click()
    people.expect("422")
    await editor(page).get_by_label("Start").fill("half past")
    await editor(page).get_by_role("button", name="Save").click()
    field = editor(page).get_by_label("Start")
    await expect(field).to_have_value("half past")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await editor(page).get_by_role("link", name="Cancel").click()
    await expect(row(page, "Read the report").locator(".dur")).to_have_text("1:00")


async def test_time_is_added_by_hand_deleted_and_brought_back_without_script(plain_ada: Person) -> None:
    page = plain_ada.page
    await page.get_by_text("Add time by hand").click()
    form = page.get_by_role("form", name="Add time by hand")
    await form.get_by_label("Description").fill("Read the report")
    await form.get_by_label("Start").fill("9.05am")
    await form.get_by_label("Duration").fill("1.5h")
    await form.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Added: 1:30.")).to_be_visible()
    await expect(row(page, "Read the report")).to_contain_text("9:05 – 10:35")

    await page.get_by_role("button", name="More: Read the report").click()
    await editor(page).locator("summary").click()
    await editor(page).get_by_role("button", name="Delete").click()
    await expect(row(page, "Read the report")).to_have_count(0)
    await page.get_by_role("main").get_by_role("button", name="Undo").click()
    await expect(row(page, "Read the report").locator(".dur")).to_have_text("1:30")


async def test_a_timer_is_continued_and_discarded_without_script(plain_ada: Person) -> None:
    page = plain_ada.page
    await plain_ada.track("Read the report")
    await page.reload()
    await page.get_by_role("button", name="Continue: Read the report").click()
    await expect(page.locator("#timer-running .what")).to_have_text("Read the report")
    await page.get_by_role("button", name="Discard this timer").click()
    await expect(page.locator("#timer-running .what")).to_have_count(0)
    await page.get_by_role("main").get_by_role("button", name="Undo").click()
    await expect(page.locator("#timer-running .what")).to_have_text("Read the report")


async def test_a_link_leads_to_older_entries_and_another_back_without_script(plain_ada: Person) -> None:
    await plain_ada.track_days(45)
    page = plain_ada.page
    await page.reload()
    await expect(row(page, "Work 1")).to_be_visible()
    await expect(row(page, "Work 45")).to_have_count(0)
    await page.get_by_role("link", name="Older entries").click()
    await expect(row(page, "Work 45")).to_be_visible()
    await expect(row(page, "Work 1")).to_have_count(0)
    await page.get_by_role("link", name="Back to today").click()
    await expect(row(page, "Work 1")).to_be_visible()


async def test_a_project_is_edited_archived_and_restored_without_script(plain_ada: Person) -> None:
    await plain_ada.add_project("Garden")
    page = await plain_ada.open("/projects")
    await page.get_by_role("link", name="Edit Garden").click()
    await page.get_by_role("form", name="Garden").get_by_label("Name", exact=True).fill("Orchard")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Archive Orchard").click()
    await expect(page.get_by_text("“Orchard” archived.")).to_be_visible()
    await expect(page.get_by_text("No active projects")).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("“Orchard” is back.")).to_be_visible()
    await expect(page.locator("#projects-list").get_by_text("Orchard")).to_be_visible()


async def test_the_profile_is_saved_without_script(plain_ada: Person) -> None:
    page = await plain_ada.open("/account")
    await page.get_by_label("Dark").check()
    await page.get_by_label("2:30 pm").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await plain_ada.track("Lunch", "13:00", "13:30")
    await page.goto("/timer")
    await expect(row(page, "Lunch")).to_contain_text("1:00 pm – 1:30 pm")
