"""Pages as people set them up who see or move otherwise: zoomed to 400 %, with wider text, in forced colours, without
motion. The states are those of test_accessibility.py."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import test_accessibility as states
from tests.browser.people import People, Person, clock, start_field
from tests.browser.server import Server

# WCAG 1.4.10: 1280 pixels at 400 %.
ZOOMED = {"width": 320, "height": 256}
# WCAG 1.4.12: no content may be lost with these.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important }
        p { margin-block-end: 2em !important }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
TOO_WIDE = """() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return [];
    return [...document.querySelectorAll("body *")].filter((one) =>
        one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility() && !one.closest(".scrolls"))
        .map((one) => one.outerHTML.slice(0, 120)).slice(-3).concat(`${wide}px too wide`);
}"""
# Text that its own box cuts off and no ellipsis tells of.
CUT = """() => [...document.querySelectorAll("button, a.button, label, h1, h2, p, th, legend")].filter((one) =>
    one.checkVisibility({visibilityProperty: true}) && one.getClientRects().length
    && !one.closest("[hidden], .skip") && one.clientWidth > 1 && getComputedStyle(one).clipPath === "none"
    && getComputedStyle(one).overflow === "hidden" && getComputedStyle(one).textOverflow !== "ellipsis"
    && (one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 2))
    .map((one) => one.outerHTML.slice(0, 120))"""
MOVING = """() => document.getAnimations().filter((one) =>
    one.playState === "running" && one.effect.getComputedTiming().duration > 20).map((one) =>
    `${one.effect.target?.className} ${one.animationName ?? one.transitionProperty}`)"""
LOOKED_AT: list[states.State] = [
    states.signing_in,
    states.registering_with_errors,
    states.no_entries,
    states.running,
    states.editing_with_errors,
    states.suggesting,
    states.projects,
    states.account_with_errors,
]


@states.named(LOOKED_AT)
async def test_at_four_hundred_percent_nothing_has_to_be_scrolled_sideways(
    site: Server, people: People, state: states.State
) -> None:
    people.expect("422", "404")
    ada = await (people.stranger if state in states.SIGNED_OUT else people.newcomer)(site)
    await ada.page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    await state(ada)
    assert await ada.page.evaluate(TOO_WIDE) == []
    # What sticks to an edge must leave room to read: WCAG 2.4.11.
    fixed = await ada.page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((one) =>
            ["fixed", "sticky"].includes(getComputedStyle(one).position) && one.checkVisibility()
            && getComputedStyle(one).visibility === "visible" && one.getBoundingClientRect().width > 160)
            .map((one) => [one.className, one.getBoundingClientRect().height])"""
    )
    assert sum(height for _, height in fixed if height < ZOOMED["height"]) <= ZOOMED["height"] * 0.75, fixed


@states.named(LOOKED_AT)
async def test_wider_text_loses_nothing(site: Server, people: People, state: states.State) -> None:
    people.expect("422", "404")
    ada = await (people.stranger if state in states.SIGNED_OUT else people.newcomer)(site)
    await state(ada)
    await ada.page.evaluate(SPACED)
    assert await ada.page.evaluate(TOO_WIDE) == []
    assert await ada.page.evaluate(CUT) == []


async def test_without_motion_nothing_moves(ada: Person) -> None:
    await states.running(ada)
    await ada.page.emulate_media(reduced_motion="reduce")
    await start_field(ada.page).focus()
    assert await ada.page.evaluate(MOVING) == []


async def _look_of(page: Page, selector: str) -> dict[str, str]:
    found: dict[str, str] = await page.locator(selector).first.evaluate(
        """(one) => {
            const look = getComputedStyle(one);
            return {border: look.borderTopWidth, style: look.borderTopStyle, back: look.backgroundColor,
                    ink: look.color, outline: look.outlineStyle};
        }"""
    )
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_forced_colours_keep_edges_focus_and_what_runs(
    site: Server, people: People, theme: str
) -> None:
    person = await people.newcomer(site, theme=theme)
    await person.page.emulate_media(forced_colors="active")
    await states.running(person)
    page = person.page
    for selector in (".stop", ".start", "summary.workspace"):
        look = await _look_of(page, selector)
        assert look["style"] != "none", selector
        assert look["border"] != "0px", selector
    # Colours that carry a meaning of their own are not taken away: a project's dot is still there to be seen.
    dot = await page.locator(".entries .dot").first.evaluate(
        "(one) => getComputedStyle(one).forcedColorAdjust"
    )
    assert dot == "none"
    await start_field(page).focus()
    focused = await page.evaluate(
        """() => { let one = document.activeElement, seen = false;
            for (; one && !seen; one = one.parentElement) seen = getComputedStyle(one).outlineStyle !== "none";
            return seen; }"""
    )
    assert focused
    await expect(clock(page)).to_be_visible()
