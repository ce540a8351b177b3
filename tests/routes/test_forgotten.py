"""The question about a forgotten timer, with the cast, as time goes by."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from quart import Quart, Response

from quart_app import periods
from quart_app.access import EntryRow
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries, overlaps, timer
from quart_app.tables import changes, users
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Noon where alice is.
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime.combine(periods.now().date(), time(12), BERLIN).astimezone(UTC)


@pytest.fixture(autouse=True)
async def lasting(cast: Cast, database: Database) -> None:
    """Sessions that no time runs out."""
    from quart_app.tables import sessions

    async with database.writing() as db:
        await db.execute(sa.update(sessions).values(expires_at=START + timedelta(days=900)))


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


async def start(database: Database, person: Person, moment: datetime = START) -> None:
    viewer, new = person.viewer, timer.NewTimer(new_id(), "Work", None, False)
    await database.transaction(lambda db: timer.start_timer(db, viewer, new, moment))


async def running(database: Database, person: Person) -> EntryRow | None:
    async with database.reading() as db:
        return await timer.find_running(db, person.viewer)


async def latest(database: Database, person: Person) -> EntryRow:
    async with database.reading() as db:
        rows = await entries.list_entries(db, person.viewer, START - 50 * HOUR, START + 50 * HOUR)
    return rows[0]


async def active_at(database: Database, person: Person) -> datetime | None:
    statement = sa.select(users.c.active_at).where(users.c.id == person.viewer.user_id)
    async with database.reading() as db:
        found: datetime | None = (await db.execute(statement)).scalar_one()
        return found


async def text_of(person: Person, path: str, **headers: str) -> str:
    response = await person.client.get(path, headers=headers)
    assert response.status_code == 200
    return await response.get_data(as_text=True)


async def send(
    person: Person, path: str, form: Mapping[str, str] | None = None, htmx: bool = True
) -> tuple[Response, str]:
    response = await person.client.post(path, form=dict(form or {}), headers=HTMX if htmx else {})
    return response, await response.get_data(as_text=True)


def asks(body: str) -> bool:
    return "Keep going" in body


def moment(body: str) -> dict[str, str]:
    found = re.search(r'name="moment" value="(\d+)"', body)
    return {"moment": found[1]} if found else {}


async def test_every_page_asks_once_the_limit_is_reached(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    with at(START + 8 * HOUR - timedelta(seconds=1)):
        body = await text_of(cast.alice, "/projects")
        assert not asks(body)
        assert f'data-day-end="{int((START + 8 * HOUR).timestamp())}"' in body
    with at(START + 8 * HOUR):
        for path in ("/timer", "/projects", "/account", "/forgotten/question"):
            body = await text_of(cast.alice, path)
            assert asks(body)
            assert "This timer has run for" in body
            assert "since 12:00" in body
            assert "data-day-end" not in body.split('id="forgotten-question"')[1].split(">")[0]
        assert not asks(await text_of(cast.bob, "/timer"))


async def test_the_limit_is_the_persons_own(cast: Cast, database: Database) -> None:
    viewer = cast.alice.viewer
    await start(database, cast.alice)
    for limit, hours, wanted in ((60, 1, True), (0, 23, False), (600, 9, False)):
        async with database.writing() as db:
            await db.execute(sa.update(users).where(users.c.id == viewer.user_id).values(timer_limit=limit))
        with at(START + hours * HOUR):
            assert asks(await text_of(cast.alice, "/forgotten/question")) == wanted


async def test_midnight_is_the_persons_own(cast: Cast, database: Database) -> None:
    midnight = datetime.combine(START.date() + timedelta(days=1), time(0), BERLIN).astimezone(UTC)
    await start(database, cast.alice, midnight - HOUR)
    with at(midnight - MINUTE):
        assert not asks(await text_of(cast.alice, "/timer"))
    with at(midnight):
        body = await text_of(cast.alice, "/timer")
        assert asks(body)
        assert re.search(r"since 23:00 on \w+ \d+ \w+", body)


async def test_the_last_activity_is_offered_and_stops_it_there(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    with at(START + 5 * HOUR):
        await text_of(cast.alice, "/projects")
    with at(START + 20 * HOUR):
        body = await text_of(cast.alice, "/timer")
        assert "Stop at" in body
        assert "17:00" in body
        assert "your last activity" in body
        again = await text_of(cast.alice, "/timer")
        assert moment(again) == moment(body) == {"moment": str(int((START + 5 * HOUR).timestamp()))}
    with at(START + 20 * HOUR + MINUTE):
        response, body = await send(cast.alice, "/forgotten/stop", moment(body))
        assert response.status_code == 200
        assert "Stopped at" in body
        assert "/undo/" in body
        assert not asks(body)
    entry = await latest(database, cast.alice)
    assert (entry.started_at, entry.ended_at) == (START, START + 5 * HOUR)


async def test_what_a_page_does_by_itself_is_no_activity(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    client = cast.alice.client
    with at(START + HOUR):
        for path in ("/timer/running", "/entries/days", "/entries/week", "/forgotten/question"):
            await text_of(cast.alice, path, **HTMX)
        await client.get("/timer", headers={"Sec-Fetch-Mode": "cors"})
        assert await active_at(database, cast.alice) is None
        await client.get("/timer", headers={"Sec-Fetch-Mode": "navigate"})
        assert await active_at(database, cast.alice) == START + HOUR
    with at(START + 2 * HOUR):
        response, _ = await send(cast.alice, "/forgotten/active")
        assert response.status_code == 204
        assert await active_at(database, cast.alice) == START + 2 * HOUR
    with at(START + 2 * HOUR + timedelta(seconds=59)):
        await send(cast.alice, "/forgotten/active")
        assert await active_at(database, cast.alice) == START + 2 * HOUR


async def test_while_nothing_runs_nothing_is_noted(cast: Cast, database: Database) -> None:
    await text_of(cast.alice, "/timer")
    await send(cast.alice, "/forgotten/active")
    assert await active_at(database, cast.alice) is None


async def test_without_activity_only_the_others_are_offered(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    with at(START + 9 * HOUR):
        body = await text_of(cast.alice, "/timer")
        assert asks(body)
        assert "your last activity" not in body
        for words in ("Stop now", "Keep going", "Discard"):
            assert words in body


async def test_the_moment_is_the_servers_and_not_the_forms(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    with at(START + HOUR):
        await text_of(cast.alice, "/projects")
    with at(START + 9 * HOUR):
        for form in ({}, {"moment": "0"}, {"moment": str(int(START.timestamp()))}, {"moment": "now"}):
            response, body = await send(cast.alice, "/forgotten/stop", form)
            assert response.status_code == 409
            assert asks(body)
            assert moment(body)
        response, _ = await send(cast.alice, "/forgotten/stop", {"moment": "0"}, htmx=False)
        assert (response.status_code, response.headers["Location"]) == (303, "/timer")
        assert await running(database, cast.alice) is not None


async def test_a_second_device_has_been_active_meanwhile(cast: Cast, database: Database) -> None:
    """The question stands in one tab; in the other, work goes on."""
    await start(database, cast.alice)
    with at(START + HOUR):
        await text_of(cast.alice, "/projects")
    with at(START + 9 * HOUR):
        shown = await text_of(cast.alice, "/forgotten/question", **HTMX)
        await text_of(cast.alice, "/projects")
    with at(START + 9 * HOUR + 2 * MINUTE):
        await text_of(cast.alice, "/projects")
        again = await text_of(cast.alice, "/forgotten/question", **HTMX)
        assert moment(shown) == moment(again) == {"moment": str(int((START + HOUR).timestamp()))}


async def test_kept_it_is_asked_again_after_as_long_again(cast: Cast, database: Database) -> None:
    await start(database, cast.alice, START - 4 * HOUR)
    with at(START + 4 * HOUR):
        assert asks(await text_of(cast.alice, "/timer"))
        response, body = await send(cast.alice, "/forgotten/keep")
        assert (response.status_code, response.headers["HX-Trigger"]) == (200, "timer-changed")
        assert not asks(body)
        assert not asks(await text_of(cast.alice, "/timer"))
    found = await running(database, cast.alice)
    assert found is not None
    with at(START + 12 * HOUR):
        assert asks(await text_of(cast.alice, "/timer"))


async def test_kept_without_script(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    with at(START + 9 * HOUR):
        response, _ = await send(cast.alice, "/forgotten/keep", htmx=False)
        assert (response.status_code, response.headers["Location"]) == (303, "/timer")
        assert not asks(await text_of(cast.alice, "/timer"))


async def test_to_keep_is_nothing_to_undo(cast: Cast, database: Database) -> None:
    await start(database, cast.alice)
    async with database.reading() as db:
        before = (await db.execute(sa.select(sa.func.count()).select_from(changes))).scalar()
    await send(cast.alice, "/forgotten/keep")
    async with database.reading() as db:
        assert (await db.execute(sa.select(sa.func.count()).select_from(changes))).scalar() == before


@pytest.mark.parametrize("forbids", [False, True])
async def test_a_stop_at_the_last_activity_over_another_entry(
    cast: Cast, database: Database, forbids: bool
) -> None:
    viewer = cast.alice.viewer
    new = entries.EntryValues("Lunch", None, False, START + HOUR, START + 2 * HOUR)
    await database.transaction(lambda db: entries.insert_entry(db, viewer, new_id(), new, START))
    await start(database, cast.alice)
    if forbids:
        await database.transaction(lambda db: overlaps.set_overlap_rule(db, viewer, True, START))
    with at(START + 3 * HOUR):
        await text_of(cast.alice, "/projects")
    with at(START + 9 * HOUR):
        body = await text_of(cast.alice, "/timer")
        response, body = await send(cast.alice, "/forgotten/stop", moment(body))
    assert response.status_code == (409 if forbids else 200)
    assert "Lunch" in body
    assert ("Keep both" in body) is not forbids
    assert (await running(database, cast.alice) is not None) == forbids
    if forbids:
        assert f'name="until" value="{int((START + 3 * HOUR).timestamp())}"' in body


async def test_where_nothing_runs_answers_change_nothing(cast: Cast, database: Database) -> None:
    for path in ("/forgotten/stop", "/forgotten/keep"):
        for htmx, status in ((True, 200), (False, 303)):
            response, _ = await send(cast.alice, path, htmx=htmx)
            assert response.status_code == status
    assert not asks(await text_of(cast.alice, "/forgotten/question"))


async def test_each_answers_for_themselves(cast: Cast, database: Database, app: Quart) -> None:
    await start(database, cast.alice)
    with at(START + 9 * HOUR):
        for person in (cast.bob, cast.dana, cast.charlie):
            assert not asks(await text_of(person, "/forgotten/question"))
            await send(person, "/forgotten/stop", {"moment": "1"})
            await send(person, "/forgotten/keep")
        assert asks(await text_of(cast.alice, "/forgotten/question"))
    for path in ("stop", "keep", "active"):
        assert (await app.test_client().post(f"/forgotten/{path}")).status_code == 303
        assert (await cast.alice.client.get(f"/forgotten/{path}")).status_code == 405
    assert (await app.test_client().get("/forgotten/question")).status_code == 303
