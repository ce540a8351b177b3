"""Pictures of every page and state, in both themes, wide and on a phone: `make screenshots` puts them in screenshots/.

The data is the sample data, the person is alice. One of the pictures is the README's: docs/images/timer.png.
"""

import asyncio
import itertools
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import BrowserContext, Page, StorageState, async_playwright

from tests.browser.people import DESK, PHONE, is_live
from tests.browser.server import Server
from tests.support import chromium

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "screenshots"
README = ROOT / "docs/images/timer.png"
PASSWORD = "alice-sample"  # noqa: S105 (of the sample data)
SIZES = {"wide": DESK, "phone": PHONE}
THEMES = ("light", "dark")
WIDE_ONLY = ("dialog", "workspace_menu", "row_menu", "splitting")
AWAY = ("waiting", "offline")

Shot = Callable[[Page], Awaitable[object]]


# ---- The states: each begins on a page of alice's and changes nothing that is kept


async def timer(page: Page) -> None:
    await page.goto("/timer")


async def editing(page: Page) -> None:
    await page.goto("/timer")
    await page.locator(".entries a.desc").nth(1).click()
    await page.get_by_role("form", name="Edit entry").wait_for()


async def editing_with_errors(page: Page) -> None:
    await editing(page)
    form = page.get_by_role("form", name="Edit entry")
    await form.get_by_label("Start").fill("half past")
    await form.get_by_role("button", name="Save").click()
    await form.locator(".error").first.wait_for()


async def by_hand(page: Page) -> None:
    await page.goto("/timer")
    await page.get_by_text("Add time by hand").click()


async def as_a_table(page: Page) -> None:
    await page.goto("/timer")
    await page.get_by_text("Show as a table").click()


async def gap(page: Page) -> None:
    await page.goto("/timer")
    await page.get_by_role("link", name="Fill the gap").first.click()
    await page.get_by_role("form", name="Add time by hand").wait_for()


async def twice(page: Page) -> None:
    """A time that the clocks of Berlin showed twice."""
    await by_hand(page)
    form = page.get_by_role("form", name="Add time by hand")
    for label, text in (
        ("Description", "Release night"),
        ("Date", "2026-10-25"),
        ("Start", "2:30"),
        ("End", "4:00"),
    ):
        await form.get_by_label(label).fill(text)
    await form.get_by_role("button", name="Add").click()
    await form.get_by_role("group", name="Which start?").wait_for()


async def dialog(page: Page) -> None:
    await page.goto("/timer")
    await is_live(page)
    await page.keyboard.press("?")
    await page.get_by_role("dialog").wait_for()


async def older(page: Page) -> None:
    await page.goto("/timer")
    await page.goto(str(await page.get_by_role("link", name="Older entries").get_attribute("href")))


async def projects(page: Page) -> None:
    await page.goto("/projects")


async def project(page: Page) -> None:
    await page.goto("/projects")
    await page.get_by_role("link", name="Edit Database Migration").click()
    await page.get_by_role("form", name="Database Migration").wait_for()


async def clients(page: Page) -> None:
    await page.goto("/clients")


async def tags(page: Page) -> None:
    await page.goto("/tags")


async def team(page: Page) -> None:
    await page.goto("/team")


async def workspace(page: Page) -> None:
    await page.goto("/workspace")


async def workspace_menu(page: Page) -> None:
    await page.goto("/timer")
    await page.locator("summary.workspace").click()


async def account(page: Page) -> None:
    await page.goto("/account")


async def nothing_there(page: Page) -> None:
    await page.goto("/no-such-page")


async def selecting(page: Page) -> None:
    await page.goto("/timer")
    boxes = page.locator(".entries li > .pick")
    await boxes.nth(1).check()
    await boxes.nth(3).click(modifiers=["Shift"])
    await page.get_by_role("button", name="Clear").wait_for()


async def row_menu(page: Page) -> None:
    await page.goto("/timer")
    await page.locator(".entries li:not(.now) .more").first.click()
    await page.locator("#entries-menu").get_by_text("Split").wait_for()


async def splitting(page: Page) -> None:
    await row_menu(page)
    await page.locator("#entries-menu").get_by_text("Split").click()
    await page.locator("[name=at]").wait_for()


async def offline(page: Page) -> None:
    await page.goto("/offline")


# ---- These change what is kept, and come last


async def deleted(page: Page) -> None:
    await editing(page)
    await page.get_by_role("form", name="Edit entry").locator("summary").click()
    await page.get_by_role("form", name="Edit entry").get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Undo").wait_for()


async def idle(page: Page) -> None:
    await page.goto("/timer")
    stop = page.locator("#timer-running").get_by_role("button", name="Stop")
    if await stop.count():
        await stop.click()
        await stop.wait_for(state="detached")


async def waiting(page: Page) -> None:
    """Started while the connection is away."""
    await idle(page)
    await page.context.set_offline(True)
    await page.get_by_placeholder("What are you working on?").fill("On the train")
    await page.keyboard.press("Enter")
    await page.locator("#timer-running .waits-words").wait_for()


async def forgotten(page: Page) -> None:
    """A timer that has run for nine hours."""
    began = str(int((time.time() - 9 * 3600) * 1000))
    await page.context.request.post("/timer/stop", form={})
    await page.context.request.post("/timer/start", form={"description": "Deep work", "at": began})
    await page.goto("/timer")
    await page.get_by_role("button", name="Keep going").wait_for()


async def overlapping(page: Page) -> None:
    """An entry over what is there already."""
    await page.goto("/timer")
    await page.get_by_text("Add time by hand").click()
    form = page.get_by_role("form", name="Add time by hand")
    for label, text in (("Description", "Review"), ("Start", "10:30"), ("End", "11:30")):
        await form.get_by_label(label, exact=True).fill(text)
    await form.get_by_role("button", name="Add").click()
    await page.locator("#overlaps-question button").first.wait_for()


async def suggesting(page: Page) -> None:
    await idle(page)
    await page.get_by_placeholder("What are you working on?").press_sequentially("de")
    await page.get_by_role("option").and_(page.locator("[data-description]")).first.wait_for()
    await page.keyboard.press("ArrowDown")


async def asked(page: Page) -> None:
    await idle(page)
    await page.get_by_placeholder("What are you working on?").fill("Paint it @garden #fun")
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("alert").wait_for()


async def favourites(page: Page) -> None:
    for description in ("Weekly sync", "Payment retries"):
        await page.context.request.post("/timer/start", form={"description": description})
        await page.context.request.post("/favourites", form={})
    await page.goto("/timer")


async def palette(page: Page) -> None:
    await page.goto("/timer")
    await page.keyboard.press("ControlOrMeta+k")
    await page.keyboard.type("we")
    await page.get_by_role("dialog").get_by_role("option").first.wait_for()


async def palette_page(page: Page) -> None:
    await page.goto("/palette?q=we")


async def empty(page: Page) -> None:
    """Somebody new, who is not alice."""
    await page.context.clear_cookies()
    name = f"new{abs(hash(page))}"[:20]
    fields = {"username": name, "email": f"{name}@example.com", "password": "a few words here"}
    await page.context.request.post("/register", form={**fields})
    await page.goto("/timer")


async def german(page: Page) -> None:
    await page.context.clear_cookies()
    name = f"neu{abs(hash(page))}"[:20]
    fields = {
        "username": name,
        "email": f"{name}@example.com",
        "password": "ein paar Worte hier",
        "locale": "de",
    }
    await page.context.request.post("/register", form={**fields})
    await page.goto("/account")


async def no_projects(page: Page) -> None:
    await empty(page)
    await page.goto("/projects")


async def sign_in(page: Page) -> None:
    await page.context.clear_cookies()
    await page.goto("/login")


async def register(page: Page) -> None:
    await page.context.clear_cookies()
    await page.goto("/register")
    await page.get_by_role("button", name="Create account").click()
    await page.get_by_role("alert").wait_for()


SHOTS: tuple[Shot, ...] = (
    *(timer, editing, editing_with_errors, by_hand, as_a_table, gap, twice, dialog, older),
    *(selecting, row_menu, splitting, offline),
    *(projects, project, clients, tags, team, workspace, workspace_menu, account, nothing_there),
    *(
        deleted,
        idle,
        suggesting,
        asked,
        favourites,
        palette,
        palette_page,
        overlapping,
        waiting,
        forgotten,
        empty,
        german,
        no_projects,
        sign_in,
        register,
    ),
)


# ---- Taking them


async def main(wanted: list[str]) -> int:
    """Take the pictures whose names are wanted, or all."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    shots = [shot for shot in SHOTS if not wanted or shot.__name__ in wanted]
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/chronos.db"
        site = Server(Path(folder), database, CHRONOS_SAMPLE_DATA="1").start()
        try:
            await _take(site, shots)
        finally:
            site.stop()
    if timer in shots:
        README.parent.mkdir(exist_ok=True)
        shutil.copyfile(FOLDER / "timer-wide-light.png", README)
    print(f"{len(list(FOLDER.iterdir()))} pictures are in {FOLDER.name}/")
    return 0


async def _take(site: Server, shots: list[Shot]) -> None:
    async with async_playwright() as playwright:
        program = str(chromium.provide())
        browser = await playwright.chromium.launch(executable_path=program, args=chromium.arguments())
        alice = await _sign_in(await browser.new_context(base_url=site.url))
        for shot in shots:
            for size, theme in itertools.product(SIZES, THEMES):
                if size != "wide" and shot.__name__ in WIDE_ONLY:
                    continue
                context = await browser.new_context(
                    base_url=site.url,
                    viewport=SIZES[size],  # type: ignore[arg-type]
                    is_mobile=size == "phone",
                    has_touch=size == "phone",
                    color_scheme=theme,  # type: ignore[arg-type]
                    reduced_motion="reduce",
                    timezone_id="Europe/Berlin",
                    storage_state=alice,
                )
                page = await context.new_page()
                await shot(page)
                if shot.__name__ not in AWAY and await page.locator("[data-live]").count():
                    await is_live(page)
                await page.screenshot(path=FOLDER / f"{shot.__name__}-{size}-{theme}.png")
                await context.close()
        await browser.close()


async def _sign_in(context: BrowserContext) -> StorageState:
    """The cookies of alice."""
    await context.request.post("/login", form={"username": "alice", "password": PASSWORD})
    cookies = await context.storage_state()
    await context.close()
    return cookies


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
