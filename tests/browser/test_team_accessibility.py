"""The pages of the team and the workspace, and compact rows, as test_accessibility.py looks at all the others."""

import pytest
from playwright.async_api import expect

from tests.browser import test_accessibility as looked
from tests.browser.people import People, Person
from tests.browser.server import Server
from tests.browser.test_settings import choose, html_is, save


async def team(ada: Person) -> None:
    """Three: ada, one who works, and one who has stopped."""
    mates = [await ada.people.newcomer(ada.site, script=False) for _ in range(2)]
    for mate in mates:
        await ada.send("/team", {"who": mate.name, "role": "member"})
        await mate.open("/workspace")
        await mate.page.get_by_role("button", name=f"Switch to {ada.name}'s workspace").click()
        await mate.send("/timer/start", {"description": "A description that is quite long, as they come"})
    await mates[0].send("/timer/stop", {})
    await ada.open("/team")


async def team_in_its_editor(ada: Person) -> None:
    await team(ada)
    await ada.page.get_by_role("link", name="Edit").nth(1).click()
    await expect(ada.page.get_by_role("button", name="Remove from the team")).to_be_visible()


async def team_with_errors(ada: Person) -> None:
    page = await ada.open("/team")
    await page.get_by_role("button", name="Add to the team").click()
    await expect(page.locator("#team-form .error")).to_be_visible()


async def member_on_their_own_page(ada: Person) -> None:
    await team(ada)
    await ada.open(str(await ada.page.get_by_role("link", name="Edit").nth(1).get_attribute("href")))


async def team_beside_the_timer(ada: Person) -> None:
    await team(ada)
    await ada.open("/timer")


async def workspace(ada: Person) -> None:
    await team(ada)
    await ada.send("/workspace/new", {"name": "A workspace with quite a long name, as they come"})
    await ada.open("/workspace")


async def menu_of_workspaces(ada: Person) -> None:
    await workspace(ada)
    await ada.page.locator("summary.workspace").click()
    await expect(ada.page.locator("#workspace-menu [aria-current]")).to_be_visible()


async def compact(ada: Person) -> None:
    await looked.running(ada)
    page = await ada.open("/account")
    await choose(page, "Rows", "Compact")
    await choose(page, "Durations", "1.70 h")
    await choose(page, "Clock", "2:30 pm")
    await save(page)
    await html_is(page, "data-density", "compact")
    await ada.open("/timer")


STATES: list[looked.State] = [
    team,
    team_in_its_editor,
    team_with_errors,
    member_on_their_own_page,
    team_beside_the_timer,
    workspace,
    menu_of_workspaces,
    compact,
]


@looked.named(STATES)
async def test_everybody_can_read_and_press_it(
    site: Server, people: People, state: looked.State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looked, "NOT_ON_A_PHONE", (menu_of_workspaces,))
    await looked.test_everybody_can_read_and_press_it(site, people, state)
