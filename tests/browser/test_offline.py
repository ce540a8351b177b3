"""The connection goes away for a while: what is started and stopped then is kept with its true time, and sent once."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.people import People, Person, clock, row, start_field, toast
from tests.browser.server import Server

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
AXE_RUN = "axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa']})"
# A change of theme must not be looked at half way.
AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { transition: none !important }");
    document.adoptedStyleSheets = [sheet];
}"""
AWAY = ("ERR_", "fetch", "50[0-9]", "NetworkError")
BACK = (
    40_000  # ms: a try comes at least each half minute, and at once when the browser says that it is online
)


NINE_DAYS_AGO = """() => {
    for (const name of Object.keys(localStorage).filter(name => name.startsWith("chronos-waits:"))) {
        const item = JSON.parse(localStorage.getItem(name));
        item.at -= 9 * 86_400_000;
        localStorage.setItem(name, JSON.stringify(item));
    }
}"""


def stop_button(page: Page) -> Any:
    return page.locator("#timer-running").get_by_role("button", name="Stop")


def waits(page: Page) -> Any:
    return page.locator("#timer-running").get_by_text("Waiting for the connection")


async def kept(page: Page) -> int:
    return int(
        await page.evaluate(
            "Object.keys(localStorage).filter(name => name.startsWith('chronos-waits:')).length"
        )
    )


async def start(page: Page, description: str) -> None:
    await start_field(page).fill(description)
    await page.keyboard.press("Enter")


@pytest.fixture
def outage(people: People) -> None:
    people.expect(*AWAY)


@pytest.mark.usefixtures("outage")
async def test_a_start_and_a_stop_while_offline_arrive_once_with_their_times(
    people: People, site: Server
) -> None:
    ada = await people.newcomer(site)
    page = ada.page
    await ada.context.set_offline(True)
    await start(page, "On the train")
    await expect(clock(page)).to_have_text(re.compile(r"^0:00:0\d$"))
    await expect(waits(page)).to_be_visible()
    await expect(page).to_have_title(re.compile(r"^0:00:\d\d · On the train$"))
    await expect(start_field(page)).to_have_value("")
    await expect(page.locator("[data-live]")).to_have_text("Offline")

    await stop_button(page).click()
    await expect(clock(page)).to_have_count(0)
    await expect(waits(page)).to_have_count(1)
    await start(page, "In the taxi")
    assert await kept(page) == 3

    await ada.context.set_offline(False)
    await expect(waits(page)).to_have_count(0, timeout=BACK)
    await expect(page.locator("#timer-running .what")).to_have_text("In the taxi")
    await expect(row(page, "On the train")).to_have_count(1)
    await expect(row(page, "In the taxi")).to_have_class(re.compile("now"))
    assert await kept(page) == 0


@pytest.mark.usefixtures("outage")
async def test_closing_the_tab_loses_nothing(people: People, own_site: Server) -> None:
    ada = await people.newcomer(own_site)
    own_site.stop()
    await start(ada.page, "Kept")
    await expect(waits(ada.page)).to_be_visible()
    begun = await clock(ada.page).get_attribute("data-since")
    other = await ada.context.new_page()
    people.watch(other)
    await ada.context.pages[0].close()

    own_site.start()
    await other.goto("/projects")
    await expect(waits(other)).to_have_count(0, timeout=BACK)
    await expect(clock(other)).to_have_attribute("data-since", str(begun))
    assert await kept(other) == 0


@pytest.mark.usefixtures("outage")
async def test_an_answer_that_is_lost_on_its_way_makes_no_second_timer(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    page = ada.page
    lost: list[str] = []

    async def lose(route: Any) -> None:
        """The server gets it; the browser never hears so."""
        if lost:
            await route.continue_()
            return
        lost.append(route.request.post_data)
        await route.fetch()
        await route.abort("connectionreset")

    await page.route("**/timer/start", lose)
    await start(page, "Once")
    await expect(waits(page)).to_be_visible()
    await expect(waits(page)).to_have_count(0, timeout=BACK)
    await expect(row(page, "Once")).to_have_count(1)
    assert len(lost) == 1
    assert await kept(page) == 0


@pytest.mark.usefixtures("outage")
async def test_a_stop_while_offline_stops_at_its_moment_not_at_the_other_devices_start(
    people: People, site: Server
) -> None:
    laptop = await people.newcomer(site)
    phone = await people.same(laptop, phone=True)
    await start(laptop.page, "First")
    await expect(clock(phone.page)).to_be_visible()
    await expect(clock(laptop.page)).to_be_visible()
    await phone.context.set_offline(True)
    await stop_button(phone.page).click()
    await expect(waits(phone.page)).to_contain_text("Stopped")
    await start(laptop.page, "Second")
    await expect(laptop.page.locator("#timer-running .what")).to_have_text("Second")

    await phone.context.set_offline(False)
    for page in (phone.page, laptop.page):
        await expect(page.locator("#timer-running .what")).to_have_text("Second", timeout=BACK)
    assert await kept(phone.page) == 0


async def test_what_is_refused_in_the_end_is_told_until_it_was_seen(people: People, site: Server) -> None:
    people.expect(*AWAY, "422")
    ada = await people.newcomer(site)
    page = ada.page
    await ada.context.set_offline(True)
    await start(page, "Too late")
    await expect(waits(page)).to_be_visible()
    await page.evaluate(NINE_DAYS_AGO)
    await ada.context.set_offline(False)
    told = toast(page, "could not be booked")
    await expect(told).to_contain_text("Too late", timeout=BACK)
    await expect(told).to_contain_text("more than a week ago")
    await page.reload()
    await expect(told).to_be_visible()
    await told.get_by_role("button", name="Dismiss").click()
    await expect(told).to_have_count(0)
    assert await kept(page) == 0


@pytest.mark.usefixtures("outage")
async def test_what_one_person_did_nobody_else_sends(people: People, own_site: Server) -> None:
    people.expect("401")
    ada = await people.newcomer(own_site)
    bo = await people.newcomer(own_site)
    own_site.stop()
    await start(ada.page, "Ada's own")
    await expect(waits(ada.page)).to_be_visible()
    await ada.page.goto("about:blank")
    own_site.start()
    await _sign_in(ada, bo.name)
    await expect(clock(ada.page)).to_have_count(0)
    assert await kept(ada.page) == 1
    await _sign_in(ada, ada.name)
    await expect(ada.page.locator("#timer-running .what")).to_have_text("Ada's own", timeout=BACK)
    await expect(waits(ada.page)).to_have_count(0, timeout=BACK)
    assert await kept(ada.page) == 0


async def _sign_in(person: Person, name: str) -> None:
    await person.send("/login", {"username": name, "password": "correct horse battery"})
    await person.open("/timer")


@pytest.mark.usefixtures("outage")
async def test_all_tabs_show_what_waits_and_one_of_them_sends_it(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    page, other = ada.page, await ada.tab("/projects")
    sent: list[str] = []
    ada.context.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await ada.context.set_offline(True)
    await page.bring_to_front()
    await start(page, "Everywhere")
    await expect(waits(other)).to_be_visible()
    await expect(other).to_have_title(re.compile("Everywhere$"))
    await ada.context.set_offline(False)
    for tab in (page, other):
        await expect(waits(tab)).to_have_count(0, timeout=BACK)
        await expect(tab.locator("#timer-running .what")).to_have_text("Everywhere")


@pytest.mark.usefixtures("outage")
async def test_an_entry_is_continued_while_offline(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    await ada.track("Write the plan")
    page = await ada.open("/timer")
    await ada.context.set_offline(True)
    await page.get_by_role("button", name="Continue: Write the plan").click()
    await expect(waits(page)).to_be_visible()
    await expect(page.locator("#timer-running .what")).to_have_text("Write the plan")
    await ada.context.set_offline(False)
    await expect(waits(page)).to_have_count(0, timeout=BACK)
    await expect(page.locator("#timer-running .what")).to_have_text("Write the plan")
    assert await kept(page) == 0


# ---- How it looks


async def away_page(ada: Person) -> None:
    await ada.page.route("**/manifest.webmanifest", lambda route: route.abort("connectionreset"))
    await ada.page.goto("/offline")
    await expect(ada.page.get_by_role("heading", name="You are offline")).to_be_visible()


async def waiting(ada: Person) -> None:
    await ada.page.route("**/timer/st*", lambda route: route.abort("connectionreset"))
    await start(ada.page, "On the train")
    await expect(waits(ada.page)).to_be_visible()


async def waiting_to_have_stopped(ada: Person) -> None:
    await waiting(ada)
    await stop_button(ada.page).click()
    await expect(waits(ada.page)).to_contain_text("Stopped")


async def refused(ada: Person) -> None:
    await waiting(ada)
    await ada.page.evaluate(NINE_DAYS_AGO)
    await ada.page.unroute("**/timer/st*")
    await ada.page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(toast(ada.page, "could not be booked")).to_be_visible(timeout=BACK)


@pytest.mark.parametrize("state", [away_page, waiting, waiting_to_have_stopped, refused])
async def test_everybody_can_read_and_press_it(people: People, site: Server, state: Any) -> None:
    people.expect(*AWAY, "422", "service worker")
    ada = await people.newcomer(site)
    await state(ada)
    page = ada.page
    await page.evaluate(AXE.read_text())
    await page.evaluate(AT_ONCE)
    for width in (1440, 390, 360):
        await page.set_viewport_size({"width": width, "height": 844})
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            found = await page.evaluate(AXE_RUN)
            assert not [(one["id"], node["html"]) for one in found["violations"] for node in one["nodes"]]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
