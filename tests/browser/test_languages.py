"""Languages as people meet them: German everywhere, text a third longer than English, and lines from the right."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.people import PASSWORD, People, Person, clock
from tests.browser.server import Server
from tests.test_languages import english

NARROW = {"width": 360, "height": 740}
# What reaches over the edge of the page, but for what scrolls within itself or is clipped there.
OVERFLOWING = """() => {
    const root = document.scrollingElement, wide = root.clientWidth;
    if (root.scrollWidth <= wide) return [];
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility())
        .filter((one) => one.getBoundingClientRect().right > wide + 1 || one.getBoundingClientRect().left < -1)
        .slice(-5).map((one) => one.outerHTML.slice(0, 200));
}"""
# Words of controls that are cut off: the box of a button is smaller than what it says.
CUT_OFF = """() => [...document.querySelectorAll("button, .button, summary.button, th, label, h1, h2, h3, legend")]
    .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden") && one.clientWidth > 1)
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
    .filter((one) => getComputedStyle(one).textOverflow !== "ellipsis")
    .map((one) => `${one.scrollWidth} > ${one.clientWidth}: ${one.outerHTML.slice(0, 200)}`)"""
# All that is to be read or heard.
SAID = """() => {
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT), found = [document.title];
    while (walker.nextNode()) {
        const at = walker.currentNode.parentElement;
        if (!at.closest("script, style, code, kbd, [translate=no]")) found.push(walker.currentNode.data);
    }
    for (const name of ["aria-label", "title", "placeholder", "alt"])
        for (const one of document.querySelectorAll(`[${name}]`)) found.push(one.getAttribute(name));
    return found.map((text) => text.trim().replace(/\\s+/g, " ")).filter(Boolean);
}"""
PAGES = [
    "/timer",
    "/projects",
    "/clients",
    "/tags",
    "/team",
    "/account",
    "/workspace",
    "/palette",
    "/no-such-page",
]


@pytest.fixture(scope="session")
def tongues_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Chronos with the languages of tests/support/tongues.py beside its own."""
    folder = tmp_path_factory.mktemp("tongues")
    server = Server(folder, f"sqlite:///{folder / 'chronos.db'}", module="tests.support.tongues")
    yield server.start()
    server.stop()


async def reader(people: People, site: Server, language: str, **how: Any) -> Person:
    """Somebody with a busy timer page, who reads this language."""
    person = await people.stranger(site, language=language, **how)
    fields = {
        "username": person.name,
        "email": f"{person.name}@example.com",
        "password": PASSWORD,
        "locale": language,
    }
    await person.send("/register", {**fields, "time_zone": person.zone})
    await person.send("/projects", {"name": "Relaunch", "colour": "4", "new_client": "Muster AG"})
    await person.send("/tags", {"name": "entwurf"})
    for start, end in (("8:00", "8:45"), ("9:15", "10:00"), ("9:45", "11:00")):
        await person.track("Abstimmung", start, end, tags="entwurf")
    await person.track("Nachtschicht", "23:00", "1:30", date=person.day(2))
    await person.send("/timer/start", {"description": "Besprechung"})
    return person


async def states(person: Person) -> Any:
    """One page after the other, and what can be opened on them."""
    for path in PAGES:
        await person.page.goto(path)
        yield path
    page = await person.open("/timer")
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    yield "/timer, all open"
    await page.locator(".entries .desc[href]").first.click()
    yield "/timer, editing"
    await page.goto("/projects")
    await page.locator("a[href$='/edit']").first.click()
    yield "/projects, editing"
    await page.goto("/account")
    for dialog in ("keys", "palette"):
        await page.evaluate("(id) => document.getElementById(id)?.showModal()", dialog)
        yield dialog
        await page.evaluate("(id) => document.getElementById(id)?.close()", dialog)


def english_in(said: list[str]) -> list[str]:
    return [text for text in said if any(pattern.fullmatch(text) for pattern in english())]


async def test_a_german_sees_every_page_in_german(site: Server, people: People) -> None:
    people.expect("404")
    german = await reader(people, site, "de")
    async for state in states(german):
        said: list[str] = await german.page.evaluate(SAID)
        assert not english_in(said), state
        assert await german.page.evaluate("document.documentElement.lang") == "de"


async def test_what_scripts_say_is_german(site: Server, people: People) -> None:
    german = await reader(people, site, "de")
    page = await german.open("/timer")
    await expect(page.locator("[data-live]")).to_have_text("Live")
    await page.get_by_role("button", name="Stopp", exact=True).click()
    await expect(clock(page)).to_have_count(0)
    await expect(page.locator("#timer-start")).to_be_visible()
    await page.get_by_placeholder("Woran arbeitest du?").fill("Abst")
    await expect(page.get_by_role("listbox", name="Vorschläge").get_by_role("option").first).to_be_visible()
    said: list[str] = await page.evaluate(SAID)
    assert not english_in(said)


async def test_another_language_takes_effect_at_once(site: Server, people: People) -> None:
    german = await reader(people, site, "de")
    page = await german.open("/account")
    await expect(page.get_by_role("heading", name="Konto", level=1)).to_be_visible()
    await page.get_by_label("Sprache").select_option("en")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.get_by_label("Language").select_option("de")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Konto", level=1)).to_be_visible()


async def test_a_stranger_is_received_in_the_language_of_their_browser(site: Server, people: People) -> None:
    stranger = await people.stranger(site, language="de-AT")
    await stranger.page.goto("/login")
    await expect(stranger.page.get_by_role("button", name="Anmelden")).to_be_visible()
    await stranger.page.goto("/register")
    await stranger.page.get_by_label("Benutzername").fill(stranger.name)
    await stranger.page.get_by_label("E-Mail").fill(f"{stranger.name}@example.com")
    await stranger.page.get_by_label("Passwort").fill(PASSWORD)
    await stranger.page.get_by_role("button", name="Konto anlegen").click()
    await stranger.arrives("/timer")
    await expect(stranger.page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.parametrize(
    ("hour_cycle", "written"), [("24", r"^23:00 – 1:30"), ("12", r"^11:00 pm – 1:30 am")]
)
async def test_german_with_either_clock(site: Server, people: People, hour_cycle: str, written: str) -> None:
    german = await reader(people, site, "de")
    profile = {
        "name": "",
        "username": german.name,
        "email": f"{german.name}@example.com",
        "time_zone": german.zone,
    }
    looks = {
        "date_order": "dmy",
        "week_start": "0",
        "theme": "system",
        "density": "comfortable",
        "locale": "de",
    }
    taste = {"duration_format": "decimal", "day_target": "8", "timer_limit": "8"}
    await german.send("/account", {**profile, **looks, **taste, "hour_cycle": hour_cycle})
    page = await german.open("/timer")
    row = page.locator(".entries > li").filter(has_text="Nachtschicht").last
    await expect(row.get_by_text(re.compile(written)).first).to_be_visible()
    await expect(page.get_by_role("heading", name="Heute").first).to_be_visible()
    await expect(page.locator("#entries-week header b")).to_have_text(re.compile(r"^\d+,\d\d h$"))


# ---- The layout


@pytest.mark.parametrize("language", ["de", "fi"])
async def test_longer_words_fit_on_a_narrow_phone(
    tongues_site: Server, people: People, language: str
) -> None:
    people.expect("404")
    person = await reader(people, tongues_site, language, phone=True)
    await person.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    async for state in states(person):
        assert await person.page.evaluate(OVERFLOWING) == [], state
        assert await person.page.evaluate(CUT_OFF) == [], state
    bar = (await person.open("/timer")).locator("#timer-running")
    tops = [await one.bounding_box() for one in await bar.get_by_role("button").all()]
    assert len({box and box["y"] for box in tops}) == 1, "the bar's buttons stand on one line"


@pytest.mark.parametrize("language", ["de", "fi", "ar"])
async def test_strangers_words_fit_on_a_narrow_phone(
    tongues_site: Server, people: People, language: str
) -> None:
    people.expect("404", "422")
    stranger = await people.stranger(tongues_site, language=language, phone=True)
    await stranger.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for path in ("/no-such-page", "/register", "/login"):
        await stranger.page.goto(path)
        await expect(stranger.page.locator("html")).to_have_attribute("lang", language)
        for _ in range(2):
            assert await stranger.page.evaluate(OVERFLOWING) == [], path
            assert await stranger.page.evaluate(CUT_OFF) == [], path
            if path == "/no-such-page":
                break
            await stranger.page.locator("form .button.primary").click()
            await expect(stranger.page.get_by_role("alert")).to_be_visible()


async def test_longer_words_fit_on_a_desk(tongues_site: Server, people: People) -> None:
    people.expect("404")
    person = await reader(people, tongues_site, "fi")
    async for state in states(person):
        assert await person.page.evaluate(OVERFLOWING) == [], state
        assert await person.page.evaluate(CUT_OFF) == [], state


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_lines_may_run_from_the_right(tongues_site: Server, people: People, phone: bool) -> None:
    people.expect("404")
    person = await reader(people, tongues_site, "ar", phone=phone)
    async for state in states(person):
        assert await person.page.evaluate("getComputedStyle(document.body).direction") == "rtl", state
        assert await person.page.evaluate(OVERFLOWING) == [], state
        assert await person.page.evaluate(CUT_OFF) == [], state
    page = await person.open("/timer")
    if not phone:
        assert await middle(page, ".rail") > await middle(page, "main") > await middle(page, "aside.side")
        assert await middle(page, "#timer-running .what") > await middle(page, "#timer-running .clock")
    assert await middle(page, ".day header h2") > await middle(page, ".day header b")


async def middle(page: Page, selector: str) -> float:
    """How far from the left edge the middle of the first of these is."""
    box = await page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2


async def test_what_points_along_the_lines_is_turned_over(tongues_site: Server, people: People) -> None:
    person = await reader(people, tongues_site, "ar")
    await person.open("/timer")
    turned = "[...document.querySelectorAll('.turns')].map((one) => getComputedStyle(one).scale)"
    found = await person.page.evaluate(turned)
    assert found
    assert set(found) == {"-1 1"}
