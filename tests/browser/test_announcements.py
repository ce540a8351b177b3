"""What a screen reader hears of the timer: its start and stop, from wherever, once, and no seconds."""

from playwright.async_api import expect

from tests.browser.people import People, Person, clock, start_field

HEARD = """() => {
    window.heard = [];
    const region = document.getElementById("announcer");
    const listen = {childList: true, characterData: true, subtree: true};
    new MutationObserver(() => window.heard.push(region.textContent)).observe(region, listen);
}"""


async def test_start_and_stop_are_said_once_and_the_seconds_never(ada: Person) -> None:
    page = ada.page
    assert await page.locator("#announcer").get_attribute("role") == "status"
    await expect(page.locator("#announcer")).to_be_empty()
    await page.evaluate(HEARD)
    await start_field(page).fill("Copy review")
    await start_field(page).press("Enter")
    await expect(page.locator("#announcer")).to_have_text("Timer runs: Copy review")
    before = await clock(page).text_content()
    await expect(clock(page)).not_to_have_text(before or "")
    assert await clock(page).get_attribute("aria-live") == "off"
    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(page.locator("#announcer")).to_have_text("The timer is stopped.")
    assert await page.evaluate("() => window.heard") == ["Timer runs: Copy review", "The timer is stopped."]


async def test_what_another_device_does_is_said_too(ada: Person, people: People) -> None:
    other = await people.same(ada)
    await other.send("/timer/start", {"description": "From the phone"})
    await expect(ada.page.locator("#announcer")).to_have_text("Timer runs: From the phone")
