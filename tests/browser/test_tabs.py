"""Many tabs of one browser: one stream serves them all, hidden ones too, and each shows the truth about it."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.people import People, Person, clock, is_live, row, start_field, toast
from tests.browser.server import Server

ARRIVAL = """() => new Promise(found => {
    const look = () => document.querySelector("#timer-running .clock") && found(Date.now());
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
})"""
HIDE = """() => {
    Object.defineProperty(document, "hidden", {configurable: true, get: () => true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""
LOOK_AT = """() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def fetched(page: Page) -> list[str]:
    """The paths that this page asks for from here on."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(re.sub(r"^https?://[^/]+|\?.*$", "", request.url)))
    return paths


def status(page: Page) -> Any:
    return page.locator("[data-live]")


async def test_eight_tabs_over_plain_http_all_hear_and_another_still_loads(
    people: People, site: Server
) -> None:
    ada = await people.newcomer(site)
    phone = await people.same(ada, phone=True)
    tabs = [ada.page, *[await ada.tab(path) for path in ("/timer", "/projects", "/tags", "/clients") * 2][:7]]
    assert len(tabs) == 8
    for tab in tabs:
        await is_live(tab)
    arrivals = [asyncio.create_task(tab.evaluate(ARRIVAL)) for tab in tabs]
    await asyncio.gather(*(tab.evaluate("0") for tab in tabs))  # behind it, so they look by now
    sent = await tabs[0].evaluate("Date.now()")
    await phone.send("/timer/start", {"description": "Lunch"})
    async with asyncio.timeout(30):
        delays = [arrived - sent for arrived in await asyncio.gather(*arrivals)]
    print("milliseconds from the start of a timer to each tab:", sorted(delays))
    ninth = await ada.tab("/timer")
    await expect(clock(ninth)).to_be_visible()
    await is_live(ninth)


async def test_a_hidden_tabs_title_is_true_and_the_rest_waits_until_it_is_looked_at(
    people: People, site: Server
) -> None:
    ada = await people.newcomer(site)
    phone = await people.same(ada, phone=True)
    page = ada.page
    await page.evaluate(HIDE)
    asked = fetched(page)
    await phone.send("/timer/start", {"description": "Lunch"})
    await expect(page).to_have_title(re.compile(r"^0:00 · Lunch$"), timeout=3000)
    await expect(page.locator("#favicon")).to_have_attribute("href", re.compile("running"))
    assert set(asked) <= {"/timer/running"} | {path for path in asked if path.startswith("/static/")}
    await expect(row(page, "Lunch")).to_have_count(0)
    await page.evaluate(LOOK_AT)
    await expect(row(page, "Lunch")).to_have_count(1)
    await phone.send("/timer/stop", {})
    await expect(page).to_have_title("Timer · Chronos")


async def test_a_burst_of_names_is_one_fetch_of_each_fragment(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    asked = fetched(ada.page)
    await ada.page.evaluate(
        """() => {
            for (const name of ["timer-changed", "projects-changed", "tags-changed", "timer-changed"])
                document.body.dispatchEvent(new CustomEvent(name, {bubbles: true}));
        }"""
    )
    await ada.page.wait_for_timeout(600)
    assert asked.count("/timer/running") == 1
    assert len(asked) == len(set(asked))


async def test_signing_out_in_one_tab_ends_the_others_until_the_same_person_is_back(
    people: People, site: Server
) -> None:
    people.expect("401")
    ada = await people.newcomer(site)
    page, other = ada.page, await ada.tab("/projects")
    await is_live(other)
    await page.locator("form[action='/logout']").first.evaluate("form => form.requestSubmit()")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(toast(other, "You are signed out")).to_be_visible()
    await expect(status(other)).to_have_text("Offline")

    await ada.send("/login", {"username": ada.name, "password": "correct horse battery"})
    await ada.open("/timer")
    await is_live(other)
    await expect(toast(other, "You are signed out")).to_have_count(0)


async def test_somebody_else_who_signs_in_is_heard_by_their_own_tabs_only(
    people: People, site: Server
) -> None:
    people.expect("401")
    bo = await people.newcomer(site)
    ada = await people.newcomer(site)
    old = ada.page
    await ada.send("/login", {"username": bo.name, "password": "correct horse battery"})
    new = await ada.tab("/timer")
    await is_live(new)
    await expect(toast(old, "You are signed out")).to_be_visible()
    await bo.send("/timer/start", {"description": "Bo's"})
    await expect(clock(new)).to_be_visible()
    await expect(clock(old)).to_have_count(0)


async def test_without_shared_workers_a_tab_has_a_stream_of_its_own(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    other = await ada.context.new_page()
    people.watch(other)
    await other.add_init_script("delete window.SharedWorker")
    await other.goto("/timer")
    await is_live(other)
    await ada.send("/timer/start", {"description": "Lunch"})
    await expect(clock(other)).to_be_visible()
    await other.evaluate(HIDE)
    await ada.send("/timer/stop", {})
    await other.evaluate(LOOK_AT)
    await expect(clock(other)).to_have_count(0)
    await is_live(other)


async def test_offline_and_online_are_told_at_once_to_all_tabs(people: People, site: Server) -> None:
    people.expect("ERR_", "fetch")
    ada = await people.newcomer(site)
    page, other = ada.page, await ada.tab("/projects")
    await is_live(other)
    await ada.context.set_offline(True)
    for tab in (page, other):
        await expect(status(tab)).to_have_text("Offline")
        await expect(status(tab)).to_have_attribute("data-state", "offline")
    await ada.context.set_offline(False)
    for tab in (page, other):
        await expect(status(tab)).to_have_text("Live")


async def test_after_a_sleep_the_page_catches_up(own_site: Server, people: People) -> None:
    """What the network lost while nobody listened: the tab is told of an interruption, and asks for everything."""
    people.expect("ERR_", "fetch", "50[0-9]")
    ada = await people.newcomer(own_site)
    own_site.stop()
    await expect(status(ada.page)).not_to_have_attribute("data-state", "connected")
    own_site.start()
    await ada.send("/timer/start", {"description": "Meanwhile"})
    await ada.page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(clock(ada.page)).to_be_visible()
    await is_live(ada.page)


@pytest.mark.parametrize("way", ["back", "forward"])
async def test_back_and_forward_show_how_things_stand_now(people: People, site: Server, way: str) -> None:
    ada = await people.newcomer(site)
    page = ada.page
    await page.goto("/projects")
    if way == "forward":
        await page.goto("/tags")
        await page.go_back()
        await page.go_back()
    await ada.send("/timer/start", {"description": "Meanwhile"})
    await (page.go_back() if way == "back" else page.go_forward())
    await expect(page).to_have_url(re.compile("/timer$" if way == "back" else "/projects$"))
    await expect(clock(page)).to_be_visible()
    await is_live(page)
    await ada.send("/timer/stop", {})
    await expect(clock(page)).to_have_count(0)


# ---- Nothing that the viewer is doing is moved


async def test_a_selection_a_caret_and_the_scroll_position_stay(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    await ada.track_days(14)
    page = await ada.open("/timer")
    phone = await people.same(ada, phone=True)
    await row(page, "Work 9").scroll_into_view_if_needed()
    await page.evaluate(
        """() => {
            const link = [...document.querySelectorAll(".entries a")].find(a => a.textContent.trim() === "Work 9");
            getSelection().selectAllChildren(link);
        }"""
    )
    before = await _place(page)
    await _something_happens(phone, page)
    assert await page.evaluate("getSelection().toString().trim()") == "Work 9"
    # The browser's own scroll anchoring holds the row, a frame later at the most.
    async with asyncio.timeout(10):
        while abs(await _place(page) - before) > 1:
            await page.evaluate("new Promise(requestAnimationFrame)")

    await page.evaluate("getSelection().removeAllRanges(); scrollTo(0, 0)")
    await start_field(page).fill("Half a thought")
    await start_field(page).evaluate("field => field.setSelectionRange(4, 6)")
    await phone.send("/timer/stop", {})
    await expect(clock(page)).to_have_count(0)
    assert await start_field(page).evaluate("field => [field.selectionStart, field.selectionEnd]") == [4, 6]
    await expect(start_field(page)).to_be_focused()
    await expect(start_field(page)).to_have_value("Half a thought")


async def _place(page: Page) -> float:
    """Where on the screen the row stands that somebody is reading."""
    box = await row(page, "Work 9").bounding_box()
    assert box
    return float(box["y"])


async def _something_happens(phone: Person, page: Page) -> None:
    await phone.send("/timer/start", {"description": "On the phone"})
    await expect(clock(page)).to_be_visible()
    await expect(row(page, "On the phone")).to_have_count(1)


async def test_an_open_menu_and_the_focus_in_a_row_stay(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    await ada.track("Read")
    page = await ada.open("/timer")
    phone = await people.same(ada, phone=True)
    menu = page.locator(".rail details").first
    await menu.locator("summary").click()
    await expect(menu).to_have_attribute("open", "")
    await phone.send("/timer/start", {"description": "On the phone"})
    await expect(row(page, "On the phone")).to_have_count(1)
    await expect(menu).to_have_attribute("open", "")
    await page.keyboard.press("Escape")

    await row(page, "Read").get_by_role("link", name="Read", exact=True).focus()
    await phone.send("/timer/stop", {})
    await expect(clock(page)).to_have_count(0)
    await expect(row(page, "On the phone")).not_to_have_class(re.compile("now"))
    await expect(row(page, "Read").get_by_role("link", name="Read", exact=True)).to_be_focused()
