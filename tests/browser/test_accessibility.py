"""Every page and state in both themes, wide and on a phone: axe finds nothing, nothing runs off the screen, and on a
phone a thumb hits every button."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.looks import everybody_can_use
from tests.browser.people import People, Person, clock, editor, start_field, toast
from tests.browser.server import Server

State = Callable[[Person], Awaitable[object]]


# ---- The states


async def signing_in(ada: Person) -> None:
    await ada.page.goto("/login")


async def signing_in_with_a_wrong_password(ada: Person) -> None:
    await ada.page.goto("/login")
    await ada.page.get_by_label("Username or email").fill(ada.name)
    await ada.page.get_by_label("Password").fill("not this one at all")
    await ada.page.get_by_role("button", name="Sign in").click()
    await expect(ada.page.get_by_role("alert")).to_be_visible()


async def registering(ada: Person) -> None:
    await ada.page.goto("/register")


async def registering_with_errors(ada: Person) -> None:
    await ada.page.goto("/register")
    await ada.page.get_by_role("button", name="Create account").click()
    await expect(ada.page.get_by_role("alert")).to_be_visible()


async def nothing_there(ada: Person) -> None:
    await ada.page.goto("/no-such-page")


async def no_entries(ada: Person) -> None:
    await ada.open("/timer")


async def some_entries(ada: Person) -> None:
    red = await ada.add_project("Website Redesign", colour="2", new_client="Acme")
    await ada.add_project("A project with quite a long name, as they come", colour="3")
    await ada.track("Settle on the calendar grid", project=red, tags="design, a-long-tag-name", billable="1")
    await ada.track("", "10:00", "10:30")
    await ada.track("Night deploy, watch the graphs until they are calm", "23:10", "1:10", date=ada.day(2))
    await ada.open("/timer")


async def running(ada: Person) -> None:
    await some_entries(ada)
    await ada.page.get_by_role("button", name="Continue: Settle").click()
    await expect(clock(ada.page)).to_be_visible()


async def running_with_the_next_typed(ada: Person) -> None:
    await start_field(await ada.open("/timer")).fill("The next thing")
    await ada.send("/timer/start", {"description": "Something that runs already"})
    await expect(clock(ada.page)).to_be_visible()


async def editing(ada: Person) -> None:
    await some_entries(ada)
    await ada.page.get_by_role("link", name="Settle on the calendar grid").click()
    await expect(editor(ada.page)).to_be_visible()


async def editing_in_an_open_fold_with_the_menu(ada: Person) -> None:
    await some_entries(ada)
    await ada.track("Settle on the calendar grid", "12:00", "12:20")
    await ada.track("Settle on the calendar grid", "13:00", "13:20")
    page = await ada.open("/timer")
    await page.locator(".unfold > summary").click()
    await page.get_by_role("link", name="Settle on the calendar grid").last.click()
    await editor(page).locator("summary").click()
    await expect(editor(page).get_by_role("button", name="Duplicate")).to_be_visible()


async def row_menu(ada: Person) -> None:
    await some_entries(ada)
    await ada.page.locator(".entries > li").first.hover()
    more = ada.page.get_by_role("button", name="More: Settle")
    # A phone has the menu's actions in the editor.
    if not await more.is_visible():
        await ada.page.get_by_role("link", name="Settle on the calendar grid").click()
        return
    await more.click()
    await expect(ada.page.locator("#entries-menu")).to_be_visible()


async def splitting(ada: Person) -> None:
    await some_entries(ada)
    await ada.page.goto(
        str(await ada.page.get_by_role("link", name="Settle on").get_attribute("href")).replace(
            "edit", "split"
        )
    )
    split = ada.page.get_by_role("form", name="Split entry")
    await split.get_by_label("Split at").fill("noon")
    await split.get_by_role("button", name="Split").click()
    await expect(split.locator(".error")).to_be_visible()


async def editing_with_errors(ada: Person) -> None:
    await editing(ada)
    await editor(ada.page).get_by_label("Start").fill("half past")
    await editor(ada.page).get_by_label("Duration").fill("long")
    await editor(ada.page).get_by_role("button", name="Save").click()
    await expect(editor(ada.page).locator(".error").first).to_be_visible()


async def adding_by_hand_in_the_fold(ada: Person) -> None:
    await ada.send("/account", profile(ada) | {"time_zone": "Europe/Berlin"})
    page = await ada.open("/timer")
    await page.get_by_text("Add time by hand").click()
    form = page.get_by_role("form", name="Add time by hand")
    for label, text in (("Date", "2025-10-26"), ("Start", "2:30"), ("End", "4:00")):
        await form.get_by_label(label).fill(text)
    await form.get_by_role("button", name="Add").click()
    await expect(form.get_by_role("radio").first).to_be_attached()


async def today_as_a_table(ada: Person) -> None:
    await some_entries(ada)
    await ada.track("Overlapping", "9:30", "9:40")
    await ada.track("After a gap", "11:00", "11:30")
    await ada.send("/timer/start", {"description": "Something that runs"})
    page = await ada.open("/timer")
    await page.get_by_text("Show as a table").click()
    await expect(page.get_by_role("table", name="Today")).to_be_visible()


async def filling_a_gap(ada: Person) -> None:
    await ada.track("Plan")
    await ada.track("Review", "11:00", "11:30")
    page = await ada.open("/timer")
    await page.get_by_role("link", name="Fill the gap").click()
    await expect(
        page.get_by_role("form", name="Add time by hand").get_by_label("Description")
    ).to_be_focused()


async def suggesting(ada: Person) -> None:
    await some_entries(ada)
    await start_field(ada.page).press_sequentially("settle")
    await ada.page.keyboard.press("ArrowDown")
    await expect(ada.page.locator("#timer-start [role=option]")).to_have_count(1)
    await ada.page.keyboard.press("ArrowDown")


async def deleted(ada: Person) -> None:
    await editing(ada)
    await editor(ada.page).locator("summary").click()
    await editor(ada.page).get_by_role("button", name="Delete").click()
    await expect(toast(ada.page, "Entry deleted")).to_be_visible()


async def keyboard_dialog(ada: Person) -> None:
    await (await ada.open("/timer")).keyboard.press("?")
    await expect(ada.page.get_by_role("dialog")).to_be_visible()


async def workspace_menu(ada: Person) -> None:
    await (await ada.open("/timer")).locator("summary.workspace").click()


async def the_beginning(ada: Person) -> None:
    await ada.open(f"/timer?before={ada.day(900)}")


async def no_projects(ada: Person) -> None:
    await ada.open("/projects")


async def projects(ada: Person) -> None:
    await some_entries(ada)
    retired = await ada.add_project("Retired", description="What we did until last year.")
    await ada.send(f"/projects/{retired}/archive", {})
    page = await ada.open("/projects")
    await page.locator("#projects-archived summary").click()
    await expect(page.get_by_role("button", name="Restore Retired")).to_be_visible()


async def project_in_its_editor(ada: Person) -> None:
    await some_entries(ada)
    page = await ada.open("/projects")
    await page.get_by_role("link", name="Edit Website Redesign").click()
    form = page.get_by_role("form", name="Website Redesign")
    await form.get_by_label("Name", exact=True).fill("A project with quite a long name, as they come")
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator(".error")).to_be_visible()


async def project_on_its_own_page(ada: Person) -> None:
    await ada.open(f"/projects/{await ada.add_project('Garden')}/edit")


async def rates_of_a_project(ada: Person) -> None:
    garden = await ada.add_project("Garden")
    for starts_on, rate in (("2020-01-01", "95"), ("2199-01-01", "1,250.50")):
        await ada.send("/rates", {"project": garden, "starts_on": starts_on, "rate": rate})
    page = await ada.open(f"/projects/{garden}/edit")
    await page.get_by_role("link", name="Edit the rate from 1 Jan 2020 on").click()
    form = page.get_by_role("form", name="Rate from 1 Jan 2020 on")
    await form.get_by_label("An hour").fill("much")
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator(".error")).to_be_visible()


async def rates_of_the_workspace(ada: Person) -> None:
    await ada.send("/rates", {"starts_on": "2020-01-01", "rate": "95"})
    await ada.open("/workspace")


async def clients(ada: Person) -> None:
    await some_entries(ada)
    await ada.open("/clients")


async def no_clients(ada: Person) -> None:
    await ada.open("/clients")


async def tags(ada: Person) -> None:
    await some_entries(ada)
    page = await ada.open("/tags")
    await page.get_by_role("link", name="Edit design").click()
    await expect(page.get_by_role("form", name="design")).to_be_visible()


async def no_tags(ada: Person) -> None:
    await ada.open("/tags")


def profile(ada: Person) -> dict[str, str]:
    known = {
        "username": ada.name,
        "email": f"{ada.name}@example.com",
        "time_zone": ada.zone,
        "theme": "system",
    }
    known |= {"density": "comfortable", "locale": "en", "duration_format": "clock"}
    known |= {"day_target": "8", "timer_limit": "8", "is_warned_of_overlap": "1"}
    return known | {"hour_cycle": "24", "date_order": "dmy", "week_start": "0"}


async def account(ada: Person) -> None:
    await ada.open("/account")


async def account_with_errors(ada: Person) -> None:
    page = await ada.open("/account")
    await page.get_by_label("Email").fill("nobody")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_role("button", name="Change password").click()
    await expect(page.locator("#account-password .error").first).to_be_visible()


SIGNED_OUT: list[State] = [
    signing_in,
    signing_in_with_a_wrong_password,
    registering,
    registering_with_errors,
    nothing_there,
]
SIGNED_IN: list[State] = [
    no_entries,
    some_entries,
    running,
    running_with_the_next_typed,
    editing,
    editing_with_errors,
    editing_in_an_open_fold_with_the_menu,
    row_menu,
    splitting,
    adding_by_hand_in_the_fold,
    today_as_a_table,
    filling_a_gap,
    suggesting,
    deleted,
    keyboard_dialog,
    workspace_menu,
    the_beginning,
    no_projects,
    projects,
    project_in_its_editor,
    project_on_its_own_page,
    rates_of_a_project,
    rates_of_the_workspace,
    no_clients,
    clients,
    no_tags,
    tags,
    account,
    account_with_errors,
]
# Of the desk only: a phone has no rail.
NOT_ON_A_PHONE = (keyboard_dialog, workspace_menu)


def named(states: list[State]) -> pytest.MarkDecorator:
    names = [getattr(state, "__name__", "").replace("_", " ") for state in states]
    return pytest.mark.parametrize("state", states, ids=names)


# ---- The test


@named(SIGNED_OUT + SIGNED_IN)
async def test_everybody_can_read_and_press_it(site: Server, people: People, state: State) -> None:
    people.expect("4(04|22)")
    come = people.stranger if state in SIGNED_OUT else people.newcomer
    ada = await come(site)
    await state(ada)
    await everybody_can_use(ada.page, on_a_phone=state not in NOT_ON_A_PHONE)
