"""What typing brings up, in both themes, wide and on a phone: see test_accessibility."""

from playwright.async_api import expect

from tests.browser import test_accessibility as everybody
from tests.browser.people import People, Person, editor, start_field
from tests.browser.server import Server
from tests.browser.test_accessibility import State, editing, some_entries


async def suggesting_projects_to_an_editor(ada: Person) -> None:
    await editing(ada)
    await editor(ada.page).get_by_label("Description").press_sequentially(" @web")
    await expect(editor(ada.page).locator("[role=option]")).to_have_count(1)


async def asked_about_names(ada: Person) -> None:
    await some_entries(ada)
    await start_field(ada.page).fill("Paint it @garden #desing with @anna")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("alert").filter(has_text="garden")).to_be_visible()


async def asked_about_names_in_an_editor(ada: Person) -> None:
    await editing(ada)
    await editor(ada.page).get_by_label("Description").fill("Paint it @garden #fun")
    await editor(ada.page).get_by_role("button", name="Save").click()
    await expect(editor(ada.page).get_by_role("alert")).to_be_visible()


async def favourites(ada: Person) -> None:
    await some_entries(ada)
    for description in (
        "Settle",
        "A favourite with quite a long name, as they come, and a little longer still",
    ):
        await ada.send("/timer/start", {"description": f"{description} @website", "tags": "design"})
        await ada.send("/favourites", {})
    await ada.open("/timer")
    await expect(ada.page.get_by_role("list", name="Favourites").get_by_role("listitem")).to_have_count(2)


async def palette(ada: Person) -> None:
    await favourites(ada)
    await ada.page.keyboard.press("ControlOrMeta+k")
    await ada.page.keyboard.type("we")
    await expect(ada.page.get_by_role("dialog").get_by_role("option").first).to_be_visible()


async def palette_page(ada: Person) -> None:
    await favourites(ada)
    await ada.open("/palette?q=web")


STATES: list[State] = [
    suggesting_projects_to_an_editor,
    asked_about_names,
    asked_about_names_in_an_editor,
    favourites,
    palette,
    palette_page,
]


@everybody.named(STATES)
async def test_everybody_can_read_and_press_what_typing_brings_up(
    site: Server, people: People, state: State
) -> None:
    await everybody.test_everybody_can_read_and_press_it(site, people, state)
