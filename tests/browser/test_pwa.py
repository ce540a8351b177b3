"""Chronos as an app: what makes it installable, and what it shows where the server can't be reached."""

import asyncio
import json
import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.people import PASSWORD, People, Person, clock, start_field
from tests.browser.server import Server

AWAY = ("ERR_", "fetch", "NetworkError")
PATIENCE = 40_000


async def until(page: Page, condition: str) -> None:
    """Wait for what may be true only later; Playwright's own way to wait is against the page's policy."""
    async with asyncio.timeout(PATIENCE / 1000):
        while not await page.evaluate(f"(async () => Boolean(await ({condition})))()"):
            await page.wait_for_timeout(50)


async def app(people: People, site: Server) -> Person:
    """Somebody whose browser has the service worker."""
    person = await people.newcomer(site, service_worker=True)
    await person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await until(person.page, "navigator.serviceWorker.controller?.state === 'activated'")
    return person


async def test_the_browser_finds_nothing_amiss_with_installing(people: People, site: Server) -> None:
    person = await app(people, site)
    session = await person.context.new_cdp_session(person.page)
    manifest = await session.send("Page.getAppManifest")
    assert not manifest["errors"]
    about = json.loads(manifest["data"])
    assert about["start_url"] == "/timer"
    assert about["display"] == "standalone"
    assert {icon["sizes"] for icon in about["icons"]} == {"192x192", "512x512"}
    errors = await session.send("Page.getInstallabilityErrors")
    # A window that is not for keeping, as tests have it, is the one thing in the way.
    assert {error["errorId"] for error in errors["installabilityErrors"]} <= {"in-incognito"}
    for icon in about["icons"]:
        answer = await person.context.request.get(icon["src"])
        assert answer.headers["content-type"] == "image/png"
        assert "immutable" in answer.headers["cache-control"]


async def test_offline_every_address_shows_the_page_that_says_so(people: People, site: Server) -> None:
    people.expect(*AWAY)
    person = await app(people, site)
    page = person.page
    await start_field(page).fill("Deep work")
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_be_visible()
    await until(page, "localStorage.getItem('chronos-runs')?.includes('Deep work')")
    await person.context.set_offline(True)
    await page.goto("/projects")
    await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    await expect(page.locator("#timer-running .what")).to_have_text("Deep work")
    await expect(clock(page)).to_have_text(re.compile(r"^0:00:\d\d$"))
    await page.locator("#timer-running").get_by_role("button", name="Stop").click()
    await expect(page.locator("#timer-running")).to_contain_text("Stopped. Waiting")
    await start_field(page).fill("Next thing")
    await page.keyboard.press("Enter")
    await expect(page.locator("#timer-running .what")).to_have_text("Next thing")

    await person.context.set_offline(False)
    await expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("#timer-running .what")).to_have_text("Next thing", timeout=PATIENCE)
    await expect(page.locator("#timer-running .waits-words")).to_have_count(0, timeout=PATIENCE)


async def test_after_signing_out_the_page_for_offline_knows_nobody(people: People, site: Server) -> None:
    people.expect(*AWAY, "401")
    person = await app(people, site)
    page = person.page
    await start_field(page).fill("Secret")
    await page.keyboard.press("Enter")
    await expect(clock(page)).to_be_visible()
    await page.locator("form[action='/logout']").first.evaluate("form => form.requestSubmit()")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await _cached(page) == await _shell(page)
    await person.context.set_offline(True)
    await page.goto("/timer")
    await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    await expect(page.get_by_text("Secret")).to_have_count(0)
    await expect(start_field(page)).to_be_hidden()
    await expect(page.get_by_text("Sign in once")).to_be_visible()


async def test_only_the_shell_is_kept(people: People, site: Server) -> None:
    person = await app(people, site)
    for path in ("/projects", "/timer", "/account"):
        await person.open(path)
    assert await _cached(person.page) == await _shell(person.page)


async def _cached(page: Page) -> set[str]:
    found: list[str] = await page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys())
                for (const request of await (await caches.open(name)).keys())
                    found.push(new URL(request.url).pathname);
            return found;
        }"""
    )
    return set(found)


async def _shell(page: Page) -> set[str]:
    answer = await page.context.request.get("/sw.js")
    listed = re.search(r"const SHELL = (\[.*\]);", await answer.text())
    assert listed
    return {path.partition("?")[0] for path in json.loads(listed[1])}


async def test_what_an_older_version_kept_is_removed(people: People, site: Server) -> None:
    person = await people.stranger(site, service_worker=True)
    await person.page.goto("/login")
    await person.page.evaluate("caches.open('chronos-older').then(cache => cache.add('/offline'))")
    fields = {"username": person.name, "email": f"{person.name}@example.com", "password": PASSWORD}
    await person.send("/register", fields | {"time_zone": person.zone})
    await person.open("/timer")
    await until(person.page, "caches.keys().then(names => names.length && !names.includes('chronos-older'))")
    assert await _cached(person.page) == await _shell(person.page)


def test_the_icons_are_those_of_the_script() -> None:
    """Their sizes, as PNG says them in its header."""
    images = Path(__file__).parents[2] / "static/img"
    for name, size in (("192", 192), ("512", 512), ("maskable", 512)):
        head = (images / f"icon-{name}.png").read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(head[16:20]) == int.from_bytes(head[20:24]) == size


async def test_the_page_for_offline_leads_on_where_nobody_is_offline(people: People, site: Server) -> None:
    person = await people.newcomer(site)
    await person.page.goto("/offline")
    await expect(person.page).to_have_url(re.compile("/timer$"))
