"""A week of many entries: the page begins with the latest, the rest follows, the week's total knows them all."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from quart import Quart

from quart_app import periods
from quart_app.days_page import PAGE
from quart_app.ids import new_id
from quart_app.queries import entries
from tests.support.answers import text_of
from tests.support.cast import Cast

# Sunday, 15:00 in Berlin.
NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
A_DAY = 12


@pytest.fixture(autouse=True)
def afternoon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "now", lambda: NOW)


def shown(html: str) -> list[str]:
    return re.findall(r'<a class="desc" href="[^"]*">(Work \d+ on \d+)</a>', html)


async def test_a_full_week_comes_in_parts_and_its_total_at_once(app: Quart, cast: Cast) -> None:
    alice, database = cast.alice, app.extensions["chronos"].database
    wanted = []
    for day in range(7):
        for number in reversed(range(A_DAY)):
            start = datetime(2026, 11, 22 - day, 7, tzinfo=UTC) + timedelta(minutes=30 * number)
            text = f"Work {number} on {22 - day}"
            wanted.append(text)
            new = entries.EntryValues(text, None, False, start, start + timedelta(minutes=10))
            await database.transaction(
                lambda db, new=new: entries.insert_entry(db, alice.viewer, new_id(), new, NOW)
            )
    page = await text_of(alice, "/timer")
    first = shown(page)
    assert first == wanted[: len(first)]
    assert PAGE <= len(first) < PAGE + A_DAY
    week = page[page.index('id="entries-week"') :]
    assert ">14:00</b>" in week[: week.index("</header>")]

    refresh = re.search(r'hx-get="(/entries/days\?since=[\d-]+)"', page)
    assert refresh
    assert shown(await text_of(alice, refresh[1])) == first

    found = list(first)
    while more := re.search(r'hx-get="(/entries/older\?before=[\d-]+)"', page):
        page = await text_of(alice, more[1])
        found += shown(page)
    assert found == wanted
