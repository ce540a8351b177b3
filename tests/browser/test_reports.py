"""Reports in the browser: filters that narrow as one types, dates by mouse and keyboard, figures that open, two people
in step, and all of it without script."""

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.looks import everybody_can_use
from tests.browser.people import People, Person, toast
from tests.browser.server import Server
from tests.browser.test_team import join


def total(page: Page) -> Locator:
    """The first of the key figures."""
    return page.locator(".kpi").first.locator("b")


def line(page: Page, name: str) -> Locator:
    return page.locator("table.lines tr[id]").filter(has=page.get_by_role("rowheader", name=name))


def chip(page: Page, name: str) -> Locator:
    return page.locator(f"#r-chip-{name}")


async def some_work(ada: Person) -> None:
    """An hour on each of two projects, half an hour on none; all of it today."""
    red = await ada.add_project("Website Redesign", colour="2", new_client="Acme")
    blue = await ada.add_project("Platform", colour="4")
    await ada.track("Settle on the grid", "9:00", "10:00", project=red, tags="design, review", billable="1")
    await ada.track("Rate limits", "10:00", "11:00", project=blue, tags="ops")
    await ada.track("Tidy up", "11:00", "11:30")
    await ada.send("/rates", {"starts_on": "2020-01-01", "rate": "95"})


async def summary(ada: Person) -> None:
    await some_work(ada)
    await ada.open("/reports?period=today&then=tag")


async def summary_with_all_open(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today&then=task&round=up&show=both&open=total")
    await page.locator("table.lines tr[id] td a").first.click()
    await page.get_by_text("Show as a table").click()
    await expect(page.locator(".behind")).to_have_count(2)


async def empty_report(ada: Person) -> None:
    await ada.open("/reports?period=today")


async def filters_open(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today&tags=all")
    await chip(page, "tag").locator("summary").click()
    await page.get_by_role("checkbox", name="design").check()
    await expect(chip(page, "tag").locator("summary")).to_have_text(re.compile("Tag: 1"))


async def calendar_open_with_errors(ada: Person) -> None:
    await some_work(ada)
    await ada.open("/reports?from=yestermorrow&to=2026-11-30&zone=Nowhere")


@pytest.mark.parametrize(
    "state", [summary, summary_with_all_open, empty_report, filters_open, calendar_open_with_errors]
)
async def test_everybody_can_read_and_press_reports(site: Server, people: People, state: object) -> None:
    ada = await people.newcomer(site)
    await state(ada)  # type: ignore[operator]
    await everybody_can_use(ada.page)


async def test_boxes_narrow_the_report_and_the_address_holds_it(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    await expect(total(page)).to_have_text("2:30")
    projects = chip(page, "project")
    await projects.locator("summary").click()
    await projects.get_by_text("Platform").click()
    await expect(total(page)).to_have_text("1:00")
    await expect(projects.get_by_label("Platform")).to_be_focused()
    await expect(projects).to_have_attribute("open", "")
    await projects.get_by_label("Without a project").check()
    await expect(total(page)).to_have_text("1:30")
    await expect(projects.locator("summary")).to_have_text(re.compile("Project: 2"))
    await expect(page).to_have_url(re.compile("project=none"))

    await page.reload()
    await expect(total(page)).to_have_text("1:30")
    await page.go_back()
    await expect(total(page)).to_have_text("1:00")
    await expect(chip(page, "project").get_by_label("Without a project")).not_to_be_checked()
    await page.go_forward()
    await expect(total(page)).to_have_text("1:30")

    await chip(page, "project").locator("summary").click()
    await chip(page, "project").get_by_role("link", name="Clear").click()
    await expect(total(page)).to_have_text("2:30")
    await expect(chip(page, "project").get_by_label("Platform")).not_to_be_checked()
    await expect(chip(page, "project").locator("summary")).to_have_text("Project")


async def test_text_narrows_as_it_is_typed(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    await page.get_by_label("Text in descriptions").press_sequentially("grid", delay=30)
    await expect(total(page)).to_have_text("1:00")
    await expect(page).to_have_url(re.compile(r"q=grid$"))
    await expect(page.get_by_label("Text in descriptions")).to_be_focused()
    await expect(page.get_by_label("Text in descriptions")).to_have_value("grid")


async def test_a_long_list_narrows_as_one_types_and_enter_takes_what_is_left(ada: Person) -> None:
    for number in range(9):
        await ada.add_project(f"Project {number}")
    await ada.add_project("Garden")
    page = await ada.open("/reports?period=today")
    projects = chip(page, "project")
    await projects.locator("summary").click()
    await expect(projects.get_by_label("Narrow the list")).to_be_focused()
    await page.keyboard.type("ard")
    await expect(projects.get_by_role("checkbox")).to_have_count(1)
    await projects.get_by_label("Narrow the list").press("Enter")
    await expect(page).to_have_url(re.compile("project=[0-9a-f-]{36}$"))
    await expect(projects.get_by_role("checkbox")).to_have_count(1)
    await expect(projects.get_by_label("Narrow the list")).to_have_value("ard")
    await projects.get_by_label("Narrow the list").fill("nothing like it")
    await expect(projects.get_by_text("Nothing by that name.")).to_be_visible()


async def test_two_days_of_the_calendar_make_a_period(ada: Person) -> None:
    page = await ada.open("/reports?from=2026-03-01&to=2026-03-31")
    await page.locator("#reports-period > summary").click()
    await page.get_by_role("link", name="Month before").click()
    await page.get_by_role("link", name="Friday 13 Feb 2026").click()
    await expect(page.locator(".cal")).to_contain_text("Now choose the last day.")
    await page.get_by_role("link", name="Tuesday 3 Feb 2026").click()
    await expect(page.locator("#reports-period > summary")).to_contain_text("3 – 13 Feb 2026")
    await expect(page).to_have_url(re.compile("from=2026-02-03&to=2026-02-13$"))


async def test_periods_by_keyboard(ada: Person) -> None:
    page = await ada.open("/timer")
    await page.keyboard.press("g")
    await page.keyboard.press("r")
    await ada.arrives("/reports")
    await page.keyboard.press("[")
    await expect(page).to_have_url(re.compile("period=last-month"))
    await page.keyboard.press("]")
    await expect(page).to_have_url(re.compile("/reports$"))

    page = await ada.open("/reports?from=2026-03-01&to=2026-03-31")
    await page.locator("#reports-period > summary").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Sunday 1 Mar 2026").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.locator(".cal")).to_contain_text("Now choose the last day.")
    await expect(page.get_by_role("link", name="Monday 9 Mar 2026")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("from=2026-03-09&to=2026-03-16$"))
    await page.keyboard.press("Escape")
    await expect(page.locator("#reports-period > summary")).to_be_focused()


async def test_typed_dates_that_are_none_are_told_and_kept(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    await page.locator("#reports-period > summary").click()
    await page.get_by_label("From").fill("yestermorrow")
    await page.get_by_label("From").press("Enter")
    await expect(page.locator("#r-from-error")).to_contain_text("Type a date")
    await expect(page.get_by_label("From")).to_have_value("yestermorrow")
    await expect(total(page)).to_have_text("2:30")
    await page.get_by_label("From").fill("yesterday")
    await page.get_by_label("From").press("Tab")
    await expect(page).to_have_url(re.compile("from="))
    await expect(page.locator("#r-from-error")).to_have_count(0)


async def test_a_figure_opens_its_entries_and_stays_open(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    figure = line(page, "Platform").get_by_role("link").first
    await figure.click()
    await expect(page.locator(".behind")).to_contain_text("Rate limits")
    await expect(page.locator(".behind")).not_to_contain_text("Settle on the grid")
    await expect(figure).to_be_focused()
    await expect(page).to_have_url(re.compile("open=project"))
    await ada.track("Answer tickets", "12:00", "12:15")
    await expect(total(page)).to_have_text("2:45")
    await expect(page.locator(".behind")).to_contain_text("Rate limits")

    await page.reload()
    await expect(page.locator(".behind")).to_contain_text("Rate limits")
    await line(page, "Platform").get_by_role("link").first.click()
    await expect(page.locator(".behind")).to_have_count(0)
    await expect(page).to_have_url(re.compile("period=today$"))
    await expect(line(page, "Platform").get_by_role("link").first).to_be_focused()


async def test_what_is_open_survives_another_filter(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    await page.locator(".kpi a").first.click()
    await expect(page.locator(".behind")).to_contain_text("Tidy up")
    await page.locator("#reports-form [name=billable]").select_option("yes")
    await expect(total(page)).to_have_text("1:00")
    await expect(page.locator(".behind")).to_contain_text("Settle on the grid")
    await expect(page.locator(".behind")).not_to_contain_text("Tidy up")


async def test_inner_lines_fold_by_keyboard(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today&by=client&then=project")
    box = page.get_by_role("checkbox", name="Show what is in Acme")
    await expect(line(page, "Website Redesign")).to_be_visible()
    await box.focus()
    await page.keyboard.press("Space")
    await expect(line(page, "Website Redesign")).to_be_hidden()
    await ada.track("Answer tickets", "12:00", "12:15")
    await expect(total(page)).to_have_text("2:45")
    await expect(line(page, "Website Redesign")).to_be_hidden()


async def test_a_bar_narrows_the_report_to_its_day(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=last-7-days")
    await expect(page.get_by_role("img", name=re.compile("Hours a day.*By project"))).to_be_visible()
    await page.locator(".hits a").last.click()
    await expect(page).to_have_url(re.compile("period=today"))
    await expect(total(page)).to_have_text("2:30")


async def test_figures_follow_a_team_mate_and_the_page_stays_where_it_is(
    every_site: Server, people: People
) -> None:
    ada, bob = await people.newcomer(every_site), await people.newcomer(every_site)
    await join(ada, bob)
    for number in range(30):
        await bob.track(f"Work {number:02}", "9:00", "9:10")
    page = await ada.open("/reports?period=today&by=description")
    await expect(total(page)).to_have_text("5:00")
    ago = int(bob.now.timestamp()) - 600
    await bob.send("/timer/start", {"description": "Night deploy", "at": str(ago)})
    await expect(page.locator(".kpi .run")).to_have_text("with 0:10 running", timeout=3000)
    await chip(page, "options").locator("summary").click()
    await page.keyboard.press("Escape")
    await page.evaluate("scrollTo(0, 900)")
    before = await line(page, "Work 20").evaluate("row => row.getBoundingClientRect().top")
    await bob.send("/timer/stop", {})
    await expect(page.locator(".kpi .run")).to_have_count(0, timeout=3000)
    await bob.track("Long", "0:00", "0:30")
    await expect(total(page)).to_have_text("5:40", timeout=3000)
    after = await line(page, "Work 20").evaluate("row => row.getBoundingClientRect().top")
    assert abs(after - before) < 80


async def test_an_answer_that_comes_late_brings_no_old_figures_back(ada: Person) -> None:
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    waits, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        waits.set()
        await goes_on.wait()
        await route.fulfill(response=answer)

    await page.route("**/reports/figures*", hold, times=1)
    await ada.track("Answer tickets", "12:00", "12:15")
    await waits.wait()
    await page.locator("#reports-form [name=billable]").select_option("yes")
    await expect(total(page)).to_have_text("1:00")
    async with page.expect_response(re.compile("/reports/figures.*billable=yes")):
        goes_on.set()
    await expect(total(page)).to_have_text("1:00")
    await expect(line(page, "Platform")).to_have_count(0)


async def test_the_link_of_a_report_is_copied_without_what_is_open(ada: Person) -> None:
    await ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await ada.open("/reports?period=today&open=total")
    await page.get_by_role("button", name="Share link").click()
    await expect(toast(page, "link is copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{ada.site.url}/reports?period=today"


async def test_a_half_typed_date_outlives_what_others_do(ada: Person) -> None:
    page = await ada.open("/reports?period=today")
    await page.locator("#reports-period > summary").click()
    await page.get_by_label("From").fill("22 No")
    await ada.track("Settle on the grid", "9:00", "10:00")
    await expect(total(page)).to_have_text("1:00")
    await expect(page.get_by_label("From")).to_have_value("22 No")
    await expect(page.get_by_label("From")).to_be_focused()


async def test_reports_by_finger(site: Server, people: People) -> None:
    ada = await people.newcomer(site, phone=True)
    await some_work(ada)
    page = await ada.open("/reports?period=today")
    await chip(page, "project").locator("summary").tap()
    await chip(page, "project").get_by_text("Platform").tap()
    await expect(total(page)).to_have_text("1:00")
    await page.locator("h1").tap()
    await expect(chip(page, "project")).not_to_have_attribute("open", "")
    await line(page, "Platform").get_by_role("link").first.tap()
    await expect(page.locator(".behind")).to_contain_text("Rate limits")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_reports_without_script(plain_ada: Person) -> None:
    ada, page = plain_ada, plain_ada.page
    await some_work(ada)
    await page.goto("/reports?period=today")
    await chip(page, "project").locator("summary").click()
    await chip(page, "project").get_by_label("Platform").check()
    await chip(page, "project").get_by_role("button", name="Show").click()
    await expect(total(page)).to_have_text("1:00")
    await expect(page.locator("#reports-period > summary")).to_contain_text(str(ada.now.year))
    await expect(page.locator(".period .names [aria-current]")).to_have_text("Today")

    await line(page, "Platform").get_by_role("link").first.click()
    await expect(page.locator(".behind")).to_contain_text("Rate limits")
    await page.get_by_role("link", name=re.compile("^Next period")).click()
    tomorrow = ada.now.date() + timedelta(days=1)
    await expect(page.locator("#reports-period > summary")).to_contain_text(f"{tomorrow.day} ")
    await expect(page.get_by_role("heading", name="Nothing was tracked here")).to_be_visible()

    await page.locator("#reports-period > summary").click()
    await page.get_by_label("From").fill("yesterday")
    await page.get_by_label("To", exact=True).fill("today")
    await page.get_by_role("button", name="Show these days").click()
    await expect(total(page)).to_have_text("1:00")
    await page.locator("#reports-period > summary").click()
    await page.locator(".cal td > a").first.click()
    await expect(page.locator(".cal")).to_contain_text("Now choose the last day.")
    await page.get_by_role("link", name="Weekly").click()
    await expect(page.get_by_role("link", name="Weekly")).to_have_attribute("aria-current", "page")
