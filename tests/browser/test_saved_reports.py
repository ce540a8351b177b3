"""Saved reports: saved above a report, found again in its menu, pinned beside the timer, shared with the team."""

from playwright.async_api import Locator, Page, expect

from tests.browser.looks import everybody_can_use
from tests.browser.people import People, Person, toast
from tests.browser.server import Server
from tests.browser.test_team import join


def card(page: Page) -> Locator:
    return page.locator("#saved-reports-pinned")


def line(page: Page, name: str) -> Locator:
    """A line of the list of saved reports."""
    return page.locator("#saved-reports-list tbody tr").filter(
        has=page.get_by_role("link", name=name, exact=True)
    )


def saving(page: Page) -> Locator:
    return page.get_by_role("form", name="Save this report")


async def open_saving(page: Page) -> None:
    await page.locator("#saved-reports-save > summary").click()
    await expect(saving(page).get_by_label("Name")).to_be_visible()


async def pin(ada: Person, name: str) -> Page:
    page = await ada.open("/saved-reports")
    await line(page, name).get_by_role("button", name=f"Pin {name} to the timer page").click()
    await expect(line(page, name)).to_contain_text("Pinned")
    return page


async def test_a_report_is_saved_pinned_and_followed_beside_the_timer(
    every_site: Server, people: People
) -> None:
    ada = await people.newcomer(every_site)
    garden = await ada.add_project("Garden")
    await ada.track("Weeding", "9:00", "10:00", project=garden)
    page = await ada.open("/reports?period=today&by=project")
    await open_saving(page)
    await saving(page).get_by_label("Name").fill("My day")
    await saving(page).get_by_label("Name").press("Enter")
    await expect(toast(page, "“My day” saved.")).to_be_visible()
    await expect(saving(page)).to_be_hidden()
    await page.locator("#saved-reports-menu > summary").click()
    await page.locator("#saved-reports-menu").get_by_role("link", name="My day").click()
    await ada.arrives("/reports?period=today")
    await pin(ada, "My day")
    page = await ada.open("/timer")
    await expect(card(page).get_by_role("link", name="My day")).to_be_visible()
    await expect(card(page).locator("header .num")).to_have_text("1:00")
    await ada.track("Planting", "10:00", "10:30", project=garden)
    await expect(card(page).locator("header .num")).to_have_text("1:30", timeout=2000)
    await ada.track("Alone", "11:00", "11:15")
    await expect(card(page).get_by_role("listitem")).to_have_count(2, timeout=2000)
    await expect(card(page).get_by_role("listitem").first).to_contain_text("Garden")


async def test_the_card_comes_and_goes_in_every_tab(ada: Person) -> None:
    await ada.send("/saved-reports", {"name": "My day", "query": "period=today"})
    await expect(card(ada.page)).to_be_hidden()
    other = await ada.tab("/saved-reports")
    await line(other, "My day").get_by_role("button", name="Pin").click()
    await expect(line(other, "My day")).to_contain_text("Pinned")
    await ada.page.bring_to_front()
    await expect(card(ada.page)).to_contain_text("Nothing was tracked in this time.")
    await ada.track("Soon", "9:00", "9:20")
    await expect(card(ada.page).locator("header .num")).to_have_text("0:20")
    await other.bring_to_front()
    await line(other, "My day").get_by_role("button", name="Unpin").click()
    await expect(toast(other, "Unpinned.")).to_be_visible()
    await ada.page.bring_to_front()
    await expect(card(ada.page)).to_be_hidden()


async def test_a_name_that_is_taken_is_replaced_by_keyboard(ada: Person) -> None:
    ada.people.expect("422")
    await ada.send("/saved-reports", {"name": "Client", "query": "by=client"})
    page = await ada.open("/reports?by=task")
    await page.locator("#saved-reports-save > summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(saving(page).get_by_label("Name")).to_be_focused()
    await expect(page.locator('#saved-reports-names option[value="Client"]')).to_be_attached()
    await page.keyboard.type("client")
    await page.keyboard.press("Enter")
    await expect(saving(page).locator(".error")).to_contain_text("You have a report called “Client” already.")
    await expect(saving(page).get_by_label("Name")).to_be_focused()
    await expect(saving(page).get_by_label("Name")).to_have_value("client")
    await saving(page).get_by_role("button", name="Replace “Client”").press("Enter")
    await expect(toast(page, "“client” saved.")).to_be_visible()
    await page.locator("#saved-reports-menu > summary").click()
    await page.locator("#saved-reports-menu").get_by_role("link", name="client").click()
    await ada.arrives("/reports?by=task")


async def test_what_is_saved_is_what_the_page_shows_by_then(ada: Person) -> None:
    page = await ada.open("/reports")
    await page.get_by_label("Grouped by").select_option("client")
    await ada.arrives("/reports?by=client")
    await open_saving(page)
    await saving(page).get_by_label("Name").fill("By client")
    await saving(page).get_by_label("Name").press("Enter")
    await expect(toast(page, "“By client” saved.")).to_be_visible()
    menu = page.locator("#saved-reports-menu")
    await menu.locator("summary").click()
    await expect(menu.get_by_role("link", name="By client")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_label("Grouped by").select_option("tag")
    await ada.arrives("/reports?by=tag")
    await menu.locator("summary").click()
    await menu.get_by_role("link", name="By client").click()
    await ada.arrives("/reports?by=client")


async def test_what_is_typed_into_the_form_stays_while_the_report_changes(ada: Person) -> None:
    page = await ada.open("/reports")
    await open_saving(page)
    await saving(page).get_by_label("Name").fill("Half a na")
    await ada.track("Meanwhile", "9:00", "9:30")
    await expect(page.locator("#reports-figures")).to_contain_text("0:30")
    await expect(saving(page).get_by_label("Name")).to_have_value("Half a na")
    await expect(saving(page).get_by_label("Name")).to_be_focused()


async def test_a_shared_report_comes_to_the_list_of_the_others(site: Server, people: People) -> None:
    ada, bob = await people.newcomer(site), await people.newcomer(site)
    await join(ada, bob)
    theirs = await bob.open("/saved-reports")
    await expect(theirs.get_by_role("heading", name="No saved reports yet")).to_be_visible()
    await ada.send("/saved-reports", {"name": "Ours", "query": "by=member"})
    page = await ada.open("/saved-reports")
    await line(page, "Ours").get_by_role("link", name="Edit Ours").click()
    form = page.get_by_role("form", name="Ours")
    await form.get_by_label("Everybody").check()
    await form.get_by_label("Name").fill("Ours in all")
    await form.get_by_label("Name").press("Enter")
    await expect(line(page, "Ours in all")).to_contain_text("Everybody")
    await bob.page.bring_to_front()
    await expect(line(theirs, "Ours in all")).to_contain_text(f"Everybody, by {ada.name}")
    await expect(line(theirs, "Ours in all").get_by_role("link", name="Edit")).to_have_count(0)
    await ada.page.bring_to_front()
    await line(page, "Ours in all").get_by_role("link", name="Edit Ours in all").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(line(page, "Ours in all")).to_have_count(0)
    await toast(page, "deleted").get_by_role("button", name="Undo").click()
    await expect(line(page, "Ours in all")).to_be_visible()


async def test_all_of_it_works_without_script(plain_ada: Person) -> None:
    ada, page = plain_ada, plain_ada.page
    await ada.track("Weeding", "9:00", "10:00")
    await page.goto("/reports?period=today")
    await open_saving(page)
    await saving(page).get_by_label("Name").fill("My day")
    await saving(page).get_by_role("button", name="Save").click()
    await ada.arrives("/reports?period=today")
    await expect(page.get_by_role("status").filter(has_text="“My day” saved.")).to_be_visible()
    await page.locator("#saved-reports-menu > summary").click()
    await page.get_by_role("link", name="All saved reports").click()
    await line(page, "My day").get_by_role("button", name="Pin").click()
    await expect(line(page, "My day")).to_contain_text("Pinned")
    await page.goto("/timer")
    await card(page).get_by_role("link", name="My day").click()
    await ada.arrives("/reports?period=today")
    await page.goto("/saved-reports")
    await line(page, "My day").get_by_role("link", name="Edit My day").click()
    await page.get_by_label("Name").fill("Our day")
    await page.get_by_role("button", name="Save").click()
    await line(page, "Our day").get_by_role("link", name="Edit Our day").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(line(page, "Our day")).to_have_count(0)
    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(line(page, "Our day")).to_be_visible()


async def test_everybody_can_use_the_list_and_the_card(ada: Person) -> None:
    name = "A saved report with quite a long name, as they come in big houses"
    project = await ada.add_project("A project with quite a long name, as they come in big houses")
    await ada.track("Weeding", "9:00", "10:00", project=project)
    await ada.send("/saved-reports", {"name": name, "query": "period=today", "is_shared": "1"})
    await ada.send("/saved-reports", {"name": "Fixed", "query": "from=2026-01-01&to=2026-12-31"})
    await ada.send("/saved-reports", {"name": "Third", "query": ""})
    page = await pin(ada, name)
    await line(page, "Third").get_by_role("link", name="Edit Third").click()
    await expect(page.get_by_role("form", name="Third")).to_be_visible()
    await everybody_can_use(page)


async def test_everybody_can_use_the_card_beside_the_timer(ada: Person) -> None:
    project = await ada.add_project("A project with quite a long name, as they come in big houses")
    await ada.track("Weeding", "9:00", "10:00", project=project)
    await ada.send(
        "/saved-reports", {"name": "A saved report with quite a long name", "query": "period=today"}
    )
    await pin(ada, "A saved report with quite a long name")
    page = await ada.open("/timer")
    await expect(card(page).locator("header .num")).to_have_text("1:00")
    await everybody_can_use(page)


async def test_everybody_can_use_the_form_that_saves(ada: Person) -> None:
    ada.people.expect("422")
    await ada.send("/saved-reports", {"name": "Client", "query": ""})
    page = await ada.open("/reports?from=2026-11-01&to=2026-11-15")
    await open_saving(page)
    await saving(page).get_by_label("Name").fill("Client")
    await saving(page).get_by_role("button", name="Save").click()
    await expect(saving(page).get_by_role("button", name="Replace “Client”")).to_be_visible()
    await everybody_can_use(page)


async def test_everybody_can_use_the_menu(ada: Person) -> None:
    for number in range(20):
        name = f"{number} A saved report with quite a long name, as they come in big houses"
        await ada.send("/saved-reports", {"name": name, "query": ""})
    page = await ada.open("/reports")
    await page.locator("#saved-reports-menu > summary").click()
    await expect(page.locator("#saved-reports-menu").get_by_role("link", name="All saved")).to_be_visible()
    await expect(page.locator("#saved-reports-menu").get_by_role("link")).to_have_count(21)
    await everybody_can_use(page)
