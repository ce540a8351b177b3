"""Today's strip in a browser: blocks at their true times, now moving, gaps that are filled with a click."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.people import People, Person, clock, editor, row
from tests.browser.server import Server


def strip(page: Page) -> Locator:
    return page.locator("#timer-today .strip")


def blocks(page: Page) -> Locator:
    return strip(page).locator("[data-edit]")


def gaps(page: Page) -> Locator:
    return strip(page).locator(".gap")


def adding(page: Page) -> Locator:
    return page.get_by_role("form", name="Add time by hand")


async def where(page: Page, block: Locator) -> tuple[float, float]:
    """Where a block begins and ends on the strip as it is drawn, from 0 to 1."""
    frame, box = await strip(page).bounding_box(), await block.bounding_box()
    assert frame
    assert box
    return (box["x"] - frame["x"]) / frame["width"], (box["x"] + box["width"] - frame["x"]) / frame["width"]


async def at_moment(page: Page, look: str, seconds_on: int) -> str:
    """What `look` (a function of the strip's section) gives when the clock is so many seconds past its beginning."""
    found = await page.evaluate(
        f"""(secondsOn) => {{
            const section = document.getElementById("timer-today");
            const moment = (Number(section.dataset.from) + secondsOn) * 1000;
            document.dispatchEvent(new CustomEvent("tick", {{ detail: moment }}));
            return ({look})(section);
        }}""",
        seconds_on,
    )
    return str(found)


async def a_day_with_a_gap(ada: Person) -> Page:
    """From 9:00 to 10:00 and from 10:50 to 11:00."""
    await ada.track("Plan")
    await ada.track("Review", "10:50", "11:00")
    return await ada.open("/timer")


async def test_blocks_and_gaps_stand_at_their_times(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await expect(page.locator(".hours text")).to_have_text(["8", "10", "12", "14", "16", "18"])
    for block, start, end in (
        (blocks(page).nth(0), 9, 10),
        (blocks(page).nth(1), 10 + 5 / 6, 11),
        (gaps(page), 10, 10 + 5 / 6),
    ):
        assert await where(page, block) == pytest.approx(((start - 8) / 10, (end - 8) / 10), abs=0.004)
    hour = ada.now.hour + ada.now.minute / 60
    left, _ = await where(page, strip(page).locator(".present"))
    assert left == pytest.approx((hour - 8) / 10, abs=0.01)


async def test_now_moves_and_what_runs_grows(ada: Person) -> None:
    await ada.track("Plan")
    await ada.send("/timer/start", {"description": "Something that runs"})
    page = await ada.open("/timer")
    from_, since = [
        int(await page.locator(found).get_attribute(name) or "")
        for found, name in (("#timer-today", "data-from"), (".strip .run", "data-grows"))
    ]
    began = (since - from_) / 360  # per cent of ten hours
    assert (await where(page, strip(page).locator(".run")))[1] == pytest.approx(began / 100, abs=0.01)
    mark = 'section => section.querySelector(".present").getAttribute("x")'
    end = 'section => parseFloat(section.querySelector(".run").getAttribute("width"))'
    for hours in (8, 9.5):  # 16:00, 17:30
        assert await at_moment(page, mark, int(hours * 3600)) == f"{hours * 10:g}%"
        assert float(await at_moment(page, end, int(hours * 3600))) == pytest.approx(
            hours * 10 - began, abs=0.02
        )
    total = 'section => section.querySelector("header b").textContent'
    before, after = [await at_moment(page, total, seconds) for seconds in (8 * 3600, 9 * 3600)]
    assert minutes(after) - minutes(before) == 60


def minutes(text: str) -> int:
    """Of "2 h 5 min"."""
    return sum(
        int(number) * (60 if unit == "h" else 1) for number, unit in re.findall(r"(\d+) (h|min)", text)
    )


async def test_the_strip_asks_for_more_when_now_reaches_its_end(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    async with page.expect_response("**/timer/today") as answer:
        await at_moment(page, "section => section.id", 10 * 3600)
    assert (await answer.value).ok
    await expect(page.locator("#timer-today")).to_have_attribute("data-until", re.compile(r"^\d+$"))


async def test_a_gap_is_filled_with_the_mouse(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await expect(page.locator("#timer-today .hint")).to_contain_text(
        "50 min untracked between 10:00 and 10:50"
    )
    await gaps(page).click()
    form = adding(page)
    await expect(form.get_by_label("Description")).to_be_focused()
    await expect(form.get_by_label("Start")).to_have_value("10:00")
    await expect(form.get_by_label("End", exact=True)).to_have_value("10:50")
    await page.keyboard.type("Call")
    await page.keyboard.press("Enter")
    await expect(row(page, "Call")).to_be_visible()
    await expect(blocks(page)).to_have_count(3)
    await expect(gaps(page)).to_have_count(0)
    await expect(page.locator("#timer-today header b")).to_have_text("2 h")


async def test_a_gap_is_filled_with_the_keyboard(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await page.locator("#main").focus()
    for _ in range(3):
        await page.keyboard.press("Tab")
        if await page.locator(":focus").inner_text() == "Fill the gap":
            break
    await expect(page.locator(":focus")).to_have_text("Fill the gap")
    await page.keyboard.press("Enter")
    await expect(adding(page).get_by_label("Description")).to_be_focused()
    await page.keyboard.type("Call")
    await page.keyboard.press("Enter")
    await expect(gaps(page)).to_have_count(0)


async def test_what_was_typed_by_hand_stays_when_a_gap_is_chosen(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await page.get_by_text("Add time by hand").click()
    await adding(page).get_by_label("Description").fill("Half of a thought")
    await gaps(page).click()
    await expect(adding(page).get_by_label("Start")).to_have_value("10:00")
    await expect(adding(page).get_by_label("Description")).to_have_value("Half of a thought")


async def test_without_script_a_gap_is_filled_and_a_block_opens_its_entry(plain_ada: Person) -> None:
    page = await a_day_with_a_gap(plain_ada)
    await page.get_by_role("link", name="Fill the gap").click()
    await expect(adding(page).get_by_label("End", exact=True)).to_have_value("10:50")
    await adding(page).get_by_label("Description").fill("Call")
    await adding(page).get_by_role("button", name="Add").click()
    await expect(blocks(page)).to_have_count(3)
    await expect(gaps(page)).to_have_count(0)
    await blocks(page).first.click()
    await expect(editor(page).get_by_label("Description")).to_have_value("Plan")


async def test_a_block_opens_its_entry_where_it_stands_in_the_list(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await blocks(page).nth(1).click()
    await expect(editor(page).get_by_label("Description")).to_have_value("Review")
    assert page.url.endswith("/timer"), "no new page"


async def test_the_strip_is_no_row_of_stops_for_the_keyboard(ada: Person) -> None:
    """The table has the same links, for those who open it."""
    page = await a_day_with_a_gap(ada)
    stops = '#timer-today :is(a, summary):not([tabindex="-1"])'
    assert await page.locator(stops).locator("visible=true").count() == 2
    await page.get_by_text("Show as a table").click()
    table = page.get_by_role("table", name="Today")
    await expect(table.get_by_role("row")).to_have_count(4)
    await expect(table.get_by_role("row").nth(2)).to_have_text(
        re.compile("10:00 – 10:50.*Untracked.*0:50", re.DOTALL)
    )
    await table.get_by_role("link", name="Review").click()
    await expect(editor(page).get_by_label("Description")).to_have_value("Review")


async def test_many_short_ones_share_a_mark_that_leads_to_the_table(ada: Person) -> None:
    for minute in range(3):
        await ada.track(f"Moment {minute}", f"9:0{minute}", f"9:0{minute}")
    page = await ada.open("/timer")
    mark = strip(page).locator("a")
    await expect(mark).to_have_count(1)
    await expect(mark.locator("title")).to_have_text("9:00 to 9:02: 3 entries")
    await mark.click()
    await expect(page.get_by_role("table", name="Today").get_by_role("link", name="Moment 2")).to_be_visible()


async def test_another_device_changes_the_strip(ada: Person, people: People) -> None:
    page = await a_day_with_a_gap(ada)
    other = await people.same(ada)
    await other.track("From the other one", "10:00", "10:50")
    await expect(blocks(page)).to_have_count(3)
    await expect(gaps(page)).to_have_count(0)
    await other.send("/timer/start", {"description": "Runs"})
    await expect(clock(page)).to_be_visible()
    await expect(strip(page).locator(".run")).to_have_count(1)


async def test_the_open_table_stays_open_when_the_day_changes(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await page.get_by_text("Show as a table").click()
    await ada.track("One more", "12:00", "13:00")
    table = page.get_by_role("table", name="Today")
    await expect(table.get_by_role("link", name="One more")).to_be_visible()


async def test_on_a_phone_the_strip_opens_the_table(site: Server, people: People) -> None:
    ada = await people.newcomer(site, phone=True)
    page = await a_day_with_a_gap(ada)
    frame = await strip(page).bounding_box()
    assert frame
    await page.touchscreen.tap(frame["x"] + frame["width"] * 0.15, frame["y"] + frame["height"] / 2)
    await expect(page.get_by_role("table", name="Today")).to_be_visible()
    await page.get_by_role("table").get_by_role("link", name="Fill the gap").tap()
    await expect(adding(page).get_by_label("Description")).to_be_focused()


async def test_from_right_to_left_the_day_runs_from_right_to_left(ada: Person) -> None:
    page = await a_day_with_a_gap(ada)
    await page.evaluate("document.documentElement.dir = 'rtl'")
    assert await where(page, blocks(page).first) == pytest.approx((0.8, 0.9), abs=0.004)
    first, last = page.locator(".hours text").first, page.locator(".hours text").last
    left, right = await last.bounding_box(), await first.bounding_box()
    assert left
    assert right
    assert left["x"] < right["x"]


async def test_the_week_shows_what_runs_in_bronze_and_lets_it_grow(ada: Person) -> None:
    await ada.send("/timer/start", {"description": "Something that runs"})
    page = await ada.open("/timer")
    bar = page.locator("#entries-week .now-bar")
    await expect(bar).to_have_count(1)
    height = 'section => document.querySelector(".now-bar").getAttribute("height")'
    grown = [float(await at_moment(page, height, seconds)) for seconds in (8 * 3600, 9 * 3600)]
    assert grown[1] - grown[0] == pytest.approx(84 / 8, abs=0.02)
    await expect(page.locator("#entries-week .bars .end")).to_have_text("8 h")
