"""The net under the other tests: what goes wrong in a page is noticed."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import People
from tests.browser.server import Server

TROUBLES = {
    "console": "() => console.error('Oh no')",
    "Content Security Policy": "() => document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">Red')",
    "Not caught": "() => { setTimeout(() => { throw new Error('Not caught') }) }",
    "answer: 404": "() => fetch('/no-such-page').then(() => null)",
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_in_a_page_is_noticed(site: Server, browser: Browser, trouble: str) -> None:
    people = People(browser)
    page = (await people.newcomer(site)).page
    await page.evaluate(TROUBLES[trouble])
    await page.reload()
    await expect(page.get_by_role("main")).to_be_visible()
    await people.leave()
    assert any(trouble in met for met in people.troubles)
