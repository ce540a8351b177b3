"""Rates in the browser: two tabs in step, nothing typed is lost, and all of it without script."""

from playwright.async_api import expect

from tests.browser.people import People, Person, is_live, toast


async def test_a_rate_shows_in_every_tab_and_leaves_what_is_typed(ada: Person) -> None:
    first = await ada.open("/workspace")
    second = await ada.tab("/workspace")
    await is_live(second)
    form = first.get_by_role("form", name="New rate")
    await form.get_by_label("An hour").fill("half typed")

    other = second.get_by_role("form", name="New rate")
    await other.get_by_label("From").fill("2020-01-01")
    await other.get_by_label("An hour").fill("1,250.50")
    await other.get_by_role("button", name="Add rate").click()
    await expect(toast(second, "Rate added, from 1 Jan 2020 on.")).to_be_visible()
    await expect(second.locator("#rates-list tbody tr")).to_contain_text("€ 1,250.50")
    await expect(other.get_by_label("An hour")).to_have_value("")

    await first.bring_to_front()
    await expect(first.locator("#rates-list tbody tr")).to_contain_text("€ 1,250.50")
    await expect(form.get_by_label("An hour")).to_have_value("half typed")


async def test_an_open_row_stays_while_the_list_around_it_changes(ada: Person) -> None:
    await ada.send("/rates", {"starts_on": "2020-01-01", "rate": "95"})
    page = await ada.open("/workspace")
    await page.get_by_role("link", name="Edit the rate from 1 Jan 2020 on").click()
    editor = page.get_by_role("form", name="Rate from 1 Jan 2020 on")
    await editor.get_by_label("An hour").fill("98")
    await ada.send("/rates", {"starts_on": "2021-01-01", "rate": "110"})
    await expect(page.locator("#rates-list")).to_contain_text("€ 110.00")
    await expect(editor.get_by_label("An hour")).to_have_value("98")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rates-list")).to_contain_text("€ 98.00")
    await expect(page.get_by_role("link", name="Edit the rate from 1 Jan 2020 on")).to_be_focused()


async def test_a_removed_rate_comes_back_by_its_message(ada: Person) -> None:
    await ada.send("/rates", {"starts_on": "2020-01-01", "rate": "95"})
    page = await ada.open("/workspace")
    await page.get_by_role("button", name="Remove the rate from 1 Jan 2020 on").click()
    await expect(page.locator("#rates-list")).to_contain_text("No rates yet")
    await toast(page, "removed").get_by_role("button", name="Undo").click()
    await expect(page.locator("#rates-list")).to_contain_text("€ 95.00")


async def test_another_currency_is_seen_at_once_and_one_that_loses_cents_is_refused(
    ada: Person, people: People
) -> None:
    await ada.send("/rates", {"starts_on": "2020-01-01", "rate": "95.50"})
    page = await ada.open("/workspace")
    await page.get_by_label("Currency", exact=True).select_option("CHF")
    await page.get_by_role("button", name="Change currency").click()
    await expect(page.locator("#rates-list")).to_contain_text("CHF 95.50")
    people.expect("422")
    await page.get_by_label("Currency", exact=True).select_option("JPY")
    await page.get_by_role("button", name="Change currency").click()
    await expect(page.locator("#rates-currency .error")).to_contain_text("JPY has not")
    await expect(page.get_by_label("Currency", exact=True)).to_have_value("JPY")
    await expect(page.locator("#rates-list")).to_contain_text("CHF 95.50")


async def test_a_projects_rates_are_reached_from_its_row(ada: Person) -> None:
    await ada.add_project("Garden")
    page = await ada.open("/projects")
    await page.get_by_role("link", name="Edit Garden").click()
    await page.get_by_role("form", name="Garden").get_by_role("link", name="Rates").click()
    form = page.get_by_role("form", name="New rate")
    await form.get_by_label("An hour").fill("0")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rates-list tbody tr")).to_contain_text("€ 0.00")
    await expect(page.locator("#rates-list tbody tr")).to_contain_text("In force")


async def test_rates_are_added_corrected_and_removed_without_script(
    plain_ada: Person, people: People
) -> None:
    garden = await plain_ada.add_project("Garden")
    page = await plain_ada.open(f"/projects/{garden}/edit")
    form = page.get_by_role("form", name="New rate")
    await form.get_by_label("From").fill("2020-01-01")
    await form.get_by_label("An hour").fill("much")
    people.expect("422")
    await form.get_by_role("button", name="Add rate").click()
    await expect(form.locator(".error")).to_contain_text("Type an amount like 95.00.")
    await expect(form.get_by_label("From")).to_have_value("2020-01-01")
    await form.get_by_label("An hour").fill("95")
    await form.get_by_role("button", name="Add rate").click()
    await expect(page).to_have_url(f"{plain_ada.site.url}/projects/{garden}/edit")

    await page.get_by_role("link", name="Edit the rate from 1 Jan 2020 on").click()
    await page.get_by_label("An hour").fill("98")
    await page.get_by_role("main").get_by_role("button", name="Save").click()
    await expect(page.locator("#rates-list tbody tr")).to_contain_text("€ 98.00")
    await page.get_by_role("button", name="Remove the rate from 1 Jan 2020 on").click()
    await expect(page.locator("#rates-list tbody tr")).to_have_count(0)
    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(page.locator("#rates-list tbody tr")).to_contain_text("€ 98.00")
