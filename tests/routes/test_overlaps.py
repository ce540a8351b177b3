"""The question of an overlap, with the cast: what is asked, and what each answer does."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from quart import Quart

from quart_app.db import Database
from quart_app.queries import entries
from quart_app.tables import changes, users
from tests.support.cast import Cast
from tests.support.overlapping import add, answers, at, facts, forbid, send, spans

pytestmark = pytest.mark.usefixtures("afternoon")
FORM = {"date": "20/11/2026", "start": "9", "end": "12", "description": "Typed <in>", "tags": "ops"}


# ---- Where overlaps are forbidden


@pytest.mark.parametrize("htmx", [False, True])
async def test_what_would_overlap_is_not_saved_and_the_question_keeps_what_was_typed(
    cast: Cast, database: Database, htmx: bool
) -> None:
    await add(database, cast.alice, at(11), at(13), "Standup & more")
    await forbid(database, cast)
    response, body = await send(cast.alice, "/entries", FORM, htmx)
    assert response.status_code == 409
    assert "this workspace allows no overlaps" in body
    assert "Standup &amp; more" in body
    assert "11:00 – 13:00" in body
    for typed in ('value="20/11/2026"', 'value="9"', 'value="12"', "Typed &lt;in&gt;", 'value="ops"'):
        assert typed in body
    assert answers(body) == {
        "mine": "Trim mine: Mine ends at 11:00.",
        "theirs": "Trim theirs: “Standup & more” starts at 12:00.",
    }
    assert "Keep both" not in body
    assert len(await spans(database)) == 1
    assert body.strip().startswith("<details") == htmx


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("theirs", "way", "wanted"),
    [
        ((11, 13), "mine", [("Typed <in>", 9, 11), ("Standup", 11, 13)]),
        ((11, 13), "theirs", [("Typed <in>", 9, 12), ("Standup", 12, 13)]),
        ((8, 10), "mine", [("Standup", 8, 10), ("Typed <in>", 10, 12)]),
        ((8, 10), "theirs", [("Standup", 8, 9), ("Typed <in>", 9, 12)]),
        ((10, 11), "around", [("Typed <in>", 9, 10), ("Standup", 10, 11), ("Typed <in>", 11, 12)]),
        ((8, 13), "theirs", [("Standup", 8, 9), ("Typed <in>", 9, 12), ("Standup", 12, 13)]),
        ((10, 11), "theirs", [("Typed <in>", 9, 12)]),
    ],
)
async def test_each_answer_saves_it_and_nothing_overlaps(
    cast: Cast,
    database: Database,
    theirs: tuple[int, int],
    way: str,
    wanted: list[tuple[str, int, int]],
    htmx: bool,
) -> None:
    await add(database, cast.alice, at(theirs[0]), at(theirs[1]))
    await forbid(database, cast)
    _, body = await send(cast.alice, "/entries", FORM, htmx)
    response, body = await send(
        cast.alice, "/entries", {**FORM, "overlap": way, "overlapped": facts(body)}, htmx
    )
    assert response.status_code == (200 if htmx else 303)
    assert await spans(database) == [(words, at(start), at(end)) for words, start, end in wanted]


async def test_an_answer_is_one_action_and_is_undone_as_one(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(8), at(13))
    await forbid(database, cast)
    before = await spans(database)
    _, body = await send(cast.alice, "/entries", FORM)
    _, body = await send(cast.alice, "/entries", {**FORM, "overlap": "theirs", "overlapped": facts(body)})
    undo = re.search(r'action="(/undo/[0-9a-f-]+)"', body)
    assert undo
    response, body = await send(cast.alice, undo[1], {})
    assert response.status_code == 200, body
    assert await spans(database) == before


async def test_tags_and_project_go_along_into_every_piece(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(10), at(11))
    await forbid(database, cast)
    _, body = await send(cast.alice, "/entries", FORM)
    await send(cast.alice, "/entries", {**FORM, "overlap": "around", "overlapped": facts(body)})
    viewer = cast.alice.viewer
    async with database.reading() as db:
        rows = await entries.list_entries(db, viewer, at(8), at(14))
    assert [row.tags for row in rows if row.description == "Typed <in>"] == [("ops",), ("ops",)]


async def test_a_question_that_is_out_of_date_is_asked_again(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice, at(11), at(13))
    await forbid(database, cast)
    _, body = await send(cast.alice, "/entries", FORM)
    old = facts(body)
    new = entries.EntryValues("Moved", None, False, at(10, 30), at(13))
    viewer = cast.alice.viewer
    await database.transaction(lambda db: entries.update_entry(db, viewer, key, None, new, at(13)))
    response, body = await send(cast.alice, "/entries", {**FORM, "overlap": "mine", "overlapped": old})
    assert response.status_code == 409
    assert answers(body)["mine"] == "Trim mine: Mine ends at 10:30."
    assert facts(body) != old
    assert len(await spans(database)) == 1


async def test_an_answer_that_was_not_offered_saves_nothing(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(8), at(13))
    await forbid(database, cast)
    _, body = await send(cast.alice, "/entries", FORM)
    assert set(answers(body)) == {"theirs"}
    for way in ("mine", "around", "keep", "nonsense"):
        response, _ = await send(cast.alice, "/entries", {**FORM, "overlap": way, "overlapped": facts(body)})
        assert response.status_code == 409
    assert len(await spans(database)) == 1


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_editor_asks_as_well(cast: Cast, database: Database, htmx: bool) -> None:
    await add(database, cast.alice, at(11), at(13))
    key = await add(database, cast.alice, at(9), at(10), "Plan")
    await forbid(database, cast)
    form = {"date": "20/11/2026", "start": "9:00", "end": "11:30", "duration": "", "description": "Planned"}
    response, body = await send(cast.alice, f"/entries/{key}", {**form, "version": "1"}, htmx)
    assert response.status_code == 409
    assert 'value="11:30"' in body
    form |= {"version": "1", "overlap": "mine", "overlapped": facts(body)}
    response, body = await send(cast.alice, f"/entries/{key}", form, htmx)
    assert response.status_code == (200 if htmx else 303)
    assert await spans(database) == [("Planned", at(9), at(11)), ("Standup", at(11), at(13))]


async def test_several_others_are_handled_at_once(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(8), at(9, 30), "Early")
    await add(database, cast.alice, at(10), at(10, 30), "Middle")
    await add(database, cast.alice, at(11, 30), at(13), "Late")
    await forbid(database, cast)
    _, body = await send(cast.alice, "/entries", FORM)
    assert "3 other entries" in body
    assert answers(body) == {
        "around": "Split around: Mine is split: 9:30 – 10:00, 10:30 – 11:30.",
        "theirs": "Trim theirs: “Early” ends at 9:00. “Middle” goes to the trash. “Late” starts at 12:00.",
    }


async def test_over_midnight_the_day_is_said(cast: Cast, database: Database) -> None:
    midnight = at(23) + timedelta(hours=1)
    await add(database, cast.alice, midnight + timedelta(minutes=30), midnight + timedelta(hours=2))
    await forbid(database, cast)
    _, body = await send(cast.alice, "/entries", {**FORM, "start": "23:10", "end": "1:10"})
    assert answers(body) == {
        "mine": "Trim mine: Mine ends at 0:30 on Sat 21 Nov.",
        "theirs": "Trim theirs: “Standup” starts at 1:10 on Sat 21 Nov.",
    }
    form = {**FORM, "start": "23:10", "end": "1:10", "overlap": "mine", "overlapped": facts(body)}
    await send(cast.alice, "/entries", form)
    assert (await spans(database))[0][2] == midnight + timedelta(minutes=30)


async def test_the_hour_that_comes_twice_is_two(cast: Cast, database: Database) -> None:
    """From the first 2:00 to the second 3:00 on the night when clocks go back two hours pass."""
    first = datetime.fromisoformat("2026-10-25T00:00:00+00:00")
    await add(database, cast.alice, first, first + timedelta(hours=1))
    await forbid(database, cast)
    night = {**FORM, "date": "25/10/2026", "start": "1:00", "end": "3:00"}
    _, body = await send(cast.alice, "/entries", night)
    assert answers(body)["around"] == "Split around: Mine is split: 1:00 – 2:00, 2:00 – 3:00."
    await send(cast.alice, "/entries", {**night, "overlap": "around", "overlapped": facts(body)})
    hour = timedelta(hours=1)
    found = [(start - first, end and end - start) for _, start, end in await spans(database)]
    assert found == [(-hour, hour), (0 * hour, hour), (hour, hour)]


# ---- Where they are allowed


async def test_who_is_warned_saves_and_is_asked(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(11), at(13))
    response, body = await send(cast.alice, "/entries", FORM)
    assert response.status_code == 200
    assert len(await spans(database)) == 2
    assert '<hx-partial hx-target="#overlaps-question" hx-swap="outerMorph">' in body
    assert "Keep both" in body
    assert set(answers(body)) == {"mine", "theirs"}


async def test_without_script_the_question_has_a_page(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(11), at(13))
    response, _ = await send(cast.alice, "/entries", FORM, htmx=False)
    assert response.status_code == 303
    address = response.headers["Location"]
    assert address.startswith("/overlaps?entry=")
    page = await (await cast.alice.client.get(address)).get_data(as_text=True)
    assert "Keep both" in page
    assert page.count('id="overlaps-question"') == 1
    action = re.search(r'action="(/overlaps/[0-9a-f-]+)"', page)
    assert action
    form = {"overlap": "theirs", "overlapped": facts(page)}
    response, _ = await send(cast.alice, action[1], form, htmx=False)
    assert (response.status_code, response.headers["Location"]) == (303, "/timer")
    assert await spans(database) == [("Typed <in>", at(9), at(12)), ("Standup", at(12), at(13))]


async def test_an_answer_says_what_it_did_and_clears_the_question(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(10), at(11))
    _, body = await send(cast.alice, "/entries", FORM)
    action = re.search(r'hx-post="(/overlaps/[0-9a-f-]+)"', body)
    assert action
    response, body = await send(cast.alice, action[1], {"overlap": "around", "overlapped": facts(body)})
    assert response.status_code == 200
    assert response.headers["HX-Trigger"] == "timer-changed, entries-changed"
    assert "Mine is split: 9:00 – 10:00, 11:00 – 12:00." in body
    assert "/undo/" in body
    assert 'name="overlap"' not in body
    assert len(await spans(database)) == 3
    async with database.reading() as db:
        lines = await db.execute(sa.select(changes.c.action_id).order_by(changes.c.id.desc()).limit(2))
        assert len(set(lines.scalars())) == 1


async def test_who_does_not_want_to_be_asked_is_not(cast: Cast, database: Database) -> None:
    viewer = cast.alice.viewer
    async with database.writing() as db:
        await db.execute(
            sa.update(users).where(users.c.id == viewer.user_id).values(is_warned_of_overlap=False)
        )
    await add(database, cast.alice, at(11), at(13))
    response, body = await send(cast.alice, "/entries", FORM)
    assert response.status_code == 200
    assert "overlaps-question" not in body
    response, _ = await send(cast.alice, "/entries", FORM, htmx=False)
    assert response.headers["Location"] == "/timer"


async def test_what_touches_is_not_asked_about(cast: Cast, database: Database) -> None:
    await add(database, cast.alice, at(12), at(13))
    await add(database, cast.alice, at(10), at(10))
    await add(database, cast.bob, at(9), at(12))
    _, body = await send(cast.alice, "/entries", FORM)
    assert "overlaps-question" not in body


async def test_renaming_what_overlaps_asks_nothing(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice, at(9), at(12))
    await add(database, cast.alice, at(11), at(13))
    form = {"date": "20/11/2026", "start": "9:00", "end": "12:00", "duration": "3:00", "description": "New"}
    response, body = await send(cast.alice, f"/entries/{key}", form)
    assert response.status_code == 200
    assert "overlaps-question" not in body


# ---- Who may, and what comes in


async def test_whose_question_it_is(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice, at(9), at(12))
    await add(database, cast.alice, at(11), at(13))
    for person, status in ((cast.alice, 200), (cast.bob, 403), (cast.dana, 403), (cast.charlie, 404)):
        assert (await person.client.get(f"/overlaps?entry={key}")).status_code == status
        if person is not cast.charlie:
            assert (await person.client.get(f"/overlaps/question?entry={key}")).status_code == status
    # A stranger is told no more than of an entry that is not there.
    asked = [
        await (await cast.charlie.client.get(f"/overlaps/question?entry={each}")).get_data()
        for each in (key, uuid4())
    ]
    assert asked[0] == asked[1]
    form = {"overlap": "mine", "overlapped": ""}
    for person, status in ((cast.bob, 403), (cast.dana, 403), (cast.charlie, 404)):
        response, _ = await send(person, f"/overlaps/{key}", form)
        assert response.status_code == status
    assert len(await spans(database)) == 2


async def test_addresses_that_mean_nothing(cast: Cast, app: Quart) -> None:
    client = cast.alice.client
    assert (await client.get("/overlaps")).status_code == 200
    assert (await client.get("/overlaps/question")).status_code == 200
    # What is gone leaves nothing to ask: so a question that is open goes, too.
    gone = await client.get(f"/overlaps/question?entry={uuid4()}")
    assert (gone.status_code, "Keep both" in await gone.get_data(as_text=True)) == (200, False)
    assert (await client.get("/overlaps/question?entry=nonsense")).status_code == 404
    for bad in ("nonsense", str(uuid4())):
        assert (await client.get(f"/overlaps?entry={bad}")).status_code == 404
        assert (await client.post(f"/overlaps/{bad}", form={})).status_code == 404
    assert (await client.get(f"/overlaps/{uuid4()}")).status_code == 405
    stranger = app.test_client()
    assert (await stranger.get("/overlaps")).status_code == 303
    assert (await stranger.post(f"/overlaps/{uuid4()}", form={})).status_code == 303


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_answer_without_a_question_changes_nothing(
    cast: Cast, database: Database, htmx: bool
) -> None:
    key = await add(database, cast.alice, at(9), at(12))
    for form in ({}, {"overlap": "mine"}, {"overlap": "theirs", "overlapped": "x", "until": "soon"}):
        response, _ = await send(cast.alice, f"/overlaps/{key}", form, htmx)
        assert response.status_code == 409
    assert await spans(database) == [("Standup", at(9), at(12))]
