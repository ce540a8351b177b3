"""What a visit weighs, in bytes as Chromium counts them, and that nothing in it jumps: its own layout shifts."""

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.people import People, Person, clock, editor, is_live, row, start_field
from tests.browser.scales import Scales
from tests.browser.server import Server

FIRST_VISIT, LATER_VISIT = 60_000, 10_000  # bytes
SHIFTS = """() => new Promise((resolve) => {
    let total = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) total += entry.value;
    }).observe({type: "layout-shift", buffered: true});
    setTimeout(() => resolve(total), 300);
})"""


@pytest_asyncio.fixture(loop_scope="session")
async def busy(site: Server, people: People) -> Person:
    """Somebody with a dozen projects, three of them with tasks, and four entries on each of fifteen days."""
    person = await people.newcomer(site)
    projects = [await person.add_project(f"Project {number}") for number in range(12)]
    for project in projects[:3]:
        for task in ("Design", "Build"):
            await person.send(f"/projects/{project}/tasks", {"name": task})
    for day in range(15):
        for hour in range(4):
            fields = {"project": projects[(day + hour) % 12], "date": person.day(day), "tags": "meeting"}
            await person.track(f"Work {day} on part {hour}", f"{7 + hour}:00", f"{7 + hour}:45", **fields)
    return person


async def test_the_first_visit_weighs_under_sixty_kilobytes(busy: Person, site: Server) -> None:
    fresh = await busy.people.same(busy)
    page = await fresh.context.new_page()
    scales = Scales()
    await scales.weigh(page)
    session = await fresh.context.new_cdp_session(page)
    await session.send("Network.clearBrowserCache")
    await page.goto("/timer")
    await is_live(page)
    await page.wait_for_timeout(300)  # for what scripts may still fetch
    pages = {url for url in scales.weights if "/live" not in url}
    print({url.removeprefix(site.url): weight for url, weight in scales.weights.items()})
    assert len([url for url in pages if "/static/" in url]) >= 4
    assert scales.total < FIRST_VISIT


async def test_later_pages_weigh_under_ten_kilobytes_each(busy: Person) -> None:
    page = await busy.open("/timer")
    for path in ("/projects", "/timer", "/tags", "/clients", "/account", "/timer"):
        scales = Scales()
        await scales.weigh(page)
        await page.goto(path)
        await is_live(page)
        assert scales.weights, path
        assert scales.total < LATER_VISIT, scales.weights


async def test_every_style_and_script_is_kept_by_its_content(ada: Person) -> None:
    fetched: list[tuple[str, str]] = []
    ada.page.on(
        "response",
        lambda response: (
            fetched.append((response.url, response.headers.get("cache-control", "")))
            if "/static/" in response.url
            else None
        ),
    )
    await ada.open("/projects")
    assert fetched
    for url, kept in fetched:
        assert "?v=" in url, url
        assert "immutable" in kept, url


async def test_nothing_moves_by_itself(busy: Person) -> None:
    await busy.send("/timer/start", {"description": "Watch the page"})
    for path in ("/timer", "/projects", "/account"):
        page = await busy.open(path)
        assert await page.evaluate(SHIFTS) < 0.002, path


async def test_what_is_done_on_a_page_never_loads_it_anew(ada: Person) -> None:
    page = ada.page
    await page.evaluate("() => { window.stays = true; }")
    await start_field(page).fill("One page")
    await start_field(page).press("Enter")
    await expect(clock(page)).to_be_visible()
    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(clock(page)).to_have_count(0)
    await row(page, "One page").get_by_role("link", name="One page").click()
    await editor(page).get_by_label("Description").fill("Still one page")
    await editor(page).get_by_label("Description").press("Enter")
    await expect(row(page, "Still one page")).to_be_visible()
    assert await page.evaluate("() => window.stays")


async def test_back_and_forward_show_what_is_true_now(ada: Person) -> None:
    page = ada.page
    await page.get_by_role("link", name="Projects").first.click()
    await ada.arrives("/projects")
    await ada.send("/timer/start", {"description": "Begun elsewhere"})
    await page.go_back()
    await ada.arrives("/timer")
    await expect(clock(page)).to_be_visible()
    await expect(row(page, "Begun elsewhere")).to_be_visible()
    await page.go_forward()
    await ada.arrives("/projects")
    await expect(clock(page)).to_be_visible()
