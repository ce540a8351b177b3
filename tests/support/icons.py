"""The icons of the installed app, drawn from static/img/favicon.svg: run
`python -m tests.support.icons` after it has changed."""

import re
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import chromium

IMAGES = Path(__file__).parents[2] / "static/img"


def draw() -> None:
    """icon-192, icon-512, and one whose corners and rim a system may cut off: filled to the edge, the sign smaller."""
    svg = (IMAGES / "favicon.svg").read_text()
    parts = re.match(r"(<svg[^>]*>)(<rect[^>]*/>)(.*)</svg>", svg)
    assert parts
    head, ground, sign = parts.groups()
    ground = re.sub(r' rx="\d+"', "", ground)
    maskable = f'{head}{ground}<g transform="translate(3.2 3.2) scale(.8)">{sign}</g></svg>'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium.provide()), args=chromium.arguments()
        )
        for name, source, size in (("192", svg, 192), ("512", svg, 512), ("maskable", maskable, 512)):
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>*{{margin:0}}svg{{display:block;width:{size}px}}</style>{source}")
            page.screenshot(path=str(IMAGES / f"icon-{name}.png"), omit_background=True)
        browser.close()


if __name__ == "__main__":
    draw()
