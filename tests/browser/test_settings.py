"""Settings of taste take effect at once: in the tab that saves them, in another, and at another device."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.people import People, Person, day_total, is_live, row, start_field, toast
from tests.browser.server import Server


def profile(page: Page) -> Locator:
    return page.locator("#account-profile")


async def choose(page: Page, legend: str, option: str) -> None:
    """One of the buttons in a pill."""
    await profile(page).get_by_role("group", name=legend).get_by_label(option, exact=True).check()


async def save(page: Page) -> None:
    await profile(page).get_by_role("button", name="Save").click()
    await expect(toast(page, "Saved.")).to_be_visible()


async def html_is(page: Page, attribute: str, value: str) -> None:
    await expect(page.locator("html")).to_have_attribute(attribute, value)


async def paper(page: Page) -> str:
    return str(await page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("where", ["tab", "device"])
async def test_each_setting_shows_at_once_here_and_elsewhere(
    each_site: Server, people: People, where: str
) -> None:
    ada = await people.newcomer(each_site)
    await ada.track("Plan the launch", "9:00", "10:42")
    page = await ada.open("/account")
    other = await ada.tab("/timer") if where == "tab" else (await people.same(ada)).page
    await is_live(other)
    await expect(row(other, "Plan the launch")).to_contain_text("1:42")
    await start_field(other).fill("Half a thought")
    bright, height = await paper(other), await _height(row(other, "Plan the launch"))

    async def change(legend: str, option: str) -> None:
        await page.bring_to_front()
        await choose(page, legend, option)
        await save(page)
        await page.locator("#toasts [data-dismiss]").first.click()
        await other.bring_to_front()

    await change("Theme", "Dark")
    await html_is(page, "data-theme", "dark")
    await html_is(other, "data-theme", "dark")
    await expect(other.locator("body")).not_to_have_css("background-color", bright)
    await expect(page.locator("body")).to_have_css("background-color", await paper(other))

    await change("Durations", "1.70 h")
    await expect(row(other, "Plan the launch")).to_contain_text("1.70 h")
    await expect(day_total(other)).to_contain_text("1.70 h")

    await change("Clock", "2:30 pm")
    await expect(row(other, "Plan the launch")).to_contain_text("9:00 am")

    await change("Rows", "Compact")
    await html_is(other, "data-density", "compact")
    assert await _height(row(other, "Plan the launch")) < height

    await expect(start_field(other)).to_have_value("Half a thought")
    await expect(page).to_have_url(each_site.url + "/account")


async def _height(element: Locator) -> float:
    box = await element.bounding_box()
    assert box
    return box["height"]


async def test_totals_tick_in_decimals(ada: Person) -> None:
    await ada.track("Done", "0:00", "0:30")
    await ada.send("/timer/start", {"description": "Now"})
    page = await ada.open("/account")
    await choose(page, "Durations", "1.70 h")
    await save(page)
    await ada.open("/timer")
    await expect(day_total(page)).to_have_text(re.compile(r"^0\.5\d h$"))
    # Nine minutes later by the server's clock, which a beat tells.
    await page.evaluate(
        "document.body.dispatchEvent(new CustomEvent('beat', {bubbles: true, "
        "detail: {data: String(Date.now() + 540_000)}}))"
    )
    await expect(day_total(page)).to_have_text(re.compile(r"^0\.6\d h$"))
    await expect(page.locator("#timer-running .clock")).to_have_text(re.compile(r"^0:09:\d\d$"))


async def test_another_language_waits_for_what_is_typed(each_site: Server, people: People) -> None:
    ada = await people.newcomer(each_site)
    page = await ada.open("/account")
    idle, busy = await ada.tab("/projects"), await ada.tab("/timer")
    for tab in (idle, busy):
        await tab.bring_to_front()
        await is_live(tab)
    await start_field(busy).fill("Half a thought")
    await page.bring_to_front()
    await profile(page).get_by_label("Language").select_option("de")
    await profile(page).get_by_role("button", name="Save").click()
    await html_is(page, "lang", "de")
    await idle.bring_to_front()
    await html_is(idle, "lang", "de")
    await busy.bring_to_front()
    await expect(busy.locator("#account-me")).to_have_attribute("data-lang", "de")
    await html_is(busy, "lang", "en")
    await expect(start_field(busy)).to_have_value("Half a thought")
    await start_field(busy).fill("")
    await busy.evaluate("document.body.dispatchEvent(new CustomEvent('resync', {bubbles: true}))")
    await html_is(busy, "lang", "de")


async def test_a_stale_form_of_settings_takes_nothing_back(each_site: Server, people: People) -> None:
    ada = await people.newcomer(each_site)
    page, other = await ada.open("/account"), await ada.tab("/account")
    await is_live(other)
    await page.bring_to_front()
    await choose(page, "Theme", "Dark")
    await save(page)
    await other.bring_to_front()
    await expect(profile(other).locator("input[name=theme][value=dark]")).to_be_checked()


async def test_wrong_hours_are_told_where_they_were_typed_and_nothing_is_lost(
    ada: Person, people: People
) -> None:
    people.expect("422")
    page = await ada.open("/account")
    await profile(page).get_by_label("Hours a day").fill("a lot")
    await profile(page).get_by_label("Name", exact=True).fill("Ada King")
    await profile(page).get_by_role("button", name="Save").click()
    field = profile(page).get_by_label("Hours a day")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_value("a lot")
    await expect(profile(page).get_by_label("Name", exact=True)).to_have_value("Ada King")
    await field.fill("7:30")
    await save(page)
    await expect(profile(page).get_by_label("Hours a day")).to_have_value("7:30")
    await expect(page.locator("#account-me")).to_contain_text("AK")


async def test_settings_are_saved_without_script(plain_ada: Person) -> None:
    page = await plain_ada.open("/account")
    await choose(page, "Theme", "Dark")
    await choose(page, "Durations", "1.70 h")
    await profile(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    await html_is(page, "data-theme", "dark")
    await html_is(page, "data-durations", "decimal")


async def test_settings_are_chosen_by_keyboard(ada: Person) -> None:
    page = await ada.open("/account")
    await profile(page).locator("input[name=theme][value=system]").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await html_is(page, "data-theme", "dark")


async def test_registration_guesses_the_language(site: Server, people: People) -> None:
    ada = await people.stranger(site)
    await ada.page.goto("/register")
    await expect(ada.page.locator("input[name=locale]")).to_have_value("en-GB")
    await expect(ada.page.locator("input[name=hour_cycle]")).to_have_value("24")
