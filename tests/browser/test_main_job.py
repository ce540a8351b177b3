"""The main job, done once from the front door by somebody new."""

import re

from playwright.async_api import expect

from tests.browser.people import (
    PASSWORD,
    People,
    clock,
    day_total,
    editor,
    row,
    start_field,
    week_total,
)
from tests.browser.server import Server


async def test_a_newcomer_registers_tracks_time_and_corrects_it(people: People, each_site: Server) -> None:
    ada = await people.stranger(each_site)
    page = ada.page

    await page.goto("/register")
    await page.get_by_label("Username").fill(ada.name)
    await page.get_by_label("Email").fill(f"{ada.name}@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await expect(page.get_by_label("Time zone")).to_have_value(ada.zone)
    await page.get_by_role("button", name="Create account").click()
    await ada.arrives("/timer")
    await expect(page.get_by_text("No time tracked yet")).to_be_visible()

    await page.get_by_role("link", name="Projects").click()
    await page.get_by_label("Name", exact=True).fill("Website Redesign")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.locator("#projects-list").get_by_text("Website Redesign")).to_be_visible()

    await page.get_by_role("link", name="Timer").click()
    await ada.arrives("/timer")
    await start_field(page).fill("Settle on the calendar grid")
    await page.locator("#timer-start").get_by_label("Project").select_option("Website Redesign")
    await page.get_by_role("button", name="Start").click()
    await expect(clock(page)).to_have_text(re.compile(r"^0:00:(0[1-9]|[1-5]\d)$"))
    ticked = await clock(page).text_content()
    await expect(clock(page)).not_to_have_text(str(ticked))
    await expect(page).to_have_title(re.compile(r"^0:00:\d\d · Website Redesign$"))
    await expect(row(page, "Settle on the calendar grid")).to_have_class("now")

    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(clock(page)).to_have_count(0)
    await expect(page).to_have_title("Timer · Chronos")
    await expect(row(page, "Settle on the calendar grid")).not_to_have_class("now")

    await page.get_by_role("link", name="Settle on the calendar grid").click()
    await editor(page).get_by_label("Start").fill("9")
    await editor(page).get_by_label("End").fill("1030")
    await editor(page).get_by_label("Tags").fill("design, grid")
    await editor(page).get_by_role("button", name="Save").click()
    await expect(editor(page)).to_have_count(0)
    await expect(row(page, "Settle on the calendar grid").locator(".dur")).to_have_text("1:30")
    await expect(row(page, "Settle on the calendar grid").locator(".tags")).to_have_text("#design #grid")
    await expect(day_total(page)).to_have_text("1:30")
    await expect(week_total(page)).to_have_text("1:30")

    await page.reload()
    await expect(row(page, "Settle on the calendar grid")).to_contain_text("9:00 – 10:30")
    await expect(day_total(page)).to_have_text("1:30")
