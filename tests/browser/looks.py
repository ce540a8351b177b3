"""What a page has to be for everybody to read and press it, by mouse and by finger, in light and in dark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.async_api import Page

_AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# A change of theme must not be looked at half way.
_AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { transition: none !important }");
    document.adoptedStyleSheets = [sheet];
}"""
SMALLEST_TARGET = 44  # CSS pixels, DESIGN §6
# All that can be pressed, but not links within a text, and of a label with its box only the label. Blocks of the strip
# can't be pressed by a finger: there the whole strip opens its table.
_SMALL_TARGETS = """(least) => {
    const inText = (link) => link.matches("p a, small a, legend a, .notice a, .toast a, .hint a");
    const boxOf = (one) => (one.closest("label") ?? one).getBoundingClientRect();
    const reach = (one) => {
        const box = boxOf(one), over = getComputedStyle(one, "::after");
        const cell = over.position === "absolute" && over.content !== "none" && one.closest("li, td");
        return cell ? cell.getBoundingClientRect() : box;
    };
    const isPressed = (one) => getComputedStyle(one).pointerEvents !== "none";
    return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
        .filter(isPressed)
        .filter((one) => one.checkVisibility({visibilityProperty: true}) && !inText(one) && !one.matches(".skip"))
        .map((one) => [one, reach(one)])
        .filter(([, box]) => box.width && (box.width < least || box.height < least))
        .map(([one, box]) => `${box.width} x ${box.height}: ${one.outerHTML.slice(0, 160)}`);
}"""


async def everybody_can_use(
    page: Page, *, on_a_phone: bool = True, widths: Sequence[int] = (390, 360)
) -> None:
    """axe finds nothing in either theme, nothing runs off the screen, and on a phone, which it then is, of these widths
    in turn, a thumb hits every button."""
    await page.evaluate(_AXE.read_text())
    await page.evaluate(_AT_ONCE)
    await _in_both_themes(page, "on a desk")
    await _fits(page, 1440)
    if not on_a_phone:
        return
    await _turn_into_a_phone(page)
    await _in_both_themes(page, "on a phone")
    small = await page.evaluate(_SMALL_TARGETS, SMALLEST_TARGET)
    assert not small, "\n".join(["smaller than a thumb:", *small])
    for width in widths:
        await _fits(page, width)


async def _in_both_themes(page: Page, where: str) -> None:
    for theme in _THEMES:
        await page.emulate_media(color_scheme=theme)
        await _no_violations(page, f"{theme}, {where}")


async def _no_violations(page: Page, look: str) -> None:
    """axe finds nothing."""
    found = await page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
    )
    told = [
        f"{look}: {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert not told, "\n".join(told)


async def _turn_into_a_phone(page: Page) -> None:
    """A small window, and fingers instead of a mouse."""
    await page.set_viewport_size({"width": 390, "height": 844})
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    assert await page.evaluate("matchMedia('(pointer: coarse)').matches")


async def _fits(page: Page, width: int) -> None:
    """Nothing runs off the side."""
    await page.set_viewport_size({"width": width, "height": 844})
    over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert over <= 0, f"{over} px too wide for {width} px"
