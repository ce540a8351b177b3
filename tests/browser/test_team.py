"""The team, with several browsers: who works now is seen within a second, and who may do what counts at once."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.people import People, Person, is_live, start_field, toast
from tests.browser.server import Server


def card(page: Page) -> Locator:
    return page.locator("#team-now")


def member(page: Page, person: Person) -> Locator:
    """Their row in the list of the team."""
    return page.locator("#team-list tr").filter(has_text=person.name)


async def join(ada: Person, other: Person, role: str = "member") -> None:
    """The other is in ada's workspace now, and looks at it."""
    await ada.send("/team", {"who": other.name, "role": role})
    await other.open("/workspace")
    await other.page.get_by_role("button", name=f"Switch to {ada.name}'s workspace").click()
    await other.arrives("/timer")


@pytest_asyncio.fixture(loop_scope="session")
async def bob(ada: Person, site: Server, people: People) -> Person:
    """Another one, in ada's workspace and looking at it."""
    found = await people.newcomer(site)
    await join(ada, found)
    return found


async def test_the_card_follows_the_team(every_site: Server, people: People) -> None:
    ada, bob = await people.newcomer(every_site), await people.newcomer(every_site)
    await expect(card(ada.page)).to_be_hidden()
    await join(ada, bob)
    await ada.page.bring_to_front()
    await expect(card(ada.page)).to_be_visible()
    await expect(card(ada.page)).to_contain_text("Nobody else")
    await start_field(ada.page).fill("Half a thought")
    await bob.send("/timer/start", {"description": "Payment retries"})
    mate = card(ada.page).get_by_role("listitem").filter(has_text=bob.name)
    await expect(mate).to_contain_text("Payment retries", timeout=2000)
    await expect(mate.locator(".run")).to_have_text(re.compile(r"^0:00:0[1-9]$"))
    await bob.send("/timer/stop", {})
    await expect(mate).to_contain_text("stopped 0 min ago", timeout=2000)
    await expect(start_field(ada.page)).to_have_value("Half a thought")
    await expect(start_field(ada.page)).to_be_focused()


async def test_what_was_stopped_grows_older_by_itself(ada: Person, bob: Person) -> None:
    await bob.track("Done", "0:00", "0:01")
    await bob.send("/timer/start", {"description": "Short"})
    await bob.send("/timer/stop", {})
    await expect(card(ada.page)).to_contain_text("stopped 0 min ago")
    for minutes, words in ((5, "stopped 5 min ago"), (125, "stopped 2 h ago")):
        beat = f"detail: {{data: String(Date.now() + {minutes} * 60_000 + 900)}}"
        await ada.page.evaluate(
            f"document.body.dispatchEvent(new CustomEvent('beat', {{bubbles: true, {beat}}}))"
        )
        await expect(card(ada.page)).to_contain_text(words)


async def test_somebody_joins_by_keyboard_and_the_list_follows(site: Server, people: People) -> None:
    people.expect("422")
    ada, bob = await people.newcomer(site), await people.newcomer(site)
    page = await ada.open("/team")
    await page.get_by_label("Username or email").focus()
    await page.keyboard.type("nobody-at-all")
    await page.keyboard.press("Enter")
    await expect(page.locator("#team-form .error")).to_contain_text("Nobody here has this username")
    await expect(page.get_by_label("Username or email")).to_be_focused()
    await page.get_by_label("Username or email").fill(f"{bob.name}@example.com")
    await page.keyboard.press("Enter")
    await expect(toast(page, "is in the team now")).to_be_visible()
    await expect(member(page, bob)).to_contain_text("Member")
    await expect(page.locator("#workspace-menu")).to_contain_text("2 members")
    await bob.page.locator("#workspace-menu").hover()
    await expect(bob.page.locator("#workspace-menu")).to_contain_text(f"{ada.name}'s workspace")


async def test_another_role_counts_at_once_in_the_tabs_of_whom_it_is_about(ada: Person, bob: Person) -> None:
    mine, theirs = await ada.open("/team"), await bob.open("/team")
    await expect(theirs.get_by_role("columnheader", name="This week")).to_have_count(0)
    await mine.bring_to_front()
    await mine.get_by_role("link", name=f"Edit {bob.name}").click()
    await mine.get_by_label(f"Role of {bob.name}").select_option("manager")
    await mine.get_by_role("form", name=bob.name).get_by_role("button", name="Save").click()
    await expect(member(mine, bob)).to_contain_text("Manager")
    await theirs.bring_to_front()
    await expect(theirs.get_by_role("columnheader", name="This week")).to_be_visible()


async def test_who_is_removed_is_out_at_once_and_may_be_brought_back(
    ada: Person, bob: Person, people: People
) -> None:
    people.expect("401")
    mine, theirs = await ada.open("/team"), await bob.open("/timer")
    await mine.bring_to_front()
    await mine.get_by_role("link", name=f"Edit {bob.name}").click()
    await mine.get_by_role("button", name="Remove from the team").click()
    await expect(member(mine, bob)).to_have_count(0)
    await theirs.bring_to_front()
    await expect(toast(theirs, "You are signed out")).to_be_visible()
    await mine.bring_to_front()
    await toast(mine, "no longer in the team").get_by_role("button", name="Undo").click()
    await expect(member(mine, bob)).to_contain_text("Member")


async def test_all_tabs_of_a_browser_follow_to_another_workspace(ada: Person, bob: Person) -> None:
    first, second = await bob.open("/projects"), await bob.tab("/timer")
    await is_live(second)
    own = f"{bob.name}'s workspace"
    menu = second.locator("#workspace-menu")
    await menu.locator("summary").click()
    await menu.get_by_role("button", name=own).click()
    await expect(second.get_by_role("status").filter(has_text="You are in")).to_be_visible()
    await expect(second.locator("#workspace-menu summary")).to_contain_text(own)
    await first.bring_to_front()
    await expect(first.locator("#workspace-menu summary")).to_contain_text(own)
    # At home nobody else is seen, and nobody sees them.
    await expect(card(second)).to_be_hidden()
    await bob.send("/timer/start", {"description": "Private matter"})
    await ada.open("/timer")
    await expect(card(ada.page)).not_to_contain_text("Private matter")


async def test_the_name_of_the_workspace_is_another_for_all_at_once(ada: Person, bob: Person) -> None:
    page = await ada.open("/workspace")
    await page.get_by_label("Name of the workspace").fill("Northwind Studio")
    await page.keyboard.press("Enter")
    await expect(toast(page, "Saved.")).to_be_visible()
    for tab in (page, bob.page):
        await expect(tab.locator("#workspace-menu summary")).to_contain_text("Northwind Studio")
    await bob.open("/workspace")
    await expect(bob.page.get_by_text("may overlap here")).to_be_visible()
    await page.get_by_role("button", name="Forbid overlaps").click()
    await expect(page.get_by_role("button", name="Allow overlaps")).to_be_visible()
    await expect(bob.page.get_by_text("No two entries")).to_be_visible()


async def test_a_team_is_led_without_script(site: Server, people: People) -> None:
    ada = await people.newcomer(site, script=False)
    bob = await people.newcomer(site, script=False)
    page = await ada.open("/team")
    await page.get_by_label("Username or email").fill(bob.name)
    await page.get_by_label("Role", exact=True).select_option("viewer")
    await page.get_by_role("button", name="Add to the team").click()
    await expect(member(page, bob)).to_contain_text("Viewer")
    await page.get_by_role("link", name=f"Edit {bob.name}").click()
    await page.get_by_label("Role", exact=True).select_option("member")
    await page.get_by_role("button", name="Save").click()
    await expect(member(page, bob)).to_contain_text("Member")
    theirs = await bob.open("/workspace")
    await theirs.get_by_role("button", name=f"Switch to {ada.name}'s workspace").click()
    await bob.send("/timer/start", {"description": "Payment retries"})
    await ada.open("/timer")
    await expect(card(page)).to_contain_text("Payment retries")
    await ada.open("/team")
    await page.get_by_role("link", name=f"Edit {bob.name}").click()
    await page.get_by_role("button", name="Remove from the team").click()
    await expect(member(page, bob)).to_have_count(0)


@pytest.mark.parametrize("keys", [("g", "m", "/team"), ("g", "p", "/projects"), ("g", "t", "/timer")])
async def test_the_rail_is_walked_by_keys(ada: Person, keys: tuple[str, str, str]) -> None:
    page = await ada.open("/account")
    for key in keys[:2]:
        await page.keyboard.press(key)
    await ada.arrives(keys[2])


async def test_on_a_phone_the_bar_leads_everywhere(site: Server, people: People) -> None:
    ada = await people.newcomer(site, phone=True)
    bar = ada.page.get_by_role("navigation", name="Main")
    for name, path in (("Projects", "/projects"), ("Team", "/team"), ("Account", "/account")):
        await bar.get_by_role("link", name=name).click()
        await ada.arrives(path)
        await expect(bar.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
    await ada.page.get_by_role("link", name="Workspace").click()
    await ada.arrives("/workspace")
