"""The saved report beside the timer, with the cast."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import sqlalchemy as sa

from quart_app import periods, reporting
from quart_app.access import Viewer
from quart_app.db import Connection, Database
from quart_app.queries import saved_reports
from quart_app.queries.saved_reports import SavedReport
from quart_app.report import Sums
from quart_app.saved_card import read_query
from quart_app.tables import metadata, users
from tests.support.answers import body_of, text_of
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project, track
from tests.support.saved import save, send

pytestmark = pytest.mark.usefixtures("afternoon")
MORNING, NOON = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 11, tzinfo=UTC)


async def test_without_a_pin_the_card_is_hidden_and_asks_for_nothing(cast: Cast) -> None:
    for path in ("/timer", "/saved-reports/pinned"):
        card = await card_of(cast.alice, path)
        assert "hidden" in card
        assert 'hx-trigger="reports-changed' in card
        assert "hours-changed" not in card


async def card_of(person: Person, path: str = "/saved-reports/pinned") -> str:
    body = await text_of(person, path)
    start = body.index('<section id="saved-reports-pinned"')
    return unescape(body[start : body.index("</section>", start)])


async def test_the_timer_page_names_the_pinned_report_and_its_sums_come_by_themselves(
    cast: Cast, database: Database
) -> None:
    website = await add_project(database, cast.alice.viewer, "Website", colour=3)
    await track(database, cast.alice.viewer, website, MORNING, NOON)
    await track(database, cast.alice.viewer, None, NOON, NOON.replace(minute=30))
    key = await save(cast.alice, "This month", "period=this-month")
    assert (await send(cast.alice, f"/saved-reports/{key}/pin")).status_code == 200
    card = await card_of(cast.alice, "/timer")
    assert f'href="/saved-reports/{key}">This month<' in card
    assert 'hx-trigger="load, ' in card
    assert "3:30" not in card
    card = await card_of(cast.alice)
    assert "load" not in card
    assert re.findall(r'class="num">([^<]+)<', card) == ["3:30", "3:00", "0:30"]
    assert re.search(r'<i class="dot p3"></i><span class="name">Website<', card)
    assert "Without a project" in card


async def test_the_card_has_five_lines_and_counts_the_rest(cast: Cast, database: Database) -> None:
    for number in range(7):
        project = await add_project(database, cast.alice.viewer, f"Project {number}")
        await track(database, cast.alice.viewer, project, MORNING, MORNING.replace(minute=10 + number))
    await send(cast.alice, f"/saved-reports/{await save(cast.alice, query='')}/pin")
    card = await card_of(cast.alice)
    assert re.findall(r'class="name">([^<]+)<', card) == [f"Project {number}" for number in (6, 5, 4, 3, 2)]
    assert "2 lines more" in card


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("by=day", "Fri 20 Nov 2026"),
        ("by=week", "16 – 22 Nov 2026"),
        ("by=month", "November 2026"),
        ("by=billable", "Not billable"),
        ("by=description", "Without a description"),
        ("by=tag", "Without a tag"),
        ("by=task", "Without a task"),
        ("by=client", "Without a client"),
        ("by=member", "Alice"),
        ("view=weekly&by=day", "Fri 20 Nov 2026"),
        ("view=detailed", "Without a project"),
        ("by=project&then=day&round=up&step=60&per=line", "4:00"),
        ("show=both", "3:30 · 3.50"),
        ("q=%00%25_", "Nothing was tracked in this time."),
        ("from=1997-01-01&to=2026-12-31&by=day&then=member", "3:30"),
    ],
)
async def test_the_card_reads_every_report(cast: Cast, database: Database, query: str, words: str) -> None:
    await track(database, cast.alice.viewer, None, MORNING, NOON.replace(minute=30))
    await send(cast.alice, f"/saved-reports/{await save(cast.alice, query=query)}/pin")
    assert words in await card_of(cast.alice)


async def test_the_card_of_a_shared_report_shows_ones_own_hours(cast: Cast, database: Database) -> None:
    await track(database, cast.alice.viewer, None, MORNING, NOON)
    await track(database, cast.bob.viewer, None, MORNING, MORNING.replace(minute=15))
    key = await save(cast.alice, "All", f"member={cast.alice.viewer.user_id}", is_shared="1")
    for person, total in ((cast.alice, "3:00"), (cast.bob, "0:15"), (cast.dana, "0:00")):
        await send(person, f"/saved-reports/{key}/pin")
        assert re.findall(r'<b class="num">([^<]+)<', await card_of(person))[0] == total
    assert "You see your own." in await card_of(cast.bob)


async def test_a_shared_report_is_of_the_zone_and_the_week_of_who_opens_it(
    cast: Cast, database: Database
) -> None:
    """An evening in Berlin is the next day in Kathmandu, and bob's weeks begin on Sundays."""
    evening = datetime(2026, 11, 20, 19, tzinfo=UTC)
    key = await save(cast.alice, "By day", "period=this-week&by=day", is_shared="1")
    for person in (cast.alice, cast.bob):
        await track(database, person.viewer, None, evening, evening.replace(hour=20))
        await send(person, f"/saved-reports/{key}/pin")
    assert "Fri 20 Nov 2026" in await card_of(cast.alice)
    assert "Sat 21 Nov 2026" in await card_of(cast.bob)
    async with database.writing() as db:
        mine = users.c.id == cast.bob.viewer.user_id
        await db.execute(sa.update(users).where(mine).values(week_start=6))
    assert "Nothing was tracked in this time." in await card_of(cast.bob)


async def test_what_runs_is_counted_and_looked_at_every_minute(cast: Cast, database: Database) -> None:
    await send(cast.alice, f"/saved-reports/{await save(cast.alice, query='period=today')}/pin")
    assert "every 60s" not in await card_of(cast.alice)
    await track(database, cast.alice.viewer, None, periods.now().replace(hour=12))
    card = await card_of(cast.alice)
    assert "every 60s" in card
    assert "2:00" in card


@pytest.mark.parametrize("htmx", [True, False])
async def test_unpinning_takes_the_card_away_and_offers_an_undo(cast: Cast, htmx: bool) -> None:
    key = await save(cast.alice)
    response = await send(cast.alice, f"/saved-reports/{key}/pin", htmx=htmx)
    assert response.status_code == (200 if htmx else 303)
    assert "Pinned" in await text_of(cast.alice, "/saved-reports/list")
    assert "hidden" not in await card_of(cast.alice, "/timer")
    response = await send(cast.alice, f"/saved-reports/{key}/unpin", htmx=htmx)
    body = await body_of(response) if htmx else await text_of(cast.alice, "/saved-reports")
    assert f'action="/saved-reports/{key}/pin"' in body
    assert "hidden" in await card_of(cast.alice, "/timer")


async def test_the_pin_is_of_one_workspace(cast: Cast) -> None:
    assert set(metadata.tables["report_pins"].primary_key.columns.keys()) == {"workspace_id", "user_id"}
    await send(cast.alice, f"/saved-reports/{await save(cast.alice)}/pin")
    await send(cast.alice, "/workspace/new", name="Second")
    assert "hidden" in await card_of(cast.alice, "/timer")


@pytest.mark.parametrize("by", ["by=project&then=day", "by=tag&then=project", "by=week"])
@pytest.mark.parametrize(
    "lens", ["", "round=up&step=15&per=entry", "round=nearest&step=60&per=day", "round=up&step=60&per=line"]
)
@pytest.mark.parametrize("view", ["summary", "weekly", "detailed"])
async def test_the_card_says_what_the_report_says(
    cast: Cast, database: Database, by: str, lens: str, view: str
) -> None:
    alice = cast.alice
    website = await add_project(database, alice.viewer, "Website")
    fields = {"date": "2026-11-20", "start": "9:00", "end": "9:50", "description": "Plan"}
    await send(alice, "/entries", **fields, tags="ops, design", project=str(website))
    await send(alice, "/entries", **{**fields, "start": "12:00", "end": "14:10"}, tags="ops")
    await send(alice, "/entries", **{**fields, "date": "2026-11-18", "start": "22:00", "end": "0:20"})
    query = f"view={view}&{by}&{lens}"
    await send(alice, f"/saved-reports/{await save(alice, query=query)}/pin")
    spec = read_query(query, "dmy", periods.now().date())
    async with database.snapshot() as db:
        asked = await reporting.ask(db, alice.viewer, spec, periods.now())
        total = await total_of(db, asked)
    said = re.findall(r'class="num">([^<]+)<', await card_of(alice))
    assert said[0] == periods.format_duration(total.rounded)
    if view == "summary":
        async with database.snapshot() as db:
            lines = (await reporting.load_summary(db, asked)).lines
        assert said[1:] == [periods.format_duration(line.sums.rounded) for line in lines][:5]


async def total_of(db: Connection, asked: reporting.Question) -> Sums:
    """The total that the page of the report shows."""
    match asked.spec.view:
        case "summary":
            return (await reporting.load_summary(db, asked)).total
        case "weekly":
            return (await reporting.load_weekly(db, asked)).total
        case _:
            return await reporting.load_total(db, asked)


async def test_the_timer_page_reads_the_pin_once_until_something_changes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(cast.alice, f"/saved-reports/{await save(cast.alice)}/pin")
    asked, load = [], saved_reports.list_pinned_reports

    async def counted(db: Connection, viewer: Viewer) -> list[SavedReport]:
        asked.append(viewer.username)
        return await load(db, viewer)

    monkeypatch.setattr(saved_reports, "list_pinned_reports", counted)
    for _ in range(3):
        assert "load, " in await card_of(cast.alice, "/timer")
    assert asked == ["alice"]
    await send(cast.alice, f"/saved-reports/{await save(cast.alice, 'Another')}/pin")
    assert ">Another<" in await card_of(cast.alice, "/timer")
