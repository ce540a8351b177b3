"""The list of all entries: what each row says, its order and pages, who may change what, and the way back."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app.db import Database
from quart_app.tables import entries
from tests.support.answers import body_of, text_of
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project, add_task, track

pytestmark = pytest.mark.usefixtures("afternoon")
NIGHT = datetime(2026, 11, 9, 21, tzinfo=UTC)  # 22:00 in Berlin
HOUR = timedelta(hours=1)
STATE = "view=detailed&from=2026-11-01&to=2026-11-30"
LIST = f"/reports?{STATE}"


async def named(database: Database, key: UUID, description: str, **values: object) -> UUID:
    async with database.writing() as db:
        change = sa.update(entries).where(entries.c.id == key)
        await db.execute(change.values(description=description, **values))
    return key


def rows(page: str) -> list[str]:
    """The rows of the list in their order, as one reads them."""
    found = re.findall(r'<li id="entries-row-.*?</li>', page, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in found]


def names(page: str) -> list[str]:
    """The first word of each row: its description."""
    return [row.split()[0] for row in rows(page)]


def link(page: str, label: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{label}', page)
    assert found, label
    return found[1].replace("&amp;", "&")


async def alphabet(database: Database, person: Person, count: int = 3) -> None:
    """Alpha is the first and the longest, Bravo …"""
    for place in range(count):
        start = NIGHT + place * HOUR
        key = await track(database, person.viewer, None, start, start + HOUR - timedelta(minutes=place))
        await named(database, key, f"{chr(65 + place % 26)}{place:02}")


async def test_a_row_says_all_that_there_is_to_say(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site", colour=4)
    task = await add_task(database, alice, site, "Build")
    key = await track(database, alice, site, NIGHT, NIGHT + 2 * HOUR, task_id=task)
    await named(database, key, "Deploy", is_billable=True)
    page = await text_of(cast.alice, LIST)
    assert rows(page) == ["Deploy Mon 9 Nov Site · Build Alice Billable $ 22:00 – 0:00 (+1) 2:00"]
    clipped = await text_of(
        cast.alice, "/reports?view=detailed&from=2026-11-09&to=2026-11-09&zone=Asia/Tokyo"
    )
    assert rows(clipped) == []
    tokyo = await text_of(
        cast.alice, "/reports?view=detailed&from=2026-11-10&to=2026-11-10&zone=America/New_York"
    )
    assert "Nothing tracked here" in tokyo
    share = await text_of(
        cast.alice, "/reports?view=detailed&from=2026-11-10&to=2026-11-10&zone=Asia/Karachi"
    )
    assert "2:00 – 4:00 2:00" in rows(share)[0]


async def test_a_share_stands_beside_the_whole(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + 8 * HOUR)
    page = await text_of(cast.alice, "/reports?view=detailed&from=2026-11-10&to=2026-11-10")
    (row,) = rows(page)
    assert "Tue 10 Nov" in row
    assert "0:00 – 6:00 of 22:00 (\N{MINUS SIGN}1) – 6:00 6:00 of 8:00" in row


async def test_totals_stand_above_and_durations_as_they_are_asked_for(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + timedelta(minutes=102))
    for show, told in (("clock", "1:42"), ("decimal", "1.70"), ("both", "1:42 · 1.70")):
        page = await text_of(cast.alice, f"{LIST}&show={show}")
        assert f"<dd><b>{told}</b>" in page
        assert rows(page)[0].endswith(told)
    rounded = await text_of(cast.alice, f"{LIST}&round=up&step=30&per=entry")
    assert "<b>2:00</b> <small>measured: 1:42</small>" in rounded
    assert rows(rounded)[0].endswith("2:00 measured: 1:42")


@pytest.mark.parametrize("name", ["start", "duration", "description", "project", "member"])
async def test_a_head_sorts_and_says_how(database: Database, cast: Cast, name: str) -> None:
    await alphabet(database, cast.alice)
    up, down = [names(await text_of(cast.alice, f"{LIST}&sort={sign}{name}")) for sign in ("", "-")]
    assert up == down[::-1]
    if name in ("start", "description"):
        assert up == ["A00", "B01", "C02"]
    if name == "duration":
        assert up == ["C02", "B01", "A00"]
    page = await text_of(cast.alice, f"{LIST}&sort=-{name}")
    assert page.count("aria-sort=") == 1
    assert re.search(
        rf'aria-sort="descending"><a href="[^"]*{"" if name == "start" else f"sort={name}"}', page
    )


async def test_pages_are_of_fifty_and_none_is_shown_twice(database: Database, cast: Cast) -> None:
    await alphabet(database, cast.alice, 55)
    first = await text_of(cast.alice, f"{LIST}&sort=description")
    assert len(rows(first)) == 50
    assert "<dd>55</dd>" in first
    assert "First page" not in first
    second = await text_of(cast.alice, link(first, "Next page"))
    assert len(rows(second)) == 5
    assert not {*names(first)} & {*names(second)}
    assert "Next page" not in second
    assert names(await text_of(cast.alice, link(second, "First page"))) == names(first)
    assert names(await text_of(cast.alice, f"{LIST}&after=nonsense"))


async def test_what_is_not_yours_is_only_read(database: Database, cast: Cast) -> None:
    mine = await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    theirs = await track(database, cast.bob.viewer, None, NIGHT, NIGHT + HOUR)
    await track(database, cast.dana.viewer, None, NIGHT, NIGHT + HOUR)
    page = await text_of(cast.alice, LIST)
    assert len(rows(page)) == 3
    assert page.count('name="entry"') == 1
    assert f"/timer?edit={mine}&amp;next=" in page
    assert f"/timer?edit={theirs}" not in page
    assert len(rows(await text_of(cast.bob, LIST))) == 1
    danas = await text_of(cast.dana, LIST)
    assert len(rows(danas)) == 1
    assert 'name="entry"' not in danas
    assert "/timer?edit=" not in danas
    assert 'id="selection-bar"' not in danas
    assert rows(await text_of(cast.charlie, LIST)) == []


async def test_amounts_are_for_those_who_may_see_rates(database: Database, cast: Cast) -> None:
    from datetime import date

    from quart_app.money import Rate
    from quart_app.queries import rates

    rate = Rate(date(2026, 1, 1), 9500)
    await database.transaction(lambda db: rates.insert_rate(db, cast.alice.viewer, None, rate, NIGHT))
    for person in (cast.alice, cast.bob):
        key = await track(database, person.viewer, None, NIGHT, NIGHT + 2 * HOUR)
        await named(database, key, "Paid", is_billable=True)
    page = await text_of(cast.alice, LIST)
    assert "190.00" in rows(page)[0]
    assert "380.00" in page
    bobs = await text_of(cast.bob, LIST)
    assert "190.00" not in bobs
    assert "Amount" not in bobs


async def test_an_entry_is_edited_and_the_report_is_there_again(database: Database, cast: Cast) -> None:
    key = await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    page = await text_of(cast.alice, f"{LIST}&billable=no")
    found = re.search(rf'href="(/timer\?edit={key}[^"]*)"', page)
    assert found
    editor = await text_of(cast.alice, found[1].replace("&amp;", "&"))
    back = re.search(r'name="next" value="([^"]+)"', editor)
    assert back
    address = back[1].replace("&amp;", "&")
    assert address.startswith("/reports?view=detailed")
    assert "billable=no" in address
    assert f'href="{back[1]}"' in editor  # cancel
    fields = {
        "description": "Deploy",
        "date": "2026-11-09",
        "start": "22:00",
        "end": "23:30",
        "next": address,
    }
    answer = await cast.alice.client.post(f"/entries/{key}", form=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert rows(await text_of(cast.alice, address))[0].startswith("Deploy")
    gone = await cast.alice.client.post(f"/entries/{key}/delete", form={"next": address})
    assert (gone.status_code, gone.headers["Location"]) == (303, address)
    page = await text_of(cast.alice, address)
    undo = re.search(
        r'<form action="(/undo/[^"]+)" method="post"><input type="hidden" name="next" value="([^"]+)"', page
    )
    assert undo
    again = await cast.alice.client.post(undo[1], form={"next": undo[2].replace("&amp;", "&")})
    assert (again.status_code, again.headers["Location"]) == (303, address)
    assert len(rows(await text_of(cast.alice, address))) == 1


async def test_a_mistake_in_the_editor_keeps_the_way_back(database: Database, cast: Cast) -> None:
    key = await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    fields = {"description": "x", "date": "2026-11-09", "start": "25:99", "end": "23:30", "next": LIST}
    answer = await cast.alice.client.post(f"/entries/{key}", form=fields)
    assert answer.status_code == 422
    assert f'name="next" value="{LIST.replace("&", "&amp;")}"' in await body_of(answer)


@pytest.mark.parametrize("action", ["update", "delete"])
async def test_several_are_changed_and_the_report_is_there_again(
    database: Database, cast: Cast, action: str
) -> None:
    keys = [await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR) for _ in range(2)]
    page = await text_of(cast.alice, LIST)
    bar = re.search(r'name="next" value="([^"]+)"', page)
    assert bar
    fields = {"project": "keep", "tag_mode": "add", "tags": "ops", "billable": "keep"}
    sent = "&".join(
        [*(f"{name}={value}" for name, value in fields.items()), *(f"entry={key}" for key in keys)]
    )
    back = bar[1].replace("&amp;", "&")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await cast.alice.client.post(
        f"/selection/{action}", data=f"{sent}&next={quote(back, safe='')}", headers=kind
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, back)
    page = await text_of(cast.alice, back)
    assert "2 entries" in page
    assert [("#ops" in row) for row in rows(page)] == ([True, True] if action == "update" else [])


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil", "javascript:x", ""]
)
async def test_the_way_back_leads_nowhere_else(database: Database, cast: Cast, elsewhere: str) -> None:
    key = await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    page = await text_of(cast.alice, f"/timer?edit={key}&next={quote(elsewhere, safe='')}")
    assert 'name="next"' not in page
    for path in (f"/entries/{key}/delete", "/undo"):
        answer = await cast.alice.client.post(path, form={"next": elsewhere})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/timer")


async def test_a_running_entry_is_marked_and_nothing_says_so(database: Database, cast: Cast) -> None:
    empty = await text_of(cast.alice, LIST)
    assert "Nothing tracked here" in empty
    key = await track(database, cast.alice.viewer, None, datetime(2026, 11, 22, 13, tzinfo=UTC))
    page = await text_of(cast.alice, LIST)
    assert re.search(rf'<li id="entries-row-{key}"[^>]* class="now"', page)
    assert "14:00 – now 1:00" in rows(page)[0]
    assert "1:00 running" in page


@pytest.mark.parametrize(
    "query", ["q=%00", "q=a%00b", "sort=description&after=00000000-0000-0000-0000-000000000000~%00"]
)
async def test_what_no_database_takes_is_no_failure(cast: Cast, query: str) -> None:
    for view in ("summary", "detailed", "weekly"):
        response = await cast.alice.client.get(f"/reports?view={view}&{query}")
        assert response.status_code == 200
    for figure in ("total", "description:00", "description:610062"):
        response = await cast.alice.client.get(f"/reports/parts?figure={figure}&{query}")
        assert response.status_code in (200, 404)
