"""People with browsers: who they are, what they do again and again, and what goes wrong in their pages."""

import asyncio
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from tests.browser.server import Server

PASSWORD = "correct horse battery"
DESK, PHONE = {"width": 1440, "height": 960}, {"width": 390, "height": 844}
# No clock changes in these, and one for each hour: somewhere it is always between two and three in the afternoon.
ZONES = (
    *(
        "Pacific/Kiritimati",
        "Pacific/Tongatapu",
        "Pacific/Tarawa",
        "Pacific/Guadalcanal",
        "Pacific/Port_Moresby",
    ),
    *("Asia/Tokyo", "Asia/Singapore", "Asia/Bangkok", "Asia/Dhaka", "Asia/Karachi", "Asia/Dubai"),
    *("Africa/Nairobi", "Africa/Johannesburg", "Africa/Lagos", "UTC", "Atlantic/Cape_Verde"),
    *(
        "Atlantic/South_Georgia",
        "America/Sao_Paulo",
        "America/La_Paz",
        "America/Bogota",
        "America/Costa_Rica",
    ),
    *("America/Phoenix", "Pacific/Pitcairn", "Pacific/Gambier"),
)
_numbers = itertools.count(1)
expect.set_options(timeout=10_000)


def daytime_zone() -> str:
    """The zone where the clock reads 14-something: what is typed as this morning lies in the past, 16:00 ahead."""
    now = datetime.now(UTC)
    return next(name for name in ZONES if now.astimezone(ZoneInfo(name)).hour == 14)


class People:
    """Everybody in one test, their browsers, and the troubles that these met with."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._expected: list[str] = []
        self.troubles: list[str] = []

    async def stranger(
        self,
        site: Server,
        *,
        script: bool = True,
        phone: bool = False,
        theme: Any = "light",
        zone: str = "",
        language: str = "en-GB",
        service_worker: bool = False,
    ) -> "Person":
        """Somebody who is not signed in, before an empty page, in a browser of this language. A service worker would
        stand between the two."""
        zone = zone or daytime_zone()
        context = await self._browser.new_context(
            base_url=site.url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            color_scheme=theme,
            java_script_enabled=script,
            locale=language,
            timezone_id=zone,
            reduced_motion="reduce",
            service_workers="allow" if service_worker else "block",
        )
        self._contexts.append(context)
        person = Person(self, site, f"ada{next(_numbers)}", zone, context, script)
        await person.tab()
        return person

    async def newcomer(self, site: Server, **how: Any) -> "Person":
        """Somebody who has just registered, on their timer page. The options are those of `stranger`."""
        person = await self.stranger(site, **how)
        fields = {"username": person.name, "email": f"{person.name}@example.com", "password": PASSWORD}
        await person.send("/register", fields | {"time_zone": person.zone})
        await person.open("/timer")
        return person

    async def same(self, person: "Person", **how: Any) -> "Person":
        """The same person at another device. The options are those of `stranger`."""
        other = await self.stranger(person.site, **{"zone": person.zone, **how})
        other.name = person.name
        await other.send("/login", {"username": other.name, "password": PASSWORD})
        await other.open("/timer")
        return other

    def expect(self, *patterns: str) -> None:
        """From here on, troubles that match one of these are part of the test: "422", "ERR_CONNECTION"."""
        self._expected += patterns

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._met(f"error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "blocked by Playwright" not in message.text:
            self._met(f"console: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        # Given up by the page itself: a stream that ends with it, suggestions for what is no longer typed.
        if request.failure != "net::ERR_ABORTED":
            self._met(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._met(f"answer: {response.status} {response.request.method} {response.url}")

    def _met(self, trouble: str) -> None:
        if not any(re.search(pattern, trouble) for pattern in self._expected):
            self.troubles.append(trouble)

    async def leave(self) -> None:
        for context in self._contexts:
            await context.close()


@dataclass
class Person:
    """Somebody at one device. `page` is the tab that they opened first."""

    people: People
    site: Server
    name: str
    zone: str
    context: BrowserContext
    has_script: bool = True

    @property
    def page(self) -> Page:
        return self.context.pages[0]

    @property
    def now(self) -> datetime:
        return datetime.now(ZoneInfo(self.zone))

    def day(self, days_ago: int = 0) -> str:
        """A date as the forms take it."""
        return (self.now - timedelta(days=days_ago)).date().isoformat()

    async def tab(self, path: str = "") -> Page:
        """A new tab, opened at this address, over the others: call bring_to_front() on one to use it again, for what
        lies behind is drawn but once a second."""
        page = await self.context.new_page()
        self.people.watch(page)
        if path:
            await page.goto(path)
        return page

    async def open(self, path: str) -> Page:
        """Go there in the first tab, and wait until it hears of changes."""
        await self.page.goto(path)
        if self.has_script:
            await is_live(self.page)
        return self.page

    async def arrives(self, path: str) -> None:
        """Wait until the first tab is there."""
        await expect(self.page).to_have_url(self.site.url + path)
        if self.has_script:
            await is_live(self.page)

    async def send(self, path: str, fields: Mapping[str, str]) -> None:
        """A form sent with this browser's cookies but past its pages: to have something there to begin with."""
        answer = await self.context.request.post(path, form=dict(fields))
        assert answer.ok, f"{path}: {answer.status} {re.findall('error.*', await answer.text())}"

    async def track(self, description: str, start: str = "9:00", end: str = "10:00", **fields: str) -> None:
        """A finished entry, of today unless `date` says otherwise."""
        known = {"description": description, "start": start, "end": end, "date": self.day()}
        await self.send("/entries", known | fields)

    async def track_days(self, count: int) -> None:
        """An entry "Work n" for each of so many days, n days ago."""
        days = range(1, count + 1)
        await asyncio.gather(*(self.track(f"Work {ago}", date=self.day(ago)) for ago in days))

    async def add_project(self, name: str, **fields: str) -> str:
        """A project; its id."""
        await self.send("/projects", {"name": name, "colour": "4"} | fields)
        answer = await self.context.request.get("/timer")
        found = re.search(rf'<option value="([0-9a-f-]+)"[^>]*>{re.escape(name)}', await answer.text())
        assert found
        return found[1]


async def is_live(page: Page) -> None:
    """Wait until the page's stream of changes is open."""
    await expect(page.locator("[data-live]")).to_have_attribute("data-state", "connected")


# ---- What stands on the timer page


def start_field(page: Page) -> Locator:
    return page.get_by_placeholder("What are you working on?")


def clock(page: Page) -> Locator:
    """The running clock. There is none while nothing runs."""
    return page.locator("#timer-running .clock")


def row(page: Page, description: str) -> Locator:
    """The row of an entry."""
    return page.locator(".entries > li").filter(has=page.get_by_role("link", name=description, exact=True))


async def choose(page: Page, description: str, action: str) -> None:
    """An action of the menu of an entry's row."""
    await page.get_by_role("button", name=f"More: {description}").click()
    await page.locator("#entries-menu").get_by_role("button", name=action).click()


def editor(page: Page) -> Locator:
    return page.get_by_role("form", name="Edit entry")


def fold(page: Page, description: str) -> Locator:
    """The line of several alike entries."""
    return page.locator(".fold").filter(has_text=description)


def count(page: Page, description: str) -> Locator:
    """The button that unfolds alike entries, and folds them again."""
    return fold(page, description).locator(".unfold > summary")


def field(page: Page, label: str) -> Locator:
    """A field of the open editor."""
    return editor(page).get_by_label(label, exact=True)


def day_total(page: Page, day: str = "Today") -> Locator:
    return page.locator("section.day", has=page.get_by_role("heading", name=day)).locator("header b")


def week_total(page: Page) -> Locator:
    return page.locator("#entries-week header b")


def toast(page: Page, words: str) -> Locator:
    return page.locator("#toasts .toast").filter(has_text=words)
