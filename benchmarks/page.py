"""`python -m benchmarks.page`: what the timer page costs a browser, with two hundred entries in sight.

Bytes over the network as Chromium counts them (compressed, with headers), its long tasks (over 50 ms) and layout shifts
on loading, and how long a timer takes to be seen running after Enter. Chronos runs on SQLite; medians of several loads.
"""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from tests.browser.people import People, Person, clock, is_live, start_field
from tests.browser.scales import Scales
from tests.browser.server import Server
from tests.support import chromium

ENTRIES, LOADS = 200, 15
WATCH = """
window.found = {tasks: [], shifts: 0};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.found.tasks.push(entry.duration);
}).observe({type: "longtask", buffered: true});
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.found.shifts += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


async def _somebody_busy(people: People, site: Server) -> Person:
    person = await people.newcomer(site)
    projects = [await person.add_project(f"Project {number}") for number in range(12)]
    for number in range(ENTRIES):
        start, end = (f"{minutes // 60}:{minutes % 60:02}" for minutes in (7 * number, 7 * number + 5))
        project = projects[number % 12]
        await person.track(f"Work on the matter {number}", start, end, project=project, tags="meeting")
    return person


async def _weights(people: People, person: Person) -> tuple[dict[str, float], dict[str, float]]:
    fresh = await people.same(person)
    page = await fresh.tab()
    first = Scales()
    await first.weigh(page)
    session = await fresh.context.new_cdp_session(page)
    await session.send("Network.clearBrowserCache")
    await page.goto("/timer")
    await is_live(page)
    visit, later = dict(first.weights), {}
    for path in ("/projects", "/account", "/timer"):
        scales = Scales()
        await scales.weigh(page)
        await page.goto(path)
        await is_live(page)
        later[path] = scales.total
    return visit, later


async def _loads(person: Person) -> tuple[list[float], list[int], list[float]]:
    """Of each load: the longest task in milliseconds, the number of long tasks, the layout shift."""
    page = await person.tab()
    await page.add_init_script(WATCH)
    longest, counts, shifts = [], [], []
    for _ in range(LOADS):
        await page.goto("/timer")
        await is_live(page)
        await page.wait_for_timeout(300)
        found = await page.evaluate("() => window.found")
        longest.append(max(found["tasks"], default=0.0))
        counts.append(len(found["tasks"]))
        shifts.append(found["shifts"])
    await page.close()
    return longest, counts, shifts


async def _until_it_runs(person: Person) -> list[float]:
    """Milliseconds from Enter to the running clock."""
    page = await person.open("/timer")
    await page.bring_to_front()
    found = []
    for number in range(10):
        await start_field(page).fill(f"Start {number}")
        began = await page.evaluate("() => performance.now()")
        await start_field(page).press("Enter")
        await page.wait_for_function(
            "(words) => document.querySelector('#timer-running')?.textContent.includes(words)",
            arg=f"Start {number}",
            polling="raf",
        )
        found.append(await page.evaluate("() => performance.now()") - began)
        await clock(page).wait_for()
    return found


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="chronos-bench-") as folder:
        site = Server(Path(folder), f"sqlite:///{Path(folder) / 'chronos.db'}").start()
        try:
            async with async_playwright() as playwright:
                program = await playwright.chromium.launch(
                    executable_path=str(chromium.provide()), args=chromium.arguments()
                )
                people = People(program)
                person = await _somebody_busy(people, site)
                first, later = await _weights(people, person)
                longest, counts, shifts = await _loads(person)
                waits = await _until_it_runs(person)
                nodes = await person.page.evaluate("() => document.querySelectorAll('*').length")
                await people.leave()
                await program.close()
        finally:
            site.stop()
    for url, weight in sorted(first.items(), key=lambda item: -item[1]):
        print(f"{weight:9,.0f}  {url.removeprefix(site.url)}")
    print(f"\nThe first visit, {ENTRIES} entries: {sum(first.values()):,.0f} bytes")
    print("Later: ", ", ".join(f"{path} {weight:,.0f}" for path, weight in later.items()), "bytes")
    print(f"Elements on the page: {nodes:,}")
    print(f"Longest task on loading: median {statistics.median(longest):.0f} ms, most {max(longest):.0f} ms")
    print(f"Loads with a task over 50 ms: {sum(map(bool, counts))} of {LOADS}")
    print(f"Layout shift: most {max(shifts):.4f}")
    print(f"Enter to the running clock: median {statistics.median(waits):.0f} ms, most {max(waits):.0f} ms")


if __name__ == "__main__":
    sys.exit(asyncio.run(_measure()))
