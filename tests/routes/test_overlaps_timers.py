"""The question of an overlap that a timer meets, with the cast."""

import html
import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries, timer
from quart_app.tables import entries as table
from tests.support.cast import Cast, Person
from tests.support.overlapping import add, answers, facts, forbid, send, spans

# ---- Timers


async def begin(database: Database, person: Person, start: datetime, words: str = "Run") -> UUID:
    new = timer.NewTimer(new_id(), words, None, False)
    viewer = person.viewer
    await database.transaction(lambda db: timer.start_timer(db, viewer, new, start))
    return new.id


HOUR = timedelta(hours=1)


async def blocked(cast: Cast, database: Database) -> tuple[UUID, datetime]:
    """Alice's timer has run for three hours, and over an hour that she had planned."""
    now = periods.now()
    await add(database, cast.alice, now - 2 * HOUR, now - HOUR, "Planned")
    key = await begin(database, cast.alice, now)
    async with database.writing() as db:
        await db.execute(sa.update(table).where(table.c.id == key).values(started_at=now - 3 * HOUR))
    await forbid(database, cast)
    return key, now


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_stop_over_another_entry_asks_and_the_timer_is_not_lost(
    cast: Cast, database: Database, htmx: bool
) -> None:
    key, now = await blocked(cast, database)
    response, body = await send(cast.alice, "/timer/stop", {}, htmx)
    assert response.status_code == 409
    assert set(answers(body)) == {"around", "theirs"}
    assert [end for _, _, end in await spans(database)].count(None) == 1
    until = re.search(r'name="until" value="(\d+)"', body)
    assert until
    form = {"overlap": "around", "overlapped": facts(body), "until": until[1]}
    response, _ = await send(cast.alice, f"/overlaps/{key}", form, htmx)
    assert response.status_code == (200 if htmx else 303)
    found = await spans(database)
    assert [words for words, _, _ in found] == ["Run", "Planned", "Run"]
    assert found[-1][2] == datetime.fromtimestamp(int(until[1]), now.tzinfo)


async def test_a_stop_that_was_asked_about_and_done_elsewhere_is_asked_anew(
    cast: Cast, database: Database
) -> None:
    key, _now = await blocked(cast, database)
    _, body = await send(cast.alice, "/timer/stop", {})
    form = {"overlap": "theirs", "overlapped": facts(body), "until": "1"}
    async with database.writing() as db:
        await db.execute(sa.update(table).where(table.c.id == key).values(version=9))
        await db.execute(sa.update(table).where(table.c.description == "Planned").values(version=9))
    response, body = await send(cast.alice, f"/overlaps/{key}", form)
    assert response.status_code == 409
    assert "Something has changed meanwhile" in body


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_start_within_another_entry_asks_and_the_answer_starts_it(
    cast: Cast, database: Database, htmx: bool
) -> None:
    now = periods.now()
    await add(database, cast.alice, now - HOUR, now + HOUR, "Planned")
    await forbid(database, cast)
    response, body = await send(cast.alice, "/timer/start", {"description": "Now & here"}, htmx)
    assert response.status_code == 409
    assert set(answers(body)) == {"theirs"}
    assert "Now &amp; here" in body
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body.split("rivals")[1]))
    fields = {name: html.unescape(value) for name, value in sent.items()}
    response, body = await send(cast.alice, "/timer/start", {**fields, "overlap": "theirs"}, htmx)
    assert response.status_code == (200 if htmx else 303)
    planned, started = await spans(database)
    assert (started[0], started[2]) == ("Now & here", None)
    assert planned[2] == started[1]


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_answer_to_what_is_gone_keeps_what_was_typed(
    cast: Cast, database: Database, htmx: bool
) -> None:
    form = {"description": "Still & here", "overlap": "theirs", "overlapped": "gone:1"}
    response, body = await send(cast.alice, "/timer/start", form, htmx)
    assert response.status_code == 422
    assert "Press Start again" in body
    assert "Still &amp; here" in body
    assert await spans(database) == []


async def test_a_start_that_cannot_end_what_runs_asks_about_that(cast: Cast, database: Database) -> None:
    key, _now = await blocked(cast, database)
    response, body = await send(cast.alice, "/timer/start", {"description": "Next"})
    assert response.status_code == 409
    assert f"/overlaps/{key}" in body
    assert "Next" in body
    assert len(await spans(database)) == 2


async def test_a_timer_that_stops_over_another_entry_asks_who_is_warned(
    cast: Cast, database: Database
) -> None:
    now = periods.now()
    key = await begin(database, cast.alice, now - 3 * HOUR)
    await add(database, cast.alice, now - 2 * HOUR, now - HOUR, "Meanwhile")
    response, body = await send(cast.alice, "/timer/stop", {})
    assert response.status_code == 200
    assert f"/overlaps/{key}" in body
    assert "Keep both" in body


async def test_an_entry_under_a_running_timer_can_cut_it(cast: Cast, database: Database) -> None:
    now = periods.now()
    await begin(database, cast.alice, now - 3 * HOUR)
    key = await add(database, cast.alice, now - 2 * HOUR, now - HOUR, "Meanwhile")
    body = await (await cast.alice.client.get(f"/overlaps/question?entry={key}")).get_data(as_text=True)
    assert set(answers(body)) == {"theirs"}
    await send(cast.alice, f"/overlaps/{key}", {"overlap": "theirs", "overlapped": facts(body)})
    assert [(words, end is None) for words, _, end in await spans(database)] == [
        ("Run", False),
        ("Meanwhile", False),
        ("Run", True),
    ]


@pytest.mark.parametrize("path", ["/entries/{}/restore", "/entries/{}/continue"])
async def test_other_ways_to_overlap_are_refused_in_words(cast: Cast, database: Database, path: str) -> None:
    now = periods.now()
    key = await add(database, cast.alice, now - HOUR, now + HOUR, "Was there")
    if "restore" in path:
        viewer = cast.alice.viewer
        await database.transaction(lambda db: entries.delete_entry(db, viewer, key, now))
        await add(database, cast.alice, now - HOUR, now + HOUR)
    await forbid(database, cast)
    response, body = await send(cast.alice, path.format(key), {})
    assert response.status_code == 409
    assert "allows no overlaps" in body
    assert len(await spans(database)) == 1


async def test_there_is_no_copy_at_the_same_time(cast: Cast, database: Database) -> None:
    await forbid(database, cast)
    key = await add(database, cast.alice, periods.now() - HOUR, periods.now())
    _, body = await send(cast.alice, f"/entries/{key}/duplicate", {})
    assert "no copy at the same time" in body
    assert len(await spans(database)) == 1


async def test_whatever_pages_write_is_under_the_rule(cast: Cast, database: Database) -> None:
    await forbid(database, cast)
    alice, now = cast.alice, periods.now()
    key = await add(database, alice, now - 5 * HOUR, now - 3 * HOUR, "Plan")
    for path, form in (
        ("/timer/start", {"description": "Run"}),
        ("/timer/stop", {}),
        (f"/entries/{key}/continue", {}),
        ("/timer/stop", {}),
        ("/selection/update", {"entry": str(key), "project": "keep", "billable": "yes"}),
        (f"/entries/{key}/delete", {}),
        (f"/entries/{key}/restore", {}),
    ):
        response, body = await send(alice, path, form)
        assert response.status_code == 200, (path, body)
    async with database.reading() as db:
        rows = list(await db.execute(sa.select(table.c.ended_at, table.c.is_exclusive)))
    assert len(rows) == 3
    assert all(row.is_exclusive and row.ended_at is not None for row in rows)


async def test_an_undo_that_would_overlap_is_refused_in_words(cast: Cast, database: Database) -> None:
    await forbid(database, cast)
    alice, now = cast.alice, periods.now()
    key = await add(database, alice, now - 3 * HOUR, now - 2 * HOUR, "Plan")
    _, body = await send(alice, f"/entries/{key}/delete", {})
    undo = re.search(r'action="(/undo/[0-9a-f-]+)"', body)
    assert undo
    await add(database, alice, now - 3 * HOUR, now - HOUR, "In its place")
    _, body = await send(alice, undo[1], {})
    assert "overlap" in body
    assert [words for words, _, _ in await spans(database)] == ["In its place"]
