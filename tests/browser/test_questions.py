"""The questions about overlaps and forgotten timers: by mouse, by keyboard, without script, in every tab."""

import re
import sqlite3
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.looks import SMALLEST_TARGET, everybody_can_use
from tests.browser.people import People, Person, clock, editor, is_live, row, start_field, toast
from tests.browser.server import Server

HOUR = 3600


def overlap(page: Page) -> Locator:
    return page.locator("#overlaps-question .question")


def forgotten(page: Page) -> Locator:
    return page.locator("#forgotten-question .question")


def in_editor(page: Page) -> Locator:
    return page.locator("form.editor .question")


async def forbid(ada: Person) -> None:
    await ada.send("/workspace/rule", {"forbids": "1"})


async def add_by_hand(page: Page, description: str, start: str, end: str) -> Locator:
    await page.get_by_text("Add time by hand").click()
    form = page.get_by_role("form", name="Add time by hand")
    await form.get_by_label("Description").fill(description)
    await form.get_by_label("Start").fill(start)
    await form.get_by_label("End", exact=True).fill(end)
    await form.get_by_role("button", name="Add").click()
    return form


def _sql(site: Server, ada: Person, *statements: str) -> None:
    """What else takes hours to happen. The revision tells that pages look different now."""
    person = "(SELECT id FROM users WHERE username = :name)"
    with sqlite3.connect(site.database_url.removeprefix("sqlite:///"), timeout=20) as db:
        for statement in statements:
            db.execute(statement.replace(":person", person), {"name": ada.name})
        db.execute("UPDATE users SET revision = revision + 1 WHERE username = :name", {"name": ada.name})
    db.close()


def make_old(site: Server, ada: Person, seconds: int, active: int | None = None) -> None:
    """The running timer began so many seconds ago; its person was active `active` seconds ago."""
    ago = f"UPDATE entries SET started_at = unixepoch() - {seconds} WHERE ended_at IS NULL AND user_id = :person"
    seen = "NULL" if active is None else f"unixepoch() - {active}"
    _sql(site, ada, ago, f"UPDATE users SET active_at = {seen}, away_since = NULL WHERE username = :name")


async def run(ada: Person, description: str = "Think") -> None:
    await ada.send("/timer/start", {"description": description})


# ---- Overlaps


async def test_who_is_warned_can_split_it_around(ada: Person) -> None:
    await ada.track("Standup", "9:30", "10:00")
    page = await ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await expect(overlap(page)).to_contain_text("This overlaps another entry.")
    await expect(overlap(page)).to_contain_text("9:30 – 10:00")
    await overlap(page).get_by_role("button", name="Split around").click()
    await expect(overlap(page)).to_have_count(0)
    await expect(page.locator("section.day")).to_contain_text("10:00 – 11:00")
    await expect(page.locator("section.day")).to_contain_text("9:00 – 9:30")
    await toast(page, "Mine is split").get_by_role("button", name="Undo").click()
    await expect(row(page, "Write")).to_contain_text("9:00 – 11:00")


async def test_who_is_warned_can_keep_both(ada: Person) -> None:
    await ada.track("Standup", "9:30", "11:30")
    page = await ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await overlap(page).get_by_role("link", name="Keep both").click()
    await expect(overlap(page)).to_have_count(0)
    await expect(page.locator("#overlaps-question")).to_be_focused()
    await expect(row(page, "Write")).to_contain_text("9:00 – 11:00")
    await expect(row(page, "Standup")).to_contain_text("9:30 – 11:30")


async def test_a_question_goes_once_nothing_overlaps_any_more(ada: Person) -> None:
    await ada.track("Standup", "9:30", "11:30")
    page = await ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await expect(overlap(page)).to_contain_text("9:30 – 11:30")
    other = await ada.tab("/timer")
    await is_live(other)
    for end, wanted in (("10:15", 1), ("9:30", 0)):
        await other.bring_to_front()
        await other.get_by_role("link", name="Write", exact=True).click()
        await editor(other).get_by_label("End", exact=True).fill(end)
        await editor(other).get_by_role("button", name="Save").click()
        await expect(editor(other)).to_have_count(0)
        await page.bring_to_front()
        await expect(overlap(page)).to_have_count(wanted)
        if wanted:
            await expect(overlap(page)).to_contain_text("starts at 10:15")


async def test_once_both_are_kept_nothing_is_asked_again(ada: Person) -> None:
    await ada.track("Standup", "9:30", "11:30")
    page = await ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await overlap(page).get_by_role("link", name="Keep both").click()
    await expect(overlap(page)).to_have_count(0)
    await ada.track("Later", "12:00", "12:30")
    await expect(row(page, "Later")).to_be_visible()
    await expect(overlap(page)).to_have_count(0)


async def test_a_question_does_not_take_the_focus_from_who_goes_on(ada: Person) -> None:
    await ada.track("Standup", "9:30", "11:30")
    page = await ada.open("/timer")
    await start_field(page).fill("Something else")
    await ada.send("/timer/start", {"description": "Think"})
    await expect(clock(page)).to_be_visible()
    await expect(start_field(page)).to_have_value("Something else")


async def test_where_overlaps_are_forbidden_the_keyboard_is_enough(ada: Person, people: People) -> None:
    people.expect("409")
    await forbid(ada)
    await ada.track("Standup", "10:30", "12:00")
    page = await ada.open("/timer")
    form = await add_by_hand(page, "Write", "9:00", "11:00")
    await expect(in_editor(page)).to_contain_text("this workspace allows no overlaps")
    await expect(form.get_by_label("Description")).to_have_value("Write")
    await expect(in_editor(page).get_by_role("button", name="Trim mine")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(in_editor(page).get_by_role("button", name="Trim theirs")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row(page, "Write")).to_contain_text("9:00 – 11:00")
    await expect(row(page, "Standup")).to_contain_text("11:00 – 12:00")
    await expect(in_editor(page)).to_have_count(0)


async def test_enter_in_a_field_saves_and_answers_nothing(ada: Person, people: People) -> None:
    people.expect("409")
    await forbid(ada)
    await ada.track("Standup", "10:30", "12:00")
    await ada.track("Write", "9:00", "10:00")
    page = await ada.open("/timer")
    await page.get_by_role("link", name="Write", exact=True).click()
    await editor(page).get_by_label("End", exact=True).fill("11:00")
    await page.keyboard.press("Enter")
    await expect(in_editor(page)).to_be_visible()
    await editor(page).get_by_label("End", exact=True).fill("10:15")
    await page.keyboard.press("Enter")
    await expect(editor(page)).to_have_count(0)
    await expect(row(page, "Write")).to_contain_text("9:00 – 10:15")
    await expect(row(page, "Standup")).to_contain_text("10:30 – 12:00")


async def test_a_stop_that_is_asked_about_does_not_lose_the_timer(
    site: Server, ada: Person, people: People
) -> None:
    people.expect("409")
    await run(ada)
    make_old(site, ada, 3 * HOUR)
    lunch = (
        "INSERT INTO entries (workspace_id, id, user_id, description, started_at, ended_at, created_at, updated_at) "
        "SELECT workspace_id, x'01a202ca6d9c7769b89c218a9727db65', user_id, 'Lunch', unixepoch() - 7200, "
        "unixepoch() - 3600, 0, 0 FROM entries WHERE ended_at IS NULL AND user_id = :person"
    )
    _sql(site, ada, lunch.replace("x'01a202ca6d9c7769b89c218a9727db65'", "lower(hex(randomblob(16)))"))
    await forbid(ada)
    page = await ada.open("/timer")
    await page.keyboard.press("s")
    await expect(overlap(page)).to_contain_text("Lunch")
    await expect(clock(page)).to_be_visible()
    await overlap(page).get_by_role("button", name="Split around").click()
    await expect(clock(page)).to_have_count(0)
    await expect(overlap(page)).to_have_count(0)
    await expect(toast(page, "Mine is split")).to_be_visible()


async def test_overlaps_are_asked_about_without_script(plain_ada: Person) -> None:
    await plain_ada.track("Standup", "9:30", "10:00")
    page = await plain_ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await expect(page).to_have_url(re.compile("/overlaps"))
    await overlap(page).get_by_role("button", name="Split around").click()
    await expect(page).to_have_url(f"{plain_ada.site.url}/timer")
    await expect(page.locator("section.day")).to_contain_text("10:00 – 11:00")


async def test_what_is_forbidden_is_asked_about_without_script(plain_ada: Person, people: People) -> None:
    people.expect("409")
    await forbid(plain_ada)
    await plain_ada.track("Standup", "10:30", "12:00")
    page = await plain_ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await in_editor(page).get_by_role("button", name="Trim mine").click()
    await expect(page).to_have_url(f"{plain_ada.site.url}/timer")
    await expect(row(page, "Write")).to_contain_text("9:00 – 10:30")


# ---- Forgotten timers


async def test_the_question_comes_by_itself_and_in_every_tab(site: Server, ada: Person) -> None:
    await run(ada)
    make_old(site, ada, 8 * HOUR - 6)
    page = await ada.open("/timer")
    other = await ada.tab("/projects")
    await is_live(other)
    await expect(forgotten(other)).to_contain_text("This timer has run for 8:00")
    await page.bring_to_front()
    await expect(forgotten(page)).to_be_visible()
    await forgotten(page).get_by_role("button", name="Keep going").click()
    await expect(forgotten(page)).to_have_count(0)
    await expect(clock(page)).to_be_visible()
    await other.bring_to_front()
    await expect(forgotten(other)).to_have_count(0)


async def test_it_stops_at_the_last_activity(site: Server, ada: Person) -> None:
    await run(ada)
    make_old(site, ada, 9 * HOUR, 2 * HOUR)
    page = await ada.open("/timer")
    await page.reload()
    await forgotten(page).get_by_role("button", name="Stop at").click()
    await expect(clock(page)).to_have_count(0)
    await expect(forgotten(page)).to_have_count(0)
    await expect(toast(page, "Stopped at")).to_be_visible()
    total = page.locator("section.day header b").first
    await expect(total).to_be_visible()
    await toast(page, "Stopped at").get_by_role("button", name="Undo").click()
    await expect(clock(page)).to_be_visible()


async def test_the_keyboard_is_enough_to_keep_it(site: Server, ada: Person) -> None:
    await run(ada)
    make_old(site, ada, 9 * HOUR)
    page = await ada.open("/timer")
    await forgotten(page).get_by_role("button", name="Stop now").focus()
    await page.keyboard.press("Tab")
    await expect(forgotten(page).get_by_role("button", name="Keep going")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(forgotten(page)).to_have_count(0)
    await expect(page.locator("#forgotten-question")).to_be_focused()


async def test_stop_now_and_discard_end_the_question(site: Server, ada: Person) -> None:
    for button in ("Stop now", "Discard"):
        await run(ada)
        make_old(site, ada, 9 * HOUR)
        page = await ada.open("/timer")
        await forgotten(page).get_by_role("button", name=button).click()
        await expect(clock(page)).to_have_count(0)
        await expect(forgotten(page)).to_have_count(0)


async def test_it_is_asked_without_script(site: Server, plain_ada: Person) -> None:
    await run(plain_ada)
    make_old(site, plain_ada, 9 * HOUR, 2 * HOUR)
    page = await plain_ada.open("/projects")
    await forgotten(page).get_by_role("button", name="Stop at").click()
    await expect(page).to_have_url(f"{plain_ada.site.url}/timer")
    await expect(clock(page)).to_have_count(0)


async def test_work_in_a_page_is_activity(site: Server, ada: Person) -> None:
    await run(ada)
    make_old(site, ada, HOUR, 1800)
    page = await ada.open("/timer")
    await page.clock.install()
    await page.reload()
    await page.clock.fast_forward(61_000)
    async with page.expect_request("**/forgotten/active") as sent:
        await page.mouse.move(200, 200)
    answer = await (await sent.value).response()
    assert answer is not None
    assert answer.status == 204


# ---- Everybody


async def overlapping(site: Server, ada: Person) -> None:
    red = await ada.add_project("A project with quite a long name, as they come", colour="3")
    await ada.track("Settle on the calendar grid with the whole team", "9:30", "10:00", project=red)
    page = await ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await expect(overlap(page)).to_be_visible()


async def overlapping_where_it_is_forbidden(site: Server, ada: Person) -> None:
    await forbid(ada)
    await ada.track("Settle on the calendar grid with the whole team", "9:30", "10:00")
    page = await ada.open("/timer")
    await add_by_hand(page, "Write", "9:00", "11:00")
    await expect(in_editor(page)).to_be_visible()


async def overlapping_on_its_own_page(site: Server, ada: Person) -> None:
    await overlapping(site, ada)
    action = await overlap(ada.page).locator("form").get_attribute("action")
    assert action
    await ada.open(f"/overlaps?entry={action.rpartition('/')[2]}")
    await expect(overlap(ada.page)).to_be_visible()


async def long_running(site: Server, ada: Person) -> None:
    await run(ada)
    make_old(site, ada, 30 * HOUR, 20 * HOUR)
    await ada.open("/projects")
    await expect(forgotten(ada.page)).to_be_visible()


@pytest.mark.parametrize(
    "state", [overlapping, overlapping_where_it_is_forbidden, overlapping_on_its_own_page, long_running]
)
async def test_everybody_can_read_and_answer_it(
    site: Server, people: People, state: Callable[[Server, Person], Awaitable[None]]
) -> None:
    people.expect("409")
    ada = await people.newcomer(site)
    await state(site, ada)
    await everybody_can_use(ada.page)
    for button in await ada.page.locator(".question :is(a, button)").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET
