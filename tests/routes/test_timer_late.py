"""Starts and stops that a browser sends late: their time, their id, and whose they are."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from quart_app import periods, web
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.tables import entries
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
STARTS = ["/timer/start", "/timer/stop"]


def ago(**how: int) -> int:
    """So long before now, in seconds since 1970."""
    return int((periods.now() - timedelta(**how)).timestamp())


async def post(person: Person, path: str, *, htmx: bool = True, **fields: object) -> tuple[int, str]:
    form = {name: str(value) for name, value in fields.items()}
    response = await person.client.post(path, form=form, headers=HTMX if htmx else {})
    return response.status_code, await response.get_data(as_text=True)


async def spans(database: Database) -> dict[UUID, tuple[int, int | None]]:
    async with database.reading() as db:
        rows = await db.execute(sa.select(entries.c.id, entries.c.started_at, entries.c.ended_at))
        return {row[0]: (int(row[1].timestamp()), row[2] and int(row[2].timestamp())) for row in rows}


@pytest.mark.parametrize("scale", [1, 1000])
async def test_they_are_booked_at_their_time_and_once(cast: Cast, database: Database, scale: int) -> None:
    key, began, ended = new_id(), ago(minutes=40), ago(minutes=10)
    for _ in range(2):
        assert (await post(cast.alice, "/timer/start", id=key, at=began * scale, description="Train"))[
            0
        ] == 200
    for _ in range(2):
        assert (await post(cast.alice, "/timer/stop", id=key, at=ended * scale))[0] == 200
    assert await spans(database) == {key: (began, ended)}


async def test_the_answer_names_what_changed_so_that_it_can_be_told_from_a_strangers(cast: Cast) -> None:
    for path in STARTS:
        response = await cast.alice.client.post(path, form={"at": str(ago(minutes=1))}, headers=HTMX)
        assert response.headers["HX-Trigger"] == "timer-changed, entries-changed"


async def test_without_script_they_lead_to_the_page(cast: Cast) -> None:
    for path in STARTS:
        assert (await post(cast.alice, path, htmx=False, at=ago(minutes=1)))[0] == 303


async def test_a_clock_that_is_a_little_ahead_means_now(cast: Cast, database: Database) -> None:
    key, before = new_id(), ago()
    assert (await post(cast.alice, "/timer/start", id=key, at=ago(seconds=-100)))[0] == 200
    assert before <= (await spans(database))[key][0] <= ago()


@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("at", "words"),
    [
        (lambda: ago(days=8), "more than a week ago"),
        (lambda: ago(minutes=-5), "still to come"),
        (lambda: "yesterday", "This time can&#39;t be read."),
        (lambda: "9" * 40, "This time can&#39;t be read."),
        (lambda: "-5", "This time can&#39;t be read."),
        (lambda: "1.5e9", "This time can&#39;t be read."),
    ],
)
async def test_a_time_that_cant_be_is_refused_in_words(
    cast: Cast, database: Database, path: str, htmx: bool, at: object, words: str
) -> None:
    typed = {"description": "Half a day <b>"} if path == "/timer/start" else {}
    status, body = await post(cast.alice, path, htmx=htmx, at=at(), **typed)  # type: ignore[operator]
    assert status == 422
    assert words in body
    assert "Half a day &lt;b&gt;" in body or not typed
    assert await spans(database) == {}


@pytest.mark.parametrize("path", STARTS)
async def test_a_bad_id_is_refused(cast: Cast, database: Database, path: str) -> None:
    assert (await post(cast.alice, path, id="nonsense"))[0] == 422
    assert await spans(database) == {}


async def test_a_stop_stops_only_the_timer_that_it_means(cast: Cast, database: Database) -> None:
    one, two = new_id(), new_id()
    await post(cast.alice, "/timer/start", id=one, at=ago(minutes=9))
    await post(cast.alice, "/timer/start", id=two, at=ago(minutes=5))
    assert (await post(cast.alice, "/timer/stop", id=one))[0] == 200
    assert (await spans(database))[two][1] is None


async def test_the_stop_button_means_what_it_stands_beside(cast: Cast) -> None:
    key = new_id()
    _, bar = await post(cast.alice, "/timer/start", id=key)
    form = re.search(r'<form[^>]*action="/timer/stop".*?</form>', bar, re.DOTALL)
    assert form
    assert f'name="id" value="{key}"' in form[0]


async def test_nobody_stops_the_timer_of_another(cast: Cast, database: Database) -> None:
    key = new_id()
    await post(cast.alice, "/timer/start", id=key, at=ago(minutes=9))
    for person in (cast.bob, cast.dana, cast.charlie):
        for fields in ({"id": key}, {"id": key, "at": ago(minutes=5)}, {"at": ago(minutes=5)}):
            assert (await post(person, "/timer/stop", **fields))[0] == 200
    assert (await spans(database))[key][1] is None


async def test_who_only_looks_on_starts_nothing_late_either(cast: Cast, database: Database) -> None:
    assert (await post(cast.dana, "/timer/start", at=ago(minutes=5)))[0] == 403
    assert await spans(database) == {}


async def test_what_was_done_on_somebody_elses_page_waits_for_them(cast: Cast, database: Database) -> None:
    mine, theirs = web.page_key(cast.alice.viewer), web.page_key(cast.bob.viewer)
    assert mine != theirs
    key = new_id()
    for path in STARTS:
        assert (await post(cast.bob, path, id=key, at=ago(minutes=5), who=mine))[0] == 401
    assert await spans(database) == {}
    assert (await post(cast.alice, "/timer/start", id=key, at=ago(minutes=5), who=mine))[0] == 200


async def test_to_continue_late_works_alike(cast: Cast, database: Database) -> None:
    one, two, began = new_id(), new_id(), ago(minutes=30)
    await post(cast.alice, "/timer/start", id=one, at=ago(minutes=50), description="Write", tags="ops")
    await post(cast.alice, "/timer/stop", id=one, at=ago(minutes=40))
    path = f"/entries/{one}/continue"
    for _ in range(2):
        assert (await post(cast.alice, path, id=two, at=began))[0] == 200
    found = await spans(database)
    assert found[two] == (began, None)
    assert len(found) == 2
    assert (await post(cast.bob, path, id=new_id(), at=began))[0] == 403
    assert (await post(cast.charlie, path, id=new_id(), at=began))[0] == 404
    assert (await post(cast.alice, path, at="yesterday"))[0] == 422
