"""The palette: anywhere and anything by a few letters, with keys, a mouse, or without script; and the list of keys."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.people import People, Person, clock, row, start_field, toast
from tests.browser.server import Server


def palette(page: Page) -> Locator:
    return page.locator("dialog#palette")


def options(page: Page) -> Locator:
    return palette(page).get_by_role("option")


async def choose(page: Page, typed: str, expected: str) -> None:
    """Open it, type, and press Enter as soon as the first line is what was meant."""
    await page.keyboard.press("ControlOrMeta+k")
    await expect(palette(page)).to_be_visible()
    await page.keyboard.type(typed)
    await expect(options(page).first).to_contain_text(expected)
    await expect(options(page).first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")


async def test_keys_lead_to_any_page(ada: Person) -> None:
    page = ada.page
    for typed, title, path in (
        ("proj", "Projects", "/projects"),
        ("cli", "Clients", "/clients"),
        ("tags", "Tags", "/tags"),
        ("team", "Team", "/team"),
        ("timer", "Timer", "/timer"),
    ):
        await choose(page, typed, title)
        await ada.arrives(path)


async def test_a_timer_is_started_on_a_project_and_stopped_without_leaving_the_page(ada: Person) -> None:
    await ada.add_project("Website Redesign", is_billable="1")
    page = await ada.open("/tags")
    await choose(page, "wr", "Website Redesign")
    await expect(palette(page)).to_be_hidden()
    await expect(page.locator("#timer-running")).to_contain_text("Website Redesign")
    await expect(page.locator("#timer-running")).to_contain_text("Billable")
    await choose(page, "stop", "Stop the timer")
    await expect(clock(page)).to_have_count(0)
    await expect(page).to_have_url(re.compile("/tags$"))


async def test_an_entry_is_continued_and_what_is_typed_is_started(ada: Person) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await choose(page, "read the", "Read the report")
    await expect(page.locator("#timer-running .what")).to_have_text("Read the report")
    await choose(page, "Something quite new", "Start “Something quite new”")
    await expect(page.locator("#timer-running .what")).to_have_text("Something quite new")


async def test_the_focus_returns_to_where_it_was_also_out_of_a_field(ada: Person) -> None:
    page = ada.page
    await page.keyboard.press("n")
    await page.keyboard.type("Half a wo")
    await page.keyboard.press("ControlOrMeta+k")
    search = palette(page).get_by_role("combobox", name="Search")
    await expect(search).to_be_focused()
    await expect(options(page).first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(palette(page)).to_be_hidden()
    await expect(start_field(page)).to_be_focused()
    await page.keyboard.type("rd")
    await expect(start_field(page)).to_have_value("Half a word")


async def test_it_reads_as_a_combobox_and_tells_how_many_there_are(ada: Person) -> None:
    page = ada.page
    await page.keyboard.press("ControlOrMeta+k")
    search = palette(page).get_by_role("combobox", name="Search")
    await expect(search).to_have_attribute("aria-expanded", "true")
    count = await options(page).count()
    await expect(palette(page).get_by_role("status")).to_have_text(f"{count} found")
    for key, place in (("ArrowDown", 1), ("ArrowUp", 0), ("End", count - 1), ("ArrowDown", 0)):
        await page.keyboard.press(key)
        await expect(options(page).nth(place)).to_have_attribute("aria-selected", "true")
        name = await options(page).nth(place).get_attribute("id")
        await expect(search).to_have_attribute("aria-activedescendant", str(name))


async def test_enter_in_haste_waits_for_what_it_is_meant_for(ada: Person) -> None:
    await ada.add_project("Garden")
    page = await ada.open("/timer")
    await page.keyboard.press("ControlOrMeta+k")
    await expect(options(page).first).to_be_visible()
    await page.keyboard.type("garden")
    await page.keyboard.press("Enter")
    await expect(page.locator("#timer-running")).to_contain_text("Garden")


async def test_a_button_opens_it_and_a_mouse_or_a_finger_chooses(site: Server, people: People) -> None:
    for phone in (False, True):
        ada = await people.newcomer(site, phone=phone)
        await ada.add_project("Garden")
        page = await ada.open("/timer")
        button = page.get_by_role("navigation", name="Main").get_by_role("link", name="Search")
        await (button.tap() if phone else button.click())
        await expect(palette(page)).to_be_visible()
        await palette(page).get_by_role("combobox").fill("gard")
        edit = options(page).filter(has_text="Edit")
        await (edit.tap() if phone else edit.click())
        await expect(page).to_have_url(re.compile(r"/projects/.*/edit$"))


async def test_other_dialogs_open_from_it(ada: Person) -> None:
    page = ada.page
    await choose(page, "keyboard", "Keyboard shortcuts")
    await expect(palette(page)).to_be_hidden()
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


async def test_one_signs_out_and_undoes_by_it(ada: Person) -> None:
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await choose(page, "undo", "Undo what I did last")
    await expect(row(page, "Read the report")).to_have_count(0)
    await expect(toast(page, "").first).to_be_visible()
    await choose(page, "sign out", "Sign out")
    await expect(page).to_have_url(re.compile("/login"))


async def test_without_script_it_is_a_page(plain_ada: Person) -> None:
    await plain_ada.add_project("Garden")
    page = await plain_ada.open("/timer")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Search").click()
    await expect(page).to_have_url(re.compile("/palette$"))
    await page.get_by_role("main").get_by_label("Search").fill("gard")
    await page.get_by_role("main").get_by_role("button", name="Search").click()
    await page.get_by_role("button", name="Garden Start a timer").click()
    await expect(page.locator("#timer-running")).to_contain_text("Garden")
    await page.goto("/palette?q=gard")
    await page.get_by_role("link", name="Garden Edit").click()
    await expect(page).to_have_url(re.compile(r"/projects/.*/edit$"))


# ---- The list of keys


async def test_every_key_that_is_listed_does_something(ada: Person) -> None:
    """Those of the page: each leads somewhere, opens something, or takes the focus."""
    page = ada.page
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    made = dialog.locator("[data-made]")
    await expect(made.first).to_be_visible()
    listed = [" ".join(await one.locator("kbd").all_inner_texts()) for one in await made.all()]
    assert {"s", "n", "/", "u", "?", "g t", "g p"} <= set(listed)
    assert len(listed) == len(set(listed))
    bearers = await page.eval_on_selector_all("[data-key]", "all => all.map((one) => one.dataset.key)")
    assert set(listed) <= set(bearers)
    for words in await made.locator("dt").all_inner_texts():
        assert words.strip()
        assert "undefined" not in words
    await page.keyboard.press("Escape")
    for keys in listed:
        if keys in ("u", "?"):
            continue
        await ada.open("/account")
        pressed = page.locator("body")
        await pressed.evaluate(
            """body => {
                window.pressed = null;
                const note = ({target}) => { window.pressed ??= target.closest("[data-key]")?.dataset.key; };
                for (const name of ["click", "focusin"]) body.addEventListener(name, note, {capture: true});
            }"""
        )
        if keys.startswith("g "):
            await page.evaluate("addEventListener('click', (event) => event.preventDefault(), true)")
        for key in keys.split(" "):
            await page.keyboard.press(key)
        assert await page.evaluate("window.pressed") == keys


async def test_keys_of_a_list_are_listed_where_there_is_one(ada: Person) -> None:
    page = ada.page
    await page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard").locator("dt")
    await expect(listed.filter(has_text="Keyboard shortcuts")).to_be_visible()
    await expect(listed.filter(has_text="Edit the entry")).to_be_hidden()
    await page.keyboard.press("Escape")
    await ada.track("Read the report")
    page = await ada.open("/timer")
    await page.keyboard.press("?")
    await expect(listed.filter(has_text="Edit the entry")).to_be_visible()


async def test_none_fires_in_a_field_or_a_dialog_or_with_a_modifier(ada: Person) -> None:
    page = ada.page
    await page.keyboard.press("n")
    await page.keyboard.type("s?/u g p")
    await expect(start_field(page)).to_have_value("s?/u g p")
    await start_field(page).fill("")
    await page.keyboard.press("Escape")
    await start_field(page).blur()
    await page.keyboard.press("ControlOrMeta+k")
    await expect(palette(page)).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("s")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+s")
    await page.keyboard.press("g")
    await page.keyboard.press("Alt+p")
    await expect(clock(page)).to_have_count(0)
    await expect(page).to_have_url(re.compile("/timer$"))


async def test_a_slash_searches(ada: Person) -> None:
    await ada.page.keyboard.press("/")
    await expect(palette(ada.page).get_by_role("combobox", name="Search")).to_be_focused()
