"""A figure, opened: the entries behind it, with their parts, for those who may see them."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from quart_app.db import Database
from quart_app.forms.reports import key_of
from quart_app.queries import tags
from tests.support.answers import text_of, words_of
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project, track

pytestmark = pytest.mark.usefixtures("afternoon")
NIGHT = datetime(2026, 11, 9, 21, tzinfo=UTC)  # 22:00 in Berlin
HOUR = timedelta(hours=1)
NOVEMBER = "from=2026-11-01&to=2026-11-30"


async def behind(person: Person, figure: str, state: str = NOVEMBER, status: int = 200) -> str:
    """What one reads behind a figure, without the tags."""
    response = await person.client.get(f"/reports/parts?{state}&figure={figure}")
    assert response.status_code == status, figure
    text = re.sub(r"<[^>]+>", " ", (await words_of(response)).replace("<wbr>", ""))
    return re.sub(r"\s+", " ", text)


async def test_a_share_is_shown_beside_the_entry_it_is_of(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site", colour=4)
    await track(database, cast.alice.viewer, site, NIGHT, NIGHT + 8 * HOUR)
    whole = await behind(cast.alice, "total")
    assert "Total 1 entry 8:00:00" in whole
    assert "Mon 9 Nov No description Site Alice 22:00 – 6:00 (+1) 8:00:00" in whole
    evening = await behind(cast.alice, key_of([("project", site), ("day", date(2026, 11, 9))]))
    assert "Site · Mon 9 Nov 2026 1 entry 2:00:00" in evening
    assert "22:00 – 24:00 of 22:00 – 6:00 (+1) 2:00:00" in evening
    assert "Times are those of Europe/Berlin." in evening
    morning = await behind(cast.alice, "day:2026-11-10")
    assert "0:00 – 6:00 of 22:00 (\N{MINUS SIGN}1) – 6:00 6:00:00" in morning


async def test_seconds_are_not_lost(database: Database, cast: Cast) -> None:
    for seconds in (59, 61, 3599):
        await track(database, cast.alice.viewer, None, NIGHT, NIGHT + timedelta(seconds=seconds))
    found = await behind(cast.alice, "total")
    assert "3 entries 1:01:59" in found
    assert all(f" {part} " in found for part in ("0:00:59", "0:01:01", "0:59:59"))


async def test_what_runs_is_marked(database: Database, cast: Cast) -> None:
    start = datetime(2026, 11, 22, 13, tzinfo=UTC)
    await track(database, cast.alice.viewer, None, start)
    found = await text_of(cast.alice, f"/reports/parts?{NOVEMBER}&figure=total")
    assert '<li class="now">' in found
    assert "14:00 – now" in found
    assert "1:00:00 of it running" in found
    assert "There are no entries" in await behind(cast.alice, "total", f"{NOVEMBER}&running=without")


async def test_a_night_with_a_clock_change_says_so(database: Database, cast: Cast) -> None:
    start = datetime(2026, 10, 24, 20, tzinfo=UTC)
    await track(database, cast.alice.viewer, None, start, start + 9 * HOUR)
    found = await behind(cast.alice, "total", "from=2026-10-01&to=2026-10-31")
    assert "9:00:00 22:00 to 6:00 = 9 h 00: clocks went back" in found
    elsewhere = await behind(cast.alice, "total", "from=2026-10-01&to=2026-10-31&zone=Asia/Tokyo")
    assert "clocks" not in elsewhere
    assert "Times are those of Asia/Tokyo." in elsewhere


async def test_each_row_is_in_its_members_zone_where_the_report_asks_for_that(
    database: Database, cast: Cast
) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    await track(database, cast.bob.viewer, None, NIGHT, NIGHT + HOUR)
    found = await behind(cast.alice, "total", f"{NOVEMBER}&zone=members")
    assert "Times are those of each member's own zone." in found
    assert "Mon 9 Nov No description Alice Europe/Berlin 22:00 – 23:00" in found
    assert "Tue 10 Nov No description Bob Asia/Kathmandu 2:45 – 3:45" in found


async def test_rounded_entries_show_both_and_what_is_rounded_together_says_so(
    database: Database, cast: Cast
) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + timedelta(minutes=50))
    each = await behind(cast.alice, "total", f"{NOVEMBER}&round=up&step=15&per=entry")
    assert "1 entry 0:50:00 rounded: 1:00:00" in each
    assert "0:50:00 rounded: 1:00:00 " in each.partition("22:00")[2]
    line = await behind(cast.alice, "project:none", f"{NOVEMBER}&round=up&step=30&per=line")
    assert "1 entry 0:50:00 rounded: 1:00:00" in line
    assert "Each line is rounded as a whole" in line
    assert "rounded: " not in line.partition("22:00")[2]
    day = await behind(cast.alice, "billable:yes", f"{NOVEMBER}&round=up&step=30&per=day")
    assert "Each person's day on a project is rounded together" in day


async def test_an_entry_with_several_tags_says_where_else_it_counts(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    async with database.writing() as db:
        ops, late = await tags.resolve_tags(db, alice, ["ops", "late"], NIGHT)
    await track(database, alice, None, NIGHT, NIGHT + HOUR, tags=(ops, late))
    await track(database, alice, None, NIGHT, NIGHT + HOUR, tags=(ops,))
    found = await behind(cast.alice, f"tag:{ops}", f"{NOVEMBER}&by=tag")
    assert "#ops 2 entries 2:00:00" in found
    assert found.count("Also counted under #late") == 1
    assert "Also counted" not in await behind(cast.alice, "total", f"{NOVEMBER}&by=tag")


async def test_pages_go_on_where_the_last_ended_and_sum_to_all(database: Database, cast: Cast) -> None:
    for place in range(53):
        start = NIGHT - timedelta(hours=place)
        await track(database, cast.alice.viewer, None, start, start + timedelta(minutes=place + 1))
    first = await text_of(cast.alice, f"/reports/parts?{NOVEMBER}&figure=total")
    assert "53 entries" in first
    assert first.count('<span class="when') == 50
    older = re.search(r'href="([^"]+)">Older entries', first)
    assert older
    page = await text_of(cast.alice, older[1].replace("&amp;", "&").partition("#")[0])
    assert "open=total" in older[1]
    assert page.count('<span class="when') == 3
    assert "53 entries" in page
    assert "Back to the latest" in page
    assert "Older entries" not in page


async def test_nobody_sees_more_than_their_reports(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    await track(database, cast.bob.viewer, None, NIGHT, NIGHT + 2 * HOUR)
    site = await add_project(database, cast.alice.viewer, "Site")
    everybody, bobs = f"member:{cast.alice.viewer.user_id}", f"member:{cast.bob.viewer.user_id}"
    assert "2 entries 3:00:00" in await behind(cast.alice, "total")
    assert "Bob 1 entry 2:00:00" in await behind(cast.alice, bobs)
    assert "1 entry 2:00:00" in await behind(cast.bob, "total")
    assert "Alice" not in await behind(cast.bob, "total")
    assert "0 entries 0:00:00" in await behind(cast.dana, "total")
    assert "0 entries 0:00:00" in await behind(cast.charlie, "total")
    await behind(cast.bob, everybody, status=404)
    await behind(cast.dana, bobs, status=404)
    await behind(cast.charlie, bobs, status=404)
    await behind(cast.charlie, f"project:{site}", status=404)
    assert "Site 0 entries" in await behind(cast.dana, f"project:{site}")


@pytest.mark.parametrize(
    "figure",
    [
        "",
        "nonsense",
        "project:00000000-0000-7000-8000-000000000001",
        "day:2026-10-31",
        "day:x",
        "member:none",
    ],
)
async def test_what_is_no_figure_is_not_found(cast: Cast, figure: str) -> None:
    await behind(cast.alice, figure, status=404)


async def test_it_is_only_read_and_only_by_people_who_are_signed_in(cast: Cast) -> None:
    await behind(cast.alice, "total", "zone=Mars/Olympus&after=x&step=7&from=99/99/2026")
    path = "/reports/parts?figure=total"
    assert (await cast.alice.client.post(path)).status_code == 405
    stranger = cast.alice.client.app.test_client()
    assert (await stranger.get(path)).status_code == 303


async def test_the_charts_table_opens_what_the_lines_do_not(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    await track(database, cast.alice.viewer, site, NIGHT, NIGHT + 8 * HOUR)
    day = date(2026, 11, 9)
    both = key_of([("day", day), ("project", site)])
    for state, keys in (
        (NOVEMBER, [key_of([("day", day)]), both, key_of([("project", site)]), "total"]),
        (f"{NOVEMBER}&by=day", [key_of([("day", day)]), both, key_of([("project", site)])]),
        (f"{NOVEMBER}&by=day&then=project", [both]),
    ):
        for key in keys:
            page = await text_of(cast.alice, f"/reports?{state}&open={key}")
            assert page.count('<section class="behind"') == 1, (state, key)
            assert f'data-opened="{key}"' in page
        page = await text_of(cast.alice, f"/reports?{state}")
        table = page[page.index('class="chart-table"') :]
        assert all(f"open={key}" in table for key in keys)
