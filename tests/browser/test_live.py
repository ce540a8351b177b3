"""Everything that one tab does, all tabs and devices show: at once, with no reload, and without taking anything away
from somebody who is typing."""

import asyncio
import re
import statistics

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.people import People, choose, clock, day_total, editor, is_live, row, start_field, toast
from tests.browser.server import Server

ARRIVAL = """() => new Promise(found => {
    const look = () => document.querySelector("#timer-running .clock") && found(Date.now());
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
})"""


async def test_two_tabs_and_a_phone_stay_in_step(people: People, every_site: Server) -> None:
    laptop = await people.newcomer(every_site)
    phone = await people.same(laptop, phone=True)
    one, two, three = laptop.page, await laptop.tab("/timer"), phone.page
    await is_live(two)
    tabs = [one, two, three]

    await start_field(three).fill("Walk the dog")
    await three.get_by_role("button", name="Start").click()
    for tab in tabs:
        await expect(clock(tab)).to_be_visible()
        await expect(tab).to_have_title(re.compile(r"^0:00:\d\d · Walk the dog$"))
        await expect(row(tab, "Walk the dog")).to_have_class("now")

    await two.locator("#timer-running").get_by_role("button", name="Stop").click()
    for tab in tabs:
        await expect(clock(tab)).to_have_count(0)
        await expect(tab).to_have_title("Timer · Chronos")
        await expect(row(tab, "Walk the dog")).not_to_have_class("now")

    await one.bring_to_front()
    await one.get_by_role("link", name="Walk the dog").click()
    await editor(one).get_by_label("Description").fill("Walk both dogs")
    await editor(one).get_by_label("Start").fill("8:00")
    await editor(one).get_by_label("End").fill("8:45")
    await editor(one).get_by_role("button", name="Save").click()
    for tab in tabs:
        await expect(row(tab, "Walk both dogs").locator(".dur")).to_have_text("0:45")
        await expect(day_total(tab)).to_have_text("0:45")

    await three.get_by_role("link", name="Walk both dogs").click()
    await editor(three).locator("summary").click()
    await editor(three).get_by_role("button", name="Delete").click()
    for tab in tabs:
        await expect(row(tab, "Walk both dogs")).to_have_count(0)
        await expect(tab.get_by_text("No time tracked yet")).to_be_visible()

    await toast(three, "Entry deleted").get_by_role("button", name="Undo").click()
    for tab in tabs:
        await expect(day_total(tab)).to_have_text("0:45")
    await expect(toast(one, "Entry deleted")).to_have_count(0)


async def test_a_change_arrives_within_a_second(people: People, every_site: Server) -> None:
    laptop = await people.newcomer(every_site)
    phone = await people.same(laptop, phone=True)
    delays = []
    for _ in range(5):
        arrival = asyncio.create_task(laptop.page.evaluate(ARRIVAL))
        await laptop.page.evaluate("0")  # behind it, so it looks by now
        sent = await phone.page.evaluate("Date.now()")
        await phone.send("/timer/start", {"description": "Lunch"})
        delays.append(await arrival - sent)
        await phone.send("/timer/stop", {})
        await expect(clock(laptop.page)).to_have_count(0)
    # A second is what is wanted; how busy this machine is, is not what is tested.
    assert statistics.median(delays) < 5000, delays


async def test_a_project_added_on_the_phone_is_in_the_laptops_list(people: People, site: Server) -> None:
    laptop = await people.newcomer(site)
    await laptop.open("/projects")
    phone = await people.same(laptop, phone=True)
    await phone.add_project("Garden")
    await expect(laptop.page.locator("#projects-list").get_by_text("Garden")).to_be_visible()


async def test_what_another_tab_does_leaves_an_open_editor_alone(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    await ada.track("Read the report", "9:00", "10:00")
    await ada.track("Answer letters", "10:00", "11:00")
    page, other = await ada.open("/timer"), await ada.tab("/timer")
    await page.bring_to_front()
    await page.get_by_role("link", name="Read the report").click()
    description = editor(page).get_by_label("Description")
    await description.fill("Read the report tw")

    await other.bring_to_front()
    await choose(other, "Answer letters", "Delete")
    await expect(row(page, "Answer letters")).to_have_count(0)
    await other.get_by_role("button", name="Continue: Read the report").click()
    await expect(clock(page)).to_be_visible()
    await other.locator("#timer-running").get_by_role("button", name="Discard").click()
    await expect(clock(page)).to_have_count(0)

    await expect(description).to_be_focused()
    await page.bring_to_front()
    await page.keyboard.type("ice")
    await expect(description).to_have_value("Read the report twice")
    await editor(page).get_by_role("button", name="Save").click()
    await expect(row(page, "Read the report twice")).to_be_visible()


async def test_what_is_typed_into_the_start_field_outlives_a_start_elsewhere(
    people: People, site: Server
) -> None:
    ada = await people.newcomer(site)
    page, other = ada.page, await ada.tab("/timer")
    await page.bring_to_front()
    await start_field(page).press_sequentially("Half a tho")
    await other.bring_to_front()
    await start_field(other).fill("Something else")
    await start_field(other).press("Enter")
    await expect(clock(page)).to_be_visible()
    await page.bring_to_front()
    await expect(start_field(page)).to_be_focused()
    await page.keyboard.type("ught")
    await expect(start_field(page)).to_have_value("Half a thought")

    await page.keyboard.press("Enter")
    for tab in (page, other):
        await expect(tab.locator("#timer-running .what")).to_have_text("Half a thought")
        await expect(row(tab, "Something else")).not_to_have_class("now")


async def test_an_entry_that_was_changed_elsewhere_is_not_overwritten_unasked(
    people: People, site: Server
) -> None:
    ada = await people.newcomer(site)
    await ada.track("Draft")
    page, other = await ada.open("/timer"), await ada.tab("/timer")
    for tab, words in ((page, "Mine"), (other, "Theirs")):
        await tab.bring_to_front()
        await tab.get_by_role("link", name="Draft").click()
        await editor(tab).get_by_label("Description").fill(words)
    await editor(other).get_by_role("button", name="Save").click()
    await expect(row(other, "Theirs")).to_be_visible()

    people.expect("409")
    await page.bring_to_front()
    await editor(page).get_by_role("button", name="Save").click()
    await expect(editor(page).get_by_role("alert")).to_contain_text("changed elsewhere")
    await expect(editor(page).get_by_label("Description")).to_have_value("Mine")
    await editor(page).get_by_role("button", name="Save").click()
    for tab in (page, other):
        await expect(row(tab, "Mine")).to_be_visible()


async def test_a_tab_reconnects_after_a_restart_and_catches_up(own_site: Server, people: People) -> None:
    ada = await people.newcomer(own_site)
    page, status = ada.page, ada.page.locator("[data-live]")
    await expect(status).to_have_text("Live")
    people.expect("ERR_", "fetch", "50[0-9]")
    own_site.stop()
    await expect(status).not_to_have_attribute("data-state", "connected")
    await expect(status).to_have_text(re.compile("Reconnecting|Offline"))
    own_site.start()
    await ada.send("/timer/start", {"description": "Begun meanwhile"})
    await expect(clock(page)).to_be_visible(timeout=30_000)
    await expect(status).to_have_text("Live")
    await ada.send("/timer/stop", {})
    await expect(clock(page)).to_have_count(0)


async def test_a_button_pressed_while_the_server_is_away_says_so(own_site: Server, people: People) -> None:
    """But for a start and a stop, which wait: test_offline.py."""
    ada = await people.newcomer(own_site)
    await ada.send("/timer/start", {"description": "Stays"})
    await expect(clock(ada.page)).to_be_visible()
    own_site.stop()
    people.expect("ERR_", "fetch")
    await ada.page.get_by_role("button", name="Discard this timer").click()
    await expect(toast(ada.page, "That didn't reach Chronos")).to_be_visible()
    await expect(clock(ada.page)).to_be_visible()


async def test_signing_out_everywhere_reaches_the_other_device(people: People, site: Server) -> None:
    laptop = await people.newcomer(site)
    phone = await people.same(laptop, phone=True)
    await phone.open("/account")
    people.expect("401")
    await phone.page.get_by_role("button", name="Sign out everywhere").click()
    await expect(phone.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(toast(laptop.page, "You are signed out")).to_be_visible()
    await expect(laptop.page.locator("[data-live]")).to_have_text("Offline")


@pytest.mark.parametrize("path", ["/projects", "/clients", "/tags", "/account"])
async def test_the_timer_runs_on_every_page(people: People, site: Server, path: str) -> None:
    ada = await people.newcomer(site)
    page: Page = await ada.open(path)
    await page.keyboard.press("n")
    await page.keyboard.type("From here")
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_be_visible()
    await expect(page).to_have_title(re.compile(r"^0:00:\d\d · From here$"))
    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(clock(page)).to_have_count(0)


async def test_what_changes_while_a_page_is_on_its_way_is_shown(people: People, site: Server) -> None:
    """The page is made, then another device starts a timer, and only then the page begins to listen."""
    ada = await people.newcomer(site)
    await ada.page.goto("about:blank")  # with its last page the browser's stream ends

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await ada.send("/timer/start", {"description": "Begun meanwhile"})
        await route.fulfill(response=answer)

    await ada.page.route("**/timer", late, times=1)
    await ada.page.goto("/timer")
    await expect(clock(ada.page)).to_be_visible()
    await expect(row(ada.page, "Begun meanwhile")).to_be_visible()


async def test_a_second_tab_hears_what_was_said_while_it_was_on_its_way(people: People, site: Server) -> None:
    ada = await people.newcomer(site)
    other = await ada.tab()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await ada.send("/timer/start", {"description": "Begun meanwhile"})
        await expect(clock(ada.page)).to_be_visible()
        await route.fulfill(response=answer)

    await other.route("**/timer", late, times=1)
    await other.goto("/timer")
    await expect(clock(other)).to_be_visible()
    await expect(row(other, "Begun meanwhile")).to_be_visible()
