"""The list of a report and what is behind its figures, in a browser: edited in place, opened, and never lost."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.looks import everybody_can_use
from tests.browser.people import People, Person, editor, field, is_live, row, toast
from tests.browser.server import Server
from tests.browser.test_team import join

LIST = "/reports?view=detailed"
GRID = "/reports?view=weekly&period=last-7-days"


async def three(ada: Person, path: str = LIST) -> Page:
    """Entries of today: One, Two and Three, the first an hour long, each a quarter longer than the one before."""
    for at, name in enumerate(("One", "Two", "Three")):
        await ada.track(name, f"{6 + at}:00", f"{7 + at}:{15 * at:02}")
    return await ada.open(path)


def total(page: Page) -> Locator:
    return page.locator(".list-sums dd b")


def grid(page: Page) -> Locator:
    return page.get_by_role("table").filter(has=page.locator("tfoot"))


def cell(page: Page, name: str, hours: str) -> Locator:
    """The sum of a row of the grid."""
    line = grid(page).locator("tr[id]", has=page.get_by_role("rowheader", name=name))
    return line.locator(".sum").get_by_role("link", name=hours, exact=True)


def behind(page: Page) -> Locator:
    return page.locator("section.behind")


async def test_an_entry_is_edited_in_its_row_and_all_figures_come_right(ada: Person) -> None:
    page = await three(ada)
    await expect(total(page)).to_have_text("3:45")
    await row(page, "Two").locator(".desc").click()
    await expect(field(page, "Description")).to_be_focused()
    await field(page, "Description").fill("Second")
    await field(page, "Duration").fill("2:15")
    await field(page, "Duration").press("Enter")
    await expect(total(page)).to_have_text("4:45")
    await expect(row(page, "Second").locator(".when")).to_be_visible()
    await expect(row(page, "Second").locator(".dur")).to_have_text("2:15")
    await expect(editor(page)).to_have_count(0)
    await expect(page).to_have_url(re.compile(r"/reports\?view=detailed"))


async def test_a_cancelled_editor_leaves_the_reports_own_row(ada: Person) -> None:
    page = await three(ada)
    await row(page, "Two").locator(".desc").click()
    await expect(field(page, "Description")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(row(page, "Two").locator(".when")).to_be_visible()
    await expect(editor(page)).to_have_count(0)
    await expect(row(page, "Two").get_by_role("link", name="Two", exact=True)).to_be_focused()


async def test_an_open_editor_stays_while_others_work(site: Server, people: People) -> None:
    ada = await people.newcomer(site)
    page = await three(ada)
    other = await people.same(ada)
    await row(page, "Two").locator(".desc").click()
    await field(page, "Description").fill("Half way")
    await other.track("Four", "10:00", "10:30")
    await expect(row(page, "Four")).to_be_visible()
    await expect(total(page)).to_have_text("4:15")
    await expect(field(page, "Description")).to_have_value("Half way")
    await expect(field(page, "Description")).to_be_focused()


async def test_the_rows_menu_works_here_too(ada: Person) -> None:
    page = await three(ada, "/reports")
    await page.get_by_role("link", name="Detailed").click()
    await page.get_by_role("button", name="More: Two").click()
    await page.locator("#entries-menu").get_by_role("button", name="Delete").click()
    await expect(toast(page, "Entry deleted.")).to_be_visible()
    await expect(row(page, "Two")).to_have_count(0)
    await expect(total(page)).to_have_text("2:30")
    await page.keyboard.press("u")
    await expect(row(page, "Two")).to_be_visible()
    await expect(total(page)).to_have_text("3:45")


async def test_several_are_changed_at_once_and_changed_back(ada: Person) -> None:
    page = await three(ada)
    for name in ("One", "Three"):
        await row(page, name).hover()
        await row(page, name).locator(".pick").click()
    bar = page.get_by_role("region", name="What to do with the selected entries")
    await bar.get_by_label("Names of tags").fill("ops")
    await bar.get_by_role("button", name="Change").click()
    await expect(toast(page, "2 entries changed.")).to_be_visible()
    for name in ("One", "Three"):
        await expect(row(page, name)).to_contain_text("#ops")
    await expect(row(page, "Two")).not_to_contain_text("#ops")
    await expect(bar).to_be_hidden()
    await toast(page, "2 entries changed.").get_by_role("button", name="Undo").click()
    await expect(page.locator(".report-rows")).not_to_contain_text("#ops")


async def test_it_is_sorted_and_the_address_says_so(ada: Person) -> None:
    page = await three(ada)
    names = page.locator(".report-rows .desc")
    await expect(names).to_have_text(["Three", "Two", "One"])
    await page.get_by_role("link", name="Description").click()
    await expect(names).to_have_text(["One", "Three", "Two"])
    await expect(page.get_by_role("columnheader", name="Description")).to_have_attribute(
        "aria-sort", "ascending"
    )
    await expect(page).to_have_url(re.compile("sort=description"))
    await page.reload()
    await expect(names).to_have_text(["One", "Three", "Two"])
    await page.go_back()
    await expect(names).to_have_text(["Three", "Two", "One"])


async def test_the_next_page_is_read_from_its_top_and_back_is_the_one_before(ada: Person) -> None:
    for number in range(52):
        await ada.track(f"Work {number:02}", f"{number // 6}:{number % 6}0", f"{number // 6}:{number % 6}5")
    page = await ada.open(f"{LIST}&sort=description")
    names = page.locator(".report-rows .desc")
    await expect(names).to_have_count(50)
    await page.get_by_role("link", name="Next page").click()
    await expect(names).to_have_text(["Work 50", "Work 51"])
    await expect(page.get_by_role("heading", name="Entries")).to_be_in_viewport()
    await expect(page).to_have_url(re.compile("after="))
    await ada.track("Work 99", "12:00", "12:05")
    await expect(names).to_have_text(["Work 50", "Work 51", "Work 99"])
    await page.go_back()
    await expect(names.first).to_have_text("Work 00")
    await page.go_forward()
    await page.get_by_role("link", name="First page").click()
    await expect(names.first).to_have_text("Work 00")
    await page.goto(f"{GRID}&open=total")
    await behind(page).get_by_role("link", name="Older entries").click()
    await expect(behind(page).get_by_role("listitem")).to_have_count(3)
    await expect(behind(page)).to_contain_text("53 entries")
    await expect(behind(page).get_by_role("heading")).to_be_in_viewport()


async def test_keys_alone_edit_and_pick(ada: Person) -> None:
    page = await three(ada)
    await page.keyboard.press("j")
    await expect(row(page, "Three").get_by_role("link", name="Three", exact=True)).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("x")
    await expect(page.locator(".pick:checked")).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await field(page, "Description").fill("By hand")
    await page.keyboard.press("Enter")
    await expect(row(page, "By hand").locator(".when")).to_be_visible()


async def test_a_figure_opens_and_stays_open_while_a_mate_works(site: Server, people: People) -> None:
    ada, mate = await people.newcomer(site), await people.newcomer(site)
    await join(ada, mate)
    page = await three(ada, GRID)
    figure = cell(page, "Without a project", "3:45")
    await figure.click()
    await expect(behind(page)).to_contain_text("3 entries 3:45:00")
    await expect(figure).to_have_attribute("aria-expanded", "true")
    await expect(page).to_have_url(re.compile("open=project:none"))
    await page.evaluate("window.isTheSame = true")
    await mate.track("Four", "10:00", "10:30")
    await expect(behind(page)).to_contain_text("4 entries 4:15:00", timeout=3000)
    await expect(behind(page).get_by_role("listitem").filter(has_text="Four")).to_contain_text(mate.name)
    await expect(cell(page, "Without a project", "4:15")).to_be_visible()
    assert await page.evaluate("window.isTheSame")
    await page.reload()
    await expect(behind(page)).to_contain_text("4 entries 4:15:00")
    await behind(page).get_by_role("link", name="Close: Without a project").click()
    await expect(behind(page)).to_have_count(0)
    await expect(page).not_to_have_url(re.compile("open="))


async def test_a_figure_is_opened_and_closed_by_keys(ada: Person) -> None:
    page = await three(ada, GRID)
    figure = cell(page, "Total", "3:45")
    await figure.focus()
    await page.keyboard.press("Enter")
    await expect(behind(page)).to_contain_text("3 entries 3:45:00")
    await expect(figure).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(behind(page)).to_have_count(0)
    await expect(figure).to_be_focused()
    await page.keyboard.press("Enter")
    await behind(page).get_by_role("link", name="Close").focus()
    await page.keyboard.press("Enter")
    await expect(behind(page)).to_have_count(0)
    await expect(figure).to_be_focused()


async def test_what_is_open_of_the_summary_is_closed_one_by_one(ada: Person) -> None:
    page = await three(ada, "/reports?period=today")
    await page.locator(".kpis").get_by_role("link", name="3:45").first.click()
    await expect(behind(page)).to_contain_text("3 entries 3:45:00")
    await page.locator("table.lines tbody").get_by_role("link", name="3:45").first.click()
    await expect(behind(page)).to_have_count(2)
    await behind(page).get_by_role("link", name="Close: Total").click()
    await expect(behind(page)).to_have_count(1)
    await expect(behind(page)).to_contain_text("Without a project")
    await expect(page.locator(".kpis").get_by_role("link", name="3:45").first).to_be_focused()
    await page.reload()
    await expect(behind(page)).to_have_count(1)


async def test_a_figure_of_the_charts_table_opens_beneath_it(ada: Person) -> None:
    page = await three(ada, "/reports?period=today")
    table = page.locator("#reports-chart-table")
    await table.locator("> summary").click()
    await table.locator("tbody").get_by_role("link", name="3:45", exact=True).first.click()
    await expect(behind(page)).to_contain_text("3 entries 3:45:00")
    await expect(table.locator(".opened")).to_be_visible()
    await ada.track("Four", "10:00", "10:30")
    await expect(behind(page)).to_contain_text("4 entries 4:15:00")
    await page.reload()
    await expect(table.locator(".opened")).to_be_visible()
    await everybody_can_use(page)


async def test_it_works_without_script(plain_ada: Person) -> None:
    page = await three(plain_ada)
    await page.get_by_role("link", name="Two", exact=True).click()
    await field(page, "Description").fill("Second")
    await editor(page).get_by_role("button", name="Save").click()
    await expect(page).to_have_url(re.compile(r"/reports\?view=detailed"))
    await expect(row(page, "Second")).to_be_visible()
    await row(page, "One").locator(".pick").check(force=True)
    bar = page.get_by_role("region", name="What to do with the selected entries")
    await bar.get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/reports\?view=detailed"))
    await expect(row(page, "One")).to_have_count(0)
    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/reports\?view=detailed"))
    await expect(row(page, "One")).to_be_visible()
    await page.goto(GRID)
    await cell(page, "Total", "3:45").click()
    await expect(behind(page)).to_contain_text("3 entries 3:45:00")
    await expect(behind(page)).to_be_in_viewport()
    await behind(page).get_by_role("link", name="Close").click()
    await expect(behind(page)).to_have_count(0)


async def test_everybody_can_use_the_list(ada: Person) -> None:
    page = await three(ada)
    await everybody_can_use(page)


async def test_everybody_can_use_the_grid(ada: Person) -> None:
    await ada.track("A night", "22:00", "23:30", date=ada.day(1))
    page = await three(ada, f"{GRID}&open=total")
    await is_live(page)
    await expect(behind(page)).to_be_visible()
    await everybody_can_use(page)


async def test_on_a_phone_the_grid_scrolls_in_its_box_and_names_stay(site: Server, people: People) -> None:
    ada = await people.newcomer(site, phone=True)
    await ada.track("One", "6:00", "7:00")
    page = await ada.open("/reports?view=weekly&period=this-month&open=total")
    name = grid(page).get_by_role("rowheader").first
    before = await name.bounding_box()
    await page.locator(".grid-wrap").evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    after = await name.bounding_box()
    assert before
    assert after
    assert abs(before["x"] - after["x"]) < 2
    assert await page.locator(".grid-wrap").evaluate("box => Math.abs(box.scrollLeft) > 100")
    panel = await behind(page).bounding_box()
    assert panel
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 390
